"""Best split of a feature from the sorted rows of a node, moved to the left one by one."""

from numba import int64, uint64

from skensemble._jit import kernel
from skensemble.tree.exact._code_sums import ALMOST
from skensemble.tree.exact._competing_splits import add_row, gain_to_beat, note_codes, wins
from skensemble.tree.exact._criteria import SQUARED_ERROR
from skensemble.tree.exact._impurity import mean, score
from skensemble.tree.exact._key_sort import PLACE


@kernel
def sweep_sorted(node, feature, n_rows, n_missing, breaks_ties, state):
    """Move rows to the left one by one, in the order of their codes: first with all missing ones right, then left."""
    keys, is_scalar = state.keys, state.n_outputs == 1 and not state.constrained
    for missing_left in range(2 if n_missing > 0 else 1):
        first = 0 if missing_left else n_missing
        last = n_rows if n_missing > 0 and not missing_left else n_rows - 1
        if is_scalar and state.exact_squares:
            best, gain = _best_row_of_classes(
                first, last, n_rows, n_missing, gain_to_beat(node, feature, breaks_ties, state), state
            )
        elif is_scalar and state.criterion == SQUARED_ERROR:
            best, gain = _best_row_of_numbers(
                first, last, n_rows, n_missing, gain_to_beat(node, feature, breaks_ties, state), state
            )
        else:
            best, gain = _best_row(node, feature, first, last, n_rows, n_missing, breaks_ties, state)
        if best >= 0:
            state.best_gain, state.best_feature = gain, feature
            above = int64(keys[best + 1] >> uint64(32)) if best + 1 < n_rows else -1
            note_codes(int64(keys[best] >> uint64(32)), above, missing_left == 1, state)


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
        add_row(int64(keys[i] & uint64(PLACE)), left, 0, state)
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
        if wins(node, feature, score(left, state) + score(right, state), breaks_ties, state):
            best = i
    return best, state.best_gain
