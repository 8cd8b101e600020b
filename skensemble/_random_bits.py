"""Kernels: random numbers that are a function of a seed and a counter."""

import numpy as np
from numba import int64, uint64

from skensemble._jit import kernel

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


@kernel
def random_bits(seed, counter):
    """The counter-th of the 64-bit numbers that belong to `seed`."""
    z = uint64(seed) + uint64(counter + int64(1)) * GOLDEN_GAMMA
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    return z ^ (z >> uint64(31))


@kernel
def random_uniform(seed, counter):
    """The counter-th of the uniform numbers in [0, 1) that belong to `seed`."""
    return float(random_bits(seed, counter) >> uint64(11)) * 2.0**-53


@kernel
def mixed_seed(seed, stream):
    """A seed for an independent stream, such as a node or a level."""
    return int64(random_bits(seed, stream) >> uint64(1))


@kernel
def sample_without_replacement(seed, n, n_chosen, chosen):
    """Put `n_chosen` of range(n), ascending, into `chosen` (Knuth, TAOCP 2, 3.4.2, algorithm S)."""
    count = 0
    for i in range(n):
        if random_uniform(seed, int64(i)) * (n - i) < n_chosen - count:
            chosen[count] = i
            count += 1
    return count
