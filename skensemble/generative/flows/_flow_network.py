"""A normalizing flow: layers one after the other, from rows to a base distribution.

    log p(x) = log p_base(f(x)) + sum over layers of log|det J|

Rows go through in blocks of one size, the last one filled up: a row's result depends neither on the rows beside it nor
on the number of threads.
"""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.generative.flows._flow_bases import BASES
from skensemble.generative.networks._blas_threads import one_blas_thread

BLOCK = 256  # rows
BLOCKS_TOGETHER = 8  # number of blocks that a thread takes with the same working memory


class Flow:
    """Layers that share one vector of parameters.

    layers : list of Bijection
    base : str, a key of BASES
    n_columns, n_condition : int
    """

    def __init__(self, layers, base, n_columns, n_condition, dtype=np.float32):
        self.layers, self.base, self.dtype = layers, base, np.dtype(dtype)
        self.n_columns, self.n_condition = n_columns, n_condition
        self.parameters = np.zeros(sum(layer.n_parameters for layer in layers), dtype)
        self._share(self.parameters)

    def _share(self, parameters):
        for layer, part in zip(self.layers, self._parts(parameters)):
            layer.bind(part)

    def _parts(self, vector):
        ends = np.cumsum([layer.n_parameters for layer in self.layers])
        return np.split(vector, ends[:-1])

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._share(self.parameters)

    def initialize(self, generator, x, condition):
        """Draw the parameters of each layer, given the rows that arrive there."""
        x, unused = x.astype(self.dtype), np.zeros(len(x), self.dtype)
        with one_blas_thread():
            for layer in self.layers:
                layer.initialize(generator, x)
                x = layer.forward(x, condition.astype(self.dtype), unused)

    # -- rows --------------------------------------------------------------------------------------------------------

    def transform(self, x, condition, n_threads=1):
        """(latents (n_rows, n_columns), log densities (n_rows,)), float64; -inf for a row that overflows on its way."""
        latents, log_density = np.empty((len(x), self.n_columns)), np.empty(len(x))

        def block(layers, start, stop):
            rows, given = self._filled(x, start, stop), self._filled(condition, start, stop)
            log_det = np.zeros(BLOCK, self.dtype)
            for layer in layers:
                rows = layer.forward(rows, given, log_det)
            latents[start:stop] = rows[: stop - start]
            log_density[start:stop] = (BASES[self.base].log_density(rows) + log_det)[: stop - start]

        self._for_blocks(block, len(x), n_threads)
        log_density[np.isnan(log_density)] = -np.inf
        return latents, log_density

    def inverse_transform(self, latents, condition, n_threads=1):
        """(n_rows, n_columns), float64."""
        result = np.empty((len(latents), self.n_columns))

        def block(layers, start, stop):
            rows, given = self._filled(latents, start, stop), self._filled(condition, start, stop)
            for layer in reversed(layers):
                rows = layer.inverse(rows, given)
            result[start:stop] = rows[: stop - start]

        self._for_blocks(block, len(latents), n_threads)
        return result

    def _for_blocks(self, work, n_rows, n_threads):
        """Call work(layers, start, stop) for blocks of rows; each thread has layers with working memory of its own."""

        def blocks(start, stop):
            layers = [layer.twin() for layer in self.layers]
            for layer in layers:
                layer.is_settled = True
            for first in range(start, stop, BLOCK):
                work(layers, first, min(first + BLOCK, stop))

        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            for_blocks(blocks, n_rows, BLOCKS_TOGETHER * BLOCK, n_threads)

    def _filled(self, values, start, stop):
        rows = np.zeros((BLOCK, values.shape[1]), self.dtype)
        rows[: stop - start] = values[start:stop]
        return rows


class FlowGradient:
    """Gradient of the mean negative log-likelihood of a batch: twins of the layers for each block of rows, whose
    gradients are summed in order."""

    def __init__(self, flow, n_threads):
        self.flow, self.n_threads = flow, n_threads
        self.gradient = np.zeros_like(flow.parameters)
        self._twins = []

    def fill(self, x, condition):
        """Write the gradient for a batch, and return its loss."""
        n_blocks = -(-len(x) // BLOCK)
        while len(self._twins) < n_blocks:
            gradient = np.zeros_like(self.gradient)
            parts = self.flow._parts(gradient)
            self._twins.append((gradient, [layer.twin(part) for layer, part in zip(self.flow.layers, parts)]))

        def block(start, stop):
            return self._fill_block(self._twins[start // BLOCK][1], x[start:stop], condition[start:stop], len(x))

        with np.errstate(over="ignore", invalid="ignore"):  # `train` leaves out steps that are not finite
            losses = for_blocks(block, len(x), BLOCK, self.n_threads)
        self.gradient[:] = self._twins[0][0]
        for gradient, _ in self._twins[1:n_blocks]:
            self.gradient += gradient
        return sum(losses) / len(x)

    def _fill_block(self, layers, x, condition, n_rows):
        base, log_det = BASES[self.flow.base], np.zeros(len(x), self.flow.dtype)
        z = x
        for layer in layers:
            z = layer.forward(z, condition, log_det)
        share = self.flow.dtype.type(-1.0 / n_rows)
        cotangent = np.ascontiguousarray(base.slope(z) * share, self.flow.dtype)
        of_log_det = np.full(len(x), share)
        for layer in reversed(layers):
            cotangent = layer.backward(cotangent, of_log_det)
        return -float((base.log_density(z) + log_det).sum(dtype=np.float64))
