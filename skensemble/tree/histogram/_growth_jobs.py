"""What the team does while a tree grows: one kernel for each kind of chunk.

A job reads the state that its leader prepared and writes to places of its own: its tile of features, its range of
rows, its leaf.  So the result does not depend on who did which chunk, or when.
"""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel, prefetch
from skensemble.tree.histogram._histogram import (
    ROWS_AHEAD,
    accumulate,
    add_columns,
    clear,
    clear_counts,
    complete,
    count_codes,
    merge,
    pack,
    subtract,
    weighted_sums,
    write_counts,
)
from skensemble.tree.histogram._splitting import (
    BY_SUMS,
    INVALID,
    ONE_HOT,
    UNSURE,
    best_position,
    category_order,
    counts_cell,
    drop_unbalanced,
    feature_gains,
    has_missing,
    leaf_value,
    mark_left,
    move_rows,
    n_ends_to_scan,
    place_of,
    scan_feature,
)

FEW_COLUMNS = 4  # of a table, that are read column by column
SUM_BLOCK = 1 << 13  # rows; fixed, so that float sums do not depend on the number of threads
SUMS, PACK, PARTITION, MARK, MOVE, ACCUMULATE, CHILDREN, COUNT, LEVEL_SCAN, LEAVES = range(10)


@kernel
def run_chunk(chunk, state):
    """Do one chunk of the open job."""
    if state.phase == PARTITION or state.phase == MARK or state.phase == MOVE:
        _partition_chunk(chunk, state)
    elif state.phase == ACCUMULATE:
        _accumulate_chunk(chunk, state)
    elif state.phase == CHILDREN:
        _children_chunk(chunk, state)
    elif state.phase == COUNT:
        _count_chunk(chunk, state)
    elif state.phase == LEVEL_SCAN:
        level_scan_chunk(chunk, state)
    elif state.phase == LEAVES:
        _leaves_chunk(chunk, state)
    elif state.phase == PACK:
        _pack_chunk(chunk, state)
    else:
        _sums_chunk(chunk, state)


# -- targets in fixed point ------------------------------------------------------------------------------------------


@kernel
def _sums_chunk(chunk, state):
    """Sums of |gradient| and of the hessian of one output in a block of the tree's rows, and bounds of the hessian."""
    rows, n_rows = state.rows[0], state.nodes[0].stop
    output, block = chunk % state.n_outputs, chunk // state.n_outputs
    sums = state.block_sums[block, output]
    sums[0], sums[1], sums[2], sums[3] = weighted_sums(
        state.gradient[state.first_output + output], state.hessian[state.first_output + output], state.weight,
        state.whole, rows[:0] if n_rows == rows.shape[0] else rows, min(block * SUM_BLOCK, n_rows),
        min((block + 1) * SUM_BLOCK, n_rows),
    )  # fmt: skip


@kernel
def _pack_chunk(chunk, state):
    """The packed targets of a block of the tree's rows, and their sum."""
    rows, n_rows = state.rows[0], state.nodes[0].stop
    start, stop = rows_of_chunk(0, chunk, state)
    is_all = n_rows == rows.shape[0]
    if is_all:
        for i in range(uint64(start), uint64(stop)):
            rows[i] = i
    for k in range(state.n_outputs):
        state.packed_sums[chunk, k] = pack(
            state.gradient[state.first_output + k], state.hessian[state.first_output + k], state.weight, state.whole,
            1.0 / state.gradient_unit[k], 1.0 / state.hessian_unit[k], rows[:0] if is_all else rows, start, stop,
            state.packed[0], state.n_channels, k,
        )  # fmt: skip
    if state.counts:
        state.packed_sums[chunk, state.n_outputs] = write_counts(
            state.weight, state.whole, rows, start, stop, state.packed[0], state.n_channels
        )


# -- partition: a block of a node's rows in a lane ---------------------------------------------------------------------


@kernel
def rows_of_chunk(node_id, chunk, state):
    """Range of rows of a node that a chunk of the job is about: each lane is cut into the same number of chunks."""
    of_lane = state.n_chunks // state.n_threads
    lane, part = chunk // of_lane, chunk % of_lane
    start, n_rows = state.spans[node_id, lane, 0], state.spans[node_id, lane, 1] - state.spans[node_id, lane, 0]
    return start + n_rows * part // of_lane, start + n_rows * (part + 1) // of_lane


