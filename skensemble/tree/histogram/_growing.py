"""Growing one tree of boosting: the leader decides what is next, a team does it.

The rows of a tree are cut into lanes, one for each thread. A node has a span of `rows` in each lane, with its rows in
ascending order; the packed targets travel with them:

    rows      [ a c | b d e ‖ g h i | f j ]     a split moves each span from one buffer to the other, left rows first,
    packed    [ . . | . . . ‖ . . . | . . ]     so each node remembers its buffer

No row leaves its lane, so that a thread that keeps to its lane finds what it wrote in its own core's cache: to write to
a line that another core wrote last takes some hundred times as long.

One thread, the leader, alternates between two things: it decides on the next job (this file), and does that job's
chunks together with its team (`_growth_jobs.py`).  A split takes two or three jobs:

    MARK        blocks of a lane: which rows go left           then the leader knows where each block writes
    MOVE        blocks of a lane: write them to their places   then it makes two child nodes
    CHILDREN    tiles of features: clear, fill from the rows   then it picks each child's best split and queues the
                of the smaller child, subtract from the        child; the next split is that of the node on top of
                parent (whose memory becomes the larger        the queue
                child's), scan both for their best splits

Where the rows of a lane are one block, PARTITION is both MARK and MOVE.

Where the sums do not tell that a child's best split leaves enough rows on both sides, COUNT counts them for its feature
and scans that again, until they do.

Of many rows, ACCUMULATE fills a histogram for each lane before CHILDREN adds them up. A symmetric tree has a
LEVEL_SCAN before each level instead of the queue. SUMS and PACK, which write the targets in fixed point, begin a tree;
LEAVES ends it.

The leader's kernels never call the team's: Numba optimises a kernel together with all that it calls, so a chain of
callers above the large kernels would be compiled over and over.
"""

import numpy as np
from numba import int64

from skensemble._jit import kernel
from skensemble._random_bits import mixed_seed, random_uniform
from skensemble._team import PATIENCE, finish_chunk, is_dismissed, open_job, relax, take_chunk, wait_for_chunks
from skensemble.tree._node_heap import pop_node, push_node
from skensemble.tree.histogram._exact_sums import exact_sum, is_at_border
from skensemble.tree.histogram._growth_jobs import (
    ACCUMULATE,
    CHILDREN,
    COUNT,
    LEAVES,
    LEVEL_SCAN,
    MARK,
    MOVE,
    PACK,
    PARTITION,
    SUMS,
    has_all_features,
    is_unsure,
    level_has_missing,
    rows_of_chunk,
    run_chunk,
    value_of_leaf,
)
from skensemble.tree.histogram._growth_limits import BEST_FIRST, DEPTH_FIRST, SYMMETRIC
from skensemble.tree.histogram._histogram import FINE_BITS, PACKED_BITS, power_of_two_scale
from skensemble.tree.histogram._splitting import (
    BY_SUMS,
    COUNTED,
    HALF,
    MISSING_LEFT,
    category_order,
    category_words,
    gradient_of,
    has_missing,
    hessian_of,
    leaf_value,
    left_totals,
)

ROW_CHUNK = 1 << 15
MAX_ROW_CHUNKS = 4096
FEW_ROWS = 512  # of a node: to share them takes longer than to move them
TILE_FEATURES = 32  # 32 features x 256 codes x 8 bytes: twice the L1 cache, but rows are read half as often
NODE_WORK = 6_000  # rows x features below which the histograms of a split are filled by one thread
LANES_PAY = 128  # rows for each feature of 256 codes from which a histogram for each lane pays
CHOICE = -1  # stream of a tree's seed that `random_strength` draws from; levels and nodes have those from 0 on
BALANCED = 1.5  # times its share of a node's rows that the longest lane may hold to fill a histogram of its own


