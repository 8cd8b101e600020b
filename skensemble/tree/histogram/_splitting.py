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
# Bits of a candidate's flags.  UNSURE: it may leave fewer than min_samples_leaf rows on a side; COUNTED: it does not,
# and the codes of its feature that have rows were told by counts.
MISSING_LEFT, ONE_HOT, UNSURE, COUNTED = 1, 2, 4, 8
MANY_LEVELS = 255.0  # of a column; the extremes of n times as many are so by chance more often: n times cat_l2
FEW_CODES = 4  # of a feature: whether one of them has all rows, and nothing can be split, is seen at once
# To ask for the cells of a column ahead of time takes as long as to read them, and gains nothing where the column stays
# in a cache near the core (its bytes), or where rows of a node stand close (bytes from one to the next).
CACHED, SHARED_LINE = 1 << 18, 32
BY_SUMS = -1  # in place of the side whose rows were counted: none were


# -- reading a cell --------------------------------------------------------------------------------------------------


@kernel
def gradient_of(cells, at, output, state):
    return state.gradient_unit[output] * (cells[at + output] >> 32)


@kernel
def hessian_of(cells, at, output, state):
    return state.hessian_unit[output] * (cells[at + output] & HALF)


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
def left_sums(histogram, cell, n_channels, scan_codes, n_positions, one_hot, missing_left, prefix):
    """First channel of the left side at each position of a scan."""
    running = histogram[cell] if missing_left else 0
    if one_hot:
        for position in range(uint64(n_positions)):
            prefix[position] = histogram[uint64(cell) + uint64(scan_codes[position]) * uint64(n_channels)]
        return
    for position in range(uint64(n_positions)):
        running += histogram[uint64(cell) + uint64(scan_codes[position]) * uint64(n_channels)]
        prefix[position] = running


@kernel
def sums_of_ends(histogram, cell, scan_codes, n_present, n_ends, total, prefix):
    """As `left_sums`, for one channel, at the first and the last `n_ends` positions of an order of categories alone."""
    left, right = int64(0), int64(0)
    for position in range(uint64(n_ends)):
        left += histogram[uint64(cell) + uint64(scan_codes[position])]
        right += histogram[uint64(cell) + uint64(scan_codes[uint64(n_present) - uint64(1) - position])]
        prefix[position] = left
        prefix[uint64(2 * n_ends) - uint64(1) - position] = total - right


@kernel
def n_ends_to_scan(n_present, side, state):
    """How many positions at each end of an order of categories need to be looked at; 0: all.  side : see `scan_feature`

    Between the ends both sides hold more than max_cat_threshold categories, see `drop_unbalanced`.
    """
    n_ends = state.max_cat_threshold
    by_one_sum = state.n_channels == 1 and side == BY_SUMS
    return n_ends if by_one_sum and 2 * n_ends < n_present - 1 else 0


@kernel
def place_of(position, n_present, n_ends):
    """Where a position stands among all, if only `n_ends` at each end were looked at."""
    return position if n_ends == 0 or position < n_ends else n_present - 1 - 2 * n_ends + position


@kernel
def range_of_units(prefix, first, last, total, min_units):
    """Part of the positions [first, last) that leaves both sides `min_units` of the hessian."""
    first, last = uint64(first), uint64(last)
    most_units = (total & HALF) - min_units
    if most_units < min_units:
        return first, first
    while first < last and (prefix[first] & HALF) < min_units:
        first += uint64(1)
    while first < last and (prefix[last - uint64(1)] & HALF) > most_units:
        last -= uint64(1)
    return first, last


@kernel
def sum_of_counts(counts, cell, n_codes):
    """Number of rows of all codes; counts[cell + code] : of one."""
    total = int64(0)
    for code in range(uint64(n_codes)):
        total += counts[uint64(cell) + code]
    return total


@kernel
def range_of_counts(counts, cell, n_channels, total, scan_codes, n_positions, missing_left, min_samples):
    """The positions that leave both sides `min_samples` of `total` rows.

    counts[cell + code * n_channels] : rows of a code
    """
    first, last = uint64(0), uint64(0)
    left = counts[cell] if missing_left else 0
    for position in range(uint64(n_positions)):
        left += counts[uint64(cell) + uint64(scan_codes[position]) * uint64(n_channels)]
        first += uint64(left < min_samples)
        last += uint64(total - left >= min_samples)
    return first, max(first, last)


