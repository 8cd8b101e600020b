"""One row at a time, in microseconds: trees as a single kernel reads them, in one array."""

from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._one_row_kernels import add_trees_of_row, value_of_row
from skensemble.tree.trees._records import TREE


class OneRowLayout(NamedTuple):
    """What a single row needs of a PredictionLayout, one array after the other: each argument of a call costs time."""

    words: np.ndarray  # uint64; see `add_trees_of_row`

    @classmethod
    def of(cls, layout, depth, lines=None, terms=None):
        """The trees of a PredictionLayout, whose depths (n_trees,) are known.

        lines, terms : from `LeafSlopes.lines` in the order of TreeArrays, or None
        """
        trees = np.zeros(layout.n_trees, TREE)
        trees["root"], trees["depth"], trees["output"] = layout.roots, depth, layout.output
        sets = np.column_stack((layout.category_start, layout.category_count)).astype(np.int32)
        nothing = np.zeros(0)
        return cls(
            _packed(
                np.int64(layout.values.shape[1]), layout.sources, trees, layout.nodes, layout.values[layout.origin],
                sets if len(layout.category_words) else nothing, layout.category_words,
                nothing if lines is None else lines[layout.origin], nothing if terms is None else terms,
            )
        )  # fmt: skip

    def add(self, row, raw):
        """raw (n_outputs,) += what the trees add for a row (n_features,), float64 and contiguous."""
        add_trees_of_row(row, self.words, raw)

    def value(self, row, start):
        """`start` (float) plus what the trees of a model with one output add for such a row."""
        return value_of_row(row, self.words, start)


def _packed(*arrays):
    """uint64: the word at which each array starts, the end, and the arrays, each in whole words."""
    contents = [np.asarray(array).tobytes() for array in arrays]
    contents = [content + bytes(-len(content) % 8) for content in contents]
    starts = len(arrays) + 1 + np.cumsum([0, *(len(content) // 8 for content in contents)])
    return np.frombuffer(bytearray(starts.astype(np.int64).tobytes() + b"".join(contents)), np.uint64)
