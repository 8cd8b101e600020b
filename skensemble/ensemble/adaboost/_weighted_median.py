"""Weighted median of the learners of an ensemble, row by row, for all of them or one after the other."""

import numpy as np

from skensemble._jit import kernel
from skensemble._parallel import for_blocks

BLOCK = 4096  # rows
FEW = 64  # numbers, up to which insertion is the fastest way to sort them


def weighted_medians(predictions, weight, n_threads=1):
    """(n_rows,) smallest of a row's predictions that has half of the weight at or below it.

    predictions : (n_rows, n_learners) float64; weight : (n_learners,)
    """
    medians = np.empty(len(predictions))

    def fill(start, stop):
        _fill_medians(predictions[start:stop], weight, medians[start:stop])

    for_blocks(fill, len(predictions), BLOCK, n_threads)
    return medians


class RunningMedian:
    """The same while learners are added one by one; there is room for `n_learners`."""

    def __init__(self, n_rows, n_learners):
        self._sorted = np.empty((n_rows, n_learners))
        self._weight = np.empty((n_rows, n_learners))
        self._n_known = 0

    def add(self, predictions, weight):
        """(n_rows,) medians with one more learner, which predicts `predictions` (n_rows,)."""
        medians = np.empty(len(predictions))
        _insert(self._sorted, self._weight, self._n_known, np.ascontiguousarray(predictions), weight, medians)
        self._n_known += 1
        return medians


@kernel
def _fill_medians(predictions, weight, medians):
    n_rows, n_learners = predictions.shape
    values, weights = np.empty(n_learners), np.empty(n_learners)
    for i in range(n_rows):
        if n_learners <= FEW:
            for t in range(n_learners):
                _insert_one(values, weights, t, predictions[i, t], weight[t])
        else:
            order = np.argsort(predictions[i], kind="mergesort")
            for t in range(n_learners):
                values[t], weights[t] = predictions[i, order[t]], weight[order[t]]
        medians[i] = _median_of_sorted(values, weights, n_learners)


@kernel
def _insert(values, weights, n_known, predictions, weight, medians):
    for i in range(predictions.shape[0]):
        _insert_one(values[i], weights[i], n_known, predictions[i], weight)
        medians[i] = _median_of_sorted(values[i], weights[i], n_known + 1)


@kernel
def _insert_one(values, weights, n_known, value, weight):
    """Put a number behind those that are not larger."""
    at = n_known
    while at > 0 and values[at - 1] > value:
        values[at], weights[at] = values[at - 1], weights[at - 1]
        at -= 1
    values[at], weights[at] = value, weight


@kernel
def _median_of_sorted(values, weights, n):
    total = 0.0
    for t in range(n):
        total += weights[t]
    below = 0.0
    for t in range(n):
        below += weights[t]
        if below >= 0.5 * total:
            return values[t]
    return values[n - 1]
