"""How chains are fitted: what left-out rows like best (size of leaves, smoothing, curves), then all rows.

A conditional is a mixture of leaves and of a curve.  The share of the curve maximises the likelihood of left-out rows:
their leaves are of a tree of the other rows, and their places on the curve of boosted trees of other folds.
"""

from operator import itemgetter
from typing import NamedTuple

import numpy as np

from skensemble._parallel import in_order
from skensemble.generative.autoregressive._boosted_levels import BoostedLevels, may_be_boosted
from skensemble.generative.autoregressive._chain import features_before
from skensemble.generative.autoregressive._column_cells import NOWHERE
from skensemble.generative.autoregressive._column_order import folds_of, keys_of_contents, left_out_rows, without_copies
from skensemble.generative.autoregressive._conditional import Conditional
from skensemble.generative.autoregressive._smooth_numbers import SmoothNumbers

VALUE_STRENGTHS = (1.0, 4.0, 16.0, 64.0, None)  # None: values of a bin are shared by all leaves
STRENGTHS = (1.0, 4.0, 16.0, 64.0, 256.0)
LARGEST_OF_LEAVES = 16.0  # strength without a curve; more is only what a curve must be better than
CURVE_SHARES = np.r_[np.arange(1, 16) / 16, 31 / 32]
LEAST_OF_BOOSTING = 0.002  # nats by which boosted levels must be likelier
N_FOLDS = 3
FEWEST_FOR_A_CURVE = 60  # rows
LEAST_GAIN = 0.1  # nats by which a curve must be likelier, per number: curves can be easier to tell from real rows
MOST_JUDGED = 20_000  # rows by which settings are chosen and curves are fitted; trees are fitted to all


class ChainRows(NamedTuple):
    """The rows of fit.

    cells, plain : cells and plain values, column by column;  labels : (n_rows, n_labels);  weight : (n_rows,)
    """

    cells: list
    plain: list
    labels: np.ndarray
    weight: np.ndarray

    def merged(self):
        """The same rows without copies, whose weights are added up."""
        first, weight = without_copies([*self.labels.T, *self.plain], self.weight)
        return ChainRows(self.cells, [column[first] for column in self.plain], self.labels[first], weight)

    def head(self, n):
        """The first rows: some of chance, in the order of merged ones."""
        return ChainRows(self.cells, [column[:n] for column in self.plain], self.labels[:n], self.weight[:n])

    def features(self, order, j):
        return features_before(order, j, self.cells, self.labels, self.plain)

    def codes(self, j):
        return self.cells[j].codes(self.plain[j])

    def value_of(self, j):
        """Numbers of values on a step, of a column with bins of such values; None otherwise."""
        cells = self.cells[j]
        return cells.value_of(self.plain[j]) if cells.on_curve.any() and cells.step > 0.0 else None


class Settings(NamedTuple):
    """What is chosen for a conditional, and the curve that was fitted for this."""

    size: int
    strength: float
    value_strength: float | None = None
    curve: SmoothNumbers | None = None
    curve_share: float = 0.0
    boosted_share: float = 0.0  # of the probability of levels


def fit_chains(rows, orders, n_given, sizes, with_boosting, n_threads, report):
    """(the conditionals of each chain, {column: minimum weight of a leaf})

    sizes : minimum weights of a leaf that are tried, by the first chain; the others take what it found best
    with_boosting : whether levels may be by boosted trees
    report : called as report(column, text) when settings have been chosen, and after each conditional
    """
    modelled, rows = orders[0][n_given:], rows.merged()
    judging = rows.head(MOST_JUDGED)
    key = keys_of_contents([*judging.labels.T, *judging.plain], len(judging.weight))
    judges = Judges(judging, left_out_rows(key), folds_of(key, N_FOLDS))

    def likeliest(j):
        chosen = judges.likeliest(orders[0], j, sizes, STRENGTHS, True)
        return judges.with_boosting(orders[0], j, chosen) if with_boosting else chosen

    first = {}
    for j, chosen in zip(modelled, in_order(likeliest, modelled, n_threads), strict=True):
        first[j] = chosen
        with_curve = "" if chosen.curve is None else f", {chosen.curve_share:.2f} on a smooth curve"
        report(j, f"leaves of {chosen.size} rows{with_curve}")

    def fitted(place):
        order, j = orders[place[0]], place[1]
        chosen = first[j]
        if place[0] > 0 and chosen.curve is not None:
            chosen = judges.likeliest(order, j, (chosen.size,), (chosen.strength,), True)
        features, categorical = rows.features(order, j)
        conditional = Conditional(rows.cells[j], chosen.size, chosen.strength, chosen.value_strength)
        conditional.curve, conditional.curve_share = chosen.curve, chosen.curve_share
        if chosen.boosted_share > 0.0 and features.shape[1] > 0:  # in another order it may be the first column
            conditional.boosted, conditional.boosted_share = judges.boosted(order, j), chosen.boosted_share
        return conditional.fit(features, categorical, rows.codes(j), rows.weight, rows.value_of(j))

    places = [(k, j) for k, order in enumerate(orders) for j in order[n_given:]]
    fits = {}
    for place, conditional in zip(places, in_order(fitted, places, n_threads), strict=True):
        fits[place] = conditional
        report(place[1], f"fitted in chain {place[0] + 1}")
    chains = [[fits[k, j] for j in order[n_given:]] for k, order in enumerate(orders)]
    return chains, {j: chosen.size for j, chosen in first.items()}


