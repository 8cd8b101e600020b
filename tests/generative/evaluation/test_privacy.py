"""Distances to training rows equal plain loops, and copies are caught."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.evaluation._privacy import closer_to_train, exact_copies, nn_distance_ratio
from tests.generative.evaluation.comparisons import compared, mixed_table, plain_distances


def _plain_share(comparison, sample):
    to_train, to_test = (plain_distances(sample, rows) for rows in (comparison.train, comparison.test))
    votes = []
    for near_train, near_test in zip(to_train, to_test):
        nearest = min(near_train.min(), near_test.min())
        n_train, n_test = (near_train == nearest).sum(), (near_test == nearest).sum()
        votes.append(n_train / (n_train + n_test))
    share = np.mean(votes)
    odds = share / (1 - share) * len(comparison.test) / len(comparison.train)
    return odds / (1 + odds)


def test_equal_plain_loops():
    comparison, (sample,) = compared(*(mixed_table(n, seed) for seed, n in enumerate((80, 30, 50))))
    assert closer_to_train(comparison, sample, None) == pytest.approx(_plain_share(comparison, sample))
    first, second = np.sort(plain_distances(sample, comparison.train), axis=1)[:, :2].T
    assert nn_distance_ratio(comparison, sample, None) == pytest.approx(np.mean(first / second))
    assert exact_copies(comparison, sample, None) == np.mean(first == 0)


@pytest.mark.parametrize("n_levels", [2, 1000])
def test_fresh_rows_are_as_close_to_both_whatever_the_sizes(n_levels):
    rng = np.random.default_rng(0)
    train, test, fresh = (rng.integers(0, n_levels, (n, 3)) for n in (1600, 400, 3000))
    comparison, (sample,) = compared(train, test, fresh)
    assert closer_to_train(comparison, sample, None) == pytest.approx(0.5, abs=0.05)


def test_copies_are_caught():
    train, test, fresh = (mixed_table(n, seed) for seed, n in enumerate((100, 40, 100)))
    comparison, (copied, half) = compared(train, test, train, pd.concat([train[:50], fresh[:50]]))
    assert exact_copies(comparison, copied, None) == 1.0
    assert exact_copies(comparison, half, None) == 0.5
    assert closer_to_train(comparison, copied, None) > 0.98
    assert nn_distance_ratio(comparison, copied, None) < nn_distance_ratio(comparison, half, None)


def test_a_single_training_row_has_no_second_neighbor():
    comparison, (sample,) = compared(np.ones((1, 2)), np.zeros((3, 2)), np.ones((2, 2)))
    assert np.isnan(nn_distance_ratio(comparison, sample, None))
    assert exact_copies(comparison, sample, None) == 1.0
