"""Classifier two-sample test: whether a classifier can distinguish a sample from held-out rows."""

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier
from skensemble.generative.evaluation._compared_tables import category_mask

N_FOLDS = 5
N_ROUNDS = 100


def c2st_auc(comparison, sample, rng):
    """Cross-validated area under the ROC curve of boosted trees that classify rows of the sample and test rows."""
    X = np.vstack([comparison.test.features(), sample.features()])
    y = np.repeat([0, 1], [len(comparison.test), len(sample)])
    n_folds = min(N_FOLDS, *np.bincount(y, minlength=2))
    if n_folds < 2:
        return np.nan
    seed = int(rng.integers(2**31))
    score = np.zeros(len(y))
    for train, test in StratifiedKFold(int(n_folds), shuffle=True, random_state=seed).split(X, y):
        classifier = NewtonBoostingClassifier(
            n_estimators=N_ROUNDS,
            categorical_features=category_mask(comparison.columns),
            class_weight="balanced",
            n_jobs=comparison.n_threads,
            random_state=seed,
        )
        score[test] = classifier.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    return float(roc_auc_score(y, score))
