"""Names of types in public signatures, for editors and type checkers alone: at runtime no other file imports this one.

What is handed in is taken by what it can do, not by its class, so tables and columns are anything for a type checker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from pandas import DataFrame
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from typing import TypeAlias

    from typing_extensions import Self

__all__ = [
    "Any",
    "Array",
    "ArrayLike",
    "BaseEstimator",
    "Callable",
    "Column",
    "DataFrame",
    "Iterator",
    "Method",
    "PathLike",
    "RandomState",
    "Seed",
    "Self",
    "Sequence",
    "Table",
]

Array: TypeAlias = "np.ndarray[Any, Any]"
Table: TypeAlias = Any  # a frame of pandas or Polars, a pyarrow table, an array, a sparse matrix, lists, Batches, Dask
Column: TypeAlias = Any  # a Series, an array, a list, a collection of Dask
Seed: TypeAlias = "int | RandomState | None"
Method = TypeVar("Method", bound=Callable[..., Any])  # what a decorator takes and gives back
