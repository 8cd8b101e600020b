"""Kernels: sums over the cells of a table of codes, by which its rows and columns are told apart."""

import numpy as np
from numba import uint64

from skensemble._jit import kernel


@kernel
def mix(values):
    """Replace each uint64 by one that looks random (Stafford's variant 13 of the finaliser of MurmurHash3)."""
    for i in range(values.shape[0]):
        z = values[i] + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> uint64(27))) * np.uint64(0x94D049BB133111EB)
        values[i] = z ^ (z >> uint64(31))


@kernel
def add_rows_by_code(columns, first_cell, amounts, sums, first, last):
    """sums[first_cell[j] + code] += amounts[i] for the rows i that have the code in feature j of first .. last - 1."""
    for j in range(first, last):
        begin, column = uint64(first_cell[j]), columns[j]
        for i in range(uint64(column.shape[0])):
            sums[begin + uint64(column[i])] += amounts[i]


@kernel
def add_cells_by_row(columns, first_cell, colors, sums, start, stop):
    """sums[i] += colors[first_cell[j] + code of row i in feature j], for the rows i in [start, stop)."""
    for j in range(columns.shape[0]):
        begin, column = uint64(first_cell[j]), columns[j]
        for i in range(uint64(start), uint64(stop)):
            sums[i] += colors[begin + uint64(column[i])]


@kernel
def add_entries_by_code(starts, rows, codes, usual, first_cell, amounts, total, sums):
    """As `add_rows_by_code`, of SparseCodes; the usual code has what the others leave of the total."""
    for j in range(usual.shape[0]):
        begin, rest = uint64(first_cell[j]), uint64(total)
        for i in range(uint64(starts[j]), uint64(starts[j + 1])):
            amount = amounts[rows[i]]
            sums[begin + uint64(codes[i])] += amount
            rest -= amount
        sums[begin + uint64(usual[j])] += rest


@kernel
def add_entries_by_row(starts, features, codes, first_cell, colors, usual_colors, sums):
    """As `add_cells_by_row`, of SparseCodes, to the sums of the usual colours."""
    for i in range(sums.shape[0]):
        for k in range(uint64(starts[i]), uint64(starts[i + 1])):
            feature = uint64(features[k])
            sums[i] += colors[uint64(first_cell[feature]) + uint64(codes[k])] - usual_colors[feature]
