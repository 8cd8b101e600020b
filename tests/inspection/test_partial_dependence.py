"""Partial dependence is the mean of predictions with a value in every row, whatever the model and the column."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.inspection import PartialDependenceDisplay
from sklearn.inspection import partial_dependence as dependence_by_scikit_learn
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import (
    DecisionTreeRegressor,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRegressor,
    RandomForestRegressor,
)
from skensemble.inspection import accumulated_effects, interaction_strength, partial_dependence
from tests.inspection.asked_models import CLASSES, NAMES, WEIGHT, X, Y, changed, fitted, raw, response

COLUMNS = ["size", "age", "kind", "grade"]


def _by_predictions(predict, column, grid, weight=None):
    return np.array([np.average(predict(changed(column, value)), axis=0, weights=weight) for value in grid])


@pytest.mark.parametrize("name", NAMES)
def test_is_the_mean_of_predictions(name):
    model = fitted(name)
    for column in COLUMNS:
        for output, predict in (("raw", raw), ("response", response)):
            effects = partial_dependence(model, X, column, output=output, n_points=5, sample_weight=WEIGHT)
            expected = _by_predictions(
                lambda table, predict=predict: predict(model, table), column, effects.grid[0], WEIGHT
            )
            np.testing.assert_allclose(effects.values.reshape(expected.shape), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "parameters",
    [{"booster": "gblinear"}, {"booster": "dart"}, {"linear_leaves": True, "grow_policy": "depthwise"}],
    ids=str,
)
def test_every_kind_of_booster(parameters):
    model = fitted("NewtonBoostingRegressor", **parameters)
    for column in COLUMNS:
        effects = partial_dependence(model, X, column, n_points=4)
        expected = _by_predictions(model.predict, column, effects.grid[0])
        np.testing.assert_allclose(effects.values, expected, rtol=1e-9, atol=1e-12)


def test_pairs_have_a_value_for_each_pair():
    model = fitted("NewtonBoostingClassifier")
    effects = partial_dependence(model, X, ("size", "kind"), n_points=4)
    assert effects.values.shape == (4, 5, 3)
    for i, size in enumerate(effects.grid[0]):
        for k, kind in enumerate(effects.grid[1]):
            expected = raw(model, changed("kind", kind).assign(size=size)).mean(axis=0)
            np.testing.assert_allclose(effects.values[i, k], expected)


def test_the_grid_is_made_of_cells_and_levels():
    model = fitted("NewtonBoostingRegressor")
    numbers = partial_dependence(model, X, "size", n_points=7).grid[0]
    assert set(numbers) <= set(X["size"])
    assert len(numbers) == 7
    assert (numbers[0], numbers[-1]) == (X["size"].min(), X["size"].max())
    assert partial_dependence(model, X, "kind").grid[0].tolist()[:4] == ["a", "b", "c", "d"]
    assert pd.isna(partial_dependence(model, X, "kind").grid[0][4])
    unseen = X.assign(kind=np.where(X["kind"] == "a", "new", X["kind"]))
    assert "new" in partial_dependence(model, unseen, "kind").grid[0].tolist()
    assert not np.isnan(partial_dependence(model, X, "age").grid[0]).any()


RECURSIVE = [
    RandomForestRegressor(5, random_state=0),
    DecisionTreeRegressor(),
    GradientBoostingRegressor(n_estimators=5, random_state=0),
]


@pytest.mark.parametrize("model", RECURSIVE, ids=str)
def test_training_rows_weigh_as_in_scikit_learns_recursion(model):
    model.fit(X[["size", "age"]], Y)
    table = X[["size", "age"]].fillna(0.0)
    theirs = dependence_by_scikit_learn(model, table, ["size"], method="recursion", kind="average", grid_resolution=5)
    grid = theirs["grid_values"][0]
    ours = partial_dependence(model, table.assign(size=np.resize(grid, len(table))), "size", method="training")
    np.testing.assert_allclose(ours.grid[0], grid)
    start = model._baseline[0] if isinstance(model, GradientBoostingRegressor) else 0.0  # which theirs leaves out
    np.testing.assert_allclose(ours.values, theirs["average"][0] + start)


@pytest.mark.parametrize("name", NAMES)
def test_training_needs_a_sum_of_trees(name):
    model = fitted(name)
    if name == "AdaBoostRegressor":
        with pytest.raises(
            ValueError, match="method must be 'rows' for this model and output, got 'training': AdaBoost"
        ):
            partial_dependence(model, X, "size", method="training")
    else:
        assert np.isfinite(partial_dependence(model, X, "kind", method="training").values).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "NewtonBoostingRanker"])
def test_displays_of_scikit_learn_draw_every_estimator(name):
    table = X.assign(kind=X["kind"].fillna("none"), age=X["age"].fillna(0.0))
    model = clone(fitted(name)).fit(table, CLASSES if name.endswith("Classifier") else Y)
    target = "good" if name.endswith("Classifier") else None
    options = {"categorical_features": ["kind"], "grid_resolution": 5, "target": target}
    display = PartialDependenceDisplay.from_estimator(model, table, ["size", "kind"], **options)
    assert display.axes_.size == 2
    plt.close("all")


BAD = [
    ({"features": "weight"}, "features .*'weight'"),
    ({"features": 9}, "features must hold column names or positions"),
    ({"features": ["size", "age", "kind"]}, "features must be a column or a pair of columns"),
    ({"features": ["size", "size"]}, "features must be different columns"),
    ({"features": []}, "features must be a column or a pair"),
    ({"method": "brute"}, "method must be 'rows' or 'training', got 'brute'"),
    ({"output": "log"}, "output must be 'raw' or 'response', got 'log'"),
    ({"n_points": 1}, "n_points must be an int >= 2, got 1"),
    ({"n_jobs": 0}, "n_jobs must be"),
    ({"sample_weight": np.zeros(60)}, "sample_weight must hold a weight that is not zero"),
    ({"X": X.assign(age=np.nan), "features": "age"}, "X must have a value in column 'age'"),
    ({"X": X[["size"]]}, "feature names"),
    ({"model": LinearRegression()}, "model must be a tree, forest or booster of skensemble, got LinearRegression"),
    ({"model": RandomForestRegressor()}, "not fitted"),
]


@pytest.mark.parametrize(("given", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_named(given, message):
    given = {"model": fitted("NewtonBoostingClassifier"), "X": X, "features": "size"} | given
    with pytest.raises((ValueError, TypeError, NotFittedError), match=message):
        partial_dependence(given.pop("model"), given.pop("X"), given.pop("features"), **given)


def test_training_rows_know_no_link_and_no_slopes():
    poisson = NewtonBoostingRegressor(n_estimators=2, random_state=0, loss="poisson").fit(X, np.exp(Y))
    linear = fitted("NewtonBoostingRegressor", booster="gblinear")
    with pytest.raises(ValueError, match="link 'log' is not additive"):
        partial_dependence(poisson, X, "size", method="training", output="response")
    with pytest.raises(ValueError, match="booster must not be 'gblinear'"):
        partial_dependence(linear, X, "size", method="training")
    slopes = NewtonBoostingRegressor(n_estimators=2, random_state=0, linear_leaves=True).fit(X, Y)
    with pytest.raises(ValueError, match="linear_leaves must be False for it, got leaves with slopes"):
        partial_dependence(slopes, X, "size", method="training")
    assert np.ptp(partial_dependence(slopes, X, "size").values) > 0


def test_binary_probabilities_are_named():
    model = NewtonBoostingClassifier(n_estimators=2, random_state=0).fit(X, Y > 0)
    assert partial_dependence(model, X, "size").output_names == [True]
    effects = partial_dependence(model, X, "size", output="response", n_points=3)
    assert effects.output_names == [False, True]
    np.testing.assert_allclose(effects.values.sum(axis=1), 1.0)


def test_effects_of_a_pipeline_are_those_of_its_last_step():
    numbers = X[["size", "age"]]
    pipeline = make_pipeline(StandardScaler(), NewtonBoostingRegressor(n_estimators=5, subsample=1)).fit(numbers, Y)
    scaled = pipeline[:-1].transform(numbers)
    for function in (partial_dependence, accumulated_effects):
        found, expected = function(pipeline, numbers, "age"), function(pipeline[-1], scaled, 1)
        np.testing.assert_array_equal(found.values, expected.values)
        assert found.feature_names == ["age"]
    np.testing.assert_array_equal(
        interaction_strength(pipeline, numbers).pairs, interaction_strength(pipeline[-1], scaled).pairs
    )
