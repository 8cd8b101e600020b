"""The door: any X becomes columns of plain arrays.

A frame is never turned into one big float array.  `read_table` keeps views of what came in, numbers in their own dtype
and categories as integer codes; converting to float64 happens block by block, in `Table.fill`.
"""

from threading import Lock
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.utils.validation import validate_data

from skensemble._parameters import CATEGORICAL_FEATURES, ParameterError, check_parameter, is_number

try:  # scikit-learn >= 1.9 brings it; without it polars and pyarrow tables are read through numpy
    import narwhals as nw
except ImportError:
    nw = None

# -- tables ----------------------------------------------------------------------------------------------------------

MAX_CELLS = 2**31


class CategoryColumn(NamedTuple):
    """A column of categories.

    codes : (n_samples,) integers, positions in `categories`; -1 = missing
    categories : (n_categories,) distinct values
    is_ordered_by_dtype : the frame's dtype says in which order categories stand (else they are sorted when fitted)
    is_category_by_dtype : "from_dtype" takes the column as categories; False for strings in a plain array
    """

    codes: np.ndarray
    categories: np.ndarray
    is_ordered_by_dtype: bool
    is_category_by_dtype: bool


class Table:
    """What remains of X: columns of real numbers (NaN = missing) and columns of categories.

    n_samples, n_features : int
    feature_names : list of str, or None
    """

    def __init__(self, n_samples, n_features, feature_names=None):
        self.n_samples = n_samples
        self.n_features = n_features
        self.feature_names = feature_names
        self.memo = None  # what an encoder keeps from one block of rows to the next

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

    def is_category_by_dtype(self, j):
        return False

    def category_column(self, j):
        """Column j if it is a CategoryColumn, else None."""
        return None

    def name_of(self, j):
        """Name of column j in messages."""
        return f"column {j}" if self.feature_names is None else f"column {self.feature_names[j]!r}"


class DenseTable(Table):
    """A 2-D array of one real dtype, in any memory order."""

    def __init__(self, values, feature_names=None):
        super().__init__(*values.shape, feature_names)
        self.values = values

    def column(self, j):
        return self.values[:, j]

    def columns(self, first, last, rows):
        return list(np.ascontiguousarray(self.values[rows, first:last].T))

    def fill(self, block, start, stop):
        block[...] = self.values[start:stop].T

    def take(self, rows):
        return DenseTable(self.values[rows], self.feature_names)


class SparseTable(Table):
    """A sparse matrix or array; what it does not store is zero, not missing."""

    def __init__(self, matrix):
        super().__init__(*matrix.shape)
        self.matrix = matrix
        self._by_column = self._by_row = None
        self._lock = Lock()  # blocks are read by several threads; one conversion is enough

    def column(self, j):
        by_column = self._columnwise()
        stored = slice(by_column.indptr[j], by_column.indptr[j + 1])
        values = np.zeros(self.n_samples, by_column.dtype)
        np.add.at(values, by_column.indices[stored], by_column.data[stored])  # a cell may be stored in parts
        return values

    def fill(self, block, start, stop):
        block[...] = self._rowwise()[start:stop].toarray().T

    def take(self, rows):
        return SparseTable(self._rowwise()[rows])

    def _columnwise(self):
        with self._lock:
            if self._by_column is None:
                self._by_column = self.matrix.tocsc()
            return self._by_column

    def _rowwise(self):
        with self._lock:
            if self._by_row is None:
                self._by_row = self.matrix.tocsr()
            return self._by_row


class FrameTable(Table):
    """Columns of their own kinds: 1-D arrays, `Converted` columns and CategoryColumns."""

    def __init__(self, columns, n_samples, feature_names=None):
        super().__init__(n_samples, len(columns), feature_names)
        self._columns = columns

    def column(self, j):
        column = self._columns[j]
        return column if isinstance(column, CategoryColumn) else column[:]

    def fill(self, block, start, stop):
        for j, column in enumerate(self._columns):
            if not isinstance(column, CategoryColumn):
                block[j] = column[start:stop]

    def take(self, rows):
        taken = [_rows_of(self.column(j), rows) for j in range(self.n_features)]
        return FrameTable(taken, len(rows), self.feature_names)

    def is_category_by_dtype(self, j):
        column = self.category_column(j)
        return column is not None and column.is_category_by_dtype

    def category_column(self, j):
        column = self._columns[j]
        return column if isinstance(column, CategoryColumn) else None


