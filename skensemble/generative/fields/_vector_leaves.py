"""Trees whose leaves hold a vector: the mean residuals of a leaf's rows, what is left of them, and sums of leaves.

Residuals lie row by row, so that a row's are added as one vector.  Sums are made block by block, in a fixed order: the
same for any number of threads.
"""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.generative.fields._vector_leaves_kernels import add_by_leaf, add_leaves, subtract_by_leaf
from skensemble.tree.trees._prediction import apply_trees

BLOCK = 1 << 14  # rows

PREDICTED_TOGETHER = 1 << 10  # rows, whose leaves and sums stay in the cache


def leaf_means(residual, leaf_of_row, n_nodes, reg_lambda, n_threads):
    """(n_nodes, n_outputs) sum of the residuals of a node's rows / (their number + reg_lambda); 0 without rows.

    residual : float32 (n_rows, n_outputs);  leaf_of_row : int32 (n_rows,)
    """
    n_rows, n_outputs = residual.shape

    def add_block(start, stop):
        sums = np.zeros((n_nodes, n_outputs + 1))
        add_by_leaf(residual, leaf_of_row, start, stop, sums)
        return sums

    sums = sum(for_blocks(add_block, n_rows, BLOCK, n_threads))
    return sums[:, :-1] / np.maximum(sums[:, -1:] + reg_lambda, 1e-300)


def subtract_leaves(residual, leaf_of_row, values, known, n_threads):
    """residual[i] -= values[leaf_of_row[i]], but for the cells that are known.

    known : bool (n_rows, n_outputs), or (0, 0) for none
    """
    values = values.astype(np.float32)
    for_blocks(
        lambda start, stop: subtract_by_leaf(residual, leaf_of_row, values, known, start, stop),
        len(residual), BLOCK, n_threads,
    )  # fmt: skip


def sum_of_leaves(layout, values, features, n_threads):
    """float64 (n_rows, n_outputs) sum over the trees.

    layout : PredictionLayout;  values : float32 (n_nodes, n_outputs);  features : float64 (n_rows, n_features), C order
    """
    sums = np.zeros((len(features), values.shape[1]), np.float32)

    def add(start, stop):
        leaves = apply_trees(layout, lambda first, last: features[start + first : start + last], stop - start)
        add_leaves(leaves, layout.roots, values, sums[start:stop])

    for_blocks(add, len(features), PREDICTED_TOGETHER, n_threads)
    return sums.astype(np.float64)
