"""The line search of gradient boosting: the step that each leaf of a tree takes.

A tree that was grown on negative gradients says which rows belong together.  What they get added is found anew from
the loss itself (Friedman 2001, algorithm 1, line 5): medians, quantiles and Huber's means by the losses that have
`optimal_leaf_values`, one step of Newton's by the others.
"""

import numpy as np

from skensemble.ensemble.gradient._line_search_kernels import fill_newton_steps
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT, for_leaves

FEW_NODES = 1 << 15  # 16-bit numbers are sorted by counting


def rows_by_leaf(leaf, leaves, n_nodes):
    """(rows sorted by their leaf as uint32, where each leaf begins in them as int64 of shape (n_leaves + 1,)).

    leaf : (n_samples,) node of each row; leaves : (n_leaves,) ascending nodes
    """
    sortable = leaf.astype(np.int16) if n_nodes <= FEW_NODES else leaf
    rows = np.argsort(sortable, kind="stable").astype(np.uint32)
    counts = np.bincount(leaf, minlength=n_nodes)[leaves]
    return rows, np.append(0, np.cumsum(counts))


def newton_steps(gradient, hessian, weight, rows, leaf_start, n_threads=1):
    """(n_leaves,) minus the sum of the gradients over that of the hessians, and 0 where the latter is 0.

    gradient, hessian : (n_samples,); weight : (n_samples,) or None
    """
    weight = NO_WEIGHT if weight is None else weight

    def fill(leaf_start, result):
        fill_newton_steps(gradient, hessian, weight, rows, leaf_start, result)

    return for_leaves(fill, leaf_start, np.empty(leaf_start.size - 1), n_threads)
