"""Kernels of the activations: the bias added, the value, the slope and the curvature in one pass over a layer.

A formula gives f(x), f'(x) and f''(x) for one number; what a loop does not use is not computed.  The loops exist once,
and are compiled for an activation when it is used for the first time.
"""

import functools
import math
from types import FunctionType

from skensemble._jit import kernel
from skensemble.generative.networks._vector_math import (
    at_least,
    at_most,
    exp,
    expm1,
    formula,
    logistic,
    normal,
    softplus,
    tanh,
    where,
)

# -- formulas: f(x), f'(x), f''(x) -----------------------------------------------------------------------------------
# Where a derivative jumps, it takes the value that it has on the left.


def _identity(x, parameter):
    return x, x.constant(1.0), x.constant(0.0)


def _threshold(x, parameter):
    return where(x >= 0.0, x.constant(1.0), 0.0), x.constant(0.0), x.constant(0.0)


def _sigmoid(x, parameter):
    s, rest = logistic(x)
    slope = s * rest
    return s, slope, slope * (rest - s)


def _tanh(x, parameter):
    t = tanh(x)
    slope = 1.0 - t * t
    return t, slope, -2.0 * t * slope


def _relu(x, parameter):
    return at_least(x, 0.0), where(x > 0.0, x.constant(1.0), 0.0), x.constant(0.0)


def _leaky_relu(x, parameter):
    return where(x > 0.0, x, parameter * x), where(x > 0.0, 1.0, parameter), x.constant(0.0)


def _relu6(x, parameter):
    slope = where(x > 6.0, 0.0, where(x > 0.0, x.constant(1.0), 0.0))
    return at_most(at_least(x, 0.0), 6.0), slope, x.constant(0.0)


def _softplus(x, parameter):
    s, rest = logistic(x)
    return softplus(x), s, s * rest


def _elu(x, parameter):
    below = parameter * expm1(at_most(x, 0.0))
    curvature = below + parameter
    return where(x > 0.0, x, below), where(x > 0.0, 1.0, curvature), where(x > 0.0, 0.0, curvature)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # mean 0 and variance 1 reproduce themselves


def _selu(x, parameter):
    value, slope, curvature = _elu(x, x.constant(_SELU_ALPHA))
    return _SELU_SCALE * value, _SELU_SCALE * slope, _SELU_SCALE * curvature


def _gelu(x, parameter):
    distribution, density = normal(x)
    return x * distribution, distribution + x * density, density * (2.0 - x * x)


_STEEPNESS, _CUBE = 2.0 * math.sqrt(2.0 / math.pi), 0.044715


def _gelu_tanh(x, parameter):
    z = at_most(at_least(x, -20.0), 20.0)  # where the sigmoid has long reached 0 and 1, and no power overflows
    square = z * z
    s, rest = logistic(_STEEPNESS * z * (1.0 + _CUBE * square))  # (1 + tanh(u)) / 2 = sigmoid(2u)
    inner = _STEEPNESS * (1.0 + 3.0 * _CUBE * square)
    rise = s * rest * inner
    bend = rise * (rest - s) * inner + s * rest * (6.0 * _STEEPNESS * _CUBE * z)
    return x * s, s + z * rise, 2.0 * rise + z * bend


def _silu(x, parameter):
    s, rest = logistic(x)
    rise = s * rest
    return x * s, s + x * rise, rise * (2.0 + x * (rest - s))


def _mish(x, parameter):
    w = exp(at_most(x, 20.0))
    n = w * (w + 2.0)
    t = n / (n + 2.0)  # tanh(softplus(x))
    s = w / (w + 1.0)
    steepness = 4.0 * (n + 1.0) / ((n + 2.0) * (n + 2.0)) * s
    return x * t, t + x * steepness, steepness * (2.0 + x * (1.0 - s - 2.0 * t * s))


def _hard_sigmoid(x, parameter):
    inside = where(x > 3.0, 0.0, where(x > -3.0, x.constant(1.0 / 6.0), 0.0))
    return at_most(at_least(x * (1.0 / 6.0) + 0.5, 0.0), 1.0), inside, x.constant(0.0)


def _hard_swish(x, parameter):
    gate, rise, _ = _hard_sigmoid(x, parameter)
    return x * gate, gate + x * rise, 2.0 * rise


FORMULAS = {
    "identity": _identity,
    "threshold": _threshold,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "prelu": _leaky_relu,
    "relu6": _relu6,
    "softplus": _softplus,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "hard_sigmoid": _hard_sigmoid,
    "hard_swish": _hard_swish,
}
GATES = {"glu": "sigmoid", "reglu": "relu", "geglu": "gelu", "swiglu": "silu"}

# -- loops -----------------------------------------------------------------------------------------------------------
# x (n_rows, n_units) without its bias (n_units,); `parameter` (1,) is the second argument of the formula.


def compute(x, parameter):
    """Stands for a formula, which `_renamed` puts in its place."""


def _value(x, bias, parameter, value):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value[i, j] = compute(x[i, j] + bias[j], parameter[0])[0]


def _slope(x, bias, parameter, value, slope):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value[i, j], slope[i, j], _ = compute(x[i, j] + bias[j], parameter[0])


def _curvature(x, bias, parameter, value, slope, curvature):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value[i, j], slope[i, j], curvature[i, j] = compute(x[i, j] + bias[j], parameter[0])


# A gated layer a * g(b) has twice the units: x = [a | b], value (n_rows, n_units / 2).  Its slopes are g(b) by a and
# a g'(b) by b; its second derivatives g'(b) by both and a g''(b) by b twice.


def _gated_value(x, bias, parameter, value):
    half = value.shape[1]
    for i in range(x.shape[0]):
        for j in range(half):
            value[i, j] = (x[i, j] + bias[j]) * compute(x[i, half + j] + bias[half + j], parameter[0])[0]


def _gated_slope(x, bias, parameter, value, slope):
    half = value.shape[1]
    for i in range(x.shape[0]):
        for j in range(half):
            a = x[i, j] + bias[j]
            gate, rise, _ = compute(x[i, half + j] + bias[half + j], parameter[0])
            value[i, j] = a * gate
            slope[i, j] = gate
            slope[i, half + j] = a * rise


def _gated_curvature(x, bias, parameter, value, slope, curvature):
    half = value.shape[1]
    for i in range(x.shape[0]):
        for j in range(half):
            a = x[i, j] + bias[j]
            gate, rise, bend = compute(x[i, half + j] + bias[half + j], parameter[0])
            value[i, j] = a * gate
            slope[i, j] = gate
            slope[i, half + j] = a * rise
            curvature[i, j] = rise
            curvature[i, half + j] = a * bend


@functools.cache
def activation_kernels(name):
    """The three kernels of an activation: value; value and slope; value, slope and curvature."""
    if name in GATES:
        return _compiled(name, FORMULAS[GATES[name]], (_gated_value, _gated_slope, _gated_curvature))
    return _compiled(name, FORMULAS[name], (_value, _slope, _curvature))


def _compiled(name, function, loops):
    names = {**globals(), "compute": formula(function)}
    return tuple(kernel(_renamed(loop, names, name + loop.__name__)) for loop in loops)


def _renamed(loop, names, name):
    """A copy of a loop that finds other things under its names; Numba keeps its cache under the loop's own."""
    copy = FunctionType(loop.__code__, names, name)
    copy.__qualname__ = name
    return copy