@kernel
def grow_nodes(
    lane, n_rows, n_active, n_threads, seed, first_output, gradient, hessian, weight, whole, n_units, leaf_of_row,
    rows_by_leaf, state,
):  # fmt: skip
    """Leader, in lane 0: decide, do it with the team, until the tree is grown; returns its number of nodes.  Helper, in
    another lane: take chunks, of this tree and of those that follow.  One kernel for both, so that what they do is
    compiled once."""
    if lane > 0:
        return _help_growing(lane, n_threads, state)
    state.n_active, state.n_threads, state.seed, state.first_output = n_active, n_threads, seed, first_output
    state.gradient, state.hessian, state.weight = gradient, hessian, weight
    state.whole, state.n_units, state.leaf_of_row, state.rows_by_leaf = whole, n_units, leaf_of_row, rows_by_leaf
    state.n_chunks, team = prepare(n_rows, state), state.team
    while state.n_chunks > 0:
        n_chunks = state.n_chunks
        if n_threads == 1 or n_chunks == 1 or not state.is_shared:
            for chunk in range(n_chunks):
                run_chunk(chunk, state)
        else:
            open_job(team, n_chunks, n_threads)
            chunk = take_chunk(team, 0, n_threads)
            while chunk >= 0:
                run_chunk(chunk, state)
                finish_chunk(team)
                chunk = take_chunk(team, 0, n_threads)
            wait_for_chunks(team, n_chunks)
        state.n_chunks = _next_job(state)
    return state.n_nodes


@kernel
def _help_growing(lane, n_threads, state):
    """Take chunks until the leader dismisses the team; returns 0."""
    idle, team = 0, state.team  # read once: a look for work must not touch the memory that the leader writes to
    while not is_dismissed(team) and idle < PATIENCE:
        chunk = take_chunk(team, lane, n_threads)
        if chunk < 0:
            idle += 1
            relax(idle)
        else:
            run_chunk(chunk, state)
            finish_chunk(team)
            idle = 0
    return 0


@kernel
def _next_job(state):
    """What follows the job just done; returns its number of chunks, 0 when the tree is complete."""
    if state.phase == MARK:
        _place_rows(state)
        state.phase = MOVE
        return state.n_chunks
    if state.phase == PARTITION:
        _place_rows(state)
        return after_partition(state)
    if state.phase == MOVE:
        return after_partition(state)
    if state.phase == ACCUMULATE:
        state.phase = CHILDREN
        state.n_tiles = min(state.n_columns, max(state.n_tiles, state.n_threads))
        return state.n_tiles
    if state.phase == CHILDREN or state.phase == COUNT:
        return after_children(state)
    if state.phase == LEVEL_SCAN:
        return after_level_scan(state)
    if state.phase == SUMS:
        return _after_sums(state)
    if state.phase == PACK:
        return plant(state)
    for leaf in range(state.n_leaves):
        node_id = state.leaves[leaf]
        if state.nodes[node_id].stop > state.nodes[node_id].start:
            for k in range(state.n_outputs):
                state.values[node_id, k] = value_of_leaf(node_id, k, state)
    return 0


# -- the root --------------------------------------------------------------------------------------------------------


@kernel
def prepare(n_rows, state):
    """Make the root, and start on its targets."""
    root = state.nodes[0]
    root.start, root.stop, root.buffer, root.depth, root.slot = 0, n_rows, 0, 0, 0
    root.left, root.right, root.feature, root.gain = -1, -1, -1, 0.0
    root.lower, root.upper = -np.inf, np.inf
    for lane in range(state.n_threads):
        state.spans[0, lane, 0] = n_rows * lane // state.n_threads
        state.spans[0, lane, 1] = n_rows * (lane + 1) // state.n_threads
    state.n_columns = state.n_active
    if state.n_active == state.features.shape[0]:
        state.n_columns = state.columns_in_order.shape[0]
        for k in range(state.n_active):
            state.features[k] = state.features_by_column[k]
    state.phase, state.is_shared = SUMS, True
    return state.block_sums.shape[0] * state.n_outputs


@kernel
def _after_sums(state):
    """Choose the scales of the fixed point, as fine as the sums allow."""
    for k in range(state.n_outputs):
        g, h = 0.0, 0.0
        for block in range(state.block_sums.shape[0]):
            g += state.block_sums[block, k, 0]
            h += state.block_sums[block, k, 1]
        if is_at_border(g, state.n_units):
            g = _exact_sum(state.gradient[state.first_output + k], state)
        if is_at_border(h, state.n_units):
            h = _exact_sum(state.hessian[state.first_output + k], state)
        set_scales(k, g, h, state)
    bound_counts(state)
    state.phase = PACK
    return _chunks_of_lanes(0, state)


