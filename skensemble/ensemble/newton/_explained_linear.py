"""ExplainedLinear: what each cell adds in a linear model, in closed form."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ExplainedLinear:
    """A linear booster that can be explained: a cell adds its number times its coefficient, or that of its category.

    The base value is the intercept, the prediction of a row of zeros and missing cells, or with a background its mean
    prediction, from whose mean terms those of a row are then counted. Shapley and Banzhaf values of a
    sum are the same, its terms.
    """

    model: object  # LinearBooster
    output_names = None

    def values(self, table, *, background, output, index, interactions, n_threads):
        """(values (n_samples, n_features, n_outputs), base_values (n_outputs,))"""
        if output == "response":
            raise ValueError("output must be 'raw' for booster='gblinear', got 'response'.")
        values, base = self._terms(table), self.model.intercept
        if background is not None:
            means = self._terms(background).mean(axis=0)
            values, base = values - means, base + means.sum(axis=0)
        if interactions:  # there are none: a diagonal
            values = values[:, :, None] * np.eye(values.shape[1])[:, :, None]
        return values, base

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
