"""Colours tell classes apart, and grow stronger with what they stand for."""

import numpy as np
from sklearn.datasets import load_diabetes, load_iris

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor
from skensemble.inspection._node_color import NodeColor


def _channels(color):
    return np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)])


def test_pure_nodes_have_the_colour_of_their_class_and_ties_are_white():
    X, y = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    color = NodeColor(tree)
    leaves = np.flatnonzero(tree.tree_.children_left < 0)
    of_class = {}
    for leaf in leaves:
        of_class.setdefault(tree.tree_.value[leaf, 0].argmax(), set()).add(color.of(leaf))
    assert all(len(colors) == 1 for colors in of_class.values())
    assert len(set.union(*of_class.values())) == 3
    assert color.of(0) == "#ffffff"  # fifty of each class


def test_larger_values_are_darker():
    X, y = load_diabetes(return_X_y=True)
    tree = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, y)
    color = NodeColor(tree)
    by_value = np.argsort(tree.tree_.value[:, 0, 0])
    brightness = [_channels(color.of(node)).sum() for node in by_value]
    assert brightness == sorted(brightness, reverse=True)
    assert color.of(by_value[0]) == "#ffffff"
