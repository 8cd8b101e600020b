"""Splits of a node at random thresholds, where the range of its codes is known for every feature.

A row goes left if its code lies below the border of the threshold; the threshold itself is made for the winner only.
Rows are read from the table by rows, whose lines are in the cache since their ranges were found.
"""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel
from skensemble._random_bits import mixed_seed
from skensemble.tree.exact._code_ranges import MOST_COUNTED, NARROW, add_left, cells_of, count_left
from skensemble.tree.exact._competing_splits import compete, wins
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR, GINI, SQUARED_ERROR
from skensemble.tree.exact._thresholds import draw_value, last_code_below

FEW_ROWS = 8  # up to so many, comparing the border of each row's code is quicker than looking for the threshold's code
FEATURES_IN_WORD = 3  # of eight features side by side, from which all eight are added up


@kernel
def is_random_sum(state):
    """Are splits drawn, and their gains made from such sums?"""
    return state.random_splits and is_scalar_sum(state) and state.criterion != ABSOLUTE_ERROR


@kernel
def is_scalar_sum(state):
    """Are sums those of a single output, without limits on counts and values?"""
    return state.n_outputs == 1 and state.n_channels == state.n_stats + 1 and not state.constrained


@kernel
def sum_random_splits(node, end, seed, state):
    """Draw thresholds for features[end:] and add up the left sides of all; False if reading them one by one is quicker.

    Features with missing values in the node, and categories, get sums that nobody reads.
    """
    n_rows, counts = state.stop[node] - state.start[node], state.counts
    is_count = state.amount.shape[0] == 0
    if (is_count and state.total[state.n_stats] > n_rows) or (not is_count and n_rows <= FEW_ROWS):
        return False
    for first in range(0, state.row_bytes, NARROW):
        counts[first] = 0
    for place in range(end, state.features.shape[0]):
        feature = state.features[place]
        if is_plain(feature, state):
            counts[feature & ~(NARROW - 1)] += 1
            own_seed = mixed_seed(seed, state.feature_rank[feature])
            state.limits[feature] = _draw_code(feature, own_seed, state)
    if is_count:
        _count_left_classes(node, end, state)
        return True
    for first in range(0, state.row_bytes, NARROW):
        if counts[first] >= FEATURES_IN_WORD:
            add_left(
                state.flat_codes, state.row_bytes, first, state.rows, state.start[node], n_rows, state.limits,
                state.node_amount, state.node_weight, state.left_sums[0], state.left_sums[1],
            )  # fmt: skip
    return True


@kernel
def _count_left_classes(node, end, state):
    """left_sums[channel, feature] = number of rows of the class on the left; the rows of a node are sorted by class."""
    features, counts, sums = state.features, state.counts, state.left_sums
    begin = state.start[node]
    for channel in range(state.n_stats):
        for place in range(end, features.shape[0]):
            sums[channel, features[place]] = 0
        stop = state.start[node] + state.class_stop[channel]
        while begin < stop:
            rest = min(begin + MOST_COUNTED, stop)
            count_left(state.rows, begin, rest, state)
            for place in range(end, features.shape[0]):
                sums[channel, features[place]] += counts[features[place]]
            begin = rest


@kernel
def is_plain(feature, state):
    """Is this a feature of numbers that no row of the node misses?"""
    return state.lowest[uint64(feature)] > 0 and not state.is_categorical[feature]


@kernel
def try_random_split(node, feature, is_summed, seed, breaks_ties, state):
    """Let a plain feature's split at a random threshold compete; is_summed : see `sum_random_splits`"""
    if state.amount.shape[0] == 0:
        if is_summed:
            _take_left_classes(feature, state)
        else:
            _sum_left_classes(node, feature, seed, state)
        won = _classes_compete(node, feature, breaks_ties, state)
    else:
        if is_summed and state.counts[feature & ~(NARROW - 1)] >= FEATURES_IN_WORD:
            amount, weight = state.left_sums[0, feature], state.left_sums[1, feature]
        else:
            amount, weight = _sum_left_numbers(node, feature, is_summed, seed, state)
        won = _numbers_compete(node, feature, amount, weight, breaks_ties, state)
    if won:
        note_range(feature, state)


@kernel
def note_range(feature, state):
    state.best_low, state.best_high = int64(state.lowest[feature]), int64(state.highest[feature])
    state.best_missing_left = False


