"""Rounds of boosting: gradients, and trees that are grown on them.  Knows losses and trees, no estimator.

One round: fill the gradients of the loss, draw rows and features, grow a tree for each output (or one for all), move
every row by its leaf's value times the learning rate.  With `n_parallel` trees for an output, all grow on the same
gradients, each on rows and features of its own, and a row moves by their mean.  Everything random in round r is a
function of (seed, r), so rounds can be continued later as if they had never stopped.
"""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks, for_each_with_own
from skensemble._random_bits import mixed_seed
from skensemble._warnings import warn
from skensemble.ensemble.losses._loss import GRADIENT_BLOCK
from skensemble.ensemble.newton._exact_weights import ExactWeights
from skensemble.ensemble.rows._label_order import label_ranks
from skensemble.ensemble.rows._row_sampling import RowSampler, sample_features, sample_goss
from skensemble.tree.histogram._grown_trees import add_values, leaves_of
from skensemble.tree.histogram._team_growing import is_worth_a_team
from skensemble.tree.histogram._tree_grower import Targets, TreeGrower

SIDE_WORK = 50_000  # rows x features from which a round's trees grow side by side
PARALLEL_STREAM = -1  # of a round's seed; tree k > 0 of an output has PARALLEL_STREAM - k
BUSY_ENOUGH = 0.8  # share of the threads: about what a team makes of them


class TreeRound(NamedTuple):
    """What a round has grown."""

    trees: list  # of GrownTree, shrunken
    node_weights: list  # of (n_nodes,) sums of the sample weights of each tree's rows; empty where rows have none