class Judges:
    """Rows that are left out, to find the settings of conditionals that make them likeliest.

    rows : ChainRows;  is_left_out : (n_rows,) bool;  fold : (n_rows,), of the folds by which curves are fitted
    """

    def __init__(self, rows, is_left_out, fold):
        self.rows, self.is_left_out, self.fold = rows, is_left_out, fold

    def likeliest(self, order, j, sizes, strengths, with_curve):
        test, codes, weight = self.is_left_out, self.rows.codes(j), self.rows.weight
        if not test.any() or test.all():
            return Settings(sizes[0], LARGEST_OF_LEAVES)
        cells, x = self.rows.cells[j], self.rows.plain[j]
        features, _ = self.rows.features(order, j)
        curve, along = self._curve(order, j) if with_curve else (None, None)
        least_gain = LEAST_GAIN * float(weight[test] @ cells.on_curve[codes[test]])
        leaves, curves, first_three = [], [], itemgetter(0, 1, 2)
        for size in sizes:
            conditional = self._fitted(order, j, size)
            places = conditional.leaves_of(features[test])
            for strength in strengths:
                conditional.strength = strength
                log_density = conditional.log_density(features[test], x[test], codes[test], places)
                own = size, strength, conditional.value_strength
                leaves.append((self._loss(cells, log_density, j), *own))
                if curve is not None:
                    on_curve = conditional.log_share_on_curve(places) - cells.unit
                    loss, share = self._best_share(cells, log_density, along + on_curve, j)
                    curves.append((loss + least_gain, *own, share))
        best = min(curves, key=first_three, default=None)
        if best is not None and best[0] < min(leaves, key=first_three)[0]:
            _, *own, share = best
            return Settings(*own, curve, share)
        _, *own = min(leaves, key=lambda found: (found[2] > LARGEST_OF_LEAVES, *first_three(found)))
        return Settings(*own)

    def _fitted(self, order, j, size):
        """Fitted to the rows that do not judge, with the shares of values that make the others likeliest."""
        test, value_of = self.is_left_out, self.rows.value_of(j)
        features, categorical = self.rows.features(order, j)
        codes, weight, x = self.rows.codes(j), self.rows.weight, self.rows.plain[j]
        conditional = Conditional(self.rows.cells[j], size, STRENGTHS[0], VALUE_STRENGTHS[0])
        parts = features[~test], categorical, codes[~test], weight[~test]
        if value_of is None:
            conditional.value_strength = None
            return conditional.fit(*parts)
        conditional.fit(*parts, value_of[~test])
        places, losses = conditional.leaves_of(features[test]), []
        for conditional.value_strength in VALUE_STRENGTHS:
            log_density = conditional.log_density_in_cells(x[test], codes[test], places)
            losses.append(-float(np.sum(weight[test] * log_density, where=codes[test] != NOWHERE)))
        conditional.value_strength = VALUE_STRENGTHS[int(np.argmin(losses))]
        return conditional

    def with_boosting(self, order, j, chosen):
        """The settings, with a share of boosted trees that makes left-out rows likelier if there is one."""
        test, cells, codes = self.is_left_out, self.rows.cells[j], self.rows.codes(j)
        features, categorical = self.rows.features(order, j)
        if not test.any() or not may_be_boosted(cells, features, codes[~test]):
            return chosen
        weight, x = self.rows.weight, self.rows.plain[j][test]
        conditional = Conditional(cells, chosen.size, chosen.strength)
        conditional.fit(features[~test], categorical, codes[~test], weight[~test])
        in_leaves = conditional.log_density(features[test], x, codes[test])
        boosted = BoostedLevels(features[~test], categorical, codes[~test], weight[~test])
        along = boosted.log_shares(features[test], codes[test], cells.n_cells)
        loss, share = self._best_share(cells, in_leaves, along, j)
        is_better = loss + LEAST_OF_BOOSTING * float(weight[test].sum()) < self._loss(cells, in_leaves, j)
        return chosen._replace(boosted_share=share) if is_better else chosen

    def boosted(self, order, j):
        features, categorical = self.rows.features(order, j)
        return BoostedLevels(features, categorical, self.rows.codes(j), self.rows.weight)

    def _curve(self, order, j):
        """(curve, log density of the left-out rows along it); None, None where there is none."""
        cells, codes = self.rows.cells[j], self.rows.codes(j)
        on_curve = cells.on_curve[codes]
        weight, fold = self.rows.weight, self.fold
        if weight[on_curve].sum() < FEWEST_FOR_A_CURVE or len(np.unique(fold[on_curve])) < N_FOLDS:
            return None, None
        features, categorical = self.rows.features(order, j)
        x = self.rows.plain[j]
        curve = SmoothNumbers()
        parts = (each[on_curve] for each in (x, weight, fold, self.is_left_out))
        place = curve.fit(cells, features[on_curve], categorical, *parts)
        along = np.full(len(x), -np.inf)
        along[on_curve] = curve.log_density(cells, x[on_curve], *place)
        return curve, along[self.is_left_out]

    def _best_share(self, cells, in_leaves, along, j):
        """(loss, share of the curve)"""
        losses = []
        for share in CURVE_SHARES:
            with np.errstate(divide="ignore"):
                kept = np.where(np.isneginf(along), 0.0, np.log1p(-share))
                log_density = np.logaddexp(in_leaves + kept, along + np.log(share))
            losses.append(self._loss(cells, log_density, j))
        best = int(np.argmin(losses))
        return losses[best], float(CURVE_SHARES[best])

    def _loss(self, cells, log_density, j):
        floor = cells.log_density_of_new(self.rows.plain[j][self.is_left_out]) - np.log(cells.total + 1.0)
        return -float(np.sum(self.rows.weight[self.is_left_out] * np.logaddexp(log_density, floor)))
