"""From a table and targets to CARTs: targets in fixed point, a workspace per thread, and the trees that come out."""

from typing import NamedTuple

import numpy as np

from skensemble._jit import kernel
from skensemble._parallel import dismiss_team, for_blocks, new_team, thread_pool, threads_here
from skensemble.tree.exact._cart_growing import grow_cart, note_leaves
from skensemble.tree.exact._cart_state import (
    ABSOLUTE_ERROR,
    ENTROPY,
    GINI,
    POISSON,
    SQUARED_ERROR,
    new_cart_state,
)
from skensemble.tree.exact._code_sums import MANY_CODES
from skensemble.tree.exact._row_search import FEW_CODES, N_COPIES
from skensemble.tree.exact._team_search import N_CHUNKS, N_FOUND, N_JOB, SHARED_CELLS, help_searching
from skensemble.tree.trees._prediction import apply_trees, compile_trees, leaf_of_codes
from skensemble.tree.trees._tree_arrays import ALL_OUTPUTS, NUMERIC, TreeArrays

CRITERIA = {
    "gini": GINI,
    "entropy": ENTROPY,
    "squared_error": SQUARED_ERROR,
    "absolute_error": ABSOLUTE_ERROR,
    "poisson": POISSON,
}
WEIGHT_BITS = 52  # of the sum of weights that are not whole
SUM_BITS = 61  # of a sum of amounts
LARGEST_TARGET = 1e140
LARGEST_WEIGHT = 1e100
SMALLEST_SUM = 1e-280
MOST_COPIES = 2.0**31  # sum of whole weights up to which a row's own integer is fine enough to be taken k times
MOST_SQUARED = 1 << 26  # sum of weights whose square is exact in float64
SPAN_BLOCK = 1 << 14


class ClassTarget(NamedTuple):
    """Classes of one or several outputs."""

    codes: np.ndarray  # (n_outputs, n_samples) class indices
    n_classes: np.ndarray  # (n_outputs,)


class NumberTarget(NamedTuple):
    """Numbers of one or several outputs."""

    y: np.ndarray  # (n_outputs, n_samples) float64


class Workspace(NamedTuple):
    """What a thread grows a tree in."""

    state: object  # CartState
    arrays: dict  # its fields
    helpers: list  # CartStates of its team: the same but for what a search writes to


