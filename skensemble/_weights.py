"""Which weights are numbers of copies: whole ones, up to a limit that depends on what the copies are for."""

import numpy as np

MOST_WHOLE_WEIGHT = 2.0**24  # sum up to which boosting may add the rounded gradient of a row k times
MOST_COPIES_OF_AMOUNTS = 2.0**31  # the same for the rounded numbers of CART, which have more bits
MOST_EXACT_WEIGHT = 2.0**52  # sum up to which sums of whole weights are exact in int64 and float64
MOST_COPIES_PER_ROW = 4  # on average, up to which weights say how many rows there are, not only how they compare
MOST_WRITTEN_OUT = 2.0**22  # sum up to which a table is made in which each row stands k times


def is_whole(weight, most=MOST_WHOLE_WEIGHT):
    """Are all weights whole numbers, whose sum is at most `most`?"""
    return bool(np.all(weight == np.floor(weight)) and weight.sum() <= most)


def are_row_counts(weight):
    """Do the weights say how many rows there are: whole numbers that are small on average?"""
    return is_whole(weight) and bool(weight.sum() <= MOST_COPIES_PER_ROW * np.count_nonzero(weight))
