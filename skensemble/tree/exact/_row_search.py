"""Best split of a node straight from its rows.

For each feature the rows are collected into groups of equal codes, in ascending order: by a histogram where it would be
dense, else by sorting the codes.  Then one sweep over the groups, or a random place among them.

    rows of the node     7 2 9 4 ...          code of each        0 3 3 1 ...
    groups               code 1, code 3       missing apart       code 0
    a split              groups up to g go left, with the missing ones or without

A threshold lies in the middle between the largest value of the last group on the left and the smallest value of the
first group on the right, as they were in the training data: scikit-learn's thresholds, where each code is one value.
"""

import numpy as np
from numba import int64, uint32, uint64

from skensemble._jit import kernel
from skensemble._random import mixed_seed, random_bits, random_uniform
from skensemble.tree._binning import between
from skensemble.tree.exact._absolute_error import deviations
from skensemble.tree.exact._cart_state import ABSOLUTE_ERROR, SQUARED_ERROR
from skensemble.tree.exact._code_sums import ALMOST, MANY_CODES, sum_by_code, sweep_sums
from skensemble.tree.exact._impurity import mean, score
from skensemble.tree.exact._key_sort import PLACE, sort_keys

FEW_CODES = 16
N_COPIES = 4  # of the histogram of few codes; a power of two


# -- a node ----------------------------------------------------------------------------------------------------------


@kernel
def find_best_split(node, seed, state):
    """Best split of a node among `max_features` features that are not constant in it; best_feature is -1 if none.

    Features are drawn without replacement:

        features   [ constant above | found constant here | candidates | tried ]
                                                      n_constant      end

    What is constant here is so in all nodes below, which do not look at the first n_constant features again.

    Constant features do not count.  Where they did (as in scikit-learn), deep nodes of a table with many rare binary
    features would see hardly any feature that can split them: on Covertype that costs two points of accuracy.
    """
    features = state.features
    n_constant, end, n_tried, n_drawn = state.n_constant[node], features.shape[0], 0, 0
    tries_all = state.max_features >= features.shape[0]
    state.best_feature, state.best_gain = -1, -np.inf
    while n_constant < end and n_tried < state.max_features:
        place = end - 1 if tries_all else n_constant + _draw(seed, n_drawn, end - n_constant)
        n_drawn += 1
        feature = features[place]
        if try_feature(node, feature, seed, tries_all, state):
            end -= 1
            n_tried += 1
            features[place], features[end] = features[end], feature
        else:
            features[place], features[n_constant] = features[n_constant], feature
            n_constant += 1
    state.n_constant[node] = n_constant
    best = state.best_feature
    if best >= 0 and not state.random_splits and not state.is_categorical[best]:
        place_threshold(state)


@kernel
def _draw(seed, counter, n):
    """One of range(n)."""
    return int64(((random_bits(seed, counter) >> uint64(32)) * uint64(n)) >> uint64(32))


@kernel
def try_feature(node, feature, seed, breaks_ties, state):
    """Let the feature's best split compete; False if it is constant in the node.

    breaks_ties : which of two equally good splits wins does not depend on the order of the features (see `precedes`);
        else it is that of the feature drawn first
    """
    start, n_rows, n_codes = state.start[node], state.stop[node] - state.start[node], state.n_codes[feature]
    column = state.columns[feature]
    is_plain = not (state.is_categorical[feature] or state.random_splits or state.criterion == ABSOLUTE_ERROR)
    if is_plain and n_codes == 3 and not state.misses[feature]:
        return _try_two_codes(node, feature, breaks_ties, state)
    if is_plain and _has_few_codes(feature, state):
        return _try_sums_by_code(node, feature, breaks_ties, state)
    if is_plain and n_rows >= 2 * n_codes:
        _fill_histogram(column, start, n_rows, 0, n_codes - 1, state)
        _groups_of_histogram(0, n_codes - 1, state)
        return _sweep_groups(node, feature, breaks_ties, state)
    if state.random_splits and not state.is_categorical[feature] and state.criterion != ABSOLUTE_ERROR:
        low, high, n_missing = _find_range(column, state.rows, start, n_rows)
    else:
        low, high, n_missing = _read_codes(column, state.rows, start, n_rows, state.keys)
    if low > high or (low == high and n_missing == 0):
        return False
    if state.is_categorical[feature]:
        _collect_groups(n_rows, high, state)
        _sweep_categories(node, feature, seed, breaks_ties, state)
    elif state.random_splits:
        _try_random_threshold(node, feature, low, high, n_missing, breaks_ties, mixed_seed(seed, feature), state)
    elif state.criterion == ABSOLUTE_ERROR:
        _collect_groups(n_rows, high, state)
        _sweep_groups(node, feature, breaks_ties, state)
    elif n_rows > 4 * (high - low) and n_missing == 0:
        _fill_histogram(column, start, n_rows, low, high, state)
        _groups_of_histogram(low, high, state)
        _sweep_groups(node, feature, breaks_ties, state)
    else:
        sort_keys(n_rows, high, state.keys, state.spare_keys, state.digits)
        _sweep_sorted(node, feature, n_rows, n_missing, breaks_ties, state)
    return True


