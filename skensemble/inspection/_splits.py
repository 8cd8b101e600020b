"""Kinds of splits in a `tree_` besides thresholds: leaves, sets of categories, whether a value is missing."""

import math


def is_split(tree, node):
    """Whether a node of a `tree_` has children."""
    return tree.children_left[node] >= 0


def asks_whether_missing(tree, node):
    """Whether a split sends all numbers left and missing values right."""
    return tree.threshold[node] == math.inf and not tree.missing_go_to_left[node]


def category_set(tree, node):
    """Which categories a node of a `tree_` sends left, as (word, names): "in" or "not in" these; None: numeric split.

    The word is the one that leaves fewer names to list.
    """
    left_categories = getattr(tree, "left_categories", None)  # scikit-learn's own trees have none
    left = None if left_categories is None else left_categories(node)
    if left is None:
        return None
    goes_left = set(left.tolist())
    right = [category for category in tree.binner.categories_[tree.feature[node]].tolist() if category not in goes_left]
    word, listed = ("in", left.tolist()) if len(left) <= len(right) else ("not in", right)
    return word, [str(category) for category in listed]
