"""Boosting of a field: rounds that minimise the squared error of a vector, on rows that are drawn anew.

A tree has one value per column in each of its leaves.  Its splits are chosen for a few random combinations of the
residuals only (Iosipoi and Vakhrushev 2022, section 3.2, random projection), because the cost of a histogram grows with
the number of outputs; the values of its leaves are the means of all residuals.

The thresholds of the bins are fixed before the first round, so that a new draw costs one search per cell.
"""

from dataclasses import dataclass

import numpy as np

from skensemble._parallel import for_blocks
from skensemble._random import draw_seed
from skensemble.ensemble._early_stopping import Patience
from skensemble.generative.fields._vector_leaves import leaf_means, subtract_leaves, sum_of_leaves
from skensemble.tree._binning import BLOCK_CELLS, PADDING, BinnedMatrix, prepare_search
from skensemble.tree._binning_kernels import find_thresholds, write_codes
from skensemble.tree.histogram._grown_trees import leaves_of, to_tree_arrays
from skensemble.tree.histogram._growth_limits import GrowthLimits
from skensemble.tree.histogram._tree_grower import Targets, TreeGrower
from skensemble.tree.trees._marks import ALL_OUTPUTS
from skensemble.tree.trees._prediction import compile_trees

ROWS_FOR_BINS = 1 << 14


@dataclass(frozen=True)
class FieldRoundSettings:
    """Settings of the rounds."""

    n_estimators: int
    learning_rate: float
    reg_lambda: float
    limits: GrowthLimits
    n_sketch: int  # random combinations of the residuals by which splits are chosen
    max_bins: int
    n_repeats: int  # duplicates of each row in a draw
    max_rows: int  # maximum number of distinct rows in a draw
    redraw_interval: int  # rounds between draws; 0: never
    n_iter_no_change: int  # rounds without a smaller error of the held-out rows after which to stop
    n_threads: int


