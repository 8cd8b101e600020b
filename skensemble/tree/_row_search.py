"""Best split of a node straight from its rows.

For each feature the rows are collected into groups of equal codes, in ascending order: by a histogram where it would be
dense, else by sorting the codes.  Then one sweep over the groups, or a random place among them.

    rows of the node     7 2 9 4 ...          code of each        0 3 3 1 ...
    groups               code 1, code 3       missing apart       code 0
    a split              groups up to g go left, with the missing ones or without

A threshold lies in the middle between the largest value of the last group on the left and the smallest value of the first
group on the right, as they were in the training data: scikit-learn's thresholds, where each code is one value.
"""

import numpy as np
from numba import int64, uint32, uint64

from skensemble._jit import kernel
from skensemble._random import mixed_seed, random_bits, random_uniform
from skensemble.tree._absolute_error import deviations
from skensemble.tree._binning import between
from skensemble.tree._cart_state import ABSOLUTE_ERROR
from skensemble.tree._impurity import mean, score
from skensemble.tree._key_sort import PLACE, sort_keys

FEW_ROWS = 24  # up to so many, sorting is faster than a histogram


# -- a node ----------------------------------------------------------------------------------------------------------


@kernel
def find_best_split(node, seed, state):
    """Best split of a node among `max_features` features; best_feature is -1 if there is none.

    Features are drawn without replacement; one that is not constant in the node is tried at least.

        features   [ constant above | found constant here | candidates | tried ]
                                 n_known              n_constant      end

    What is constant here is so in all nodes below, which do not look at the first n_constant features again.
    """
    features = state.features
    n_known = state.n_constant[node]
    n_constant, end, n_drawn, n_drawn_constants = n_known, features.shape[0], 0, 0
    draws_all = state.max_features >= features.shape[0]
    state.best_feature, state.best_gain = -1, -np.inf
    while n_constant < end and (n_drawn < state.max_features or n_drawn == n_constant - n_known + n_drawn_constants):
        place = end - 1
        if not draws_all:
            n_left = n_known - n_drawn_constants  # of the features that are known to be constant
            place = n_constant - n_left + _draw(seed, n_drawn, n_left + end - n_constant)
        n_drawn += 1
        if place < n_constant:
            n_drawn_constants += 1
            continue
        feature = features[place]
        if _try_feature(node, feature, seed, draws_all, state):
            end -= 1
            features[place], features[end] = features[end], feature
        else:
            features[place], features[n_constant] = features[n_constant], feature
            n_constant += 1
    state.n_constant[node] = n_constant


@kernel
def _draw(seed, counter, n):
    """One of range(n)."""
    return int64(((random_bits(seed, counter) >> uint64(32)) * uint64(n)) >> uint64(32))


@kernel
def _try_feature(node, feature, seed, breaks_ties, state):
    """Let the feature's best split compete; False if it is constant in the node.

    breaks_ties : of equally good splits take that of the first feature (else that of the feature drawn first)
    """
    n_rows = state.stop[node] - state.start[node]
    column = state.columns[feature]
    low, high = _read_codes(column, state.rows, state.start[node], n_rows, state)
    if low > high or (low == high and state.n_missing == 0):
        return False
    _collect_groups(low, high, n_rows, state)
    if state.is_categorical[feature]:
        _sweep_categories(node, feature, seed, breaks_ties, state)
    elif state.random_splits:
        _try_random_threshold(node, feature, mixed_seed(seed, feature), state)
    else:
        _sweep(node, feature, False, breaks_ties, state)
        if state.n_missing > 0:
            _sweep(node, feature, True, breaks_ties, state)
    return True


# -- groups of equal codes -------------------------------------------------------------------------------------------


@kernel
def _read_codes(column, rows, start, n_rows, state):
    """Write the node's keys, and count its missing values; returns smallest and largest code that is not missing."""
    keys = state.keys
    low, high, n_missing = uint32(PLACE), uint32(0), 0
    for i in range(n_rows):
        code = uint32(column[rows[start + i]])
        keys[i] = (uint64(code) << uint64(32)) | uint64(i)
        high = max(high, code)
        low = min(low, uint32(code - uint32(1)))  # missing, 0, becomes the largest
        n_missing += code == 0
    state.n_missing = n_missing
    return (int64(low) + 1, int64(high)) if n_missing < n_rows else (int64(1), int64(0))


@kernel
def _collect_groups(low, high, n_rows, state):
    """Codes that occur and their sums, by the cheaper way; the sums of the missing rows apart."""
    for channel in range(state.n_channels):
        state.missing[channel] = 0
    if state.criterion == ABSOLUTE_ERROR:
        sort_keys(n_rows, high, state)
        _group_sorted(n_rows, state)
        deviations(n_rows, state)
    elif n_rows > FEW_ROWS and high - low < 2 * n_rows:
        _group_by_histogram(low, high, n_rows, state)
    else:
        sort_keys(n_rows, high, state)
        _group_sorted(n_rows, state)


