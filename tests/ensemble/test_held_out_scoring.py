"""Scorers see the rows as the user gave them, and predictions that are known already."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.metrics import r2_score

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.ensemble._held_out_scoring import GivenRows, KnownPredictions

N = 120
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": RNG.normal(size=N), "kind": RNG.choice(["x", "y", "z"], N)})
Y = FRAME["a"].to_numpy() + (FRAME["kind"] == "x")
SETTINGS = {"n_estimators": 4, "random_state": 0, "early_stopping": True, "max_depth": 2}


@pytest.mark.parametrize("make", [pd.DataFrame, np.asarray, lambda X: X.tolist(), scipy.sparse.csr_array])
def test_rows_that_are_taken_keep_their_kind(make):
    X = np.arange(20.0).reshape(10, 2)
    rows = GivenRows(make(X)).take(np.array([1, 4, 7])).take(np.array([0, 2]))
    assert type(rows.X) is type(make(X))
    plain = rows.X.toarray() if scipy.sparse.issparse(rows.X) else np.asarray(rows.X)
    np.testing.assert_array_equal(plain, X[[1, 7]])


def test_all_rows_are_the_object_that_was_given():
    assert GivenRows(FRAME).X is FRAME


def test_only_the_given_rows_are_known():
    known = KnownPredictions(np.arange(3.0))
    np.testing.assert_array_equal(known.of([[0], [0], [0]]), [0, 1, 2])
    with pytest.raises(ValueError, match="predictions of all rows that it is given \\(3\\)"):
        known.of(np.zeros((2, 1)))


def test_scorers_that_read_X_see_the_held_out_rows():
    """The score of the rows of one kind, by a scorer that looks for them in the frame."""
    seen = []

    def score_of_kind(estimator, X, y):
        seen.append((X, y))
        chosen = (X["kind"] == "x").to_numpy()
        return r2_score(y[chosen], estimator.predict(X)[chosen])

    model = NewtonBoostingRegressor(**SETTINGS, scoring=score_of_kind, validation_fraction=0.3).fit(FRAME, Y)
    assert len(model.validation_score_) == 5
    held_out = [X for X, _ in seen if len(X) < N / 2]
    assert all(isinstance(X, pd.DataFrame) for X, _ in seen)
    np.testing.assert_array_equal(*(Y[X.index] for X in held_out[:2]))
    for X, y in seen:
        np.testing.assert_array_equal(FRAME.loc[X.index, "a"], X["a"])
        np.testing.assert_array_equal(Y[X.index], y)


def test_rows_of_the_user_are_handed_on():
    seen = []

    def scorer(estimator, X, y, sample_weight=None):
        seen.append(X)
        return estimator.score(X, y)

    X_val = FRAME.iloc[:30]
    model = NewtonBoostingClassifier(**SETTINGS, scoring=scorer)
    model.fit(FRAME, Y > 0, X_val=X_val, y_val=Y[:30] > 0)
    assert {id(X) for X in seen} == {id(FRAME), id(X_val)}
    assert model.score(X_val, Y[:30] > 0) in model.validation_score_


def test_nothing_is_known_after_a_fit():
    model = NewtonBoostingRegressor(**SETTINGS, scoring="r2").fit(FRAME, Y)
    assert model._known is None
    assert model.predict(FRAME.iloc[:7]).shape == (7,)


@pytest.mark.parametrize("score", [None, "high", {"r2": 1.0}, np.ones(2)], ids=repr)
def test_scores_that_are_no_numbers_are_refused(score):
    model = NewtonBoostingRegressor(**SETTINGS, scoring=lambda estimator, X, y: score)
    with pytest.raises(ValueError, match=f"^scoring must return a number, got {type(score).__name__}"):
        model.fit(FRAME, Y)
    assert model.set_params(scoring=None).fit(FRAME, Y).predict(FRAME).shape == (N,)


def test_estimators_stay_usable_after_an_error_in_a_scorer():
    def broken(estimator, X, y):
        raise RuntimeError("no such file")

    model = NewtonBoostingRegressor(**SETTINGS).fit(FRAME, Y)
    expected = model.predict(FRAME)
    with pytest.raises(RuntimeError, match="no such file") as caught:
        model.set_params(scoring=broken).fit(FRAME, Y)
    assert all("scoring=" in note for note in getattr(caught.value, "__notes__", []))
    np.testing.assert_array_equal(model.set_params(scoring=None).fit(FRAME, Y).predict(FRAME), expected)
