"""What the leaves of a monotone forest hold: distributions that rise from leaf to leaf, as their means do.

A split on a monotone feature orders the means of the leaves on its two sides, but not their quantiles.  Where some leaf
on the lower side has a higher quantile than some leaf on the other, both are clipped to the middle of the two, level by
level of the quantiles (as Potharst and Feelders 2002 repair trees of classes).  Then each tree is monotone at each
level, and so is the mean of their distributions.
"""

import numpy as np

N_LEVELS = 64  # equal shares that a distribution is cut into


def ordered_values(tree, directions, leaf, weight, y):
    """(n_nodes, N_LEVELS) quantiles of the target in each leaf of one tree, ordered along the monotone features.

    directions : (n_features,) of -1, 0, 1;  leaf : (n_samples,) leaf of each row
    weight : (n_samples,) with which the rows grew the tree;  y : (n_samples,)
    """
    quantiles = _quantiles(tree, leaf, weight, y)
    levels = _nodes_by_depth(tree)
    highest, lowest = quantiles.copy(), quantiles.copy()
    for nodes in reversed(levels):
        left, right = tree.left[nodes], tree.right[nodes]
        highest[nodes] = np.maximum(highest[left], highest[right])
        lowest[nodes] = np.minimum(lowest[left], lowest[right])
    lower, upper = np.full_like(quantiles, -np.inf), np.full_like(quantiles, np.inf)
    for nodes in levels:
        for child in (tree.left[nodes], tree.right[nodes]):
            lower[child], upper[child] = lower[nodes], upper[nodes]
        for direction in (-1, 1):
            split = nodes[directions[tree.feature[nodes]] == direction]
            below, above = (tree.left[split], tree.right[split])[::direction]
            ends = (np.clip(of_side, lower[split], upper[split]) for of_side in (highest[below], lowest[above]))
            upper[below] = lower[above] = 0.5 * sum(ends)
    return np.clip(quantiles, lower, upper)


def _quantiles(tree, leaf, weight, y):
    """(n_nodes, N_LEVELS) inverted distribution of each leaf at the middle of each of equal shares; zeros elsewhere."""
    rows = np.flatnonzero(weight)
    rows = rows[np.lexsort((y[rows], leaf[rows]))]
    nodes, first = np.unique(leaf[rows], return_index=True)
    place = np.repeat(np.arange(len(nodes)), np.diff(np.append(first, len(rows))))
    total = np.cumsum(weight[rows])
    before = np.append(0.0, total)[first]
    share = (total - before[place]) / np.diff(np.append(before, total[-1]))[place]
    middles = (np.arange(N_LEVELS) + 0.5) / N_LEVELS
    found = np.searchsorted(place + np.minimum(share, 1.0), np.arange(len(nodes))[:, None] + middles)
    quantiles = np.zeros((len(tree.feature), N_LEVELS))
    quantiles[nodes] = y[rows[np.minimum(found, len(rows) - 1)]]
    return quantiles


def _nodes_by_depth(tree):
    """List of arrays: the nodes that are split, level by level."""
    levels, nodes = [], np.zeros(1, np.int64)
    while len(nodes := nodes[tree.left[nodes] >= 0]):
        levels.append(nodes)
        nodes = np.concatenate((tree.left[nodes], tree.right[nodes]))
    return levels
