"""How chains are fitted: what left-out rows like best (size of leaves, smoothing, curves), then all rows.

A conditional is a mixture of leaves and of a curve.  The share of the curve maximises the likelihood of left-out rows:
their leaves are of a tree of the other rows, and their places on the curve of boosted trees of other folds.
"""

from operator import itemgetter
from typing import NamedTuple

import numpy as np

from skensemble._parallel import in_order
from skensemble.generative.autoregressive._boosted_levels import BoostedLevels, may_be_boosted
from skensemble.generative.autoregressive._coded_features import CodedFeatures, TreesOfColumn
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
    coded : CodedFeatures of labels and columns;  cell_of : list of (n_rows,), cells of rows column by column; both of
        merged rows
    """

    cells: list
    plain: list
    labels: np.ndarray
    weight: np.ndarray
    coded: CodedFeatures | None = None
    cell_of: list | None = None

    def merged(self, n_threads):
        """The same rows without copies, whose weights are added up, and coded."""
        first, weight = without_copies([*self.labels.T, *self.plain], self.weight)
        plain, labels = [column[first] for column in self.plain], self.labels[first]
        features = [cells.as_feature(column) for cells, column in zip(self.cells, plain, strict=True)]
        levels = [labels.shape[1] + j for j, cells in enumerate(self.cells) if cells.is_level]
        coded = CodedFeatures.of(np.column_stack([labels, *features]), levels, weight, n_threads)
        cell_of = [cells.codes(column) for cells, column in zip(self.cells, plain, strict=True)]
        return ChainRows(self.cells, plain, labels, weight, coded, cell_of)

    def head(self, n):
        """The first rows: some of chance, in the order of merged ones."""
        plain, cell_of = ([column[:n] for column in columns] for columns in (self.plain, self.cell_of))
        return ChainRows(self.cells, plain, self.labels[:n], self.weight[:n], self.coded.head(n), cell_of)

    def features(self, order, j):
        """CodedFeatures of column j: labels and the columns before it."""
        n_labels = self.labels.shape[1]
        return self.coded.of_features([*range(n_labels), *(n_labels + i for i in order[: order.index(j)])])

    def codes(self, j):
        return self.cell_of[j]

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
    modelled, rows = orders[0][n_given:], rows.merged(n_threads)
    judging = rows.head(MOST_JUDGED)
    key = keys_of_contents([*judging.labels.T, *judging.plain], len(judging.weight))
    judges = Judges(judging, left_out_rows(key), folds_of(key, N_FOLDS))

    def likeliest(j):
        chosen = judges.likeliest(orders[0], j, sizes, STRENGTHS)
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
            chosen = judges.likeliest(order, j, (chosen.size,), (chosen.strength,))
        trees = TreesOfColumn(rows.features(order, j), rows.cells[j], rows.codes(j))
        conditional = Conditional(rows.cells[j], chosen.size, chosen.strength, chosen.value_strength)
        conditional.curve, conditional.curve_share = chosen.curve, chosen.curve_share
        if chosen.boosted_share > 0.0 and trees.can_grow:  # in another order it may be the first column
            conditional.boosted, conditional.boosted_share = judges.boosted(order, j), chosen.boosted_share
        conditional.fit(trees, rows.codes(j), rows.weight, rows.value_of(j))
        return conditional

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

    def likeliest(self, order, j, sizes, strengths):
        """Settings of column j; sizes are tried from the largest, until a smaller one is worse."""
        test, codes, weight = self.is_left_out, self.rows.codes(j), self.rows.weight
        if not test.any() or test.all():
            return Settings(sizes[0], LARGEST_OF_LEAVES)
        features = self.rows.features(order, j)
        trees = TreesOfColumn(features, self.rows.cells[j], codes)
        curve, along = self._curve(features, j)
        if curve is None:
            strengths = [strength for strength in strengths if strength <= LARGEST_OF_LEAVES]
        least_gain = LEAST_GAIN * float(weight[test] @ self.rows.cells[j].on_curve[codes[test]])
        leaves, curves, first_three = [], [], itemgetter(0, 1, 2)
        for size in sorted(sizes, reverse=True) if trees.can_grow else sizes[:1]:
            conditional, places = self._fitted(trees, j, size)
            of_leaves, of_curves = self._losses(conditional, places, j, strengths, along)
            smallest = min(found[0] for found in [*leaves, *curves]) if leaves else np.inf
            leaves += of_leaves
            curves += [(loss + least_gain, *own) for loss, *own in of_curves]
            if min(found[0] for found in [*leaves, *curves]) >= smallest:
                break
        best = min(curves, key=first_three, default=None)
        if best is not None and best[0] < min(leaves, key=first_three)[0]:
            _, *own, share = best
            return Settings(*own, curve, share)
        _, *own = min(leaves, key=lambda found: (found[2] > LARGEST_OF_LEAVES, *first_three(found)))
        return Settings(*own)

    def _losses(self, conditional, places, j, strengths, along):
        """([(loss, size, strength, strength of values)] of leaves alone, the same with the best share of the curve)

        along : (n_left_out,) log density along the curve, or None
        """
        test, cells = self.is_left_out, self.rows.cells[j]
        x, codes = self.rows.plain[j][test], self.rows.codes(j)[test]
        leaves, curves = [], []
        in_cells = conditional.log_density_in_cells(x, codes, places)
        for conditional.strength in strengths:
            log_density = conditional.log_shares_in(places, codes) + in_cells
            own = conditional.min_samples_leaf, conditional.strength, conditional.value_strength
            leaves.append((self._loss(cells, log_density, j), *own))
            if along is not None:
                on_curve = conditional.log_share_on_curve(places) - cells.unit
                loss, share = self._best_share(cells, log_density, along + on_curve, j)
                curves.append((loss, *own, share))
        return leaves, curves

    def _fitted(self, trees, j, size):
        """(Conditional of the rows that do not judge, leaves of those that do)

        Its shares of values in leaves are those that make the rows that judge likeliest.
        """
        test, codes, weight, value_of = self.is_left_out, self.rows.codes(j), self.rows.weight, self.rows.value_of(j)
        conditional = Conditional(
            self.rows.cells[j], size, STRENGTHS[0], None if value_of is None else VALUE_STRENGTHS[0]
        )
        leaves = conditional.fit(trees, codes, np.where(test, 0.0, weight), value_of)
        places = [leaf[test] for leaf in leaves]
        if value_of is not None:
            x, losses = self.rows.plain[j][test], []
            for conditional.value_strength in VALUE_STRENGTHS:
                log_density = conditional.log_density_in_cells(x, codes[test], places)
                losses.append(-float(np.sum(weight[test] * log_density, where=codes[test] != NOWHERE)))
            conditional.value_strength = VALUE_STRENGTHS[int(np.argmin(losses))]
        return conditional, places

    def with_boosting(self, order, j, chosen):
        """The settings, with a share of boosted trees that makes left-out rows likelier if there is one."""
        test, cells, codes = self.is_left_out, self.rows.cells[j], self.rows.codes(j)
        features = self.rows.features(order, j)
        if not test.any() or not may_be_boosted(cells, features.values, codes[~test]):
            return chosen
        weight, x, values = self.rows.weight, self.rows.plain[j][test], features.values
        conditional, places = self._fitted(TreesOfColumn(features, cells, codes), j, chosen.size)
        conditional.strength = chosen.strength
        in_leaves = conditional.log_shares_in(places, codes[test]) + cells.log_density(x, codes[test])
        boosted = BoostedLevels(values[~test], features.categorical, codes[~test], weight[~test])
        along = boosted.log_shares(values[test], codes[test], cells.n_cells)
        loss, share = self._best_share(cells, in_leaves, along, j)
        is_better = loss + LEAST_OF_BOOSTING * float(weight[test].sum()) < self._loss(cells, in_leaves, j)
        return chosen._replace(boosted_share=share) if is_better else chosen

    def boosted(self, order, j):
        features = self.rows.features(order, j)
        return BoostedLevels(features.values, features.categorical, self.rows.codes(j), self.rows.weight)

    def _curve(self, features, j):
        """(curve, log density of the left-out rows along it); None, None where there is none."""
        cells, codes = self.rows.cells[j], self.rows.codes(j)
        on_curve = cells.on_curve[codes]
        weight, fold = self.rows.weight, self.fold
        if weight[on_curve].sum() < FEWEST_FOR_A_CURVE or len(np.unique(fold[on_curve])) < N_FOLDS:
            return None, None
        x = self.rows.plain[j]
        curve = SmoothNumbers()
        parts = (each[on_curve] for each in (x, weight, fold, self.is_left_out))
        place = curve.fit(cells, features.values[on_curve], features.categorical, *parts)
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
