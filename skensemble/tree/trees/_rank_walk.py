"""Deep trees, walked over ranks: two bytes per cell and eight per node, so that a tree and its rows stay in the cache.

A comparison only asks how many thresholds of the column lie below x.  So each column is searched once,

    rank(x) = number of thresholds < x        x <= thresholds[k]   if and only if   rank(x) < k + 1

and k + 1 is what a node keeps.  NaN gets a rank that no node sends to its first child.  A node that sends all to its
second child, whose threshold is NaN, keeps 0; a leaf keeps what no rank reaches.
"""

import itertools
from typing import NamedTuple

import numpy as np

from skensemble._parallel import in_order
from skensemble.tree._binning import Search, prepare_search
from skensemble.tree._binning_kernels import write_codes
from skensemble.tree.trees._rank_walk_kernels import (
    LARGEST_RANK,
    RANK_OF_MISSING,
    collect_thresholds,
    copy_nodes,
    count_splits,
    hand_out_ranks,
)

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


def compile_ranks(layout, n_threads=1):
    """RankLayout of a PredictionLayout without categorical splits; None if a tree has too many thresholds."""
    if len(layout.sources) > MOST_THRESHOLDS:
        return None
    ranked = np.empty(len(layout.nodes), _NODE)
    copy_nodes(layout.nodes, layout.origin, layout.values, ranked)
    groups = _rank_groups(layout, 0, layout.n_trees, ranked, n_threads)
    return None if groups is None else RankLayout(ranked, groups)


def _rank_groups(layout, first_tree, last_tree, ranked, n_threads):
    """RankGroups of some trees, whose splits get their ranks; None if a single tree has too many thresholds."""
    bounds, n_columns = np.append(layout.roots, len(layout.nodes)), len(layout.sources)
    span, counts = bounds[[first_tree, last_tree]].tolist(), np.zeros(n_columns, np.int64)
    count_splits(layout.nodes, *span, counts)
    places, thresholds = np.cumsum(counts) - counts, np.empty(counts.sum())
    collect_thresholds(layout.nodes, *span, places.copy(), thresholds)
    asked = np.split(thresholds, places[1:])
    distinct = list(in_order(_distinct_numbers, asked, n_threads))
    n_groups = -(-max(map(len, distinct)) // MOST_THRESHOLDS)
    if n_groups > 1:
        if last_tree - first_tree == 1:
            return None
        cuts = np.linspace(first_tree, last_tree, min(n_groups, last_tree - first_tree) + 1).astype(int).tolist()
        parts = [_rank_groups(layout, *pair, ranked, n_threads) for pair in itertools.pairwise(cuts)]
        return None if any(part is None for part in parts) else [group for part in parts for group in part]
    rank_of_inf = np.array([np.count_nonzero(numbers < np.inf) for numbers in distinct], np.int64)
    group = RankGroup(first_tree, last_tree, rank_of_inf, prepare_search(distinct, RANKED_VALUES))
    ranks = list(in_order(lambda j: _ranks_of(group, j, asked[j]), range(n_columns), n_threads))
    hand_out_ranks(layout.nodes, *span, places, np.concatenate(ranks), ranked)
    return [group]


def _distinct_numbers(thresholds):
    """Ascending, without NaN."""
    ascending = np.sort(thresholds)
    is_new = np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]
    return ascending[is_new & ~np.isnan(ascending)]


def _ranks_of(group, j, thresholds):
    """(n,) uint16 what nodes of column j keep: 0 for NaN."""
    search = group.search
    span, cells = slice(*search.starts[j : j + 2]), slice(*search.cell_starts[j : j + 2])
    own = Search(
        thresholds=search.thresholds[span],
        starts=np.array([0, span.stop - span.start]),
        guesses=search.guesses[cells],
        cell_starts=np.array([0, cells.stop - cells.start]),
        origins=search.origins[j : j + 1],
        scales=search.scales[j : j + 1],
        n_steps=search.n_steps[j : j + 1],
    )
    columns, rows = _empty_ranks(len(thresholds), 1)
    _search_codes(thresholds[None], own, group.rank_of_inf[j : j + 1], columns, rows, 0)
    return columns[0]


def find_ranks(group, encoded, n_rows, sources):
    """uint16 ranks of rows, (n_columns, n_rows) and (n_rows, n_columns); column c is sources[c], or its negative.

    encoded : of blocks of rows, (first row, their numbers)
    """
    columns, rows = _empty_ranks(n_rows, len(sources))
    for first, block in encoded:
        values, span = block.T[np.where(sources >= 0, sources, ~sources)], slice(first, first + len(block))
        np.negative(values, out=values, where=(sources < 0)[:, None])
        _search_codes(values, group.search, group.rank_of_inf, columns, rows, first)
        for codes in (columns[:, span], rows[span]):
            codes -= np.uint16(1)  # code 0, missing, becomes the largest number
            np.minimum(codes, RANK_OF_MISSING, out=codes)
    return columns, rows


def _empty_ranks(n_rows, n_columns):
    return np.empty((n_columns, n_rows), np.uint16), np.empty((n_rows, n_columns), np.uint16)


def _search_codes(values, search, rank_of_inf, columns, rows, first_row):
    """Write 1 + the ranks of (n_columns, n_rows) values, and 0 for NaN."""
    n_codes = (rank_of_inf + 2).astype(np.int32)
    write_codes(values, *search, n_codes, np.zeros(len(values), np.bool_), columns, rows, first_row)
