"""Conditional: how the cells of a column are distributed, given the columns before it, by a tree.

The rows of the training data in a leaf say how often each cell is there.  Leaves are small, so their shares are drawn
towards those of the smallest ancestor with many rows, and these towards the shares of all rows:

    p(cell | leaf) = (n(cell, leaf) + a p(cell | ancestor)) / (n(leaf) + a)

(hierarchical smoothing; the mean of a Dirichlet posterior with the ancestor's shares as prior and strength a).  Of the
probability of cells with smooth numbers, a share follows a curve that moves with the features (`_smooth_numbers.py`);
of that of levels, a share may be by boosted trees (`_boosted_levels.py`).
"""

import numpy as np

from skensemble.generative.autoregressive._column_cells import NOWHERE
from skensemble.tree.estimators._decision_tree import DecisionTreeClassifier, DecisionTreeRegressor

LARGER = 8.0  # weight of an ancestor, as a multiple of the minimum of a leaf
MOST_GROWN = 100_000  # rows from which a tree is grown; its leaves count all rows


class Conditional:
    """p(cell | features)

    cells : the cells of the column;  strength : a of the formula;  min_samples_leaf : minimum weight of a leaf
    curve : SmoothNumbers or None;  curve_share : of the probability of cells on the curve, what is spread by it
    boosted : BoostedLevels or None;  boosted_share : of the probability of levels, what boosted trees say
    """

    def __init__(self, cells, min_samples_leaf, strength):
        self.cells, self.min_samples_leaf, self.strength = cells, min_samples_leaf, strength
        self.tree, self.curve, self.curve_share = None, None, 0.0
        self.boosted, self.boosted_share = None, 0.0

    def fit(self, features, categorical, codes, weight):
        """features : (n_rows, n_before);  categorical : positions;  codes : (n_rows,), cells;  weight : (n_rows,)

        The first rows are some of chance, as of merged ones.
        """
        self.categorical = list(categorical)
        first = slice(MOST_GROWN)
        self.seen = [_seen(features[first, k]) for k in self.categorical]
        if features.shape[1] > 0 and self.cells.n_cells > 1:
            self.tree = self._grown(features[first], categorical, codes[first], weight[first])
        leaf, parent = self._leaves_of(features), self._parents()
        self.ancestor_of = self._large_ancestors(parent)
        n_cells = self.cells.n_cells
        self.shares = np.bincount(codes, weight, n_cells) / weight.sum()
        self.leaves = Counts(leaf, codes, weight, n_cells)
        row, node = _rows_below(self.ancestor_of, parent, leaf)
        self.ancestors = Counts(node, codes[row], weight[row], n_cells)
        return self

    def _grown(self, features, categorical, codes, weight):
        kind = DecisionTreeClassifier if self.cells.is_level else DecisionTreeRegressor
        smallest = min(self.min_samples_leaf / weight.sum(), 0.5)  # of the weight, as a weight is a number of copies
        tree = kind(
            min_weight_fraction_leaf=smallest, max_bins=255, categorical_features=categorical or None, random_state=0
        )
        return tree.fit(features, self.cells.as_target(codes), sample_weight=weight)

    def _parents(self):
        """The parent of each node, the root's is itself; without a tree there is but the root."""
        if self.tree is None:
            return np.zeros(1, np.int64)
        structure = self.tree.tree_
        parent = np.zeros(structure.node_count, np.int64)
        for children in (structure.children_left, structure.children_right):
            inner = np.flatnonzero(children >= 0)
            parent[children[inner]] = inner
        return parent

    def _large_ancestors(self, parent):
        """For each node the smallest node with many rows that it is, or is below of, by the rows that grew the tree."""
        ancestor = np.arange(len(parent))
        if self.tree is None:
            return ancestor
        is_small = self.tree.tree_.weighted_n_node_samples < LARGER * self.min_samples_leaf
        while (climbs := is_small[ancestor] & (ancestor > 0)).any():
            ancestor = np.where(climbs, parent[ancestor], ancestor)
        return ancestor

    def _leaves_of(self, features):
        if self.tree is None:
            return np.zeros(len(features), np.int64)
        return self.tree.apply(self._without_new_levels(features)).astype(np.int64)

    def _without_new_levels(self, features):
        """Levels that no training row has beside this column count as missing."""
        features = features.copy()
        for k, seen in zip(self.categorical, self.seen, strict=True):
            level = np.nan_to_num(features[:, k], nan=0.0).astype(np.int64)
            is_seen = (level < len(seen)) & seen[np.minimum(level, len(seen) - 1)]
            features[~is_seen, k] = np.nan
        return features

    def log_shares(self, features, codes):
        """log p(cell | features) of rows; -inf where the cell is nowhere."""
        leaf = self._leaves_of(features)
        safe = np.maximum(codes, 0)
        ancestor = self.ancestor_of[leaf]
        share = self.ancestors.smoothed(ancestor, safe, self.shares[safe], self.strength)
        share = self.leaves.smoothed(leaf, safe, share, self.strength)
        if self.boosted is not None:
            boosted = self.boosted.log_shares(self._without_new_levels(features), safe, self.cells.n_cells)
            share = (1.0 - self.boosted_share) * share + self.boosted_share * np.exp(boosted)
        with np.errstate(divide="ignore"):
            return np.where(codes == NOWHERE, -np.inf, np.log(share))

    def all_shares(self, features):
        """(n_rows, n_cells) p(cell | features)"""
        leaf = self._leaves_of(features)
        share = self.ancestors.all_smoothed(self.ancestor_of[leaf], self.shares, self.strength)
        share = self.leaves.all_smoothed(leaf, share, self.strength)
        if self.boosted is None:
            return share
        boosted = self.boosted.shares(self._without_new_levels(features), self.cells.n_cells)
        return (1.0 - self.boosted_share) * share + self.boosted_share * boosted

    def place_on_curve(self, features):
        return self.curve.place(self._without_new_levels(features))

    def log_density(self, features, plain, codes):
        """log p(value | features); -inf where the value cannot be."""
        log_density = self.log_shares(features, codes) + self.cells.log_density(plain, codes)
        if self.curve is None:
            return log_density
        on_curve = (codes != NOWHERE) & self.cells.on_curve[codes]
        log_density = np.where(on_curve, log_density + np.log1p(-self.curve_share), log_density)
        rows = np.flatnonzero(self.cells.may_lie_on_curve(plain, codes))
        if len(rows) == 0:
            return log_density
        place = self.place_on_curve(features[rows])
        along = self.curve.log_density(self.cells, plain[rows], *place) - self.cells.unit
        along += self.log_share_on_curve(features[rows]) + np.log(self.curve_share)
        log_density[rows] = np.logaddexp(log_density[rows], along)
        return log_density

    def log_share_on_curve(self, features):
        """log of the probability of all cells on the curve together"""
        leaf = self._leaves_of(features)
        share, on_curve = self.shares[self.cells.on_curve].sum(), self.cells.on_curve
        for counts, node in ((self.ancestors, self.ancestor_of[leaf]), (self.leaves, leaf)):
            share = (counts.of_cells(on_curve)[node] + self.strength * share) / (counts.total[node] + self.strength)
        with np.errstate(divide="ignore"):
            return np.log(share)

    def values(self, features, codes, rng):
        """A value in the cell of each row, or on the curve."""
        values = self.cells.values(codes, rng)
        if self.curve is None:
            return values
        rows = np.flatnonzero(self.cells.on_curve[codes] & (rng.random(len(codes)) < self.curve_share))
        if len(rows) > 0:
            place = self.place_on_curve(features[rows])
            values[rows] = self.curve.draw(self.cells, *place, rng)
        return values

    def draw(self, features, rng):
        """A cell for each row."""
        leaf = self._leaves_of(features)
        ancestor = self.ancestor_of[leaf]
        drawn = np.searchsorted(np.cumsum(self.shares)[:-1], rng.random(len(leaf)), side="right")
        for counts, node in ((self.ancestors, ancestor), (self.leaves, leaf)):
            own = counts.total[node] / (counts.total[node] + self.strength)
            is_own = rng.random(len(leaf)) < own
            drawn[is_own] = counts.draw(node[is_own], rng)
        if self.boosted is not None:
            rows = np.flatnonzero(rng.random(len(leaf)) < self.boosted_share)
            drawn[rows] = self.boosted.draw(self._without_new_levels(features[rows]), self.cells.n_cells, rng)
        return drawn


