"""What a booster asks of a loss, and what losses of one kind share: outputs one by one, links, levels, leaves."""

from dataclasses import fields
from numbers import Real

import numpy as np

from skensemble.ensemble.losses._links import bounded_exp, non_crossing, samples_first
from skensemble.ensemble.losses._pointwise import LARGEST_GRADIENT
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT, for_leaves
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean

GRADIENT_BLOCK = 1 << 16  # rows; a block of gradients is worth a call of the thread pool
_BLOCK = 8192  # rows
FROM_TARGET = "from target"  # mark of a field that is no setting


class Loss:
    """What a booster asks of a loss.

    A final class is a dataclass and has a line in `LOSSES`.  Its fields are its settings: parameters of estimators by
    the same names, and n_outputs or n_classes.  Class attributes say what the loss is:

    name : str, value of the parameter `loss`
    target : "numbers", "classes" or "relevance"
    families : the estimators that offer it by name, among "newton" (Newton boosting) and "gradient" (GBDT)
    link_name : "identity", "log", "logit", "half-logit", "softmax" or, of several levels in order, "sorted"
    n_outputs : int, number of raw columns

    y : float64, C order; (n_samples,), or (n_outputs, n_samples) where every output has a target of its own; class
        indices for classification
    raw : float64, C order, (n_outputs, n_samples)
    sample_weight : float64 (n_samples,) >= 0, or None
    """

    name = None
    target = "numbers"
    families = ("newton",)
    link_name = "identity"
    positive_target = False  # True: targets must be >= 0
    constant_hessian = False  # True: hessian is 1 everywhere
    needs_all_rows = False  # True: gradient and hessian need all rows in one call
    has_value = True  # False: `value` is NaN
    gradient_has_unit = True  # False: gradients are the same for a target in another unit
    max_delta_step = 0.0  # largest step of a leaf before the learning rate, if the user sets none; 0: no limit
    reported_factor = 1.0  # scores that GBDT reports are the value times this, as scikit-learn's are
    optimal_leaf_values = None  # or a method, see `OptimalLeaves`: leaves hold best constants instead of -G / H

    def parabola_slope(self, gradient):
        """Half of the second derivative at distance 1 of the parabola that touches the loss and nowhere falls below it.

        For losses with a kink (Hunter and Lange 2000, equation 5): it is this, divided by the residual's size, at any.
        """
        return np.abs(gradient)

    @classmethod
    def made_for(cls, **settings):
        """The loss with those of the settings that it has."""
        return cls(**{name: value for name, value in settings.items() if name in cls.settings()})

    @classmethod
    def settings(cls):
        """Names of its settings; other fields are taken from the training target."""
        return {field.name for field in fields(cls) if not field.metadata.get(FROM_TARGET)}

    def prepared(self, y, sample_weight):
        """The loss with all that it takes from the training target; frozen from then on."""
        return self

    def adapted(self, y, raw, sample_weight, level):
        """The loss for the next round of GBDT; `level` is the estimator's `alpha`."""
        return self

    def check_target(self, y):
        """Raise ValueError for a target that the loss does not allow."""
        raise NotImplementedError

    def baseline(self, y, sample_weight):
        """The constant raw prediction (n_outputs,) with the smallest loss; weight k is k copies, bit for bit."""
        raise NotImplementedError

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        """Fill rows start .. stop of `gradient` and `hessian`: float32, shaped like raw; unweighted.

        Each row alone: any cutting into blocks gives the same bits.
        """
        raise NotImplementedError

    def value(self, y, raw, sample_weight):
        """Weighted mean over rows (and mean over outputs) of the loss, without terms that do not depend on raw."""
        raise NotImplementedError

    def unit(self, y, sample_weight):
        """How large differences of the loss are, as far as the scale of the target decides it: > 0, or 0."""
        return 1.0

    def link(self, prediction):
        """Raw values (n_outputs,) of a constant prediction in the units of the target (probabilities for classes)."""
        raise NotImplementedError

    def link_inverse(self, raw):
        """Probabilities (n_samples, n_classes), or predictions (n_samples,); many outputs: (n_samples, n_outputs)."""
        raise NotImplementedError


