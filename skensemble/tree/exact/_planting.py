"""Kernels: the weights and targets of a tree, in fixed point, where the tree grows."""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.exact._criteria import GINI

MOST_SQUARED = 1 << 26  # sum of weights whose square is exact in float64


@kernel
def add_up(weight, deviation, moment):
    """(sum of the weights, are all whole numbers, largest sum of |amounts| of an output, sum of |moments|)"""
    total, is_whole, most, moments = 0.0, True, 0.0, 0.0
    for i in range(weight.shape[0]):
        total += weight[i]
        is_whole &= weight[i] == np.floor(weight[i])
    for k in range(deviation.shape[1] if deviation.shape[0] > 0 else 0):
        amounts = 0.0
        for i in range(weight.shape[0]):
            amounts += weight[i] * abs(deviation[i, k])
        most = max(most, amounts)
    for i in range(moment.shape[0]):
        moments += weight[i] * abs(moment[i])
    return total, is_whole, most, moments


@kernel
def plant(weight, copies, weight_unit, amount_unit, moment_unit, min_weight_leaf, deviation, moment, state):
    """Write the weights and targets of a tree in fixed point, and its rows; returns how many there are.

    copies : a row of weight k adds k times the integer of one row, as k rows do
    """
    state.weight_unit, state.amount_unit, state.moment_unit = weight_unit, amount_unit, moment_unit
    n_rows, total = 0, 0
    weights, amounts, moments = 1.0 / weight_unit, 1.0 / amount_unit, 1.0 / moment_unit  # units are powers of two
    for i in state.row_order:
        units = int(np.rint(weight[i] * weights))
        state.weight[i] = units
        state.rows[n_rows] = i
        n_rows += units > 0
        total += units
        factor, times = (1.0, units) if copies else (weight[i], 1)
        if deviation.shape[0] > 0:
            for k in range(deviation.shape[1]):
                state.amount[i, k] = times * int(np.rint(factor * deviation[i, k] * amounts))
            state.moment[i] = times * int(np.rint(factor * moment[i] * moments))
            if state.n_outputs == 1:
                state.packed[i, 0], state.packed[i, 1] = state.amount[i, 0], state.moment[i]
    state.total_weight = total
    state.weighs_one = total == n_rows
    state.exact_squares = state.criterion == GINI and total < MOST_SQUARED
    state.min_weight_leaf = int(np.ceil(min_weight_leaf / weight_unit))
    return n_rows
