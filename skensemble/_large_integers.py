"""Integers beyond 2**53: which are equal once they are floats, and the warning about them."""

import numpy as np
import pandas as pd

from skensemble._warnings import warn

EXACT = 2**53  # whole numbers below are exact in float64


def warn_of_lost(name, n_given, n_left):
    """Warn if fewer integers are left as floats than there were."""
    if n_left < n_given:
        warn(
            f"{name} holds integers beyond 2**53, which become equal where they are near: {n_given} distinct ones are "
            f"{n_left} as floats. Subtract the smallest of them."
        )


def are_wide(dtype):
    """Whether numbers of a dtype can be integers that no float64 holds."""
    return dtype.kind == "O" or (dtype.kind in "iu" and dtype.itemsize == 8)


def reaches_beyond(integers):
    """Whether an integer is beyond those that are all exact in float64."""
    return max(abs(int(integers.min())), abs(int(integers.max()))) >= EXACT


def are_large(numbers):
    """Whether there are some among which integers are not told apart."""
    return bool((np.abs(numbers) >= EXACT).any())


def objects_to_float(values):
    """Numbers of a column of Python objects as float64, missing ones as NaN."""
    return np.where(pd.isna(values), np.nan, values).astype(np.float64)
