"""Nearest rows of mixed tables, exactly, by a search that looks at few of them.

A row is a point of numbers and a tuple of codes; two rows are as far apart as their numbers differ in sum, and 1 more
for each code that differs (Gower's distance, summed and not averaged: Gower 1971).

The reference is sorted by a projection s with |s(a) - s(b)| <= distance(a, b): a search starts where the row itself
would stand, goes outwards, and ends where the projections alone are too far apart.  A sum that exceeds what is still
of interest is broken off.
"""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.generative.evaluation._nearest_rows_kernels import count_rows_within, find_nearest

ROWS_PER_BLOCK = 256


class NearestRows:
    """Rows of a reference, sorted so that those near to others are found.

    numbers : (n_reference, n_numbers) float64, scaled;  codes : (n_reference, n_codes) int32
    """

    def __init__(self, numbers, codes, n_threads=1):
        self.n_threads = n_threads
        self._weights, self._steps = _spreading_projection(numbers, codes)
        projection = self._project(numbers, codes)
        self._index = np.argsort(projection, kind="stable")
        self._projection = projection[self._index]
        self._numbers = np.ascontiguousarray(numbers[self._index])
        self._codes = np.ascontiguousarray(codes[self._index])

    def __len__(self):
        return len(self._index)

    def nearest(self, numbers, codes, k):
        """(distances, rows) of the k nearest reference rows of each row, both (n_rows, k), nearest first.

        Rows at the same distance come in the order of the reference; inf and -1 where it has fewer than k.
        """
        distances = np.full((len(numbers), k), np.inf)
        rows = np.full((len(numbers), k), -1, np.int64)
        projection = self._project(numbers, codes)

        def search(start, stop):
            find_nearest(
                *(numbers, codes, projection),
                *(self._numbers, self._codes, self._projection, self._index),
                *(start, stop, distances, rows),
            )

        for_blocks(search, len(numbers), ROWS_PER_BLOCK, self.n_threads)
        return distances, rows

    def count_within(self, numbers, codes, radius):
        """Number of reference rows within `radius` (one for each row) of each row, (n_rows,) int64."""
        counts = np.zeros(len(numbers), np.int64)
        projection = self._project(numbers, codes)

        def search(start, stop):
            count_rows_within(
                *(numbers, codes, projection),
                *(self._numbers, self._codes, self._projection),
                *(radius, start, stop, counts),
            )

        for_blocks(search, len(numbers), ROWS_PER_BLOCK, self.n_threads)
        return counts

    def _project(self, numbers, codes):
        return numbers @ self._weights + codes @ self._steps


def _spreading_projection(numbers, codes):
    """Weights of -1 and 1 for numbers, and steps for codes whose range is 1, along which the rows spread widely."""
    largest = codes.max(axis=0, initial=0)
    columns = np.hstack([numbers, codes / np.maximum(largest + 1, 1)])  # codes begin at -1
    covariance = np.atleast_2d(np.cov(columns, rowvar=False, bias=True))
    signs = np.where(np.linalg.eigh(covariance)[1][:, -1] < 0, -1.0, 1.0)
    n_numbers = numbers.shape[1]
    return signs[:n_numbers], signs[n_numbers:] / np.maximum(largest + 1, 1)
