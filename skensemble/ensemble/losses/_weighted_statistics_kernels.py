"""Kernels: quantiles and minimisers, in which weight k is k copies."""

import math

import numpy as np

from skensemble._jit import kernel

# -- mean ------------------------------------------------------------------------------------------------------------


_LARGEST_WEIGHT_EXPONENT = 34  # leaves 2 * 27 bits for the values


@kernel
def weighted_mean(values, weight):
    """Mean of values (n,); 0.0 where no row has weight.

    Values are cut to two fixed-point words, and the products with the weights are summed as integers: exact for whole
    weights, and of no order.  A word is as long as int64 has room for beside the sum of the weights.
    """
    largest, total = _largest_and_total(values, weight)
    if total == 0.0 or largest == 0.0:
        return 0.0
    if not largest < np.inf:
        return largest
    value_exponent = max(math.frexp(largest)[1], -900)
    exponent = math.frexp(total)[1]
    kept = min(max(exponent, 1), _LARGEST_WEIGHT_EXPONENT)
    weight_scale = math.ldexp(1.0, kept - exponent)  # 1 unless the weights are absurdly small or large
    bits = 61 - kept
    high, low = _fixed_point_sums(values, weight, weight_scale, value_exponent, bits)
    mean = (math.ldexp(float(low), -bits) + float(high)) / (total * weight_scale)
    return math.ldexp(mean, value_exponent - bits)


@kernel
def _largest_and_total(values, weight):
    """Largest |value| of the rows with weight (NaN when one is NaN), and the sum of the weights, of no order either."""
    largest, heaviest = 0.0, 0.0
    for i in range(values.size):
        size = abs(values[i])
        if weight.size:  # without a branch: which rows of a bag have weight, no processor foresees
            size = size if weight[i] > 0.0 else 0.0
            heaviest = max(heaviest, weight[i])
        largest = size if size > largest or size != size else largest
    return largest, _sum_of_weights(weight, heaviest) if weight.size else float(values.size)


_WORD_OF_WEIGHTS = 27  # bits: two words hold whole weights exactly, and 2^36 of them fit


@kernel
def _sum_of_weights(weight, heaviest):
    exponent = math.frexp(heaviest)[1] - _WORD_OF_WEIGHTS
    down, up = math.ldexp(1.0, -exponent), math.ldexp(1.0, _WORD_OF_WEIGHTS)
    high, low = 0, 0
    for i in range(weight.size):
        scaled = max(weight[i], 0.0) * down
        first = math.floor(scaled)
        high += int(first)
        low += int(np.rint((scaled - first) * up))
    return math.ldexp(float(high) + math.ldexp(float(low), -_WORD_OF_WEIGHTS), exponent)


@kernel
def _fixed_point_sums(values, weight, weight_scale, value_exponent, bits):
    """Weighted sums of the first `bits` bits below 2**value_exponent and of the `bits` bits after them."""
    down, up = math.ldexp(1.0, -value_exponent), math.ldexp(1.0, bits)
    high, low = 0, 0
    if weight.size == 0 and weight_scale == 1.0:
        for i in range(values.size):
            scaled = values[i] * down * up
            first = np.rint(scaled)
            high += int(first)
            low += int(np.rint((scaled - first) * up))
        return high, low
    for i in range(values.size):
        row_weight = (weight[i] if weight.size else 1.0) * weight_scale
        value = values[i]
        value, row_weight = (value, row_weight) if row_weight > 0.0 else (0.0, 0.0)
        scaled = value * down * up
        first = np.rint(scaled)
        second = np.rint((scaled - first) * up)
        copies = math.floor(row_weight)
        part = row_weight - copies  # the product with `copies` is exact in int64, as it would not be in float64
        high += int(first) * int(copies) + int(np.rint(first * part))
        low += int(second) * int(copies) + int(np.rint(second * part))
    return high, low


# -- quantile --------------------------------------------------------------------------------------------------------


_TIE = 1e-12  # share of the total weight: closer to the level than this is a tie


