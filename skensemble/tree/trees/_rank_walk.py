"""Deep trees, walked over ranks: two bytes per cell and eight per node, so that a tree and its rows stay in the cache.

A comparison only asks how many thresholds of the column lie below x.  So each column is searched once,

    rank(x) = 1 + number of thresholds < x        x <= thresholds[k]   if and only if   rank(x) <= k + 1

and NaN gets the largest rank, which no node sends to its first child.  A node that sends all to its second child, whose
threshold is NaN, has rank 0; a leaf has the largest rank.
"""

import itertools
from typing import NamedTuple

import numpy as np

from skensemble.tree._binning import Search, prepare_search
from skensemble.tree._binning_kernels import write_codes
from skensemble.tree.trees._rank_walk_kernels import LARGEST_RANK, note_only_places

MOST_THRESHOLDS = LARGEST_RANK - 2
RANKED_VALUES = 1 << 16  # number of values per feature to prepare the search for: more are worth larger tables
_NODE = np.dtype([("child", "i4"), ("rank", "u2"), ("column", "u2")])


class RankLayout(NamedTuple):
    """Nodes in the order of a PredictionLayout; a leaf is its own first child.

    The values of a leaf lie far away in memory.  A leaf whose only value is 1, as where one class is left, has the
    place of that value for its column, and others have NO_PLACE.
    """

    nodes: np.ndarray  # (n_nodes,) _NODE
    groups: list  # of RankGroups, whose trees are all of them


class RankGroup(NamedTuple):
    """Trees first_tree .. last_tree - 1, which have no more thresholds of a column than there are ranks."""

    first_tree: int
    last_tree: int
    rank_of_inf: np.ndarray  # (n_columns,) int64
    search: Search


def compile_ranks(layout):
    """RankLayout of a PredictionLayout without categorical splits; None if a tree has too many thresholds."""
    nodes, n_columns = layout.nodes, len(layout.sources)
    if n_columns > MOST_THRESHOLDS:
        return None
    ranked = np.empty(len(nodes), _NODE)
    ranked["child"], ranked["column"] = nodes["child"], nodes["column"]
    ranked["rank"] = LARGEST_RANK
    groups = _rank_groups(layout, 0, layout.n_trees, ranked["rank"])
    if groups is None:
        return None
    note_only_places(nodes["child"], layout.origin, layout.values, ranked["column"])
    return RankLayout(ranked, groups)


def _rank_groups(layout, first_tree, last_tree, rank):
    """RankGroups of some trees, whose splits get their ranks; None if a single tree has too many thresholds."""
    bounds = np.append(layout.roots, len(layout.nodes))
    nodes = layout.nodes[bounds[first_tree] : bounds[last_tree]]
    splits = np.flatnonzero(nodes["child"] != np.arange(bounds[first_tree], bounds[last_tree]))
    column, n_columns = nodes["column"][splits].astype(np.uint16), len(layout.sources)
    splits = splits[np.argsort(column, kind="stable")]  # by column: in linear time, as numbers of two bytes
    stops = np.cumsum(np.bincount(column, minlength=n_columns))
    asked = np.split(nodes["threshold"][splits], stops[:-1])
    distinct = [_distinct_numbers(thresholds) for thresholds in asked]
    n_groups = -(-max(map(len, distinct)) // MOST_THRESHOLDS)
    if n_groups > 1:
        if last_tree - first_tree == 1:
            return None
        cuts = np.linspace(first_tree, last_tree, min(n_groups, last_tree - first_tree) + 1).astype(int).tolist()
        parts = [_rank_groups(layout, first, last, rank) for first, last in itertools.pairwise(cuts)]
        return None if any(part is None for part in parts) else [group for part in parts for group in part]
    rank_of_inf = np.array([np.count_nonzero(numbers < np.inf) for numbers in distinct], np.int64)
    group = RankGroup(first_tree, last_tree, rank_of_inf, prepare_search(distinct, RANKED_VALUES))
    ranks = [_ranks_of(group, j, thresholds) for j, thresholds in enumerate(asked)]
    rank[bounds[first_tree] + splits] = np.concatenate(ranks)
    return [group]


def _distinct_numbers(thresholds):
    """Ascending, without NaN."""
    ascending = np.sort(thresholds)
    is_new = np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]
    return ascending[is_new & ~np.isnan(ascending)]


def _ranks_of(group, j, values):
    """(n,) uint16 ranks of values of column j: of a threshold from 1 on, 0 for NaN."""
    search, span, cells = (
        group.search,
        slice(*group.search.starts[j : j + 2]),
        slice(*group.search.cell_starts[j : j + 2]),
    )
    own = Search(
        thresholds=search.thresholds[span],
        starts=np.array([0, span.stop - span.start]),
        guesses=search.guesses[cells],
        cell_starts=np.array([0, cells.stop - cells.start]),
        origins=search.origins[j : j + 1],
        scales=search.scales[j : j + 1],
        n_steps=search.n_steps[j : j + 1],
    )
    return _search_ranks(values[None], own, group.rank_of_inf[j : j + 1])[:, 0]


def find_ranks(group, block, sources):
    """(n_rows, n_columns) uint16 ranks of a block of rows; column c is block[:, sources[c]], or its negative."""
    values = block.T[np.where(sources >= 0, sources, ~sources)]
    np.negative(values, out=values, where=(sources < 0)[:, None])
    ranks = _search_ranks(values, group.search, group.rank_of_inf)
    ranks[ranks == 0] = LARGEST_RANK  # missing
    return ranks


def _search_ranks(values, search, rank_of_inf):
    """(n_rows, n_columns) uint16 ranks of (n_columns, n_rows) values; 0 for NaN."""
    n_columns, n_rows = values.shape
    columns, ranks = np.empty((n_columns, n_rows), np.uint16), np.empty((n_rows, n_columns), np.uint16)
    n_codes = (rank_of_inf + 2).astype(np.int32)
    write_codes(values, *search, n_codes, np.zeros(n_columns, np.bool_), columns, ranks, 0)
    return ranks
