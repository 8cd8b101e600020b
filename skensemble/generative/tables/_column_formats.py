"""A column of a frame as plain numbers or codes, and back with its dtype, unit, time zone and categories.

A format is made from a column of the training data.  `read` returns

    numbers : (n_rows,) float64, NaN = missing           (FloatFormat, DecimalFormat, IntegerFormat, times)
    codes   : (n_rows,) intp, positions in `levels`      (CategoryFormat)

and `write` turns such numbers or codes into an array that a frame of the same dtype holds.  `check_exact` refuses given
values that `write` would change.  Dates, durations and times of day are in `_time_formats.py`, and `_format_choice.py`
says which column has which format.
"""

from decimal import Decimal

import numpy as np
import pandas as pd

from skensemble._large_integers import warn_of_lost
from skensemble._levels import LevelMatcher, as_single
from skensemble._object_cells import in_native_order, without_dictionary
from skensemble.generative.tables._exact_integers import ExactIntegers, as_integers

MAX_DECIMALS = 12
EXACT = 2.0**53  # whole numbers below are exact in float64
ARITHMETIC, DIGITS_COMPUTED = 2.0**-51, 1e12  # relative error; digits up to which such nearness is no accident
MOST_KEPT = 1024  # numbers of the training data
LARGEST_SINGLE = float(np.finfo(np.float32).max)
LEAST_RANGE = 1e-305  # of the numbers of a column
MISSING, UNSEEN = -1, -2  # codes of cells without a level
MOST_SHOWN = 10  # levels in an error
TOLD_APART = "must be values of fit, or integers that floats tell apart,"
NO_ACCIDENT = 1e4  # odds against random numbers with a common divisor, from which they count as multiples of it


def holds_objects(dtype):
    """Whether it is numpy's dtype of Python objects; extension dtypes may share its kind."""
    return isinstance(dtype, np.dtype) and dtype.kind == "O"


# -- numbers ---------------------------------------------------------------------------------------------------------


class FloatFormat:
    """Floats and decimals, and Python's numbers in a column of objects.

    decimals : to how many decimals all values are given, None where there is no such number
    multiple, phase : the values are (phase + k * multiple) * 10**-decimals for whole k, such as (5, 0) for steps of .05
        and (100, 99) for prices that end in .99
    limits : what the dtype can hold
    computed : (2, n_distinct), rounded and as given, numbers of the training data that are a product or sum of rounded
        ones, such as 3 * 0.05, and so not quite rounded; without columns if they are many, and None if there are none
    is_single : whether numbers are rounded to `decimals` in the precision of float32 only, as 0.1 of float32 is
    exact : ExactIntegers, or None
    """

    limits = (-np.inf, np.inf)
    computed = exact = None
    is_single = False
    phase = 0  # files of earlier versions have none
    _marker = np.nan  # a missing cell of a column of objects

    def __init__(self, series, name, kind):
        self.dtype, self.name = series.dtype, name
        self.holds_ints = kind in "iu"  # as Python objects
        numbers = self.read(series)
        known = numbers[~np.isnan(numbers)]
        if holds_objects(self.dtype) and len(known) < len(series):
            self._marker = series[series.isna()].iloc[0]
        if self.holds_ints and np.abs(known).max() >= EXACT:
            self._note_integers(series[series.notna()].tolist(), known)
        _check_range(known, name)
        self.decimals = _common_decimals(known)
        if self.decimals is None:
            known = self._note_computed(known)
        elif not _is_rounded(known, self.decimals, np.float64):
            self.is_single = True
        if self.decimals is None:
            self.multiple = 1
        else:
            self.multiple, self.phase = common_lattice(np.rint(known * 10.0**self.decimals))

    def read(self, series):
        numbers = _read_floats(series, self.name)
        if self.is_single:
            return _rounded_singles(numbers, self.decimals)
        return numbers if self.computed is None else _nearly_rounded(numbers, self.decimals)

    def _note_integers(self, cells, known):
        integers = as_integers(cells)
        if integers is None:
            warn_of_lost(self.name, len(set(cells)), len(set(known.tolist())))
        else:
            self.exact = ExactIntegers.of(known, integers, self.name)

    def _note_computed(self, known):
        """Find the decimals to which numbers are rounded up to errors of arithmetic; returns the rounded numbers."""
        distinct = np.unique(known)
        for decimals in range(MAX_DECIMALS + 1):
            if np.abs(distinct[[0, -1]]).max() * 10.0**decimals >= DIGITS_COMPUTED:
                break
            rounded = _nearly_rounded(distinct, decimals)
            if np.array_equal(rounded, np.round(distinct, decimals)):
                changed = np.array([rounded, distinct])[:, rounded != distinct]
                self.computed = changed if changed.shape[1] <= MOST_KEPT else np.empty((2, 0))
                self.decimals = decimals
                return _nearly_rounded(known, decimals)
        return known

    def _as_given(self, numbers):
        """Numbers as the training data have them."""
        rounded, given = self.computed
        if len(rounded) == 0:
            return numbers
        place = np.minimum(np.searchsorted(rounded, numbers), len(rounded) - 1)
        return np.where(rounded[place] == numbers, given[place], numbers)

    def check_exact(self, numbers, series):
        """Raise a ValueError for given values that `write` would not give back."""
        if self.holds_ints:
            is_lost = np.isfinite(numbers) & (numbers != np.rint(numbers))
            raise_if_lost(is_lost, f"Known cells must be whole numbers in {self.name}", series)
            differs = [written != given for written, given in zip(self._objects(numbers), series)]
            raise_if_lost(np.isfinite(numbers) & differs, f"Known cells {TOLD_APART} in {self.name}", series)
        if isinstance(self.dtype, np.dtype) and self.dtype.kind == "f":
            largest = float(np.finfo(self.dtype).max)
            rule = (
                f"Known cells must be numbers from -{largest:.3g} to {largest:.3g} in {self.name}, as {self.dtype} is"
            )
            raise_if_lost(np.abs(numbers) > largest, rule, series)

    def write(self, numbers):
        if self.computed is not None:
            numbers = self._as_given(numbers)
        if self.is_single:
            numbers = np.where(np.abs(numbers) <= LARGEST_SINGLE, as_single(numbers), numbers)
        if holds_objects(self.dtype):
            return np.array([*self._objects(numbers), None], object)[:-1]
        if isinstance(self.dtype, np.dtype):
            return numbers.astype(self.dtype)
        return pd.Series(numbers).astype(self.dtype).array

    def _objects(self, numbers):
        """List of Python's numbers, and of what stands for missing ones."""
        number_of = int if self.holds_ints else float
        objects = np.array([self._marker if x != x else number_of(x) for x in numbers.tolist()], object)
        return (objects if self.exact is None else self.exact.restored(numbers, objects)).tolist()


