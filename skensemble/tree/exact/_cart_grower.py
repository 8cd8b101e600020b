"""From a table and targets to CARTs: fixed-point units, memory for each thread, and the trees that come out."""

import math

import numpy as np

from skensemble._parallel import thread_pool, threads_here
from skensemble._team import dismiss_team
from skensemble._weights import MOST_COPIES_OF_AMOUNTS, MOST_EXACT_WEIGHT, check_sum
from skensemble.tree._content_keys import content_keys
from skensemble.tree.exact._cart_growing import grow_cart, note_leaves
from skensemble.tree.exact._cart_memory import CartMemory
from skensemble.tree.exact._cart_state import TABLE
from skensemble.tree.exact._cart_targets import ClassTarget, read_target, set_numbers
from skensemble.tree.exact._coded_table import CodedTable, new_spans
from skensemble.tree.exact._criteria import CRITERIA
from skensemble.tree.exact._planting import add_up, plant
from skensemble.tree.exact._summed_features import no_sum_fields, sum_fields
from skensemble.tree.exact._team_search import SHARED_CELLS
from skensemble.tree.exact._unusual_cells import leaf_of_sparse_rows
from skensemble.tree.exact._value_spans import close_gaps, widen_spans_of_cells
from skensemble.tree.trees._marks import ALL_OUTPUTS, NUMERIC
from skensemble.tree.trees._prediction import apply_trees, compile_trees
from skensemble.tree.trees._prediction_kernels import leaf_of_codes
from skensemble.tree.trees._tree_arrays import TreeArrays

WEIGHT_BITS = 52  # of the sum of weights that are not whole
SUM_BITS = 61  # of a sum of amounts
SMALLEST_SUM = 1e-280
# Features of a table, for each that a node looks at, up to which ranges of all are worth a pass.
FEATURES_FOR_RANGES = 16
SPARSE_FIELDS = "usual", "entry_start", "entry_row", "entry_code", "row_start", "row_feature", "row_code"


