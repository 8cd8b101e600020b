"""Kernels: smallest and largest training value behind each code of each feature."""

import numpy as np

from skensemble._jit import kernel


@kernel
def widen_spans(values, columns, counted, start, first_span, first, last, low, high):
    for j in range(first, last):
        span = first_span[j]
        for i in range(values.shape[0]):
            if counted[start + i]:
                at = span + columns[j, start + i]
                low[at] = min(low[at], values[i, j])
                high[at] = max(high[at], values[i, j])


@kernel
def widen_spans_of_cells(starts, rows, values, codes, usual, counted, n_counted, first_span, low, high):
    """The same from what a sparse table stores; there is a zero where a counted row has no cell."""
    for j in range(usual.shape[0]):
        span, n_stored = first_span[j], 0
        for i in range(starts[j], starts[j + 1]):
            if counted[rows[i]]:
                n_stored += 1
                at = span + codes[i]
                low[at] = min(low[at], values[i])
                high[at] = max(high[at], values[i])
        if n_stored < n_counted:
            at = span + usual[j]
            low[at], high[at] = min(low[at], 0.0), max(high[at], 0.0)


@kernel
def close_gaps(n_codes, low, high):
    """A code that no row has (or only rows without a weight) lies where the code before it ends."""
    at = 0
    for j in range(n_codes.shape[0]):
        end = -np.inf
        for _ in range(n_codes[j]):
            if low[at] > high[at]:
                low[at] = high[at] = end
            end = high[at]
            at += 1
