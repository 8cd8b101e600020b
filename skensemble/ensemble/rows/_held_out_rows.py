"""Which rows are held out to score a model while it is fitted."""

import numpy as np

from skensemble.ensemble.rows._label_order import label_ranks


def held_out_parts(keys, strata, copies, share, seed):
    """(n_samples,) float64: the part of each row's copies that is held out, 0 or 1 for a row that stands for itself.

    keys : (n_samples,) int64, alike for rows that are alike; strata : (n_samples,), a class each
    copies : (n_samples,) int64, how many rows each stands for, 0 for those that do not count; None: one each

    Of each stratum, `share` of the copies are held out, rounded up or down at random.  They lie at equal distances in
    an order that the keys and the seed decide, so that the order of the rows does not matter, and of rows that are
    alike the same share is held out.  Each stratum keeps one, and one at least is held out if there is one to spare.
    Strata stand in the order of `label_ranks`, so that the names of the classes do not matter either.
    """
    parts = np.zeros(len(keys))
    rows = np.arange(len(keys)) if copies is None else np.flatnonzero(copies)
    if len(rows) == 0:
        return parts
    units = np.ones(len(rows), np.int64) if copies is None else copies[rows]
    place = keys[rows].view(np.uint64) * np.uint64(2 * seed + 1)  # another order of the keys for each seed
    strata = label_ranks(strata[rows], place, units)
    order = np.lexsort((place, strata))
    rows, units, strata = rows[order], units[order], strata[order]
    stratum = np.cumsum(np.r_[True, strata[1:] != strata[:-1]]) - 1
    total = np.bincount(stratum, units).astype(np.int64)
    ends = np.cumsum(units) - (np.cumsum(total) - total)[stratum]
    rng = np.random.default_rng(seed)
    n_held_out = np.minimum(np.floor(share * total + rng.random(len(total))).astype(np.int64), total - 1)
    if not n_held_out.any():
        n_held_out[np.flatnonzero(total > 1)[:1]] = 1
    begin = (rng.random(len(total)) * total).astype(np.int64)
    up_to_start, up_to_end = (
        (n_held_out[stratum] * place + begin[stratum]) // total[stratum] for place in (ends - units, ends)
    )
    parts[rows] = (up_to_end - up_to_start) / units
    return parts
