"""From gradients to trees: the targets of a tree, the kind of cells that they need, and the tree that is grown."""

from copy import copy
from typing import NamedTuple

import numpy as np

from skensemble._weights import is_whole
from skensemble.tree.histogram._code_columns import CodeColumns
from skensemble.tree.histogram._grown_trees import GrownTree, copy_of_nodes, leaves_of
from skensemble.tree.histogram._growth_limits import SYMMETRIC
from skensemble.tree.histogram._growth_memory import GrowthMemory
from skensemble.tree.histogram._leaf_values import rows_between
from skensemble.tree.histogram._team_growing import Team, team_size
from skensemble.tree.histogram._usual_words import usual_words
from skensemble.tree.trees._marks import ALL_OUTPUTS, NO_CHILD


class Targets(NamedTuple):
    """What trees are grown for.  The arrays belong to the caller, who may write into them between trees."""

    gradient: np.ndarray  # (n_outputs, n_samples) float32, unweighted
    hessian: np.ndarray  # the same
    weight: np.ndarray  # (n_samples,) float64 >= 0, or (0,) for all ones
    whole: bool  # all weights are, and stay, whole numbers
    n_units: float  # how many times a rounded row may be added: bounds the sum of whole weights, or the number of rows

    @classmethod
    def of(cls, gradient, hessian, weight=None):
        """Targets with these weights (None: all ones); whole ones may later become smaller whole ones."""
        n_units, whole = float(gradient.shape[1]), weight is None or is_whole(weight)
        if weight is None:
            weight = np.zeros(0)
        elif whole:
            n_units = float(weight.sum())
        return cls(gradient, hessian, weight, whole, n_units)


class Growth(NamedTuple):
    """A tree, and where the rows of its table ended."""

    tree: GrownTree
    leaf_of_row: np.ndarray  # (n_samples,) int32, of the rows that did not grow the tree, too
    rows_by_leaf: np.ndarray  # (n_rows,) uint32: the rows that grew the tree, sorted by leaf, and ascending in each

    def leaf_starts(self):
        """(leaves, starts): leaf leaves[j] owns rows_by_leaf[starts[j] : starts[j + 1]]."""
        nodes = self.tree.nodes
        leaves = np.flatnonzero(nodes["left"] == NO_CHILD)
        leaves = leaves[np.argsort(nodes["start"][leaves], kind="stable")]
        return leaves, np.append(nodes["start"][leaves], len(self.rows_by_leaf))


