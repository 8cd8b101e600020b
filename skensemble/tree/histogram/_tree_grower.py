"""From gradients to trees: fixed-point scales, the choice of the kind of target, and the trees that come out."""

from copy import copy
from typing import NamedTuple

import numpy as np

from skensemble._jit import kernel
from skensemble._parallel import for_blocks
from skensemble._weights import is_whole
from skensemble.tree.histogram._growing import grow_tree
from skensemble.tree.histogram._growth_limits import SYMMETRIC
from skensemble.tree.histogram._growth_state import NODE, new_state
from skensemble.tree.histogram._histogram import SCALAR, VECTOR, usual_words
from skensemble.tree.histogram._splitting import PACKED
from skensemble.tree.trees._prediction import leaf_of_codes
from skensemble.tree.trees._tree_arrays import ALL_OUTPUTS, NO_CHILD, NUMERIC, TreeArrays, empty_trees

BLOCK = 1 << 16  # rows


class GrownTree(NamedTuple):
    """A tree as it was grown: its splits are codes."""

    nodes: np.ndarray  # (n_nodes,) NODE
    values: np.ndarray  # (n_nodes, n_outputs)
    cover: np.ndarray  # (n_nodes,)
    words: np.ndarray  # (n_nodes, n_words)
    output: int  # the output it is about, or ALL_OUTPUTS
    symmetric: bool


class TreeGrower:
    """Grows trees on one binned table.

    binned : BinnedMatrix
    limits : GrowthLimits
    n_outputs : outputs whose gradients are kept
    vector : bool; True: a tree has a value for each output in its leaves
    weight : (n_samples,) float64 >= 0, or None
    monotone : (n_features,) of -1, 0, 1;  interactions : (n_groups, n_features) bool
    n_neighbours : how many growers will share the memory for histograms

    `gradient` and `hessian`, (n_outputs, n_samples) float32, are to be filled, unweighted, before `grow`.  After it,
    `leaf_of_row` holds the leaf of every row, the rows that did not grow the tree included.
    """

    def __init__(
        self,
        binned,
        limits,
        *,
        n_outputs=1,
        vector=False,
        weight=None,
        monotone,
        interactions,
        n_threads=1,
        n_neighbours=1,
    ):
        n_samples = len(binned.codes)
        self.binned, self.n_threads = binned, n_threads
        self.gradient = np.zeros((n_outputs, n_samples), np.float32)
        self.hessian = np.ones((n_outputs, n_samples), np.float32)
        self.weight = np.zeros(0) if weight is None else np.array(weight, np.float64)
        self.whole = weight is None or is_whole(self.weight)
        counts = limits.min_samples_leaf > 1
        self.n_tree_outputs = n_outputs if vector else 1
        n_channels = self.n_tree_outputs + counts
        scalar = n_channels == 1
        target = {
            "kind": SCALAR if scalar else VECTOR,
            "layout": PACKED,
            "n_outputs": self.n_tree_outputs,
            "n_channels": n_channels,
            "counts": counts,
            "gradient": self.gradient,
            "hessian": self.hessian,
            "weight": self.weight,
            "whole": self.whole,
            "n_units": float(self.weight.sum()) if len(self.weight) and self.whole else float(n_samples),
        }
        plain = scalar and limits.reg_alpha == 0.0 and limits.max_delta_step == 0.0 and not monotone.any()
        most_codes = int(binned.n_codes.max(initial=1))
        one_byte = binned.codes.dtype == np.uint8
        words = binned.codes.view(np.uint64) if one_byte else np.zeros((0, 0), np.uint64)
        table = {
            "codes": binned.codes,
            "words_of_codes": words,
            "usual_words": usual_words(words) if one_byte else np.zeros((2, 0), np.uint64),
            "columns": binned.columns,
            "n_codes": binned.n_codes.astype(np.int64),
            "is_categorical": binned.is_categorical,
            "monotone": monotone.astype(np.int64),
            "interactions": interactions,
            "codes_in_order": np.arange(1, max(most_codes, 2)),
            "shift": 8 if one_byte else max(1, (most_codes - 1).bit_length()),
        }
        self._has_categories = bool(binned.is_categorical.any())
        self._symmetric = limits.policy == SYMMETRIC
        self._fields = {**limits._asdict(), "plain": plain, **table, **target}
        self._make_state(n_neighbours)

    def _make_state(self, n_neighbours):
        n_samples, n_channels = len(self.binned.codes), self._fields["n_channels"]
        units = np.ones((4, self.n_tree_outputs))
        scales = dict(zip(("gradient_unit", "hessian_unit", "fine_gradient", "fine_hessian"), units))
        is_scalar = self._fields["kind"] == SCALAR
        self._vectors = np.zeros((0, 0) if is_scalar else (n_samples, n_channels), np.int64)
        self._fill_counts()
        fields = {**self._fields, **scales, "vectors": self._vectors}
        self._state, self._arrays = new_state(fields, self.n_threads, n_neighbours)

    def neighbours(self, n_neighbours):
        """`n_neighbours` growers, this one and others that read its targets, to grow trees at the same time."""
        others = [copy(self) for _ in range(n_neighbours - 1)]
        for other in others:
            other._make_state(n_neighbours)
        return [self, *others]

    def _fill_counts(self):
        if self._fields["counts"]:
            whole = len(self.weight) and self.whole
            self._vectors[:, -1] = self.weight if whole else self.weight > 0 if len(self.weight) else 1

    @property
    def leaf_of_row(self):
        return self._arrays["leaf_of_row"]

    @property
    def rows_by_leaf(self):
        """The rows that grew the last tree, sorted by leaf."""
        return self._arrays["rows"][0, : self._n_rows]

    def set_weight(self, weight):
        """Other weights for the next tree; whole and not larger ones for a grower that was made with whole ones."""
        self.weight[:] = weight
        self._fill_counts()

    def grow(self, seed, rows=None, features=None, output=0):
        """A GrownTree for `output` (for all of them, if made with vector=True) on some rows (uint32, ascending)."""
        arrays = self._arrays
        self._n_rows, n_active = len(self.leaf_of_row), len(arrays["features"])
        if rows is not None:
            self._n_rows = len(rows)
            arrays["rows"][0, : self._n_rows] = rows
        if features is not None:
            n_active = len(features)
            arrays["features"][:n_active] = features
        n_nodes = grow_tree(self._n_rows, n_active, self.n_threads, seed, output, self._state, arrays["team"])
        return GrownTree(
            nodes=arrays["nodes"][:n_nodes].copy(),
            values=arrays["values"][:n_nodes].copy(),
            cover=arrays["cover"][:n_nodes].copy(),
            words=arrays["words"][:n_nodes].copy() if self._has_categories else arrays["words"][:0],
            output=ALL_OUTPUTS if self.n_tree_outputs > 1 else output,
            symmetric=self._symmetric,
        )

    def find_leaves(self, tree, rows):
        """Send rows that did not grow `tree` down it, and note their leaves in `leaf_of_row`."""
        leaf = leaves_of(tree, self.binned, rows)
        self.leaf_of_row[rows] = leaf

    def leaf_starts(self, tree):
        """(leaves, starts): leaf j owns rows_by_leaf[starts[j] : starts[j + 1]]."""
        leaves = np.flatnonzero(tree.nodes["left"] == NO_CHILD)
        leaves = leaves[np.argsort(tree.nodes["start"][leaves], kind="stable")]
        return leaves, np.append(tree.nodes["start"][leaves], self._n_rows)

    def add_values(self, raw, values):
        """raw[i] += values[leaf_of_row[i]]."""
        leaf_of_row = self.leaf_of_row
        for_blocks(
            lambda start, stop: add_leaf_values(raw, leaf_of_row, values, start, stop), len(raw), BLOCK, self.n_threads
        )


