"""When rounds of boosting no longer help."""

import numpy as np

from skensemble.ensemble._early_stopping import Patience, RecentPatience


def _rounds_until_over(scores, n_iter_no_change, tol=0.0):
    patience = Patience(n_iter_no_change, tol, scores[:1])
    for length in range(2, len(scores) + 1):
        if patience.is_over(scores[:length]):
            return length, patience.best_length
    return None, patience.best_length


def test_patience_ends_after_rounds_without_a_better_score():
    assert _rounds_until_over([0, 1, 2, 1, 1, 1, 5], 3) == (6, 3)
    assert _rounds_until_over([0, 1, 2, 1, 1, 3, 4], 3) == (None, 7)
    assert _rounds_until_over([5, 1, 1], 2) == (3, 1)


def test_patience_wants_more_than_the_tolerance():
    assert _rounds_until_over([0, 0.05, 0.09, 0.1], 3, tol=0.1) == (4, 1)
    assert _rounds_until_over([0, 0.05, 0.11, 0.1], 3, tol=0.1) == (None, 3)


def test_patience_overlooks_what_is_not_a_number():
    assert _rounds_until_over([np.nan, 1.0, np.nan, np.nan], 2) == (4, 2)


def test_patience_remembers_scores_of_before():
    patience = Patience(2, 0.0, [0.0, 3.0, 1.0])
    assert patience.best_length == 2
    assert patience.is_over([0.0, 3.0, 1.0, 2.0])


def _rounds_until_recent_is_over(scores, n_iter_no_change, tol=0.0):
    patience = RecentPatience(n_iter_no_change, tol)
    return next((length for length, score in enumerate(scores, 1) if patience.is_over(score)), None)


def test_recent_patience_ends_when_none_of_the_last_scores_was_worse():
    assert _rounds_until_recent_is_over([1, 2, 3, 3, 3], 1) == 4
    assert _rounds_until_recent_is_over([3, 1, 2, 1.5, 1.6, 0], 2) == 6
    assert _rounds_until_recent_is_over([1, 1.5, 2.0], 1, tol=0.5) == 2
    assert _rounds_until_recent_is_over([np.nan], 3) == 1
