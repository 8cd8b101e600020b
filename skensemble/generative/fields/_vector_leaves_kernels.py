"""Kernels: sums of residuals by leaf, and what leaves take off them."""

import numpy as np
from numba import uint64

from skensemble._jit import kernel


@kernel
def add_leaves(leaves, roots, values, sums):
    """sums[i] += values of the leaves of row i, in the order of the trees.

    leaves : int32 (n_rows, n_trees), counted from the roots
    """
    n_outputs = uint64(sums.shape[1])
    for tree in range(uint64(leaves.shape[1])):
        root = uint64(roots[tree])
        for i in range(uint64(leaves.shape[0])):
            node = root + uint64(leaves[i, tree])
            for k in range(n_outputs):
                sums[i, k] += values[node, k]


@kernel
def add_by_leaf(residual, leaf_of_row, start, stop, sums):
    n_outputs = uint64(residual.shape[1])
    for i in range(uint64(start), uint64(stop)):
        leaf = uint64(leaf_of_row[i])
        for k in range(n_outputs):
            sums[leaf, k] += residual[i, k]
        sums[leaf, n_outputs] += 1.0


@kernel
def subtract_by_leaf(residual, leaf_of_row, values, known, start, stop):
    n_outputs = uint64(residual.shape[1])
    for i in range(uint64(start), uint64(stop)):
        leaf = uint64(leaf_of_row[i])
        if known.shape[0] == 0:
            for k in range(n_outputs):
                residual[i, k] -= values[leaf, k]
        else:
            for k in range(n_outputs):
                residual[i, k] -= np.float32(0.0) if known[i, k] else values[leaf, k]
