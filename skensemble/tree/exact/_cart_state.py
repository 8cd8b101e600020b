"""Everything a growing CART reads and writes, behind one pointer (see `StateTable`).

The engine has two ways to find the split of a node.  Boosting, whose nodes are few, large and offered all features,
fills histograms that parent and children share, with a team of threads (`_growing.py`).  CART and forests, whose nodes
are many, small and offered a few features each, look at the rows of each node directly, with one thread per tree
(a team where a lone tree's node is large, `_team_search.py`): in `_cart_growing.py` and in `_row_search.py`.  Both read
the same BinnedMatrix, and both end in TreeArrays.

Channels of a sum of rows: classes of all outputs, or an amount for each output (`n_stats` of them); then the weight;
then, if min_samples_leaf > 1, the number of rows.
"""

import numpy as np
from numba.experimental import structref

from skensemble.tree._state_struct import StateType
from skensemble.tree._state_table import FIT, THREAD, TREE, StateTable

TABLE = StateTable(
    "CartState",
    [
        # limits; "no limit" is -1
        ("criterion", int, None, FIT, None, "GINI, ENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR or POISSON"),
        ("random_splits", bool, None, FIT, None, "one random threshold per feature instead of the best"),
        ("max_depth", int, None, FIT, None, ""),
        ("max_leaf_nodes", int, None, FIT, None, ""),
        ("min_samples_split", int, None, FIT, None, ""),
        ("min_samples_leaf", int, None, FIT, None, ""),
        ("max_features", int, None, FIT, None, "features tried per node, constant ones not counted"),
        ("min_impurity_decrease", float, None, FIT, None, ""),
        # the binned table
        ("columns", None, "n_features ?", FIT, None, "codes feature by feature; of no row if the table is sparse"),
        ("flat_codes", np.uint8, "?", FIT, None, "codes row by row, where one byte holds each (see `_code_ranges.py`)"),
        ("flat_columns", np.uint8, "?", FIT, None, "the same feature by feature"),
        ("row_bytes", int, None, FIT, None, "codes of a row in flat_codes; 0 if ranges of codes are of no use"),
        ("n_table_rows", int, None, FIT, None, "rows of flat_columns"),
        ("usual", np.uint32, "?", FIT, None, "code of most rows in each feature; no feature if the table is dense"),
        ("entry_start", np.int64, "?", FIT, None, "where the unusual cells of each feature begin"),
        ("entry_row", np.uint32, "?", FIT, None, "of each unusual cell, feature by feature"),
        ("entry_code", np.uint32, "?", FIT, None, ""),
        ("row_start", np.int64, "?", FIT, None, "where the unusual cells of each row begin"),
        ("row_feature", np.uint32, "?", FIT, None, "of each unusual cell, row by row"),
        ("row_code", np.uint32, "?", FIT, None, ""),
        ("feature_rank", np.int64, "n_features", FIT, None, "place in draws and ties; < 0 for those that never split"),
        ("n_fixed", int, None, FIT, None, "features that never split"),
        ("n_codes", np.int64, "n_features", FIT, None, ""),
        ("is_categorical", np.bool_, "n_features", FIT, None, ""),
        ("misses", np.bool_, "n_features", FIT, None, "some row has no value"),
        ("monotone", np.int64, "n_features", FIT, None, "-1, 0 or 1"),
        ("constrained", bool, None, FIT, None, "some feature is monotone"),
        (
            "low",
            np.float64,
            "n_all_codes",
            FIT,
            None,
            "smallest value of code c of feature f, at first_span[f] + c",
        ),
        ("high", np.float64, "n_all_codes", FIT, None, "the largest, likewise"),
        (
            "border",
            np.float64,
            "?",
            FIT,
            None,
            "random thresholds from here on send the code left (see `_find_borders`)",
        ),
        ("first_span", np.int64, "n_features", FIT, None, ""),
        # features of which sums are made together (see `_node_sums.py`)
        ("place_in_sums", np.int64, "n_features", FIT, None, "of each feature; -1 if it has none"),
        ("first_cell", np.int64, "?", FIT, None, "where the codes of each place begin, and where the last ones end"),
        ("n_in_words", int, None, FIT, None, "how many places are read by words, the first ones"),
        ("words_of_codes", np.uint64, "? ?", FIT, None, "their codes row by row, eight at a time"),
        ("sum_row_start", np.int64, "?", FIT, None, "where the unusual cells of each row begin, of the other places"),
        ("sum_entry_cell", np.int32, "?", FIT, None, "of each: where its code stands among all"),
        ("usual_cell", np.int64, "?", FIT, None, "of each other place: where its usual code stands"),
        # the target
        ("n_outputs", int, None, FIT, None, ""),
        ("class_of_row", np.int32, "n_classified n_outputs", FIT, None, "channel of the row's class"),
        ("first_channel", np.int64, "?", FIT, None, "where an output's channels begin"),
        ("y", np.float64, "n_outputs n_numbers", FIT, None, "numbers"),
        ("center", np.float64, "n_outputs", FIT, None, "`amount` counts from here"),
        ("n_stats", int, None, FIT, None, "classes or amounts of a sum"),
        ("n_channels", int, None, FIT, None, "of a sum"),
        ("row_order", np.uint32, "n_samples", FIT, None, "all rows, by the class of the first output"),
        ("y_rank", np.int64, "n_ranked n_outputs", FIT, None, "absolute error: of each row's y among all"),
        ("weight", np.int64, "n_samples", TREE, None, "in units"),
        ("amount", np.int64, "n_numbers n_outputs", TREE, None, "weight times (y - center), in units"),
        ("moment", np.int64, "n_numbers", TREE, None, "what the impurity needs besides, summed over the outputs"),
        ("packed", np.int64, "n_packed 2", TREE, None, "amount and moment of each row, side by side, of one output"),
        ("weighs_one", bool, None, TREE, False, "all rows do"),
        ("exact_squares", bool, None, TREE, False, "Gini impurity, and squares of weights are exact in float64"),
        ("weight_unit", float, None, TREE, 1.0, "what an integer 1 stands for"),
        ("amount_unit", float, None, TREE, 1.0, ""),
        ("moment_unit", float, None, TREE, 1.0, ""),
        ("min_weight_leaf", int, None, TREE, 0, "in units"),
        ("total_weight", int, None, TREE, 0, "in units"),
        # rows; those of a node are a range
        ("rows", np.uint32, "n_samples", TREE, None, ""),
        ("spare", np.uint32, "n_samples", TREE, None, "where rows wait that go right"),
        ("place_of_row", np.uint32, "n_sparse_rows", TREE, None, "in `rows`, of a sparse table"),
        ("n_unusual", np.int32, "n_sparse_features", TREE, 0, "unusual cells in the node; zero between uses"),
        # the node that is being looked at
        ("node_weight", np.int64, "n_samples", TREE, None, "of its rows, in order"),
        ("class_stop", np.int64, "n_stats", TREE, 0, "rows are sorted by class: one past the last of each"),
        ("present", np.int64, "n_stats", TREE, 0, "classes of its rows, of one output"),
        ("n_present", int, None, TREE, 0, ""),
        ("node_class", np.int32, "n_classified n_outputs", TREE, None, ""),
        ("node_amount", np.int64, "n_numbers n_outputs", TREE, None, ""),
        ("total", np.int64, "n_channels", TREE, None, "of the node"),
        ("total_float", np.float64, "n_channels", TREE, None, ""),
        ("features", np.int64, "n_features", TREE, None, "those known to be constant first"),
        ("rank", np.int64, "n_ranked n_outputs", TREE, None, "absolute error: of y among the node's rows, from 1"),
        ("sorted_y", np.float64, "n_ranks n_outputs", TREE, None, "absolute error: y by rank in the node"),
        # sums of nodes
        ("node_sums", np.int64, "n_sum_integers", TREE, None, "of all slots"),
        ("free_slots", np.int64, "n_slots", TREE, None, "a stack"),
        ("n_free", int, None, TREE, 0, "slots"),
        ("all_sums", np.int64, "n_channels", THREAD, 0, "of the rows that were added last"),
        # a search for the split of a feature
        ("keys", np.uint64, "n_samples", THREAD, None, "integer to sort by << 32 | place in the node"),
        ("spare_keys", np.uint64, "n_samples", THREAD, None, ""),
        ("digits", np.int64, "256", THREAD, None, "of the radix sort"),
        ("histogram", np.int64, "n_histogram_cells", THREAD, 0, "sums of rows by code; zero between uses"),
        ("occurs", np.uint64, "n_code_words", THREAD, None, "bit c: some row of the node has code c"),
        ("group_code", np.int64, "n_code_groups", THREAD, None, "codes that occur in the node, missing apart"),
        ("group_sums", np.int64, "n_group_cells", THREAD, None, "n_channels for each group"),
        ("n_groups", int, None, THREAD, 0, ""),
        ("n_missing", int, None, THREAD, 0, "rows of the node without a value of the feature"),
        ("missing", np.int64, "n_channels", THREAD, None, "sums of the rows without a value"),
        (
            "lowest",
            np.uint8,
            "n_ranges",
            THREAD,
            None,
            "smallest code of each feature in the node; 0: some row misses it",
        ),
        ("highest", np.uint8, "n_ranges", THREAD, None, "the largest"),
        ("limits", np.uint8, "n_ranges", THREAD, 0, "random thresholds: codes up to these go left"),
        ("counts", np.uint8, "n_ranges", THREAD, None, "rows on the left, feature by feature"),
        ("left_sums", np.int64, "n_channels n_ranges", THREAD, None, "the left sides of all features"),
        ("left", np.int64, "n_channels", THREAD, None, "sums of the two sides of a split"),
        ("right", np.int64, "n_channels", THREAD, None, ""),
        ("left_float", np.float64, "n_channels", THREAD, None, ""),
        ("left_value", float, None, THREAD, 0.0, "values of the two sides, for monotone constraints"),
        ("right_value", float, None, THREAD, 0.0, ""),
        ("ratio", np.float64, "n_code_groups", THREAD, None, "what categories are sorted by"),
        ("sorted_groups", np.int64, "n_code_groups", THREAD, None, "categories in that order"),
        ("place_of_code", np.int64, "n_places", THREAD, 0, "and the place of each in it; zero between uses"),
        # absolute error: Fenwick trees over the ranks, and what is on both sides of all splits
        ("tree_weight", np.int64, "n_ranks", THREAD, None, ""),
        ("tree_amount", np.int64, "n_ranks", THREAD, None, ""),
        ("deviation", np.float64, "2 n_ranks", THREAD, None, "see `deviations`"),
        ("side_median", np.float64, "4 n_ranks", THREAD, None, "of left sides, missing right, left; of right ones"),
        ("median", float, None, THREAD, 0.0, "of what was inserted"),
        ("inserted_weight", int, None, THREAD, 0, ""),
        ("inserted_amount", int, None, THREAD, 0, ""),
        ("below_weight", int, None, THREAD, 0, "of what lies below the median"),
        ("below_amount", int, None, THREAD, 0, ""),
        # the best split so far
        ("best_gain", float, None, THREAD, 0.0, ""),
        ("best_feature", int, None, THREAD, 0, ""),
        ("best_code", int, None, THREAD, 0, "code <= this goes left"),
        ("best_above", int, None, THREAD, 0, "the next code of the node, or -1"),
        ("best_low", int, None, THREAD, 0, "random splits: smallest code of the node"),
        ("best_high", int, None, THREAD, 0, "and the largest"),
        ("best_threshold", float, None, THREAD, 0.0, ""),
        ("best_missing_left", bool, None, THREAD, False, ""),
        ("best_words", np.uint64, "n_words", THREAD, 0, "categories that go left"),
        ("best_turned", bool, None, THREAD, False, "categories: most of the weight goes left"),
        ("best_middle", float, None, THREAD, 0.0, "of the two children's values, for monotone constraints"),
        # nodes as they are grown
        ("start", np.int64, "max_nodes", TREE, 0, "rows [start, stop)"),
        ("stop", np.int64, "max_nodes", TREE, 0, ""),
        ("cut", np.int64, "max_nodes", TREE, 0, "where the rows of the right child begin"),
        ("slot", np.int64, "max_nodes", TREE, 0, "of its sums, or -1"),
        ("child_slot", np.int64, "max_nodes 2", TREE, 0, "those of its children, which are not made yet"),
        ("node_seed", np.int64, "max_nodes", TREE, 0, "to draw by: made from the sides taken since the root"),
        ("never_misses", np.bool_, "max_nodes", TREE, 0, "every row has a value of the feature that splits the node"),
        ("n_constant", np.int64, "max_nodes", TREE, 0, "features[:n_constant] are known to be constant"),
        ("turned", np.bool_, "max_nodes", TREE, 0, "the sides change places in the seeds of the children"),
        ("lower", np.float64, "max_nodes", TREE, 0, "bounds of the value, from monotone constraints"),
        ("upper", np.float64, "max_nodes", TREE, 0, ""),
        ("code", np.int64, "max_nodes", TREE, 0, "code <= this goes left"),
        ("middle", np.float64, "max_nodes", TREE, 0, "of the children's values, for monotone constraints"),
        ("stack", np.int64, "n_stack", TREE, None, "depth first: children to be made, 2 parent + side"),
        ("open_gains", np.float64, "n_heap", TREE, None, "best first: heap of the nodes that may be split next"),
        ("open_nodes", np.int64, "n_heap", TREE, None, ""),
        # nodes as TreeArrays has them
        ("feature", np.int32, "max_nodes", TREE, 0, ""),
        ("threshold", np.float64, "max_nodes", TREE, 0, ""),
        ("left_child", np.int32, "max_nodes", TREE, 0, ""),
        ("right_child", np.int32, "max_nodes", TREE, 0, ""),
        ("missing_left", np.bool_, "max_nodes", TREE, 0, ""),
        ("words", np.uint64, "max_nodes n_words", TREE, 0, ""),
        ("depth", np.int32, "max_nodes", TREE, 0, ""),
        ("cover", np.float64, "max_nodes", TREE, 0, "sum of the weights"),
        ("count", np.int64, "max_nodes", TREE, 0, ""),
        ("gain", np.float64, "max_nodes", TREE, 0, ""),
        ("impurity", np.float64, "max_nodes", TREE, 0, ""),
        ("values", np.float64, "max_nodes n_stats", TREE, 0, ""),
        # a team searches large nodes (see `_team_search.py`)
        ("team", np.int64, "team_words", TREE, 0, "see `_team.py`"),
        ("job", np.int64, "n_job", TREE, 0, "what the open job is about"),
        ("is_constant", np.bool_, "n_features", TREE, 0, "in the node"),
        ("found", np.float64, "max_chunks n_found", TREE, 0, "best split of each chunk of features"),
        ("found_words", np.uint64, "max_chunks n_words", TREE, 0, ""),
        # where the leader stands
        ("n_members", int, None, TREE, 0, "of the team"),
        ("n_nodes", int, None, TREE, 0, ""),
        ("n_stacked", int, None, TREE, 0, ""),
        ("n_open", int, None, TREE, 0, ""),
    ],
)


@structref.register
class CartStateType(StateType):
    """Numba's type of a CartState."""


class CartState(structref.StructRefProxy):
    """The fields of TABLE."""


structref.define_boxing(CartStateType, CartState)
