"""Dates, dtypes, indexes and other small values as JSON, and back: the table FORMS.

A form has `write(value, encode, where)` and `read(entry, decode, where)`; `encode` and `decode` are for values inside.
Readers may raise any ValueError, TypeError, KeyError, OverflowError or ArithmeticError about a wrong entry.
"""

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from skensemble.model_files._frame_types import read_arrow_type, write_arrow_type
from skensemble.model_files._safetensors import Unsaveable
from skensemble.model_files._time_zones import read_zone, write_zone

FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
MISSING = {"NA": pd.NA, "NaT": pd.NaT}
NULLABLE = ("boolean", *(f"{u}Int{bits}" for u in ("", "U") for bits in (8, 16, 32, 64)), "Float32", "Float64")
LONGEST_TEXT = 1 << 16  # characters of a numpy dtype of text


class Form(NamedTuple):
    """How values of some classes are stored."""

    classes: tuple
    write: Callable
    read: Callable


# -- scalars and dtypes of NumPy -------------------------------------------------------------------------------------


def write_dtype(dtype, encode=None, where="dtype"):
    """Name of a dtype of numbers, text, objects or dates."""
    if dtype.names is not None or dtype.subdtype is not None or dtype.kind not in "biufOSUmM":
        raise Unsaveable(f"{where} must be a dtype of numbers, text, objects or dates to be saved, got {dtype}.")
    return dtype.newbyteorder("<").str


def read_dtype(name, decode=None, where="dtype"):
    """The dtype of a name."""
    if not isinstance(name, str) or len(name) > 24 or name[:1] not in "<|":
        raise ValueError(f"not a dtype: {name!r}")
    dtype = np.dtype(name)
    if dtype.names is not None or dtype.subdtype is not None or dtype.kind not in "biufOSUmM":
        raise ValueError(f"not a dtype of numbers, text, objects or dates: {name!r}")
    if dtype.kind in "SU" and dtype.itemsize > 4 * LONGEST_TEXT:
        raise ValueError(f"a dtype of text that is too long: {name!r}")
    return dtype.newbyteorder("=")


def _write_scalar(value, encode, where):
    dtype = write_dtype(value.dtype, where=where)
    if value.dtype.itemsize > 8 and value.dtype.kind == "f":
        raise Unsaveable(f"{where} must be a number of at most 64 bits to be saved, got {value.dtype}.")
    return [dtype, int(value.astype(np.int64)) if value.dtype.kind in "mM" else encode(value.item(), where)]


def _read_scalar(entry, decode, where):
    name, value = entry
    dtype = read_dtype(name)
    if dtype.kind in "mM":
        return np.int64(value).view(dtype)
    if dtype.kind == "O":
        raise ValueError("a scalar must have a dtype of its own")
    return dtype.type(decode(value, where))


# -- dates -----------------------------------------------------------------------------------------------------------


def _write_timestamp(value, encode, where):
    return [int(value.asm8.astype(np.int64)), value.unit, write_zone(value.tzinfo, where)]


def _read_timestamp(entry, decode, where):
    ticks, unit, zone = entry
    value = pd.Timestamp(np.int64(ticks).view(read_dtype(f"<M8[{unit}]")))
    return value if zone is None else value.tz_localize("UTC").tz_convert(read_zone(zone))


def _write_timedelta(value, encode, where):
    return [int(value.asm8.astype(np.int64)), value.unit]


def _read_timedelta(entry, decode, where):
    ticks, unit = entry
    return pd.Timedelta(np.int64(ticks).view(read_dtype(f"<m8[{unit}]")))


def _write_moment(value, encode, where):
    if getattr(value, "tzinfo", None) is not None:
        raise Unsaveable(f"{where} must have no time zone to be saved, got {value!r}.")
    return value.isoformat()


# -- intervals and periods -------------------------------------------------------------------------------------------


def _write_interval(value, encode, where):
    return [encode(value.left, where), encode(value.right, where), value.closed]


def _read_interval(entry, decode, where):
    left, right, closed = entry
    return pd.Interval(decode(left, where), decode(right, where), closed)


def _write_period(value, encode, where):
    return [value.ordinal, value.freqstr]


def _read_period(entry, decode, where):
    ordinal, frequency = entry
    return pd.Period(ordinal=int(ordinal), freq=_read_frequency(frequency))


def _read_frequency(name):
    """Frequency of periods, such as "M"."""
    if not isinstance(name, str) or len(name) > 24:
        raise ValueError(f"not a frequency: {name!r}")
    return pd.PeriodDtype(name).freq


# -- pandas ----------------------------------------------------------------------------------------------------------


