"""From encoded rows to the sum of the trees: predict, apply, decision path, stages, and one row in microseconds.

Three ways through a tree:

* The first `MAX_EXITS` exits of a tree by bit vectors (QuickScorer): every test that is answered "second child" strikes
  out the exits below the first child; the first exit that remains is the row's.  Each test is one comparison over a
  strip of 128 rows, without a branch and without an index, so the compiler makes vector instructions of it: 0.1 ns per
  row and test.
* A symmetric tree in the same loop: a test answered "second child" sets one bit of the leaf's number.
* What is larger than `MAX_EXITS` leaves goes on from its exit level by level, the whole strip one level at a time.  The
  exits are the nodes that most training rows reach, so that little is left to walk.

A few rows do not fill a strip and walk from the root.  The sum of a row is always taken in the order of the trees, so
it is the same for any block, any number of threads, and for a row alone.

The one question of a numeric node is "not x <= threshold", which NaN answers with "second child".  A node that sends
NaN left therefore has its children exchanged, and asks about -x: "x <= t or x is NaN" is the same as "not -x <= the
largest float below -t".
"""

from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from scipy.sparse import csr_matrix

from skensemble._jit import kernel
from skensemble._parallel import for_blocks
from skensemble.tree.trees._rank_walk import compile_ranks, find_ranks, run_ranked_trees
from skensemble.tree.trees._tree_arrays import NO_CHILD, NUMERIC, depth_of_nodes, parents

STRIP = 128  # rows; 28 columns of a strip fit a 32 KB cache
BLOCK = 8 * STRIP  # rows that are encoded at once
FEW_ROWS = 12  # up to so many rows, walking them one by one is faster than a strip
MAX_EXITS = 32  # bits of a word
SHALLOW = 6  # levels below the exits above which a tree is walked over ranks
MANY_ROWS = 8 * STRIP  # at least so many, too
RANK_BLOCK = 16 * STRIP  # rows: their ranks and a deep tree share a cache of 1 MB
FEW_WORDS = 5  # up to so many words, asking a set word by word is faster than looking up the one that matters

# A categorical node or test has ~column for its column, and its number in TreeArrays for its threshold.
_NODE = np.dtype([("threshold", "f8"), ("column", "i4"), ("child", "i4")])
_TEST = np.dtype([("threshold", "f8"), ("column", "i4"), ("strikes", "u4")])


# -- layout ----------------------------------------------------------------------------------------------------------


class _Layout(NamedTuple):
    """What the kernels read: 16 bytes per node, siblings side by side, and the tests of each tree.

    Derived from TreeArrays in one pass; keep it beside the model, do not pickle it.  All arrays are read-only.
    """

    sources: np.ndarray  # (n_columns - 1,) int64: feature f, or ~f for its negative; the last column is constant 0
    nodes: np.ndarray  # (n_nodes,) _NODE: first child, then second child; a leaf is its own first child
    origin: np.ndarray  # (n_nodes,) int32: the node's number in TreeArrays
    values: np.ndarray  # (n_nodes, n_values) in the order of TreeArrays
    category_start: np.ndarray  # (n_nodes,) in the order of TreeArrays
    category_count: np.ndarray  # (n_nodes,)
    category_words: np.ndarray  # (n_words,)
    roots: np.ndarray  # (n_trees,) int64
    output: np.ndarray  # (n_trees,) int32
    symmetric: np.ndarray  # (n_trees,) bool
    tests: np.ndarray  # (n_tests,) _TEST: of each tree the numeric ones, then the categorical ones
    test_bounds: np.ndarray  # (n_trees, 3) int64: first numeric test, first categorical test, end
    exits: np.ndarray  # (n_exits,) int32: node behind each exit, or each leaf of a symmetric tree
    first_exit: np.ndarray  # (n_trees,) int64
    n_walk: np.ndarray  # (n_trees,) int32: largest number of levels behind an exit

    @property
    def n_trees(self):
        return len(self.roots)


class PredictionLayout(_Layout):
    """The same, and the ranks of deep trees, found when they are first asked for."""

    @cached_property
    def ranks(self):
        """RankLayout, if most trees are deep, for all outputs and without categories; else None."""
        deep = np.mean(self.n_walk > SHALLOW) > 0.5 if self.n_trees else False
        if not deep or (self.output >= 0).any() or (self.nodes["column"] < 0).any():
            return None
        return compile_ranks(self.nodes, len(self.sources), self.values[self.origin])


