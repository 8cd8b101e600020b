"""The door: any X becomes columns of plain arrays.

A frame is never turned into one big float array.  `read_table` keeps views of what came in, numbers in their own dtype
and categories as integer codes; converting to float64 happens block by block, in `Table.fill`.
"""

from collections.abc import Hashable
from numbers import Real
from threading import Lock
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.utils.validation import validate_data

from skensemble._feature_positions import are_names
from skensemble._input_kinds import check_in_memory, check_real, without_mask
from skensemble._large_integers import are_large, are_wide, objects_to_float, reaches_beyond, warn_of_lost
from skensemble._levels import number_of
from skensemble._parallel import for_blocks

try:  # scikit-learn >= 1.9 brings it; without it polars and pyarrow tables are read through numpy
    import narwhals as nw
except ImportError:
    nw = None

# -- tables ----------------------------------------------------------------------------------------------------------

MAX_CELLS = 2**31
COLUMNS_PER_TASK = 8  # maximum number; a row-major table is read in cache lines
FEW_ROWS = 4  # of a frame to predict
MANY_BLOCKS = 6  # of a frame: to write them together is faster than one after the other
MOST_KEPT_LEVELS, MOST_KEPT_INDEXES = 1000, 64  # of columns of categories whose levels are kept as lists
_levels_of_index = {}  # id: (Index, its levels)


class CategoryColumn(NamedTuple):
    """A column of categories.

    codes : (n_samples,) integers, positions in `categories`; -1 = missing
    categories : (n_categories,) distinct values
    is_ordered_by_dtype : the frame's dtype says in which order categories stand (else they are sorted when fitted)
    """

    codes: np.ndarray
    categories: np.ndarray
    is_ordered_by_dtype: bool


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
        return list(np.ascontiguousarray(self.values[rows, first:last].T))

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


class FewRowsTable(FrameTable):
    """A few rows of a frame of pandas.

    block : (n_features, n_samples) float64, the numbers
    categories : {place: list of text and of None, or pandas' Categorical}
    """

    def __init__(self, block, categories, labels):
        super().__init__(block, block.shape[1], labels)
        self._categories, self._known = categories, {}

    def column(self, j):
        return self.category_column(j) if j in self._categories else self._columns[j]

    def fill(self, block, start, stop):
        block[...] = self._columns[:, start:stop]

    def category_column(self, j):
        if j in self._categories and j not in self._known:
            self._known[j] = _few_categories(self._categories[j])
        return self._known.get(j)

    def places_of_categories(self):
        return self._categories

    def rows(self):
        """(n_samples, n_features) a copy of the numbers."""
        return np.array(self._columns.T, order="C")

    def texts(self):
        """{place: list of text and of None} of the columns of categories; None if some are no text."""
        texts = {place: _few_texts(cells) for place, cells in self._categories.items()}
        return None if None in texts.values() else texts


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


def _rows_of(column, rows):
    if isinstance(column, CategoryColumn):
        return column._replace(codes=column.codes[rows])
    return column[rows]


# -- reading X -------------------------------------------------------------------------------------------------------


def read_features(estimator, X, *, reset):
    """Read X for `estimator`; set (fit) or check (predict) its `n_features_in_` and `feature_names_in_`."""
    table = read_table(X)
    if reset or not _has_columns_of_fit(estimator, X):
        note_columns(estimator, X, reset=reset)
    if reset:
        table.warn_of_lost_integers()
    return table


def _has_columns_of_fit(estimator, X):
    """Whether X is an array or a frame that has the columns of fit: a quick answer to what scikit-learn checks."""
    if type(X) is np.ndarray:
        return not hasattr(estimator, "feature_names_in_") and X.shape[1:] == (getattr(estimator, "n_features_in_", 0),)
    known = estimator._columns_of_fit
    return known is not None and type(X) is pd.DataFrame and (X.columns is known or X.columns.equals(known))


