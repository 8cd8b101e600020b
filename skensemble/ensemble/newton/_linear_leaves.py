"""Trees with a linear model in each leaf, as LightGBM has them: piece-wise linear regression trees (Shi, Li, Li 2018).

A leaf adds its constant, as any leaf of boosting does, and a slope for each numeric feature on its path:

    constant + sum over the path's features of  slope * (x - mean of x in the leaf)

So the slopes leave the mean alone, the best constant is what it would be without them, and a row that misses one of the
cells gets the constant.  Knows losses and trees, no estimator.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._leaf_slopes import add_leaves, add_trees, find_path_features
from skensemble.ensemble.newton._parted_rounds import InParts
from skensemble.ensemble.newton._slope_kernels import find_ranges, solve_leaves, sum_leaves
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.ensemble.newton._tree_rounds import TreeRounds
from skensemble.explanation._explained_trees import ExplainedTrees
from skensemble.tree.histogram._grown_trees import leaves_of
from skensemble.tree.trees._inspected import ShownTrees
from skensemble.tree.trees._marks import NO_CHILD
from skensemble.tree.trees._prediction import apply_trees

ROW_BLOCK = 1024  # rows that are encoded at once
FIT_WORK = 20_000  # rows x features of a path from which leaves are fitted by several threads
MOVE_BLOCK = 1 << 14  # rows


# -- what leaves have besides constants ------------------------------------------------------------------------------


class LeafSlopes(NamedTuple):
    """Slopes of the leaves of one tree or of many; those of node v are the entries start[v] : start[v + 1]."""

    start: np.ndarray  # (n_nodes + 1,) int64
    feature: np.ndarray  # (n_entries,) int32
    mean: np.ndarray  # (n_entries, n_values) of the feature, in the leaf
    slope: np.ndarray  # (n_entries, n_values), in raw prediction per unit of the feature
    limit: np.ndarray  # (n_nodes,) size of the largest step of a leaf, slopes included; infinite without max_delta_step

    @classmethod
    def empty(cls, n_values):
        """Slopes of no tree."""
        slopes = (np.empty((0, n_values)) for _ in range(2))
        return cls(np.zeros(1, np.int64), np.empty(0, np.int32), *slopes, np.empty(0))

    def is_valid(self, n_nodes, n_values, n_features):
        """Whether kernels can safely read them, beside trees of so many nodes."""
        shape = (len(self.feature), n_values)
        return bool(
            len(self.start) == n_nodes + 1
            and self.start[0] == 0
            and self.start[-1] == shape[0]
            and (np.diff(self.start) >= 0).all()
            and ((self.feature >= 0) & (self.feature < n_features)).all()
            and self.mean.shape == self.slope.shape == shape
            and self.limit.shape == (n_nodes,)
        )

    def part(self, first, last):
        """Slopes of the nodes first .. last - 1."""
        start = self.start[first : last + 1]
        entries = slice(start[0], start[-1])
        of_entries = (getattr(self, name)[entries] for name in ("feature", "mean", "slope"))
        return LeafSlopes(start - start[0], *of_entries, self.limit[first:last])

    def extended(self, others):
        """These slopes, followed by those of other trees."""
        parts = [self, *others]
        shifts = np.cumsum([0, *(len(part.feature) for part in parts)])
        starts = [self.start[:1], *(part.start[1:] + shift for part, shift in zip(parts, shifts))]
        rest = (np.concatenate([getattr(part, name) for part in parts]) for name in LeafSlopes._fields[1:])
        return LeafSlopes(np.concatenate(starts), *rest)


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
        self._linear_lambda, self._spread = linear_lambda, _spreads(train)
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
        leaves = rows.leaves
        low, high, mean, slope = np.zeros((4, len(feature)))
        tops, n_features = np.empty((len(leaves), 3)), np.diff(start)[leaves]
        sum_starts = np.append(0, np.cumsum(2 + 2 * n_features + n_features * (n_features + 1) // 2))
        sums = np.empty(sum_starts[-1], np.int64)
        here, targets = self.train.here, self.targets
        weight = targets.weight[here] if len(targets.weight) else targets.weight
        given = (
            rows.rows, self.train.cells, targets.gradient[output, here], targets.hessian[output, here], weight,
            targets.whole, start, feature,
        )  # fmt: skip

        def find(first, last):
            find_ranges(leaves[first:last], rows.starts[first : last + 1], *given, low, high, tops[first:last])

        def add(first, last):
            sum_leaves(
                leaves[first:last], rows.starts[first : last + 1], *given, low, high, tops[first:last],
                sum_starts[first : last + 1], sums,
            )  # fmt: skip

        work = len(rows.rows) * len(feature) / len(leaves)
        n_threads = self._threads_of_tree if work > FIT_WORK else 1
        block = -(-len(leaves) // (4 * n_threads))
        for_blocks(find, len(leaves), block, n_threads)
        low, high, tops = self._joined_ranges(low, high, tops)
        for_blocks(add, len(leaves), block, n_threads)
        solve_leaves(
            leaves, low, high, tops, sum_starts, self._sum_of_parts(sums), self._spread, self._linear_lambda, start,
            feature, mean, slope,
        )  # fmt: skip
        return mean, slope

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


def _spreads(data):
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
    parent = np.full(len(nodes), -1, np.int32)
    for side in ("left", "right"):
        parent[nodes[side][~is_leaf]] = np.flatnonzero(~is_leaf)
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
    """Trees whose leaves add a constant, that of `additive`, and slopes.

    slopes : LeafSlopes of all trees
    """

    slopes: LeafSlopes | None = None  # of no tree
    _kinds_of_rounds = LinearLeafRounds, PartedLinearLeafRounds

    @classmethod
    def training_data(cls, binner, table, target, weight, start, n_threads):
        cells = read_only(table.cells_beside(binner.encode(table)))
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
        slopes = self._all_slopes().extended([slopes for round_ in rounds for slopes in round_.slopes])
        return LinearLeafTrees(self._with_trees(rounds), self.n_parallel, slopes)

    def part(self, first, last):
        bounds = self.additive.trees.bounds[np.array([first, last]) * self.n_learners * self.n_parallel]
        return replace(super().part(first, last), slopes=self._all_slopes().part(*bounds))

    def joined(self, other):
        joined = super().joined(other)
        return replace(joined, slopes=self._all_slopes().extended([other._all_slopes()]))

    def tempered(self, temperature):
        known = self._all_slopes()
        slopes = known._replace(slope=known.slope / temperature, limit=known.limit / temperature)
        return replace(super().tempered(temperature), slopes=slopes)

    def _all_slopes(self):
        return LeafSlopes.empty(self.additive.trees.n_values) if self.slopes is None else self.slopes

    def raw(self, table, n_threads=1):
        *_, raw = self._staged(table, [self.additive.trees.n_trees], n_threads)
        return raw

    def staged_raw(self, table, n_threads=1):
        yield from self._staged(table, self._stages, n_threads)

    def _staged(self, table, stages, n_threads):
        """Yield the prediction of the first stages[0] trees, of the first stages[1] and so on; stages ascend."""
        layout, baseline, encode = self.additive.layout, self.baseline, self.additive.encoder(table)
        yield from staged_raw_of_linear_leaves(
            layout, self._all_slopes(), encode, table.n_samples, baseline, stages, n_threads
        )

    def check(self, n_features):
        super().check(n_features)
        slopes, n_nodes = self._all_slopes(), self.additive.trees.n_nodes
        if not slopes.is_valid(n_nodes, self.additive.trees.n_values, n_features):
            raise ValueError(f"Malformed slopes: they must belong to {n_nodes} nodes and {n_features} features.")

    def explained(self, link, output_names):
        return ExplainedTrees(self.additive, self._all_slopes(), self.raw)

    def additive_trees(self):
        raise ValueError(
            "linear_leaves must be False for trees whose leaves add constants, which are needed here, got linear "
            "leaves: fit with linear_leaves=False."
        )

    def shown_trees(self):
        return ShownTrees(self.additive, self._all_slopes())


# -- predictions -----------------------------------------------------------------------------------------------------


def read_only(cells):
    """C order, and one type for the kernels, whether or not the array may be written to."""
    view = np.ascontiguousarray(cells, np.float64).view()
    view.flags.writeable = False
    return view


def staged_raw_of_linear_leaves(layout, slopes, encode, n_rows, baseline, stages, n_threads=1):
    """Yield the prediction of the first stages[0] trees, of the first stages[1] and so on; stages ascend."""
    raw = np.empty((n_rows, len(baseline)))
    raw[:] = baseline
    keep = len(stages) > 1
    find = partial(_cells_and_leaves, layout, encode)
    found = for_blocks(find, n_rows, ROW_BLOCK, n_threads) if keep else None
    first_tree = 0
    for last_tree in stages:

        def add(start, stop, first_tree=first_tree, last_tree=last_tree):
            cells, leaves = found[start // ROW_BLOCK] if keep else find(start, stop)
            add_trees(
                cells, leaves, first_tree, last_tree, layout.roots, layout.output, layout.values, *slopes,
                raw[start:stop],
            )  # fmt: skip

        for_blocks(add, n_rows, ROW_BLOCK, n_threads)
        yield raw.copy() if keep else raw
        first_tree = last_tree


def _cells_and_leaves(layout, encode, start, stop):
    cells = read_only(encode(start, stop))
    return cells, apply_trees(layout, lambda first, last: cells[first:last], stop - start)