@kernel
def plain_gains(prefix, first, last, total, reg_lambda, gradient_unit, hessian_unit, gains):
    """Gains of the positions [first, last), one output, no limits on the values."""
    node_gradient = gradient_unit * int32(total >> 32)
    node_hessian = hessian_unit * int32(total & HALF)
    parent_score = node_gradient * node_gradient / (node_hessian + reg_lambda) * ROUNDING
    for position in range(uint64(first), uint64(last)):  # vectorised: no branch, one division
        left_gradient = gradient_unit * int32(prefix[position] >> 32)
        left_hessian = hessian_unit * int32(prefix[position] & HALF)
        right_gradient = node_gradient - left_gradient
        right_hessian = node_hessian - left_hessian
        left_weight = left_hessian + reg_lambda
        right_weight = right_hessian + reg_lambda
        numerator = left_gradient * left_gradient * right_weight + right_gradient * right_gradient * left_weight
        gains[position] = numerator / (left_weight * right_weight) - parent_score


@kernel
def bounded_gains(
    prefix, first, last, total, parent_score, lower, upper, monotone, min_hessian, reg_lambda, reg_alpha,
    gradient_unit, hessian_unit, gains,
):  # fmt: skip
    """Gains of the positions [first, last), one output, the values of the leaves in [lower, upper].

    The operations of `leaf_value` and `score_of_value`, without a branch, so that the compiler makes vectors of them:
    a shrunk gradient is max(G - alpha, 0) + min(G + alpha, 0).  In the first loop, without limits
    on the values, signs of zero and of both factors are all that differs.
    """
    if monotone == 0 and reg_alpha == 0.0 and lower == -np.inf and upper == np.inf:
        for position in range(uint64(first), uint64(last)):
            left_g = gradient_unit * int32(prefix[position] >> 32)
            left_h = hessian_unit * int32(prefix[position] & HALF)
            right_g = gradient_unit * int32((total - prefix[position]) >> 32)
            right_h = hessian_unit * int32((total - prefix[position]) & HALF)
            left_weight, right_weight = left_h + reg_lambda, right_h + reg_lambda
            left, right = left_g / left_weight, right_g / right_weight
            left_score = 2.0 * left_g * left - left_weight * left * left
            right_score = 2.0 * right_g * right - right_weight * right * right
            gain = left_score + right_score - parent_score
            gains[position] = gain if min(left_h, right_h) >= min_hessian else INVALID
        return
    direction = float(monotone)
    double_alpha = 2.0 * reg_alpha
    for position in range(uint64(first), uint64(last)):
        left_g = gradient_unit * int32(prefix[position] >> 32)
        left_h = hessian_unit * int32(prefix[position] & HALF)
        right_g = gradient_unit * int32((total - prefix[position]) >> 32)
        right_h = hessian_unit * int32((total - prefix[position]) & HALF)
        left_weight = left_h + reg_lambda
        right_weight = right_h + reg_lambda
        left = -(max(left_g - reg_alpha, 0.0) + min(left_g + reg_alpha, 0.0)) / left_weight
        right = -(max(right_g - reg_alpha, 0.0) + min(right_g + reg_alpha, 0.0)) / right_weight
        left = min(max(left if left_weight > 0.0 else 0.0, lower), upper)
        right = min(max(right if right_weight > 0.0 else 0.0, lower), upper)
        left_loss = 2.0 * left_g * left + left_weight * left * left + double_alpha * abs(left)
        right_loss = 2.0 * right_g * right + right_weight * right * right + double_alpha * abs(right)
        gain = -left_loss - right_loss - parent_score
        gain = gain if min(left_h, right_h) >= min_hessian else INVALID
        gains[position] = FORBIDDEN if direction * left > direction * right else gain


