"""Which rows are held out to score a model while it is fitted."""

import numpy as np


def held_out_parts(keys, strata, copies, share, seed):
    """(n_samples,) float64: the part of each row's copies that is held out, 0 or 1 for a row that stands for itself.

    keys : (n_samples,) int64, alike for rows that are alike; strata : (n_samples,), a class each
    copies : (n_samples,) int64, how many rows each stands for, 0 for those that do not count; None: one each

    Of each stratum, `share` of the copies are held out, rounded up or down at random.  They lie at equal distances in
    an order that the keys and the seed decide, so that the order of the rows does not matter, and of rows that are
    alike the same share is held out.  Each stratum keeps one, and one at least is held out if there is one to spare.
    Strata are told apart by the sums of their keys, so that the names of the classes do not matter either.
    """
    parts = np.zeros(len(keys))
    rows = np.arange(len(keys)) if copies is None else np.flatnonzero(copies)
    if len(rows) == 0:
        return parts
    units = np.ones(len(rows), np.int64) if copies is None else copies[rows]
    place = keys[rows].view(np.uint64) * np.uint64(2 * seed + 1)  # another order of the keys for each seed
    order = np.lexsort((place, strata[rows]))
    rows, units, strata = rows[order], units[order], strata[rows[order]]
    stratum = np.cumsum(np.r_[True, strata[1:] != strata[:-1]]) - 1
    total = np.bincount(stratum, units).astype(np.int64)
    ends = np.cumsum(units) - (np.cumsum(total) - total)[stratum]
    by_content = np.argsort(np.add.reduceat(place[order] * units.astype(np.uint64), np.flatnonzero(ends == units)))
    rounding, turn = np.empty((2, len(total)))
    rounding[by_content], turn[by_content] = np.random.default_rng(seed).random((2, len(total)))
    n_held_out = np.minimum(np.floor(share * total + rounding).astype(np.int64), total - 1)
    if not n_held_out.any():
        n_held_out[by_content[total[by_content] > 1][:1]] = 1
    begin = (turn * total).astype(np.int64)
    up_to_start, up_to_end = (
        (n_held_out[stratum] * place + begin[stratum]) // total[stratum] for place in (ends - units, ends)
    )
    parts[rows] = (up_to_end - up_to_start) / units
    return parts
