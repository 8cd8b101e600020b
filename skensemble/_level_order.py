"""The order of a column's levels in which neighbours have similar distributions of the other columns.

A level is described by the means of its rows in all other columns: ranks of numbers, and how often each level occurs.
The levels are ordered along the first principal component of these descriptions, which for columns of categories alone
is the first axis of a correspondence analysis [1].

[1] M. Greenacre (2017). "Correspondence Analysis in Practice". 3rd edition, chapter 6.
"""

import numpy as np

PRIOR_ROWS = 10.0  # average rows that are added to each level's description, which move rare levels to the middle
MOST_LEVELS = 64  # maximum number of levels of a column that describes other columns
FEWEST_TO_ORDER = 3


def level_order(codes, n_levels, descriptions, weight):
    """(n_levels,) intp, levels from left to right; by their frequency where nothing describes them.

    codes : (n_rows,) intp;  descriptions : list of ColumnDescription, of the other columns;  weight : (n_rows,) > 0
    """
    mass = np.bincount(codes, weight, n_levels)
    if n_levels < FEWEST_TO_ORDER or not descriptions:
        return np.argsort(-mass, kind="stable")
    sums = np.hstack([each.sums(codes, n_levels, weight) for each in descriptions])
    means = sums / (mass + PRIOR_ROWS)[:, None]
    centred = np.sqrt(mass)[:, None] * (means - mass @ means / mass.sum())
    vectors = np.linalg.svd(centred, full_matrices=False)[0]
    place = vectors[:, 0] / np.sqrt(mass)
    largest = place[np.argmax(mass)]
    return np.argsort(-place if largest > 0.0 else place, kind="stable")  # the sign of a component is arbitrary


class NumberDescription:
    """Standardised ranks, in which weight k is k copies; 0 for missing numbers."""

    def __init__(self, numbers, weight):
        known = ~np.isnan(numbers)
        _, inverse = np.unique(numbers, return_inverse=True, equal_nan=True)  # NaN last
        totals = np.bincount(inverse, np.where(known, weight, 0.0))
        ranks = (np.cumsum(totals) - 0.5 * totals)[inverse]
        mean = np.average(ranks[known], weights=weight[known])
        deviation = np.sqrt(np.average((ranks[known] - mean) ** 2, weights=weight[known])) or 1.0
        self.ranks = np.where(known, (ranks - mean) / deviation, 0.0)

    def sums(self, codes, n_levels, weight):
        return np.bincount(codes, weight * self.ranks, n_levels)[:, None]


class CategoryDescription:
    """Standardised one-hot columns, which together weigh as much as one column of numbers."""

    def __init__(self, codes, n_levels, weight):
        self.codes, self.n_levels = codes, n_levels
        self.shares = np.bincount(codes, weight, n_levels) / weight.sum()
        self.scale = 1.0 / np.sqrt(n_levels * np.maximum(self.shares * (1.0 - self.shares), 1e-12))

    def sums(self, codes, n_levels, weight):
        pairs = np.bincount(codes * self.n_levels + self.codes, weight, n_levels * self.n_levels)
        pairs = pairs.reshape(n_levels, self.n_levels)
        return (pairs - pairs.sum(axis=1, keepdims=True) * self.shares) * self.scale


def description(plain, n_levels, weight):
    """The description of the levels of other columns by one column, or None if it is not used.

    plain : (n_rows,) codes of n_levels levels, or numbers if n_levels is None
    """
    if n_levels is None:
        return NumberDescription(plain, weight)
    return CategoryDescription(plain, n_levels, weight) if 2 <= n_levels <= MOST_LEVELS else None
