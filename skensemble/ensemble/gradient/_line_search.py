"""The line search of gradient boosting: the step that each leaf of a tree takes.

A tree that was grown on negative gradients says which rows belong together.  What they get added is found anew from
the loss itself (Friedman 2001, algorithm 1, line 5): medians, quantiles and Huber's means by the losses that have
`optimal_leaf_values`, one step of Newton's by the others.
"""

import numpy as np

from skensemble.ensemble.gradient._line_search_kernels import fill_newton_steps
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT, for_leaves


def runs_of_leaves(leaf, rows):
    """(leaves in the order of `rows`, where the rows of each begin as int64 of shape (n_leaves + 1,)).

    leaf : (n_samples,) node of each row;  rows : those of a leaf side by side
    """
    leaf_of = leaf[rows]
    starts = np.concatenate([[0], np.flatnonzero(leaf_of[1:] != leaf_of[:-1]) + 1, [len(rows)]])
    return leaf_of[starts[:-1]], starts


def newton_steps(gradient, hessian, weight, rows, leaf_start, n_threads=1):
    """(n_leaves,) minus the sum of the gradients over that of the hessians, and 0 where the latter is 0.

    gradient, hessian : (n_samples,); weight : (n_samples,) or None
    """
    weight = NO_WEIGHT if weight is None else weight

    def fill(leaf_start, result):
        fill_newton_steps(gradient, hessian, weight, rows, leaf_start, result)

    return for_leaves(fill, leaf_start, np.empty(leaf_start.size - 1), n_threads)
