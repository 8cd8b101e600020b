"""From gradients to trees: fixed-point scales, the choice of the kind of target, and the trees that come out."""

from typing import NamedTuple

import numpy as np

from skensemble._jit import kernel
from skensemble._parallel import for_blocks
from skensemble.tree._growing import grow_tree
from skensemble.tree._growth_state import SYMMETRIC, new_state
from skensemble.tree._histogram import FINE_BITS, PACKED_BITS, SCALAR, VECTOR, pack, power_of_two_scale, weighted_sums
from skensemble.tree._prediction import leaf_of_codes
from skensemble.tree._splitting import HALF, PACKED
from skensemble.tree._tree_arrays import ALL_OUTPUTS, NO_CHILD, NUMERIC, TreeArrays, empty_trees

BLOCK = 1 << 16  # rows; fixed, so that float sums do not depend on the number of threads
MOST_WHOLE_WEIGHT = 2.0**24  # sum of whole weights up to which a row's quantum is fine enough


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
    limits : dict of the limits among the fields of a GrowthState
    n_outputs : outputs whose gradients are kept
    vector : bool; True: a tree has a value for each output in its leaves
    weight : (n_samples,) float64 >= 0, or None
    monotone : (n_features,) of -1, 0, 1;  interactions : (n_groups, n_features) bool

    `gradient` and `hessian`, (n_outputs, n_samples) float32, are to be filled, unweighted, before `grow`.  After it,
    `leaf_of_row` holds the leaf of every row, the rows that did not grow the tree included.
    """

    def __init__(self, binned, limits, *, n_outputs=1, vector=False, weight=None, monotone, interactions, n_threads=1):
        n_samples = len(binned.codes)
        self.binned, self.n_threads = binned, n_threads
        self.gradient = np.zeros((n_outputs, n_samples), np.float32)
        self.hessian = np.ones((n_outputs, n_samples), np.float32)
        self.weight = np.zeros(0) if weight is None else np.array(weight, np.float64)
        self.whole = weight is None or is_whole(self.weight)
        counts = limits["min_samples_leaf"] > 1
        self.n_tree_outputs = n_outputs if vector else 1
        n_channels = self.n_tree_outputs + counts
        scalar = n_channels == 1
        units = np.ones((4, self.n_tree_outputs))
        target = {
            "kind": SCALAR if scalar else VECTOR,
            "layout": PACKED,
            "n_outputs": self.n_tree_outputs,
            "n_channels": n_channels,
            "counts": counts,
            "vectors": np.zeros((0, 0) if scalar else (n_samples, n_channels), np.int64),
            "gradient": self.gradient,
            "hessian": self.hessian,
            "weight": self.weight,
            "whole": self.whole,
            "gradient_unit": units[0],
            "hessian_unit": units[1],
            "fine_gradient": units[2],
            "fine_hessian": units[3],
        }
        plain = scalar and limits["reg_alpha"] == 0.0 and limits["max_delta_step"] == 0.0 and not monotone.any()
        most_codes = int(binned.n_codes.max(initial=1))
        one_byte = binned.codes.dtype == np.uint8
        table = {
            "codes": binned.codes,
            "words_of_codes": binned.codes.view(np.uint64) if one_byte else np.zeros((0, 0), np.uint64),
            "columns": binned.columns,
            "n_codes": binned.n_codes.astype(np.int64),
            "is_categorical": binned.is_categorical,
            "monotone": monotone.astype(np.int64),
            "interactions": interactions,
            "codes_in_order": np.arange(1, max(most_codes, 2)),
            "shift": 8 if one_byte else max(1, (most_codes - 1).bit_length()),
        }
        self._state, self._arrays = new_state({**limits, "plain": plain}, table, target, n_threads)
        self._all_rows = np.arange(n_samples, dtype=np.uint32)
        self._symmetric = limits["policy"] == SYMMETRIC
        if counts:
            self._arrays["vectors"][:, -1] = self.weight if len(self.weight) and self.whole else self._is_counted()

    def _is_counted(self):
        return self.weight > 0 if len(self.weight) else 1

    @property
    def leaf_of_row(self):
        return self._arrays["leaf_of_row"]

    @property
    def rows_by_leaf(self):
        """The rows that grew the last tree, sorted by leaf."""
        return self._arrays["rows"][0, : self._n_rows]

    def set_weight(self, weight):
        """Other weights, for a grower that was made with weights that are not whole."""
        self.weight[:] = weight

    def grow(self, seed, rows=None, features=None, output=0):
        """A GrownTree for `output` (for all of them, if made with vector=True) on some rows (uint32, ascending)."""
        rows = self._all_rows if rows is None else rows
        self._n_rows = len(rows)
        n_active = self._choose_features(features)
        self._scale_targets(rows, output)
        n_nodes = grow_tree(len(rows), n_active, self.n_threads, seed, output, self._state, self._arrays["team"])
        return self._grown_tree(n_nodes, output)

    def _choose_features(self, features):
        n_features = self.binned.columns.shape[0]
        chosen = np.arange(n_features) if features is None else features
        self._arrays["features"][: len(chosen)] = chosen
        return len(chosen)

    def _scale_targets(self, rows, first_output):
        """Write the rows' targets in fixed point, as fine as their sums allow."""
        arrays, weight = self._arrays, self.weight
        arrays["rows"][0, : len(rows)] = rows
        n_units = float(weight.sum()) if len(weight) and self.whole else float(len(self.leaf_of_row))
        for k in range(self.n_tree_outputs):
            gradient, hessian = self.gradient[first_output + k], self.hessian[first_output + k]
            sums = for_blocks(
                lambda start, stop, g=gradient, h=hessian: weighted_sums(g, h, weight, start, stop),
                len(gradient), BLOCK, self.n_threads,
            )  # fmt: skip
            scales = []
            for total in (sum(part[0] for part in sums), sum(part[1] for part in sums)):
                scales.append(
                    (power_of_two_scale(total, n_units, PACKED_BITS), power_of_two_scale(total, n_units, FINE_BITS))
                )
            (g_scale, arrays["fine_gradient"][k]), (h_scale, arrays["fine_hessian"][k]) = scales
            arrays["gradient_unit"][k], arrays["hessian_unit"][k] = 1.0 / g_scale, 1.0 / h_scale
            self._pack(gradient, hessian, g_scale, h_scale, rows, k)

    def _pack(self, gradient, hessian, gradient_scale, hessian_scale, rows, channel):
        scalar = self._arrays["packed"].shape[1] > 0
        rows = self._arrays["rows"][0] if scalar else self._all_rows
        out = self._arrays["packed"][0] if scalar else self._arrays["vectors"][:, channel]
        n = self._n_rows if scalar else len(rows)
        for_blocks(
            lambda start, stop: pack(
                gradient, hessian, self.weight, self.whole, gradient_scale, hessian_scale, rows, out, start, stop
            ),
            n, BLOCK, self.n_threads,
        )  # fmt: skip

    def _grown_tree(self, n_nodes, output):
        arrays = self._arrays
        units = arrays["hessian_unit"]
        cover = (arrays["totals"][:n_nodes, : self.n_tree_outputs] & HALF) @ units / self.n_tree_outputs
        words = arrays["words"][:n_nodes].copy() if self.binned.is_categorical.any() else arrays["words"][:0]
        vector = self.n_tree_outputs > 1
        return GrownTree(
            nodes=arrays["nodes"][:n_nodes].copy(),
            values=arrays["values"][:n_nodes].copy(),
            cover=cover,
            words=words,
            output=ALL_OUTPUTS if vector else output,
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


def is_whole(weight):
    """Are all weights whole numbers, and few enough to count rows with them?"""
    return bool(np.all(weight == np.floor(weight)) and weight.sum() <= MOST_WHOLE_WEIGHT)


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
    nodes = np.concatenate([tree.nodes for tree in trees])
    is_split = nodes["left"] != NO_CHILD
    categorical = is_split & (nodes["is_categorical"] != 0)
    shift = np.repeat(roots, sizes)
    starts, counts, words = _category_words(trees, categorical)
    depth = np.array([tree.nodes["depth"].max() for tree in trees])
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
