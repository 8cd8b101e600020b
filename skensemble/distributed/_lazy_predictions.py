"""Predictions of Dask's collections: lazy collections of the same kind."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skensemble._input_kinds import is_dask

if TYPE_CHECKING:
    from skensemble._types import Method


def lazy_on_dask(predict: Method) -> Method:
    """A method that predicts rows, so that it returns a lazy collection for one of Dask."""

    @wraps(predict)
    def lazily(estimator, X):
        return _of_collection(predict, estimator, X) if is_dask(X) else predict(estimator, X)

    return lazily


def _of_collection(predict, estimator, X):
    if not hasattr(X, "map_partitions") or hasattr(X, "map_blocks"):
        return _of_array(predict, estimator, X)
    example = _one_array(predict(estimator, pd.DataFrame(np.nan, [0], X.columns)))
    columns = None
    if example.ndim == 2:
        classes = getattr(estimator, "classes_", ())
        columns = list(classes) if len(classes) == example.shape[1] else list(range(example.shape[1]))
    predict_part = partial(_predict_part, predict, estimator, example[:0], columns)
    return X.map_partitions(predict_part, meta=predict_part(X._meta))


def _one_array(example):
    if isinstance(example, list):
        raise ValueError(
            f"X must be in memory for predictions that are a list, one array for each of {len(example)} outputs, got "
            "a Dask collection: pass a method to X.map_partitions or X.map_blocks."
        )
    return example


def _predict_part(predict, estimator, nothing, columns, part):
    values = predict(estimator, part) if len(part) else nothing
    if columns is None:
        return pd.Series(values, part.index)
    return pd.DataFrame(values, part.index, columns)


def _of_array(predict, estimator, X):
    example = _one_array(predict(estimator, np.full((1, X.shape[1]), np.nan)))
    X = X.rechunk({1: -1})
    of_block = partial(_predict_block, predict, estimator, example[:0])
    if example.ndim == 1:
        return X.map_blocks(of_block, drop_axis=1, meta=example[:0])
    return X.map_blocks(of_block, chunks=(X.chunks[0], (example.shape[1],)), meta=example[:0])


def _predict_block(predict, estimator, nothing, block):
    return predict(estimator, block) if len(block) else nothing
