"""A loss of the user's own, as a function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skensemble._input_kinds import check_real, check_unmasked
from skensemble._users_functions import naming
from skensemble.ensemble.losses._links import samples_first, sigmoid_columns, softmax_columns
from skensemble.ensemble.losses._loss import Loss
from skensemble.ensemble.losses._pointwise import LARGEST_GRADIENT, SMALLEST_HESSIAN


@dataclass
class CustomLoss(Loss):
    """`function(y, raw, sample_weight) -> (gradient, hessian)`, both shaped like raw and already weighted.

    The function sees and returns (n_samples,), or with many outputs (n_samples, n_outputs).  Its arrays are copies: it
    may write into them.  What it returns is divided by the weights, so that trees grow on weighted rows as with any
    other loss.  `n_classes` is None for regression; with it, raw values pass the sigmoid or softmax.
    """

    function: Callable
    n_outputs: int = 1
    n_classes: int | None = None
    needs_all_rows = True
    has_value = False

    def __post_init__(self):
        if self.n_classes is not None:
            self.n_outputs = 1 if self.n_classes <= 2 else self.n_classes
            self.link_name = "logit" if self.n_outputs == 1 else "softmax"

    def check_target(self, y):
        pass

    def baseline(self, y, sample_weight):
        return np.zeros(self.n_outputs)

    def gradient_hessian(self, y, raw, gradient, hessian, start, stop, sample_weight=None):
        rows = slice(start, stop)
        weight = None if sample_weight is None else sample_weight[rows]
        own = (samples_first(np.atleast_2d(y)[:, rows]), samples_first(raw[:, rows]), weight)
        with naming("loss", self.function):
            result = self.function(*(None if array is None else array.copy() for array in own))
        gradients, hessians = (
            _of_one_copy(_checked_derivative(name, given, (stop - start, self.n_outputs)).T, weight)
            for name, given in zip(("gradient", "hessian"), _checked_pair(result))
        )
        gradient[:, rows] = gradients
        hessian[:, rows] = _with_floor(hessians)

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
    check_unmasked(given, f"the {name} of loss")
    check_real(given, f"the {name} of loss")
    try:
        given = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"loss must return numbers as the {name}: {error}.") from None
    if given.size != shape[0] * shape[1] or given.shape[:1] != shape[:1]:
        raise ValueError(f"loss must return a {name} of shape {_shape_of_user(shape)}, got {given.shape}.")
    if not np.isfinite(given).all():
        raise ValueError(f"loss must return finite values, got {given[~np.isfinite(given)][0]} in the {name}.")
    return given.reshape(shape)


def _of_one_copy(derivative, weight):
    """Weighted derivatives (n_outputs, n_samples) without the weights; 0 where there is no weight."""
    if weight is not None:
        with np.errstate(over="ignore"):
            derivative = np.divide(derivative, weight, out=np.zeros(derivative.shape), where=weight > 0.0)
    return np.clip(derivative, -LARGEST_GRADIENT, LARGEST_GRADIENT)


def _with_floor(hessian):
    """Positive hessians; 1 for an output that has none in any row, as for our own losses without curvature."""
    is_flat = ~(hessian > 0.0).any(axis=1, keepdims=True)
    return np.where(is_flat, 1.0, np.maximum(hessian, SMALLEST_HESSIAN))


def _shape_of_user(shape):
    return shape if shape[1] > 1 else shape[:1]
