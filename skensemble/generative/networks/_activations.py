"""The catalogue of activations: value, first and second derivative of each."""

import functools
from typing import NamedTuple

import numpy as np

from skensemble.generative.networks._activation_kernels import GATES, activation_kernels

INFINITELY = 1_000


class Activation(NamedTuple):
    """A function that a layer of a network applies to each of its units.

    Attributes
    ----------
    name : str
        Its name in `ACTIVATIONS`.
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
        return activation_kernels(self.name)

    @property
    def gain(self):
        """Factor of weights by which standard normal sums stay so in the next layer."""
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
        """The first derivative, on its left where it jumps.

        Parameters
        ----------
        x : array-like of shape (..., n_units)
        parameter : float, default=None

        Returns
        -------
        derivative : ndarray of shape (..., n_units)
            Of a gated activation: by a, and by b.
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
            Of a gated activation: by a and b, and twice by b.
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
    """1 / sqrt(E f(z)^2) for a standard normal z: He's sqrt(2) for ReLU, about 5/3 for tanh."""
    name = GATES.get(activation.name, activation.name)
    z, weight = np.polynomial.hermite_e.hermegauss(101)
    square = ACTIVATIONS[name].value(z) ** 2 @ weight / weight.sum()
    return float(1.0 / np.sqrt(square))


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("identity", INFINITELY),
        Activation("threshold", -1),
        Activation("sigmoid", INFINITELY),
        Activation("tanh", INFINITELY),
        Activation("relu", 0),
        Activation("leaky_relu", 0, parameter=0.01),
        Activation("prelu", 0, parameter=0.25, is_learned=True),
        Activation("relu6", 0),
        Activation("softplus", INFINITELY),
        Activation("elu", 1, parameter=1.0),
        Activation("selu", 0),
        Activation("gelu", INFINITELY),
        Activation("gelu_tanh", INFINITELY),
        Activation("silu", INFINITELY),
        Activation("mish", INFINITELY),
        Activation("hard_sigmoid", 0),
        Activation("hard_swish", 0),
        Activation("glu", INFINITELY, is_gated=True),
        Activation("reglu", 0, is_gated=True),
        Activation("geglu", INFINITELY, is_gated=True),
        Activation("swiglu", INFINITELY, is_gated=True),
    )
}
ACTIVATIONS["swish"] = ACTIVATIONS["silu"]
