"""Kernels of a tree whose rows stand in several parts: what a part does with its rows, and what its leader decides.

Each part keeps rows, targets and the range of each node, as `_growing.py` describes them; the leader has nodes,
histograms and decisions, and no rows: the ranges of its nodes are places among the rows of all parts.  Between the two
stand sums of integers over all parts.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.histogram._exact_sums import add_by_exponent
from skensemble.tree.histogram._growing import (
    after_children,
    after_level_scan,
    after_partition,
    bound_counts,
    plant,
    prepare,
    set_scales,
    start_level,
)
from skensemble.tree.histogram._growth_jobs import (
    SUM_BLOCK,
    fine_units,
    is_unsure,
    level_scan_chunk,
    scan,
    scan_tile,
)
from skensemble.tree.histogram._histogram import (
    accumulate,
    clear_counts,
    count_codes,
    pack,
    weighted_sums,
    write_counts,
)
from skensemble.tree.histogram._splitting import counts_cell, leaf_value, mark_left, move_rows

# -- a part: its rows ------------------------------------------------------------------------------------------------


@kernel
def sums_of_part(gradient, hessian, weight, whole, rows, n_rows, sums):
    """Sums of |gradient| and of the hessian, and its bounds, of a part's rows of a tree (see `weighted_sums`)."""
    sums[0], sums[1], sums[2], sums[3] = 0.0, 0.0, np.inf, 0.0
    for start in range(0, n_rows, SUM_BLOCK):
        g, h, least, most = weighted_sums(gradient, hessian, weight, whole, rows, start, min(start + SUM_BLOCK, n_rows))
        sums[0] += g
        sums[1] += h
        sums[2], sums[3] = min(sums[2], least), max(sums[3], most)


@kernel
def exponents_of_part(gradient, hessian, weight, rows, n_rows, cells):
    """The same sums, exactly: by exponents, cells[0] and cells[1]."""
    add_by_exponent(gradient, weight, rows, 0, n_rows, cells[0])
    add_by_exponent(hessian, weight, rows, 0, n_rows, cells[1])


@kernel
def pack_part(
    gradient, hessian, weight, whole, gradient_scale, hessian_scale, rows, n_rows, packed, n_channels, channel
):
    """Write one channel of the packed targets of the part's rows; returns its sum.  channel < 0: that of counts"""
    if channel < 0:
        return write_counts(weight, whole, rows, 0, n_rows, packed, n_channels)
    return pack(
        gradient, hessian, weight, whole, gradient_scale, hessian_scale, rows, 0, n_rows, packed, n_channels, channel
    )


@kernel
def split_part(
    node_ids, left_ids, nodes, words, columns, rows, packed, n_channels, goes_left, ranges, left_counts
):  # fmt: skip
    """Move the part's rows of some nodes to their children; left_counts[k] : how many go left."""
    for k in range(node_ids.shape[0]):
        node_id, left = node_ids[k], left_ids[k]
        node = nodes[node_id]
        start, stop, buffer = ranges[node_id, 0], ranges[node_id, 1], ranges[node_id, 2]
        n_left = mark_left(
            columns[node.feature], rows[buffer], start, stop, node.code, node.missing_left, node.is_categorical,
            words[node_id], goes_left,
        )  # fmt: skip
        move_rows(
            rows[buffer], packed[buffer], n_channels, goes_left, start, stop, rows[1 - buffer], packed[1 - buffer],
            start, start + n_left,
        )  # fmt: skip
        left_counts[k] = n_left
        ranges[left, 0], ranges[left, 1], ranges[left, 2] = start, start + n_left, 1 - buffer
        ranges[left + 1, 0], ranges[left + 1, 1], ranges[left + 1, 2] = start + n_left, stop, 1 - buffer


@kernel
def fill_part(
    node_ids, ranges, words_of_codes, usual_words, codes, rows, packed, histograms, n_cells, shift, n_channels,
    features, cells, first, last,
):  # fmt: skip
    """Add the part's rows of some nodes to their histograms, features[first:last] only."""
    for k in range(node_ids.shape[0]):
        node_id = node_ids[k]
        buffer = ranges[node_id, 2]
        accumulate(
            words_of_codes, usual_words, codes, rows[buffer], packed[buffer], ranges[node_id, 0], ranges[node_id, 1],
            histograms, k * n_cells, shift, n_channels, features, cells, first, last,
        )  # fmt: skip


@kernel
def count_part(node_id, feature, columns, n_codes, rows, ranges, weight, whole, counts):
    """Count the part's rows of a node by the codes of a feature."""
    start, stop, buffer = ranges[node_id, 0], ranges[node_id, 1], ranges[node_id, 2]
    clear_counts(counts, 0, n_codes[feature])
    count_codes(columns[feature], rows[buffer], start, stop, weight, whole, counts, 0)


@kernel
def leaves_of_part(leaves, ranges, rows, leaf_of_row):
    """Write the leaf of each of the part's rows that grow the tree."""
    for leaf in leaves:
        start, stop, buffer = ranges[leaf, 0], ranges[leaf, 1], ranges[leaf, 2]
        for i in range(start, stop):
            leaf_of_row[rows[buffer, i]] = leaf


@kernel
def leaf_sums_of_part(leaves, ranges, rows, gradient, hessian, weight, whole, gradient_scale, hessian_scale, sums):
    """sums[j] : of gradient and hessian of the part's rows of leaf j, in fixed point."""
    for j in range(leaves.shape[0]):
        start, stop, buffer = ranges[leaves[j], 0], ranges[leaves[j], 1], ranges[leaves[j], 2]
        sums[j, 0], sums[j, 1] = fine_units(
            rows[buffer], start, stop, gradient, hessian, weight, whole, gradient_scale, hessian_scale
        )


