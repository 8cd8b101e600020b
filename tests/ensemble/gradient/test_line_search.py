"""Runs of leaves, and one step of Newton's in each."""

import numpy as np
import pytest

from skensemble.ensemble.gradient._line_search import newton_steps, runs_of_leaves


def _leaves(rng, n_rows=200):
    leaves = np.array([2, 3, 5, 6])
    return rng.choice(leaves, n_rows).astype(np.int32), leaves


def _rows_by_leaf(leaf):
    """(rows with those of a leaf side by side, where the rows of each leaf begin)"""
    rows = np.argsort(leaf, kind="stable").astype(np.uint32)
    return rows, runs_of_leaves(leaf, rows)[1]


def test_runs_of_leaves():
    leaf, leaves = _leaves(np.random.default_rng(0))
    rows = np.concatenate([np.flatnonzero(leaf == node) for node in leaves[::-1]])
    found, starts = runs_of_leaves(leaf, rows)
    np.testing.assert_array_equal(found, leaves[::-1])
    for j, node in enumerate(found):
        np.testing.assert_array_equal(rows[starts[j] : starts[j + 1]], np.flatnonzero(leaf == node))
    np.testing.assert_array_equal(runs_of_leaves(np.zeros(3, np.int32), np.arange(3))[1], [0, 3])


@pytest.mark.parametrize("weighted", [False, True])
def test_newton_steps_are_quotients_of_sums(weighted):
    rng = np.random.default_rng(1)
    leaf, leaves = _leaves(rng)
    gradient, hessian = rng.normal(size=200), rng.random(200)
    weight = rng.choice([0.0, 0.5, 2.0], 200) if weighted else None
    steps = newton_steps(gradient, hessian, weight, *_rows_by_leaf(leaf))
    units = np.ones(200) if weight is None else weight
    expected = [-(units * gradient)[leaf == j].sum() / (units * hessian)[leaf == j].sum() for j in leaves]
    np.testing.assert_allclose(steps, expected, rtol=1e-12)


def test_newton_steps_depend_neither_on_order_nor_on_threads():
    rng = np.random.default_rng(2)
    leaf, _ = _leaves(rng)
    gradient, hessian, weight = rng.normal(size=200), rng.random(200), rng.integers(0, 4, 200).astype(float)
    steps = newton_steps(gradient, hessian, weight, *_rows_by_leaf(leaf))
    order = rng.permutation(np.repeat(np.arange(200), weight.astype(int)))
    copies = newton_steps(gradient[order], hessian[order], None, *_rows_by_leaf(leaf[order]), n_threads=3)
    np.testing.assert_array_equal(copies, steps)


def test_a_leaf_without_curvature_does_not_move():
    rows, leaf_start = _rows_by_leaf(np.array([1, 1, 2], np.int32))
    steps = newton_steps(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.5]), None, rows, leaf_start)
    np.testing.assert_array_equal(steps, [0.0, -2.0])