@kernel
def _partition_chunk(chunk, state):
    """Mark which rows go left, move rows to their sides, or both: all rows of a lane know their places."""
    node = state.nodes[state.node_id]
    start, stop = rows_of_chunk(state.node_id, chunk, state)
    if state.phase == MOVE:
        left, right = state.left_starts[chunk], state.right_starts[chunk]
    else:
        n_left = mark_left(
            state.columns[node.feature], state.rows[node.buffer], start, stop, node.code, node.missing_left,
            node.is_categorical, state.words[state.node_id], state.goes_left,
        )  # fmt: skip
        state.left_counts[chunk] = n_left
        left, right = start, start + n_left
    if state.phase != MARK:
        move_rows(
            state.rows[node.buffer], state.packed[node.buffer], state.n_channels, state.goes_left, start, stop,
            state.rows[1 - node.buffer], state.packed[1 - node.buffer], left, right,
        )  # fmt: skip


# -- histograms and best splits: a tile of features ------------------------------------------------------------------


@kernel
def first_column(tile, state):
    """Where a tile begins: tiles are made of whole words of eight codes, if there are enough of them."""
    n_words = (state.n_columns + 7) >> 3
    if n_words >= state.n_tiles:
        return min(8 * (n_words * tile // state.n_tiles), state.n_columns)
    return state.n_columns * tile // state.n_tiles


@kernel
def has_all_features(state):
    """Do all features take part in the tree?  Only then its histograms are filled from columns that features share."""
    return state.n_active == state.features.shape[0]


@kernel
def first_feature(tile, state):
    """Where the features of a tile begin in `features`."""
    column = first_column(tile, state)
    return state.column_starts[column] if has_all_features(state) else column


@kernel
def _fill(node_id, first_lane, last_lane, slot, tile, state):
    """Fill the cells of a tile in `slot` from nothing, with a node's rows in lanes [first_lane, last_lane).

    The cells of usual codes of features that share a column are wrong until they are completed.
    """
    base, buffer = slot * state.n_cells, state.nodes[node_id].buffer
    first, last = first_feature(tile, state), first_feature(tile + 1, state)
    features, narrow, last_narrow, n_wide = state.features[: state.n_active], 0, 0, state.n_active
    clear(state.histogram, base, state.n_channels, state.n_codes, features, state.cells, first, last)
    if has_all_features(state):
        narrow = min(first_column(tile, state), state.n_narrow)
        last_narrow = min(first_column(tile + 1, state), state.n_narrow)
        first, n_wide = max(first, state.column_starts[state.n_narrow]), state.n_columns - state.n_narrow
    for lane in range(first_lane, last_lane):
        start, stop = state.spans[node_id, lane, 0], state.spans[node_id, lane, 1]
        if narrow < last_narrow:
            accumulate(
                state.words_of_codes, state.usual_words, state.column_codes, state.rows[buffer], state.packed[buffer],
                start, stop, state.histogram, base, state.shift, state.n_channels, state.columns_in_order,
                state.column_cells, narrow, last_narrow,
            )  # fmt: skip
        if first < last and state.n_channels == 1 and n_wide <= FEW_COLUMNS:
            add_columns(
                state.columns, state.rows[buffer], state.packed[buffer], start, stop, state.histogram, base, features,
                state.cells, first, last,
            )  # fmt: skip
        elif first < last:
            accumulate(
                state.words_of_codes[:0], state.usual_words, state.codes, state.rows[buffer], state.packed[buffer],
                start, stop, state.histogram, base, state.shift, state.n_channels, features, state.cells, first, last,
            )  # fmt: skip


@kernel
def _complete(node_id, slot, tile, state):
    """Write the cells of usual codes of the features that share a column."""
    complete(
        state.histogram, slot * state.n_cells, state.n_channels, state.n_codes, state.features[: state.n_active],
        state.cells, state.usual_codes, state.totals[node_id], first_feature(tile, state),
        first_feature(tile + 1, state),
    )  # fmt: skip


@kernel
def _accumulate_chunk(chunk, state):
    """One tile of features, the smaller child's rows of one lane, into the lane's own histogram."""
    lane, tile = chunk // state.n_tiles, chunk % state.n_tiles
    slot = state.nodes[state.small].slot if lane == 0 else state.free_slots.shape[0] + lane - 1
    _fill(state.small, lane, lane + 1, slot, tile, state)


@kernel
def _children_chunk(chunk, state):
    """One tile of features: the histograms of both children, then their best splits."""
    first, last = first_feature(chunk, state), first_feature(chunk + 1, state)
    features = state.features[: state.n_active]
    small, big = state.nodes[state.small], state.nodes[max(state.big, 0)]
    if state.n_blocks == 1:
        _fill(state.small, 0, state.n_threads, small.slot, chunk, state)
    for block in range(1, state.n_blocks):
        source = (state.free_slots.shape[0] + block - 1) * state.n_cells
        merge(
            state.histogram, small.slot * state.n_cells, source, state.n_channels, state.n_codes, features,
            state.cells, first, last,
        )  # fmt: skip
    _complete(state.small, small.slot, chunk, state)
    if state.big >= 0:
        if state.build_big:
            _fill(state.big, 0, state.n_threads, big.slot, chunk, state)
            _complete(state.big, big.slot, chunk, state)
        else:
            subtract(
                state.histogram, big.slot * state.n_cells, small.slot * state.n_cells, state.n_channels,
                state.n_codes, features, state.cells, first, last,
            )  # fmt: skip
    for side in range(2):
        node_id = state.scan_right if side else state.scan_left
        if node_id >= 0:
            scan_tile(node_id, side, first, last, state)


@kernel
def scan_tile(node_id, side, first, last, state):
    """Best split of each feature of the tile."""
    n_scratch = max(state.codes_in_order.shape[0], 2 * state.n_channels) + 1
    prefix, scan_codes = np.empty(n_scratch, np.int64), np.empty(n_scratch, np.int64)
    gains, ratio = np.empty(n_scratch, np.float64), np.empty(n_scratch, np.float64)
    for k in range(first, last):
        feature = state.features[k]
        state.best_position[side, feature] = -1
        if state.allowed[side, feature]:
            scan(node_id, side, feature, BY_SUMS, state, scan_codes, ratio, prefix, gains)


@kernel
def scan(node_id, side, feature, counted_side, state, scan_codes, ratio, prefix, gains):
    """Best split of a feature of a child, by the counts of its rows unless counted_side is BY_SUMS."""
    node = state.nodes[node_id]
    cell = node.slot * state.n_cells + state.cells[feature] * state.n_channels
    gain, position, flags = scan_feature(
        state.histogram, cell, feature, counted_side, node.stop - node.start, state.totals[node_id], node.lower,
        node.upper, state, scan_codes, ratio, prefix, gains,
    )  # fmt: skip
    state.best_gain[side, feature] = gain
    state.best_position[side, feature] = position
    state.best_flags[side, feature] = flags


@kernel
def _count_chunk(chunk, state):
    """Count the rows of a child, or of both, by the codes of the feature with the best split, and scan it again."""
    n_scratch = state.codes_in_order.shape[0] + 2
    prefix, scan_codes = np.empty(n_scratch, np.int64), np.empty(n_scratch, np.int64)
    gains, ratio = np.empty(n_scratch, np.float64), np.empty(n_scratch, np.float64)
    for side in range(chunk, 2, state.n_chunks):
        node_id = state.scan_right if side else state.scan_left
        if node_id >= 0 and is_unsure(node_id, state):
            node = state.nodes[node_id]
            cell = counts_cell(node.feature, side, state)
            clear_counts(state.row_counts, cell, state.n_codes[node.feature])
            for lane in range(state.n_threads):
                count_codes(
                    state.columns[node.feature], state.rows[node.buffer], state.spans[node_id, lane, 0],
                    state.spans[node_id, lane, 1], state.weight, state.whole, state.row_counts, cell,
                )  # fmt: skip
            scan(node_id, side, node.feature, side, state, scan_codes, ratio, prefix, gains)


@kernel
def is_unsure(node_id, state):
    """Has the node a best split which may leave too few rows on a side?"""
    node = state.nodes[node_id]
    return node.feature >= 0 and (node.flags & UNSURE) != 0


# -- a level of a symmetric tree: one feature ------------------------------------------------------------------------


@kernel
def level_scan_chunk(chunk, state):
    """Best split of one feature for a whole level: the gains of its nodes, added position by position."""
    feature = state.features[chunk]
    state.best_position[0, feature] = -1
    n_scratch = max(state.codes_in_order.shape[0], 2 * state.n_channels) + 1
    prefix, level_gains = np.empty(n_scratch, np.int64), np.empty((3, n_scratch))
    gains = level_gains[2]
    is_categorical = state.is_categorical[feature]
    offset = state.cells[feature] * state.n_channels
    if state.level == 0 and is_categorical:  # also if not allowed here: it may be, further down
        cell = state.nodes[0].slot * state.n_cells + offset
        state.n_categories[feature] = category_order(
            state.histogram, cell, feature, BY_SUMS, state, state.sorted_categories[feature], gains
        )
    if not state.allowed[0, feature]:
        return
    one_hot = is_categorical and state.n_categories[feature] <= state.max_cat_to_onehot
    missing = level_has_missing(feature, state)
    n_positions = max(state.n_codes[feature] - (1 if missing else 2), 0)
    scan_codes = state.codes_in_order
    if is_categorical:
        scan_codes = state.sorted_categories[feature]
        n_positions = state.n_categories[feature] - (0 if one_hot else 1)
    n_scans = 2 if missing and not is_categorical else 1
    n_present, n_ends = state.n_categories[feature], 0
    if is_categorical and not one_hot:
        n_ends = n_ends_to_scan(n_present, BY_SUMS, state)
    n_places = 2 * n_ends if n_ends > 0 else n_positions
    for missing_left in range(n_scans):
        for position in range(uint64(n_places)):
            level_gains[missing_left, position] = 0.0
    for node_id in range((1 << state.level) - 1, (1 << (state.level + 1)) - 1):
        node = state.nodes[node_id]
        for missing_left in range(n_scans):
            first, last = feature_gains(
                state.histogram, node.slot * state.n_cells + offset, scan_codes, n_positions, n_ends, one_hot, feature,
                missing_left == 1, state.totals[node_id], node.lower, node.upper, BY_SUMS, state, prefix, gains,
            )  # fmt: skip
            total = level_gains[missing_left]
            for position in range(first, last):
                # With too little weight on a side this node gains nothing, but the level may.
                total[position] += gains[position] if gains[position] != INVALID else 0.0
    if is_categorical and not one_hot and n_ends == 0:
        drop_unbalanced(level_gains[0], n_positions, n_present, state.max_cat_threshold)
    best = state.gamma
    for missing_left in range(n_scans):
        position = best_position(level_gains[missing_left], uint64(0), uint64(max(n_places - missing_left, 0)), best)
        if position >= 0:
            best = level_gains[missing_left, position]
            state.best_position[0, feature] = place_of(position, n_present, n_ends)
            state.best_gain[0, feature] = best
            state.best_flags[0, feature] = ONE_HOT if one_hot else missing_left


@kernel
def level_has_missing(feature, state):
    """Does any node of the level hold a missing value of the feature?"""
    offset = state.cells[feature] * state.n_channels
    for node_id in range((1 << state.level) - 1, (1 << (state.level + 1)) - 1):
        cell = state.nodes[node_id].slot * state.n_cells + offset
        if has_missing(state.histogram, cell, feature, BY_SUMS, state):
            return True
    return False


# -- leaves: all of them, the rows of one lane ------------------------------------------------------------------------


@kernel
def _leaves_chunk(lane, state):
    """Write the leaf of each row of a lane, the rows in the order of leaves, and sums of the float gradients."""
    hessian = common_hessian(state)
    # Where all rows take part, a lane has those of a range, whose gradients are read in order: in half of the time.
    in_order = state.nodes[0].stop == state.rows.shape[1]
    leaf_of_row, rows_by_leaf = state.leaf_of_row, state.rows_by_leaf  # once: what is written might be the state itself
    for leaf in range(state.n_leaves):
        node_id = state.leaves[leaf]
        node = state.nodes[node_id]
        rows, at = state.rows[node.buffer], node.start
        for before in range(lane):
            at += state.spans[node_id, before, 1] - state.spans[node_id, before, 0]
        start, stop = state.spans[node_id, lane, 0], state.spans[node_id, lane, 1]
        for i in range(uint64(start), uint64(stop)):
            leaf_of_row[rows[i]] = node_id
            rows_by_leaf[uint64(at) + i - uint64(start)] = rows[i]
        for k in range(state.n_outputs):
            sums = state.leaf_sums[lane, node_id, k]
            sums[0], sums[1] = 0, 0
            if hessian > 0.0:
                sums[1] = (stop - start) * int64(hessian * state.fine_hessian[0])
            if not in_order:
                _add_leaf(rows, start, stop, hessian > 0.0, k, sums, state)
    if in_order:
        for k in range(state.n_outputs):
            add_in_order(
                state.leaf_of_row, state.spans[0, lane, 0], state.spans[0, lane, 1],
                state.gradient[state.first_output + k], state.hessian[state.first_output + k], state.weight,
                state.whole, hessian > 0.0, state.fine_gradient[k], state.fine_hessian[k], state.leaf_sums[lane, :, k],
            )  # fmt: skip


@kernel
def _add_leaf(rows, start, stop, same_hessian, k, sums, state):
    """Add a leaf's rows to its sums."""
    if same_hessian:
        sums[0] += gradient_units(rows, start, stop, state.gradient[state.first_output], state.fine_gradient[0])
        return
    g, h = fine_units(
        rows, start, stop, state.gradient[state.first_output + k], state.hessian[state.first_output + k],
        state.weight, state.whole, state.fine_gradient[k], state.fine_hessian[k],
    )  # fmt: skip
    sums[0] += g
    sums[1] += h


@kernel
def add_in_order(
    leaf_of_row, start, stop, gradient, hessian, weight, whole, same_hessian, gradient_scale, hessian_scale, sums
):
    """As `gradient_units` or `fine_units`, of the rows [start, stop), added to the sums of their leaves."""
    if same_hessian:
        for row in range(uint64(start), uint64(stop)):
            sums[leaf_of_row[row], 0] += int64(gradient[row] * gradient_scale)
        return
    for row in range(uint64(start), uint64(stop)):
        g, h = units_of_row(row, gradient, hessian, weight, whole, gradient_scale, hessian_scale)
        sums[leaf_of_row[row], 0] += g
        sums[leaf_of_row[row], 1] += h


@kernel
def common_hessian(state):
    """What the hessian of all rows is, as that of squared errors; 0 where they differ, have weights, or for several
    outputs."""
    if state.n_outputs > 1 or state.weight.shape[0] > 0:
        return 0.0
    least, most = np.inf, 0.0
    for block in range(state.block_sums.shape[0]):
        least, most = min(least, state.block_sums[block, 0, 2]), max(most, state.block_sums[block, 0, 3])
    return most if least == most else 0.0


@kernel
def gradient_units(rows, start, stop, gradient, scale):
    """As `fine_units`, of the gradient alone, without weights."""
    g, ahead = int64(0), uint64(ROWS_AHEAD)
    for i in range(uint64(start), uint64(stop)):
        if i + ahead < uint64(stop):
            prefetch(gradient, int64(rows[i + ahead]) * 4)
        g += int64(gradient[rows[i]] * scale)
    return g


@kernel
def value_of_leaf(node_id, k, state):
    """Value of output k of a leaf, from the sums of all lanes."""
    g, h, node = int64(0), int64(0), state.nodes[node_id]
    for lane in range(state.n_threads):
        g += state.leaf_sums[lane, node_id, k, 0]
        h += state.leaf_sums[lane, node_id, k, 1]
    return leaf_value(
        g / state.fine_gradient[k], h / state.fine_hessian[k], state.reg_lambda, state.reg_alpha,
        state.max_delta_step, node.lower, node.upper,
    )  # fmt: skip


@kernel
def fine_units(rows, start, stop, gradient, hessian, weight, whole, gradient_scale, hessian_scale):
    """Sums of w g and w h of a leaf's rows, in units of 62-bit fixed point: of no order."""
    g, h, ahead = int64(0), int64(0), uint64(ROWS_AHEAD)
    for i in range(uint64(start), uint64(stop)):
        if i + ahead < uint64(stop):
            prefetch(gradient, int64(rows[i + ahead]) * 4)
            prefetch(hessian, int64(rows[i + ahead]) * 4)
        one_g, one_h = units_of_row(uint64(rows[i]), gradient, hessian, weight, whole, gradient_scale, hessian_scale)
        g += one_g
        h += one_h
    return g, h


@kernel
def units_of_row(row, gradient, hessian, weight, whole, gradient_scale, hessian_scale):
    """w g and w h of a row, in units of 62-bit fixed point.  A whole weight multiplies what is rounded."""
    if weight.shape[0] == 0:
        return int64(gradient[row] * gradient_scale), int64(hessian[row] * hessian_scale)
    if whole:
        count = int64(weight[row])
        return int64(gradient[row] * gradient_scale) * count, int64(hessian[row] * hessian_scale) * count
    return int64(gradient[row] * weight[row] * gradient_scale), int64(hessian[row] * weight[row] * hessian_scale)
