"""How strongly pairs of columns depend on each other, in each table: correlation and mutual information."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from skensemble.generative.evaluation._compared_tables import MISSING
from skensemble.generative.evaluation._pair_trends import correlation

N_BINS = 8
MAX_LEVELS = 12
MAX_COLUMNS = 24  # in a report


class Pair(NamedTuple):
    """Columns i and j: Pearson's r (NaN unless both are numbers) and mutual information, of a real and a made table."""

    i: int
    j: int
    real_r: float
    made_r: float
    real_information: float
    made_information: float

    @property
    def difference(self):
        return abs(self.real_information - self.made_information)


def pairs_of(real, made):
    """(list of Pair of the first columns, number of these columns);  real, made : Rows"""
    columns = real.columns[:MAX_COLUMNS]
    codes = [_coded(column, real.cells[j], made.cells[j]) for j, column in enumerate(columns)]
    pairs = []
    for i, j in combinations(range(len(columns)), 2):
        are_numbers = not (columns[i].is_category or columns[j].is_category)
        r = [correlation(rows.cells[i], rows.cells[j]) if are_numbers else np.nan for rows in (real, made)]
        information = [mutual_information(codes[i][k], codes[j][k]) for k in range(2)]
        pairs.append(Pair(i, j, *r, *information))
    return pairs, len(columns)


def _coded(column, real, made):
    """Both tables' cells as a few codes that the real rows make; 0 is missing."""
    if column.is_category:
        counts = np.bincount(real[real != MISSING], minlength=len(column.levels))
        code = np.full(len(column.levels) + 1, MAX_LEVELS + 1)
        code[np.argsort(-counts, kind="stable")[:MAX_LEVELS]] = 1 + np.arange(min(MAX_LEVELS, len(counts)))
        code[-1] = 0  # MISSING
        return code[real], code[made]
    known = real[~np.isnan(real)]
    cuts = np.unique(np.quantile(known, np.arange(1, N_BINS) / N_BINS)) if len(known) else np.empty(0)
    return [np.where(np.isnan(x), 0, 1 + np.searchsorted(cuts, x, side="right")) for x in (real, made)]


def mutual_information(u, v):
    """In [0, 1]: divided by the smaller entropy, and without what chance adds (Miller and Madow's correction)."""
    joint = np.zeros((u.max() + 1, v.max() + 1))
    np.add.at(joint, (u, v), 1.0)
    joint = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0]
    n, shape = joint.sum(), joint.shape
    by_row, by_column = (_entropy(joint.sum(axis=axis) / n) for axis in (1, 0))
    by_chance = ((shape[0] - 1) * (shape[1] - 1)) / (2 * n)
    information = by_row + by_column - _entropy(joint.ravel() / n) - by_chance
    return float(np.clip(information / max(min(by_row, by_column), 1e-12), 0.0, 1.0))


def _entropy(shares):
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
