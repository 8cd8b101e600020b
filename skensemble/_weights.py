"""Which weights are numbers of copies: whole ones, up to a limit that depends on what the copies are for.

Weights of any kind have a sum between 1 / LARGEST_SUM and LARGEST_SUM.
"""

import math
from itertools import chain

import numpy as np

MOST_WHOLE_WEIGHT = 2.0**24  # largest sum of weights for which weight k means adding the rounded gradient k times
MOST_COPIES_OF_AMOUNTS = 2.0**31  # the same for the rounded numbers of CART, which have more bits
MOST_EXACT_WEIGHT = 2.0**52  # largest sum for which sums of whole weights are exact in int64 and float64
MOST_COPIES_PER_ROW = 4  # largest mean of weights that count rows; larger ones only say how rows compare
MOST_WRITTEN_OUT = 2.0**22  # largest sum for which each row is written out k times
_SUM_BLOCK = 1 << 16
LARGEST_SUM = 1e100  # up to here, squares of sums of weights neither overflow nor vanish


def is_whole(weight, most=MOST_WHOLE_WEIGHT):
    """Are all weights whole numbers, whose sum is at most `most`?"""
    return bool(np.all(weight == np.floor(weight)) and weight.sum() <= most)


def are_row_counts(weight):
    """Do the weights say how many rows there are: whole numbers that are small on average?"""
    return is_whole(weight) and bool(weight.sum() <= MOST_COPIES_PER_ROW * np.count_nonzero(weight))


def exact_sum(weight):
    """The sum of weights, rounded once, so that their order does not matter."""
    if is_whole(weight, MOST_EXACT_WEIGHT):
        return float(weight.sum())
    blocks = (weight[start : start + _SUM_BLOCK].tolist() for start in range(0, len(weight), _SUM_BLOCK))
    return math.fsum(chain.from_iterable(blocks))


def sums_by_group(groups, weight, n_groups):
    """(n_groups,) float64: sums of the weights (None: one each) of the rows of each group, as `exact_sum` has them."""
    if weight is None or is_whole(weight, MOST_EXACT_WEIGHT):
        return np.bincount(groups, weight, minlength=n_groups).astype(np.float64)
    return np.array([exact_sum(weight[groups == group]) for group in range(n_groups)])


def check_sum(total, name):
    """Refuse a sum of weights whose square might overflow or vanish."""
    if not 1.0 / LARGEST_SUM <= total <= LARGEST_SUM:
        raise ValueError(f"{name} must have a sum between {1.0 / LARGEST_SUM:g} and {LARGEST_SUM:g}, got {total:g}.")
