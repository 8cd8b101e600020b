"""Which rows grow a tree: a share of them, or GOSS (Ke et al. 2017, section 3): all rows with large gradients and a
share of
the others, whose weights make up for those left out.

A row is drawn by what stands in it, not by where it stands: its key is a hash of its codes and its target, and it
grows the tree if the number that belongs to (seed, key) is small.  So copies of a row are drawn together, a row of
weight k is drawn as k copies of it are, and the order of the rows does not change the model.
"""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel
from skensemble._random import mixed_seed, random_bits, random_uniform, sample_without_replacement

GOSS_SHARE = 0.3  # of the rows, if subsample says nothing
LARGE_SHARE = 2.0 / 3.0  # of the chosen rows, those with the largest gradients: LightGBM's 0.2 and 0.1


def row_keys(codes, target):
    """(n_samples,) int64: hash of each row's codes and targets.

    codes : (n_samples, n_padded); target : float64 (n_samples,) or (n_outputs, n_samples)
    """
    bits = np.atleast_2d(target + 0.0).view(np.int64)  # + 0.0: the two zeros are one value
    keys = np.zeros(len(codes), np.int64)
    _hash_rows(codes, bits, keys)
    return keys


@kernel
def _hash_rows(codes, bits, keys):
    for i in range(codes.shape[0]):
        key = uint64(0)
        for j in range(codes.shape[1]):
            key = (key ^ uint64(codes[i, j])) * uint64(0x100000001B3)  # FNV-1a, whose weak high bits are mixed below
        for k in range(bits.shape[0]):
            key = random_bits(int64(key), bits[k, i])
        keys[i] = int64(key)


def sample_rows(keys, share, seed):
    """Rows (uint32, ascending) that are drawn with probability `share`; all of them if none is."""
    rows = np.empty(len(keys), np.uint32)
    n_chosen = _choose_rows(keys, share, seed, rows)
    return rows[:n_chosen] if n_chosen else np.arange(len(keys), dtype=np.uint32)


@kernel
def _choose_rows(keys, share, seed, rows):
    count = 0
    for i in range(keys.shape[0]):
        rows[count] = i
        count += random_uniform(seed, keys[i]) < share
    return count


def sample_features(n_features, share, seed):
    """round(share * n_features) features, int64, ascending, and at least one."""
    features = np.empty(max(1, round(share * n_features)), np.int64)
    sample_without_replacement(seed, n_features, len(features), features)
    return features


def sample_goss(gradient, weight, keys, subsample, seed):
    """Rows (uint32, ascending), and the factor (n_samples,) of their weights.

    gradient : (n_outputs, n_samples); weight : (n_samples,) or None
    """
    n_samples = gradient.shape[1]
    share = GOSS_SHARE if subsample == 1.0 else subsample
    n_large = max(1, round(share * LARGE_SHARE * n_samples))
    size = np.abs(gradient).sum(axis=0, dtype=np.float64)
    if weight is not None:
        size *= weight
    is_large = np.zeros(n_samples, bool)
    is_large[np.argsort(-size, kind="stable")[:n_large]] = True
    small_share = min(1.0, share * (1.0 - LARGE_SHARE) * n_samples / max(n_samples - n_large, 1))
    chosen = is_large.copy()
    chosen[sample_rows(keys, small_share, mixed_seed(seed, 1))] = True
    return np.flatnonzero(chosen).astype(np.uint32), np.where(is_large, 1.0, 1.0 / small_share)
