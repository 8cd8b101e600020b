"""A network between columns of a table: its inputs are scaled and embedded, its outputs are scaled back.

    [columns | is missing | sin, cos of time]  ->  MLP  ->  targets

A missing value is replaced by the mean, and marked in a column of its own: the weights of the first layer for that
column are the learned vector of "missing".

Rows go through the network in blocks of one size, the last one filled up: a row's result depends neither on the rows
beside it nor on the number of threads.
"""

import copy
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.generative.networks._blas_threads import one_blas_thread
from skensemble.generative.networks._networks import MLP, SLOPE, VALUE

BLOCK = 256  # rows
TANGENT_ROWS = 4096  # maximum rows x directions in a block of tangents
WORTH_A_THREAD = 20_000_000  # multiplications of a step; less is done before a second thread has woken up


class Embedding(NamedTuple):
    """From features to the inputs of the network.

    centre, scale : (n_features,), float64
    missing : (n_missing,) positions of the features that may be NaN
    time : position of the feature that is time, or -1
    frequencies : (n_frequencies,) of sine and cosine, in periods per unit of time (Tancik et al. 2020)
    """

    centre: np.ndarray
    scale: np.ndarray
    missing: np.ndarray
    time: int
    frequencies: np.ndarray

    @property
    def n_inputs(self):
        return len(self.centre) + len(self.missing) + 2 * len(self.frequencies)

    def write(self, features, inputs):
        """Embed rows of features into the first rows of `inputs`; all others become 0."""
        n_rows, n_features = features.shape
        n_seen = n_features + len(self.missing)
        part = inputs[:n_rows]
        inputs[n_rows:] = 0.0
        part[:, :n_features] = (features - self.centre) / self.scale
        if len(self.missing):
            part[:, n_features:n_seen] = np.isnan(features[:, self.missing])
        if not np.isfinite(part[:, :n_features]).all():  # asking is a tenth of replacing
            np.nan_to_num(part[:, :n_features], copy=False, nan=0.0)
        if len(self.frequencies):
            angle = self._angle(features)
            np.sin(angle, out=part[:, n_seen : n_seen + angle.shape[1]])
            np.cos(angle, out=part[:, n_seen + angle.shape[1] :])

    def write_tangent(self, features, directions, inputs):
        """Embed directions (n_directions, n_rows, n_features) at `features`; a missing value cannot move."""
        n_rows, n_features = features.shape
        inputs[:] = 0.0
        moves = directions / self.scale
        inputs[:, :n_rows, :n_features] = np.where(np.isnan(features), 0.0, moves)
        if len(self.frequencies):
            n_seen, angle = n_features + len(self.missing), self._angle(features)
            speed = 2.0 * np.pi * self.frequencies * directions[:, :, self.time, np.newaxis]
            inputs[:, :n_rows, n_seen : n_seen + angle.shape[1]] = np.cos(angle) * speed
            inputs[:, :n_rows, n_seen + angle.shape[1] :] = -np.sin(angle) * speed

    def _angle(self, features):
        return (2.0 * np.pi * features[:, self.time, np.newaxis] * self.frequencies).astype(np.float32)


