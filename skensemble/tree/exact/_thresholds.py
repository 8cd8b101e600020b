"""Thresholds between codes, and thresholds drawn at random.

A threshold lies in the middle between the largest value of the last group on the left and the smallest value of the
first group on the right, as they were in the training data: scikit-learn's thresholds, where each code is one value,
but for their rounding to float32.
"""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel
from skensemble._random_bits import mixed_seed, random_bits, random_uniform
from skensemble.tree._binning_kernels import as_float32, between


@kernel
def place_threshold(seed, state):
    """Code and threshold of the best split, if its feature has numbers."""
    best = state.best_feature
    if best < 0 or state.is_categorical[best]:
        return
    if state.random_splits:
        seed = mixed_seed(seed, state.feature_rank[best])
        drawn = draw_threshold(best, state.best_low, state.best_high, seed, state)
        state.best_code, state.best_threshold = drawn
    else:
        _place_in_middle(state)


@kernel
def _place_in_middle(state):
    """Threshold of the best split, in the middle between the values of the node on its two sides."""
    span, below, above = state.first_span[state.best_feature], state.best_code, state.best_above
    if above < 0:
        state.best_code, state.best_threshold = state.n_codes[state.best_feature] - 1, np.inf
    else:
        threshold = between(state.high[span + below], state.low[span + above])
        state.best_code, state.best_threshold = _settle(state.best_feature, below, above, threshold, state)


@kernel
def draw_threshold(feature, low, high, seed, state):
    """(code, threshold): codes up to this one go left."""
    threshold = draw_value(feature, low, high, seed, state)
    if np.isfinite(threshold):
        return _settle(feature, low, high, threshold, state)
    if low == high:
        return state.n_codes[feature] - 1, np.inf
    span, code = state.first_span[feature], _draw_any_code(low, high, seed)
    return code, between(state.high[span + code], state.low[span + code + 1])


@kernel
def draw_value(feature, low, high, seed, state):
    """A number between smallest and largest value of codes low .. high; not finite if one of them is infinite."""
    span = state.first_span[feature]
    lowest, highest = state.low[span + low], state.high[span + high]
    return lowest + random_uniform(seed, 0) * (highest - lowest)


@kernel
def last_code_below(value, feature, low, high, seed, state):
    """The code of `draw_threshold`, of low < high, from the value that was drawn."""
    if not np.isfinite(value):
        return _draw_any_code(low, high, seed)
    return min(_last_code_from(state.border, state.first_span[feature], low, high, value), high - 1)


@kernel
def _draw_any_code(low, high, seed):
    return low + draw_below(seed, 0, high - low)


@kernel
def _settle(feature, low, high, threshold, state):
    """(code, threshold): codes up to this one, of low .. high - 1, go left, whether or not they occur in the node.

    Training values that share a code cannot be told apart: a threshold among them moves to the nearer end.
    """
    span = state.first_span[feature]
    code = _last_code_from(state.low, span, low, high, threshold)
    begin, end = state.low[span + code], state.high[span + code]
    if code > low and (code == high or (threshold < end and threshold - begin < end - threshold)):
        return code - 1, between(state.high[span + code - 1], begin)
    following = code + 1
    while following < state.n_codes[feature] and state.low[span + following] <= end:  # codes that no row has
        following += 1
    next_value = state.low[span + following] if following < state.n_codes[feature] else np.inf
    return code, as_float32(max(threshold, end), next_value)


@kernel
def _last_code_from(begins, span, low, high, threshold):
    """The last of codes low .. high whose values begin at or below the threshold; without branches to mispredict."""
    code, step = low, int64(1)
    while 2 * step <= high - low:
        step *= 2
    while step > 0:
        place = min(code + step, high)
        code += (place - code) * (begins[uint64(span + place)] <= threshold)
        step >>= 1
    return code


@kernel
def draw_below(seed, counter, n):
    """One of range(n)."""
    return int64(((random_bits(seed, counter) >> uint64(32)) * uint64(n)) >> uint64(32))
