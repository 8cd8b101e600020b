"""Rounds of first-order gradient boosting (Friedman 2001): knows losses and CARTs, no estimator.

One round: draw the rows in the bag, fill the gradients of the loss, grow a regression tree on the negative gradients of
each output, find the step of each leaf by line search, move every row by its leaf's step times the learning rate.  Rows
of weight 0 are carried along: those out of the bag, and those that are held out.
"""

from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks, for_each_with_own
from skensemble._random import draw_seed, generator
from skensemble._random_bits import mixed_seed
from skensemble.ensemble.gradient._line_search import newton_steps, runs_of_leaves
from skensemble.ensemble.losses._loss import GRADIENT_BLOCK
from skensemble.tree.trees._pruning import place_after_pruning, prune

HOLD_OUT_STREAM, BAG_STREAM, TREE_STREAM = 0, 1, 2  # of the seed of a model


class GradientSettings(NamedTuple):
    """Settings of all rounds."""

    learning_rate: float
    subsample: float
    ccp_alpha: float
    alpha: float | None  # a level that losses adapt to, see `Loss.adapted`
    seed: int
    n_threads: int


class GradientRound(NamedTuple):
    """Trees and losses of a round; losses are named scores, as scikit-learn's attributes are."""

    trees: list  # TreeArrays of one tree for each output, without the learning rate
    train_score: float  # loss of the in-bag rows
    oob_score: float | None  # loss of the out-of-bag rows; None without subsampling, NaN where there are none
    oob_improvement: float | None  # decrease of the out-of-bag loss in this round


class GradientRounds:
    """Grows the trees of one round after the other, and keeps the raw predictions.

    loss : Loss
    growers : list of CartGrower, one for each thread that is to grow trees of a round
    y, raw : (n_samples,) and (n_outputs, n_samples); raw moves on with each round
    weight : (n_samples,), 0 for rows that do not train; or None
    sampler : RowSampler, needed where `subsample` is less than 1
    """

    def __init__(self, loss, growers, y, raw, weight, sampler, settings):
        self.loss, self.growers, self.settings = loss, growers, settings
        self.y, self.raw, self.weight, self._sampler = y, raw, weight, sampler
        self.n_outputs, self.n_samples = raw.shape
        self._gradient, self._hessian = np.empty_like(raw), np.empty_like(raw)

    def round(self, number, last_oob_score=None):
        """Grow the trees of a round, and score them."""
        weight, weight_out = self._draw_bag(number)
        self.loss = self.loss.adapted(self.y, self.raw, self.weight, self.settings.alpha)
        before = last_oob_score
        if weight_out is not None and before is None:
            before = self.mean_loss(weight_out)
        self._fill_gradients()
        trees = self._grow_trees(number, weight)
        if weight_out is None:
            return GradientRound(trees, self.mean_loss(weight), None, None)
        after = self.mean_loss(weight_out)
        return GradientRound(trees, self.mean_loss(weight), after, before - after)

    def mean_loss(self, weight):
        """Weighted mean of the loss; NaN where all weights are 0."""
        if weight is not None and not weight.any():
            return np.nan
        return self.loss.reported_factor * self.loss.value(self.y, self.raw, weight)

    def loss_unit(self):
        """`Loss.unit` of the training rows, as the loss is reported."""
        level = self.loss.baseline(self.y, self.weight)[:, None]
        loss = self.loss.adapted(self.y, np.broadcast_to(level, self.raw.shape), self.weight, self.settings.alpha)
        return self.loss.reported_factor * loss.unit(self.y, self.weight)

    def _draw_bag(self, number):
        """(weights of the in-bag rows, weights of the out-of-bag rows)"""
        if self.settings.subsample == 1.0:
            return self.weight, None
        seed = mixed_seed(mixed_seed(self.settings.seed, BAG_STREAM), number)
        in_bag = self._sampler.drawn_weight(*self._sampler.draw(self.settings.subsample, seed), self.weight)
        return in_bag, (1.0 if self.weight is None else self.weight) - in_bag

    def _fill_gradients(self):
        def fill(start, stop):
            self.loss.gradient_hessian(self.y, self.raw, self._gradient, self._hessian, start, stop)

        for_blocks(fill, self.n_samples, GRADIENT_BLOCK, self.settings.n_threads)

    # -- trees -------------------------------------------------------------------------------------------------------

    def _grow_trees(self, number, weight):
        """One tree for each output, by as many threads as there are growers."""

        def add_tree(grower, output):
            return self._add_tree(grower, number, output, weight)

        return for_each_with_own(self.growers, add_tree, self.n_outputs)

    def _add_tree(self, grower, number, output, weight):
        seed = draw_seed(generator(tree_random_state(self.settings.seed, number * self.n_outputs + output)))
        grower.set_numbers(-self._gradient[output : output + 1])
        tree, leaf, rows = grower.grow_with_leaves(seed, weight)
        if self.settings.ccp_alpha > 0.0:
            pruned = prune(tree, self.settings.ccp_alpha)
            tree, leaf = pruned, place_after_pruning(tree, pruned)[leaf]
        if self.loss.optimal_leaf_values is not None or not self.loss.constant_hessian:
            self._set_leaf_values(tree, leaf, rows, output, weight)
        self.raw[output] += (self.settings.learning_rate * tree.values[:, 0])[leaf]
        return tree

    def _set_leaf_values(self, tree, leaf, rows, output, weight):
        """Replace the mean gradients in the leaves by optimal values of the loss, or by Newton steps."""
        leaves, leaf_start = runs_of_leaves(leaf, rows)
        n_threads = self.settings.n_threads if len(self.growers) == 1 and len(rows) > GRADIENT_BLOCK else 1
        if self.loss.optimal_leaf_values is not None:
            steps = self.loss.optimal_leaf_values(output, self.y, self.raw, weight, rows, leaf_start, n_threads)
        else:
            gradient, hessian = self._gradient[output], self._hessian[output]
            steps = newton_steps(gradient, hessian, weight, rows, leaf_start, n_threads)
        tree.values[leaves, 0] = steps


def tree_random_state(seed, t):
    """The `random_state` with which tree t of a model is grown."""
    return mixed_seed(mixed_seed(seed, TREE_STREAM), t) & 0xFFFFFFFF