class OutputByOutput(Loss):
    """A loss whose outputs do not know of each other.  A final class says, for one output and 1-D arrays:

    _fill(output, y, raw, gradient, hessian), _values(output, y, raw), _constant(output, y, weight)
    """

    def baseline(self, y, sample_weight):
        weight = weight_array(sample_weight)
        return np.array([self._constant(output, target_of(y, output), weight) for output in range(self.n_outputs)])

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        for output in range(self.n_outputs):
            rows = slice(start, stop)
            target = target_of(y, output)[rows]
            self._fill(output, target, raw[output, rows], gradient[output, rows], hessian[output, rows])

    def value(self, y, raw, sample_weight):
        weight = weight_array(sample_weight)
        means = [weighted_mean(self._all_values(k, target_of(y, k), raw[k]), weight) for k in range(self.n_outputs)]
        return float(sum(means) / self.n_outputs)

    def _all_values(self, output, y, raw):
        values = np.empty(y.size)
        for start in range(0, y.size, _BLOCK):  # the arrays in between stay in the cache
            rows = slice(start, start + _BLOCK)
            values[rows] = self._values(output, y[rows], raw[rows])
        return values


class OptimalLeaves:
    """A loss that is not smooth: its gradients find the leaves, and its residuals their values (Friedman 2001, eq. 18).

    A final class says how to fill the values of some leaves, for one output:
    _fill_leaf_values(output, y, raw, weight, rows, leaf_start, result)
    """

    def optimal_leaf_values(self, output, y, raw, sample_weight, rows, leaf_start, n_threads=1):
        """Best constants (n_leaves,) to add to raw[output]; leaf j holds rows[leaf_start[j] : leaf_start[j + 1]].

        rows : uint32, row numbers sorted by leaf; leaf_start : int64 (n_leaves + 1,)
        """
        target, weight = target_of(y, output), weight_array(sample_weight)

        def fill(leaf_start, result):
            self._fill_leaf_values(output, target, raw[output], weight, rows, leaf_start, result)

        return for_leaves(fill, leaf_start, np.empty(leaf_start.size - 1), n_threads)


class RealTarget:
    """Any number is a target, and a raw prediction is one already."""

    def check_target(self, y):
        require(y, np.abs(y) <= LARGEST_GRADIENT, self, f"|y| <= {LARGEST_GRADIENT:g}")

    def unit(self, y, sample_weight):
        """The loss of the best constant."""
        raw = np.broadcast_to(self.baseline(y, sample_weight)[:, None], (self.n_outputs, y.shape[-1]))
        return self.value(y, np.ascontiguousarray(raw), sample_weight)

    def link(self, prediction):
        return np.atleast_1d(np.asarray(prediction, dtype=np.float64))


class PlainOutputs:
    """One output for each column of the target."""

    def link_inverse(self, raw):
        return samples_first(raw)


class Levels:
    """One output per level of `quantile`; predictions never cross."""

    def __post_init__(self):
        self.quantile = _levels(self.quantile)
        if len(self.quantile) > 1:
            self.link_name = "sorted"

    @property
    def n_outputs(self):
        return len(self.quantile)

    def link_inverse(self, raw):
        return samples_first(non_crossing(raw, self.quantile))


def _levels(quantile):
    levels = (quantile,) if isinstance(quantile, Real) else tuple(quantile)
    if not levels or not all(isinstance(level, Real) and 0.0 < level < 1.0 for level in levels):
        raise ValueError(f"quantile must be a number in (0, 1) or a list of such numbers, got {quantile!r}.")
    return tuple(float(level) for level in levels)


class LogLink:
    """A target that is not negative, and the logarithm of its mean."""

    link_name = "log"
    positive_target = True
    degree = 1.0  # c times the target has c**degree times the loss, up to a constant

    def check_target(self, y):
        require(y, (y >= 0) & (y <= LARGEST_GRADIENT), self, "y >= 0")
        if not np.all(y.sum(axis=-1) > 0):
            raise ValueError(f"loss={self.name!r} needs sum(y) > 0, got a target that is 0 in every row.")

    def unit(self, y, sample_weight):
        """The mean target, as far as the loss follows its scale."""
        means = bounded_exp(self.baseline(y, sample_weight))
        return float(np.mean(means**self.degree))

    def link(self, prediction):
        return np.log(np.maximum(np.atleast_1d(np.asarray(prediction, dtype=np.float64)), np.finfo(float).tiny))

    def link_inverse(self, raw):
        return samples_first(bounded_exp(raw))


def target_of(y, output):
    return y if y.ndim == 1 else y[output]


def weight_array(sample_weight):
    return NO_WEIGHT if sample_weight is None else sample_weight


def require(y, allowed, loss, rule):
    """Raise about the first target that is not allowed."""
    if not np.all(allowed):
        raise ValueError(f"loss={loss.name!r} needs {rule} for every row, got y = {y[~allowed].flat[0]:g}.")
