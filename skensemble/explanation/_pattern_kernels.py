"""Kernels: values against a background table, from how many of its rows pass which splits on the way to a leaf.

A feature that is absent has the cell of a row z of the background. A path has d distinct features. With x_k = 1 if the
row passes all splits on feature k, else 0, and z_k the same of a background row, the row arrives with probability

    G(t) = product over k of  (1 - t) z_k + t x_k

if features are present with probability t. The d numbers x_k are the pattern of a row, and its values depend on
nothing else: there is a table for each leaf, with a row for each of the 2^d patterns. The mean of G over the
background comes from the numbers of its rows by pattern, one bit after the other; its derivative for the probability
of i alone is

    x_i = 0:  - G / (1 - t)           x_i = 1:  (G - G0) / t - G0 / (1 - t)

with G0 that of the pattern with x_i = 0. Integrals are those of `_walk_kernels`.

If the leaf adds a line, an entry of slope b and mean m adds, where H is G without the factor of its feature j, and K
the same of sums of b (z_j - m) z_j instead of numbers of rows,  t x_j b (x_j's number - m) H + (1 - t) K.  Tables have
a column more for each entry, which is to be multiplied by the row's number minus m. Of a background row that misses
the number, z_j is 0 here: the line needs that j is present. Rows that miss one have no place in these tables.

The interaction of i and j is the integral of G's derivative for the probabilities of both: that for j of the derivative
for i, which is a number for each pattern as G is. Leaves have tables of pairs for them, and no lines there.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.explanation._walk_kernels import NOBODY, STRIP, TABLE_DEPTH, ask, find_leaves
from skensemble.tree.trees._marks import NO_CHILD

COUNT, LOOK_UP = 0, 1  # what a walk does at leaves: of the background, and of the rows to explain
COUNT_PAIRS, LOOK_UP_PAIRS = 2, 3  # the same for interactions


@kernel
def fill_tables(trees, chosen, background, points, weights, most, start, are_pairs, tables):
    """tables[start[leaf] :] = (2^d, d, 1 + entries) for each leaf: what rows of a pattern get, features in path order.

    background : (n_features, n_background);  points, weights : row k holds those of k points
    most : largest d
    are_pairs : tables are (2^d, d (d - 1) / 2), interactions of pairs in path order; then the trees have no lines
    """
    depth, n = 1, background.shape[1]
    for tree in chosen:
        depth = max(depth, trees.depth[tree])
    work, sums = _make_work(depth, n, len(background)), np.empty((7, 1 << most))
    task = COUNT_PAIRS if are_pairs else COUNT
    for tree in chosen:
        _walk(task, trees, tree, background, 0, n, points, weights, start, tables, work, sums, background)


@kernel
def add_table_values(trees, chosen, cells, start, are_pairs, tables, phi):
    """phi[feature, r] += what the chosen trees add for all rows of `cells` (n_features, n_rows), tree by tree.

    are_pairs : phi[i * n_features + j, r] += interactions, i < j
    """
    depth, n_rows, nothing = 1, cells.shape[1], np.empty((1, 1))
    for tree in chosen:
        depth = max(depth, trees.depth[tree])
    work, sums = _make_work(depth, STRIP, len(cells)), np.empty((7, 1))
    task = LOOK_UP_PAIRS if are_pairs else LOOK_UP
    has_shared_leaves = (not are_pairs) & (len(trees.line_slope) == 0)
    for tree in chosen:
        if has_shared_leaves and trees.symmetric[tree] and trees.depth[tree] <= TABLE_DEPTH:
            _add_by_leaf(trees, tree, cells, start, tables, work, sums, phi)
            continue
        for first in range(0, n_rows, STRIP):
            n = min(STRIP, n_rows - first)
            _walk(task, trees, tree, cells, first, n, nothing, nothing, start, tables, work, sums, phi)


@kernel
def _make_work(depth, n_rows, n_features):
    """Memory of a walk: rows for each level, numbers of each level, and the bit of each feature on the path."""
    patterns, answers = np.empty((depth + 2, n_rows), np.int32), np.empty((depth + 1, n_rows))
    levels, bit = np.empty((4, depth + 1), np.int64), np.full(n_features, NOBODY)
    return patterns, answers, levels, bit


@kernel
def _walk(task, trees, tree, cells, first, n, points, weights, start, tables, work, sums, phi):
    """Walk down a tree with the patterns of the rows first .. first + n - 1, and do the task at its leaves."""
    patterns, answers, levels, bit = work
    path, stage, is_new, used = levels
    level, n_bits = 0 if trees.left[trees.roots[tree]] != NO_CHILD else -1, 0
    path[0], stage[0] = trees.roots[tree], 0
    patterns[0, :n] = 0
    while level >= 0:
        node = path[level]
        feature = trees.feature[node]
        if stage[level] == 0:
            is_new[level] = bit[feature] == NOBODY
            if is_new[level]:
                bit[feature], used[n_bits] = n_bits, feature
                n_bits += 1
            ask(trees, node, cells, first, n, answers[level])
        if stage[level] == 2:
            if is_new[level]:
                n_bits -= 1
                bit[feature] = NOBODY
            level -= 1
            continue
        goes_left = stage[level] == 0
        child = trees.left[node] if goes_left else trees.right[node]
        stage[level] += 1
        _pass(patterns[level], answers[level], 1.0 if goes_left else 0.0, bit[feature], is_new[level], n,
              patterns[level + 1])  # fmt: skip
        if trees.left[child] != NO_CHILD:
            level += 1
            path[level], stage[level] = child, 0
        elif task == COUNT_PAIRS:
            table = tables[start[child] : start[child] + (n_bits * (n_bits - 1) // 2 << n_bits)]
            k = min(trees.n_points[tree], (n_bits + 1) // 2)
            _fill_pair_table(patterns[level + 1], n, n_bits, trees.value[child], points[k], weights[k], k, sums, table)
        elif task == LOOK_UP_PAIRS:
            _look_up_pairs(len(cells), first, n, patterns[level + 1], used, n_bits, tables[start[child] :], phi)
        elif task == COUNT:
            n_terms = 1 + trees.line_start[child + 1] - trees.line_start[child]
            table = tables[start[child] : start[child] + (n_bits << n_bits) * n_terms]
            k = min(trees.n_points[tree], (n_bits + 1) // 2)
            _fill_table(
                patterns[level + 1], n, n_bits, trees.value[child], points[k], weights[k], k, n_terms, sums, table
            )
            if n_terms > 1:
                _add_line_table(
                    trees, child, cells, patterns[level + 1], patterns[level + 2], bit, n_bits, points[k], weights[k],
                    k, sums, table,
                )  # fmt: skip
        else:
            _look_up(trees, child, cells, first, n, patterns[level + 1], used, n_bits, tables[start[child] :], phi)


@kernel
def _look_up(trees, leaf, cells, first, n, pattern, used, d, table, phi):
    """Add what the leaf has for the pattern of each row."""
    entry, n_terms = trees.line_start[leaf], 1 + trees.line_start[leaf + 1] - trees.line_start[leaf]
    for k in range(d):
        target, here, stride = phi[used[k]], k * n_terms, d * n_terms
        for r in range(n):
            target[first + r] += table[here + stride * pattern[r]]
        for j in range(n_terms - 1):
            x, mean, here = cells[trees.line_feature[entry + j]], trees.line_mean[entry + j], here + 1
            for r in range(n):
                target[first + r] += table[here + stride * pattern[r]] * (x[first + r] - mean)


@kernel
def _look_up_pairs(n_features, first, n, pattern, used, d, table, pairs):
    """Add the interactions that the leaf has for the pattern of each row."""
    here, stride = 0, d * (d - 1) // 2
    for a in range(d):
        for b in range(a + 1, d):
            i, j = min(used[a], used[b]), max(used[a], used[b])
            target = pairs[i * n_features + j]
            for r in range(n):
                target[first + r] += table[here + stride * pattern[r]]
            here += 1


@kernel
def _pass(pattern, answer, wanted, bit, is_new, n, below):
    """below = the pattern of the rows at a child."""
    mask = np.int32(1 << bit)
    if is_new:
        for r in range(n):
            below[r] = pattern[r] | (mask if answer[r] == wanted else np.int32(0))
    else:
        for r in range(n):
            below[r] = pattern[r] if answer[r] == wanted else pattern[r] & ~mask


@kernel
def _fill_table(pattern, n, d, value, points, weights, n_points, n_terms, sums, table):
    """The table of a leaf of d distinct features, from the patterns of n background rows; 0 in other columns."""
    size = 1 << d
    count, g, absent, present = sums[0], sums[1], sums[2], sums[3]
    table[:] = 0.0
    for p in range(size):
        count[p], absent[p], present[p] = 0.0, 0.0, 0.0
    for r in range(n):
        count[pattern[r]] += 1.0
    for q in range(n_points):
        t = points[q]
        for p in range(size):
            g[p] = count[p]
        for k in range(d):
            _mix(g, size, 1 << k, t)
        for p in range(size):
            absent[p] += weights[q] / (1.0 - t) * g[p]
            present[p] += weights[q] / t * g[p]
    for k in range(d):
        mask = 1 << k
        for p in range(size):
            without = p & ~mask
            change = present[p] - present[without] - absent[without] if p & mask else -absent[p]
            table[(p * d + k) * n_terms] = value / n * change


@kernel
def _fill_pair_table(pattern, n, d, value, points, weights, n_points, sums, table):
    """The table of pairs of a leaf of d distinct features, from the patterns of n background rows."""
    size, n_pairs = 1 << d, d * (d - 1) // 2
    count, g, first, second = sums[0], sums[1], sums[2], sums[3]
    count[:size] = 0.0
    table[:] = 0.0
    for r in range(n):
        count[pattern[r]] += 1.0
    for q in range(n_points):
        t, weight, pair = points[q], value / n * weights[q], 0
        g[:size] = count[:size]
        for k in range(d):
            _mix(g, size, 1 << k, t)
        for a in range(d):
            _differentiate(g, size, 1 << a, t, first)
            for b in range(a + 1, d):
                _differentiate(first, size, 1 << b, t, second)
                for p in range(size):
                    table[p * n_pairs + pair] += weight * second[p]
                pair += 1


@kernel
def _differentiate(g, size, mask, t, out):
    """out[pattern] = the derivative of g for the probability of the feature of a bit alone."""
    for p in range(size):
        without = g[p & ~mask] / (1.0 - t)
        out[p] = (g[p] - g[p & ~mask]) / t - without if p & mask else -without


@kernel
def _add_line_table(trees, leaf, cells, pattern, masked, bit, d, points, weights, n_points, sums, table):
    """Add the line of a leaf to its table. `masked` is memory for patterns."""
    n, size, first = cells.shape[1], 1 << d, trees.line_start[leaf]
    n_terms = 1 + trees.line_start[leaf + 1] - first
    count, g, moment = sums[0], sums[1], sums[4]
    masked[:] = pattern
    for entry in range(first, first + n_terms - 1):
        x, mask = cells[trees.line_feature[entry]], np.int32(1 << bit[trees.line_feature[entry]])
        for r in range(n):
            if not x[r] - x[r] == 0.0:
                masked[r] &= ~mask
    for p in range(size):
        count[p] = 0.0
    for r in range(n):
        count[masked[r]] += 1.0 / n
    for j in range(1, n_terms):
        entry = first + j - 1
        x, mask = cells[trees.line_feature[entry]], 1 << bit[trees.line_feature[entry]]
        slope, mean = trees.line_slope[entry], trees.line_mean[entry]
        for p in range(size):
            moment[p] = 0.0
        for r in range(n):
            if masked[r] & mask:
                moment[masked[r] & ~mask] += slope * (x[r] - mean) / n
        for q in range(n_points):
            g[:size] = count[:size]
            for k in range(d):
                _mix(g, size, 1 << k, points[q])
            _add_entry(g, moment, mask, size, d, points[q], weights[q], slope, j, n_terms, sums, table)


@kernel
def _add_entry(g, moment, mask, size, d, t, weight, slope, j, n_terms, sums, table):
    """Add the j-th column, and what goes with it in the first one, at a point t. `mask` is the bit of the entry."""
    h, k = sums[5], sums[6]
    for p in range(size):
        if not p & mask:
            h[p], k[p] = (g[p + mask] - g[p]) / t, moment[p]
    for i in range(d):
        if 1 << i != mask:
            _mix(k, size, 1 << i, t)
    for p in range(size):
        without, has = p & ~mask, (p & mask) != 0
        for i in range(d):
            here, other = (p * d + i) * n_terms, without & ~(1 << i)
            if 1 << i == mask:
                table[here] -= weight * k[without]
                if has:
                    table[here + j] += weight * slope * h[without]
                continue
            change_h, change_k = -h[other] / (1.0 - t), -k[other] / (1.0 - t)
            if p & (1 << i):
                change_h += (h[without] - h[other]) / t
                change_k += (k[without] - k[other]) / t
            table[here] += weight * (1.0 - t) * change_k
            if has:
                table[here + j] += weight * t * slope * change_h


@kernel
def _mix(g, size, mask, t):
    """Of each pair of patterns that differ in a bit: from the background's bit to that of the row."""
    for start in range(0, size, 2 * mask):
        for p in range(start, start + mask):
            fails, passes = g[p], g[p + mask]
            g[p] = (1.0 - t) * passes
            g[p + mask] = passes + t * fails