def note_columns(estimator, X, *, reset):
    """Set (fit) or check (predict) how many columns there are, and their labels.

    scikit-learn keeps those that are strings, in `feature_names_in_`; the estimator keeps others in `_column_labels`.
    """
    _check_distinct_names(X)
    validate_data(estimator, _names_only(X), reset=reset, skip_check_array=True)
    if reset:
        estimator._columns_of_fit = X.columns if type(X) is pd.DataFrame else None
    labels = _labels_other_than_names(X)
    if not reset:
        _check_labels(labels, getattr(estimator, "_column_labels", None))
    elif labels is not None:
        estimator._column_labels = labels
    else:
        estimator.__dict__.pop("_column_labels", None)


def _check_distinct_names(X):
    """Refuse a DataFrame with a name twice, by which no column can be found."""
    if isinstance(X, pd.DataFrame) and not X.columns.is_unique and are_names(X.columns):
        twice = X.columns[X.columns.duplicated()][0]
        places = np.flatnonzero(X.columns == twice).tolist()
        raise ValueError(f"X must have a name of its own for each column, got {twice!r} for columns {places}.")


def _names_only(X):
    """A frame of no rows for one of polars, whose names scikit-learn before 1.9 does not see; others as they are."""
    names = getattr(X, "columns", None)
    is_foreign = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return pd.DataFrame(columns=names) if is_foreign else X


def _labels_other_than_names(X):
    """List of the labels of a DataFrame's columns; None where they are strings."""
    labels = list(X.columns) if isinstance(X, pd.DataFrame) else None
    return None if labels is None or are_names(labels) else labels


def _check_labels(labels, known):
    if labels is None or known is None or labels == known:
        return
    j = next(j for j, (label, before) in enumerate(zip(labels, known)) if label != before)
    raise ValueError(
        f"X must have the columns of fit in the same order: feature names should match those that were passed during "
        f"fit, got {labels[j]!r} as the label of column {j}, which was {known[j]!r} in fit."
    )


def read_table(X):
    """Any X as a Table: 2-D arrays, sparse matrices, frames of pandas, polars and pyarrow, lists of rows."""
    if type(X) is np.ndarray and X.ndim == 2 and X.dtype.kind in "fiub" and 0 < X.size <= MAX_CELLS:
        return DenseTable(X)
    if scipy.sparse.issparse(X):
        return _read_sparse(X)
    if isinstance(X, pd.DataFrame):
        return _read_pandas(X)
    check_in_memory(X, "X")
    if nw is not None and nw.dependencies.is_into_dataframe(X):
        return _read_narwhals(nw.from_native(X, eager_only=True))
    return _read_array(X)


def _check_shape(shape):
    n_samples, n_features = shape
    for count, noun in ((n_samples, "sample"), (n_features, "feature")):
        if count == 0:
            raise ValueError(f"Found array with 0 {noun}(s) (shape={tuple(shape)}) while a minimum of 1 is required.")
    if n_samples * n_features > MAX_CELLS:
        raise ValueError(
            f"X must have at most 2**31 cells, got {n_samples} rows x {n_features} columns = {n_samples * n_features}. "
            "Use fewer columns or a sample of the rows (to predict: several calls)."
        )


def _check_two_dimensional(values):
    if values.ndim < 2:
        what = "scalar array" if values.ndim == 0 else "1D array"
        raise ValueError(
            f"Expected 2D array, got {what} instead:\narray={values}.\n"
            "Reshape your data either using array.reshape(-1, 1) if your data has a single feature "
            "or array.reshape(1, -1) if it contains a single sample."
        )
    if values.ndim > 2:
        raise ValueError(f"Found array with dim {values.ndim}, while dim <= 2 is required.")


def _read_sparse(X):
    _check_two_dimensional(X)
    check_real(X, "X")
    _check_shape(X.shape)
    return SparseTable(X)


def _read_array(X):
    if isinstance(X, np.matrix):
        raise TypeError("X must not be a np.matrix; convert it with np.asarray(X).")
    values = _array_of(X)
    check_real(values, "X")
    _check_two_dimensional(values)
    _check_shape(values.shape)
    if values.dtype.kind in "mM":
        raise _dates_error("X", values.dtype)
    return DenseTable(values) if values.dtype.kind in "fiub" else _read_objects(values)


def _array_of(X):
    X = without_mask(X)
    values = np.asarray(X)
    is_mixed = values.dtype.kind in "US" and not hasattr(X, "dtype")  # rows of numbers and text, all made text
    return np.array(X, object) if is_mixed else values


