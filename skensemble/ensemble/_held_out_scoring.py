"""Scores while an ensemble grows: scorers of scikit-learn ask an estimator, whose predictions are known already."""

from functools import cached_property
from numbers import Real

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing

from skensemble._users_functions import naming


class GivenRows:
    """Some rows of X, as the user gave it: a frame stays a frame.  They are copied when somebody asks for them.

    rows : index array, or None for all rows
    """

    def __init__(self, X, rows=None):
        self._given, self.rows = X, rows

    def take(self, rows):
        """GivenRows of some of these rows."""
        return GivenRows(self._given, rows if self.rows is None else self.rows[rows])

    def of(self, X):
        """The same rows of another table."""
        return GivenRows(X, self.rows)

    @cached_property
    def X(self):
        return self._given if self.rows is None else _safe_indexing(self._given, self.rows)


class KnownPredictions:
    """Predictions of a number of rows, for an estimator to give instead of its own."""

    def __init__(self, predictions):
        self._predictions = predictions

    def of(self, X):
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        if n_samples != len(self._predictions):
            raise ValueError(
                f"scoring must ask for predictions of all rows that it is given ({len(self._predictions)}), since only "
                f"these are known during a fit, got {n_samples} rows."
            )
        return self._predictions


class HeldOutScorer:
    """A scorer of scikit-learn, for predictions that are known.

    The estimators that it is used by have an attribute `_known`, None or KnownPredictions: these are what they make
    labels, probabilities and numbers of, instead of what they predict for X.
    """

    def __init__(self, estimator, scoring):
        self._estimator = estimator
        self._scorer = check_scoring(estimator, scoring=scoring)

    def score(self, predictions, X, y, weight=None):
        """Larger is better.

        predictions : array whose first axis is that of the rows, what the estimator predicts before any link
        X : the rows as the user gave them;  y : in the units of the user's targets;  weight : (n_samples,) or None
        """
        judge = object.__new__(type(self._estimator))
        vars(judge).update(vars(self._estimator))
        judge._known = KnownPredictions(predictions)
        with naming("scoring", self._scorer):
            score = self._scorer(judge, X, y, **({} if weight is None else {"sample_weight": np.asarray(weight)}))
        if not (isinstance(score, Real) or (isinstance(score, np.ndarray) and score.ndim == 0)):
            raise ValueError(f"scoring must return a number, got {type(score).__name__}.")
        return float(score)
