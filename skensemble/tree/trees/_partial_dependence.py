"""Partial dependence by weighted traversal (Friedman 2001, section 8.2): one pass over the trees, and no data.

A row of the grid goes its way at splits on a feature of the grid.  At any other split it goes both ways, in proportion
to the weights of the training rows that did.
"""

import numpy as np

from skensemble.tree.trees._marks import NO_CHILD, NUMERIC

PAIRS = 1_000_000  # maximum number of (grid row, node) pairs in memory


def partial_dependence(trees, grid, features):
    """(n_grid, n_values) sum over the trees of their values at each row of a grid, averaged over all other features.

    grid : (n_grid, n_features of the grid) float64, categories as their codes (see `Binner.encode_grid`)
    features : (n_features of the grid,) which features these are
    """
    column_of = np.full(max(trees.feature.max(), *features) + 2, -1)
    column_of[features] = np.arange(len(features))
    column = column_of[trees.feature]  # of a leaf: -1, from the last place
    n_rows = max(1, PAIRS // max(1, int(trees.is_leaf.sum())))
    parts = [_averages(trees, grid[start : start + n_rows], column) for start in range(0, len(grid), n_rows)]
    return np.concatenate(parts)


def _averages(trees, grid, column):
    """Send all grid rows down level by level: row[i] is at node[i] with weight share[i]."""
    row = np.tile(np.arange(len(grid)), trees.n_trees)
    node = np.repeat(trees.roots, len(grid))
    share = np.ones(len(row))
    averages = np.zeros((len(grid), trees.n_values))
    while len(row):
        at_leaf = trees.left[node] == NO_CHILD
        np.add.at(averages, row[at_leaf], share[at_leaf, None] * trees.values[node[at_leaf]])
        row, node, share = row[~at_leaf], node[~at_leaf], share[~at_leaf]
        row, node, share = _step(trees, grid, column, row, node, share)
    return averages


def _step(trees, grid, column, row, node, share):
    left, right, own = trees.left[node], trees.right[node], column[node] >= 0
    x = grid[row, column[node]]  # only used where the feature is of the grid
    chosen = np.where(_goes_left(trees, node, x), left, right)[own]
    both = ~own
    left_share = share[both] * trees.cover[left[both]] / trees.cover[node[both]]
    return (
        np.concatenate((row[own], row[both], row[both])),
        np.concatenate((chosen, left[both], right[both])),
        np.concatenate((share[own], left_share, share[both] - left_share)),
    )


def _goes_left(trees, node, x):
    """Whether a number lies below the node's threshold, or a category is in the node's set, where code 0 is missing."""
    by_number = np.where(np.isnan(x), trees.missing_left[node], x <= trees.threshold[node])
    if not len(trees.category_words):
        return by_number
    code = np.where(np.isnan(x), 0, x).astype(np.int64)
    start, count = trees.category_start[node], trees.category_count[node]
    is_covered = (start != NUMERIC) & (code >= 0) & (code >> 6 < count)
    words = trees.category_words[np.where(is_covered, start + (code >> 6), 0)]
    is_in_set = (words >> (code & 63).astype(np.uint64)) & np.uint64(1) == 1
    return np.where(start == NUMERIC, by_number, is_covered & is_in_set)
