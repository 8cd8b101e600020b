"""Which features of a table have their sums made together for a node, and their codes as `_node_sums.py` reads them."""

import numpy as np
import scipy.sparse

from skensemble.tree._state_table import NO_LIMIT
from skensemble.tree.exact._code_sums import MANY_CODES

SAMPLE = 1000  # rows looked at
USUAL_SHARE = 0.75  # of the rows that have the usual code of a feature, from which the others are stored
MOST_SLOTS, MOST_INTEGERS = 16, 1 << 21  # of the sums of all nodes at a time


def sum_fields(binned, limits, n_outputs):
    """Fields of a CartState about sums of nodes; those of no feature where a tree has no use for sums."""
    is_narrow = (binned.n_codes <= MANY_CODES) & ~binned.is_categorical
    if not is_narrow.any() or not _makes_sums(limits, n_outputs, len(binned.n_codes)):
        return no_sum_fields(len(binned.n_codes))
    places, n_in_words, usual = _placed_features(binned, is_narrow)
    first_cell = np.append(0, np.cumsum(binned.n_codes[places], dtype=np.int64))
    place_in_sums = np.full(len(binned.n_codes), -1, np.int64)
    place_in_sums[places] = np.arange(len(places))
    row_start, entry_cell = _entries(binned, places[n_in_words:], usual, first_cell[n_in_words:-1])
    return {
        "place_in_sums": place_in_sums,
        "first_cell": first_cell,
        "n_in_words": n_in_words,
        "words_of_codes": _words(binned, places[:n_in_words]),
        "sum_row_start": row_start,
        "sum_entry_cell": entry_cell,
        "usual_cell": first_cell[n_in_words:-1] + usual,
    }


def no_sum_fields(n_features):
    """The same fields where no sums are made."""
    return {
        "place_in_sums": np.full(n_features, -1, np.int64),
        "first_cell": np.zeros(1, np.int64),
        "n_in_words": 0,
        "words_of_codes": np.zeros((0, 0), np.uint64),
        "sum_row_start": np.zeros(1, np.int64),
        "sum_entry_cell": np.zeros(0, np.int32),
        "usual_cell": np.zeros(0, np.int64),
    }


def n_sum_slots(given):
    """For how many nodes at a time there are sums."""
    n_integers = int(given["first_cell"][-1]) * given["n_channels"]
    depth = given["max_depth"]
    wanted = MOST_SLOTS if depth == NO_LIMIT else min(depth, MOST_SLOTS)
    return min(wanted, MOST_INTEGERS // n_integers) if n_integers else 0


def _makes_sums(limits, n_outputs, n_features):
    tries_all = limits.max_features < 0 or limits.max_features >= n_features
    is_sum = limits.criterion in ("gini", "entropy", "squared_error", "poisson")
    is_depth_first = limits.max_leaf_nodes <= 0
    return tries_all and is_sum and is_depth_first and n_outputs == 1 and limits.splitter == "best"


def _placed_features(binned, is_narrow):
    """(features that have sums, those read by words first; how many these are; usual codes of the others)"""
    step = max(1, binned.n_samples // SAMPLE)
    sample = np.sort(binned.columns[:, ::step], axis=1)
    usual = sample[:, sample.shape[1] // 2]
    is_usual = is_narrow & ((sample == usual[:, None]).mean(axis=1) >= USUAL_SHARE)
    by_words, by_entries = np.flatnonzero(is_narrow & ~is_usual), np.flatnonzero(is_usual)
    return np.append(by_words, by_entries), len(by_words), usual[by_entries].astype(np.int64)


def _words(binned, features):
    """(n_samples, n_words) uint64: codes of the features, eight at a time."""
    codes = np.zeros((binned.n_samples, -(-len(features) // 8) * 8), np.uint8)
    for place, feature in enumerate(features):
        codes[:, place] = binned.columns[feature]
    return codes.view(np.uint64)


def _entries(binned, features, usual, first_cell):
    """(where those of each row begin, cell of each): rows whose code is not the usual one."""
    rows = [np.flatnonzero(binned.columns[feature] != code) for feature, code in zip(features, usual)]
    if not rows:
        return np.zeros(1, np.int64), np.zeros(0, np.int32)
    cells = [
        binned.columns[feature][at].astype(np.int32) + np.int32(first)
        for feature, at, first in zip(features, rows, first_cell)
    ]
    start, shape = np.append(0, np.cumsum([len(at) for at in rows])), (binned.n_samples, len(features))
    by_row = scipy.sparse.csc_matrix((np.concatenate(cells), np.concatenate(rows), start), shape).tocsr()
    return by_row.indptr.astype(np.int64), by_row.data
