"""A multilayer perceptron with its derivatives, on one flat vector of parameters.

    x_0 = inputs,  z_l = x_l W_l,  y_l = f(normalised z_l + b_l),  x_{l+1} = y_l, or x_l + y_l in a residual block
    outputs = x_L W_L + b_L

Everything between two matrix products is one kernel over the layer.  Products that give outputs and tangents are a
kernel, too, so that a row's do not depend on the rows beside it; those of the pass back, which only training needs, are
numpy's BLAS.  What a pass remembers for the passes back lies in a `Workspace`, so that one network can serve several
threads, each with a workspace of its own.

    forward            outputs
    backward           gradients of sum(cotangent * outputs) by the parameters and by the inputs
    tangent            J v: how outputs change along directions of the inputs
    backward with      gradients of sum(cotangent * outputs) + sum(tangent_cotangent * J v), for losses that contain
    tangents           a Jacobian, such as a trace
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skensemble.generative.networks._activations import ACTIVATIONS
from skensemble.generative.networks._matrix_product import multiply, panel_shape
from skensemble.generative.networks._network_kernels import (
    backward_activation,
    backward_normalize,
    backward_tangent_activation,
    backward_tangent_normalize,
    column_sums,
    learned_slope_gradient,
    learned_slope_tangent_gradient,
    normalize,
    tangent_activation,
    tangent_normalize,
)

VALUE, SLOPE, CURVATURE = 0, 1, 2  # what a forward pass prepares: outputs; backward and tangent; backward with tangents


class Layer(NamedTuple):
    """Parameters of a layer, or their gradients: views of one flat vector.

    weight : (n_in, n_sums)
    bias : (n_sums,)
    gain : (n_sums,), of the layer normalisation; (0,) without
    slope : (1,), of a learned activation; (0,) without
    """

    weight: np.ndarray
    bias: np.ndarray
    gain: np.ndarray
    slope: np.ndarray


class Workspace:
    """Arrays that a pass writes and later passes read, kept from call to call."""

    def __init__(self, dtype):
        self.dtype = dtype
        self._arrays = {}
        self._panel = np.empty(panel_shape(0, dtype), dtype)
        self.n_directions = 0

    def array(self, n_rows, n_columns, *name):
        """The array of a name with this number of rows; it holds what was written there last."""
        kept = self._arrays.get(name)
        if kept is None or len(kept) < n_rows:
            kept = self._arrays[name] = np.empty((n_rows, n_columns), self.dtype)
        return kept[:n_rows]

    def product(self, x, weight, *name):
        """x @ weight, row by row, in the array of a name; both are contiguous and of the workspace's dtype."""
        result = self.array(len(x), weight.shape[1], *name)
        if len(self._panel) < len(weight):
            self._panel = np.empty(panel_shape(len(weight), self.dtype), self.dtype)
        multiply(x, weight, self._panel[: len(weight)], result)
        return result

    def keep(self, array, *name):
        """Keep an array that the caller made, under a name."""
        self._arrays[name] = array

    def kept(self, *name):
        return self._arrays[name]

    def has(self, *name):
        return name in self._arrays