class CartGrower:
    """Grows CARTs on one table; several threads may call `grow` at a time.

    binner : fitted Binner; one code per distinct value makes the trees exact
    table : Table
    target : ClassTarget or NumberTarget
    limits : CartLimits
    monotone : (n_features,) of -1, 0, 1, or None
    sample_weight : (n_samples,) or None; what rows of weight 0 hold is not looked at
    n_threads : threads that make the codes;  n_members : threads that grow a tree
    """

    def __init__(self, binner, table, target, limits, *, monotone=None, sample_weight=None, n_threads=1, n_members=1):
        self.binned = binner.transform(table, n_threads)
        self._limits, self._n_members = limits, n_members
        self._counted = None if sample_weight is None else np.asarray(sample_weight) > 0
        self._fields = {
            **_limit_fields(limits, self.binned),
            **_table_fields(binner, table, self.binned, monotone, self._counted, n_threads),
            **_target_fields(target, limits.criterion, self._counted),
        }
        self._fields["n_channels"] = self._fields["n_stats"] + (2 if limits.min_samples_leaf > 1 else 1)
        self._has_categories = bool(self.binned.is_categorical.any())
        rows = np.flatnonzero(np.zeros(0) if self._counted is None else ~self._counted)
        self._uncounted = rows, binner.encode(table.take(rows)) if len(rows) else np.empty((0, table.n_features))
        self._idle = []  # workspaces that no thread is using

    def set_numbers(self, y):
        """Other targets for the trees to come: (n_outputs, n_samples) float64."""
        shown = slice(None) if self._counted is None else self._counted
        _set_numbers(self._fields, y, self._limits.criterion, shown)

    def grow(self, seed, weight=None):
        """TreeArrays of one tree.

        seed : int64
        weight : (n_samples,) >= 0, or None for ones; rows of weight 0 are not there
        """
        return self._grow(seed, weight, None)

    def grow_with_leaves(self, seed, weight=None):
        """(TreeArrays, leaf of each row as int32, those of weight 0 included)."""
        leaf = np.full(len(self._fields["row_order"]), -1, np.int32)
        return self._grow(seed, weight, leaf), leaf

    def _grow(self, seed, weight, leaf):
        workspace = self._take_workspace()
        state, arrays = workspace.state, workspace.arrays
        weight = np.ones(len(arrays["rows"])) if weight is None else np.asarray(weight, np.float64)
        deviation, moment = self._fields["deviation_of_row"], self._fields["moment_of_row"]
        total, is_whole, *sums = _add_up(weight, deviation, moment)
        if not 1.0 / LARGEST_WEIGHT <= total <= LARGEST_WEIGHT:
            raise ValueError(
                f"sample_weight times class_weight must have a sum between {1.0 / LARGEST_WEIGHT:g} and "
                f"{LARGEST_WEIGHT:g}, got {total:g}."
            )
        weight_unit = 1.0 if is_whole and total < 2.0**WEIGHT_BITS else _unit(total, WEIGHT_BITS)
        units = [_unit(value, SUM_BITS) for value in sums]
        min_weight = total * self._limits.min_weight_fraction_leaf
        copies = is_whole and total <= MOST_COPIES
        n_rows = _plant(weight, copies, weight_unit, *units, min_weight, deviation, moment, state)
        n_nodes = self._grow_with_team(workspace, n_rows, seed)
        tree = self._to_tree_arrays(arrays, n_nodes)
        if leaf is not None:
            note_leaves(leaf, state)
            self._find_other_leaves(tree, arrays["code"][:n_nodes], leaf)
            self._find_uncounted_leaves(tree, leaf)
        self._idle.append(workspace)
        return tree

    def _grow_with_team(self, workspace, n_rows, seed):
        """Number of nodes of the tree that is left in the workspace."""
        state, team = workspace.state, workspace.arrays["team"]
        is_shared = n_rows * len(self.binned.n_codes) >= SHARED_CELLS
        n_members = threads_here(self._n_members) if is_shared else 1
        if n_members == 1:
            return grow_cart(n_rows, 1, seed, state)
        while len(workspace.helpers) < n_members - 1:
            workspace.helpers.append(new_cart_state(workspace.arrays | _search_memory(self._fields)))
        team[:] = 0
        pool = thread_pool(n_members - 1)
        helpers = [pool.submit(help_searching, own, state) for own in workspace.helpers[: n_members - 1]]
        try:
            return grow_cart(n_rows, n_members, seed, state)
        finally:
            dismiss_team(team)
            for helper in helpers:
                helper.cancel() or helper.result()  # one that waits for a thread has not begun, and need not

    def _find_other_leaves(self, tree, code, leaf):
        """Send the rows that did not grow the tree down it."""
        rows = np.flatnonzero(leaf < 0).astype(np.uint32)
        if len(rows):
            found = np.empty(len(rows), np.int32)
            leaf_of_codes(
                self.binned.columns, rows, tree.feature, code.astype(np.int32), tree.left, tree.right,
                tree.missing_left, tree.category_start, tree.category_words, found,
            )  # fmt: skip
            leaf[rows] = found

    def _find_uncounted_leaves(self, tree, leaf):
        """Rows that never had a weight: no code was made for them, so they go down the tree by their values."""
        rows, values = self._uncounted
        if len(rows):
            leaf[rows] = apply_trees(compile_trees(tree), lambda start, stop: values[start:stop], len(rows))[:, 0]

    def _take_workspace(self):
        try:
            return self._idle.pop()
        except IndexError:
            return self._new_workspace()

    def _new_workspace(self):
        fields = self._fields | _workspace(self._fields)
        return Workspace(new_cart_state(fields), fields, [])

    def _to_tree_arrays(self, arrays, n_nodes):
        feature = arrays["feature"][:n_nodes].copy()
        categories = self._category_fields(feature, arrays["words"])
        depth = arrays["depth"][:n_nodes]
        return TreeArrays(
            feature=feature,
            threshold=arrays["threshold"][:n_nodes].copy(),
            left=arrays["left_child"][:n_nodes].copy(),
            right=arrays["right_child"][:n_nodes].copy(),
            missing_left=arrays["missing_left"][:n_nodes].copy(),
            category_start=categories[0],
            category_count=categories[1],
            cover=arrays["cover"][:n_nodes].copy(),
            count=arrays["count"][:n_nodes].copy(),
            gain=arrays["gain"][:n_nodes].copy(),
            impurity=arrays["impurity"][:n_nodes].copy(),
            values=arrays["values"][:n_nodes].copy(),
            category_words=categories[2],
            roots=np.zeros(1, np.int64),
            output=np.full(1, ALL_OUTPUTS, np.int32),
            depth=depth.max(keepdims=True),
            symmetric=np.zeros(1, np.bool_),
        )

    def _category_fields(self, feature, words):
        """(first word of each node, number of its words, all words)"""
        starts, counts = np.full(len(feature), NUMERIC, np.int32), np.zeros(len(feature), np.int32)
        if not self._has_categories:
            return starts, counts, np.zeros(0, np.uint64)
        nodes = np.flatnonzero((feature >= 0) & self.binned.is_categorical[feature])
        starts[nodes] = np.arange(len(nodes)) * words.shape[1]
        counts[nodes] = words.shape[1]
        return starts, counts, words[nodes].reshape(-1)


