"""Growing one CART, depth first or best first.

    rows   [ a c f | b d e g ]        a split sorts the range of its node, left rows first, the order of each side kept

Depth first, nodes wait on a stack and are looked at when their turn comes: node numbers are in preorder.  Best first, a
node is looked at when it is made, and waits in a heap for being the one whose split takes off the most impurity.
"""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel
from skensemble._random_bits import mixed_seed
from skensemble.tree._node_heap import pop_node, push_node
from skensemble.tree.exact._absolute_error import median_and_deviation, rank_targets
from skensemble.tree.exact._code_ranges import cells_of
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR
from skensemble.tree.exact._impurity import gain_unit, impurity, mean, score
from skensemble.tree.exact._node_sums import NO_SLOT, free_all_slots, is_worth_sums, release_slot, take_slot
from skensemble.tree.exact._row_search import find_best_split
from skensemble.tree.exact._team_search import find_best_split_together, help_searching, is_shared, sum_together
from skensemble.tree.exact._unusual_cells import note_moved, note_places, read_unusual, spread_keys

EPSILON = 2.0**-52  # impurity that is none, as a share of the root's: no unit of the targets is too small
NO_PARENT = -1


@kernel
def grow_cart(n_rows, n_members, seed, state, leader):
    """Grow a tree on rows[:n_rows], with a team of `n_members` for its large nodes; returns its number of nodes.  With
    a team of none, help the team of `leader` to grow its tree: in one kernel, so that searches are compiled once."""
    if n_members == 0:
        return help_searching(state, leader)
    state.n_nodes, state.n_stacked, state.n_open, state.n_members = 0, 0, 0, n_members
    for k in range(state.features.shape[0]):
        state.features[state.n_fixed + state.feature_rank[k]] = k
    note_places(n_rows, state)
    if state.max_leaf_nodes > 0:
        _grow_best_first(n_rows, seed, state)
    else:
        _grow_depth_first(n_rows, seed, state)
    for node in range(state.n_nodes):
        if state.feature[node] >= 0 and state.never_misses[node]:  # missing values go with most of the weight
            left, right = state.left_child[node], state.right_child[node]
            state.missing_left[node] = state.cover[left] > state.cover[right]
    return state.n_nodes


@kernel
def _grow_depth_first(n_rows, seed, state):
    """An entry of the stack is 2 parent + side."""
    stack = state.stack
    free_all_slots(state)
    node = _new_node(NO_PARENT, 0, n_rows, state)
    if is_worth_sums(n_rows, state):
        state.slot[node] = take_slot(state)
        if state.slot[node] >= 0:
            sum_together(state.slot[node], NO_SLOT, 0, n_rows, state)
    while True:
        if not _look_for_split(node, seed, state):
            release_slot(state.slot[node], state)
        else:
            _split(node, state)
            _sum_children(node, state)
            stack[state.n_stacked], stack[state.n_stacked + 1] = 2 * node + 1, 2 * node
            state.n_stacked += 2
        if state.n_stacked == 0:
            return
        state.n_stacked -= 1
        entry = stack[state.n_stacked]
        node = _new_node(entry >> 1, entry & 1, n_rows, state)


@kernel
def _sum_children(node, state):
    """Make the sums of both children: of the smaller one from its rows, of the other from what these leave."""
    state.child_slot[node, 0] = state.child_slot[node, 1] = NO_SLOT
    slot, start, cut, stop = state.slot[node], state.start[node], state.cut[node], state.stop[node]
    if slot < 0:
        return
    is_last = state.max_depth >= 0 and state.depth[node] + 1 >= state.max_depth
    other = int64(NO_SLOT)
    if not is_last and is_worth_sums(stop - start, state):
        other = take_slot(state)
    if other < 0:
        release_slot(slot, state)
        return
    small = 0 if cut - start <= stop - cut else 1
    state.child_slot[node, small], state.child_slot[node, 1 - small] = other, slot
    first, last = (start, cut) if small == 0 else (cut, stop)
    sum_together(other, slot, first, last, state)


@kernel
def _grow_best_first(n_rows, seed, state):
    root = _new_node(NO_PARENT, 0, n_rows, state)
    if _look_for_split(root, seed, state):
        _queue(root, state)
    n_leaves = 1
    while state.n_open > 0 and n_leaves < state.max_leaf_nodes:
        parent = pop_node(state.open_gains, state.open_nodes, state.n_open)
        state.n_open -= 1
        _split(parent, state)
        n_leaves += 1
        for side in range(2):
            node = _new_node(parent, side, n_rows, state)
            if _look_for_split(node, seed, state):
                _queue(node, state)
    for k in range(state.n_open):
        node = state.open_nodes[k]
        state.feature[node], state.gain[node] = -1, 0.0
        state.threshold[node], state.missing_left[node] = np.nan, False


