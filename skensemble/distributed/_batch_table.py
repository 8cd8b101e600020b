"""A Table whose rows are read in batches, column by column for bins, and batch by batch for codes."""

from threading import Lock

import numpy as np

from skensemble._mapped_arrays import let_go
from skensemble._tables import CategoryColumn, SparseTable, Table
from skensemble._validation import read_table
from skensemble.distributed._code_store import new_codes, new_codes_in_order
from skensemble.distributed._row_columns import RowColumn, in_file

COLUMN_BYTES = 1 << 29  # of whole columns that are in memory at a time
READ_ALONE_BYTES = 1 << 26  # the same where columns are read without the others, so that more passes cost nothing
MOST_ROWS = 1 << 28  # beyond it, rows lose the digits that sums of gradients keep of them


class BatchTable(Table):
    """A Table over a reader of batches.

    The first pass counts rows and keeps targets and weights; later ones must find the same batches.

    reader : `survey()` yields (number of rows, X or None, target, weight), and X at least once; `batches(first, last)`
        yields X, of no more than the features first .. last - 1 where `reads_columns`
    target, weight : of all rows, or None
    first_rows : a row of X as it came
    """

    is_at_hand = False

    def __init__(self, reader, cache_dir):
        self._reader, self._cache_dir, self._lock = reader, cache_dir, Lock()
        self._kept = None, None  # number and cells of the category column that was read last
        self._dtypes = {}  # (batch, feature): dtype, of those that were read
        self.first_rows, self._labels_of_first, self._counts = None, None, []
        targets, weights = RowColumn("target", cache_dir), RowColumn("weight", cache_dir)
        for number, (n_rows, X, target, weight) in enumerate(reader.survey()):
            self._counts.append(n_rows)
            if n_rows == 0:
                continue
            if X is not None:
                self._note_columns(number, X)
            targets.add(_as_long_as(n_rows, "target", target, number))
            weights.add(_as_long_as(n_rows, "weight", weight, number))
        if self.first_rows is None:
            raise ValueError("batches must hold rows, got none.")
        self.target, self.weight = targets.joined(), weights.joined()
        check_n_rows(sum(self._counts), "batches")
        super().__init__(sum(self._counts), self._labels_of_first[1], self._labels_of_first[0])

    def _note_columns(self, number, X):
        table = read_table(X)
        if isinstance(table, SparseTable):
            raise ValueError(f"batches must be dense, got a sparse matrix in batch {number}.")
        self._check_dtypes(number, X, 0)
        here = table.labels, table.n_features
        categories_here = np.array([table.category_column(j) is not None for j in range(table.n_features)])
        if self.first_rows is None:
            first_rows = X[:1].copy() if hasattr(X, "copy") else X[:1]  # a view would keep the whole batch
            self.first_rows, self._labels_of_first, self.holds_categories = first_rows, here, categories_here
        elif here != self._labels_of_first:
            before = self._labels_of_first
            raise ValueError(
                f"batches must have the same columns in the same order, got {here[0] or here[1]} in batch {number} "
                f"and {before[0] or before[1]} before."
            )
        self.holds_categories |= categories_here

    # -- whole columns -----------------------------------------------------------------------------------------------

    def columns_at_a_time(self, n_threads):
        limit = READ_ALONE_BYTES if self._reader.reads_columns else COLUMN_BYTES
        most = max(1, limit // (8 * self.n_samples))
        return min(most, super().columns_at_a_time(n_threads))

    def column(self, j):
        kept, column = self._kept
        return column if kept == j else self.columns(j, j + 1, slice(None))[0]

    def columns(self, first, last, rows):
        found = [_Column(self.n_samples) for _ in range(last - first)]
        with self._lock:  # nobody said that two threads may read at the same time
            for _, table, offset in self._tables(first, last):
                for column, part in zip(found, table.columns(first - offset, last - offset, slice(None))):
                    column.add(part)
        return [found.pop(0).joined(self.name_of(j)) for j in range(first, last)]  # freed one by one

    def category_column(self, j):
        if not self.holds_categories[j]:
            return None
        self._kept = j, self.column(j)
        column = self._kept[1]
        return column if isinstance(column, CategoryColumn) else None

    # -- batches -----------------------------------------------------------------------------------------------------

    def parts(self):
        for start, table, _ in self._tables():
            yield start, table

    def new_codes(self, shape, dtype):
        return new_codes(shape, dtype, self._cache_dir)

    def new_codes_in_order(self, shape, dtype):
        """(an array of zeros for codes, its file or None); see `_code_store.py`."""
        return new_codes_in_order(shape, dtype, self._cache_dir)

    def kept(self, numbers):
        """The same numbers of all rows, in a file where there is a folder for it."""
        if self._cache_dir is None or numbers is None:
            return numbers
        for read in (self.target, self.weight):
            if read is not None:
                let_go(read)
        return in_file(numbers, self._cache_dir)

    def _tables(self, first=None, last=None):
        """Yield (number of its first row, Table, number of its first column) of each batch that has rows."""
        start, number = 0, -1
        for number, X in enumerate(self._reader.batches(first, last)):
            n_rows = n_rows_of(X)
            if number >= len(self._counts) or n_rows != self._counts[number]:
                before = self._counts[number] if number < len(self._counts) else 0
                raise ValueError(
                    f"batches must be the same in each pass: batch {number} had {before} rows and now has {n_rows}."
                )
            if n_rows == 0:
                continue
            table = read_table(X)
            offset = first if first is not None and self._reader.reads_columns else 0
            expected = self.n_features if first is None or not self._reader.reads_columns else last - first
            if table.n_features != expected:
                raise ValueError(
                    f"batches must have the same columns in each pass: batch {number} had {expected} and now has "
                    f"{table.n_features}."
                )
            self._check_dtypes(number, X, offset)
            yield start, table, offset
            start += n_rows
        if number + 1 != len(self._counts):
            raise ValueError(
                f"batches must be the same in each pass, got {number + 1} of them after {len(self._counts)}."
            )

    def _check_dtypes(self, number, X, offset):
        for feature, here in enumerate(_dtypes_of(X), start=offset):
            before = self._dtypes.setdefault((number, feature), here)
            if here != before:
                raise ValueError(
                    f"batches must have the same dtypes in each pass: {self.name_of(feature)} of batch {number} had "
                    f"{before} and now has {here}."
                )


class _Column:
    """A column that comes batch by batch, and is written into one array while it is numbers of one dtype."""

    def __init__(self, n_samples):
        self._n_samples, self._whole, self._n_written, self._parts = n_samples, None, 0, []

    def add(self, part):
        is_next = isinstance(part, np.ndarray) and part.dtype.kind in "biuf" and not self._parts
        if is_next and self._whole is None:
            self._whole = np.empty(self._n_samples, part.dtype)
        if is_next and self._whole.dtype == part.dtype:
            self._whole[self._n_written : self._n_written + len(part)] = part
            self._n_written += len(part)
        else:
            self._parts.append(part)

    def joined(self, name):
        if not self._parts:
            return self._whole
        written = [] if self._whole is None else [self._whole[: self._n_written]]
        return joined_columns(name, written + self._parts)


def _dtypes_of(X):
    """List of the dtypes of its columns, as strings; empty where they have none, as in lists."""
    types = getattr(getattr(X, "schema", None), "types", getattr(X, "dtypes", None))
    if types is None:
        return [str(X.dtype)] * X.shape[-1] if hasattr(X, "dtype") else []
    return list(map(str, types))


def joined_columns(name, parts):
    """One column of the columns of all batches."""
    of_categories = [part for part in parts if isinstance(part, CategoryColumn)]
    numbers = [part for part in parts if not isinstance(part, CategoryColumn)]
    if of_categories:
        holds_values = any(len(part.categories) for part in of_categories)
        if holds_values or all(_is_missing(part) for part in numbers):
            return _joined_categories(name, parts)
        parts = _with_missing_numbers(parts, next((part.dtype for part in numbers if part.dtype.kind == "f"), float))
    floats = {part.dtype for part in parts if part.dtype.kind == "f"}
    if len(floats) > 1:
        raise ValueError(
            f"{name} must have one dtype in all batches, got {' and '.join(sorted(map(str, floats)))}: the same "
            "decimal is another number in each."
        )
    return np.concatenate(parts)


def _is_missing(numbers):
    """Are all of them missing?"""
    return bool(np.isnan(np.asarray(numbers, np.float64)).all())


def _with_missing_numbers(parts, dtype):
    """The parts, where a column of objects that are all None, and so may be anything, is one of missing numbers."""
    return [np.full(len(part.codes), np.nan, dtype) if isinstance(part, CategoryColumn) else part for part in parts]


def _joined_categories(name, parts):
    """Categories are the same where their values are, whatever their codes in a batch."""
    known, codes, are_alike = {}, [], True
    first = next(part for part in parts if isinstance(part, CategoryColumn))
    for part in parts:
        if not isinstance(part, CategoryColumn):
            if not _is_missing(part):
                raise ValueError(f"{name} must hold categories in all batches, got numbers in some.")
            codes.append(np.full(len(part), -1, np.int64))
            continue
        values = part.categories.tolist()
        are_alike &= values == first.categories.tolist()
        places = [known.setdefault(value, len(known)) for value in values]
        codes.append(np.append(places, -1).astype(np.int64)[part.codes])
    categories = np.empty(len(known), object)
    categories[:] = list(known)
    return CategoryColumn(np.concatenate(codes), categories, first.is_ordered_by_dtype and are_alike)


def n_rows_of(X):
    """Number of rows of a batch."""
    return X.shape[0] if hasattr(X, "shape") else len(X)


def _as_long_as(n_rows, name, values, number):
    if values is not None and len(values) != n_rows:
        raise ValueError(f"{name} must have one entry per row of its batch ({n_rows}), got {len(values)} in {number}.")
    return values


def check_n_rows(n_rows, name):
    """Whether one process holds them all or many do, boosting takes no more."""
    if n_rows > MOST_ROWS:
        raise ValueError(f"{name} must hold at most {MOST_ROWS} rows in all, got {n_rows}.")
