"""Every estimator of trees can be seen as a sum of trees, and predicts what the sum says."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LinearRegression, LogisticRegression

import skensemble
from skensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    NewtonBoostingRegressor,
    RandomForestClassifier,
)
from skensemble._front_door import ESTIMATORS
from skensemble._validation import read_table

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
X[::7, 1] = np.nan
NUMBERS = X[:, 0] + RNG.normal(size=120)
CLASSES = np.array(["low", "middle", "top"])[np.digitize(NUMBERS, [-0.5, 0.5])]
NAMES = [name for kind in ("Boosting", "Forests", "Trees") for name in ESTIMATORS[kind]]


def _fitted(name, n_classes, weight):
    kind = getattr(skensemble, name)
    model = kind(**({"n_estimators": 3} if "n_estimators" in kind().get_params() else {"max_depth": 3}))
    if name == "NewtonBoostingRanker":
        return model.fit(X, (NUMBERS > 0).astype(int), qid=np.arange(120) // 10)
    y = (CLASSES if n_classes == 3 else CLASSES == "top") if name.endswith("Classifier") else NUMBERS
    return model.fit(X, y, weight)


def _raw(model):
    for method in ("decision_function", "predict_proba", "predict"):
        if hasattr(model, method):
            raw = getattr(model, method)(X)
            return raw.reshape(len(X), -1)
    return None


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "AdaBoostRegressor"])
def test_models_predict_what_the_sum_of_their_trees_says(name, n_classes):
    weight = RNG.integers(1, 4, 120).astype(float)
    model = _fitted(name, n_classes, weight)
    additive = model._additive_trees()
    raw = additive.raw(read_table(X))
    np.testing.assert_array_equal(raw, _raw(model))
    assert raw.shape[1] == additive.n_outputs
    if name.endswith("Classifier"):
        np.testing.assert_array_equal(additive.link.response(raw), model.predict_proba(X))
        assert len(additive.output_names) == additive.n_outputs
        assert set(additive.output_names) <= set(model.classes_)
    if not name.startswith("NewtonBoosting"):
        roots = additive.node_weight[additive.trees.roots]
        total = 1.0 if name.startswith("AdaBoost") else weight.sum()  # AdaBoost's weights are shares
        draws = name.startswith("RandomForest")
        np.testing.assert_allclose(roots, len(X) if draws and roots[0] == len(X) else total)


def test_names_of_several_outputs_tell_the_output():
    y = np.c_[CLASSES == "top", X[:, 0] > 0]
    for model in (DecisionTreeClassifier(), RandomForestClassifier(2)):
        names = model.fit(X, y)._additive_trees().output_names
        assert names == ((0, False), (0, True), (1, False), (1, True))


@pytest.mark.parametrize("algorithm", ["samme", "real", "gentle", "logit"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_adaboost_adds_up_in_all_its_versions(algorithm, n_classes):
    y = CLASSES if n_classes == 3 else CLASSES == "top"
    model = AdaBoostClassifier(algorithm=algorithm, n_estimators=4).fit(X, y)
    additive = model._additive_trees()
    raw = additive.raw(read_table(X))
    np.testing.assert_array_equal(raw, model.decision_function(X).reshape(len(X), -1))
    np.testing.assert_array_equal(additive.link.response(raw), model.predict_proba(X))
    if n_classes == 2:
        assert additive.link.name == "logit"
        np.testing.assert_allclose(model.predict_proba(X)[:, 1], expit(raw[:, 0]))


def test_what_is_no_sum_of_trees_says_so():
    learner = AdaBoostClassifier(LogisticRegression(), n_estimators=2).fit(X[:, :1], CLASSES)
    start = GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(X[:, :1], NUMBERS)
    linear = NewtonBoostingRegressor(booster="gblinear", n_estimators=2).fit(X, NUMBERS)
    cases = (
        (AdaBoostRegressor(n_estimators=2).fit(X, NUMBERS), "weighted median of its learners"),
        (learner, "estimator must be a decision tree"),
        (start, "init must be None or 'zero'"),
        (linear, "gblinear"),
    )
    for model, message in cases:
        with pytest.raises(ValueError, match=message):
            model._additive_trees()


def test_trees_of_a_loaded_model_are_checked():
    for model in (DecisionTreeRegressor(max_depth=2), GradientBoostingClassifier(n_estimators=2)):
        model.fit(X, CLASSES == "top")
        state = model.__getstate__()
        trees = model.tree_.trees if hasattr(model, "tree_") else model._trees
        trees.left[0] = 10_000
        with pytest.raises(ValueError, match="Malformed trees: left must be a later node of the same tree"):
            type(model)().__setstate__(state)
