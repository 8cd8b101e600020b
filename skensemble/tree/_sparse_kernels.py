"""Kernels: thresholds and codes of the columns of a sparse table, from the cells that it stores."""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree._binning_kernels import find_thresholds


@kernel
def find_thresholds_of_columns(starts, values, weights, total, max_bins, found, counts):
    """Write the thresholds of column j to found[starts[j]:], and their number to counts[j].

    values : sorted within each column, NaN last;  weights : (n_stored,) int64, or empty for one each
    total : weight of all rows;  max_bins : -1 for one bin per value
    """
    for j in range(len(counts)):
        n_stored = starts[j + 1] - starts[j]
        numbers, amounts = np.empty(n_stored + 1), np.empty(n_stored + 1, np.int64)
        n = _with_zero(starts[j], n_stored, values, weights, total, numbers, amounts)
        thresholds = find_thresholds(numbers[:n], amounts[:n], n if max_bins < 0 else max_bins)
        counts[j] = len(thresholds)
        for k in range(len(thresholds)):
            found[starts[j] + k] = thresholds[k]


@kernel
def _with_zero(start, n_stored, values, weights, total, numbers, amounts):
    """Copy the values of a column and their weights, and the zeros that are not stored in their place; how many."""
    rest = total
    for i in range(start, start + n_stored):
        rest -= weights[i] if len(weights) > 0 else 1
    n = 0
    for i in range(start, start + n_stored):
        if rest > 0 and not values[i] < 0.0:  # NaN is last
            numbers[n], amounts[n] = 0.0, rest
            n, rest = n + 1, 0
        weight = weights[i] if len(weights) > 0 else 1
        if weight > 0:
            numbers[n], amounts[n] = values[i], weight
            n += 1
    if rest > 0:
        numbers[n], amounts[n] = 0.0, rest
        n += 1
    return n


@kernel
def write_codes_of_entries(starts, values, thresholds, threshold_starts, usual, codes):
    for j in range(len(usual)):
        first, last = threshold_starts[j], threshold_starts[j + 1]
        usual[j] = _code(0.0, thresholds, first, last)
        for i in range(starts[j], starts[j + 1]):
            codes[i] = 0 if np.isnan(values[i]) else _code(values[i], thresholds, first, last)


@kernel
def _code(value, thresholds, first, last):
    """1 + how many of thresholds[first:last] are smaller."""
    low, high = first, last
    while low < high:
        middle = (low + high) >> 1
        if thresholds[middle] < value:
            low = middle + 1
        else:
            high = middle
    return 1 + low - first
