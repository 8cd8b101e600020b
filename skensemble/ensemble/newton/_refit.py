"""Leaves for other rows: trees keep their splits, and their leaves get values from the gradients of these rows.

As LightGBM's `refit`: round by round, with the raw predictions of the rounds before, which have been refitted already,

    value = decay * value + (1 - decay) * rate * (best step of the leaf's rows)
"""

from dataclasses import replace

import numpy as np

EXACT_BITS = 52  # of sums of whole numbers in float64


def refitted(booster, loss, data, leaves, limits, rate, decay):
    """GradientTrees with the splits of `booster`.

    data : TrainingData with the raw predictions before the first round
    leaves : (n_samples, n_trees), counted from the root of each tree
    limits : GrowthLimits;  rate : factor of new values;  decay : share of the old ones
    """
    known = booster.additive
    trees, values = known.trees, known.trees.values.copy()
    n_outputs, n_rows = data.raw.shape
    each = booster.n_learners * booster.n_parallel
    counted = np.ones(n_rows) if data.weight is None else data.weight
    gradient, hessian = np.empty((n_outputs, n_rows), np.float32), np.empty((n_outputs, n_rows), np.float32)
    for number in range(booster.n_rounds):
        loss.gradient_hessian(data.y, data.raw, gradient, hessian, 0, n_rows, data.weight)
        moved = data.raw.copy()
        for t in range(number * each, (number + 1) * each):
            leaf, own = leaves[:, t], values[trees.bounds[t] : trees.bounds[t + 1]]
            is_reached = np.bincount(leaf, counted > 0.0, minlength=len(own)) > 0
            for k, output in enumerate(range(n_outputs) if trees.n_values > 1 else [max(int(trees.output[t]), 0)]):
                if loss.optimal_leaf_values is None:
                    sums = (_sums(leaf, counted * part[output], len(own)) for part in (gradient, hessian))
                    best = _newton_steps(*sums, limits)
                else:
                    best = _best_constants(loss, output, data, leaf, counted, len(own))
                own[is_reached, k] = decay * own[is_reached, k] + (1.0 - decay) * rate * best[is_reached]
                moved[output] += own[leaf, k]
        data.raw = moved
    return replace(booster, additive=replace(known, trees=trees._replace(values=values)))


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


def _best_constants(loss, output, data, leaf, counted, n_nodes):
    """(n_nodes,) best constants of the residuals in each leaf; 0 in nodes without rows."""
    rows = np.flatnonzero(counted)
    rows = rows[np.argsort(leaf[rows], kind="stable")].astype(np.uint32)
    reached, starts = np.unique(leaf[rows], return_index=True)
    starts = np.append(starts, len(rows)).astype(np.int64)
    best = np.zeros(n_nodes)
    best[reached] = loss.optimal_leaf_values(output, data.y, data.raw, data.weight, rows, starts)
    return best