class CartGrower:
    """Grows CARTs on one table; several threads may call `grow` at a time.

    binner : fitted Binner; one code per distinct value makes the trees exact
    table : Table
    target : ClassTarget or NumberTarget
    limits : CartLimits
    monotone : (n_features,) of -1, 0, 1, or None
    sample_weight : (n_samples,) or None; what rows of weight 0 hold is not looked at
    n_threads : threads that make the codes;  n_members : threads that grow a tree
    by_content : whether features are drawn, and win ties, by what stands in them, not by where they stand
    coded : CodedTable, if there is one; binner, table and sample_weight are then None
    """

    def __init__(
        self,
        binner,
        table,
        target,
        limits,
        *,
        monotone=None,
        sample_weight=None,
        n_threads=1,
        n_members=1,
        by_content=False,
        coded=None,
    ):
        self._limits, self._n_members = limits, n_members
        self._counted = None if sample_weight is None else np.asarray(sample_weight) > 0
        self._target = read_target(target, limits.criterion, self._counted)
        self._is_sparse = coded is None and binner.reads_sparse(table)
        if self._is_sparse:
            self.binned, table_fields = _sparse_fields(binner, table, self._counted)
        else:
            coded = CodedTable.of(binner, table, self._counted, n_threads) if coded is None else coded
            self.binned, table_fields = _dense_fields(coded)
        n_channels = self._target.fields["n_stats"] + (2 if limits.min_samples_leaf > 1 else 1)
        self.content = content_keys(self.binned, sample_weight, n_threads) if by_content else None
        self._given = {
            **_limit_fields(limits, self.binned),
            **table_fields,
            **_direction_fields(_directions_for(target, monotone), self.binned),
            **_order_fields(self.content, len(self.binned.n_codes)),
            **self._target.fields,
            **self._sum_fields(),
            "n_channels": n_channels,
        }
        self._given |= _range_fields(self.binned, self._given)
        self._has_categories = bool(self.binned.is_categorical.any())
        rows = np.flatnonzero(np.zeros(0) if self._counted is None else ~self._counted)
        self._uncounted = rows, binner, table.take(rows) if len(rows) and table.is_at_hand else None
        self._idle = []  # CartMemory that no thread is using

    def _sum_fields(self):
        if self._is_sparse:
            return no_sum_fields(len(self.binned.n_codes))
        return sum_fields(self.binned, self._limits, self._target.fields["n_outputs"])

    def set_numbers(self, y):
        """Set the targets of later trees, (n_outputs, n_samples) float64.  No tree may be growing meanwhile."""
        set_numbers(self._target, y, self._limits.criterion, self._counted)

    def grow(self, seed, weight=None):
        """TreeArrays of one tree.

        seed : int64
        weight : (n_samples,) >= 0, or None for ones; rows of weight 0 are not there
        """
        return self._grow(seed, weight, None)[0]

    def grow_with_leaves(self, seed, weight=None, min_weight=None):
        """(TreeArrays, leaf of each row as int32, those of weight 0 included, rows of the tree with those of a leaf
        side by side and ascending).

        min_weight : minimum weight of a leaf; None: that of the limits
        """
        leaf = np.full(self.binned.n_samples, -1, np.int32)
        tree, rows = self._grow(seed, weight, leaf, min_weight)
        return tree, leaf, rows

    def _grow(self, seed, weight, leaf, min_weight=None):
        memory = self._take_memory()
        state, arrays = memory.state, memory.arrays
        weight = np.ones(len(arrays["rows"])) if weight is None else np.asarray(weight, np.float64)
        deviation, moment = self._target.deviation, self._target.moment
        total, is_whole, *sums = add_up(weight, deviation, moment)
        check_sum(total, "sample_weight times class_weight")
        weight_unit = 1.0 if is_whole and total < MOST_EXACT_WEIGHT else _unit(total, WEIGHT_BITS)
        units = [_unit(value, SUM_BITS) for value in sums]
        min_weight = total * self._limits.min_weight_fraction_leaf if min_weight is None else min_weight
        copies = is_whole and total <= MOST_COPIES_OF_AMOUNTS
        n_rows = plant(weight, copies, weight_unit, *units, min_weight, deviation, moment, state)
        n_nodes = self._grow_with_team(memory, n_rows, seed)
        tree, rows = self._to_tree_arrays(arrays, n_nodes), None
        if leaf is not None:
            rows = arrays["rows"][:n_rows].copy()
            note_leaves(leaf, state)
            self._find_other_leaves(tree, memory, leaf)
            self._find_uncounted_leaves(tree, leaf)
        self._idle.append(memory)
        return tree, rows

    def _grow_with_team(self, memory, n_rows, seed):
        """Number of nodes of the tree that is left in the memory."""
        state, team = memory.state, memory.arrays["team"]
        is_shared = not self._is_sparse and n_rows * len(self.binned.n_codes) >= SHARED_CELLS
        n_members = threads_here(self._n_members) if is_shared else 1
        if n_members == 1:
            return grow_cart(n_rows, 1, seed, state, state)
        own_states = [memory.helper(number).state for number in range(n_members - 1)]
        team[:] = 0
        pool = thread_pool(n_members - 1)
        helpers = [pool.submit(grow_cart, n_rows, 0, seed, own, state) for own in own_states]
        try:
            return grow_cart(n_rows, n_members, seed, state, state)
        finally:
            dismiss_team(team, 1)
            for helper in helpers:
                helper.cancel() or helper.result()  # helpers that have not started are cancelled, the others waited for

    def _find_other_leaves(self, tree, memory, leaf):
        """Send the rows that did not grow the tree down it."""
        rows = np.flatnonzero(leaf < 0).astype(np.uint32)
        if len(rows) == 0:
            return
        found, code = np.empty(len(rows), np.int32), memory.arrays["code"][: tree.n_nodes]
        if self._is_sparse:
            leaf_of_sparse_rows(rows, memory.state, found)
        else:
            leaf_of_codes(
                self.binned.columns, rows, tree.feature, code.astype(np.int32), tree.left, tree.right,
                tree.missing_left, tree.category_start, tree.category_words, found,
            )  # fmt: skip
        leaf[rows] = found

    def _find_uncounted_leaves(self, tree, leaf):
        """Rows that never had a weight: no code was made for them, so they go down the tree by their values."""
        rows, binner, table = self._uncounted
        if len(rows):
            layout = compile_trees(tree)
            leaf[rows] = apply_trees(layout, lambda start, stop: binner.encode(table, start, stop), len(rows))[:, 0]

    def _take_memory(self):
        try:
            return self._idle.pop()
        except IndexError:
            return CartMemory.new(self._given)

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
        n_words = (self.binned.n_codes[feature[nodes]] + 63) // 64  # one wide column does not make all sets long
        starts[nodes] = np.cumsum(n_words) - n_words
        counts[nodes] = n_words
        return starts, counts, words[nodes][np.arange(words.shape[1]) < n_words[:, None]]


def _unit(total, bits):
    """What an integer 1 stands for, so that `total` has so many bits; a power of two."""
    return 2.0 ** (math.frexp(max(total, SMALLEST_SUM))[1] - bits)


# -- fields of the state ---------------------------------------------------------------------------------------------


