"""Frames of pandas, and those that narwhals reads (polars, pyarrow), as tables."""

import numpy as np
import pandas as pd

from skensemble._few_rows import FEW_ROWS, table_of_few_rows
from skensemble._object_cells import as_objects, check_no_dates, dates_error, factorized, object_column
from skensemble._tables import CategoryColumn, Converted, DenseTable, FrameTable, check_shape

try:  # scikit-learn >= 1.9 brings it; without it polars and pyarrow tables are read through numpy
    import narwhals as nw
except ImportError:
    nw = None


def narwhals_frame(X):
    """X as narwhals knows it; None of what it does not read, and where it is not there."""
    if nw is None:
        return None
    if is_record_batch(X):
        import pyarrow as pa

        X = pa.Table.from_batches([X])
    return nw.from_native(X, eager_only=True) if nw.dependencies.is_into_dataframe(X) else None


def is_record_batch(X):
    """Is it a RecordBatch of pyarrow, as files of Parquet are read in?  Neither narwhals nor scikit-learn knows it."""
    return type(X).__name__ == "RecordBatch" and type(X).__module__.split(".")[0] == "pyarrow"


def read_pandas(X):
    shape = X.shape  # which takes pandas as long as the trees of a small model
    check_shape(shape)
    if _has_one_block(X):  # asking for the dtypes takes longer than a prediction of few rows
        values = X.to_numpy()
        if values.dtype.kind in "fiub":
            return DenseTable(values, X.columns)
    if shape[0] <= FEW_ROWS and (table := table_of_few_rows(X, shape)) is not None:
        return table
    if _is_one_array(X):
        return DenseTable(X.to_numpy(), X.columns)
    columns = [_pandas_column(series, f"column {name!r}") for name, series in X.items()]
    return FrameTable(columns, shape[0], X.columns)


def _has_one_block(X):
    """Whether pandas holds all columns in one array of NumPy, if it tells."""
    blocks = getattr(getattr(X, "_mgr", None), "blocks", ())
    return len(blocks) == 1 and type(getattr(blocks[0], "values", None)) is np.ndarray


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
        is_real = dtype.kind in "fiub"
        return Converted(series.array, np.asarray) if is_real else _pandas_column(series.sparse.to_dense(), name)
    if dtype.kind in "mM" or isinstance(dtype, pd.PeriodDtype):
        raise dates_error(name, dtype)
    if dtype.kind == "c":
        raise ValueError(f"X must hold real numbers: Complex data not supported, {name} holds it.")
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return series.to_numpy()
    check_pandas_reads(dtype, name)
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):  # nullable, Arrow
        return Converted(series.array, _nullable_to_float)
    if isinstance(dtype, np.dtype):
        return object_column(series.to_numpy(), name)
    if _holds_lists(dtype):
        return object_column(as_objects(series.tolist()), name)
    column = factorized(series)
    check_no_dates(pd.api.types.infer_dtype(column.categories), name)  # Arrow has dates without a kind
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


def _nullable_to_float(values):
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def read_narwhals(frame):
    check_shape(frame.shape)
    columns = [_narwhals_column(series) for series in frame.iter_columns()]
    return FrameTable(columns, frame.shape[0], list(frame.columns))


def _narwhals_column(series):
    dtype, name = series.dtype, f"column {series.name!r}"
    if dtype.is_temporal():
        raise dates_error(name, dtype)
    if dtype == nw.Boolean:
        return Converted(series, lambda part: part.cast(nw.Float64).to_numpy())
    if dtype.is_numeric():
        return Converted(series, _narwhals_numbers)
    if dtype in (nw.Categorical, nw.Enum, nw.String):
        return _narwhals_categories(series)
    return object_column(as_objects(series.to_list()), name)


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