class TreeRounds:
    """State between rounds."""

    def __init__(self, loss, train, held_out, settings):
        self.loss, self.train, self.held_out, self.settings = loss, train, held_out, settings
        self.n_outputs, self.n_samples = train.raw.shape
        self._weight = train.weight
        self._drawn_weight = train.weight  # of the rows of a round
        self._exact_weight = None if train.weight is None else ExactWeights.of(train.weight)
        self._drawn_units = self._exact_weight  # the same in fixed point
        self._node_weights = {}  # by the place of the tree in its round
        samples = settings.goss or settings.subsample < 1.0
        content = train.content(settings.n_threads)
        self._feature_order = content.feature_order
        knows_classes = loss.target == "classes" and self.n_outputs > 1
        keys = train.keys(content) if samples or knows_classes else None
        copies = None if settings.goss else train.copies
        self._sampler = RowSampler(keys, copies, train.weight) if samples else None
        self._output_rank = np.arange(self.n_outputs)
        if knows_classes:  # what classes are called does not change their trees
            self._output_rank[train.y.astype(np.intp)] = label_ranks(train.y, keys, train.copies)
        self._n_trees = 1 if settings.vector else self.n_outputs
        self._growers = self._make_growers()
        shape = self.n_outputs, self.n_samples
        self.targets = Targets.of(np.zeros(shape, np.float32), np.ones(shape, np.float32), self._first_weight())

    def _make_growers(self):
        """As many growers as trees of a round grow side by side."""
        settings = self.settings
        n_growers = side_by_side(self._n_trees, self.train.binned.columns.size, settings.n_threads)
        self._threads_of_tree = settings.n_threads if n_growers == 1 else 1
        grower = TreeGrower(self.train.binned, settings.limits, n_copies=n_growers, **self._grower_settings())
        return grower.parallel_copies(n_growers)

    def _grower_settings(self):
        settings = self.settings
        return {
            "n_outputs": self.n_outputs if settings.vector else 1,
            "monotone": settings.monotone,
            "interactions": settings.interactions,
            "n_threads": self._threads_of_tree,
            "feature_order": self._feature_order,
        }

    def _first_weight(self):
        """Weights of the targets, to write those of a round into; GOSS changes them to some that are not whole."""
        if self.settings.goss:
            return np.full(self.n_samples, 0.5)
        return None if self._weight is None else np.array(self._weight, np.float64)

    def goes_on(self, settings):
        """Would rounds of these settings that were made now do the same as these?"""
        return self.settings.equals(settings)

    def set_learning_rate(self, learning_rate):
        """Set that of the rounds to come."""
        self.settings = replace(self.settings, learning_rate=learning_rate)

    def round(self, number):
        """Grow the trees of round `number`."""
        self._fill_gradients()
        if number == 0:
            self._warn_without_splits()
        seed, n_parallel = mixed_seed(self.settings.seed, number), self.settings.n_parallel
        moves = self.loss.optimal_leaf_values is not None and n_parallel > 1
        self._raw_of_round = self.train.raw.copy() if moves else self.train.raw
        trees = self._add_trees(seed, 0)
        for k in range(1, n_parallel):
            trees += self._add_trees(mixed_seed(seed, PARALLEL_STREAM - k), k * self._n_trees)
        weights = self._node_weights
        return TreeRound(trees, [weights[place] for place in range(len(trees))] if weights else [])

    def _warn_without_splits(self):
        """Warn if no split of the first round can leave `min_child_weight` on both of its sides."""
        least, hessian = self.settings.limits.min_child_weight, self.targets.hessian[:, self.train.here]
        weighted = hessian if self._weight is None else hessian * self._weight[self.train.here]
        total = self._total_of_parts(weighted.sum(axis=1, dtype=np.float64))
        total = total.mean() if self.settings.vector else total.max()
        if total < 2.0 * least and self._has_more_to_learn():
            warn(
                f"min_child_weight={least:g} lets no split pass: the hessians of all samples, times their weights, add "
                f"up to {total:g}, and a split needs {least:g} on both sides. Every prediction will be the same. Set a "
                "smaller min_child_weight."
            )

    def _total_of_parts(self, total):
        return total

    def _sum_of_parts(self, sums):
        return sums

    def _has_more_to_learn(self):
        """Do the gradients of the first round differ, though the rows have no raw predictions of their own yet?"""
        gradient = self.targets.gradient
        if self._weight is not None:
            gradient = gradient[:, self._weight > 0.0]
        return self.train.start is None and bool((gradient != gradient[:, :1]).any())

    def _add_trees(self, seed, place):
        """A tree for each output, on the same rows; `place` is that of the first of them in its round."""
        rows = self._choose_rows(seed)

        def add_tree(grower, output):
            return self._add_tree(grower, seed, rows, output, place)

        return for_each_with_own(self._growers, add_tree, self._n_trees)

    def _fill_gradients(self):
        loss, targets = self.loss, self.targets
        fill = partial(self._fill_block, loss, self.train, targets)
        if loss.needs_all_rows:
            fill(0, self.n_samples)
        else:
            for_blocks(fill, self.n_samples, GRADIENT_BLOCK, self.settings.n_threads)

    @staticmethod
    def _fill_block(loss, train, targets, start, stop):
        loss.gradient_hessian(train.y, train.raw, targets.gradient, targets.hessian, start, stop, train.weight)

    def _choose_rows(self, seed):
        """Rows that grow this round's trees; None for all."""
        settings = self.settings
        if settings.goss:
            rows, factor = sample_goss(self.targets.gradient, self._weight, self._sampler, settings.subsample, seed)
            self.targets.weight[:] = factor if self._weight is None else factor * self._weight
            return rows
        if settings.subsample == 1.0:
            return None
        rows, units = self._sampler.draw(settings.subsample, mixed_seed(seed, 0))
        if self._sampler.splits:
            self._drawn_weight = self._sampler.drawn_weight(rows, units, self.train.weight)
            self._drawn_units = self._exact_weight.same_unit(self._drawn_weight)
            self.targets.weight[:] = self._drawn_weight
        return rows

    def _choose_features(self, seed):
        if self.settings.colsample_bytree == 1.0 or len(self._feature_order) == 0:
            return None
        return sample_features(self._feature_order, self.settings.colsample_bytree, mixed_seed(seed, 1))

    def _add_tree(self, grower, seed, rows, output, place):
        seed = mixed_seed(seed, 2 + int(self._output_rank[output]))
        growth = self._grow(grower, seed, rows, output)
        if self._exact_weight is not None:
            self._node_weights[place + output] = self._weights_of_nodes(growth)
        if self.loss.optimal_leaf_values is not None:
            self._set_optimal_leaf_values(growth, output)
        values = growth.tree.values
        values *= self.settings.learning_rate / self.settings.n_parallel
        self._move(growth, place + output)
        return growth.tree

    def _grow(self, grower, seed, rows, output):
        return grower.grow(self.targets, seed, rows, self._choose_features(seed), output)

    def _weights_of_nodes(self, growth):
        """(n_nodes,) float64: sums of the drawn weights of each node's rows."""
        return self._drawn_units.of_nodes(growth.tree.nodes, growth.rows_by_leaf)

    def _move(self, growth, place):
        """Move all rows by a new tree, at some place in its round."""
        tree, here = growth.tree, self.train.here
        columns = range(self.n_outputs) if self.settings.vector else [tree.output]
        for k, column in enumerate(columns):
            values = np.ascontiguousarray(tree.values[:, k])
            add_values(self.train.raw[column, here], growth.leaf_of_row, values, self._threads_of_tree)
        if self.held_out is not None:
            _add_to(self.held_out, tree, columns)

    def _set_optimal_leaf_values(self, growth, output):
        """Leaf values from the residuals of the leaf's rows, within the bounds that monotone constraints set."""
        tree, (leaves, starts) = growth.tree, growth.leaf_starts()
        for k in range(tree.values.shape[1]):
            values = self.loss.optimal_leaf_values(
                output + k, self.train.y, self._raw_of_round, self._drawn_weight, growth.rows_by_leaf, starts,
                self._threads_of_tree,
            )  # fmt: skip
            tree.values[leaves, k] = bounded(tree.nodes, leaves, values, self.settings.monotone)


