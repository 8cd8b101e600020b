"""Rounds that folds choose: which rows judge, when curves end, and what GBDT makes of it."""

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.dummy import DummyRegressor

from skensemble import GradientBoostingClassifier, GradientBoostingRegressor
from skensemble.ensemble.rows._rounds_by_folds import best_rounds, curve_of, judging_folds, mean_curve
from skensemble.inspection import plot_search

AUTO = {"n_estimators": "auto", "learning_rate": 0.5, "max_depth": 2, "random_state": 0}


@pytest.fixture(scope="module")
def numbers():
    return make_friedman1(n_samples=120, noise=1.0, random_state=0)


def _folds(n_rows, strata=None):
    keys = np.random.default_rng(0).permutation(n_rows)
    return judging_folds(keys, keys, np.zeros(n_rows) if strata is None else strata, None, 0)


def test_number_of_folds():
    assert [len(_folds(n)) for n in (19, 20, 20_000, 20_001, 100_001)] == [0, 3, 3, 1, 1]
    assert [_folds(n)[0].left_out.mean().round(2) for n in (30, 30_000, 200_000)] == [0.33, 0.2, 0.1]


def test_a_class_that_nobody_judges_ends_the_search():
    assert _folds(40, np.r_[1.0, np.zeros(39)]) == []
    assert len(_folds(40, np.r_[1.0, 1.0, np.zeros(38)])) == 3


def test_curves_end_after_rounds_without_progress():
    assert len(curve_of(0.0, iter(np.arange(1.0, 9.0)), 5)) == 6
    assert len(curve_of(0.0, iter(np.zeros(99)), 1000)) == 31
    assert len(curve_of(0.0, iter([1.0, np.nan, 2.0]), 9)) == 3


def test_curves_that_stop_keep_their_last_value():
    np.testing.assert_array_equal(mean_curve([np.array([1.0, 3.0]), np.array([1.0, 1.0, 5.0])]), [1.0, 2.0, 4.0])
    assert len(mean_curve([np.array([1.0, np.nan])])) == 0


def test_one_round_is_the_fewest():
    n_rounds, results = best_rounds([np.array([5.0, 1.0, 2.0, 0.0])], 0.1, 100)
    assert n_rounds == results["n_rounds"][0] == 2
    assert best_rounds([], 0.1, 100) == (100, None)


def test_the_model_is_that_of_the_chosen_rounds(numbers):
    X, y = numbers
    auto = GradientBoostingRegressor(**AUTO, n_jobs=2).fit(X, y)
    plain = GradientBoostingRegressor(**{**AUTO, "n_estimators": auto.n_estimators_}, n_jobs=1).fit(X[::-1], y[::-1])
    np.testing.assert_array_equal(auto.predict(X), plain.predict(X))
    assert auto.n_estimators_ == auto.cv_results_["n_rounds"][0]
    assert len(plot_search(auto).lines) == 2
    assert not hasattr(auto.set_params(n_estimators=3).fit(X, y), "cv_results_")


def test_a_weight_is_a_number_of_copies(numbers):
    X, y = numbers
    weight = np.arange(len(y)) % 3
    rows = np.repeat(np.arange(len(y)), weight)
    weighted = GradientBoostingRegressor(**AUTO, subsample=0.5).fit(X, y, sample_weight=weight)
    copied = GradientBoostingRegressor(**AUTO, subsample=0.5).fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.cv_results_["curves"][0], copied.cv_results_["curves"][0])
    np.testing.assert_allclose(weighted.predict(X), copied.predict(X))


def test_classes_starts_and_progress(numbers, capsys):
    X, y = numbers
    model = GradientBoostingClassifier(**AUTO, verbose=1).fit(X, np.digitize(y, [12, 16]))
    assert capsys.readouterr().out.startswith("search: fold 1: ")
    assert 1 <= model.n_estimators_ < 100
    GradientBoostingRegressor(**AUTO, init=DummyRegressor()).fit(X, y)


def test_an_interrupt_leaves_the_model_of_before(numbers, monkeypatch):
    X, y = numbers
    model = GradientBoostingRegressor(n_estimators=2, random_state=0).fit(X, y)
    before = model.predict(X)

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("skensemble.ensemble.gradient._gradient_boosting.best_rounds", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(n_estimators="auto").fit(X, -y)
    np.testing.assert_array_equal(model.predict(X), before)
    assert not hasattr(model, "cv_results_")


def test_few_rows_get_the_default():
    model = GradientBoostingRegressor(n_estimators="auto").fit(np.arange(10.0)[:, None], np.arange(10.0))
    assert model.n_estimators_ == 100


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_iter_no_change": 3}, "n_iter_no_change must be None if n_estimators='auto'"),
        ({"n_estimators": "some"}, "n_estimators must be"),
    ],
)
def test_bad_settings(numbers, parameters, message):
    with pytest.raises((ValueError, TypeError), match=message):
        GradientBoostingRegressor(**{**AUTO, **parameters}).fit(*numbers)
    grown = GradientBoostingRegressor(n_estimators=2, warm_start=True).fit(*numbers)
    with pytest.raises(ValueError, match="n_estimators must be an int to continue a fit"):
        grown.set_params(n_estimators="auto").fit(*numbers)
