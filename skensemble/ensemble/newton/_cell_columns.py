"""Cells of a table for linear leaves: column by column, in half the bytes where that loses nothing."""

from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.newton._cell_columns_kernels import copy_columns

BLOCK = 1 << 14  # rows that are copied at a time


class CellColumns(NamedTuple):
    """Columns of numbers, NaN = missing, in one of two arrays; the other has no rows.

    A tree asks for some columns of all rows, so the others' need not be read; and what is read from memory decides how
    long it takes.
    """

    narrow: np.ndarray  # (n_features, n_samples) float32
    wide: np.ndarray  # (n_features, n_samples) float64, unless all numbers are float32's, too

    @classmethod
    def of(cls, cells, n_threads):
        """cells : (n_samples, n_features) float64"""
        narrow = _columns(cells, np.float32, n_threads)
        if narrow is not None:
            return cls(narrow, np.empty((len(narrow), 0)))
        wide = _columns(cells, np.float64, n_threads)
        return cls(np.empty((len(wide), 0), np.float32), wide)

    @property
    def present(self):
        """The array that has the cells."""
        return self.narrow if self.narrow.size else self.wide

    def take(self, rows):
        """The cells of some rows."""
        return CellColumns(*(array[:, rows] if array.size else array for array in self))


def _columns(cells, dtype, n_threads):
    """The columns in a dtype; None if that changes a number."""
    n, columns = len(cells), np.empty(cells.shape[::-1], dtype)
    cells = cells.view()
    cells.flags.writeable = False  # one type for the kernel
    for first in (0, BLOCK):  # most tables that lose a number lose one soon
        last = min(BLOCK, n) if first == 0 else n
        kept = for_blocks(
            lambda start, stop, first=first: copy_columns(cells, first + start, first + stop, columns),
            last - first, BLOCK, n_threads,
        )  # fmt: skip
        if not all(kept):
            return None
    return columns
