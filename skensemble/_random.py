"""Randomness: enters as `random_state`, flows as one generator; kernels count instead of drawing.

A kernel gets a seed and computes the k-th number from (seed, k) alone, so that what is drawn for a tree, a level, a
node or a row does not depend on who draws first.  The mixing function is SplitMix64 (Steele, Lea, Flood 2014, figure
17).
"""

import numpy as np


def generator(random_state):
    """A numpy Generator from an int, a RandomState, a Generator or None."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**31 - 1, size=4))
    return np.random.default_rng(random_state)


def draw_seed(rng):
    """A seed for kernels."""
    return rng.integers(0, 2**63, dtype=np.int64)
