"""One row at a time, in microseconds: trees as a single kernel reads them, in few arrays."""

from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._one_row_kernels import add_linear_trees_of_row, add_trees_of_row

_TREE = np.dtype([("root", "i4"), ("depth", "i4"), ("output", "i4")])


class OneRowLayout(NamedTuple):
    """The arrays of a PredictionLayout that a single row needs, in few arrays: each one costs 0.1 us per call."""

    sources: np.ndarray  # (n_columns - 1,) int64, as in PredictionLayout
    trees: np.ndarray  # (n_trees,) _TREE
    nodes: np.ndarray  # (n_nodes,) as in PredictionLayout
    values: np.ndarray  # (n_nodes, n_values) in the order of `nodes`
    sets: np.ndarray  # (n_nodes, 2) int32: category_start and category_count
    words: np.ndarray  # (n_words,) uint64

    @classmethod
    def of(cls, layout, depth):
        """The trees of a PredictionLayout, whose depths (n_trees,) are known."""
        trees = np.empty(layout.n_trees, _TREE)
        trees["root"], trees["depth"], trees["output"] = layout.roots, depth, layout.output
        sets = np.column_stack((layout.category_start, layout.category_count))
        return cls(layout.sources, trees, layout.nodes, layout.values[layout.origin], sets, layout.category_words)

    def add(self, row, raw):
        """raw (n_outputs,) += what the trees add for a row (n_features,), float64 and contiguous."""
        add_trees_of_row(row, *self, raw)


class LinearOneRowLayout(NamedTuple):
    """The same of trees whose leaves have slopes."""

    constant: OneRowLayout
    lines: np.ndarray  # (n_nodes,) as of LeafSlopes, in the order of `nodes`
    terms: np.ndarray  # (n_terms, n_values)

    @classmethod
    def of(cls, layout, depth, lines, terms):
        """The trees of a PredictionLayout, and the lines of their leaves in the order of TreeArrays."""
        return cls(OneRowLayout.of(layout, depth), lines[layout.origin], terms)

    def add(self, row, raw):
        """raw (n_outputs,) += what the trees add for a row (n_features,), float64 and contiguous."""
        add_linear_trees_of_row(row, *self.constant, self.lines, self.terms, raw)
