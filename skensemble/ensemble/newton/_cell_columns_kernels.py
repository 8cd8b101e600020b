"""Kernels: cells of a table become columns, and are read from them."""

import numpy as np

from skensemble._jit import kernel

TILE = 64  # rows that are turned into columns at a time


@kernel
def copy_columns(cells, first, last, columns):
    """Copy rows first .. last - 1; returns whether all numbers stay what they are."""
    n_changed = 0
    for tile in range(first, last, TILE):
        for j in range(len(columns)):
            for row in range(tile, min(tile + TILE, last)):
                x = cells[row, j]
                columns[j, row] = x
                n_changed += np.float64(columns[j, row]) != x and x == x
    return n_changed == 0


@kernel
def read_column(narrow, wide, feature, rows, out):
    """Copy a feature's cells of some rows; returns how many are missing or infinite."""
    n, n_out = len(rows), 0
    if narrow.shape[1] > 0:
        for k in range(n):
            out[k] = narrow[feature, rows[k]]
    else:
        for k in range(n):
            out[k] = wide[feature, rows[k]]
    for k in range(n):
        n_out += out[k] - out[k] != 0.0
    return n_out
