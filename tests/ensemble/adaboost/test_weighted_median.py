"""Weighted medians: plainly, for many learners, and one learner after the other."""

import numpy as np
import pytest

from skensemble.ensemble.adaboost._weighted_median import RunningMedian, weighted_medians


def _plain(predictions, weight):
    order = np.argsort(predictions, axis=1, kind="stable")
    passed = np.cumsum(weight[order], axis=1)
    at = (passed >= 0.5 * passed[:, -1:]).argmax(axis=1)
    return np.take_along_axis(predictions, order, axis=1)[np.arange(len(predictions)), at]


@pytest.mark.parametrize("n_learners", [1, 2, 7, 64, 65, 130])
@pytest.mark.parametrize("ties", [False, True])
def test_medians(n_learners, ties):
    rng = np.random.default_rng(n_learners)
    predictions = rng.normal(size=(5000, n_learners)).round(0 if ties else 9)
    weight = rng.random(n_learners)
    expected = _plain(predictions, weight)
    assert np.array_equal(weighted_medians(predictions, weight, n_threads=2), expected)
    running = RunningMedian(*predictions.shape)
    for t in range(n_learners):
        medians = running.add(predictions[:, t], weight[t])
    assert np.array_equal(medians, expected)


def test_equal_weights_give_the_lower_median():
    assert weighted_medians(np.array([[3.0, 1.0, 2.0, 4.0]]), np.ones(4)).tolist() == [2.0]
