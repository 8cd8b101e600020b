"""Deep trees, walked over ranks: two bytes per cell and eight per node, so that a tree and its rows stay in the cache.

A comparison only asks how many thresholds of the column lie below x.  So each column is searched once,

    rank(x) = 1 + number of thresholds < x        x <= thresholds[k]   if and only if   rank(x) <= k + 1

and NaN gets the largest rank, which no node sends to its first child.  A node that sends all to its second child, whose
threshold is NaN, has rank 0; a leaf has the largest rank.
"""

from typing import NamedTuple

import numpy as np

from skensemble.tree._binning import Search, prepare_search
from skensemble.tree._binning_kernels import write_codes
from skensemble.tree.trees._rank_walk_kernels import LARGEST_RANK, NO_PLACE

MOST_THRESHOLDS = LARGEST_RANK - 2
RANKED_VALUES = 1 << 16  # number of values per feature to prepare the search for: more are worth larger tables
_NODE = np.dtype([("child", "i4"), ("rank", "u2"), ("column", "u2")])


class RankLayout(NamedTuple):
    """Nodes in the order of a PredictionLayout; a leaf is its own first child.

    The values of a leaf lie far away in memory.  A leaf whose only value is 1, as where one class is left, has the
    place of that value for its column, and others have NO_PLACE.
    """

    nodes: np.ndarray  # (n_nodes,) _NODE
    rank_of_inf: np.ndarray  # (n_columns,) int64
    search: Search


def compile_ranks(nodes, n_columns, values):
    """RankLayout of the nodes of a PredictionLayout without categorical splits; None if it has too many thresholds.

    values : (n_nodes, n_values) of the nodes
    """
    if n_columns > MOST_THRESHOLDS:
        return None
    is_split = nodes["child"] != np.arange(len(nodes))
    splits = np.flatnonzero(is_split)
    column = nodes["column"][splits].astype(np.uint16)
    splits = splits[np.argsort(column, kind="stable")]  # by column: in linear time, as numbers of two bytes
    stops = np.cumsum(np.bincount(column, minlength=n_columns))
    thresholds, ranks = zip(*map(_ranks_of, np.split(nodes["threshold"][splits], stops[:-1])))
    if max(map(len, thresholds)) > MOST_THRESHOLDS:
        return None
    ranked = np.zeros(len(nodes), _NODE)
    ranked["child"], ranked["rank"], ranked["column"] = nodes["child"], LARGEST_RANK, nodes["column"]
    ranked["rank"][splits] = np.concatenate(ranks)
    ranked["column"][~is_split] = _only_places(values[~is_split])
    rank_of_inf = np.array([np.count_nonzero(distinct < np.inf) for distinct in thresholds], np.int64)
    return RankLayout(ranked, rank_of_inf, prepare_search(list(thresholds), RANKED_VALUES))


def _ranks_of(thresholds):
    """The distinct thresholds of a column, and the rank of each: from 1 on, 0 for NaN."""
    distinct, place = np.unique(thresholds, return_inverse=True)  # NaN comes last
    n_numbers = len(distinct) - np.isnan(distinct[-1:]).sum()
    return distinct[:n_numbers], np.where(place < n_numbers, place + 1, 0)


def _only_places(values):
    """Place of the only value of each row, if this is 1."""
    is_alone = ((values != 0.0).sum(axis=1) == 1) & (values.max(axis=1) == 1.0)
    return np.where(is_alone, values.argmax(axis=1), NO_PLACE)


def find_ranks(layout, block, sources):
    """(n_rows, n_columns) uint16 ranks of a block of rows; column c is block[:, sources[c]], or its negative."""
    n_rows, n_columns = len(block), len(sources)
    values = block.T[np.where(sources >= 0, sources, ~sources)]
    np.negative(values, out=values, where=(sources < 0)[:, None])
    columns, ranks = np.empty((n_columns, n_rows), np.uint16), np.empty((n_rows, n_columns), np.uint16)
    n_codes = (layout.rank_of_inf + 2).astype(np.int32)
    write_codes(values, *layout.search, n_codes, np.zeros(n_columns, np.bool_), columns, ranks, 0)
    ranks[ranks == 0] = LARGEST_RANK  # missing
    return ranks
