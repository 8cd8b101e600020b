"""Which columns hold numbers, dates, times or categories."""

from collections import Counter

import numpy as np
import pandas as pd

from skensemble._frames import check_pandas_reads
from skensemble._object_cells import kind_of_objects
from skensemble._text_columns import warn_of_levels
from skensemble.generative.tables._column_formats import (
    CategoryFormat,
    DecimalFormat,
    FloatFormat,
    IntegerFormat,
    holds_objects,
)
from skensemble.generative.tables._time_formats import TIME_OBJECTS, TimeFormat, TimeObjectFormat

OBJECT_KINDS = {
    "string": "O", "boolean": "b", "integer": "i", "floating": "f", "mixed-integer-float": "f", "decimal": "decimal",
    **{kind: kind for kind in TIME_OBJECTS},
}  # fmt: skip

KINDS = {  # in words -> formats
    "numbers": (FloatFormat, IntegerFormat),
    "categories": CategoryFormat,
    "dates or times": TimeFormat,
}


def format_of(series, name, is_category):
    """The format of a column.

    name : how to call it in messages
    is_category : whether its values are categories even if they are numbers or times
    """
    if series.isna().all():  # missing is their only level
        return CategoryFormat(series, name)
    kind = _kind(series, name)
    if is_category or kind == "b" or kind == "O":
        return CategoryFormat(series, name)
    if kind in TIME_OBJECTS:
        return TimeObjectFormat(series, name, kind)
    if kind == "decimal":
        return DecimalFormat(series, name)
    if kind in "mM":
        return TimeFormat(series, name)
    is_exact_integer = kind in "iu" and not holds_objects(series.dtype)
    return IntegerFormat(series, name) if is_exact_integer else FloatFormat(series, name, kind)


def columns_by_kind(formats):
    """How many columns there are of each kind, in words for notebooks."""
    kinds = Counter(next(kind for kind, classes in KINDS.items() if isinstance(each, classes)) for each in formats)
    return f"{len(formats)} ({', '.join(f'{kinds[kind]} of {kind}' for kind in KINDS if kind in kinds)})"


def warn_of_unlisted(formats, plain, is_category):
    """Warn about columns of text that should be something else, unless the user says that they are categories.

    formats, plain : for each column its format, and what this reads;  is_category : (n_columns,) bool, named by users
    """
    for column_format, codes, is_listed in zip(formats, plain, is_category, strict=True):
        if isinstance(column_format, CategoryFormat) and not is_listed:
            codes = np.where(codes == column_format.missing_code, -1, codes)
            is_text = not isinstance(column_format.dtype, pd.CategoricalDtype)
            warn_of_levels(codes, np.asarray(column_format.values, object), column_format.name, is_text)


def _kind(series, name):
    """What a column holds: "f", "i", "u", "b", "M", "m", "O" for categories, "decimal", or a key of TIME_OBJECTS."""
    dtype = series.dtype
    if holds_objects(dtype):
        return _object_kind(series, name)
    check_pandas_reads(dtype, name)
    is_nested = getattr(getattr(dtype, "pyarrow_dtype", None), "num_fields", 0) > 0
    is_nested &= not str(dtype).startswith("dictionary")
    if isinstance(dtype, pd.PeriodDtype) or dtype.kind == "V" or is_nested:
        raise TypeError(f"{name} must hold numbers, strings, categories, dates or durations, got dtype {dtype}.")
    if dtype.kind == "c":
        raise ValueError(f"Complex data not supported, {name} holds it.")
    if str(dtype).startswith(("time32", "time64")):  # of pyarrow
        return "time"
    if dtype.kind in "OUS":
        return "f" if pd.api.types.is_numeric_dtype(dtype) else "O"  # decimals; strings and categories
    return dtype.kind


def _object_kind(series, name):
    inferred = kind_of_objects(series.to_numpy())
    if inferred == "complex":
        raise ValueError(f"Complex data not supported, {name} holds it.")
    if inferred not in OBJECT_KINDS:
        raise TypeError(
            f"{name} must hold strings or numbers (an argument must be a string or a real number), dates, times, "
            f"durations or decimals, got objects of kind {inferred!r}; convert it with X[name].astype(str) for "
            "categories, pd.to_numeric(X[name]) for numbers or pd.to_datetime(X[name]) for dates."
        )
    return OBJECT_KINDS[inferred]