def _read_objects(values):
    """An array of Python objects or strings: numbers if all are, else columns one by one."""
    try:
        numbers = values.astype(np.float64)
    except (ValueError, TypeError):
        numbers = None
    if numbers is None or (values.dtype == object and are_large(numbers)):
        columns = [_array_column(values[:, j], f"column {j}") for j in range(values.shape[1])]
        return FrameTable(columns, len(values))
    return DenseTable(numbers)


def _array_column(values, name):
    """A column of an array without a dtype for each column: numbers if all cells can be read as such."""
    try:
        numbers = values.astype(np.float64)
    except (ValueError, TypeError):
        return _object_column(values.astype(object), name)
    return _with_integers(values, numbers)


def _with_integers(values, numbers):
    """Numbers of a column of objects; large integers of Python stay beside them, to be told apart."""
    is_lost = values.dtype == object and are_large(numbers) and pd.api.types.infer_dtype(values) == "integer"
    return Converted(values, objects_to_float) if is_lost else numbers


def _object_column(values, name):
    """A column of Python objects: numbers if all are, else categories by value."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
        return _with_integers(values, objects_to_float(values))
    is_mixed = kind.startswith("mixed")
    if is_mixed and all(isinstance(cell, Real) for cell in values[~pd.isna(values)].tolist()):
        return objects_to_float(values)  # fractions
    if kind == "complex" or (is_mixed and any(isinstance(cell, complex) for cell in values.tolist())):
        raise ValueError(f"X must hold real numbers: Complex data not supported, {name} holds it.")
    _check_no_dates(kind, name)
    try:
        return _factorized(values)
    except TypeError:
        raise _cells_error(values, name) from None


def _factorized(values):
    codes, categories = pd.factorize(without_dictionary(values))
    return CategoryColumn(codes.astype(np.int32), np.asarray(categories, object), False)


def without_dictionary(values):
    """A Series with the plain type of a dictionary of Arrow, which pyarrow before 15 does not encode once more."""
    arrow = getattr(getattr(values, "dtype", None), "pyarrow_dtype", None)
    plain = getattr(arrow, "value_type", None) if str(arrow).startswith("dictionary") else None
    return values if plain is None else values.astype(pd.ArrowDtype(plain))


def _cells_error(values, name):
    cell = next(cell for cell in values if not isinstance(cell, Hashable))
    return TypeError(
        f"{name} must hold numbers or text, got {cell!r}: the argument must be a string or a real number, not "
        f"{type(cell).__name__!r}. Make a column of each part of such cells."
    )


def _check_no_dates(kind, name):
    if kind in ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period"):
        raise _dates_error(name, kind)


def _dates_error(name, dtype):
    return TypeError(
        f"{name} holds dates or times ({dtype}); give trees numbers instead, for example the year, month and weekday "
        "(column.dt.year, ...) or the days since a fixed date."
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
        advice = (
            "must hold numbers as in fit: replace what stands for a missing cell by NaN, or fit again with text in "
            "the column for a column of categories"
            if is_fitted
            else "holds no numbers: name it in categorical_features, or let these be 'from_dtype'"
        )
        raise ValueError(f"{error}. {name} {advice}.") from None


# -- frames ----------------------------------------------------------------------------------------------------------


def _read_pandas(X):
    shape = X.shape  # which takes pandas as long as the trees of a small model
    _check_shape(shape)
    if _has_one_block(X):  # asking for the dtypes takes longer than a prediction of few rows
        values = X.to_numpy()
        if values.dtype.kind in "fiub":
            return DenseTable(values, X.columns)
    if shape[0] <= FEW_ROWS and (table := _table_of_few_rows(X, shape)) is not None:
        return table
    if _is_one_array(X):
        return DenseTable(X.to_numpy(), X.columns)
    columns = [_pandas_column(series, f"column {name!r}") for name, series in X.items()]
    return FrameTable(columns, shape[0], X.columns)


def _has_one_block(X):
    """Whether pandas holds all columns in one array of NumPy, if it tells."""
    blocks = getattr(getattr(X, "_mgr", None), "blocks", ())
    return len(blocks) == 1 and type(getattr(blocks[0], "values", None)) is np.ndarray


def _table_of_few_rows(X, shape):
    """FewRowsTable of the blocks in which pandas holds X, if it tells: making a Series of each column takes longer."""
    numbers, categories, n_known = [], {}, 0
    for part in getattr(getattr(X, "_mgr", None), "blocks", ()):
        values, places = part.values, part.mgr_locs.indexer
        if type(values) is np.ndarray and values.dtype.kind in "fiub":
            numbers.append((places, values))
            n_known += len(values)
            continue
        columns = _columns_of_categories(values)
        if columns is None:
            return None
        categories.update(zip(_listed(places), columns))
        n_known += len(columns)
    return FewRowsTable(_joined(numbers, shape), categories, X.columns) if n_known == shape[1] else None


def _joined(numbers, shape):
    """(n_features, n_samples) float64 of pairs (places, rows of these features); others may be anything."""
    if shape[0] == 1 and len(numbers) >= MANY_BLOCKS:
        return _joined_row(numbers, shape[1])
    block = np.empty(shape[::-1])
    if len(numbers) < MANY_BLOCKS:
        for places, values in numbers:
            block[places] = values
        return block
    listed = [place for places, _ in numbers for place in _listed(places)]
    block[listed] = np.concatenate([values for _, values in numbers], dtype=np.float64, casting="unsafe")
    return block


def _joined_row(numbers, n_features):
    """The same, of a single row: lists take less time than as many arrays."""
    row = [0.0] * n_features
    for places, values in numbers:
        if values.size == 1 and type(places) is slice:
            row[places.start] = values.item()
        else:
            for place, cell in zip(_listed(places), values[:, 0].tolist()):
                row[place] = cell
    return np.array(row, np.float64).reshape(n_features, 1)


def _listed(places):
    return range(places.start, places.stop, places.step) if type(places) is slice else places.tolist()


def _columns_of_categories(values):
    """List of the columns of a block of pandas, as FewRowsTable takes them; None if they are something else."""
    if isinstance(values, pd.Categorical):
        return [values]
    if isinstance(getattr(values, "dtype", None), pd.StringDtype):
        return [_cells_of_texts(values)]
    if type(values) is np.ndarray and values.dtype == object:
        columns = values.tolist()
        return columns if all(map(_is_text, columns)) else None
    return None


def _is_text(cells):
    """Whether some cells are text and no cell is anything else but None."""
    kinds = set(map(type, cells))
    return str in kinds and kinds <= {str, type(None)}


def _cells_of_texts(values):
    """A pandas array of text as a list of it and of None.

    By pyarrow where it holds the text: pandas takes several times as long.
    """
    in_arrow = getattr(values, "_pa_array", None)
    if in_arrow is not None:
        return in_arrow.to_pylist()
    return [cell if isinstance(cell, str) else None for cell in np.asarray(values, object).tolist()]


def _few_categories(cells):
    """As `_factorized`, of a column of FewRowsTable."""
    if isinstance(cells, pd.Categorical):
        return CategoryColumn(cells.codes, np.asarray(cells.categories, object), True)
    codes = {}
    found = [-1 if cell is None else codes.setdefault(cell, len(codes)) for cell in cells]
    return CategoryColumn(np.array(found, np.int32), np.array(list(codes), object), False)


def _few_texts(cells):
    """List of text and of None of a column of FewRowsTable; None if some cells are no text."""
    if type(cells) is list:
        return cells
    levels, codes = _levels(cells.dtype.categories), getattr(cells, "_codes", None)
    codes = cells.codes if codes is None else codes  # which takes pandas as long as all that follows
    texts = [None if code < 0 else levels[code] for code in codes.tolist()]
    return texts if _is_text(texts) else None


def _levels(categories):
    """The categories of a column, as a list where it is worth it.

    Of frames that come one after the other from one source all share an Index, of which pandas reads text slowly.
    """
    if len(categories) > MOST_KEPT_LEVELS:
        return categories
    index, levels = _levels_of_index.get(id(categories), (None, None))
    if index is not categories:
        if len(_levels_of_index) >= MOST_KEPT_INDEXES:
            _levels_of_index.clear()
        levels = categories.tolist()
        _levels_of_index[id(categories)] = categories, levels
    return levels


def _is_one_array(X):
    """Whether all columns are views of one numeric array, or so few that copying them into one is the fastest."""
    first, *others = X.dtypes
    is_alike = isinstance(first, np.dtype) and first.kind in "fiub" and all(dtype == first for dtype in others)
    return is_alike and (X.size < 10_000 or _have_one_base(X))


def _have_one_base(X):
    bases = [X.iloc[:, j].to_numpy().base for j in (0, X.shape[1] // 2, -1)]
    return bases[0] is not None and all(base is bases[0] for base in bases)


def _pandas_column(series, name):
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return CategoryColumn(series.cat.codes.to_numpy(), np.asarray(series.cat.categories, object), True)
    if isinstance(dtype, pd.SparseDtype):
        return Converted(series.array, np.asarray)
    if dtype.kind in "mM" or isinstance(dtype, pd.PeriodDtype):
        raise _dates_error(name, dtype)
    if dtype.kind == "c":
        raise ValueError(f"X must hold real numbers: Complex data not supported, {name} holds it.")
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return series.to_numpy()
    check_pandas_reads(dtype, name)
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):  # nullable, Arrow
        return Converted(series.array, _nullable_to_float)
    if isinstance(dtype, np.dtype):
        return _object_column(series.to_numpy(), name)
    if _holds_lists(dtype):
        return _object_column(_objects(series.tolist()), name)
    column = _factorized(series)
    _check_no_dates(pd.api.types.infer_dtype(column.categories), name)  # Arrow has dates without a kind
    return column


def check_pandas_reads(dtype, name):
    """Raise an error if pandas holds a column of Arrow in a layout that it can't compute with."""
    if str(dtype).startswith(("string_view", "binary_view", "run_end_encoded")):
        raise TypeError(
            f"{name} must hold numbers or text in a layout that pandas reads, got dtype {dtype}: cast it in pyarrow, "
            "for example by column.cast(pyarrow.large_string()), or give the table of pyarrow itself."
        )


