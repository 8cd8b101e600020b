"""The losses of the boosters: value, gradient, hessian, link, best constant, leaf refit.

`LOSSES` is the table of them; `make_loss` picks one by name and hands it the settings that it knows.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from skensemble.ensemble.losses._links import bounded_exp, non_crossing, samples_first, sigmoid_columns, softmax_columns
from skensemble.ensemble.losses._pointwise import (
    LARGEST_GRADIENT,
    absolute_error,
    binary_log_loss,
    binary_log_loss_values,
    expectile,
    gamma,
    huber,
    poisson,
    pseudo_huber,
    quantile_loss,
    softmax_log_loss,
    softmax_log_loss_values,
    squared_error,
    tweedie,
)
from skensemble.ensemble.losses._weighted_statistics import (
    NO_WEIGHT,
    for_leaves,
    leaf_huber_means,
    leaf_quantiles,
    weighted_mean,
    weighted_minimiser,
    weighted_quantile,
)

_BLOCK = 8192  # rows

# -- contract --------------------------------------------------------------------------------------------------------


class Loss:
    """What a booster asks of a loss.

    n_outputs : int, number of raw columns
    y : float64, C order; (n_samples,), or (n_outputs, n_samples) where every output has a target of its own; class
        indices for classification
    raw : float64, C order, (n_outputs, n_samples)
    sample_weight : float64 (n_samples,) >= 0, or None
    """

    constant_hessian = False  # True: hessian is 1 everywhere
    applies_weights = False  # True: gradient and hessian come multiplied by the weights
    needs_all_rows = False  # True: gradient and hessian need all rows in one call
    has_value = True  # False: `value` is NaN
    refit = None  # or a method, see `_RefitLeaves`: leaves are refit from residuals instead of -G / H

    def prepared(self, y, sample_weight):
        """The loss with all that it takes from the training target; frozen from then on."""
        return self

    def check_target(self, y):
        """Raise ValueError for a target that the loss does not allow."""
        raise NotImplementedError

    def baseline(self, y, sample_weight):
        """The constant raw prediction (n_outputs,) with the smallest loss; weight k is k copies, bit for bit."""
        raise NotImplementedError

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        """Fill rows start .. stop of `gradient` and `hessian`: float32, shaped like raw; unweighted but for CustomLoss.

        Each row alone: any cutting into blocks gives the same bits.
        """
        raise NotImplementedError

    def value(self, y, raw, sample_weight):
        """Weighted mean over rows (and mean over outputs) of the loss, without terms that do not depend on raw."""
        raise NotImplementedError

    def link(self, prediction):
        """Raw values (n_outputs,) of a constant prediction in the units of the target (probabilities for classes)."""
        raise NotImplementedError

    def link_inverse(self, raw):
        """Probabilities (n_samples, n_classes), or predictions (n_samples,); many outputs: (n_samples, n_outputs)."""
        raise NotImplementedError


class _OutputByOutput(Loss):
    """A loss whose outputs do not know of each other.  A final class says, for one output and 1-D arrays:

    _fill(output, y, raw, gradient, hessian), _values(output, y, raw), _constant(output, y, weight)
    """

    def baseline(self, y, sample_weight):
        weight = _weight_array(sample_weight)
        return np.array([self._constant(output, _target_of(y, output), weight) for output in range(self.n_outputs)])

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        for output in range(self.n_outputs):
            rows = slice(start, stop)
            target = _target_of(y, output)[rows]
            self._fill(output, target, raw[output, rows], gradient[output, rows], hessian[output, rows])

    def value(self, y, raw, sample_weight):
        weight = _weight_array(sample_weight)
        means = [weighted_mean(self._all_values(k, _target_of(y, k), raw[k]), weight) for k in range(self.n_outputs)]
        return float(sum(means) / self.n_outputs)

    def _all_values(self, output, y, raw):
        values = np.empty(y.size)
        for start in range(0, y.size, _BLOCK):  # the arrays in between stay in the cache
            rows = slice(start, start + _BLOCK)
            values[rows] = self._values(output, y[rows], raw[rows])
        return values


class _RefitLeaves:
    """A loss that is not smooth: its gradients find the leaves, its residuals their values."""

    def refit(self, output, y, raw, sample_weight, rows, leaf_start, n_threads=1):
        """Best constants (n_leaves,) to add to raw[output]; leaf j holds rows[leaf_start[j] : leaf_start[j + 1]].

        rows : uint32, row numbers sorted by leaf; leaf_start : int64 (n_leaves + 1,)
        """
        target, weight = _target_of(y, output), _weight_array(sample_weight)

        def refit_leaves(leaf_start, result):
            self._refit_leaves(output, target, raw[output], weight, rows, leaf_start, result)

        return for_leaves(refit_leaves, leaf_start, np.empty(leaf_start.size - 1), n_threads)


class _RealTarget:
    """Any number is a target, and a raw prediction is one already."""

    def check_target(self, y):
        _require(y, np.abs(y) <= LARGEST_GRADIENT, self, f"|y| <= {LARGEST_GRADIENT:g}")

    def link(self, prediction):
        return np.atleast_1d(np.asarray(prediction, dtype=np.float64))


class _PlainOutputs:
    def link_inverse(self, raw):
        return samples_first(raw)


class _Levels:
    """One output per level of `quantile`; predictions never cross."""

    def __post_init__(self):
        self.quantile = _levels(self.quantile)

    @property
    def n_outputs(self):
        return len(self.quantile)

    def link_inverse(self, raw):
        return samples_first(non_crossing(raw, self.quantile))


class _LogLink:
    def link(self, prediction):
        return np.log(np.maximum(np.atleast_1d(np.asarray(prediction, dtype=np.float64)), np.finfo(float).tiny))

    def link_inverse(self, raw):
        return samples_first(bounded_exp(raw))


# -- classification --------------------------------------------------------------------------------------------------


@dataclass
class BinaryLogLoss(_OutputByOutput):
    """Two classes, one raw column: the log-odds of class 1."""

    n_outputs = 1
    n_classes = 2

    def check_target(self, y):
        _check_classes(y, self)

    def _fill(self, output, y, raw, gradient, hessian):
        binary_log_loss(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        values = np.empty(y.size)
        binary_log_loss_values(y, raw, values)
        return values

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]

    def link(self, prediction):
        p = np.clip(np.atleast_1d(np.asarray(prediction, dtype=np.float64)), _SMALLEST_SHARE, 1.0 - _SMALLEST_SHARE)
        return np.log(p) - np.log1p(-p)

    def link_inverse(self, raw):
        return sigmoid_columns(raw)


@dataclass
class MulticlassLogLoss(Loss):
    """One raw column per class; softmax."""

    n_classes: int

    @property
    def n_outputs(self):
        return self.n_classes

    def check_target(self, y):
        _check_classes(y, self)

    def baseline(self, y, sample_weight):
        counts = np.bincount(y.astype(np.intp), sample_weight, minlength=self.n_classes)
        return self.link(counts / max(counts.sum(), np.finfo(float).tiny))

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        # One step for each class counts the freedom to shift all of them twice: (K - 1) / K of it is Newton's
        # (Friedman 2001, eq. 36), which makes two classes agree with BinaryLogLoss.
        scale = self.n_classes / max(self.n_classes - 1.0, 1.0)
        softmax_log_loss(y, raw, gradient, hessian, start, stop, scale)

    def value(self, y, raw, sample_weight):
        values = np.empty(raw.shape[1])
        softmax_log_loss_values(y, raw, values)
        return float(weighted_mean(values, _weight_array(sample_weight)))

    def link(self, prediction):
        logarithm = np.log(np.maximum(np.asarray(prediction, dtype=np.float64), _SMALLEST_SHARE))
        return logarithm - logarithm.mean()

    def link_inverse(self, raw):
        return softmax_columns(raw)


def log_loss(n_classes=2):
    return BinaryLogLoss() if n_classes <= 2 else MulticlassLogLoss(n_classes)


# -- regression with the identity link ---------------------------------------------------------------------------------


@dataclass
class SquaredError(_RealTarget, _PlainOutputs, _OutputByOutput):
    """(raw - y)**2 / 2"""

    n_outputs: int = 1
    constant_hessian = True

    def _fill(self, output, y, raw, gradient, hessian):
        squared_error(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return 0.5 * np.square(raw - y)

    def _constant(self, output, y, weight):
        return weighted_mean(y, weight)


@dataclass
class AbsoluteError(_RealTarget, _PlainOutputs, _RefitLeaves, _OutputByOutput):
    """|raw - y|; a leaf is the median of its residuals."""

    n_outputs: int = 1
    constant_hessian = True

    def _fill(self, output, y, raw, gradient, hessian):
        absolute_error(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return np.abs(raw - y)

    def _constant(self, output, y, weight):
        return weighted_quantile(y, weight, 0.5)

    def _refit_leaves(self, output, y, raw, weight, rows, leaf_start, result):
        leaf_quantiles(y, raw, weight, rows, leaf_start, 0.5, result)


@dataclass
class Quantile(_RealTarget, _Levels, _RefitLeaves, _OutputByOutput):
    """Pinball loss, one raw column per level; a leaf is that quantile of its residuals."""

    quantile: float | tuple = 0.5
    constant_hessian = True

    def _fill(self, output, y, raw, gradient, hessian):
        quantile_loss(y, raw, gradient, hessian, self.quantile[output])

    def _values(self, output, y, raw):
        return (self.quantile[output] - (y < raw)) * (y - raw)

    def _constant(self, output, y, weight):
        return weighted_quantile(y, weight, self.quantile[output])

    def _refit_leaves(self, output, y, raw, weight, rows, leaf_start, result):
        leaf_quantiles(y, raw, weight, rows, leaf_start, self.quantile[output], result)


@dataclass
class Expectile(_RealTarget, _Levels, _OutputByOutput):
    """2 |level - [y <= raw]| times half the squared error, one raw column per level; level 0.5 is the squared error."""

    quantile: float | tuple = 0.5

    def _fill(self, output, y, raw, gradient, hessian):
        expectile(y, raw, gradient, hessian, self.quantile[output])

    def _values(self, output, y, raw):
        return self._half_curvature(output, y, raw) * np.square(raw - y)

    def _constant(self, output, y, weight):
        def derivatives(raw):
            half = self._half_curvature(output, y, raw)
            return half * (raw - y), half

        return weighted_minimiser(derivatives, y, weight)

    def _half_curvature(self, output, y, raw):
        return np.where(y > raw, self.quantile[output], 1.0 - self.quantile[output])


@dataclass
class Huber(_RealTarget, _PlainOutputs, _RefitLeaves, _OutputByOutput):
    """Half the squared error up to the slope, linear beyond it; a leaf is Friedman's one step from the median."""

    n_outputs: int = 1
    huber_slope: float | tuple | None = None
    constant_hessian = True

    def prepared(self, y, sample_weight):
        return replace(self, huber_slope=_slopes(self, y, sample_weight))

    def _fill(self, output, y, raw, gradient, hessian):
        huber(y, raw, gradient, hessian, self.huber_slope[output])

    def _values(self, output, y, raw):
        distance, slope = np.abs(raw - y), self.huber_slope[output]
        return np.where(distance <= slope, 0.5 * np.square(distance), slope * (distance - 0.5 * slope))

    def _constant(self, output, y, weight):
        slope = self.huber_slope[output]

        def derivatives(raw):
            return np.clip(raw - y, -slope, slope), (np.abs(raw - y) < slope).astype(np.float64)

        return weighted_minimiser(derivatives, y, weight)

    def _refit_leaves(self, output, y, raw, weight, rows, leaf_start, result):
        leaf_huber_means(y, raw, weight, rows, leaf_start, self.huber_slope[output], result)


