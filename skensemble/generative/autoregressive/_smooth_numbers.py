"""SmoothNumbers: numbers by location and scale, which boosted trees say, and one distribution of what is left.

With z the normal scores of the column, m and s by boosted trees of the columns before it, and F a distribution that is
estimated from residuals,

    P(x <= t | features) = F((z(t) - m(features)) / s(features)),

cut off at the ends of the column.  Residuals are of rows that the trees did not see: each of a few folds of the rows
has its own location, fitted to the others.  A rounded number has the probability of what is rounded to it.
"""

import numpy as np

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingRegressor

LOCATION = {"n_estimators": 60, "learning_rate": 0.12, "max_depth": 4, "linear_leaves": True}
SCALE = {"n_estimators": 20, "learning_rate": 0.15, "max_depth": 3, "min_samples_leaf": 20}
SMALLEST = 0.1  # residuals below this share of their median say no more about the scale than it does
LARGEST_KERNELS = 100
ROWS_OF_A_KERNEL = 10
TAIL = 2.0 ** np.arange(-1, 6)  # in which distances from the outermost kernels, in bandwidths, the tails have knots


class SmoothNumbers:
    """P(x <= t | features) of the cells of a column of numbers

    axis : NormalScores;  low, high : the ends of the column;  step : of its values, or 0
    """

    def __init__(self, cells):
        self.axis, self.step = cells.axis, cells.step
        self.low, self.high = float(cells.low[0] - cells.step / 2), float(cells.high[-1] + cells.step / 2)

    def fit(self, features, categorical, x, weight, fold):
        """(location, scale) of the rows, locations by trees that did not see them

        features : (n_rows, n_before);  x : (n_rows,);  fold : (n_rows,), in which fold each row is
        """
        z, self.locations, self.scale = self.axis.forward(x), [], None
        location = np.zeros(len(z))
        if features.shape[1] > 0:
            for k in range(int(fold.max()) + 1):
                others = fold != k
                model = _booster(categorical, LOCATION).fit(features[others], z[others], sample_weight=weight[others])
                self.locations.append(model)
                location[~others] = model.predict(features[~others])
            left = np.abs(z - location)
            smallest = SMALLEST * _quantiles(left, weight, np.array([0.5]))[0] + 1e-9
            self.scale = _booster(categorical, SCALE).fit(features, np.log(left + smallest), sample_weight=weight)
        location, scale = np.clip(location, *self._ends()), self._scale(features)
        self.knots, self.below = _distribution((z - location) / scale, weight)
        return location, scale

    def _ends(self):
        return self.axis.forward(np.array([self.low, self.high]))

    def _scale(self, features):
        return np.ones(len(features)) if self.scale is None else np.exp(self.scale.predict(features))

    def place(self, features):
        """(location, scale) of rows"""
        if not self.locations:
            return np.zeros(len(features)), np.ones(len(features))
        location = sum(model.predict(features) for model in self.locations) / len(self.locations)
        return np.clip(location, *self._ends()), self._scale(features)

    def log_density(self, x, location, scale):
        """log density, or log probability of a rounded number;  location, scale : see `place`"""
        low, high = (self._below(end, location, scale) for end in (self.low, self.high))
        inside = np.maximum(high - low, 1e-9)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.step > 0.0:
                low, high = (self._below(x + half, location, scale) for half in (-self.step / 2, self.step / 2))
                log_density = np.log(np.maximum(high - low, 0.0))
            else:
                e = (self.axis.forward(x) - location) / scale
                piece = np.clip(np.searchsorted(self.knots, e, side="right") - 1, 0, len(self.knots) - 2)
                log_density = np.log(np.diff(self.below) / np.diff(self.knots))[piece]
                log_density = log_density - np.log(scale) + self.axis.log_slope(x)
                log_density = np.where((e < self.knots[0]) | (e > self.knots[-1]), -np.inf, log_density)
            return np.where((x < self.low) | (x > self.high), -np.inf, log_density - np.log(inside))

    def _below(self, x, location, scale):
        return np.interp((self.axis.forward(x) - location) / scale, self.knots, self.below)

    def at_most(self, x, location, scale):
        """P(value <= x)"""
        low, high, at_most = (self._below(t, location, scale) for t in (self.low, self.high, x + self.step / 2))
        return np.clip((at_most - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)

    def draw(self, location, scale, rng):
        low, high = (self._below(end, location, scale) for end in (self.low, self.high))
        e = np.interp(low + rng.random(len(location)) * (high - low), self.below, self.knots)
        x = np.clip(self.axis.backward(location + scale * e), self.low, self.high)
        if self.step == 0.0:
            return x
        first = self.low + self.step / 2
        last = np.rint((self.high - self.low) / self.step) - 1.0
        return first + np.clip(np.rint((x - first) / self.step), 0.0, last) * self.step


def _booster(categorical, settings):
    return NewtonBoostingRegressor(**settings, categorical_features=categorical or None, n_jobs=1, random_state=0)


def _quantiles(values, weight, shares):
    """Weighted quantiles, in which a weight is a number of copies."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    return values[order][np.minimum(np.searchsorted(below, shares * below[-1]), len(values) - 1)]


def _distribution(e, weight):
    """(knots, shares below them): logistic kernels at quantiles of the residuals, as wide as the gaps between these."""
    n_kernels = int(np.clip(weight.sum() / ROWS_OF_A_KERNEL, 8, LARGEST_KERNELS))
    centres = _quantiles(e, weight, (np.arange(n_kernels) + 0.5) / n_kernels)
    spread = max(centres[-1] - centres[0], 1e-6)
    apart = np.maximum(np.diff(centres), 1e-4 * spread)
    width = 0.5 * (np.r_[apart[0], apart] + np.r_[apart, apart[-1]])
    knots = [centres, centres[1:] - apart / 2, centres[0] - width[0] * TAIL, centres[-1] + width[-1] * TAIL]
    knots = np.unique(np.concatenate(knots))
    below = np.mean(1.0 / (1.0 + np.exp(-np.clip((knots[:, np.newaxis] - centres) / (0.6 * width), -700, 700))), axis=1)
    keeps = np.r_[True, np.diff(below) > 1e-12]
    knots, below = knots[keeps], below[keeps]
    return knots, (below - below[0]) / (below[-1] - below[0])
