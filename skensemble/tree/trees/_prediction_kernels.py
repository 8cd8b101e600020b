"""Kernels: what the trees of a PredictionLayout answer to strips of rows, and how trees are cut for them."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from skensemble._jit import kernel, prefetch
from skensemble.tree.trees._marks import NO_CHILD
from skensemble.tree.trees._records import NODE

STRIP = 128  # rows; 28 columns of a strip fit a 32 KB cache
MAX_EXITS = 32  # bits of a word
MOST_TOGETHER, CELLS_TOGETHER = 256, 1 << 15  # most rows that walk together, and cells of rows that a cache holds
NODE_BYTES = NODE.itemsize
FEW_WORDS = 5  # up to so many words, asking a set word by word is faster than looking up the one that matters


@kernel
def cut_trees(
    child,
    origin,
    count,
    bounds,
    first_tree,
    last_tree,
    symmetric,
    first_test,
    split,
    strikes,
    first_exit,
    exits,
    n_walk,
):
    """Find the splits to test, what they strike out, and the exits of some trees; child[leaf] is the leaf itself."""
    for tree in range(first_tree, last_tree):
        root = bounds[tree]
        own_split, own_strikes = split[first_test[tree] :], strikes[first_test[tree] :]
        own_exits = exits[first_exit[tree] :]
        if symmetric[tree]:
            _one_test_per_level(child, root, own_split, own_strikes, own_exits)
            continue
        n_exits = _cut_top(child, origin, count, root, own_split, own_strikes, own_exits)
        height = np.zeros(bounds[tree + 1] - root, np.int64)
        for node in range(bounds[tree + 1] - 1, root - 1, -1):  # children lie after their parents
            first = child[node] - root
            if child[node] != node:
                height[node - root] = 1 + max(height[first], height[first + 1])
        for i in range(n_exits):
            n_walk[tree] = max(n_walk[tree], height[own_exits[i] - root])


@kernel
def _one_test_per_level(child, root, split, strikes, exits):
    """The first node of each level stands for it; the root has the highest bit of the leaf's number."""
    depth, node = 0, root
    while child[node] != node:
        split[depth] = node
        node = child[node]
        depth += 1
    for level in range(depth):
        strikes[level] = np.uint32(1 << (depth - 1 - level))
    for leaf in range(1 << depth):
        node = root
        for level in range(depth):
            node = child[node] + (leaf >> (depth - 1 - level) & 1)
        exits[leaf] = node


@kernel
def _cut_top(child, origin, count, root, split, strikes, exits):
    """Split the exit with most training rows until there are MAX_EXITS, in order; return the number of exits.

    While they grow, first[i] : middle[i] are the exits below the first child of split i; in the end they are its
    strikes.
    """
    first, middle = np.empty(MAX_EXITS, np.int64), np.empty(MAX_EXITS, np.int64)
    exits[0] = root
    for n_exits in range(1, MAX_EXITS):
        fullest, most = -1, 0
        for i in range(n_exits):
            here = count[origin[exits[i]]]
            if child[exits[i]] != exits[i] and (fullest < 0 or here > most):
                fullest, most = i, here
        if fullest < 0:
            break
        node = exits[fullest]
        for i in range(n_exits - 1, fullest, -1):
            exits[i + 1] = exits[i]
        exits[fullest], exits[fullest + 1] = child[node], child[node] + 1
        for i in range(n_exits - 1):
            first[i] += first[i] > fullest
            middle[i] += middle[i] > fullest
        split[n_exits - 1], first[n_exits - 1], middle[n_exits - 1] = node, fullest, fullest + 1
    else:
        n_exits = MAX_EXITS
    for i in range(n_exits - 1):
        strikes[i] = np.uint32((1 << middle[i]) - (1 << first[i]))
    return n_exits


# -- kernels ---------------------------------------------------------------------------------------------------------


@intrinsic
def _count_trailing_zeros(typing_context, word):
    def emit(context, builder, signature, args):
        return builder.cttz(args[0], ir.IntType(1)(0))

    return types.uint32(types.uint32), emit


