"""Containers of tables: arrays, lists and frames become pandas frames, which are turned back into the same kind."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import check_array

from skensemble._input_kinds import check_in_memory, check_real, without_mask
from skensemble._tables import MAX_CELLS

NOT_IN_ARROW = ("Object", "Int128", "UInt128")  # dtypes of polars
MOST_DENSE_CELLS = 10_000_000  # of a sparse matrix that is made dense


def container_of(X):
    """The container that knows how to read X and to make another one like it."""
    if isinstance(X, pd.DataFrame):
        return PandasContainer(X)
    check_in_memory(X, "X")
    library = type(X).__module__.split(".")[0]
    frames = {"polars": PolarsContainer, "pyarrow": ArrowContainer}
    if library in frames and hasattr(X, "schema"):
        return frames[library](X)
    return ArrayContainer(X)


def read_frame(X):
    """Any X as a pandas frame whose columns keep their own dtypes."""
    container = container_of(X)
    frame = container.frame(X)
    check_shape(frame.shape)
    return frame


def check_shape(shape):
    """Raise a ValueError for a table without rows or columns, or with too many cells."""
    for count, noun in zip(shape, ("sample", "feature")):
        if count == 0:
            raise ValueError(f"Found array with 0 {noun}(s) (shape={tuple(shape)}) while a minimum of 1 is required.")
    if shape[0] * shape[1] > MAX_CELLS:
        raise ValueError(f"X must have at most 2**31 cells, got {shape[0]} rows x {shape[1]} columns.")


class ArrayContainer:
    """Arrays, lists of rows and sparse matrices; all come back as dense arrays."""

    def __init__(self, X):
        self.dtype = self._array(X).dtype

    @classmethod
    def frame(cls, X):
        values = cls._array(X)
        return pd.DataFrame(values.astype(object) if values.dtype.kind in "US" else values, copy=False)

    @staticmethod
    def _array(X):
        X = _dense(X) if issparse(X) else without_mask(X)
        check_real(X, "X")
        values = check_array(X, dtype=None, ensure_all_finite=False)
        if values.dtype.kind in "US" and not hasattr(X, "dtype"):
            return check_array(np.array(X, object), dtype=None, ensure_all_finite=False)  # rows of strings and numbers
        return values

    def restore(self, columns):
        table = np.empty((len(columns[0]), len(columns)), self.dtype)
        for j, column in enumerate(columns):
            table[:, j] = column
        return table


def _dense(X):
    """A sparse matrix as an array; too large ones are an error."""
    if X.ndim == 2 and X.shape[0] * X.shape[1] > MOST_DENSE_CELLS:
        raise ValueError(
            f"X must have at most {MOST_DENSE_CELLS:_} cells if it is a sparse matrix, since generative models make it "
            f"dense, got {X.shape[0]} rows x {X.shape[1]} columns: leave out rare columns, or pool them, for example "
            "by sklearn.decomposition.TruncatedSVD."
        )
    return X.toarray()


class PandasContainer:
    """Frames of pandas."""

    def __init__(self, X):
        self.columns = X.columns

    @staticmethod
    def frame(X):
        return X

    def restore(self, columns):
        series = [pd.Series(column, dtype=column.dtype) for column in columns]  # objects stay objects
        frame = pd.DataFrame(dict(enumerate(series)))
        frame.columns = self.columns
        return frame


class ArrowContainer:
    """Tables of pyarrow."""

    def __init__(self, X):
        self.schema = X.schema

    @staticmethod
    def frame(X):
        frame = _in_plain_layouts(X).to_pandas(types_mapper=pd.ArrowDtype)
        for name in frame:
            if str(frame[name].dtype).startswith("dictionary"):
                frame[name] = frame[name].astype("str").mask(frame[name].isna())  # pandas 2.0 makes text of them
        return frame

    def restore(self, columns):
        import pyarrow as pa

        arrays = [pa.array(column, from_pandas=True) for column in columns]
        types = [field.type for field in self.schema]
        arrays = [
            array.cast(kind.value_type).dictionary_encode() if pa.types.is_dictionary(kind) else array.cast(kind)
            for array, kind in zip(arrays, types)
        ]
        return pa.Table.from_arrays(arrays, names=self.schema.names).cast(self.schema)


def _in_plain_layouts(table):
    """A table of pyarrow without views of text, as DataFusion makes them, which pandas can't read."""
    import pyarrow as pa

    for j, field in enumerate(table.schema):
        if str(field.type) == "string_view":
            table = table.set_column(j, field.name, table.column(j).cast(pa.large_string()))
    return table


class PolarsContainer:
    """Frames of polars; pyarrow carries their columns."""

    def __init__(self, X):
        self.schema = X.schema

    @staticmethod
    def frame(X):
        import polars as pl

        for name, dtype in X.schema.items():
            if str(dtype) in NOT_IN_ARROW:
                raise TypeError(
                    f"column {name!r} must hold numbers, strings, categories, dates or durations, got dtype {dtype}: "
                    "cast it, for example to polars.Int64, polars.Float64 or polars.String."
                )
        strings = X.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
        frame = strings.to_arrow(compat_level=pl.CompatLevel.oldest()).to_pandas(types_mapper=pd.ArrowDtype)
        for name, dtype in X.schema.items():
            if isinstance(dtype, pl.Enum):  # its order means something
                frame[name] = pd.Categorical(X[name].to_list(), dtype.categories.to_list(), ordered=True)
        return frame

    def restore(self, columns):
        import polars as pl
        import pyarrow as pa

        arrays = [pl.from_arrow(pa.array(column, from_pandas=True)) for column in columns]
        return pl.DataFrame(
            [array.cast(dtype).alias(name) for array, (name, dtype) in zip(arrays, self.schema.items())]
        )