class TreeGrower:
    """Grows trees on one binned table.

    binned : BinnedMatrix
    limits : GrowthLimits
    n_outputs : how many outputs a tree is about: values in each of its leaves
    monotone : (n_features,) of -1, 0, 1;  interactions : (n_groups, n_features) bool
    n_copies : how many growers will share the memory for histograms
    feature_order : features that may split, in the order of draws and of ties; None: all, as they stand
    """

    def __init__(
        self, binned, limits, *, n_outputs=1, monotone, interactions, n_threads=1, n_copies=1, feature_order=None
    ):
        self.binned, self.n_threads, self.n_outputs = binned, n_threads, n_outputs
        self._has_categories = bool(binned.is_categorical.any())
        self._symmetric = limits.policy == SYMMETRIC
        self._n_copies, columns = n_copies, CodeColumns.of(binned.columns, binned.n_codes)
        self._given = given_fields(binned, limits, n_outputs, monotone, interactions, feature_order, columns)
        self._make_memory(n_copies)

    def _make_memory(self, n_copies):
        self._use(GrowthMemory.new(self._given, self.n_threads, n_copies))

    def _use(self, memory):
        self._memory, self._team = memory, Team(memory.state, memory.arrays["team"])

    def parallel_copies(self, n_copies):
        """`n_copies` growers, this one and others on the same table, to grow trees at the same time."""
        others = [copy(self) for _ in range(n_copies - 1)]
        for other in others:
            other._make_memory(n_copies)
        return [self, *others]

    def set_table(self, binned):
        """Set the codes of later trees: a BinnedMatrix of the same shape, features and kind of codes."""
        self.binned = binned
        self._team.dismiss()  # its helpers know the state with the table before
        fields, before = table_fields(binned, CodeColumns.of(binned.columns, binned.n_codes)), self._given
        self._given = {**before, **fields}
        if all(fields[name] == before[name] for name in ("shift", "n_narrow", "n_column_cells")):
            self._use(self._memory.with_others(**fields))
        else:
            self._make_memory(self._n_copies)

    def grow(self, targets, seed, rows=None, features=None, output=0):
        """The Growth of a tree for `targets`.

        rows : (n_rows,) uint32, ascending; None for all
        features : ascending positions of the features that may split; None for all
        output : the first output that the tree is about
        """
        arrays, n_samples = self._memory.arrays, len(self.binned.codes)
        n_rows, n_active, n_columns = n_samples, len(arrays["features"]), len(arrays["columns_in_order"])
        if rows is not None:
            n_rows = len(rows)
            arrays["rows"][0, :n_rows] = rows
        if features is not None:
            n_active = n_columns = len(features)
            arrays["features"][:n_active] = features
        leaf_of_row, rows_by_leaf = np.empty(n_samples, np.int32), np.empty(n_rows, np.uint32)
        n_threads = team_size(n_rows * n_columns, self.n_threads)
        n_nodes = self._team.grow_tree(n_rows, n_active, n_threads, seed, output, targets, leaf_of_row, rows_by_leaf)
        tree = GrownTree(
            nodes=copy_of_nodes(arrays["nodes"][:n_nodes]),
            values=arrays["values"][:n_nodes].copy(),
            cover=arrays["cover"][:n_nodes].copy(),
            words=arrays["words"][:n_nodes].copy() if self._has_categories else arrays["words"][:0],
            output=ALL_OUTPUTS if self.n_outputs > 1 else output,
            symmetric=self._symmetric,
        )
        if n_rows < n_samples:
            self._find_other_leaves(tree, rows, leaf_of_row)
        return Growth(tree, leaf_of_row, rows_by_leaf)

    def _find_other_leaves(self, tree, rows, leaf_of_row):
        """Send the rows that did not grow the tree down it."""
        others = np.empty(len(leaf_of_row) - len(rows), np.uint32)
        rows_between(rows, others)
        leaf_of_row[others] = leaves_of(tree, self.binned, others)


def given_fields(binned, limits, n_outputs, monotone, interactions, feature_order, columns=None):
    """Fields of a GrowthState that a fit gives; see `TreeGrower`.  columns : CodeColumns; None: one for each feature"""
    is_plain = n_outputs == 1 and limits.min_samples_leaf == 1 and not limits.reg_alpha
    most_codes = int(binned.n_codes.max(initial=1))
    return {
        **limits._asdict(),
        "plain": is_plain and not limits.max_delta_step and not monotone.any(),
        **table_fields(binned, columns or CodeColumns.own(binned.n_codes, binned.codes.dtype)),
        "n_codes": binned.n_codes.astype(np.int64),
        "is_categorical": binned.is_categorical,
        "feature_order": np.arange(len(binned.n_codes)) if feature_order is None else feature_order,
        "monotone": monotone.astype(np.int64),
        "interactions": interactions,
        "codes_in_order": np.arange(1, max(most_codes, 2)),
        "n_outputs": n_outputs,
    }


def table_fields(binned, columns):
    """Fields of a state that hold the codes.  columns : CodeColumns"""
    n_codes, codes = binned.n_codes, binned.codes
    if codes.dtype != np.uint8 or not columns.are_features_in_order(len(n_codes)):
        codes = columns.codes(binned.columns, n_codes)
    return {
        "codes": binned.codes,
        "columns": binned.columns,
        "column_codes": codes,
        **columns.fields(n_codes),
        **word_fields(codes),
    }


def word_fields(codes, n_sampled=None):
    """Those that hold codes of a byte as words of eight, and which are usual in the first `n_sampled` rows."""
    one_byte = codes.dtype == np.uint8
    words = codes.view(np.uint64) if one_byte else np.zeros((0, 0), np.uint64)
    return {
        "words_of_codes": words,
        "usual_words": usual_words(words[:n_sampled]) if one_byte else np.zeros((2, 0), np.uint64),
    }
