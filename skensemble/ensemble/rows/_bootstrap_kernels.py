"""Kernels: how often each row is drawn with replacement."""

from numba import int64

from skensemble._jit import kernel
from skensemble._random_bits import random_uniform


@kernel
def draw_rows(seed, rows, ends, guide, drawn):
    """Fill `drawn`; empty `ends`: each row has one place."""
    if len(ends) == 0:
        for i in range(len(drawn)):
            drawn[i] = rows[int64(random_uniform(seed, i) * len(rows))]
        return
    for i in range(len(drawn)):
        uniform = random_uniform(seed, i)
        place = int64(uniform * ends[-1])
        at = guide[int64(uniform * len(guide))]
        while at > 0 and ends[at - 1] > place:  # a share began a rounding error too late
            at -= 1
        while ends[at] <= place:
            at += 1
        drawn[i] = rows[at]
