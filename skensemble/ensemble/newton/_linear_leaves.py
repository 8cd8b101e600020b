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
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._leaf_slopes import add_leaves, find_path_features
from skensemble.ensemble.newton._parted_rounds import InParts
from skensemble.ensemble.newton._slope_kernels import find_ranges, solve_leaves, sum_leaves
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.ensemble.newton._tree_rounds import TreeRounds
from skensemble.tree.histogram._grown_trees import leaves_of
from skensemble.tree.trees._leaf_slopes import LeafSlopes, read_only
from skensemble.tree.trees._marks import NO_CHILD

FIT_WORK = 20_000  # rows x features of a path from which leaves are fitted by several threads
MOVE_BLOCK = 1 << 14  # rows


# -- the rounds ------------------------------------------------------------------------------------------------------


class LinearLeafRound(NamedTuple):
    """What a round has grown, as TreeRound, and the slopes of each tree's leaves."""

    trees: list
    node_weights: list
    slopes: list  # of LeafSlopes


@dataclass
class LinearLeafData(TrainingData):
    """Rows that know the numbers in their cells."""

    cells: np.ndarray | None = None  # (n_samples, n_features) float64, read-only

    def take(self, rows):
        return replace(super().take(rows), cells=read_only(self.cells[self.own(rows)]))


class LinearLeafRounds(TreeRounds):
    """Rounds of trees with linear leaves; the data are LinearLeafData."""

    def __init__(self, loss, train, held_out, settings, linear_lambda):
        super().__init__(loss, train, held_out, settings)
        self._linear_lambda, self._spread = linear_lambda, spreads(train)
        self._slopes = {}  # by the place of the tree in its round

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
        start, feature = path_features(tree.nodes)
        rows = LeafRows(*growth.leaf_starts(), growth.rows_by_leaf)
        means_and_slopes = (np.zeros((len(feature), tree.values.shape[1])) for _ in range(2))
        slopes = LeafSlopes(start, feature, *means_and_slopes, np.full(len(tree.nodes), self._largest_step()))
        for k in range(tree.values.shape[1]):
            mean, slope = self._fit_output(rows, start, feature, k if self.settings.vector else tree.output)
            slopes.mean[:, k] = mean
            # The last bits of a slope are not worth their bytes in a file.
            slopes.slope[:, k] = np.float32(slope * (self.settings.learning_rate / self.settings.n_parallel))
        return slopes

    def _largest_step(self):
        """Bound on what a leaf adds to a row; slopes alone would carry rows far from the others beyond it."""
        limit = self.settings.limits.max_delta_step
        return limit * self.settings.learning_rate / self.settings.n_parallel if limit else np.inf

    def _fit_output(self, rows, start, feature, output):
        """(means of the features of each leaf, slopes), for one output."""
        here, targets = self.train.here, self.targets
        weight = targets.weight[here] if len(targets.weight) else targets.weight
        derivatives = (targets.gradient[output, here], targets.hessian[output, here], weight, targets.whole)
        penalty = (self._spread, self._linear_lambda)
        return fit_lines(
            rows, self.train.cells, derivatives, penalty, start, feature, self._threads_of_tree,
            joined_ranges=self._joined_ranges, joined_sums=self._sum_of_parts,
        )  # fmt: skip

    def _joined_ranges(self, *ranges):
        return ranges


class PartedLinearLeafRounds(InParts, LinearLeafRounds):
    """The same, of rows in several parts."""

    def _joined_ranges(self, *ranges):
        low, high, tops = (np.array(parts) for parts in zip(*self._part.exchange.gather(ranges)))
        n_rows, most = tops[:, :, :1].sum(axis=0), tops[:, :, 1:].max(axis=0)
        return low.min(axis=0), high.max(axis=0), np.concatenate([n_rows, most], axis=1)


class LeafRows(NamedTuple):
    """Which rows stand in which leaf: those of leaves[l] are rows[starts[l] : starts[l + 1]]."""

    leaves: np.ndarray
    starts: np.ndarray
    rows: np.ndarray


