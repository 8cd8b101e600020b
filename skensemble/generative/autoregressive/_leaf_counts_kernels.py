"""Kernels: weights of rows added up by node and cell."""

import numpy as np

from skensemble._jit import kernel


@kernel
def add_up_cells(node, cell, weight, n_nodes, n_cells, keys, weights):
    """Add up the weights of each node in each cell: node * n_cells + cell into keys, ascending; returns how many.

    node, cell : (n_rows,) int64;  weight, weights : (n_rows,) float64;  keys : (n_rows,) int64
    Rows are sorted by cell, then by node, so that those of a cell of a node are added up in their order.
    """
    by_cell = _sorted_by(cell, np.arange(len(cell)), n_cells)
    n_keys = 0
    for row in _sorted_by(node, by_cell, n_nodes):
        key = node[row] * n_cells + cell[row]
        if n_keys == 0 or keys[n_keys - 1] != key:
            keys[n_keys], weights[n_keys] = key, 0.0
            n_keys += 1
        weights[n_keys - 1] += weight[row]
    return n_keys


@kernel
def _sorted_by(number, rows, n_numbers):
    """The rows by a number that each has, below n_numbers; those with the same one stay in their order."""
    place = np.zeros(n_numbers + 1, np.int64)
    for row in rows:
        place[number[row] + 1] += 1
    for k in range(n_numbers):
        place[k + 1] += place[k]
    found = np.empty(len(rows), np.int64)
    for row in rows:
        found[place[number[row]]] = row
        place[number[row]] += 1
    return found
