"""Kernels: rows that go both ways at splits on some features, and their own way at the others."""

from typing import NamedTuple

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC


class Splits(NamedTuple):
    """Nodes of trees, and which column of the rows each split reads."""

    column: np.ndarray  # (n_nodes,) int32: -1 where rows go both ways, and at leaves
    threshold: np.ndarray  # (n_nodes,)
    left: np.ndarray  # (n_nodes,) -1 at a leaf
    right: np.ndarray  # (n_nodes,)
    missing_left: np.ndarray  # (n_nodes,)
    category_start: np.ndarray  # (n_nodes,) -1: numeric
    category_count: np.ndarray  # (n_nodes,)
    category_words: np.ndarray  # (n_words,)
    roots: np.ndarray  # (n_trees,)
    depth: np.ndarray  # (n_trees,)


@kernel
def _goes_left(splits, node, x):
    """Whether a number lies below the node's threshold, or a category is in its set, where code 0 is missing."""
    start = splits.category_start[node]
    if start == NUMERIC:
        return splits.missing_left[node] if np.isnan(x) else x <= splits.threshold[node]
    code = np.int64(0) if np.isnan(x) else np.int64(x)
    if (code < 0) | (code >> 6 >= splits.category_count[node]):
        return False
    return (splits.category_words[start + (code >> 6)] >> np.uint64(code & 63)) & np.uint64(1) == 1


@kernel
def find_asking(splits, asks):
    """asks[node] = whether the node or a split below reads a column; where none does, all rows go all ways."""
    for node in range(len(asks) - 1, -1, -1):  # children lie after their parents
        asks[node] = splits.column[node] >= 0
        if splits.left[node] != NO_CHILD:
            asks[node] |= asks[splits.left[node]] | asks[splits.right[node]]


@kernel
def _arrive(splits, asks, row, stack, n_pending):
    """(where one of the ways of a row ends, how many are pending): takes the last of the stack, and adds its forks."""
    n_pending -= 1
    node = stack[n_pending]
    while asks[node]:
        column = splits.column[node]
        if column < 0:
            stack[n_pending] = splits.right[node]
            n_pending += 1
            node = splits.left[node]
        else:
            node = splits.left[node] if _goes_left(splits, node, row[column]) else splits.right[node]
    return node, n_pending


@kernel
def add_masses(splits, asks, first_tree, last_tree, cells, weight, mass):
    """mass[node] += weights of the rows that reach a node below which no split asks, in some trees."""
    stack = np.empty(np.max(splits.depth) + 2, np.int64)
    for tree in range(first_tree, last_tree):
        for r in range(len(cells)):
            stack[0], n_pending = splits.roots[tree], 1
            while n_pending > 0:
                node, n_pending = _arrive(splits, asks, cells[r], stack, n_pending)
                mass[node] += weight[r]


@kernel
def hand_down(splits, mass):
    """mass[child] += mass[parent]: what reached a node below which no split asks reaches all nodes below."""
    for node in range(len(mass)):
        if splits.left[node] != NO_CHILD:
            mass[splits.left[node]] += mass[node]
            mass[splits.right[node]] += mass[node]


@kernel
def sum_subtrees(splits, values):
    """values[split] = sum of the values of the leaves below."""
    for node in range(len(values) - 1, -1, -1):
        if splits.left[node] != NO_CHILD:
            left, right = splits.left[node], splits.right[node]
            for k in range(values.shape[1]):
                values[node, k] = values[left, k] + values[right, k]


@kernel
def add_averages(splits, chosen, output, cells, values, asks, sums):
    """sums[r, output] += what the row gets of each chosen tree, by the values of `sum_subtrees`."""
    stack = np.empty(np.max(splits.depth) + 2, np.int64)
    for tree in chosen:
        for r in range(len(cells)):
            stack[0], n_pending = splits.roots[tree], 1
            while n_pending > 0:
                node, n_pending = _arrive(splits, asks, cells[r], stack, n_pending)
                if output[tree] >= 0:
                    sums[r, output[tree]] += values[node, 0]
                else:
                    for k in range(sums.shape[1]):
                        sums[r, k] += values[node, k]