@kernel
def _read_codes(column, rows, start, n_rows, keys):
    """Write the node's keys; returns smallest and largest code that is not missing, and how many are missing."""
    low, high, n_missing = uint32(PLACE), uint32(0), 0
    for i in range(uint64(n_rows)):
        code = uint32(column[rows[uint64(start) + i]])
        keys[i] = (uint64(code) << uint64(32)) | i
        high = max(high, code)
        low = min(low, uint32(code - uint32(1)))  # missing, 0, becomes the largest
        n_missing += code == 0
    if n_missing == n_rows:
        return int64(1), int64(0), n_missing
    return int64(low) + 1, int64(high), n_missing


@kernel
def _find_range(column, rows, start, n_rows):
    """The same without keys."""
    low, high, n_missing = uint32(PLACE), uint32(0), 0
    for i in range(uint64(start), uint64(start + n_rows)):
        code = uint32(column[rows[i]])
        high = max(high, code)
        low = min(low, uint32(code - uint32(1)))
        n_missing += code == 0
    if n_missing == n_rows:
        return int64(1), int64(0), n_missing
    return int64(low) + 1, int64(high), n_missing


# -- numbers and few codes -------------------------------------------------------------------------------------------


@kernel
def _has_few_codes(feature, state):
    """Is this squared error of one output, with nothing missing, over few codes, and without limits and constraints?"""
    is_scalar = state.n_outputs == 1 and state.n_channels == 2 and not state.constrained
    is_numbers = state.criterion == SQUARED_ERROR and not state.misses[feature]
    return is_scalar and is_numbers and state.n_codes[feature] <= MANY_CODES


@kernel
def _try_sums_by_code(node, feature, breaks_ties, state):
    start, n_codes = state.start[node], state.n_codes[feature]
    sum_by_code(state.columns[feature], start, state.stop[node] - start, n_codes, state)
    best, above, gain, differs = sweep_sums(n_codes, _bar(node, feature, breaks_ties, state), state)
    if best >= 0:
        state.best_gain, state.best_feature = gain, feature
        _note_codes(best, above, False, state)
    return differs


# -- sorted rows -----------------------------------------------------------------------------------------------------


@kernel
def _sweep_sorted(node, feature, n_rows, n_missing, breaks_ties, state):
    """Rows left one by one, in the order of their codes: all missing ones right, then, if there are any, all left."""
    keys, is_scalar = state.keys, state.n_outputs == 1 and not state.constrained
    for missing_left in range(2 if n_missing > 0 else 1):
        first = 0 if missing_left else n_missing
        last = n_rows if n_missing > 0 and not missing_left else n_rows - 1
        if is_scalar and state.exact_squares:
            best, gain = _best_row_of_classes(
                first, last, n_rows, n_missing, _bar(node, feature, breaks_ties, state), state
            )
        elif is_scalar and state.criterion == SQUARED_ERROR:
            best, gain = _best_row_of_numbers(
                first, last, n_rows, n_missing, _bar(node, feature, breaks_ties, state), state
            )
        else:
            best, gain = _best_row(node, feature, first, last, n_rows, n_missing, breaks_ties, state)
        if best >= 0:
            state.best_gain, state.best_feature = gain, feature
            above = int64(keys[best + 1] >> uint64(32)) if best + 1 < n_rows else -1
            _note_codes(int64(keys[best] >> uint64(32)), above, missing_left == 1, state)


