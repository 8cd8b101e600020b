"""Conditional: how the cells of a column are distributed, given the columns before it, by some trees.

The rows of the training data in a leaf say how often each cell is there.  Leaves are small, so their shares are drawn
towards those of the smallest ancestor with many rows, and these towards the shares of all rows:

    p(cell | leaf) = (n(cell, leaf) + a p(cell | ancestor)) / (n(leaf) + a)

(hierarchical smoothing; the mean of a Dirichlet posterior with the ancestor's shares as prior and strength a), and the
mean over the trees is taken.  In columns with a step, values of a bin have their shares in the leaves as well: with
n(value) and n(bin) the rows in the leaves of all trees, and p(value | bin) among all rows,

    p(value | bin, leaves) = (n(value) + b p(value | bin)) / (n(bin) + b).

Of the probability of cells with smooth numbers, a share follows a curve that moves with the features
(`_smooth_numbers.py`); of that of levels, a share may be by boosted trees (`_boosted_levels.py`).
"""

import numpy as np

from skensemble.generative.autoregressive._column_cells import NOWHERE
from skensemble.generative.autoregressive._leaf_counts import LeafCounts

N_TREES = 4


class Conditional:
    """p(cell | features)

    cells : the cells of the column;  min_samples_leaf : minimum weight of a leaf
    strength, value_strength : a and b of the formulas, b None where leaves say nothing of values in bins
    curve : SmoothNumbers or None;  curve_share : of the probability of cells on the curve, what is spread by it
    boosted : BoostedLevels or None;  boosted_share : of the probability of levels, what boosted trees say
    """

    def __init__(self, cells, min_samples_leaf, strength, value_strength=None):
        self.cells, self.min_samples_leaf = cells, min_samples_leaf
        self.strength, self.value_strength = strength, value_strength
        self.curve, self.curve_share = None, 0.0
        self.boosted, self.boosted_share = None, 0.0

    def fit(self, trees, codes, weight, value_of=None):
        """[(n_rows,) leaf, of each tree]

        trees : TreesOfColumn;  codes : (n_rows,), cells;  weight : (n_rows,), 0 for rows that are not there
        value_of : (n_rows,), numbers of values on a step (`NumberCells.value_of`), or None
        """
        self.categorical = list(trees.features.categorical)
        self.seen = [_seen(trees.features.values[weight > 0, k]) for k in self.categorical]
        self.shares = np.bincount(codes, weight, self.cells.n_cells) / weight.sum()
        value_of = None if self.value_strength is None else value_of
        self.trees = [LeafCounts(self.min_samples_leaf, k) for k in range(N_TREES if trees.can_grow else 1)]
        return [tree.fit(self.cells, trees, codes, weight, value_of) for tree in self.trees]

    def leaves_of(self, features):
        """[(n_rows,) leaf, of each tree]"""
        features = self._without_new_levels(features)
        return [tree.leaves_of(features) for tree in self.trees]

    def _without_new_levels(self, features):
        """Levels that no training row has beside this column count as missing."""
        features = features.copy() if self.categorical else features
        for k, seen in zip(self.categorical, self.seen, strict=True):
            level = np.nan_to_num(features[:, k], nan=0.0).astype(np.int64)
            is_seen = (level < len(seen)) & seen[np.minimum(level, len(seen) - 1)]
            features[~is_seen, k] = np.nan
        return features

    def _mean(self, shares_of, leaves):
        """The mean over the trees of what each says of its leaves."""
        parts = [shares_of(tree, leaf) for tree, leaf in zip(self.trees, leaves, strict=True)]
        return sum(parts[1:], start=parts[0]) / len(parts)

    def log_shares(self, features, codes, leaves=None):
        """log p(cell | features) of rows; -inf where the cell is nowhere."""
        log_shares = self.log_shares_in(self.leaves_of(features) if leaves is None else leaves, codes)
        if self.boosted is None:
            return log_shares
        boosted = self.boosted.log_shares(self._without_new_levels(features), np.maximum(codes, 0), self.cells.n_cells)
        share = (1.0 - self.boosted_share) * np.exp(log_shares) + self.boosted_share * np.exp(boosted)
        with np.errstate(divide="ignore"):
            return np.where(codes == NOWHERE, -np.inf, np.log(share))

    def log_shares_in(self, leaves, codes):
        """The same of leaves alone."""
        safe = np.maximum(codes, 0)
        share = self._mean(lambda tree, leaf: tree.of_cells(leaf, safe, self.shares, self.strength), leaves)
        with np.errstate(divide="ignore"):
            return np.where(codes == NOWHERE, -np.inf, np.log(share))

    def all_shares(self, features):
        """(n_rows, n_cells) p(cell | features)"""
        leaves = self.leaves_of(features)
        share = self._mean(lambda tree, leaf: tree.of_all_cells(leaf, self.shares, self.strength), leaves)
        if self.boosted is None:
            return share
        boosted = self.boosted.shares(self._without_new_levels(features), self.cells.n_cells)
        return (1.0 - self.boosted_share) * share + self.boosted_share * boosted

    def place_on_curve(self, features):
        return self.curve.place(self._without_new_levels(features))

    def log_density(self, features, plain, codes, leaves=None):
        """log p(value | features); -inf where the value cannot be."""
        leaves = self.leaves_of(features) if leaves is None else leaves
        log_density = self.log_shares(features, codes, leaves) + self.log_density_in_cells(plain, codes, leaves)
        if self.curve is None:
            return log_density
        on_curve = (codes != NOWHERE) & self.cells.on_curve[codes]
        log_density = np.where(on_curve, log_density + np.log1p(-self.curve_share), log_density)
        rows = np.flatnonzero(self.cells.may_lie_on_curve(plain, codes))
        if len(rows) == 0:
            return log_density
        place = self.place_on_curve(features[rows])
        along = self.curve.log_density(self.cells, plain[rows], *place) - self.cells.unit
        along += self.log_share_on_curve([leaf[rows] for leaf in leaves]) + np.log(self.curve_share)
        log_density[rows] = np.logaddexp(log_density[rows], along)
        return log_density

    def log_density_in_cells(self, plain, codes, leaves):
        """log density of values given their cells"""
        log_density = self.cells.log_density(plain, codes)
        if self.value_strength is None:
            return log_density
        rows = np.flatnonzero(self.cells.lies_in_bin(codes))
        value_of, code = self.cells.value_of(plain[rows]), codes[rows]
        own, total = np.zeros(len(rows)), np.zeros(len(rows))
        for tree, leaf in zip(self.trees, leaves, strict=True):
            own += np.where(value_of >= 0, tree.values.of(leaf[rows], np.maximum(value_of, 0)), 0.0)
            total += tree.values.between(leaf[rows], *self.cells.values_of(code))[1]
        everywhere = np.exp(log_density[rows] + self.cells.unit)
        share = (own + self.value_strength * everywhere) / (total + self.value_strength)
        log_density[rows] = np.log(share) - self.cells.unit
        return log_density

    def at_most_in_cells(self, t, cell, leaves):
        """Share of the numbers of cells that are not above t;  t, cell : (n_rows, n_marks);  leaves : [(n_rows, 1)]"""
        at_most = self.cells.at_most(t, cell)
        if self.value_strength is None:
            return at_most
        first, last = self.cells.values_of(cell)
        place = np.clip(np.searchsorted(self.cells.stepped.values, t + self.cells.step / 2), first, last)
        below, total = self.value_strength * at_most, self.value_strength
        for tree, leaf in zip(self.trees, leaves, strict=True):
            below = below + tree.values.between(leaf, first, place)[1]
            total = total + tree.values.between(leaf, first, last)[1]
        return below / total

    def log_share_on_curve(self, leaves):
        """log of the probability of all cells on the curve together"""
        wanted = self.cells.on_curve
        share = self._mean(lambda tree, leaf: tree.of_wanted_cells(leaf, wanted, self.shares, self.strength), leaves)
        with np.errstate(divide="ignore"):
            return np.log(share)

    def values(self, features, codes, rng):
        """A value in the cell of each row, or on the curve."""
        values = self.cells.values(codes, rng)
        if self.value_strength is not None:
            rows = np.flatnonzero(self.cells.lies_in_bin(codes))
            values[rows] = self._values_in_leaves(features[rows], codes[rows], values[rows], rng)
        if self.curve is None:
            return values
        rows = np.flatnonzero(self.cells.on_curve[codes] & (rng.random(len(codes)) < self.curve_share))
        if len(rows) > 0:
            place = self.place_on_curve(features[rows])
            values[rows] = self.curve.draw(self.cells, *place, rng)
        return values

    def _values_in_leaves(self, features, codes, everywhere, rng):
        """Values of rows in the leaves, or those that are drawn from all rows, in proportion to their weights."""
        leaves = self.leaves_of(features)
        first, last = self.cells.values_of(codes)
        parts = [tree.values.between(leaf, first, last) for tree, leaf in zip(self.trees, leaves, strict=True)]
        ends = np.cumsum([weight for _, weight in parts], axis=0)
        target = rng.random(len(codes)) * (ends[-1] + self.value_strength)
        drawn, taken = everywhere.copy(), (target >= ends).sum(axis=0)
        for k, tree in enumerate(self.trees):
            rows = np.flatnonzero(taken == k)
            before = parts[k][0][rows] + target[rows] - (ends[k - 1][rows] if k > 0 else 0.0)
            drawn[rows] = self.cells.stepped.values[tree.values.at(before)]
        return drawn

    def draw(self, features, rng):
        """A cell for each row."""
        known, drawn = self._without_new_levels(features), np.zeros(len(features), np.int64)
        tree_of = rng.integers(len(self.trees), size=len(features))
        for k, tree in enumerate(self.trees):
            rows = np.flatnonzero(tree_of == k)
            drawn[rows] = tree.draw(tree.leaves_of(known[rows]), self.shares, self.strength, rng)
        if self.boosted is not None:
            rows = np.flatnonzero(rng.random(len(features)) < self.boosted_share)
            drawn[rows] = self.boosted.draw(self._without_new_levels(features[rows]), self.cells.n_cells, rng)
        return drawn


def _seen(levels):
    """(largest level + 1,) bool: which levels are there."""
    known = levels[~np.isnan(levels)].astype(np.int64)
    seen = np.zeros(int(known.max(initial=0)) + 1, bool)
    seen[known] = True
    return seen