def _read_floats(series, name):
    if series.isna().all():
        return np.full(len(series), np.nan)
    kind = getattr(getattr(series.dtype, "categories", series), "dtype", series.dtype).kind
    if kind in "cmM":  # of which NumPy would make numbers
        raise TypeError(f"{name} must hold numbers as in fit, got dtype {series.dtype}.")
    try:
        numbers = _as_float(series)
    except (ValueError, TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} must hold numbers: {error}") from None
    if np.isinf(numbers).any():
        raise ValueError(f"X must be finite, got infinity in {name}.")
    return numbers


def _check_range(numbers, name):
    """Refuse numbers that lie so close together that nothing can be divided by their differences."""
    low, high = float(numbers.min()), float(numbers.max())
    if low < high <= low + LEAST_RANGE:
        raise ValueError(
            f"{name} must have numbers that are all the same or differ by {LEAST_RANGE:g} or more, got numbers from "
            f"{low:g} to {high:g}: give it another unit."
        )


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
    largest = float(np.abs(numbers).max())
    for decimals in range(MAX_DECIMALS + 1):
        if decimals > 0 and largest * 10.0**decimals >= digits:
            return None
        if _is_rounded(numbers[:100], decimals, precision) and _is_rounded(numbers, decimals, precision):
            return decimals if largest < EXACT else None
    return None


def _nearly_rounded(numbers, decimals):
    """Numbers, rounded where that changes no more than errors of arithmetic do."""
    rounded = np.round(numbers, decimals)
    return np.where(np.abs(rounded - numbers) <= ARITHMETIC * np.abs(numbers), rounded, numbers)


def _rounded_singles(numbers, decimals):
    """Numbers, rounded where that is the same number as a float32."""
    with np.errstate(over="ignore"):
        rounded = np.round(numbers, decimals)
    return np.where(as_single(rounded) == as_single(numbers), rounded, numbers)


def _is_rounded(numbers, decimals, precision):
    with np.errstate(over="ignore"):
        return np.array_equal(np.round(numbers, decimals).astype(precision), numbers.astype(precision))