@kernel
def _bar(node, feature, breaks_ties, state):
    """Gain that a split of the feature must exceed."""
    if breaks_ties and precedes(state.path[node], feature, state.best_feature):
        return np.nextafter(state.best_gain, -np.inf)
    return state.best_gain


@kernel
def precedes(path, a, b):
    """Does feature a win against b, where both split a node equally well?

    In a small node most features do.  The winner is drawn, so that no column is favoured, but always the same in a node
    at this place of a tree, so that a tree that tries all features needs no random_state.
    """
    return b >= 0 and random_bits(path, a) < random_bits(path, b)


@kernel
def _best_row_of_classes(first, last, n_rows, n_missing, bar, state):
    """(last row on the left of the best split or -1, its gain): Gini impurity of one output.

    Whole numbers in float64, all exact; the two divisions of a gain are done only where it may pass the bar.
    """
    keys, left, total = state.keys, state.left_float, state.total_float
    node_weight, node_class = state.node_weight, state.node_class
    total_weight, min_weight, min_samples = total[state.n_stats], state.min_weight_leaf, state.min_samples_leaf
    left_weight, left_squares, right_squares, best = 0.0, 0.0, 0.0, -1
    for channel in range(state.n_stats):
        left[channel] = 0.0
        right_squares += total[channel] * total[channel]
    for i in range(uint64(first), uint64(last)):
        key = keys[i]
        place = key & uint64(PLACE)
        weight, channel = float(node_weight[place]), uint64(node_class[place, uint64(0)])
        here = left[channel]
        left_squares += weight * (2.0 * here + weight)
        right_squares -= weight * (2.0 * (total[channel] - here) - weight)
        left[channel] = here + weight
        left_weight += weight
        if i + uint64(1) < uint64(n_rows) and (key ^ keys[i + uint64(1)]) <= uint64(PLACE):
            continue  # the next row has the same code
        right_weight = total_weight - left_weight
        if left_squares * right_weight + right_squares * left_weight < bar * ALMOST * left_weight * right_weight:
            continue
        gain = left_squares / left_weight + right_squares / right_weight
        if gain > bar and int64(i) >= n_missing and min(left_weight, right_weight) >= min_weight:
            n_left = int64(i) + 1 - first
            if min(n_left, n_rows - n_left) >= min_samples:
                bar, best = gain, int64(i)
    return best, bar


@kernel
def _best_row_of_numbers(first, last, n_rows, n_missing, bar, state):
    """(last row on the left of the best split or -1, its gain): squared error of one output."""
    keys, total = state.keys, state.total
    node_weight, node_amount = state.node_weight, state.node_amount
    total_weight, min_weight, min_samples = total[state.n_stats], state.min_weight_leaf, state.min_samples_leaf
    left_weight, left_amount, right_amount, best = int64(0), int64(0), total[0], -1
    for i in range(uint64(first), uint64(last)):
        key = keys[i]
        place = key & uint64(PLACE)
        amount = node_amount[place, uint64(0)]
        left_amount += amount
        right_amount -= amount
        left_weight += node_weight[place]
        if i + uint64(1) < uint64(n_rows) and (key ^ keys[i + uint64(1)]) <= uint64(PLACE):
            continue
        right_weight = total_weight - left_weight
        below, above = float(left_amount), float(right_amount)
        gain = below * below / float(left_weight) + above * above / float(right_weight)
        if gain > bar and int64(i) >= n_missing and min(left_weight, right_weight) >= min_weight:
            n_left = int64(i) + 1 - first
            if min(n_left, n_rows - n_left) >= min_samples:
                bar, best = gain, int64(i)
    return best, bar


