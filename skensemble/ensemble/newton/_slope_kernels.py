"""Kernels of linear leaves: the sums over a leaf's rows that its slopes are solved from, and the solution.

All that is summed is rounded to a multiple of 2^-50 first and summed as integers: neither the order of the rows nor the
parts that they stand in change a slope, and a row of whole weight k counts as k rows.  In each leaf

    u = (x - centre) / 2^e   in [-1, 1], for a feature x of its path, centre and e from a range that holds its cells
    h, g                     hessians and gradients over powers of two, so that none is larger than 1

A row with a cell of the path missing or infinite does not count.  Ranges are known before a row is read: the splits
above a leaf bound its cells, and the largest hessian of all rows bounds those of its own.  So rows are read once, and
again only in a leaf whose own numbers turn out to be much smaller than those bounds, too small for the rounding.

Rows are read tile by tile: a tile's rows of one leaf after those of another, while their cells are in the caches.  A
leaf has, in some tiles and in all,

    low, high                ranges of its features, of the rows that count
    most                     (2,) largest h, largest |g|; 0 without rows
    sums                     sum of h, sum of g, (d,) of h u, (d,) of g u, (d (d + 1) / 2,) of h u u' by rows, for d
                             features: each as two integers, units of 2^-24 and the rest in units of 2^-50
"""

import math

import numpy as np

from skensemble._jit import kernel
from skensemble.ensemble.newton._cell_columns_kernels import read_column

SINGULAR = 1e-9  # share of a feature's variance in a leaf that the features before it must leave unexplained
LEAST_EXPONENT = -1000  # of a scale, so that its inverse is finite
DIGITS = 50  # bits after the point that are summed
ROUNDER = 6.0  # what is added to it is rounded to DIGITS; then the words of float64 count multiples of 2^-DIGITS
WORD_OF_ROUNDER = 0x4018000000000000
LOW_BITS = 26  # of a sum, which are kept apart
LOW_MASK = (1 << LOW_BITS) - 1
SIZE_MASK = 0x7FFFFFFFFFFFFFFF  # of a word: all bits but the sign
BLOCK = 256  # rows whose numbers stay in the nearest cache
TILE, ROWS_OF_LEAF = 1024, 16  # rows of a tile, at least, in all and for each leaf
MOST_LOST_BITS = 14  # of DIGITS, by bounds that are too wide


# -- the sums ----------------------------------------------------------------------------------------------------------


@kernel
def find_largest(gradient, hessian, weight, whole, most):
    """Write the largest hessian and |gradient| of all rows into most (2,): bounds of those of a leaf."""
    most_h, most_g = 0, 0
    for row in range(len(gradient)):
        w = weight[row] if len(weight) > 0 else 1.0
        w = (1.0 if w > 0.0 else 0.0) if whole else w
        most_h = max(most_h, _word(w * hessian[row]) & SIZE_MASK)
        most_g = max(most_g, _word(w * gradient[row]) & SIZE_MASK)
    most[0], most[1] = _size_of(most_h), _size_of(most_g)


