import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.inspection import partial_dependence as dependence_by_scikit_learn

from skensemble import DecisionTreeRegressor
from skensemble.tree.trees._additive_trees import AdditiveTrees
from skensemble.tree.trees._marks import NUMERIC
from skensemble.tree.trees._partial_dependence import mass_of_rows, mass_of_training, partial_dependence
from skensemble.tree.trees._prediction import predict_raw
from skensemble.tree.trees._tree_arrays import empty_trees
from tests.tree.random_trees import random_forest, random_rows


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
def additive():
    forest = random_forest(np.random.default_rng(2), 6, n_features=4, n_outputs=2, vector=True)
    weight = np.random.default_rng(3).uniform(1.0, 2.0, forest.n_nodes)
    for node in reversed(np.flatnonzero(~forest.is_leaf)):
        weight[node] = weight[forest.left[node]] + weight[forest.right[node]]
    return AdditiveTrees(forest._replace(cover=weight), None, np.zeros(2), divisor=2.0, node_weight=weight)


@pytest.mark.parametrize("features", [(0,), (1, 2), (2, 0)])
def test_training_masses_equal_the_reference(additive, features):
    trees = additive.trees
    grid = np.random.default_rng(4).choice([-2.0, -0.5, 0.0, 0.7, 3.0, np.nan], (17, len(features)))
    expected = [sum(reference(trees, root, x, features) for root in trees.roots) / 2 for x in grid]
    found = partial_dependence(additive, grid, np.array(features), mass_of_training(additive, features))
    np.testing.assert_allclose(found, expected)


def test_categories_equal_the_reference(additive):
    trees = additive.trees
    assert (trees.feature[trees.category_start != NUMERIC] == 3).any()
    grid = np.array([[np.nan, 0.0], [1.0, 0.0], [2.0, -0.5], [5.0, np.nan], [63.0, 0.7], [64.0, 3.0], [900.0, 3.0]])
    expected = [sum(reference(trees, root, x, (3, 1)) for root in trees.roots) / 2 for x in grid]
    found = partial_dependence(additive, grid, np.array([3, 1]), mass_of_training(additive, [3, 1]))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("features", [(0,), (3, 1), (2, 0, 3), (0, 1, 2, 3)])
def test_masses_of_rows_give_the_mean_of_predictions(additive, features):
    """All combinations of a grid with the rows, predicted one by one."""
    rng = np.random.default_rng(5)
    rows, grid = random_rows(rng, 40, 4), random_rows(rng, 11, 4)[:, features]
    weight = rng.integers(0, 3, 40).astype(float)
    expected = []
    for x in grid:
        changed = rows.copy()
        changed[:, features] = x
        expected.append(np.average(_predictions(additive, changed), axis=0, weights=weight))
    mass = mass_of_rows(additive, rows, weight, features)
    np.testing.assert_allclose(partial_dependence(additive, grid, features, mass), expected)
    np.testing.assert_array_equal(mass_of_rows(additive, rows, weight, features, n_threads=2), mass)


def _predictions(additive, rows):
    return predict_raw(additive.layout, lambda start, stop: rows[start:stop], len(rows), np.zeros(2), 1) / 2


def test_some_trees_and_any_number_of_threads(additive):
    rows = random_rows(np.random.default_rng(6), 600, 4)
    mass = mass_of_rows(additive, rows, np.ones(600), [1])
    whole = partial_dependence(additive, rows[:, [1]], [1], mass)
    np.testing.assert_array_equal(partial_dependence(additive, rows[:, [1]], [1], mass, n_threads=3), whole)
    parts = [partial_dependence(additive, rows[:, [1]], [1], mass, trees=trees) for trees in ([0, 2, 5], [1, 3, 4])]
    np.testing.assert_allclose(sum(parts), whole)


def test_no_trees_add_nothing():
    additive = AdditiveTrees(empty_trees(), None, np.zeros(1))
    for mass in (mass_of_training(additive, [0]), mass_of_rows(additive, np.zeros((3, 1)), np.ones(3), [0])):
        assert partial_dependence(additive, np.zeros((2, 1)), [0], mass).tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("features", [[2], [2, 8]])
def test_is_what_scikit_learn_computes(features):
    X, y = load_diabetes(return_X_y=True)
    X = X.astype(np.float32)  # as scikit-learn makes the grid
    tree = DecisionTreeRegressor(max_depth=5).fit(X, y)
    arguments = {"method": "recursion", "grid_resolution": 10}
    ours = dependence_by_scikit_learn(tree, X, features, **arguments)
    theirs = dependence_by_scikit_learn(tree.to_sklearn(), X, features, **arguments)
    np.testing.assert_allclose(ours["average"], theirs["average"])
