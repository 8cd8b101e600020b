"""A part of a table's rows, read by a process that meets those of the other parts."""

import llvmlite
import numba
import numpy as np

from skensemble._input_kinds import TableSource
from skensemble._parallel import for_blocks
from skensemble._validation import CategoryColumn, Table
from skensemble.distributed._batch_table import joined_columns
from skensemble.tree._part_of_codes import PartOfCodes


class PartSource(TableSource):
    """One process's batches of a table, each process having some.

    batches : Batches;  exchange : see `_exchange.py`
    """

    is_parted = True

    def __init__(self, batches, exchange):
        self._batches, self.exchange, self._table = batches, exchange, None

    def targets(self, y, sample_weight):
        target, weight = self._batches.targets(y, sample_weight)
        parts = self.exchange.gather((target, weight))
        return tuple(None if values[0] is None else np.concatenate(values) for values in zip(*parts))

    def first_rows(self):
        return self._batches.first_rows()

    def features(self):
        yield from self._batches.features()

    def table(self):
        if self._table is None:
            self._table = PartedTable(self._batches.table(), self.exchange)
        return self._table


class PartedTable(Table):
    """The rows of all parts, of which this process has some."""

    def __init__(self, part, exchange):
        self._part, self._exchange = part, exchange
        known = exchange.gather((part.labels, part.n_features, part.n_samples, part.holds_categories, _versions()))
        for rank, (labels, n_features, _, _, versions) in enumerate(known):
            if (labels, n_features) != known[0][:2]:
                raise ValueError(
                    f"X must have the same columns in all partitions, got {labels or n_features} and "
                    f"{known[0][0] or known[0][1]}."
                )
            if versions != known[0][4]:
                raise ValueError(
                    f"Workers must have the same versions and kinds of processors, got {versions} at rank {rank} and "
                    f"{known[0][4]} at rank 0."
                )
        sizes = [n_samples for _, _, n_samples, _, _ in known]
        self._first_row = sum(sizes[: exchange.rank])
        self._holds_categories = np.any([holds for _, _, _, holds, _ in known], axis=0)
        super().__init__(sum(sizes), part.n_features, part.labels)

    @property
    def n_here(self):
        return self._part.n_samples

    def agreed(self, value):
        return self._exchange.gather(value)[0]

    def column(self, j):
        return joined_columns(self.name_of(j), self._exchange.gather(self._part.column(j)))

    def category_column(self, j):
        column = self.column(j) if self._holds_categories[j] else None
        return column if isinstance(column, CategoryColumn) else None

    def map_columns(self, function, n_threads):
        """Each process gets some columns of all rows, and tells the others what comes of them."""
        exchange, results = self._exchange, []
        together = max(1, n_threads)
        for first in range(0, self.n_features, together * exchange.n_ranks):
            groups = [
                range(first + together * rank, min(first + together * (rank + 1), self.n_features))
                for rank in range(exchange.n_ranks)
            ]
            mine = groups[exchange.rank]
            parts = exchange.swap([[self._part.column(j) for j in group] for group in groups])

            def found(k, _, mine=mine, parts=parts):
                column = joined_columns(self.name_of(mine[k]), [part[k] for part in parts])
                return function(mine[k], column)

            results += [result for group in exchange.gather(for_blocks(found, len(mine), 1, n_threads)) for result in group]
        return results

    def parts(self):
        yield from self._part.parts()

    def new_codes(self, shape, dtype):
        return self._part.new_codes(shape, dtype)

    def encoded(self, binned):
        return PartOfCodes(*binned, self._first_row, self.n_samples, self._exchange)


def _versions():
    """What all processes must agree on, so that each computes the same gradients."""
    return {"numba": numba.__version__, "llvmlite": llvmlite.__version__, "numpy": np.__version__, "FMA": _has_fma()}


def _has_fma():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
            return any(" fma" in line for line in lines if line.startswith("flags"))
    except OSError:
        return None
