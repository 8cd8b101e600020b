"""A part of a table's rows, read by a process that meets those of the other parts."""

from itertools import pairwise

import llvmlite
import numba
import numpy as np

from skensemble._input_kinds import TableSource
from skensemble._parallel import for_blocks
from skensemble._tables import CategoryColumn, Table
from skensemble.distributed._batch_table import check_n_rows, joined_columns
from skensemble.tree._part_of_codes import PartOfCodes

MOST_SHARED = 1 << 22  # cells of a table whose codes all processes get: trees grow faster than processes meet


class PartSource(TableSource):
    """One process's batches of a table, each process having some.

    batches : Batches, or None where this process has no rows;  exchange : see `_exchange.py`
    """

    def __init__(self, batches, exchange):
        self._batches, self.exchange, self._table = batches, exchange, None

    def targets(self, y, sample_weight):
        here = None if self._batches is None else self._batches.targets(y, sample_weight)
        parts = [part for part in self.exchange.gather(here) if part is not None]
        return tuple(None if values[0] is None else np.concatenate(values) for values in zip(*parts))

    def first_rows(self):
        here = None if self._batches is None else self._batches.first_rows()
        return next(rows for rows in self.exchange.gather(here) if rows is not None)

    def table(self, all_codes=False):
        if self._table is None:
            part = None if self._batches is None else self._batches.table()
            self._table = PartedTable(part, self.exchange, all_codes)
        return self._table


class PartedTable(Table):
    """The rows of all parts, of which this process has some, or none."""

    is_at_hand = False

    def __init__(self, part, exchange, all_codes=False):
        self._part, self._exchange, self._needs_all_codes = part, exchange, all_codes
        columns = None if part is None else ((part.labels, part.n_features), part.n_samples, part.holds_categories)
        known = exchange.gather(columns)
        _check_versions(exchange)
        there = [columns for columns in known if columns is not None]
        for columns, _, _ in there:
            if columns != there[0][0]:
                raise ValueError(
                    f"X must have the same columns in all partitions, got {columns[0] or columns[1]} and "
                    f"{there[0][0][0] or there[0][0][1]}."
                )
        sizes = [0 if columns is None else columns[1] for columns in known]
        check_n_rows(sum(sizes), "X")
        self.first_row, self.n_of_part = sum(sizes[: exchange.rank]), sizes[exchange.rank]
        self._holds_categories = np.any([holds for _, _, holds in there], axis=0)
        super().__init__(sum(sizes), there[0][0][1], there[0][0][0])

    @property
    def n_here(self):
        return self.n_of_part

    def agreed(self, value):
        return self._exchange.gather(value)[0]

    def column(self, j):
        return self._joined(j, self._exchange.gather(self._column_here(j)))

    def category_column(self, j):
        column = self.column(j) if self._holds_categories[j] else None
        return column if isinstance(column, CategoryColumn) else None

    def map_columns(self, function, n_threads):
        """Each process gets some columns of all rows, and tells the others what comes of them."""
        exchange, together, results = self._exchange, max(1, n_threads), []
        for first in range(0, self.n_features, together * exchange.n_ranks):
            starts = [min(first + together * rank, self.n_features) for rank in range(exchange.n_ranks + 1)]
            groups = [range(start, stop) for start, stop in pairwise(starts)]
            parts = exchange.swap([[self._column_here(j) for j in group] for group in groups])
            found = self._map(function, groups[exchange.rank], parts, n_threads)
            results += [result for of_rank in exchange.gather(found) for result in of_rank]
        return results

    def _map(self, function, features, parts, n_threads):
        def result(k, _):
            return function(features[k], self._joined(features[k], [part[k] for part in parts]))

        return for_blocks(result, len(features), 1, n_threads)

    def _column_here(self, j):
        return None if self._part is None else self._part.column(j)

    def _joined(self, j, parts):
        return joined_columns(self.name_of(j), [part for part in parts if part is not None])

    def parts(self):
        return iter(()) if self._part is None else self._part.parts()

    def each_part(self, function):
        here = [function(self.first_row + start, part) for start, part in self.parts()]
        return [result for of_rank in self._exchange.gather(here) for result in of_rank]

    def new_codes(self, shape, dtype):
        return np.zeros(shape, dtype) if self._part is None else self._part.new_codes(shape, dtype)

    @property
    def _is_shared(self):
        """Do all processes get the codes of all rows?"""
        return self._needs_all_codes or self.n_samples * self.n_features <= MOST_SHARED

    def encoded(self, binned):
        if not self._is_shared:
            return PartOfCodes(*binned, self.first_row, self.n_samples, self._exchange)
        codes = np.concatenate(self._exchange.gather(binned.codes))
        return binned._replace(codes=codes, columns=np.ascontiguousarray(codes.T[: self.n_features]))

    def cells_beside(self, cells):
        return np.concatenate(self._exchange.gather(cells)) if self._is_shared else cells

    def joined(self, array, join):
        return join.reduce(self._exchange.gather(array))

    def own_jobs(self, jobs):
        return jobs[self._exchange.rank :: self._exchange.n_ranks]

    def collected(self, results, by_all=False):
        exchange = self._exchange
        parts = exchange.swap([results, *[results if by_all else None] * (exchange.n_ranks - 1)])
        if exchange.rank > 0 and not by_all:
            return results
        found = [None] * sum(map(len, parts))
        for rank, part in enumerate(parts):
            found[rank :: exchange.n_ranks] = part
        return found

    def divided(self, run, jobs):
        if not self._is_shared:
            return run(jobs)
        exchange, results = self._exchange, [None] * len(jobs)
        for rank, found in enumerate(exchange.gather(run(jobs[exchange.rank :: exchange.n_ranks]))):
            results[rank :: exchange.n_ranks] = found
        return results


def _check_versions(exchange):
    """Raise a ValueError where processes may compute other gradients."""
    here = _versions()
    for rank, there in enumerate(exchange.gather(here)):
        if there != here:
            raise ValueError(
                f"Workers must have the same versions and kind of processor, got {here} at rank {exchange.rank} and "
                f"{there} at rank {rank}."
            )


def _versions():
    """What all processes must agree on, so that each computes the same gradients."""
    return {"numba": numba.__version__, "llvmlite": llvmlite.__version__, "numpy": np.__version__, "FMA": _has_fma()}


def _has_fma():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
            return any(" fma" in line for line in lines if line.startswith("flags"))
    except OSError:
        return None