@kernel
def gains_of_one(
    histogram, cell, scan_codes, n_positions, n_ends, one_hot, feature, missing_left, totals, lower, upper, reg_lambda,
    side, state, prefix, gains,
):  # fmt: skip
    """Gains along a feature for one output, and the range of positions outside of which there is none.

    side : of the child whose rows were counted, or BY_SUMS;  n_ends : see `feature_gains`
    """
    total, n_channels = totals[0], state.n_channels
    monotone = state.monotone[feature]
    # A position that breaks the order of the values is forbidden to the whole level, however little weight it leaves.
    min_units = state.count_units if monotone != 0 else max(state.count_units, state.min_units)
    if (total & HALF) < 2 * min_units:
        return uint64(0), uint64(0)
    if n_ends > 0:
        sums_of_ends(histogram, cell, scan_codes, n_positions + 1, n_ends, total, prefix)
        n_positions = 2 * n_ends
    else:
        left_sums(histogram, cell, n_channels, scan_codes, n_positions, one_hot, missing_left, prefix)
    first, last = uint64(0), uint64(n_positions)
    counts, counts_at, width, n_rows = state.row_counts, counts_cell(feature, side, state), 1, int64(0)
    if state.counts:
        counts, counts_at, width, n_rows = histogram, cell + 1, n_channels, totals[1]
    elif side != BY_SUMS:
        n_rows = sum_of_counts(counts, counts_at, state.n_codes[feature])
    counted = state.counts or side != BY_SUMS
    if counted and not one_hot:
        first, last = range_of_counts(
            counts, counts_at, width, n_rows, scan_codes, n_positions, missing_left, state.min_samples_leaf
        )
    if not one_hot:
        first, last = range_of_units(prefix, first, last, total, min_units)
    if state.plain and not state.is_categorical[feature]:
        plain_gains(prefix, first, last, total, reg_lambda, state.gradient_unit[0], state.hessian_unit[0], gains)
        return first, last
    step = state.max_delta_step if state.max_delta_step > 0.0 else np.inf
    bounded_gains(
        prefix, first, last, total, node_score(totals, 0, lower, upper, state) * ROUNDING,
        min(max(-step, lower), upper), min(max(step, lower), upper), monotone,
        max(state.min_child_weight, max(1, state.count_units) * state.hessian_unit[0]), reg_lambda, state.reg_alpha,
        state.gradient_unit[0], state.hessian_unit[0], gains,
    )  # fmt: skip
    if counted and one_hot:
        drop_rare(counts, counts_at, width, n_rows, scan_codes, n_positions, state.min_samples_leaf, gains)
    return first, last


@kernel
def counts_cell(feature, side, state):
    """Where the counts of a feature's codes begin in `row_counts`, for the left or right child."""
    return side * (state.row_counts.shape[0] >> 1) + state.cells[feature]


@kernel
def drop_rare(counts, cell, n_channels, total, scan_codes, n_positions, min_samples, gains):
    """Forbid one-hot splits that leave fewer than `min_samples` rows on a side.  counts : see `range_of_counts`"""
    for position in range(n_positions):
        count = counts[cell + scan_codes[position] * n_channels]
        if min(count, total - count) < min_samples:
            gains[position] = INVALID


@kernel
def gains_of_several(
    histogram, cell, scan_codes, n_positions, one_hot, monotone, missing_left, totals, lower, upper, reg_lambda,
    state, prefix, gains,
):  # fmt: skip
    """Gains along a feature for several outputs: what they add, output by output."""
    n_channels, n_outputs = state.n_channels, state.n_outputs
    left_h, right_h = np.empty(n_positions, np.float64), np.empty(n_positions, np.float64)
    for position in range(uint64(n_positions)):
        gains[position], left_h[position], right_h[position] = 0.0, 0.0, 0.0
    step = state.max_delta_step if state.max_delta_step > 0.0 else np.inf
    low, high = min(max(-step, lower), upper), min(max(step, lower), upper)
    for k in range(n_outputs):
        left_sums(histogram, cell + k, n_channels, scan_codes, n_positions, one_hot, missing_left, prefix)
        add_scores(
            prefix, n_positions, totals[k], low, high, monotone, reg_lambda, state.reg_alpha, state.gradient_unit[k],
            state.hessian_unit[k], left_h, right_h, gains,
        )  # fmt: skip
    parent_score = node_score(totals, 0, lower, upper, state) * ROUNDING
    min_hessian = max(state.min_child_weight, state.hessian_unit[0]) * n_outputs
    # A position that breaks the order of the values is forbidden to the whole level, however little weight it leaves.
    for position in range(uint64(n_positions)):
        gain = gains[position] - parent_score
        enough = min(left_h[position], right_h[position]) >= min_hessian
        gains[position] = gain if enough or gain == FORBIDDEN else INVALID
    if state.counts:
        left_sums(histogram, cell + n_outputs, n_channels, scan_codes, n_positions, one_hot, missing_left, prefix)
        for position in range(uint64(n_positions)):
            if min(prefix[position], totals[n_outputs] - prefix[position]) < state.min_samples_leaf:
                gains[position] = INVALID
    elif state.count_units > 0:
        left_sums(histogram, cell, n_channels, scan_codes, n_positions, one_hot, missing_left, prefix)
        for position in range(uint64(n_positions)):
            units = prefix[position] & HALF
            if min(units, (totals[0] & HALF) - units) < state.count_units:
                gains[position] = INVALID


