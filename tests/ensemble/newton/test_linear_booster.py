"""booster="gblinear": the solutions that are known in closed form, selectors, and the daily work of an estimator."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor, QuantileRegressor

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.ensemble.newton._linear_booster import FEATURE_SELECTORS

RATE = {"booster": "gblinear", "learning_rate": 1.0, "n_estimators": 200}


def _table(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    X[:, 1] = 1950.0 + 30.0 * X[:, 1]  # far from 0: the intercept must not stand in its way
    X[:, 2] = X[:, 2] > 0.8
    return X, X @ [1.0, 0.1, 3.0, 0.0, -2.0] + rng.normal(size=n)


def _ridge(X, y, penalty, weight=None):
    """Closed form, with an intercept that is not penalised."""
    weight = np.ones(len(y)) if weight is None else weight
    mean, mean_y = np.average(X, axis=0, weights=weight), np.average(y, weights=weight)
    centred = X - mean
    coef = np.linalg.solve(centred.T @ (weight[:, None] * centred) + penalty * np.eye(X.shape[1]),
                           centred.T @ (weight * (y - mean_y)))  # fmt: skip
    return coef, mean_y - mean @ coef


@pytest.mark.parametrize("penalty", [0.0, 3.0, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_squared_error_ends_at_ridge_regression(penalty, weighted):
    X, y = _table()
    weight = np.random.default_rng(1).uniform(0.0, 3.0, len(y)) if weighted else None
    model = NewtonBoostingRegressor(**RATE, reg_lambda=penalty).fit(X, y, sample_weight=weight)
    coef, intercept = _ridge(X, y, penalty, weight / weight.mean() if weighted else None)
    np.testing.assert_allclose(model.coef_, coef, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, intercept, atol=1e-2)
    np.testing.assert_allclose(model.predict(X), X @ coef + intercept, atol=1e-4)


def test_l1_penalty_ends_at_the_lasso():
    X, y = _table()
    peer = ElasticNet(alpha=0.5, l1_ratio=1.0, tol=1e-10).fit(X, y)
    model = NewtonBoostingRegressor(**RATE, reg_lambda=0.0, reg_alpha=0.5 * len(y)).fit(X, y)
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-4)
    assert (model.coef_ == 0).sum() == (peer.coef_ == 0).sum() > 0


def test_log_loss_ends_at_logistic_regression():
    X, y = _table()
    X[:, 1] = (X[:, 1] - 1950) / 30
    y = y > 195
    peer = LogisticRegression(C=1 / 3.0, tol=1e-10, max_iter=10_000).fit(X, y)
    model = NewtonBoostingClassifier(**RATE, reg_lambda=3.0).fit(X, y)
    np.testing.assert_allclose(model.coef_, peer.coef_[0], atol=1e-4)
    np.testing.assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-4)


def test_several_classes_end_at_multinomial_regression():
    X, y = _table()
    X[:, 1] = (X[:, 1] - 1950) / 30
    y = np.digitize(y, [194, 197])
    peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(X, y)
    model = NewtonBoostingClassifier(**{**RATE, "learning_rate": 0.5}, reg_lambda=1.0).fit(X, y)
    assert model.coef_.shape == (3, 5)
    np.testing.assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-3)


def test_poisson_ends_at_poisson_regression():
    X, _ = _table()
    y = np.random.default_rng(0).poisson(np.exp(0.5 * X[:, 0])).astype(float)
    peer = PoissonRegressor(alpha=2.0 / len(y), tol=1e-10, max_iter=1000).fit(X[:, [0, 2]], y)
    model = NewtonBoostingRegressor("poisson", **RATE, reg_lambda=2.0).fit(X[:, [0, 2]], y)
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-4)


@pytest.mark.parametrize(("loss", "level"), [("absolute_error", 0.5), ("quantile", 0.2), ("quantile", 0.5)])
def test_losses_with_a_kink_end_near_the_best_line(loss, level):
    X, y = _table()
    peer = QuantileRegressor(quantile=level, alpha=0.0).fit(X, y)
    model = NewtonBoostingRegressor(loss, quantile=level, **{**RATE, "learning_rate": 0.5}, reg_lambda=0.0).fit(X, y)

    def pinball(prediction):
        return np.mean((level - (y < prediction)) * (y - prediction))

    assert pinball(model.predict(X)) < 1.005 * pinball(peer.predict(X))


@pytest.mark.parametrize("loss", ["huber", "pseudo_huber", "expectile", "gamma", "tweedie"])
def test_other_losses_learn(loss):
    X, y = _table()
    y = np.exp(0.02 * (y - 195))
    model = NewtonBoostingRegressor(loss, booster="gblinear", n_estimators=50).fit(X, y)
    assert model.score(X, y) > 0.5


def test_a_loss_of_ones_own():
    X, y = _table()

    def half_square(y, raw, sample_weight):
        return raw - y, np.ones_like(y)

    own = NewtonBoostingRegressor(half_square, base_score=y.mean(), **RATE).fit(X, y)
    np.testing.assert_allclose(own.coef_, NewtonBoostingRegressor(**RATE).fit(X, y).coef_, atol=1e-6)


def test_several_outputs_are_models_of_their_own():
    X, y = _table()
    both = NewtonBoostingRegressor(**RATE).fit(X, np.column_stack([y, -X[:, 0]]))
    alone = NewtonBoostingRegressor(**RATE).fit(X, y)
    assert both.coef_.shape == (2, 5)
    assert both.intercept_.shape == (2,)
    np.testing.assert_allclose(both.coef_[0], alone.coef_, rtol=1e-10)


# -- selectors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("selector", FEATURE_SELECTORS)
def test_every_selector_ends_at_the_same_model(selector):
    X, y = _table()
    model = NewtonBoostingRegressor(**RATE, feature_selector=selector, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.coef_, _ridge(X, y, 3.0)[0], atol=1e-4)


@pytest.mark.parametrize("selector", ["greedy", "thrifty"])
def test_top_k_limits_the_steps_of_a_round(selector):
    X, y = _table()
    model = NewtonBoostingRegressor(booster="gblinear", n_estimators=1, feature_selector=selector, top_k=1).fit(X, y)
    assert np.flatnonzero(model.coef_).tolist() == [2]  # the largest coefficient, not the most useful column
    more = NewtonBoostingRegressor(booster="gblinear", n_estimators=1, feature_selector=selector, top_k=2).fit(X, y)
    assert np.count_nonzero(more.coef_) <= 2


def test_draws_depend_on_the_seed_alone():
    X, y = _table()
    kind = {"booster": "gblinear", "n_estimators": 3, "feature_selector": "shuffle"}
    one, two, other = (
        NewtonBoostingRegressor(**kind, random_state=seed, n_jobs=n_jobs).fit(X, y)
        for seed, n_jobs in ((0, 1), (0, 7), (1, 1))
    )
    np.testing.assert_array_equal(one.coef_, two.coef_)
    assert (one.coef_ != other.coef_).any()


def test_monotone_constraints_are_signs():
    X, y = _table()
    model = NewtonBoostingRegressor(**RATE, monotonic_cst=[-1, 1, 0, 0, 0]).fit(X, y)
    assert model.coef_[0] == 0.0
    assert model.coef_[1] > 0.0


# -- tables ----------------------------------------------------------------------------------------------------------


def test_dense_sparse_and_frame_make_the_same_model():
    X, y = _table()
    X[:, 3] = np.where(np.arange(len(X)) % 4, 0.0, X[:, 3])
    models = [NewtonBoostingRegressor(**RATE).fit(make(X), y) for make in (np.asarray, scipy.sparse.csr_array)]
    np.testing.assert_allclose(models[0].coef_, models[1].coef_, rtol=1e-9)
    np.testing.assert_allclose(models[0].predict(X), models[0].predict(scipy.sparse.csc_array(X)), rtol=1e-12)


def test_categories_are_one_hot_and_missing_cells_zero():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=200), "colour": rng.choice(["red", "green", "blue"], 200)})
    frame.loc[::5, "size"] = np.nan
    frame.loc[::7, "colour"] = None
    y = frame["size"].fillna(0) + 2 * (frame["colour"] == "red")
    model = NewtonBoostingRegressor(**RATE).fit(frame, y)
    by_hand = pd.concat([frame[["size"]].fillna(0), pd.get_dummies(frame["colour"], dtype=float)], axis=1)
    same = NewtonBoostingRegressor(**RATE).fit(by_hand, y)
    assert model.coef_names_.tolist() == ["size", "colour=blue", "colour=green", "colour=red"]
    np.testing.assert_allclose(model.coef_, same.coef_, atol=1e-9)
    np.testing.assert_allclose(model.predict(frame), same.predict(by_hand), atol=1e-9)
    unseen = pd.DataFrame({"size": [1.0], "colour": ["black"]})
    np.testing.assert_allclose(model.predict(unseen), model.intercept_ + model.coef_[0])


def test_constant_columns_and_infinity():
    X, y = _table()
    X[:, 3] = 5.0
    model = NewtonBoostingRegressor(**RATE, reg_lambda=0.0).fit(X, y)
    assert model.coef_[3] == 0.0
    X[0, 0] = np.inf
    with pytest.raises(ValueError, match="X must hold no infinity"):
        model.predict(X)


# -- an estimator like the others ------------------------------------------------------------------------------------


def test_weights_are_copies():
    X, y = _table(100)
    weight = np.random.default_rng(0).integers(0, 3, 100)
    kind = {"booster": "gblinear", "n_estimators": 30, "early_stopping": True, "random_state": 0}
    by_weight = NewtonBoostingRegressor(**kind).fit(X, y, sample_weight=weight)
    by_copies = NewtonBoostingRegressor(**kind).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert by_weight.n_iter_ == by_copies.n_iter_
    np.testing.assert_allclose(by_weight.coef_, by_copies.coef_, rtol=1e-6)


def test_stages_end_at_the_prediction_and_shrink_the_loss():
    X, y = _table()
    model = NewtonBoostingRegressor(booster="gblinear", n_estimators=20).fit(X, y)
    stages = list(model.staged_predict(X))
    assert len(stages) == model.n_iter_ == 20
    np.testing.assert_array_equal(stages[-1], model.predict(X))
    errors = [np.mean((stage - y) ** 2) for stage in stages]
    assert (np.diff(errors) <= 1e-9).all()


def test_early_stopping_keeps_the_best_round():
    X, y = _table()
    model = NewtonBoostingRegressor(booster="gblinear", reg_lambda=0.0, n_estimators=500, n_iter_no_change=3)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert 0 < model.n_iter_ < 500
    assert np.argmax(model.validation_score_ > model.validation_score_.max() - 1e-6) <= model.n_iter_
    np.testing.assert_allclose(
        -0.5 * np.mean((model.predict(X[40:]) - y[40:]) ** 2), model.validation_score_[model.n_iter_]
    )


def test_warm_start_goes_on():
    X, y = _table()
    growing = NewtonBoostingRegressor(booster="gblinear", n_estimators=4, warm_start=True).fit(X, y)
    growing.set_params(n_estimators=9).fit(X, y)
    at_once = NewtonBoostingRegressor(booster="gblinear", n_estimators=9).fit(X, y)
    np.testing.assert_allclose(growing.coef_, at_once.coef_, rtol=1e-6)
    assert len(list(growing.staged_predict(X))) == 9
    with pytest.raises(ValueError, match="booster must be the same as in the first fit"):
        growing.set_params(booster="gbtree").fit(X, y)


def test_init_score_is_where_it_starts():
    X, y = _table()
    model = NewtonBoostingRegressor(**RATE).fit(X, y, init_score=3.0 * X[:, 2])
    np.testing.assert_allclose(model.coef_, _ridge(X, y - 3.0 * X[:, 2], 3.0)[0], atol=1e-5)


def test_copies_predict_the_same(capsys):
    X, y = _table()
    model = NewtonBoostingClassifier(booster="gblinear", n_estimators=5, verbose=1).fit(X, y > 195)
    assert "5 coefficients" in capsys.readouterr().out
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.decision_function(X), model.decision_function(X))
    np.testing.assert_allclose(model.decision_function(X), X @ model.coef_ + model.intercept_, atol=1e-9)
    assert not hasattr(clone(model), "coef_")


def test_importances_are_shares_of_absolute_coefficients():
    X, y = _table()
    model = NewtonBoostingRegressor(**RATE).fit(X, y)
    np.testing.assert_allclose(model.feature_importances_, np.abs(model.coef_) / np.abs(model.coef_).sum())
    assert SelectFromModel(model, prefit=True, max_features=2).transform(X).shape[1] == 2


def test_there_are_no_leaves_and_trees_have_no_coefficients():
    X, y = _table()
    linear = NewtonBoostingRegressor(booster="gblinear", n_estimators=2).fit(X, y)
    for name in ("apply", "decision_path"):
        assert not hasattr(linear, name)
        with pytest.raises(AttributeError):
            getattr(linear, name)(X)
    trees = NewtonBoostingRegressor(n_estimators=2).fit(X, y)
    assert not hasattr(trees, "coef_")
    with pytest.raises(AttributeError, match="need booster='gblinear'"):
        trees.intercept_  # noqa: B018


def test_one_class_and_no_rounds():
    X, _ = _table(20)
    model = NewtonBoostingClassifier(booster="gblinear").fit(X, np.zeros(20))
    assert model.predict(X).tolist() == [0.0] * 20
    assert not model.coef_.any()