def bounded(nodes, leaves, values, monotone):
    """Leaf values that obey the monotone constraints: at each split on a constrained feature, from the root down, all
    leaves of one side stay below the middle of the two sides' means, and all leaves of the other above it."""
    if not monotone.any():
        return values
    size = np.maximum(nodes["stop"] - nodes["start"], 1)
    value, lower, upper = np.zeros(len(nodes)), np.full(len(nodes), -np.inf), np.full(len(nodes), np.inf)
    value[leaves] = values
    splits = np.flatnonzero(nodes["left"] >= 0)
    for node in splits[::-1]:
        left, right = nodes["left"][node], nodes["right"][node]
        value[node] = (value[left] * size[left] + value[right] * size[right]) / (size[left] + size[right])
    for node in splits:
        left, right = nodes["left"][node], nodes["right"][node]
        for child in (left, right):
            lower[child], upper[child] = lower[node], upper[node]
        direction = monotone[nodes["feature"][node]]
        if direction != 0:
            below, above = (left, right) if direction > 0 else (right, left)
            upper[below] = lower[above] = np.clip(0.5 * (value[left] + value[right]), lower[node], upper[node])
    return np.clip(values, lower[leaves], upper[leaves])


def _add_to(data, tree, columns):
    rows = np.arange(data.binned.n_samples, dtype=np.uint32)
    leaf = leaves_of(tree, data.binned, rows)
    for k, column in enumerate(columns):
        add_values(data.raw[column, data.here], leaf, np.ascontiguousarray(tree.values[:, k]))


def side_by_side(n_trees, n_cells, n_threads):
    """How many of a round's trees to grow at the same time, by one thread each; 1: one after another, by all threads.

    By all threads if the trees are worth it and would leave threads idle otherwise.
    """
    if n_cells < SIDE_WORK or n_trees == 1:
        return 1
    busy = n_trees / (n_threads * -(-n_trees // n_threads))
    return min(n_trees, n_threads) if busy >= BUSY_ENOUGH or not is_worth_a_team(n_cells) else 1
