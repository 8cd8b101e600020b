"""Losses of classifiers: log-loss of two and of more classes, and AdaBoost's."""

from dataclasses import dataclass

import numpy as np

from skensemble._weights import sums_by_group
from skensemble.ensemble.losses._links import bounded_exp, sigmoid_columns, softmax_columns
from skensemble.ensemble.losses._loss import Loss, OutputByOutput, require, weight_array
from skensemble.ensemble.losses._pointwise import (
    LARGEST_GRADIENT,
    binary_log_loss,
    binary_log_loss_values,
    softmax_log_loss,
    softmax_log_loss_values,
)
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean

_SMALLEST_SHARE = 10 * np.finfo(float).eps  # smallest class share, so that |log-odds| <= 34


@dataclass
class BinaryLogLoss(OutputByOutput):
    """Two classes, one raw column: the log-odds of class 1."""

    name = "log_loss"
    target = "classes"
    families = ("newton", "gradient")
    link_name = "logit"
    reported_factor = 2.0
    n_outputs = 1
    n_classes = 2

    @classmethod
    def made_for(cls, *, n_classes=2, **settings):
        return MulticlassLogLoss(n_classes) if n_classes > 2 else cls()

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
    name = "log_loss"
    target = "classes"
    families = ("newton", "gradient")
    link_name = "softmax"

    @property
    def n_outputs(self):
        return self.n_classes

    def check_target(self, y):
        _check_classes(y, self)

    def baseline(self, y, sample_weight):
        counts = sums_by_group(y.astype(np.intp), sample_weight, self.n_classes)
        return self.link(counts / max(counts.sum(), np.finfo(float).tiny))

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        # One step for each class counts the freedom to shift all of them twice: (K - 1) / K of it is Newton's
        # (Friedman 2001, eq. 36), which makes two classes agree with BinaryLogLoss.
        scale = self.n_classes / max(self.n_classes - 1.0, 1.0)
        softmax_log_loss(y, raw, gradient, hessian, start, stop, scale)

    def value(self, y, raw, sample_weight):
        values = np.empty(raw.shape[1])
        softmax_log_loss_values(y, raw, values)
        return float(weighted_mean(values, weight_array(sample_weight)))

    def link(self, prediction):
        logarithm = np.log(np.maximum(np.asarray(prediction, dtype=np.float64), _SMALLEST_SHARE))
        return logarithm - logarithm.mean()

    def link_inverse(self, raw):
        return softmax_columns(raw)


@dataclass
class ExponentialLoss(Loss):
    """The loss of AdaBoost: exp(raw) of class 0, exp(-raw) of class 1; raw is half of the log-odds of class 1."""

    name = "exponential"
    target = "classes"
    families = ("gradient",)
    link_name = "half-logit"
    n_outputs = 1
    n_classes = 2

    @classmethod
    def made_for(cls, *, n_classes=2, **settings):
        if n_classes > 2:
            raise ValueError(
                f"loss must be 'log_loss' for {n_classes} classes, got 'exponential': loss='exponential' is only "
                "suitable for a binary classification problem. Only binary classification is supported. The type of "
                "the target is multiclass."
            )
        return cls()

    def check_target(self, y):
        _check_classes(y, self)

    def baseline(self, y, sample_weight):
        return self.link(weighted_mean(y, weight_array(sample_weight)))

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        rows = slice(start, stop)
        side = 1.0 - 2.0 * y[rows]
        hessian[0, rows] = np.minimum(bounded_exp(side * raw[0, rows]), LARGEST_GRADIENT)
        gradient[0, rows] = side * hessian[0, rows]

    def value(self, y, raw, sample_weight):
        values = bounded_exp((1.0 - 2.0 * y) * raw[0])
        return float(weighted_mean(values, weight_array(sample_weight)))

    def link(self, prediction):
        return 0.5 * BinaryLogLoss().link(prediction)

    def link_inverse(self, raw):
        return sigmoid_columns(2.0 * raw)


def _check_classes(y, loss):
    require(y, (y >= 0) & (y < loss.n_classes) & (y == np.floor(y)), loss, f"class indices 0 .. {loss.n_classes - 1}")
