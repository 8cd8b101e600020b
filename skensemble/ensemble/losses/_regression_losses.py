"""Losses of regressors: with the identity link, and with the log link."""

from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np

from skensemble.ensemble.losses._links import bounded_exp
from skensemble.ensemble.losses._loss import (
    FROM_TARGET,
    Levels,
    LogLink,
    OptimalLeaves,
    OutputByOutput,
    PlainOutputs,
    RealTarget,
    require,
    target_of,
    weight_array,
)
from skensemble.ensemble.losses._pointwise import (
    absolute_error,
    expectile,
    gamma,
    huber,
    poisson,
    pseudo_huber,
    quantile_loss,
    squared_error,
    tweedie,
)
from skensemble.ensemble.losses._weighted_statistics import weighted_minimiser, weighted_quantile
from skensemble.ensemble.losses._weighted_statistics_kernels import leaf_huber_means, leaf_quantiles, weighted_mean

MOST_EVENTS = 2**24

# -- regression with the identity link -------------------------------------------------------------------------------


@dataclass
class SquaredError(RealTarget, PlainOutputs, OutputByOutput):
    """(raw - y)**2 / 2"""

    n_outputs: int = 1
    name = "squared_error"
    families = ("newton", "gradient")
    reported_factor = 2.0
    constant_hessian = True

    def _fill(self, output, y, raw, gradient, hessian):
        squared_error(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return 0.5 * np.square(raw - y)

    def _constant(self, output, y, weight):
        return weighted_mean(y, weight)


@dataclass
class AbsoluteError(RealTarget, PlainOutputs, OptimalLeaves, OutputByOutput):
    """|raw - y|; a leaf is the median of its residuals."""

    n_outputs: int = 1
    name = "absolute_error"
    gradient_has_unit = False
    families = ("newton", "gradient")
    constant_hessian = True

    def _fill(self, output, y, raw, gradient, hessian):
        absolute_error(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return np.abs(raw - y)

    def _constant(self, output, y, weight):
        return weighted_quantile(y, weight, 0.5)

    def parabola_slope(self, gradient):
        return 0.5

    def _fill_leaf_values(self, output, y, raw, weight, rows, leaf_start, result):
        leaf_quantiles(y, raw, weight, rows, leaf_start, 0.5, result)


@dataclass
class Quantile(RealTarget, Levels, OptimalLeaves, OutputByOutput):
    """Pinball loss, one raw column per level; a leaf is that quantile of its residuals."""

    quantile: float | tuple = 0.5
    name = "quantile"
    gradient_has_unit = False
    families = ("newton", "gradient")
    constant_hessian = True

    def _fill(self, output, y, raw, gradient, hessian):
        quantile_loss(y, raw, gradient, hessian, self.quantile[output])

    def _values(self, output, y, raw):
        return (self.quantile[output] - (y < raw)) * (y - raw)

    def _constant(self, output, y, weight):
        return weighted_quantile(y, weight, self.quantile[output])

    def parabola_slope(self, gradient):
        return 0.5

    def _fill_leaf_values(self, output, y, raw, weight, rows, leaf_start, result):
        leaf_quantiles(y, raw, weight, rows, leaf_start, self.quantile[output], result)


@dataclass
class Expectile(RealTarget, Levels, OutputByOutput):
    """2 |level - [y <= raw]| times half the squared error, one raw column per level; level 0.5 is the squared error."""

    quantile: float | tuple = 0.5
    name = "expectile"

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
class Huber(RealTarget, PlainOutputs, OptimalLeaves, OutputByOutput):
    """Half the squared error up to the slope, linear beyond it; a leaf is Friedman's one step from the median."""

    n_outputs: int = 1
    huber_slope: float | tuple | None = None
    name = "huber"
    families = ("newton", "gradient")
    constant_hessian = True

    def prepared(self, y, sample_weight):
        return replace(self, huber_slope=_slopes(self, y, sample_weight))

    def adapted(self, y, raw, sample_weight, level):
        """The slope is that quantile of the absolute residuals (Friedman 2001, section 4.4)."""
        slope = weighted_quantile(np.abs(y - raw[0]), weight_array(sample_weight), level)
        return replace(self, huber_slope=(slope,))

    def _fill(self, output, y, raw, gradient, hessian):
        huber(y, raw, gradient, hessian, self.huber_slope[output])

    def _values(self, output, y, raw):
        distance, slope = np.abs(raw - y), self.huber_slope[output]
        return np.where(distance <= slope, 0.5 * np.square(distance), slope * (distance - 0.5 * slope))

    def _constant(self, output, y, weight):
        if self.huber_slope is None:  # not known yet
            return weighted_quantile(y, weight, 0.5)
        slope = self.huber_slope[output]

        def derivatives(raw):
            return np.clip(raw - y, -slope, slope), (np.abs(raw - y) < slope).astype(np.float64)

        return weighted_minimiser(derivatives, y, weight)

    def _fill_leaf_values(self, output, y, raw, weight, rows, leaf_start, result):
        leaf_huber_means(y, raw, weight, rows, leaf_start, self.huber_slope[output], result)


@dataclass
class PseudoHuber(RealTarget, PlainOutputs, OutputByOutput):
    """slope**2 (sqrt(1 + ((raw - y) / slope)**2) - 1), with its true second derivative, as in XGBoost."""

    n_outputs: int = 1
    huber_slope: float | tuple | None = None
    name = "pseudo_huber"

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


# -- the slope of Huber's losses -------------------------------------------------------------------------------------


def _slopes(loss, y, sample_weight):
    """One slope per output: as given, or the 0.9-quantile of the distances from the median."""
    given = loss.huber_slope
    if given is None:
        weight = weight_array(sample_weight)
        return tuple(_usual_distance(target_of(y, output), weight) for output in range(loss.n_outputs))
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


# -- regression with the log link ------------------------------------------------------------------------------------


class InTargetUnits:
    """A log-linked loss whose derivatives are those of the target in units of its own, see `_unit_of`.

    So `min_child_weight` and `reg_lambda`, which are compared with sums of derivatives, mean the same in whatever unit
    the target came.
    """

    def prepared(self, y, sample_weight):
        weight = weight_array(sample_weight)
        return replace(self, target_unit=tuple(_unit_of(target_of(y, k), weight) for k in range(self.n_outputs)))

    def _fill(self, output, y, raw, gradient, hessian):
        unit = 1.0 if self.target_unit is None else self.target_unit[output]
        if unit != 1.0:
            y, raw = y / unit, raw - np.log(unit)
        self._fill_in_units(y, raw, gradient, hessian)


def _unit_of(y, weight):
    """What counts as 1: a single event where all targets are numbers of events, else the mean target above 0."""
    is_above = y > 0.0
    counted = y[is_above & (weight > 0.0)] if weight.size else y[is_above]
    least = float(counted.min(initial=np.inf))
    if not 0.0 < least < np.inf:
        return 1.0  # an error later on
    if counted.max() <= MOST_EVENTS * least:
        events = counted / least
        if (np.abs(events - np.rint(events)) <= np.minimum(1e-6 * events, 0.01)).all():  # of single precision, too
            return least
    return float(weighted_mean(y, np.where(is_above, weight if weight.size else 1.0, 0.0)))


@dataclass
class Poisson(InTargetUnits, LogLink, OutputByOutput):
    """exp(raw) - y raw"""

    n_outputs: int = 1
    target_unit: tuple | None = field(default=None, metadata={FROM_TARGET: True})
    name = "poisson"
    max_delta_step = 0.7  # XGBoost's; a Newton step is (mean target / mean prediction) - 1, and has no bound

    def _fill_in_units(self, y, raw, gradient, hessian):
        poisson(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return bounded_exp(raw) - y * raw

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]


@dataclass
class Gamma(LogLink, OutputByOutput):
    """raw + y exp(-raw)"""

    n_outputs: int = 1
    name = "gamma"
    gradient_has_unit = False
    degree = 0.0
    max_delta_step = 2.0  # upwards no Newton step passes 1, downwards nothing bounds it

    def check_target(self, y):
        require(y, y > 0, self, "y > 0")

    def _fill(self, output, y, raw, gradient, hessian):
        gamma(y, raw, gradient, hessian)

    def _values(self, output, y, raw):
        return raw + y * bounded_exp(-raw)

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]


@dataclass
class Tweedie(InTargetUnits, LogLink, OutputByOutput):
    """exp((2 - p) raw) / (2 - p) - y exp((1 - p) raw) / (1 - p), with power p of the mean in the variance."""

    n_outputs: int = 1
    tweedie_variance_power: float = 1.5
    target_unit: tuple | None = field(default=None, metadata={FROM_TARGET: True})
    name = "tweedie"

    @property
    def degree(self):
        return 2.0 - self.tweedie_variance_power

    @property
    def max_delta_step(self):
        """2, which power 1.5 keeps by itself: a Newton step lies between -1 / (2 - p) and 1 / (p - 1)."""
        return 0.0 if self.tweedie_variance_power == 1.5 else 2.0

    def __post_init__(self):
        power = self.tweedie_variance_power
        if not (isinstance(power, Real) and 1.0 < power < 2.0):
            raise ValueError(f"tweedie_variance_power must be a number in (1, 2), got {power!r}.")

    def _fill_in_units(self, y, raw, gradient, hessian):
        tweedie(y, raw, gradient, hessian, self.tweedie_variance_power)

    def _values(self, output, y, raw):
        p = self.tweedie_variance_power
        return bounded_exp((2.0 - p) * raw) / (2.0 - p) - y * bounded_exp((1.0 - p) * raw) / (1.0 - p)

    def _constant(self, output, y, weight):
        return self.link(weighted_mean(y, weight))[0]
