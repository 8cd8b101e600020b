"""Kernels that choose a split and send rows to its two sides.

The gain of a split is what it takes off the objective, Chen & Guestrin (2016), equation 7, without the factor 1/2:

    gain = score(left) + score(right) - score(node),     score(G, H) = G^2 / (H + lambda)

With limits on the leaf values v (reg_alpha, max_delta_step, monotone bounds) the score is that of the best allowed
value, -(2 G v + (H + lambda) v^2 + 2 alpha |v|), which is the same thing when there are none.

A feature is scanned along positions: position p of a numeric feature is "code <= p + 1"; of a categorical feature,
the first p + 1 categories of an order (sorted by gradient / hessian: Fisher 1958), or category p alone against all
others (one- hot).
"""

import numpy as np
from numba import int32, int64, uint64

from skensemble._jit import bits_of, kernel, lowest_bit, prefetch

INVALID = -1e300  # gain of a split with too little weight on one side
FORBIDDEN = -np.inf  # gain of a split that breaks a monotone constraint
ROUNDING = 1.0 + 1e-12  # a gain below the rounding error of the scores is none
HALF = (1 << 32) - 1
# How channels are read: g << 32 | h each; or sums of their own, the hessian last.  No grower writes WIDE cells yet: the
# 31 bits of a packed sum serve up to about 10^8 rows, and growing on more rows will need cells of two integers.
PACKED, WIDE = 0, 1
MISSING_LEFT, ONE_HOT = 1, 2  # bits of a candidate's flags


# -- reading a cell --------------------------------------------------------------------------------------------------


@kernel
def gradient_of(cells, at, output, state):
    if state.layout == PACKED:
        return state.gradient_unit[output] * (cells[at + output] >> 32)
    return state.gradient_unit[output] * cells[at + output]


@kernel
def hessian_of(cells, at, output, state):
    if state.layout == PACKED:
        return state.hessian_unit[output] * (cells[at + output] & HALF)
    return state.hessian_unit[0] * cells[at + state.n_outputs]


# -- the value of a leaf and the score of a node ---------------------------------------------------------------------


@kernel
def leaf_value(gradient, hessian, reg_lambda, reg_alpha, max_delta_step, lower, upper):
    """The value in [lower, upper] that minimises G v + (H + lambda) v^2 / 2 + alpha |v|."""
    shrunk = gradient
    if reg_alpha > 0.0:
        shrunk = np.sign(gradient) * max(abs(gradient) - reg_alpha, 0.0)
    if hessian + reg_lambda <= 0.0:
        value = 0.0
    else:
        value = -shrunk / (hessian + reg_lambda)
    if max_delta_step > 0.0:
        value = min(max(value, -max_delta_step), max_delta_step)
    return min(max(value, lower), upper)


@kernel
def score_of_value(gradient, hessian, value, reg_lambda, reg_alpha):
    return -(2.0 * gradient * value + (hessian + reg_lambda) * value * value + 2.0 * reg_alpha * abs(value))


# -- gains along a feature -------------------------------------------------------------------------------------------


@kernel
def plain_gains(
    histogram,
    cell,
    scan_codes,
    n_positions,
    total,
    missing_left,
    reg_lambda,
    min_hessian,
    gradient_unit,
    hessian_unit,
    prefix,
    gains,
):
    """Gains along a numeric feature, one output, no limits on the values.  scan_codes: its codes, ascending.

    Returns the range of the positions that leave both sides enough; the gains of no others are written.
    """
    min_units = int64(min(np.ceil(min_hessian / hessian_unit), float(HALF)))
    most_units = (total & HALF) - min_units
    first, last = uint64(0), uint64(n_positions)
    if most_units < min_units:
        return 0, 0
    running = histogram[cell] if missing_left else 0
    for position in range(last):
        running += histogram[uint64(cell) + uint64(scan_codes[position])]
        prefix[position] = running
    while first < last and (prefix[first] & HALF) < min_units:
        first += uint64(1)
    while first < last and (prefix[last - uint64(1)] & HALF) > most_units:
        last -= uint64(1)
    node_gradient = gradient_unit * int32(total >> 32)
    node_hessian = hessian_unit * int32(total & HALF)
    parent_score = node_gradient * node_gradient / (node_hessian + reg_lambda) * ROUNDING
    for position in range(first, last):  # vectorised: no branch, one division
        left_gradient = gradient_unit * int32(prefix[position] >> 32)
        left_hessian = hessian_unit * int32(prefix[position] & HALF)
        right_gradient = node_gradient - left_gradient
        right_hessian = node_hessian - left_hessian
        left_weight = left_hessian + reg_lambda
        right_weight = right_hessian + reg_lambda
        numerator = left_gradient * left_gradient * right_weight + right_gradient * right_gradient * left_weight
        gains[position] = numerator / (left_weight * right_weight) - parent_score
    return int64(first), int64(last)


