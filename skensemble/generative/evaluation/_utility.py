"""Utility: the quality, on real rows, of a model that is trained on a sample."""

import numpy as np
from sklearn.metrics import f1_score, r2_score

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.generative.evaluation._compared_tables import MISSING, category_mask

N_ROUNDS = 300


def utility(comparison, sample, rng):
    """Macro F1 (labels) or R2 (numbers) on the test rows of boosted trees that are trained on the sample.

    Rows whose target is missing do not count. NaN without a target, or with too few rows.
    """
    target = comparison.target
    if target is None:
        return np.nan
    (X, y), (X_test, y_test) = (_with_target(rows, target) for rows in (sample, comparison.test))
    is_label = comparison.columns[target].is_category
    if len(y) < 2 or len(y_test) < (1 if is_label else 2):
        return np.nan
    if len(np.unique(y)) == 1:
        predicted = np.full(len(y_test), y[0])
    else:
        model = (NewtonBoostingClassifier if is_label else NewtonBoostingRegressor)(
            n_estimators=N_ROUNDS,
            categorical_features=category_mask(comparison.columns, target),
            n_jobs=comparison.n_threads,
            random_state=int(rng.integers(2**31)),
        )
        predicted = model.fit(X, y).predict(X_test)
    if is_label:
        return float(f1_score(y_test, predicted, labels=np.unique(y_test), average="macro", zero_division=0))
    return float(r2_score(y_test, predicted))


def _with_target(rows, target):
    y = rows.cells[target]
    is_there = y != MISSING if rows.columns[target].is_category else ~np.isnan(y)
    return rows.features(without=target)[is_there], y[is_there]


def note_on_utility(comparison, samples):
    if comparison.target is not None:
        column = comparison.columns[comparison.target]
        return f"utility: {'macro F1' if column.is_category else 'R2'} of {column.name!r}."
