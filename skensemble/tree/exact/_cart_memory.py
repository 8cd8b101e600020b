"""The memory in which CARTs grow: how large its arrays are, and the states made of it."""

from skensemble._team import team_words
from skensemble.tree._state_memory import StateMemory
from skensemble.tree._state_table import TREE, most_nodes
from skensemble.tree.exact._cart_state import TABLE, CartState, CartStateType
from skensemble.tree.exact._code_groups import FEW_CODES, N_COPIES
from skensemble.tree.exact._code_sums import MANY_CODES
from skensemble.tree.exact._row_search import ROWS_FOR_INTEGERS_OF_NUMBERS
from skensemble.tree.exact._summed_features import n_sum_slots
from skensemble.tree.exact._team_search import N_CHUNKS, N_FOUND, N_JOB


class CartMemory(StateMemory):
    """What one tree at a time grows in."""

    table, state_class, struct_type = TABLE, CartState, CartStateType

    def __init__(self, given, sizes, shared=None):
        super().__init__(given, sizes, shared)
        self._helpers = []

    @classmethod
    def new(cls, given):
        """Memory for the fields that a fit gives, which know the data and the limits."""
        return cls(given, _sizes(given))

    def helper(self, number):
        """CartMemory of a helper: the same but for what a search writes to; made when it is first asked for."""
        while len(self._helpers) <= number:
            self._helpers.append(self.sharing(TREE))
        return self._helpers[number]


def _sizes(given):
    n_features, n_samples = len(given["columns"]), len(given["row_order"])
    n_ranked, n_channels = len(given["y_rank"]), given["n_channels"]
    most_codes = int(given["n_codes"].max(initial=2))
    max_nodes = most_nodes(n_samples, given["max_depth"], given["max_leaf_nodes"])
    is_best_first = given["max_leaf_nodes"] > 0
    n_groups = max(min(most_codes, n_samples) + 1, 2)
    # A continued fit may have fewer rows than codes: see `_row_search.try_feature` and `_code_sums.py`.
    most_in_histogram = max(n_samples, ROWS_FOR_INTEGERS_OF_NUMBERS * n_samples // n_channels, MANY_CODES)
    n_slots = n_sum_slots(given)
    return {
        "n_samples": n_samples,
        "n_features": n_features,
        "n_sparse_rows": n_samples if len(given["usual"]) else 0,
        "n_sparse_features": len(given["usual"]),
        "n_all_codes": int(given["n_codes"].sum()),
        "n_outputs": given["n_outputs"],
        "n_stats": given["n_stats"],
        "n_channels": n_channels,
        "n_classified": len(given["class_of_row"]),
        "n_numbers": given["y"].shape[1],
        "n_ranked": n_ranked,
        "n_ranks": n_ranked + 1,
        "n_histogram_cells": max(min(most_codes, most_in_histogram) + 1, N_COPIES * FEW_CODES) * n_channels,
        "n_slots": n_slots,
        "n_sum_integers": n_slots * int(given["first_cell"][-1]) * n_channels,
        "n_packed": given["y"].shape[1] if given["n_outputs"] == 1 else 0,
        "n_ranges": given["row_bytes"],
        "n_code_words": MANY_CODES // 64,
        "n_code_groups": n_groups,
        "n_group_cells": n_groups * n_channels,
        "n_places": most_codes + 1,
        "n_words": (most_codes + 63) // 64 if given["is_categorical"].any() else 1,
        "max_nodes": max_nodes,
        "n_stack": 0 if is_best_first else max_nodes + 1,
        "n_heap": max_nodes if is_best_first else 0,
        "team_words": team_words(1),
        "n_job": N_JOB,
        "n_found": N_FOUND,
        "max_chunks": N_CHUNKS,
    }
