"""Kernels of linear leaves: slopes by ridge regression, and what they add to predictions."""

import numpy as np

from skensemble._jit import kernel

SINGULAR = 1e-9  # share of a feature's variance in a leaf that the features before it must leave unexplained


@kernel
def find_path_features(parent, feature, is_leaf, start, out):
    """Write the distinct features >= 0 on the way to each leaf; those of node v are out[start[v] : start[v + 1]]."""
    n = 0
    for node in range(len(parent)):
        start[node] = n
        if is_leaf[node]:
            above = parent[node]
            while above >= 0:
                is_new = feature[above] >= 0
                for k in range(start[node], n):
                    is_new = is_new and out[k] != feature[above]
                if is_new:
                    out[n] = feature[above]
                    n += 1
                above = parent[above]
    start[len(parent)] = n


@kernel
def fit_slopes(
    leaves, row_starts, rows, cells, gradient, hessian, weight, centre, scale, ridge, start, feature, mean, slope
):
    """Slopes of the leaves for one output, from the rows without a missing cell on the leaf's path.

    rows[row_starts[l] : row_starts[l + 1]] are those of leaves[l];  cells : (n_samples, n_features)
    centre, scale : (n_features,) of the standardised features z, in whose units the ridge is
    mean, slope : (n_entries,) to be written, in the units of the cells

    With sums over the rows, and Z the z minus their means,  slope = -(Z' h Z + ridge)^-1 Z' g  (Shi et al. 2018).
    """
    widest = 0
    for leaf in leaves:
        widest = max(widest, start[leaf + 1] - start[leaf])
    z, hz, gz, hzz = np.empty(widest), np.empty(widest), np.empty(widest), np.empty((widest, widest))
    for i in range(len(leaves)):
        first, last = start[leaves[i]], start[leaves[i] + 1]
        d = last - first
        own, leaf_rows = feature[first:last], rows[row_starts[i] : row_starts[i + 1]]
        total = _sum_up(leaf_rows, cells, gradient, hessian, weight, own, centre, scale, z, hz, gz, hzz)
        if total > 0.0:
            for a in range(d):
                hzz[a, a] += ridge
            _solve(hzz, gz, d)
            for a in range(d):
                mean[first + a] = centre[own[a]] + scale[own[a]] * hz[a] / total
                slope[first + a] = -gz[a] / scale[own[a]]


@kernel
def _sum_up(rows, cells, gradient, hessian, weight, own, centre, scale, z, hz, gz, hzz):
    """Sums of h z, g z and h z z', the latter two about the means of z; returns the sum of h."""
    d, total, slope = len(own), 0.0, 0.0
    for a in range(d):  # assigning to slices would take long to compile
        hz[a], gz[a] = 0.0, 0.0
        for b in range(a + 1):
            hzz[a, b] = 0.0
    for i in rows:
        if not _standardise(cells[i], own, centre, scale, z):
            continue
        w = weight[i] if len(weight) > 0 else 1.0
        g, h = w * gradient[i], w * hessian[i]
        total += h
        slope += g
        for a in range(d):
            weighted = h * z[a]
            hz[a] += weighted
            gz[a] += g * z[a]
            for b in range(a + 1):
                hzz[a, b] += weighted * z[b]
    if total > 0.0:
        for a in range(d):
            gz[a] -= slope * hz[a] / total
            for b in range(a + 1):
                hzz[a, b] -= hz[a] * hz[b] / total
    return total


@kernel
def _standardise(row, own, centre, scale, z):
    """False if a cell is missing or infinite."""
    for a in range(len(own)):
        x = row[own[a]]
        if not x - x == 0.0:
            return False
        z[a] = (x - centre[own[a]]) / scale[own[a]]
    return True


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


# -- what slopes add ---------------------------------------------------------------------------------------------------


@kernel
def _line(row, first, last, feature, mean, slope, k):
    """Sum of slope * (x - mean); 0 if a cell is missing or infinite."""
    total = 0.0
    for entry in range(first, last):
        x = row[feature[entry]]
        if not x - x == 0.0:
            return 0.0
        total += slope[entry, k] * (x - mean[entry, k])
    return total


@kernel
def _step(row, node, value, start, feature, mean, slope, limit, k):
    """What a leaf adds to a row: its constant `value` and its slopes, together no more than its limit."""
    step = value + _line(row, start[node], start[node + 1], feature, mean, slope, k)
    return min(max(step, -limit[node]), limit[node])


@kernel
def add_leaves(cells, leaf, values, start, feature, mean, slope, limit, k, raw):
    """raw[i] += value k of the row's leaf in one tree, constant and slopes."""
    for i in range(len(leaf)):
        node = leaf[i]
        raw[i] += _step(cells[i], node, values[node, k], start, feature, mean, slope, limit, k)


@kernel
def add_trees(cells, leaves, first_tree, last_tree, roots, output, values, start, feature, mean, slope, limit, raw):
    """raw[i, outputs] += the trees first_tree .. last_tree - 1;  leaves : (n_rows, n_trees), from apply_trees."""
    for i in range(len(cells)):
        for tree in range(first_tree, last_tree):
            node = roots[tree] + leaves[i, tree]
            if output[tree] >= 0:
                raw[i, output[tree]] += _step(cells[i], node, values[node, 0], start, feature, mean, slope, limit, 0)
            else:
                for k in range(raw.shape[1]):
                    raw[i, k] += _step(cells[i], node, values[node, k], start, feature, mean, slope, limit, k)
