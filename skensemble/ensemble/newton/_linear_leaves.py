"""Trees with a linear model in each leaf, as LightGBM has them: piece-wise linear regression trees (Shi, Li, Li 2018).

A leaf adds its constant, as any leaf of boosting does, and a slope for each numeric feature on its path:

    constant + sum over the path's features of  slope * (x - mean of x in the leaf)

So the slopes leave the mean alone, the best constant is what it would be without them, and a row that misses one of the
cells gets the constant.  Knows losses and trees, no estimator.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean
from skensemble.ensemble.newton._cell_columns import CellColumns
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._leaf_slopes import add_leaves, find_paths
from skensemble.ensemble.newton._parted_rounds import InParts
from skensemble.ensemble.newton._slope_kernels import (
    find_largest,
    mend_units,
    set_units,
    solve_leaves,
    sum_leaves,
)  # fmt: skip
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.ensemble.newton._tree_rounds import TreeRounds
from skensemble.tree.histogram._grown_trees import ThresholdTable, leaves_of
from skensemble.tree.trees._leaf_slopes import LeafSlopes

FIT_WORK = 20_000  # rows x features of a path from which leaves are fitted by several threads
MOVE_BLOCK = 1 << 14  # rows
LEAST_BLOCK = 1 << 14  # rows that one thread sums


# -- the rounds ------------------------------------------------------------------------------------------------------


class LinearLeafRound(NamedTuple):
    """What a round has grown, as TreeRound, and the slopes of each tree's leaves."""

    trees: list
    node_weights: list
    slopes: list  # of LeafSlopes


@dataclass
class LinearLeafData(TrainingData):
    """Rows that know the numbers in their cells."""

    cells: CellColumns | None = None

    def take(self, rows):
        return replace(super().take(rows), cells=self.cells.take(self.own(rows)))


class LinearLeafRounds(TreeRounds):
    """Rounds of trees with linear leaves; the data are LinearLeafData."""

    def __init__(self, loss, train, held_out, settings, linear_lambda, thresholds):
        super().__init__(loss, train, held_out, settings)
        self._linear_lambda, self._extents = linear_lambda, column_extents(train)
        self._thresholds = ThresholdTable.of(thresholds)
        self._slopes = {}  # by the place of the tree in its round

    def goes_on(self, settings, linear_lambda, thresholds):
        return super().goes_on(settings) and self._linear_lambda == linear_lambda

    def round(self, number):
        grown = super().round(number)
        return LinearLeafRound(*grown, [self._slopes[place] for place in range(len(grown.trees))])

    def _move(self, growth, place):
        tree, slopes = growth.tree, self._fit(growth)
        self._slopes[place] = slopes
        columns = range(self.n_outputs) if self.settings.vector else [tree.output]
        _add_tree(self.train, growth.leaf_of_row, tree, slopes, columns, self._threads_of_tree)
        if self.held_out is not None:
            rows = np.arange(self.held_out.binned.n_samples, dtype=np.uint32)
            leaf = leaves_of(tree, self.held_out.binned, rows)
            _add_tree(self.held_out, leaf, tree, slopes, columns, self._threads_of_tree)

    def _fit(self, growth):
        """LeafSlopes of a tree, times what its values were multiplied by."""
        tree = growth.tree
        paths = Paths(*find_paths(tree.nodes, *self._thresholds, *self._extents[1:]))
        start, feature = paths.start, paths.feature
        rows = LeafRows(*growth.leaf_starts(), growth.rows_by_leaf)
        means_and_slopes = (np.zeros((len(feature), tree.values.shape[1])) for _ in range(2))
        slopes = LeafSlopes(start, feature, *means_and_slopes, np.full(len(tree.nodes), self._largest_step()))
        for k in range(tree.values.shape[1]):
            mean, slope = self._fit_output(rows, paths, k if self.settings.vector else tree.output)
            slopes.mean[:, k] = mean
            # The last bits of a slope are not worth their bytes in a file.
            slopes.slope[:, k] = np.float32(slope * (self.settings.learning_rate / self.settings.n_parallel))
        return slopes

    def _largest_step(self):
        """Bound on what a leaf adds to a row; slopes alone would carry rows far from the others beyond it."""
        limit = self.settings.limits.max_delta_step
        return limit * self.settings.learning_rate / self.settings.n_parallel if limit else np.inf

    def _fit_output(self, rows, paths, output):
        """(means of the features of each leaf, slopes), for one output."""
        here, targets = self.train.here, self.targets
        weight = targets.weight[here] if len(targets.weight) else targets.weight
        derivatives = (targets.gradient[output, here], targets.hessian[output, here], weight, targets.whole)
        penalty = (self._extents.spread, self._linear_lambda)
        return fit_lines(
            rows, self.train.cells, derivatives, penalty, paths, self._threads_of_tree,
            joined_bounds=self._joined_bounds, joined_sums=self._sum_of_parts,
        )  # fmt: skip

    def _joined_bounds(self, *bounds):
        return bounds