def _seen(levels):
    """(largest level + 1,) bool: which levels are there."""
    known = levels[~np.isnan(levels)].astype(np.int64)
    seen = np.zeros(int(known.max(initial=0)) + 1, bool)
    seen[known] = True
    return seen


def _rows_below(ancestor_of, parent, leaf):
    """(rows, nodes): every pair of a row and an ancestor of some leaf that it is below of."""
    is_used = np.zeros(len(parent), bool)
    is_used[ancestor_of[leaf]] = True
    rows, nodes = [], []
    row, node = np.arange(len(leaf)), ancestor_of[leaf]
    while len(row) > 0:
        rows.append(row[is_used[node]])
        nodes.append(node[is_used[node]])
        row, node = row[node > 0], node[node > 0]
        node = parent[node]
    return np.concatenate(rows), np.concatenate(nodes)


class Counts:
    """Weight of the rows of each node in each cell, sparse."""

    def __init__(self, node, codes, weight, n_cells):
        self.n_cells = n_cells
        self.keys, place = np.unique(node * n_cells + codes, return_inverse=True)
        self.weights = np.bincount(place, weight)
        self.ends = np.cumsum(self.weights)
        self.total = np.bincount(node, weight, int(node.max()) + 1)
        self.begin = np.zeros(len(self.total))
        first = np.searchsorted(self.keys, np.arange(len(self.total)) * n_cells)
        has_rows = self.total > 0
        self.begin[has_rows] = np.r_[0.0, self.ends][first[has_rows]]

    def smoothed(self, node, codes, prior, strength):
        key = node * self.n_cells + codes
        place = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        count = np.where(self.keys[place] == key, self.weights[place], 0.0)
        return (count + strength * prior) / (self.total[node] + strength)

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

    def draw(self, node, rng):
        target = self.begin[node] + rng.random(len(node)) * self.total[node]
        place = np.minimum(np.searchsorted(self.ends, target, side="right"), len(self.keys) - 1)
        return self.keys[place] % self.n_cells
