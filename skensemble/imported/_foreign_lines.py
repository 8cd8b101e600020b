"""Lines of leaves of foreign trees become LeafSlopes."""

import numpy as np

from skensemble.tree.trees._leaf_slopes import LeafSlopes
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC


def line_through(value, constant, features, slopes):
    """(features, means, slopes) of a leaf that adds  constant + sum of slope * x,  and `value` where an x is missing.

    Ours adds  value + sum of slope * (x - mean).  A foreign model holds no means: these are the smallest numbers with
    which both are the same, and say nothing about the rows of the leaf.
    """
    square = float(slopes @ slopes)
    if not (np.isfinite(square) and square > 0 and np.isfinite(constant)):
        raise ValueError("lines of leaves must have finite constants and slopes other than 0")
    return features, slopes * ((value - constant) / square), slopes


def slopes_of(lines, trees, order):
    """LeafSlopes of TreeArrays; a ValueError says what is wrong with the lines.

    lines : {number of a leaf: (features, means, slopes)}
    order : (n_nodes,) foreign number of each node
    """
    none = np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    of_nodes = [lines.get(number, none) for number in order.tolist()]
    sizes = [len(line[0]) for line in of_nodes]
    feature, mean, slope = (np.concatenate([line[k] for line in of_nodes]) for k in range(3))
    check_on_path(trees, np.repeat(np.arange(len(order)), sizes), feature)
    start = np.concatenate(([0], np.cumsum(sizes)))
    return LeafSlopes(start, feature.astype(np.int32), mean[:, None], slope[:, None], np.full(len(order), np.inf))


def check_on_path(trees, leaf, feature):
    """Each entry of a line must be in a leaf, and of a number that is asked for on the way to it.

    Explanations rely on it.  leaf, feature : (n_entries,)
    """
    splits = np.flatnonzero(trees.left != NO_CHILD)
    parent = np.full(trees.n_nodes, NO_CHILD)
    parent[trees.left[splits]] = parent[trees.right[splits]] = splits
    is_asked, node = np.zeros(len(leaf), bool), parent[leaf]
    while (node != NO_CHILD).any():
        is_asked |= (node != NO_CHILD) & (trees.feature[node] == feature) & (trees.category_start[node] == NUMERIC)
        node = np.where(node == NO_CHILD, NO_CHILD, parent[node])
    if not (is_asked & (trees.left[leaf] == NO_CHILD)).all():
        raise ValueError("features of a line must be of numbers, and on the path to its leaf")
