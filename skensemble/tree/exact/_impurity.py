"""Impurity of a node, value of a leaf, and the score that ranks splits: one branch per criterion.

The score of a set of rows is -(weight x impurity) but for terms that are sums over the rows, so that

    weight x impurity(node) - that of both children  =  unit x (score(left) + score(right) - score(node))

    gini            sum_c W_c^2 / W                    Breiman et al. (1984), 4.3
    entropy         sum_c W_c log2 W_c - W log2 W      Quinlan (1986), 4
    squared error   S^2 / W,  S = sum of w y           Breiman et al. (1984), 8.3
    poisson         S log(S / W)                       half the deviance, Therneau & Atkinson (2019), 8
    absolute error  -sum of w |y - median|             see `_absolute_error.py`

A sum is a row of integers (see CartState): classes or amounts of all outputs, the weight, perhaps the number of rows.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.exact._criteria import ENTROPY, GINI, POISSON, SQUARED_ERROR

IMPOSSIBLE = -np.inf  # score of a side that the criterion does not allow


@kernel
def score(sums, state):
    """Score of the rows with these sums, summed over the outputs."""
    if state.criterion == GINI:
        return _gini_score(sums, state)
    if state.criterion == SQUARED_ERROR:
        return _squared_error_score(sums, state)
    if state.criterion == ENTROPY:
        return _entropy_score(sums, state)
    return _poisson_score(sums, state)


@kernel
def _gini_score(sums, state):
    n_classes = state.n_stats
    squares = 0.0
    for channel in range(n_classes):
        squares += float(sums[channel]) * float(sums[channel])
    return squares / float(sums[n_classes])


@kernel
def _squared_error_score(sums, state):
    squares = 0.0
    for k in range(state.n_outputs):
        squares += float(sums[k]) * float(sums[k])
    return squares / float(sums[state.n_stats])


@kernel
def _entropy_score(sums, state):
    n_classes = state.n_stats
    total = -state.n_outputs * _x_log2_x(sums[n_classes])
    for channel in range(n_classes):
        total += _x_log2_x(sums[channel])
    return total


@kernel
def _x_log2_x(x):
    return x * np.log2(x) if x > 0 else 0.0


@kernel
def _poisson_score(sums, state):
    total = 0.0
    for k in range(state.n_outputs):
        if sums[k] <= 0:
            return IMPOSSIBLE
        total += sums[k] * np.log(state.amount_unit * sums[k] / (state.weight_unit * sums[state.n_stats]))
    return total


@kernel
def gain_unit(state):
    """What a score of 1 is in weight x impurity."""
    if state.criterion == SQUARED_ERROR:
        return state.amount_unit * state.amount_unit / state.weight_unit / state.n_outputs
    if state.criterion == POISSON:
        return state.amount_unit / state.n_outputs
    return state.weight_unit / state.n_outputs


@kernel
def mean(sums, output, state):
    """Mean of an output: for classes, the share of the second of two."""
    channel, n_stats = state.first_channel[output], state.n_stats
    if state.criterion == GINI or state.criterion == ENTROPY:
        return float(sums[channel + 1]) / float(sums[n_stats])
    return state.center[output] + state.amount_unit * sums[channel] / (state.weight_unit * sums[n_stats])


@kernel
def impurity(sums, moment, state):
    """Impurity of a node, mean over the outputs."""
    weight = float(sums[state.n_stats])
    if state.criterion == GINI:
        return max(0.0, 1.0 - _gini_score(sums, state) / (weight * state.n_outputs))
    if state.criterion == ENTROPY:
        return max(0.0, -_entropy_score(sums, state) / (weight * state.n_outputs))
    per_row = state.moment_unit * moment / (state.weight_unit * weight)
    if state.criterion == SQUARED_ERROR:
        for k in range(state.n_outputs):
            offset = state.amount_unit * sums[k] / (state.weight_unit * weight)
            per_row -= offset * offset
    else:  # poisson: y log(y / mean) + mean - y, whose last two terms cancel in the sum
        for k in range(state.n_outputs):
            total = state.amount_unit * sums[k] / (state.weight_unit * weight)
            per_row -= total * np.log(total) if total > 0.0 else 0.0
    return max(0.0, per_row / state.n_outputs)
