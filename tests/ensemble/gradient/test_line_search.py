"""Rows by leaf, and one step of Newton's in each."""

import numpy as np
import pytest

from skensemble.ensemble.gradient._line_search import newton_steps, rows_by_leaf


def _leaves(rng, n_rows=200):
    leaves = np.array([2, 3, 5, 6])
    return rng.choice(leaves, n_rows).astype(np.int32), leaves


@pytest.mark.parametrize("n_nodes", [7, 1 << 16])
def test_rows_by_leaf(n_nodes):
    leaf, leaves = _leaves(np.random.default_rng(0))
    rows, leaf_start = rows_by_leaf(leaf, leaves, n_nodes)
    for j, node in enumerate(leaves):
        np.testing.assert_array_equal(rows[leaf_start[j] : leaf_start[j + 1]], np.flatnonzero(leaf == node))


@pytest.mark.parametrize("weighted", [False, True])
def test_newton_steps_are_quotients_of_sums(weighted):
    rng = np.random.default_rng(1)
    leaf, leaves = _leaves(rng)
    gradient, hessian = rng.normal(size=200), rng.random(200)
    weight = rng.choice([0.0, 0.5, 2.0], 200) if weighted else None
    steps = newton_steps(gradient, hessian, weight, *rows_by_leaf(leaf, leaves, 7))
    units = np.ones(200) if weight is None else weight
    expected = [-(units * gradient)[leaf == j].sum() / (units * hessian)[leaf == j].sum() for j in leaves]
    np.testing.assert_allclose(steps, expected, rtol=1e-12)


def test_newton_steps_depend_neither_on_order_nor_on_threads():
    rng = np.random.default_rng(2)
    leaf, leaves = _leaves(rng)
    gradient, hessian, weight = rng.normal(size=200), rng.random(200), rng.integers(0, 4, 200).astype(float)
    steps = newton_steps(gradient, hessian, weight, *rows_by_leaf(leaf, leaves, 7))
    order = rng.permutation(np.repeat(np.arange(200), weight.astype(int)))
    copies = newton_steps(gradient[order], hessian[order], None, *rows_by_leaf(leaf[order], leaves, 7), n_threads=3)
    np.testing.assert_array_equal(copies, steps)


def test_a_leaf_without_curvature_does_not_move():
    rows, leaf_start = rows_by_leaf(np.array([1, 1, 2], np.int32), np.array([1, 2]), 3)
    steps = newton_steps(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.5]), None, rows, leaf_start)
    np.testing.assert_array_equal(steps, [0.0, -2.0])
