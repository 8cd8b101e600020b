"""ExplainedLinear: what each cell adds in a linear model, in closed form."""

from dataclasses import dataclass

import numpy as np

from skensemble.explanation._response_values import check_response, of_response, responses
from skensemble.tree.trees._additive_trees import Link

CELLS = 1 << 20  # (rows, background rows, features, outputs) at a time


@dataclass(frozen=True, eq=False)
class ExplainedLinear:
    """A linear booster that can be explained: a cell adds its number times its coefficient, or that of its category.

    The base value is the intercept, the prediction of a row of zeros and missing cells, or with a background its mean
    prediction, from whose mean terms those of a row are then counted. Shapley and Banzhaf values of a
    sum are the same, its terms.
    """

    model: object  # LinearBooster
    link: Link
    output_names: tuple | None

    def values(self, table, *, background, output, index, interactions, n_threads):
        """(values (n_samples, n_features, n_outputs), base_values (n_outputs,))"""
        has_link = output == "response" and self.link.name != "identity"
        if has_link:
            check_response(self.link, background, interactions)
        terms, base = self._terms(table), self.model.intercept
        others = None if background is None else self._terms(background)
        if has_link:
            response = responses(self.link, others.sum(axis=1) + base)
            return self._of_response(terms, others), response.mean(axis=0)
        if background is not None:
            means = others.mean(axis=0)
            terms, base = terms - means, base + means.sum(axis=0)
        if interactions:  # there are none: a diagonal
            terms = terms[:, :, None] * np.eye(terms.shape[1])[:, :, None]
        return terms, base

    def _of_response(self, terms, others):
        values, n_rows = np.empty_like(terms), max(1, CELLS // others.size)
        other = others.sum(axis=1) + self.model.intercept
        for first in range(0, len(terms), n_rows):
            some = terms[first : first + n_rows]
            own = some.sum(axis=1) + self.model.intercept
            values[first : first + n_rows] = of_response(self.link, own, other, some[:, None] - others)
        return values

    def _terms(self, table):
        """(n_samples, n_features, n_outputs)"""
        encoder, coef = self.model.binner, self.model.coef
        cells = encoder.encode(table)
        values = np.empty((*cells.shape, len(coef)))
        for j, first in enumerate(encoder.first_terms[:-1].tolist()):
            if encoder.is_categorical_[j]:
                last = first + int(encoder.n_codes_[j]) - 1
                of_code = np.column_stack((np.zeros(len(coef)), coef[:, first:last]))
                values[:, j] = of_code[:, np.nan_to_num(cells[:, j]).astype(np.int64)].T
            else:
                values[:, j] = np.nan_to_num(cells[:, j], nan=0.0)[:, None] * coef[:, first]
        return values
