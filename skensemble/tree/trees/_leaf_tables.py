"""Trees of few leaves as tables of their leaves, asked by bytes.

The thresholds of a column are the same few numbers in all trees.  So each cell is compared once with each of them, and
its code is the number of those below it; a test of a tree is one comparison of bytes.

A code of NaN reaches every limit of a test, as NaN is sent to the second child by every test; a test whose threshold is
NaN, which sends all there, has limit 0.
"""

from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._leaf_table_kernels import MOST_LIMITS, SPAN, list_tests, run_leaf_tables

MOST_LEAVES = 256  # of a tree: places of a byte

# The first three fields are those of a test of a PredictionLayout, which a categorical test is.  A row that reaches the
# limit of a numeric test has the bit `beyond` in a symmetric tree; in others it goes from place `here` to `beyond`.
_TEST = np.dtype(
    [("threshold", "f8"), ("column", "i4"), ("strikes", "u4"), ("limit", "u1"), ("here", "u1"), ("beyond", "u1")],
    align=True,
)


class LeafTables(NamedTuple):
    """What the kernel reads beside arrays of the PredictionLayout."""

    limits: np.ndarray  # the thresholds of each column, ascending, then infinities, up to a whole number of SPANs
    limit_bounds: np.ndarray  # (n_columns, 2) int64: of the thresholds of a column, the first and the end
    tests: np.ndarray  # (n_tests,) _TEST: of a symmetric tree those of its layout, of others parents before children
    test_bounds: np.ndarray  # (n_trees, 3) int64: first test, first categorical test of a symmetric tree, end
    values: np.ndarray  # (n_values, n_leaves): of each tree in the order of their places
    first_leaf: np.ndarray  # (n_trees,) int64

    def add(self, layout, block, n_trees, raw):
        """Add the first `n_trees` trees to the raw predictions of a block of rows."""
        categories = (layout.category_start, layout.category_count, layout.category_words)
        run_leaf_tables(
            block, layout.sources, self.limits, self.limit_bounds, self.tests, self.test_bounds, layout.symmetric,
            categories, self.values, self.first_leaf, layout.output[:n_trees], raw,
        )  # fmt: skip


def compile_leaf_tables(layout):
    """LeafTables of a PredictionLayout; None where a tree has too many leaves, or a column too many thresholds."""
    bounds = np.append(layout.roots, len(layout.nodes))
    n_leaves = (np.diff(bounds) + 1) // 2
    if n_leaves.max(initial=0) > MOST_LEAVES:
        return None
    tests, test_bounds, exits = _list_all_tests(layout, bounds, n_leaves)
    numeric = np.flatnonzero(tests["column"] >= 0)
    numeric = numeric[np.lexsort((tests["threshold"][numeric], tests["column"][numeric]))]
    column, threshold = tests["column"][numeric], tests["threshold"][numeric]  # ascending in each column, NaN last
    is_new = ~np.isnan(threshold)
    is_new[1:] &= (column[1:] != column[:-1]) | (threshold[1:] != threshold[:-1])
    n_limits = np.bincount(column[is_new], minlength=len(layout.sources))
    if n_limits.max(initial=0) > MOST_LIMITS:
        return None
    n_places = (n_limits // SPAN + 1) * SPAN  # after numbers beyond all limits an infinity is found
    first, before = np.cumsum(n_places) - n_places, np.cumsum(n_limits) - n_limits
    rank = np.cumsum(is_new) - before[column]
    tests["limit"][numeric] = np.where(np.isnan(threshold), 0, rank)
    limits = np.full(n_places.sum(), np.inf)
    limits[(first[column] + rank - 1)[is_new]] = threshold[is_new]
    values = np.ascontiguousarray(layout.values[layout.origin[exits]].T)
    first_leaf = np.cumsum(n_leaves) - n_leaves
    return LeafTables(limits, np.column_stack((first, first + n_limits)), tests, test_bounds, values, first_leaf)


def _list_all_tests(layout, bounds, n_leaves):
    """The tests of all trees, without limits; their bounds; and the leaves in the order of their places."""
    first, middle, stop = layout.test_bounds.T
    n_tests = np.where(layout.symmetric, stop - first, n_leaves - 1)
    end = np.cumsum(n_tests)
    n_numeric = np.where(layout.symmetric, middle - first, n_tests)
    test_bounds = np.column_stack((end - n_tests, end - n_tests + n_numeric, end))
    tests, exits = np.zeros(n_tests.sum(), _TEST), np.empty(n_leaves.sum(), np.int64)
    list_tests(layout, bounds, test_bounds, np.cumsum(n_leaves) - n_leaves, tests, exits)
    return tests, test_bounds, exits
