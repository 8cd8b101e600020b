"""The catalogue of activations: value, first and second derivative of each.

An activation is a formula here and a line in `ACTIVATIONS`.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skensemble.generative.networks._activation_kernels import activation_kernels
from skensemble.generative.networks._vector_math import (
    at_least,
    at_most,
    exp,
    expm1,
    logistic,
    normal,
    softplus,
    tanh,
    where,
)

INFINITELY = 1_000


class Activation(NamedTuple):
    """A function that a layer of a network applies to each of its units.

    Attributes
    ----------
    name : str
        Its name in `ACTIVATIONS`.
    formula : callable
        Gives f(x), f'(x) and f''(x), of the second half if it is gated, for a number x and the parameter.
    smoothness : int
        How many derivatives are continuous: -1 if the function itself jumps, 0 if it has a kink, 1_000 if it is
        infinitely differentiable.
    is_gated : bool
        Whether it is a product a * g(b) of the first and the second half of its input, which is then twice as wide
        as its value.
    parameter : float
        Slope on the left of `leaky_relu` and `prelu`, scale on the left of `elu`; 0 elsewhere.
    is_learned : bool
        Whether networks learn the parameter (`prelu`).

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.generative import ACTIVATIONS
    >>> relu = ACTIVATIONS["relu"]
    >>> relu.value(np.array([-1.0, 2.0]))
    array([0., 2.])
    >>> relu.derivative(np.array([-1.0, 2.0]))
    array([0., 1.])
    """

    name: str
    formula: Callable
    smoothness: int
    is_gated: bool = False
    parameter: float = 0.0
    is_learned: bool = False

    @property
    def is_smooth(self):
        """Whether the derivative is continuous, as the likelihood of a flow in continuous time needs."""
        return self.smoothness >= 1

    @property
    def kernels(self):
        """Loops over a layer: value; value and slope; value, slope and curvature.  Compiled on first use."""
        return activation_kernels(self.formula, self.is_gated)

    @property
    def gain(self):
        """Scale of the initial weights that keeps the variance of a layer's sums at 1 in the next layer."""
        return _gain(self)

    def value(self, x, parameter=None):
        """The function itself.

        Parameters
        ----------
        x : array-like of shape (..., n_units)
            Computed in float32 if it is, else in float64.  The two halves of a gated activation lie along the last
            axis, one after the other.
        parameter : float, default=None
            Replaces the activation's own.

        Returns
        -------
        value : ndarray of shape (..., n_units), half of the units for a gated activation
        """
        return self._results(x, parameter, 0)[0]

    def derivative(self, x, parameter=None):
        """The first derivative; at a jump, the limit from the left.

        Parameters
        ----------
        x : array-like of shape (..., n_units)
        parameter : float, default=None

        Returns
        -------
        derivative : ndarray of shape (..., n_units)
            For a gated activation a * g(b): derivatives by a and by b, side by side.
        """
        return self._results(x, parameter, 1)[1]

    def second_derivative(self, x, parameter=None):
        """The second derivative.

        Parameters
        ----------
        x : array-like of shape (..., n_units)
        parameter : float, default=None

        Returns
        -------
        second_derivative : ndarray of shape (..., n_units)
            For a gated activation a * g(b): the mixed derivative by a and b, then the second derivative by b, side by
            side.
        """
        return self._results(x, parameter, 2)[2]

    def _results(self, x, parameter, order):
        x = np.asarray(x)
        x = np.ascontiguousarray(x, np.float32 if x.dtype == np.float32 else np.float64)
        rows = x.reshape(-1, x.shape[-1]) if self.is_gated else x.reshape(1, -1)
        shape = (*x.shape[:-1], x.shape[-1] // 2) if self.is_gated else x.shape
        value = np.empty((len(rows), rows.shape[1] // (1 + self.is_gated)), x.dtype)
        results = [value, *(np.empty_like(rows) for _ in range(order))]
        used = np.array([self.parameter if parameter is None else parameter], x.dtype)
        self.kernels[order](rows, np.zeros(rows.shape[1], x.dtype), used, *results)
        return [value.reshape(shape), *(result.reshape(x.shape) for result in results[1:])]


@functools.cache
def _gain(activation):
    """1 / sqrt(E f(z)^2) for a standard normal z: He's sqrt(2) for ReLU, about 5/3 for tanh; of a gate, if gated."""
    z, weight = np.polynomial.hermite_e.hermegauss(101)
    square = activation._replace(is_gated=False).value(z) ** 2 @ weight / weight.sum()
    return float(1.0 / np.sqrt(square))


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


# -- the table -------------------------------------------------------------------------------------------------------

ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("identity", _identity, INFINITELY),
        Activation("threshold", _threshold, -1),
        Activation("sigmoid", _sigmoid, INFINITELY),
        Activation("tanh", _tanh, INFINITELY),
        Activation("relu", _relu, 0),
        Activation("leaky_relu", _leaky_relu, 0, parameter=0.01),
        Activation("prelu", _leaky_relu, 0, parameter=0.25, is_learned=True),
        Activation("relu6", _relu6, 0),
        Activation("softplus", _softplus, INFINITELY),
        Activation("elu", _elu, 1, parameter=1.0),
        Activation("selu", _selu, 0),
        Activation("gelu", _gelu, INFINITELY),
        Activation("gelu_tanh", _gelu_tanh, INFINITELY),
        Activation("silu", _silu, INFINITELY),
        Activation("mish", _mish, INFINITELY),
        Activation("hard_sigmoid", _hard_sigmoid, 0),
        Activation("hard_swish", _hard_swish, 0),
        Activation("glu", _sigmoid, INFINITELY, is_gated=True),
        Activation("reglu", _relu, 0, is_gated=True),
        Activation("geglu", _gelu, INFINITELY, is_gated=True),
        Activation("swiglu", _silu, INFINITELY, is_gated=True),
    )
}
ACTIVATIONS["swish"] = ACTIVATIONS["silu"]
