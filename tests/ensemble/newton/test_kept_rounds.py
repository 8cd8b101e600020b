"""Warm starts of Newton boosters: the table is read once, and whatever changes is noticed."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import make_scorer

from skensemble import NewtonBoostingRegressor
from skensemble.ensemble.newton._boosters import BOOSTERS
from tests.ensemble.newton.test_boosters import TARGETS, N, X, every_booster, every_target, make, raw

NUMBERS, Y = TARGETS["numbers"]
START = np.linspace(-1.0, 1.0, N)
WAYS = {
    "all rows": ({}, {}),
    "rows of the user judge": ({"early_stopping": False}, {"X_val": X[:50], "y_val": Y[:50]}),
    "rows held out judge": ({"early_stopping": True, "n_iter_no_change": 50, "tol": 0.0, "learning_rate": 0.05}, {}),
    "init_score": ({}, {"init_score": START}),
    "no samples of rows or columns": ({"subsample": 1.0, "colsample_bylevel": 1.0, "grow_policy": "lossguide"}, {}),
    "goss": ({"sampling_method": "goss"}, {}),
    "weights": ({}, {"sample_weight": np.arange(N) % 3}),
}


def forgetful(model):
    """The model as a warm start sees it that has nothing but the model."""
    return pickle.loads(pickle.dumps(model))


def counted(monkeypatch, name):
    """List that grows with each table that an encoder of this booster codes."""
    coded, transform = [], BOOSTERS[name].Encoder.transform

    def counting(encoder, *args):
        coded.append(encoder)
        return transform(encoder, *args)

    monkeypatch.setattr(BOOSTERS[name].Encoder, "transform", counting)
    return coded


def one_by_one(model, fit, n_rounds, between=lambda model: model):
    """A model with warm_start=True that has one round, fitted until it has more."""
    for n_estimators in range(2, n_rounds + 1):
        model = between(model).set_params(n_estimators=n_estimators)
        fit(model)
    return model


@every_booster
@every_target
def test_round_by_round_codes_the_table_once(name, estimator, y, monkeypatch):
    coded = counted(monkeypatch, name)
    model = one_by_one(
        make(name, estimator, n_estimators=1, warm_start=True).fit(X, y), lambda m: m.fit(X.copy(), y), 6
    )
    assert len(coded) == 1
    other = make(name, estimator, n_estimators=1, warm_start=True).fit(X, y)
    other = one_by_one(other, lambda m: m.fit(X, y), 6, between=forgetful)
    np.testing.assert_array_equal(raw(model), raw(other))
    assert len(coded) == 7


@every_booster
@pytest.mark.parametrize(("parameters", "data"), WAYS.values(), ids=WAYS)
def test_what_is_kept_changes_no_bit(name, parameters, data):
    if name == "gblinear":
        parameters = {key: parameters[key] for key in parameters.keys() & {"early_stopping", "n_iter_no_change", "tol"}}
    first = make(name, NUMBERS, n_estimators=1, warm_start=True, **parameters).fit(X, Y, **data)
    kept = one_by_one(first, lambda m: m.fit(X, Y, **data), 8)
    first = make(name, NUMBERS, n_estimators=1, warm_start=True, **parameters).fit(X, Y, **data)
    other = one_by_one(first, lambda m: m.fit(X, Y, **data), 8, between=forgetful)
    assert kept.n_iter_ == other.n_iter_ > 1
    np.testing.assert_array_equal(raw(kept), raw(other))
    np.testing.assert_array_equal(kept.validation_score_, other.validation_score_)


@every_booster
def test_what_changed_is_seen(name):
    """In the table and the weights themselves, and in what else a fit is given."""
    table, weight, y = X.copy(), np.ones(N), Y.copy()
    model, other = (make(name, NUMBERS, n_estimators=2, warm_start=True).fit(table, y, weight) for _ in range(2))
    for n_estimators, change in enumerate(("none", "table", "weight", "target", "rate", "start", "threads"), 3):
        given = {"init_score": START} if change == "start" else {}
        if change == "table":
            table[:20] = table[20:40]
        elif change == "weight":
            weight[:50] = 0.0
        elif change == "target":
            y[::7] += 1.0
        parameters = {"n_estimators": n_estimators, "learning_rate": 0.4 if change == "rate" else 0.2}
        parameters["n_jobs"] = 2 if change == "threads" else 1
        model.set_params(**parameters).fit(table, y, weight, **given)
        other = forgetful(other).set_params(**parameters).fit(table, y, weight, **given)
        np.testing.assert_array_equal(raw(model, table), raw(other, table), err_msg=change)


def test_rows_that_judge_are_seen():
    settings = {"early_stopping": False, "warm_start": True, "n_estimators": 2}
    model, other = (make("gbtree", NUMBERS, **settings).fit(X, Y, X_val=X[:50], y_val=Y[:50]) for _ in range(2))
    for n_estimators, rows in enumerate((slice(0, 50), slice(50, 90)), 3):
        fit = {"X_val": X[rows], "y_val": Y[rows]}
        model.set_params(n_estimators=n_estimators).fit(X, Y, **fit)
        other = forgetful(other).set_params(n_estimators=n_estimators).fit(X, Y, **fit)
        np.testing.assert_array_equal(model.validation_score_, other.validation_score_)


def test_scorers_see_the_table_of_each_fit():
    seen = []

    def score(y, prediction, sample_weight=None):
        return -np.mean((y - prediction) ** 2)

    class Scorer:
        def __call__(self, estimator, rows, y, sample_weight=None):
            seen.append(rows)
            return make_scorer(score)(estimator, rows, y)

    frame = pd.DataFrame(X, columns=list("abcd"))
    model = NewtonBoostingRegressor(n_estimators=2, warm_start=True, early_stopping=True, scoring=Scorer())
    model.fit(frame, Y)
    same = frame.copy()
    frame[:] = 0.0
    seen.clear()
    model.set_params(n_estimators=3).fit(same, Y)
    assert seen
    assert not any((rows == 0.0).all(axis=None) for rows in seen)


@every_booster
def test_a_fit_that_fails_leaves_nothing_behind(name):
    fails = []

    def loss(y, raw, sample_weight):
        if fails and fails.pop():
            raise KeyError("no more")
        return raw - y, np.ones_like(raw)

    def begun():
        return make(name, NUMBERS, loss=loss, n_estimators=2, warm_start=True).fit(X, Y)

    model, other = begun().set_params(n_estimators=4), begun().set_params(n_estimators=4)
    fails += [True, False]  # the second round
    with pytest.raises(KeyError, match="no more"):
        model.fit(X, Y)
    np.testing.assert_array_equal(raw(model.fit(X, Y)), raw(other.fit(X, Y)))


@every_booster
def test_nothing_is_kept_unless_it_may_be_of_use(name):
    model = make(name, NUMBERS, warm_start=True).fit(X, Y)
    assert "_kept" in vars(model)
    assert "_kept" not in model.__getstate__()
    model.set_params(warm_start=False).fit(X, Y)
    assert "_kept" not in vars(model)


def test_trees_are_put_together_when_somebody_asks_for_them():
    model = make("gbtree", NUMBERS, n_estimators=2, warm_start=True).fit(X, Y)
    model = one_by_one(model, lambda m: m.fit(X, Y), 5)
    assert "additive" not in vars(model._booster)
    assert model.n_iter_ == 5
    assert pickle.loads(pickle.dumps(model._booster)).additive.trees.n_trees == 5
    assert "additive" in vars(model._booster)
    assert model._booster.n_rounds == 5
    with pytest.raises(AttributeError, match="GradientTrees has no attribute 'addition'"):
        model._booster.addition  # noqa: B018