@kernel
def _queue(node, state):
    state.n_open = push_node(state.open_gains, state.open_nodes, state.n_open, state.gain[node], node)


@kernel
def note_leaves(leaf, state):
    """leaf[i] = leaf of each row that grew the tree."""
    for node in range(state.n_nodes):
        if state.feature[node] < 0:
            for i in range(state.start[node], state.stop[node]):
                leaf[state.rows[i]] = node


# -- a node ----------------------------------------------------------------------------------------------------------


@kernel
def _new_node(parent, side, n_rows, state):
    """Make a child of `parent`, or the root: its rows, its sums, its impurity, its value."""
    node = state.n_nodes
    state.n_nodes = node + 1
    state.feature[node] = state.left_child[node] = state.right_child[node] = -1
    state.threshold[node] = np.nan
    state.missing_left[node], state.gain[node] = False, 0.0
    state.slot[node] = NO_SLOT
    if parent == NO_PARENT:
        state.start[node], state.stop[node], state.node_seed[node] = 0, n_rows, 0
        state.depth[node], state.n_constant[node] = 0, state.n_fixed
        state.lower[node], state.upper[node] = -np.inf, np.inf
    else:
        _inherit(node, parent, side, state)
    start, stop = state.start[node], state.stop[node]
    moment, is_pure = _gather(start, stop - start, state)
    _evaluate(node, moment, is_pure, state)
    return node


@kernel
def _inherit(node, parent, side, state):
    state.depth[node] = state.depth[parent] + 1
    if state.slot[parent] >= 0:
        state.slot[node] = state.child_slot[parent, side]
    state.node_seed[node] = mixed_seed(state.node_seed[parent], 1 - side if state.turned[parent] else side)
    # In best-first growth, other nodes have reordered `features` since the parent was searched.
    state.n_constant[node] = state.n_constant[parent] if state.max_leaf_nodes < 0 else state.n_fixed
    state.lower[node], state.upper[node] = state.lower[parent], state.upper[parent]
    direction = state.monotone[state.feature[parent]]
    if side == 0:
        state.left_child[parent] = node
        state.start[node], state.stop[node] = state.start[parent], state.cut[parent]
    else:
        state.right_child[parent] = node
        state.start[node], state.stop[node] = state.cut[parent], state.stop[parent]
    if direction != 0 and (direction > 0) == (side == 0):
        state.upper[node] = state.middle[parent]
    elif direction != 0:
        state.lower[node] = state.middle[parent]


@kernel
def _gather(start, n_rows, state):
    """Copy what the node's rows weigh side by side, and add it up; returns (sum of moments, all targets equal)."""
    total, moment = state.total, int64(0)
    for channel in range(state.n_channels):
        total[channel] = 0
    if state.amount.shape[0] > 0:
        moment, is_pure = _gather_numbers(start, n_rows, state)
    elif state.n_outputs == 1:
        is_pure = _gather_classes(start, n_rows, state)
    else:
        is_pure = _gather_several_classes(start, n_rows, state)
    if state.n_channels > state.n_stats + 1:
        total[state.n_stats + 1] = n_rows
    for channel in range(state.n_channels):
        state.total_float[channel] = float(total[channel])
    return moment, is_pure


@kernel
def _gather_classes(start, n_rows, state):
    """One output: the rows of a class stand together, so only the place where they end is to be found."""
    rows, weight_of_row, node_weight, node_class = state.rows, state.weight, state.node_weight, state.node_class
    first, total_weight = int64(0), int64(0)
    for channel in range(state.n_stats):
        state.class_stop[channel] = 0
    state.n_present = 0
    while first < n_rows:
        channel = state.class_of_row[int64(rows[start + first]), 0]
        stop = _end_of_class(channel, start, first, n_rows, state)
        weight_sum = stop - first if state.weighs_one else int64(0)
        for i in range(uint64(first), uint64(stop)):
            node_class[i, uint64(0)] = channel
        if state.weighs_one:
            for i in range(uint64(first), uint64(stop)):
                node_weight[i] = 1
        else:
            for i in range(uint64(first), uint64(stop)):
                weight = weight_of_row[rows[uint64(start) + i]]
                node_weight[i] = weight
                weight_sum += weight
        state.total[channel], state.class_stop[channel] = weight_sum, stop
        state.present[state.n_present] = channel
        state.n_present += 1
        total_weight += weight_sum
        first = stop
    state.total[state.n_stats] = total_weight
    return state.class_stop[channel] == n_rows and state.total[channel] == total_weight


