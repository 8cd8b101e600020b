"""Sparse tables: what a search needs to know of a feature, from the rows of the node that have an unusual code.

    rows of the node     7 2 9 4 5 ...       code of each       1 1 3 1 0 ...       usual code 1
    unusual cells        place 2: 3, place 4: 0                 all other rows have the usual code

A node of n rows in which k cells of a feature are unusual costs k steps, not n: what the usual rows add up to is what
the others leave of the node.  Features without unusual cells are constant there, which small nodes see at once: the
unusual cells of all features are counted, row by row.  See `SparseCodes`.
"""

from numba import int64, uint32, uint64

from skensemble._jit import kernel
from skensemble.tree.exact._competing_splits import add_row
from skensemble.tree.exact._key_sort import PLACE, sort_keys

LONG = 8  # steps that a search in a row takes, about
COUNTED = 4  # cells that are counted in the time in which one feature is looked at


@kernel
def note_places(n_rows, state):
    """Say of each row of the tree where in `rows` it stands, and of the others that they are not there."""
    place_of_row = state.place_of_row
    for row in range(place_of_row.shape[0]):
        place_of_row[row] = PLACE
    note_moved(0, n_rows if place_of_row.shape[0] > 0 else 0, state)


@kernel
def note_moved(start, stop, state):
    for place in range(uint64(start), uint64(stop)):
        state.place_of_row[state.rows[place]] = place


@kernel
def count_unusual(node, state):
    """Count the unusual cells of each feature in the node; False if looking at the features one by one costs less."""
    start, stop, row_start = state.start[node], state.stop[node], state.row_start
    n_cells, n_features = int64(0), state.features.shape[0] - state.n_constant[node]
    for place in range(start, stop):
        row = int64(state.rows[place])
        n_cells += row_start[row + 1] - row_start[row]
    n_looks = n_features if n_cells <= state.max_features else n_features * state.max_features / n_cells
    if n_cells > COUNTED * min(n_looks, n_features):
        return False
    _add_to_counts(start, stop, 1, state)
    return True


@kernel
def forget_counts(node, state):
    _add_to_counts(state.start[node], state.stop[node], -1, state)


@kernel
def _add_to_counts(start, stop, amount, state):
    n_unusual, row_start, row_feature = state.n_unusual, state.row_start, state.row_feature
    for place in range(start, stop):
        row = int64(state.rows[place])
        for cell in range(uint64(row_start[row]), uint64(row_start[row + 1])):
            n_unusual[row_feature[cell]] += amount


@kernel
def read_unusual(node, feature, state):
    """Write a key for each unusual cell of the node; returns how many there are."""
    start, n_rows = uint32(state.start[node]), uint32(state.stop[node] - state.start[node])
    first, last, keys, n = state.entry_start[feature], state.entry_start[feature + 1], state.keys, 0
    if last - first > LONG * int64(n_rows):
        for place in range(n_rows):
            code = code_of_cell(int64(state.rows[int64(start) + place]), feature, state)
            if code != state.usual[feature]:
                keys[n] = (uint64(code) << uint64(32)) | uint64(place)
                n += 1
        return n
    for entry in range(uint64(first), uint64(last)):
        place = uint32(state.place_of_row[state.entry_row[entry]] - start)  # wraps around for rows in front
        if place < n_rows:
            keys[n] = (uint64(state.entry_code[entry]) << uint64(32)) | uint64(place)
            n += 1
    return n


@kernel
def code_of_cell(row, feature, state):
    """Of the cells of a row, which stand in the order of their features."""
    low, end = state.row_start[row], state.row_start[row + 1]
    high = end
    while low < high:
        middle = (low + high) >> 1
        if int64(state.row_feature[middle]) < feature:
            low = middle + 1
        else:
            high = middle
    if low < end and int64(state.row_feature[low]) == feature:
        return state.row_code[low]
    return state.usual[feature]