def fit_lines(
    rows, cells, derivatives, penalty, start, feature, n_threads, *, joined_ranges=None, joined_sums=None, no_mean=0.0
):
    """(means of the features of each leaf, slopes), each (n_entries,).

    rows : LeafRows
    derivatives : gradient, hessian and weight of the rows, and whether weights are numbers of copies
    penalty : standard deviation of each feature, and the ridge in units of them
    joined_ranges, joined_sums : functions that put together what several parts of the rows have found
    no_mean : the mean in a leaf where no row has all cells
    """
    leaves = rows.leaves
    low, high, slope = np.zeros((3, len(feature)))
    mean = np.full(len(feature), no_mean)
    tops, n_features = np.empty((len(leaves), 3)), np.diff(start)[leaves]
    sum_starts = np.append(0, np.cumsum(2 + 2 * n_features + n_features * (n_features + 1) // 2))
    sums = np.empty(sum_starts[-1], np.int64)
    given = (rows.rows, cells, *derivatives, start, feature)

    def find(first, last):
        find_ranges(leaves[first:last], rows.starts[first : last + 1], *given, low, high, tops[first:last])

    def add(first, last):
        sum_leaves(
            leaves[first:last], rows.starts[first : last + 1], *given, low, high, tops[first:last],
            sum_starts[first : last + 1], sums,
        )  # fmt: skip

    work = len(rows.rows) * len(feature) / len(leaves)
    n_threads = n_threads if work > FIT_WORK else 1
    block = -(-len(leaves) // (4 * n_threads)) if n_threads > 1 else len(leaves)
    for_blocks(find, len(leaves), block, n_threads)
    if joined_ranges is not None:
        low, high, tops = joined_ranges(low, high, tops)
    for_blocks(add, len(leaves), block, n_threads)
    sums = sums if joined_sums is None else joined_sums(sums)
    solve_leaves(leaves, low, high, tops, sum_starts, sums, *penalty, start, feature, mean, slope)
    return mean, slope


def spreads(data):
    """Standard deviations (n_features,) of the cells that are there; 1 of categories."""
    spread = np.ones(data.cells.shape[1])
    weight = NO_WEIGHT if data.weight is None else data.weight
    for j in np.flatnonzero(~data.binned.is_categorical):
        column = data.gathered(data.cells[:, j])
        is_there = np.isfinite(column)
        column, own_weight = column[is_there], weight[is_there] if weight.size else weight
        centre = weighted_mean(column, own_weight)
        spread[j] = np.sqrt(weighted_mean(np.square(column - centre), own_weight)) or 1.0
    return np.where(np.isfinite(spread), spread, 1.0)


def path_features(nodes):
    """(start, feature): the numeric features on the way to leaf v are feature[start[v] : start[v + 1]]."""
    is_leaf = nodes["left"] == NO_CHILD
    splits = np.flatnonzero(~is_leaf)
    parent = np.full(len(nodes), -1, np.int32)
    parent[nodes["left"][splits]] = parent[nodes["right"][splits]] = splits
    asked = np.where(is_leaf | (nodes["is_categorical"] != 0), -1, nodes["feature"]).astype(np.int32)
    start, feature = np.empty(len(nodes) + 1, np.int64), np.empty(int(nodes["depth"][is_leaf].sum()), np.int32)
    find_path_features(parent, asked, is_leaf, start, feature)
    return start, feature[: start[-1]].copy()


def _add_tree(data, leaf, tree, slopes, columns, n_threads):
    for k, column in enumerate(columns):
        raw = data.raw[column, data.here]

        def add(start, stop, k=k, raw=raw):
            add_leaves(data.cells[start:stop], leaf[start:stop], tree.values, *slopes, k, raw[start:stop])

        for_blocks(add, len(raw), MOVE_BLOCK, n_threads)


# -- the model -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LinearLeafTrees(GradientTrees):
    """Trees whose leaves add a constant and slopes, those of `additive`."""

    _kinds_of_rounds = LinearLeafRounds, PartedLinearLeafRounds

    @classmethod
    def started(cls, binner, baseline, **how):
        model = super().started(binner, baseline, **how)
        empty = LeafSlopes.empty(model.additive.trees.n_values)
        return replace(model, additive=replace(model.additive, slopes=empty))

    @classmethod
    def training_data(cls, binner, table, target, weight, start, n_threads):
        cells = read_only(np.asarray(table.cells_beside(binner.encode(table)), np.float64))
        return LinearLeafData(binner.transform(table, n_threads), target, weight, start=start, cells=cells)

    def rounds(self, request):
        if request.loss.optimal_leaf_values is not None:
            raise ValueError(
                f"linear_leaves must be False for loss={request.parameters.loss!r}, whose leaves hold best constants, "
                "got True."
            )
        if request.parameters.monotonic_cst is not None:
            raise ValueError("linear_leaves must be False if monotonic_cst is set, which slopes do not obey, got True.")
        return self._rounds(request, float(request.parameters.linear_lambda))

    def extended(self, rounds):
        slopes = self.additive.slopes.extended([slopes for round_ in rounds for slopes in round_.slopes])
        return replace(self, additive=self._with_trees(rounds, slopes=slopes))

    def check(self, n_features):
        super().check(n_features)
        known, n_nodes = self.additive, self.additive.trees.n_nodes
        if not known.slopes.is_valid(n_nodes, known.trees.n_values, n_features):
            raise ValueError(f"Malformed slopes: they must belong to {n_nodes} nodes and {n_features} features.")
