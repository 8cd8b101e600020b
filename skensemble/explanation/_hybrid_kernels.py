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

The interaction of two present ones is V M(a - 2, b), of two absent ones V M(a, b - 2), of one of each  - V M(a - 1, b -
1); with a line u stands for V, and E times M with one more present is added. One that is not needed interacts with a
present one by e_j M(a - 1, b), with an absent one by  - e_j M(a, b - 1).
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC

EITHER, PRESENT, ABSENT = 0, 1, 2  # what the way down asks of a feature
UNUSED = 3  # by the line of a leaf
VALUES, PAIRS = 0, 1  # what a walk adds


@kernel
def add_hybrid_values(trees, chosen, cells, background, moments, added):
    """added[r, z, feature] += what the chosen trees add for row r of `cells` against row z of `background`.

    cells, background : (n_features, n_rows)
    moments : M(a, b) at [a, b], to two more than the largest depth
    """
    work = _make_work(trees, chosen, len(cells))
    for tree in chosen:
        for r in range(cells.shape[1]):
            for z in range(background.shape[1]):
                _walk(VALUES, trees, trees.roots[tree], cells, r, background, z, moments, work, added[r, z])


@kernel
def add_hybrid_interactions(trees, chosen, cells, background, moments, pairs):
    """pairs[i * n_features + j, r] += mean over the background of the interactions in the chosen trees, for i < j."""
    n_features, n_background = background.shape
    work, found = _make_work(trees, chosen, n_features), np.empty(n_features * n_features)
    for r in range(cells.shape[1]):
        found[:] = 0.0
        for tree in chosen:
            for z in range(n_background):
                _walk(PAIRS, trees, trees.roots[tree], cells, r, background, z, moments, work, found)
        for place in range(len(found)):
            pairs[place, r] += found[place] / n_background


@kernel
def _make_work(trees, chosen, n_features):
    """Memory of a walk: splits and what they need, and of the line of a leaf what its features need, and its steps."""
    depth = 1
    for tree in chosen:
        depth = max(depth, trees.depth[tree])
    fork, need, own = np.empty(depth + 1, np.int64), np.zeros(n_features, np.int64), np.empty(depth + 1, np.int64)
    players, steps = np.empty((2, 2 * depth + 2), np.int64), np.empty(depth + 1)
    return fork, need, own, players, steps


@kernel
def _goes_left(trees, node, value):
    if trees.category_start[node] == NUMERIC:
        return value <= trees.threshold[node] if value == value else bool(trees.missing_left[node])
    if value >= 64.0 * trees.category_count[node]:
        return False
    bit = np.int64(value) if value > 0.0 else np.int64(0)
    return bool((trees.category_words[trees.category_start[node] + (bit >> 6)] >> np.uint64(bit & 63)) & np.uint64(1))


@kernel
def _walk(task, trees, root, cells, r, background, z, moments, work, added):
    """fork : splits on the way where the rows go apart;  need : by feature; it is EITHER again in the end."""
    fork, need, _, players, _ = work
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
        for i in range(n_forks):
            players[0, i] = trees.feature[fork[i]]
            players[1, i] = need[players[0, i]]
        if task == VALUES:
            _add_values(players, n_forks, n_present, trees.value[node], 0.0, moments, added)
        else:
            _add_pairs(players, n_forks, n_present, trees.value[node], 0.0, moments, len(cells), added)
        if trees.line_start[node] < trees.line_start[node + 1]:
            _add_line(task, trees, node, cells, r, background, z, n_forks, n_present, moments, work, added)
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
def _add_values(players, n_players, n_present, u, change, moments, added):
    """What the needed features get of u and of the steps of the others, whose sum is `change`."""
    a, b = n_present, n_players - n_present
    gain = u * moments[a - 1, b] + change * moments[a, b] if a > 0 else 0.0
    loss = u * moments[a, b - 1] + change * moments[a + 1, b - 1] if b > 0 else 0.0
    for i in range(n_players):
        added[players[0, i]] += gain if players[1, i] == PRESENT else -loss


@kernel
def _add_pairs(players, n_players, n_present, u, change, moments, n_features, pairs):
    """The same for two needed features."""
    a, b = n_present, n_players - n_present
    both = u * moments[a - 2, b] + change * moments[a - 1, b] if a > 1 else 0.0
    mixed = u * moments[a - 1, b - 1] + change * moments[a, b - 1] if (a > 0) & (b > 0) else 0.0
    none = u * moments[a, b - 2] + change * moments[a + 1, b - 2] if b > 1 else 0.0
    for k in range(n_players):
        for m in range(k):
            i, j = min(players[0, k], players[0, m]), max(players[0, k], players[0, m])
            if players[1, k] != players[1, m]:
                pairs[i * n_features + j] -= mixed
            else:
                pairs[i * n_features + j] += both if players[1, k] == PRESENT else none


@kernel
def _add_line(task, trees, leaf, cells, r, background, z, n_forks, n_present, moments, work, added):
    """own[k], steps[k] : what the line needs of the leaf's k-th feature, and its e_j"""
    _, need, own, players, steps = work
    start, stop, value, limit = (
        trees.line_start[leaf], trees.line_start[leaf + 1], trees.value[leaf], trees.line_limit[leaf]
    )  # fmt: skip
    n_players, u, change = n_forks, 0.0, 0.0
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
        if misses_own | misses_absent:
            own[k] = ABSENT if misses_own else PRESENT
            players[0, n_players], players[1, n_players] = feature, own[k]
            n_players += 1
            n_present += misses_absent
            u += slope * ((absent if misses_own else x) - mean)
        else:
            u += slope * (absent - mean)
            steps[k] = slope * (x - absent)
            change += steps[k]
    low, high = min(max(value + u, -limit), limit) - value, min(max(value + u + change, -limit), limit) - value
    share = 1.0
    if limit < np.inf:
        share = (high - low) / change if change != 0.0 else 0.0
        u, change = low, high - low
    if task == VALUES:
        _add_values(players, n_players, n_present, u, change, moments, added)
    else:
        _add_pairs(players, n_players, n_present, u, change, moments, len(cells), added)
    for k in range(stop - start):
        if (own[k] == UNUSED) & (steps[k] != 0.0):
            _add_step(
                task, players, n_players, n_present, trees.line_feature[start + k], share * steps[k], moments,
                len(cells), added,
            )  # fmt: skip


@kernel
def _add_step(task, players, n_players, n_present, feature, step, moments, n_features, added):
    """What a feature gets, or it and each needed one, for its step of the line."""
    a, b = n_present, n_players - n_present
    if task == VALUES:
        added[feature] += step * moments[a, b]
        return
    for k in range(n_players):
        i, j = min(players[0, k], feature), max(players[0, k], feature)
        is_present = players[1, k] == PRESENT
        added[i * n_features + j] += step * moments[a - 1, b] if is_present else -step * moments[a, b - 1]
