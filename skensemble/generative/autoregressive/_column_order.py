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
    return _shares_of_contents(columns, n_rows) < LEFT_OUT


def folds_of(columns, n_rows, n_folds):
    """(n_rows,) in which fold a row is, by what stands in it, and independent of whether it judges."""
    return (_shares_of_contents(columns, n_rows) * 2.0**12 % 1.0 * n_folds).astype(np.int64)


def _shares_of_contents(columns, n_rows):
    """Numbers of chance in [0, 1) that rows with the same contents share."""
    key = np.zeros(n_rows, np.uint64)
    for column in columns:
        bits = (np.asarray(column, np.float64) + 0.0).view(np.uint64)
        key = (key ^ bits) * _ODD
        key ^= key >> np.uint64(29)
    return (key >> np.uint64(40)).astype(np.float64) / 2.0**24
