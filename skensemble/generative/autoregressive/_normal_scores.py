"""NormalScores: an increasing map of a column of numbers to an axis on which its values are about normal."""

import numpy as np
from scipy.special import ndtri

MOST_KNOTS = 48


class NormalScores:
    """A line through knots: values and the normal quantiles of their middle ranks; its ends go on straight.

    values : (n_values,), ascending;  counts : (n_values,), weights of their rows
    """

    def __init__(self, values, counts):
        share = (np.cumsum(counts) - counts / 2) / counts.sum()
        scores = ndtri(share)
        marks = np.linspace(scores[0], scores[-1], MOST_KNOTS)
        knots = np.unique(np.searchsorted(scores, marks)) if len(values) > MOST_KNOTS else np.arange(len(values))
        self.knots, self.scores = values[knots], scores[knots]
        if len(knots) == 1:
            distance = max(1.0, 2.0 * np.spacing(abs(values[0])))  # 1 is nothing beside 1e25
            self.knots, self.scores = values[0] + distance * np.array([0.0, 1.0]), np.array([0.0, 1.0])
        with np.errstate(over="ignore"):  # halves: differences can be larger than the largest float
            slopes = (0.5 * np.diff(self.scores)) / np.diff(0.5 * self.knots)
        self.slopes = np.maximum(slopes, np.finfo(np.float64).tiny)

    def _piece(self, marks, x):
        with np.errstate(invalid="ignore"):
            return np.clip(np.searchsorted(marks, x, side="right") - 1, 0, len(marks) - 2)

    def forward(self, x):
        piece = self._piece(self.knots, x)
        with np.errstate(over="ignore"):  # of numbers far beyond those of fit
            return self.scores[piece] + 2.0 * ((0.5 * x - 0.5 * self.knots[piece]) * self.slopes[piece])

    def log_slope(self, x):
        return np.log(self.slopes[self._piece(self.knots, x)])

    def backward(self, z):
        piece = self._piece(self.scores, z)
        return self.knots[piece] + (z - self.scores[piece]) / self.slopes[piece]
