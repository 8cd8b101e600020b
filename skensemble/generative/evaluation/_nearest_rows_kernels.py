"""Kernels: the nearest rows, found along one projection."""

import numpy as np

from skensemble._jit import kernel

SLACK = 1e-9  # of rounding, by which a projection may exceed a distance


@kernel
def find_nearest(
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
def count_rows_within(
    numbers, codes, projection, near_numbers, near_codes, near_projection, radius, start, stop, counts
):
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
