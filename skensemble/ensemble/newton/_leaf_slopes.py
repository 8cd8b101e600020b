"""Kernels of linear leaves: the features that they have slopes for, and how rows move by a tree of them."""

import numpy as np

from skensemble._jit import kernel
from skensemble.ensemble.newton._cell_columns_kernels import read_column

TILE = 1024  # rows that are moved at a time, at least


@kernel
def find_paths(nodes, thresholds, first_threshold, column_low, column_high):
    """(start, feature, low, high): Paths of a tree.

    nodes : (n_nodes,) NODE;  thresholds, first_threshold : ThresholdTable
    column_low, column_high : (n_features,) ranges of the cells of all rows
    """
    n_nodes, n_entries = len(nodes), 0
    parent, start = np.full(n_nodes, -1), np.empty(n_nodes + 1, np.int64)
    for node in range(n_nodes):
        if nodes[node].left >= 0:
            parent[nodes[node].left] = parent[nodes[node].right] = node
        else:
            n_entries += nodes[node].depth
    feature, low, high = np.empty(n_entries, np.int32), np.empty(n_entries), np.empty(n_entries)
    n = 0
    for node in range(n_nodes):
        start[node] = n
        below, above = node, parent[node] if nodes[node].left < 0 else -1
        while above >= 0:
            split = nodes[above]
            if split.is_categorical == 0:
                entry = start[node]
                while entry < n and feature[entry] != split.feature:
                    entry += 1
                if entry == n:
                    feature[n], low[n], high[n] = split.feature, column_low[split.feature], column_high[split.feature]
                    n += 1
                threshold = thresholds[first_threshold[split.feature] + split.code - 1]
                if split.left == below:
                    high[entry] = min(high[entry], threshold)
                else:
                    low[entry] = max(low[entry], threshold)
            below, above = above, parent[above]
    start[n_nodes] = n
    return start, feature[:n].copy(), low[:n].copy(), high[:n].copy()


# -- how rows move by a tree -------------------------------------------------------------------------------------------


@kernel
def add_leaves(narrow, wide, first, last, leaf, values, start, feature, mean, slope, limit, k, raw):
    """raw[i] += value k of the row's leaf in one tree, constant and slopes, with the sums of `add_linear_trees`.

    narrow, wide : CellColumns;  first, last : rows first .. last - 1 move
    Some rows that stand together are sorted by leaf, so that those of a leaf have the same sum in one loop, while their
    cells are in the caches.
    """
    n_nodes = len(values)
    tile = max(TILE, 4 * n_nodes)
    bounds, rows = np.empty(n_nodes + 1, np.int64), np.empty(tile, np.int64)
    x, line = np.empty(tile), np.empty(tile)
    for at in range(first, last, tile):
        _sort_by_leaf(leaf, at, min(at + tile, last), bounds, rows)
        for node in range(n_nodes):
            own = rows[bounds[node] : bounds[node + 1]]
            if len(own) > 0:
                _find_lines(narrow, wide, own, start[node], start[node + 1], feature, mean, slope, k, x, line)
                value, most = values[node, k], limit[node]
                for i in range(len(own)):
                    raw[own[i]] += min(max(value + line[i], -most), most)


@kernel
def _sort_by_leaf(leaf, first, last, bounds, rows):
    """Sort rows first .. last - 1; those of node v become rows[bounds[v] : bounds[v + 1]]."""
    n_nodes = len(bounds) - 1
    bounds[:] = 0
    for row in range(first, last):
        bounds[leaf[row]] += 1
    n = last - first
    for node in range(n_nodes, -1, -1):
        n -= bounds[node]
        bounds[node] = n
    for row in range(first, last):
        rows[bounds[leaf[row]]] = row
        bounds[leaf[row]] += 1
    for node in range(n_nodes, 0, -1):
        bounds[node] = bounds[node - 1]
    bounds[0] = 0


@kernel
def _find_lines(narrow, wide, rows, first, last, feature, mean, slope, k, x, line):
    """Write sums of slope * (x - mean) of some rows; 0 if a cell is missing or infinite."""
    n, n_missing = len(rows), 0
    for i in range(n):
        line[i] = 0.0
    for entry in range(first, last):
        n_missing += read_column(narrow, wide, feature[entry], rows, x)
        m, s = mean[entry, k], slope[entry, k]
        for i in range(n):
            line[i] += s * (x[i] - m)
    if n_missing > 0:
        for entry in range(first, last):
            read_column(narrow, wide, feature[entry], rows, x)
            for i in range(n):
                if x[i] - x[i] != 0.0:
                    line[i] = 0.0
