"""Leaf vectors equal plain sums, for any number of threads."""

import numpy as np
import pytest

from skensemble.generative.fields import _vector_leaves
from skensemble.generative.fields._vector_leaves import leaf_means, subtract_leaves, sum_of_leaves
from skensemble.tree.trees._prediction import compile_trees
from skensemble.tree.trees._tree_arrays import concatenate, single_tree


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(500, 7)).astype(np.float32), rng.integers(0, 4, 500).astype(np.int32)


@pytest.mark.parametrize("reg_lambda", [0.0, 2.5])
def test_leaf_means_are_shrunken_means(rows, reg_lambda):
    residual, leaf_of_row = rows
    means = leaf_means(residual, leaf_of_row, 6, reg_lambda, 1)
    for leaf in range(4):
        own = residual[leaf_of_row == leaf].astype(np.float64)
        np.testing.assert_allclose(means[leaf], own.sum(axis=0) / (len(own) + reg_lambda))
    np.testing.assert_array_equal(means[4:], 0.0)


def test_leaf_means_are_the_same_for_any_number_of_threads(rows, monkeypatch):
    monkeypatch.setattr(_vector_leaves, "BLOCK", 64)
    one, three = (leaf_means(*rows, 4, 1.0, n_threads) for n_threads in (1, 3))
    np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize("has_known", [False, True])
def test_leaves_are_subtracted_but_from_known_cells(rows, has_known):
    residual, leaf_of_row = rows
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4, 7))
    known = rng.random(residual.shape) < 0.5 if has_known else np.zeros((0, 0), bool)
    expected = residual - values[leaf_of_row].astype(np.float32)
    if has_known:
        expected = np.where(known, residual, expected)
    subtract_leaves(residual, leaf_of_row, values, known, 2)
    np.testing.assert_array_equal(residual, expected)


def test_sum_of_leaves_is_the_sum_over_trees(monkeypatch):
    monkeypatch.setattr(_vector_leaves, "PREDICTED_TOGETHER", 32)
    rng = np.random.default_rng(2)
    trees = [_stump(threshold, rng.normal(size=(3, 5))) for threshold in (-0.5, 0.0, 0.7)]
    forest = concatenate(trees)
    features = rng.normal(size=(100, 2))
    expected = sum(np.where(features[:, :1] <= tree.threshold[0], *tree.values[1:, None]) for tree in trees)
    sums = sum_of_leaves(compile_trees(forest), forest.values.astype(np.float32), features, 2)
    np.testing.assert_allclose(sums, expected, atol=1e-6)


def _stump(threshold, values):
    leaves = {"feature": [0, -1, -1], "left": [1, -1, -1], "right": [2, -1, -1]}
    return single_tree(
        **leaves, threshold=[threshold, np.nan, np.nan], missing_left=[False] * 3, cover=np.ones(3), count=[2, 1, 1],
        gain=np.zeros(3), values=values,
    )  # fmt: skip
