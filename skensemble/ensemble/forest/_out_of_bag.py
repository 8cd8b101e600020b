"""What trees say about rows that they have not seen: predictions, and importances by permutation.

Breiman (2001), Random forests, sections 3.1 and 10.
"""

from functools import partial

import numpy as np

from skensemble._parallel import for_blocks
from skensemble._random_bits import mixed_seed
from skensemble.ensemble.forest._out_of_bag_kernels import fill_means
from skensemble.tree.trees._prediction import apply_trees, compile_trees, predict_raw

BLOCK = 1 << 13  # rows whose leaves in all trees are held at a time


def out_of_bag_means(layout, encode, in_bag, n_threads=1):
    """(n_rows, n_values) mean of what the trees that have not seen a row predict for it; NaN where all have.

    encode : function of (start, stop), rows as trees read them
    in_bag : (n_trees, n_rows) bool, which rows grew which tree
    """
    n_rows = in_bag.shape[1]
    means = np.zeros((n_rows, layout.values.shape[1]))
    for first in range(0, n_rows, BLOCK):
        last = min(first + BLOCK, n_rows)

        def encode_part(start, stop, first=first):
            return encode(first + start, first + stop)

        leaves = apply_trees(layout, encode_part, last - first, n_threads)
        fill_means(leaves, in_bag[:, first:last], layout.roots, layout.values, means[first:last])
    return means


def permutation_importances(trees, seeds, in_bag, line, encoded, score, n_threads=1):
    """(n_features,) what a tree's score on unseen rows loses when a feature is permuted there; mean over the trees.

    trees : list of TreeArrays of one tree;  seeds : list of int64
    in_bag : (n_trees, n_rows) bool
    line : rows to score, in an order that does not depend on where they stand in the table
    encoded : (n_rows, n_features) float64, as trees read them
    score : function of (rows (n,), predictions for them (n, n_values)), larger is better
    """
    losses = np.zeros((len(trees), encoded.shape[1]))

    def fill(first, last):
        for t in range(first, last):
            rows = line[~in_bag[t, line]]
            if len(rows):
                _fill_losses(trees[t], seeds[t], encoded[rows], partial(score, rows), losses[t])

    for_blocks(fill, len(trees), 1, n_threads)
    return losses.mean(axis=0)


def _fill_losses(tree, seed, rows, score, losses):
    """One tree; `rows` (n, n_features) are permuted feature by feature, and put back."""
    layout, baseline = compile_trees(tree), np.zeros(tree.n_values)

    def current_score():
        return score(predict_raw(layout, lambda start, stop: rows[start:stop], len(rows), baseline))

    full_score = current_score()
    for feature in np.unique(tree.feature[~tree.is_leaf]):
        values = rows[:, feature].copy()
        rows[:, feature] = np.random.default_rng(mixed_seed(seed, feature)).permutation(values)
        losses[feature] = full_score - current_score()
        rows[:, feature] = values
