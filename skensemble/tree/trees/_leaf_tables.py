"""Symmetric trees as tables of their leaves, asked by bytes.

The thresholds of a column are the same few numbers in all trees.  So each cell is compared once with each of them, and
its code is the number of those below it; the answers to the tests of a tree, one comparison of bytes each, are the bits
of the place of the row's leaf.

A code of NaN reaches every limit of a test, as NaN is sent to the second child by every test; a test whose threshold is
NaN, which sends all there, has limit 0.
"""

from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._leaf_table_kernels import MOST_LIMITS, SPAN, run_leaf_tables

MOST_TESTS = 8  # of a tree: bits of a byte

# The first three fields are those of a test of a PredictionLayout, which a categorical test is.
_TEST = np.dtype(
    [("threshold", "f8"), ("column", "i4"), ("strikes", "u4"), ("limit", "u1"), ("strikes_of_codes", "u1")], align=True
)


class LeafTables(NamedTuple):
    """What the kernel reads beside arrays of the PredictionLayout."""

    limits: np.ndarray  # the thresholds of each column, ascending, and infinities up to a whole number of SPANs
    limit_bounds: np.ndarray  # (n_columns, 2) int64: of the thresholds of a column, the first and the end
    tests: np.ndarray  # (n_tests,) _TEST
    values: np.ndarray  # (n_values, n_leaves): of each tree in the order of their places

    def add(self, layout, block, n_trees, raw):
        """Add the first `n_trees` trees to the raw predictions of a block of rows."""
        categories = (layout.category_start, layout.category_count, layout.category_words)
        run_leaf_tables(
            block, layout.sources, self.limits, self.limit_bounds, self.tests, layout.test_bounds, categories,
            self.values, layout.first_exit, layout.output[:n_trees], raw,
        )  # fmt: skip


def compile_leaf_tables(layout):
    """LeafTables of a PredictionLayout; None where a tree is not symmetric or too deep, or a column has too many
    thresholds."""
    n_tests = np.diff(layout.test_bounds[:, [0, 2]], axis=1)
    if not layout.symmetric.all() or n_tests.max(initial=0) > MOST_TESTS:
        return None
    tests = np.zeros(len(layout.tests), _TEST)
    for name in layout.tests.dtype.names:
        tests[name] = layout.tests[name]
    tests["strikes_of_codes"] = tests["strikes"]
    numeric = np.flatnonzero(tests["column"] >= 0)
    numeric = numeric[np.lexsort((tests["threshold"][numeric], tests["column"][numeric]))]
    column, threshold = tests["column"][numeric], tests["threshold"][numeric]  # ascending in each column, NaN last
    is_new = ~np.isnan(threshold)
    is_new[1:] &= (column[1:] != column[:-1]) | (threshold[1:] != threshold[:-1])
    n_limits = np.bincount(column[is_new], minlength=len(layout.sources))
    if n_limits.max(initial=0) > MOST_LIMITS:
        return None
    n_places = -(-n_limits // SPAN) * SPAN
    first, before = np.cumsum(n_places) - n_places, np.cumsum(n_limits) - n_limits
    rank = np.cumsum(is_new) - before[column]
    tests["limit"][numeric] = np.where(np.isnan(threshold), 0, rank)
    limits = np.full(n_places.sum(), np.inf)
    limits[(first[column] + rank - 1)[is_new]] = threshold[is_new]
    values = np.ascontiguousarray(layout.values[layout.origin[layout.exits]].T)
    return LeafTables(limits, np.column_stack((first, first + n_limits)), tests, values)
