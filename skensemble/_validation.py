"""The door: any X becomes a Table, columns of plain arrays."""

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.utils.validation import validate_data

from skensemble._feature_positions import are_names
from skensemble._frames import is_record_batch, narwhals_frame, read_narwhals, read_pandas
from skensemble._input_kinds import check_in_memory, check_real, without_mask
from skensemble._large_integers import are_large
from skensemble._object_cells import array_column, dates_error
from skensemble._tables import MAX_CELLS, DenseTable, FrameTable, SparseTable, check_shape


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
    if reset and type(X) is np.ndarray:  # what scikit-learn does after a long look for names
        estimator.n_features_in_ = X.shape[1]
        estimator.__dict__.pop("feature_names_in_", None)
    else:
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
    """What scikit-learn can ask for names and the number of columns: X, or what stands for it.

    A frame of no rows for those whose names it does not see (polars before 1.9), an array for what has no shape, and
    for a frame of pandas that has a label twice which is no string: columns have places then, not names.
    """
    if isinstance(X, pd.DataFrame):
        is_nameless = not X.columns.is_unique and not any(isinstance(label, str) for label in X.columns)
        return np.broadcast_to(0.0, X.shape) if is_nameless else X
    names = X.schema.names if is_record_batch(X) else getattr(X, "columns", None)
    is_foreign = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if is_foreign:
        return pd.DataFrame(columns=names)
    return X if hasattr(X, "shape") or isinstance(X, (list, tuple)) else np.asarray(X)


def _labels_other_than_names(X):
    """List of the labels of a DataFrame's columns; None where they are strings."""
    labels = list(X.columns) if isinstance(X, pd.DataFrame) else None
    return None if labels is None or are_names(labels) else labels


def _check_labels(labels, known):
    if labels is None or known is None or labels == known:
        return
    others = [j for j, (label, before) in enumerate(zip(labels, known)) if not _are_same(label, before)]
    if not others:
        return
    j = others[0]
    raise ValueError(
        f"X must have the columns of fit in the same order: feature names should match those that were passed during "
        f"fit, got {labels[j]!r} as the label of column {j}, which was {known[j]!r} in fit."
    )


def _are_same(label, before):
    """Whether labels are the same; NaN is, once a label and once in a copy or a file."""
    return label is before or label == before or (label != label and before != before)


def read_table(X):
    """Any X as a Table: 2-D arrays, sparse matrices, frames of pandas, polars and pyarrow, lists of rows."""
    if type(X) is np.ndarray and X.ndim == 2 and X.dtype.kind in "fiub" and 0 < X.size <= MAX_CELLS:
        return DenseTable(X)
    if scipy.sparse.issparse(X):
        return _read_sparse(X)
    if isinstance(X, pd.DataFrame):
        return read_pandas(X)
    check_in_memory(X, "X")
    frame = narwhals_frame(X)
    return _read_array(X) if frame is None else read_narwhals(frame)


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
    check_shape(X.shape)
    return SparseTable(X)


def _read_array(X):
    if isinstance(X, np.matrix):
        raise TypeError("X must not be a np.matrix; convert it with np.asarray(X).")
    values = _array_of(X)
    check_real(values, "X")
    _check_two_dimensional(values)
    check_shape(values.shape)
    if values.dtype.kind in "mM":
        raise dates_error("X", values.dtype)
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
    except (ValueError, TypeError, OverflowError):
        numbers = None
    if numbers is None or (values.dtype == object and are_large(numbers)):
        columns = [array_column(values[:, j], f"column {j}") for j in range(values.shape[1])]
        return FrameTable(columns, len(values))
    return DenseTable(numbers)
