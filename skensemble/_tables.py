"""Tables: what remains of X, columns of numbers and of categories, whatever it came in.

A frame is never turned into one big float array.  A table keeps views of what came in, numbers in their own dtype and
categories as integer codes; converting to float64 happens block by block, in `Table.fill`.
"""

from threading import Lock
from typing import NamedTuple

import numpy as np
import pandas as pd

from skensemble._large_integers import are_wide, reaches_beyond, warn_of_lost
from skensemble._levels import number_of
from skensemble._mapped_arrays import new_array
from skensemble._parallel import for_blocks

MAX_CELLS = 2**31
COLUMNS_PER_TASK = 8  # maximum number; a row-major table is read in cache lines


class CategoryColumn(NamedTuple):
    """A column of categories.

    codes : (n_samples,) integers, positions in `categories`; -1 = missing
    categories : (n_categories,) distinct values
    is_ordered_by_dtype : the frame's dtype says in which order categories stand (else they are sorted when fitted)
    """

    codes: np.ndarray
    categories: np.ndarray
    is_ordered_by_dtype: bool


class Converted:
    """A column that becomes a numeric array when it is read, rows by rows: no copy of the whole column stays."""

    def __init__(self, values, convert):
        self._values, self._convert = values, convert

    def __getitem__(self, rows):
        return self._convert(self._values[rows])

    def integers(self):
        """The integers of a nullable or Arrow array of pandas, or of Python, without missing ones; None of others."""
        values, kind = self._values, getattr(getattr(self._values, "dtype", None), "kind", None)
        if isinstance(values, np.ndarray) and kind == "O":
            return values[~pd.isna(values)]
        if kind not in ("i", "u") or isinstance(values.dtype, pd.SparseDtype):
            return None
        return values[~values.isna()].to_numpy(np.int64 if kind == "i" else np.uint64)


