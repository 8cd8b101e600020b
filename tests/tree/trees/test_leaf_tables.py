import numpy as np
import pytest

from skensemble.tree.trees import _leaf_tables
from skensemble.tree.trees._prediction import FEW_ROWS, apply_trees, compile_trees, predict_raw, staged_raw
from skensemble.tree.trees._tree_arrays import concatenate
from tests import reference
from tests.tree.random_trees import random_forest, random_rows, random_tree, symmetric_tree


def encoder(X):
    return lambda start, stop: X[start:stop]


def symmetric_trees(rng, depths, n_features=6, outputs=(0,), n_values=1):
    pairs = zip(depths, np.resize(outputs, len(depths)).tolist())
    return concatenate([symmetric_tree(rng, depth, n_features, output, n_values) for depth, output in pairs])


@pytest.mark.parametrize(("outputs", "n_values"), [((0,), 1), ((0, 0, 0, 0, 1), 1), ((-1,), 3)])
def test_tables_lead_to_the_same_sums(outputs, n_values):
    """Bit for bit: of trees of one output, of several, of all at once; with categories, and of any number of trees."""
    rng = np.random.default_rng(n_values)
    trees = symmetric_trees(rng, [6, 0, 1, 8, 3, 5, 5, 2, 4, 6, 7], outputs=outputs, n_values=n_values)
    n_outputs = 3 if n_values == 3 else max(outputs) + 1
    baseline = rng.normal(size=n_outputs)
    layout, X = compile_trees(trees), random_rows(rng, 300, 6)
    assert layout.leaf_tables is not None
    for n_rows in (FEW_ROWS + 1, 128, 300):
        expected = reference.raw_prediction(trees, X[:n_rows], baseline)
        np.testing.assert_array_equal(predict_raw(layout, encoder(X), n_rows, baseline, 2), expected)
    stages = [1, 4, 5, 11]
    for n_trees, staged in zip(stages, staged_raw(layout, encoder(X), 300, baseline, stages)):
        np.testing.assert_array_equal(predict_raw(layout, encoder(X), 300, baseline, n_trees=n_trees), staged)


@pytest.mark.parametrize(("n_outputs", "vector"), [(1, False), (2, False), (3, True)])
@pytest.mark.parametrize("max_leaves", [5, 256])
def test_trees_of_any_shape_lead_to_the_same_sums(n_outputs, vector, max_leaves):
    """Bit for bit: lopsided and symmetric ones, with categories between numbers, and nodes in any order."""
    rng = np.random.default_rng(n_outputs)
    trees = random_forest(rng, 23, 6, n_outputs, vector, n_categorical=2, max_leaves=max_leaves)
    layout, X, baseline = compile_trees(trees), random_rows(rng, 300, 6, n_categorical=2), rng.normal(size=n_outputs)
    assert layout.leaf_tables is not None
    assert 0 < layout.symmetric.sum() < 23
    for n_rows in (FEW_ROWS + 1, 128, 300):
        expected = reference.raw_prediction(trees, X[:n_rows], baseline)
        np.testing.assert_array_equal(predict_raw(layout, encoder(X), n_rows, baseline, 2), expected)
    stages = [1, 4, 5, 23]
    for n_trees, staged in zip(stages, staged_raw(layout, encoder(X), 300, baseline, stages)):
        np.testing.assert_array_equal(predict_raw(layout, encoder(X), 300, baseline, n_trees=n_trees), staged)


def test_each_leaf_of_the_largest_tree_is_found():
    """A chain of 255 leaves: each row walks through all nodes before its own."""
    thresholds = np.arange(254.0)
    chain = random_tree(np.random.default_rng(0), 255, 1, 0, n_categorical=0)
    inner = np.arange(chain.n_nodes) % 2 == 0
    inner[-1] = False
    number = np.arange(chain.n_nodes)
    chain = chain._replace(
        left=np.where(inner, number + 1, -1).astype(chain.left.dtype),
        right=np.where(inner, number + 2, -1).astype(chain.right.dtype),
        feature=np.where(inner, 0, -1).astype(chain.feature.dtype),
        threshold=np.where(inner, number // 2, np.nan),
        missing_left=np.zeros_like(chain.missing_left),
        values=number[:, None] * 1.0,
    )
    X = np.append(thresholds, [254.0, np.nan, -1.0])[:, None]
    layout = compile_trees(chain)
    assert layout.leaf_tables is not None
    expected = reference.raw_prediction(chain, X, [0.0])
    assert len(np.unique(expected)) == 255
    np.testing.assert_array_equal(predict_raw(layout, encoder(X), len(X), np.zeros(1)), expected)


def test_trees_without_tables(monkeypatch):
    rng = np.random.default_rng(0)
    X = random_rows(rng, 200, 6)
    assert compile_trees(symmetric_trees(rng, [3, 9])).leaf_tables is None
    assert compile_trees(concatenate([symmetric_trees(rng, [3]), random_tree(rng, 257, 6, 0)])).leaf_tables is None
    trees = symmetric_trees(rng, [8] * 6, n_features=3)
    expected = predict_raw(compile_trees(trees), encoder(X), 200, np.zeros(1))
    monkeypatch.setattr(_leaf_tables, "MOST_LIMITS", 3)
    layout = compile_trees(trees)
    assert layout.leaf_tables is None
    np.testing.assert_array_equal(predict_raw(layout, encoder(X), 200, np.zeros(1)), expected)


def test_stumps_have_tables():
    rng = np.random.default_rng(3)
    trees = concatenate([random_tree(rng, 1 + k % 2, 6, 0) for k in range(9)])
    X = random_rows(rng, 150, 6)
    layout = compile_trees(trees)
    assert layout.leaf_tables is not None
    expected = reference.raw_prediction(trees, X, [0.5])
    np.testing.assert_array_equal(predict_raw(layout, encoder(X), 150, np.array([0.5])), expected)
    leaves = [apply_trees(layout, encoder(X[rows]), len(X[rows])) for rows in (slice(None), slice(100, 150))]
    np.testing.assert_array_equal(leaves[0][100:], leaves[1])


def test_many_thresholds_of_a_column_are_searched():
    rng = np.random.default_rng(1)
    for n_limits in (64, 65, 80, 254):
        values = np.append(np.sort(rng.normal(size=n_limits - 1)), -np.inf)  # numbers lie beyond all of them, too
        thresholds = np.resize(values, (-(-n_limits // 8), 8))
        trees = []
        for own in thresholds:
            tree = symmetric_tree(rng, 8, 1, 0, n_categorical=0)
            level = np.frexp(np.arange(tree.n_nodes) + 1)[1] - 1
            by_level = np.append(own, np.nan)[level]
            trees.append(tree._replace(threshold=by_level, missing_left=np.zeros_like(tree.missing_left)))
        trees = concatenate(trees)
        X = np.concatenate([values, values + 1e-9, [np.nan, 0.0, -0.0, 9.0, np.inf]])[:, None]
        layout = compile_trees(trees)
        assert np.diff(layout.leaf_tables.limit_bounds).tolist() == [[n_limits]]
        expected = reference.raw_prediction(trees, X, [0.0])
        np.testing.assert_array_equal(predict_raw(layout, encoder(X), len(X), np.zeros(1)), expected)
