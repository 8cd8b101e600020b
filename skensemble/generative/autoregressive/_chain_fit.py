"""How chains are fitted: the size of leaves that left-out rows like best, then a conditional for each column."""

from typing import NamedTuple

import numpy as np

from skensemble._parallel import in_order
from skensemble.generative.autoregressive._chain import features_before
from skensemble.generative.autoregressive._column_order import left_out_rows
from skensemble.generative.autoregressive._conditional import Conditional

STRENGTHS = (1.0, 4.0, 16.0)


class ChainRows(NamedTuple):
    """The rows of fit.

    cells, plain : cells and plain values, column by column;  labels : (n_rows, n_labels);  weight : (n_rows,)
    """

    cells: list
    plain: list
    labels: np.ndarray
    weight: np.ndarray

    def features(self, order, j):
        return features_before(order, j, self.cells, self.labels, self.plain)

    def codes(self, j):
        return self.cells[j].codes(self.plain[j])


def fit_chains(rows, orders, n_given, sizes, n_threads):
    """(the conditionals of each chain, {column: minimum weight of a leaf})

    sizes : minimum weights of a leaf that are tried
    """
    modelled = orders[0][n_given:]
    judged_by = left_out_rows([*rows.labels.T, *rows.plain], len(rows.weight))

    def likeliest(j):
        return _likeliest(rows, orders[0], j, sizes, judged_by)

    settings = dict(zip(modelled, in_order(likeliest, modelled, n_threads), strict=True))

    def fitted(place):
        features, categorical = rows.features(orders[place[0]], place[1])
        conditional = Conditional(rows.cells[place[1]], *settings[place[1]])
        return conditional.fit(features, categorical, rows.codes(place[1]), rows.weight)

    places = [(k, j) for k, order in enumerate(orders) for j in order[n_given:]]
    fits = dict(zip(places, in_order(fitted, places, n_threads), strict=True))
    chains = [[fits[k, j] for j in order[n_given:]] for k, order in enumerate(orders)]
    return chains, {j: size for j, (size, _) in settings.items()}


def _likeliest(rows, order, j, sizes, judged_by):
    """(minimum of a leaf, strength) that make the left-out rows likeliest."""
    if not judged_by.any() or judged_by.all():
        return sizes[0], STRENGTHS[-1]
    train, test = ~judged_by, judged_by
    (features, categorical), codes, weight = rows.features(order, j), rows.codes(j), rows.weight
    found = []
    for size in sizes:
        conditional = Conditional(rows.cells[j], size, STRENGTHS[0])
        conditional.fit(features[train], categorical, codes[train], weight[train])
        for strength in STRENGTHS:
            conditional.strength = strength
            found.append((_left_out_loss(conditional, features[test], codes[test], weight[test]), size, strength))
    return min(found)[1:]


def _left_out_loss(conditional, features, codes, weight):
    floor = -np.log(conditional.cells.total + 1.0)
    return -float(np.sum(weight * np.logaddexp(conditional.log_shares(features, codes), floor)))
