"""Kinds of input that NumPy would misread: collections that are not in memory, and masked arrays."""

from functools import lru_cache

import numpy as np

from skensemble._parameters import ParameterError

LOADED_BY = {  # library -> the call by which its collections become tables or arrays in memory
    "dask": ".compute()",
    "dask_expr": ".compute()",
    "pyspark": ".toPandas()",
    "sqlframe": ".toPandas()",
    "ibis": ".to_pandas()",
    "snowflake": ".to_pandas()",
    "bigframes": ".to_pandas()",
    "datafusion": ".to_pandas()",
    "daft": ".to_pandas()",
    "ray": ".to_pandas()",
    "vaex": ".to_pandas_df()",
    "duckdb": ".df()",
}


class TableSource:
    """A table that is read in batches of rows, of which a fit keeps codes only; see `skensemble.distributed`."""

    def targets(self, y, sample_weight):
        """(y, sample_weight) of all rows in memory; both must be None, or weights alone where the source has none."""
        raise NotImplementedError

    def first_rows(self):
        """X of one batch, as it came."""
        raise NotImplementedError

    def features(self):
        """Yield X of each batch that has rows, as it came."""
        raise NotImplementedError

    def table(self, all_codes=False):
        """The Table, whose columns are read when they are asked for.

        all_codes : whether, of several processes that have some rows each, all need the codes of all rows
        """
        raise NotImplementedError


def is_dask(values):
    """Is it a collection of Dask, a frame, a series or an array?"""
    return _is_of_dask(type(values)) and hasattr(values, "to_delayed")


@lru_cache(maxsize=256)
def _is_of_dask(kind):
    return any(library in ("dask", "dask_expr") for library, _ in _ancestry(kind))


@lru_cache(maxsize=256)
def _ancestry(kind):
    """[(library, name)] of a class and of those that it inherits from; asked for each row that is predicted."""
    return [(base.__module__.split(".")[0], base.__name__) for base in kind.__mro__]


def check_in_memory(values, name):
    """Raise a ParameterError for a collection that is computed or fetched only when it is read, such as Dask's."""
    if isinstance(values, TableSource):
        raise ParameterError(
            f"{name} must be in memory, got {type(values).__name__}: batches are read by fit, predict, predict_proba "
            "and decision_function of the NewtonBoosting estimators and forests."
        )
    call = _loading_call(values)
    if call is not None:
        kind = f"{type(values).__module__.split('.')[0]} {type(values).__name__}"
        raise ParameterError(
            f"{name} must be in memory, got a {kind}: Dask's collections are read by fit and predictions of the "
            f"NewtonBoosting estimators and of forests only. Pass {name}{call}, or a part of it that fits into memory."
        )


def _loading_call(values):
    if isinstance(values, (np.ndarray, list, tuple)):
        return None
    for library, name in _ancestry(type(values)):
        if library in LOADED_BY:
            return LOADED_BY[library]
        if name == "LazyFrame" and library in ("polars", "narwhals"):
            return ".collect()"
    return ".compute()" if _holds_dask(values) else None


def _holds_dask(values):
    """Whether Dask computes what stands in a container of another library, such as xarray's."""
    graph = getattr(type(values), "__dask_graph__", None)
    return graph is not None and graph(values) is not None


def without_mask(X):
    """X with masked cells as missing ones: NaN among numbers, NaT among times, None among other values."""
    if isinstance(X, (list, tuple)) and any(isinstance(row, np.ma.MaskedArray) for row in X):
        X = np.ma.array(X)
    if not isinstance(X, np.ma.MaskedArray):
        return X
    if not np.ma.is_masked(X):
        return np.asarray(X)
    is_missing, values = np.ma.getmaskarray(X), np.array(X.data)
    if values.dtype.kind in "iub":
        values = values.astype(np.float64)
    elif values.dtype.kind not in "fcmM":
        values = values.astype(object)
    values[is_missing] = {"O": None, "m": "NaT", "M": "NaT"}.get(values.dtype.kind, np.nan)
    return values


def check_unmasked(values, name):
    """Raise a ValueError for an array with masked entries."""
    if np.ma.is_masked(values):
        n_masked = np.ma.count_masked(values)
        raise ValueError(f"{name} must have no missing values, got {n_masked} masked ones: leave these rows out.")


def check_real(values, name):
    """Refuse complex numbers, in a sentence that does not print them all."""
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "kind", None) == "c":
        raise ValueError(f"{name} must hold real numbers: Complex data not supported, got {dtype}.")
