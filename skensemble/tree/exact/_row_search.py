"""Best split of a node straight from its rows.

For each feature the rows are collected into groups of equal codes, in ascending order: by a histogram where it would be
dense, else by sorting the codes.  Then one sweep over the groups, or a random place among them.
"""

import numpy as np
from numba import int64, uint32, uint64

from skensemble._jit import kernel
from skensemble._random_bits import mixed_seed, random_bits
from skensemble.tree.exact._absolute_error import deviations
from skensemble.tree.exact._category_splits import sweep_categories
from skensemble.tree.exact._code_groups import (
    collect_groups,
    fill_histogram,
    groups_of_histogram,
    sweep_classes,
    sweep_groups,
)
from skensemble.tree.exact._code_ranges import cells_of, find_ranges, is_constant
from skensemble.tree.exact._code_sums import MANY_CODES, mark_codes, sum_by_code, sweep_sums
from skensemble.tree.exact._competing_splits import add_row, compete, gain_to_beat, note_codes, precedes
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR, SQUARED_ERROR
from skensemble.tree.exact._key_sort import PLACE, sort_keys
from skensemble.tree.exact._node_sums import first_sum
from skensemble.tree.exact._random_search import (
    is_plain,
    is_random_sum,
    is_scalar_sum,
    note_range,
    sum_random_splits,
    try_random_split,
)
from skensemble.tree.exact._sorted_rows import sweep_sorted
from skensemble.tree.exact._thresholds import draw_below, draw_threshold, place_threshold
from skensemble.tree.exact._unusual_cells import (
    add_left_of_keys,
    count_unusual,
    forget_counts,
    groups_of_unusual,
    range_of_unusual,
    read_unusual,
    spread_keys,
)

# Integers of a histogram for each row, up to which it is quicker than sorting: classes are sorted as codes alone and
# cost less (a forest of 20 000 rows takes a fifth less time at 2 than at 8), numbers carry their amounts.  Where there
# are more than MANY_CODES, numbers count as classes do: to look at a code takes as long as to sort a row.
ROWS_FOR_INTEGERS_OF_CLASSES, ROWS_FOR_INTEGERS_OF_NUMBERS = 2, 8
ROWS_FOR_PRESENT_CLASSES = 4  # the same where only the node's own range of codes and its own classes are looked at


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
    knows_ranges = find_ranges(node, state)
    is_counted = state.usual.shape[0] > 0 and count_unusual(node, state)
    state.best_feature, state.best_gain = -1, -np.inf
    while n_constant < end and n_tried < state.max_features:
        place = end - 1 if tries_all else n_constant + draw_below(seed, n_drawn, end - n_constant)
        n_drawn += 1
        feature = features[place]
        if knows_ranges:
            differs = not is_constant(feature, state)
        else:
            is_usual = is_counted and state.n_unusual[feature] == 0
            differs = not is_usual and try_feature(node, feature, seed, tries_all, state)
        if differs:
            end -= 1
            n_tried += 1
            features[place], features[end] = features[end], feature
        else:
            features[place], features[n_constant] = features[n_constant], feature
            n_constant += 1
    if knows_ranges:
        _try_drawn(node, end, seed, tries_all, state)
    if is_counted:
        forget_counts(node, state)
    state.n_constant[node] = n_constant
    place_threshold(seed, state)


@kernel
def _try_drawn(node, end, seed, breaks_ties, state):
    """Let features[end:], which differ, compete in the order in which they were drawn: the last one first."""
    is_random, is_pair = is_random_sum(state), state.stop[node] - state.start[node] == 2
    is_pair &= not state.constrained and state.criterion != ABSOLUTE_ERROR
    is_summed = is_random and sum_random_splits(node, end, seed, state)
    for place in range(state.features.shape[0] - 1, end - 1, -1):
        feature = state.features[place]
        if not is_plain(feature, state):
            try_feature(node, feature, seed, breaks_ties, state)
        elif is_pair:
            _try_pair(node, feature, breaks_ties, state)
        elif is_random:
            try_random_split(node, feature, is_summed, seed, breaks_ties, state)
        elif not _try_range(node, feature, breaks_ties, state):
            try_feature(node, feature, seed, breaks_ties, state)


@kernel
def _try_pair(node, feature, breaks_ties, state):
    """Two rows, which every feature parts alike: all gains are one, which is computed for the first feature."""
    best = state.best_feature
    if best < 0 or not is_plain(best, state):
        for channel in range(state.n_channels):
            state.left[channel] = 0
        cell = state.row_bytes * int64(state.rows[state.start[node]]) + feature
        add_row(0 if state.flat_codes[cell] == state.lowest[feature] else 1, state.left, 0, state)
        if not compete(node, feature, 0, 0, breaks_ties, state):
            return
    elif breaks_ties and precedes(node, feature, best, state):
        state.best_feature = feature
    else:
        return
    note_codes(int64(state.lowest[feature]), int64(state.highest[feature]), False, state)
    note_range(feature, state)


