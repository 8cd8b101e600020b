"""Coordinate descent: the kernels equal a plain loop over dense columns, however the columns are stored."""

import numpy as np
import pytest

from skensemble.ensemble.newton._coordinate_descent import Columns, add_column, add_linear, descend, measure_steps


def _dense(rng):
    X = rng.normal(size=(50, 5)) + 3.0
    X[rng.random(50) < 0.8, 1] = 0.0
    X[:, 2] = rng.random(50) < 0.2
    X[:, 4] = 7.0
    return X


def _columns(X):
    """Column 1 stores some rows, column 2 is ones and zeros, the others store all rows."""
    some, ones = np.flatnonzero(X[:, 1]), np.flatnonzero(X[:, 2])
    values = np.concatenate([X[:, 0], X[some, 1], X[:, 3], X[:, 4]])
    rows = np.concatenate([some, ones]).astype(np.int32)
    first_value = np.array([0, 50, -1, 50 + len(some), 100 + len(some)])
    first_row = np.array([-1, 0, len(some), -1, -1])
    return Columns(values, rows, first_value, first_row, np.array([50, len(some), len(ones), 50, 50]))


def _plain_step(x, coef, direction, gradient, hessian, alpha, ridge):
    """To the minimum of the penalised parabola, the intercept following."""
    centred = x - np.average(x, weights=hessian)
    slope, curvature = gradient @ centred, hessian @ centred**2
    if curvature <= 1e-9:
        return 0.0
    pull = curvature * coef - slope
    best = np.sign(pull) * max(abs(pull) - alpha, 0.0) / (curvature + ridge)
    return (0.0 if direction * best < 0 else best) - coef


def _plain_descent(order, X, coef, direction, gradient, hessian, rate, alpha, ridge):
    """(change of the raw predictions, shift of the intercept); the gradients follow each step."""
    change, shift = np.zeros(len(X)), 0.0
    for j in order:
        now = gradient + hessian * (change + shift)
        step = rate * _plain_step(X[:, j], coef[j], direction[j], now, hessian, alpha, ridge)
        coef[j] += step
        change += step * X[:, j]
        shift -= step * np.average(X[:, j], weights=hessian)
    return change, shift


def _problem(seed):
    rng = np.random.default_rng(seed)
    X = _dense(rng)
    gradient, hessian = rng.normal(size=50), rng.uniform(0.1, 2.0, 50)
    return X, rng.normal(size=5), np.array([0, 1, -1, 0, 0]), gradient, hessian


@pytest.mark.parametrize(("alpha", "ridge"), [(0.0, 0.0), (3.0, 0.0), (0.0, 5.0), (2.0, 1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_descent_equals_a_plain_loop(alpha, ridge, seed):
    X, coef, direction, gradient, hessian = _problem(seed)
    order, plain, change = np.array([0, 2, 1, 3, 4, 0]), coef.copy(), np.zeros(50)
    totals = np.array([gradient.sum(), hessian.sum(), 0.0])
    descend(order, _columns(X), coef, direction, gradient, hessian, change, totals, 0.5, alpha, ridge)
    wanted, shift = _plain_descent(order, X, plain, direction, gradient, hessian, 0.5, alpha, ridge)
    np.testing.assert_allclose(coef, plain, atol=1e-10)
    np.testing.assert_allclose(change, wanted, atol=1e-10)
    np.testing.assert_allclose(totals[2], shift, atol=1e-10)


def test_measured_steps_are_those_that_descent_would_take():
    X, coef, direction, gradient, hessian = _problem(5)
    totals, sizes = np.array([gradient.sum(), hessian.sum(), 0.0]), np.empty(5)
    measure_steps(_columns(X), coef, direction, gradient, hessian, np.zeros(50), totals, 0.3, 0.7, sizes)
    wanted = [_plain_step(X[:, j], coef[j], direction[j], gradient, hessian, 0.3, 0.7) for j in range(5)]
    np.testing.assert_allclose(sizes, np.abs(wanted), atol=1e-10)


@pytest.mark.parametrize("j", range(5))
def test_a_column_is_added_however_it_is_stored(j):
    X, *_ = _problem(1)
    out = np.ones(50)
    add_column(_columns(X), j, 2.0, out)
    np.testing.assert_allclose(out, 1.0 + 2.0 * X[:, j])


def test_rows_add_numbers_categories_and_nothing_where_missing():
    block = np.array([[2.0, 1.0], [np.nan, 3.0], [1.0, np.nan]])
    block.flags.writeable = False
    raw, coef = np.zeros((3, 2)), np.arange(8.0).reshape(4, 2)
    add_linear(block, np.array([False, True]), np.array([0, 1, 4]), coef, raw)
    np.testing.assert_allclose(raw, [[2 * 0 + 2, 2 * 1 + 3], [6, 7], [0, 1]])