def leaves_of(tree, binned, rows):
    """(n_rows,) int32: leaf of each of `rows` of a binned table in a GrownTree."""
    nodes, words = tree.nodes, np.ascontiguousarray(tree.words).reshape(-1)
    n_words = tree.words.shape[1]
    is_split = nodes["left"] != NO_CHILD
    start = np.where(is_split & (nodes["is_categorical"] != 0), np.arange(len(nodes)) * n_words, NUMERIC)
    fields = [nodes[name].astype(np.int32) for name in ("feature", "code", "left", "right")]
    leaf = np.empty(len(rows), np.int32)
    leaf_of_codes(binned.columns, rows, *fields, nodes["missing_left"] != 0, start.astype(np.int32), words, leaf)
    return leaf


@kernel
def add_leaf_values(raw, leaf_of_row, values, start, stop):
    for i in range(start, stop):
        raw[i] += values[leaf_of_row[i]]


def to_tree_arrays(trees, binner, n_values):
    """TreeArrays of grown trees: codes become the thresholds of `binner`."""
    if not trees:
        return empty_trees(n_values)
    sizes = np.array([len(tree.nodes) for tree in trees])
    roots = np.cumsum(sizes) - sizes
    nodes = np.concatenate([tree.nodes.view(np.uint8) for tree in trees]).view(NODE)  # as records it takes 5 us a tree
    is_split = nodes["left"] != NO_CHILD
    categorical = is_split & (nodes["is_categorical"] != 0)
    shift = np.repeat(roots, sizes)
    starts, counts, words = _category_words(trees, categorical)
    depth = np.maximum.reduceat(nodes["depth"], roots)
    return TreeArrays(
        feature=np.where(is_split, nodes["feature"], -1).astype(np.int32),
        threshold=_thresholds(nodes, is_split & ~categorical, binner),
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


def _thresholds(nodes, numeric, binner):
    """Code k separates from k + 1 at thresholds[k - 1]; the last code has nothing above it but missing."""
    sizes = np.array([len(thresholds) + 1 for thresholds in binner.thresholds_])
    table = np.concatenate([np.append(thresholds, np.inf) for thresholds in binner.thresholds_])
    first = np.cumsum(sizes) - sizes
    threshold = np.full(len(nodes), np.nan)
    threshold[numeric] = table[first[nodes["feature"][numeric]] + nodes["code"][numeric] - 1]
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