def _limit_fields(limits, binned):
    n_features = len(binned.n_codes)
    return {
        **{name: limit for name, limit in limits._asdict().items() if name in TABLE.fields},
        "criterion": CRITERIA[limits.criterion],
        "random_splits": limits.splitter == "random",
        "max_features": n_features if limits.max_features < 0 else limits.max_features,
    }


def _directions_for(target, monotone):
    """Directions of the features; None for one class, whose probability is 1 everywhere."""
    return None if isinstance(target, ClassTarget) and target.n_classes[0] == 1 else monotone


def _direction_fields(monotone, binned):
    n_features = len(binned.n_codes)
    monotone = np.zeros(n_features, np.int64) if monotone is None else np.asarray(monotone, np.int64)
    return {"monotone": monotone, "constrained": bool(monotone.any())}


def _order_fields(content, n_features):
    """In which order features are drawn and win ties; without ContentKeys, that in which they stand."""
    order = np.arange(n_features) if content is None else content.feature_order
    is_fixed = np.ones(n_features, bool)
    is_fixed[order] = False
    n_fixed = np.count_nonzero(is_fixed)
    rank = np.empty(n_features, np.int64)
    rank[order], rank[is_fixed] = np.arange(len(order)), np.arange(-n_fixed, 0)
    return {"feature_rank": rank, "n_fixed": n_fixed}


def _dense_fields(coded):
    """(BinnedMatrix, fields that hold it)"""
    binned = coded.binned
    return binned, {
        **_common_fields(*coded),
        "columns": binned.columns,
        "misses": (binned.columns == 0).any(axis=1),
        **{name: np.empty(0, TABLE.fields[name].kind) for name in SPARSE_FIELDS},
    }


def _range_fields(binned, given):
    """Fields about ranges of codes: where codes are bytes, and where a node looks at some features of each vector."""
    is_dense, most = len(given["usual"]) == 0, FEATURES_FOR_RANGES * given["max_features"]
    is_useful = is_dense and given["columns"].dtype == np.uint8 and 0 < binned.codes.shape[1] <= most
    return {
        "flat_codes": binned.codes.reshape(-1) if is_useful else np.empty(0, np.uint8),
        "flat_columns": binned.columns.reshape(-1) if is_useful else np.empty(0, np.uint8),
        "row_bytes": binned.codes.shape[1] if is_useful else 0,
        "n_table_rows": binned.n_samples,
        "border": _find_borders(given["low"], given["high"]) if given["random_splits"] else np.empty(0),
    }


def _find_borders(low, high):
    """Of each code, the smallest finite threshold that sends its rows left: one that is nearer to its end than to its
    beginning, in the same floating point as `_settle` compares them."""
    border, spans = low.copy(), np.flatnonzero(low != high)  # few, where each value has a code
    if len(spans):
        border[spans] = _borders_within(low[spans], high[spans])
    return border


def _borders_within(low, high):
    with np.errstate(all="ignore"):
        border = np.where(np.isinf(low), low, np.where(np.isinf(high), high, 0.5 * low + 0.5 * high))
        border = np.clip(border, low, high)
        while (is_late := (border > low) & _sends_left(np.nextafter(border, -np.inf), low, high)).any():
            border = np.where(is_late, np.nextafter(border, -np.inf), border)
        while (is_early := (border < high) & ~_sends_left(border, low, high)).any():
            border = np.where(is_early, np.nextafter(border, np.inf), border)
    return border


def _sends_left(threshold, low, high):
    return ~((threshold < high) & (threshold - low < high - threshold))


def _sparse_fields(binner, table, counted):
    """(SparseCodes, fields that hold them)"""
    binned, cells, codes = binner.transform_sparse(table)
    spans = low, high, first_span = new_spans(binned)
    counted = np.ones(table.n_samples, np.bool_) if counted is None else counted
    widen_spans_of_cells(*cells, codes, binned.usual, counted, np.count_nonzero(counted), first_span, low, high)
    close_gaps(binned.n_codes.astype(np.int64), low, high)
    misses = np.zeros(len(binned.n_codes), bool)
    misses[binned.row_feature[binned.row_code == 0]] = True
    return binned, {
        **_common_fields(binned, *spans),
        "columns": np.empty((len(binned.n_codes), 0), np.uint8),
        "misses": misses,
        **{name: getattr(binned, name) for name in SPARSE_FIELDS},
    }


def _common_fields(binned, low, high, first_span):
    return {
        "n_codes": binned.n_codes.astype(np.int64),
        "is_categorical": binned.is_categorical,
        "low": low,
        "high": high,
        "first_span": first_span,
    }
