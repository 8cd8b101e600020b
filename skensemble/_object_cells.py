"""Columns of Python objects and of text: numbers if all cells are numbers, else categories by value."""

from collections.abc import Hashable
from numbers import Real

import numpy as np
import pandas as pd

from skensemble._large_integers import are_large, objects_to_float
from skensemble._tables import CategoryColumn, Converted


def array_column(values, name):
    """A column of an array without a dtype for each column: numbers if all cells can be read as such."""
    try:
        numbers = values.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        return object_column(values.astype(object), name)
    return _with_integers(values, numbers)


def object_column(values, name):
    """A column of Python objects: numbers if all are, else categories by value."""
    kind = kind_of_objects(values)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
        return _with_integers(values, _as_floats(values, name))
    is_mixed = kind.startswith("mixed")
    if is_mixed and all(isinstance(cell, Real) for cell in values[~pd.isna(values)].tolist()):
        return _as_floats(values, name)  # fractions
    if kind == "complex" or (is_mixed and any(isinstance(cell, complex) for cell in values.tolist())):
        raise ValueError(f"X must hold real numbers: Complex data not supported, {name} holds it.")
    check_no_dates(kind, name)
    try:
        return factorized(values)
    except TypeError:
        raise _cells_error(values, name) from None


def kind_of_objects(values):
    """What pandas infers from those that are not missing: NaT makes no mixture of text, and no date of a row of it."""
    return pd.api.types.infer_dtype(values[~pd.isna(values)], skipna=False)


def _as_floats(values, name):
    try:
        return objects_to_float(values)
    except OverflowError:
        raise ValueError(f"{name} must hold numbers that a float can hold, got one beyond 1.8e308.") from None


def _with_integers(values, numbers):
    """Numbers of a column of objects; large integers of Python stay beside them, to be told apart."""
    is_lost = values.dtype == object and are_large(numbers) and pd.api.types.infer_dtype(values) == "integer"
    return Converted(values, objects_to_float) if is_lost else numbers


def factorized(values):
    codes, categories = pd.factorize(without_dictionary(values))
    return CategoryColumn(codes.astype(np.int32), np.asarray(categories, object), False)


def in_native_order(values):
    """An array or a Series of a NumPy dtype with the order of bytes that pandas can factorize; others as they are."""
    is_native = not isinstance(values.dtype, np.dtype) or values.dtype.isnative
    return values if is_native else values.astype(values.dtype.newbyteorder("="))


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


def check_no_dates(kind, name):
    if kind in ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period"):
        raise dates_error(name, kind)


def dates_error(name, dtype):
    return TypeError(
        f"{name} holds dates or times ({dtype}); give trees numbers instead, for example the year, month and weekday "
        "(column.dt.year, ...) or the days since a fixed date."
    )


def as_objects(cells):
    """A 1-D array of the cells, whatever they are."""
    objects = np.empty(len(cells), object)
    objects[:] = cells
    return objects
