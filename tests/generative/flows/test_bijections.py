"""Every layer inverts; its log-determinant is that of the numeric Jacobian, its gradients are finite differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skensemble.generative.flows._bijections import Autoregressive, Coupling, Linear
from skensemble.generative.flows._layers import LAYERS, Place

N_ROWS, N_CONDITION = 6, 2
PARAMETERS = {"hidden_layer_sizes": (8, 8), "activation": "silu", "n_steps": 16, "kinetic": 0.0}
SOLVER_ERROR = {"continuous": 1e-4}  # of layers that are exact up to the steps of a solver only

every_layer = pytest.mark.parametrize("name", LAYERS)
every_width = pytest.mark.parametrize("n_columns", [1, 3])


def _layer(name, n_columns, dtype=np.float64):
    layer = LAYERS[name](Place(n_columns, N_CONDITION, PARAMETERS, np.random.default_rng(3), dtype))
    rng = np.random.default_rng(0)
    layer.bind(np.zeros(layer.n_parameters, dtype), np.zeros(layer.n_parameters, dtype))
    layer.initialize(rng, rng.normal(size=(50, n_columns)).astype(dtype))
    free = layer.network._mask if isinstance(layer, Autoregressive) else np.ones(layer.n_parameters)
    layer.parameters += (free * rng.normal(scale=0.3, size=layer.n_parameters)).astype(dtype)
    return layer


def _rows(n_columns, scale=1.5):
    rng = np.random.default_rng(1)
    return rng.normal(scale=scale, size=(N_ROWS, n_columns)), rng.normal(size=(N_ROWS, N_CONDITION))


def _forward(layer, x, condition):
    log_det = np.zeros(len(x), x.dtype)
    y = layer.forward(x, condition, log_det).copy()
    return y, log_det


def _slopes(function, vector, step=1e-6):
    """Derivative of an array-valued function by each element of `vector`, which is moved in place."""
    slopes = []
    for k in range(vector.size):
        before = vector.flat[k]
        vector.flat[k] = before + step
        ahead = function()
        vector.flat[k] = before - step
        slopes.append((ahead - function()) / (2.0 * step))
        vector.flat[k] = before
    return np.array(slopes)


@every_layer
@every_width
def test_inverse_undoes_forward(name, n_columns):
    layer = _layer(name, n_columns)
    x, condition = _rows(n_columns)
    y, _ = _forward(layer, x, condition)
    assert np.abs(y - x).max() > 1e-3 or n_columns == 1
    assert_allclose(layer.inverse(y, condition), x, atol=1e-8 + SOLVER_ERROR.get(name, 0.0))


@every_layer
@every_width
def test_log_det_is_that_of_the_numeric_jacobian(name, n_columns):
    layer = _layer(name, n_columns)
    x, condition = _rows(n_columns)
    _, log_det = _forward(layer, x, condition)
    for i in range(N_ROWS):
        row, given = x[i : i + 1].copy(), condition[i : i + 1]
        jacobian = _slopes(lambda row=row, given=given: _forward(layer, row, given)[0][0], row)
        assert_allclose(np.linalg.slogdet(jacobian)[1], log_det[i], atol=1e-6 + SOLVER_ERROR.get(name, 0.0))


@every_layer
@every_width
def test_gradients_are_finite_differences(name, n_columns):
    layer = _layer(name, n_columns)
    x, condition = _rows(n_columns)
    rng = np.random.default_rng(2)
    cotangent, of_log_det = rng.normal(size=x.shape), rng.normal(size=N_ROWS)

    def total():
        y, log_det = _forward(layer, x, condition)
        return np.sum(cotangent * y) + of_log_det @ log_det

    by_x, by_parameters = _slopes(total, x).reshape(x.shape), _slopes(total, layer.parameters)
    if isinstance(layer, Autoregressive):
        by_parameters *= layer.network._mask  # the others are no parameters
    _forward(layer, x, condition)
    assert_allclose(layer.backward(cotangent.copy(), of_log_det), by_x, rtol=1e-5, atol=1e-6)
    assert_allclose(layer.gradient, by_parameters, rtol=1e-5, atol=1e-6)


@every_layer
def test_float32_is_float64(name):
    x, condition = _rows(3)
    y, log_det = _forward(_layer(name, 3), x, condition)
    single = [array.astype(np.float32) for array in (x, condition)]
    y_32, log_det_32 = _forward(_layer(name, 3, np.float32), *single)
    assert y_32.dtype == log_det_32.dtype == np.float32
    assert_allclose(y_32, y, atol=1e-4)
    assert_allclose(log_det_32, log_det, atol=1e-4)


@every_layer
def test_far_outliers_stay_finite_and_invert(name):
    layer = _layer(name, 3)
    x, condition = _rows(3, scale=1e6)
    y, log_det = _forward(layer, x, condition)
    assert np.isfinite(y).all()
    assert np.isfinite(log_det).all()
    assert_allclose(layer.inverse(y, condition), x, rtol=1e-6 + SOLVER_ERROR.get(name, 0.0))


def test_splines_are_the_identity_at_their_ends():
    layer = Coupling(2, 0, "spline", np.array([True, False]), hidden_layer_sizes=(), dtype=np.float64)
    layer.bind(np.full(layer.n_parameters, 5.0), np.zeros(layer.n_parameters))
    x = np.array([[1.0, -4.0], [1.0, 4.0], [1.0, 4.0 - 1e-12], [1.0, np.nextafter(-4.0, 0.0)]])
    y, log_det = _forward(layer, x, np.empty((4, 0)))
    assert_allclose(y, x, atol=1e-8)
    assert np.isfinite(log_det).all()


def test_a_whitening_layer_begins_without_correlations():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 3)) @ np.array([[2.0, 0.5, 0.0], [0.0, 1.0, -0.9], [0.0, 0.0, 0.2]])
    layer = Linear(3, np.float64, whitens=True)
    layer.bind(np.zeros(layer.n_parameters), np.zeros(layer.n_parameters))
    layer.initialize(rng, rows)
    whitened, _ = _forward(layer, rows, np.empty((400, 0)))
    assert_allclose(np.cov(whitened, rowvar=False), np.eye(3), atol=0.05)


def test_a_whitening_layer_bears_columns_that_say_the_same():
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(50, 1)), 3, axis=1)
    layer = Linear(3, np.float64, whitens=True)
    layer.bind(np.zeros(layer.n_parameters), np.zeros(layer.n_parameters))
    layer.initialize(rng, rows)
    whitened, log_det = _forward(layer, rows, np.empty((50, 0)))
    assert np.isfinite(whitened).all()
    assert np.isfinite(log_det).all()
