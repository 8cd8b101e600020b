"""The loss of AdaBoost, for gradient boosting of two classes."""

from dataclasses import dataclass

import numpy as np

from skensemble.ensemble.losses._links import bounded_exp, sigmoid_columns
from skensemble.ensemble.losses._losses import BinaryLogLoss, Loss
from skensemble.ensemble.losses._pointwise import LARGEST_GRADIENT
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT, weighted_mean


@dataclass
class ExponentialLoss(Loss):
    """exp(raw) of class 0, exp(-raw) of class 1; raw is half of the log-odds of class 1."""

    n_outputs = 1
    n_classes = 2

    def check_target(self, y):
        BinaryLogLoss().check_target(y)

    def baseline(self, y, sample_weight):
        return self.link(weighted_mean(y, NO_WEIGHT if sample_weight is None else sample_weight))

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        rows = slice(start, stop)
        side = 1.0 - 2.0 * y[rows]
        hessian[0, rows] = np.minimum(bounded_exp(side * raw[0, rows]), LARGEST_GRADIENT)
        gradient[0, rows] = side * hessian[0, rows]

    def value(self, y, raw, sample_weight):
        values = bounded_exp((1.0 - 2.0 * y) * raw[0])
        return float(weighted_mean(values, NO_WEIGHT if sample_weight is None else sample_weight))

    def link(self, prediction):
        return 0.5 * BinaryLogLoss().link(prediction)

    def link_inverse(self, raw):
        return sigmoid_columns(2.0 * raw)