@kernel
def spread_keys(feature, n_rows, n_unusual, state):
    """A key for each row of the node, from those of the unusual ones."""
    keys, spare, usual = state.keys, state.spare_keys, uint64(state.usual[feature])
    for i in range(n_unusual):
        spare[i] = keys[i]
    for place in range(uint64(n_rows)):
        keys[place] = (usual << uint64(32)) | place
    for i in range(n_unusual):
        keys[spare[i] & uint64(PLACE)] = spare[i]


@kernel
def range_of_unusual(feature, n_rows, n_unusual, state):
    """(smallest code, largest code, how many are missing) in the node; see `_read_codes`."""
    low, high, n_missing = int64(PLACE), int64(0), 0
    for i in range(n_unusual):
        code = int64(state.keys[i] >> uint64(32))
        if code == 0:
            n_missing += 1
        else:
            low, high = min(low, code), max(high, code)
    if n_unusual < n_rows:
        usual = int64(state.usual[feature])
        low, high = min(low, usual), max(high, usual)
    if n_missing == n_rows:
        return int64(1), int64(0), n_missing
    return low, high, n_missing


@kernel
def groups_of_unusual(feature, n_rows, n_unusual, state):
    """The groups of the node (see `_code_groups.py`), that of the usual rows being what the others leave."""
    sort_keys(n_unusual, state.n_codes[feature], state.keys, state.spare_keys, state.digits)
    n_channels, sums, rest = state.n_channels, state.group_sums, state.right
    usual = int64(state.usual[feature])
    for channel in range(n_channels):
        state.missing[channel], rest[channel] = 0, state.total[channel]
    n_groups, last, place_of_usual = 0, int64(0), -1
    for i in range(n_unusual):
        code, place = int64(state.keys[i] >> uint64(32)), int64(state.keys[i] & uint64(PLACE))
        if code == 0:
            add_row(place, state.missing, 0, state)
            continue
        if code != last:
            if last < usual and usual < code and n_unusual < n_rows:
                place_of_usual = _open_group(usual, n_groups, state)
                n_groups += 1
            _open_group(code, n_groups, state)
            n_groups += 1
            last = code
        add_row(place, sums, (n_groups - 1) * n_channels, state)
    if place_of_usual < 0 and n_unusual < n_rows:
        place_of_usual = _open_group(usual, n_groups, state)
        n_groups += 1
    state.n_groups = n_groups
    if place_of_usual < 0:
        return
    for channel in range(n_channels):
        rest[channel] -= state.missing[channel]
        for group in range(n_groups):
            rest[channel] -= sums[group * n_channels + channel]  # that of the usual rows is still zero
    for channel in range(n_channels):
        sums[place_of_usual * n_channels + channel] = rest[channel]


@kernel
def _open_group(code, group, state):
    """Begin a group that nothing has been added to."""
    for channel in range(state.n_channels):
        state.group_sums[group * state.n_channels + channel] = 0
    state.group_code[group] = code
    return group


@kernel
def add_left_of_keys(feature, n_keys, code, missing_left, state):
    """Add up the rows with codes up to `code`, and the missing ones or not; rows without a key have the usual code.

    Where the usual rows go left, it is the others' right side that is added up.
    """
    usual_left, side = int64(state.usual[feature]) <= code, state.right
    for channel in range(state.n_channels):
        side[channel] = 0
    for i in range(n_keys):
        code_here = int64(state.keys[i] >> uint64(32))
        goes_left = code_here <= code and (code_here > 0 or missing_left)
        if goes_left != usual_left:
            add_row(int64(state.keys[i] & uint64(PLACE)), side, 0, state)
    for channel in range(state.n_channels):
        state.left[channel] = state.total[channel] - side[channel] if usual_left else side[channel]


@kernel
def leaf_of_sparse_rows(rows, state, leaf):
    """leaf[i] = leaf of row rows[i], in the tree that has just been grown; for rows that did not grow it."""
    for i in range(rows.shape[0]):
        row, node = int64(rows[i]), int64(0)
        while state.left_child[node] >= 0:
            code = int64(code_of_cell(row, int64(state.feature[node]), state))
            goes_left = code <= state.code[node] and (code > 0 or state.missing_left[node])
            node = int64(state.left_child[node] if goes_left else state.right_child[node])
        leaf[i] = node