@kernel
def _exact_sum(values, state):
    rows, n_rows = state.rows[0], state.nodes[0].stop
    return exact_sum(values, state.weight, rows[:0] if n_rows == rows.shape[0] else rows, 0, n_rows)


@kernel
def set_scales(k, g, h, state):
    """The scales of output k, whose sums of |gradient| and hessian are g and h."""
    state.gradient_unit[k] = 1.0 / power_of_two_scale(g, state.n_units, PACKED_BITS)
    state.hessian_unit[k] = 1.0 / power_of_two_scale(h, state.n_units, PACKED_BITS)
    state.fine_gradient[k] = power_of_two_scale(g, state.n_units, FINE_BITS)
    state.fine_hessian[k] = power_of_two_scale(h, state.n_units, FINE_BITS)


@kernel
def bound_counts(state):
    """What the hessian of the first output says about numbers of rows; whether cells need a channel to count them."""
    least, most = np.inf, 0.0
    for block in range(state.block_sums.shape[0]):
        least, most = min(least, state.block_sums[block, 0, 2]), max(most, state.block_sums[block, 0, 3])
    unit = state.hessian_unit[0]
    state.min_units = int64(min(max(1.0, np.ceil(state.min_child_weight / unit)), float(HALF)))
    state.count_units, state.sure_units, state.counts = 0, 0, False
    if state.min_samples_leaf > 1:
        fewest = float(state.min_samples_leaf)
        least, most = np.rint(min(least, most) * (1.0 / unit)), np.rint(most * (1.0 / unit))
        state.count_units = int64(min(fewest * least, float(HALF)))  # with less, there are too few rows
        state.sure_units = int64(min((fewest - 1.0) * most + 1.0, float(HALF)))  # with as much, there are enough
        # A node's best split is checked by counting.  But a split of a level has many nodes, and rows that add nothing
        # to the sums of a code do not show in them.
        by_cells = state.policy == SYMMETRIC or state.n_outputs > 1 or least == 0.0
        state.counts = by_cells and least < most
    state.n_channels = state.n_outputs + state.counts
    state.n_cells = state.n_column_cells * state.n_channels


@kernel
def plant(state):
    """Sum up the root, free all slots, and start on the root's histogram."""
    n_slots = state.free_slots.shape[0]
    for slot in range(n_slots):
        state.free_slots[slot] = n_slots - 1 - slot
    state.n_free = n_slots - 1
    state.n_nodes, state.n_leaves, state.n_open, state.level = 1, 1, 0, 0
    for group in range(state.interactions.shape[0]):
        state.groups[0, group] = True
    _sum_root(state)
    if not _may_split(0, state):
        return _start_leaves(state)
    state.node_id = -1
    return _start_children(0, -1, 0, -1, False, state)


@kernel
def _sum_root(state):
    totals = state.totals[0]
    for channel in range(state.n_channels):
        totals[channel] = 0
        for chunk in range(state.n_chunks):
            totals[channel] += state.packed_sums[chunk, channel]


# -- a split ---------------------------------------------------------------------------------------------------------


@kernel
def _next_split(state):
    """Start on the node that is next: on top of the queue, or the next of its level."""
    if state.policy == SYMMETRIC:
        state.node_id += 1
        if state.node_id == (1 << (state.level + 1)) - 1:
            state.level += 1
            return start_level(state)
        return _start_partition(state)
    if state.n_open == 0 or state.n_leaves == state.max_leaf_nodes:
        return _start_leaves(state)
    state.node_id = pop_node(state.open_keys, state.open_nodes, state.n_open)
    state.n_open -= 1
    return _start_partition(state)


@kernel
def _start_partition(state):
    n_chunks = _chunks_of_lanes(state.node_id, state)
    state.phase = PARTITION if n_chunks == state.n_threads else MARK
    return n_chunks


