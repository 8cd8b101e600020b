"""A column of a frame as plain numbers or codes, and back with its dtype, unit, time zone and categories.

A format is made from a column of the training data.  `read` returns

    numbers : (n_rows,) float64, NaN = missing           (FloatFormat, IntegerFormat, TimeFormat)
    codes   : (n_rows,) intp, positions in `levels`      (CategoryFormat)

and `write` turns such numbers or codes into an array that a frame of the same dtype holds.
"""

import numpy as np
import pandas as pd

MAX_DECIMALS = 12
EXACT = 2.0**53  # whole numbers below are exact in float64
NOT_A_TIME = np.iinfo(np.int64).min
MISSING, UNSEEN = -1, -2  # codes of cells without a level
OBJECT_KINDS = {"string": "O", "boolean": "b", "integer": "i", "floating": "f", "mixed-integer-float": "f"}


def format_of(series, name, is_category):
    """The format of a column.

    name : how to call it in messages
    is_category : whether its values are categories even if they are numbers or times
    """
    if series.isna().all():
        raise ValueError(f"X must have a value in every column, got only missing cells in {name}.")
    kind = _kind(series, name)
    if is_category or kind == "b" or kind == "O":
        return CategoryFormat(series, name)
    if kind in "mM":
        return TimeFormat(series, name)
    is_exact_integer = kind in "iu" and not holds_objects(series.dtype)
    return IntegerFormat(series, name) if is_exact_integer else FloatFormat(series, name, kind)


def holds_objects(dtype):
    """Whether it is numpy's dtype of Python objects; extension dtypes may share its kind."""
    return isinstance(dtype, np.dtype) and dtype.kind == "O"


def _kind(series, name):
    """What a column holds: "f", "i", "u", "b", "M", "m", or "O" for categories."""
    dtype = series.dtype
    if holds_objects(dtype):
        return _object_kind(series, name)
    if isinstance(dtype, pd.PeriodDtype) or dtype.kind == "V":
        raise TypeError(f"{name} must hold numbers, strings, categories, dates or durations, got dtype {dtype}.")
    if dtype.kind == "c":
        raise ValueError(f"Complex data not supported, {name} holds it.")
    if dtype.kind in "OUS":
        return "f" if pd.api.types.is_numeric_dtype(dtype) else "O"  # decimals; strings and categories
    return dtype.kind


def _object_kind(series, name):
    inferred = pd.api.types.infer_dtype(series.to_numpy(), skipna=True)
    if inferred == "complex":
        raise ValueError(f"Complex data not supported, {name} holds it.")
    if inferred not in OBJECT_KINDS:
        raise TypeError(
            f"{name} must hold strings or numbers (an argument must be a string or a real number), "
            f"got objects of kind {inferred!r}; give it a dtype of its own."
        )
    return OBJECT_KINDS[inferred]


# -- numbers ---------------------------------------------------------------------------------------------------------


class FloatFormat:
    """Floats and decimals, and Python's numbers in a column of objects.

    decimals : to how many decimals all values are given, None where there is no such number
    limits : what the dtype can hold
    """

    limits = (-np.inf, np.inf)

    def __init__(self, series, name, kind):
        self.dtype, self.name = series.dtype, name
        self.holds_ints = kind in "iu"  # as Python objects
        numbers = self.read(series)
        self.decimals = _common_decimals(numbers[~np.isnan(numbers)])

    def read(self, series):
        try:
            numbers = _as_float(series)
        except (ValueError, TypeError) as error:
            raise type(error)(f"{self.name} must hold numbers: {error}") from None
        if np.isinf(numbers).any():
            raise ValueError(f"X must be finite, got infinity in {self.name}.")
        return numbers

    def write(self, numbers):
        if holds_objects(self.dtype):
            whole = [int(number) if self.holds_ints and number == number else number for number in numbers.tolist()]
            return np.array([*whole, None], object)[:-1]
        if isinstance(self.dtype, np.dtype):
            return numbers.astype(self.dtype)
        return pd.Series(numbers).astype(self.dtype).array