@kernel
def _best_row(node, feature, first, last, n_rows, n_missing, breaks_ties, state):
    """The same for any criterion that is made from sums, any number of outputs, and constraints."""
    keys, left, right, total, n_stats = state.keys, state.left, state.right, state.total, state.n_stats
    best = -1
    for channel in range(state.n_channels):
        left[channel] = 0
    for i in range(first, last):
        _add_row(int64(keys[i] & uint64(PLACE)), left, 0, state)
        if i < n_missing or (i + 1 < n_rows and (keys[i] ^ keys[i + 1]) <= uint64(PLACE)):
            continue
        n_left = i + 1 - first
        if min(n_left, n_rows - n_left) < state.min_samples_leaf:
            continue
        if min(left[n_stats], total[n_stats] - left[n_stats]) < state.min_weight_leaf:
            continue
        for channel in range(n_stats + 1):
            right[channel] = total[channel] - left[channel]
        if state.constrained:
            state.left_value, state.right_value = mean(left, 0, state), mean(right, 0, state)
        if _wins(node, feature, score(left, state) + score(right, state), breaks_ties, state):
            best = i
    return best, state.best_gain


@kernel
def _wins(node, feature, gain, breaks_ties, state):
    """Is the split into `left` and the rest the best so far, and allowed?  Then note its gain."""
    if gain < state.best_gain:
        return False
    if gain == state.best_gain and not (breaks_ties and precedes(state.path[node], feature, state.best_feature)):
        return False
    if gain == -np.inf or (state.constrained and not _obeys(node, feature, state)):
        return False
    state.best_gain, state.best_feature = gain, feature
    return True


@kernel
def _obeys(node, feature, state):
    """Do the children's values stay within the node's bounds, in the order that the feature asks for?"""
    below, above = state.left_value, state.right_value
    lower, upper = state.lower[node], state.upper[node]
    if min(below, above) < lower or max(below, above) > upper or (above - below) * state.monotone[feature] < 0:
        return False
    state.best_middle = 0.5 * below + 0.5 * above
    return True


@kernel
def _note_codes(below, above, missing_left, state):
    """The split between two codes of the node; above is -1 if only missing rows go right."""
    state.best_code, state.best_above, state.best_missing_left = below, above, missing_left


@kernel
def place_threshold(state):
    """Threshold of the best split, in the middle between the values of the node on its two sides."""
    span, below, above = state.first_span[state.best_feature], state.best_code, state.best_above
    if above < 0:
        state.best_code, state.best_threshold = state.n_codes[state.best_feature] - 1, np.inf
    else:
        threshold = between(state.high[span + below], state.low[span + above])
        state.best_code, state.best_threshold = _settle(span, below, above, threshold, state)


@kernel
def _settle(span, low, high, threshold, state):
    """(code, threshold): codes up to this one, of low .. high - 1, go left, whether or not they occur in the node.

    Training values that share a code cannot be told apart: a threshold among them moves to the nearer end.
    """
    code = _last_code_from(state.low, span, low, high, threshold)
    begin, end = state.low[span + code], state.high[span + code]
    if code > low and (code == high or (threshold < end and threshold - begin < end - threshold)):
        return code - 1, between(state.high[span + code - 1], begin)
    return code, max(threshold, end)


# -- groups of equal codes -------------------------------------------------------------------------------------------


@kernel
def _fill_histogram(column, start, n_rows, low, high, state):
    """Add the node's rows to the cells of their codes, counted from `low`.

    Rows of one code in a row would wait for each other's sums: few codes get several histograms, used in turn.
    """
    n_channels = state.n_channels
    n_cells = (high - low + 1) * n_channels
    is_small = high - low < FEW_CODES
    stride = n_cells if is_small else 0
    if state.amount.shape[0] == 0:
        _count_classes(column, start, n_rows, low, stride, state)
    else:
        _add_amounts(column, start, n_rows, low, stride, state)
    if is_small:
        histogram = state.histogram
        for cell in range(n_cells):
            for copy in range(1, N_COPIES):
                histogram[cell] += histogram[copy * n_cells + cell]
                histogram[copy * n_cells + cell] = 0


