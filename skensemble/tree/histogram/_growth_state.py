"""Everything a growing tree of boosting reads and writes, behind one pointer (see `StateTable`).

The kernels of `_growing.py` and `_growth_jobs.py` take this state; those that fill histograms and move rows take the
arrays they touch.
"""

import numpy as np
from numba.experimental import structref

from skensemble.tree._state_struct import StateType
from skensemble.tree._state_table import CALL, FIT, TREE, StateTable
from skensemble.tree.histogram._growth_limits import GrowthLimits

NODE = np.dtype(
    [
        ("gain", np.float64),
        ("lower", np.float64),  # bounds of the value, from monotone constraints
        ("upper", np.float64),
        ("start", np.int64),  # rows [start, stop) in the order of leaves
        ("stop", np.int64),
        ("buffer", np.int64),  # where its rows are now: see `spans`
        ("depth", np.int64),
        ("slot", np.int64),  # its histogram, or -1
        ("feature", np.int64),  # best split: feature, position along its scan, flags; and what they mean:
        ("position", np.int64),
        ("flags", np.int64),
        ("code", np.int64),  # code <= this goes left
        ("is_categorical", np.int64),
        ("missing_left", np.int64),
        ("left", np.int64),  # -1: a leaf
        ("right", np.int64),
    ],
    align=True,
)