class DecimalFormat(FloatFormat):
    """Python's decimals in a column of objects.

    places : digits after the point with which they are written
    """

    def __init__(self, series, name):
        super().__init__(series, name, "f")
        self.places = max(0, *(-value.as_tuple().exponent for value in series[series.notna()]))

    def check_exact(self, numbers, series):
        is_lost = np.isfinite(numbers) & (np.round(numbers, self.places) != numbers)
        raise_if_lost(is_lost, f"Known cells must have at most {self.places} decimals in {self.name}", series)

    def write(self, numbers):
        written = [self._marker if x != x else Decimal(f"{x:.{self.places}f}") for x in numbers.tolist()]
        return np.array([*written, None], object)[:-1]


class IntegerFormat:
    """Integers as their distance from `origin`: 0, unless they are too large to be exact as floats.

    multiple, phase, exact : see FloatFormat
    """

    decimals = 0
    phase, exact = 0, None  # files of earlier versions have none

    def __init__(self, series, name):
        self.dtype, self.name = series.dtype, name
        self.storage = np.dtype(np.uint64 if series.dtype.kind == "u" else np.int64)
        self.origin = self.storage.type(0)
        integers, missing = self._integers(series)
        known = integers[~missing]
        if float(known.max()) >= EXACT or float(known.min()) <= -EXACT:
            self.origin = known.min()
        self.limits = self._limits()
        self.exact = ExactIntegers.of(distance(known, self.origin), known, name)
        self.multiple, self.phase = common_lattice(distance(known, self.origin))

    def read(self, series):
        if series.dtype.kind != self.dtype.kind:  # other than in fit
            return _read_floats(series, self.name) - float(self.origin)
        integers, missing = self._integers(series)
        return np.where(missing, np.nan, distance(integers, self.origin))

    def check_exact(self, numbers, series):
        low, high = self.limits
        is_lost = ~np.isnan(numbers) & ((numbers != np.rint(numbers)) | (numbers < low) | (numbers > high))
        limits = np.iinfo(self._numpy_dtype)
        rule = f"Known cells must be whole numbers from {limits.min} to {limits.max} in {self.name}, as {self.dtype} is"
        raise_if_lost(is_lost, rule, series)
        if series.dtype.kind == self.dtype.kind:
            integers, missing = self._integers(series)
            is_lost = ~missing & (self._written(numbers) != integers)
            raise_if_lost(is_lost, f"Known cells {TOLD_APART} in {self.name}", series)

    def _written(self, numbers):
        """Integers, any where numbers are missing."""
        integers = moved(self.origin, np.where(np.isnan(numbers), 0.0, numbers)).astype(self.storage)
        return integers if self.exact is None else self.exact.restored(numbers, integers)

    def write(self, numbers):
        missing, integers = np.isnan(numbers), self._written(numbers)
        if isinstance(self.dtype, np.dtype):
            return integers.astype(self.dtype)
        written = pd.Series(integers).astype(self.dtype)
        return (written.mask(missing) if missing.any() else written).array

    def _integers(self, series):
        missing = series.isna().to_numpy(bool)
        if isinstance(series.dtype, np.dtype):
            return series.to_numpy().astype(self.storage), missing
        return series.to_numpy(dtype=self.storage, na_value=0), missing

    @property
    def _numpy_dtype(self):
        is_sparse = isinstance(self.dtype, pd.SparseDtype)
        return self.dtype.subtype if is_sparse else getattr(self.dtype, "numpy_dtype", self.dtype)

    def _limits(self):
        limits = np.iinfo(self._numpy_dtype)
        return tuple(float(limit - int(self.origin)) for limit in (limits.min, limits.max))


def common_lattice(whole):
    """(multiple, phase): whole numbers are phase + k * multiple, with the largest multiple that is no accident."""
    multiple, from_lowest = common_divisor(whole), common_divisor(whole - whole.min())
    if from_lowest > multiple:
        return from_lowest, int(whole.min() % from_lowest)
    return multiple, 0


def common_divisor(whole):
    """The largest number of which all whole numbers are multiples, if that is no accident, else 1.

    The odds that d random numbers have a common divisor of g or more are about g**(1 - d).
    """
    distinct = np.unique(np.abs(whole[whole != 0.0]))
    if len(distinct) < 2 or distinct[-1] >= EXACT:
        return 1
    divisor = int(np.gcd.reduce(distinct.astype(np.int64)))
    return divisor if (len(distinct) - 1) * np.log(divisor) > np.log(NO_ACCIDENT) else 1


def raise_if_lost(is_lost, rule, series):
    """Raise a ValueError that tells the rule and the first of the given values that breaks it."""
    if is_lost.any():
        raise ValueError(f"{rule}, got {series.to_numpy(object)[is_lost][0]!r}.")


