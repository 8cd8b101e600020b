"""to_sklearn: estimators of scikit-learn that predict what ours predict, so that its tools work on them."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.ensemble
import sklearn.tree
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.inspection import partial_dependence

import skensemble
from skensemble import DecisionTreeClassifier, DecisionTreeRegressor, RandomForestClassifier
from skensemble.tree.estimators._sklearn_tree import FORESTS, TREES, to_sklearn


def _data(name):
    load = load_iris if name.endswith("Classifier") else load_diabetes
    X, y = load(return_X_y=True)
    return X.astype(np.float32), y


def _fitted(name, X, y, **parameters):
    if name in FORESTS:
        parameters["n_estimators"] = 5
    return getattr(skensemble, name)(random_state=0, **parameters).fit(X, y)


def _between(X, rng):
    """Rows that lie on and between the values of X."""
    return np.concatenate([X, rng.permuted(X, axis=0), X + rng.normal(size=X.shape) * X.std(axis=0)]).astype(np.float32)


def _by_output(shares):
    return shares if isinstance(shares, list) else [shares]


@pytest.mark.parametrize("name", TREES + FORESTS)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_predictions_are_the_same(name, n_outputs):
    X, y = _data(name)
    ours = _fitted(name, X, y if n_outputs == 1 else np.column_stack([y, y > np.median(y)]))
    theirs = ours.to_sklearn()
    module = sklearn.ensemble if name in FORESTS else sklearn.tree
    assert type(theirs) is getattr(module, name)
    rows = _between(X, np.random.default_rng(0))
    np.testing.assert_array_equal(theirs.apply(rows), ours.apply(rows))
    np.testing.assert_allclose(theirs.predict(rows), ours.predict(rows), rtol=1e-13)
    if name.endswith("Classifier"):
        for shares, own_shares in zip(_by_output(theirs.predict_proba(rows)), _by_output(ours.predict_proba(rows))):
            np.testing.assert_allclose(shares, own_shares, rtol=1e-13)
    np.testing.assert_allclose(theirs.feature_importances_, ours.feature_importances_, rtol=1e-9)


@pytest.mark.parametrize("name", ["DecisionTreeRegressor", "RandomForestRegressor"])
def test_missing_values_go_the_same_way(name):
    X, y = _data(name)
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    ours = _fitted(name, X, y)
    np.testing.assert_allclose(ours.to_sklearn().predict(X), ours.predict(X), rtol=1e-13)


def test_fitted_attributes_are_carried_over():
    X, y = load_iris(return_X_y=True, as_frame=True)
    labels = np.array(["a", "b", "c"])[y]
    ours = RandomForestClassifier(25, oob_score=True, max_features=2, random_state=0).fit(X, labels)
    theirs = ours.to_sklearn()
    assert theirs.classes_.tolist() == ["a", "b", "c"]
    assert theirs.n_features_in_ == 4
    assert theirs.feature_names_in_.tolist() == X.columns.tolist()
    assert theirs.oob_score_ == ours.oob_score_
    np.testing.assert_array_equal(theirs.oob_decision_function_, ours.oob_decision_function_)
    assert theirs.get_params()["max_features"] == 2
    assert "max_bins" not in theirs.get_params()
    assert (theirs.predict(X) == ours.predict(X)).all()
    assert not hasattr(theirs, "estimators_samples_")


def test_parameters_that_only_we_understand_are_translated():
    X, y = load_iris(return_X_y=True, as_frame=True)
    ours = DecisionTreeRegressor(monotonic_cst={X.columns[3]: 1}, max_depth=3).fit(X, y)
    assert ours.to_sklearn().get_params()["monotonic_cst"] == [0, 0, 0, 1]


def test_the_copy_is_independent():
    X, y = _data("DecisionTreeRegressor")
    ours = DecisionTreeRegressor(max_depth=3).fit(X, y)
    before = ours.predict(X)
    theirs = ours.to_sklearn()
    theirs.tree_.value[:] = 0.0
    np.testing.assert_array_equal(ours.predict(X), before)
    theirs.fit(X, -y)
    np.testing.assert_array_equal(ours.predict(X), before)


def test_tools_of_scikit_learn_take_it():
    X, y = _data("DecisionTreeRegressor")
    theirs = pickle.loads(pickle.dumps(DecisionTreeRegressor(max_depth=3).fit(X, y).to_sklearn()))
    assert sklearn.tree.export_text(theirs).startswith("|--- feature_")
    assert partial_dependence(theirs, X, [2], method="recursion")["average"].shape[0] == 1
    assert theirs.tree_.compute_feature_importances().sum() == pytest.approx(1)


def test_float32_rows_beside_the_thresholds_take_the_same_way():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1)) ** 3
    ours = DecisionTreeRegressor().fit(X, rng.normal(size=200))
    thresholds = ours.tree_.threshold[ours.tree_.children_left >= 0].astype(np.float32)
    below, above = (np.nextafter(thresholds, np.float32(side)) for side in (-np.inf, np.inf))
    rows = np.concatenate([below, thresholds, above])[:, None]
    np.testing.assert_array_equal(ours.to_sklearn().apply(rows), ours.apply(rows))


@pytest.mark.parametrize("name", TREES + FORESTS)
@pytest.mark.parametrize("max_bins", [255, None])
def test_rows_of_decimals_take_the_same_way(name, max_bins):
    """The middle of two decimals is often a decimal that other rows have."""
    rng = np.random.default_rng(0)
    X, unseen = rng.normal(size=(400, 3)).round(1), rng.normal(size=(2000, 3)).round(2)
    y = X[:, 0] + X[:, 1] * X[:, 2]
    kind = getattr(skensemble, name)(random_state=0, max_bins=max_bins)
    ours = kind.fit(X, y > 0 if name.endswith("Classifier") else y)
    for rows in (X, unseen):
        np.testing.assert_array_equal(ours.to_sklearn().apply(rows), ours.apply(rows))


def test_float64_rows_far_from_thresholds_take_the_same_way():
    X, y = load_iris(return_X_y=True)
    ours = DecisionTreeClassifier(random_state=0).fit(X, y)
    np.testing.assert_array_equal(ours.to_sklearn().apply(X), ours.apply(X))


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, RandomForestClassifier])
def test_categories_cannot_be_translated(kind):
    table = pd.DataFrame({"size": np.arange(30.0), "color": ["red", "green", "blue"] * 10})
    model = kind(random_state=0).fit(table, (table["color"] == "blue").to_numpy())
    with pytest.raises(ValueError, match=r"cannot split categories, but this model does in the columns \['color'\]"):
        model.to_sklearn()
    unsplit = kind(random_state=0).fit(table, (table["size"] > 15).to_numpy())
    if kind is DecisionTreeClassifier:  # a category column that no split asks about does no harm
        assert unsplit.to_sklearn().tree_.node_count == 3


def test_a_subclass_becomes_what_it_derives_from():
    class Stump(DecisionTreeClassifier):
        pass

    assert type(to_sklearn(Stump().fit([[0.0], [1.0]], [0, 1]))) is sklearn.tree.DecisionTreeClassifier


def test_what_cannot_be_converted():
    with pytest.raises(NotFittedError):
        to_sklearn(DecisionTreeClassifier())
    with pytest.raises(TypeError, match="must be given a decision tree or a forest, got DummyRegressor"):
        to_sklearn(DummyRegressor().fit([[0.0], [1.0]], [0.0, 1.0]))