def compile_trees(trees):
    """PredictionLayout of valid `trees` (see validate_trees)."""
    place = _siblings_together(trees)
    origin = np.empty(trees.n_nodes, np.int32)
    origin[place] = np.arange(trees.n_nodes)
    sources, nodes = _pack_nodes(trees, place, origin)
    n_exits = np.where(trees.symmetric, trees.n_leaves, np.minimum(trees.n_leaves, MAX_EXITS))
    n_tests = np.where(trees.symmetric, trees.depth, n_exits - 1)
    first_exit, first_test = np.cumsum(n_exits) - n_exits, np.cumsum(n_tests) - n_tests
    split, strikes = np.empty(n_tests.sum(), np.int64), np.empty(n_tests.sum(), np.uint32)
    exits, n_walk = np.empty(n_exits.sum(), np.int64), np.zeros(trees.n_trees, np.int32)
    child, count, symmetric = nodes["child"].astype(np.int64), trees.count[origin], trees.symmetric.copy()
    _cut_trees(child, count, trees.bounds, symmetric, first_test, split, strikes, first_exit, exits, n_walk)
    tests, test_bounds = _pack_tests(nodes, split, strikes, n_tests)
    by_node = (sources, nodes, origin, trees.values, trees.category_start, trees.category_count, trees.category_words)
    by_tree = (trees.roots, trees.output, symmetric, tests, test_bounds, exits.astype(np.int32), first_exit, n_walk)
    return PredictionLayout(*map(_read_only, by_node + by_tree))