def _holds_lists(dtype):
    """Whether cells of an Arrow dtype are lists, structs or maps."""
    arrow = getattr(dtype, "pyarrow_dtype", None)
    return arrow is not None and arrow.num_fields > 0


def _objects(cells):
    """A 1-D array of the cells, whatever they are."""
    objects = np.empty(len(cells), object)
    objects[:] = cells
    return objects


def _nullable_to_float(values):
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _read_narwhals(frame):
    _check_shape(frame.shape)
    columns = [_narwhals_column(series) for series in frame.iter_columns()]
    return FrameTable(columns, frame.shape[0], list(frame.columns))


def _narwhals_column(series):
    dtype, name = series.dtype, f"column {series.name!r}"
    if dtype.is_temporal():
        raise _dates_error(name, dtype)
    if dtype == nw.Boolean:
        return Converted(series, lambda part: part.cast(nw.Float64).to_numpy())
    if dtype.is_numeric():
        return Converted(series, _narwhals_numbers)
    if dtype in (nw.Categorical, nw.Enum, nw.String):
        return _narwhals_categories(series)
    return _object_column(_objects(series.to_list()), name)


def _narwhals_numbers(series):
    is_cast = series.null_count() > 0 or series.dtype.is_decimal() or series.dtype in (nw.Int128, nw.UInt128)
    return (series.cast(nw.Float64) if is_cast else series).to_numpy()


def _narwhals_categories(series):
    """Codes by a join inside the frame's library; only an Enum fixes an order that is not an accident of history."""
    is_ordered = series.dtype == nw.Enum
    strings = series.cast(nw.String)
    known = list(series.dtype.categories) if is_ordered else strings.drop_nulls().unique().sort().to_list()
    if not known:
        return CategoryColumn(np.full(len(series), -1, np.int32), np.empty(0, object), is_ordered)
    codes = strings.replace_strict(known, list(range(len(known))), return_dtype=nw.Int32)
    return CategoryColumn(codes.fill_null(-1).to_numpy(), np.asarray(known, object), is_ordered)