@kernel
def sum_leaves(
    first_row, last_row, places, starts, rows, narrow, wide, gradient, hessian, weight, whole,
    leaves, start, feature, centre, scale, derivative_scale, low, high, most, sums
):  # fmt: skip
    """Fill low, high, most and sums, a line for each leaf at `places` in leaves, of rows first_row .. last_row - 1.

    starts, rows : those of leaves[l] are rows[starts[l] : starts[l + 1]], ascending
    narrow, wide : CellColumns
    feature, centre, scale : (n_entries,), those of a leaf from start[leaf] on
    """
    n_leaves, widest, is_copied = low.shape[0], low.shape[1], whole and len(weight) > 0
    x, copies = np.empty((widest, BLOCK)), np.empty(BLOCK, np.int64)
    h, g, hx, ones = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.ones(BLOCK)
    words = np.empty((n_leaves, 2 * widest + 2), np.int64)  # largest h and |g|; then a range of each feature
    at = np.empty(n_leaves, np.int64)
    for i in range(n_leaves):
        at[i] = _first_from(rows, starts[places[i]], starts[places[i] + 1], first_row)
        sums[i], words[i] = 0, 0
        words[i, 2::2], words[i, 3::2] = SIZE_MASK, -SIZE_MASK
    tile = max(TILE, ROWS_OF_LEAF * len(leaves))
    for tile_stop in range(first_row + tile, last_row + tile, tile):
        for i in range(n_leaves):
            place, stop = places[i], min(tile_stop, last_row)
            last = _first_from(rows, at[i], min(at[i] + tile, starts[place + 1]), stop)
            first, d = start[leaves[place]], start[leaves[place] + 1] - start[leaves[place]]
            for k in range(at[i], last, BLOCK):
                here = rows[k : min(k + BLOCK, last)]
                of_leaf = feature[first : first + d]
                n = _read_rows(here, narrow, wide, gradient, hessian, weight, whole, of_leaf, h, g, copies, x)
                _find_bounds(h, g, x, n, d, words[i])
                _scale_rows(h, g, x, n, derivative_scale[place], centre[first:], scale[first:], d)
                _add_block(h, g, hx, x, ones, copies, is_copied, n, d, sums[i])
            at[i] = last
    for i in range(n_leaves):
        most[i, 0], most[i, 1] = _size_of(words[i, 0]), _size_of(words[i, 1])
        for a in range(widest):
            low[i, a], high[i, a] = np.inf, -np.inf
            if words[i, 2 + 2 * a] <= words[i, 3 + 2 * a]:
                low[i, a], high[i, a] = _number_of(words[i, 2 + 2 * a]), _number_of(words[i, 3 + 2 * a])


@kernel
def _first_from(rows, first, last, row):
    """The first place from `first` on, before `last`, whose row is not before `row`."""
    while first < last:
        middle = (first + last) >> 1
        if rows[middle] < row:
            first = middle + 1
        else:
            last = middle
    return first


@kernel
def _read_rows(rows, narrow, wide, gradient, hessian, weight, whole, feature, h, g, copies, x):
    """Copy the numbers of those rows that count; returns how many do."""
    n, d, n_out = len(rows), len(feature), 0
    for k in range(n):
        h[k], g[k] = hessian[rows[k]], gradient[rows[k]]
    if len(weight) > 0:
        for k in range(n):
            w = weight[rows[k]]
            copies[k] = int(w) if whole else 1
            h[k], g[k] = (h[k], g[k]) if whole else (w * h[k], w * g[k])
            n_out += not w > 0.0
    for a in range(d):
        n_out += read_column(narrow, wide, feature[a], rows, x[a])
    if n_out == 0:
        return n
    n_in = 0
    for k in range(n):
        is_in = len(weight) == 0 or weight[rows[k]] > 0.0
        for a in range(d):
            is_in = is_in and x[a, k] - x[a, k] == 0.0
        if is_in:
            h[n_in], g[n_in], copies[n_in] = h[k], g[k], copies[k]
            for a in range(d):
                x[a, n_in] = x[a, k]
            n_in += 1
    return n_in


@kernel
def _find_bounds(h, g, x, n, d, words):
    """Widen the words of a leaf's bounds by n rows; as integers, a processor compares several at once."""
    most_h, most_g = words[0], words[1]
    for k in range(n):
        most_h, most_g = max(most_h, _word(h[k]) & SIZE_MASK), max(most_g, _word(g[k]) & SIZE_MASK)
    words[0], words[1] = most_h, most_g
    for a in range(d):
        least, largest = words[2 + 2 * a], words[3 + 2 * a]
        for k in range(n):
            word = _word(x[a, k])
            ordered = word ^ ((word >> 63) & SIZE_MASK)
            least, largest = min(least, ordered), max(largest, ordered)
        words[2 + 2 * a], words[3 + 2 * a] = least, largest


@kernel
def _scale_rows(h, g, x, n, derivative_scale, centre, scale, d):
    for k in range(n):
        h[k], g[k] = h[k] * derivative_scale[0], g[k] * derivative_scale[1]
    for a in range(d):
        for k in range(n):
            x[a, k] = (x[a, k] - centre[a]) * scale[a]


