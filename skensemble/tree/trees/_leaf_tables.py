"""Symmetric trees as tables of their leaves, asked by bytes.

The thresholds of a column are the same few numbers in all trees.  So each cell is compared once with each of them, and
its code is the number of those below it; the answers to the tests of a tree, one comparison of bytes each, are the bits
of the place of the row's leaf.

A code of NaN reaches every limit of a test, as NaN is sent to the second child by every test; a test whose threshold is
NaN, which sends all there, has limit 0.
"""

from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._leaf_table_kernels import MOST_LIMITS, run_leaf_tables

MOST_TESTS = 8  # of a tree: bits of a byte

# The first three fields are those of a test of a PredictionLayout, which a categorical test is.
_TEST = np.dtype(
    [("threshold", "f8"), ("column", "i4"), ("strikes", "u4"), ("limit", "u1"), ("strikes_of_codes", "u1")], align=True
)


class LeafTables(NamedTuple):
    """What the kernel reads beside arrays of the PredictionLayout."""

    limits: np.ndarray  # (n_limits,) the thresholds of each column, ascending
    limit_bounds: np.ndarray  # (n_columns + 1,)
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
    limits, numeric = [], np.flatnonzero(tests["column"] >= 0)
    by_column = numeric[np.argsort(tests["column"][numeric], kind="stable")]
    for own in np.split(by_column, np.searchsorted(tests["column"][by_column], np.arange(1, len(layout.sources)))):
        thresholds = tests["threshold"][own]
        distinct = np.unique(thresholds[~np.isnan(thresholds)])
        if len(distinct) > MOST_LIMITS:
            return None
        tests["limit"][own] = np.where(np.isnan(thresholds), 0, 1 + np.searchsorted(distinct, thresholds))
        limits.append(distinct)
    bounds = np.append(0, np.cumsum([len(distinct) for distinct in limits], dtype=np.int64))
    values = np.ascontiguousarray(layout.values[layout.origin[layout.exits]].T)
    return LeafTables(np.concatenate(limits), bounds, tests, values)