@kernel
def _count_classes(column, start, n_rows, low, stride, state):
    """Weights of the classes; the weight of the row is their sum."""
    histogram, rows, node_weight, node_class = state.histogram, state.rows, state.node_weight, state.node_class
    n_channels, n_outputs = uint64(state.n_channels), uint64(state.n_outputs)
    counts = state.n_channels > state.n_stats + 1
    count_channel = uint64(state.n_stats + 1)
    for i in range(uint64(n_rows)):
        code = uint64(column[rows[uint64(start) + i]]) - uint64(low)
        cell = code * n_channels + (i & uint64(N_COPIES - 1)) * uint64(stride)
        for k in range(n_outputs):
            histogram[cell + uint64(node_class[i, k])] += node_weight[i]
        if counts:
            histogram[cell + count_channel] += 1


@kernel
def _add_amounts(column, start, n_rows, low, stride, state):
    histogram, rows, node_weight, node_amount = state.histogram, state.rows, state.node_weight, state.node_amount
    n_channels, n_outputs = uint64(state.n_channels), uint64(state.n_outputs)
    counts = state.n_channels > state.n_stats + 1
    for i in range(uint64(n_rows)):
        code = uint64(column[rows[uint64(start) + i]]) - uint64(low)
        cell = code * n_channels + (i & uint64(N_COPIES - 1)) * uint64(stride)
        for k in range(n_outputs):
            histogram[cell + k] += node_amount[i, k]
        histogram[cell + n_outputs] += node_weight[i]
        if counts:
            histogram[cell + n_outputs + uint64(1)] += 1


@kernel
def _groups_of_histogram(low, high, state):
    """Groups of the codes that occur; those of the missing rows apart.  The histogram is zero again afterwards."""
    n_channels, n_stats, histogram, sums = state.n_channels, state.n_stats, state.histogram, state.group_sums
    n_classes = state.first_channel[1] if state.amount.shape[0] == 0 else 0  # of the first output
    for channel in range(n_channels):
        state.missing[channel] = 0
    n_groups = 0
    for code in range(low, high + 1):
        cell = (code - low) * n_channels
        weight = histogram[cell + n_stats]
        for channel in range(n_classes):
            weight += histogram[cell + channel]
        if weight == 0:
            continue
        histogram[cell + n_stats] = weight
        for channel in range(n_channels):
            if code == 0:
                state.missing[channel] = histogram[cell + channel]
            else:
                sums[n_groups * n_channels + channel] = histogram[cell + channel]
            histogram[cell + channel] = 0
        if code > 0:
            state.group_code[n_groups] = code
            n_groups += 1
    state.n_groups = n_groups


@kernel
def _collect_groups(n_rows, high, state):
    """The same from sorted keys, which `deviations` needs."""
    sort_keys(n_rows, high, state.keys, state.spare_keys, state.digits)
    n_channels, sums = state.n_channels, state.group_sums
    for channel in range(n_channels):
        state.missing[channel] = 0
    n_groups, last = 0, 0
    for i in range(n_rows):
        code, place = int64(state.keys[i] >> uint64(32)), int64(state.keys[i] & uint64(PLACE))
        if code == 0:
            _add_row(place, state.missing, 0, state)
            continue
        if code != last:
            for channel in range(n_channels):
                sums[n_groups * n_channels + channel] = 0
            state.group_code[n_groups] = code
            n_groups += 1
            last = code
        _add_row(place, sums, (n_groups - 1) * n_channels, state)
    state.n_groups = n_groups
    if state.criterion == ABSOLUTE_ERROR:
        deviations(n_rows, state)


@kernel
def _add_row(place, sums, at, state):
    """Add what the row at a place in the node weighs."""
    weight = state.node_weight[place]
    for k in range(state.n_outputs):
        if state.amount.shape[0] > 0:
            sums[at + k] += state.node_amount[place, k]
        else:
            sums[at + state.node_class[place, k]] += weight
    sums[at + state.n_stats] += weight
    if state.n_channels > state.n_stats + 1:
        sums[at + state.n_stats + 1] += 1