@kernel
def add_scores(
    prefix, n_positions, total, lower, upper, monotone, reg_lambda, reg_alpha, gradient_unit, hessian_unit,
    sum_of_left_h, sum_of_right_h, gains,
):  # fmt: skip
    """Add one output's scores of the two sides of each position, see `bounded_gains`, and their hessians."""
    direction, double_alpha = float(monotone), 2.0 * reg_alpha
    for position in range(uint64(n_positions)):
        left_g = gradient_unit * int32(prefix[position] >> 32)
        left_h = hessian_unit * int32(prefix[position] & HALF)
        right_g = gradient_unit * int32((total - prefix[position]) >> 32)
        right_h = hessian_unit * int32((total - prefix[position]) & HALF)
        left_weight, right_weight = left_h + reg_lambda, right_h + reg_lambda
        left = -(max(left_g - reg_alpha, 0.0) + min(left_g + reg_alpha, 0.0)) / left_weight
        right = -(max(right_g - reg_alpha, 0.0) + min(right_g + reg_alpha, 0.0)) / right_weight
        left = min(max(left if left_weight > 0.0 else 0.0, lower), upper)
        right = min(max(right if right_weight > 0.0 else 0.0, lower), upper)
        left_loss = 2.0 * left_g * left + left_weight * left * left + double_alpha * abs(left)
        right_loss = 2.0 * right_g * right + right_weight * right * right + double_alpha * abs(right)
        gain = gains[position] - left_loss - right_loss
        gains[position] = FORBIDDEN if direction * left > direction * right else gain
        sum_of_left_h[position] += left_h
        sum_of_right_h[position] += right_h


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
    first, last = uint64(first), uint64(last)
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
        used, n_bits = uint64(0), min(uint64(64), uint64(n_codes) - word)
        if n_channels == 1:
            for bit in range(n_bits):  # vectorised
                used |= uint64(histogram[at + bit] != 0) << bit
            at += n_bits
        else:
            for bit in range(n_bits):
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
def present_codes(histogram, cell, feature, numeric, side, state, scan_codes):
    """As `used_codes`, of the codes that have rows, by the counts of a side if there are any."""
    if side != BY_SUMS:
        at = counts_cell(feature, side, state)
        return used_codes(state.row_counts, at, numeric, state.n_codes[feature], 1, scan_codes)
    return used_codes(histogram, cell, numeric, state.n_codes[feature], state.n_channels, scan_codes)


@kernel
def has_missing(histogram, cell, feature, side, state):
    """Does the node have rows in which the feature is missing, by the counts of a side if there are any?"""
    if side != BY_SUMS:
        return state.row_counts[counts_cell(feature, side, state)] != 0
    for channel in range(state.n_channels):
        if histogram[cell + channel] != 0:
            return True
    return False


