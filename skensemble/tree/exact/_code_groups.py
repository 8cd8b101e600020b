"""Best split of a feature from groups: the rows of a node by code, in ascending order.

rows of the node     7 2 9 4 ...          code of each        0 3 3 1 ...
groups               code 1, code 3       missing apart       code 0
a split              groups up to g go left, with the missing ones or without
"""

from numba import int64, uint64

from skensemble._jit import kernel
from skensemble.tree.exact._absolute_error import deviations
from skensemble.tree.exact._code_sums import ALMOST
from skensemble.tree.exact._competing_splits import add_row, compete, gain_to_beat, note_codes
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR, GINI, SQUARED_ERROR
from skensemble.tree.exact._key_sort import PLACE, sort_keys

FEW_CODES = 16
N_COPIES = 4  # of the histogram of few codes; a power of two


@kernel
def fill_histogram(table, offset, stride, start, n_rows, low, high, state):
    """Add the node's rows to the cells of their codes, counted from `low`.

    table, offset, stride : the code of row r is table[offset + stride * r]

    Consecutive rows of one code would wait for each other's sums: few codes get several histograms, used in turn.
    """
    n_channels = state.n_channels
    n_cells = (high - low + 1) * n_channels
    is_small = high - low < FEW_CODES
    to_copy = n_cells if is_small else 0
    if state.amount.shape[0] == 0:
        _count_classes(table, offset, stride, start, n_rows, low, to_copy, state)
    else:
        _add_amounts(table, offset, stride, start, n_rows, low, to_copy, state)
    if is_small:
        histogram = state.histogram
        for cell in range(n_cells):
            for copy in range(1, N_COPIES):
                histogram[cell] += histogram[copy * n_cells + cell]
                histogram[copy * n_cells + cell] = 0


@kernel
def _count_classes(table, offset, stride, start, n_rows, low, to_copy, state):
    """Weights of the classes; the weight of the row is their sum."""
    histogram, rows, node_weight, node_class = state.histogram, state.rows, state.node_weight, state.node_class
    n_channels, n_outputs = uint64(state.n_channels), uint64(state.n_outputs)
    if state.n_outputs == 1 and state.n_channels == state.n_stats + 1:  # the rows of a node are sorted by class
        first = uint64(0)
        for channel in range(uint64(state.n_stats)):
            stop, begin = max(first, uint64(state.class_stop[channel])), channel - uint64(low) * n_channels
            for i in range(first, stop):
                code = uint64(table[uint64(offset) + uint64(stride) * uint64(rows[uint64(start) + i])])
                cell = code * n_channels + (i & uint64(N_COPIES - 1)) * uint64(to_copy)
                histogram[cell + begin] += node_weight[i]
            first = stop
        return
    counts = state.n_channels > state.n_stats + 1
    count_channel = uint64(state.n_stats + 1)
    for i in range(uint64(n_rows)):
        code = uint64(table[uint64(offset) + uint64(stride) * uint64(rows[uint64(start) + i])]) - uint64(low)
        cell = code * n_channels + (i & uint64(N_COPIES - 1)) * uint64(to_copy)
        for k in range(n_outputs):
            histogram[cell + uint64(node_class[i, k])] += node_weight[i]
        if counts:
            histogram[cell + count_channel] += 1


@kernel
def _add_amounts(table, offset, stride, start, n_rows, low, to_copy, state):
    histogram, rows, node_weight, node_amount = state.histogram, state.rows, state.node_weight, state.node_amount
    n_channels, n_outputs = uint64(state.n_channels), uint64(state.n_outputs)
    counts = state.n_channels > state.n_stats + 1
    for i in range(uint64(n_rows)):
        code = uint64(table[uint64(offset) + uint64(stride) * uint64(rows[uint64(start) + i])]) - uint64(low)
        cell = code * n_channels + (i & uint64(N_COPIES - 1)) * uint64(to_copy)
        for k in range(n_outputs):
            histogram[cell + k] += node_amount[i, k]
        histogram[cell + n_outputs] += node_weight[i]
        if counts:
            histogram[cell + n_outputs + uint64(1)] += 1