def distance(integers, origin):
    """integers - origin as float64, exact as long as it is below 2**53."""
    above = integers.view(np.uint64) - np.uint64(int(origin) % 2**64)  # modulo 2**64, as is the next line
    below = np.uint64(int(origin) % 2**64) - integers.view(np.uint64)
    return np.where(integers >= origin, above.astype(np.float64), -below.astype(np.float64))


def moved(origin, numbers):
    """origin + numbers in the integers' dtype, stopping at its limits."""
    limits = np.iinfo(origin.dtype)
    room_above, room_below = limits.max - int(origin), int(origin) - limits.min
    steps = np.minimum(np.abs(np.rint(numbers)), 2.0**64 - 2.0**11).astype(np.uint64)
    up = np.uint64(int(origin) % 2**64) + np.minimum(steps, np.uint64(room_above))
    down = np.uint64(int(origin) % 2**64) - np.minimum(steps, np.uint64(room_below))
    return np.where(numbers >= 0, up, down).view(origin.dtype)


# -- categories ------------------------------------------------------------------------------------------------------


class CategoryFormat:
    """Values without distances between them: strings, booleans, pandas' categories, and whatever is said to be some.

    levels : list of the values of the training data, in the order of the dtype or sorted; None last where cells are
        missing
    """

    def __init__(self, series, name):
        self.dtype, self.name = series.dtype, name
        self.is_ordered = isinstance(self.dtype, pd.CategoricalDtype) and bool(self.dtype.ordered)
        codes, uniques = _factorized(series, name)
        order = self._order(uniques)
        self.values = uniques.take(order)
        self.levels = [*np.asarray(self.values, object).tolist(), *([None] if (codes < 0).any() else [])]
        self.has_missing = len(self.levels) > len(self.values)
        self._matcher = LevelMatcher(np.asarray(self.values, object).tolist())
        self._marker = series.to_numpy()[codes < 0][0] if holds_objects(self.dtype) and self.has_missing else None

    def read(self, series):
        """Codes; MISSING for missing cells if there were none in fit, UNSEEN for values that were not seen in fit."""
        codes, uniques = _factorized(series, self.name)
        positions = self._matcher.positions(np.asarray(uniques, object).tolist())
        lookup = np.append(np.where(positions < 0, UNSEEN, positions), self.missing_code)
        return lookup[codes].astype(np.intp)

    @property
    def missing_code(self):
        return len(self.values) if self.has_missing else MISSING

    def check_exact(self, codes, series):
        values = np.asarray(self.values, object).tolist()
        shown = ", ".join([repr(value) for value in values[:MOST_SHOWN]] + ["..."] * (len(values) > MOST_SHOWN))
        raise_if_lost(codes == UNSEEN, f"Known cells must be values of {self.name} in fit ({shown})", series)

    def write(self, codes):
        codes = np.where(codes == len(self.values), -1, codes)
        if isinstance(self.dtype, pd.CategoricalDtype):
            places = np.append(self.dtype.categories.get_indexer(self.values), -1)
            return pd.Categorical.from_codes(places[codes], dtype=self.dtype)
        if isinstance(self.dtype, np.dtype):
            return self._take(np.asarray(self.values, self.dtype), codes)
        values = getattr(self.values, "array", self.values)  # an Index in pandas 2.0, which would not fill
        values = values.take(codes, allow_fill=True, fill_value=None)
        if str(self.dtype).startswith("dictionary"):  # pyarrow before 15 makes none by a cast
            values = pd.arrays.ArrowExtensionArray(values.__arrow_array__().dictionary_encode())
        return pd.Series(values).astype(self.dtype).array

    def _take(self, values, codes):
        if holds_objects(self.dtype):
            return np.append(values, [self._marker])[codes]
        return pd.api.extensions.take(values, codes, allow_fill=bool((codes < 0).any()))

    def _order(self, uniques):
        if isinstance(self.dtype, pd.CategoricalDtype):
            return np.argsort(self.dtype.categories.get_indexer(uniques))
        values = np.asarray(uniques, object).tolist()
        return np.array(sorted(range(len(values)), key=values.__getitem__), np.intp)


def _factorized(series, name):
    """(codes, distinct values) of a column of levels."""
    try:
        return pd.factorize(in_native_order(without_dictionary(series)))
    except (TypeError, NotImplementedError):  # lists; lists and structs of Arrow
        raise TypeError(f"{name} must hold strings, numbers or booleans, got cells of dtype {series.dtype}.") from None
