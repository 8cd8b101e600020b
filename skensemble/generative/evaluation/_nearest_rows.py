"""Nearest rows of mixed tables, exactly, by a search that looks at few of them.

A row is a point of numbers and a tuple of codes; two rows are as far apart as their numbers differ in sum, and 1 more
for each code that differs (Gower's distance, summed and not averaged: Gower 1971).

The reference is sorted by a projection s with |s(a) - s(b)| <= distance(a, b): a search starts where the row itself
would stand, goes outwards, and ends where the projections alone are too far apart.  A sum that exceeds what is still
of interest is broken off.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble._parallel import for_blocks

ROWS_PER_BLOCK = 256
SLACK = 1e-9  # of rounding, by which a projection may exceed a distance


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
            _find_nearest(
                *(numbers, codes, projection),
                *(self._numbers, self._codes, self._projection, self._index),
                *(start, stop, distances, rows),
            )

        for_blocks(search, len(numbers), ROWS_PER_BLOCK, self.n_threads)
        return distances, rows

    def count_within(self, numbers, codes, radius):
        """How many reference rows are at most `radius` (one for each row) away, (n_rows,) int64."""
        counts = np.zeros(len(numbers), np.int64)
        projection = self._project(numbers, codes)

        def search(start, stop):
            _count_within(
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


@kernel
def _find_nearest(
    numbers, codes, projection, near_numbers, near_codes, near_projection, index, start, stop, distances, rows
):
    n_reference = len(near_projection)
    last = distances.shape[1] - 1
    for i in range(start, stop):
        right = _position(near_projection, projection[i])
        left = right - 1
        while left >= 0 or right < n_reference:
            gap_left = projection[i] - near_projection[left] if left >= 0 else np.inf
            gap_right = near_projection[right] - projection[i] if right < n_reference else np.inf
            if min(gap_left, gap_right) - SLACK > distances[i, last]:
                break
            if gap_left < gap_right:
                j = left
                left -= 1
            else:
                j = right
                right += 1
            distance = _distance(numbers, codes, i, near_numbers, near_codes, j, distances[i, last])
            if distance <= distances[i, last]:
                _insert(distances, rows, i, distance, index[j])


@kernel
def _count_within(numbers, codes, projection, near_numbers, near_codes, near_projection, radius, start, stop, counts):
    for i in range(start, stop):
        j = _position(near_projection, projection[i] - radius[i] - SLACK)
        while j < len(near_projection) and near_projection[j] <= projection[i] + radius[i] + SLACK:
            if _distance(numbers, codes, i, near_numbers, near_codes, j, radius[i]) <= radius[i]:
                counts[i] += 1
            j += 1


@kernel
def _position(values, value):
    """Where `value` would stand in sorted `values`, before its equals."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _distance(numbers, codes, i, near_numbers, near_codes, j, limit):
    """Distance of two rows, or a number above `limit` if it is larger than that."""
    distance = 0.0
    for c in range(codes.shape[1]):
        if codes[i, c] != near_codes[j, c]:
            distance += 1.0
    for c in range(numbers.shape[1]):
        distance += abs(numbers[i, c] - near_numbers[j, c])
        if distance > limit:
            return distance
    return distance


@kernel
def _insert(distances, rows, i, distance, row):
    """Put a row among the nearest of row i, unless all of them are nearer."""
    place = distances.shape[1]
    while place > 0 and (
        distance < distances[i, place - 1] or (distance == distances[i, place - 1] and row < rows[i, place - 1])
    ):
        place -= 1
        if place + 1 < distances.shape[1]:
            distances[i, place + 1] = distances[i, place]
            rows[i, place + 1] = rows[i, place]
    if place < distances.shape[1]:
        distances[i, place] = distance
        rows[i, place] = row