LIMITS = [(name, kind, None, FIT, None, "see GrowthLimits") for name, kind in GrowthLimits.__annotations__.items()]
TABLE = StateTable(
    "GrowthState",
    [
        *LIMITS,
        ("plain", bool, None, FIT, None, "only reg_lambda and min_child_weight bear on a numeric split, one output"),
        # the binned table
        ("codes", None, "n_samples n_padded", FIT, None, "row by row"),
        # and as histograms are filled from it, see CodeColumns
        ("column_codes", np.uint8, "? ?", FIT, None, "of columns of bytes, row by row; without rows if there is none"),
        ("words_of_codes", np.uint64, "? ?", FIT, None, "the same eight at a time"),
        ("columns_in_order", np.int64, "?", FIT, None, "0, 1, 2, ..."),
        (
            "n_narrow",
            int,
            None,
            FIT,
            None,
            "columns of bytes, the first ones; the others are wide features",
        ),
        ("n_column_cells", int, None, FIT, None, "cells of all columns"),
        ("column_cells", np.int64, "?", FIT, None, "where the cells of each column begin"),
        ("column_starts", np.int64, "?", FIT, None, "where its features begin, and behind the last"),
        ("features_by_column", np.int64, "n_features", FIT, None, ""),
        ("cells", np.int64, "n_features", FIT, None, "where the cells of each feature begin"),
        ("usual_codes", np.int64, "n_features", FIT, None, "of features that share a column; -1: it has its own"),
        ("usual_words", np.uint64, "2 ?", FIT, None, "the usual word, and whether there is one; (2, 0): for no word"),
        ("columns", None, "n_features n_samples", FIT, None, "the codes feature by feature"),
        ("n_codes", np.int64, "n_features", FIT, None, "of each feature"),
        ("is_categorical", np.bool_, "n_features", FIT, None, ""),
        ("feature_order", np.int64, "?", FIT, None, "features that may split, in the order of draws and of ties"),
        ("monotone", np.int64, "n_features", FIT, None, "-1, 0 or 1"),
        ("interactions", np.bool_, "n_groups n_features", FIT, None, "which may meet; no group: all may"),
        ("codes_in_order", np.int64, "?", FIT, None, "1, 2, 3, ...: the scan order of a numeric feature"),
        ("shift", int, None, FIT, None, "the cells of a column of bytes begin at column << shift"),
        # what a row adds to a histogram, and how to read the sums
        ("n_outputs", int, None, FIT, None, "that a tree is about"),
        # targets; those of all outputs, of which a tree takes `n_outputs` from `first_output` on
        ("gradient", np.float32, "0 0", CALL, None, "(all outputs, n_samples)"),
        ("hessian", np.float32, "0 0", CALL, None, "(all outputs, n_samples)"),
        ("weight", np.float64, "0", CALL, None, "(n_samples,), or (0,) for all ones"),
        ("whole", bool, None, CALL, True, "all weights are whole numbers"),
        ("n_units", float, None, CALL, 0.0, "how many times a rounded row may be added"),
        ("leaf_of_row", np.int32, "0", CALL, None, "(n_samples,): written for the rows of the tree"),
        ("rows_by_leaf", np.uint32, "0", CALL, None, "(n_rows,): the rows of the tree, leaf by leaf"),
        ("gradient_unit", np.float64, "n_outputs", TREE, 1.0, "what an integer 1 of the packed targets stands for"),
        ("hessian_unit", np.float64, "n_outputs", TREE, 1.0, ""),
        (
            "counts",
            bool,
            None,
            TREE,
            False,
            "the last channel counts rows, which the hessians do not",
        ),
        ("n_channels", int, None, TREE, 1, "integers of a cell"),
        ("n_cells", int, None, TREE, 0, "integers of one histogram"),
        ("min_units", int, None, TREE, 1, "of the hessian that a side must have"),
        ("count_units", int, None, TREE, 0, "with less hessian, a side has too few rows; 0: no number is too few"),
        ("sure_units", int, None, TREE, 0, "with at least so much, it has enough"),
        ("fine_gradient", np.float64, "n_outputs", TREE, 1.0, "fixed-point scale of a leaf's sums, about 62 bits"),
        ("fine_hessian", np.float64, "n_outputs", TREE, 1.0, ""),
        # rows; those of a node lie in one of two buffers, in a span of each lane
        (
            "spans",
            np.int64,
            "max_nodes n_lanes 2",
            TREE,
            0,
            "rows of the node in each lane: first, and behind the last",
        ),
        ("rows", np.uint32, "2 n_samples", TREE, None, ""),
        ("packed", np.int64, "2 n_packed", TREE, None, "targets, n_channels for each row: they travel with the rows"),
        ("goes_left", np.uint8, "n_samples", TREE, None, "of the node that is being split"),
        # histograms
        ("histogram", np.int64, "n_histogram_cells", TREE, None, "of all slots, then of all lanes but the first"),
        ("free_slots", np.int64, "n_slots", TREE, None, "a stack"),
        ("row_counts", np.int64, "n_row_counts", TREE, None, "of codes, of the left / right child, by feature"),
        # nodes
        ("nodes", NODE, "max_nodes", TREE, 0, ""),
        ("totals", np.int64, "max_nodes most_channels", TREE, 0, "sums of the node's rows"),
        ("left_totals", np.int64, "max_nodes most_channels", TREE, 0, "of the left side of the node's best split"),
        ("words", np.uint64, "max_nodes n_words", TREE, 0, "bit c: category code c goes left"),
        ("groups", np.bool_, "max_nodes n_groups", TREE, 0, "interaction groups still possible"),
        ("values", np.float64, "max_nodes n_outputs", TREE, 0, ""),
        ("cover", np.float64, "max_nodes", TREE, 0, "sum of the hessians, mean over the outputs"),
        ("open_keys", np.float64, "max_nodes", TREE, None, "heap of the nodes that may be split next: what ranks them"),
        ("open_nodes", np.int64, "max_nodes", TREE, None, "and which they are"),
        ("leaves", np.int64, "max_nodes", TREE, None, "the grown tree's leaves"),
        # features
        ("features", np.int64, "n_features", TREE, None, "those of the tree stand in [:n_active]"),
        ("allowed", np.bool_, "2 n_features", TREE, 0, "may the left / right child split on it"),
        ("best_gain", np.float64, "2 n_features", TREE, 0, "of the left / right child, by feature"),
        ("best_position", np.int64, "2 n_features", TREE, 0, ""),
        ("best_flags", np.int64, "2 n_features", TREE, 0, ""),
        ("sorted_categories", np.int64, "n_features n_sorted", TREE, 0, "of symmetric trees: in the order of the root"),
        ("n_categories", np.int64, "n_features", TREE, 0, "how many those are"),
        # the team: what chunks of rows tell the leader, and the leader them
        (
            "block_sums",
            np.float64,
            "n_sum_blocks n_outputs 4",
            TREE,
            None,
            "|gradient|, hessian, its bounds",
        ),
        ("packed_sums", np.int64, "max_chunks most_channels", TREE, None, "sum of the chunk's packed targets"),
        ("left_counts", np.int64, "max_chunks", TREE, None, "how many rows of the chunk go left"),
        ("left_starts", np.int64, "max_chunks", TREE, None, "where the chunk's left rows go"),
        ("right_starts", np.int64, "max_chunks", TREE, None, "and its right ones"),
        ("leaf_sums", np.int64, "n_lanes max_nodes n_outputs 2", TREE, None, "fine sums of a leaf's rows in each lane"),
        ("team", np.int64, "team_words", TREE, 0, "see `_team.py`"),
        # where the leader stands
        ("phase", int, None, TREE, 0, "the job that the team is at"),
        ("n_threads", int, None, TREE, 1, "and lanes"),
        ("n_chunks", int, None, TREE, 0, "of the job"),
        ("is_shared", bool, None, TREE, False, "the job is worth a team"),
        ("seed", int, None, TREE, 0, ""),
        ("first_output", int, None, TREE, 0, "of this tree"),
        ("n_active", int, None, TREE, 0, "features of this tree"),
        ("n_columns", int, None, TREE, 0, "that hold their codes"),
        ("n_nodes", int, None, TREE, 0, ""),
        ("n_leaves", int, None, TREE, 0, ""),
        ("n_open", int, None, TREE, 0, "nodes of the heap"),
        ("n_free", int, None, TREE, 0, "slots"),
        ("node_id", int, None, TREE, 0, "the node being split"),
        ("right_start", int, None, TREE, 0, "where its right rows begin"),
        ("level", int, None, TREE, 0, "of a symmetric tree"),
        ("small", int, None, TREE, 0, "the child whose rows are counted"),
        ("big", int, None, TREE, 0, "the child that gets the rest of the parent's histogram, or -1"),
        ("build_big", bool, None, TREE, False, "the parent's histogram is gone, so count the rows of both"),
        ("scan_left", int, None, TREE, 0, "child to scan for its best split, or -1"),
        ("scan_right", int, None, TREE, 0, ""),
        ("n_tiles", int, None, TREE, 0, "of features"),
        ("n_blocks", int, None, TREE, 0, "lanes with a histogram each; 1: all rows have one"),
    ],
)


@structref.register
class GrowthStateType(StateType):
    """Numba's type of a GrowthState."""


class GrowthState(structref.StructRefProxy):
    """The fields of TABLE."""


structref.define_boxing(GrowthStateType, GrowthState)
