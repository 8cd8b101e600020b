"""Trees as the kernels of explanations read them: one output at a time, with the shares of rows that go left."""

from typing import NamedTuple

import numpy as np

from skensemble.explanation._walk_kernels import MAX_POINTS, measure_trees
from skensemble.tree.trees._marks import ALL_OUTPUTS
from skensemble.tree.trees._prediction import read_only


class WalkedTrees(NamedTuple):
    """Nodes and trees of an AdditiveTrees, with what they add to one output."""

    feature: np.ndarray  # (n_nodes,) int32: place among the used features; -1 at a leaf
    threshold: np.ndarray  # (n_nodes,)
    left: np.ndarray  # (n_nodes,) -1 at a leaf
    right: np.ndarray  # (n_nodes,)
    missing_left: np.ndarray  # (n_nodes,)
    category_start: np.ndarray  # (n_nodes,) -1: numeric
    category_count: np.ndarray  # (n_nodes,)
    category_words: np.ndarray  # (n_words,)
    share: np.ndarray  # (n_nodes,) of the weight of a node's rows that went left
    value: np.ndarray  # (n_nodes,) what a leaf adds to the output
    roots: np.ndarray  # (n_trees,)
    depth: np.ndarray  # (n_trees,)
    symmetric: np.ndarray  # (n_trees,)
    n_points: np.ndarray  # (n_trees,) int64: of the quadrature
    asked_below: np.ndarray  # (n_nodes,) bool: whether splits below are on the same feature
    line_start: np.ndarray  # (n_nodes + 1,) slopes of leaf v are line_start[v] : line_start[v + 1]; see LeafSlopes
    line_feature: np.ndarray  # (n_entries,) int32: place among the used features
    line_mean: np.ndarray  # (n_entries,)
    line_slope: np.ndarray  # (n_entries,)
    line_limit: np.ndarray  # (n_nodes,) or empty where no leaf has slopes


class OutputTrees(NamedTuple):
    """What the kernels need for one output.

    trees : WalkedTrees
    chosen : (n_chosen,) int64, the trees that add to the output
    base : float, raw prediction of a row of which nothing is known
    width : (n_trees,) int64, the most distinct features on a path of each tree
    distinct : (n_nodes,) int64, distinct features on the path to a leaf
    """

    trees: WalkedTrees
    chosen: np.ndarray
    base: float
    width: np.ndarray
    distinct: np.ndarray


def used_features(additive):
    """(n_used,) ascending features that the trees ask for."""
    feature = additive.trees.feature
    return np.unique(feature[feature >= 0])


def trees_of_outputs(additive, features):
    """Yield OutputTrees of one output after the other.

    features : see used_features
    """
    trees = additive.trees
    place = np.zeros(max(features.max(initial=-1), 0) + 2, np.int32)
    place[features] = np.arange(len(features))
    place[-1] = -1
    feature, share = place[trees.feature], left_shares(additive)
    scale = additive.scale[trees.tree_of_node]
    for k in range(additive.n_outputs):
        chosen = np.flatnonzero((trees.output == k) | (trees.output == ALL_OUTPUTS))
        value = np.ascontiguousarray(trees.values[:, k if trees.n_values > 1 else 0]) * scale
        mean, width = np.empty(trees.n_nodes), np.empty(trees.n_trees, np.int64)
        distinct, asked_below = np.zeros(trees.n_nodes, np.int64), np.zeros(trees.n_nodes, np.bool_)
        measure_trees(
            feature, trees.left, trees.right, share, value, trees.roots, max(len(features), 1), mean, width, distinct,
            asked_below,
        )  # fmt: skip
        n_points = np.clip(-(-width // 2), 1, MAX_POINTS)
        base = additive.baseline[k]
        for start in mean[trees.roots[chosen]].tolist():
            base += start
        arrays = WalkedTrees(
            feature, trees.threshold, trees.left, trees.right, trees.missing_left, trees.category_start,
            trees.category_count, trees.category_words, share, value, trees.roots, trees.depth, trees.symmetric,
            n_points, asked_below, *_lines(additive.slopes, trees, place, k),
        )  # fmt: skip
        yield OutputTrees(WalkedTrees(*map(read_only, arrays)), chosen, base, width, distinct)


def _lines(slopes, trees, place, output):
    """(start, feature, mean, slope, limit) of the leaves, for one output."""
    if slopes is None:
        none = np.empty(0)
        return np.zeros(trees.n_nodes + 1, np.int64), np.empty(0, np.int32), none, none, none
    column = output if trees.n_values > 1 else 0
    return slopes.start, place[slopes.feature], slopes.mean[:, column], slopes.slope[:, column], slopes.limit


def left_shares(additive):
    """(n_nodes,) share of the weight of each node's rows that went left; 1/2 where there is no weight, 0 at a leaf."""
    trees, weight = additive.trees, np.asarray(additive.node_weight, np.float64)
    splits = np.flatnonzero(~trees.is_leaf)
    left, right = weight[trees.left[splits]], weight[trees.right[splits]]
    share = np.zeros(trees.n_nodes)
    total = left + right
    share[splits] = np.divide(left, total, out=np.full(len(splits), 0.5), where=total > 0)
    return share