@dataclass
class PseudoHuber(_RealTarget, _PlainOutputs, _OutputByOutput):
    """slope**2 (sqrt(1 + ((raw - y) / slope)**2) - 1), with its true second derivative, as in XGBoost."""

    n_outputs: int = 1
    huber_slope: float | tuple | None = None

    def prepared(self, y, sample_weight):
        return replace(self, huber_slope=_slopes(self, y, sample_weight))

    def _fill(self, output, y, raw, gradient, hessian):
        pseudo_huber(y, raw, gradient, hessian, self.huber_slope[output])

    def _values(self, output, y, raw):
        square = np.square(raw - y)  # as a quotient: 1 + small - 1 would lose the small
        return square / (1.0 + np.sqrt(1.0 + square / self.huber_slope[output] ** 2))

    def _constant(self, output, y, weight):
        def derivatives(raw):
            scale = 1.0 + np.square((raw - y) / self.huber_slope[output])
            return (raw - y) / np.sqrt(scale), scale**-1.5

        return weighted_minimiser(derivatives, y, weight)


# -- regression with the log link ------------------------------------------------------------------------------------


@dataclass
class Poisson(_LogLink, _OutputByOutput):
    """exp(raw) - y raw"""

    n_outputs: int = 1

    def check_target(self, y):
        _check_counts(y, self)

    def _fill(self, output, y, raw, gradient, hessian):
        poisson(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return bounded_exp(raw) - y * raw

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]


