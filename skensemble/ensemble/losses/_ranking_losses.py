"""The losses of rankings: queries, the forces between their rows, and what a ranking is worth.

What the kernels work out for each query is explained beside them.
"""

import re
from dataclasses import dataclass, field, replace

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.losses._links import samples_first
from skensemble.ensemble.losses._loss import Loss
from skensemble.ensemble.losses._ranking_kernels import (
    LANES,
    MAP,
    N_FIELDS,
    N_SLOTS,
    NDCG,
    PAIRWISE,
    fill_lambdas,
    measure,
)
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT

LARGEST_RELEVANCE = 500.0  # the sum of 2**500 over all rows is finite
_MOST_POSITIONS = 1 << 20  # positions with discounts of their own; all later ones have that of the last
_BLOCK = 4096  # rows; as many queries are worth a call of the thread pool

# -- queries ---------------------------------------------------------------------------------------------------------


@dataclass
class Queries:
    """Which rows stand together.

    code : int64 (n_samples,), number of each row's query
    weight : float64 (n_queries,), number of copies of each query, or None for one each
    copies : float64 (n_samples,), number of copies of each row in its query; empty for one each
    """

    code: np.ndarray
    weight: np.ndarray | None = None
    copies: np.ndarray = field(default_factory=lambda: NO_WEIGHT)

    def __post_init__(self):
        sizes = np.bincount(self.code)
        self.rows = np.argsort(self.code, kind="stable").astype(np.uint32)
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        self.n_queries, self._largest = len(sizes), int(sizes.max(initial=0))
        counts = np.bincount(self.code, self.copies) if self.copies.size else sizes
        self.is_counted = counts > 0 if self.weight is None else (counts > 0) & (self.weight > 0)
        self.discounts = _discounts(min(int(np.ceil(counts.max(initial=0.0))) + 1, _MOST_POSITIONS))

    @property
    def row_weight(self):
        """(n_samples,) copies of each row in all copies of its query, or None for one each."""
        if self.weight is None:
            return self.copies if self.copies.size else None
        weight = self.weight[self.code]
        return weight * self.copies if self.copies.size else weight

    def take(self, rows):
        """The queries of some rows."""
        numbers, code = np.unique(self.code[rows], return_inverse=True)
        weight = None if self.weight is None else self.weight[numbers]
        return Queries(code, weight, self.copies[rows] if self.copies.size else NO_WEIGHT)

    def keys(self, row_keys):
        """(n_queries,) int64 from what stands in the rows: alike for any order, and for copies of rows."""
        is_counted = self.copies[self.rows] > 0.0 if self.copies.size else np.ones(len(self.rows), bool)
        keys, bounds = row_keys[self.rows], np.iinfo(np.int64)
        low = np.minimum.reduceat(np.where(is_counted, keys, bounds.max), self.starts[:-1])
        return 3 * low + np.maximum.reduceat(np.where(is_counted, keys, bounds.min), self.starts[:-1])

    def for_each(self, function, n_threads):
        """Call `function(first, last, cells, slots)` for blocks of queries, with memory for the largest."""
        block = max(1, self.n_queries * _BLOCK // max(len(self.rows), 1))

        def with_memory(first, last):
            size = max(self._largest, 1)
            function(first, last, np.zeros((N_FIELDS, size + LANES)), np.empty((N_SLOTS, size), np.int64))

        for_blocks(with_memory, self.n_queries, block, n_threads)


def _discounts(n_positions):
    """(2, n_positions + 1): sums of 1 / log2(k + 2) over the positions k below, and of it times the middle k + 1/2."""
    k = np.arange(n_positions)
    discount = 1.0 / np.log2(k + 2.0)
    sums = np.zeros((2, n_positions + 1))
    np.cumsum([discount, discount * (k + 0.5)], axis=1, out=sums[:, 1:])
    return sums


# -- measures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RankingMeasure:
    """NDCG (Järvelin & Kekäläinen 2002) or mean average precision, of all positions or of the first `at` of them.

    Rows of equal score share their positions: NDCG takes the mean gain of a tie, average precision the precision at its
    end.  A query in which every order is equally good counts 1.
    """

    name: str = "ndcg"
    at: float = np.inf

    _PATTERN = re.compile(r"(ndcg|map)(?:@([1-9]\d*))?")

    @classmethod
    def of(cls, text):
        """The measure that "ndcg", "ndcg@10", "map" or the like asks for, or None."""
        match = cls._PATTERN.fullmatch(text)
        return match and cls(match[1], float(match[2] or np.inf))

    def mean(self, relevance, score, queries, n_threads=1):
        """Mean over the queries, which count by their weights."""
        values = self.values(relevance, score, queries, n_threads)
        weight = None if queries.weight is None else queries.weight[queries.is_counted]
        return float(np.average(values[queries.is_counted], weights=weight))

    def values(self, relevance, score, queries, n_threads=1):
        """(n_queries,) in [0, 1]."""
        objective = NDCG if self.name == "ndcg" else MAP
        gain = gains(objective, relevance)
        values = _measured(objective, self.at, gain, score, queries, n_threads)
        if objective == NDCG:
            ideal = _measured(objective, self.at, gain, gain, queries, n_threads)
            values = np.divide(values, ideal, out=np.ones_like(values), where=ideal > 0.0)
        return np.where(np.isnan(values), 1.0, values)


def gains(objective, relevance):
    """(n_samples,) 2**relevance - 1, the relevance, or 1 where it is not zero."""
    if objective == NDCG:
        return np.exp2(relevance) - 1.0
    return (relevance > 0.0).astype(np.float64) if objective == MAP else relevance


def _measured(objective, at, gain, score, queries, n_threads):
    values = np.empty(queries.n_queries)

    def fill(first, last, cells, slots):
        measure(
            objective, at, queries.rows, queries.starts, first, last, gain, queries.copies, score, queries.discounts,
            cells, slots, values,
        )  # fmt: skip

    queries.for_each(fill, n_threads)
    return values


# -- losses ----------------------------------------------------------------------------------------------------------


@dataclass
class RankingLoss(Loss):
    """LambdaRank (Burges, Ragno & Le 2006): the logistic loss of the differences of scores of all pairs of rows in a
    query that differ in relevance, each times what swapping the two would cost.

    objective : what a swap costs, a class attribute: NDCG, PAIRWISE (1 each) or MAP
    truncation : pairs count whose upper row is among so many
    is_normalised : whether the cost is divided by 0.01 plus the difference of the scores (but for PAIRWISE), and the
        gradients of a query are scaled to log2(1 + sum of their sizes)
    queries, n_threads : while the trees grow; a fitted loss knows no rows
    """

    truncation: float = np.inf
    is_normalised: bool = True
    queries: Queries | None = None
    n_threads: int = 1
    target = "relevance"
    n_outputs = 1
    needs_all_rows = True
    has_value = False

    @classmethod
    def made_for(cls, *, lambdarank_truncation_level=None, lambdarank_norm=True, **settings):
        level = lambdarank_truncation_level
        return cls(np.inf if level is None else float(level), bool(lambdarank_norm))

    def of_rows(self, y, queries, n_threads):
        """The loss of these rows, ready for `gradient_hessian`."""
        loss = replace(self, queries=queries, n_threads=n_threads)
        loss._gain = gains(self.objective, y)
        loss._inverse_ideal = loss._inverse_ideals()
        return loss

    def without_rows(self):
        return replace(self, queries=None, n_threads=1)

    def _inverse_ideals(self):
        """(n_queries,) 1 / DCG of the best order, or 1 / number of relevant rows; 0 where there is none."""
        queries, gain = self.queries, self._gain
        if self.objective == NDCG:
            ideal = _measured(NDCG, self.truncation, gain, gain, queries, self.n_threads)
        elif self.objective == MAP:
            ideal = np.bincount(queries.code, gain * queries.copies if queries.copies.size else gain)
        else:
            ideal = np.ones(queries.n_queries)
        return np.divide(1.0, ideal, out=np.zeros(len(ideal)), where=ideal > 0.0)

    def check_target(self, y):
        wrong = ~((y >= 0.0) & (y <= LARGEST_RELEVANCE))
        if wrong.any():
            raise ValueError(f"y must hold degrees of relevance in [0, {LARGEST_RELEVANCE:g}], got {y[wrong][0]:g}.")

    def baseline(self, y, sample_weight):
        return np.zeros(1)

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        queries = self.queries

        def fill(first, last, cells, slots):
            fill_lambdas(
                self.objective, float(self.truncation), self.is_normalised, queries.rows, queries.starts, first, last,
                self._gain, queries.copies, raw[0], self._inverse_ideal, queries.discounts, gradient[0], hessian[0],
                cells, slots,
            )  # fmt: skip

        queries.for_each(fill, self.n_threads)

    def value(self, y, raw, sample_weight):
        return float("nan")

    def link(self, prediction):
        return np.atleast_1d(np.asarray(prediction, dtype=np.float64))

    def link_inverse(self, raw):
        return samples_first(raw)


class NdcgLoss(RankingLoss):
    """A swap costs the change of NDCG (LambdaMART)."""

    name = "rank:ndcg"
    objective = NDCG


class PairwiseLoss(RankingLoss):
    """All swaps cost the same (RankNet)."""

    name = "rank:pairwise"
    objective = PAIRWISE


class MapLoss(RankingLoss):
    """A swap costs the change of the average precision."""

    name = "rank:map"
    objective = MAP