def centre_and_scale(values):
    """Mean and standard deviation of columns (NaN left out), with scale 1 for a constant one."""
    peak = np.fmax(np.nanmax(np.abs(values), axis=0, initial=0.0), np.finfo(np.float64).tiny)
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    parts = np.where(known, values / peak, 0.0)
    mean = parts.sum(axis=0) / count
    std = np.sqrt((np.where(known, parts - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean * peak, np.where(std > 1e-10, std * peak, 1.0)


class FieldNetwork:
    """A network with its embedding, and with the scale of its targets.

    embedding : Embedding
    network : MLP
    target_centre, target_scale : (n_outputs,), float64
    """

    def __init__(self, embedding, network, target_centre, target_scale):
        self.embedding, self.network = embedding, network
        self.target_centre, self.target_scale = target_centre, target_scale

    def predict(self, features, n_threads=1):
        """(n_rows, n_outputs), float64."""
        result = np.empty((len(features), self.network.n_outputs))

        def predict_block(start, stop):
            workspace = self.network.workspace()
            inputs = np.empty((BLOCK, self.embedding.n_inputs), self.network.dtype)
            self.embedding.write(features[start:stop], inputs)
            outputs = self.network.forward(inputs, workspace, VALUE)[: stop - start]
            result[start:stop] = outputs * self.target_scale + self.target_centre

        with one_blas_thread():
            for_blocks(predict_block, len(features), BLOCK, self._useful_threads(len(features), n_threads))
        return result

    def tangent(self, features, directions, n_threads=1):
        """Derivatives of `predict` along directions (n_directions, n_rows, n_features), shaped like its result."""
        n_directions, n_rows, _ = directions.shape
        result = np.empty((n_directions, n_rows, self.network.n_outputs))
        block = min(BLOCK, max(1, TANGENT_ROWS // max(1, n_directions)))

        def tangent_block(start, stop):
            workspace = self.network.workspace()
            inputs = np.empty((block, self.embedding.n_inputs), self.network.dtype)
            moves = np.empty((n_directions, *inputs.shape), self.network.dtype)
            self.embedding.write(features[start:stop], inputs)
            self.embedding.write_tangent(features[start:stop], directions[:, start:stop], moves)
            self.network.forward(inputs, workspace, SLOPE)
            tangents = self.network.tangent(moves, workspace)[:, : stop - start]
            result[:, start:stop] = tangents * self.target_scale

        with one_blas_thread():
            for_blocks(tangent_block, n_rows, block, self._useful_threads(n_rows * (1 + n_directions), n_threads))
        return result

    def _useful_threads(self, n_rows, n_threads):
        return n_threads if n_rows * self.network.n_parameters >= WORTH_A_THREAD else 1


class BatchGradient:
    """Gradient of the mean squared error of a batch: a network for each block of rows, their gradients summed in order.

    model : FieldNetwork, whose network's `gradient` is filled
    """

    def __init__(self, model, n_threads):
        self.model, self.n_threads = model, n_threads
        self._parts = []

    def fill(self, features, targets, is_asked=None):
        """Write the gradient for a batch, and return its loss.

        features (n_rows, n_features), targets (n_rows, n_outputs)
        is_asked : bool (n_rows, n_outputs), or None; False where a target does not count
        """
        scaled = (targets - self.model.target_centre) / self.model.target_scale
        if is_asked is not None:
            scaled = np.where(is_asked, scaled, np.nan)
        n_rows, n_parts = len(features), -(-len(features) // BLOCK)
        while len(self._parts) < n_parts:
            self._parts.append(_Part(self.model))

        def fill_block(start, stop):
            return self._parts[start // BLOCK].fill(features[start:stop], scaled[start:stop], 2.0 / scaled.size)

        threads = self.model._useful_threads(n_rows, self.n_threads)
        losses = for_blocks(fill_block, n_rows, BLOCK, threads)
        gradient = self.model.network.gradient
        gradient[:] = self._parts[0].network.gradient
        for part in self._parts[1:n_parts]:
            gradient += part.network.gradient
        return sum(losses) / scaled.size


class _Part:
    """Network of one block: shares the model's parameters, has its own gradient."""

    def __init__(self, model):
        self.embedding = model.embedding
        self.network = copy.copy(model.network)
        self.network.bind(model.network.parameters, np.zeros_like(model.network.parameters))
        self.workspace = self.network.workspace()

    def fill(self, features, scaled_targets, factor):
        inputs = self.workspace.array(len(features), self.embedding.n_inputs, "inputs")
        self.embedding.write(features, inputs)
        with np.errstate(over="ignore", invalid="ignore"):  # `train` leaves out steps that are not finite
            error = self.network.forward(inputs, self.workspace, SLOPE) - scaled_targets.astype(self.network.dtype)
            error[np.isnan(scaled_targets)] = 0.0
            self.network.backward(error * self.network.dtype.type(factor), self.workspace)
            return float(np.vdot(error, error))


def new_model(embedding, targets, generator, hidden_layer_sizes, activation, residual, layer_norm):
    """A FieldNetwork with random weights that begins with the mean of the targets."""
    network = MLP(
        embedding.n_inputs, targets.shape[1], hidden_layer_sizes, activation, residual=residual, layer_norm=layer_norm
    )
    network.initialize(generator, output_scale=0.0)
    return FieldNetwork(embedding, network, *centre_and_scale(targets))