@dataclass
class Gamma(_LogLink, _OutputByOutput):
    """raw + y exp(-raw)"""

    n_outputs: int = 1

    def check_target(self, y):
        _require(y, y > 0, self, "y > 0")

    def _fill(self, output, y, raw, gradient, hessian):
        gamma(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return raw + y * bounded_exp(-raw)

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]


@dataclass
class Tweedie(_LogLink, _OutputByOutput):
    """exp((2 - p) raw) / (2 - p) - y exp((1 - p) raw) / (1 - p), with power p of the mean in the variance."""

    n_outputs: int = 1
    tweedie_variance_power: float = 1.5

    def __post_init__(self):
        power = self.tweedie_variance_power
        if not (isinstance(power, Real) and 1.0 < power < 2.0):
            raise ValueError(f"tweedie_variance_power must be a number in (1, 2), got {power!r}.")

    def check_target(self, y):
        _check_counts(y, self)

    def _fill(self, output, y, raw, gradient, hessian):
        tweedie(y, raw, gradient, hessian, self.tweedie_variance_power)

    def _values(self, output, y, raw):
        p = self.tweedie_variance_power
        return bounded_exp((2.0 - p) * raw) / (2.0 - p) - y * bounded_exp((1.0 - p) * raw) / (1.0 - p)

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]


