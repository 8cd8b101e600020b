"""The memory in which trees grow: how large its arrays are, and the states made of it."""

from skensemble._team import team_words
from skensemble.tree._state_memory import StateMemory
from skensemble.tree._state_table import CALL, TREE, most_nodes
from skensemble.tree.histogram._growing import MAX_ROW_CHUNKS
from skensemble.tree.histogram._growth_jobs import SUM_BLOCK
from skensemble.tree.histogram._growth_limits import DEPTH_FIRST, SYMMETRIC
from skensemble.tree.histogram._growth_state import TABLE, GrowthState, GrowthStateType

MAX_HISTOGRAM_BYTES = 1 << 29


class GrowthMemory(StateMemory):
    """What one tree at a time grows in."""

    table, state_class, struct_type = TABLE, GrowthState, GrowthStateType

    @classmethod
    def new(cls, given, n_threads, n_copies=1):
        """Memory for the fields that a fit gives, which know the data and the limits.

        n_copies : how many states share the memory for histograms
        """
        return cls(given, _sizes(given, n_threads, n_copies))

    @classmethod
    def of_leader(cls, given, n_rows):
        """Memory of a leader, whose table is empty, for trees of up to `n_rows` rows that stand elsewhere."""
        max_nodes = _max_nodes(given, n_rows)
        sizes = {**_sizes(given, 1, 1), "max_nodes": max_nodes, "n_sum_blocks": 1}
        n_cells = given["n_column_cells"] * sizes["most_channels"]
        sizes["n_slots"] = _n_slots(given, max_nodes, n_cells)
        sizes["n_histogram_cells"] = sizes["n_slots"] * n_cells
        return cls(given, sizes)

    def with_others(self, **given):
        """The same memory with other values of some fields that a fit gives."""
        return self.sharing(TREE, CALL, **given)


def _sizes(given, n_threads, n_copies):
    n_samples, n_padded = given["codes"].shape
    counts = given["min_samples_leaf"] > 1
    n_features, most_channels = len(given["n_codes"]), given["n_outputs"] + counts
    n_cells = given["n_column_cells"] * most_channels
    has_categories = bool(given["is_categorical"].any())
    most_codes = int(given["n_codes"].max(initial=1))
    max_nodes = _max_nodes(given, n_samples)
    n_slots = _n_slots(given, max_nodes, n_cells * n_copies)
    return {
        "n_samples": n_samples,
        "n_padded": n_padded,
        "n_features": n_features,
        "n_groups": len(given["interactions"]),
        "n_outputs": given["n_outputs"],
        "most_channels": most_channels,
        "n_packed": n_samples * most_channels,
        "n_row_counts": 2 * given["n_column_cells"] if counts else 0,
        "n_slots": n_slots,
        "n_histogram_cells": (n_slots + n_threads) * n_cells,
        "max_nodes": max_nodes,
        "n_words": (most_codes + 63) // 64 if has_categories else 1,
        "n_sorted": most_codes if has_categories else 1,
        "n_sum_blocks": -(-n_samples // SUM_BLOCK),
        "max_chunks": MAX_ROW_CHUNKS,
        "n_lanes": n_threads,
        "team_words": team_words(n_threads),
    }


def _max_nodes(limits, n_samples):
    if limits["policy"] == SYMMETRIC:
        return 2 ** (limits["max_depth"] + 1) - 1
    return most_nodes(n_samples, limits["max_depth"], limits["max_leaf_nodes"])


def _n_slots(given, max_nodes, n_cells):
    """Histograms alive at a time: one for each open node, if memory allows.  n_cells : of one, times the copies"""
    if given["policy"] == SYMMETRIC:
        return max(1, 2 ** (given["max_depth"] - 1)) + 1
    n_open = (max_nodes + 1) // 2
    if given["policy"] == DEPTH_FIRST and given["max_depth"] >= 0:
        n_open = min(n_open, given["max_depth"] + 1)
    return max(4, min(n_open + 3, MAX_HISTOGRAM_BYTES // (8 * n_cells)))