def _as_float(series):
    if isinstance(series.dtype, np.dtype) and not holds_objects(series.dtype):
        return series.to_numpy().astype(np.float64)
    if isinstance(series.dtype, pd.SparseDtype):
        return np.asarray(series.array, np.float64)
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _common_decimals(numbers):
    """The fewest decimals to which `numbers` can be rounded without a change in their precision, or None."""
    with np.errstate(over="ignore"):
        is_single = np.array_equal(numbers.astype(np.float32), numbers)
    precision, digits = (np.float32, 1e6) if is_single else (np.float64, 1e14)  # more digits fit by chance
    largest = np.abs(numbers).max()
    for decimals in range(MAX_DECIMALS + 1):
        if decimals > 0 and largest * 10.0**decimals >= digits:
            return None
        if _is_rounded(numbers[:100], decimals, precision) and _is_rounded(numbers, decimals, precision):
            return decimals if largest < EXACT else None
    return None


def _is_rounded(numbers, decimals, precision):
    with np.errstate(over="ignore"):
        return np.array_equal(np.round(numbers, decimals).astype(precision), numbers.astype(precision))


class IntegerFormat:
    """Integers as their distance from `origin`: 0, unless they are too large to be exact as floats."""

    decimals = 0

    def __init__(self, series, name):
        self.dtype, self.name = series.dtype, name
        self.storage = np.dtype(np.uint64 if series.dtype.kind == "u" else np.int64)
        self.origin = self.storage.type(0)
        integers, missing = self._integers(series)
        known = integers[~missing]
        if float(known.max()) >= EXACT or float(known.min()) <= -EXACT:
            self.origin = known.min()
        self.limits = self._limits()

    def read(self, series):
        if series.dtype.kind != self.dtype.kind:  # other than in fit
            return FloatFormat.read(self, series) - float(self.origin)
        integers, missing = self._integers(series)
        return np.where(missing, np.nan, _distance(integers, self.origin))

    def write(self, numbers):
        missing = np.isnan(numbers)
        integers = _moved(self.origin, np.where(missing, 0.0, numbers)).astype(self.storage)
        if isinstance(self.dtype, np.dtype):
            return integers.astype(self.dtype)
        written = pd.Series(integers).astype(self.dtype)
        return (written.mask(missing) if missing.any() else written).array

    def _integers(self, series):
        missing = series.isna().to_numpy(bool)
        if isinstance(series.dtype, np.dtype):
            return series.to_numpy().astype(self.storage), missing
        return series.to_numpy(dtype=self.storage, na_value=0), missing

    def _limits(self):
        dtype = getattr(self.dtype, "numpy_dtype", self.dtype)
        limits = np.iinfo(dtype)
        return tuple(float(limit - int(self.origin)) for limit in (limits.min, limits.max))


def _distance(integers, origin):
    """integers - origin as float64, exact as long as it is below 2**53."""
    above = integers.view(np.uint64) - np.uint64(int(origin) % 2**64)  # modulo 2**64, as is the next line
    below = np.uint64(int(origin) % 2**64) - integers.view(np.uint64)
    return np.where(integers >= origin, above.astype(np.float64), -below.astype(np.float64))


def _moved(origin, numbers):
    """origin + numbers in the integers' dtype, stopping at its limits."""
    limits = np.iinfo(origin.dtype)
    room_above, room_below = limits.max - int(origin), int(origin) - limits.min
    steps = np.minimum(np.abs(np.rint(numbers)), 2.0**64 - 2.0**11).astype(np.uint64)
    up = np.uint64(int(origin) % 2**64) + np.minimum(steps, np.uint64(room_above))
    down = np.uint64(int(origin) % 2**64) - np.minimum(steps, np.uint64(room_below))
    return np.where(numbers >= 0, up, down).view(origin.dtype)