@kernel
def _chunks_of_lanes(node_id, state):
    """Into how many chunks a node's rows are cut: each lane into as many."""
    longest, n_rows = _longest_lane(node_id, state), state.nodes[node_id].stop - state.nodes[node_id].start
    state.is_shared = n_rows >= FEW_ROWS
    return state.n_threads * max(1, min(MAX_ROW_CHUNKS // state.n_threads, (longest + ROW_CHUNK - 1) // ROW_CHUNK))


@kernel
def _longest_lane(node_id, state):
    longest = 0
    for lane in range(state.n_threads):
        longest = max(longest, state.spans[node_id, lane, 1] - state.spans[node_id, lane, 0])
    return longest


@kernel
def _place_rows(state):
    """Turn the number of left rows of each chunk into the places of its first left and right row, and the spans of the
    children."""
    node_id, of_lane = state.node_id, state.n_chunks // state.n_threads
    left, n_left = _left_child(state), 0
    for lane in range(state.n_threads):
        start, stop, first = state.spans[node_id, lane, 0], state.spans[node_id, lane, 1], lane * of_lane
        middle = start
        for chunk in range(first, first + of_lane):
            state.left_starts[chunk] = middle
            middle += state.left_counts[chunk]
        state.spans[left, lane, 0], state.spans[left, lane, 1] = start, middle
        state.spans[left + 1, lane, 0], state.spans[left + 1, lane, 1] = middle, stop
        n_left += middle - start
        for chunk in range(first, first + of_lane):
            begin, end = rows_of_chunk(node_id, chunk, state)
            state.right_starts[chunk] = middle
            middle += end - begin - state.left_counts[chunk]
    state.right_start = state.nodes[node_id].start + n_left


@kernel
def _left_child(state):
    return 2 * state.node_id + 1 if state.policy == SYMMETRIC else state.n_nodes


@kernel
def after_partition(state):
    """Make the children; unless nothing can come of them, start on their histograms and best splits."""
    left = _left_child(state)
    _make_children(left, state.right_start, state)
    state.n_nodes += 2
    state.n_leaves += 1
    if state.policy == SYMMETRIC:
        wanted = state.level + 1 < state.max_depth
        if wanted:
            _assign_slots(left, True, state)
            return _start_children(state.small, state.big, -1, -1, False, state)
        _release(state.node_id, state)
        return _next_split(state)
    is_last = state.n_leaves == state.max_leaf_nodes
    wanted_left = not is_last and _may_split(left, state)
    wanted_right = not is_last and _may_split(left + 1, state)
    if not (wanted_left or wanted_right):
        _release(state.node_id, state)
        return _next_split(state)
    n_left, n_right = (
        state.nodes[left].stop - state.nodes[left].start,
        state.nodes[left + 1].stop - state.nodes[left + 1].start,
    )
    build_big = _assign_slots(left, wanted_right if n_left <= n_right else wanted_left, state)
    return _start_children(
        state.small, state.big, left if wanted_left else -1, left + 1 if wanted_right else -1, build_big, state
    )


@kernel
def _make_children(left, middle, state):
    """Two nodes for the two ranges of rows, with the sums, bounds and interaction groups they inherit."""
    node_id = state.node_id
    node = state.nodes[node_id]
    node.left, node.right = left, left + 1
    for channel in range(state.n_channels):
        state.totals[left, channel] = state.left_totals[node_id, channel]
        state.totals[left + 1, channel] = state.totals[node_id, channel] - state.left_totals[node_id, channel]
    for side in range(2):
        child_id = left + side
        child = state.nodes[child_id]
        child.start = node.start if side == 0 else middle
        child.stop = middle if side == 0 else node.stop
        child.buffer, child.depth = 1 - node.buffer, node.depth + 1
        child.lower, child.upper, child.gain = node.lower, node.upper, 0.0
        child.left, child.right, child.slot, child.feature = -1, -1, -1, -1
        for group in range(state.interactions.shape[0]):
            state.groups[child_id, group] = state.groups[node_id, group] and state.interactions[group, node.feature]
    direction = state.monotone[node.feature]
    if direction != 0:
        between = 0.5 * (_value(left, 0, state) + _value(left + 1, 0, state))
        state.nodes[left if direction > 0 else left + 1].upper = between
        state.nodes[left + 1 if direction > 0 else left].lower = between


@kernel
def _value(node_id, k, state):
    """Value of output k if the node were a leaf, from the sums it was grown from."""
    totals, node = state.totals[node_id], state.nodes[node_id]
    g = gradient_of(totals, 0, k, state)
    h = hessian_of(totals, 0, k, state)
    return leaf_value(g, h, state.reg_lambda, state.reg_alpha, state.max_delta_step, node.lower, node.upper)


@kernel
def _may_split(node_id, state):
    node = state.nodes[node_id]
    if node.stop - node.start < 2 or node.depth == state.max_depth:
        return False
    counts_rows = state.weight.shape[0] == 0 or not state.whole
    if counts_rows and node.stop - node.start < 2 * state.min_samples_leaf:
        return False
    if state.counts and state.totals[node_id, state.n_outputs] < 2 * state.min_samples_leaf:
        return False
    if (state.totals[node_id, 0] & HALF) < 2 * state.count_units:
        return False
    return _total_hessian(state.totals[node_id], state) >= 2.0 * state.min_child_weight * state.n_outputs


@kernel
def _total_hessian(totals, state):
    total = 0.0
    for k in range(state.n_outputs):
        total += hessian_of(totals, 0, k, state)
    return total


# -- histograms and best splits of the children ----------------------------------------------------------------------


@kernel
def _assign_slots(left, big_wanted, state):
    """Memory for the children's histograms: the larger child inherits its parent's.  True if it has none to inherit."""
    nodes = state.nodes
    n_left, n_right = nodes[left].stop - nodes[left].start, nodes[left + 1].stop - nodes[left + 1].start
    state.small = left if n_left <= n_right else left + 1
    state.big = 2 * left + 1 - state.small if big_wanted else -1
    build_big = big_wanted and nodes[state.node_id].slot < 0
    if big_wanted and not build_big:
        nodes[state.big].slot = nodes[state.node_id].slot
        nodes[state.node_id].slot = -1
    else:
        _release(state.node_id, state)
    state.n_free -= 1
    nodes[state.small].slot = state.free_slots[state.n_free]
    if build_big:
        state.n_free -= 1
        nodes[state.big].slot = state.free_slots[state.n_free]
    return build_big


@kernel
def _release(node_id, state):
    if state.nodes[node_id].slot >= 0:
        state.free_slots[state.n_free] = state.nodes[node_id].slot
        state.nodes[node_id].slot = -1
        state.n_free += 1


@kernel
def _start_children(small, big, left, right, build_big, state):
    """Fill the histograms of `small` and (if >= 0) `big`, and find the best splits of `left` and `right` (if >= 0)."""
    state.small, state.big, state.build_big = small, big, build_big
    state.scan_left, state.scan_right = left, right
    for side in range(2):
        node_id = right if side else left
        if node_id >= 0:
            _allow_features(node_id, side, state)
    n_rows = state.nodes[small].stop - state.nodes[small].start
    tile = TILE_FEATURES << max(8 - state.shift, 0)
    if state.n_channels > 2:
        tile = max(1, tile // state.n_channels)
    n_tiles = max(1, (state.n_columns + tile - 1) // tile)
    state.n_blocks, state.is_shared = 1, n_rows * state.n_columns >= NODE_WORK
    if state.n_threads == 1 or not state.is_shared:
        state.n_tiles = 1 if n_rows < 4096 else n_tiles
    elif not build_big and _pays_for_lanes(small, n_rows, state):
        state.n_tiles, state.n_blocks = n_tiles, state.n_threads
        state.phase = ACCUMULATE
        return state.n_tiles * state.n_blocks
    else:
        state.n_tiles = min(state.n_columns, (n_tiles + state.n_threads - 1) // state.n_threads * state.n_threads)
    state.phase = CHILDREN
    return state.n_tiles


@kernel
def _pays_for_lanes(small, n_rows, state):
    """Is it quicker to add up a histogram of each lane than to have all threads read the rows of all lanes?"""
    longest, n_cells = _longest_lane(small, state), state.n_column_cells
    if not has_all_features(state):
        n_cells = n_cells * state.n_columns // state.columns_in_order.shape[0]
    is_large = n_rows >= LANES_PAY * n_cells >> 8
    return is_large and longest * state.n_threads <= BALANCED * n_rows


@kernel
def after_children(state):
    """Queue the children that have a split worth making."""
    if state.policy == SYMMETRIC:
        return start_level(state) if state.node_id < 0 else _next_split(state)
    unsure_rows = 0
    for side in range(2):
        node_id = state.scan_right if side else state.scan_left
        if node_id >= 0:
            _choose_split(node_id, side, state)
            if is_unsure(node_id, state):
                unsure_rows += state.nodes[node_id].stop - state.nodes[node_id].start
    if unsure_rows > 0:
        state.phase, state.is_shared = COUNT, True
        return 1 if state.n_threads == 1 or unsure_rows < NODE_WORK else 2
    for side in range(2):
        node_id = state.scan_right if side else state.scan_left
        if node_id >= 0 and state.nodes[node_id].feature >= 0:
            _describe_split(node_id, side, state)
            _queue(node_id, state)
        elif node_id >= 0:
            _release(node_id, state)
    for node_id in (state.small, state.big):
        # A histogram that nobody will subtract from; or no memory for two more: its children will be filled from
        # their rows.
        if node_id >= 0 and (state.n_free < 2 or (node_id != state.scan_left and node_id != state.scan_right)):
            _release(node_id, state)
    return _next_split(state)


@kernel
def _queue(node_id, state):
    """Queue a node: last in, first out (depth first); first in, first out (breadth first); or largest gain first."""
    key = float(node_id) if state.policy == DEPTH_FIRST else -float(node_id)
    if state.policy == BEST_FIRST:
        key = state.nodes[node_id].gain
    state.n_open = push_node(state.open_keys, state.open_nodes, state.n_open, key, node_id)


@kernel
def _choose_split(node_id, side, state):
    """Store the best of the features' best splits in the node; the first in `feature_order` wins a tie.  False if there
    is none."""
    best, best_feature = 0.0, -1
    seed = mixed_seed(mixed_seed(state.seed, CHOICE), node_id)
    for at in range(state.feature_order.shape[0]):
        feature = state.feature_order[at]
        gain = state.best_gain[side, feature]
        if state.allowed[side, feature] and state.best_position[side, feature] >= 0 and gain > state.gamma:
            if state.random_strength > 0.0:
                gain *= 1.0 - state.random_strength * random_uniform(seed, at)
            if gain > best:
                best, best_feature = gain, feature
    node = state.nodes[node_id]
    if best_feature < 0:
        node.feature, node.gain = -1, 0.0
        return False
    node.gain, node.feature = state.best_gain[side, best_feature], best_feature
    node.position, node.flags = state.best_position[side, best_feature], state.best_flags[side, best_feature]
    return True


@kernel
def _describe_split(node_id, side, state):
    """Fill in code, missing direction, categories and left sums of a child's split, while its histogram is there."""
    node, left = state.nodes[node_id], state.left_totals[node_id]
    n_codes, counted_side = state.n_codes[node.feature], side if node.flags & COUNTED else BY_SUMS
    cell = node.slot * state.n_cells + state.cells[node.feature] * state.n_channels
    node.is_categorical = state.is_categorical[node.feature]
    if node.is_categorical:
        scan_codes, ratio = np.empty(n_codes, np.int64), np.empty(n_codes, np.float64)
        n_present = category_order(state.histogram, cell, node.feature, counted_side, state, scan_codes, ratio)
        left_totals(state.histogram, cell, state.n_channels, scan_codes, node.position, node.flags, left)
    else:
        left_totals(state.histogram, cell, state.n_channels, state.codes_in_order, node.position, node.flags, left)
    heavier_left = 2.0 * _total_hessian(left, state) > _total_hessian(state.totals[node_id], state)
    if node.is_categorical:
        category_words(scan_codes, n_present, n_codes, node.position, node.flags, heavier_left, state.words[node_id])
        node.missing_left = (state.words[node_id, 0] & np.uint64(1)) != 0
    else:
        node.code = node.position + 1
        missing = has_missing(state.histogram, cell, node.feature, counted_side, state)
        node.missing_left = (node.flags & MISSING_LEFT) != 0 if missing else heavier_left


# -- symmetric trees: complete, one split per level; the children of node i are 2 i + 1 and 2 i + 2 ------------------


@kernel
def start_level(state):
    if state.level == state.max_depth:
        return _start_leaves(state)
    _allow_features((1 << state.level) - 1, 0, state)
    state.phase, state.is_shared = LEVEL_SCAN, True
    return state.n_active


@kernel
def after_level_scan(state):
    """Give all nodes of the level the split found for it, and start on the first."""
    first = (1 << state.level) - 1
    if not _choose_split(first, 0, state):
        return _start_leaves(state)
    _describe_level(first, 2 * first + 1, state)
    state.node_id = first - 1
    return _next_split(state)


@kernel
def _describe_level(first, last, state):
    """Copy the split of node `first` to all nodes of its level, and compute the sums of their left sides."""
    split = state.nodes[first]
    feature, position, flags, gain = split.feature, split.position, split.flags, split.gain
    is_categorical = state.is_categorical[feature]
    scan_codes = state.sorted_categories[feature] if is_categorical else state.codes_in_order
    offset = state.cells[feature] * state.n_channels
    weight_left, weight = 0.0, 0.0
    for node_id in range(first, last):
        left_totals(
            state.histogram, state.nodes[node_id].slot * state.n_cells + offset, state.n_channels, scan_codes, position,
            flags, state.left_totals[node_id],
        )  # fmt: skip
        weight_left += _total_hessian(state.left_totals[node_id], state)
        weight += _total_hessian(state.totals[node_id], state)
    missing_left = 2.0 * weight_left > weight
    if is_categorical:
        category_words(
            scan_codes,
            state.n_categories[feature],
            state.n_codes[feature],
            position,
            flags,
            missing_left,
            state.words[first],
        )
        missing_left = (state.words[first, 0] & np.uint64(1)) != 0
    elif level_has_missing(feature, state):
        missing_left = (flags & MISSING_LEFT) != 0
    for node_id in range(first, last):
        node = state.nodes[node_id]
        node.feature, node.position, node.flags, node.code = feature, position, flags, position + 1
        node.gain = gain if node_id == first else 0.0  # the level's gain counts once
        node.is_categorical, node.missing_left = is_categorical, missing_left
        for k in range(state.words.shape[1]):
            state.words[node_id, k] = state.words[first, k]


# -- leaves ----------------------------------------------------------------------------------------------------------


@kernel
def _start_leaves(state):
    """Values of all nodes from the sums they were grown from; the leaves' own follow from the float gradients."""
    n_leaves = 0
    for node_id in range(state.n_nodes):
        for k in range(state.n_outputs):
            state.values[node_id, k] = _value(node_id, k, state)
        state.cover[node_id] = _total_hessian(state.totals[node_id], state) / state.n_outputs
        if state.nodes[node_id].left < 0:
            state.leaves[n_leaves] = node_id
            n_leaves += 1
    state.phase, state.is_shared = LEAVES, True
    return state.n_threads


# -- which features a node may use -----------------------------------------------------------------------------------


@kernel
def _allow_features(node_id, side, state):
    allowed = state.allowed[side]
    n_allowed = _allow_all(allowed, state)
    if state.colsample_bylevel < 1.0:
        n_chosen = max(1, round(state.colsample_bylevel * n_allowed))
        n_allowed = _thin_out(
            allowed, n_allowed, n_chosen, mixed_seed(state.seed, 2 * state.nodes[node_id].depth), state
        )
    if state.interactions.shape[0] > 0:
        n_allowed = _obey_interactions(allowed, state.groups[node_id], state)
    if state.colsample_bynode < 1.0 and n_allowed > 0:
        n_chosen = max(1, round(state.colsample_bynode * n_allowed))
        _thin_out(allowed, n_allowed, n_chosen, mixed_seed(state.seed, 2 * node_id + 1), state)


@kernel
def _allow_all(allowed, state):
    """Allow the features of the tree that are in `feature_order`; returns how many there are."""
    allowed[:] = False
    for k in range(state.n_active):
        allowed[state.features[k]] = True
    n_allowed = 0
    for feature in state.feature_order:
        n_allowed += allowed[feature]
    return n_allowed


@kernel
def _thin_out(allowed, n_allowed, n_chosen, seed, state):
    """Keep n_chosen of the n_allowed features (Knuth, TAOCP 2, 3.4.2, algorithm S), in `feature_order`."""
    seen, kept = 0, 0
    for feature in state.feature_order:
        if allowed[feature]:
            keep = random_uniform(seed, seen) * (n_allowed - seen) < n_chosen - kept
            allowed[feature] = keep
            seen += 1
            kept += keep
    return kept


@kernel
def _obey_interactions(allowed, groups, state):
    n_allowed = 0
    for k in range(state.n_active):
        feature = state.features[k]
        together = False
        for group in range(state.interactions.shape[0]):
            together |= groups[group] and state.interactions[group, feature]
        allowed[feature] &= together
        n_allowed += allowed[feature]
    return n_allowed