# -- left sides ------------------------------------------------------------------------------------------------------


@kernel
def _draw_code(feature, seed, state):
    """Codes up to this one go left: that of `draw_threshold`."""
    low, high = int64(state.lowest[uint64(feature)]), int64(state.highest[uint64(feature)])
    return last_code_below(draw_value(feature, low, high, seed, state), feature, low, high, seed, state)


@kernel
def _sum_left_numbers(node, feature, is_drawn, seed, state):
    """(amount, weight) of the left side;  is_drawn : whether its limit is known already"""
    n_rows, start = state.stop[node] - state.start[node], uint64(state.start[node])
    node_weight, node_amount = state.node_weight, state.node_amount
    table, offset, stride = cells_of(node, feature, state)
    rows, amount, weight = state.rows, int64(0), int64(0)
    own_seed = mixed_seed(seed, state.feature_rank[feature])
    low, high = state.lowest[uint64(feature)], state.highest[uint64(feature)]
    value = np.inf if is_drawn else draw_value(feature, int64(low), int64(high), own_seed, state)
    if is_drawn or n_rows > FEW_ROWS or not np.isfinite(value):
        limit = uint64(state.limits[uint64(feature)])
        if not is_drawn:
            limit = uint64(last_code_below(value, feature, int64(low), int64(high), own_seed, state))
        for i in range(uint64(n_rows)):
            is_left = uint64(table[offset + stride * uint64(rows[start + i])]) <= limit
            weight += node_weight[i] if is_left else 0
            amount += node_amount[i, uint64(0)] if is_left else 0
        return amount, weight
    border, span = state.border, uint64(state.first_span[feature])
    for i in range(uint64(n_rows)):
        code = table[offset + stride * uint64(rows[start + i])]
        is_left = (code == low) | ((code != high) & (border[span + uint64(code)] <= value))
        weight += node_weight[i] if is_left else 0
        amount += node_amount[i, uint64(0)] if is_left else 0
    return amount, weight


@kernel
def _sum_left_classes(node, feature, seed, state):
    """Write the weights of the classes, and their sum, into `left`; the rows of a node are sorted by class."""
    start, left, n_stats = uint64(state.start[node]), state.left, state.n_stats
    table, offset, stride = cells_of(node, feature, state)
    rows, node_weight = state.rows, state.node_weight
    limit = uint64(_draw_code(feature, mixed_seed(seed, state.feature_rank[feature]), state))
    total, first = int64(0), uint64(0)
    for channel in range(n_stats):
        stop, weight = uint64(state.class_stop[channel]), int64(0)
        for i in range(first, stop):
            is_left = uint64(table[offset + stride * uint64(rows[start + i])]) <= limit
            weight += node_weight[i] if is_left else 0
        left[channel] = weight
        total += weight
        first = max(first, stop)
    left[n_stats] = total


@kernel
def _take_left_classes(feature, state):
    left, n_stats, total = state.left, state.n_stats, int64(0)
    for channel in range(n_stats):
        left[channel] = state.left_sums[channel, feature]
        total += left[channel]
    left[n_stats] = total


# -- gains -----------------------------------------------------------------------------------------------------------


@kernel
def _numbers_compete(node, feature, amount, weight, breaks_ties, state):
    """See `compete`."""
    other = state.total[1] - weight
    if state.criterion != SQUARED_ERROR:
        state.left[0], state.left[1] = amount, weight
        return other > 0 and compete(node, feature, 0, 0, breaks_ties, state)
    if min(weight, other) < max(state.min_weight_leaf, 1):
        return False
    below, above = float(amount), float(state.total[0] - amount)
    return wins(node, feature, below * below / float(weight) + above * above / float(other), breaks_ties, state)


@kernel
def _classes_compete(node, feature, breaks_ties, state):
    left, total, n_stats = state.left, state.total, uint64(state.n_stats)
    other = total[n_stats] - left[n_stats]
    if state.criterion != GINI:
        return other > 0 and compete(node, feature, 0, 0, breaks_ties, state)
    if min(left[n_stats], other) < max(state.min_weight_leaf, 1):
        return False
    below, above = 0.0, 0.0
    for channel in range(n_stats):
        one, rest = float(left[channel]), float(total[channel] - left[channel])
        below += one * one
        above += rest * rest
    return wins(node, feature, below / float(left[n_stats]) + above / float(other), breaks_ties, state)