def _read_only(array):
    """One type for the kernels, whether or not the array may be written to."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _asks_negative(trees):
    return trees.missing_left & ~trees.is_leaf & (trees.category_start == NUMERIC)


def _siblings_together(trees):
    """(n_nodes,) new number of each node, such that the second child follows the first; roots and tree bounds stay."""
    splits = np.flatnonzero(~trees.is_leaf)
    left, right = trees.left[splits], trees.right[splits]
    pair = left
    if not np.array_equal(right, left + 1):
        tree = trees.tree_of_node[splits]
        n_splits = np.bincount(tree, minlength=trees.n_trees)
        rank_in_tree = np.arange(len(splits)) - (np.cumsum(n_splits) - n_splits)[tree]
        pair = trees.roots[tree] + 2 * rank_in_tree + 1
    exchanged = _asks_negative(trees)[splits]
    place = np.arange(trees.n_nodes, dtype=np.int32)
    place[left] = pair + exchanged
    place[right] = pair + ~exchanged
    return place


def _pack_nodes(trees, place, origin):
    """The columns that are asked for, and the nodes in their new order; nobody leaves a leaf, for 0 <= infinity."""
    is_leaf, negative = trees.is_leaf, _asks_negative(trees)
    categorical = trees.category_start != NUMERIC
    sources, column = np.unique(np.where(negative, ~trees.feature, trees.feature)[~is_leaf], return_inverse=True)
    columns = np.full(trees.n_nodes, len(sources))
    columns[~is_leaf] = column
    with np.errstate(over="ignore"):
        below = np.nextafter(-trees.threshold, -np.inf)
    below[trees.threshold == np.inf] = np.nan  # nothing is above infinity: the first child, right, gets nobody
    first = np.where(negative, trees.right, trees.left)
    own = np.arange(trees.n_nodes)
    nodes = np.empty(trees.n_nodes, _NODE)
    nodes["threshold"] = np.select([categorical, is_leaf, negative], [own, np.inf, below], trees.threshold)[origin]
    nodes["column"] = np.where(categorical, ~columns, columns)[origin]
    nodes["child"] = place[np.where(is_leaf, own, first)][origin]
    return sources.astype(np.int64), nodes


def _pack_tests(nodes, split, strikes, n_tests):
    """Of each tree the numeric tests, then the categorical ones; and their bounds."""
    tree = np.repeat(np.arange(len(n_tests)), n_tests)
    categorical = nodes["column"][split] < 0
    order = np.lexsort((categorical, tree))
    tests = np.empty(len(split), _TEST)
    for name in ("threshold", "column"):
        tests[name] = nodes[name][split[order]]
    tests["strikes"] = strikes[order]
    stop = np.cumsum(n_tests)
    n_categorical = np.bincount(tree[categorical], minlength=len(n_tests))
    return tests, np.column_stack((stop - n_tests, stop - n_categorical, stop))


@kernel
def _cut_trees(child, count, bounds, symmetric, first_test, split, strikes, first_exit, exits, n_walk):
    """Find the splits to test, what they strike out, and the exits of every tree; child[leaf] is the leaf itself."""
    height = np.zeros(len(child), np.int64)
    for tree in range(len(symmetric)):
        root = bounds[tree]
        own_split, own_strikes = split[first_test[tree] :], strikes[first_test[tree] :]
        own_exits = exits[first_exit[tree] :]
        if symmetric[tree]:
            _one_test_per_level(child, root, own_split, own_strikes, own_exits)
            continue
        n_exits = _cut_top(child, count, root, own_split, own_strikes, own_exits)
        for node in range(bounds[tree + 1] - 1, root - 1, -1):  # children lie after their parents
            if child[node] != node:
                height[node] = 1 + max(height[child[node]], height[child[node] + 1])
        for i in range(n_exits):
            n_walk[tree] = max(n_walk[tree], height[own_exits[i]])


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
def _cut_top(child, count, root, split, strikes, exits):
    """Split the exit with most training rows until there are MAX_EXITS, in order; return the number of exits.

    While they grow, first[i] : middle[i] are the exits below the first child of split i; in the end they are its
    strikes.
    """
    first, middle = np.empty(MAX_EXITS, np.int64), np.empty(MAX_EXITS, np.int64)
    exits[0] = root
    for n_exits in range(1, MAX_EXITS):
        fullest = -1
        for i in range(n_exits):
            if child[exits[i]] != exits[i] and (fullest < 0 or count[exits[i]] > count[exits[fullest]]):
                fullest = i
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
def _fill_strips(block, sources, strips):
    """strips[i // STRIP, column, i % STRIP] is row i of the block; columns beyond the sources stay as they are.

    Eight rows at a time, a cache line of each column: columns lie 1 KB apart and would evict each other.
    """
    for start in range(0, len(block), 8):
        stop = min(start + 8, len(block))
        strip = strips[start // STRIP]
        for column in range(len(sources)):
            source = sources[column]
            sign, feature = (1.0, source) if source >= 0 else (-1.0, ~source)
            for i in range(start, stop):
                strip[column, i % STRIP] = sign * block[i, feature]


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
def _ask_categorical(strip, tests, start, stop, categories, words):
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
def _run_trees(strips, layout, first_tree, last_tree, raw, leaves):
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
                _ask_categorical(strips[s], tests, middle, stop, categories, words)
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
def _run_trees_row_by_row(block, layout, first_tree, last_tree, raw):
    nodes, sources = layout.nodes, layout.sources
    categories = (layout.category_start, layout.category_count, layout.category_words)
    for i in range(len(block)):
        for tree in range(first_tree, last_tree):
            here = np.uint32(layout.roots[tree])
            node = nodes[here]
            while node.child != here:
                column = node.column
                if column >= 0:
                    source = sources[column]
                    x = block[i, source] if source >= 0 else -block[i, ~source]
                    here = np.uint32(node.child + (not x <= node.threshold))
                else:
                    x, number = block[i, sources[~column]], np.int64(node.threshold)
                    here = np.uint32(node.child + _lacks(x, number, categories))
                node = nodes[here]
            leaf = layout.origin[here]
            output = layout.output[tree]
            if output >= 0:
                raw[i, output] += layout.values[leaf, 0]
            else:
                for k in range(raw.shape[1]):
                    raw[i, k] += layout.values[leaf, k]


@kernel
def _climb(leaf, parent, stop, indices):
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


# -- drivers ---------------------------------------------------------------------------------------------------------
# encode(start, stop) gives rows of the table as a float64 C-order array: NaN where missing, a category as its code.


def predict_raw(layout, encode, n_rows, baseline, n_threads=1, *, n_trees=None, block=BLOCK):
    """(n_rows, n_outputs) baseline plus the sum of the first `n_trees` trees."""
    n_trees = layout.n_trees if n_trees is None else min(n_trees, layout.n_trees)
    raw = _repeat(baseline, n_rows)
    if n_rows <= FEW_ROWS:
        _run_trees_row_by_row(_encoded(encode, 0, n_rows), layout, 0, n_trees, raw)
        return raw
    if n_rows >= MANY_ROWS and layout.ranks is not None:
        _walk_ranks(layout, encode, n_rows, n_trees, raw, _no_leaves(0, n_rows), n_threads)
        return raw

    def add(start, stop):
        _run_trees(_strips(layout, encode, start, stop), layout, 0, n_trees, raw[start:stop], _no_leaves(start, stop))

    for_blocks(add, n_rows, block, _useful_threads(layout, n_rows, n_trees, n_threads))
    return raw


def staged_raw(layout, encode, n_rows, baseline, stages, n_threads=1, *, block=BLOCK):
    """Yield the prediction of the first stages[0] trees, of the first stages[1] and so on; stages ascend.

    Rows are encoded once and kept, so this needs the memory of a float64 copy of the features that the trees use.
    """
    raw = _repeat(baseline, n_rows)
    n_useful = _useful_threads(layout, n_rows, 0, n_threads)
    strips = for_blocks(partial(_strips, layout, encode), n_rows, block, n_useful)
    first_tree = 0
    for last_tree in stages:

        def add(start, stop, first_tree=first_tree, last_tree=last_tree):
            _run_trees(strips[start // block], layout, first_tree, last_tree, raw[start:stop], _no_leaves(start, stop))

        for_blocks(add, n_rows, block, _useful_threads(layout, n_rows, last_tree - first_tree, n_threads))
        yield raw.copy()
        first_tree = last_tree


def apply_trees(layout, encode, n_rows, n_threads=1, *, block=BLOCK):
    """(n_rows, n_trees) int32: the leaf each row falls into, counted from the root of its tree."""
    leaves = np.empty((n_rows, layout.n_trees), np.int32)
    if n_rows >= MANY_ROWS and layout.ranks is not None:
        _walk_ranks(layout, encode, n_rows, layout.n_trees, np.empty((n_rows, 0)), leaves, n_threads)
        return leaves

    def store(start, stop):
        nothing = np.empty((stop - start, 0))
        _run_trees(_strips(layout, encode, start, stop), layout, 0, layout.n_trees, nothing, leaves[start:stop])

    for_blocks(store, n_rows, block, _useful_threads(layout, n_rows, layout.n_trees, n_threads))
    return leaves


def _walk_ranks(layout, encode, n_rows, n_trees, raw, leaves, n_threads):
    """predict_raw and apply_trees of deep trees."""

    def walk(start, stop):
        ranks = find_ranks(layout.ranks, _encoded(encode, start, stop), layout.sources)
        run_ranked_trees(
            ranks, layout.ranks.nodes, layout.roots, layout.origin, layout.values, 0, n_trees, raw[start:stop],
            leaves[start:stop],
        )  # fmt: skip

    for_blocks(walk, n_rows, RANK_BLOCK, n_threads)


def decision_path(trees, leaves):
    """CSR indicator (n_rows, n_nodes) of the nodes each row passes, and the bounds of the trees' columns in it.

    leaves : (n_rows, n_trees), from apply_trees
    """
    leaf = leaves + trees.roots
    n_passed = depth_of_nodes(trees)[leaf].astype(np.int64) + 1
    indptr = np.concatenate(([0], np.cumsum(n_passed.sum(axis=1))))
    indices = np.empty(indptr[-1], np.int64)
    _climb(leaf.ravel(), parents(trees), np.cumsum(n_passed), indices)
    indicator = csr_matrix((np.ones(len(indices), np.int64), indices, indptr), shape=(len(leaves), trees.n_nodes))
    return indicator, trees.bounds


def _repeat(baseline, n_rows):
    raw = np.empty((n_rows, len(baseline)))
    raw[:] = baseline
    return raw


def _no_leaves(start, stop):
    return np.empty((stop - start, 0), np.int32)


def _encoded(encode, start, stop):
    return _read_only(np.asarray(encode(start, stop), np.float64))


def _strips(layout, encode, start, stop):
    strips = np.zeros((-(-(stop - start) // STRIP), len(layout.sources) + 1, STRIP))
    _fill_strips(_encoded(encode, start, stop), layout.sources, strips)
    return strips


def _useful_threads(layout, n_rows, n_trees, n_threads):
    """One thread for what takes less than about a millisecond."""
    return n_threads if n_rows * (n_trees + len(layout.sources)) > 400_000 else 1
