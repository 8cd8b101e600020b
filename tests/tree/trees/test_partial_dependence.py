import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.inspection import partial_dependence as dependence_by_scikit_learn

from skensemble import DecisionTreeRegressor
from skensemble.tree.trees import _partial_dependence
from skensemble.tree.trees._marks import NUMERIC
from skensemble.tree.trees._partial_dependence import partial_dependence
from tests.tree.random_trees import random_forest


def reference(trees, node, x, features):
    """The value below `node`, averaged over the ways that a row could go, one node after the other."""
    if trees.is_leaf[node]:
        return trees.values[node]
    left, right, feature = trees.left[node], trees.right[node], trees.feature[node]
    if feature in features:
        goes_left = way_left(trees, node, x[list(features).index(feature)])
        return reference(trees, left if goes_left else right, x, features)
    share = trees.cover[left] / trees.cover[node]
    return share * reference(trees, left, x, features) + (1 - share) * reference(trees, right, x, features)


def way_left(trees, node, value):
    if trees.category_start[node] == NUMERIC:
        return trees.missing_left[node] if np.isnan(value) else value <= trees.threshold[node]
    code = 0 if np.isnan(value) else int(value)
    start, count = trees.category_start[node], trees.category_count[node]
    words = [int(word) for word in trees.category_words[start : start + count]]
    return code < 64 * len(words) and words[code // 64] >> code % 64 & 1 == 1


@pytest.fixture
def trees():
    forest = random_forest(np.random.default_rng(2), 6, n_features=4, n_outputs=2, vector=True)
    cover = np.random.default_rng(3).uniform(1.0, 2.0, forest.n_nodes)
    for node in reversed(np.flatnonzero(~forest.is_leaf)):
        cover[node] = cover[forest.left[node]] + cover[forest.right[node]]
    return forest._replace(cover=cover)


@pytest.mark.parametrize("features", [(0,), (1, 2), (2, 0)])
@pytest.mark.parametrize("pairs", [1, 200, 10**6])
def test_equals_the_reference(trees, features, pairs, monkeypatch):
    monkeypatch.setattr(_partial_dependence, "PAIRS", pairs)
    grid = np.random.default_rng(4).choice([-2.0, -0.5, 0.0, 0.7, 3.0, np.nan], (17, len(features)))
    expected = [sum(reference(trees, root, x, features) for root in trees.roots) for x in grid]
    np.testing.assert_allclose(partial_dependence(trees, grid, np.array(features)), expected)


def test_categories_equal_the_reference(trees):
    assert (trees.feature[trees.category_start != NUMERIC] == 3).any()
    grid = np.array([[np.nan, 0.0], [1.0, 0.0], [2.0, -0.5], [5.0, np.nan], [63.0, 0.7], [64.0, 3.0], [900.0, 3.0]])
    expected = [sum(reference(trees, root, x, (3, 1)) for root in trees.roots) for x in grid]
    np.testing.assert_allclose(partial_dependence(trees, grid, np.array([3, 1])), expected)


@pytest.mark.parametrize("features", [[2], [2, 8]])
def test_is_what_scikit_learn_computes(features):
    X, y = load_diabetes(return_X_y=True)
    X = X.astype(np.float32)  # as scikit-learn makes the grid
    tree = DecisionTreeRegressor(max_depth=5).fit(X, y)
    arguments = {"method": "recursion", "grid_resolution": 10}
    ours = dependence_by_scikit_learn(tree, X, features, **arguments)
    theirs = dependence_by_scikit_learn(tree.to_sklearn(), X, features, **arguments)
    np.testing.assert_allclose(ours["average"], theirs["average"])
