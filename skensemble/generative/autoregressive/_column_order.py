"""In which order the columns of a table are modelled, and which rows judge how they are."""

import numpy as np

LEFT_OUT = 0.2  # share of the rows that judge the sizes of leaves
_ODD = np.uint64(0x9E3779B97F4A7C15)


def first_order(n_columns, given):
    """Given columns, then the others as they stand in the table: people write what belongs together side by side."""
    return [*given, *(j for j in range(n_columns) if j not in given)]


def other_order(n_columns, given, rng):
    """Given columns, then the others in an order of chance."""
    rest = [j for j in range(n_columns) if j not in given]
    return [*given, *(rest[k] for k in rng.permutation(len(rest)))]


def left_out_rows(key):
    """Which rows judge: a fifth, by what stands in them, so that copies of a row are on one side.

    key : see `keys_of_contents`
    """
    return _shares(key) < LEFT_OUT


def folds_of(key, n_folds):
    """(n_rows,) in which fold a row is, by what stands in it, and independent of whether it judges."""
    return (_shares(key) * 2.0**12 % 1.0 * n_folds).astype(np.int64)


def _shares(key):
    """Numbers of chance in [0, 1), whatever the range of the keys"""
    mixed = (key ^ (key >> np.uint64(32))) * _ODD
    return (mixed >> np.uint64(40)).astype(np.float64) / 2.0**24


def keys_of_contents(columns, n_rows):
    """(n_rows,) uint64 of chance that rows with the same contents share.

    columns : list of (n_rows,) numbers
    """
    key = np.zeros(n_rows, np.uint64)
    for column in columns:
        bits = (np.asarray(column, np.float64) + 0.0).view(np.uint64)
        key = (key ^ bits) * _ODD
        key ^= key >> np.uint64(29)
    return key


def without_copies(columns, weight):
    """(positions, weights): of each of the different rows the first, in an order that depends on contents alone.

    Sums over the rows are then the same to the last bit, in whatever order rows come, and whether they are copies or
    weights.
    """
    key = keys_of_contents(columns, len(weight))
    order = np.argsort(key, kind="stable")
    is_first = np.r_[True, np.diff(key[order]) != 0]
    for column in columns:
        same = np.asarray(column, np.float64)[order]
        is_first[1:] |= (same[1:] != same[:-1]) & ~(np.isnan(same[1:]) & np.isnan(same[:-1]))
    return order[is_first], np.bincount(np.cumsum(is_first) - 1, weight[order])
