"""A part of a table's rows as codes, and how it meets the other parts."""

from typing import NamedTuple

import numpy as np


class PartOfCodes(NamedTuple):
    """The rows first_row .. first_row + len(codes) - 1 of a table of `n_rows` rows; see BinnedMatrix.

    exchange : has `sum(array)` of int64, over all parts, and `gather(object)`, the list of what all parts say, in order
    """

    codes: np.ndarray
    columns: np.ndarray
    n_codes: np.ndarray
    is_categorical: np.ndarray
    first_row: int
    n_rows: int
    exchange: object

    @property
    def here(self):
        """The part's rows among all."""
        return slice(self.first_row, self.first_row + len(self.codes))

    @property
    def n_samples(self):
        """Number of rows of this part."""
        return len(self.codes)

    def take(self, rows):
        """The part of a table of some rows.  rows : ascending numbers among the rows of all parts"""
        first, own = int(np.searchsorted(rows, self.first_row)), self.own(rows)
        columns = np.ascontiguousarray(self.columns[:, own])
        return self._replace(codes=self.codes[own], columns=columns, first_row=first, n_rows=len(rows))

    def own(self, rows):
        """Those of some rows that are of this part, counted from its first.  rows : as in `take`"""
        first, last = np.searchsorted(rows, [self.first_row, self.first_row + len(self.codes)])
        return np.asarray(rows[first:last]) - self.first_row

    def gathered(self, array):
        """The rows of all parts, along the last axis."""
        return np.concatenate(self.exchange.gather(array), axis=-1)
