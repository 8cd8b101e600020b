"""Layers of normalizing flows: invertible functions of a row whose Jacobian determinant is cheap.

    forward(x, condition, log_det)     y; adds log|dy / dx| of each row to `log_det`, and keeps what `backward` needs
    inverse(y, condition)              x
    backward(cotangent, of_log_det)    gradient of sum(cotangent * y) + sum(of_log_det * log|dy / dx|) by x; the array
                                       of the cotangent is spent; that by the parameters is written to `gradient`

x, y : (n_rows, n_columns), condition : (n_rows, n_condition), in the layer's precision.

A layer's parameters are views of a vector that `bind` hands over, so that a flow has one vector for its optimiser.
`twin` is a layer with the same parameters and arrays of its own, for another thread; where these parameters will not
change any more, `is_settled` tells it so, and it may keep what it derives from them.
"""

import copy
import functools

import numpy as np
import scipy.linalg

from skensemble.generative.flows._coupling_kernels import (
    backward_columns,
    backward_scale_and_shift,
    gather,
    scale_and_shift,
    scales,
    scatter,
    shift,
    take_columns,
    unscale,
)
from skensemble.generative.flows._spline_kernels import (
    DERIVATIVE_OFFSET,
    LEAST_DERIVATIVE,
    LEAST_SHARE,
    N_FOUND,
    backward_splines,
    exponentials,
    forward_splines,
    inverse_splines,
)
from skensemble.generative.networks._networks import MLP, SLOPE, VALUE, Workspace

INPUT_BOUND = 8.0  # of the columns that a conditioner sees, which are about standard normal


class Bijection:
    """Base class of layers."""

    n_parameters = 0
    is_settled = False

    def __init__(self, n_columns, dtype):
        self.n_columns, self.dtype = n_columns, np.dtype(dtype)
        self.workspace = Workspace(self.dtype)

    def bind(self, parameters, gradient=None):
        self.parameters, self.gradient = parameters, gradient

    def initialize(self, generator, x):
        """Draw parameters; x : rows that come to this layer before training."""

    def twin(self, gradient=None):
        """The same layer with arrays of its own, writing to another gradient."""
        other = copy.copy(self)
        other.workspace = Workspace(self.dtype)
        other.bind(self.parameters, gradient)
        return other

    def __getstate__(self):
        hidden = {"workspace", "gradient"}
        return {name: value for name, value in self.__dict__.items() if name not in hidden}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.workspace = Workspace(self.dtype)


# -- without a network -----------------------------------------------------------------------------------------------


class ActNorm(Bijection):
    """A scale and a shift for each column, such that the first rows have mean 0 and variance 1 (Kingma and Dhariwal
    2018, section 3.1)."""

    def __init__(self, n_columns, dtype=np.float32):
        super().__init__(n_columns, dtype)
        self.n_parameters = 2 * n_columns

    def initialize(self, generator, x):
        spread = x.std(axis=0, dtype=np.float64)
        scale = 1.0 / np.where(spread > 1e-6, spread, 1.0)
        self._log_scale[:] = np.log(scale)
        self._shift[:] = -x.mean(axis=0, dtype=np.float64) * scale

    @property
    def _log_scale(self):
        return self.parameters[: self.n_columns]

    @property
    def _shift(self):
        return self.parameters[self.n_columns :]

    def forward(self, x, condition, log_det):
        self.workspace.keep(x, "x")
        y = self.workspace.array(len(x), self.n_columns, "y")
        np.multiply(x, np.exp(self._log_scale), out=y)
        y += self._shift
        log_det += self._log_scale.sum()
        return y

    def inverse(self, y, condition):
        return (y - self._shift) * np.exp(-self._log_scale)

    def backward(self, cotangent, of_log_det):
        by_scale, by_shift = self.gradient[: self.n_columns], self.gradient[self.n_columns :]
        backward_columns(cotangent, self.workspace.kept("x"), np.exp(self._log_scale), by_scale, by_shift)
        by_scale += of_log_det.sum()
        return cotangent


