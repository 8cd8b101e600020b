"""Kernels of linear leaves: the sums over a leaf's rows that its slopes are solved from, and the solution.

All that is summed is rounded to a multiple of a power of two first, so that sums are exact: neither the order of the
rows nor the parts that they stand in change a slope, and a row of whole weight k counts as k rows.  In each leaf

    u = (x - centre) / 2^e   in [-1, 1], for a feature x of its path, whose centre is the middle of its range there
    h, g                     hessians and gradients over powers of two, so that none is larger than 1

A row with a cell of the path missing or infinite does not count.  The tables of a leaf with d features on its path:

    low, high                (d,) ranges of its features
    tops                     (3,) number of rows (copies of rows, for whole weights), largest h, largest |g|
    sums                     sum of h, sum of g, (d,) of h u, (d,) of g u, (d (d + 1) / 2,) of h u u' by rows
"""

import math

import numpy as np

from skensemble._jit import kernel

SINGULAR = 1e-9  # share of a feature's variance in a leaf that the features before it must leave unexplained
LEAST_EXPONENT = -1000  # of a scale, so that its inverse is finite
DIGITS = 51  # bits of a sum of rows in float64


@kernel
def find_ranges(leaves, row_starts, rows, cells, gradient, hessian, weight, whole, start, feature, low, high, tops):
    """Fill low, high (n_entries,) and tops (n_leaves, 3) of some leaves.

    rows[row_starts[l] : row_starts[l + 1]] are those of leaves[l], whose features are feature[start[leaf] : ...]
    """
    for i in range(len(leaves)):
        first, last = start[leaves[i]], start[leaves[i] + 1]
        for entry in range(first, last):
            low[entry], high[entry] = np.inf, -np.inf
        n, most_h, most_g = 0.0, 0.0, 0.0
        for k in range(row_starts[i], row_starts[i + 1]):
            row = rows[k]
            w = weight[row] if len(weight) > 0 else 1.0
            if not w > 0.0 or not _is_complete(cells[row], feature, first, last):
                continue
            copies = w if whole else 1.0
            w = 1.0 if whole else w
            n += copies
            most_h, most_g = max(most_h, w * hessian[row]), max(most_g, abs(w * gradient[row]))
            for entry in range(first, last):
                x = cells[row, feature[entry]]
                low[entry], high[entry] = min(low[entry], x), max(high[entry], x)
        tops[i, 0], tops[i, 1], tops[i, 2] = n, most_h, most_g


@kernel
def sum_leaves(
    leaves, row_starts, rows, cells, gradient, hessian, weight, whole, start, feature, low, high, tops, sum_starts, sums
):
    """Fill the sums of some leaves, those of leaves[l] from sums[sum_starts[l]] on, int64."""
    widest = 0
    for leaf in leaves:
        widest = max(widest, start[leaf + 1] - start[leaf])
    u, centre, scale = np.empty(widest), np.empty(widest), np.empty(widest)
    total = np.empty(2 + 2 * widest + widest * (widest + 1) // 2)
    for i in range(len(leaves)):
        first, last = start[leaves[i]], start[leaves[i] + 1]
        d, own = last - first, sums[sum_starts[i] : sum_starts[i + 1]]
        for k in range(len(own)):
            total[k], own[k] = 0.0, 0
        if tops[i, 0] == 0.0:
            continue
        for a in range(d):
            centre[a] = 0.5 * low[first + a] + 0.5 * high[first + a]
            scale[a] = 1.0 / _unit_of_range(low[first + a], high[first + a])
        digits = _digits(tops[i, 0])
        rounder = 1.5 * math.ldexp(1.0, 52 - digits)  # what is added to it and taken off is rounded to 2^-digits
        h_scale, g_scale = 1.0 / _power_above(tops[i, 1]), 1.0 / _power_above(tops[i, 2])
        for k in range(row_starts[i], row_starts[i + 1]):
            row = rows[k]
            w = weight[row] if len(weight) > 0 else 1.0
            if not w > 0.0 or not _is_complete(cells[row], feature, first, last):
                continue
            copies = w if whole else 1.0
            w = 1.0 if whole else w
            for a in range(d):
                u[a] = (cells[row, feature[first + a]] - centre[a]) * scale[a]
            _add_row(w * hessian[row] * h_scale, w * gradient[row] * g_scale, copies, u, d, rounder, total)
        up = math.ldexp(1.0, digits)
        for k in range(len(own)):
            own[k] = int(total[k] * up)


@kernel
def _add_row(h, g, copies, u, d, rounder, total):
    total[0] += copies * ((h + rounder) - rounder)
    total[1] += copies * ((g + rounder) - rounder)
    at = 2 + 2 * d
    for a in range(d):
        weighted = h * u[a]
        total[2 + a] += copies * ((weighted + rounder) - rounder)
        total[2 + d + a] += copies * ((g * u[a] + rounder) - rounder)
        for b in range(a + 1):
            total[at + b] += copies * ((weighted * u[b] + rounder) - rounder)
        at += a + 1


@kernel
def solve_leaves(leaves, low, high, tops, sum_starts, sums, spread, ridge, start, feature, mean, slope):
    """Write the means of the features of some leaves and their slopes, by ridge regression of one Newton step.

    spread : (n_features,) standard deviations of all rows: the ridge is in units of them

    With sums over the rows, z = x / spread, and Z the z minus their means in the leaf,

        slope = -(Z' h Z + ridge)^-1 Z' g     (Shi et al. 2018)
    """
    widest = 0
    for leaf in leaves:
        widest = max(widest, start[leaf + 1] - start[leaf])
    unit, gz, hzz = np.empty(widest), np.empty(widest), np.empty((widest, widest))
    for i in range(len(leaves)):
        first, last = start[leaves[i]], start[leaves[i] + 1]
        d, own = last - first, sums[sum_starts[i] : sum_starts[i + 1]]
        if tops[i, 0] == 0.0 or own[0] <= 0:
            continue
        down = math.ldexp(1.0, -_digits(tops[i, 0]))
        h_unit, g_unit, h, g = _power_above(tops[i, 1]), _power_above(tops[i, 2]), float(own[0]), float(own[1])
        at = 2 + 2 * d
        for a in range(d):
            entry = first + a
            x_unit = _unit_of_range(low[entry], high[entry])
            unit[a] = x_unit / spread[feature[entry]]
            shift = float(own[2 + a]) / h  # the mean of u
            mean[entry] = 0.5 * low[entry] + 0.5 * high[entry] + shift * x_unit
            gz[a] = (float(own[2 + d + a]) - g * shift) * down * g_unit * unit[a]
            for b in range(a + 1):
                hzz[a, b] = (float(own[at + b]) - shift * float(own[2 + b])) * down * h_unit * unit[a] * unit[b]
            hzz[a, a] += ridge
            at += a + 1
        _solve(hzz, gz, d)
        for a in range(d):
            slope[first + a] = -gz[a] / spread[feature[first + a]]


@kernel
def _is_complete(row, feature, first, last):
    """False if a cell is missing or infinite."""
    for entry in range(first, last):
        x = row[feature[entry]]
        if not x - x == 0.0:
            return False
    return True


@kernel
def _digits(n_units):
    """Bits after the point that so many numbers of size 1 may have, for their sum to be exact."""
    return DIGITS - math.frexp(n_units)[1]


@kernel
def _unit_of_range(low, high):
    """The power of two that distances from the middle of the range are measured in: none is larger."""
    return _power_above(0.5 * high - 0.5 * low)


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
