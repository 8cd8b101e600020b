"""Keys of the rows and columns of a table, by which they are drawn: functions of what stands in them.

They stay what they are if rows or columns change places, a constant column is added, categories are renamed, or the
target gets another unit, another origin or the other sign.  So no such rewriting of the data acts like another seed.

Rows and columns are told apart by each other, in the manner of colour refinement (Weisfeiler and Leman 1968):

    cell      code of a number, or nothing of a category;  and the number of rows that share the code
    row       sum of the colours of its cells
    cell      the same, and the sum of the colours of the rows that share the code
    row       sum of the colours of its cells: its key;      column: sum of the colours of its codes: its key

All sums are of integers modulo 2^64, so that they have no order.  Rows that are alike count once, so that weights, and
the way in which copies are written, do not matter; rows of weight 0 are not there.  Where rows that are alike have
different targets, a row of weight k adds what k copies of it do.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.tree._binning import BLOCK_ROWS, CodesByRows
from skensemble.tree._content_kernels import (
    add_cells_by_row,
    add_entries_by_code,
    add_entries_by_row,
    add_rows_by_code,
    mix,
)
from skensemble.tree._part_of_codes import PartOfCodes
from skensemble.tree._sparse_codes import SparseCodes

ROW_BLOCK = 1 << 14


class ContentKeys(NamedTuple):
    """Keys of a table.

    rows : (n_samples,) int64, equal for rows that are alike
    feature_order : (n_varying,) int64, the features that are not constant, sorted by their keys
    """

    rows: np.ndarray
    feature_order: np.ndarray


def content_keys(binned, weight=None, n_threads=1):
    """ContentKeys of a BinnedMatrix, CodesByRows or SparseCodes.

    weight : (n_samples,) or None; rows of weight 0 do not count
    """
    if isinstance(binned, PartOfCodes):
        cells = _PartCells(binned, n_threads)
    elif isinstance(binned, CodesByRows):
        cells = _BlockCells(binned, n_threads)
    else:
        cells = _SparseCells(binned) if isinstance(binned, SparseCodes) else _Cells(binned, n_threads)
    is_distinct = cells.distinct_rows(weight)
    counts = cells.sums_by_code(is_distinct.astype(np.uint64))
    occurs = counts > 0
    varies = cells.sums_by_feature(occurs.astype(np.uint64)) > 1
    known = _mixed(cells.labels() + _mixed(counts))
    _, colors = cells.refined(known, occurs, varies)
    rows = cells.sums_by_row(colors)
    mix(rows)
    rows *= is_distinct
    shared = cells.sums_by_code(rows)
    del rows  # tables may be so large that a number for each row counts
    columns, colors = cells.refined(_mixed(known + shared), occurs, varies)
    varying = np.flatnonzero(varies)
    order = varying[np.argsort(columns[varying], kind="stable")]
    return ContentKeys(cells.kept(cells.of_all(cells.sums_by_row(colors))).view(np.int64), order)


class _Cells:
    """The codes of all features, one after the other, and sums over them."""

    def __init__(self, binned, n_threads):
        self.binned, self.n_threads = binned, n_threads
        n_codes = binned.n_codes.astype(np.int64)
        self.first = np.cumsum(n_codes) - n_codes
        self.feature = np.repeat(np.arange(len(n_codes)), n_codes)
        self.code = np.arange(len(self.feature)) - self.first[self.feature]

    def labels(self):
        """(n_cells,) uint64: the code of a number; the same for all categories but the missing one."""
        is_category = self.binned.is_categorical[self.feature] & (self.code > 0)
        return _mixed(np.where(is_category, -1, self.code).astype(np.uint64))

    def refined(self, known, occurs, varies):
        """(colour of each feature, colour of each cell within its feature), 0 in those that are constant."""
        features = _mixed(self.sums_by_feature(known * occurs))
        return features, _mixed(known + features[self.feature]) * varies[self.feature]

    def of_all(self, rows):
        """Values of rows, of all parts that a table has."""
        return rows

    def kept(self, rows):
        """Values of rows as they are kept while trees grow, perhaps in a file."""
        return rows

    def distinct_rows(self, weight):
        """(n_samples,) bool: one row of positive weight of all that are alike."""
        places = self.of_all(self.sums_by_row(_mixed(np.arange(len(self.feature)))))
        if weight is None and not has_copies(places):
            return np.ones(len(places), bool)
        rows = np.arange(len(places)) if weight is None else np.flatnonzero(weight)
        rows = rows[np.argsort(places[rows])]
        is_distinct = np.zeros(len(places), bool)
        is_distinct[rows[_starts(places[rows])]] = True
        return is_distinct

    def sums_by_feature(self, cells):
        return np.add.reduceat(cells, self.first)

    def sums_by_code(self, rows):
        sums = np.zeros(len(self.feature), np.uint64)
        add = partial(add_rows_by_code, self.binned.columns, self.first, rows, sums)
        n_features = len(self.first)
        for_blocks(add, n_features, -(-n_features // self.n_threads), self.n_threads)
        return sums

    def sums_by_row(self, cells):
        sums = np.zeros(self.binned.n_samples, np.uint64)
        for_blocks(
            partial(add_cells_by_row, self.binned.columns, self.first, cells, sums),
            len(sums),
            ROW_BLOCK,
            self.n_threads,
        )
        return sums


class _BlockCells(_Cells):
    """The same, of codes that are there row by row only."""

    def kept(self, rows):
        return self.binned.kept(rows)

    def sums_by_code(self, rows):
        sums, n_features = np.zeros(len(self.feature), np.uint64), len(self.first)
        for block, columns in self.binned.blocks():
            add = partial(add_rows_by_code, columns, self.first, rows[block], sums)
            for_blocks(add, n_features, -(-n_features // self.n_threads), self.n_threads)
        return sums

    def sums_by_row(self, cells):
        sums = np.zeros(self.binned.n_samples, np.uint64)

        def add(start, stop):
            columns = self.binned.take(slice(start, stop)).columns
            add_cells_by_row(columns, self.first, cells, sums[start:stop], 0, stop - start)
            self.binned.let_go(start)

        for_blocks(add, len(sums), BLOCK_ROWS, self.n_threads)
        return sums


class _PartCells(_Cells):
    """The same, of a part of the rows; sums over rows are those of all parts."""

    def of_all(self, rows):
        return self.binned.gathered(rows)

    def distinct_rows(self, weight):
        return super().distinct_rows(weight)[self.binned.here]

    def sums_by_code(self, rows):
        return self.binned.exchange.sum(super().sums_by_code(rows).view(np.int64)).view(np.uint64)


class _SparseCells(_Cells):
    """The same, of a table of which only unusual cells are stored."""

    def __init__(self, binned):
        super().__init__(binned, 1)

    def sums_by_code(self, rows):
        sums, codes = np.zeros(len(self.feature), np.uint64), self.binned
        add_entries_by_code(
            codes.entry_start, codes.entry_row, codes.entry_code, codes.usual, self.first, rows, rows.sum(), sums
        )
        return sums

    def sums_by_row(self, cells):
        codes = self.binned
        usual = cells[self.first + codes.usual]
        sums = np.full(codes.n_samples, usual.sum())
        add_entries_by_row(codes.row_start, codes.row_feature, codes.row_code, self.first, cells, usual, sums)
        return sums


def _mixed(values):
    mixed = np.array(values, np.uint64)
    mix(mixed)
    return mixed


def number_keys(numbers):
    """(n_samples,) int64, equal for equal numbers."""
    return _mixed((numbers + 0.0).view(np.uint64)).view(np.int64)  # + 0.0: the two zeros are one number


# -- rows that differ in nothing but their targets -------------------------------------------------------------------


def has_copies(keys):
    """Are some keys the same?"""
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def keys_with_target(keys, target, copies=None):
    """(n_samples,) int64: `keys`, told apart where rows that are alike have different targets.

    keys : (n_samples,) int64;  target : (n_samples,) or (n_outputs, n_samples)
    copies : (n_samples,) int64, how many rows each stands for, 0 for those that are not there; None: one each
    """
    if not has_copies(keys):
        return keys
    keys = keys.view(np.uint64)
    units = np.ones(len(keys), np.uint64) if copies is None else copies.astype(np.uint64)
    counted = np.flatnonzero(units)
    for values in np.atleast_2d(target):
        rows = _tied_rows(keys, values, counted)
        if len(rows):
            keys = keys.copy()
            keys[rows] = _with_color_of_value(keys[rows], values[rows], units[rows])
            keys[rows] = _with_rank_of_value(keys[rows], values[rows], units[rows])
    return keys.view(np.int64)


def _tied_rows(keys, values, rows):
    """Those of the rows that have the key of another one with another value, by key and value."""
    rows = rows[np.argsort(keys[rows])]
    is_same = keys[rows[1:]] == keys[rows[:-1]]
    rows = rows[np.append(is_same, False) | np.append(False, is_same)] if len(rows) else rows
    if len(rows) == 0:
        return rows
    rows = rows[np.lexsort((values[rows], keys[rows]))]
    starts, group = _groups(keys[rows])
    return rows[(values[rows[starts]] != values[rows[_ends(starts, len(rows))]])[group]]


def _starts(ordered):
    """Where runs of equal values begin."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.empty(0, np.int64)


