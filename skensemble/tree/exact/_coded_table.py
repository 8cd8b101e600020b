"""CodedTable: a table as CARTs read it, the codes of its cells and the values that are behind each code."""

from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.tree._binning import BinnedMatrix
from skensemble.tree.exact._value_spans import close_gaps, widen_spans

SPAN_BLOCK, SPAN_CELLS = 1 << 14, 1 << 23  # most rows, and most cells, that are read at once


class CodedTable(NamedTuple):
    """Codes of a dense table; several growers may read the same one, or some features of it.

    binned : BinnedMatrix
    low, high : (n_all_codes,), smallest and largest value behind each code, feature by feature
    first_span : (n_features,), where those of each feature begin
    """

    binned: BinnedMatrix
    low: np.ndarray
    high: np.ndarray
    first_span: np.ndarray

    @classmethod
    def of(cls, binner, table, counted=None, n_threads=1):
        """The table as a fitted Binner codes it; counted : bool (n_samples,), rows whose values are behind codes."""
        binned = binner.transform(table, n_threads)
        return cls(binned, *_find_spans(binner, table, binned, counted, n_threads))

    def of_features(self, features):
        """The same of some features, in the order that is asked for."""
        features = np.asarray(features, np.int64)
        n_codes = self.binned.n_codes[features].astype(np.int64)
        first_span = np.cumsum(n_codes) - n_codes
        spans = np.arange(n_codes.sum()) + np.repeat(self.first_span[features] - first_span, n_codes)
        return CodedTable(self.binned.of_features(features), self.low[spans], self.high[spans], first_span)

    def take(self, rows):
        """The same of some rows, whose values are within those behind the codes."""
        return self._replace(binned=self.binned.take(rows))


def new_spans(binned):
    """(smallest, largest value behind each code, still none; where those of each feature begin)"""
    n_codes = binned.n_codes.astype(np.int64)
    return np.full(n_codes.sum(), np.inf), np.full(n_codes.sum(), -np.inf), np.cumsum(n_codes) - n_codes


def _blocks_of_rows(table, step):
    """Yield (a Table, its rows start and stop, number of the first of them among all rows)."""
    for first_row, part in table.parts():
        for start in range(0, part.n_samples, step):
            yield part, start, min(start + step, part.n_samples), table.first_row + first_row + start


def _find_spans(binner, table, binned, counted, n_threads):
    """Smallest and largest value behind each code: (low, high, where those of each feature begin)."""
    n_codes = binned.n_codes.astype(np.int64)
    low, high, first_span = new_spans(binned)
    counted = np.ones(table.n_samples, np.bool_) if counted is None else counted
    step = max(64, min(SPAN_BLOCK, SPAN_CELLS // len(n_codes)))
    for part, start, stop, row in _blocks_of_rows(table, step):
        values = np.ascontiguousarray(binner.encode(part, start, stop)).view()  # perhaps the caller's own memory
        values.flags.writeable = False

        def widen(first, last, values=values, row=row):
            widen_spans(values, binned.columns, counted, row, first_span, first, last, low, high)

        for_blocks(widen, len(n_codes), -(-len(n_codes) // n_threads), n_threads)
    low, high = table.joined(low, np.minimum), table.joined(high, np.maximum)
    close_gaps(n_codes, low, high)
    return low, high, first_span