@kernel
def _end_of_class(channel, start, first, n_rows, state):
    """One past the last row of the class, of the node's rows from `first` on."""
    low, high = first + 1, n_rows
    while low < high:
        middle = (low + high) >> 1
        if state.class_of_row[int64(state.rows[start + middle]), 0] == channel:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _gather_several_classes(start, n_rows, state):
    total, is_pure = state.total, True
    for i in range(n_rows):
        row = int64(state.rows[start + i])
        weight = state.weight[row]
        total[state.n_stats] += weight
        state.node_weight[i] = weight
        for k in range(state.n_outputs):
            channel = state.class_of_row[row, k]
            state.node_class[i, k] = channel
            total[channel] += weight
    for k in range(state.n_outputs):
        is_pure &= total[state.node_class[0, k]] == total[state.n_stats]
    return is_pure


@kernel
def _gather_numbers(start, n_rows, state):
    if state.n_outputs > 1:
        return _gather_several_numbers(start, n_rows, state)
    rows, weight_of_row, packed = state.rows, state.weight, state.packed
    node_weight, node_amount, y = state.node_weight, state.node_amount, state.y
    total_weight, total_amount, moment = int64(0), int64(0), int64(0)
    for i in range(uint64(n_rows)):
        row = uint64(rows[uint64(start) + i])
        amount = packed[row, uint64(0)]
        node_amount[i, uint64(0)] = amount
        total_amount += amount
        moment += packed[row, uint64(1)]
    if state.weighs_one:
        total_weight = n_rows
        for i in range(uint64(n_rows)):
            node_weight[i] = 1
    else:
        for i in range(uint64(n_rows)):
            weight = weight_of_row[rows[uint64(start) + i]]
            node_weight[i] = weight
            total_weight += weight
    state.total[0], state.total[state.n_stats] = total_amount, total_weight
    first, place = y[uint64(0), uint64(rows[uint64(start)])], uint64(1)
    while place < uint64(n_rows) and y[uint64(0), uint64(rows[uint64(start) + place])] == first:
        place += uint64(1)
    return moment, place == uint64(n_rows)


@kernel
def _gather_several_numbers(start, n_rows, state):
    total, moment, is_pure = state.total, int64(0), True
    first = int64(state.rows[start])
    for i in range(n_rows):
        row = int64(state.rows[start + i])
        total[state.n_stats] += state.weight[row]
        moment += state.moment[row]
        state.node_weight[i] = state.weight[row]
        for k in range(state.n_outputs):
            amount = state.amount[row, k]
            state.node_amount[i, k] = amount
            total[k] += amount
            is_pure &= state.y[k, row] == state.y[k, first]
    return moment, is_pure


@kernel
def _evaluate(node, moment, is_pure, state):
    total = state.total
    n_rows, weight = state.stop[node] - state.start[node], total[state.n_stats]
    state.cover[node] = state.weight_unit * weight
    state.count[node] = n_rows
    if state.amount.shape[0] == 0:
        for channel in range(state.n_stats):
            state.values[node, channel] = float(total[channel]) / float(weight)
    elif is_pure:
        for k in range(state.n_outputs):
            state.values[node, k] = state.y[k, int64(state.rows[state.start[node]])]
    elif state.criterion != ABSOLUTE_ERROR:
        for k in range(state.n_outputs):
            state.values[node, k] = mean(total, k, state)
    if is_pure:
        state.impurity[node] = 0.0
    elif state.criterion == ABSOLUTE_ERROR:
        rank_targets(state.rows, state.start[node], n_rows, state)
        deviation = 0.0
        for k in range(state.n_outputs):
            state.values[node, k], one = median_and_deviation(n_rows, k, state)
            deviation += one
        state.impurity[node] = deviation / (state.weight_unit * weight * state.n_outputs)
    else:
        state.impurity[node] = impurity(total, moment, state)
    if state.constrained:
        _clip(node, state)


@kernel
def _clip(node, state):
    """Keep the value within its bounds: the mean of a number, or the shares of two classes."""
    lower, upper, values = state.lower[node], state.upper[node], state.values
    if state.amount.shape[0] == 0:
        values[node, 1] = min(max(values[node, 1], lower), upper)
        values[node, 0] = 1.0 - values[node, 1]
    else:
        values[node, 0] = min(max(values[node, 0], lower), upper)


# -- a split ---------------------------------------------------------------------------------------------------------


@kernel
def _look_for_split(node, seed, state):
    """Find the best split of the node that was just made; False if it stays a leaf."""
    if _must_be_leaf(node, state):
        return False
    seed = mixed_seed(seed, state.node_seed[node])
    if is_shared(node, state):
        find_best_split_together(node, seed, state)
    else:
        find_best_split(node, seed, state)
    if state.best_feature < 0:
        return False
    gain = _decrease(node, state)
    slack = EPSILON * state.impurity[0]
    if gain / (state.weight_unit * state.total_weight) + slack < state.min_impurity_decrease:
        return False
    state.feature[node], state.threshold[node] = state.best_feature, state.best_threshold
    state.code[node], state.missing_left[node] = state.best_code, state.best_missing_left
    state.gain[node], state.middle[node] = max(gain, 0.0), state.best_middle
    state.turned[node] = state.is_categorical[state.best_feature] and state.best_turned
    if state.is_categorical[state.best_feature]:
        for word in range(state.words.shape[1]):
            state.words[node, word] = state.best_words[word]
    return True


