"""Integers that are no float64: the few of a column come back as they were."""

import numpy as np

from skensemble._large_integers import EXACT, warn_of_lost

MOST_KEPT = 1024  # distinct integers; of more, each is one of a range of numbers
NEAR = 2.0**-48  # of the range: what is lost on the way to about unit variance and back


class ExactIntegers:
    """The integers of a column of which floats make others.

    floats : (n,) float64, ascending, what stands for each;  integers : (n,) int64 or uint64
    """

    def __init__(self, floats, integers):
        self.floats, self.integers = floats, integers

    @classmethod
    def of(cls, floats, integers, name):
        """Those of a column, or None if floats hold all of them, or if they are many."""
        if np.abs(floats).max() < EXACT:
            return None
        integers, first = np.unique(integers, return_index=True)
        floats, place = np.unique(floats[first], return_index=True)
        warn_of_lost(name, len(integers), len(floats))
        return cls(floats, integers[place]) if len(floats) <= MOST_KEPT else None

    def restored(self, numbers, integers):
        """`integers`, made of `numbers`, with those of the column where numbers stand for these."""
        place = np.searchsorted(0.5 * self.floats[1:] + 0.5 * self.floats[:-1], numbers)  # of the nearest
        is_near = np.abs(numbers - self.floats[place]) <= NEAR * np.abs(self.floats).max()
        return np.where(is_near, self.integers[place], integers)


def as_integers(cells):
    """Python's ints as an array of int64 or uint64; None if neither holds all of them."""
    low, high = min(cells), max(cells)
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return np.array(cells, dtype)
    return None