class Linear(Bijection):
    """y = W x with W = P L (U + diag(s)): P a fixed permutation, L unit lower and U strictly upper triangular (Kingma
    and Dhariwal 2018, equation 10).  Begins as a rotation, or with `whitens` such that the columns of the first rows
    come out with unit variances and without correlation."""

    def __init__(self, n_columns, dtype=np.float32, *, whitens=False):
        super().__init__(n_columns, dtype)
        self.whitens = whitens
        self.n_parameters = n_columns * n_columns
        self._permutation, self._sign = np.eye(n_columns, dtype=dtype), np.ones(n_columns, dtype)

    def initialize(self, generator, x):
        matrix = _whitening(x) if self.whitens else _rotation(generator, self.n_columns)
        permutation, lower, upper = scipy.linalg.lu(matrix)
        diagonal = np.diag(upper)
        self._permutation, self._sign = permutation.astype(self.dtype), np.sign(diagonal).astype(self.dtype)
        matrix = self._matrix(self.parameters)
        matrix[:] = np.tril(lower, -1) + np.triu(upper, 1)
        np.fill_diagonal(matrix, np.log(np.abs(diagonal)))

    def _matrix(self, vector):
        """Below the diagonal L, above it U, on it log|s|."""
        return vector.reshape(self.n_columns, self.n_columns)

    def _factors(self):
        """(L, U + diag(s))"""
        matrix = self._matrix(self.parameters)
        (below, above), nothing = _triangles(self.n_columns), np.zeros(1, self.dtype)
        lower, upper = np.where(below, matrix, nothing), np.where(above, matrix, nothing)
        np.fill_diagonal(lower, 1.0)
        np.fill_diagonal(upper, self._sign * np.exp(np.diag(matrix)))
        return lower, upper

    def _derived(self, make, *names):
        """What `make()` gives, kept under these names: for `backward`, and for all blocks of a settled layer."""
        if not (self.is_settled and self.workspace.has(names[0])):
            for name, array in zip(names, make()):
                self.workspace.keep(array, name)
        return [self.workspace.kept(name) for name in names]

    def _weight(self):
        lower, upper = self._factors()
        return lower, upper, self._permutation @ lower @ upper

    def _inverse_weight(self):
        lower, upper = (factor.astype(np.float64) for factor in self._factors())
        below = scipy.linalg.solve_triangular(lower, self._permutation.T, lower=True, unit_diagonal=True)
        return [scipy.linalg.solve_triangular(upper, below)]

    def forward(self, x, condition, log_det):
        self.workspace.keep(x, "x")
        log_det += np.trace(self._matrix(self.parameters))
        return self._product(x, self._derived(self._weight, "lower", "upper", "weight")[2], "y")

    def inverse(self, y, condition):
        return self._product(y, *self._derived(self._inverse_weight, "inverse weight"), "x of y").copy()

    def _product(self, x, weight, name):
        return self.workspace.product(x, np.ascontiguousarray(weight.T, self.dtype), name)

    def backward(self, cotangent, of_log_det):
        lower, upper, weight = (self.workspace.kept(name) for name in ("lower", "upper", "weight"))
        by_product = self._permutation.T @ (cotangent.T @ self.workspace.kept("x"))
        by_upper = lower.T @ by_product
        gradient = self._matrix(self.gradient)
        below, above = _triangles(self.n_columns)
        gradient[:] = 0.0
        np.copyto(gradient, by_product @ upper.T, where=below)
        np.copyto(gradient, by_upper, where=above)
        np.fill_diagonal(gradient, np.diag(by_upper) * np.diag(upper) + of_log_det.sum())
        return np.dot(cotangent, weight, out=self.workspace.array(len(cotangent), self.n_columns, "pulled"))


@functools.lru_cache(16)
def _triangles(n):
    """Which places of a square matrix are below its diagonal, and which above."""
    below = np.tri(n, k=-1, dtype=bool)
    return below, np.ascontiguousarray(below.T)


def _rotation(generator, n_columns):
    return np.linalg.qr(generator.normal(size=(n_columns, n_columns)))[0]


_SHRINKAGE = 1e-3  # of correlations


def _whitening(x):
    """W such that the columns of x W^T have unit variances and no correlation; these a little shrunk.

    No more rows than columns say nothing of directions in which they do not vary: correlations are 0 then.
    """
    if len(x) <= x.shape[1]:
        variance = x.var(axis=0, dtype=np.float64)
        return np.diag(1.0 / np.sqrt(np.where(variance > 1e-6, variance, 1.0)))
    covariance = np.atleast_2d(np.cov(x.astype(np.float64), rowvar=False))
    spread = np.maximum(np.diag(covariance), 1e-6)
    shrunk = (1.0 - _SHRINKAGE) * covariance + _SHRINKAGE * np.diag(spread)
    return np.linalg.inv(np.linalg.cholesky(shrunk))


# -- functions of a column, by numbers from a conditioner ------------------------------------------------------------