# -- the leader: sums of all parts -----------------------------------------------------------------------------------


@kernel
def begin_tree(n_rows, n_active, seed, first_output, weight, whole, n_units, sums, place, state):
    """Make the root of `n_rows` rows, and choose scales by the sums (n_outputs, 4) of `sums_of_part`.

    weight : (1,) where rows have weights, else (0,)
    """
    state.n_active, state.n_threads, state.seed, state.first_output = n_active, 1, seed, first_output
    state.weight, state.whole, state.n_units = weight, whole, n_units
    prepare(n_rows, state)
    for k in range(state.n_outputs):
        for column in range(4):
            state.block_sums[0, k, column] = sums[k, column]
        set_scales(k, sums[k, 0], sums[k, 1], state)
    bound_counts(state)
    tell_place(place, state)


@kernel
def plant_root(totals, place, state):
    """Start on the root, whose packed targets add up to `totals`."""
    state.n_chunks = 1
    for channel in range(state.n_channels):
        state.packed_sums[0, channel] = totals[channel]
    plant(state)
    tell_place(place, state)


@kernel
def tell_place(place, state):
    """Write where the leader stands, see `Place`."""
    place[0], place[1], place[2] = state.phase, state.small, state.big if state.build_big else -1
    place[3], place[4], place[5] = state.node_id, state.n_nodes, state.level
    place[6], place[7] = state.n_channels, state.n_cells


@kernel
def adopt_sums(filled, place, state):
    """Take the histograms of the nodes that the parts have filled, find best splits, and go on."""
    small = state.nodes[state.small].slot * state.n_cells
    for i in range(state.n_cells):
        state.histogram[small + i] = filled[i]
    if state.big >= 0:
        big = state.nodes[state.big].slot * state.n_cells
        for i in range(state.n_cells):
            if state.build_big:
                state.histogram[big + i] = filled[state.n_cells + i]
            else:
                state.histogram[big + i] -= filled[i]
    for side in range(2):
        node_id = state.scan_right if side else state.scan_left
        if node_id >= 0:
            scan_tile(node_id, side, 0, state.n_active, state)
    after_children(state)
    tell_place(place, state)


@kernel
def unsure_nodes(node_ids, state):
    """Write the children whose best split may leave too few rows on a side, or -1, left and right."""
    node_ids[0], node_ids[1] = -1, -1
    for side in range(2):
        node_id = state.scan_right if side else state.scan_left
        if node_id >= 0 and is_unsure(node_id, state):
            node_ids[side] = node_id


@kernel
def adopt_counts(node_ids, counts, place, state):
    """Take the counts of the unsure children's rows by codes, scan these again, and go on."""
    n_scratch = state.codes_in_order.shape[0] + 2
    prefix, scan_codes = np.empty(n_scratch, np.int64), np.empty(n_scratch, np.int64)
    gains, ratio = np.empty(n_scratch, np.float64), np.empty(n_scratch, np.float64)
    for side in range(2):
        if node_ids[side] >= 0:
            feature = state.nodes[node_ids[side]].feature
            cell = counts_cell(feature, side, state)
            for code in range(state.n_codes[feature]):
                state.row_counts[cell + code] = counts[side, code]
            scan(node_ids[side], side, feature, side, state, scan_codes, ratio, prefix, gains)
    after_children(state)
    tell_place(place, state)


@kernel
def scan_level(place, state):
    """Find the split of a level of a symmetric tree."""
    for k in range(state.n_active):
        level_scan_chunk(k, state)
    after_level_scan(state)
    tell_place(place, state)


@kernel
def adopt_split(n_left, place, state):
    """Make the children of a node, of whose rows `n_left` go left."""
    state.right_start = state.nodes[state.node_id].start + n_left
    after_partition(state)
    tell_place(place, state)


@kernel
def adopt_level(left_counts, small_ids, place, state):
    """Make the children of a level of a symmetric tree; write the smaller of each two, or -1 where it is the last."""
    first = (1 << state.level) - 1
    for k in range(left_counts.shape[0]):
        state.node_id = first + k
        state.right_start = state.nodes[first + k].start + left_counts[k]
        state.small = -1
        after_partition(state)
        small_ids[k] = state.small
    tell_place(place, state)


@kernel
def adopt_level_sums(filled, small_ids, place, state):
    """Take the histograms of a level's smaller nodes, subtract them from their parents', and scan the next level."""
    for k in range(small_ids.shape[0]):
        small = small_ids[k]
        big = 4 * ((small - 1) // 2) + 3 - small  # its sibling
        at, other = state.nodes[small].slot * state.n_cells, state.nodes[big].slot * state.n_cells
        for i in range(state.n_cells):
            state.histogram[at + i] = filled[k * state.n_cells + i]
            state.histogram[other + i] -= filled[k * state.n_cells + i]
    state.level += 1
    start_level(state)
    tell_place(place, state)


@kernel
def set_leaves(leaves, sums, state):
    """Values of the leaves that have rows, from their sums (n_outputs, n_leaves, 2) in fixed point."""
    for j in range(leaves.shape[0]):
        node = state.nodes[leaves[j]]
        if node.stop > node.start:
            for k in range(state.n_outputs):
                state.values[leaves[j], k] = leaf_value(
                    sums[k, j, 0] / state.fine_gradient[k], sums[k, j, 1] / state.fine_hessian[k], state.reg_lambda,
                    state.reg_alpha, state.max_delta_step, node.lower, node.upper,
                )  # fmt: skip