class FieldBins:
    """Thresholds of each feature: quantiles of its distribution over all times and all noise.

    features : (n_rows, n_features) a large draw;  max_bins : at most 255, so that a code is one byte
    """

    def __init__(self, features, max_bins):
        no_weights = np.empty(0, np.int64)
        columns = np.sort(np.ascontiguousarray(features.T), axis=1)  # NaN last
        self.thresholds = [find_thresholds(column, no_weights, max_bins) for column in columns]
        self.n_codes = np.array([2 + len(thresholds) for thresholds in self.thresholds], np.int32)
        self.is_categorical = np.zeros(len(self.n_codes), bool)

    def codes_of(self, features, n_threads):
        """The BinnedMatrix of features; those beyond the ones that have bins are left out."""
        search = prepare_search(self.thresholds, len(features))
        n_rows, n_features = len(features), len(self.n_codes)
        codes = np.zeros((n_rows, -(-n_features // PADDING) * PADDING), np.uint8)
        columns = np.empty((n_features, n_rows), np.uint8)

        def write_block(start, stop):
            block = np.ascontiguousarray(features[start:stop, :n_features].T)
            write_codes(block, *search, self.n_codes, self.is_categorical, columns, codes, start)

        for_blocks(write_block, n_rows, max(64, BLOCK_CELLS // n_features), n_threads)
        return BinnedMatrix(codes, columns, self.n_codes, self.is_categorical)


class DrawnRows:
    """A draw, and the residuals of its targets.  t : float or None, one time for all rows"""

    def __init__(self, draws, bins, settings, t=None):
        self.draws, self.bins, self.settings, self.t = draws, bins, settings, t
        self.known = np.zeros((0, 0), bool)
        self.draw([])

    def draw(self, trees):
        """Draw anew, and subtract `trees` (a list of GrownTree)."""
        features, targets = self._batch()
        n_columns, n_threads = self.draws.n_columns, self.settings.n_threads
        if trees:
            forest = to_tree_arrays(trees, self.bins.thresholds, n_columns)
            values = forest.values.astype(np.float32)
            targets = targets - sum_of_leaves(compile_trees(forest), values, features, n_threads)
        self.residual = np.ascontiguousarray(targets, np.float32)
        if self.draws.layout.n_known:
            self.known = ~np.isnan(self.draws.layout.read(features).known)
            self.residual[self.known] = 0.0
        self.binned = self.bins.codes_of(features, n_threads)

    def _batch(self):
        rows, max_rows = None, self.settings.max_rows
        if self.draws.n_counted > max_rows:
            rows = self.draws.choose(max_rows)
        return self.draws.draw(self.settings.n_repeats, t=self.t, rows=rows)

    def subtract(self, leaf_of_row, values):
        """Subtract a tree that sends row i to leaf_of_row[i]."""
        subtract_leaves(self.residual, leaf_of_row, values, self.known, self.settings.n_threads)

    def send_down(self, tree):
        """Subtract a tree that other rows have grown."""
        rows = np.arange(len(self.residual), dtype=np.uint32)
        self.subtract(leaves_of(tree, self.binned, rows), tree.values)

    @property
    def error(self):
        """Mean squared residual."""
        return float(np.mean(np.square(self.residual, dtype=np.float64)))


class FieldRounds:
    """The trees so far, and what makes the next one.

    draws : FieldDraws to train on;  held_out : FieldDraws for early stopping, or None;  t : see DrawnRows
    """

    def __init__(self, draws, held_out, settings, t=None):
        self.settings, self.generator = settings, draws.generator
        n_repeats = -(-ROWS_FOR_BINS // draws.n_counted)
        rows = draws.choose(min(draws.n_counted, ROWS_FOR_BINS))
        features = draws.draw(n_repeats, t=t, rows=rows).features[:, draws.layout.up_to_time]
        self.bins = FieldBins(features, settings.max_bins)
        self.rows = DrawnRows(draws, self.bins, settings, t)
        self.held_out = None if held_out is None else DrawnRows(held_out, self.bins, settings, t)
        self.n_columns = draws.n_columns
        self.grower, self.targets = self._make_grower()
        self.trees, self.errors = [], [] if held_out is None else [self.held_out.error]
        self.patience = Patience(settings.n_iter_no_change, 0.0, self._scores())

    def _make_grower(self):
        n_features, n_sketch = len(self.bins.n_codes), min(self.settings.n_sketch, self.n_columns)
        grower = TreeGrower(
            self.rows.binned, self.settings.limits, n_outputs=n_sketch, monotone=np.zeros(n_features),
            interactions=np.zeros((0, n_features), bool), n_threads=self.settings.n_threads,
        )  # fmt: skip
        shape = n_sketch, len(self.rows.residual)
        return grower, Targets.of(np.zeros(shape, np.float32), np.ones(shape, np.float32))

    def run(self, callback=None):
        """All rounds; returns the TreeArrays of those up to the best.

        callback : called as callback(n_done, n_estimators, held-out error or None) after each round, which ends them by
            True; or None
        """
        n_estimators = self.settings.n_estimators
        for n_done in range(1, n_estimators + 1):
            self.round()
            error = self.errors[-1] if self.errors else None
            wants_stop = callback is not None and callback(n_done, n_estimators, error)
            if (self.errors and self.patience.is_over(self._scores())) or wants_stop:
                break
        n_kept = self.patience.best_length - 1 if self.errors else n_estimators
        return to_tree_arrays(self.trees[:n_kept], self.bins.thresholds, self.n_columns)

    def _scores(self):
        """How good 0, 1, ... trees are for the held-out rows: larger is better."""
        return [-error for error in self.errors]

    def round(self):
        """Grow a tree, and take its share off the residuals."""
        settings, rows, n_trees = self.settings, self.rows, len(self.trees)
        if settings.redraw_interval and n_trees and n_trees % settings.redraw_interval == 0:
            rows.draw(self.trees)
            self.grower.set_table(rows.binned)
        np.matmul(self._directions(), rows.residual.T, out=self.targets.gradient)
        tree, leaf_of_row, _ = self.grower.grow(self.targets, draw_seed(self.generator))
        means = leaf_means(rows.residual, leaf_of_row, len(tree.nodes), settings.reg_lambda, settings.n_threads)
        tree = tree._replace(values=settings.learning_rate * means, output=ALL_OUTPUTS)
        rows.subtract(leaf_of_row, tree.values)
        if self.held_out is not None:
            self.held_out.send_down(tree)
            self.errors.append(self.held_out.error)
        self.trees.append(tree)

    def _directions(self):
        """(n_sketch, n_columns) float32: random combinations of the residuals; each residual, where that is as many."""
        n_sketch = len(self.targets.gradient)
        if n_sketch == self.n_columns:
            return -np.eye(n_sketch, dtype=np.float32)
        return self.generator.standard_normal((n_sketch, self.n_columns), np.float32)
