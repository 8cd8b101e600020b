"""Metrics of single columns: distances between the distributions of each column in two tables."""

import numpy as np

from skensemble.generative.evaluation._compared_tables import MISSING


def ks_complement(comparison, sample, rng):
    """Mean over the columns of numbers of 1 - sup |F - G|; missing cells are smaller than all numbers."""
    pairs = _number_pairs(comparison, sample)
    return _mean([1.0 - ks_distance(_missing_first(real), _missing_first(fake)) for _, real, fake in pairs])


def tv_complement(comparison, sample, rng):
    """Mean over the columns of categories of 1 - sum |p - q| / 2; missing is a level."""
    columns = [j for j, column in enumerate(comparison.columns) if column.is_category]
    return _mean([1.0 - tv_distance(comparison.test.cells[j] - MISSING, sample.cells[j] - MISSING) for j in columns])


def wasserstein_1d(comparison, sample, rng):
    """Mean over the columns of numbers of W1 between the cells that are not missing, in units of the training range."""
    distances = []
    for column, real, fake in _number_pairs(comparison, sample):
        real, fake = (column.scaled(cells[~np.isnan(cells)]) for cells in (real, fake))
        if len(real) and len(fake):
            distances.append(wasserstein_distance(np.sort(real), np.sort(fake)))
    return _mean(distances)


def ks_distance(u, v):
    """sup |F - G| of two samples, numbers and infinities."""
    u, v = np.sort(u), np.sort(v)
    ends = np.concatenate([u, v])
    return float(np.abs(_share_up_to(u, ends) - _share_up_to(v, ends)).max())


def tv_distance(u, v):
    """sum |p - q| / 2 of two samples of whole numbers >= 0."""
    length = max(u.max(), v.max()) + 1
    return float(
        np.abs(np.bincount(u, minlength=length) / len(u) - np.bincount(v, minlength=length) / len(v)).sum() / 2
    )


def wasserstein_distance(u, v):
    """W1 of two sorted samples: the area between their distribution functions."""
    ends = np.sort(np.concatenate([u, v]), kind="stable")  # which merges sorted runs
    between = ends[:-1]
    return float(np.abs(_share_up_to(u, between) - _share_up_to(v, between)) @ np.diff(ends))


def _share_up_to(ordered, ends):
    return np.searchsorted(ordered, ends, side="right") / len(ordered)


def _number_pairs(comparison, sample):
    return [
        (column, comparison.test.cells[j], sample.cells[j])
        for j, column in enumerate(comparison.columns)
        if not column.is_category
    ]


def _missing_first(cells):
    return np.where(np.isnan(cells), -np.inf, cells)


def _mean(values):
    return float(np.mean(values)) if values else np.nan