@kernel
def limited_gains(
    histogram,
    cell,
    scan_codes,
    n_positions,
    one_hot,
    missing_left,
    totals,
    lower,
    upper,
    monotone,
    reg_lambda,
    state,
    prefix,
    gains,
):
    """Gains of all positions of any feature, any target, with every limit.  scan_codes: codes in the order of the scan.

    reg_lambda : of the two sides; larger if `scan_codes` were sorted by the same gradients
    """
    n_channels = state.n_channels
    parent_score = node_score(totals, 0, lower, upper, state) * ROUNDING
    for channel in range(n_channels):
        prefix[channel] = histogram[cell + channel] if missing_left else 0
    for position in range(n_positions):
        at = cell + scan_codes[position] * n_channels
        for channel in range(n_channels):
            value = histogram[at + channel]
            prefix[channel] = value if one_hot else prefix[channel] + value
        for channel in range(n_channels):
            prefix[n_channels + channel] = totals[channel] - prefix[channel]
        gains[position] = _gain(prefix, parent_score, lower, upper, monotone, reg_lambda, state)


@kernel
def _gain(sides, parent_score, lower, upper, monotone, reg_lambda, state):
    """Gain of one split; sides: the channels of the left side, then those of the right."""
    n_channels = state.n_channels
    if state.counts and min(sides[n_channels - 1], sides[2 * n_channels - 1]) < state.min_samples_leaf:
        return INVALID
    gain, left_sum, right_sum = 0.0, 0.0, 0.0
    for k in range(state.n_outputs):
        left_g = gradient_of(sides, 0, k, state)
        left_h = hessian_of(sides, 0, k, state)
        right_g = gradient_of(sides, n_channels, k, state)
        right_h = hessian_of(sides, n_channels, k, state)
        left = leaf_value(left_g, left_h, reg_lambda, state.reg_alpha, state.max_delta_step, lower, upper)
        right = leaf_value(right_g, right_h, reg_lambda, state.reg_alpha, state.max_delta_step, lower, upper)
        if (monotone > 0 and left > right) or (monotone < 0 and left < right):
            return FORBIDDEN
        gain += score_of_value(left_g, left_h, left, reg_lambda, state.reg_alpha)
        gain += score_of_value(right_g, right_h, right, reg_lambda, state.reg_alpha)
        left_sum += left_h
        right_sum += right_h
    min_hessian = max(state.min_child_weight, state.hessian_unit[0]) * state.n_outputs
    if left_sum < min_hessian or right_sum < min_hessian:
        return INVALID
    return gain - parent_score


@kernel
def node_score(totals, at, lower, upper, state):
    score = 0.0
    for k in range(state.n_outputs):
        g = gradient_of(totals, at, k, state)
        h = hessian_of(totals, at, k, state)
        value = leaf_value(g, h, state.reg_lambda, state.reg_alpha, state.max_delta_step, lower, upper)
        score += score_of_value(g, h, value, state.reg_lambda, state.reg_alpha)
    return score


@kernel
def best_position(gains, first, last, best):
    """First position in [first, last) whose gain is the largest and above `best` >= 0, or -1."""
    top = int64(0)
    first, last = uint64(first), uint64(max(last, first))
    for position in range(first, last):  # vectorised: positive floats are ordered as their bits are
        top = max(top, bits_of(gains[position]) if gains[position] > best else int64(0))
    if top > 0:
        for position in range(first, last):
            if bits_of(gains[position]) == top:
                return int64(position)
    return -1