@kernel
def _try_range(node, feature, breaks_ties, state):
    """Let the best split of a plain feature compete, from its range of codes; False if `try_feature` is quicker."""
    if state.random_splits or state.criterion == ABSOLUTE_ERROR:
        return False
    low, high = int64(state.lowest[feature]), int64(state.highest[feature])
    start, n_rows = state.start[node], state.stop[node] - state.start[node]
    table, offset, stride = cells_of(node, feature, state)
    if high == low + 1:
        _add_left(node, table, int64(offset), int64(stride), low, False, state)
        if compete(node, feature, 0, 0, breaks_ties, state):
            note_codes(low, high, False, state)
        return True
    if state.exact_squares and is_scalar_sum(state):
        if ROWS_FOR_PRESENT_CLASSES * n_rows < (high - low + 1) * state.n_present:
            return False
        sweep_classes(node, feature, table, offset, stride, low, high, breaks_ties, state)
        return True
    worth = ROWS_FOR_INTEGERS_OF_CLASSES if state.amount.shape[0] == 0 else ROWS_FOR_INTEGERS_OF_NUMBERS
    if _has_few_codes(feature, state) or worth * n_rows < (high - low + 1) * state.n_channels:
        return False
    fill_histogram(table, offset, stride, start, n_rows, low, high, state)
    groups_of_histogram(state.histogram, 0, low, high, True, state)
    return sweep_groups(node, feature, breaks_ties, state)


@kernel
def try_feature(node, feature, seed, breaks_ties, state):
    """Let the feature's best split compete; False if it is constant in the node.

    breaks_ties : which of two equally good splits wins does not depend on the order of the features (see `precedes`);
        else it is that of the feature drawn first
    """
    if state.usual.shape[0] > 0:
        return _try_unusual(node, feature, seed, breaks_ties, state)
    first = first_sum(node, feature, state)
    if first >= 0:
        return _try_node_sums(node, feature, first, breaks_ties, state)
    start, n_rows, n_codes = state.start[node], state.stop[node] - state.start[node], state.n_codes[feature]
    column = state.columns[feature]
    is_plain = not (state.is_categorical[feature] or state.random_splits or state.criterion == ABSOLUTE_ERROR)
    if is_plain and n_codes == 3 and not state.misses[feature]:
        return _try_two_codes(node, feature, breaks_ties, state)
    if is_plain and _has_few_codes(feature, state):
        return _try_sums_by_code(node, feature, breaks_ties, state)
    is_sorted_soon = state.amount.shape[0] == 0 or n_codes > MANY_CODES
    worth = ROWS_FOR_INTEGERS_OF_CLASSES if is_sorted_soon else ROWS_FOR_INTEGERS_OF_NUMBERS
    if is_plain and worth * n_rows >= n_codes * state.n_channels:
        fill_histogram(column, 0, 1, start, n_rows, 0, n_codes - 1, state)
        groups_of_histogram(state.histogram, 0, 0, n_codes - 1, True, state)
        return sweep_groups(node, feature, breaks_ties, state)
    if state.random_splits and not state.is_categorical[feature] and state.criterion != ABSOLUTE_ERROR:
        low, high, n_missing = _find_range(column, state.rows, start, n_rows)
    else:
        low, high, n_missing = _read_codes(column, state.rows, start, n_rows, state.keys)
    if low > high or (low == high and n_missing == 0):
        return False
    if state.is_categorical[feature]:
        collect_groups(n_rows, high, state)
        sweep_categories(node, feature, seed, breaks_ties, state)
    elif state.random_splits:
        _try_random_threshold(node, feature, low, high, n_missing, 0, breaks_ties, seed, state)
    elif state.criterion == ABSOLUTE_ERROR:
        collect_groups(n_rows, high, state)
        sweep_groups(node, feature, breaks_ties, state)
    elif n_rows > 4 * (high - low) and n_missing == 0:
        fill_histogram(column, 0, 1, start, n_rows, low, high, state)
        groups_of_histogram(state.histogram, 0, low, high, True, state)
        sweep_groups(node, feature, breaks_ties, state)
    else:
        sort_keys(n_rows, high, state.keys, state.spare_keys, state.digits)
        sweep_sorted(node, feature, n_rows, n_missing, breaks_ties, state)
    return True


@kernel
def _try_unusual(node, feature, seed, breaks_ties, state):
    """The same of a sparse table, which has no categories."""
    n_rows, n_unusual = state.stop[node] - state.start[node], read_unusual(node, feature, state)
    if n_unusual == 0:
        return False
    if not state.random_splits and state.criterion != ABSOLUTE_ERROR:
        groups_of_unusual(feature, n_rows, n_unusual, state)
        return sweep_groups(node, feature, breaks_ties, state)
    low, high, n_missing = range_of_unusual(feature, n_rows, n_unusual, state)
    if low > high or (low == high and n_missing == 0):
        return False
    n_keys = n_unusual
    if state.criterion == ABSOLUTE_ERROR:
        spread_keys(feature, n_rows, n_unusual, state)
        n_keys = n_rows
    if state.random_splits:
        _try_random_threshold(node, feature, low, high, n_missing, n_keys, breaks_ties, seed, state)
    else:
        collect_groups(n_rows, high, state)
        sweep_groups(node, feature, breaks_ties, state)
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
    return _sweep_sums(node, feature, state.histogram, 0, True, breaks_ties, state)


