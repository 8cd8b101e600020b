"""Kernels: rows move by many trees whose leaves they know."""

import numpy as np

from skensemble._jit import kernel

STRIP = 512  # rows: their raw predictions stay in the nearest cache while all trees are added


@kernel
def add_tables(raw, first, leaves, outputs, tables, bounds):
    """raw[outputs[t], first + i] += tables[bounds[t] + leaves[t, i]] for all t, one after another."""
    n_trees, n_rows = leaves.shape
    for start in range(0, n_rows, STRIP):
        stop = min(start + STRIP, n_rows)
        for tree in range(n_trees):
            strip, leaf = raw[outputs[tree], first + start : first + stop], leaves[tree, start:stop]
            table = tables[bounds[tree] : bounds[tree + 1]]
            for i in range(stop - start):
                strip[i] += table[np.intp(leaf[i])]
