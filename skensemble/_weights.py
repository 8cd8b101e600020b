"""What kind of weights rows have."""

import numpy as np

MOST_WHOLE_WEIGHT = 2.0**24  # sum of whole weights up to which a row's quantum is fine enough


def is_whole(weight):
    """Are all weights whole numbers, and few enough to count rows with them?"""
    return bool(np.all(weight == np.floor(weight)) and weight.sum() <= MOST_WHOLE_WEIGHT)