class Additive:
    """y = x + t."""

    n_numbers = 1

    def forward(self, x, columns, numbers, y, log_det, workspace):
        shift(x, columns, numbers, numbers.dtype.type(1), y)

    def inverse(self, y, columns, numbers, x, workspace):
        shift(y, columns, numbers, numbers.dtype.type(-1), x)

    def backward(self, cotangent, of_log_det, x, columns, numbers, numbers_cotangent, workspace):
        take_columns(cotangent, columns, numbers_cotangent)


class Affine:
    """y = x exp(s) + t with |s| < bound, so that no row can blow up the density of others."""

    n_numbers = 2
    bound = 5.0

    def forward(self, x, columns, numbers, y, log_det, workspace):
        scale, log_scale, _ = self._scales(numbers, workspace)
        scale_and_shift(x, columns, numbers, scale, log_scale, y, log_det)

    def inverse(self, y, columns, numbers, x, workspace):
        unscale(y, columns, numbers, self._scales(numbers, workspace)[0], x)

    def backward(self, cotangent, of_log_det, x, columns, numbers, numbers_cotangent, workspace):
        scale, _, slope = self._arrays(numbers, workspace)
        backward_scale_and_shift(cotangent, of_log_det, x, columns, scale, slope, numbers_cotangent)

    def _arrays(self, numbers, workspace):
        return [workspace.array(*numbers.shape, name) for name in ("scale", "log scale", "slope")]

    def _scales(self, numbers, workspace):
        arrays = self._arrays(numbers, workspace)
        scales(numbers, np.array([self.bound], numbers.dtype), *arrays)
        return arrays


class Spline:
    """A monotone rational-quadratic spline on [-interval, interval], and y = x outside."""

    n_bins = 8
    interval = 4.0
    n_numbers = 3 * n_bins - 1

    def forward(self, x, columns, numbers, y, log_det, workspace):
        kept, found = self._shares(numbers, workspace), self._found(numbers, workspace)
        forward_splines(x, columns, numbers, kept, self._limits(numbers), y, log_det, found)

    def inverse(self, y, columns, numbers, x, workspace):
        inverse_splines(y, columns, numbers, self._shares(numbers, workspace), self._limits(numbers), x)

    def backward(self, cotangent, of_log_det, x, columns, numbers, numbers_cotangent, workspace):
        kept, found = self._kept(numbers, workspace), self._found(numbers, workspace)
        backward_splines(cotangent, of_log_det, x, columns, kept, found, self._limits(numbers), numbers_cotangent)

    def _limits(self, numbers):
        floor = 2.0 * self.interval * LEAST_SHARE
        scale = 2.0 * self.interval - self.n_bins * floor
        limits = [self.interval, floor, scale, 1.0, LEAST_DERIVATIVE, DERIVATIVE_OFFSET]
        return np.array(limits, numbers.dtype)

    def _kept(self, numbers, workspace):
        return self._array(numbers, 2 * self.n_bins, workspace, "shares")

    def _found(self, numbers, workspace):
        return self._array(numbers, N_FOUND, workspace, "bin")

    def _array(self, numbers, size, workspace, name):
        n_columns = numbers.shape[1] // self.n_numbers
        return workspace.array(len(numbers), n_columns * size, name).reshape(len(numbers), n_columns, size)

    def _shares(self, numbers, workspace):
        kept = self._kept(numbers, workspace)
        exponentials(numbers, self.n_bins, np.zeros(1, numbers.dtype), kept)
        return kept


TRANSFORMS = {"additive": Additive(), "affine": Affine(), "spline": Spline()}


# -- with a network --------------------------------------------------------------------------------------------------