@kernel
def category_order(histogram, cell, feature, side, state, scan_codes, ratio):
    """Codes that occur in the node (missing among them), sorted by gradient / (hessian + cat_smooth); returns how many.

    With several outputs they are sorted by the output in which the categories differ most.
    Of many codes only the first and the last max_cat_threshold are in order: no split that `drop_unbalanced` allows
    parts the others.
    side : see `present_codes`
    """
    n_channels = state.n_channels
    n_present = present_codes(histogram, cell, feature, False, side, state, scan_codes)
    output = _most_different_output(histogram, cell, scan_codes, n_present, state)
    for i in range(n_present):
        at = cell + scan_codes[i] * n_channels
        g = gradient_of(histogram, at, output, state)
        h = hessian_of(histogram, at, output, state)
        ratio[i] = g / (h + state.cat_smooth + 1e-300)
    n_ends = state.max_cat_threshold
    if n_present > state.max_cat_to_onehot and n_ends < n_present // 8:
        _sort_ends(scan_codes, ratio, n_present, n_ends)
    else:
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
    """Shell sort, ties by code: short, and quick for a few hundred categories."""
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
def _sort_ends(scan_codes, ratio, n, n_ends):
    """Put the n_ends codes of the smallest ratios first and those of the largest last, both sorted, ties by code; the
    others stand between them in any order.  Few of many codes get into an end, so this is one pass over them."""
    stop = n - n_ends
    for last in range(1, n_ends):
        _move_down(scan_codes, ratio, 0, last)
    for i in range(n_ends, n):
        if _is_before(scan_codes, ratio, i, n_ends - 1):
            _swap(scan_codes, ratio, i, n_ends - 1)
            _move_down(scan_codes, ratio, 0, n_ends - 1)
    for last in range(stop + 1, n):
        _move_down(scan_codes, ratio, stop, last)
    for i in range(n_ends, stop):
        if _is_before(scan_codes, ratio, stop, i):
            _swap(scan_codes, ratio, i, stop)
            _move_up(scan_codes, ratio, stop, n - 1)


@kernel
def _is_before(scan_codes, ratio, i, j):
    return ratio[i] < ratio[j] or (ratio[i] == ratio[j] and scan_codes[i] < scan_codes[j])


@kernel
def _swap(scan_codes, ratio, i, j):
    scan_codes[i], scan_codes[j] = scan_codes[j], scan_codes[i]
    ratio[i], ratio[j] = ratio[j], ratio[i]


@kernel
def _move_down(scan_codes, ratio, first, last):
    """Bring the code at `last` to its place among those before it, from `first` on, which are sorted."""
    while last > first and _is_before(scan_codes, ratio, last, last - 1):
        _swap(scan_codes, ratio, last, last - 1)
        last -= 1


@kernel
def _move_up(scan_codes, ratio, first, last):
    """Bring the code at `first` to its place among those behind it, up to `last`, which are sorted."""
    while first < last and _is_before(scan_codes, ratio, first + 1, first):
        _swap(scan_codes, ratio, first, first + 1)
        first += 1


@kernel
def drop_unbalanced(gains, n_positions, n_present, max_cat_threshold):
    """Forbid splits in which both sides hold more than max_cat_threshold categories."""
    for position in range(n_positions):
        if min(position + 1, n_present - position - 1) > max_cat_threshold:
            gains[position] = INVALID


# -- one feature of one node -----------------------------------------------------------------------------------------


@kernel
def scan_feature(histogram, cell, feature, side, n_rows, totals, lower, upper, state, scan_codes, ratio, prefix, gains):
    """Best split of a feature in a node: (gain, position, flags); position -1 when there is none.

    side : of the child whose rows were counted, or BY_SUMS
    """
    best, best_at, best_flags = state.gamma, -1, 0
    if state.n_codes[feature] <= FEW_CODES and state.n_channels == 1:
        for code in range(state.n_codes[feature]):
            if histogram[cell + code] == totals[0]:
                return best, best_at, best_flags
    counted = COUNTED if side != BY_SUMS else 0
    # Where the hessians do not tell the counts, they bound them.
    may_be_unsure = counted == 0 and not state.counts and state.count_units < state.sure_units
    n_codes, is_categorical, one_hot = state.n_codes[feature], state.is_categorical[feature], False
    codes, n_present, n_scans = state.codes_in_order, n_codes, 1
    if is_categorical:
        codes, n_present = scan_codes, category_order(histogram, cell, feature, side, state, scan_codes, ratio)
        one_hot = n_present <= state.max_cat_to_onehot
    else:
        # A code that no row of the node has splits it as the code before it does, and the first of equal gains wins.
        if n_rows < n_codes:
            codes = scan_codes
            n_present = present_codes(histogram, cell, feature, True, side, state, scan_codes) + 1
        n_scans = 2 if has_missing(histogram, cell, feature, side, state) else 1
    n_positions = n_present if one_hot else n_present - 1
    n_ends = n_ends_to_scan(n_present, side, state) if is_categorical and not one_hot else 0
    for missing_left in range(n_scans):
        first, last = feature_gains(
            histogram, cell, codes, n_positions, n_ends, one_hot, feature, missing_left == 1, totals, lower, upper,
            side, state, prefix, gains,
        )  # fmt: skip
        if is_categorical and not one_hot and n_ends == 0:
            drop_unbalanced(gains, n_positions, n_present, state.max_cat_threshold)
        position = best_position(gains, first, last, best)
        if position >= 0:
            best = gains[position]
            best_at = place_of(position, n_present, n_ends) if is_categorical else codes[position] - 1
            best_flags = counted | (ONE_HOT if one_hot else missing_left)
            left = prefix[position] & HALF
            if may_be_unsure and min(left, (totals[0] & HALF) - left) < state.sure_units:
                best_flags |= UNSURE
    return best, best_at, best_flags