class PartedLinearLeafRounds(InParts, LinearLeafRounds):
    """The same, of rows in several parts."""

    def _joined_bounds(self, *bounds):
        low, high, most = (np.array(parts) for parts in zip(*self._part.exchange.gather(bounds)))
        return low.min(axis=0), high.max(axis=0), most.max(axis=0)


class LeafRows(NamedTuple):
    """Which rows stand in which leaf: those of leaves[l] are rows[starts[l] : starts[l + 1]], ascending."""

    leaves: np.ndarray
    starts: np.ndarray
    rows: np.ndarray


class Paths(NamedTuple):
    """Numeric features on the way to the leaves of a tree; those of node v are the entries start[v] : start[v + 1]."""

    start: np.ndarray  # (n_nodes + 1,) int64
    feature: np.ndarray  # (n_entries,) int32
    low: np.ndarray  # (n_entries,): no cell of the leaf is smaller
    high: np.ndarray  # no cell of the leaf is larger


def fit_lines(
    rows, cells, derivatives, penalty, paths, n_threads, *, joined_bounds=None, joined_sums=None, no_mean=0.0
):
    """(means of the features of each leaf, slopes), each (n_entries,).

    rows : LeafRows
    derivatives : gradient, hessian and weight of the rows, and whether weights are numbers of copies
    penalty : standard deviation of each feature, and the ridge in units of them
    joined_bounds, joined_sums : functions that put together what several parts of the rows have found
    no_mean : the mean in a leaf where no row has all cells
    """
    sums = _LeafSums(rows, cells, derivatives, paths, n_threads, joined_bounds, joined_sums)
    mean, slope = np.full(len(paths.feature), no_mean), np.zeros(len(paths.feature))
    solve_leaves(rows.leaves, sums.low, sums.high, sums.sums, *sums.units, *penalty, *paths[:2], mean, slope)
    return mean, slope


