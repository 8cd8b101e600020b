"""Kernel: rows move by the values of their leaves."""

from skensemble._jit import kernel


@kernel
def add_leaf_values(raw, leaf_of_row, values, start, stop):
    """raw[i] += values[leaf_of_row[i]] for the rows from `start` to `stop`."""
    for i in range(start, stop):
        raw[i] += values[leaf_of_row[i]]
