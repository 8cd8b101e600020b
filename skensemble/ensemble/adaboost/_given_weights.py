"""Sample weights as AdaBoost is given them: copies of rows where they are whole, else what rows weigh at the start."""

from numbers import Real

import numpy as np

from skensemble._targets import read_numbers, read_weight
from skensemble._weights import is_whole
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.rows._bootstrap import number_of_draws


def read_sample_weight(sample_weight, n_samples):
    """(n_samples,) float64, or None; only the ratios of the weights matter."""
    if sample_weight is None or isinstance(sample_weight, Real):
        return read_weight(sample_weight, "sample_weight", n_samples)
    weight = read_numbers(sample_weight, "sample_weight")
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have one entry per row of X: sample_weight.shape == {weight.shape}, "
            f"expected {(n_samples,)}!"
        )
    if (weight < 0).any():
        raise ValueError(
            f"sample_weight must be >= 0, got {weight.min():g}: Negative values in data passed to `sample_weight`."
        )
    largest = weight.max()
    if largest > 0 and not 1e-50 < largest < 1e50:
        weight = weight / largest
    return read_weight(weight, "sample_weight", n_samples)


def as_copies(weight, factors, n_samples):
    """(number of copies of each row, weight of a copy at the start, number of rows with copies counted).

    weight : (n_samples,) or None;  factors : (n_samples,) of the rows' classes, or None
    """
    start = np.ones(n_samples) if factors is None else factors
    n_rows = number_of_draws(None, n_samples, weight, weight)
    if weight is None:
        return NO_WEIGHT, start, n_rows
    return (weight, start, n_rows) if is_whole(weight) else (NO_WEIGHT, start * weight, n_rows)
