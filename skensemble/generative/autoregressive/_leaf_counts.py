"""LeafCounts: how often each cell of a column, and each repeated value, is there in the leaves of one tree.

Leaves are small, so their shares are drawn towards those of the smallest ancestor with many rows, and these towards the
shares of all rows (`_conditional.py`).
"""

import numpy as np

from skensemble._validation import read_table
from skensemble.generative.autoregressive._leaf_counts_kernels import add_up_cells

LARGER = 8.0  # weight of an ancestor, as a multiple of the minimum of a leaf
GROWN = 0.6  # share of the rows that grow a tree after the first
MOST_GROWN = 100_000  # rows from which a tree is grown; its leaves count all rows


class LeafCounts:
    """Counts of a tree of the columns before one; without any, or with one cell, of the root alone.

    leaves, ancestors : Counts of cells;  values : Counts of values on a step, or None
    """

    def __init__(self, min_samples_leaf, seed):
        self.min_samples_leaf, self.seed, self.tree = min_samples_leaf, seed, None

    def fit(self, cells, trees, codes, weight, value_of):
        """(n_rows,) leaf of each row.

        trees : TreesOfColumn;  codes : (n_rows,), cells;  value_of : (n_rows,), numbers of values, or None
        weight : (n_rows,); rows of weight 0 are not counted.  The first rows are some of chance, as of merged ones.
        """
        leaf = np.zeros(len(codes), np.int64)
        if trees.can_grow:
            self.tree, leaf = trees.grow(self._growing_weight(weight), self.min_samples_leaf)
        counted = np.flatnonzero(weight > 0)
        parent = self._parents()
        self.ancestor_of = self._large_ancestors(parent)
        self.leaves = Counts(leaf[counted], codes[counted], weight[counted], cells.n_cells)
        self.ancestors = self._counts_of_ancestors(parent)
        self.values = None
        if value_of is not None:
            rows = counted[value_of[counted] >= 0]
            n_values, last = len(cells.stepped.values), leaf[counted].max()
            self.values = Counts(leaf[rows], value_of[rows], weight[rows], n_values, last)
        return leaf

    def _growing_weight(self, weight):
        """All rows for the first tree, some of chance for others, so that trees differ; at most MOST_GROWN."""
        rows = np.flatnonzero(weight > 0)
        if self.seed > 0:
            n_grown = int(np.ceil(GROWN * len(rows)))
            rows = rows[np.random.default_rng(self.seed).permutation(len(rows))[:n_grown]]
        growing = np.zeros(len(weight))
        growing[rows[:MOST_GROWN]] = weight[rows[:MOST_GROWN]]
        return growing

    def _parents(self):
        """The parent of each node, the root's is itself; without a tree there is but the root."""
        if self.tree is None:
            return np.zeros(1, np.int64)
        parent = np.zeros(self.tree.node_count, np.int64)
        for children in (self.tree.children_left, self.tree.children_right):
            inner = np.flatnonzero(children >= 0)
            parent[children[inner]] = inner
        return parent

    def _large_ancestors(self, parent):
        """For each node the smallest node with many rows that it is, or is below of, by the rows that grew the tree."""
        ancestor = np.arange(len(parent))
        if self.tree is None:
            return ancestor
        is_small = self.tree.weighted_n_node_samples < LARGER * self.min_samples_leaf
        while (climbs := is_small[ancestor] & (ancestor > 0)).any():
            ancestor = np.where(climbs, parent[ancestor], ancestor)
        return ancestor

    def _counts_of_ancestors(self, parent):
        """Counts of the ancestors of leaves, added up from those of leaves, one level of the tree after the other."""
        n_nodes, n_cells = len(parent), self.leaves.n_cells
        is_used = np.zeros(n_nodes, bool)
        is_used[self.ancestor_of[np.flatnonzero(self.leaves.total)]] = True
        node, cell, weight = (
            self.ancestor_of[self.leaves.keys // n_cells],
            self.leaves.keys % n_cells,
            self.leaves.weights,
        )
        parts = []
        while len(node) > 0:
            keys, weight = _added_up(node, cell, weight, n_nodes, n_cells)
            node, cell = keys // n_cells, keys % n_cells
            parts.append([each[is_used[node]] for each in (node, cell, weight)])
            cell, weight, node = cell[node > 0], weight[node > 0], parent[node[node > 0]]
        return Counts(*(np.concatenate(each) for each in zip(*parts, strict=True)), n_cells)

    def leaves_of(self, features):
        if self.tree is None or len(features) == 0:
            return np.zeros(len(features), np.int64)
        return self.tree.leaves(read_table(features)).astype(np.int64)

    def of_cells(self, leaf, codes, shares, strength):
        """(n_rows,) p(cell | leaf);  shares : (n_cells,), of all rows"""
        share = self.ancestors.smoothed(self.ancestor_of[leaf], codes, shares[codes], strength)
        return self.leaves.smoothed(leaf, codes, share, strength)

    def of_all_cells(self, leaf, shares, strength):
        """(n_rows, n_cells)"""
        share = self.ancestors.all_smoothed(self.ancestor_of[leaf], shares, strength)
        return self.leaves.all_smoothed(leaf, share, strength)

    def of_wanted_cells(self, leaf, is_wanted, shares, strength):
        """(n_rows,) probability of some of the cells together"""
        share = shares[is_wanted].sum()
        for counts, node in ((self.ancestors, self.ancestor_of[leaf]), (self.leaves, leaf)):
            share = (counts.of_cells(is_wanted)[node] + strength * share) / (counts.total[node] + strength)
        return share

    def draw(self, leaf, shares, strength, rng):
        """A cell for each row."""
        drawn = np.searchsorted(np.cumsum(shares)[:-1], rng.random(len(leaf)), side="right")
        for counts, node in ((self.ancestors, self.ancestor_of[leaf]), (self.leaves, leaf)):
            own = counts.total[node] / (counts.total[node] + strength)
            is_own = rng.random(len(leaf)) < own
            drawn[is_own] = counts.draw(node[is_own], rng)
        return drawn


def _added_up(node, cell, weight, n_nodes, n_cells):
    """(node * n_cells + cell, ascending, weights of their rows)"""
    keys, weights = np.empty(len(node), np.int64), np.empty(len(node))
    n_keys = add_up_cells(node, cell, weight, n_nodes, n_cells, keys, weights)
    return keys[:n_keys].copy(), weights[:n_keys].copy()


class Counts:
    """Weight of the rows of each node in each cell, sparse.

    last : number of the last node, where it is to be after those of the rows
    """

    def __init__(self, node, codes, weight, n_cells, last=-1):
        self.n_cells = n_cells
        n_nodes = max(int(node.max(initial=-1)), int(last)) + 1
        self.keys, self.weights = _added_up(node, codes, weight, n_nodes, n_cells)
        self.ends = np.cumsum(self.weights)
        self.total = np.bincount(node, weight, n_nodes)
        self.begin = np.zeros(len(self.total))
        first = np.searchsorted(self.keys, np.arange(len(self.total)) * n_cells)
        has_rows = self.total > 0
        self.begin[has_rows] = np.r_[0.0, self.ends][first[has_rows]]

    def of(self, node, codes):
        """Weight of the rows of a node in a cell."""
        key = node * self.n_cells + codes
        place = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.where(self.keys[place] == key, self.weights[place], 0.0)

    def smoothed(self, node, codes, prior, strength):
        return (self.of(node, codes) + strength * prior) / (self.total[node] + strength)

    def all_smoothed(self, node, prior, strength):
        """(n_rows, n_cells);  prior : of all cells, alike for all rows or row by row"""
        first = np.searchsorted(self.keys, node * self.n_cells)
        n_keys = np.searchsorted(self.keys, (node + 1) * self.n_cells) - first
        row = np.repeat(np.arange(len(node)), n_keys)
        place = np.arange(len(row)) + np.repeat(first - np.cumsum(n_keys) + n_keys, n_keys)
        counts = np.zeros((len(node), self.n_cells))
        counts[row, self.keys[place] % self.n_cells] = self.weights[place]
        return (counts + strength * prior) / (self.total[node] + strength)[:, np.newaxis]

    def of_cells(self, is_wanted):
        """Weight of the rows of each node in some of the cells."""
        wanted = is_wanted[self.keys % self.n_cells]
        return np.bincount(self.keys[wanted] // self.n_cells, self.weights[wanted], len(self.total))

    def between(self, node, first, last):
        """(weight before, weight) of the rows of a node in the cells from `first` to before `last`."""
        ends = np.r_[0.0, self.ends]
        low, high = (ends[np.searchsorted(self.keys, node * self.n_cells + cell)] for cell in (first, last))
        return low, high - low

    def draw(self, node, rng):
        return self.at(self.begin[node] + rng.random(len(node)) * self.total[node])

    def at(self, target):
        """The cell below whose end of weights, of all nodes one after the other, a target lies."""
        place = np.minimum(np.searchsorted(self.ends, target, side="right"), len(self.keys) - 1)
        return self.keys[place] % self.n_cells
