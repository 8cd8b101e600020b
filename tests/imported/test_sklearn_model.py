"""Trees, forests and boosters of scikit-learn predict the same after they were imported."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import from_sklearn
from skensemble.inspection import explain

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3)).round(1)
Y = X[:, 0] + np.abs(X[:, 1]) + RNG.normal(size=150) / 10
CLASSES = np.array(["low", "middle", "top"])[np.digitize(Y, [0, 1])]
GAPS = X.copy()
GAPS[::7, 0] = np.nan
DECIMALS = np.round(X * 1.01, 2)
MIXED = pd.DataFrame({"a": GAPS[:, 0], "c": pd.Categorical(np.array(list("xyzw"))[RNG.integers(4, size=150)])})
SMALL = {"n_estimators": 5, "random_state": 0}
NUMBERS = {
    "tree": DecisionTreeRegressor(max_leaf_nodes=20).fit(X, Y),
    "outputs": DecisionTreeRegressor(max_depth=4).fit(X, np.column_stack((Y, -Y))),
    "forest": ExtraTreesRegressor(**SMALL).fit(GAPS, Y),
    "boosting": GradientBoostingRegressor(**SMALL).fit(X, Y),
    "from zero": GradientBoostingRegressor(**SMALL, init="zero", loss="huber").fit(X, Y),
    "histogram": HistGradientBoostingRegressor(max_iter=5).fit(GAPS, Y),
    "gamma": HistGradientBoostingRegressor("gamma", max_iter=5).fit(X, np.abs(Y) + 0.1),
}
LABELS = {
    "tree": DecisionTreeClassifier(max_depth=4).fit(GAPS, CLASSES),
    "forest": RandomForestClassifier(**SMALL).fit(X, CLASSES),
    "boosting": GradientBoostingClassifier(**SMALL).fit(X, CLASSES),
    "two classes": GradientBoostingClassifier(**SMALL, loss="exponential").fit(X, CLASSES == "low"),
    "histogram": HistGradientBoostingClassifier(max_iter=3).fit(GAPS, CLASSES),
}


def _rows(model):
    return GAPS if model.__sklearn_tags__().input_tags.allow_nan and "GradientB" in type(model).__name__ else DECIMALS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", NUMBERS.values(), ids=NUMBERS)
def test_regressors_predict_the_same(model, dtype):
    rows = _rows(model).astype(dtype)
    np.testing.assert_allclose(from_sklearn(model).predict(rows), model.predict(rows), rtol=1e-13)


@pytest.mark.parametrize("model", LABELS.values(), ids=LABELS)
def test_classifiers_predict_the_same(model):
    rows, predictor = _rows(model), from_sklearn(model)
    np.testing.assert_allclose(predictor.predict_proba(rows), model.predict_proba(rows), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(predictor.predict(rows), model.predict(rows))


def test_missing_cells_go_the_learned_way_in_forests():
    model = NUMBERS["forest"]
    np.testing.assert_allclose(from_sklearn(model).predict(GAPS), model.predict(GAPS), rtol=1e-13)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_categories_by_value_and_unknown_ones_are_missing():
    model = HistGradientBoostingRegressor(max_iter=5, categorical_features="from_dtype", min_samples_leaf=5)
    y = np.nan_to_num(MIXED["a"].to_numpy()) + 3 * (MIXED["c"] == "x").to_numpy()
    predictor = from_sklearn(model.fit(MIXED, y))
    rows = MIXED.assign(c=pd.Categorical(np.where(np.arange(150) % 5, MIXED["c"].astype(str), "unheard of")))
    for frame in (MIXED, rows):
        np.testing.assert_array_equal(predictor.predict(frame), model.predict(frame))
    explanation = explain(predictor, MIXED)
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, model.predict(MIXED), rtol=1e-12)


def test_what_is_no_sum_of_trees_is_refused():
    with pytest.raises(
        TypeError, match="model must be a tree, forest or booster of scikit-learn, got LinearRegression"
    ):
        from_sklearn(LinearRegression())
    with pytest.raises(ValueError, match="init must be None or 'zero'"):
        from_sklearn(GradientBoostingRegressor(init=LinearRegression(), n_estimators=1).fit(X, Y))
    with pytest.raises(ValueError, match="one output of classes, got 2"):
        from_sklearn(DecisionTreeClassifier().fit(X, np.column_stack((CLASSES, CLASSES))))