@kernel
def _add_by_leaf(trees, tree, cells, start, tables, work, sums, phi):
    """A symmetric tree: all rows of a leaf have the same pattern everywhere; one of them walks for all."""
    depth, root, n_rows, nothing = trees.depth[tree], trees.roots[tree], cells.shape[1], np.empty((1, 1))
    leaf, row_of, known = np.zeros(n_rows, np.int32), np.empty(1 << depth, np.int32), np.full(1 << depth, NOBODY)
    n_leaves = find_leaves(trees, root, depth, cells, work[1][0], leaf, known, row_of)
    some, found = np.empty((len(cells), n_leaves)), np.zeros((len(cells), n_leaves))
    for level in range(depth):
        feature = trees.feature[root + (1 << level) - 1]
        for i in range(n_leaves):
            some[feature, i] = cells[feature, row_of[i]]
    for first in range(0, n_leaves, STRIP):
        n = min(STRIP, n_leaves - first)
        _walk(LOOK_UP, trees, tree, some, first, n, nothing, nothing, start, tables, work, sums, found)
    for level in range(depth):
        feature, is_new = trees.feature[root + (1 << level) - 1], True
        for above in range(level):
            is_new = is_new and trees.feature[root + (1 << above) - 1] != feature
        if is_new:
            target, of_leaf = phi[feature], found[feature]
            for r in range(n_rows):
                target[r] += of_leaf[np.uint32(leaf[r])]
