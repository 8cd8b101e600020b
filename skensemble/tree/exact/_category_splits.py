"""Best split of a categorical feature: its groups in an order of their own."""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel
from skensemble._random_bits import mixed_seed, random_bits
from skensemble.tree.exact._absolute_error import deviations
from skensemble.tree.exact._competing_splits import compete
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR
from skensemble.tree.exact._key_sort import PLACE, sort_keys


@kernel
def sweep_categories(node, feature, seed, breaks_ties, state):
    """Groups in an order of their own, the first ones left: sorted by their mean (Fisher 1958), or drawn."""
    n_channels, left, order = state.n_channels, state.left, state.sorted_groups
    n_groups = _count_missing_as_group(state)
    n_places = n_groups - 1
    if state.random_splits:
        n_places = _shuffle_groups(n_groups, mixed_seed(seed, state.feature_rank[feature]), state)
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
        if compete(node, feature, place, 0, breaks_ties, state):
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
    order = state.sorted_groups
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
    order, ratio = state.sorted_groups, state.ratio
    for i in range(n_groups):
        at = i * state.n_channels
        order[i] = i
        ratio[i] = float(state.group_sums[at + channel]) / float(state.group_sums[at + state.n_stats])
    _sort_by_ratio(order, ratio, n_groups)


@kernel
def _sort_by_ratio(order, ratio, n):
    """Shell sort, ties by group: short, and quick enough for tens of thousands of categories."""
    gap = 1
    while 3 * gap + 1 < n:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            group, value = order[i], ratio[i]
            j = i
            while j >= gap and (ratio[j - gap] > value or (ratio[j - gap] == value and order[j - gap] > group)):
                order[j], ratio[j] = order[j - gap], ratio[j - gap]
                j -= gap
            order[j], ratio[j] = group, value
        gap //= 3


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
    place_of_code = state.place_of_code
    for place in range(n_groups):
        place_of_code[state.group_code[state.sorted_groups[place]]] = place + 1
    for i in range(n_rows):
        place = uint64(place_of_code[int64(state.keys[i] >> uint64(32))])
        state.keys[i] = (place << uint64(32)) | (state.keys[i] & uint64(PLACE))
    for place in range(n_groups):
        place_of_code[state.group_code[state.sorted_groups[place]]] = 0
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
        code = uint64(state.group_code[state.sorted_groups[place]])
        bit = uint64(1) << (code & uint64(63))
        if place <= best:
            words[code >> uint64(6)] |= bit
        else:
            words[code >> uint64(6)] &= ~bit
    state.best_code, state.best_threshold, state.best_turned = 0, np.nan, absent_left
    state.best_missing_left = words[0] & uint64(1) == 1


@kernel
def _weight_up_to(best, state):
    weight = int64(0)
    for place in range(best + 1):
        weight += state.group_sums[state.sorted_groups[place] * state.n_channels + state.n_stats]
    return weight
