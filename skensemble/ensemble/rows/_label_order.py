"""An order of labels that the rows decide, whatever the labels are called."""

import numpy as np


def label_ranks(labels, keys, copies=None):
    """(n_samples,) int64: the place of each row's label among all labels, in the order of the sums of their rows' keys.

    labels : (n_samples,);  keys : (n_samples,) int64, alike for rows that are alike
    copies : (n_samples,) int64, how many rows each stands for; None: one each
    """
    distinct, number = np.unique(labels, return_inverse=True)
    sums = np.zeros(len(distinct), np.uint64)
    np.add.at(sums, number, keys.view(np.uint64) * (np.uint64(1) if copies is None else copies.astype(np.uint64)))
    rank = np.empty(len(distinct), np.int64)
    rank[np.argsort(sums, kind="stable")] = np.arange(len(distinct))
    return rank[number]
