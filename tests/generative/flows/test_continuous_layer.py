"""The layer in continuous time inverts, squeezes space as it says, and has the gradients of finite differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skensemble.generative.flows._continuous_layer import ContinuousLayer
from tests.generative.flows.test_bijections import _forward, _rows, _slopes

N_ROWS = 6


def _layer(n_columns, n_steps):
    layer = ContinuousLayer(n_columns, 2, hidden_layer_sizes=(6, 6), n_steps=n_steps, dtype=np.float64)
    rng = np.random.default_rng(0)
    layer.bind(rng.normal(scale=0.4, size=layer.n_parameters), np.zeros(layer.n_parameters))
    return layer


@pytest.mark.parametrize("n_columns", [1, 3])
def test_inverse_undoes_forward(n_columns):
    layer = _layer(n_columns, 40)
    x, condition = _rows(n_columns)
    y, _ = _forward(layer, x, condition)
    assert np.abs(y - x).max() > 0.1
    assert_allclose(layer.inverse(y, condition), x, atol=1e-5)


@pytest.mark.parametrize("n_columns", [1, 3])
def test_log_det_is_that_of_the_numeric_jacobian(n_columns):
    layer = _layer(n_columns, 40)
    x, condition = _rows(n_columns)
    _, log_det = _forward(layer, x, condition)
    for i in range(N_ROWS):
        row, given = x[i : i + 1].copy(), condition[i : i + 1]
        jacobian = _slopes(lambda row=row, given=given: _forward(layer, row, given)[0][0], row)
        assert_allclose(np.linalg.slogdet(jacobian)[1], log_det[i], atol=1e-5)


@pytest.mark.parametrize("of_energy", [0.0, 0.3])
def test_gradients_are_finite_differences(of_energy):
    layer = _layer(2, 3)
    x, condition = _rows(2)
    rng = np.random.default_rng(2)
    cotangent, of_log_det = rng.normal(size=x.shape), rng.normal(size=N_ROWS)

    def total():
        y, log_det = _forward(layer, x, condition)
        return np.sum(cotangent * y) + of_log_det @ log_det + of_energy * layer.energy.sum()

    by_x, by_parameters = _slopes(total, x).reshape(x.shape), _slopes(total, layer.parameters)
    _forward(layer, x, condition)
    pulled = layer.backward(cotangent.copy(), of_log_det, np.full(N_ROWS, of_energy))
    assert_allclose(pulled, by_x, rtol=1e-4, atol=1e-6)
    assert_allclose(layer.gradient, by_parameters, rtol=1e-4, atol=1e-6)