def _write_extension_dtype(dtype, encode, where):
    if isinstance(dtype, pd.CategoricalDtype):
        return ["categories", encode(dtype.categories, where), bool(dtype.ordered)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        return ["zoned", dtype.unit, write_zone(dtype.tz, where)]
    if isinstance(dtype, pd.StringDtype):
        return ["strings", dtype.storage, "NA" if dtype.na_value is pd.NA else "nan"]
    if isinstance(dtype, pd.ArrowDtype):
        return ["arrow", write_arrow_type(dtype.pyarrow_dtype, where)]
    if isinstance(dtype, pd.IntervalDtype):
        return ["interval", encode(dtype.subtype, where), dtype.closed]
    if isinstance(dtype, pd.PeriodDtype):
        return ["period", dtype.name.removeprefix("period[").removesuffix("]")]
    if isinstance(dtype, pd.SparseDtype):
        return ["sparse", write_dtype(dtype.subtype, where=where), encode(dtype.fill_value, where)]
    if dtype.name in NULLABLE:
        return ["nullable", dtype.name]
    raise Unsaveable(f"{where} must not have the dtype {dtype} in a model that is saved.")


def _read_extension_dtype(entry, decode, where):
    kind, *rest = entry
    if kind == "categories":
        categories, is_ordered = rest
        return pd.CategoricalDtype(_of_class(decode(categories, where), pd.Index), bool(is_ordered))
    if kind == "zoned":
        unit, zone = rest
        return pd.DatetimeTZDtype(unit, read_zone(zone))
    if kind == "strings":
        storage, missing = rest
        return pd.StringDtype(storage) if missing == "NA" else pd.StringDtype(storage, na_value=np.nan)
    if kind == "arrow":
        return pd.ArrowDtype(read_arrow_type(rest[0]))
    if kind == "sparse":
        subtype, fill_value = rest
        return pd.SparseDtype(read_dtype(subtype), decode(fill_value, where))
    if kind == "interval":
        subtype, closed = rest
        return pd.IntervalDtype(decode(subtype, where), closed)
    if kind == "period":
        return pd.PeriodDtype(_read_frequency(rest[0]))
    if kind == "nullable" and rest[0] in NULLABLE:
        return pd.api.types.pandas_dtype(rest[0])
    raise ValueError(f"not a dtype of pandas: {entry!r}")


def _write_index(index, encode, where):
    if isinstance(index, pd.MultiIndex):
        levels, codes = (
            [encode(level, where) for level in index.levels],
            [list(map(int, codes)) for codes in index.codes],
        )
        return ["levels", levels, codes, encode(list(index.names), where)]
    if isinstance(index, pd.RangeIndex):
        return ["range", index.start, index.stop, index.step, encode(index.name, where)]
    values = encode(np.asarray(index, object), where)
    return ["values", values, encode(index.dtype, where), encode(index.name, where)]


def _read_index(entry, decode, where):
    kind, *rest = entry
    if kind == "range":
        start, stop, step, name = rest
        return pd.RangeIndex(int(start), int(stop), int(step), name=decode(name, where))
    if kind == "levels":
        levels, codes, names = rest
        levels = [_of_class(decode(level, where), pd.Index) for level in levels]
        return pd.MultiIndex(levels, codes, names=decode(names, where), verify_integrity=True)
    if kind == "values":
        values, dtype, name = rest
        values, dtype = _of_class(decode(values, where), np.ndarray), decode(dtype, where)
        if isinstance(dtype, pd.CategoricalDtype) and not (pd.isna(values) | np.isin(values, dtype.categories)).all():
            raise ValueError("values of an index are no categories of its dtype")
        return pd.Index(values, dtype=dtype, name=decode(name, where))
    raise ValueError(f"not an index: {kind!r}")


def _of_class(value, kind):
    if not isinstance(value, kind):
        raise TypeError(f"must be a {kind.__name__}, got a {type(value).__name__}")
    return value


# -- the table -------------------------------------------------------------------------------------------------------


def _plain(name, kind):
    """The form of a scalar that has an ISO format."""
    return Form((kind,), _write_moment, lambda entry, decode, where: kind.fromisoformat(entry))


FORMS = {  # in this order: a Timestamp is a datetime, and a datetime is a date
    "timestamp": Form((pd.Timestamp,), _write_timestamp, _read_timestamp),
    "timedelta": Form((pd.Timedelta,), _write_timedelta, _read_timedelta),
    "interval": Form((pd.Interval,), _write_interval, _read_interval),
    "period": Form((pd.Period,), _write_period, _read_period),
    "missing": Form(
        (type(pd.NA), type(pd.NaT)),
        lambda value, encode, where: "NA" if value is pd.NA else "NaT",
        lambda entry, decode, where: MISSING[entry],
    ),
    "scalar": Form((np.generic,), _write_scalar, _read_scalar),
    "dtype": Form((np.dtype,), write_dtype, read_dtype),
    "column dtype": Form((pd.api.extensions.ExtensionDtype,), _write_extension_dtype, _read_extension_dtype),
    "index": Form((pd.Index,), _write_index, _read_index),
    "datetime": _plain("datetime", datetime.datetime),
    "date": _plain("date", datetime.date),
    "time": _plain("time", datetime.time),
    "duration": Form(
        (datetime.timedelta,),
        lambda value, encode, where: [value.days, value.seconds, value.microseconds],
        lambda entry, decode, where: datetime.timedelta(*entry),
    ),
    "decimal": Form((Decimal,), lambda value, encode, where: str(value), lambda entry, decode, where: Decimal(entry)),
    "bytes": Form(
        (bytes,),
        lambda value, encode, where: value.decode("latin-1"),
        lambda entry, decode, where: entry.encode("latin-1"),
    ),
    "slice": Form(
        (slice,),
        lambda value, encode, where: [value.start, value.stop],
        lambda entry, decode, where: slice(*map(int, entry)),
    ),
}
