"""Absolute deviations from the median along all splits of a feature, O(n log n).

Rows enter one by one, in the order of the feature, a Fenwick tree (Fenwick 1994) over the ranks of their targets: sums
of weights and of weighted targets up to any rank take O(log n), and so does the weighted median.  Once forward for the
left sides, once backward for the right ones.
"""

from numba import int64, uint64

from skensemble._jit import kernel
from skensemble.tree.exact._key_sort import PLACE, sort_keys


@kernel
def rank_targets(rows, start, n_rows, state):
    """Rank 1, 2, ... of each row's target in the node, for each output; equal targets share one."""
    for k in range(state.n_outputs):
        highest = int64(0)
        for i in range(n_rows):
            rank = state.y_rank[rows[start + i], k]
            highest = max(highest, rank)
            state.keys[i] = (uint64(rank) << uint64(32)) | uint64(i)
        sort_keys(n_rows, highest, state.keys, state.spare_keys, state.digits)
        n_ranks = 0
        for i in range(n_rows):
            n_ranks += i == 0 or state.keys[i] >> uint64(32) != state.keys[i - 1] >> uint64(32)
            place = int64(state.keys[i] & uint64(PLACE))
            state.rank[place, k] = n_ranks
            state.sorted_y[n_ranks, k] = state.y[k, rows[start + place]]


@kernel
def median_and_deviation(n_rows, output, state):
    """Weighted median of the node's targets, and the sum of the absolute deviations from it.

    The median is the middle of two targets, where half of the weight lies on each side of a gap.
    """
    _clear(n_rows, state)
    for place in range(n_rows):
        _insert(place, output, n_rows, state)
    deviation = _deviation(n_rows, output, state)
    return state.median, deviation


@kernel
def deviations(n_rows, state):
    """deviation[m, g] = that of both sides, if groups up to g go left, and the missing rows with them (m = 1) or not.

    The keys are sorted by group, missing ones first.
    """
    n_missing = 0
    while n_missing < n_rows and state.keys[n_missing] >> uint64(32) == 0:
        n_missing += 1
    state.n_missing = n_missing
    for group in range(n_rows + 1):
        state.deviation[0, group] = state.deviation[1, group] = 0.0
    for output in range(state.n_outputs):
        for missing_left in range(2 if n_missing > 0 else 1):
            _clear(n_rows, state)
            if missing_left:
                _insert_keys(0, n_missing, output, n_rows, state)
            _scan_forward(missing_left, output, n_rows, state)
            _clear(n_rows, state)
            if not missing_left:
                _insert_keys(0, n_missing, output, n_rows, state)
            _scan_backward(missing_left, output, n_rows, state)


@kernel
def _scan_forward(missing_left, output, n_rows, state):
    group = 0
    for i in range(state.n_missing, n_rows):
        _insert_keys(i, i + 1, output, n_rows, state)
        if i + 1 == n_rows or state.keys[i] >> uint64(32) != state.keys[i + 1] >> uint64(32):
            state.deviation[missing_left, group] += _deviation(n_rows, output, state)
            state.side_median[missing_left, group] = state.median
            group += 1
    state.n_groups = group


@kernel
def _scan_backward(missing_left, output, n_rows, state):
    group = state.n_groups - 1
    state.deviation[missing_left, group] += _deviation(n_rows, output, state)
    state.side_median[2 + missing_left, group] = state.median
    for i in range(n_rows - 1, state.n_missing, -1):
        _insert_keys(i, i + 1, output, n_rows, state)
        if state.keys[i] >> uint64(32) != state.keys[i - 1] >> uint64(32):
            group -= 1
            state.deviation[missing_left, group] += _deviation(n_rows, output, state)
            state.side_median[2 + missing_left, group] = state.median


# -- the Fenwick trees -----------------------------------------------------------------------------------------------


@kernel
def _clear(n_rows, state):
    for rank in range(n_rows + 1):
        state.tree_weight[rank] = 0
        state.tree_amount[rank] = 0
    state.inserted_weight = 0
    state.inserted_amount = 0


@kernel
def _insert_keys(first, last, output, n_rows, state):
    for i in range(first, last):
        _insert(int64(state.keys[i] & uint64(PLACE)), output, n_rows, state)


@kernel
def _insert(place, output, n_rows, state):
    weight, amount = state.node_weight[place], state.node_amount[place, output]
    rank = state.rank[place, output]
    while rank <= n_rows:
        state.tree_weight[rank] += weight
        state.tree_amount[rank] += amount
        rank += rank & -rank
    state.inserted_weight += weight
    state.inserted_amount += amount


@kernel
def _descend(n_rows, state):
    """Rank of the median of what was inserted; leaves the sums of all lower ranks in `below_weight`, `below_amount`."""
    rank, weight, amount, step = int64(0), int64(0), int64(0), int64(1)
    while 2 * step <= n_rows:
        step *= 2
    while step > 0:
        up_to = rank + step
        if up_to <= n_rows and 2 * (weight + state.tree_weight[up_to]) < state.inserted_weight:
            rank = up_to
            weight += state.tree_weight[up_to]
            amount += state.tree_amount[up_to]
        step //= 2
    state.below_weight, state.below_amount = weight, amount
    return rank + 1


@kernel
def _deviation(n_rows, output, state):
    """Sum of w |y - median| of what was inserted; leaves the median in the state."""
    if state.inserted_weight == 0:
        return 0.0
    rank = _descend(n_rows, state)
    state.median = _middle_of_medians(rank, n_rows, output, state)
    distance = state.sorted_y[rank, output] - state.center[output]
    weight = state.weight_unit * (2 * state.below_weight - state.inserted_weight)
    return distance * weight + state.amount_unit * (state.inserted_amount - 2 * state.below_amount)


@kernel
def _middle_of_medians(rank, n_rows, output, state):
    """The median; if exactly half of the weight lies up to its rank, the middle between it and the next value."""
    median = state.sorted_y[rank, output]
    if 2 * _weight_up_to(rank, state) != state.inserted_weight:
        return median
    above = rank + 1
    while above < n_rows and _weight_up_to(above, state) == _weight_up_to(rank, state):
        above += 1
    return 0.5 * median + 0.5 * state.sorted_y[above, output] if above <= n_rows else median


@kernel
def _weight_up_to(rank, state):
    weight = int64(0)
    while rank > 0:
        weight += state.tree_weight[rank]
        rank -= rank & -rank
    return weight
