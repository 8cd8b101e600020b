"""Columns hold what the cells were, in four bytes where that loses nothing."""

import numpy as np
import pytest

from skensemble.ensemble.newton._cell_columns import BLOCK, CellColumns
from skensemble.ensemble.newton._cell_columns_kernels import read_column


@pytest.mark.parametrize("n", [0, 3, BLOCK + 5])
@pytest.mark.parametrize("changed", ["none", "first", "last"])
def test_columns_are_the_cells(n, changed):
    cells = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32).astype(np.float64)
    cells[1:2], cells[2:3] = np.nan, -np.inf
    if n and changed != "none":
        cells[0 if changed == "first" else -1, 1] = 0.1
    columns = CellColumns.of(cells, 1)
    np.testing.assert_array_equal(columns.present.T, cells)
    assert columns.narrow.size == (0 if changed != "none" else 2 * n)
    rows = np.flatnonzero(np.arange(n) % 3 == 0)
    np.testing.assert_array_equal(columns.take(rows).present.T, cells[rows])


@pytest.mark.parametrize("factor", [1.0, 0.1])
def test_a_column_of_some_rows_and_its_missing_cells(factor):
    cells = factor * np.array([[0.0, 1.0], [2.0, np.nan], [4.0, np.inf], [6.0, -3.0]])
    rows, out = np.array([3, 1, 2], np.uint32), np.empty(3)
    assert read_column(*CellColumns.of(cells, 1), 1, rows, out) == 2
    np.testing.assert_array_equal(out, cells[rows, 1])