class Converted:
    """A column that becomes a numeric array when it is read, rows by rows: no copy of the whole column stays."""

    def __init__(self, values, convert):
        self._values, self._convert = values, convert

    def __getitem__(self, rows):
        return self._convert(self._values[rows])


def _rows_of(column, rows):
    if isinstance(column, CategoryColumn):
        return column._replace(codes=column.codes[rows])
    return column[rows]


# -- reading X -------------------------------------------------------------------------------------------------------


def read_features(estimator, X, *, reset):
    """Read X for `estimator`; set (fit) or check (predict) its `n_features_in_` and `feature_names_in_`."""
    table = read_table(X)
    is_known_array = type(X) is np.ndarray and not reset and not hasattr(estimator, "feature_names_in_")
    if not (is_known_array and getattr(estimator, "n_features_in_", None) == table.n_features):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    return table


def read_table(X):
    """Any X as a Table: 2-D arrays, sparse matrices, frames of pandas, polars and pyarrow, lists of rows."""
    if type(X) is np.ndarray and X.ndim == 2 and X.dtype.kind in "fiub" and 0 < X.size <= MAX_CELLS:
        return DenseTable(X)
    if scipy.sparse.issparse(X):
        return _read_sparse(X)
    if isinstance(X, pd.DataFrame):
        return _read_pandas(X)
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


def _check_not_complex(values):
    if values.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{values}\n")


def _read_sparse(X):
    _check_two_dimensional(X)
    _check_not_complex(X)
    _check_shape(X.shape)
    return SparseTable(X)


def _read_array(X):
    if isinstance(X, np.matrix):
        raise TypeError("X must not be a np.matrix; convert it with np.asarray(X).")
    values = np.asarray(X)
    _check_not_complex(values)
    _check_two_dimensional(values)
    _check_shape(values.shape)
    if values.dtype.kind in "mM":
        raise _dates_error("X", values.dtype)
    return DenseTable(values) if values.dtype.kind in "fiub" else _read_objects(values)


def _read_objects(values):
    """An array of Python objects or strings: numbers if all are, else columns one by one."""
    try:
        return DenseTable(values.astype(np.float64))
    except (ValueError, TypeError):
        objects = values.astype(object)
        return FrameTable(
            [_object_column(objects[:, j], f"column {j}", False) for j in range(values.shape[1])], len(values)
        )


