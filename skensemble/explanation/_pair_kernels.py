"""Kernels: interactions of two features, from the same walks and points as the values of one (`_walk_kernels`).

The interaction of i and j is the integral of the second derivative for the probabilities that they are present. With
the product A of all factors of a path and the ratios r_k = (o_k - w_k) / F_k, its leaf of value V adds

    integral of  A V r_i r_j

and half of it stands at (i, j), the other half at (j, i). A factor may be 0 where its ratio is not: of an o_k of 0 the
ratio is -1 / (1 - t), whatever w_k. If the leaf adds a line, its G (see there) stands instead of V, and it adds, with
e_k = o_k d_k w_k / F_k^2,

    integral of  A (G r_i r_j + e_i r_j + e_j r_i)
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.explanation._walk_kernels import (
    NOBODY,
    STRIP,
    TABLE_DEPTH,
    ask,
    fill_factors,
    fill_products,
    fill_steps,
    find_leaves,
    go_down,
    look_above,
    take_side,
)
from skensemble.tree.trees._marks import NO_CHILD


@kernel
def add_interactions(trees, chosen, cells, points, weights, pairs):
    """pairs[i, j, r] += interactions in the chosen trees, for i < j and all rows of `cells` (n_features, n_rows).

    points, weights : row k holds those of k points
    """
    depth, n_points = 0, 1
    for tree in chosen:
        depth = max(depth, trees.depth[tree])
        n_points = max(n_points, trees.n_points[tree])
    work, last, same = _make_work(depth, n_points), np.full(len(cells), NOBODY), np.arange(len(cells))
    n_rows = cells.shape[1]
    for tree in chosen:
        k, root = trees.n_points[tree], trees.roots[tree]
        if trees.symmetric[tree] and trees.depth[tree] <= TABLE_DEPTH and len(trees.line_slope) == 0:
            _add_by_leaf(trees, tree, cells, points[k], weights[k], work, last, pairs)
            continue
        for first in range(0, n_rows, STRIP):
            n = min(STRIP, n_rows - first)
            _walk(trees, root, cells, first, n, points[k], weights[k], k, work, last, same, pairs)


@kernel
def _make_work(depth, n_points):
    """Memory of a walk: blocks of (points, rows) and rows for each level, and numbers of each level."""
    blocks, rows = (depth + 1, n_points, STRIP), (depth + 1, STRIP)
    products, factors, ratios, extras = np.empty(blocks), np.empty(blocks), np.empty(blocks), np.empty(blocks)
    above, answers, own, lines = np.empty(rows), np.empty(rows), np.empty(rows), np.empty(rows)
    sums, scaled, total = np.empty((n_points, STRIP)), np.empty((n_points, STRIP)), np.empty(STRIP)
    levels, weights = np.empty((4, depth + 1), np.int64), np.empty((2, depth + 1))
    return products, factors, ratios, extras, above, answers, own, lines, sums, scaled, total, levels, weights


@kernel
def _walk(trees, root, cells, first, n, points, weights, n_points, work, last, place, pairs):
    """pairs[place of i, place of j, first + r] += interactions in one tree, for the rows first .. first + n - 1."""
    products, factors, ratios, _, above, answers, own, _, _, _, _, levels, shares = work
    path, stage, before, _ = levels
    weight_above, own_weight = shares
    level = 0 if trees.left[root] != NO_CHILD else -1
    path[0], stage[0] = root, 0
    fill_products(products[0], weights, n_points, n)
    while level >= 0:
        node = path[level]
        feature = trees.feature[node]
        if stage[level] == 2:
            last[feature] = before[level]
            level -= 1
            continue
        if stage[level] == 0:
            previous = last[feature]
            before[level], last[feature] = previous, level
            ask(trees, node, cells, first, n, answers[level])
            weight_above[level] = 1.0 if previous == NOBODY else own_weight[previous]
            look_above(own, previous, n, above[level], answers[level])
            fill_factors(
                points, n_points, trees.share[node], weight_above[level], previous == NOBODY, above[level],
                answers[level], n, factors[level],
            )  # fmt: skip
        goes_left = stage[level] == 0
        child, side = trees.right[node], 1.0 - trees.share[node]
        if goes_left:
            child, side = trees.left[node], trees.share[node]
        stage[level] += 1
        own_weight[level] = weight_above[level] * side
        take_side(goes_left, before[level] == NOBODY, above[level], answers[level], n, own[level])
        go_down(products[level], factors[level], n_points, goes_left, n, products[level + 1])
        _fill_ratios(points, n_points, own_weight[level], own[level], n, ratios[level])
        if trees.left[child] == NO_CHILD:
            _add_leaf(trees, child, level, cells, first, n, points, n_points, work, last, place, pairs)
        else:
            level += 1
            path[level], stage[level] = child, 0


@kernel
def _fill_ratios(points, n_points, w, own, n, ratio):
    """ratio[q, r] = (o - w) / F of a feature."""
    for q in range(n_points):
        t, out = points[q], ratio[q]
        failed = -1.0 / (1.0 - t)
        rise = (1.0 - w) / (w + t * (1.0 - w)) - failed
        for r in range(n):
            out[r] = failed + own[r] * rise


@kernel
def _add_leaf(trees, leaf, level, cells, first, n, points, n_points, work, last, place, pairs):
    """What a child of the split at `level` adds, which is a leaf."""
    products, _, ratios, extras, _, _, _, _, sums, scaled, total, levels, _ = work
    path, product = levels[0], products[level + 1]
    has_line = trees.line_start[leaf] < trees.line_start[leaf + 1]
    if has_line:
        _fill_line(trees, leaf, level, cells, first, n, points, n_points, work, last, place, pairs)
    for a in range(level + 1):
        i = trees.feature[path[a]]
        if last[i] != a:
            continue
        _scale(trees.value[leaf], has_line, product, ratios[a], sums, extras[a], n_points, n, scaled)
        for b in range(a + 1, level + 1):
            j = trees.feature[path[b]]
            if last[j] != b:
                continue
            _multiply(scaled, ratios[b], n_points, n, total)
            if has_line:
                _add_product(product, ratios[a], extras[b], n_points, n, total)
            target = pairs[min(place[i], place[j]), max(place[i], place[j])][first : first + n]
            for r in range(n):
                target[r] += total[r]


@kernel
def _scale(value, has_line, product, ratio, sums, extra, n_points, n, scaled):
    """scaled = A (G r_i + e_i) of a feature i."""
    for q in range(n_points):
        out, a, ratio_q = scaled[q], product[q], ratio[q]
        if has_line:
            g, e = sums[q], extra[q]
            for r in range(n):
                out[r] = a[r] * (g[r] * ratio_q[r] + e[r])
        else:
            for r in range(n):
                out[r] = a[r] * value * ratio_q[r]


@kernel
def _multiply(scaled, ratio, n_points, n, total):
    """total = sum over the points of scaled * ratio"""
    for r in range(n):
        total[r] = 0.0
    for q in range(n_points):
        a, b = scaled[q], ratio[q]
        for r in range(n):
            total[r] += a[r] * b[r]


@kernel
def _add_product(product, ratio, extra, n_points, n, total):
    for q in range(n_points):
        a, b, c = product[q], ratio[q], extra[q]
        for r in range(n):
            total[r] += a[r] * b[r] * c[r]


@kernel
def _fill_line(trees, leaf, level, cells, first, n, points, n_points, work, last, place, pairs):
    """sums = G of a leaf with slopes, extras[level of the last split on k] = e_k.

    Rows with a broken line (see `_walk_kernels`) are added to `pairs` here; their A is then 0.
    """
    _, _, _, extras, _, _, own, lines, sums, _, total, _, shares = work
    own_weight, start = shares[1], trees.line_start[leaf]
    is_broken = fill_steps(trees, leaf, cells, NOBODY, first, n, last, own, lines, total)
    if is_broken:
        for r in range(n):
            if total[r] != total[r]:
                _add_broken(trees, leaf, level, cells, first, r, points, n_points, work, last, place, pairs)
    for q in range(n_points):
        g = sums[q]
        for r in range(n):
            g[r] = trees.value[leaf]
        for a in range(level + 1):
            e = extras[a, q]
            for r in range(n):
                e[r] = 0.0
        for entry in range(start, trees.line_start[leaf + 1]):
            a, step = last[trees.line_feature[entry]], lines[entry - start]
            w = own_weight[a]
            below, e = w + points[q] * (1.0 - w), extras[a, q]
            part, weight = points[q] / below, w / (below * below)
            for r in range(n):
                g[r] += part * step[r]
            for r in range(n):
                e[r] = weight * step[r]


@kernel
def _add_broken(trees, leaf, level, cells, first, r, points, n_points, work, last, place, pairs):
    """The pairs of one row whose line is there while the features of its missing cells are absent; their e_k is 0."""
    products, _, ratios, extras, _, _, own, lines, _, _, _, levels, shares = work
    path, own_weight, start, stop = levels[0], shares[1], trees.line_start[leaf], trees.line_start[leaf + 1]
    with_line, product = lines[-1], products[level + 1]  # with_line: ratios with the line, a level each
    for q in range(n_points):
        t, line, absent = points[q], 0.0, 1.0
        for a in range(level + 1):
            with_line[a], extras[a, q, r] = ratios[a, q, r], 0.0
        for entry in range(start, stop):
            feature = trees.line_feature[entry]
            a, x, step = last[feature], cells[feature, first + r], lines[entry - start, r]
            w = own_weight[a]
            below = w + t * (1.0 - w)
            line += step * t / below
            extras[a, q, r] = step * w / (below * below)
            if (own[a, r] == 1.0) & (not x - x == 0.0):
                absent *= w * (1.0 - t) / below
                with_line[a] = -1.0 / (1.0 - t)
        for a in range(level + 1):
            for b in range(a + 1, level + 1):
                i, j = trees.feature[path[a]], trees.feature[path[b]]
                if (last[i] == a) & (last[j] == b):
                    change = line * with_line[a] * with_line[b]
                    change += extras[a, q, r] * with_line[b] + extras[b, q, r] * with_line[a]
                    change = trees.value[leaf] * ratios[a, q, r] * ratios[b, q, r] + absent * change
                    pairs[min(place[i], place[j]), max(place[i], place[j]), first + r] += product[q, r] * change
        product[q, r] = 0.0


@kernel
def _add_by_leaf(trees, tree, cells, points, weights, work, last, pairs):
    """A symmetric tree: all rows of a leaf have the same interactions, see the values of one feature."""
    depth, root, n_rows = trees.depth[tree], trees.roots[tree], cells.shape[1]
    leaf, row_of, known = np.zeros(n_rows, np.int32), np.empty(1 << depth, np.int32), np.full(1 << depth, NOBODY)
    n_leaves = find_leaves(trees, root, depth, cells, work[10], leaf, known, row_of)
    place, used, n_used = np.full(len(cells), NOBODY), np.empty(depth, np.int64), 0
    for level in range(depth):
        feature = trees.feature[root + (1 << level) - 1]
        if place[feature] == NOBODY:
            place[feature], used[n_used] = n_used, feature
            n_used += 1
    some, found = np.empty((len(cells), STRIP)), np.empty((n_used, n_used, STRIP))
    of_leaves = np.empty((n_used, n_used, n_leaves))
    for first in range(0, n_leaves, STRIP):
        n = min(STRIP, n_leaves - first)
        for a in range(n_used):
            for i in range(n):
                some[used[a], i] = cells[used[a], row_of[first + i]]
        found[:] = 0.0
        _walk(trees, root, some, 0, n, points, weights, trees.n_points[tree], work, last, place, found)
        of_leaves[:, :, first : first + n] = found[:, :, :n]
    for a in range(n_used):
        for b in range(a + 1, n_used):
            i, j = used[a], used[b]
            target, of_leaf = pairs[min(i, j), max(i, j)], of_leaves[a, b]
            for r in range(n_rows):
                target[r] += of_leaf[np.uint32(leaf[r])]
