"""Levels of a column of categories: which of them a value is, also where types differ, and columns without a known one.

A value is the level that equals it.  Where none does, it is the only level that stands for the same number: "1" is 1,
1.0, True or "1.0", and a number of single precision is the one of double precision that it was rounded from.
"""

from numbers import Real

import numpy as np

from skensemble._warnings import warn

FEW_CELLS = 10  # with fewer unknown cells of a known kind, nothing is suspicious


class LevelMatcher:
    """Positions of values among levels.

    levels : list of distinct values
    """

    def __init__(self, levels):
        self._position_of = {level: position for position, level in enumerate(levels)}
        numbers = np.array([number_of(level) for level in levels], np.float64)
        self._numbers, self._positions = _sorted_unambiguous(numbers, np.arange(len(levels)))
        is_broken = self._numbers != np.rint(self._numbers)
        self._singles, self._single_positions = _sorted_unambiguous(
            as_single(self._numbers[is_broken]), self._positions[is_broken]
        )
        self._is_single = np.zeros(len(levels), bool)
        self._is_single[self._positions] = self._numbers == as_single(self._numbers)
        self.kinds = {_kind(level) for level in levels}

    @property
    def position_of(self):
        """dict: level -> position"""
        return self._position_of

    def positions(self, values):
        """(n_values,) intp positions of the values of a list, -1 where no level matches."""
        positions = np.array([self._position_of.get(value, -1) for value in values], np.intp)
        unknown = np.flatnonzero(positions < 0)
        if len(unknown) > 0 and len(self._numbers) > 0:
            positions[unknown] = self.positions_of_numbers(np.array([number_of(values[i]) for i in unknown]))
        return positions

    def positions_of_numbers(self, numbers):
        """The same for an array of float64."""
        positions = _look_up(numbers, self._numbers, self._positions)
        if len(self._singles) > 0:
            rest = np.flatnonzero((positions < 0) & (numbers != np.rint(numbers)))
            positions[rest] = self._positions_of_rounded(numbers[rest])
        return positions

    def _positions_of_rounded(self, numbers):
        """Matches of which the number or the level has single precision."""
        positions = _look_up(as_single(numbers), self._singles, self._single_positions)
        is_exact = as_single(numbers) == numbers
        return np.where(is_exact | self._is_single[positions], positions, -1)


def number_of(value):
    """The number that a value stands for, as a float; NaN if it stands for none."""
    if isinstance(value, str):
        return _number_of_text(value)
    if isinstance(value, (Real, np.bool_)) or hasattr(value, "as_tuple"):  # Decimal
        try:
            return float(value)
        except (ValueError, OverflowError):  # Decimal("sNaN"), 10**400
            return np.nan
    return np.nan


def _number_of_text(text):
    text = text.strip()
    if text in ("True", "true", "False", "false"):
        return float(text in ("True", "true"))
    try:
        number = np.nan if "_" in text else float(text)  # Python's own notation 1_000
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def as_single(numbers):
    """Numbers as float32 has them, in float64."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32).astype(np.float64)


def _sorted_unambiguous(numbers, positions):
    """Numbers that occur once, ascending, and their positions."""
    values, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    is_one = (counts == 1) & ~np.isnan(values)
    return values[is_one], positions[first[is_one]]


def _look_up(numbers, known, positions):
    if len(known) == 0:
        return np.full(len(numbers), -1, np.intp)
    places = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    return np.where(known[places] == numbers, positions[places], -1)


def _kind(value):
    if isinstance(value, str):
        return "text"
    return "numbers" if isinstance(value, (Real, np.bool_)) else type(value).__name__


def warn_if_unknown(name, cells, n_cells, matcher, is_known):
    """Warn about a column of categories in which no cell is a level that `fit` saw.

    name : how to call the column;  cells : list of values that occur in it
    n_cells : how many cells are not missing;  matcher : LevelMatcher of fit
    is_known : whether one of the cells is a level
    """
    is_usual = {_kind(cell) for cell in cells[:FEW_CELLS]} <= matcher.kinds and n_cells < FEW_CELLS
    if is_known or n_cells == 0 or not matcher.kinds or is_usual:
        return
    warn(
        f"No cell of {name} is a level that fit saw: all of them count as unknown. fit saw {', '.join(matcher.kinds)}, "
        f"and the cells are {', '.join(map(repr, cells[:3]))}. Give the column the dtype and the values that it had in "
        "fit."
    )
