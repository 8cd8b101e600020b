"""Kernels of a symmetric tree whose rows stay where they are: what a block of them does in a sweep over all blocks."""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.histogram._growing import TILE_FEATURES
from skensemble.tree.histogram._growth_jobs import fine_units
from skensemble.tree.histogram._histogram import accumulate


@kernel
def rows_by_node(node_of_row, rows, start, stop, first_node, places, starts, sorted_rows):
    """Write the rows of some nodes, node by node, those of a node in their order.

    rows : those that grow the tree, of which rows[start:stop] are looked at; (0,) for start .. stop - 1 themselves
    places : (n,) where node first_node + k stands in line, or -1 for one that is not asked for
    starts : (n_places + 1,) where the rows of each place begin in `sorted_rows`, and where the last ones end
    """
    for place in range(starts.shape[0]):
        starts[place] = 0
    for i in range(start, stop):
        row = rows[i] if rows.shape[0] else i
        place = places[node_of_row[row] - first_node]
        if place >= 0:
            starts[place + 1] += 1
    for place in range(1, starts.shape[0]):
        starts[place] += starts[place - 1]
    ends = starts[:-1].copy()
    for i in range(start, stop):
        row = rows[i] if rows.shape[0] else i
        place = places[node_of_row[row] - first_node]
        if place >= 0:
            sorted_rows[ends[place]] = row
            ends[place] += 1


@kernel
def fill_nodes(
    starts, words_of_codes, usual_words, codes, sorted_rows, packed, histograms, n_cells, shift, n_channels, features,
    cells,
):  # fmt: skip
    """Add the rows of each place in line to its histogram."""
    n_features = features.shape[0]
    for first in range(0, n_features, TILE_FEATURES):
        for place in range(starts.shape[0] - 1):
            accumulate(
                words_of_codes, usual_words, codes, sorted_rows, packed, starts[place], starts[place + 1], histograms,
                place * n_cells, shift, n_channels, features, cells, first, min(first + TILE_FEATURES, n_features),
            )  # fmt: skip


@kernel
def descend(codes, node_of_row, start, stop, node, words):
    """Move the rows start .. stop - 1 of a level to their children.  node, words : the split of the level"""
    feature, code = node.feature, np.int64(node.code)
    if node.is_categorical:
        for row in range(start, stop):
            value = np.uint64(codes[row, feature])
            goes_left = (words[value >> np.uint64(6)] >> (value & np.uint64(63))) & np.uint64(1)
            node_of_row[row] = 2 * node_of_row[row] + 2 - np.int64(goes_left)
        return
    least = 0 if node.missing_left else 1
    for row in range(start, stop):
        value = np.int64(codes[row, feature])
        node_of_row[row] = 2 * node_of_row[row] + 2 - np.int64(least <= value and value <= code)


@kernel
def count_left(node_of_row, rows, start, stop, first_node, counts):
    """counts[k] += how many of the rows are in node first_node + 2 k, the left child of the k-th node of a level."""
    for i in range(start, stop):
        row = rows[i] if rows.shape[0] else i
        place = node_of_row[row] - first_node
        counts[place >> 1] += 1 - (place & 1)


@kernel
def leaf_sums(starts, sorted_rows, gradient, hessian, weight, whole, gradient_scale, hessian_scale, sums):
    """sums[j] += those of gradient and hessian of the rows of the j-th leaf, in fixed point."""
    for j in range(starts.shape[0] - 1):
        g, h = fine_units(
            sorted_rows, starts[j], starts[j + 1], gradient, hessian, weight, whole, gradient_scale, hessian_scale
        )
        sums[j, 0] += g
        sums[j, 1] += h
