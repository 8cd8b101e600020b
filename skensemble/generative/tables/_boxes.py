"""Densities of boxes: a row with rounded numbers, levels or missing cells corresponds to a box of encoded rows.

With u uniform in the box and V its volume, P(row) = V E[p(u)] (Theis, van den Oord and Bethge 2016, equation 6).  The
expectation is a mean over a few places, the same of every box, so that a row does not depend on the others.  The
middle of the box alone would flatter a density that peaks there, such as that of a Gaussian fitted to levels.
"""

import functools

import numpy as np


def log_mean_density(log_density, middle, half_width, n_points):
    """log E[p(u)]: with few places a lower bound on average (Burda, Grosse and Salakhutdinov 2016, theorem 1).

    log_density : callable, (n_rows, n_columns) -> (n_rows,)
    middle, half_width : (n_rows, n_columns)
    """
    densities = [log_density(place) for place in _places(middle, half_width, n_points)]
    return log_sum_exp(densities, 1.0 / len(densities))


def log_sum_exp(parts, factor=1.0):
    """log(factor * sum exp(part)), (n_rows,).

    The parts, (n_rows,) each, are added one by one: numpy's sum over the first axis takes another order for a single
    row.  With factor 1 / n, n equal parts give exactly that part, so that a row without width is worth the same beside
    rows that have one and beside rows that have none.
    """
    largest = functools.reduce(np.maximum, parts)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return largest + np.log(factor * sum(np.exp(part - largest) for part in parts))


def _places(middle, half_width, n_points):
    """A Latin hypercube: in each column one place in each n-th of a box.  The middle alone where boxes are points."""
    if not half_width.any():
        return [middle]
    parts = np.tile(np.arange(n_points), (middle.shape[1], 1))
    parts = np.random.default_rng(0).permuted(parts, axis=1).T
    return [middle + half_width * ((2.0 * part + 1.0) / n_points - 1.0) for part in parts]
