"""Weighted median of the learners of an ensemble, row by row, for all of them or one after the other."""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.adaboost._weighted_median_kernels import fill_medians, insert

BLOCK = 4096  # rows


def weighted_medians(predictions, weight, n_threads=1):
    """(n_rows,) smallest of a row's predictions that has half of the weight at or below it.

    predictions : (n_rows, n_learners) float64; weight : (n_learners,)
    """
    medians = np.empty(len(predictions))

    def fill(start, stop):
        fill_medians(predictions[start:stop], weight, medians[start:stop])

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
        insert(self._sorted, self._weight, self._n_known, np.ascontiguousarray(predictions), weight, medians)
        self._n_known += 1
        return medians
