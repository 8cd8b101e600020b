"""What the leaves hold, against slow and plain versions."""

import numpy as np
import pytest

from skensemble.ensemble.forest._leaf_rows import LeafRows, proximities
from skensemble.ensemble.forest._leaf_rows_kernels import NOT_ASKED

N_NODES = (5, 1, 9)  # of each tree
ROOTS = np.cumsum(N_NODES) - N_NODES
LEVELS = np.array([0.0, 0.05, 0.5, 0.9, 1.0])


def _forest(n_samples, seed=0, whole=True):
    """(leaves, weights) of three random trees; a leaf that is asked for holds a row."""
    rng = np.random.default_rng(seed)
    leaves = np.array([rng.integers(0, n, n_samples) for n in N_NODES], np.int32)
    weights = rng.integers(0, 4, leaves.shape).astype(float) if whole else rng.random(leaves.shape)
    return leaves, weights


def _leaf_rows(leaves, weights):
    return LeafRows(leaves, ROOTS, sum(N_NODES), weights.__getitem__)


def _shares(leaves, weights, nodes):
    """(n_samples,) weight of each training row in the distribution of one row."""
    shares = np.zeros(leaves.shape[1])
    for t, node in enumerate(nodes):
        if node != NOT_ASKED:
            inside = weights[t] * (leaves[t] == node - ROOTS[t])
            shares += inside / inside.sum()
    return shares


def _plain_quantile(y, shares, level):
    """Averaged inverted CDF."""
    order = np.argsort(y)
    y, below = y[order][shares[order] > 0], np.cumsum(shares[order][shares[order] > 0])
    wanted = level * below[-1]
    first = min(np.searchsorted(below, wanted - 1e-9), len(y) - 1)
    is_tie = below[first] <= wanted + 1e-9 and first + 1 < len(y)
    return 0.5 * (y[first] + y[first + 1]) if is_tie else y[first]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("n_distinct", [3, 40, 10_000])
def test_quantiles(n_distinct, whole):
    rng = np.random.default_rng(1)
    leaves, weights = _forest(1500, whole=whole)
    y = rng.integers(0, n_distinct, 1500) / 7.0
    rows = rng.integers(0, 1500, 30)
    nodes = leaves[:, rows].T + ROOTS
    quantiles = _leaf_rows(leaves, weights).quantiles(nodes, y, LEVELS)
    expected = [[_plain_quantile(y, _shares(leaves, weights, row), level) for level in LEVELS] for row in nodes]
    np.testing.assert_allclose(quantiles, expected)


def test_ties_of_level_and_share_go_halfway():
    leaf_rows, y = _leaf_rows(np.zeros((3, 4), np.int32), np.ones((3, 4))), np.array([1.0, 2.0, 4.0, 8.0])
    np.testing.assert_array_equal(leaf_rows.quantiles(ROOTS[None], y, np.array([0.25, 0.5])), [[1.5, 3.0]])


def test_trees_that_are_not_asked():
    leaves, weights = _forest(200)
    y = np.random.default_rng(2).normal(size=200)
    nodes = leaves[:, :3].T + ROOTS
    nodes[0, 1:] = NOT_ASKED
    nodes[1] = NOT_ASKED
    quantiles = _leaf_rows(leaves, weights).quantiles(nodes, y, LEVELS)
    inside = y[(leaves[0] == leaves[0, 0]) & (weights[0] > 0)]
    np.testing.assert_array_equal(quantiles[0, [0, -1]], [inside.min(), inside.max()])
    assert np.isnan(quantiles[1]).all()
    assert np.isfinite(quantiles[2]).all()


def test_rows_are_shared_among_threads():
    leaves, weights = _forest(3000)
    y = np.random.default_rng(3).normal(size=3000)
    leaf_rows, nodes = _leaf_rows(leaves, weights), leaves.T + ROOTS
    alone = leaf_rows.quantiles(nodes, y, LEVELS)
    np.testing.assert_array_equal(leaf_rows.quantiles(nodes, y, LEVELS, n_threads=3), alone)


def test_proximities():
    leaves, _ = _forest(700)
    others = np.ascontiguousarray(leaves[:, 5:25].T)
    expected = (leaves.T[:, None, :] == others[None]).mean(axis=2)
    for n_threads in (1, 2):
        np.testing.assert_allclose(proximities(np.ascontiguousarray(leaves.T), others, n_threads), expected)