class TimeFormat:
    """Dates and durations as multiples of the coarsest of `STEPS` that all of them keep, counted from the first one.

    They are exact as long as the last one is less than 2**53 steps away: 104 days in nanoseconds, 285 years in
    microseconds.
    """

    STEPS = tuple(pd.Timedelta(step) for step in ("1D", "1h", "1min", "1s", "1ms", "1us", "1ns"))
    decimals = 0
    limits = (-(2.0**62), 2.0**62)

    def __init__(self, series, name):
        self.dtype, self.name = series.dtype, name
        index = self._index(series)
        self.unit = index.unit
        self.time_zone = getattr(index, "tz", None)
        ticks = index.asi8[index.asi8 != NOT_A_TIME]
        self.origin = ticks.min()
        self.step = self._common_step(ticks - self.origin)

    def read(self, series):
        if series.dtype.kind != self.dtype.kind:
            raise TypeError(f"{self.name} must have the dtype {self.dtype} as in fit, got {series.dtype}.")
        ticks = self._index(series).as_unit(self.unit).asi8
        missing = ticks == NOT_A_TIME
        return np.where(missing, np.nan, _distance(np.where(missing, self.origin, ticks), self.origin) / self.step)

    def write(self, numbers):
        missing = np.isnan(numbers)
        ticks = _moved(self.origin, np.rint(np.where(missing, 0.0, numbers)) * self.step)
        ticks = np.where(missing, NOT_A_TIME, ticks).view(f"{self.dtype.kind}8[{self.unit}]")
        return pd.Series(self._with_zone(ticks)).astype(self.dtype).array

    def _with_zone(self, ticks):
        if self.dtype.kind == "m":
            return pd.TimedeltaIndex(ticks)
        index = pd.DatetimeIndex(ticks)
        return index if self.time_zone is None else index.tz_localize("UTC").tz_convert(self.time_zone)

    def _index(self, series):
        return pd.DatetimeIndex(series) if self.dtype.kind == "M" else pd.TimedeltaIndex(series)

    def _common_step(self, ticks):
        """How many ticks of the column's unit are the coarsest step that divides all `ticks`."""
        tick = pd.Timedelta(1, self.unit)
        steps = [int(step / tick) for step in self.STEPS if step >= tick]
        return next(step for step in steps if not (ticks % step).any())


# -- categories ------------------------------------------------------------------------------------------------------


class CategoryFormat:
    """Values without distances between them: strings, booleans, pandas' categories, and whatever is said to be some.

    levels : list of the values of the training data, in the order of the dtype or sorted; None last where cells are
        missing
    """

    def __init__(self, series, name):
        self.dtype, self.name = series.dtype, name
        self.is_ordered = isinstance(self.dtype, pd.CategoricalDtype) and bool(self.dtype.ordered)
        codes, uniques = pd.factorize(series)
        order = self._order(uniques)
        self.values = uniques.take(order)
        self.levels = [*np.asarray(self.values, object).tolist(), *([None] if (codes < 0).any() else [])]
        self.has_missing = len(self.levels) > len(self.values)
        self._position_of = pd.Index(np.asarray(self.values, object))
        self._marker = series.to_numpy()[codes < 0][0] if holds_objects(self.dtype) and self.has_missing else None

    def read(self, series):
        """Codes; MISSING for missing cells if there were none in fit, UNSEEN for values that were not seen in fit."""
        codes, uniques = pd.factorize(series)
        positions = self._position_of.get_indexer(pd.Index(np.asarray(uniques, object)))
        lookup = np.append(np.where(positions < 0, UNSEEN, positions), self.missing_code)
        return lookup[codes].astype(np.intp)

    @property
    def missing_code(self):
        return len(self.values) if self.has_missing else MISSING

    def write(self, codes):
        codes = np.where(codes == len(self.values), -1, codes)
        if isinstance(self.dtype, pd.CategoricalDtype):
            places = np.append(self.dtype.categories.get_indexer(self.values), -1)
            return pd.Categorical.from_codes(places[codes], dtype=self.dtype)
        if isinstance(self.dtype, np.dtype):
            return self._take(np.asarray(self.values, self.dtype), codes)
        return pd.Series(self.values.take(codes, allow_fill=True, fill_value=None)).astype(self.dtype).array

    def _take(self, values, codes):
        if holds_objects(self.dtype):
            return np.append(values, [self._marker])[codes]
        return pd.api.extensions.take(values, codes, allow_fill=bool((codes < 0).any()))

    def _order(self, uniques):
        if isinstance(self.dtype, pd.CategoricalDtype):
            return np.argsort(self.dtype.categories.get_indexer(uniques))
        values = np.asarray(uniques, object).tolist()
        return np.array(sorted(range(len(values)), key=values.__getitem__), np.intp)
