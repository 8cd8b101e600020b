"""The unit of sample weights: whole ones count rows, and others are divided by their mean.

`min_child_weight`, `reg_lambda`, `reg_alpha` and `gamma` are compared with sums of weights, so that a unit must be
chosen: with a mean of 1 they mean what they do without weights, and only the ratios of the weights matter.
"""

import numpy as np

from skensemble._weights import MOST_EXACT_WEIGHT, is_whole
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean


def in_rows(weight):
    """(n_samples,) weights, or None: whole ones as they are, others with a mean of 1 over the rows that have any.

    The mean is one without an order, so that the order of the rows does not matter.
    """
    if weight is None or is_whole(weight, MOST_EXACT_WEIGHT):
        return weight
    return weight / weighted_mean(np.ascontiguousarray(weight[weight > 0.0]), NO_WEIGHT)