@kernel
def _sweep_sums(node, feature, sums, first, clears, breaks_ties, state):
    bar = gain_to_beat(node, feature, breaks_ties, state)
    best, above, gain, differs = sweep_sums(sums, first, state.n_codes[feature], clears, bar, state)
    if best >= 0:
        state.best_gain, state.best_feature = gain, feature
        note_codes(best, above, False, state)
    return differs


@kernel
def _try_node_sums(node, feature, first, breaks_ties, state):
    """From the sums of the node, which stand from `first` on."""
    n_codes = state.n_codes[feature]
    if _has_few_codes(feature, state):
        mark_codes(n_codes, state)
        return _sweep_sums(node, feature, state.node_sums, first, False, breaks_ties, state)
    groups_of_histogram(state.node_sums, first, 0, n_codes - 1, False, state)
    return sweep_groups(node, feature, breaks_ties, state)


@kernel
def _try_two_codes(node, feature, breaks_ties, state):
    """A feature with two values, without a histogram."""
    _add_left(node, state.columns[feature], 0, 1, 1, False, state)
    if not 0 < state.left[state.n_stats] < state.total[state.n_stats]:
        return False
    if compete(node, feature, 0, 0, breaks_ties, state):
        note_codes(1, 2, False, state)
    return True


@kernel
def _add_left(node, table, first_cell, stride, code, missing_left, state):
    """Add up the rows with codes up to `code`, and the missing ones or not.

    table, first_cell, stride : the code of row r is table[first_cell + stride * r]

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
            amount, weight = _sum_left(table, first_cell, stride, start, first, stop, offset, limit, state)
            left[channel] = amount
            left[n_stats] += weight
            first = stop
        return
    for i in range(n_rows):
        if uint64(table[first_cell + stride * int64(state.rows[start + i])]) - offset <= limit:
            add_row(i, left, 0, state)


@kernel
def _sum_left(table, first_cell, stride, start, first, stop, offset, limit, state):
    """(amount, weight) of the left ones of rows first .. stop - 1 of the node; of classes both are the weight."""
    rows, node_weight, node_amount = state.rows, state.node_weight, state.node_amount
    first_cell, stride, amount, weight = uint64(first_cell), uint64(stride), int64(0), int64(0)
    if state.amount.shape[0] == 0:
        for i in range(uint64(first), uint64(stop)):
            weight += (
                node_weight[i]
                if uint64(table[first_cell + stride * uint64(rows[uint64(start) + i])]) - offset <= limit
                else 0
            )
        return weight, weight
    for i in range(uint64(first), uint64(stop)):
        is_left = uint64(table[first_cell + stride * uint64(rows[uint64(start) + i])]) - offset <= limit
        weight += node_weight[i] if is_left else 0
        amount += node_amount[i, uint64(0)] if is_left else 0
    return amount, weight


@kernel
def _try_random_threshold(node, feature, low, high, n_missing, n_keys, breaks_ties, seed, state):
    """A threshold drawn uniformly between smallest and largest value (Geurts, Ernst & Wehenkel 2006, table 1).

    n_keys : of a sparse table, see `add_left_of_keys`
    """
    seed = mixed_seed(seed, state.feature_rank[feature])
    code = draw_threshold(feature, low, high, seed, state)[0]
    missing_left = n_missing > 0 and random_bits(seed, 1) >> uint64(63) == 1
    if state.usual.shape[0] > 0:
        add_left_of_keys(feature, n_keys, code, missing_left, state)
    else:
        _add_left(node, state.columns[feature], 0, 1, code, missing_left, state)
    if state.left[state.n_stats] == state.total[state.n_stats]:
        return
    if state.criterion == ABSOLUTE_ERROR:
        _deviations_of_sides(state.stop[node] - state.start[node], code, missing_left, state)
    if compete(node, feature, 0, 0, breaks_ties, state):
        state.best_low, state.best_high, state.best_missing_left = low, high, missing_left


@kernel
def _deviations_of_sides(n_rows, code, missing_left, state):
    """Absolute deviations of two groups: left and right."""
    for i in range(n_rows):
        row_code = int64(state.keys[i] >> uint64(32))
        side = 1 if row_code <= code and (row_code > 0 or missing_left) else 2
        state.keys[i] = (uint64(side) << uint64(32)) | uint64(i)
    sort_keys(n_rows, 2, state.keys, state.spare_keys, state.digits)
    deviations(n_rows, state)
