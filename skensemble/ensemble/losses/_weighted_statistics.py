"""Weighted mean, quantile, minimiser: weight k is k copies of the row, bit for bit, and weight 0 no row at all.

Everywhere, `weight` is float64 (n,), or empty: then every row counts once.
"""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.losses._weighted_statistics_kernels import leaf_quantiles, weighted_mean

NO_WEIGHT = np.empty(0)


def weighted_quantile(values, weight, level):
    """Quantile by the averaged inverted CDF: where the weight up to a value is just the level, halfway to the next.

    That is numpy's "averaged_inverted_cdf", and the middle of the minimisers of the quantile loss.  0.0 without rows.
    """
    rows = np.arange(values.size, dtype=np.uint32)
    result = np.empty(1)
    leaf_quantiles(values, np.zeros(values.size), weight, rows, np.array([0, values.size]), level, result)
    return float(result[0])


def for_leaves(function, leaf_start, result, n_threads):
    """Call `function(leaf_start, result)` for blocks of consecutive leaves, several per thread."""
    n_leaves = result.size
    block = n_leaves if n_threads <= 1 else max(1, n_leaves // (4 * n_threads))

    def fill(first, last):
        function(leaf_start[first : last + 1], result[first:last])

    for_blocks(fill, n_leaves, block, n_threads)
    return result


# -- any convex loss ---------------------------------------------------------------------------------------------------


def weighted_minimiser(derivatives, values, weight):
    """Constant with the smallest mean of a convex loss; `derivatives(constant)` is the first and second of each row.

    Newton's steps from the median, and the middle of what is left where a step leaves it.
    """
    counted = values[weight > 0.0] if weight.size else values
    if counted.size == 0:
        return 0.0
    low, high, constant = float(counted.min()), float(counted.max()), weighted_quantile(values, weight, 0.5)
    precision = 4 * np.finfo(float).eps * max(abs(low), abs(high))
    while high - low > precision:
        slope, curvature = (weighted_mean(derivative, weight) for derivative in derivatives(constant))
        low, high = (low, constant) if slope > 0.0 else (constant, high)
        previous, constant = constant, constant - slope / curvature if curvature > 0.0 else np.inf
        if not low <= constant <= high:
            constant = low + 0.5 * (high - low)
        if abs(constant - previous) <= precision:
            break
    return float(constant)
