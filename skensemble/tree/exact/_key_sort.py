"""Sorting the rows of a node by an integer: key = integer << 32 | place in the node."""

from numba import uint64

from skensemble._jit import kernel

FEW_KEYS = 32  # up to so many, counting the smaller keys of each is the fastest: no branch, eight at a time
PLACE = (1 << 32) - 1


@kernel
def sort_keys(n_rows, high, keys, spare, digits):
    """Sort keys[:n_rows], whose integers are at most `high`; equal ones stay in their order."""
    if n_rows > FEW_KEYS:
        shift = 32
        while high >> (shift - 32) > 0:
            _sort_by_digit(n_rows, uint64(shift), keys, spare, digits)
            shift += 8
        return
    for i in range(uint64(n_rows)):
        key, rank = keys[i], uint64(0)
        for j in range(uint64(n_rows)):
            rank += uint64(keys[j] < key)
        spare[rank] = key
    for i in range(uint64(n_rows)):
        keys[i] = spare[i]


@kernel
def _sort_by_digit(n_rows, shift, keys, spare, digits):
    """One pass of a radix sort: stable, by the 8 bits above `shift`."""
    for digit in range(256):
        digits[digit] = 0
    for i in range(uint64(n_rows)):
        digits[(keys[i] >> shift) & uint64(255)] += 1
    position = 0
    for digit in range(256):
        count = digits[digit]
        digits[digit] = position
        position += count
    for i in range(uint64(n_rows)):
        digit = (keys[i] >> shift) & uint64(255)
        spare[uint64(digits[digit])] = keys[i]
        digits[digit] += 1
    for i in range(uint64(n_rows)):
        keys[i] = spare[i]