@kernel
def leaf_quantiles(y, raw, weight, rows, leaf_start, level, result):
    """Weighted quantile of y - raw in each leaf; leaf j holds rows[leaf_start[j] : leaf_start[j + 1]]."""
    residual, residual_weight = _room_for_a_leaf(leaf_start)
    for leaf in range(result.size):
        n = _gather_leaf(y, raw, weight, rows[leaf_start[leaf] : leaf_start[leaf + 1]], residual, residual_weight)
        result[leaf] = _quantile_in_place(residual[:n], residual_weight[:n], level)


@kernel
def leaf_huber_means(y, raw, weight, rows, leaf_start, slope, result):
    """Median of y - raw in each leaf, plus the mean distance from it, cut at `slope` (Friedman 2001, algorithm 4)."""
    residual, residual_weight = _room_for_a_leaf(leaf_start)
    for leaf in range(result.size):
        n = _gather_leaf(y, raw, weight, rows[leaf_start[leaf] : leaf_start[leaf + 1]], residual, residual_weight)
        median = _quantile_in_place(residual[:n], residual_weight[:n], 0.5)
        for i in range(n):
            residual[i] = min(slope, max(-slope, residual[i] - median))
        result[leaf] = median + weighted_mean(residual[:n], residual_weight[:n])


@kernel
def _room_for_a_leaf(leaf_start):
    largest = 0
    for leaf in range(leaf_start.size - 1):
        largest = max(largest, leaf_start[leaf + 1] - leaf_start[leaf])
    return np.empty(largest), np.empty(largest)


@kernel
def _gather_leaf(y, raw, weight, rows, residual, residual_weight):
    """Residuals and weights of the rows that have weight; returns their number."""
    n = 0
    for row in rows:
        row_weight = weight[row] if weight.size else 1.0
        if row_weight > 0.0:
            residual[n], residual_weight[n] = y[row] - raw[row], row_weight
            n += 1
    return n


@kernel
def _quantile_in_place(values, weight, level):
    """Weighted quickselect; reorders its arguments.

    The answer lies in [start, stop); `below` is the weight of all values before, `above` the smallest value after.
    """
    total = 0.0
    for i in range(values.size):
        total += weight[i]
    wanted, slack = level * total, _TIE * total
    start, stop, below, above, seed = 0, values.size, 0.0, np.inf, np.uint64(1)
    while start < stop:
        pivot, seed = _random_pivot(values[start:stop], seed)
        equal, weight_less = _move_to_front(values, weight, start, stop, pivot, False)
        if equal > start and below + weight_less >= wanted - slack:
            stop, above = equal, pivot
            continue
        larger, weight_equal = _move_to_front(values, weight, equal, stop, pivot, True)
        below += weight_less + weight_equal
        if below >= wanted - slack or larger == stop:
            for i in range(larger, stop):
                above = min(above, values[i])
            return 0.5 * (pivot + above) if below <= wanted + slack and above < np.inf else pivot
        start = larger
    return 0.0


@kernel
def _random_pivot(values, seed):
    """Median of three values drawn at random: no order of the rows makes the selection slow."""
    a, b, c = values[0], values[0], values[0]
    for _ in range(3):
        seed = seed * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        a, b, c = b, c, values[int(seed >> np.uint64(33)) % values.size]
    return max(min(a, b), min(max(a, b), c)), seed


@kernel
def _move_to_front(values, weight, start, stop, pivot, with_equal):
    """Reorder [start, stop): first what is less than the pivot (or equal); returns where that ends, and its weight.

    Every row is swapped, so that no branch has to be predicted.
    """
    border, weight_before = start, 0.0
    for i in range(start, stop):
        value, value_weight = values[i], weight[i]
        is_before = value < pivot or (with_equal and not value > pivot)  # NaN passes as equal: the search always ends
        values[i], weight[i] = values[border], weight[border]
        values[border], weight[border] = value, value_weight
        border += int(is_before)
        weight_before += value_weight if is_before else 0.0
    return border, weight_before
