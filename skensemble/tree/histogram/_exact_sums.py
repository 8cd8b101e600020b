"""Kernels: sums of sizes that no order changes, from which the scales of the fixed point are chosen.

A size is cut to 31 bits and added to the integer of its exponent.  Sums of floats serve as well, and cost nothing
beside them, unless they lie next to a border between two powers of two, where their last bits would decide: there, and
where rows stand in several parts, these sums are taken.
"""

import math

import numpy as np
from numba import int64

from skensemble._jit import kernel
from skensemble.tree.histogram._histogram import FINE_BITS, PACKED_BITS, room_of

LOWEST_EXPONENT, N_EXPONENTS = -1100, 2200
SIZE_BITS = 31  # of a size, so that 2^32 of them fit
BORDER = 2.0**-28  # relative distance beyond the errors of both kinds of sums


@kernel
def is_at_border(total, n_units):
    """Might another sum, as good as `total`, have another scale?"""
    if not total > 0.0:
        return False
    for bits in (PACKED_BITS, FINE_BITS):
        mantissa = math.frexp(room_of(n_units, bits) / max(total, 2.0**-900))[0]
        if mantissa < 0.5 * (1.0 + BORDER) or mantissa > 1.0 - BORDER:
            return True
    return False


@kernel
def add_by_exponent(values, weight, rows, start, stop, cells):
    """Add |w value| of rows[start:stop], or of start .. stop - 1 where `rows` is empty, to the cells of exponents."""
    for i in range(start, stop):
        row = rows[i] if rows.shape[0] else i
        size = abs(values[row]) * (weight[row] if weight.shape[0] else 1.0)
        if size > 0.0:
            mantissa, exponent = math.frexp(size)
            cells[exponent - LOWEST_EXPONENT] += int64(mantissa * 2.0**SIZE_BITS)


@kernel
def sum_of_exponents(cells):
    """What the cells add up to, cut to the last bit of the largest sizes."""
    carry, last = int64(0), 0
    for k in range(cells.shape[0]):
        last = k if cells[k] > 0 else last
    for k in range(last + 1):
        carry = (carry >> 1) + cells[k]
    return math.ldexp(float(carry), last + LOWEST_EXPONENT - SIZE_BITS)


@kernel
def exact_sum(values, weight, rows, start, stop):
    """Sum of |w value| of some rows (see `add_by_exponent`)."""
    cells = np.zeros(N_EXPONENTS, np.int64)
    add_by_exponent(values, weight, rows, start, stop, cells)
    return sum_of_exponents(cells)