@kernel
def used_codes(histogram, cell, numeric, n_codes, n_channels, scan_codes):
    """Write the codes that occur in the node, ascending, to `scan_codes`; returns how many.

    numeric : list code 1 in the place of code 0, so that a scan can begin with nothing but the missing on a side
    """
    n_used = uint64(0)
    at = uint64(cell)
    for word in range(uint64(0), uint64(n_codes), uint64(64)):
        used = uint64(0)
        for bit in range(min(uint64(64), uint64(n_codes) - word)):
            for channel in range(uint64(n_channels)):
                used |= uint64(histogram[at + channel] != 0) << bit
            at += uint64(n_channels)
        if numeric and word == uint64(0):
            used = (used & ~uint64(1)) | ((used & uint64(1)) << uint64(1))
        while used != uint64(0):
            scan_codes[n_used] = word + lowest_bit(used)
            n_used += uint64(1)
            used &= used - uint64(1)
    return int64(n_used)


# -- categories ------------------------------------------------------------------------------------------------------


@kernel
def category_order(histogram, cell, n_codes, state, scan_codes, ratio):
    """Codes that occur in the node (missing among them), sorted by gradient / (hessian + cat_smooth); returns how many.

    With several outputs they are sorted by the output in which the categories differ most.
    """
    n_channels = state.n_channels
    n_present = used_codes(histogram, cell, False, n_codes, n_channels, scan_codes)
    output = _most_different_output(histogram, cell, scan_codes, n_present, state)
    for i in range(n_present):
        at = cell + scan_codes[i] * n_channels
        g = gradient_of(histogram, at, output, state)
        h = hessian_of(histogram, at, output, state)
        ratio[i] = g / (h + state.cat_smooth + 1e-300)
    _sort_by_ratio(scan_codes, ratio, n_present)
    return n_present


@kernel
def _most_different_output(histogram, cell, scan_codes, n_present, state):
    best, best_score = 0, -1.0
    if state.n_outputs == 1:
        return best
    for k in range(state.n_outputs):
        score = 0.0
        for i in range(n_present):
            at = cell + scan_codes[i] * state.n_channels
            g = gradient_of(histogram, at, k, state)
            h = hessian_of(histogram, at, k, state)
            score += g * g / (h + state.cat_smooth + 1e-300)
        if score > best_score:
            best, best_score = k, score
    return best


@kernel
def _sort_by_ratio(scan_codes, ratio, n):
    """Shell sort, ties by code: short, and at most a few hundred categories."""
    gap = 1
    while 3 * gap + 1 < n:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            code, value = scan_codes[i], ratio[i]
            j = i
            while j >= gap and (ratio[j - gap] > value or (ratio[j - gap] == value and scan_codes[j - gap] > code)):
                scan_codes[j], ratio[j] = scan_codes[j - gap], ratio[j - gap]
                j -= gap
            scan_codes[j], ratio[j] = code, value
        gap //= 3


@kernel
def drop_unbalanced(gains, n_positions, n_present, max_cat_threshold):
    """Forbid splits in which both sides hold more than max_cat_threshold categories."""
    for position in range(n_positions):
        if min(position + 1, n_present - position - 1) > max_cat_threshold:
            gains[position] = INVALID


# -- one feature of one node -----------------------------------------------------------------------------------------


@kernel
def scan_feature(histogram, cell, feature, n_rows, totals, lower, upper, state, scan_codes, ratio, prefix, gains):
    """Best split of a feature in a node: (gain, position, flags); position -1 when there is none."""
    best, best_at, flags = state.gamma, -1, 0
    n_codes = state.n_codes[feature]
    if state.is_categorical[feature]:
        n_present = category_order(histogram, cell, n_codes, state, scan_codes, ratio)
        one_hot = n_present <= state.max_cat_to_onehot
        n_positions = n_present if one_hot else n_present - 1
        reg_lambda = state.reg_lambda if one_hot else state.reg_lambda + state.cat_l2
        limited_gains(
            histogram,
            cell,
            scan_codes,
            n_positions,
            one_hot,
            False,
            totals,
            lower,
            upper,
            0,
            reg_lambda,
            state,
            prefix,
            gains,
        )
        if not one_hot:
            drop_unbalanced(gains, n_positions, n_present, state.max_cat_threshold)
        position = best_position(gains, 0, n_positions, best)
        return gains[max(position, 0)], position, ONE_HOT if one_hot else 0
    # A code that no row of the node has splits it as the code before it does, and the first of equal gains wins.
    codes, n_positions = state.codes_in_order, n_codes - 1
    if n_rows < n_codes:
        codes, n_positions = scan_codes, used_codes(histogram, cell, True, n_codes, state.n_channels, scan_codes)
    for missing_left in range(2 if has_missing(histogram, cell, state.n_channels) else 1):
        first, last = numeric_gains(
            histogram, cell, codes, n_positions, feature, missing_left == 1, totals, lower, upper, state, prefix, gains
        )
        position = best_position(gains, first, last, best)
        if position >= 0:
            best, best_at, flags = gains[position], codes[position] - 1, missing_left
    return best, best_at, flags