class Table:
    """What remains of X: columns of real numbers (NaN = missing) and columns of categories.

    n_samples, n_features : int
    labels : labels of its columns, mostly names, as a list or an Index; None for an array
    """

    def __init__(self, n_samples, n_features, labels=None):
        self.n_samples = n_samples
        self.n_features = n_features
        self._labels = labels
        self.memo = None  # what an encoder keeps from one block of rows to the next

    @property
    def labels(self):
        """List of the labels of its columns, or None."""
        if isinstance(self._labels, pd.Index):
            self._labels = list(self._labels)
        return self._labels

    def column(self, j):
        """Column j: 1-D array of any real dtype, perhaps read-only, or a CategoryColumn."""
        raise NotImplementedError

    def columns(self, first, last, rows):
        """Columns first .. last - 1 at some rows (index array or slice), as a list."""
        return [_rows_of(self.column(j), rows) for j in range(first, last)]

    def fill(self, block, start, stop):
        """Write rows start .. stop - 1 of each numeric column j into block[j] (float64); leave categories alone."""
        raise NotImplementedError

    def take(self, rows):
        """The table of some rows (index array)."""
        raise NotImplementedError

    def parts(self):
        """Yield (number of its first row, Table) for all of its rows, in order; each part can be filled in blocks."""
        yield 0, self

    def each_part(self, function):
        """List of what function(number of its first row, Table) says of each part of all rows, in order."""
        return [function(start, part) for start, part in self.parts()]

    def new_codes(self, shape, dtype):
        """An array of zeros for codes of its cells."""
        return np.zeros(shape, dtype)

    def kept(self, numbers):
        """The same numbers of all rows, perhaps in a file."""
        return numbers

    is_at_hand = True  # rows can be asked for in any order
    first_row = 0  # number of the first row that `parts` yields

    @property
    def n_here(self):
        """Number of rows that `parts` yields."""
        return self.n_samples

    def encoded(self, binned):
        """What stands for the codes of its rows."""
        return binned

    def cells_beside(self, cells):
        """Cells (n_here, n_features) as they belong beside the codes: those of other readers with them, or not."""
        return cells

    def joined(self, array, join):
        """The arrays of all who read a part of it, joined by a ufunc of two arrays, such as np.minimum."""
        return array

    def own_jobs(self, jobs):
        """Those of some jobs that are to be done here, where others read all rows, too."""
        return jobs

    def collected(self, results, by_all=False):
        """Results of `own_jobs`, a list: for the first who reads a part those of all jobs, for others their own.

        by_all : whether the others get those of all jobs, too
        """
        return results

    def divided(self, run, jobs):
        """List of the results of run(jobs), a list itself; where others read all rows, too, each runs some of them."""
        return run(jobs)

    def agreed(self, value):
        """What all who read a part of it take for the value."""
        return value

    def map_columns(self, function, n_threads):
        """List of function(j, column j) for all columns."""

        def block(first, last):
            return [function(j, column) for j, column in enumerate(self.columns(first, last, slice(None)), first)]

        blocks = for_blocks(block, self.n_features, self.columns_at_a_time(n_threads), n_threads)
        return [result for results in blocks for result in results]

    def columns_at_a_time(self, n_threads):
        """How many columns to ask for in one call."""
        n_rounds = -(-self.n_features // (COLUMNS_PER_TASK * n_threads))
        return -(-self.n_features // (n_rounds * n_threads))  # every thread gets the same number of tasks

    def category_column(self, j):
        """Column j if it is a CategoryColumn, else None."""
        return None

    def places_of_categories(self):
        """Numbers of the columns that are CategoryColumns."""
        return [j for j in range(self.n_features) if self.category_column(j) is not None]

    def warn_of_lost_integers(self):
        """Warn about columns whose integers are told apart no more once they are floats."""
        for j, integers in self._wide_integers():
            if len(integers) == 0 or not reaches_beyond(integers):
                continue
            distinct = np.unique(integers)
            warn_of_lost(self.name_of(j), len(distinct), len(np.unique(distinct.astype(np.float64))))

    def _wide_integers(self):
        """Yield (number of the column, array) for columns of 64-bit integers, without missing cells."""
        return iter(())

    def name_of(self, j):
        """Name of column j in messages."""
        return f"column {j if self.labels is None else repr(self.labels[j])}"


class DenseTable(Table):
    """A 2-D array of one real dtype, in any memory order."""

    def __init__(self, values, labels=None):
        super().__init__(*values.shape, labels)
        self.values = values

    def column(self, j):
        return self.values[:, j]

    def columns(self, first, last, rows):
        part = self.values[rows, first:last].T
        if part.flags.c_contiguous:
            return list(part)
        columns = new_array(part.shape, part.dtype)
        columns[...] = part
        return list(columns)

    def fill(self, block, start, stop):
        block[...] = self.values[start:stop].T

    def _wide_integers(self):
        if are_wide(self.values.dtype) and reaches_beyond(self.values):
            yield from enumerate(self.values.T)

    def take(self, rows):
        return DenseTable(self.values[rows], self._labels)


class SparseTable(Table):
    """A sparse matrix or array; what it does not store is zero, not missing."""

    def __init__(self, matrix):
        super().__init__(*matrix.shape)
        self.matrix = matrix
        self._by_column = self._by_row = None
        self._lock = Lock()  # blocks are read by several threads; one conversion is enough

    def column(self, j):
        by_column = self.columnwise()
        stored = slice(by_column.indptr[j], by_column.indptr[j + 1])
        values = np.zeros(self.n_samples, by_column.dtype)
        values[by_column.indices[stored]] = by_column.data[stored]
        return values

    def fill(self, block, start, stop):
        by_row = self._rowwise()
        bounds = by_row.indptr[start : stop + 1]
        cells = slice(bounds[0], bounds[-1])
        block[...] = 0.0
        block[by_row.indices[cells], np.repeat(np.arange(stop - start), np.diff(bounds))] = by_row.data[cells]

    def stored(self, start, stop):
        """(first cell of each row and the end, int64; columns, int64; values, float64) of rows start .. stop - 1."""
        by_row = self._rowwise()
        bounds = by_row.indptr[start : stop + 1].astype(np.int64)
        cells = slice(bounds[0], bounds[-1])
        return bounds - bounds[0], by_row.indices[cells].astype(np.int64), by_row.data[cells].astype(np.float64)

    def take(self, rows):
        return SparseTable(self._rowwise()[rows])

    def columnwise(self):
        """The cells column by column, each stored once."""
        with self._lock:
            if self._by_column is None:
                self._by_column = _stored_once(self.matrix.tocsc())
            return self._by_column

    def _rowwise(self):
        with self._lock:
            if self._by_row is None:
                self._by_row = _stored_once(self.matrix.tocsr())
            return self._by_row


def _stored_once(matrix):
    """A sparse matrix by rows or columns, none of whose cells is stored in parts."""
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return matrix


class FrameTable(Table):
    """Columns of their own kinds: 1-D arrays, `Converted` columns and CategoryColumns."""

    def __init__(self, columns, n_samples, labels=None):
        super().__init__(n_samples, len(columns), labels)
        self._columns = columns

    def column(self, j):
        column = self._columns[j]
        return column if isinstance(column, CategoryColumn) else column[:]

    def fill(self, block, start, stop):
        for j, column in enumerate(self._columns):
            if not isinstance(column, CategoryColumn):
                block[j] = column[start:stop]

    def _wide_integers(self):
        for j, column in enumerate(self._columns):
            if isinstance(column, Converted):
                column = column.integers()
            if isinstance(column, np.ndarray) and are_wide(column.dtype):
                yield j, column

    def take(self, rows):
        taken = [_rows_of(self.column(j), rows) for j in range(self.n_features)]
        return FrameTable(taken, len(rows), self._labels)

    def category_column(self, j):
        column = self._columns[j]
        return column if isinstance(column, CategoryColumn) else None


def _rows_of(column, rows):
    if isinstance(column, CategoryColumn):
        return column._replace(codes=column.codes[rows])
    return column[rows]


def check_shape(shape):
    n_samples, n_features = shape
    for count, noun in ((n_samples, "sample"), (n_features, "feature")):
        if count == 0:
            raise ValueError(f"Found array with 0 {noun}(s) (shape={tuple(shape)}) while a minimum of 1 is required.")
    if n_samples * n_features > MAX_CELLS:
        raise ValueError(
            f"X must have at most 2**31 cells, got {n_samples} rows x {n_features} columns = {n_samples * n_features}. "
            "Use fewer columns or a sample of the rows (to predict: several calls)."
        )


def as_numbers(column, name, *, is_fitted=False):
    """The numbers that the categories of a CategoryColumn stand for, as float64, with NaN appended for code -1.

    is_fitted : whether a fit has found numbers in the column before, which the advice depends on
    """
    try:
        return np.append(np.asarray(column.categories, np.float64), np.nan)
    except (ValueError, TypeError) as error:
        numbers = np.array([number_of(category) for category in column.categories])  # "False" and "True", too
        if is_fitted and not np.isnan(numbers).any():
            return np.append(numbers, np.nan)
        used = np.unique(column.codes[column.codes >= 0])
        if len(used) < len(column.categories):  # a dtype may have categories that occur nowhere
            numbers = np.full(len(column.categories) + 1, np.nan)
            of_used = as_numbers(column._replace(categories=column.categories[used]), name, is_fitted=is_fitted)
            numbers[used] = of_used[:-1]
            return numbers
        advice = (
            "must hold numbers as in fit: replace what stands for a missing cell by NaN, or fit again with text in "
            "the column for a column of categories"
            if is_fitted
            else "holds no numbers: name it in categorical_features, or let these be 'from_dtype'"
        )
        raise ValueError(f"{error}. {name} {advice}.") from None
