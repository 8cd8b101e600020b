"""In which order the columns of a table are modelled, and which rows judge how they are."""

import numpy as np

LEFT_OUT = 0.2  # share of the rows that judge the sizes of leaves
_ODD = np.uint64(0x9E3779B97F4A7C15)


def first_order(cells, given):
    """Given columns, then columns with few cells, so that later ones have many rows beside each of their values."""
    rest = [j for j in range(len(cells)) if j not in given]
    return [*given, *sorted(rest, key=lambda j: (cells[j].n_cells, j))]


def other_order(cells, given, rng):
    """Given columns, then the others in an order of chance."""
    rest = [j for j in range(len(cells)) if j not in given]
    return [*given, *(rest[k] for k in rng.permutation(len(rest)))]


def left_out_rows(columns, n_rows):
    """Which rows judge: a fifth, by what stands in them, so that copies of a row are on one side.

    columns : list of (n_rows,) numbers
    """
    key = np.zeros(n_rows, np.uint64)
    for column in columns:
        bits = (np.asarray(column, np.float64) + 0.0).view(np.uint64)
        key = (key ^ bits) * _ODD
        key ^= key >> np.uint64(29)
    return (key >> np.uint64(40)).astype(np.float64) / 2.0**24 < LEFT_OUT