@kernel
def groups_of_histogram(histogram, first, low, high, clears, state):
    """Groups of the codes that occur; those of the missing rows apart.

    histogram : n_channels integers for each code, from `first` on;  clears : whether they are zero again afterwards
    """
    n_channels, n_stats, sums = state.n_channels, state.n_stats, state.group_sums
    n_classes = state.first_channel[1] if state.amount.shape[0] == 0 else 0  # of the first output
    for channel in range(n_channels):
        state.missing[channel] = 0
    n_groups = 0
    for code in range(low, high + 1):
        cell = first + (code - low) * n_channels
        weight = histogram[cell + n_stats]
        for channel in range(n_classes):
            weight += histogram[cell + channel]
        if weight == 0:
            continue
        for channel in range(n_channels):
            here = weight if channel == n_stats else histogram[cell + channel]
            if code == 0:
                state.missing[channel] = here
            else:
                sums[n_groups * n_channels + channel] = here
            if clears:
                histogram[cell + channel] = 0
        if code > 0:
            state.group_code[n_groups] = code
            n_groups += 1
    state.n_groups = n_groups


@kernel
def collect_groups(n_rows, high, state):
    """The same from sorted keys, which `deviations` needs."""
    sort_keys(n_rows, high, state.keys, state.spare_keys, state.digits)
    n_channels, sums = state.n_channels, state.group_sums
    for channel in range(n_channels):
        state.missing[channel] = 0
    n_groups, last = 0, 0
    for i in range(n_rows):
        code, place = int64(state.keys[i] >> uint64(32)), int64(state.keys[i] & uint64(PLACE))
        if code == 0:
            add_row(place, state.missing, 0, state)
            continue
        if code != last:
            for channel in range(n_channels):
                sums[n_groups * n_channels + channel] = 0
            state.group_code[n_groups] = code
            n_groups += 1
            last = code
        add_row(place, sums, (n_groups - 1) * n_channels, state)
    state.n_groups = n_groups
    if state.criterion == ABSOLUTE_ERROR:
        deviations(n_rows, state)


@kernel
def sweep_groups(node, feature, breaks_ties, state):
    """Move groups to the left one by one, first with all missing rows right, then left.  False if there is but one."""
    n_channels, left, sums = state.n_channels, state.left, state.group_sums
    has_missing = state.missing[state.n_stats] > 0
    if state.n_groups + has_missing < 2:
        return False
    is_scalar = state.n_outputs == 1 and n_channels == state.n_stats + 1 and not state.constrained
    if is_scalar and state.exact_squares and not has_missing:
        _sweep_class_groups(node, feature, breaks_ties, state)
        return True
    is_fast = n_channels == state.n_stats + 1 and not state.constrained
    is_fast &= state.criterion == SQUARED_ERROR or state.criterion == GINI
    for missing_left in range(2 if has_missing else 1):
        for channel in range(n_channels):
            left[channel] = state.missing[channel] if missing_left else 0
        # "Missing against all others" is the last place of the sweep with the missing ones right.
        n_places = state.n_groups if has_missing and not missing_left else state.n_groups - 1
        best = -1
        if is_fast:
            best, gain = _best_group(n_places, gain_to_beat(node, feature, breaks_ties, state), state)
            if best >= 0:
                state.best_gain, state.best_feature = gain, feature
        else:
            for group in range(n_places):
                for channel in range(n_channels):
                    left[channel] += sums[group * n_channels + channel]
                if compete(node, feature, group, missing_left, breaks_ties, state):
                    best = group
        if best >= 0:
            above = state.group_code[best + 1] if best + 1 < state.n_groups else -1
            note_codes(state.group_code[best], above, missing_left == 1, state)
    return True


