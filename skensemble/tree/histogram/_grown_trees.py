"""Trees as they were grown, whose splits are codes: which leaf rows fall into, and how they become TreeArrays."""

from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.tree.histogram._growth_state import NODE
from skensemble.tree.histogram._leaf_values import add_leaf_values
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC
from skensemble.tree.trees._prediction_kernels import leaf_of_codes
from skensemble.tree.trees._tree_arrays import TreeArrays, empty_trees

BLOCK = 1 << 16  # rows
# The places in a node, eight bytes each, of what a row that walks down a tree reads: one copy of all of them takes a
# third of what six take, and trees of small tables are grown in a tenth of a millisecond.
FIELDS_OF_A_SPLIT = [NODE.names.index(name) for name in ("feature", "code", "left", "right")]
FIELDS_OF_A_SPLIT += [NODE.names.index(name) for name in ("is_categorical", "missing_left")]


class GrownTree(NamedTuple):
    """A tree as it was grown: its splits are codes."""

    nodes: np.ndarray  # (n_nodes,) NODE
    values: np.ndarray  # (n_nodes, n_outputs)
    cover: np.ndarray  # (n_nodes,)
    words: np.ndarray  # (n_nodes, n_words)
    output: int  # the output it is about, or ALL_OUTPUTS
    symmetric: bool


def copy_of_nodes(nodes):
    """A copy of nodes in their record, as bytes: as records it takes NumPy as long as a small tree."""
    return np.ndarray(len(nodes), NODE, bytearray(nodes.tobytes()))


def leaves_of(tree, binned, rows):
    """(n_rows,) int32: leaf of each of `rows` of a binned table in a GrownTree."""
    words = np.ascontiguousarray(tree.words).reshape(-1)
    numbers = tree.nodes.view(np.int64).reshape(len(tree.nodes), -1)
    feature, code, left, right, is_categorical, missing_left = numbers[:, FIELDS_OF_A_SPLIT].T.astype(np.int32)
    start = np.full(len(left), NUMERIC, np.int32)
    if len(words):
        places = np.arange(len(left), dtype=np.int32) * np.int32(tree.words.shape[1])
        start = np.where((left != NO_CHILD) & (is_categorical != 0), places, start)
    leaf = np.empty(len(rows), np.int32)
    leaf_of_codes(binned.columns, rows, feature, code, left, right, missing_left != 0, start, words, leaf)
    return leaf


def add_values(raw, leaf_of_row, values, n_threads=1):
    """raw[i] += values[leaf_of_row[i]] for all rows."""
    if len(raw) <= BLOCK:
        add_leaf_values(raw, leaf_of_row, values, 0, len(raw))
        return
    for_blocks(lambda start, stop: add_leaf_values(raw, leaf_of_row, values, start, stop), len(raw), BLOCK, n_threads)


def to_tree_arrays(trees, thresholds, n_values):
    """TreeArrays of grown trees.

    thresholds : list of increasing float64 arrays, one per feature: what the codes stand for (see `Binner`)
    """
    if not trees:
        return empty_trees(n_values)
    sizes = np.array([len(tree.nodes) for tree in trees])
    roots = np.cumsum(sizes) - sizes
    nodes = np.frombuffer(b"".join([tree.nodes for tree in trees]), NODE)  # NumPy takes 3 us a tree, and 5 as records
    is_split = nodes["left"] != NO_CHILD
    categorical = is_split & (nodes["is_categorical"] != 0)
    shift = np.repeat(roots, sizes)
    starts, counts, words = _category_words(trees, categorical)
    depth = np.maximum.reduceat(nodes["depth"], roots)
    return TreeArrays(
        feature=np.where(is_split, nodes["feature"], -1).astype(np.int32),
        threshold=ThresholdTable.of(thresholds).of_nodes(nodes, is_split & ~categorical),
        left=np.where(is_split, nodes["left"] + shift, NO_CHILD).astype(np.int32),
        right=np.where(is_split, nodes["right"] + shift, NO_CHILD).astype(np.int32),
        missing_left=is_split & (nodes["missing_left"] != 0),
        category_start=starts,
        category_count=counts,
        cover=np.concatenate([tree.cover for tree in trees]),
        count=nodes["stop"] - nodes["start"],
        gain=np.where(is_split, nodes["gain"], 0.0),
        impurity=np.zeros(0),
        values=np.ascontiguousarray(np.concatenate([tree.values for tree in trees])),
        category_words=words,
        roots=roots.astype(np.int64),
        output=np.array([tree.output for tree in trees], np.int32),
        depth=depth.astype(np.int32),
        symmetric=np.array([tree.symmetric for tree in trees]),
    )


class ThresholdTable(NamedTuple):
    """Thresholds of all features, one after the other.

    Code k separates from k + 1 at thresholds[k - 1]; the last code has nothing above it but missing.
    """

    table: np.ndarray
    first: np.ndarray  # (n_features,): where those of a feature begin

    @classmethod
    def of(cls, thresholds):
        """thresholds : list of increasing float64 arrays, one per feature"""
        sizes = np.array([len(of_feature) + 1 for of_feature in thresholds])
        nothing_above = np.array([np.inf])
        table = np.concatenate([part for of_feature in thresholds for part in (of_feature, nothing_above)])
        return cls(table, np.cumsum(sizes) - sizes)

    def of_nodes(self, nodes, numeric):
        """(n_nodes,) thresholds of the numeric splits, NaN elsewhere."""
        threshold = np.full(len(nodes), np.nan)
        threshold[numeric] = self.table[self.first[nodes["feature"][numeric]] + nodes["code"][numeric] - 1]
        return threshold


def _category_words(trees, categorical):
    if not categorical.any():
        return (
            np.full(len(categorical), NUMERIC, np.int32),
            np.zeros(len(categorical), np.int32),
            np.zeros(0, np.uint64),
        )
    words = np.concatenate([tree.words for tree in trees])[categorical]
    n_words = words.shape[1]
    starts, counts = np.full(len(categorical), NUMERIC, np.int32), np.zeros(len(categorical), np.int32)
    starts[categorical] = np.arange(len(words)) * n_words
    counts[categorical] = n_words
    return starts, counts, np.ascontiguousarray(words.reshape(-1))