def _object_column(values, name, is_category_by_dtype):
    """A column of Python objects: numbers if all are, else categories by value."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
        return np.where(pd.isna(values), np.nan, values).astype(np.float64)
    if kind == "complex":
        raise ValueError(f"Complex data not supported, {name} holds it.")
    _check_no_dates(kind, name)
    try:
        return _factorized(values, is_category_by_dtype)
    except TypeError:  # lists, dicts, ...: let numpy say what is wrong with them
        return values.astype(np.float64)


def _factorized(values, is_category_by_dtype):
    codes, categories = pd.factorize(values)
    return CategoryColumn(codes.astype(np.int32), np.asarray(categories, object), False, is_category_by_dtype)


def _check_no_dates(kind, name):
    if kind in ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period"):
        raise _dates_error(name, kind)


def _dates_error(name, dtype):
    return TypeError(
        f"{name} holds dates or times ({dtype}); give trees numbers instead, for example the year, month and weekday "
        "(column.dt.year, ...) or the days since a fixed date."
    )


def as_numbers(column, name):
    """The numbers that the categories of a CategoryColumn stand for, as float64, with NaN appended for code -1."""
    try:
        return np.append(np.asarray(column.categories, np.float64), np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{error}. {name} holds no numbers: name it in categorical_features, or pass a DataFrame and "
            "categorical_features='from_dtype'."
        ) from None


# -- frames ----------------------------------------------------------------------------------------------------------


def _names(columns):
    return [str(name) for name in columns] if all(isinstance(name, str) for name in columns) else None


def _read_pandas(X):
    _check_shape(X.shape)
    if _is_one_array(X):
        return DenseTable(X.to_numpy(), _names(X.columns))
    columns = [_pandas_column(series, f"column {name!r}") for name, series in X.items()]
    return FrameTable(columns, len(X), _names(X.columns))


def _is_one_array(X):
    """Whether all columns are views of one numeric array, or so few that copying them into one is the fastest."""
    first, *others = X.dtypes
    if not (isinstance(first, np.dtype) and first.kind in "fiub" and all(dtype == first for dtype in others)):
        return False
    return X.size < 10_000 or _have_one_base(X)


def _have_one_base(X):
    bases = [X.iloc[:, j].to_numpy().base for j in (0, X.shape[1] // 2, -1)]
    return bases[0] is not None and all(base is bases[0] for base in bases)


def _pandas_column(series, name):
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return CategoryColumn(series.cat.codes.to_numpy(), np.asarray(series.cat.categories, object), True, True)
    if isinstance(dtype, pd.SparseDtype):
        return Converted(series.array, np.asarray)
    if dtype.kind in "mM" or isinstance(dtype, pd.PeriodDtype):
        raise _dates_error(name, dtype)
    if dtype.kind == "c":
        raise ValueError(f"Complex data not supported, {name} holds it.")
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return series.to_numpy()
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):  # nullable, Arrow
        return Converted(series.array, _nullable_to_float)
    if isinstance(dtype, np.dtype):
        return _object_column(series.to_numpy(), name, True)
    column = _factorized(series, True)
    _check_no_dates(pd.api.types.infer_dtype(column.categories), name)  # Arrow has dates without a kind
    return column


def _nullable_to_float(values):
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _read_narwhals(frame):
    _check_shape(frame.shape)
    columns = [_narwhals_column(series) for series in frame.iter_columns()]
    return FrameTable(columns, frame.shape[0], _names(frame.columns))


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
    return _object_column(np.asarray(series.to_list(), object), name, True)


def _narwhals_numbers(series):
    has_nulls_or_decimals = series.null_count() > 0 or series.dtype.is_decimal()
    return (series.cast(nw.Float64) if has_nulls_or_decimals else series).to_numpy()


def _narwhals_categories(series):
    """Codes by a join inside the frame's library; only an Enum fixes an order that is not an accident of history."""
    is_ordered = series.dtype == nw.Enum
    strings = series.cast(nw.String)
    known = list(series.dtype.categories) if is_ordered else strings.drop_nulls().unique().sort().to_list()
    if not known:
        return CategoryColumn(np.full(len(series), -1, np.int32), np.empty(0, object), is_ordered, True)
    codes = strings.replace_strict(known, list(range(len(known))), return_dtype=nw.Int32)
    return CategoryColumn(codes.fill_null(-1).to_numpy(), np.asarray(known, object), is_ordered, True)


# -- features by name or position ------------------------------------------------------------------------------------


def feature_positions(features, table, parameter):
    """Positions of the features that a list of names, a list of positions or a boolean mask speaks of.

    table : anything with `n_features` and `feature_names`
    parameter : name of the parameter, for messages
    """
    if isinstance(features, str) or np.ndim(features) != 1:
        raise ParameterError(f"{parameter} must be a list of column names or positions, or a mask, got {features!r}.")
    features = list(features)
    if features and all(isinstance(feature, (bool, np.bool_)) for feature in features):
        return _masked_positions(features, table, parameter)
    return [_feature_position(feature, table, parameter) for feature in features]


def _masked_positions(mask, table, parameter):
    if len(mask) != table.n_features:
        raise ParameterError(f"{parameter} must have one bool per feature ({table.n_features}), got {len(mask)}.")
    return [j for j, is_in in enumerate(mask) if is_in]


def _feature_position(feature, table, parameter):
    if isinstance(feature, str):
        if table.feature_names is None:
            raise ParameterError(f"{parameter} must hold positions: X has no column names, got {feature!r}.")
        if feature not in table.feature_names:
            raise ParameterError(f"{parameter} must hold names of columns of X, got {feature!r}.")
        return table.feature_names.index(feature)
    if not is_number(feature, int) or not 0 <= feature < table.n_features:
        raise ParameterError(
            f"{parameter} must hold column names or positions in [0, {table.n_features - 1}], got {feature!r}."
        )
    return int(feature)


def categorical_mask(categorical_features, table):
    """Which features are categorical, (n_features,) bool: "from_dtype", None, or what `feature_positions` reads."""
    mask = np.zeros(table.n_features, bool)
    if categorical_features is None:
        return mask
    if isinstance(categorical_features, str):
        check_parameter("categorical_features", categorical_features, CATEGORICAL_FEATURES)
        mask[:] = [table.is_category_by_dtype(j) for j in range(table.n_features)]
    else:
        mask[feature_positions(categorical_features, table, "categorical_features")] = True
    return mask
