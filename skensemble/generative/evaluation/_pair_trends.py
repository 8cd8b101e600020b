"""Metrics of pairs of columns: distances between their joint distributions in two tables."""

from itertools import combinations

import numpy as np

from skensemble.generative.evaluation._marginals import tv_distance

MAX_PAIRS = 1000
MAX_LEVELS = 30  # maximum number of levels of a category in a pair; rarer levels are merged
N_BINS = 10  # bins of numbers in a pair, with equal numbers of training rows


def correlation_similarity(comparison, sample, rng):
    """Mean over pairs of numbers of 1 - |r - r'| / 2 with Pearson's r, over the rows where neither is missing.

    A pair without a correlation in one table (a constant column) has 0 there; without one in both it does not count.
    """
    pairs = chosen_pairs(comparison.columns, lambda a, b: not (a.is_category or b.is_category), rng)
    similarities = []
    for i, j in pairs:
        real, fake = (correlation(rows.cells[i], rows.cells[j]) for rows in (comparison.test, sample))
        if not (np.isnan(real) and np.isnan(fake)):
            similarities.append(1.0 - abs(np.nan_to_num(real) - np.nan_to_num(fake)) / 2)
    return float(np.mean(similarities)) if similarities else np.nan


def contingency_similarity(comparison, sample, rng):
    """Mean over the other pairs of 1 - sum |P - Q| / 2 over the cells of their tables of frequencies."""
    pairs = chosen_pairs(comparison.columns, lambda a, b: a.is_category or b.is_category, rng)
    coded = {j: _coded(comparison, sample, j) for j in {j for pair in pairs for j in pair}}
    similarities = []
    for i, j in pairs:
        n_codes = 1 + max(codes.max() for codes in coded[j])
        real, fake = (first * n_codes + second for first, second in zip(coded[i], coded[j]))
        similarities.append(1.0 - tv_distance(real, fake))
    return float(np.mean(similarities)) if similarities else np.nan


def chosen_pairs(columns, is_wanted, rng):
    """Pairs (i, j) of columns: all that are wanted, or a random MAX_PAIRS of them."""
    pairs = [(i, j) for i, j in combinations(range(len(columns)), 2) if is_wanted(columns[i], columns[j])]
    if len(pairs) <= MAX_PAIRS:
        return pairs
    return [pairs[k] for k in np.sort(rng.choice(len(pairs), MAX_PAIRS, replace=False))]


def correlation(u, v):
    is_there = ~(np.isnan(u) | np.isnan(v))
    u, v = u[is_there], v[is_there]
    if len(u) < 2 or np.ptp(u) == 0 or np.ptp(v) == 0:
        return np.nan
    u, v = ((x - x.mean()) / np.ptp(x) for x in (u, v))
    return float(u @ v / np.sqrt((u @ u) * (v @ v)))


def _coded(comparison, sample, j):
    """Column j of the test rows and of the sample as a few codes, made from the training rows; 0 is missing."""
    train, tables = comparison.train.cells[j], (comparison.test.cells[j], sample.cells[j])
    if not comparison.columns[j].is_category:
        cuts = np.unique(np.nanquantile(train, np.arange(1, N_BINS) / N_BINS))
        return [np.where(np.isnan(cells), 0, 1 + np.searchsorted(cuts, cells, side="right")) for cells in tables]
    counts = np.bincount(train + 1, minlength=len(comparison.columns[j].levels) + 1)
    counts[0] = 0
    code = np.full(len(counts), MAX_LEVELS + 1)
    common = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    code[common] = np.arange(1, len(common) + 1)
    code[0] = 0
    return [code[cells + 1] for cells in tables]


def note_on_pairs(comparison, samples):
    if len(comparison.columns) ** 2 > 2 * MAX_PAIRS:
        return f"similarities: of at most {MAX_PAIRS} pairs of columns, drawn at random."
