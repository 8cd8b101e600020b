"""Wide sparse tables as codes: of each feature the usual code, that of zero, and the cells that have another one.

    column of X       0 0 2.5 0 NaN 0 1       usual code 1
    unusual cells     row 2: 3   row 4: 0   row 6: 2

What they take grows with the filled cells, not with rows times columns.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array

from skensemble._tables import SparseTable
from skensemble.tree._sparse_kernels import find_thresholds_of_columns, write_codes_of_entries

FILLED_AT_MOST = 1 / 16  # share of filled cells up to which unusual cells take less memory and time than all


def is_sparse(table):
    """Does the table store so few cells that only these are looked at?"""
    if not isinstance(table, SparseTable):
        return False
    return table.matrix.nnz <= FILLED_AT_MOST * table.n_samples * table.n_features


class SparseCells(NamedTuple):
    """What a sparse table stores, column by column.

    starts : (n_features + 1,) int64;  rows : (n_stored,) uint32;  values : (n_stored,) float64
    """

    starts: np.ndarray
    rows: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, table):
        by_column = table.columnwise()
        return cls(
            by_column.indptr.astype(np.int64), by_column.indices.astype(np.uint32), by_column.data.astype(np.float64)
        )

    @property
    def columns(self):
        """(n_stored,) the column of each cell."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


class SparseCodes(NamedTuple):
    """A table as codes, most of which are usual; see `BinnedMatrix` for what codes mean.

    n_codes : (n_features,) int32;  is_categorical : (n_features,) bool, of which none is
    usual : (n_features,) uint32, the code of zero
    entry_start, entry_row, entry_code : the unusual cells of feature j are those from entry_start[j] on
    row_start, row_feature, row_code : the same row by row, in ascending order of features
    """

    n_codes: np.ndarray
    is_categorical: np.ndarray
    usual: np.ndarray
    entry_start: np.ndarray
    entry_row: np.ndarray
    entry_code: np.ndarray
    row_start: np.ndarray
    row_feature: np.ndarray
    row_code: np.ndarray

    @property
    def n_samples(self):
        return len(self.row_start) - 1


def thresholds_of(table, units, max_bins):
    """List of the thresholds of each feature of a sparse table.  units : (n_samples,) int64 weights, or None"""
    cells = SparseCells.of(table)
    order = np.lexsort((cells.values, cells.columns))
    weights = np.empty(0, np.int64) if units is None else units[cells.rows[order]]
    total = table.n_samples if units is None else int(units.sum())
    found, counts = np.empty(len(order)), np.zeros(table.n_features, np.int64)
    most = -1 if max_bins is None else int(max_bins)
    find_thresholds_of_columns(cells.starts, cells.values[order], weights, total, most, found, counts)
    return [found[start : start + n].copy() for start, n in zip(cells.starts.tolist(), counts.tolist())]


def codes_of(cells, thresholds):
    """(usual code of each feature, code of each stored cell), uint32."""
    starts = np.cumsum([0, *map(len, thresholds)])
    usual, codes = np.empty(len(thresholds), np.uint32), np.empty(len(cells.values), np.uint32)
    write_codes_of_entries(cells.starts, cells.values, np.concatenate(thresholds), starts, usual, codes)
    return usual, codes


def unusual_cells(cells, usual, codes, n_codes, n_samples):
    """SparseCodes of a table."""
    columns, n_features = cells.columns, len(usual)
    is_unusual = codes != usual[columns]
    rows, codes = cells.rows[is_unusual], codes[is_unusual]
    starts = np.cumsum(np.append(0, np.bincount(columns[is_unusual], minlength=n_features)))
    by_row = csc_array((codes, rows.astype(np.int64), starts), shape=(n_samples, n_features)).tocsr()
    return SparseCodes(
        np.array(n_codes),
        np.zeros(n_features, bool),
        usual,
        starts.astype(np.int64),
        rows,
        codes,
        by_row.indptr.astype(np.int64),
        by_row.indices.astype(np.uint32),
        by_row.data,
    )
