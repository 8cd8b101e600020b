"""Kernels: rows move by the values of their leaves, and those that did not grow the tree are found."""

from skensemble._jit import kernel


@kernel
def add_leaf_values(raw, leaf_of_row, values, start, stop):
    """raw[i] += values[leaf_of_row[i]] for the rows from `start` to `stop`."""
    for i in range(start, stop):
        raw[i] += values[leaf_of_row[i]]


@kernel
def rows_between(rows, others):
    """Write the numbers from 0 on that are not in `rows`, which ascend, into `others`, which has room for these."""
    count, row = 0, 0
    for i in range(rows.shape[0] + 1):
        stop = rows[i] if i < rows.shape[0] else rows.shape[0] + others.shape[0]
        while row < stop:
            others[count] = row
            count += 1
            row += 1
        row += 1
