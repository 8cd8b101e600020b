"""Sparse tables grow the trees that the same dense tables grow, to the last bit."""

import numpy as np
import pytest
import scipy.sparse

from skensemble._validation import read_table
from tests.tree.random_carts import CRITERIA, assert_same_tree, new_grower, random_target


def _table(seed, n_samples=70, n_features=120):
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((n_samples, n_features)) < 0.03, rng.integers(-2, 4, (n_samples, n_features)), 0.0)
    X[:, 5] = rng.normal(size=n_samples)  # a column without a zero
    X[rng.random(n_samples) < 0.3, 6] = np.nan
    return X


def _assert_same_trees(criterion, weight=None, n_outputs=1, **options):
    X, target = _table(1), random_target(np.random.default_rng(2), criterion, 70, n_outputs)
    options |= {"criterion": criterion, "sample_weight": weight}
    dense, sparse = (new_grower(table, target, **options) for table in (X, scipy.sparse.csr_matrix(X)))
    assert sparse._is_sparse
    assert not dense._is_sparse
    for seed in range(3):
        (tree, leaf, _), (other, its_leaf, _) = (grower.grow_with_leaves(seed, weight) for grower in (dense, sparse))
        assert_same_tree(other, tree)
        np.testing.assert_array_equal(its_leaf, leaf)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("splitter", ["best", "random"])
@pytest.mark.parametrize("max_features", [-1, 7])
def test_sparse_and_dense_tables_grow_the_same_trees(criterion, splitter, max_features):
    _assert_same_trees(criterion, splitter=splitter, max_features=max_features)


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
@pytest.mark.parametrize(
    "options",
    [{"max_bins": 3}, {"min_samples_leaf": 4}, {"max_leaf_nodes": 9}, {"n_members": 2}, {"n_outputs": 2}],
    ids=str,
)
def test_limits_hold_alike(criterion, options):
    _assert_same_trees(criterion, **options)


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
def test_weights_count_alike(criterion):
    _assert_same_trees(criterion, weight=np.random.default_rng(3).integers(0, 4, 70).astype(float))


def test_a_long_column_is_asked_row_by_row():
    """In small nodes it is quicker to look into the rows than into a column that most rows have."""
    rng = np.random.default_rng(4)
    X = np.where(rng.random((400, 40)) < 0.02, 1.0, 0.0)
    X[:, 3] = rng.normal(size=400)
    target = random_target(rng, "gini", 400)
    trees = [new_grower(table, target, criterion="gini").grow(0) for table in (X, scipy.sparse.csr_matrix(X))]
    assert read_table(scipy.sparse.csr_matrix(X)).matrix.nnz < X.size / 16
    assert_same_tree(*trees)