class MLP:
    """A multilayer perceptron.

    Parameters
    ----------
    n_inputs, n_outputs : int
    hidden_layer_sizes : sequence of int
    activation : str, a name in ACTIVATIONS
    residual : bool
        Add the input of each hidden layer to its output, where both have the same size.
    layer_norm : bool
        Normalise the sums of each hidden layer.
    dtype : float32 or float64

    Attributes
    ----------
    n_parameters : int
    parameters, gradient : (n_parameters,), of which all layers are views; `bind` replaces them
    """

    def __init__(
        self,
        n_inputs,
        n_outputs,
        hidden_layer_sizes=(64, 64),
        activation="silu",
        *,
        residual=False,
        layer_norm=False,
        dtype=np.float32,
    ):
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self.hidden_layer_sizes = tuple(int(size) for size in hidden_layer_sizes)
        self.activation = activation
        self.residual, self.layer_norm, self.dtype = residual, layer_norm, np.dtype(dtype)
        self.n_parameters = sum(np.prod(shape, dtype=int) for shapes in self._shapes() for shape in shapes)
        self.bind(np.zeros(self.n_parameters, self.dtype), np.zeros(self.n_parameters, self.dtype))

    # -- parameters ------------------------------------------------------------------------------------------------

    def bind(self, parameters, gradient=None):
        """Use these vectors, for instance parts of longer ones that several networks share with one optimiser."""
        self.parameters, self.gradient = parameters, gradient
        self._layers = self._views(parameters)
        self._gradients = None if gradient is None else self._views(gradient)

    def initialize(self, generator, output_scale=1.0):
        """Draw weights with which the sums of every layer have variance 1 if the inputs have.

        output_scale : factor of the last layer's weights; 0 makes a network that begins as the constant 0
        """
        activation = ACTIVATIONS[self.activation]
        for number, layer in enumerate(self._layers):
            gain = 1.0 if number == 0 else activation.gain
            gain *= output_scale if layer is self._layers[-1] else 1.0
            layer.weight[:] = generator.normal(size=layer.weight.shape) * (gain / max(1, len(layer.weight)) ** 0.5)
            layer.bias[:] = 0.0
            layer.gain[:] = 1.0
            layer.slope[:] = activation.parameter

    def weight_mask(self):
        """1 for weights, which decay, and 0 for all other parameters, (n_parameters,)."""
        mask = np.zeros(self.n_parameters, self.dtype)
        for layer in self._views(mask):
            layer.weight[:] = 1.0
        return mask

    def __getstate__(self):
        state = {name: value for name, value in self.__dict__.items() if name not in _REBUILT}
        return {**state, "parameters": self.parameters.copy()}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.bind(self.parameters)

    def _shapes(self):
        activation = ACTIVATIONS[self.activation]
        sizes = [self.n_inputs, *self.hidden_layer_sizes]
        hidden = [(n_in, size * (1 + activation.is_gated)) for n_in, size in pairwise(sizes)]
        extra = [((n_sums * self.layer_norm,), (int(activation.is_learned),)) for _, n_sums in hidden]
        last = ((sizes[-1], self.n_outputs), (self.n_outputs,), (0,), (0,))
        return [((n_in, n_sums), (n_sums,), *rest) for (n_in, n_sums), rest in zip(hidden, extra)] + [last]

    def _views(self, vector):
        layers, start = [], 0
        for shapes in self._shapes():
            parts = []
            for shape in shapes:
                stop = start + int(np.prod(shape))
                parts.append(vector[start:stop].reshape(shape))
                start = stop
            layers.append(Layer(*parts))
        return layers

    def _is_residual(self, layer, n_units):
        return self.residual and layer.weight.shape[0] == n_units

    # -- forward ---------------------------------------------------------------------------------------------------

    def workspace(self):
        """An empty workspace for this network."""
        return Workspace(self.dtype)

    def forward(self, inputs, workspace, order=SLOPE):
        """Outputs (n_rows, n_outputs), in an array of the workspace.

        inputs : (n_rows, n_inputs); kept, not copied, if contiguous and of the network's dtype
        order : VALUE, SLOPE (before `backward` and `tangent`) or CURVATURE (before `backward` with tangents)
        """
        hidden = np.ascontiguousarray(inputs, self.dtype)
        for number, layer in enumerate(self._layers[:-1]):
            workspace.keep(hidden, "hidden", number)
            hidden = self._forward_layer(number, layer, hidden, workspace, order)
        workspace.keep(hidden, "hidden", len(self._layers) - 1)
        last = self._layers[-1]
        outputs = workspace.product(hidden, last.weight, "outputs")
        outputs += last.bias
        return outputs

    def _forward_layer(self, number, layer, hidden, workspace, order):
        activation = ACTIVATIONS[self.activation]
        n_rows, n_sums, n_units = len(hidden), layer.bias.size, self.hidden_layer_sizes[number]
        sums = workspace.product(hidden, layer.weight, "sums", number)
        if self.layer_norm:
            normalize(sums, layer.gain, *self._normal(number, n_rows, n_sums, workspace))
        parameter = layer.slope if activation.is_learned else np.array([activation.parameter], self.dtype)
        results = [workspace.array(n_rows, n_units, "value", number)]
        results += [workspace.array(n_rows, n_sums, name, number) for name in ("slope", "curvature")[:order]]
        activation.kernels[order](sums, layer.bias, parameter, *results)
        if self._is_residual(layer, n_units):
            results[0] += hidden
        return results[0]

    def _normal(self, number, n_rows, n_sums, workspace):
        return workspace.array(n_rows, n_sums, "normal", number), workspace.array(n_rows, 1, "scale", number)[:, 0]

    # -- tangents --------------------------------------------------------------------------------------------------

    def tangent(self, directions, workspace):
        """Jacobian-vector products at the inputs of the last forward pass, in an array of the workspace.

        directions : (n_directions, n_rows, n_inputs)
        Returns (n_directions, n_rows, n_outputs).
        """
        n_directions, n_rows, _ = directions.shape
        tangent = np.ascontiguousarray(directions, self.dtype).reshape(n_directions * n_rows, self.n_inputs)
        workspace.n_directions = n_directions
        for number, layer in enumerate(self._layers[:-1]):
            workspace.keep(tangent, "tangent", number)
            tangent = self._tangent_layer(number, layer, tangent, n_rows, workspace)
        workspace.keep(tangent, "tangent", len(self._layers) - 1)
        outputs = workspace.product(tangent, self._layers[-1].weight, "output tangents")
        return outputs.reshape(n_directions, n_rows, self.n_outputs)

    def _tangent_layer(self, number, layer, tangent, n_rows, workspace):
        n_tangents, n_sums, n_units = len(tangent), layer.bias.size, self.hidden_layer_sizes[number]
        sums = workspace.product(tangent, layer.weight, "sum tangents", number)
        if self.layer_norm:
            workspace.keep(sums, "tangents before normalising", number)
            normalised = workspace.array(n_tangents, n_sums, "normalised tangents", number)
            tangent_normalize(sums, layer.gain, *self._normal(number, n_rows, n_sums, workspace), normalised)
            sums = normalised
        workspace.keep(sums, "tangents of sums", number)
        result = workspace.array(n_tangents, n_units, "unit tangents", number)
        tangent_activation(sums, workspace.array(n_rows, n_sums, "slope", number), result)
        if self._is_residual(layer, n_units):
            result += tangent
        return result

    # -- backward --------------------------------------------------------------------------------------------------

    def backward(self, cotangent, workspace, tangent_cotangent=None, *, by_inputs=False):
        """Write the gradient by the parameters of sum(cotangent * outputs) into `gradient`, after `forward`.

        cotangent : (n_rows, n_outputs)
        tangent_cotangent : (n_directions, n_rows, n_outputs), default=None
            Adds the gradient of sum(tangent_cotangent * tangents), after `forward(..., CURVATURE)` and `tangent`.
        by_inputs : bool
            Whether to return the gradient by the inputs, too: (n_rows, n_inputs), in an array of the workspace.
        """
        cotangent = np.ascontiguousarray(cotangent, self.dtype)
        last, gradient, n_hidden = self._layers[-1], self._gradients[-1], len(self._layers) - 1
        np.dot(workspace.kept("hidden", n_hidden).T, cotangent, out=gradient.weight)
        column_sums(cotangent, gradient.bias)
        needed = by_inputs or n_hidden > 0
        pulled = self._pull(cotangent, last, workspace, "cotangent", n_hidden) if needed else None
        of_tangent = None
        if tangent_cotangent is not None:
            flat = np.ascontiguousarray(tangent_cotangent, self.dtype).reshape(-1, self.n_outputs)
            gradient.weight[:] += workspace.kept("tangent", n_hidden).T @ flat
            of_tangent = self._pull(flat, last, workspace, "tangent cotangent", n_hidden)
        for number in reversed(range(n_hidden)):
            pulled, of_tangent = self._backward_layer(number, pulled, of_tangent, workspace, by_inputs or number > 0)
        return pulled

    def _pull(self, cotangent, layer, workspace, *name):
        n_inputs = layer.weight.shape[0]
        return np.dot(cotangent, layer.weight.T, out=workspace.array(len(cotangent), n_inputs, *name))

    def _backward_layer(self, number, cotangent, of_tangent, workspace, needs_inputs):
        """From the cotangents of a layer's units, and of their tangents, to those of its inputs."""
        layer, gradient, n_sums = self._layers[number], self._gradients[number], self._layers[number].bias.size
        sums_cotangent = workspace.array(len(cotangent), n_sums, "sums cotangent", number)
        slope = workspace.array(len(cotangent), n_sums, "slope", number)
        backward_activation(cotangent, slope, sums_cotangent, gradient.bias)
        if layer.slope.size:
            learned_slope_gradient(cotangent, workspace.kept("sums", number)[: len(slope)], layer.bias, gradient.slope)
        of_sums_tangent = None
        if of_tangent is not None:
            of_sums_tangent = self._backward_tangents(number, of_tangent, slope, sums_cotangent, workspace)
        if self.layer_norm:
            self._backward_normal(number, sums_cotangent, of_sums_tangent, workspace)
        np.dot(workspace.kept("hidden", number).T, sums_cotangent, out=gradient.weight)
        if of_tangent is not None:
            gradient.weight[:] += workspace.kept("tangent", number).T @ of_sums_tangent
        if not needs_inputs:
            return None, None
        passes_by = self._is_residual(layer, self.hidden_layer_sizes[number])
        results = []
        for name, values, skipped in (
            ("cotangent", sums_cotangent, cotangent),
            ("tangent cotangent", of_sums_tangent, of_tangent),
        ):
            pulled = None if values is None else self._pull(values, layer, workspace, name, number)
            if pulled is not None and passes_by:
                pulled += skipped
            results.append(pulled)
        return results

    def _backward_tangents(self, number, of_tangent, slope, sums_cotangent, workspace):
        """Cotangents of the tangents of a layer's sums; what they say of the sums is added to `sums_cotangent`."""
        layer, gradient = self._layers[number], self._gradients[number]
        sums_tangent = workspace.kept("tangents of sums", number)
        curvature = workspace.array(*slope.shape, "curvature", number)
        result = workspace.array(*sums_tangent.shape, "sum tangents cotangent", number)
        backward_tangent_activation(of_tangent, sums_tangent, slope, curvature, sums_cotangent, result)
        column_sums(sums_cotangent, gradient.bias)
        if layer.slope.size:
            sums = workspace.kept("sums", number)[: len(slope)]
            learned_slope_tangent_gradient(of_tangent, sums_tangent, sums, layer.bias, gradient.slope)
        return result

    def _backward_normal(self, number, sums_cotangent, of_sums_tangent, workspace):
        """Through the layer normalisation, in place."""
        layer, gradient = self._layers[number], self._gradients[number]
        normal, scale = self._normal(number, *sums_cotangent.shape, workspace)
        of_normal, of_scale = np.zeros_like(normal), np.zeros_like(scale)
        gradient.gain[:] = 0.0
        if of_sums_tangent is not None:
            before = workspace.kept("tangents before normalising", number)
            arrays = (of_sums_tangent, before, layer.gain, normal, scale, of_normal, of_scale, gradient.gain)
            backward_tangent_normalize(*arrays)
        backward_normalize(sums_cotangent, layer.gain, normal, scale, of_normal, of_scale, gradient.gain)


_REBUILT = ("parameters", "gradient", "_layers", "_gradients")
