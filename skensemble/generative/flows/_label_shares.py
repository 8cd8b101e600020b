"""Shares of the labels: among all rows, or given the cells of the given columns."""

import numpy as np

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier
from skensemble.generative.tables._label_encoding import CLASSES

N_ROUNDS = 300


class LabelShares:
    """Shares of the classes of `labels`; with given cells, a boosted classifier estimates them.

    labels : LabelEncoding;  encoded : (n_rows, labels.n_columns), what it makes of the labels of all rows
    given : (n_rows, n_given) encoded cells
    weight : (n_rows,) or None;  rng : numpy.random.Generator
    """

    def __init__(self, labels, encoded, given, weight, n_jobs, rng):
        self.labels, self._classifier = labels, None
        if labels.kind != CLASSES or len(labels.classes_) == 1 or given.shape[1] == 0:
            return
        is_counted = ~np.isnan(encoded[:, 0]) & (True if weight is None else weight > 0)
        codes = encoded.argmax(axis=1) if encoded.shape[1] > 1 else (encoded[:, 0] > 0).astype(np.int64)
        self._classifier = NewtonBoostingClassifier(
            n_estimators=N_ROUNDS, n_jobs=n_jobs, random_state=int(rng.integers(2**31))
        ).fit(given[is_counted], codes[is_counted], sample_weight=None if weight is None else weight[is_counted])

    def log_shares(self, given):
        """log p(class given the cells), (n_rows, n_classes), or (1, n_classes) where cells say nothing."""
        if self._classifier is None:
            return np.log([[share for _, share in self.labels.shares()]])
        return np.log(np.maximum(self._classifier.predict_proba(given), np.finfo(np.float64).tiny))

    def draw(self, given, rng):
        """A label for each row."""
        if self._classifier is None:
            return self.labels.draw(len(given), rng)
        ends = np.cumsum(self._classifier.predict_proba(given), axis=1)
        drawn = np.sum(ends[:, :-1] < rng.random((len(given), 1)), axis=1)
        return self.labels.classes_[drawn]