@kernel
def _add_block(h, g, hx, x, ones, copies, is_copied, n, d, own):
    """Add n rows to the sums of a leaf."""
    _add_products(h, ones, copies, is_copied, n, own, 0)
    _add_products(g, ones, copies, is_copied, n, own, 1)
    at = 2 + 2 * d
    for a in range(d):
        for k in range(n):
            hx[k] = h[k] * x[a, k]
        _add_products(h, x[a], copies, is_copied, n, own, 2 + a)
        _add_products(g, x[a], copies, is_copied, n, own, 2 + d + a)
        for b in range(a + 1):
            _add_products(hx, x[b], copies, is_copied, n, own, at + b)
        at += a + 1


@kernel
def _add_products(a, b, copies, is_copied, n, own, entry):
    """Add the rounded products of n rows to a sum, each as many times as the row has copies."""
    upper, lower = 0, 0
    if is_copied:
        for k in range(n):
            product = _word(a[k] * b[k] + ROUNDER) - WORD_OF_ROUNDER
            upper += copies[k] * (product >> LOW_BITS)
            lower += copies[k] * (product & LOW_MASK)
    else:
        total = 0
        for k in range(n):
            total += _word(a[k] * b[k] + ROUNDER) - WORD_OF_ROUNDER
        upper, lower = total >> LOW_BITS, total & LOW_MASK
    own[2 * entry] += upper
    own[2 * entry + 1] += lower


# -- bounds ------------------------------------------------------------------------------------------------------------


@kernel
def set_units(leaves, start, low, high, most, centre, scale, derivative_scale):
    """Write centres and scales of the leaves, by bounds of their cells, (n_entries,), and of all derivatives, (2,)."""
    for place in range(len(leaves)):
        derivative_scale[place, 0], derivative_scale[place, 1] = _scale_of(most[0]), _scale_of(most[1])
        for entry in range(start[leaves[place]], start[leaves[place] + 1]):
            centre[entry], scale[entry] = _units_of_range(low[entry], high[entry])


@kernel
def mend_units(leaves, start, low, high, most, centre, scale, derivative_scale, is_coarse):
    """Write which leaves have numbers too small for their units, or larger than those; give them units of their own.

    low, high, most : a line for each of the leaves
    """
    for place in range(len(leaves)):
        first, last = start[leaves[place]], start[leaves[place] + 1]
        lost, is_outside = 0, False
        for entry in range(first, last):
            lower, upper = low[place, entry - first], high[place, entry - first]
            if lower < upper:
                lost = max(lost, _lost_bits(0.5 * upper - 0.5 * lower, scale[entry]))
            if lower <= upper:
                size = max((upper - centre[entry]) * scale[entry], (centre[entry] - lower) * scale[entry])
                is_outside = is_outside or size > 1.0
        lost_h = _lost_bits(most[place, 0], derivative_scale[place, 0]) if most[place, 0] > 0.0 else 0
        lost_g = _lost_bits(most[place, 1], derivative_scale[place, 1]) if most[place, 1] > 0.0 else 0
        is_coarse[place] = is_outside or max(lost_h + 2 * lost, lost_g + lost) > MOST_LOST_BITS
        if is_coarse[place]:
            for k in range(2):
                derivative_scale[place, k] = _scale_of(most[place, k])
            for entry in range(first, last):
                centre[entry], scale[entry] = _units_of_range(low[place, entry - first], high[place, entry - first])


@kernel
def _units_of_range(lower, upper):
    """Its middle, and the scale of distances from there that makes none larger than 1."""
    if not lower <= upper:  # no row has such a cell
        lower, upper = 0.0, 0.0
    return 0.5 * lower + 0.5 * upper, _scale_of(0.5 * upper - 0.5 * lower)


@kernel
def _scale_of(size):
    return 1.0 / _power_above(size)


@kernel
def _lost_bits(size, scale):
    """How many of the first bits of `size * scale`, which may be up to 1, are 0."""
    return -math.frexp(size * scale)[1]