def _unit(total, bits):
    """What an integer 1 stands for, so that `total` has so many bits; a power of two."""
    return 2.0 ** (np.frexp(max(total, SMALLEST_SUM))[1] - bits)


# -- fields of the state ---------------------------------------------------------------------------------------------


def _limit_fields(limits, binned):
    n_features = len(binned.n_codes)
    return {
        "criterion": CRITERIA[limits.criterion],
        "random_splits": limits.splitter == "random",
        "max_depth": int(limits.max_depth),
        "max_leaf_nodes": int(limits.max_leaf_nodes),
        "min_samples_split": int(limits.min_samples_split),
        "min_samples_leaf": int(limits.min_samples_leaf),
        "max_features": n_features if limits.max_features < 0 else int(limits.max_features),
        "min_impurity_decrease": float(limits.min_impurity_decrease),
    }


def _table_fields(binner, table, binned, monotone, counted, n_threads):
    n_features = len(binned.n_codes)
    monotone = np.zeros(n_features, np.int64) if monotone is None else np.asarray(monotone, np.int64)
    low, high, first_span = _find_spans(binner, table, binned, counted, n_threads)
    return {
        "columns": binned.columns,
        "n_codes": binned.n_codes.astype(np.int64),
        "is_categorical": binned.is_categorical,
        "misses": (binned.columns == 0).any(axis=1),
        "monotone": monotone,
        "constrained": bool(monotone.any()),
        "low": low,
        "high": high,
        "first_span": first_span,
        "most_codes": int(binned.n_codes.max(initial=2)),
    }