@kernel
def has_missing(histogram, cell, n_channels):
    for channel in range(n_channels):
        if histogram[cell + channel] != 0:
            return True
    return False


@kernel
def numeric_gains(
    histogram, cell, scan_codes, n_positions, feature, missing_left, totals, lower, upper, state, prefix, gains
):
    """Gains along a numeric feature, and the range of positions outside of which there is no gain."""
    if state.plain:
        min_hessian = max(state.min_child_weight, state.hessian_unit[0])
        return plain_gains(
            histogram, cell, scan_codes, n_positions, totals[0], missing_left, state.reg_lambda, min_hessian,
            state.gradient_unit[0], state.hessian_unit[0], prefix, gains,
        )  # fmt: skip
    limited_gains(
        histogram, cell, scan_codes, n_positions, False, missing_left, totals, lower, upper, state.monotone[feature],
        state.reg_lambda, state, prefix, gains,
    )  # fmt: skip
    return 0, n_positions


# -- what the best split means ---------------------------------------------------------------------------------------


@kernel
def left_totals(histogram, cell, n_channels, scan_codes, position, flags, left):
    """Sum the channels of the left side of a split; position p of the scan is code scan_codes[p]."""
    for channel in range(n_channels):
        left[channel] = histogram[cell + channel] if flags & MISSING_LEFT else 0
    first = position if flags & ONE_HOT else 0
    for p in range(first, position + 1):
        at = cell + scan_codes[p] * n_channels
        for channel in range(n_channels):
            left[channel] += histogram[at + channel]


@kernel
def category_words(scan_codes, n_present, n_codes, position, flags, absent_left, words):
    """Bit c: category code c goes left.  A category that the node never saw follows `absent_left`."""
    for k in range(words.shape[0]):
        words[k] = uint64(0)
    if absent_left:
        for code in range(n_codes):
            words[code >> 6] |= uint64(1) << uint64(code & 63)
        for p in range(n_present):
            code = scan_codes[p]
            words[code >> 6] &= ~(uint64(1) << uint64(code & 63))
    first = position if flags & ONE_HOT else 0
    for p in range(first, position + 1):
        code = scan_codes[p]
        words[code >> 6] |= uint64(1) << uint64(code & 63)


# -- rows to their sides ---------------------------------------------------------------------------------------------


@kernel
def mark_left(column, rows, start, stop, code, missing_left, is_category, words, goes_left):
    """goes_left[i] = 1 if row rows[i] goes left; returns how many do.  Missing is code 0."""
    n_left = int64(0)
    if is_category:
        for i in range(uint64(start), uint64(stop)):
            value = uint64(column[rows[i]])
            flag = (words[value >> uint64(6)] >> (value & uint64(63))) & uint64(1)
            goes_left[i] = flag
            n_left += int64(flag)
        return n_left
    # Missing right: code - 1 wraps around to a huge number for code 0, so one comparison serves both directions.
    offset = uint64(0) if missing_left else uint64(1)
    limit = uint64(code) - offset
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(32) < uint64(stop):
            prefetch(column, int64(rows[i + uint64(32)]) * column.itemsize)
        flag = (uint64(column[rows[i]]) - offset) <= limit
        goes_left[i] = flag
        n_left += int64(flag)
    return n_left


@kernel
def move_rows(rows, packed, goes_left, start, stop, rows_out, packed_out, left, right):
    """Write rows [start, stop) to rows_out: the left ones from `left` on, the others from `right` on, in order."""
    left, right = uint64(left), uint64(right)
    carry = packed.shape[0] > 0
    for i in range(uint64(start), uint64(stop)):
        flag = uint64(goes_left[i])
        at = right + flag * (left - right)  # a conditional would compile to a branch that nobody can predict
        rows_out[at] = rows[i]
        if carry:
            packed_out[at] = packed[i]
        left += flag
        right += uint64(1) - flag
