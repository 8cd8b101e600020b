"""Kernels: keys of rows, by which they are drawn."""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel
from skensemble._random_bits import random_bits, random_uniform


@kernel
def choose_rows(keys, share, seed, rows):
    """Rows that are all different."""
    count = 0
    for i in range(keys.shape[0]):
        rows[count] = i
        count += random_uniform(seed, keys[i]) < share
    return count


@kernel
def choose_copies(keys, first, total, copies, share, seed, rows, units):
    """Of the `total` copies of a content, a run of n that begins anywhere, n being share * total, rounded at random.

    Empty `copies`: one each.
    """
    count = 0
    for i in range(keys.shape[0]):
        n_copies = copies[i] if copies.shape[0] else int64(1)
        if n_copies == 0:
            continue
        if total[i] == 1:  # most rows of most tables: the same as below, without its divisions
            rows[count] = i
            count += random_uniform(seed, keys[i]) < share
            continue
        n = min(int64(np.ceil(share * total[i] - random_uniform(seed, keys[i]))), total[i])
        begin = first[i] + int64(uint64(random_bits(seed ^ int64(-1), keys[i])) % uint64(total[i]))
        n_drawn = _drawn_before(begin + n_copies, n, total[i]) - _drawn_before(begin, n, total[i])
        if n_drawn > 0:
            rows[count], units[count] = i, n_drawn
            count += 1
    return count


@kernel
def _drawn_before(place, n, total):
    """How many of the places 0 .. place - 1 of a circle of `total` are among its first n."""
    return place // total * n + min(place % total, n)
