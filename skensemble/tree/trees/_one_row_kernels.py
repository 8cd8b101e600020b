"""Kernel: what the trees of a OneRowLayout add for a single row."""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._prediction_kernels import _lacks

TOGETHER = 16  # trees: each step of a walk waits for the one before, those of other trees do not


@kernel
def add_trees_of_row(row, sources, trees, nodes, values, sets, words, raw):
    """raw += the value of the row's leaf in each tree, in the order of the trees.

    row : (n_features,) float64;  sets : (n_nodes, 2) first word and number of words of categorical nodes
    Rows stay in a leaf that they have reached, so that trees of different depths walk in step.
    """
    categories = (sets[:, 0], sets[:, 1], words)
    x, at = np.empty(len(sources) + 1), np.empty(TOGETHER, np.uint32)
    for column in range(len(sources)):
        source = sources[column]
        x[column] = row[source] if source >= 0 else -row[~source]
    x[len(sources)] = 0.0
    for first in range(0, len(trees), TOGETHER):
        n_trees, n_levels = min(TOGETHER, len(trees) - first), 0
        for k in range(n_trees):
            at[k], n_levels = trees[first + k].root, max(n_levels, trees[first + k].depth)
        for _ in range(n_levels):
            for k in range(n_trees):
                node = nodes[at[k]]
                if node.column >= 0:
                    at[k] = np.uint32(node.child + (not x[np.uint32(node.column)] <= node.threshold))
                else:
                    code, number = x[np.uint32(~node.column)], np.int64(node.threshold)
                    at[k] = np.uint32(node.child + _lacks(code, number, categories))
        for k in range(n_trees):
            output = trees[first + k].output
            if output >= 0:
                raw[output] += values[at[k], 0]
            else:
                for j in range(len(raw)):
                    raw[j] += values[at[k], j]
