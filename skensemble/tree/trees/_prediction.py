"""From encoded rows to the sum of the trees: predict, apply, decision path, stages, and one row in microseconds.

Four ways through a tree:

* Trees of few leaves, if all are such, by bytes, which a row takes for each column (see `_leaf_tables.py`).
* The first `MAX_EXITS` exits of a tree by bit vectors (QuickScorer): every test that is answered "second child" strikes
  out the exits below the first child; the first exit that remains is the row's.  Each test is one comparison over a
  strip of 128 rows, without a branch and without an index, so the compiler makes vector instructions of it: 0.1 ns per
  row and test.
* A symmetric tree in the same loop: a test answered "second child" sets one bit of the leaf's number.
* What is larger than `MAX_EXITS` leaves goes on from its exit level by level, the whole strip one level at a time.  The
  exits are the nodes that most training rows reach, so that little is left to walk.

A few rows do not fill a strip and walk from the root, as all rows do where trees are deep and too few for strips to be
worth making.  The sum of a row is always taken in the order of the trees, so
it is the same for any block, any number of threads, and for a row alone.

The one question of a numeric node is "not x <= threshold", which NaN answers with "second child".  A node that sends
NaN left therefore has its children exchanged, and asks about -x: "x <= t or x is NaN" is the same as "not -x <= the
largest float below -t".
"""

from collections.abc import Callable
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from skensemble._parallel import for_blocks
from skensemble.tree.trees._layout_kernels import arrange_nodes, mark_sources
from skensemble.tree.trees._leaf_tables import compile_leaf_tables
from skensemble.tree.trees._prediction_kernels import (
    MAX_EXITS,
    STRIP,
    climb,
    cut_trees,
    fill_strips,
    fill_strips_of_stored,
    run_trees,
    run_trees_from_rows,
)
from skensemble.tree.trees._rank_walk import compile_ranks, find_ranks
from skensemble.tree.trees._rank_walk_kernels import run_ranked_trees
from skensemble.tree.trees._records import NODE
from skensemble.tree.trees._tree_arrays import depth_of_nodes, parents

BLOCK, BLOCK_CELLS = 8 * STRIP, 1 << 22  # most rows, and most cells, that are encoded at once
FEW_ROWS = 12  # up to so many rows, walking them one by one is faster than a strip
SHALLOW = 6  # a tree with more levels below its exits is walked over ranks
COLUMNS_FOR_WALK = 32  # columns that would become strips, for each deep tree that rows walk down from its root
MANY_ROWS = 8 * STRIP  # smallest number of rows for which trees are walked over ranks
COLUMNS_FOR_TREE = 8  # columns whose cells are searched, for each tree that is walked over ranks
RANK_BLOCK, RANK_CELLS = 1 << 15, 600_000  # most rows, and most ranks, of rows that go down deep trees together

MANY_NODES = 1 << 17  # from which on several threads arrange them

# A categorical node or test has ~column for its column, and its number in TreeArrays for its threshold.
_TEST = np.dtype([("threshold", "f8"), ("column", "i4"), ("strikes", "u4")])

# -- layout ----------------------------------------------------------------------------------------------------------


