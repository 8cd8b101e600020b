"""Which rows grow a tree: a uniform subsample, or GOSS (Ke et al. 2017, section 3): all rows with large gradients and a
share of the others, whose weights make up for those left out."""

import numpy as np

from skensemble._random import mixed_seed, sample_without_replacement

GOSS_SHARE = 0.3  # of the rows, if subsample says nothing
LARGE_SHARE = 2.0 / 3.0  # of the chosen rows, those with the largest gradients: LightGBM's 0.2 and 0.1


def uniform_rows(n_samples, subsample, seed):
    """round(subsample * n_samples) rows, uint32, ascending."""
    n_chosen = max(1, round(subsample * n_samples))
    rows = np.empty(n_chosen, np.int64)
    sample_without_replacement(seed, n_samples, n_chosen, rows)
    return rows.astype(np.uint32)


def goss_rows(gradient, weight, subsample, seed):
    """Rows (uint32, ascending), and the factor (n_samples,) of their weights.

    gradient : (n_outputs, n_samples); weight : (n_samples,) or None
    """
    n_samples = gradient.shape[1]
    share = GOSS_SHARE if subsample == 1.0 else subsample
    n_large = max(1, round(share * LARGE_SHARE * n_samples))
    n_small = max(1, round(share * (1.0 - LARGE_SHARE) * n_samples))
    factor = np.ones(n_samples)
    if n_large + n_small >= n_samples:
        return np.arange(n_samples, dtype=np.uint32), factor
    size = np.abs(gradient).sum(axis=0, dtype=np.float64)
    if weight is not None:
        size *= weight
    by_size = np.argsort(-size, kind="stable")
    rest = np.sort(by_size[n_large:])
    small = rest[uniform_rows(len(rest), n_small / len(rest), mixed_seed(seed, 1))]
    factor[small] = len(rest) / len(small)
    return np.sort(np.concatenate([by_size[:n_large], small])).astype(np.uint32), factor