class _LeafSums:
    """Sums over the rows of each leaf, in units that suit its numbers; see the kernels."""

    def __init__(self, rows, cells, derivatives, paths, n_threads, joined_bounds, joined_sums):
        self._rows, self._paths, self._given = rows, paths, (rows.rows, *cells, *derivatives)
        self._n_rows = cells.present.shape[1]
        n_leaves, n_features = len(rows.leaves), np.diff(paths.start)[rows.leaves]
        self._widest = int(n_features.max(initial=0))
        self._n_threads = n_threads if len(rows.rows) * n_features.mean() > FIT_WORK else 1
        self._join = (lambda *bounds: bounds) if joined_bounds is None else joined_bounds
        self._sum = (lambda sums: sums) if joined_sums is None else joined_sums
        most = np.empty(2)
        find_largest(*derivatives, most)
        most = self._join(np.empty(0), np.empty(0), most)[2]
        self.units = np.empty(len(paths.feature)), np.empty(len(paths.feature)), np.empty((n_leaves, 2))
        set_units(rows.leaves, paths.start, paths.low, paths.high, most, *self.units)
        self.low, self.high, most, self.sums = self._of_leaves(np.arange(n_leaves))
        is_coarse = np.empty(n_leaves, np.bool_)
        mend_units(rows.leaves, paths.start, self.low, self.high, most, *self.units, is_coarse)
        if is_coarse.any():
            self.sums[is_coarse] = self._of_leaves(np.flatnonzero(is_coarse))[3]

    def _of_leaves(self, places):
        """low, high, most and sums of the leaves at some places, of all rows of all parts."""
        n_leaves, width, n_rows = len(places), self._widest, self._n_rows
        n_blocks = 1 if self._n_threads == 1 else min(4 * self._n_threads, max(1, n_rows // LEAST_BLOCK))
        block = -(-max(n_rows, 1) // n_blocks)
        low, high = np.full((n_blocks, n_leaves, width), np.inf), np.full((n_blocks, n_leaves, width), -np.inf)
        most = np.zeros((n_blocks, n_leaves, 2))
        sums = np.zeros((n_blocks, n_leaves, 2 * (2 + 2 * width + width * (width + 1) // 2)), np.int64)

        def add(first, last):
            own = first // block
            sum_leaves(
                first, last, places, self._rows.starts, *self._given, self._rows.leaves, *self._paths[:2], *self.units,
                low[own], high[own], most[own], sums[own],
            )  # fmt: skip

        for_blocks(add, n_rows, block, self._n_threads)
        bounds = low.min(axis=0), high.max(axis=0), most.max(axis=0)
        return *self._join(*bounds), self._sum(sums.sum(axis=0))


class ColumnExtents(NamedTuple):
    """Of the cells of each feature that are there."""

    spread: np.ndarray  # standard deviation; 1 of categories
    low: np.ndarray
    high: np.ndarray


def column_extents(data):
    """ColumnExtents of the features of LinearLeafData."""
    columns = data.cells.present
    spread, (low, high) = np.ones(len(columns)), np.zeros((2, len(columns)))
    for j in np.flatnonzero(~data.binned.is_categorical):
        column, weight = data.gathered(columns[j]).astype(np.float64, copy=False), data.weight
        counts = np.isfinite(column) if weight is None else np.isfinite(column) & (weight > 0.0)
        if not counts.any():
            continue
        if not counts.all():
            column, weight = column[counts], None if weight is None else weight[counts]
        weight = NO_WEIGHT if weight is None else weight
        low[j], high[j] = column.min(), column.max()
        centre = weighted_mean(column, weight)
        spread[j] = np.sqrt(weighted_mean(np.square(column - centre), weight)) or 1.0
    return ColumnExtents(np.where(np.isfinite(spread), spread, 1.0), low, high)


def _add_tree(data, leaf, tree, slopes, columns, n_threads):
    for k, column in enumerate(columns):
        raw = data.raw[column, data.here]

        def add(start, stop, k=k, raw=raw):
            add_leaves(*data.cells, start, stop, leaf, tree.values, *slopes, k, raw)

        for_blocks(add, len(raw), MOVE_BLOCK, n_threads)


# -- the model -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LinearLeafTrees(GradientTrees):
    """Trees whose leaves add a constant and slopes, those of `additive`."""

    allows_blocks = False
    _kinds_of_rounds = LinearLeafRounds, PartedLinearLeafRounds

    @classmethod
    def started(cls, binner, baseline, **how):
        model = super().started(binner, baseline, **how)
        empty = LeafSlopes.empty(model.additive.trees.n_values)
        return replace(model, additive=replace(model.additive, slopes=empty))

    @classmethod
    def training_data(cls, binner, table, target, weight, start, n_threads):
        cells = CellColumns.of(np.asarray(table.cells_beside(binner.encode(table)), np.float64, "C"), n_threads)
        return LinearLeafData(binner.transform(table, n_threads), target, weight, start=start, cells=cells)

    def rounds(self, request):
        if request.loss.optimal_leaf_values is not None:
            raise ValueError(
                f"linear_leaves must be False for loss={request.parameters.loss!r}, whose leaves hold best constants, "
                "got True."
            )
        if request.parameters.monotonic_cst is not None:
            raise ValueError("linear_leaves must be False if monotonic_cst is set, which slopes do not obey, got True.")
        return self._rounds(request, float(request.parameters.linear_lambda), self.binner.thresholds_)

    def extended(self, rounds):
        slopes = self.additive.slopes.extended([slopes for round_ in rounds for slopes in round_.slopes])
        return replace(self, additive=self._with_trees(rounds, slopes=slopes))

    def check(self, n_features):
        super().check(n_features)
        known, n_nodes = self.additive, self.additive.trees.n_nodes
        if not known.slopes.is_valid(n_nodes, known.trees.n_values, n_features):
            raise ValueError(f"Malformed slopes: they must belong to {n_nodes} nodes and {n_features} features.")