@kernel
def feature_gains(
    histogram, cell, scan_codes, n_positions, n_ends, one_hot, feature, missing_left, totals, lower, upper, side,
    state, prefix, gains,
):  # fmt: skip
    """Gains along a feature, any target, and the range of positions outside of which there is none.

    n_ends : if not 0, only so many positions at each end are looked at, and have places side by side
    """
    reg_lambda = state.reg_lambda
    if state.is_categorical[feature] and not one_hot:
        reg_lambda += state.cat_l2 * max(1.0, (state.n_codes[feature] - 1) / MANY_LEVELS)
    if state.n_outputs == 1:
        return gains_of_one(
            histogram, cell, scan_codes, n_positions, n_ends, one_hot, feature, missing_left, totals, lower, upper,
            reg_lambda, side, state, prefix, gains,
        )  # fmt: skip
    gains_of_several(
        histogram, cell, scan_codes, n_positions, one_hot, state.monotone[feature], missing_left, totals, lower,
        upper, reg_lambda, state, prefix, gains,
    )  # fmt: skip
    return uint64(0), uint64(n_positions)


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
    if is_near(column, rows, start, stop):
        for i in range(uint64(start), uint64(stop)):
            flag = (uint64(column[rows[i]]) - offset) <= limit
            goes_left[i] = flag
            n_left += int64(flag)
        return n_left
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(32) < uint64(stop):
            prefetch(column, int64(rows[i + uint64(32)]) * column.itemsize)
        flag = (uint64(column[rows[i]]) - offset) <= limit
        goes_left[i] = flag
        n_left += int64(flag)
    return n_left


@kernel
def is_near(column, rows, start, stop):
    """Do the cells of a column in rows[start:stop] arrive without being asked for ahead of time?"""
    if column.shape[0] * column.itemsize <= CACHED or start == stop:
        return True
    span = int64(rows[stop - 1]) - int64(rows[start])
    return span * column.itemsize <= SHARED_LINE * (stop - start)


@kernel
def move_rows(rows, packed, n_channels, goes_left, start, stop, rows_out, packed_out, left, right):
    """Write rows [start, stop) to rows_out: the left ones from `left` on, the others from `right` on, in order; and
    their targets, n_channels each, to packed_out."""
    if n_channels == 1:
        move_rows_of_one_channel(rows, packed, goes_left, start, stop, rows_out, packed_out, left, right)
        return
    left, right, n_channels = uint64(left), uint64(right), uint64(n_channels)
    for i in range(uint64(start), uint64(stop)):
        flag = uint64(goes_left[i])
        at = right + flag * (left - right)
        rows_out[at] = rows[i]
        for channel in range(n_channels):
            packed_out[at * n_channels + channel] = packed[i * n_channels + channel]
        left += flag
        right += uint64(1) - flag


@kernel
def move_rows_of_one_channel(rows, packed, goes_left, start, stop, rows_out, packed_out, left, right):
    """As `move_rows`: a loop of so few values that all stay in registers takes half of the time."""
    left, right = uint64(left), uint64(right)
    for i in range(uint64(start), uint64(stop)):
        flag = uint64(goes_left[i])
        # A conditional would compile to a branch that nobody can predict.
        at = right ^ ((left ^ right) & (uint64(0) - flag))
        rows_out[at] = rows[i]
        packed_out[at] = packed[i]
        left += flag
        right += uint64(1) - flag
