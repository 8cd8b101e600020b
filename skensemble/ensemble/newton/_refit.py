"""Leaves for other rows: trees keep their splits, and their leaves get values from the gradients of these rows.

As LightGBM's `refit`: round by round, with the raw predictions of the rounds before, which have been refitted already,

    value = decay * value + (1 - decay) * rate * (best step of the leaf's rows)

The slopes of linear leaves are fitted to the rows anew, too, and a leaf is then the same mixture of its old line and of
the new one.  Each of the two has means of its own; those of the mixture are mixed as well, and its value is what both
lines have there, which gives the same line whatever the means are, and a row with a missing cell their value.
"""

from dataclasses import replace

import numpy as np

from skensemble._weights import is_whole
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.newton._leaf_slopes import add_leaves
from skensemble.ensemble.newton._linear_leaves import LeafRows, Paths, column_extents, fit_lines

EXACT_BITS = 52  # of sums of whole numbers in float64


def refitted(booster, loss, data, leaves, limits, rate, decay, linear_lambda):
    """GradientTrees, or LinearLeafTrees, with the splits of `booster`.

    data : TrainingData with the raw predictions before the first round
    leaves : (n_samples, n_trees), counted from the root of each tree
    limits : GrowthLimits;  rate : factor of new values;  decay : share of the old ones
    linear_lambda : penalty of slopes
    """
    known = booster.additive
    trees, values = known.trees, known.trees.values.copy()
    lines = None if known.slopes is None else _RefittedSlopes(known.slopes, data, rate, decay, linear_lambda)
    n_outputs, n_rows = data.raw.shape
    each = booster.n_learners * booster.n_parallel
    counted = np.ones(n_rows) if data.weight is None else data.weight
    gradient, hessian = np.empty((n_outputs, n_rows), np.float32), np.empty((n_outputs, n_rows), np.float32)
    for number in range(booster.n_rounds):
        loss.gradient_hessian(data.y, data.raw, gradient, hessian, 0, n_rows, data.weight)
        moved = data.raw.copy()
        for t in range(number * each, (number + 1) * each):
            leaf, own = np.ascontiguousarray(leaves[:, t]), values[trees.bounds[t] : trees.bounds[t + 1]]
            is_reached = np.bincount(leaf, counted > 0.0, minlength=len(own)) > 0
            for k, output in enumerate(range(n_outputs) if trees.n_values > 1 else [max(int(trees.output[t]), 0)]):
                if loss.optimal_leaf_values is None:
                    sums = (_sums(leaf, counted * part[output], len(own)) for part in (gradient, hessian))
                    best = _newton_steps(*sums, limits)
                else:
                    best = _best_constants(loss, output, data, leaf, len(own))
                own[is_reached, k] = decay * own[is_reached, k] + (1.0 - decay) * rate * best[is_reached]
                if lines is None:
                    moved[output] += own[leaf, k]
                else:
                    nodes = slice(trees.bounds[t], trees.bounds[t + 1])
                    own[:, k] += lines.refit(nodes, k, leaf, gradient[output], hessian[output])
                    lines.move(nodes, k, leaf, own, moved[output])
        data.raw = moved
    slopes = None if lines is None else lines.slopes
    return replace(booster, additive=replace(known, trees=trees._replace(values=values), slopes=slopes))


class _RefittedSlopes:
    """LeafSlopes that are refitted tree by tree."""

    def __init__(self, slopes, data, rate, decay, linear_lambda):
        self.slopes = slopes._replace(mean=slopes.mean.copy(), slope=slopes.slope.copy())
        self._data, self._rate, self._decay = data, rate, decay
        self._weight = (NO_WEIGHT, True) if data.weight is None else (data.weight, is_whole(data.weight))
        self._extents = column_extents(data)
        self._penalty = (self._extents.spread, linear_lambda)

    def refit(self, nodes, k, leaf, gradient, hessian):
        """Change the slopes of the nodes of a tree for value k; returns (n_nodes,) what that adds to their values.

        leaf : (n_samples,) counted from the first of these nodes
        """
        start, entries = self._start(nodes), slice(self.slopes.start[nodes.start], self.slopes.start[nodes.stop])
        feature = np.array(self.slopes.feature[entries])
        rows = LeafRows(*_rows_by_leaf(leaf, self._data.weight))
        derivatives = (gradient, hessian, *self._weight)
        paths = Paths(start, feature, self._extents.low[feature], self._extents.high[feature])
        mean, slope = fit_lines(rows, self._data.cells, derivatives, self._penalty, paths, 1, no_mean=np.nan)
        slope = np.float32(slope * self._rate).astype(np.float64)
        is_new, decay = np.isfinite(mean), self._decay  # some leaves have no row with all cells
        old_mean, old_slope = self.slopes.mean[entries, k], self.slopes.slope[entries, k]
        mixed = np.where(is_new, decay * old_mean + (1.0 - decay) * mean, old_mean)
        shift = decay * old_slope * (mixed - old_mean) + (1.0 - decay) * slope * (mixed - mean)
        self.slopes.slope[entries, k] = np.where(is_new, decay * old_slope + (1.0 - decay) * slope, old_slope)
        self.slopes.mean[entries, k] = mixed
        node = np.repeat(np.arange(len(start) - 1), np.diff(start))
        return np.bincount(node, np.where(is_new, shift, 0.0), minlength=len(start) - 1)

    def move(self, nodes, k, leaf, values, raw):
        """raw += what the leaves add; values : (n_nodes, n_values)"""
        part = self.slopes.part(nodes.start, nodes.stop)
        add_leaves(*self._data.cells, 0, len(raw), leaf, values, *part, k, raw)

    def _start(self, nodes):
        start = self.slopes.start[nodes.start : nodes.stop + 1]
        return start - start[0]


def _rows_by_leaf(leaf, weight):
    """(leaves with rows, bounds of their rows, numbers of the rows sorted by leaf)"""
    rows = np.arange(len(leaf)) if weight is None else np.flatnonzero(weight)
    rows = rows[np.argsort(leaf[rows], kind="stable")].astype(np.uint32)
    reached, starts = np.unique(leaf[rows], return_index=True)
    return reached.astype(np.int64), np.append(starts, len(rows)).astype(np.int64), rows


def _sums(leaf, numbers, n_nodes):
    """(n_nodes,) sums in fixed point: exact, so that the order of the rows does not matter."""
    total = np.abs(numbers).sum()
    if total == 0.0:
        return np.zeros(n_nodes)
    exponent = EXACT_BITS - int(np.frexp(total)[1])
    return np.ldexp(np.bincount(leaf, np.rint(np.ldexp(numbers, exponent)), minlength=n_nodes), -exponent)


def _newton_steps(gradient, hessian, limits):
    """(n_nodes,) what minimises G v + (H + lambda) v^2 / 2 + alpha |v|, within the limit of a step."""
    shrunk = np.sign(gradient) * np.maximum(np.abs(gradient) - limits.reg_alpha, 0.0)
    curvature = hessian + limits.reg_lambda
    steps = np.where(curvature > 0.0, -shrunk / np.where(curvature > 0.0, curvature, 1.0), 0.0)
    largest = limits.max_delta_step or np.inf
    return np.clip(steps, -largest, largest)


def _best_constants(loss, output, data, leaf, n_nodes):
    """(n_nodes,) best constants of the residuals in each leaf; 0 in nodes without rows."""
    reached, starts, rows = _rows_by_leaf(leaf, data.weight)
    best = np.zeros(n_nodes)
    best[reached] = loss.optimal_leaf_values(output, data.y, data.raw, data.weight, rows, starts)
    return best
