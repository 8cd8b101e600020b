"""Kernels: rows walk down trees over ranks.

    rows of a node   [ a c f | b d e g ]    parted by the one question of the node, each side in its order

The rows of a block go down a tree together, as when trees are grown: a node is read once for all of its rows, and those
of a leaf get its value in one go.  Where few rows are left in a node, they walk on alone, many of them at a time.
"""

import numpy as np

from skensemble._jit import kernel

ROWS_TOGETHER = 128  # that walk alone at a time: while one waits for its node, the others go on
FEW_IN_NODE = 6  # rows that walk on alone
DENSE = 8  # rows of a block, for each row of a node, up to which cells are read by columns
LARGEST_RANK = NO_PLACE = (1 << 16) - 1
RANK_OF_MISSING = LARGEST_RANK - 1


@kernel
def count_splits(nodes, first, last, counts):
    """Number of splits among nodes first .. last - 1 that ask about each column."""
    for i in range(first, last):
        if nodes[i].child != i:
            counts[nodes[i].column] += 1


@kernel
def collect_thresholds(nodes, first, last, places, thresholds):
    """thresholds[k] of the splits, column after column;  places : where those of each column begin"""
    for i in range(first, last):
        if nodes[i].child != i:
            column = nodes[i].column
            thresholds[places[column]] = nodes[i].threshold
            places[column] += 1


@kernel
def hand_out_ranks(nodes, first, last, places, ranks, ranked):
    """The ranks of these thresholds, in the same order, become those of the nodes."""
    for i in range(first, last):
        if nodes[i].child != i:
            column = nodes[i].column
            ranked[i].rank = ranks[places[column]]
            places[column] += 1


@kernel
def copy_nodes(nodes, origin, values, ranked):
    """Nodes that have no ranks yet; a leaf has the place of its only value for its column, if that value is 1."""
    for i in range(len(nodes)):
        child, column = nodes[i].child, nodes[i].column
        if child == i:
            n_values, column = 0, NO_PLACE
            for k in range(values.shape[1]):
                value = values[np.uint32(origin[i]), k]
                n_values += value != 0.0
                column = k if value == 1.0 else column
            column = column if n_values == 1 else NO_PLACE
        ranked[i].child, ranked[i].rank, ranked[i].column = child, LARGEST_RANK, column


@kernel
def run_ranked_trees(columns, ranks, nodes, roots, origin, values, first_tree, last_tree, raw, leaves):
    """Add the trees to `raw`; or, if `leaves` has columns, only note there the leaf of each row in each tree.

    columns, ranks : the ranks of the rows by columns, and by rows
    """
    n_rows = len(ranks)
    rows, spare = np.empty(n_rows, np.uint32), np.empty(n_rows, np.uint32)
    waiting, starts, stops = np.empty(n_rows, np.uint32), np.empty(n_rows, np.uint32), np.empty(n_rows, np.uint32)
    alone, at = np.empty(ROWS_TOGETHER, np.uint32), np.empty(ROWS_TOGETHER, np.uint32)
    active, one = np.empty(ROWS_TOGETHER, np.uint32), np.uint64(1)
    for tree in range(first_tree, last_tree):
        for i in range(n_rows):
            rows[i] = i
        n_waiting, n_alone, root = 0, 0, roots[tree]
        here, start, stop = np.uint32(root), np.uint64(0), np.uint64(n_rows)
        while True:
            node = nodes[here]
            n_here = np.int64(stop - start)
            if np.uint32(node.child) == here:
                add_leaf(rows, start, stop, here, root, tree, nodes, origin, values, raw, leaves)
            elif n_here > FEW_IN_NODE:
                cut = part_rows(columns, ranks, node.column, node.rank, rows, spare, start, stop)
                if start < cut < stop:
                    waiting[n_waiting], starts[n_waiting], stops[n_waiting] = node.child + 1, cut, stop
                    n_waiting += 1
                here = np.uint32(node.child + (cut == start))
                stop = cut if cut > start else stop
                continue
            else:
                if n_alone + n_here > ROWS_TOGETHER:
                    walk_alone(ranks, nodes, at, alone, active, n_alone)
                    for i in range(np.uint64(n_alone)):
                        add_leaf(alone, i, i + one, at[i], root, tree, nodes, origin, values, raw, leaves)
                    n_alone = 0
                for i in range(start, stop):
                    alone[n_alone], at[n_alone] = rows[i], here
                    n_alone += 1
            if n_waiting == 0:
                break
            n_waiting -= 1
            here, start, stop = waiting[n_waiting], np.uint64(starts[n_waiting]), np.uint64(stops[n_waiting])
        walk_alone(ranks, nodes, at, alone, active, n_alone)
        for i in range(np.uint64(n_alone)):
            add_leaf(alone, i, i + one, at[i], root, tree, nodes, origin, values, raw, leaves)


@kernel
def part_rows(columns, ranks, column, limit, rows, spare, start, stop):
    """Sort rows[start:stop] by the answer of a node, those of its first child first; where the others begin."""
    n_first, n_second = start, np.uint64(0)
    if (stop - start) * np.uint64(DENSE) >= np.uint64(len(rows)):
        own = columns[column]
        for i in range(start, stop):
            row = rows[i]
            is_second = np.uint64(own[row] >= limit)
            rows[n_first] = row
            spare[n_second] = row
            n_second += is_second
            n_first += np.uint64(1) - is_second
    else:
        for i in range(start, stop):
            row = rows[i]
            is_second = np.uint64(ranks[row, column] >= limit)
            rows[n_first] = row
            spare[n_second] = row
            n_second += is_second
            n_first += np.uint64(1) - is_second
    for i in range(n_second):
        rows[n_first + i] = spare[i]
    return n_first


@kernel
def walk_alone(ranks, nodes, at, alone, active, n_active):
    """at[i] = leaf of row alone[i] below the node at[i], for the first `n_active` of them."""
    for k in range(n_active):
        active[k] = k
    while n_active > 0:
        n_moved = np.uint64(0)
        for k in range(np.uint64(n_active)):
            i = active[k]
            here = at[i]
            node = nodes[here]
            child = np.uint32(node.child)
            column = node.column if child != here else 0  # a leaf asks nothing, and its rank is above all others
            step = np.uint32(child + (ranks[alone[i], np.uint64(column)] >= node.rank))
            at[i] = step
            active[n_moved] = i
            n_moved += np.uint64(step != here)
        n_active = np.int64(n_moved)


@kernel
def add_leaf(rows, start, stop, here, root, tree, nodes, origin, values, raw, leaves):
    """What a leaf adds to some rows."""
    place, leaf = nodes[here].column, np.uint32(origin[here])
    if leaves.shape[1] > 0:
        for i in range(start, stop):
            leaves[rows[i], tree] = leaf - root
    elif place != NO_PLACE:
        for i in range(start, stop):
            raw[rows[i], place] += 1.0
    else:
        for i in range(start, stop):
            for k in range(raw.shape[1]):
                raw[rows[i], k] += values[leaf, k]