# -- a loss of the user's own ------------------------------------------------------------------------------------------


@dataclass
class CustomLoss(Loss):
    """`function(y, raw, sample_weight) -> (gradient, hessian)`, both shaped like raw and already weighted.

    The function sees and returns (n_samples,), or with many outputs (n_samples, n_outputs).  `n_classes` is None for
    regression; with it, raw values pass the sigmoid or softmax.
    """

    function: Callable
    n_outputs: int = 1
    n_classes: int | None = None
    applies_weights = True
    needs_all_rows = True
    has_value = False

    def __post_init__(self):
        if self.n_classes is not None:
            self.n_outputs = 1 if self.n_classes <= 2 else self.n_classes

    def check_target(self, y):
        pass

    def baseline(self, y, sample_weight):
        return np.zeros(self.n_outputs)

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        rows = slice(start, stop)
        weight = None if sample_weight is None else sample_weight[rows]
        result = self.function(samples_first(np.atleast_2d(y)[:, rows]), samples_first(raw[:, rows]), weight)
        for name, array, given in zip(("gradient", "hessian"), (gradient, hessian), _checked_pair(result)):
            array[:, rows] = _checked_derivative(name, given, (stop - start, self.n_outputs)).T

    def value(self, y, raw, sample_weight):
        return float("nan")

    def link(self, prediction):
        return np.atleast_1d(np.asarray(prediction, dtype=np.float64))

    def link_inverse(self, raw):
        if self.n_classes is None:
            return samples_first(raw)
        return sigmoid_columns(raw) if self.n_outputs == 1 else softmax_columns(raw)


