import numpy as np
import pytest

from skensemble.tree.trees import _rank_walk
from skensemble.tree.trees._prediction import MANY_ROWS, apply_trees, compile_trees, predict_raw
from skensemble.tree.trees._rank_walk_kernels import NO_PLACE
from skensemble.tree.trees._tree_arrays import concatenate, single_tree
from tests import reference
from tests.tree.random_trees import GRID, random_rows, random_tree

N_ROWS = MANY_ROWS + 77
N_LEAVES = 600  # deep enough to be walked over ranks


def deep_forest(rng, n_values, n_features=4):
    trees = [random_tree(rng, N_LEAVES, n_features, -1, n_values, n_categorical=0) for _ in range(3)]
    return concatenate(trees)


def encoder(X):
    return lambda start, stop: X[start:stop]


@pytest.mark.parametrize("n_values", [1, 3])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ranks_lead_to_the_same_leaves(n_values, n_threads):
    rng = np.random.default_rng(n_values)
    for _ in range(3):
        trees = deep_forest(rng, n_values)
        X = random_rows(rng, N_ROWS, 4, n_categorical=0)
        layout = compile_trees(trees)
        assert layout.ranks() is not None
        raw = predict_raw(layout, encoder(X), N_ROWS, np.zeros(n_values), n_threads)
        np.testing.assert_array_equal(raw, reference.raw_prediction(trees, X, np.zeros(n_values)))
        leaves = apply_trees(layout, encoder(X), N_ROWS, n_threads)
        few = MANY_ROWS - 1  # too few rows for ranks
        np.testing.assert_array_equal(leaves[:few], apply_trees(layout, encoder(X[:few]), few))


def test_leaves_of_one_class_are_counted_without_their_values():
    rng = np.random.default_rng(0)
    trees = deep_forest(rng, 3)
    values = np.where(rng.random((trees.n_nodes, 1)) < 0.8, np.eye(3)[rng.integers(0, 3, trees.n_nodes)], trees.values)
    trees = trees._replace(values=values)
    X = random_rows(rng, N_ROWS, 4, n_categorical=0)
    layout = compile_trees(trees)
    places = layout.ranks().nodes["column"][layout.nodes["child"] == np.arange(trees.n_nodes)]
    assert 0 < np.count_nonzero(places == NO_PLACE) < len(places)
    raw = predict_raw(layout, encoder(X), N_ROWS, np.zeros(3))
    np.testing.assert_array_equal(raw, reference.raw_prediction(trees, X, np.zeros(3)))


def chain(thresholds):
    """A tree that asks about one column over and over, along its right children."""
    n = len(thresholds)
    feature, threshold = np.full(2 * n + 1, -1), np.full(2 * n + 1, np.nan)
    left, right = np.full(2 * n + 1, -1), np.full(2 * n + 1, -1)
    splits = 2 * np.arange(n)
    feature[splits], threshold[splits], left[splits], right[splits] = 0, thresholds, splits + 1, splits + 2
    nothing = np.zeros(2 * n + 1)
    return single_tree(
        feature=feature, threshold=threshold, left=left, right=right, missing_left=nothing, cover=nothing,
        count=np.ones(2 * n + 1), gain=nothing, values=np.arange(2.0 * n + 1),
    )  # fmt: skip


def test_infinite_thresholds_and_values():
    tree = chain([-np.inf, *np.linspace(-1, 1, 60), 1e300, np.inf])
    X = np.resize([*GRID, np.nan, 1e300, 2e300, -5.0, 0.3], (N_ROWS, 1))
    layout = compile_trees(tree)
    assert layout.ranks() is not None
    raw = predict_raw(layout, encoder(X), N_ROWS, np.zeros(1))
    np.testing.assert_array_equal(raw, reference.raw_prediction(tree, X, np.zeros(1)))


def test_too_many_thresholds_have_no_ranks(monkeypatch):
    tree = chain(np.linspace(-1, 1, 60))
    X = np.random.default_rng(0).normal(size=(N_ROWS, 1))
    expected = predict_raw(compile_trees(tree), encoder(X), N_ROWS, np.zeros(1))
    monkeypatch.setattr(_rank_walk, "MOST_THRESHOLDS", 59)
    layout = compile_trees(tree)
    assert layout.ranks() is None
    np.testing.assert_array_equal(predict_raw(layout, encoder(X), N_ROWS, np.zeros(1)), expected)


def test_groups_of_trees_have_ranks_of_their_own(monkeypatch):
    trees = concatenate([chain(np.linspace(k, k + 1, 60)) for k in range(3)])
    X = np.random.default_rng(4).uniform(-1, 4, size=(N_ROWS, 1))
    whole = compile_trees(trees)
    assert len(whole.ranks().groups) == 1
    monkeypatch.setattr(_rank_walk, "MOST_THRESHOLDS", 130)
    layout = compile_trees(trees)
    bounds = [(group.first_tree, group.last_tree) for group in layout.ranks().groups]
    assert len(bounds) > 1
    assert [bounds[0][0], bounds[-1][1]] == [0, 3]
    assert [last for _, last in bounds[:-1]] == [first for first, _ in bounds[1:]]
    for n_trees in (1, 3):
        found = predict_raw(layout, encoder(X), N_ROWS, np.zeros(1), n_trees=n_trees)
        np.testing.assert_array_equal(found, predict_raw(whole, encoder(X), N_ROWS, np.zeros(1), n_trees=n_trees))
    np.testing.assert_array_equal(apply_trees(layout, encoder(X), N_ROWS), apply_trees(whole, encoder(X), N_ROWS))


def test_categories_have_no_ranks():
    tree = random_tree(np.random.default_rng(0), N_LEAVES, 4, -1, 1, n_categorical=2)
    assert compile_trees(tree).ranks() is None