class _Layout(NamedTuple):
    """What the kernels read: 16 bytes per node, siblings side by side, and the tests of each tree.

    Derived from TreeArrays in one pass; keep it beside the model, do not pickle it.  All arrays are read-only.
    """

    sources: np.ndarray  # (n_columns - 1,) int64: feature f, or ~f for its negative; the last column is constant 0
    nodes: np.ndarray  # (n_nodes,) NODE: first child, then second child; a leaf is its own first child
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
    """What the kernels read, and the ranks of deep trees, which are made on first use."""

    def rows_at_once(self, most):
        """Number of rows to encode at once: fewer of wide tables."""
        n_features = 1 + int(np.maximum(self.sources, ~self.sources).max(initial=0))
        return max(STRIP, min(most, BLOCK_CELLS // n_features // STRIP * STRIP))

    @cached_property
    def columns_of_features(self):
        """(n_features, 2) int64: the column of a feature, and that of its negative; -1 where there is none."""
        columns = np.full((1 + int(np.maximum(self.sources, ~self.sources).max(initial=-1)), 2), -1)
        is_negative = self.sources < 0
        columns[np.where(is_negative, ~self.sources, self.sources), is_negative.astype(int)] = np.arange(
            len(self.sources)
        )
        return columns

    @cached_property
    def is_deep(self):
        """Are most trees deep?"""
        return bool(self.n_trees and np.mean(self.n_walk > SHALLOW) > 0.5)

    @property
    def walks_rows(self):
        """Do rows walk from the roots, rather than strips from the exits?"""
        return self.is_deep and len(self.sources) > COLUMNS_FOR_WALK * self.n_trees

    @cached_property
    def has_ranks(self):
        """Are most trees deep, for all outputs and without categories, and enough of them for what ranks cost?"""
        is_worth = self.is_deep and len(self.sources) <= COLUMNS_FOR_TREE * self.n_trees
        return bool(is_worth and not (self.output >= 0).any() and not (self.nodes["column"] < 0).any())

    @cached_property
    def leaf_tables(self):
        """LeafTables, where trees have them, else None."""
        return compile_leaf_tables(self)

    def ranks(self, n_threads=1):
        """RankLayout, where trees have ranks, else None."""
        if "_ranks" not in self.__dict__:
            self._ranks = compile_ranks(self, n_threads) if self.has_ranks else None
        return self._ranks


def compile_trees(trees, n_threads=1):
    """PredictionLayout of valid `trees` (see validate_trees)."""
    bounds, origin, nodes = trees.bounds, np.empty(trees.n_nodes, np.int32), np.empty(trees.n_nodes, NODE)
    n_leaves = (np.diff(bounds) + 1) // 2
    symmetric = trees.symmetric | (n_leaves <= 2)
    n_exits = np.where(symmetric, n_leaves, np.minimum(n_leaves, MAX_EXITS))
    n_tests = np.where(symmetric, trees.depth, n_exits - 1)
    first_exit, first_test = np.cumsum(n_exits) - n_exits, np.cumsum(n_tests) - n_tests
    split, strikes = np.empty(n_tests.sum(), np.int64), np.empty(n_tests.sum(), np.uint32)
    exits, n_walk = np.empty(n_exits.sum(), np.int64), np.zeros(trees.n_trees, np.int32)
    read = trees.feature, trees.threshold, trees.left, trees.right, trees.missing_left, trees.category_start
    read, count = tuple(map(read_only, read)), read_only(trees.count)
    n_threads = n_threads if trees.n_nodes > MANY_NODES else 1
    sources, column_of = _find_sources(trees)

    def arrange(first, last):
        arrange_nodes(read, bounds, first, last, column_of, len(sources), nodes, origin)
        cut_trees(
            nodes["child"], origin, count, bounds, first, last, symmetric, first_test, split, strikes, first_exit,
            exits, n_walk,
        )  # fmt: skip

    for_blocks(arrange, trees.n_trees, 8 if n_threads > 1 else max(1, trees.n_trees), n_threads)
    tests, test_bounds = _pack_tests(nodes, split, strikes, n_tests)
    by_node = (sources, nodes, origin, trees.values, trees.category_start, trees.category_count, trees.category_words)
    by_tree = (trees.roots, trees.output, symmetric, tests, test_bounds, exits.astype(np.int32), first_exit, n_walk)
    return PredictionLayout(*map(read_only, by_node + by_tree))


def _find_sources(trees):
    """The features that nodes ask for, or ~f for the negative of f, ascending; and the place of each among them."""
    n_features = 1 + int(trees.feature.max(initial=-1))
    occurs = np.zeros(2 * n_features, bool)
    mark_sources(*map(read_only, (trees.feature, trees.missing_left, trees.category_start)), occurs)
    return np.flatnonzero(occurs) - n_features, np.cumsum(occurs) - 1


def read_only(array):
    """C order, and one type for the kernels, whether or not the array may be written to."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _pack_tests(nodes, split, strikes, n_tests):
    """The tests of each tree, the numeric ones before the categorical ones, and their bounds."""
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


# -- drivers ---------------------------------------------------------------------------------------------------------
# encode(start, stop) gives rows of the table as a float64 C-order array: NaN where missing, a category as its code.


class SparseRows(NamedTuple):
    """An `encode` of a table most of whose cells are zero.

    encode : as above
    stored(start, stop) : the cells that are stored, see `SparseTable.stored`
    """

    encode: Callable
    stored: Callable

    def __call__(self, start, stop):
        return self.encode(start, stop)


def predict_raw(layout, encode, n_rows, baseline, n_threads=1, *, n_trees=None, block=None):
    """(n_rows, n_outputs) baseline plus the sum of the first `n_trees` trees."""
    n_trees = layout.n_trees if n_trees is None else min(n_trees, layout.n_trees)
    raw = _repeat(baseline, n_rows)
    if n_rows <= FEW_ROWS:
        run_trees_from_rows(_encoded(encode, 0, n_rows), layout, 0, n_trees, raw, _no_leaves(0, n_rows))
        return raw
    block = block or layout.rows_at_once(BLOCK)
    if n_rows >= MANY_ROWS and layout.ranks(n_threads) is not None:
        _walk_ranks(layout, encode, n_rows, n_trees, raw, _no_leaves(0, n_rows), n_threads)
        return raw
    tables = None if isinstance(encode, SparseRows) else layout.leaf_tables

    def add(start, stop):
        if tables is not None:
            tables.add(layout, _encoded(encode, start, stop), n_trees, raw[start:stop])
        else:
            _run(layout, encode, start, stop, n_trees, raw[start:stop], _no_leaves(start, stop))

    for_blocks(add, n_rows, block, _useful_threads(layout, n_rows, n_trees, n_threads))
    return raw


def staged_raw(layout, encode, n_rows, baseline, stages, n_threads=1, *, block=None):
    """Yield the prediction of the first stages[0] trees, of the first stages[1] and so on; stages ascend.

    Rows are encoded once and kept, so this needs the memory of a float64 copy of the features that the trees use.
    """
    raw = _repeat(baseline, n_rows)
    n_useful, block = _useful_threads(layout, n_rows, 0, n_threads), block or layout.rows_at_once(BLOCK)
    strips = for_blocks(partial(_strips, layout, encode), n_rows, block, n_useful)
    first_tree = 0
    for last_tree in stages:

        def add(start, stop, first_tree=first_tree, last_tree=last_tree):
            run_trees(strips[start // block], layout, first_tree, last_tree, raw[start:stop], _no_leaves(start, stop))

        for_blocks(add, n_rows, block, _useful_threads(layout, n_rows, last_tree - first_tree, n_threads))
        yield raw.copy()
        first_tree = last_tree


def apply_trees(layout, encode, n_rows, n_threads=1, *, block=None):
    """(n_rows, n_trees) int32: the leaf each row falls into, counted from the root of its tree."""
    leaves, block = np.empty((n_rows, layout.n_trees), np.int32), block or layout.rows_at_once(BLOCK)
    if n_rows >= MANY_ROWS and layout.ranks(n_threads) is not None:
        _walk_ranks(layout, encode, n_rows, layout.n_trees, np.empty((n_rows, 0)), leaves, n_threads)
        return leaves

    def store(start, stop):
        _run(layout, encode, start, stop, layout.n_trees, np.empty((stop - start, 0)), leaves[start:stop])

    for_blocks(store, n_rows, block, _useful_threads(layout, n_rows, layout.n_trees, n_threads))
    return leaves


def _run(layout, encode, start, stop, n_trees, raw, leaves):
    """Add the first trees to `raw`, or write their leaves."""
    if layout.walks_rows and not isinstance(encode, SparseRows):
        run_trees_from_rows(_encoded(encode, start, stop), layout, 0, n_trees, raw, leaves)
    else:
        run_trees(_strips(layout, encode, start, stop), layout, 0, n_trees, raw, leaves)


def _walk_ranks(layout, encode, n_rows, n_trees, raw, leaves, n_threads):
    """Add deep trees to `raw`, or write their leaves, by walking over ranks."""
    ranks, step = layout.ranks(n_threads), layout.rows_at_once(BLOCK)

    def walk(start, stop):
        for group in ranks.groups:
            if group.first_tree >= n_trees:
                break
            encoded = ((i - start, _encoded(encode, i, min(i + step, stop))) for i in range(start, stop, step))
            run_ranked_trees(
                *find_ranks(group, encoded, stop - start, layout.sources), ranks.nodes, layout.roots, layout.origin,
                layout.values, group.first_tree, min(group.last_tree, n_trees), raw[start:stop], leaves[start:stop],
            )  # fmt: skip

    block = min(RANK_BLOCK, max(MANY_ROWS, RANK_CELLS // len(layout.sources)))
    n_blocks = -(-n_rows // block)
    n_blocks = -(-n_blocks // n_threads) * n_threads  # all threads have as many
    for_blocks(walk, n_rows, max(MANY_ROWS, -(-n_rows // n_blocks)), n_threads)


def decision_path(trees, leaves):
    """CSR indicator (n_rows, n_nodes) of the nodes each row passes, and the bounds of the trees' columns in it.

    leaves : (n_rows, n_trees), from apply_trees
    """
    leaf = leaves + trees.roots
    n_passed = depth_of_nodes(trees)[leaf].astype(np.int64) + 1
    indptr = np.concatenate(([0], np.cumsum(n_passed.sum(axis=1))))
    indices = np.empty(indptr[-1], np.int64)
    climb(leaf.ravel(), parents(trees), np.cumsum(n_passed), indices)
    indicator = csr_matrix((np.ones(len(indices), np.int64), indices, indptr), shape=(len(leaves), trees.n_nodes))
    return indicator, trees.bounds


def _repeat(baseline, n_rows):
    raw = np.empty((n_rows, len(baseline)))
    raw[:] = baseline
    return raw


def _no_leaves(start, stop):
    return np.empty((stop - start, 0), np.int32)


def _encoded(encode, start, stop):
    return read_only(np.asarray(encode(start, stop), np.float64))


def _strips(layout, encode, start, stop):
    strips = np.zeros((-(-(stop - start) // STRIP), len(layout.sources) + 1, STRIP))
    if isinstance(encode, SparseRows):
        fill_strips_of_stored(*encode.stored(start, stop), layout.columns_of_features, strips)
    else:
        fill_strips(_encoded(encode, start, stop), layout.sources, strips)
    return strips


def _useful_threads(layout, n_rows, n_trees, n_threads):
    """Number of threads: 1 for what takes less than about a millisecond."""
    return n_threads if n_rows * (n_trees + len(layout.sources)) > 400_000 else 1
