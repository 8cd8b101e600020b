"""Fitted models of every estimator and of every kind of object that files hold, and what they answer."""

import datetime
import warnings
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd

from skensemble import (
    DDPM,
    NICE,
    AdaBoostClassifier,
    AdaBoostRegressor,
    AutoregressiveForest,
    ContinuousNormalizingFlow,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    DensityOutlierDetector,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    FlowMatching,
    Glow,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    MaskedAutoregressiveFlow,
    NeuralSplineFlow,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RealNVP,
    RectifiedFlow,
    ScoreSDE,
    explain,
)
from skensemble.generative import MLPField, TableEncoder, TreeField

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
        lambda: NewtonBoostingClassifier(linear_leaves=False, cv=2, **FEW).fit(X[:, :1], BINARY),
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

COLUMNS = pd.DataFrame(
    {
        "number": np.nan_to_num(X[:, 0]),
        "rounded": X[:, 1].round(1),
        "whole": pd.array(RNG.integers(0, 9, N_ROWS), "Int64"),
        "text": TEXT,
        "grade": pd.Categorical(np.round(X[:, 1]), ordered=True),
        "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 90, N_ROWS), "D"),
        "zone": pd.DatetimeIndex(
            pd.Timestamp("2024-03-30", tz="Europe/Berlin") + pd.to_timedelta(np.arange(N_ROWS), "h")
        ),
        "date": [datetime.date(2024, 1, 1 + k % 28) for k in range(N_ROWS)],
        "price": [Decimal(k % 7) / 4 for k in range(N_ROWS)],
        "string": pd.array(TEXT, "string"),
        "flag": X[:, 2] > 0.0,
        "half": 0.5 * np.nan_to_num(X[:, 0]),
        "constant": 3,
    }
)
COLUMNS.loc[::9, ["number", "day", "text"]] = None
NUMBERS = np.c_[np.nan_to_num(X[:, 0]), X[:, 1]]
CURVE = np.c_[NUMBER, NUMBER + 0.1 * X[:, 1]]
FEW_TREES = TreeField(n_estimators=3, n_jobs=1)
FEW_STEPS = MLPField(hidden_layer_sizes=(8,), max_steps=20, random_state=0, n_jobs=1)
FEW_EPOCHS = {"max_epochs": 2, "hidden_layer_sizes": (8,), **FEW}


def _flow(cls, **parameters):
    return lambda: cls(**FEW_EPOCHS, **parameters).fit(NUMBERS)


FEW_ROWS = NUMBERS[:4]
GENERATIVE_MODELS = {
    "encoder": (lambda: TableEncoder().fit(COLUMNS), COLUMNS),
    "encoder of codes": (lambda: TableEncoder(numeric="auto", categorical="codes").fit(COLUMNS), COLUMNS),
    "trees along a path": (
        lambda: FlowMatching(regressor=FEW_TREES, **FEW).fit(COLUMNS.iloc[:, [0, 3, 4]], LABEL),
        COLUMNS.iloc[:4, [0, 3, 4]],
    ),
    "ddpm": (
        lambda: DDPM(n_timesteps=10, regressor=FEW_STEPS, mask_share=0.5, **FEW).fit(NUMBERS, BINARY),
        FEW_ROWS,
    ),
    "score sde": (lambda: ScoreSDE(regressor=FEW_TREES, **FEW).fit(NUMBERS, NUMBER), FEW_ROWS),
    "rectified flow": (lambda: RectifiedFlow(regressor=FEW_TREES, **FEW).fit(NUMBERS), FEW_ROWS),
    "forests along a path": (
        lambda: FlowMatching(regressor=NewtonBoostingRegressor(n_estimators=2), **FEW).fit(NUMBERS),
        FEW_ROWS,
    ),
    "ensembles by level": (
        lambda: FlowMatching(
            regressor=TreeField(n_estimators=2, time_mode="per_level", n_levels=3, condition_mode="per_value"), **FEW
        ).fit(NUMBERS, BINARY),
        FEW_ROWS,
    ),
    "nice": (_flow(NICE), FEW_ROWS),
    "real nvp": (_flow(RealNVP), FEW_ROWS),
    "glow": (_flow(Glow), FEW_ROWS),
    "autoregressive": (_flow(MaskedAutoregressiveFlow), FEW_ROWS),
    "continuous": (_flow(ContinuousNormalizingFlow, n_steps=2), FEW_ROWS),
    "given columns": (
        lambda: NeuralSplineFlow(condition_columns=["text"], **FEW_EPOCHS).fit(COLUMNS.iloc[:, [0, 1, 3]], LABEL),
        COLUMNS.iloc[1:5, [0, 1, 3]],
    ),
    "chains of trees": (
        lambda: AutoregressiveForest(2, random_state=0).fit(COLUMNS.iloc[:, [0, 1, 3, 4]], LABEL),
        COLUMNS.iloc[:4, [0, 1, 3, 4]],
    ),
    "chains with curves": (lambda: AutoregressiveForest(1, random_state=0).fit(CURVE), CURVE[:4]),
    "outliers": (lambda: DensityOutlierDetector(NICE(**FEW_EPOCHS)).fit(NUMBERS), FEW_ROWS),
    "network": (lambda: MLPField(hidden_layer_sizes=(8,), max_steps=20, random_state=0).fit(NUMBERS, NUMBER), FEW_ROWS),
}
MODELS = TREE_MODELS | GENERATIVE_MODELS


@cache
def fitted(name):
    """(model, table to ask it about)"""
    make, table = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(), table


METHODS = (
    "predict", "predict_proba", "predict_log_proba", "decision_function", "apply", "predict_quantiles", "transform",
    "score_samples",
)  # fmt: skip
STAGES = ("staged_predict", "staged_decision_function")


def answers(model, table):
    """{what is asked: array or frame} of all that a model says about a table."""
    found = {}
    is_slow = getattr(model, "likelihood_", None) == "ode"
    for name in METHODS:
        if hasattr(model, name) and not (is_slow and name == "score_samples"):
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
        given = getattr(model, "condition_columns", None)
        found["sample"] = model.sample(4, random_state=0, **({"condition": table[given][:4]} if given else {}))
    if isinstance(model, TableEncoder):
        found["inverse"] = model.inverse_transform(found["transform"])
        boxes = model.boxes(table)
        found["boxes"] = [boxes.middle, boxes.width, boxes.log_volume]
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