@kernel
def fill_strips(block, sources, strips):
    """strips[i // STRIP, column, i % STRIP] is row i of the block; columns beyond the sources stay as they are.

    Eight rows at a time, a cache line of each column: columns lie 1 KB apart and would evict each other.
    """
    for start in range(0, len(block), 8):
        stop = min(start + 8, len(block))
        strip = strips[start // STRIP]
        for column in range(len(sources)):
            source = sources[column]
            sign, feature = (1.0, source) if source >= 0 else (-1.0, ~source)
            out = strip[column, start % STRIP :]
            if stop == start + 8:
                for k in range(8):
                    out[k] = sign * block[start + k, feature]
                continue
            for i in range(start, stop):
                out[i - start] = sign * block[i, feature]


@kernel
def fill_strips_of_stored(starts, features, values, columns, strips):
    """What `fill_strips` does, for rows most of whose cells are zero; so are the strips at first.

    starts, features, values : the other cells, row by row
    columns : (n_features, 2) int64, the column of a feature, and that of its negative; -1: there is none
    """
    for i in range(len(starts) - 1):
        strip = strips[i // STRIP]
        for k in range(starts[i], starts[i + 1]):
            feature = features[k]
            if feature < len(columns):
                plain, negative = columns[feature]
                if plain >= 0:
                    strip[plain, i % STRIP] = values[k]
                if negative >= 0:
                    strip[negative, i % STRIP] = -values[k]


@kernel
def _lacks(code, node, categories):
    """1 if the set of a node lacks a category, else 0; NaN is code 0, and what lies past the last word is in no set.

    The answer is computed as a number throughout: as a condition it becomes a branch that no processor can foresee.
    """
    first_word, n_words, sets = categories
    stop = n_words[node] * 64.0
    bit = np.int64(code) if (code > 0.0) & (code < stop) else np.int64(0)
    is_set = (sets[first_word[node] + (bit >> 6)] >> np.uint64(bit & 63)) & np.uint64(1)
    return np.int32(1) if code >= stop else np.int32(np.uint64(1) - is_set)


@kernel
def _ask_numeric(strip, tests, start, stop, words):
    """words |= strikes of every test where not x <= threshold; four tests at a time save three reads of the words."""
    none = np.uint32(0)
    for i in range(start, stop - 3, 4):
        x_a, t_a, strikes_a = _unpack(strip, tests[i])
        x_b, t_b, strikes_b = _unpack(strip, tests[i + 1])
        x_c, t_c, strikes_c = _unpack(strip, tests[i + 2])
        x_d, t_d, strikes_d = _unpack(strip, tests[i + 3])
        for r in range(STRIP):
            ab = (none if x_a[r] <= t_a else strikes_a) | (none if x_b[r] <= t_b else strikes_b)
            cd = (none if x_c[r] <= t_c else strikes_c) | (none if x_d[r] <= t_d else strikes_d)
            words[r] |= ab | cd
    for i in range(stop - (stop - start) % 4, stop):
        x_a, t_a, strikes_a = _unpack(strip, tests[i])
        for r in range(STRIP):
            words[r] |= none if x_a[r] <= t_a else strikes_a


@kernel
def _unpack(strip, test):
    """Copies: the compiler must see that writing words does not change them."""
    return strip[test.column], test.threshold, test.strikes


@kernel
def ask_categorical(strip, tests, start, stop, categories, words):
    """words |= strikes of every test whose set lacks the category; word by word of the set, as vector instructions."""
    first_word, n_words, sets = categories
    none, one = np.uint32(0), np.uint64(1)
    for i in range(start, stop):
        node, strikes, x = np.int64(tests[i].threshold), tests[i].strikes, strip[~tests[i].column]
        if n_words[node] > FEW_WORDS:
            for r in range(STRIP):
                words[r] |= strikes * np.uint32(_lacks(x[r], node, categories))
            continue
        for k in range(n_words[node]):
            word, first_code = sets[first_word[node] + k], 64.0 * k
            for r in range(STRIP):
                bit = (x[r] if x[r] > 0.0 else 0.0) - first_code
                within = (bit >= 0.0) & (bit < 64.0)
                is_set = (word >> np.uint64(np.int32(bit if within else 0.0))) & one
                words[r] |= strikes if within & (is_set == 0) else none
        past = 64.0 * n_words[node]
        for r in range(STRIP):
            words[r] |= strikes if x[r] >= past else none


@kernel
def _walk(strip, nodes, n_levels, categories, active, at):
    """Move every row of the strip down to its leaf; the rows that moved are active on the next level."""
    n_active = STRIP
    for r in range(STRIP):
        active[r] = r
    for _ in range(n_levels):
        n_moved = 0
        for i in range(n_active):
            r = np.uint32(active[i])
            here = np.uint32(at[r])
            node = nodes[here]
            if node.column >= 0:
                step = node.child + (not strip[np.uint32(node.column), r] <= node.threshold)
            else:
                code, number = strip[np.uint32(~node.column), r], np.int64(node.threshold)
                step = node.child + _lacks(code, number, categories)
            at[r] = step
            active[n_moved] = r
            n_moved += step != here
        n_active = n_moved


@kernel
def run_trees(strips, layout, first_tree, last_tree, raw, leaves):
    """Add the trees to `raw`; or, if `leaves` has columns, only note there the leaf of each row in each tree.

    Arrays of the layout become locals first: to hand the whole of it to another kernel costs more than to ask a tree.
    """
    words, at, active = np.empty(STRIP, np.uint32), np.empty(STRIP, np.int32), np.empty(STRIP, np.uint32)
    nodes, origin, values, tests, exits = layout.nodes, layout.origin, layout.values, layout.tests, layout.exits
    categories = (layout.category_start, layout.category_count, layout.category_words)
    for s in range(len(strips)):
        n_rows = min(STRIP, len(raw) - s * STRIP)
        for tree in range(first_tree, last_tree):
            start, middle, stop = layout.test_bounds[tree]
            words[:] = 0
            _ask_numeric(strips[s], tests, start, middle, words)
            if stop > middle:
                ask_categorical(strips[s], tests, middle, stop, categories, words)
            first_exit = np.uint64(layout.first_exit[tree])
            if layout.symmetric[tree]:
                for r in range(STRIP):
                    at[r] = exits[first_exit + words[r]]
            else:
                for r in range(STRIP):
                    at[r] = exits[first_exit + _count_trailing_zeros(~words[r])]
            if layout.n_walk[tree] > 0:
                _walk(strips[s], nodes, layout.n_walk[tree], categories, active, at)
            output = layout.output[tree]
            if leaves.shape[1] > 0:
                for r in range(n_rows):
                    leaves[s * STRIP + r, tree] = origin[np.uint32(at[r])] - layout.roots[tree]
            elif output >= 0:
                for r in range(n_rows):
                    raw[s * STRIP + r, output] += values[np.uint32(origin[np.uint32(at[r])]), 0]
            else:
                for r in range(n_rows):
                    for k in range(raw.shape[1]):
                        raw[s * STRIP + r, k] += values[np.uint32(origin[np.uint32(at[r])]), k]


@kernel
def run_trees_from_rows(block, layout, first_tree, last_tree, raw, leaves):
    """What `run_trees` does, without strips: some rows at a time walk down each tree from its root.

    Beside reading one node, the next one of another row is fetched.
    """
    nodes, origin, values = layout.nodes, layout.origin, layout.values
    categories = (layout.category_start, layout.category_count, layout.category_words)
    feature, sign = _features_of_columns(layout.sources)
    n_together = min(MOST_TOGETHER, max(8, CELLS_TOGETHER // max(1, block.shape[1])))
    at, active = np.empty(n_together, np.uint32), np.empty(n_together, np.uint32)
    for start in range(0, len(block), n_together):
        rows = block[start : start + n_together]
        for tree in range(first_tree, last_tree):
            root = layout.roots[tree]
            for r in range(len(rows)):
                at[r] = root
                active[r] = r
            n_active = len(rows)
            while n_active > 0:
                n_active = _step_down(rows, nodes, feature, sign, categories, at, active, n_active)
            output = layout.output[tree]
            for r in range(len(rows)):
                leaf = origin[np.uint32(at[r])]
                if leaves.shape[1] > 0:
                    leaves[start + r, tree] = leaf - root
                elif output >= 0:
                    raw[start + r, output] += values[np.uint32(leaf), 0]
                else:
                    for k in range(raw.shape[1]):
                        raw[start + r, k] += values[np.uint32(leaf), k]


@kernel
def _features_of_columns(sources):
    """(feature, sign) of each column; leaves, which ask about a column beyond all, read what they like."""
    feature, sign = np.zeros(len(sources) + 1, np.uint32), np.ones(len(sources) + 1)
    for column in range(len(sources)):
        feature[column] = max(sources[column], ~sources[column])
        sign[column] = 1.0 if sources[column] >= 0 else -1.0
    return feature, sign


@kernel
def _step_down(rows, nodes, feature, sign, categories, at, active, n_active):
    """Move the active rows one level down; return the number of those that moved, which stay active."""
    n_moved = 0
    for i in range(np.uint64(n_active)):
        r = active[i]
        here = at[r]
        node = nodes[here]
        child, column = np.uint32(node.child), node.column
        if column >= 0:
            x = sign[np.uint32(column)] * rows[r, feature[np.uint32(column)]]
            step = child + (np.uint32(not x <= node.threshold) & np.uint32(child != here))
        else:
            code, number = rows[r, feature[np.uint32(~column)]], np.int64(node.threshold)
            step = np.uint64(child + _lacks(code, number, categories))
        prefetch(nodes, np.int64(step) * NODE_BYTES)
        at[r] = step
        active[n_moved] = r
        n_moved += step != here
    return n_moved


@kernel
def climb(leaf, parent, stop, indices):
    """Write the path to each leaf, the root first, so that it ends before indices[stop]."""
    for i in range(len(leaf)):
        node = leaf[i]
        position = stop[i]
        while node >= 0:
            position -= 1
            indices[position] = node
            node = np.int64(parent[node])


@kernel
def leaf_of_codes(columns, rows, feature, code, left, right, missing_left, category_start, category_words, leaf):
    """leaf[i] = leaf of row rows[i] in one tree that splits binned columns; for rows that did not grow it.

    columns : (n_features, n_samples) codes; rows : uint32; leaf : int32, shaped like rows
    A numeric split sends codes 1 .. code left, and code 0 (missing) iff missing_left.  The words of a categorical split
    (category_start >= 0) must cover every code of its feature; bit c is set iff code c goes left.
    """
    active = np.empty(STRIP, np.uint32)
    for start in range(0, len(rows), STRIP):
        strip_rows, at = rows[start : start + STRIP], leaf[start : start + STRIP]
        n_active = 0
        for i in range(len(at)):
            at[i] = 0
            active[i] = i
            n_active += left[0] != NO_CHILD
        while n_active > 0:
            n_moved = 0
            for k in range(n_active):
                i = active[k]
                node = np.uint32(at[i])
                value = np.int64(columns[np.uint32(feature[node]), strip_rows[i]])
                if category_start[node] >= 0:
                    word = category_words[category_start[node] + (value >> 6)]
                    goes_left = (word >> np.uint64(value & 63)) & np.uint64(1) != 0
                else:
                    goes_left = (value <= code[node]) & ((value > 0) | missing_left[node])
                child = right[node] + goes_left * (left[node] - right[node])  # no branch to mispredict
                at[i] = child
                active[n_moved] = i
                n_moved += left[np.uint32(child)] != NO_CHILD
            n_active = n_moved