@kernel
def _group_by_histogram(low, high, n_rows, state):
    n_channels, histogram, sums = state.n_channels, state.histogram, state.group_sums
    weight_channel = state.first_channel[state.n_outputs]
    for i in range(n_rows):
        key = state.keys[i]
        code = int64(key >> uint64(32))
        if code > 0:
            _add_row(int64(key & uint64(PLACE)), histogram, (code - low) * n_channels, state)
        else:
            _add_row(int64(key & uint64(PLACE)), state.missing, 0, state)
    n_groups = 0
    for code in range(low, high + 1):
        cell = (code - low) * n_channels
        if histogram[cell + weight_channel] > 0:
            for channel in range(n_channels):
                sums[n_groups * n_channels + channel] = histogram[cell + channel]
                histogram[cell + channel] = 0
            state.group_code[n_groups] = code
            n_groups += 1
    state.n_groups = n_groups


@kernel
def _add_row(place, sums, at, state):
    """Add what the row at a place in the node weighs."""
    n_outputs = state.n_outputs
    weight = state.node_weight[place]
    if state.amount.shape[0] > 0:
        for k in range(n_outputs):
            sums[at + k] += state.node_amount[place, k]
    else:
        for k in range(n_outputs):
            sums[at + state.node_class[place, k]] += weight
    sums[at + state.n_channels - 2] += weight
    sums[at + state.n_channels - 1] += 1


@kernel
def _group_sorted(n_rows, state):
    n_channels, sums = state.n_channels, state.group_sums
    n_groups, last = 0, 0
    for i in range(n_rows):
        key = state.keys[i]
        code = int64(key >> uint64(32))
        if code == 0:
            _add_row(int64(key & uint64(PLACE)), state.missing, 0, state)
            continue
        if code != last:
            for channel in range(n_channels):
                sums[n_groups * n_channels + channel] = 0
            state.group_code[n_groups] = code
            n_groups += 1
            last = code
        _add_row(int64(key & uint64(PLACE)), sums, (n_groups - 1) * n_channels, state)
    state.n_groups = n_groups


# -- numbers ---------------------------------------------------------------------------------------------------------


@kernel
def _sweep(node, feature, missing_left, breaks_ties, state):
    """Groups up to g left, the others right, the missing ones on one side."""
    n_channels, left = state.n_channels, state.left
    for channel in range(n_channels):
        left[channel] = state.missing[channel] if missing_left else 0
    # "Missing against all others" is the last place of the sweep with the missing ones right.
    n_places = state.n_groups if state.n_missing > 0 and not missing_left else state.n_groups - 1
    best = -1
    for group in range(n_places):
        at = group * n_channels
        for channel in range(n_channels):
            left[channel] += state.group_sums[at + channel]
        if _compete(node, feature, _deviation_of(group, missing_left, state), breaks_ties, state):
            best = group
    if best >= 0:
        state.best_code = state.group_code[best]
        state.best_missing_left = missing_left
        if best + 1 < state.n_groups:
            span = state.first_span[feature]
            below, above = state.high[span + state.group_code[best]], state.low[span + state.group_code[best + 1]]
            state.best_threshold = between(below, above)
        else:
            state.best_threshold = np.inf
        if state.n_missing == 0:
            state.best_missing_left = 2 * state.best_left_count > state.total[n_channels - 1]


@kernel
def _deviation_of(group, missing_left, state):
    """Minus the absolute deviation of the two sides, for the criterion that asks for it."""
    if state.criterion != ABSOLUTE_ERROR:
        return 0.0
    return -state.deviation[1 if missing_left else 0, group]


@kernel
def _compete(node, feature, known_score, breaks_ties, state):
    """Is the split into `left` and the rest allowed, and the best so far?  Then note it.

    known_score : of both sides, of a criterion that is not made from sums
    """
    n_channels, left, right = state.n_channels, state.left, state.right
    for channel in range(n_channels):
        right[channel] = state.total[channel] - left[channel]
    n_left, n_right = left[n_channels - 1], right[n_channels - 1]
    if n_left < state.min_samples_leaf or n_right < state.min_samples_leaf:
        return False
    if left[n_channels - 2] < state.min_weight_leaf or right[n_channels - 2] < state.min_weight_leaf:
        return False
    gain = known_score if state.criterion == ABSOLUTE_ERROR else score(left, state) + score(right, state)
    is_better = gain > state.best_gain or (breaks_ties and gain == state.best_gain and feature < state.best_feature)
    if not is_better or (state.constrained and not _obeys(node, feature, state)):
        return False
    state.best_gain, state.best_feature, state.best_left_count = gain, feature, n_left
    return True