@kernel
def _sweep_groups(node, feature, breaks_ties, state):
    """Groups left one by one: all missing rows right, then, if there are any, all left.  False if there is but one."""
    n_channels, left, sums = state.n_channels, state.left, state.group_sums
    has_missing = state.missing[state.n_stats] > 0
    if state.n_groups + has_missing < 2:
        return False
    is_scalar = state.n_outputs == 1 and n_channels == state.n_stats + 1 and not state.constrained
    if is_scalar and state.exact_squares and not has_missing:
        _sweep_class_groups(node, feature, breaks_ties, state)
        return True
    for missing_left in range(2 if has_missing else 1):
        for channel in range(n_channels):
            left[channel] = state.missing[channel] if missing_left else 0
        # "Missing against all others" is the last place of the sweep with the missing ones right.
        n_places = state.n_groups if has_missing and not missing_left else state.n_groups - 1
        best = -1
        for group in range(n_places):
            for channel in range(n_channels):
                left[channel] += sums[group * n_channels + channel]
            if _compete(node, feature, group, missing_left, breaks_ties, state):
                best = group
        if best >= 0:
            above = state.group_code[best + 1] if best + 1 < state.n_groups else -1
            _note_codes(state.group_code[best], above, missing_left == 1, state)
    return True


@kernel
def _sweep_class_groups(node, feature, breaks_ties, state):
    """The same for the Gini impurity of one output, and no row missing; see `_best_row_of_classes`."""
    left, total, sums = state.left_float, state.total_float, state.group_sums
    n_stats, n_channels = state.n_stats, state.n_channels
    total_weight, min_weight = total[n_stats], state.min_weight_leaf
    bar, best = _bar(node, feature, breaks_ties, state), -1
    left_weight, left_squares, right_squares = 0.0, 0.0, 0.0
    for channel in range(n_stats):
        left[channel] = 0.0
        right_squares += total[channel] * total[channel]
    for group in range(state.n_groups - 1):
        at = group * n_channels
        for channel in range(n_stats):
            weight, here = float(sums[at + channel]), left[channel]
            left_squares += weight * (2.0 * here + weight)
            right_squares -= weight * (2.0 * (total[channel] - here) - weight)
            left[channel] = here + weight
        left_weight += float(sums[at + n_stats])
        right_weight = total_weight - left_weight
        if left_squares * right_weight + right_squares * left_weight < bar * ALMOST * left_weight * right_weight:
            continue
        gain = left_squares / left_weight + right_squares / right_weight
        if gain > bar and min(left_weight, right_weight) >= min_weight:
            bar, best = gain, group
    if best >= 0:
        state.best_gain, state.best_feature = bar, feature
        _note_codes(state.group_code[best], state.group_code[best + 1], False, state)


@kernel
def _compete(node, feature, group, missing_left, breaks_ties, state):
    """Is the split into `left` and the rest allowed, and the best so far?  Then note its gain."""
    n_stats, left, right, total = state.n_stats, state.left, state.right, state.total
    for channel in range(state.n_channels):
        right[channel] = total[channel] - left[channel]
    if state.n_channels > n_stats + 1 and min(left[n_stats + 1], right[n_stats + 1]) < state.min_samples_leaf:
        return False
    if min(left[n_stats], right[n_stats]) < state.min_weight_leaf:
        return False
    if state.criterion == ABSOLUTE_ERROR:
        gain = -state.deviation[missing_left, group]
        state.left_value = state.side_median[missing_left, group]
        state.right_value = state.side_median[2 + missing_left, group]
    else:
        gain = score(left, state) + score(right, state)
        if state.constrained:
            state.left_value, state.right_value = mean(left, 0, state), mean(right, 0, state)
    return _wins(node, feature, gain, breaks_ties, state)


# -- one split -------------------------------------------------------------------------------------------------------


@kernel
def _try_two_codes(node, feature, breaks_ties, state):
    """A feature with two values, without a histogram."""
    _add_left(node, state.columns[feature], 1, False, state)
    if not 0 < state.left[state.n_stats] < state.total[state.n_stats]:
        return False
    if _compete(node, feature, 0, 0, breaks_ties, state):
        _note_codes(1, 2, False, state)
    return True


