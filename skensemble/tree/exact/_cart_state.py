"""Everything a growing CART reads and writes, behind one pointer (see `_growth_state.py` for why).

The engine has two ways to find the split of a node.  Boosting, whose nodes are few, large and offered all features,
fills histograms that parent and children share, with a team of threads (`_growing.py`).  CART and forests, whose nodes
are many, small and offered a few features each, look at the rows of each node directly, with one thread per tree: here
and in `_row_search.py`.  Both read the same BinnedMatrix, and both end in TreeArrays.
"""

from numba import types
from numba.experimental import structref

from skensemble._jit import kernel

GINI, ENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR, POISSON = range(5)


@structref.register
class CartStateType(types.StructRef):
    """Numba's type of a CartState."""

    def preprocess_fields(self, fields):
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class CartState(structref.StructRefProxy):
    """See FIELDS."""


FIELDS = (
    # limits; "no limit" is -1
    "criterion",  # GINI, ENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR or POISSON
    "random_splits",  # bool: one random threshold per feature instead of the best
    "max_depth",
    "max_leaf_nodes",
    "min_samples_split",
    "min_samples_leaf",
    "max_features",  # features tried per node, constant ones not counted
    "min_impurity_decrease",
    # the binned table
    "columns",  # (n_features, n_samples)
    "n_codes",  # (n_features,) int64
    "is_categorical",  # (n_features,) bool
    "misses",  # (n_features,) bool: some row has no value
    "monotone",  # (n_features,) int64: -1, 0, 1
    "constrained",  # bool: some feature is monotone
    "low",  # smallest and largest training value behind each code of each feature, flat float64:
    "high",  # those of code c of feature f stand at first_span[f] + c
    "first_span",  # (n_features,) int64
    # the target
    "n_outputs",
    "class_of_row",  # (n_samples, n_outputs) int32: channel of the row's class, or (0, n_outputs) of numbers
    "first_channel",  # (n_outputs + 1,) int64: where an output's channels begin
    "y",  # (n_outputs, n_samples) float64 of numbers, (n_outputs, 0) of classes
    "center",  # (n_outputs,) float64: `amount` counts from here
    "weight",  # (n_samples,) int64, in units
    "amount",  # (n_samples, n_outputs) int64: weight times (y - center), in units; (0, n_outputs) of classes
    "moment",  # (n_samples,) int64: what the impurity needs besides, summed over the outputs; (0,) of classes
    "n_stats",  # classes or amounts of a sum
    "n_channels",  # of a sum: these, then the weight, then, if min_samples_leaf > 1, the number of rows
    "exact_squares",  # bool: Gini impurity, and squares of weights are exact in float64
    # what an integer 1 stands for, and sums over the tree
    "weight_unit",
    "amount_unit",
    "moment_unit",
    "min_weight_leaf",  # in units
    "total_weight",  # in units
    # the rows of a node are a range of `rows`
    "row_order",  # (n_samples,) uint32: all rows, by the class of the first output
    "rows",  # (n_samples,) uint32
    "spare",  # (n_samples,) uint32
    # the node that is being looked at
    "node_weight",  # (n_samples,) int64: of its rows, in order
    "class_stop",  # (n_stats,) int64: the rows are sorted by the class of the first output; one past the last of each
    "node_class",  # (n_samples, n_outputs) int32
    "node_amount",  # (n_samples, n_outputs) int64
    "keys",  # (n_samples,) uint64: code << 32 | place in the node
    "spare_keys",  # (n_samples,) uint64
    "digits",  # (256,) int64: of the radix sort
    "histogram",  # (n_codes * n_channels,) int64, zero between uses
    "occurs",  # (4,) uint64: bit c: some row of the node has code c (see `_code_sums.py`)
    "group_code",  # (n_groups,) int64: codes that occur in the node, ascending, missing apart
    "group_sums",  # (n_groups * n_channels,) int64
    "total",  # (n_channels,) int64 of the node
    "missing",  # (n_channels,) int64 of the rows without a value
    "left",  # (n_channels,) int64 of the two sides of a split
    "right",
    "total_float",  # (n_channels,) float64
    "left_float",  # (n_channels,) float64
    "ratio",  # (n_groups,) float64: what categories are sorted by
    "order",  # (n_groups,) int64
    "features",  # (n_features,) int64: those known to be constant first
    # absolute error only, else empty
    "y_rank",  # (n_samples, n_outputs) int64: of each row's y among all
    "rank",  # (n_samples, n_outputs) int64: of the y of each of the node's rows, from 1
    "sorted_y",  # (n_samples + 1, n_outputs) float64: y by rank in the node
    "tree_weight",  # (n_samples + 1,) int64: Fenwick trees by rank
    "tree_amount",  # (n_samples + 1,) int64
    "deviation",  # (2, n_samples + 1) float64: see `deviations`
    "side_median",  # (4, n_samples + 1) float64: medians of the left sides, of both rows of it, then of the right ones
    "median",
    "inserted_weight",
    "inserted_amount",
    "below_weight",
    "below_amount",
    # values of the two sides of a split, for monotone constraints
    "left_value",
    "right_value",
    # the best split of the node
    "best_gain",
    "best_feature",
    "best_code",  # code <= this goes left
    "best_above",  # the next code of the node, or -1
    "best_threshold",
    "best_missing_left",
    "best_words",  # (n_words,) uint64: categories that go left
    "best_middle",  # of the two children's values, for monotone constraints
    # nodes as they are grown
    "start",  # (max_nodes,) int64: rows [start, stop)
    "stop",
    "cut",  # (max_nodes,) int64: where the rows of the right child begin
    "path",  # (max_nodes,) int64: a number for the way from the root, to draw by: whatever the order of growing
    "never_misses",  # (max_nodes,) bool: every row of the node has a value of the feature that splits it
    "n_constant",  # (max_nodes,) int64: features known to be constant stand in features[:n_constant]
    "lower",  # (max_nodes,) float64: bounds of the value, from monotone constraints
    "upper",
    "code",  # (max_nodes,) int64: code <= this goes left
    "middle",  # (max_nodes,) float64
    "queue",  # (max_nodes,) int64: open nodes; a stack, or a heap by gain
    # nodes as TreeArrays has them
    "feature",
    "threshold",
    "left_child",
    "right_child",
    "missing_left",
    "words",  # (max_nodes, n_words) uint64
    "depth",  # (max_nodes,) int32
    "cover",
    "count",
    "gain",
    "impurity",
    "values",  # (max_nodes, n_values)
    # a team searches large nodes (see `_team_search.py`)
    "n_members",
    "team",  # its shared words
    "job",  # (N_JOB,) int64
    "is_constant",  # (n_features,) bool: in the node
    "found",  # (N_CHUNKS, N_FOUND) float64: best split of each chunk of features
    "found_words",  # (N_CHUNKS, n_words) uint64
    # where the leader stands
    "n_queue",
    "n_nodes",
    "n_groups",
    "n_missing",  # rows of the node without a value of the feature
)
structref.define_proxy(CartState, CartStateType, list(FIELDS))


@kernel
def _new_state(*fields):
    return CartState(*fields)


def new_cart_state(fields):
    """A CartState from the dict of all its fields."""
    return _new_state(*(fields[name] for name in FIELDS))