class Conditioned(Bijection):
    """Columns transformed one by one, by numbers that a network computes from other columns and the condition.

    transform : str, a key of TRANSFORMS
    seen, moved : positions of the columns that the network sees, and of those that are transformed
    network : MLP, from [seen | condition] to the numbers of the moved columns
    """

    def __init__(self, n_columns, transform, seen, moved, network):
        super().__init__(n_columns, network.dtype)
        self.transform, self.seen, self.moved, self.network = transform, seen, moved, network
        self.n_parameters = network.n_parameters

    def bind(self, parameters, gradient=None):
        super().bind(parameters, gradient)
        self.network.bind(parameters, gradient)

    def twin(self, gradient=None):
        other = copy.copy(self)
        other.network = copy.copy(self.network)
        other.workspace = Workspace(self.dtype)
        other.bind(self.parameters, gradient)
        return other

    def initialize(self, generator, x):
        """Begin as the identity: the network's last layer is 0."""
        self.network.initialize(generator, output_scale=0.0)

    def forward(self, x, condition, log_det):
        self.workspace.keep(x, "x")
        numbers = self._numbers(x, condition, SLOPE)
        y = self.workspace.array(len(x), self.n_columns, "y")
        TRANSFORMS[self.transform].forward(x, self.moved, numbers, y, log_det, self.workspace)
        return y

    def _numbers(self, x, condition, order):
        n_seen = len(self.seen)
        inputs = self.workspace.array(len(x), n_seen + condition.shape[1], "inputs")
        gather(x, self.seen, condition, self.dtype.type(INPUT_BOUND), inputs)
        return self.network.forward(inputs, self.workspace, order)

    def _undone(self, y, numbers):
        x = np.empty_like(y)
        TRANSFORMS[self.transform].inverse(y, self.moved, numbers, x, self.workspace)
        return x

    def backward(self, cotangent, of_log_det):
        x, numbers = self.workspace.kept("x"), self.workspace.kept("outputs")[: len(cotangent)]
        numbers_cotangent = self.workspace.array(*numbers.shape, "numbers cotangent")
        arguments = (cotangent, of_log_det, x, self.moved, numbers, numbers_cotangent, self.workspace)
        TRANSFORMS[self.transform].backward(*arguments)
        by_inputs = self.network.backward(numbers_cotangent, self.workspace, by_inputs=True)
        scatter(by_inputs, self.seen, x, self.dtype.type(INPUT_BOUND), cotangent)
        return cotangent


class Coupling(Conditioned):
    """Some columns stay, the others are transformed by what these say (Dinh et al. 2017, section 3.2).

    stays : (n_columns,) bool
    """

    def __init__(
        self, n_columns, n_condition, transform, stays, *, hidden_layer_sizes=(64, 64), activation="silu",
        dtype=np.float32,
    ):  # fmt: skip
        seen, moved = np.flatnonzero(stays), np.flatnonzero(~stays)
        n_numbers = TRANSFORMS[transform].n_numbers * len(moved)
        network = MLP(len(seen) + n_condition, n_numbers, hidden_layer_sizes, activation, dtype=dtype)
        super().__init__(n_columns, transform, seen, moved, network)

    def inverse(self, y, condition):
        return self._undone(y, self._numbers(y, condition, VALUE))


class Autoregressive(Conditioned):
    """Each column is transformed by what those before it say (Papamakarios et al. 2017).

    order : (n_columns,) positions of the columns, first to last
    """

    def __init__(
        self, n_columns, n_condition, transform, order, *, hidden_layer_sizes=(64, 64), activation="silu",
        dtype=np.float32,
    ):  # fmt: skip
        n_numbers = TRANSFORMS[transform].n_numbers
        network = MaskedMLP(order, n_condition, n_numbers, hidden_layer_sizes, activation, dtype)
        everything = np.arange(n_columns)
        super().__init__(n_columns, transform, everything, everything, network)

    def inverse(self, y, condition):
        """Column after column: after k passes the first k are right."""
        x = np.zeros_like(y)
        for _ in range(self.n_columns):
            x = self._undone(y, self._numbers(x, condition, VALUE))
        return x


class MaskedMLP(MLP):
    """A network whose outputs of a column depend on the columns before it (MADE, Germain et al. 2015).

    Units have degrees; a weight connects only from a lower to a higher degree, and is 0 for ever otherwise.
    """

    def __init__(self, order, n_condition, n_numbers, hidden_layer_sizes, activation, dtype):
        n_columns = len(order)
        super().__init__(n_columns + n_condition, n_numbers * n_columns, hidden_layer_sizes, activation, dtype=dtype)
        rank = np.argsort(order)
        self._degrees = [np.concatenate([rank + 1, np.zeros(n_condition, int)])]  # of inputs and of sums
        for size in self.hidden_layer_sizes:
            self._degrees.append(np.arange(size) % n_columns)
        self._degrees.append(np.repeat(rank, n_numbers))
        self._mask = self._connections()

    def _connections(self):
        mask = np.ones(self.n_parameters, self.dtype)
        for number, layer in enumerate(self._views(mask)):
            n_copies = layer.bias.size // len(self._degrees[number + 1])  # two sums for a gated unit
            reached = np.tile(self._degrees[number + 1], n_copies)
            layer.weight[:] = reached >= self._degrees[number][:, np.newaxis]
        return mask

    def initialize(self, generator, output_scale=1.0):
        super().initialize(generator, output_scale)
        self.parameters *= self._mask

    def backward(self, *args, **kwargs):
        pulled = super().backward(*args, **kwargs)
        self.gradient *= self._mask
        return pulled
