"""Partial dependence of a sum of trees: its raw prediction averaged over all features but some, without predicting.

A row of a grid goes its way at splits on features of the grid. At any other split it goes both ways, so that each leaf
counts with a mass: the share of rows that would reach it, were the features of the grid not asked. The rows are those
of a table, and the average is the one that predictions of all their combinations with the grid have; or they are the
training rows, each split on its own, in proportion to their weights (Friedman 2001, section 8.2), and no data are
needed.
"""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.tree.trees._marks import NO_CHILD
from skensemble.tree.trees._partial_dependence_kernels import (
    Splits,
    add_averages,
    add_masses,
    find_asking,
    hand_down,
    sum_subtrees,
)
from skensemble.tree.trees._prediction import read_only

TREES_OF_A_BLOCK = 8
ROWS_OF_A_BLOCK = 256


def partial_dependence(additive, grid, features, mass, *, trees=None, n_threads=1):
    """(n_grid, n_outputs) sum of what trees add for each row of a grid, averaged over all other features.

    additive : AdditiveTrees; its baseline is left out
    grid : (n_grid, len(features)) float64, categories as their codes (see `Binner.encode`)
    features : (n,) which features these are
    mass : (n_nodes,) of leaves, from mass_of_rows or mass_of_training for the same features
    trees : (n,) int64, which trees count; None: all
    """
    nodes = additive.trees
    sums = np.zeros((len(grid), additive.n_outputs))
    if not nodes.n_trees:
        return sums
    splits = _splits(nodes, _place_of(features, nodes)[nodes.feature])
    scale = additive.scale[nodes.tree_of_node]
    values = nodes.values * np.where(nodes.is_leaf, scale * mass, 0.0)[:, None]
    sum_subtrees(splits, values)
    asks = _asking(splits)
    chosen = np.arange(nodes.n_trees) if trees is None else np.asarray(trees, np.int64)
    chosen, output, cells = read_only(chosen), read_only(nodes.output), read_only(grid)

    def add(start, stop):
        add_averages(splits, chosen, output, cells[start:stop], values, asks, sums[start:stop])

    for_blocks(add, len(cells), ROWS_OF_A_BLOCK, n_threads)
    return sums


def mass_of_rows(additive, cells, weight, features, n_threads=1):
    """(n_nodes,) of each leaf the share of rows that reach it, whatever they have in some features.

    cells : (n_rows, n_features) encoded rows
    weight : (n_rows,) float64
    """
    trees = additive.trees
    mass = np.zeros(trees.n_nodes)
    if trees.n_trees:
        column = np.where(_place_of(features, trees)[trees.feature] >= 0, -1, trees.feature)
        splits, cells = _splits(trees, column), read_only(cells)
        share, asks = read_only(weight / weight.sum()), _asking(splits)

        def add(first, last):
            add_masses(splits, asks, first, last, cells, share, mass)

        for_blocks(add, trees.n_trees, TREES_OF_A_BLOCK, n_threads)
        hand_down(splits, mass)
    return mass


def mass_of_training(additive, features):
    """(n_nodes,) of each node the product of the shares of the training rows that went its way at other features."""
    trees, weight = additive.trees, np.asarray(additive.node_weight, np.float64)
    is_free = _place_of(features, trees)[trees.feature] >= 0
    mass = np.zeros(trees.n_nodes)
    mass[trees.roots] = 1.0
    level = trees.roots[trees.left[trees.roots] != NO_CHILD]
    while len(level):
        left, right = trees.left[level], trees.right[level]
        total = weight[left] + weight[right]
        share = np.divide(weight[left], total, out=np.full(len(level), 0.5), where=total > 0)
        mass[left] = mass[level] * np.where(is_free[level], 1.0, share)
        mass[right] = mass[level] * np.where(is_free[level], 1.0, 1.0 - share)
        level = np.concatenate((left, right))
        level = level[trees.left[level] != NO_CHILD]
    return mass


def _place_of(features, trees):
    """(n,) int32: place of each feature among some, else -1; also of -1, the feature of a leaf."""
    place = np.full(max(trees.feature.max(initial=-1), np.max(features)) + 2, -1, np.int32)
    place[np.asarray(features)] = np.arange(len(features))
    return place


def _splits(trees, column):
    arrays = (
        column.astype(np.int32), trees.threshold, trees.left, trees.right, trees.missing_left, trees.category_start,
        trees.category_count, trees.category_words, trees.roots, trees.depth,
    )  # fmt: skip
    return Splits(*map(read_only, arrays))


def _asking(splits):
    asks = np.empty(len(splits.column), bool)
    find_asking(splits, asks)
    return asks