@kernel
def _add_left(node, column, code, missing_left, state):
    """Add up the rows with codes up to `code`, and the missing ones or not.

    The rows of a node are sorted by class: one plain sum for each class.
    """
    left, start, n_rows, n_stats = state.left, state.start[node], state.stop[node] - state.start[node], state.n_stats
    offset = uint64(0) if missing_left else uint64(1)
    limit = uint64(code) - offset  # missing right: code 0 wraps around to a huge number
    for channel in range(state.n_channels):
        left[channel] = 0
    if state.n_outputs == 1 and state.n_channels == n_stats + 1:
        first = int64(0)
        for channel in range(n_stats):
            stop = max(first, state.class_stop[channel]) if state.amount.shape[0] == 0 else n_rows
            amount, weight = _sum_left(column, start, first, stop, offset, limit, state)
            left[channel] = amount
            left[n_stats] += weight
            first = stop
        return
    for i in range(n_rows):
        if uint64(column[state.rows[start + i]]) - offset <= limit:
            _add_row(i, left, 0, state)


@kernel
def _sum_left(column, start, first, stop, offset, limit, state):
    """(amount, weight) of the left ones of rows first .. stop - 1 of the node; of classes both are the weight."""
    rows, node_weight, node_amount = state.rows, state.node_weight, state.node_amount
    amount, weight = int64(0), int64(0)
    if state.amount.shape[0] == 0:
        for i in range(uint64(first), uint64(stop)):
            weight += node_weight[i] if uint64(column[rows[uint64(start) + i]]) - offset <= limit else 0
        return weight, weight
    for i in range(uint64(first), uint64(stop)):
        is_left = uint64(column[rows[uint64(start) + i]]) - offset <= limit
        weight += node_weight[i] if is_left else 0
        amount += node_amount[i, uint64(0)] if is_left else 0
    return amount, weight


# -- random thresholds -----------------------------------------------------------------------------------------------


@kernel
def _try_random_threshold(node, feature, low, high, n_missing, breaks_ties, seed, state):
    """A threshold drawn uniformly between smallest and largest value (Geurts, Ernst & Wehenkel 2006, table 1)."""
    code, threshold = _draw_threshold(feature, low, high, seed, state)
    missing_left = n_missing > 0 and random_bits(seed, 1) >> uint64(63) == 1
    _add_left(node, state.columns[feature], code, missing_left, state)
    if state.left[state.n_stats] == state.total[state.n_stats]:
        return
    if state.criterion == ABSOLUTE_ERROR:
        _deviations_of_sides(state.stop[node] - state.start[node], code, missing_left, state)
    if _compete(node, feature, 0, 0, breaks_ties, state):
        state.best_code, state.best_threshold, state.best_missing_left = code, threshold, missing_left


@kernel
def _deviations_of_sides(n_rows, code, missing_left, state):
    """Absolute deviations of two groups: left and right."""
    for i in range(n_rows):
        row_code = int64(state.keys[i] >> uint64(32))
        side = 1 if row_code <= code and (row_code > 0 or missing_left) else 2
        state.keys[i] = (uint64(side) << uint64(32)) | uint64(i)
    sort_keys(n_rows, 2, state.keys, state.spare_keys, state.digits)
    deviations(n_rows, state)


@kernel
def _draw_threshold(feature, low, high, seed, state):
    """(code, threshold): codes up to this one go left."""
    span = state.first_span[feature]
    lowest, highest = state.low[span + low], state.high[span + high]
    threshold = lowest + random_uniform(seed, 0) * (highest - lowest)
    if not np.isfinite(threshold):
        if low == high:
            return state.n_codes[feature] - 1, np.inf
        code = low + _draw(seed, 0, high - low)
        return code, between(state.high[span + code], state.low[span + code + 1])
    return _settle(span, low, high, threshold, state)


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


# -- categories ------------------------------------------------------------------------------------------------------


