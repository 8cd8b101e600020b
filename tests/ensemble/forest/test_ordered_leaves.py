"""Quantiles of monotone forests are monotone, and those of a tree that contradicts nothing stay what they are."""

import numpy as np
import pytest

from skensemble import ExtraTreesRegressor, RandomForestRegressor
from skensemble.ensemble.forest._ordered_leaves import N_LEVELS, ordered_values
from skensemble.tree.trees._tree_arrays import split_trees


def _data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    return X, X[:, 0] - X[:, 1] + rng.normal(size=400) * np.where(X[:, 2] > 0, 1.0, 0.2)


@pytest.mark.parametrize("forest", [RandomForestRegressor, ExtraTreesRegressor])
@pytest.mark.parametrize("min_samples_leaf", [1, 10])
@pytest.mark.parametrize("directions", [[1, -1, 0], [-1, 0, 1]], ids=str)
def test_quantiles_are_monotone(forest, min_samples_leaf, directions):
    X, y = _data()
    model = forest(10, min_samples_leaf=min_samples_leaf, keep_leaf_rows=True, monotonic_cst=directions, random_state=0)
    model.fit(X, y)
    for feature, direction in enumerate(directions):
        rows = np.repeat(X[:20, None], 60, axis=1)
        rows[:, :, feature] = np.linspace(-3, 3, 60)
        quantiles = model.predict_quantiles(rows.reshape(-1, 3), [0.0, 0.05, 0.5, 0.9, 1.0]).reshape(20, 60, 5)
        assert (np.diff(quantiles, axis=1) * direction >= 0).all()
        assert (np.diff(quantiles, axis=2) >= 0).all()


def test_intervals_keep_their_coverage():
    X, y = _data()
    model = RandomForestRegressor(50, min_samples_leaf=5, keep_leaf_rows=True, monotonic_cst=[1, -1, 0], random_state=0)
    interval = model.fit(X, y).predict_interval(X, coverage=0.8, oob=True)
    assert 0.7 < ((interval[:, 0] <= y) & (y <= interval[:, 1])).mean() < 0.95


def test_leaves_in_order_keep_their_quantiles():
    X, y = np.arange(40.0)[:, None], np.arange(40.0) ** 2
    model = RandomForestRegressor(1, bootstrap=False, max_leaf_nodes=4, keep_leaf_rows=True, monotonic_cst=[1])
    tree, leaf = split_trees(model.fit(X, y)._trees)[0], model.training_leaves_[0]
    values = ordered_values(tree, np.array([1]), leaf, np.ones(40), y)
    for node in np.unique(leaf):
        expected = np.quantile(y[leaf == node], (np.arange(N_LEVELS) + 0.5) / N_LEVELS, method="inverted_cdf")
        np.testing.assert_array_equal(values[node], expected)
