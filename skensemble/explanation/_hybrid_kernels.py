"""Kernels: values of a row against one row of a background, by a walk through all leaves that mixtures of both reach.

A feature that is present has the cell of the row x, one that is absent that of the background row z. Where x and z go
apart at a split on a feature, the walk goes both ways; from there on it knows whether the feature has to be present or
absent. A leaf that needs a features present and b absent is reached with probability t^a (1 - t)^b, and with

    M(a, b) = integral of  t^a (1 - t)^b  =  a! b! / (a + b + 1)!

each of the present ones gets V M(a - 1, b), each of the absent ones  - V M(a, b - 1)  (of Banzhaf values M is the
integrand at t = 1/2). If the leaf adds a line, u is the sum of its steps where only the needed features are present,
and each of the others changes it by e_j = slope_j (x_j - z_j) when it becomes present. With E the sum of the e_j, the
present ones get u M(a - 1, b) + E M(a, b), the absent ones  - u M(a, b - 1) - E M(a + 1, b - 1), and the others  e_j
M(a, b). A missing cell of x says that a feature must be absent for the line, one of z that it must be present.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC

EITHER, PRESENT, ABSENT = 0, 1, 2  # what the way down asks of a feature
UNUSED = 3  # by the line of a leaf


@kernel
def add_hybrid_values(trees, chosen, cells, background, moments, added):
    """added[r, z, feature] += what the chosen trees add for row r of `cells` against row z of `background`.

    cells, background : (n_features, n_rows)
    moments : M(a, b) at [a, b], to two more than the largest depth
    """
    depth = 1
    for tree in chosen:
        depth = max(depth, trees.depth[tree])
    fork, need, own = np.empty(depth + 1, np.int64), np.zeros(len(cells), np.int64), np.empty(depth + 1, np.int64)
    steps = np.empty(depth + 1)
    for tree in chosen:
        for r in range(cells.shape[1]):
            for z in range(background.shape[1]):
                _walk(
                    trees, trees.roots[tree], cells, r, background, z, moments, fork, need, own, steps, added[r, z]
                )  # fmt: skip


@kernel
def _goes_left(trees, node, value):
    if trees.category_start[node] == NUMERIC:
        return value <= trees.threshold[node] if value == value else bool(trees.missing_left[node])
    if value >= 64.0 * trees.category_count[node]:
        return False
    bit = np.int64(value) if value > 0.0 else np.int64(0)
    return bool((trees.category_words[trees.category_start[node] + (bit >> 6)] >> np.uint64(bit & 63)) & np.uint64(1))


@kernel
def _walk(trees, root, cells, r, background, z, moments, fork, need, own, steps, added):
    """fork : splits on the way where the rows go apart;  need : by feature; it is EITHER again in the end."""
    node, n_forks, n_present = root, 0, 0
    while True:
        while trees.left[node] != NO_CHILD:
            feature = trees.feature[node]
            goes_left = _goes_left(trees, node, background[feature, z])
            if need[feature] != ABSENT:
                own_way = _goes_left(trees, node, cells[feature, r])
                if (need[feature] == EITHER) & (own_way != goes_left):
                    fork[n_forks], need[feature] = node, PRESENT
                    n_forks += 1
                    n_present += 1
                if need[feature] == PRESENT:
                    goes_left = own_way
            node = trees.left[node] if goes_left else trees.right[node]
        _add_constant(trees, trees.value[node], fork, n_forks, n_present, need, moments, added)
        if trees.line_start[node] < trees.line_start[node + 1]:
            _add_line(
                trees, node, cells, r, background, z, fork, n_forks, n_present, need, moments, own, steps, added
            )  # fmt: skip
        while n_forks > 0 and need[trees.feature[fork[n_forks - 1]]] == ABSENT:
            n_forks -= 1
            need[trees.feature[fork[n_forks]]] = EITHER
        if n_forks == 0:
            return
        node = fork[n_forks - 1]
        feature = trees.feature[node]
        need[feature] = ABSENT
        n_present -= 1
        node = trees.left[node] if _goes_left(trees, node, background[feature, z]) else trees.right[node]


@kernel
def _add_constant(trees, value, fork, n_forks, n_present, need, moments, added):
    a, b = n_present, n_forks - n_present
    gain = value * moments[a - 1, b] if a > 0 else 0.0
    loss = value * moments[a, b - 1] if b > 0 else 0.0
    for i in range(n_forks):
        feature = trees.feature[fork[i]]
        added[feature] += gain if need[feature] == PRESENT else -loss


@kernel
def _add_line(trees, leaf, cells, r, background, z, fork, n_forks, n_present, need, moments, own, steps, added):
    """own[k], steps[k] : what the line needs of the leaf's k-th feature, and its e_j"""
    start, stop, value, limit = (
        trees.line_start[leaf], trees.line_start[leaf + 1], trees.value[leaf], trees.line_limit[leaf]
    )  # fmt: skip
    a, b, u, change = n_present, n_forks - n_present, 0.0, 0.0
    for entry in range(start, stop):
        feature, k = trees.line_feature[entry], entry - start
        slope, mean = trees.line_slope[entry], trees.line_mean[entry]
        x, absent = cells[feature, r], background[feature, z]
        misses_own, misses_absent = not x - x == 0.0, not absent - absent == 0.0
        own[k], steps[k] = UNUSED, 0.0
        if need[feature] == PRESENT:
            absent, misses_absent = x, misses_own
        elif need[feature] == ABSENT:
            x, misses_own = absent, misses_absent
        if misses_own & misses_absent:
            return
        if misses_own:
            own[k] = ABSENT
            b += 1
            u += slope * (absent - mean)
        elif misses_absent:
            own[k] = PRESENT
            a += 1
            u += slope * (x - mean)
        else:
            u += slope * (absent - mean)
            steps[k] = slope * (x - absent)
            change += steps[k]
    low, high = min(max(value + u, -limit), limit) - value, min(max(value + u + change, -limit), limit) - value
    share = 1.0
    if limit < np.inf:
        share = (high - low) / change if change != 0.0 else 0.0
        u, change = low, high - low
    gain = u * moments[a - 1, b] + change * moments[a, b] if a > 0 else 0.0
    loss = u * moments[a, b - 1] + change * moments[a + 1, b - 1] if b > 0 else 0.0
    for i in range(n_forks):
        feature = trees.feature[fork[i]]
        added[feature] += gain if need[feature] == PRESENT else -loss
    for k in range(stop - start):
        feature = trees.line_feature[start + k]
        if own[k] == UNUSED:
            added[feature] += share * steps[k] * moments[a, b]
        else:
            added[feature] += gain if own[k] == PRESENT else -loss