# -- the solution ------------------------------------------------------------------------------------------------------


@kernel
def solve_leaves(leaves, low, high, sums, centre, scale, derivative_scale, spread, ridge, start, feature, mean, slope):
    """Write the means of the features of the leaves and their slopes, by ridge regression of one Newton step.

    spread : (n_features,) standard deviations of all rows: the ridge is in units of them

    With sums over the rows, z = x / spread, and Z the z minus their means in the leaf,

        slope = -(Z' h Z + ridge)^-1 Z' g     (Shi et al. 2018)
    """
    widest = low.shape[1]
    unit, gz, hzz = np.empty(widest), np.empty(widest), np.empty((widest, widest))
    for i in range(len(leaves)):
        first, d, own = start[leaves[i]], start[leaves[i] + 1] - start[leaves[i]], sums[i]
        h, g = _sum_of(own, 0), _sum_of(own, 1)
        if not h > 0.0:
            continue
        h_unit, g_unit = 1.0 / derivative_scale[i, 0], 1.0 / derivative_scale[i, 1]
        at = 2 + 2 * d
        for a in range(d):
            entry = first + a
            unit[a] = 1.0 / scale[entry] / spread[feature[entry]]
            shift = _sum_of(own, 2 + a) / h  # the mean of u
            mean[entry] = centre[entry] + shift / scale[entry]
            gz[a] = (_sum_of(own, 2 + d + a) - g * shift) * g_unit * unit[a]
            for b in range(a + 1):
                hzz[a, b] = (_sum_of(own, at + b) - shift * _sum_of(own, 2 + b)) * h_unit * unit[a] * unit[b]
            at += a + 1
        for a in range(d):
            if low[i, a] == high[i, a]:  # a constant, of which rounding leaves no trace
                mean[first + a], gz[a] = low[i, a], 0.0
                for b in range(d):
                    hzz[max(a, b), min(a, b)] = 0.0
            hzz[a, a] += ridge
        _solve(hzz, gz, d)
        for a in range(d):
            slope[first + a] = -gz[a] / spread[feature[first + a]]


@kernel
def _sum_of(own, entry):
    upper, lower = own[2 * entry], own[2 * entry + 1]
    upper, lower = upper + (lower >> LOW_BITS), lower & LOW_MASK
    return math.ldexp(float(upper), LOW_BITS - DIGITS) + math.ldexp(float(lower), -DIGITS)


@kernel
def _power_above(size):
    return math.ldexp(1.0, min(max(math.frexp(size)[1], LEAST_EXPONENT), 1023))


@kernel
def _solve(matrix, vector, d):
    """vector := matrix^-1 vector, by Cholesky in the lower triangle; a feature that is not needed gets 0."""
    for a in range(d):
        variance = matrix[a, a]
        for b in range(a):
            s = matrix[a, b]
            for k in range(b):
                s -= matrix[a, k] * matrix[b, k]
            matrix[a, b] = s / matrix[b, b]
            matrix[a, a] -= matrix[a, b] ** 2
        if matrix[a, a] > SINGULAR * variance:
            matrix[a, a] = np.sqrt(matrix[a, a])
            for k in range(a):
                vector[a] -= matrix[a, k] * vector[k]
            vector[a] /= matrix[a, a]
        else:
            for k in range(a):
                matrix[a, k] = 0.0
            matrix[a, a], vector[a] = 1.0, 0.0
    for a in range(d - 1, -1, -1):
        for k in range(a + 1, d):
            vector[a] -= matrix[k, a] * vector[k]
        vector[a] /= matrix[a, a]


# -- words of float64 ------------------------------------------------------------------------------------------------


@kernel
def _word(x):
    return np.float64(x).view(np.int64)


@kernel
def _size_of(word):
    """The number above 0 with this word; words of such numbers are in the order of the numbers."""
    return np.int64(word).view(np.float64)


@kernel
def _number_of(ordered):
    return np.int64(ordered ^ ((ordered >> 63) & SIZE_MASK)).view(np.float64)