@kernel
def _sweep_categories(node, feature, seed, breaks_ties, state):
    """Groups in an order of their own, the first ones left: sorted by their mean (Fisher 1958), or drawn."""
    n_channels, left, order = state.n_channels, state.left, state.order
    n_groups = _count_missing_as_group(state)
    n_places = n_groups - 1
    if state.random_splits:
        n_places = _shuffle_groups(n_groups, mixed_seed(seed, feature), state)
    else:
        _sort_groups(n_groups, state)
    if state.criterion == ABSOLUTE_ERROR:
        _deviations_in_order(state.stop[node] - state.start[node], n_groups, state)
    for channel in range(n_channels):
        left[channel] = 0
    best = -1
    for place in range(n_places):
        at = order[place] * n_channels
        for channel in range(n_channels):
            left[channel] += state.group_sums[at + channel]
        if state.random_splits and place < n_places - 1:
            continue
        if _compete(node, feature, place, 0, breaks_ties, state):
            best = place
    if best >= 0:
        _note_categories(best, n_groups, state)


@kernel
def _count_missing_as_group(state):
    """Missing is one category more; returns how many there are."""
    n_channels, n_groups = state.n_channels, state.n_groups
    if state.missing[state.n_stats] > 0:
        for channel in range(n_channels):
            state.group_sums[n_groups * n_channels + channel] = state.missing[channel]
        state.group_code[n_groups] = 0
        n_groups += 1
    return n_groups


@kernel
def _shuffle_groups(n_groups, seed, state):
    """Draw a side for each group; the left ones come first.  Returns how many they are, neither none nor all."""
    order = state.order
    n_left, end = 0, n_groups
    for group in range(n_groups):
        if random_bits(seed, group) >> uint64(63) == 1:
            order[n_left] = group
            n_left += 1
        else:
            end -= 1
            order[end] = group
    return min(max(n_left, 1), n_groups - 1)


@kernel
def _sort_groups(n_groups, state):
    """Sort groups by the mean of the class or output in which they differ most; equal ones by code."""
    channel = _most_different_channel(n_groups, state)
    order, ratio = state.order, state.ratio
    for i in range(n_groups):
        at = i * state.n_channels
        value = float(state.group_sums[at + channel]) / float(state.group_sums[at + state.n_stats])
        j = i
        while j > 0 and ratio[j - 1] > value:
            order[j], ratio[j] = order[j - 1], ratio[j - 1]
            j -= 1
        order[j], ratio[j] = i, value


@kernel
def _most_different_channel(n_groups, state):
    n_channels, n_stats = state.n_channels, state.n_stats
    best, best_spread = 0, -np.inf
    for channel in range(n_stats):
        spread = -float(state.total[channel]) * float(state.total[channel]) / float(state.total[n_stats])
        for group in range(n_groups):
            value = float(state.group_sums[group * n_channels + channel])
            spread += value * value / float(state.group_sums[group * n_channels + n_stats])
        if spread > best_spread:
            best, best_spread = channel, spread
    return best


@kernel
def _deviations_in_order(n_rows, n_groups, state):
    """Absolute deviations for groups that do not stand in the order of their codes: give them codes that do."""
    place_of_code = state.histogram
    for place in range(n_groups):
        place_of_code[state.group_code[state.order[place]]] = place + 1
    for i in range(n_rows):
        place = uint64(place_of_code[int64(state.keys[i] >> uint64(32))])
        state.keys[i] = (place << uint64(32)) | (state.keys[i] & uint64(PLACE))
    for place in range(n_groups):
        place_of_code[state.group_code[state.order[place]]] = 0
    sort_keys(n_rows, n_groups, state.keys, state.spare_keys, state.digits)
    deviations(n_rows, state)


@kernel
def _note_categories(best, n_groups, state):
    """Bit c: category code c goes left.  A category that the node never saw goes with most of its rows."""
    words = state.best_words
    absent_left = 2 * _weight_up_to(best, state) > state.total[state.n_stats]
    for word in range(words.shape[0]):
        words[word] = ~uint64(0) if absent_left else uint64(0)
    for place in range(n_groups):
        code = uint64(state.group_code[state.order[place]])
        bit = uint64(1) << (code & uint64(63))
        if place <= best:
            words[code >> uint64(6)] |= bit
        else:
            words[code >> uint64(6)] &= ~bit
    state.best_code, state.best_threshold = 0, np.nan
    state.best_missing_left = words[0] & uint64(1) == 1


@kernel
def _weight_up_to(best, state):
    weight = int64(0)
    for place in range(best + 1):
        weight += state.group_sums[state.order[place] * state.n_channels + state.n_stats]
    return weight
