"""Kernels: Shapley values of trees by Gauss-Legendre quadrature, a strip of rows walking down each tree together.

A feature that is present sends a row its own way, one that is absent sends it both ways, in proportion to the training
rows. A path of distinct features j, with the product w_j of its shares at splits on j, and o_j = 1 if the row passes
all of them, else 0, leads to a leaf of value V. If features are present with probability t, the row arrives with
probability

    product over j of  F_j(t),     F_j(t) = w_j (1 - t) + o_j t

and the Shapley value of feature i is the integral over t in [0, 1] of the derivative for its own probability

    phi_i = sum over leaves of  V (o_i - w_i)  integral of  product over j != i of F_j(t)  dt

a polynomial, of which ceil(d / 2) points of Gauss-Legendre make no error where paths have d distinct features. The
Banzhaf value is the derivative at t = 1/2. No factor is negative, and nothing is divided but by numbers above 0.

The sum is taken split by split. Let A(t) be the product of the factors above a split on feature i, and G(t) the sum
over the leaves below a child of V times the factors below it. With the left share s and, from the splits on i above,
w and o (1 and 1 if there are none) and F = w (1 - t) + t, the split multiplies the left side by
f(t) = (w s (1 - t) + t o_l) / F,  the right side by 1 - f, and adds to phi_i what it changes for the leaves below:

    o (o_l - s)  integral of  A  w / F^2  (G_l - G_r),     G = G_r + f (G_l - G_r)

A leaf may add a line, V + sum of d_j over its features, with d_j = slope_j (x_j - mean_j): an absent feature stands at
its mean. The row arrives and has j present with probability t o_j times the other factors, so that the leaf is worth
G(t) = V + sum of  t o_j d_j / F_j,  and the derivative for the probability of i itself adds to phi_i

    o_i d_i  integral of  A  w_i / F_i^2

where A is the product of all factors of the path. A row that misses one of the cells has no line as soon as that is
known. So its line counts while the missing features are absent: `_add_broken_line`.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC

STRIP = 64  # rows
MAX_POINTS = 16
TABLE_DEPTH = 14  # largest depth of a symmetric tree whose rows share values leaf by leaf
NOBODY = -1


@kernel
def measure_trees(feature, left, right, share, values, roots, n_features, mean, width, distinct, asked_below):
    """Mean of the values of each node's leaves by shares, and numbers of distinct features.

    width : the most on a path of each tree;  distinct : on the path to each leaf
    asked_below : False at first; set where a split below is on the same feature
    """
    n_above = np.zeros(n_features, np.int64)
    path, side = np.empty(len(feature), np.int32), np.empty(len(feature), np.int8)
    for node in range(len(feature) - 1, -1, -1):
        mean[node] = values[node]
        if left[node] != NO_CHILD:
            mean[node] = share[node] * mean[left[node]] + (1.0 - share[node]) * mean[right[node]]
    for tree in range(len(roots)):
        level, n_distinct, widest = 0, 0, 0
        path[0], side[0] = roots[tree], 0
        while level >= 0:
            node = path[level]
            if left[node] == NO_CHILD:
                distinct[node] = n_distinct
                level -= 1
                continue
            if side[level] == 0:
                n_distinct += n_above[feature[node]] == 0
                for above in range(level if n_above[feature[node]] > 0 else 0):
                    if feature[path[above]] == feature[node]:
                        asked_below[path[above]] = True
                n_above[feature[node]] += 1
                widest = max(widest, n_distinct)
            if side[level] == 2:
                n_above[feature[node]] -= 1
                n_distinct -= n_above[feature[node]] == 0
                level -= 1
                continue
            path[level + 1] = left[node] if side[level] == 0 else right[node]
            side[level] += 1
            side[level + 1] = 0
            level += 1
        width[tree] = widest


# -- one strip in one tree -------------------------------------------------------------------------------------------
# What a level has is in row `level` of several arrays; of a feature on the path, the level of its last split counts.


@kernel
def ask(trees, node, cells, first, n, answer):
    """answer[r] = 1 if row r goes left, else 0."""
    x = cells[trees.feature[node]][first : first + n]
    if trees.category_start[node] == NUMERIC:
        threshold, missing = trees.threshold[node], 1.0 if trees.missing_left[node] else 0.0
        for r in range(n):
            value = x[r]
            answer[r] = (1.0 if value <= threshold else 0.0) if value == value else missing
        return
    start, n_bits = trees.category_start[node], 64.0 * trees.category_count[node]
    for r in range(n):
        code = x[r]
        answer[r] = 0.0
        if not code >= n_bits:
            bit = np.int64(code) if code > 0.0 else np.int64(0)
            answer[r] = np.float64((trees.category_words[start + (bit >> 6)] >> np.uint64(bit & 63)) & np.uint64(1))


@kernel
def fill_factors(points, n_points, share, w, is_first, above, left, n, factor):
    """factor[q, r] = f at point q of row r."""
    for q in range(n_points):
        t = points[q]
        below = w + t * (1.0 - w)
        failed, passed = w * share * (1.0 - t) / below, t / below
        out = factor[q]
        if is_first:
            for r in range(n):
                out[r] = failed + left[r] * passed
        else:
            rest = failed - share
            for r in range(n):
                out[r] = share + above[r] * rest + left[r] * passed


@kernel
def go_down(product, factor, n_points, goes_left, n, below):
    """below = product times the factor of a side."""
    for q in range(n_points):
        a, f, out = product[q], factor[q], below[q]
        if goes_left:
            for r in range(n):
                out[r] = a[r] * f[r]
        else:
            for r in range(n):
                out[r] = a[r] * (1.0 - f[r])


@kernel
def _go_up(points, product, factor, n_points, w, left, right, n, total, out):
    """out = G of the split, total = sum over the points of A w / F^2 (G_l - G_r).

    No array may be another one, and each loop has few, or the compiler makes no vector instructions of it.
    """
    for q in range(n_points):
        below = w + points[q] * (1.0 - w)
        weight = w / (below * below)
        a, f, g_l, g_r, g = product[q], factor[q], left[q], right[q], out[q]
        if q == 0:
            for r in range(n):
                total[r] = weight * a[r] * (g_l[r] - g_r[r])
        else:
            for r in range(n):
                total[r] += weight * a[r] * (g_l[r] - g_r[r])
        for r in range(n):
            g[r] = g_r[r] + f[r] * (g_l[r] - g_r[r])


@kernel
def _end(points, product, n_points, share, answer, value_left, value_right, n, total, out):
    """Both children are leaves, and no split above asks for the same feature: all of the above at once.

    total is to be multiplied by the difference of the values.
    """
    difference = value_left - value_right
    for q in range(n_points):
        t = points[q]
        failed = share * (1.0 - t)
        a, g = product[q], out[q]
        base, step = value_right + failed * difference, t * difference
        if q == 0:
            for r in range(n):
                total[r] = a[r]
                g[r] = base + answer[r] * step
        else:
            for r in range(n):
                total[r] += a[r]
                g[r] = base + answer[r] * step


@kernel
def _fill(block, n_points, value, n):
    for q in range(n_points):
        out = block[q]
        for r in range(n):
            out[r] = value


@kernel
def _make_work(depth, n_points):
    """Memory of a walk: blocks of (points, rows) and rows for each level, and numbers of each level."""
    blocks, rows = (depth + 1, n_points, STRIP), (depth + 1, STRIP)
    products, factors, left_sums, right_sums = np.empty(blocks), np.empty(blocks), np.empty(blocks), np.empty(blocks)
    above, answers, own, total = np.empty(rows), np.empty(rows), np.empty(rows), np.empty(STRIP)
    levels, weights = np.empty((3, depth + 1), np.int64), np.empty((2, depth + 1))
    lines = np.empty((depth + 1, STRIP))
    return products, factors, left_sums, right_sums, above, answers, own, total, levels, weights, lines


@kernel
def _walk(trees, root, cells, line_cells, only, first, n, points, weights, n_points, work, last, phi):
    """phi[feature, first + r] += what the tree adds for the rows first .. first + n - 1 of `cells`.

    line_cells : `cells`, or other ones for the lines of leaves
    only : feature; what one more unit of it adds by the lines of leaves, instead of all. NOBODY: all
    points, weights : of the quadrature
    last : (n_features,) level of the last split on each feature on the path, else NOBODY
    """
    products, factors, left_sums, right_sums, above, answers, own, total, levels, shares, lines = work
    path, stage, before = levels
    weight_above, own_weight = shares
    level = 0 if trees.left[root] != NO_CHILD else -1
    path[0], stage[0], has_lines = root, 0, len(trees.line_slope) > 0
    fill_products(products[0], weights, n_points, n)
    while level >= 0:
        node, at_end, scale = path[level], False, 1.0
        feature, left, right, share = trees.feature[node], trees.left[node], trees.right[node], trees.share[node]
        is_left = (level > 0) and (stage[level - 1] == 1)
        out = left_sums[level - 1] if is_left else right_sums[level - 1]  # of a root: the last, which is free
        if stage[level] == 0:
            previous = last[feature]
            before[level], last[feature] = previous, level
            ask(trees, node, cells, first, n, answers[level])
            weight_above[level] = 1.0 if previous == NOBODY else own_weight[previous]
            look_above(own, previous, n, above[level], answers[level])
            at_end = (previous == NOBODY) & (trees.left[left] == NO_CHILD) & (trees.left[right] == NO_CHILD)
            at_end = at_end & (not has_lines)
            if at_end:
                scale = trees.value[left] - trees.value[right]
                _end(
                    points, products[level], n_points, share, answers[level], trees.value[left], trees.value[right],
                    n, total, out,
                )  # fmt: skip
            else:
                fill_factors(
                    points, n_points, share, weight_above[level], previous == NOBODY, above[level], answers[level], n,
                    factors[level],
                )  # fmt: skip
        if (stage[level] < 2) & (not at_end):
            goes_left = stage[level] == 0
            child, side = (left, share) if goes_left else (right, 1.0 - share)
            stage[level] += 1
            own_weight[level] = weight_above[level] * side
            if has_lines | trees.asked_below[node]:
                take_side(goes_left, before[level] == NOBODY, above[level], answers[level], n, own[level])
            if trees.left[child] == NO_CHILD:
                leaf_sums = left_sums[level] if goes_left else right_sums[level]
                _fill(leaf_sums, n_points, trees.value[child] if only == NOBODY else 0.0, n)
                if trees.line_start[child] < trees.line_start[child + 1]:
                    go_down(products[level], factors[level], n_points, goes_left, n, products[level + 1])
                    _add_line(
                        trees, child, line_cells, only, first, n, points, products[level + 1], n_points, last, own,
                        own_weight, lines, total, leaf_sums, phi,
                    )  # fmt: skip
            else:
                go_down(products[level], factors[level], n_points, goes_left, n, products[level + 1])
                level += 1
                path[level], stage[level] = child, 0
            continue
        if not at_end:
            _go_up(
                points, products[level], factors[level], n_points, weight_above[level], left_sums[level],
                right_sums[level], n, total, out,
            )  # fmt: skip
        is_first = before[level] == NOBODY
        _add_changes(phi[feature][first : first + n], share, is_first, above[level], answers[level], scale, total)
        last[feature] = before[level]
        level -= 1


@kernel
def fill_products(product, weights, n_points, n):
    for q in range(n_points):
        for r in range(n):
            product[q, r] = weights[q]


@kernel
def look_above(own, previous, n, above, answer):
    """above = 1 where a row passes the splits above on the same feature, and who does not answers 0 to this one.

    Where there are none, all rows pass, and `above` is not looked at.
    """
    if previous == NOBODY:
        return
    passed = own[previous]
    for r in range(n):
        above[r] = passed[r]
    for r in range(n):
        answer[r] *= passed[r]


@kernel
def take_side(goes_left, is_first, above, answer, n, own):
    """own = 1 for the rows that pass all splits on the feature down to a child."""
    if goes_left:
        for r in range(n):
            own[r] = answer[r]
    elif is_first:
        for r in range(n):
            own[r] = 1.0 - answer[r]
    else:
        for r in range(n):
            own[r] = above[r] - answer[r]


@kernel
def _add_changes(target, share, is_first, above, answer, scale, total):
    """target += o (o_l - s) times the total, which is still to be multiplied by `scale`"""
    if is_first:
        for r in range(len(target)):
            target[r] += (answer[r] - share) * (total[r] * scale)
    else:
        for r in range(len(target)):
            target[r] += (answer[r] - share * above[r]) * (total[r] * scale)


# -- leaves with slopes ----------------------------------------------------------------------------------------------


@kernel
def _add_line(
    trees, leaf, cells, only, first, n, points, product, n_points, last, own, own_weight, lines, total, leaf_sums, phi
):
    """Add the line of a leaf to its G, and to phi what its features change by being present themselves.

    product : A at the leaf;  lines : memory, (depth, rows)
    """
    start, stop = trees.line_start[leaf], trees.line_start[leaf + 1]
    is_broken = fill_steps(trees, leaf, cells, only, first, n, last, own, lines, total)
    if is_broken:
        for r in range(n):
            if total[r] != total[r]:
                _add_broken_line(
                    trees, leaf, cells, first, r, points, product, n_points, last, own, own_weight, lines, leaf_sums,
                    phi,
                )  # fmt: skip
    for entry in range(start, stop):
        feature, step = trees.line_feature[entry], lines[entry - start]
        w = own_weight[last[feature]]
        for r in range(n):
            total[r] = 0.0
        for q in range(n_points):
            below = w + points[q] * (1.0 - w)
            weight, part = w / (below * below), points[q] / below
            a, out = product[q], leaf_sums[q]
            for r in range(n):
                total[r] += weight * a[r]
            for r in range(n):
                out[r] += part * step[r]
        target = phi[feature][first : first + n]
        for r in range(n):
            target[r] += step[r] * total[r]


@kernel
def fill_steps(trees, leaf, cells, only, first, n, last, own, lines, total):
    """lines[k, r] = slope * (x - mean) of the leaf's k-th feature, 0 where row r does not pass its tests.

    only : NOBODY, or a feature to have its slopes alone

    Where the limit of the leaf cuts their sum, they are all made smaller. Returns whether there are rows that pass with
    a missing or infinite cell; total[r] is NaN for these.
    """
    start, stop, value = trees.line_start[leaf], trees.line_start[leaf + 1], trees.value[leaf]
    limit, is_broken = trees.line_limit[leaf], False
    if only != NOBODY:
        for entry in range(start, stop):
            slope = trees.line_slope[entry] if trees.line_feature[entry] == only else 0.0
            passes, step = own[last[trees.line_feature[entry]]], lines[entry - start]
            for r in range(n):
                step[r] = slope * passes[r]
        return False
    for r in range(n):
        total[r] = 0.0
    for entry in range(start, stop):
        feature, step = trees.line_feature[entry], lines[entry - start]
        x, passes = cells[feature][first : first + n], own[last[feature]]
        slope, mean = trees.line_slope[entry], trees.line_mean[entry]
        for r in range(n):
            step[r] = passes[r] * slope * (x[r] - mean) if x[r] - x[r] == 0.0 else 0.0
            total[r] += step[r]
    if limit < np.inf:
        for r in range(n):
            if (abs(value + total[r]) > limit) & (total[r] != 0.0):
                share = (min(max(value + total[r], -limit), limit) - value) / total[r]
                for k in range(stop - start):
                    lines[k, r] *= share
    for entry in range(start, stop):
        feature = trees.line_feature[entry]
        x, passes = cells[feature][first : first + n], own[last[feature]]
        for r in range(n):
            if (passes[r] == 1.0) & (not x[r] - x[r] == 0.0):
                total[r], is_broken = np.nan, True
    return is_broken


@kernel
def _add_broken_line(
    trees, leaf, cells, first, r, points, product, n_points, last, own, own_weight, lines, leaf_sums, phi
):
    """As `_add_line` for one row that misses cells: its line is there while the features of these are absent."""
    start, stop = trees.line_start[leaf], trees.line_start[leaf + 1]
    for q in range(n_points):
        t, line, absent = points[q], 0.0, 1.0
        for entry in range(start, stop):
            feature = trees.line_feature[entry]
            w, x = own_weight[last[feature]], cells[feature, first + r]
            below = w + t * (1.0 - w)
            line += lines[entry - start, r] * t / below
            if (own[last[feature], r] == 1.0) & (not x - x == 0.0):
                absent *= w * (1.0 - t) / below
        line *= absent
        leaf_sums[q, r] += line
        for entry in range(start, stop):
            feature = trees.line_feature[entry]
            w, x = own_weight[last[feature]], cells[feature, first + r]
            below = w + t * (1.0 - w)
            if x - x == 0.0:
                phi[feature, first + r] += product[q, r] * absent * lines[entry - start, r] * w / (below * below)
            elif own[last[feature], r] == 1.0:
                phi[feature, first + r] -= product[q, r] * line / ((1.0 - t) * below)
    for k in range(stop - start):
        lines[k, r] = 0.0


# -- a block of rows in all trees ------------------------------------------------------------------------------------


@kernel
def add_path_values(trees, chosen, cells, points, weights, phi):
    """phi[feature, r] += what the chosen trees add for all rows of `cells` (n_features, n_rows), tree by tree.

    points, weights : row k holds those of k points
    """
    depth, n_points = 0, 1
    for tree in chosen:
        depth = max(depth, trees.depth[tree])
        n_points = max(n_points, trees.n_points[tree])
    work, last = _make_work(depth, n_points), np.full(len(cells), NOBODY)
    n_rows = cells.shape[1]
    for tree in chosen:
        k, root = trees.n_points[tree], trees.roots[tree]
        if trees.symmetric[tree] and trees.depth[tree] <= TABLE_DEPTH:
            if len(trees.line_slope) == 0:
                _add_by_leaf(trees, tree, cells, points[k], weights[k], work, last, phi)
                continue
            if trees.line_limit[root] == np.inf:
                _add_lines_by_leaf(trees, tree, cells, points[k], weights[k], work, last, phi)
                continue
        _walk_all(trees, tree, cells, cells, NOBODY, n_rows, points[k], weights[k], work, last, phi)


@kernel
def _walk_all(trees, tree, cells, line_cells, only, n_rows, points, weights, work, last, phi):
    for first in range(0, n_rows, STRIP):
        n = min(STRIP, n_rows - first)
        _walk(
            trees, trees.roots[tree], cells, line_cells, only, first, n, points, weights, trees.n_points[tree], work,
            last, phi,
        )  # fmt: skip


@kernel
def _add_by_leaf(trees, tree, cells, points, weights, work, last, phi):
    """A symmetric tree: all rows of a leaf pass the same tests, and so have the same values.

    One row of each leaf walks; the others look its values up.
    """
    depth, root, n_rows = trees.depth[tree], trees.roots[tree], cells.shape[1]
    leaf, row_of, place = np.zeros(n_rows, np.int32), np.empty(1 << depth, np.int32), np.full(1 << depth, NOBODY)
    n_leaves = find_leaves(trees, root, depth, cells, work[7], leaf, place, row_of)
    some, found, values = np.empty((len(cells), STRIP)), np.empty((len(cells), STRIP)), np.empty((depth, n_leaves))
    for first in range(0, n_leaves, STRIP):
        n = min(STRIP, n_leaves - first)
        for level in range(depth):
            feature = trees.feature[root + (1 << level) - 1]
            for i in range(n):
                some[feature, i], found[feature, i] = cells[feature, row_of[first + i]], 0.0
        _walk_all(trees, tree, some, some, NOBODY, n, points, weights, work, last, found)
        for level in range(depth):
            feature = trees.feature[root + (1 << level) - 1]
            for i in range(n):
                values[level, first + i] = found[feature, i]
    for level in range(depth):
        feature, is_new = trees.feature[root + (1 << level) - 1], True
        for above in range(level):
            is_new = is_new and trees.feature[root + (1 << above) - 1] != feature
        if is_new:
            target, of_leaf = phi[feature], values[level]
            for r in range(n_rows):
                target[r] += of_leaf[np.uint32(leaf[r])]


@kernel
def find_leaves(trees, root, depth, cells, answer, leaf, place, row_of):
    """Number of leaves with rows; leaf[r] = which of them row r is in, row_of[i] = a row of the i-th."""
    n_rows = len(leaf)
    for level in range(depth):
        node = root + (1 << level) - 1
        for first in range(0, n_rows, STRIP):
            n = min(STRIP, n_rows - first)
            ask(trees, node, cells, first, n, answer)
            part = leaf[first : first + n]
            for r in range(n):
                part[r] = 2 * part[r] + np.int32(answer[r] == 0.0)
    n_leaves = 0
    for r in range(n_rows):
        if place[leaf[r]] == NOBODY:
            place[leaf[r]] = n_leaves
            row_of[n_leaves] = r
            n_leaves += 1
        leaf[r] = place[leaf[r]]
    return n_leaves


@kernel
def _add_lines_by_leaf(trees, tree, cells, points, weights, work, last, phi):
    """As `_add_by_leaf` where leaves have slopes: values of the rows of a leaf are linear in their numbers.

    One row of each leaf walks, with its numbers at their means in the leaf, then with one more unit of each. Rows that
    miss a number of the tree walk by themselves.
    """
    depth, root, n_rows = trees.depth[tree], trees.roots[tree], cells.shape[1]
    leaf, row_of, place = np.zeros(n_rows, np.int32), np.empty(1 << depth, np.int32), np.full(1 << depth, NOBODY)
    n_leaves = find_leaves(trees, root, depth, cells, work[7], leaf, place, row_of)
    used, n_used, n_numbers = _distinct_features(trees, root, depth)
    some, centre = np.zeros((len(cells), n_leaves)), np.zeros((len(cells), n_leaves))
    for code in range(1 << depth):
        i, node = place[code], root + (1 << depth) - 1 + code
        if i != NOBODY:
            for a in range(n_used):
                some[used[a], i] = cells[used[a], row_of[i]]
            for entry in range(trees.line_start[node], trees.line_start[node + 1]):
                centre[trees.line_feature[entry], i] = trees.line_mean[entry]
    table, found = np.empty((n_leaves, n_used, 1 + n_numbers)), np.empty((len(cells), n_leaves))
    for k in range(1 + n_numbers):
        found[:] = 0.0
        only = NOBODY if k == 0 else used[k - 1]
        _walk_all(trees, tree, some, centre, only, n_leaves, points, weights, work, last, found)
        for i in range(n_leaves):
            for a in range(n_used):
                table[i, a, k] = found[used[a], i]
    broken, n_broken, step = np.empty(n_rows, np.int64), 0, np.empty(n_numbers)
    for r in range(n_rows):
        i, is_whole = np.uint32(leaf[r]), True
        for k in range(n_numbers):
            step[k] = cells[used[k], r] - centre[used[k], i]
            is_whole = is_whole and step[k] - step[k] == 0.0
        if not is_whole:
            broken[n_broken] = r
            n_broken += 1
            continue
        for a in range(n_used):
            row = table[i, a]
            total = row[0]
            for k in range(n_numbers):
                total += row[1 + k] * step[k]
            phi[used[a], r] += total
    _walk_some(trees, tree, cells, broken, n_broken, used, n_used, points, weights, work, last, phi)


@kernel
def _distinct_features(trees, root, depth):
    """(features of a symmetric tree, numbers first; how many; how many numbers)"""
    used, n_used, n_numbers = np.empty(depth, np.int64), 0, 0
    for is_number in (True, False):
        for level in range(depth):
            node = root + (1 << level) - 1
            is_new = (trees.category_start[node] == NUMERIC) == is_number
            for a in range(n_used):
                is_new = is_new and used[a] != trees.feature[node]
            if is_new:
                used[n_used] = trees.feature[node]
                n_used += 1
        n_numbers = n_used if is_number else n_numbers
    return used, n_used, n_numbers


@kernel
def _walk_some(trees, tree, cells, rows, n_rows, used, n_used, points, weights, work, last, phi):
    """phi[feature, r] += what the tree adds for the first n_rows of `rows`."""
    some, found = np.empty((len(cells), STRIP)), np.empty((len(cells), STRIP))
    for first in range(0, n_rows, STRIP):
        n = min(STRIP, n_rows - first)
        for a in range(n_used):
            for i in range(n):
                some[used[a], i], found[used[a], i] = cells[used[a], rows[first + i]], 0.0
        _walk_all(trees, tree, some, some, NOBODY, n, points, weights, work, last, found)
        for a in range(n_used):
            for i in range(n):
                phi[used[a], rows[first + i]] += found[used[a], i]
