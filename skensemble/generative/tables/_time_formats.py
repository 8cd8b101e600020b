"""Dates, durations and times of day as whole numbers of their coarsest common step, and back."""

import datetime

import numpy as np
import pandas as pd

from skensemble.generative.tables._column_formats import common_divisor, distance, holds_objects, moved, raise_if_lost
from skensemble.generative.tables._exact_integers import ExactIntegers

NOT_A_TIME = np.iinfo(np.int64).min
LAST_OF_DAY = 86_400_000_000 - 1  # microseconds


class TimeFormat:
    """Dates and durations as multiples of the coarsest of `STEPS` that all of them keep, counted from the first one.

    Dates with a time zone are counted on its clock where that gives a coarser step: midnights are days apart, though a
    day of the change to summer time has 23 hours.  An hour that the clock shows twice is then taken as the first one.

    They are exact as long as the last one is less than 2**53 steps away: 104 days in nanoseconds, 285 years in
    microseconds. Beyond that, those of few values are.

    exact : ExactIntegers of their ticks, or None
    """

    STEPS = tuple(pd.Timedelta(step) for step in ("1D", "1h", "1min", "1s", "1ms", "1us", "1ns"))
    decimals = 0
    phase = 0  # they are counted from the first one
    exact = None  # files of earlier versions have none
    limits = (-(2.0**62), 2.0**62)

    def __init__(self, series, name):
        self.dtype, self.name = series.dtype, name
        index = self._index(series.dropna())
        self.unit = index.unit
        self.time_zone = getattr(index, "tz", None)
        self.is_local = False
        self.step = self._common_step(index)
        if self.time_zone is not None and self._localized(index.tz_localize(None)).equals(index):
            local_step = self._common_step(index.tz_localize(None))
            self.is_local, self.step = local_step > self.step, max(local_step, self.step)
        ticks = self._ticks(index)
        self.origin = ticks.min()
        steps = distance(ticks, self.origin) / self.step
        self.exact, self.multiple = ExactIntegers.of(steps, ticks, name), common_divisor(steps)

    def read(self, series):
        if series.isna().all():
            return np.full(len(series), np.nan)
        if series.dtype.kind != self.dtype.kind:
            raise TypeError(f"{self.name} must have the dtype {self.dtype} as in fit, got {series.dtype}.")
        index = self._index(series)
        if (getattr(index, "tz", None) is None) != (self.time_zone is None):
            raise TypeError(f"{self.name} must have the time zone of fit ({self.dtype}), got {series.dtype}.")
        ticks = self._ticks(index)
        missing = ticks == NOT_A_TIME
        return np.where(missing, np.nan, distance(np.where(missing, self.origin, ticks), self.origin) / self.step)

    def check_exact(self, numbers, series):
        if series.isna().all():
            return
        index = self._index(series)
        is_lost = index.notna() & (index.as_unit(self.unit) != index)
        raise_if_lost(is_lost, f"Known cells must be whole numbers of {self.unit} in {self.name}", series)

    def write(self, numbers):
        missing = np.isnan(numbers)
        ticks = moved(self.origin, np.where(missing, 0.0, numbers) * self.step)
        ticks = ticks if self.exact is None else self.exact.restored(numbers, ticks)
        ticks = np.where(missing, NOT_A_TIME, ticks).view(f"{self.dtype.kind}8[{self.unit}]")
        return pd.Series(self._with_zone(ticks)).astype(self.dtype).array

    def _with_zone(self, ticks):
        if self.dtype.kind == "m":
            return pd.TimedeltaIndex(ticks)
        index = pd.DatetimeIndex(ticks)
        if self.time_zone is None:
            return index
        return self._localized(index) if self.is_local else index.tz_localize("UTC").tz_convert(self.time_zone)

    def _localized(self, clock):
        """Dates with the zone of what its clock shows: an hour that it shows twice is the first, one that it leaves out
        is the moment after."""
        return clock.tz_localize(self.time_zone, ambiguous=np.ones(len(clock), bool), nonexistent="shift_forward")

    def _ticks(self, index):
        if self.is_local:
            index = index.tz_convert(self.time_zone).tz_localize(None)
        return index.as_unit(self.unit).asi8

    def _index(self, series):
        if self.dtype.kind == "M":
            return pd.DatetimeIndex(series)
        is_arrow = isinstance(series.dtype, pd.ArrowDtype)  # of which pandas 2.0 makes no index
        return pd.TimedeltaIndex(series.array.__arrow_array__().to_pandas() if is_arrow else series)

    def _common_step(self, index):
        """How many ticks of the column's unit are the coarsest step that divides all distances."""
        ticks = index.asi8 - index.asi8.min()
        tick = pd.Timedelta(1, self.unit)
        steps = [int(step / tick) for step in self.STEPS if step >= tick]
        return next(step for step in steps if not (ticks % step).any())


class TimeObjectFormat(TimeFormat):
    """Objects of Python's datetime module, or times of day of pyarrow, which come back as such objects.

    kind : a key of TIME_OBJECTS
    """

    def __init__(self, series, name, kind):
        self.kind, self.given_dtype = kind, series.dtype
        known = series.dropna()
        self.first = known.iloc[0]
        self._marker = series[series.isna()].iloc[0] if len(known) < len(series) else None
        super().__init__(self._times(series, name), name)

    def read(self, series):
        return super().read(self._times(series, self.name))

    def check_exact(self, numbers, series):
        super().check_exact(numbers, self._times(series, self.name))

    def write(self, numbers):
        missing = np.isnan(numbers)
        times = pd.Series(super().write(np.where(missing, 0.0, numbers)))
        is_of_pandas = isinstance(self.first, (pd.Timestamp, pd.Timedelta))
        objects = list(times) if is_of_pandas else TIME_OBJECTS[self.kind][1](times)
        written = [self._marker if is_missing else value for value, is_missing in zip(objects, missing)]
        if holds_objects(self.given_dtype):
            return np.array([*written, None], object)[:-1]
        return pd.array(written, dtype=self.given_dtype)

    def _times(self, series, name):
        if isinstance(series.dtype, np.dtype) and series.dtype.kind in "mM" and self.kind != "time":
            return series
        values = series.astype(object).where(series.notna(), None).tolist()
        try:
            return pd.Series(TIME_OBJECTS[self.kind][0](values))
        except (TypeError, ValueError, AttributeError) as error:
            raise TypeError(f"{name} must hold objects of kind {self.kind!r}, as in fit: {error}") from None


def _since_midnight(values):
    """Times of day as durations."""
    if any(value is not None and value.tzinfo is not None for value in values):
        raise TypeError("times of day with a time zone; make them dates by pd.to_datetime.")
    start = datetime.date.min
    midnight = datetime.datetime.combine(start, datetime.time.min)
    return np.array(
        [None if value is None else datetime.datetime.combine(start, value) - midnight for value in values], "m8[us]"
    )


def _times_of_day(times):
    ticks = np.clip(times.to_numpy("m8[us]").astype(np.int64), 0, LAST_OF_DAY)
    return [(datetime.datetime.min + datetime.timedelta(microseconds=tick)).time() for tick in ticks.tolist()]


TIME_OBJECTS = {  # what pandas calls objects of a kind: (list with None -> dates or durations, and back)
    "date": (lambda values: np.array(values, "M8[D]").astype("M8[s]"), lambda times: times.dt.date.tolist()),
    "datetime": (pd.DatetimeIndex, lambda times: [each.to_pydatetime() for each in times]),
    "time": (_since_midnight, _times_of_day),
    "timedelta": (pd.TimedeltaIndex, lambda times: [each.to_pytimedelta() for each in times]),
}