@kernel
def _must_be_leaf(node, state):
    n_rows, weight = state.stop[node] - state.start[node], state.total[state.n_stats]
    is_deep = state.max_depth >= 0 and state.depth[node] >= state.max_depth
    is_small = n_rows < state.min_samples_split or n_rows < 2 * state.min_samples_leaf
    is_pure = state.impurity[node] <= EPSILON * state.impurity[0]
    return is_deep or is_small or weight < 2 * state.min_weight_leaf or is_pure


@kernel
def _decrease(node, state):
    """Decrease of impurity, times weight, by the best split."""
    if state.criterion == ABSOLUTE_ERROR:
        return state.cover[node] * state.impurity[node] + state.best_gain / state.n_outputs
    return gain_unit(state) * (state.best_gain - score(state.total, state))


@kernel
def _split(node, state):
    """Send the node's rows to their sides."""
    feature = int64(state.feature[node])
    if state.is_categorical[feature] or state.usual.shape[0] > 0:
        has_missing = _move_any_rows(node, feature, state)
    elif state.row_bytes > 0:
        has_missing = _move_byte_rows(node, feature, state.code[node], state.missing_left[node], state)
    else:
        has_missing = _move_rows(node, state.columns[feature], state.code[node], state.missing_left[node], state)
    state.never_misses[node] = not (has_missing or state.is_categorical[feature])


@kernel
def _move_rows(node, column, code, missing_left, state):
    """By a threshold of a dense table; returns whether a row misses its value."""
    rows, spare, start, stop = state.rows, state.spare, uint64(state.start[node]), uint64(state.stop[node])
    n_left, n_right, n_missing = start, uint64(0), uint64(0)
    offset = uint64(0) if missing_left else uint64(1)
    limit = uint64(code) - offset  # missing right: code 0 wraps around to a huge number
    for i in range(start, stop):
        row = rows[i]
        here = uint64(column[row])
        goes_left = uint64(here - offset <= limit)
        rows[n_left] = row
        spare[n_right] = row
        n_left += goes_left
        n_right += uint64(1) - goes_left
        n_missing += uint64(here == uint64(0))
    for i in range(n_right):
        rows[n_left + i] = spare[i]
    state.cut[node] = n_left
    return n_missing > uint64(0)


@kernel
def _move_byte_rows(node, feature, code, missing_left, state):
    """The same where codes are bytes, from rows that are in the cache."""
    rows, spare, start, stop = state.rows, state.spare, uint64(state.start[node]), uint64(state.stop[node])
    table, first, stride = cells_of(node, feature, state)
    n_left, n_right, n_missing = start, uint64(0), uint64(0)
    offset = uint64(0) if missing_left else uint64(1)
    limit = uint64(code) - offset
    for i in range(start, stop):
        row = rows[i]
        here = uint64(table[first + stride * uint64(row)])
        goes_left = uint64(here - offset <= limit)
        rows[n_left] = row
        spare[n_right] = row
        n_left += goes_left
        n_right += uint64(1) - goes_left
        n_missing += uint64(here == uint64(0))
    for i in range(n_right):
        rows[n_left + i] = spare[i]
    state.cut[node] = n_left
    return n_missing > uint64(0)


@kernel
def _move_any_rows(node, feature, state):
    """By a set of categories, or in a sparse table."""
    column, rows, spare = state.columns[feature], state.rows, state.spare
    start, stop = state.start[node], state.stop[node]
    n_left, n_right, has_missing = start, int64(0), False
    is_category, is_sparse = state.is_categorical[feature], state.usual.shape[0] > 0
    if is_sparse:
        spread_keys(feature, stop - start, read_unusual(node, feature, state), state)
    offset = uint64(0) if state.missing_left[node] else uint64(1)
    limit = uint64(state.code[node]) - offset
    for i in range(start, stop):
        row = rows[i]
        code = state.keys[i - start] >> uint64(32) if is_sparse else uint64(column[row])
        if is_category:
            goes_left = (state.words[node, code >> uint64(6)] >> (code & uint64(63))) & uint64(1) == 1
        else:
            goes_left = code - offset <= limit
            has_missing |= code == 0
        rows[n_left] = row
        spare[n_right] = row
        n_left += goes_left
        n_right += not goes_left
    for i in range(n_right):
        rows[n_left + i] = spare[i]
    if is_sparse:
        note_moved(start, stop, state)
    state.cut[node] = n_left
    return has_missing
