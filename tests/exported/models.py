"""Models for the table of exports: what formats differ in, each in one small model, and rows to ask them about."""

from functools import cache

import numpy as np
import pandas as pd

from skensemble import (
    AdaBoostClassifier,
    DecisionTreeClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).round(1)
X[::7, 1] = np.nan
X[::11, 2] = np.inf
Y = X[:, 0] + np.nan_to_num(X[:, 1]) + RNG.normal(size=120)
CLASSES = np.array(["low", "middle", "top"])[np.digitize(Y, [0, 1])]
TEXT = RNG.choice(["a", "b", "c d", "e'f", "rare", "seldom"], 120, p=[0.3, 0.3, 0.2, 0.16, 0.02, 0.02]).astype(object)
TEXT[::9] = None
GRADE = pd.Categorical(np.clip(np.round(np.nan_to_num(X[:, 1])), -1, 1).astype(int))
TABLE = pd.DataFrame({"number": X[:, 0], "text": TEXT, "grade": GRADE})
LEVEL = Y + 2 * (TABLE["text"] == "a") - 2 * (TABLE["text"] == "e'f") + (TABLE["grade"].astype(float) == 1)

NUMBERS = np.vstack((X[:30], np.round(X[30:60] * 1.01, 2), [[np.nan] * 3, [-np.inf] * 3, [np.inf] * 3]))
KNOWN = TABLE[:60]
UNSEEN = KNOWN.assign(
    text=np.where(np.arange(60) % 3 == 0, "unheard of", TEXT[:60]), grade=pd.Categorical([77, 1, -1] * 20)
)
FEW = {"n_estimators": 4, "random_state": 0, "n_jobs": 1}
SEARCHED = {"linear_leaves": True, "cv": 2, "random_state": 0, "n_jobs": 1}  # rounds, and a temperature
WEIGHT = np.arange(120) % 3 + 0.5
FITTED = {  # name -> (function that fits a model, whether its table is TABLE)
    "symmetric": (lambda: NewtonBoostingRegressor(**FEW).fit(X, Y), False),
    "leaf-wise": (lambda: NewtonBoostingRegressor(grow_policy="lossguide", **FEW).fit(X, Y), False),
    "dart": (lambda: NewtonBoostingRegressor(booster="dart", rate_drop=0.5, **FEW).fit(X, Y), False),
    "two outputs": (
        lambda: NewtonBoostingRegressor(multi_strategy="multi_output_tree", **FEW).fit(X, np.c_[Y, -Y]),
        False,
    ),
    "log link": (lambda: NewtonBoostingRegressor("poisson", **FEW).fit(X, np.abs(Y)), False),
    "quantiles": (lambda: NewtonBoostingRegressor("quantile", quantile=[0.2, 0.8], **FEW).fit(X, Y), False),
    "linear leaves": (lambda: NewtonBoostingRegressor(linear_leaves=True, **FEW).fit(X, Y, WEIGHT), False),
    "linear leaves with a limit": (
        lambda: NewtonBoostingRegressor("poisson", linear_leaves=True, max_delta_step=0.3, **FEW).fit(X, np.abs(Y)),
        False,
    ),
    "linear leaves of two outputs": (
        lambda: NewtonBoostingRegressor(linear_leaves=True, multi_strategy="multi_output_tree", **FEW).fit(
            X, np.c_[Y, -Y]
        ),
        False,
    ),
    "linear leaves and a temperature": (lambda: NewtonBoostingClassifier(**SEARCHED).fit(X[:, :2], Y > 0)[:4], False),
    "linear leaves of classes and levels": (
        lambda: NewtonBoostingClassifier(linear_leaves=True, **FEW).fit(TABLE, CLASSES),
        True,
    ),
    "ranking": (
        lambda: NewtonBoostingRanker(**FEW).fit(X, np.digitize(Y, [0, 1]).astype(float), qid=np.arange(120) // 10),
        False,
    ),
    "weights": (
        lambda: GradientBoostingRegressor(n_estimators=4, random_state=0).fit(X, Y, RNG.integers(1, 4, 120)),
        False,
    ),
    "exponential": (
        lambda: GradientBoostingClassifier(loss="exponential", n_estimators=4, random_state=0).fit(X, Y > 0),
        False,
    ),
    "forest": (lambda: RandomForestRegressor(**FEW).fit(X, Y), False),
    "large numbers": (lambda: RandomForestRegressor(**FEW).fit(16777216 + 1.0 * np.arange(120)[:, None], Y), False),
    "two classes": (lambda: NewtonBoostingClassifier(**FEW).fit(X, CLASSES == "low"), False),
    "three classes": (lambda: NewtonBoostingClassifier(num_parallel_tree=2, **FEW).fit(X, CLASSES), False),
    "one class": (lambda: NewtonBoostingClassifier(**FEW).fit(X, np.ones(120)), False),
    "forest of classes": (lambda: RandomForestClassifier(**FEW).fit(X, CLASSES), False),
    "tree of two targets": (lambda: DecisionTreeClassifier(max_depth=3).fit(X, np.c_[CLASSES, Y > 0]), False),
    "adaboost": (lambda: AdaBoostClassifier(n_estimators=4, random_state=0).fit(X, CLASSES), False),
    "real adaboost": (
        lambda: AdaBoostClassifier(n_estimators=4, random_state=0, algorithm="gentle").fit(X, CLASSES),
        False,
    ),
    "levels": (lambda: NewtonBoostingRegressor(**FEW).fit(TABLE, LEVEL), True),
    "levels of classes": (lambda: NewtonBoostingClassifier(**FEW).fit(TABLE, CLASSES), True),
    "levels in a forest": (lambda: RandomForestRegressor(**FEW).fit(TABLE, LEVEL), True),
    "rare levels": (
        lambda: GradientBoostingRegressor(n_estimators=4, random_state=0, min_frequency=9).fit(TABLE, LEVEL),
        True,
    ),
    "levels that are numbers": (
        lambda: NewtonBoostingRegressor(categorical_features=[1], **FEW).fit(
            np.c_[X[:, 0], np.clip(np.nan_to_num(np.round(X[:, 1])), 0, 1)], LEVEL
        ),
        False,
    ),
}


@cache
def fitted(name):
    return FITTED[name][0]()


def rows_of(name, with_infinities=True):
    """List of tables to ask a model about: float64 and float32, or with known and unknown levels."""
    if FITTED[name][1]:
        return [KNOWN, UNSEEN]
    tables = _tables_of_numbers(name)
    return tables if with_infinities else [np.clip(rows, -9, 9) if np.isinf(rows).any() else rows for rows in tables]


def _tables_of_numbers(name):
    model = fitted(name)
    if name == "large numbers":
        return [16777216 + 0.5 * np.arange(60)[:, None]]
    if name == "levels that are numbers":
        rows = np.c_[NUMBERS[:, 0], np.clip(np.round(NUMBERS[:, 1]), 0, 9)]
        return [rows, rows.astype(np.float32)]
    rows = NUMBERS[:, : model.n_features_in_]
    return [rows, rows.astype(np.float32)]


def response(model, rows):
    """What a model predicts as numbers: probabilities of classes, or predictions."""
    return model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
