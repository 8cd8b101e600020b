"""One law for all activations: derivatives are finite differences, and float32 is float64."""

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose

from skensemble.generative.networks._activations import ACTIVATIONS, Activation

KINKS = (-3.0, 0.0, 3.0, 6.0)
EXTREMES = np.array([0.0, 1e-30, 20.0, 90.0, 1e4, 1e15]) * np.array([[1.0], [-1.0]])
EXTREMES = np.concatenate([EXTREMES.ravel(), EXTREMES.ravel()[::-1]])
PLAIN = {
    "identity": lambda x: x,
    "threshold": lambda x: (x >= 0) * 1.0,
    "sigmoid": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "prelu": lambda x: np.where(x > 0, x, 0.25 * x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "gelu_tanh": lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x * scipy.special.expit(x),
    "swish": lambda x: x * scipy.special.expit(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
}
GATES = {"glu": "sigmoid", "reglu": "relu", "geglu": "gelu", "swiglu": "silu"}

with_formula = pytest.mark.parametrize("name", sorted({*PLAIN, *GATES}))
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


def _plain(name, x):
    if name in GATES:
        a, b = np.split(x, 2, axis=-1)
        return a * PLAIN[GATES[name]](b)
    return PLAIN[name](x)


def _points():
    """(51, 8) numbers, none of them beside a kink."""
    x = np.random.default_rng(0).uniform(-9.0, 9.0, size=(51, 8))
    return x[np.abs(x[:, :, None] - np.array(KINKS)).min(axis=(1, 2)) > 1e-3]


def _difference(function, x, j, step=1e-5):
    shift = np.zeros(x.shape[1])
    shift[j] = step
    return (function(x + shift) - function(x - shift)) / (2 * step)


@with_formula
def test_values_are_those_of_the_plain_formula(name):
    x = _points()
    assert_allclose(ACTIVATIONS[name].value(x), _plain(name, x), rtol=1e-12, atol=1e-14)


@every_activation
def test_derivatives_are_finite_differences(activation):
    x = _points()
    value, slope = (np.sum(part, axis=1) for part in (activation.value(x), activation.derivative(x)))
    assert value.shape == slope.shape
    for j in range(x.shape[1]):
        numeric = _difference(lambda x: activation.value(x).sum(axis=1), x, j)
        assert_allclose(activation.derivative(x)[:, j], numeric, rtol=1e-6, atol=1e-8)


@every_activation
def test_second_derivatives_are_finite_differences(activation):
    x = _points()
    half = x.shape[1] // 2
    for j in range(x.shape[1]):
        numeric = _difference(activation.derivative, x, j)
        exact = activation.second_derivative(x)
        if activation.is_gated:
            assert_allclose(numeric[:, j], 0.0 if j < half else exact[:, j], rtol=1e-6, atol=1e-8)
            if j >= half:  # by a and b
                assert_allclose(numeric[:, j - half], exact[:, j - half], rtol=1e-6, atol=1e-8)
        else:
            assert_allclose(numeric[:, j], exact[:, j], rtol=1e-6, atol=1e-8)


@every_activation
def test_float32_is_float64_rounded(activation):
    x = _points().astype(np.float32)
    for name in ("value", "derivative", "second_derivative"):
        single, double = (getattr(activation, name)(x.astype(dtype)) for dtype in (np.float32, np.float64))
        assert single.dtype == np.float32
        assert double.dtype == np.float64
        assert_allclose(single, double, rtol=2e-6, atol=2e-6)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes_are_finite(activation, dtype):
    x = EXTREMES.astype(dtype)
    for name in ("value", "derivative", "second_derivative"):
        assert np.isfinite(getattr(activation, name)(x)).all()


@with_formula
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes_are_those_of_the_plain_formula(name, dtype):
    x = EXTREMES.astype(dtype)
    assert_allclose(ACTIVATIONS[name].value(x), _plain(name, x.astype(np.float64)), rtol=1e-5, atol=1e-5)


@every_activation
def test_nan_stays_nan(activation):
    x = np.array([np.nan, 1.0, np.nan, 1.0], np.float32)
    assert np.isnan(activation.value(x)[0]) or activation.name == "threshold"


@pytest.mark.parametrize("name", ["relu", "silu", "tanh", "gelu"])
def test_gain_keeps_the_variance(name):
    z = np.random.default_rng(1).normal(size=200_000)
    activation = ACTIVATIONS[name]
    assert_allclose(np.mean((activation.gain * activation.value(z)) ** 2), 1.0, rtol=0.02)


def test_smoothness_is_what_the_derivatives_show():
    for name, activation in ACTIVATIONS.items():
        for kink in KINKS:
            x = np.full(8, kink)
            jump = np.abs(activation.derivative(x + 1e-6) - activation.derivative(x - 1e-6)).max()
            assert not (activation.is_smooth and jump > 1e-4), name


def test_parameter_can_be_given():
    x = np.array([-2.0, 3.0])
    assert_allclose(ACTIVATIONS["prelu"].value(x, parameter=0.5), [-1.0, 3.0])
    assert_allclose(ACTIVATIONS["elu"].derivative(x, parameter=2.0), [2.0 * np.exp(-2.0), 1.0])


def test_empty_input_and_any_shape():
    assert ACTIVATIONS["silu"].value(np.zeros((0, 3))).shape == (0, 3)
    assert ACTIVATIONS["silu"].value(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    assert ACTIVATIONS["glu"].value(np.zeros((2, 3, 4))).shape == (2, 3, 2)
    assert isinstance(ACTIVATIONS["silu"], Activation)
