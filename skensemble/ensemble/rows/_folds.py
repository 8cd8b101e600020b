"""Folds of a table: which rows are left out to judge a model that the others train.

Folds are drawn by what stands in the rows, not by where they stand, and a row of weight k is k rows: neither the order
of the rows nor the way in which copies are written changes a model.
"""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import check_cv

from skensemble.ensemble.rows._label_order import label_ranks


class Fold(NamedTuple):
    """Parts of each row's copies, in [0, 1]."""

    train: np.ndarray  # (n_samples,)
    left_out: np.ndarray  # (n_samples,)


def content_folds(keys, feature_keys, strata, copies, n_folds, seed):
    """`n_folds` folds of rows, of each stratum in proportion; a stratum of one row is never left out.

    keys : (n_samples,) int64, alike for rows that are alike; feature_keys : the same without their targets
    strata : (n_samples,), a class each; copies : (n_samples,) int64, 0 for rows that do not count; None: one each

    Copies of a row are left out together, as a row that the training rows hold cannot judge them. Where rows with the
    same features have several targets, features are few and copies are observations: these are spread over the folds,
    as are copies that would not fit into one fold.

    content     a  b  b  b  c  d  d  d        d has two targets
    position    0  1  1  1  2  3  4  5
    fold of 3   0  1  1  1  2  0  1  2
    """
    copies = np.ones(len(keys), np.int64) if copies is None else copies
    rows = np.flatnonzero(copies)
    place = keys[rows].view(np.uint64) * np.uint64(2 * seed + 1)  # another order of the keys for each seed
    order = np.lexsort((place, label_ranks(strata[rows], place, copies[rows])))  # whatever classes are called
    rows = rows[order]
    is_new = np.r_[True, np.diff(keys[rows]) != 0]
    first, content = rows[is_new], np.cumsum(is_new) - 1
    total = np.bincount(content, copies[rows]).astype(np.int64)
    in_stratum = _totals(strata[first], total)
    stays_together = _has_one_target(feature_keys[first]) & (total <= in_stratum // n_folds)
    places = np.where(stays_together, 1, total)
    places_in_stratum = _totals(strata[first], places)
    begin = np.cumsum(places) - places
    before = np.cumsum(copies[rows]) - copies[rows]  # copies of the rows in front
    offset = np.where(stays_together[content], 0, before - before[is_new][content])
    start = begin[content] + offset
    length = np.where(stays_together[content], 1, copies[rows])
    return [_fold(k, n_folds, rows, start, length, places_in_stratum[content] > 1, len(keys)) for k in range(n_folds)]


def _totals(labels, sizes):
    """Sum of the sizes of all rows with the same label, for each row."""
    _, number = np.unique(labels, return_inverse=True)
    return np.bincount(number, sizes).astype(np.int64)[number]


def _has_one_target(feature_keys):
    """Is the key of a distinct row's features that of no other distinct row?"""
    _, number, n_rows = np.unique(feature_keys, return_inverse=True, return_counts=True)
    return n_rows[number] == 1


def _fold(k, n_folds, rows, start, length, may_leave, n_samples):
    """Fold k: of the positions from `start` on, those that are k modulo n_folds."""
    up_to_start, up_to_end = ((place - k + n_folds - 1) // n_folds for place in (start, start + length))
    left_out = np.zeros(n_samples)
    left_out[rows] = np.where(may_leave, (up_to_end - up_to_start) / length, 0.0)
    return Fold(1.0 - left_out, left_out)


def group_folds(groups, keys, copies, n_folds):
    """Folds of whole groups of about the same size; fewer than `n_folds` if there are fewer groups.

    groups : (n_samples,) labels;  keys, copies : see `content_folds`
    """
    _, group = np.unique(groups, return_inverse=True)
    copies = np.ones(len(keys), np.int64) if copies is None else copies
    size = np.bincount(group, copies).astype(np.int64)
    content = np.zeros(len(size), np.uint64)
    np.add.at(content, group, keys.view(np.uint64) * copies.view(np.uint64))
    counted = np.flatnonzero(size)
    order = counted[np.lexsort((content[counted], -size[counted]))]
    n_folds = min(n_folds, len(order))
    if n_folds < 2:
        raise ValueError(f"groups must name at least 2 groups of rows with a positive weight, got {len(order)}.")
    fold_of_group, load = np.full(len(size), -1), np.zeros(n_folds, np.int64)
    for number in order:
        fold_of_group[number] = load.argmin()
        load[fold_of_group[number]] += size[number]
    fold = fold_of_group[group]
    return [Fold((fold != k).astype(np.float64), (fold == k).astype(np.float64)) for k in range(n_folds)]


def given_folds(cv, X, y, groups):
    """Folds of a splitter of scikit-learn, or of an iterable of (train, test) indices of rows."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    folds = []
    for split in check_cv(cv).split(X, y, groups):
        fold = Fold(np.zeros(n_samples), np.zeros(n_samples))
        for part, rows in zip(fold, split):
            part[np.asarray(rows)] = 1.0
        if (fold.train * fold.left_out).any():
            raise ValueError("cv must leave out rows that it does not train with, got folds that share some.")
        folds.append(fold)
    return folds
