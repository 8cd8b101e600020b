"""Guidance: fields that pull another field's expectations towards a condition.

Each wraps a field and is one: x_t = alpha data + sigma noise still holds, so every solver takes them.
"""

import numpy as np
from sklearn.utils.metaestimators import available_if

from skensemble._parameters import Interval, ParameterError, check_parameter
from skensemble.generative.paths._paths import Endpoints, as_column
from skensemble.generative.paths._vector_field import FieldOnField


class ClassifierFreeGuidance(FieldOnField):
    """Go from the expectation without the label past the one with it (Ho and Salimans 2022).

    expectation = unconditional + guidance_scale * (conditional - unconditional), for data and noise alike.  0 is
    unconditional, 1 conditional, more is purer and less diverse.  The paper's w is guidance_scale - 1.  Known cells
    stay known in both.

    Parameters
    ----------
    field : field that was trained with labels dropped (NaN)
    guidance_scale : float >= 0
    """

    def __init__(self, field, guidance_scale):
        check_parameter("guidance_scale", guidance_scale, (Interval(float, 0.0),))
        self.field, self.guidance_scale = field, guidance_scale

    def endpoints(self, x, t, condition=None):
        return self._combined(self.field.endpoints, x, t, condition)

    @available_if(lambda self: hasattr(self.field, "tangent"))
    def tangent(self, x, t, directions, condition=None):
        """Derivatives of `endpoints` along directions, see `RegressorField.tangent`."""
        return self._combined(lambda x, t, given: self.field.tangent(x, t, directions, given), x, t, condition)

    def _combined(self, evaluate, x, t, condition):
        if condition is None or condition.label is None:
            raise ParameterError("guidance_scale must come with a condition to be guided to, got no label.")
        if self.guidance_scale == 1.0:
            return evaluate(x, t, condition)
        unconditional = evaluate(x, t, condition.without_label())
        if self.guidance_scale == 0.0:
            return unconditional
        conditional = evaluate(x, t, condition)
        return Endpoints(*(u + self.guidance_scale * (c - u) for u, c in zip(unconditional, conditional)))


class ClassifierGuidance(FieldOnField):
    """Add scale * grad log p(y | x_t) to the score (Dhariwal and Nichol 2021, algorithm 2).

    With x_t fixed, a shift g of the score moves expected noise by -sigma g and expected data by sigma^2 g / alpha.

    A classifier of clean data is asked at the expected data, and its gradient taken back to x_t by the chain rule with
    d data / d x_t = alpha / (alpha^2 + sigma^2) I.  That is 1 / alpha near data, exact for N(0, I), and fades where x_t
    is noise.  A classifier that was trained on x_t with t as the last feature (`takes_time`) is asked there; its
    guidance is exact where its probabilities are.

    Parameters
    ----------
    field : field
    gradient : callable, gradient(X, y) -> (n_rows, n_features)
        Of log p(y | X); see `ClassifierGradient`.
    y : labels (n_rows,), or one for all rows
    scale : float, default=1.0
    takes_time : bool, default=False
    """

    def __init__(self, field, gradient, y, scale=1.0, takes_time=False):
        check_parameter("scale", scale, (Interval(float),))
        self.field, self.gradient, self.y, self.scale, self.takes_time = field, gradient, y, scale, takes_time

    def endpoints(self, x, t, condition=None):
        data, noise = self.field.endpoints(x, t, condition)
        alpha, sigma = self.path.alpha(as_column(t)), self.path.sigma(as_column(t))
        towards = self._gradient_over_alpha(x, t, data, alpha, sigma)
        return Endpoints(data + self.scale * sigma**2 * towards, noise - self.scale * sigma * alpha * towards)

    def _gradient_over_alpha(self, x, t, data, alpha, sigma):
        """grad log p(y | x_t) / alpha, which stays finite where alpha is 0 and x_t says nothing about y."""
        if not self.takes_time:
            return self.gradient(data, self.y) / (alpha**2 + sigma**2)
        timed = np.column_stack([x, np.broadcast_to(t, len(x))])
        gradient = self.gradient(timed, self.y)[:, :-1]
        return np.divide(gradient, alpha, out=np.zeros_like(gradient), where=np.broadcast_to(alpha > 0.0, x.shape))