@kernel
def _best_group(n_places, bar, state):
    """(last group on the left of the best split or -1, its gain), with what is on the left already in `left`.

    Gini impurity or squared error.  The divisions of a gain are done only where it may pass the bar.
    """
    sums, left, total, n_stats = state.group_sums, state.left, state.total, uint64(state.n_stats)
    left_weight, total_weight, n_channels = left[n_stats], total[n_stats], uint64(state.n_channels)
    min_weight, best = max(state.min_weight_leaf, 1), int64(-1)
    for group in range(uint64(n_places)):
        at = group * n_channels
        below, above = 0.0, 0.0
        for channel in range(n_stats):
            here = left[channel] + sums[at + channel]
            left[channel] = here
            one, other = float(here), float(total[channel] - here)
            below += one * one
            above += other * other
        left_weight += sums[at + n_stats]
        right_weight = total_weight - left_weight
        if min(left_weight, right_weight) < min_weight:
            continue
        w, v = float(left_weight), float(right_weight)
        if below * v + above * w >= bar * ALMOST * w * v:
            gain = below / w + above / v
            if gain > bar:
                bar, best = gain, int64(group)
    return best, bar


@kernel
def _sweep_class_groups(node, feature, breaks_ties, state):
    """The same for the Gini impurity of one output, and no row missing; see `_best_row_of_classes`."""
    left, total, sums = state.left_float, state.total_float, state.group_sums
    n_stats, n_channels = state.n_stats, state.n_channels
    total_weight, min_weight = total[n_stats], state.min_weight_leaf
    bar, best = gain_to_beat(node, feature, breaks_ties, state), -1
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
        note_codes(state.group_code[best], state.group_code[best + 1], False, state)


@kernel
def sweep_classes(node, feature, table, offset, stride, low, high, breaks_ties, state):
    """The same without groups, for a feature whose range of codes is known: sums of the node's own classes only.

    Gini impurity of one output, no row missing;  table, offset, stride : see `fill_histogram`
    """
    histogram, present, n_present = state.histogram, state.present, uint64(state.n_present)
    _count_present(table, offset, stride, state.start[node], low, high, state)
    left, total, min_weight = state.left_float, state.total_float, state.min_weight_leaf
    total_weight, bar = total[state.n_stats], gain_to_beat(node, feature, breaks_ties, state)
    left_weight, left_squares, right_squares, best, above, last = 0.0, 0.0, 0.0, int64(-1), int64(-1), int64(-1)
    for k in range(n_present):
        left[k] = 0.0
        right_squares += total[present[k]] * total[present[k]]
    for code in range(low, high + 1):
        cell, here_weight = uint64(code - low) * n_present, int64(0)
        for k in range(n_present):
            here_weight += histogram[cell + k]
        if here_weight == 0:
            continue
        right_weight = total_weight - left_weight
        if last >= 0 and not (
            left_squares * right_weight + right_squares * left_weight < bar * ALMOST * left_weight * right_weight
        ):
            gain = left_squares / left_weight + right_squares / right_weight
            if gain > bar and min(left_weight, right_weight) >= min_weight:
                bar, best, above = gain, last, code
        for k in range(n_present):
            weight, here = float(histogram[cell + k]), left[k]
            left_squares += weight * (2.0 * here + weight)
            right_squares -= weight * (2.0 * (total[present[k]] - here) - weight)
            left[k] = here + weight
            histogram[cell + k] = 0
        left_weight += float(here_weight)
        last = code
    if best >= 0:
        state.best_gain, state.best_feature = bar, feature
        note_codes(best, above, False, state)


@kernel
def _count_present(table, offset, stride, start, low, high, state):
    """Weights by code and class of the node, both counted from 0; the rows of a node are sorted by class."""
    histogram, rows, node_weight, n_present = state.histogram, state.rows, state.node_weight, uint64(state.n_present)
    n_cells, first = uint64(high - low + 1) * n_present, uint64(0)
    is_small = high - low < FEW_CODES
    to_copy = n_cells if is_small else uint64(0)
    for k in range(n_present):
        stop, begin = uint64(state.class_stop[state.present[k]]), k - uint64(low) * n_present
        for i in range(first, stop):
            code = uint64(table[uint64(offset) + uint64(stride) * uint64(rows[uint64(start) + i])])
            histogram[code * n_present + (i & uint64(N_COPIES - 1)) * to_copy + begin] += node_weight[i]
        first = stop
    if is_small:
        for cell in range(n_cells):
            for copy in range(uint64(1), uint64(N_COPIES)):
                histogram[cell] += histogram[copy * n_cells + cell]
                histogram[copy * n_cells + cell] = 0
