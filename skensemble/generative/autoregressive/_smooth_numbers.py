"""SmoothNumbers: numbers by location and scale, which boosted trees say, and one distribution of what is left.

With z the normal scores of the column, m and s by boosted trees of the columns before it, F a distribution that is
estimated from residuals, and G even shares unless residuals differ from place to place (`_local_shares.py`),

    P(x <= t | features) = G(F((z(t) - m(features)) / s(features)) | features),

cut off at the ends of the column.  Residuals are of rows that the trees did not see: each of a few folds of the rows
has its own location, fitted to the others.  In columns with a step, z(t) is the score of the share of the rows that are
not above t: each value has the probability of the scores up to it and above those of the value before, so that values
that are frequent everywhere are so on the curve.
"""

import numpy as np
from scipy.special import ndtr, ndtri

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingRegressor
from skensemble.generative.autoregressive._local_shares import (
    EVEN,
    local_shares,
    log_density_at,
    share_below,
    with_share_below,
)

LOCATION = {"n_estimators": 60, "learning_rate": 0.12, "max_depth": 4, "linear_leaves": True}
SCALE = {"n_estimators": 20, "learning_rate": 0.15, "max_depth": 3, "min_samples_leaf": 20}
SMALLEST = 0.1  # residuals below this share of their median say no more about the scale than it does
LARGEST_KERNELS = 100
ROWS_OF_A_KERNEL = 10
TAIL = 2.0 ** np.arange(-1, 6)  # in which distances from the outermost kernels, in bandwidths, the tails have knots


class SmoothNumbers:
    """P(x <= t | features) of the cells on the curve of a column of numbers

    Each method is told the cells of the column again.
    """

    def fit(self, cells, features, categorical, x, weight, fold, is_judge):
        """(location, scale, local shares) of the rows, locations by trees that did not see them

        features : (n_rows, n_before);  x : (n_rows,);  fold : (n_rows,), in which fold each row is
        is_judge : (n_rows,) bool, rows that judge, whose local shares are of a tree that did not see them
        """
        z, self.locations, self.scale = _middle_scores(cells, x), [], None
        self.lowest, self.highest = float(z.min()), float(z.max())
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
        location, scale = np.clip(location, self.lowest, self.highest), self._scale(features)
        self.knots, self.below = _distribution((z - location) / scale, weight)
        u = np.interp((z - location) / scale, self.knots, self.below)
        self.local, shares = local_shares(features, categorical, u, weight, is_judge)
        return location, scale, shares

    def _scale(self, features):
        return np.ones(len(features)) if self.scale is None else np.exp(self.scale.predict(features))

    def place(self, features):
        """(location, scale, local shares) of rows"""
        shares = np.broadcast_to(EVEN, (len(features), len(EVEN)))
        if not self.locations:
            return np.zeros(len(features)), np.ones(len(features)), shares
        location = sum(model.predict(features) for model in self.locations) / len(self.locations)
        shares = shares if self.local is None else self.local.of_rows(features)
        return np.clip(location, self.lowest, self.highest), self._scale(features), shares

    def log_density(self, cells, x, location, scale, shares):
        """log density, or log probability of a number on a step;  location, scale, shares : see `place`"""
        with np.errstate(divide="ignore", invalid="ignore"):
            if cells.step > 0.0:
                before, at_most = (self._below(z, location, scale, shares) for z in cells.scores(x, cells.codes(x)))
                return np.log(np.maximum(at_most - before, 0.0))
            _, inside = self._inside(cells, location, scale, shares)
            e = (cells.axis.forward(x) - location) / scale
            piece = np.clip(np.searchsorted(self.knots, e, side="right") - 1, 0, len(self.knots) - 2)
            log_density = np.log(np.diff(self.below) / np.diff(self.knots))[piece]
            log_density += log_density_at(shares, np.interp(e, self.knots, self.below))
            log_density = log_density - np.log(scale) + cells.axis.log_slope(x) - np.log(inside)
            is_outside = (x < cells.low[0]) | (x > cells.high[-1]) | (e < self.knots[0]) | (e > self.knots[-1])
            return np.where(is_outside, -np.inf, log_density)

    def at_most(self, cells, x, location, scale, shares):
        """P(value <= x);  x : on the step of the column if it has one"""
        if cells.step > 0.0:
            code = np.maximum(cells.place(x), 0)
            return self._below(cells.scores(x, code)[1], location, scale, shares)
        low, inside = self._inside(cells, location, scale, shares)
        return np.clip((self._below(cells.axis.forward(x), location, scale, shares) - low) / inside, 0.0, 1.0)

    def _below(self, z, location, scale, shares):
        return share_below(shares, np.interp((z - location) / scale, self.knots, self.below))

    def _inside(self, cells, location, scale, shares):
        """(probability below the column, in its range) of what is not cut off"""
        ends = cells.axis.forward(np.array([cells.low[0], cells.high[-1]]))
        low, high = (self._below(end, location, scale, shares) for end in ends)
        return low, np.maximum(high - low, 1e-9)

    def draw(self, cells, location, scale, shares, rng):
        share = rng.random(len(location))
        low, inside = (0.0, 1.0) if cells.step > 0.0 else self._inside(cells, location, scale, shares)
        e = np.interp(with_share_below(shares, low + share * inside), self.below, self.knots)
        if cells.step > 0.0:
            return cells.of_scores(location + scale * e)
        return np.clip(cells.axis.backward(location + scale * e), cells.low[0], cells.high[-1])


def _middle_scores(cells, x):
    if cells.step == 0.0:
        return cells.axis.forward(x)
    return ndtri(np.mean([ndtr(z) for z in cells.scores(x, cells.codes(x))], axis=0))


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
