"""Kernels: rows walk down trees over ranks."""

import numpy as np

from skensemble._jit import kernel

ROWS_TOGETHER = 128  # that walk down a tree at a time: while one waits for its node, the others go on
LARGEST_RANK = NO_PLACE = (1 << 16) - 1


@kernel
def note_only_places(child, origin, values, place):
    """place[leaf] = that of the only value of the leaf, if this is 1, else NO_PLACE; child[leaf] is the leaf itself."""
    for i in range(len(child)):
        if child[i] == i:
            n_values, only = 0, NO_PLACE
            for k in range(values.shape[1]):
                value = values[np.uint32(origin[i]), k]
                n_values += value != 0.0
                only = k if value == 1.0 else only
            place[i] = only if n_values == 1 else NO_PLACE


@kernel
def walk_trees(ranks, nodes, roots, at, active, tree, first_row, last_row):
    """at[i] = leaf of row first_row + i in a tree."""
    n_active = last_row - first_row
    for i in range(np.uint64(n_active)):
        at[i] = roots[tree]
        active[i] = i
    while n_active > 0:
        n_moved = np.uint64(0)
        for k in range(np.uint64(n_active)):
            i = np.uint64(active[k])
            here = at[i]
            node = nodes[np.uint64(here)]
            column = node.column if node.child != here else 0  # a leaf asks nothing, and its rank is the largest
            rank = ranks[np.uint64(first_row) + i, np.uint64(column)]
            step = node.child + (rank > node.rank)
            at[i] = step
            active[n_moved] = i
            n_moved += np.uint64(step != here)
        n_active = n_moved


@kernel
def run_ranked_trees(ranks, nodes, roots, origin, values, first_tree, last_tree, raw, leaves):
    """Add the trees to `raw`; or, if `leaves` has columns, only note there the leaf of each row in each tree."""
    at, active = np.empty(ROWS_TOGETHER, np.int32), np.empty(ROWS_TOGETHER, np.uint32)
    n_rows = len(ranks)
    for tree in range(first_tree, last_tree):
        for first in range(0, n_rows, ROWS_TOGETHER):
            last = min(first + ROWS_TOGETHER, n_rows)
            walk_trees(ranks, nodes, roots, at, active, tree, first, last)
            for i in range(last - first):
                place = nodes[np.uint32(at[i])].column
                if leaves.shape[1] > 0:
                    leaves[first + i, tree] = origin[np.uint32(at[i])] - roots[tree]
                elif place != NO_PLACE:
                    raw[first + i, np.uint64(place)] += 1.0
                else:
                    leaf = np.uint32(origin[np.uint32(at[i])])
                    for k in range(raw.shape[1]):
                        raw[first + i, k] += values[leaf, k]
