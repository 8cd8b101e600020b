"""BoostedLevels: probabilities of levels by boosted trees of the columns before them."""

import numpy as np

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier

BOOSTING = {"n_estimators": 60, "learning_rate": 0.1, "max_depth": 4}
MOST_CELLS = 20  # of a column; each has trees of its own
SMALLEST = 1e-12  # probability of a level that was not seen


class BoostedLevels:
    """p(cell | features)

    booster : fitted classifier, whose classes are cells
    """

    def __init__(self, features, categorical, codes, weight):
        booster = NewtonBoostingClassifier(
            **BOOSTING, categorical_features=list(categorical) or None, n_jobs=1, random_state=0
        )
        self.booster = booster.fit(features, codes, sample_weight=weight)

    def shares(self, features, n_cells):
        """(n_rows, n_cells)"""
        shares = np.zeros((len(features), n_cells))
        if len(features) > 0:
            shares[:, self.booster.classes_.astype(np.int64)] = self.booster.predict_proba(features)
        return shares

    def log_shares(self, features, codes, n_cells):
        """(n_rows,);  codes : (n_rows,), cells"""
        share = self.shares(features, n_cells)[np.arange(len(codes)), codes]
        return np.log(np.maximum(share, SMALLEST))

    def draw(self, features, n_cells, rng):
        """A cell for each row."""
        ends = np.cumsum(self.shares(features, n_cells), axis=1)
        marks = rng.random(len(features)) * ends[:, -1]
        return np.minimum((ends <= marks[:, np.newaxis]).sum(axis=1), n_cells - 1)


def may_be_boosted(cells, features, codes):
    """Whether a column has so few levels, and whether there is something to learn."""
    return cells.is_level and cells.n_cells <= MOST_CELLS and features.shape[1] > 0 and len(np.unique(codes)) > 1
