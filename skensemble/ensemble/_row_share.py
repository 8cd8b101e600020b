"""A share of the rows, drawn without replacement for a round of stochastic gradient boosting (Friedman 2002).

A row is drawn by what stands in it: each key gets a number, and the rows with the smallest numbers are in the bag, as
many as make up the share of the weight.  So copies of a row are drawn together, and the order of the rows has no
effect.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble._random import random_uniform
from skensemble.ensemble._weighted_statistics import NO_WEIGHT, weighted_quantile


def draw_share(keys, weight, share, seed):
    """Bool (n_samples,): rows in the bag, with at most `share` of the weight, but one row at least.

    keys : (n_samples,) int64, see `row_keys`; weight : (n_samples,) or None; share in (0, 1)
    """
    numbers = np.empty(len(keys))
    _fill_numbers(keys, seed, numbers)
    limit = weighted_quantile(numbers, NO_WEIGHT if weight is None else weight, share)
    counted = True if weight is None else weight > 0
    in_bag = numbers < limit
    return in_bag if (in_bag & counted).any() else numbers <= limit


@kernel
def _fill_numbers(keys, seed, numbers):
    for i in range(keys.size):
        numbers[i] = random_uniform(seed, keys[i])
