"""Rewriting the data does not act like another seed."""

import numpy as np
import pandas as pd
import pytest

from skensemble import (
    AdaBoostRegressor,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRegressor,
    RandomForestRegressor,
)

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(200, 4)).round(2), columns=list("abcd"))
X["e"] = pd.Categorical(np.array(["p", "q", "r", "s"])[RNG.integers(0, 4, 200)])
Y = X["a"].to_numpy() + X["b"].to_numpy() * X["c"].to_numpy() + X["e"].cat.codes.to_numpy() + RNG.normal(size=200) / 5

REGRESSORS = {
    "newton": NewtonBoostingRegressor(n_estimators=20, random_state=0, n_jobs=1),
    "newton held out": NewtonBoostingRegressor(n_estimators=20, early_stopping=True, random_state=0, n_jobs=1),
    "newton by trees": NewtonBoostingRegressor(
        n_estimators=20, colsample_bytree=0.7, grow_policy="depthwise", random_state=0, n_jobs=1
    ),
    "goss": NewtonBoostingRegressor(n_estimators=20, sampling_method="goss", random_state=0, n_jobs=1),
    "gradient": GradientBoostingRegressor(n_estimators=10, subsample=0.7, n_iter_no_change=5, random_state=0),
    "forest": RandomForestRegressor(n_estimators=5, random_state=0, n_jobs=1),
    "adaboost": AdaBoostRegressor(n_estimators=5, random_state=0),
}
REWRITES = {  # X, y, and back from predictions
    "unit of y": (lambda X, y: (X, y * 1e6), lambda p: p / 1e6),
    "origin of y": (lambda X, y: (X, y + 1.0), lambda p: p - 1.0),
    "sign of y": (lambda X, y: (X, -y), lambda p: -p),
    "constant column": (lambda X, y: (X.assign(f=1.0)[["a", "f", "b", "c", "d", "e"]], y), lambda p: p),
    "order of columns": (lambda X, y: (X[["e", "c", "a", "d", "b"]], y), lambda p: p),
    "order of rows": (lambda X, y: (X[::-1], y[::-1]), lambda p: p[::-1]),
    "names of categories": (
        lambda X, y: (X.assign(e=X["e"].cat.rename_categories({"p": "z"}).astype(str).astype("category")), y),
        lambda p: p,
    ),
}
# Trees of a forest are single trees of their rows, whose columns count by their place.  In its small nodes categories
# that are not there go to either of two equal sides, whatever the sign.
NOT_OF_FORESTS = {"constant column", "order of columns", "sign of y"}
PAIRS = [
    (name, rewrite) for name in REGRESSORS for rewrite in REWRITES if name != "forest" or rewrite not in NOT_OF_FORESTS
]


@pytest.mark.parametrize(("name", "rewrite"), PAIRS)
def test_rewritten_data_give_the_same_predictions(name, rewrite):
    write, back = REWRITES[rewrite]
    model = REGRESSORS[name]
    expected = model.fit(X, Y).predict(X)
    rewritten, y = write(X, Y)
    found = back(model.fit(rewritten, y).predict(rewritten))
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-6 * Y.std())


@pytest.mark.parametrize("early_stopping", [False, True])
def test_classes_of_other_names_have_the_same_probabilities(early_stopping):
    model = NewtonBoostingClassifier(n_estimators=20, early_stopping=early_stopping, random_state=0, n_jobs=1)
    classes, names = np.digitize(Y, [-1.0, 1.0]), np.array([2, 0, 1])
    expected = model.fit(X, classes).predict_proba(X)
    found = model.fit(X, names[classes]).predict_proba(X)
    np.testing.assert_allclose(found[:, names], expected, rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_swapped_classes_give_the_same_probabilities(early_stopping):
    model = NewtonBoostingClassifier(n_estimators=20, early_stopping=early_stopping, random_state=0, n_jobs=1)
    expected = model.fit(X, Y > 0).predict_proba(X)
    np.testing.assert_allclose(model.fit(X, Y <= 0).predict_proba(X)[:, ::-1], expected, rtol=0.0, atol=1e-6)


def test_sign_of_the_target_does_not_matter_to_forests_of_numbers():
    numbers, forest = X.drop(columns="e"), REGRESSORS["forest"]
    expected = forest.fit(numbers, Y).predict(numbers)
    np.testing.assert_allclose(-forest.fit(numbers, -Y).predict(numbers), expected, rtol=0.0, atol=1e-9)