@kernel
def _obeys(node, feature, state):
    """Do the children's values stay within the node's bounds, in the order that the feature asks for?"""
    below, above = mean(state.left, 0, state), mean(state.right, 0, state)
    lower, upper = state.lower[node], state.upper[node]
    if min(below, above) < lower or max(below, above) > upper or (above - below) * state.monotone[feature] < 0:
        return False
    state.best_middle = 0.5 * below + 0.5 * above
    return True


@kernel
def _try_random_threshold(node, feature, seed, state):
    """A threshold drawn uniformly between the smallest and the largest value (Geurts, Ernst & Wehenkel 2006, table 1).

    Training values that share a code cannot be told apart: a threshold among them moves to the nearer end.
    """
    span, codes = state.first_span[feature], state.group_code
    last = state.n_groups - 1
    lowest, highest = state.low[span + codes[0]], state.high[span + codes[last]]
    threshold = lowest + random_uniform(seed, 0) * (highest - lowest)
    if not np.isfinite(threshold):
        threshold = state.high[span + codes[_draw(seed, 0, last)]]
    group = 0  # the last whose values begin at or below the threshold
    while group < last and state.low[span + codes[group + 1]] <= threshold:
        group += 1
    begin, end = state.low[span + codes[group]], state.high[span + codes[group]]
    if group > 0 and (group == last or (threshold < end and threshold - begin < end - threshold)):
        group -= 1
        threshold = between(state.high[span + codes[group]], begin)
    threshold = max(threshold, state.high[span + codes[group]])
    missing_left = random_bits(seed, 1) >> uint64(63) == 1
    n_channels = state.n_channels
    for channel in range(n_channels):
        state.left[channel] = state.missing[channel] if missing_left else 0
    for g in range(group + 1):
        for channel in range(n_channels):
            state.left[channel] += state.group_sums[g * n_channels + channel]
    if _compete(node, feature, _deviation_of(group, missing_left, state), False, state):
        state.best_code, state.best_threshold = codes[group], threshold
        state.best_missing_left = missing_left
        if state.n_missing == 0:
            state.best_missing_left = 2 * state.best_left_count > state.total[n_channels - 1]


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
        _deviations_in_order(n_groups, state)
    for channel in range(n_channels):
        left[channel] = 0
    best = -1
    for place in range(n_places):
        at = order[place] * n_channels
        for channel in range(n_channels):
            left[channel] += state.group_sums[at + channel]
        if state.random_splits and place < n_places - 1:
            continue
        if _compete(node, feature, _deviation_of(place, False, state), breaks_ties, state):
            best = place
    if best >= 0:
        _note_categories(best, n_groups, state)


@kernel
def _count_missing_as_group(state):
    """Missing is one category more; returns how many there are."""
    n_channels, n_groups = state.n_channels, state.n_groups
    if state.n_missing > 0:
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
        value = float(state.group_sums[at + channel]) / float(state.group_sums[at + state.n_channels - 2])
        j = i
        while j > 0 and ratio[j - 1] > value:
            order[j], ratio[j] = order[j - 1], ratio[j - 1]
            j -= 1
        order[j], ratio[j] = i, value


@kernel
def _most_different_channel(n_groups, state):
    n_channels = state.n_channels
    best, best_spread = 0, -np.inf
    for channel in range(n_channels - 2):
        spread = -float(state.total[channel]) * float(state.total[channel]) / float(state.total[n_channels - 2])
        for group in range(n_groups):
            value = float(state.group_sums[group * n_channels + channel])
            spread += value * value / float(state.group_sums[group * n_channels + n_channels - 2])
        if spread > best_spread:
            best, best_spread = channel, spread
    return best


@kernel
def _deviations_in_order(n_groups, state):
    """Absolute deviations for groups that do not stand in the order of their codes: give them codes that do."""
    n_rows = state.total[state.n_channels - 1]
    place_of_code = state.histogram
    for place in range(n_groups):
        place_of_code[state.group_code[state.order[place]]] = place + 1
    for i in range(n_rows):
        place = uint64(place_of_code[int64(state.keys[i] >> uint64(32))])
        state.keys[i] = (place << uint64(32)) | (state.keys[i] & uint64(PLACE))
    for place in range(n_groups):
        place_of_code[state.group_code[state.order[place]]] = 0
    sort_keys(n_rows, n_groups, state)
    state.n_missing = 0
    deviations(n_rows, state)


@kernel
def _note_categories(best, n_groups, state):
    """Bit c: category code c goes left.  A category that the node never saw goes with most of its rows."""
    words = state.best_words
    absent_left = 2 * state.best_left_count > state.total[state.n_channels - 1]
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