def _find_spans(binner, table, binned, counted, n_threads):
    """Smallest and largest value behind each code: (low, high, where those of each feature begin)."""
    n_codes = binned.n_codes.astype(np.int64)
    first_span = np.cumsum(n_codes) - n_codes
    low, high = np.full(n_codes.sum(), np.inf), np.full(n_codes.sum(), -np.inf)
    counted = np.ones(table.n_samples, np.bool_) if counted is None else counted
    for start in range(0, table.n_samples, SPAN_BLOCK):
        stop = min(start + SPAN_BLOCK, table.n_samples)
        values = np.ascontiguousarray(binner.encode(table, start, stop)).view()  # perhaps the caller's own memory
        values.flags.writeable = False

        def widen(first, last, values=values, start=start):
            _widen_spans(values, binned.columns, counted, start, first_span, first, last, low, high)

        for_blocks(widen, len(n_codes), -(-len(n_codes) // n_threads), n_threads)
    _close_gaps(n_codes, low, high)
    return low, high, first_span


@kernel
def _widen_spans(values, columns, counted, start, first_span, first, last, low, high):
    for j in range(first, last):
        span = first_span[j]
        for i in range(values.shape[0]):
            if counted[start + i]:
                at = span + columns[j, start + i]
                low[at] = min(low[at], values[i, j])
                high[at] = max(high[at], values[i, j])


@kernel
def _close_gaps(n_codes, low, high):
    """A code that no row has (or only rows without a weight) lies where the code before it ends."""
    at = 0
    for j in range(n_codes.shape[0]):
        end = -np.inf
        for _ in range(n_codes[j]):
            if low[at] > high[at]:
                low[at] = high[at] = end
            end = high[at]
            at += 1


def _target_fields(target, criterion, counted):
    """Fields of the target; counted : bool (n_samples,), rows that may have a weight, or None for all."""
    if isinstance(target, ClassTarget):
        return _class_fields(target)
    n_outputs, n_samples = target.y.shape
    fields = {
        "n_outputs": n_outputs,
        "class_of_row": np.zeros((0, n_outputs), np.int32),
        "row_order": np.arange(n_samples, dtype=np.uint32),
        "first_channel": np.arange(n_outputs + 1),
        "n_stats": n_outputs,
        "y": np.empty((n_outputs, n_samples)),
        "center": np.zeros(n_outputs),
        "deviation_of_row": np.empty((n_samples, n_outputs)),
        "moment_of_row": np.zeros(n_samples),
        "y_rank": np.empty((n_samples if criterion == "absolute_error" else 0, n_outputs), np.int64),
    }
    return _set_numbers(fields, target.y, criterion, slice(None) if counted is None else counted)


def _class_fields(target):
    n_outputs = len(target.codes)
    first_channel = np.append(0, np.cumsum(target.n_classes)).astype(np.int64)
    return {
        "n_outputs": n_outputs,
        "class_of_row": np.ascontiguousarray((target.codes + first_channel[:-1, None]).T, np.int32),
        "row_order": np.argsort(target.codes[0], kind="stable").astype(np.uint32),
        "first_channel": first_channel,
        "n_stats": int(first_channel[-1]),
        "y": np.zeros((n_outputs, 0)),
        "center": np.zeros(n_outputs),
        "deviation_of_row": np.zeros((0, n_outputs)),
        "moment_of_row": np.zeros(0),
        "y_rank": np.zeros((0, n_outputs), np.int64),
    }


def _set_numbers(fields, y, criterion, shown):
    """Write numbers, and what is made of them, into the arrays that all workspaces share."""
    if criterion != "absolute_error":
        _check_size(y[:, shown])
    fields["y"][:] = y
    if criterion != "poisson":  # amounts count from the middle, where they are the smallest
        fields["center"][:] = 0.5 * y[:, shown].min(axis=1) + 0.5 * y[:, shown].max(axis=1)
    np.subtract(y.T, fields["center"], out=fields["deviation_of_row"])
    if criterion == "absolute_error":
        fields["y_rank"][:] = _ranks(y)
    else:
        fields["moment_of_row"][:] = _moment_of_rows(y, fields["deviation_of_row"], criterion)
    return fields


def _check_size(y):
    largest = np.abs(y).max()
    if largest > LARGEST_TARGET:
        raise ValueError(f"y must lie within {LARGEST_TARGET:g} of 0, since squares are added up, got {largest:g}.")


def _moment_of_rows(y, deviation, criterion):
    """What the impurity needs besides the mean: sum over the outputs of squares, or of y log y."""
    if criterion == "poisson":
        return (y * np.log(np.where(y > 0, y, 1.0))).sum(axis=0)
    return (deviation * deviation).sum(axis=1)


def _ranks(y):
    """(n_samples, n_outputs): 0 for the smallest value, equal values alike."""
    return np.stack([np.unique(row, return_inverse=True)[1] for row in y], axis=1)


_REAL_SCALARS = """
    weight_unit amount_unit moment_unit median left_value right_value best_gain best_threshold best_middle
"""
_WHOLE_SCALARS = """
    min_weight_leaf total_weight best_feature best_code best_above
    inserted_weight inserted_amount below_weight below_amount n_queue n_nodes n_groups n_missing n_members
"""


def _workspace(fields):
    """Memory of a growing tree, made once per thread."""
    n_samples, n_outputs, n_channels = fields["columns"].shape[1], fields["n_outputs"], fields["n_channels"]
    n_classes = len(fields["class_of_row"])
    n_numbers = fields["y"].shape[1]
    n_ranked = len(fields["y_rank"])
    n_features, n_words = len(fields["is_categorical"]), _n_words(fields)
    max_nodes = _max_nodes(fields, n_samples)
    by_node = {
        np.int64: "start stop cut path n_constant code queue count",
        np.float64: "lower upper middle threshold cover gain impurity",
        np.int32: "feature left_child right_child depth",
        np.bool_: "missing_left never_misses",
    }
    return {
        **{name: np.zeros(max_nodes, kind) for kind, names in by_node.items() for name in names.split()},
        **_search_memory(fields),
        "weight": np.empty(n_samples, np.int64),
        "amount": np.empty((n_numbers, n_outputs), np.int64),
        "moment": np.empty(n_numbers, np.int64),
        "rows": np.empty(n_samples, np.uint32),
        "spare": np.empty(n_samples, np.uint32),
        "node_weight": np.empty(n_samples, np.int64),
        "class_stop": np.zeros(fields["n_stats"], np.int64),
        "node_class": np.empty((n_classes, n_outputs), np.int32),
        "node_amount": np.empty((n_numbers, n_outputs), np.int64),
        "total": np.empty(n_channels, np.int64),
        "total_float": np.empty(n_channels),
        "features": np.empty(n_features, np.int64),
        "rank": np.empty((n_ranked, n_outputs), np.int64),
        "sorted_y": np.empty((n_ranked + 1, n_outputs)),
        "tree_weight": np.empty(n_ranked + 1, np.int64),
        "tree_amount": np.empty(n_ranked + 1, np.int64),
        "deviation": np.empty((2, n_ranked + 1)),
        "side_median": np.empty((4, n_ranked + 1)),
        "team": new_team(),
        "job": np.zeros(N_JOB, np.int64),
        "is_constant": np.zeros(n_features, np.bool_),
        "found": np.zeros((N_CHUNKS, N_FOUND)),
        "found_words": np.zeros((N_CHUNKS, n_words), np.uint64),
        "words": np.zeros((max_nodes, n_words), np.uint64),
        "values": np.zeros((max_nodes, fields["n_stats"])),
    }


def _search_memory(fields):
    """What a search for a split writes to; each member of a team has its own."""
    n_samples, n_channels, most_codes = fields["columns"].shape[1], fields["n_channels"], fields["most_codes"]
    n_groups = max(min(most_codes, n_samples) + 1, 2)
    dense = max(min(most_codes, n_samples) + 1, N_COPIES * FEW_CODES)  # codes that histograms hold
    return {
        **dict.fromkeys(_REAL_SCALARS.split(), 0.0),
        **dict.fromkeys(_WHOLE_SCALARS.split(), 0),
        "best_missing_left": False,
        "exact_squares": False,
        "keys": np.empty(n_samples, np.uint64),
        "spare_keys": np.empty(n_samples, np.uint64),
        "digits": np.empty(256, np.int64),
        "histogram": np.zeros(max(dense * n_channels, most_codes + 1), np.int64),
        "occurs": np.empty(MANY_CODES // 64, np.uint64),
        "group_code": np.empty(n_groups, np.int64),
        "group_sums": np.empty(n_groups * n_channels, np.int64),
        "missing": np.empty(n_channels, np.int64),
        "left": np.empty(n_channels, np.int64),
        "right": np.empty(n_channels, np.int64),
        "left_float": np.empty(n_channels),
        "ratio": np.empty(n_groups),
        "order": np.empty(n_groups, np.int64),
        "best_words": np.zeros(_n_words(fields), np.uint64),
    }


def _n_words(fields):
    return (fields["most_codes"] + 63) // 64 if fields["is_categorical"].any() else 1


def _max_nodes(fields, n_samples):
    most, max_depth = 2 * n_samples - 1, fields["max_depth"]
    if fields["max_leaf_nodes"] > 0:
        most = min(most, 2 * fields["max_leaf_nodes"] - 1)
    if 0 <= max_depth < 40:
        most = min(most, 2 ** (max_depth + 1) - 1)
    return max(most, 1)


# -- a tree's weights and targets ------------------------------------------------------------------------------------


@kernel
def _add_up(weight, deviation, moment):
    """(sum of the weights, are all whole numbers, largest sum of |amounts| of an output, sum of |moments|)"""
    total, is_whole, most, moments = 0.0, True, 0.0, 0.0
    for i in range(weight.shape[0]):
        total += weight[i]
        is_whole &= weight[i] == np.floor(weight[i])
    for k in range(deviation.shape[1] if deviation.shape[0] > 0 else 0):
        amounts = 0.0
        for i in range(weight.shape[0]):
            amounts += weight[i] * abs(deviation[i, k])
        most = max(most, amounts)
    for i in range(moment.shape[0]):
        moments += weight[i] * abs(moment[i])
    return total, is_whole, most, moments


@kernel
def _plant(weight, copies, weight_unit, amount_unit, moment_unit, min_weight_leaf, deviation, moment, state):
    """Write the weights and targets of a tree in fixed point, and its rows; returns how many there are.

    copies : a row of weight k adds k times the integer of one row, as k rows do
    """
    state.weight_unit, state.amount_unit, state.moment_unit = weight_unit, amount_unit, moment_unit
    n_rows, total = 0, 0
    for i in state.row_order:
        units = int(np.rint(weight[i] / weight_unit))
        state.weight[i] = units
        state.rows[n_rows] = i
        n_rows += units > 0
        total += units
        factor, times = (1.0, units) if copies else (weight[i], 1)
        if deviation.shape[0] > 0:
            for k in range(deviation.shape[1]):
                state.amount[i, k] = times * int(np.rint(factor * deviation[i, k] / amount_unit))
            state.moment[i] = times * int(np.rint(factor * moment[i] / moment_unit))
    state.total_weight = total
    state.exact_squares = state.criterion == GINI and total < MOST_SQUARED
    state.min_weight_leaf = int(np.ceil(min_weight_leaf / weight_unit))
    return n_rows