def _ends(starts, n):
    """Where runs end that begin there."""
    return np.append(starts[1:], n) - 1


def _groups(ordered):
    """(where runs of equal values begin, the run of each place)"""
    starts = _starts(ordered)
    return starts, np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(ordered))))


def _with_color_of_value(keys, values, units):
    """Keys that know in which rows their value occurs: enough to tell the names of classes apart."""
    order = np.argsort(values, kind="stable")
    starts, group = _groups(values[order])
    colors = np.add.reduceat((_mixed(keys) * units)[order], starts)
    with_color = np.empty_like(keys)
    with_color[order] = _mixed(keys[order] + _mixed(colors)[group])
    return with_color


def _with_rank_of_value(keys, values, units):
    """Keys that know the rank of their value among rows of the same key, from the end that all rows agree on."""
    order = np.lexsort((values, keys))
    starts, group = _groups(keys[order])
    is_next = np.append(False, (np.diff(group) == 0) & (np.diff(values[order]) != 0.0))
    steps = np.cumsum(is_next)
    rank = steps - steps[starts][group]
    last = rank[_ends(starts, len(order))][group]
    rank = rank if _is_ascending(keys, values, units) else last - rank
    with_rank = np.empty_like(keys)
    with_rank[order] = np.where(last > 0, _mixed(keys[order] + rank.astype(np.uint64)), keys[order])
    return with_rank


def _is_ascending(keys, values, units):
    """From which end ranks are counted: the one with the smaller sum, so that it is the same if values change sign."""
    distinct, rank = np.unique(values, return_inverse=True)
    places = rank, len(distinct) - 1 - rank
    forward, backward = ((_mixed(keys + place.astype(np.uint64)) * units).sum() for place in places)
    return forward <= backward
