"""Slices of boosters are models of these rounds, and merged models add up."""

import numpy as np
import pandas as pd
import pytest

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
X[::9, 1] = np.nan
NUMBER = X[:, 0] + RNG.normal(scale=0.1, size=80)
LABEL = np.array(["a", "b", "c"])[np.digitize(NUMBER, [-0.5, 0.5])]
ROUNDS = {"n_estimators": 5, "random_state": 0, "n_jobs": 1}
KINDS = {
    "trees": {}, "dart": {"booster": "dart", "rate_drop": 0.5}, "gblinear": {"booster": "gblinear"},
    "linear leaves": {"linear_leaves": True}, "parallel": {"num_parallel_tree": 2, "subsample": 0.8},
}  # fmt: skip
every_kind = pytest.mark.parametrize("parameters", KINDS.values(), ids=KINDS)


@every_kind
def test_a_slice_predicts_as_its_rounds(parameters):
    model = NewtonBoostingRegressor(**ROUNDS, **parameters).fit(X, NUMBER)
    for n_rounds, expected in enumerate(model.staged_predict(X), start=1):
        part = model[:n_rounds]
        np.testing.assert_allclose(part.predict(X), expected, rtol=1e-14)
        assert part.n_iter_ == n_rounds
    assert model[:99].n_iter_ == 5
    np.testing.assert_array_equal(model[:-2].predict(X), model[:3].predict(X))


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"dart"}))
def test_slices_and_the_rest_add_up(name):
    model = NewtonBoostingRegressor(base_score=0.25, **ROUNDS, **KINDS[name]).fit(X, NUMBER)
    parts = model[:2], model[2], model[3:]
    assert [part.n_iter_ for part in parts] == [2, 1, 2]
    total = sum(part.predict(X) for part in parts) - 2 * 0.25
    np.testing.assert_allclose(total, model.predict(X), rtol=1e-12, atol=1e-12)
    together = parts[0].merge(parts[1]).merge(parts[2])
    np.testing.assert_allclose(together.predict(X) - 2 * 0.25, model.predict(X), rtol=1e-12, atol=1e-12)
    assert together.n_iter_ == 5


def test_slices_of_classifiers_go_on_and_are_saved():
    model = NewtonBoostingClassifier(**ROUNDS).fit(X, LABEL)
    part = model[:3]
    *_, expected = (stage for stage, _ in zip(model.staged_predict_proba(X), range(3)))
    np.testing.assert_array_equal(part.predict_proba(X), expected)
    part.set_params(n_estimators=5, warm_start=True).fit(X, LABEL)
    np.testing.assert_allclose(part.predict_proba(X), model.predict_proba(X), rtol=1e-12)
    assert model.n_iter_ == 5  # which stays as it was


def test_models_are_no_sequences_for_numpy():
    model = NewtonBoostingRegressor(**ROUNDS).fit(X, NUMBER)
    assert np.array([model, model], object).shape == (2,)
    assert [part.n_iter_ for part in model] == [1] * 5


def test_a_model_of_what_another_one_left():
    first = NewtonBoostingRegressor(**ROUNDS).fit(X, NUMBER)
    second = NewtonBoostingRegressor(**ROUNDS).fit(X, NUMBER, init_score=first.predict(X))
    both = first.merge(second)
    np.testing.assert_allclose(both.predict(X), first.predict(X) + second.predict(X), rtol=1e-12)
    assert np.square(both.predict(X) - NUMBER).mean() < np.square(first.predict(X) - NUMBER).mean()
    assert both.feature_importances_.sum() == pytest.approx(1.0)


def test_what_cannot_be_sliced():
    model = NewtonBoostingRegressor(**ROUNDS).fit(X, NUMBER)
    with pytest.raises(ValueError, match="rounds must be a slice without a step, got a step of 2"):
        model[::2]
    with pytest.raises(IndexError, match="rounds must be below 5"):
        model[5]
    dart = NewtonBoostingRegressor(booster="dart", **ROUNDS).fit(X, NUMBER)
    with pytest.raises(ValueError, match="rounds must begin with 0 for booster='dart'"):
        dart[1:]
    with pytest.raises(ValueError, match="booster must not be 'dart'"):
        dart.merge(dart)


def test_what_cannot_be_merged():
    model = NewtonBoostingRegressor(**ROUNDS).fit(X, NUMBER)
    others = {
        "other must be fitted to a table with the same columns": NewtonBoostingRegressor(**ROUNDS).fit(
            X[:, :2], NUMBER
        ),
        "other must have the same loss": NewtonBoostingRegressor(loss="poisson", **ROUNDS).fit(X, np.abs(NUMBER)),
        "other must have the same booster": NewtonBoostingRegressor(linear_leaves=True, **ROUNDS).fit(X, NUMBER),
    }
    for message, other in others.items():
        with pytest.raises(ValueError, match=message):
            model.merge(other)
    with pytest.raises(TypeError, match="other must be a fitted NewtonBoostingRegressor, got str"):
        model.merge("model")
    tables = [
        pd.DataFrame({"x": NUMBER, "c": LABEL}),
        pd.DataFrame({"x": NUMBER, "c": np.where(LABEL == "a", "b", "d")}),
    ]
    models = [NewtonBoostingRegressor(**ROUNDS).fit(table, NUMBER) for table in tables]
    with pytest.raises(ValueError, match="same categories in each column"):
        models[0].merge(models[1])
