"""Logarithms of the probabilities of classes: a method that classifiers of one and of several outputs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from skensemble._types import Any, Table


class LogProbabilities:
    """Mixin of classifiers: `predict_log_proba` by their `predict_proba`."""

    def predict_log_proba(self, X: Table) -> Any:
        """Logarithms of `predict_proba(X)`.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes) or list of n_outputs such arrays
            Columns are in the order of `classes_`; -inf for classes with probability 0.
        """
        probabilities = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return (
                [np.log(part) for part in probabilities] if isinstance(probabilities, list) else np.log(probabilities)
            )
