"""Everything a growing tree reads and writes, behind one pointer.

Forty arrays passed from kernel to kernel cost a minute of compiling; a Numba structref passes one.  All kernels of
`_growing.py` take this state; those of `_histogram.py` and the partition take the arrays they touch.
"""

import numpy as np
from numba import types
from numba.experimental import structref

from skensemble._jit import kernel
from skensemble._parallel import new_team
from skensemble.tree.histogram._growth_limits import DEPTH_FIRST, SYMMETRIC, GrowthLimits
from skensemble.tree.histogram._histogram import SCALAR

NODE = np.dtype(
    [
        ("gain", np.float64),
        ("lower", np.float64),  # bounds of the value, from monotone constraints
        ("upper", np.float64),
        ("start", np.int64),  # rows [start, stop) of buffer `buffer`
        ("stop", np.int64),
        ("buffer", np.int64),
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
MAX_ROW_CHUNKS = 4096
SUM_BLOCK = 1 << 16  # rows; fixed, so that float sums do not depend on the number of threads
MAX_HISTOGRAM_BYTES = 1 << 29


@structref.register
class GrowthStateType(types.StructRef):
    """Numba's type of a GrowthState."""

    def preprocess_fields(self, fields):
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class GrowthState(structref.StructRefProxy):
    """See FIELDS."""


FIELDS = (
    *GrowthLimits._fields,
    "plain",  # bool: nothing but reg_lambda and min_child_weight bears on a numeric split of a scalar target
    # the binned table
    "codes",  # (n_samples, n_padded)
    "words_of_codes",  # (n_samples, n_padded / 8) uint64: uint8 codes eight at a time, or (0, 0)
    "usual_words",  # (2, n_padded / 8) uint64: the usual word and whether there is one; or (2, 0)
    "columns",  # (n_features, n_samples)
    "n_codes",  # (n_features,) int64
    "is_categorical",  # (n_features,) bool
    "monotone",  # (n_features,) int64: -1, 0, 1
    "interactions",  # (n_groups, n_features) bool; no group: every feature may meet every other
    "codes_in_order",  # 1, 2, 3, ... int64: the scan order of a numeric feature
    "shift",  # a feature's cells begin at feature << shift
    # what a row adds to a histogram, and how to read the sums
    "kind",  # SCALAR or VECTOR
    "layout",  # PACKED or WIDE
    "n_outputs",
    "n_channels",
    "counts",  # bool: the last channel counts rows
    "vectors",  # (n_samples, n_channels) int64 of a vector target, else (0, 0)
    "packed_targets",  # where rows are written in fixed point: packed[0], or vectors one after the other
    "gradient_unit",  # (n_outputs,) float64: what an integer 1 stands for
    "hessian_unit",
    # what the leaves are computed from
    "gradient",  # (all outputs, n_samples) float32
    "hessian",
    "weight",  # (n_samples,) float64, or (0,) for all ones
    "whole",  # bool: all weights are whole numbers
    "n_units",  # float: how many times a rounded row may be added
    "fine_gradient",  # (n_outputs,) float64: fixed-point scale of a leaf's sums, about 62 bits
    "fine_hessian",
    # rows
    "rows",  # (2, n_samples) uint32
    "packed",  # (2, n_samples) int64 of a scalar target, else (2, 0): travels with the rows
    "goes_left",  # (n_samples,) uint8
    "leaf_of_row",  # (n_samples,) int32
    # histograms
    "histogram",  # n_slots x n_cells int64, flat
    "n_cells",  # integers of one histogram
    "free_slots",  # (n_slots,) int64, a stack
    # nodes
    "nodes",  # (max_nodes,) NODE
    "totals",  # (max_nodes, n_channels) int64
    "left_totals",  # (max_nodes, n_channels) int64: of the left side of the node's best split
    "words",  # (max_nodes, n_words) uint64: categories that go left
    "groups",  # (max_nodes, n_groups) bool: interaction groups still possible
    "values",  # (max_nodes, n_outputs) float64
    "cover",  # (max_nodes,) float64: sum of the hessians, mean over the outputs
    "heap",  # (max_nodes,) float64 keys
    "heap_node",  # (max_nodes,) int64
    # features
    "features",  # (n_features,) int64; the tree's features stand in [:n_active]
    "allowed",  # (2, n_features) bool: may the left / right child split on it
    "best_gain",  # (2, n_features) float64
    "best_position",  # (2, n_features) int64
    "best_flags",  # (2, n_features) int64
    "order",  # (n_features, n_codes) int64: category order of symmetric trees
    "n_order",  # (n_features,) int64
    # the team
    "block_sums",  # (n_blocks, n_outputs, 2) float64: of |gradient| and hessian
    "per_chunk",  # (MAX_ROW_CHUNKS + 1,) int64: the sum of a chunk's targets; where the left rows of a chunk go
    "team",  # (16,) int64
    # where the leader stands
    "phase",  # the job that the team is at
    "n_threads",
    "n_chunks",  # of the job
    "seed",
    "first_output",  # of this tree, in `gradient` and `hessian`
    "n_active",  # features of this tree
    "n_nodes",
    "n_leaves",
    "n_heap",
    "n_free",  # slots
    "node_id",  # the node being split
    "level",  # of a symmetric tree
    "small",  # the child whose rows are counted
    "big",  # the child that gets the rest of the parent's histogram, or -1
    "build_big",  # bool: the parent's histogram is gone, so count the rows of both
    "scan_left",  # child to scan for its best split, or -1
    "scan_right",
    "n_tiles",
    "n_blocks",
)
_LEADER = FIELDS[FIELDS.index("phase") :]
structref.define_proxy(GrowthState, GrowthStateType, list(FIELDS))


@kernel
def _new_state(*fields):
    return GrowthState(*fields)


def new_state(fields, n_threads, n_copies=1):
    """A state for growing trees; `fields` holds the limits, the binned table and the kind of target (see FIELDS).

    n_copies : how many states share the memory for histograms

    Returns the state and the dict of its arrays, which Python keeps for reading and writing.
    """
    work = _workspace(fields, n_threads, n_copies)
    return same_memory({**_NO_TARGETS, **fields, **work, **_AT_FIRST, "n_threads": n_threads})


def same_memory(fields):
    """A state, and the dict of its arrays, made of all its fields."""
    return _new_state(*(fields[name] for name in FIELDS)), fields


_AT_FIRST = {**dict.fromkeys(_LEADER, 0), "build_big": False}
_NO_TARGETS = {  # each tree brings its own
    "gradient": np.zeros((0, 0), np.float32),
    "hessian": np.zeros((0, 0), np.float32),
    "weight": np.zeros(0),
    "whole": True,
    "n_units": 0.0,
    "leaf_of_row": np.zeros(0, np.int32),
}


def _workspace(fields, n_threads, n_copies):
    """Memory of a growing tree, made once for all trees of a fit."""
    n_samples, n_features = len(fields["codes"]), len(fields["n_codes"])
    n_channels = fields["n_channels"]
    max_nodes = _max_nodes(fields, n_samples)
    n_cells = (n_features << fields["shift"]) * n_channels
    n_slots = _n_slots(fields, max_nodes, n_cells, n_copies)
    has_categories = bool(fields["is_categorical"].any())
    most_codes = int(fields["n_codes"].max(initial=1))
    is_scalar = fields["kind"] == SCALAR
    packed = np.empty((2, n_samples if is_scalar else 0), np.int64)
    vectors = np.empty((0, 0) if is_scalar else (n_samples, n_channels), np.int64)
    gradient_unit, hessian_unit, fine_gradient, fine_hessian = np.ones((4, fields["n_outputs"]))
    return {
        "rows": np.empty((2, n_samples), np.uint32),
        "packed": packed,
        "vectors": vectors,
        "packed_targets": packed[0] if is_scalar else vectors.reshape(-1),
        "gradient_unit": gradient_unit,
        "hessian_unit": hessian_unit,
        "fine_gradient": fine_gradient,
        "fine_hessian": fine_hessian,
        "goes_left": np.empty(n_samples, np.uint8),
        "n_cells": n_cells,
        "histogram": np.empty((n_slots + n_threads) * n_cells, np.int64),
        "free_slots": np.empty(n_slots, np.int64),
        "nodes": np.zeros(max_nodes, NODE),
        "totals": np.zeros((max_nodes, n_channels), np.int64),
        "left_totals": np.zeros((max_nodes, n_channels), np.int64),
        "words": np.zeros((max_nodes, (most_codes + 63) // 64 if has_categories else 1), np.uint64),
        "groups": np.zeros((max_nodes, len(fields["interactions"])), np.bool_),
        "values": np.zeros((max_nodes, fields["n_outputs"])),
        "cover": np.zeros(max_nodes),
        "heap": np.empty(max_nodes),
        "heap_node": np.empty(max_nodes, np.int64),
        "features": np.arange(n_features),
        "allowed": np.zeros((2, n_features), np.bool_),
        "best_gain": np.zeros((2, n_features)),
        "best_position": np.zeros((2, n_features), np.int64),
        "best_flags": np.zeros((2, n_features), np.int64),
        "order": np.zeros((n_features, most_codes if has_categories else 1), np.int64),
        "n_order": np.zeros(n_features, np.int64),
        "block_sums": np.empty((-(-n_samples // SUM_BLOCK), fields["n_outputs"], 2)),
        "per_chunk": np.empty(MAX_ROW_CHUNKS + 1, np.int64),
        "team": new_team(),
    }


def _max_nodes(limits, n_samples):
    max_depth, max_leaf_nodes = limits["max_depth"], limits["max_leaf_nodes"]
    if limits["policy"] == SYMMETRIC:
        return 2 ** (max_depth + 1) - 1
    most = max(1, 2 * n_samples - 1)
    if max_leaf_nodes > 0:
        most = min(most, 2 * max_leaf_nodes - 1)
    if 0 <= max_depth < 40:
        most = min(most, 2 ** (max_depth + 1) - 1)
    return most


def _n_slots(limits, max_nodes, n_cells, n_copies):
    """Histograms alive at a time: one for each open node, if memory allows."""
    if limits["policy"] == SYMMETRIC:
        return max(1, 2 ** (limits["max_depth"] - 1)) + 1
    n_open = (max_nodes + 1) // 2
    if limits["policy"] == DEPTH_FIRST and limits["max_depth"] >= 0:
        n_open = min(n_open, limits["max_depth"] + 1)
    return max(4, min(n_open + 3, MAX_HISTOGRAM_BYTES // (8 * n_cells * n_copies)))
