"""Fitted models of every estimator and of every kind of object that files hold, and what they answer."""

import warnings
from functools import cache

import numpy as np
import pandas as pd

from skensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    explain,
)

RNG = np.random.default_rng(0)
N_ROWS = 80
X = RNG.normal(size=(N_ROWS, 3)).round(2)
NUMBER = X[:, 0] + np.abs(X[:, 1]) + RNG.normal(scale=0.1, size=N_ROWS)
X[::7, 0] = np.nan
LABEL = np.array(["low", "middle", "high"])[np.digitize(NUMBER, [0.3, 1.2])]
BINARY = NUMBER > 0.6
WEIGHT = RNG.integers(0, 4, N_ROWS).astype(float)
TEXT = RNG.choice(["a", "b", "c", "rare"], N_ROWS, p=[0.5, 0.3, 0.18, 0.02])
TABLE = pd.DataFrame(
    {"number": X[:, 0], "text": TEXT, "grade": pd.Categorical(np.round(X[:, 1])), "flag": X[:, 2] > 0.0}
)
QUERY = np.arange(N_ROWS) // 8
FEW = {"random_state": 0, "n_jobs": 1}
ROUNDS = {"n_estimators": 3, **FEW}


def _newton(**parameters):
    return lambda: NewtonBoostingRegressor(**ROUNDS, **parameters).fit(X, NUMBER)


def _ranker():
    return NewtonBoostingRanker(**ROUNDS).fit(X, np.digitize(NUMBER, [0.3, 1.2]).astype(float), qid=QUERY)


def _boosted_by(learner, **parameters):
    return lambda: AdaBoostClassifier(learner, n_estimators=3, random_state=0, **parameters).fit(X, LABEL)


TREE_MODELS = {  # name -> (function that fits a model, table to ask it about)
    "trees": (_newton(), X),
    "categories": (lambda: NewtonBoostingRegressor(**ROUNDS).fit(TABLE, NUMBER), TABLE),
    "leaf-wise": (_newton(grow_policy="lossguide", max_leaf_nodes=9), X),
    "dart": (lambda: NewtonBoostingClassifier(booster="dart", rate_drop=0.5, **ROUNDS).fit(X, LABEL), X),
    "gblinear": (lambda: NewtonBoostingRegressor(booster="gblinear", **ROUNDS).fit(TABLE, NUMBER), TABLE),
    "linear leaves": (_newton(linear_leaves=True), X),
    "vectors": (
        lambda: NewtonBoostingRegressor(multi_strategy="multi_output_tree", **ROUNDS).fit(X, np.c_[NUMBER, -NUMBER]),
        X,
    ),
    "quantiles": (_newton(loss="quantile", quantile=[0.1, 0.5, 0.9]), X),
    "huber": (_newton(loss="huber"), X),
    "tweedie": (
        lambda: NewtonBoostingRegressor(loss="tweedie", **ROUNDS).fit(X, np.abs(NUMBER), sample_weight=WEIGHT),
        X,
    ),
    "chosen rounds": (
        lambda: NewtonBoostingClassifier(n_estimators="auto", cv=2, **FEW).fit(X[:, :1], BINARY),
        X[:, :1],
    ),
    "held out": (lambda: NewtonBoostingClassifier(early_stopping=True, **ROUNDS).fit(TABLE, BINARY), TABLE),
    "one class": (lambda: NewtonBoostingClassifier(**ROUNDS).fit(X, np.ones(N_ROWS)), X),
    "ranker": (_ranker, X),
    "gradient boosting": (lambda: GradientBoostingRegressor(n_estimators=3, random_state=0).fit(TABLE, NUMBER), TABLE),
    "gradient boosting of classes": (
        lambda: GradientBoostingClassifier(n_estimators=3, subsample=0.7, random_state=0).fit(X, LABEL),
        X,
    ),
    "gradient boosting of a tree": (
        lambda: GradientBoostingRegressor(n_estimators=3, init=DecisionTreeRegressor(max_depth=2)).fit(X, NUMBER),
        X,
    ),
    "adaboost": (_boosted_by(None), X),
    "adaboost of numbers": (_boosted_by(None, algorithm="logit"), X),
    "adaboost of forests": (_boosted_by(RandomForestClassifier(2, random_state=0)), X),
    "adaboost regressor": (lambda: AdaBoostRegressor(n_estimators=3, random_state=0).fit(TABLE, NUMBER), TABLE),
    "forest": (lambda: RandomForestRegressor(3, random_state=0, keep_leaf_rows=True).fit(X, NUMBER, WEIGHT), X),
    "forest of two targets": (
        lambda: RandomForestClassifier(3, random_state=0, oob_score=True).fit(TABLE, np.c_[BINARY, NUMBER > 0]),
        TABLE,
    ),
    "permutation": (
        lambda: RandomForestRegressor(3, random_state=0, importance_type="permutation").fit(X, NUMBER),
        X,
    ),
    "monotone forest": (
        lambda: ExtraTreesRegressor(3, random_state=0, keep_leaf_rows=True, monotonic_cst=[1, 0, 0]).fit(X, NUMBER),
        X,
    ),
    "extra trees": (lambda: ExtraTreesClassifier(3, random_state=0).fit(X, LABEL), X),
    "tree": (lambda: DecisionTreeClassifier(random_state=0).fit(TABLE, LABEL), TABLE),
    "tree of numbers": (lambda: DecisionTreeRegressor(random_state=0).fit(X, np.c_[NUMBER, NUMBER]), X),
    "extra tree": (lambda: ExtraTreeClassifier(random_state=0).fit(X, LABEL), X),
    "extra tree of numbers": (lambda: ExtraTreeRegressor(random_state=0).fit(X, NUMBER), X),
}


@cache
def fitted(name):
    """(model, table to ask it about)"""
    make, table = TREE_MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(), table


METHODS = (
    "predict", "predict_proba", "predict_log_proba", "decision_function", "apply", "predict_quantiles", "transform",
    "score_samples", "inverse_transform",
)  # fmt: skip
STAGES = ("staged_predict", "staged_decision_function")


def answers(model, table):
    """{what is asked: array or frame} of all that a model says about a table."""
    found = {}
    for name in METHODS:
        if hasattr(model, name):
            try:
                found[name] = getattr(model, name)(table)
            except ValueError as error:  # what this model does not know
                found[name] = str(error)
    for name in STAGES:
        if hasattr(model, name):
            found[name] = list(getattr(model, name)(table))
    if hasattr(model, "shap_values"):
        try:
            explanation = explain(model, table)
            found["explain"] = [explanation.values, explanation.base_values]
        except ValueError as error:
            found["explain"] = str(error)
    if hasattr(model, "sample"):
        found["sample"] = model.sample(5, random_state=0)
    return found


def assert_same(a, b):
    """Equal to the last bit, and of the same types."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
    if isinstance(a, (dict, list, tuple)):
        assert len(a) == len(b)
        for key in a if isinstance(a, dict) else range(len(a)):
            assert_same(a[key], b[key])
    elif isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    else:
        assert a is b or a == b
