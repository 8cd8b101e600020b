"""Flows of some columns given others: whole rows come back, densities are those of the others alone."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from skensemble.generative import NICE, ContinuousNormalizingFlow, Glow, MaskedAutoregressiveFlow, RealNVP
from skensemble.generative.flows._normalizing_flows import NeuralSplineFlow

FLOWS = (NICE, RealNVP, Glow, NeuralSplineFlow, MaskedAutoregressiveFlow, ContinuousNormalizingFlow)


def _table(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=n_rows)
    kind = rng.choice(["low", "high"], n_rows)
    return pd.DataFrame({
        "effect": cause + np.where(kind == "high", 3.0, 0.0) + 0.3 * rng.normal(size=n_rows),
        "kind": pd.Categorical(kind),
        "cause": cause,
        "count": rng.poisson(3, n_rows),
    })  # fmt: skip


def _fitted(flow=RealNVP, X=None, y=None, columns=("kind", "cause"), **parameters):
    parameters = {"max_epochs": 3, "hidden_layer_sizes": (8,), "random_state": 0, **parameters}
    if flow is not ContinuousNormalizingFlow:
        parameters.setdefault("n_layers", 2)
    return flow(condition_columns=columns, **parameters).fit(_table() if X is None else X, y)


@pytest.mark.parametrize("flow", FLOWS)
def test_rows_come_back_with_the_cells_that_are_given(flow):
    X, model = _table(), _fitted(flow)
    given = X[["cause", "kind"]].iloc[:7]
    drawn = model.sample(7, condition=given)
    pd.testing.assert_frame_equal(drawn[["kind", "cause"]].reset_index(drop=True), given[["kind", "cause"]])
    assert (drawn.dtypes == X.dtypes).all()
    assert model.score_samples(X).shape == (400,)
    latents = model.transform(X)
    assert latents.shape == (400, 2)
    assert model.get_feature_names_out().shape == (2,)
    restored = model.inverse_transform(latents, condition=X)
    np.testing.assert_allclose(restored["effect"], X["effect"], atol=1e-3)
    np.testing.assert_array_equal(restored["cause"], X["cause"])


def test_the_density_is_that_of_a_conditional_normal_distribution():
    rng = np.random.default_rng(0)
    cause = rng.normal(size=3000)
    X = np.column_stack([0.8 * cause + 0.6 * rng.normal(size=3000), cause])
    model = _fitted(X=X, columns=[1], max_epochs=30, n_layers=4, hidden_layer_sizes=(16,))
    exact = norm.logpdf(X[:, 0], 0.8 * X[:, 1], 0.6)
    assert abs(model.score(X) - exact.mean()) < 0.05
    drawn = model.sample(2000, condition={1: 1.5})
    assert np.unique(drawn[:, 1]).tolist() == [1.5]
    assert abs(drawn[:, 0].mean() - 1.2) < 0.1
    assert abs(drawn[:, 0].std() - 0.6) < 0.1


def test_given_columns_do_not_count_and_their_units_do_not_matter():
    X = _table()
    in_cents = X.assign(cause=100.0 * X["cause"])
    np.testing.assert_allclose(_fitted().score_samples(X), _fitted(X=in_cents).score_samples(in_cents), atol=1e-3)


@pytest.mark.parametrize("columns", [["cause", "kind"], [2, 1], [-2, 1], [False, True, True, False]])
def test_columns_are_named_in_any_way(columns):
    expected = _fitted().score(_table())
    if -2 in columns:
        with pytest.raises(ValueError, match="condition_columns"):
            _fitted(columns=columns)
    else:
        assert _fitted(columns=columns).score(_table()) == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"cause": 0.5, "kind": "high"},
        {2: np.full(3, 0.5), 1: ["high"] * 3},
        pd.DataFrame({"kind": ["high"], "cause": [0.5]}),
        pd.DataFrame({"effect": [np.nan], "kind": ["high"], "cause": [0.5], "count": [0]}),
    ],
    ids=["dict of values", "dict of arrays", "one row", "one whole row"],
)
def test_cells_are_given_in_any_form(condition):
    model = _fitted()
    drawn = model.sample(3, condition=condition, random_state=1)
    pd.testing.assert_frame_equal(drawn, model.sample(3, condition={"kind": "high", "cause": 0.5}, random_state=1))
    assert drawn["cause"].tolist() == [0.5] * 3


def test_given_cells_may_lie_beyond_what_fit_saw():
    assert _fitted().sample(2, condition={"cause": 50.0, "kind": "low"})["cause"].tolist() == [50.0, 50.0]


def test_labels_and_columns_are_given_together():
    X, y = _table(), np.arange(400) % 2
    model = _fitted(y=y, columns=["cause"])
    drawn = model.sample(4, y=1, condition={"cause": 0.0})
    assert drawn["cause"].tolist() == [0.0] * 4
    assert np.isfinite(model.score(X, y))


def test_missing_given_cells_are_learned_from():
    X = _table()
    X.loc[::5, "cause"] = np.nan
    model = _fitted(X=X)
    assert np.isfinite(model.score_samples(X)).all()
    with pytest.raises(ValueError, match="condition must hold a value in every cell"):
        model.sample(1, condition={"cause": np.nan, "kind": "low"})


def test_copies_of_given_columns_follow_them_and_do_not_count():
    X = _table()
    doubled = X.assign(double=2.0 * X["cause"])
    model = _fitted(X=doubled, columns=["double", "kind"])
    assert model.sample(2, condition={"double": 3.0, "kind": "low"})["cause"].tolist() == pytest.approx([1.5, 1.5])
    np.testing.assert_allclose(model.score_samples(doubled), _fitted(X=X).score_samples(X))


def test_unnamed_cells_stand_in_the_order_of_the_columns():
    X = _table()[["effect", "cause", "count"]].to_numpy()
    drawn = _fitted(X=X, columns=[2, 1]).sample(2, condition=np.array([[7.0, 0.25]]))
    assert drawn[:, 1:].tolist() == [[0.25, 7.0]] * 2


def test_copies_and_pickles():
    model = pickle.loads(pickle.dumps(_fitted()))
    assert model.score(_table()) == _fitted().score(_table())


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (None, "condition must hold the cells of condition_columns, got None"),
        ({"cause": 0.0}, r"condition must hold the columns \[1, 2\]"),
        ({"cause": 0.0, "kind": "low", "count": 1}, r"condition must hold the columns \[1, 2\]"),
        ({"cause": [0.0, 1.0], "kind": "low"}, "condition must have 3 values"),
        (pd.DataFrame({"kind": ["low"] * 2, "cause": [0.0] * 2}), "condition must have 1 row or n_samples = 3, got 2"),
    ],
)
def test_bad_cells_are_refused(condition, message):
    with pytest.raises(ValueError, match=message):
        _fitted().sample(3, condition=condition)


def test_bad_columns_are_refused():
    for columns in ([0, 1, 2, 3], ["nothing"], [9], 3):
        with pytest.raises((ValueError, TypeError), match="condition_columns"):
            _fitted(columns=columns)
    with pytest.raises(ValueError, match="condition must be None"):
        _fitted(columns=None).sample(1, condition={"cause": 0.0})
