"""A small table with all kinds of columns, and every estimator of trees fitted to it."""

from functools import cache

import numpy as np
import pandas as pd

import skensemble
from skensemble._front_door import ESTIMATORS

RNG = np.random.default_rng(0)
N_ROWS = 60
NAMES = [name for kind in ("Boosting", "Forests", "Trees") for name in ESTIMATORS[kind]]
X = pd.DataFrame(RNG.normal(size=(N_ROWS, 2)), columns=["size", "age"])
X.iloc[::7, 1] = np.nan
X["kind"] = RNG.choice(["a", "b", "c", "d"], N_ROWS)
X.loc[::11, "kind"] = None
X["grade"] = pd.Categorical(RNG.choice(["low", "mid", "top"], N_ROWS), ["low", "mid", "top"], ordered=True)
Y = X["size"] * (1 + X["kind"].isin(["b", "d"])) + np.nan_to_num(X["age"]) + (X["grade"] == "top")
Y = Y.to_numpy()
CLASSES = np.array(["bad", "fair", "good"])[np.digitize(Y, [0, 1])]
WEIGHT = np.arange(N_ROWS) % 3 + 0.0


@cache
def fitted(name, **parameters):
    """The estimator of that name, fitted once: clone it before another fit."""
    kind = getattr(skensemble, name)
    given = {"n_estimators": 4, "max_depth": 3, "random_state": 0} | parameters
    model = kind(**{key: value for key, value in given.items() if key in kind().get_params()})
    if name == "NewtonBoostingRanker":
        return model.fit(X, (Y > 0).astype(int), qid=np.arange(N_ROWS) // 10)
    return model.fit(X, CLASSES if name.endswith("Classifier") else Y)


def response(model, table):
    """(n_samples, n_outputs) what `predict` or `predict_proba` returns."""
    predict = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    return predict(table).reshape(len(table), -1)


def raw(model, table):
    """(n_samples, n_outputs) raw predictions by public methods; forests and trees have no other than the response."""
    if hasattr(model, "decision_function"):
        return model.decision_function(table).reshape(len(table), -1)
    return response(model, table)


def changed(column, value):
    """The table with one value in a column, whose dtype stays."""
    values = pd.Series([value] * N_ROWS, index=X.index)
    return X.assign(**{column: values.astype(X[column].dtype)})
