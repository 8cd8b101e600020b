"""Kernels: what the trees of a OneRowLayout add for a single row."""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._linear_leaf_kernels import linear_step
from skensemble.tree.trees._prediction_kernels import _lacks
from skensemble.tree.trees._records import LINE, NODE, TERM, TREE

N_PARTS = 9  # number of values, sources, trees, nodes, values, sets, words of sets, lines, terms
TOGETHER = 16  # trees: each step of a walk waits for the one before, those of other trees do not


@kernel
def add_trees_of_row(row, words, raw):
    """raw += the value of the row's leaf in each tree, in the order of the trees; where leaves have lines, their step.

    row : (n_features,) float64
    words : of a OneRowLayout: where each of its parts starts, and the parts
    """
    bounds = words[: N_PARTS + 1].view(np.int64)
    n_values = np.int64(words[bounds[0]])
    sources, trees = words[bounds[1] : bounds[2]].view(np.int64), words[bounds[2] : bounds[3]].view(TREE)
    nodes = words[bounds[3] : bounds[4]].view(NODE)
    values = words[bounds[4] : bounds[5]].view(np.float64).reshape((len(nodes), n_values))
    sets = words[bounds[5] : bounds[6]].view(np.int32).reshape((bounds[6] - bounds[5], 2))
    categories = (sets[:, 0], sets[:, 1], words[bounds[6] : bounds[7]])
    lines, terms = words[bounds[7] : bounds[8]].view(LINE), words[bounds[8] : bounds[9]].view(TERM)
    x, at = _cells(row, sources), np.empty(TOGETHER, np.uint32)
    for first in range(0, len(trees), TOGETHER):
        n_trees = min(TOGETHER, len(trees) - first)
        _walk(x, trees, first, n_trees, nodes, categories, at)
        if len(lines) > 0:
            _add_lines(row, trees, first, n_trees, values, lines, terms.reshape((-1, n_values)), at, raw)
            continue
        for k in range(n_trees):
            output = trees[first + k].output
            if output >= 0:
                raw[output] += values[at[k], 0]
            else:
                for j in range(len(raw)):
                    raw[j] += values[at[k], j]


@kernel
def value_of_row(row, words, start):
    """The same of a model with one output, as a number: `start` plus what the trees add."""
    raw = np.full(1, start)
    add_trees_of_row(row, words, raw)
    return raw[0]


@kernel
def _add_lines(row, trees, first, n_trees, values, lines, terms, at, raw):
    """raw += what leaves with lines add; see `linear_step`."""
    for k in range(n_trees):
        output = trees[first + k].output
        for j in range(values.shape[1]):
            raw[output if output >= 0 else j] += linear_step(row, at[k], values[at[k], j], lines, terms, j)


@kernel
def _cells(row, sources):
    """Cells of the columns that are asked about, and 0, which leaves ask about."""
    x = np.empty(len(sources) + 1)
    for column in range(len(sources)):
        source = sources[column]
        x[column] = row[source] if source >= 0 else -row[~source]
    x[len(sources)] = 0.0
    return x


@kernel
def _walk(x, trees, first, n_trees, nodes, categories, at):
    """at[k] = the leaf of tree `first + k`. Rows stay in a leaf, so that trees of different depths walk in step."""
    n_levels = 0
    for k in range(n_trees):
        at[k], n_levels = trees[first + k].root, max(n_levels, trees[first + k].depth)
    for _ in range(n_levels):
        moved = np.uint32(0)
        for k in range(n_trees):
            before = at[k]
            node = nodes[before]
            if node.column >= 0:
                after = np.uint32(node.child + (not x[np.uint32(node.column)] <= node.threshold))
            else:
                code, number = x[np.uint32(~node.column)], np.int64(node.threshold)
                after = np.uint32(node.child + _lacks(code, number, categories))
            moved |= before ^ after
            at[k] = after
        if moved == 0:  # most rows end well above the deepest leaf
            break
