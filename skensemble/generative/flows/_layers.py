"""The table of layers, and the stacks of them that flows are."""

from typing import NamedTuple

import numpy as np

from skensemble.generative.flows._bijections import TRANSFORMS, ActNorm, Autoregressive, Coupling, Linear
from skensemble.generative.flows._continuous_layer import ContinuousLayer


class Place:
    """Where in a stack a layer is made, and what it can ask there.

    n_columns : int, of the rows that go through the flow
    n_condition : int, columns of the condition
    parameters : dict, those of the estimator
    dtype : of the layer's numbers
    number : int, how often the repeated layers have been made before
    """

    def __init__(self, n_columns, n_condition, parameters, generator, dtype=np.float32):
        self.n_columns, self.n_condition, self.dtype = n_columns, n_condition, dtype
        self.parameters, self.number = parameters, 0
        self._generator, self._permutations = generator, {}

    @property
    def network(self):
        """Arguments of layers with a network."""
        return {name: self.parameters[name] for name in ("hidden_layer_sizes", "activation")} | {"dtype": self.dtype}

    def stays(self):
        """Which columns a coupling leaves as they are: of each two couplings, what stays in one moves in the other."""
        half = self._permutation(self.number // 2) < self.n_columns // 2
        return ~half if self.number % 2 == 1 and self.n_columns > 1 else half

    def order(self):
        """Order of the columns in an autoregressive layer: a random one and its reverse, in turn."""
        order = self._permutation(0)
        return order[::-1] if self.number % 2 == 1 else order

    def transform(self, name):
        """Name of the transform to use: scales and shifts, which no other column tells, would leave a single column the
        shape of the base, so that a spline takes their place."""
        return "spline" if self.n_columns == 1 else name

    def _permutation(self, key):
        if key not in self._permutations:
            self._permutations[key] = self._generator.permutation(self.n_columns)
        return self._permutations[key]


def _coupling(transform):
    return lambda place: Coupling(
        place.n_columns, place.n_condition, place.transform(transform), place.stays(), **place.network
    )


def _autoregressive(transform):
    return lambda place: Autoregressive(
        place.n_columns, place.n_condition, place.transform(transform), place.order(), **place.network
    )


def _continuous(place):
    n_steps, kinetic = place.parameters["n_steps"], float(place.parameters["kinetic"])
    return ContinuousLayer(place.n_columns, place.n_condition, n_steps=n_steps, kinetic=kinetic, **place.network)


LAYERS = {  # name -> place -> Bijection
    "actnorm": lambda place: ActNorm(place.n_columns, place.dtype),
    "linear": lambda place: Linear(place.n_columns, place.dtype),
    "whitening": lambda place: Linear(place.n_columns, place.dtype, whitens=True),
    "continuous": _continuous,
    **{f"{transform}_coupling": _coupling(transform) for transform in TRANSFORMS},
    **{f"{transform}_autoregressive": _autoregressive(transform) for transform in TRANSFORMS},
}


class Stack(NamedTuple):
    """The layers of a flow, from rows to latents: names in `LAYERS`.

    repeated : made `n_layers` times, between the first and the last ones
    """

    first: tuple = ()
    repeated: tuple = ()
    last: tuple = ()

    def layers(self, place):
        """The list of layers."""
        layers = [LAYERS[name](place) for name in self.first]
        for number in range(place.parameters["n_layers"] if self.repeated else 0):
            place.number = number
            layers += [LAYERS[name](place) for name in self.repeated]
        return layers + [LAYERS[name](place) for name in self.last]
