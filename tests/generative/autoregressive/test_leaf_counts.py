"""Counts of cells in leaves: sums by node and cell, whatever the order of the rows."""

import numpy as np

from skensemble.generative.autoregressive._leaf_counts import Counts
from skensemble.generative.autoregressive._leaf_counts_kernels import add_up_cells

rng = np.random.default_rng(0)
NODE, CELL = rng.integers(0, 6, 200) * 2, rng.integers(0, 9, 200)
WEIGHT = rng.integers(1, 4, 200).astype(float)


def _table():
    table = np.zeros((11, 9))
    np.add.at(table, (NODE, CELL), WEIGHT)
    return table


def test_weights_are_added_up_by_node_and_cell():
    keys, weights = np.empty(200, np.int64), np.empty(200)
    n_keys = add_up_cells(NODE, CELL, WEIGHT, 11, 9, keys, weights)
    expected = _table().ravel()
    np.testing.assert_array_equal(keys[:n_keys], np.flatnonzero(expected))
    np.testing.assert_array_equal(weights[:n_keys], expected[expected > 0])


def test_counts_answer_as_a_full_table_does():
    table, counts = _table(), Counts(NODE, CELL, WEIGHT, 9)
    np.testing.assert_array_equal(counts.of(NODE, CELL), table[NODE, CELL])
    np.testing.assert_array_equal(counts.total, table.sum(axis=1))
    before, weight = counts.between(NODE, np.full(200, 2), np.full(200, 5))
    np.testing.assert_array_equal(weight, table[NODE, 2:5].sum(axis=1))
    np.testing.assert_array_equal(before - counts.begin[NODE], table[NODE, :2].sum(axis=1))
    drawn = counts.draw(np.full(20_000, 4), np.random.default_rng(1))
    np.testing.assert_allclose(np.bincount(drawn, minlength=9) / 20_000, table[4] / table[4].sum(), atol=0.015)


def test_no_rows_have_no_counts():
    nothing = np.empty(0, np.int64)
    counts = Counts(nothing, nothing, np.empty(0), 9, last=3)
    assert len(counts.keys) == 0
    np.testing.assert_array_equal(counts.total, np.zeros(4))