def _checked_pair(result):
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError(f"loss must return the pair (gradient, hessian), got {type(result).__name__}.")
    return result


def _checked_derivative(name, given, shape):
    given = np.asarray(given, dtype=np.float64)
    if given.size != shape[0] * shape[1] or given.shape[0] != shape[0]:
        raise ValueError(f"loss must return a {name} of shape {_shape_of_user(shape)}, got {given.shape}.")
    if not np.isfinite(given).all():
        raise ValueError(f"loss must return finite values, got {given[~np.isfinite(given)][0]} in the {name}.")
    return given.reshape(shape)


def _shape_of_user(shape):
    return shape if shape[1] > 1 else shape[:1]


# -- table -----------------------------------------------------------------------------------------------------------

LOSSES = {
    "log_loss": log_loss,
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
    "tweedie": Tweedie,
    "pseudo_huber": PseudoHuber,
    "expectile": Expectile,
}


def make_loss(loss, **settings):
    """The loss called `loss`, or CustomLoss for a callable, with those of the settings that it has.

    settings : n_outputs, n_classes, quantile, tweedie_variance_power, huber_slope
    """
    if callable(loss):
        return CustomLoss(loss, settings.get("n_outputs", 1), settings.get("n_classes"))
    known = inspect.signature(LOSSES[loss]).parameters
    if settings.get("n_outputs", 1) > 1 and "n_outputs" not in known:
        raise ValueError(f"loss={loss!r} takes one target column, got {settings['n_outputs']}.")
    return LOSSES[loss](**{name: value for name, value in settings.items() if name in known})


# -- targets and weights ---------------------------------------------------------------------------------------------

_SMALLEST_SHARE = 10 * np.finfo(float).eps  # of one class: log-odds stay within 34


def _target_of(y, output):
    return y if y.ndim == 1 else y[output]


def _weight_array(sample_weight):
    return NO_WEIGHT if sample_weight is None else sample_weight


def _require(y, allowed, loss, rule):
    if not np.all(allowed):
        raise ValueError(f"{_name_of(loss)} needs {rule} for every row, got y = {y[~allowed].flat[0]:g}.")


def _name_of(loss):
    return f"loss={next((name for name, known in LOSSES.items() if known is type(loss)), 'log_loss')!r}"


def _check_classes(y, loss):
    _require(y, (y >= 0) & (y < loss.n_classes) & (y == np.floor(y)), loss, f"class indices 0 .. {loss.n_classes - 1}")


def _check_counts(y, loss):
    _require(y, (y >= 0) & (y <= LARGEST_GRADIENT), loss, "y >= 0")
    if not np.all(y.sum(axis=-1) > 0):
        raise ValueError(f"{_name_of(loss)} needs sum(y) > 0, got a target that is 0 in every row.")


def _levels(quantile):
    levels = (quantile,) if isinstance(quantile, Real) else tuple(quantile)
    if not levels or not all(isinstance(level, Real) and 0.0 < level < 1.0 for level in levels):
        raise ValueError(f"quantile must be a number in (0, 1) or a list of such numbers, got {quantile!r}.")
    return tuple(float(level) for level in levels)


def _slopes(loss, y, sample_weight):
    """One slope per output: as given, or the 0.9-quantile of the distances from the median."""
    given = loss.huber_slope
    if given is None:
        weight = _weight_array(sample_weight)
        return tuple(_usual_distance(_target_of(y, output), weight) for output in range(loss.n_outputs))
    slopes = tuple(np.broadcast_to(np.asarray(given, dtype=np.float64), loss.n_outputs).tolist())
    if not all(0.0 < slope < np.inf for slope in slopes):
        raise ValueError(f"huber_slope must be a number > 0 or None, got {given!r}.")
    return slopes


def _usual_distance(y, weight):
    distance = np.abs(y - weighted_quantile(y, weight, 0.5))
    usual = weighted_quantile(distance, weight, 0.9)
    if usual > 0.0:
        return usual
    # Nine of ten rows sit on the median: the slope is where the farthest row is.
    counted = distance[weight > 0.0] if weight.size else distance
    return float(counted.max(initial=0.0)) or 1.0
