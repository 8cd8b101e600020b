"""GBDT: scikit-learn's estimators bin for bin, the laws of weights, rows and threads, and what each parameter does."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.ensemble
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_friedman1
from sklearn.dummy import DummyRegressor
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, mean_pinball_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from skensemble import GradientBoostingClassifier, GradientBoostingRegressor
from skensemble.ensemble.losses._losses import offered_losses
from skensemble.tree._binning import Binner
from tests.recorder import Recorder

ESTIMATORS = (GradientBoostingClassifier, GradientBoostingRegressor)
OURS_ALONE = {"max_bins": 255, "categorical_features": "from_dtype", "min_frequency": 2, "n_jobs": None}
REGRESSION_LOSSES = offered_losses("gradient", "numbers")
FAST = {"n_estimators": 8, "learning_rate": 0.5, "random_state": 0}

both = pytest.mark.parametrize("kind", ESTIMATORS, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module")
def binary():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(n_samples=300, noise=1.0, random_state=0)


def _data(kind, n_rows=200):
    X, y = make_friedman1(n_samples=n_rows, noise=1.0, random_state=1)
    return (X, np.digitize(y, np.quantile(y, [0.3, 0.6]))) if kind is GradientBoostingClassifier else (X, y)


def _raw(model, X):
    return model.decision_function(X) if hasattr(model, "classes_") else model.predict(X)


def _assert_same(a, b, X):
    np.testing.assert_array_equal(_raw(a, X), _raw(b, X))
    np.testing.assert_array_equal(a.train_score_, b.train_score_)


# -- scikit-learn's estimators ---------------------------------------------------------------------------------------


@both
def test_parameters_are_those_of_scikit_learn(kind):
    theirs = inspect.signature(getattr(sklearn.ensemble, kind.__name__)).parameters
    ours = inspect.signature(kind).parameters
    defaults = {name: parameter.default for name, parameter in theirs.items()} | OURS_ALONE
    assert {name: ours[name].default for name in ours} == defaults


CONFIGURATIONS = (
    GradientBoostingClassifier(**FAST),
    GradientBoostingClassifier(loss="exponential", **FAST),
    GradientBoostingClassifier(**FAST, subsample=0.7, max_bins=None),
    GradientBoostingClassifier(**FAST, n_iter_no_change=2, max_features="sqrt", max_leaf_nodes=5),
    GradientBoostingRegressor(**FAST),
    *(GradientBoostingRegressor(**FAST, loss=loss, alpha=0.5) for loss in ("absolute_error", "huber")),
    GradientBoostingRegressor(**FAST, subsample=0.7, n_jobs=7),
    GradientBoostingRegressor(**FAST, n_iter_no_change=2, ccp_alpha=0.01, init=DummyRegressor()),
    GradientBoostingRegressor(**FAST, warm_start=True, max_bins=None),
)


@pytest.mark.parametrize("estimator", CONFIGURATIONS, ids=str)
def test_estimator_passes_every_check(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = [result for result in results if result["status"] not in ("passed", "skipped")]
    assert [(result["check_name"], result["exception"]) for result in failed] == []
    assert len(results) > 50


def test_the_check_that_sets_alpha_is_the_only_one_that_the_quantile_loss_fails():
    """It makes 0.01 of the level, and expects a good R^2."""
    reasons = {"check_regressors_train": "sets alpha to 0.01"}
    model = GradientBoostingRegressor(**FAST, loss="quantile", alpha=0.5)
    results = check_estimator(model, on_fail=None, on_skip=None, expected_failed_checks=reasons)
    assert {result["check_name"] for result in results if result["status"] == "failed"} == set()


@pytest.mark.parametrize("weighted", [False, True])
def test_exact_squared_error_is_scikit_learns(weighted):
    X, y = make_friedman1(n_samples=1000, noise=1.0, random_state=0)  # so many that no two splits are equally good
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype(float) if weighted else None
    settings = {"n_estimators": 40, "max_depth": 2, "random_state": 0}
    ours = GradientBoostingRegressor(max_bins=None, **settings).fit(X, y, weight)
    theirs = sklearn.ensemble.GradientBoostingRegressor(**settings).fit(X, y, weight)
    np.testing.assert_allclose(ours.train_score_, theirs.train_score_, rtol=1e-9)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, atol=1e-9)
    np.testing.assert_array_equal(ours.estimators_[3, 0].tree_.feature, theirs.estimators_[3, 0].tree_.feature)
    np.testing.assert_allclose(ours.estimators_[7, 0].predict(X), theirs.estimators_[7, 0].predict(X))


@pytest.mark.parametrize("loss", ["log_loss", "exponential"])
def test_exact_classification_is_scikit_learns(binary, loss):
    X, y = binary
    settings = {"loss": loss, "n_estimators": 20, "max_depth": 2, "random_state": 0}
    ours = GradientBoostingClassifier(**settings, max_bins=None).fit(X, y)
    theirs = sklearn.ensemble.GradientBoostingClassifier(**settings).fit(X, y)
    np.testing.assert_allclose(ours.train_score_, theirs.train_score_, rtol=1e-8)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-6)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-6)


def test_exact_multiclass_is_scikit_learns(iris):
    X, y = iris
    settings = {"n_estimators": 20, "max_depth": 2, "random_state": 0}
    ours = GradientBoostingClassifier(**settings, max_bins=None).fit(X, y)
    theirs = sklearn.ensemble.GradientBoostingClassifier(**settings).fit(X, y)
    np.testing.assert_allclose(ours.train_score_, theirs.train_score_, rtol=1e-6)
    np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-4)
    assert ours.estimators_.shape == theirs.estimators_.shape == (20, 3)
    assert ours.apply(X).shape == theirs.apply(X).shape


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_regressors_are_as_good_as_scikit_learns(loss):
    settings = {"loss": loss, "alpha": 0.7, "n_estimators": 60, "random_state": 0}
    level = 0.7 if loss == "quantile" else 0.5
    ratios = []
    for seed in range(4):
        X, y = make_friedman1(n_samples=1000, noise=1.0, random_state=seed)
        ours, theirs = (
            kind(**settings).fit(X[:300], y[:300]).predict(X[300:])
            for kind in (GradientBoostingRegressor, sklearn.ensemble.GradientBoostingRegressor)
        )
        ratios.append(mean_pinball_loss(y[300:], ours, alpha=level) / mean_pinball_loss(y[300:], theirs, alpha=level))
    assert np.mean(ratios) < 1.03


# -- laws ------------------------------------------------------------------------------------------------------------

LAW_SETTINGS = (
    {},
    {"subsample": 0.6},
    {"n_iter_no_change": 3},
    {"max_bins": None, "max_leaf_nodes": 6, "ccp_alpha": 0.001},
    {"init": "zero"},
)


@both
@pytest.mark.parametrize("settings", LAW_SETTINGS, ids=str)
def test_a_weight_is_a_number_of_copies_in_any_order(kind, settings):
    X, y = _data(kind)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, len(y))
    rows = rng.permutation(np.repeat(np.arange(len(y)), weight))
    model = kind(**FAST, **settings)
    weighted, copied = clone(model).fit(X, y, weight), clone(model).fit(X[rows], y[rows])
    _assert_same(weighted, copied, X)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_a_weight_is_a_number_of_copies_for_each_loss(loss):
    X, y = _data(GradientBoostingRegressor)
    weight = np.random.default_rng(1).integers(0, 3, len(y))
    model = GradientBoostingRegressor(**FAST, loss=loss, subsample=0.5)
    rows = np.repeat(np.arange(len(y)), weight)[::-1]
    _assert_same(clone(model).fit(X, y, weight), clone(model).fit(X[rows], y[rows]), X)


@both
def test_model_is_the_same_for_any_number_of_threads(kind, monkeypatch):
    monkeypatch.setattr("skensemble.ensemble.gradient._gradient_boosting.CELLS_FOR_THREADS", 0)
    X, y = _data(kind)
    models = [kind(**FAST, subsample=0.8, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2, 7)]
    for other in models[1:]:
        _assert_same(models[0], other, X)


@both
@pytest.mark.parametrize("max_bins", [None, 20])
@pytest.mark.parametrize("settings", [{}, {"subsample": 0.5}, {"n_iter_no_change": 3}], ids=str)
def test_rows_move_as_they_are_predicted(kind, settings, max_bins):
    """Those that are held out, or out of the bag, too: else scores were those of another model."""
    X, y = _data(kind)
    seen = []
    model = kind(**FAST, **settings, max_bins=max_bins, validation_fraction=0.4).fit(
        X, y, monitor=lambda i, model, known: seen.append(known["raw_predictions"].copy())
    )
    for raw, (stage, decision) in zip(seen, enumerate(model._staged_raw(X))):
        np.testing.assert_array_equal(raw, decision, err_msg=str(stage))


@pytest.mark.parametrize("loss", REGRESSION_LOSSES[:2] + ("quantile",))
@pytest.mark.parametrize("max_depth", [1, 4, None])
def test_loss_of_training_rows_never_rises(friedman, loss, max_depth):
    model = GradientBoostingRegressor(loss=loss, max_depth=max_depth, n_estimators=30, learning_rate=0.7).fit(*friedman)
    assert (np.diff(model.train_score_) <= 1e-12 * model.train_score_[0]).all()


@pytest.mark.parametrize("loss", ["log_loss", "exponential"])
def test_loss_of_training_rows_never_rises_for_classes(binary, loss):
    model = GradientBoostingClassifier(loss=loss, n_estimators=30).fit(*binary)
    assert (np.diff(model.train_score_) < 0).all()


# -- parameters ------------------------------------------------------------------------------------------------------


def test_scores_are_losses(binary, friedman):
    X, y = binary
    model = GradientBoostingClassifier(**FAST).fit(X, y)
    assert model.train_score_[-1] == pytest.approx(2 * log_loss(y, model.predict_proba(X)))
    X, y = friedman
    model = GradientBoostingRegressor(**FAST).fit(X, y)
    assert model.train_score_[-1] == pytest.approx(np.mean((y - model.predict(X)) ** 2))
    model = GradientBoostingRegressor(**FAST, loss="quantile", alpha=0.8).fit(X, y)
    assert model.train_score_[-1] == pytest.approx(mean_pinball_loss(y, model.predict(X), alpha=0.8))


@both
def test_out_of_bag_scores(kind):
    X, y = _data(kind)
    model = kind(**FAST, subsample=0.5).fit(X, y)
    assert len(model.oob_scores_) == len(model.oob_improvement_) == len(model.train_score_) == 8
    np.testing.assert_allclose(np.diff(model.oob_scores_), -model.oob_improvement_[1:])
    assert model.oob_score_ == model.oob_scores_[-1] < model.oob_scores_[0]
    assert model.oob_improvement_[0] > 0
    assert not hasattr(kind(**FAST).fit(X, y), "oob_scores_")


@both
@pytest.mark.parametrize("settings", [{}, {"subsample": 0.5}, {"max_features": 2}], ids=str)
def test_warm_start_continues_one_long_fit(kind, settings):
    X, y = _data(kind)
    long = kind(**FAST, **settings).fit(X, y)
    warm = kind(**{**FAST, "n_estimators": 3}, **settings, warm_start=True).fit(X, y)
    assert warm.n_estimators_ == 3
    warm.set_params(n_estimators=8).fit(X, y)
    _assert_same(long, warm, X)
    if settings == {"subsample": 0.5}:
        np.testing.assert_array_equal(warm.oob_improvement_, long.oob_improvement_)
    with pytest.raises(ValueError, match="n_estimators must be >= the 8 rounds"):
        warm.set_params(n_estimators=7).fit(X, y)
    assert warm.n_estimators_ == 8


@both
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"subsample": 0.5},
        {"n_iter_no_change": 50},
        {"init": "estimator"},
        {"loss": "huber", "n_iter_no_change": 50},
    ],
    ids=str,
)
def test_warm_start_round_by_round_codes_the_table_once(kind, settings, monkeypatch):
    X, y = _data(kind)
    is_classifier = kind is GradientBoostingClassifier
    if is_classifier:
        settings = {name: value for name, value in settings.items() if name != "loss"}
    if "init" in settings:
        settings = {"init": LogisticRegression(max_iter=1000) if is_classifier else LinearRegression()}
    coded, transform = [], Binner.transform
    monkeypatch.setattr(Binner, "transform", lambda *args: coded.append(1) or transform(*args))
    model, other = (kind(**{**FAST, "n_estimators": 1}, **settings, warm_start=True).fit(X, y) for _ in range(2))
    n_coded = len(coded)
    for n_estimators in range(2, 9):
        model.set_params(n_estimators=n_estimators).fit(X.copy(), list(y))
    assert len(coded) == n_coded
    for n_estimators in range(2, 9):
        other = pickle.loads(pickle.dumps(other)).set_params(n_estimators=n_estimators).fit(X, y)
    _assert_same(model, other, X)
    assert "_kept" not in model.__getstate__()
    assert "_kept" not in vars(model.set_params(warm_start=False).fit(X, y))


@both
def test_warm_start_sees_what_changed(kind):
    """In the table itself, in the weights, in what the rounds do."""
    X, y = _data(kind)
    weight = np.ones(len(X))
    model, other = (kind(**{**FAST, "n_estimators": 2}, warm_start=True).fit(X.copy(), y, weight) for _ in range(2))
    changes = (
        {"n_iter_no_change": 90},
        {"max_features": 1},
        {"max_features": 1.0},
        {"learning_rate": 0.1},
        {"n_jobs": 2},
    )
    for n_estimators, change in enumerate(("none", "table", "weight", *changes), 3):
        if change == "table":
            X[:20] = X[20:40]
        elif change == "weight":
            weight[:50] = 0.0
        parameters = {"n_estimators": n_estimators, **(change if isinstance(change, dict) else {})}
        model.set_params(**parameters).fit(X, y, weight)
        other = pickle.loads(pickle.dumps(other)).set_params(**parameters).fit(X, y, weight)
        _assert_same(model, other, X)


@both
def test_a_warm_start_that_fails_leaves_nothing_behind(kind):
    X, y = _data(kind)
    model, other = (kind(**{**FAST, "n_estimators": 2}, warm_start=True).fit(X, y) for _ in range(2))

    def fails(number, estimator, variables):
        if number == 3:
            raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        model.set_params(n_estimators=6).fit(X, y, monitor=fails)
    _assert_same(model.fit(X, y), other.set_params(n_estimators=6).fit(X, y), X)


def test_trees_remember_what_they_were_grown_with(friedman):
    X, y = friedman
    model = GradientBoostingRegressor(n_estimators=2, max_depth=1, learning_rate=0.3, warm_start=True).fit(X, y)
    model.set_params(n_estimators=3, max_depth=4, learning_rate=0.9).fit(X, y)
    assert [tree.max_depth for tree in model.estimators_[:, 0]] == [1, 1, 4]
    steps = [tree.predict(X) for tree in model.estimators_[:, 0]]
    np.testing.assert_allclose(model.predict(X), y.mean() + 0.3 * (steps[0] + steps[1]) + 0.9 * steps[2])


@both
def test_early_stopping(kind):
    X, y = _data(kind, 400)
    model = kind(n_estimators=300, learning_rate=0.5, n_iter_no_change=3, random_state=0).fit(X, y)
    assert 3 < model.n_estimators_ < 300
    assert len(model.train_score_) == len(model) == model.n_estimators_
    patient = kind(n_estimators=300, learning_rate=0.5, n_iter_no_change=12, random_state=0).fit(X, y)
    assert patient.n_estimators_ > model.n_estimators_


def test_held_out_rows_do_not_train():
    """Each class keeps a row, and the start is that of the rows that train."""
    X, y = np.arange(10.0)[:, None], np.arange(10.0)
    model = GradientBoostingRegressor(n_iter_no_change=1, validation_fraction=0.5, n_estimators=1, random_state=0)
    tree = model.fit(X, y).estimators_[0, 0].tree_
    assert 4 <= tree.n_node_samples[0] <= 6
    GradientBoostingClassifier(n_iter_no_change=1).fit([[1, 2], [2, 3], [3, 4], [4, 5]], [0, 0, 0, 1])


@both
def test_monitor_stops_and_sees_a_fitted_model(kind):
    X, y = _data(kind)
    scores = []

    def monitor(i, model, known):
        scores.append(model.score(X, y))
        assert len(model.train_score_) == len(model.estimators_) == i + 1
        assert known["i"] == i
        return i == 4

    model = kind(**FAST).fit(X, y, monitor=monitor)
    assert model.n_estimators_ == len(scores) == 5
    assert scores[-1] == model.score(X, y) > scores[0]


def test_init(binary, friedman):
    X, y = friedman
    linear = LinearRegression().fit(X, y)
    model = GradientBoostingRegressor(init=LinearRegression(), learning_rate=0.0, n_estimators=1).fit(X, y)
    np.testing.assert_allclose(model.predict(X), linear.predict(X))
    model = GradientBoostingRegressor(init=LinearRegression(), **FAST).fit(X, y)
    np.testing.assert_allclose(list(model.staged_predict(X))[-1], model.predict(X))
    assert model.train_score_[-1] < np.mean((y - linear.predict(X)) ** 2)
    model = GradientBoostingRegressor(init="zero", learning_rate=0.0, n_estimators=1).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), np.zeros(len(y)))
    for loss in ("log_loss", "exponential"):
        start = make_pipeline(StandardScaler(), LogisticRegression())
        model = GradientBoostingClassifier(loss=loss, init=start, learning_rate=0.0, n_estimators=1).fit(*binary)
        np.testing.assert_allclose(model.predict_proba(binary[0]), model.init_.predict_proba(binary[0]), atol=1e-12)


def test_init_of_several_classes(iris):
    X, y = iris
    start = LogisticRegression(max_iter=5000)
    model = GradientBoostingClassifier(init=start, learning_rate=0.0, n_estimators=1, n_iter_no_change=1).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), model.init_.predict_proba(X), atol=1e-12)
    assert not hasattr(start, "coef_")


def test_init_must_take_weights(friedman):
    X, y = friedman
    model = GradientBoostingRegressor(init=make_pipeline(LinearRegression()))
    with pytest.raises(ValueError, match="The initial estimator Pipeline does not support sample weights"):
        model.fit(X, y, np.ones(len(y)))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_default_init_predicts_the_start(kind):
    X, y = _data(kind)
    model = kind(n_estimators=1, learning_rate=0.0).fit(X, y)
    if kind is GradientBoostingRegressor:
        np.testing.assert_allclose(model.predict(X), model.init_.predict(X))
    else:
        np.testing.assert_allclose(model.predict_proba(X), model.init_.predict_proba(X))


def test_pruning_makes_trees_smaller(friedman):
    X, y = friedman
    full = GradientBoostingRegressor(**FAST, max_depth=6).fit(X, y)
    pruned = GradientBoostingRegressor(**FAST, max_depth=6, ccp_alpha=0.05).fit(X, y)
    assert pruned._trees.n_nodes < 0.5 * full._trees.n_nodes
    assert pruned.train_score_[-1] == pytest.approx(np.mean((y - pruned.predict(X)) ** 2))


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_pruned_leaves_are_refitted(friedman, loss):
    X, y = friedman
    model = GradientBoostingRegressor(**FAST, loss=loss, max_depth=6, ccp_alpha=0.001, max_leaf_nodes=30)
    seen = []
    model.fit(X, y, monitor=lambda i, model, known: seen.append(known["raw_predictions"][:, 0].copy()))
    np.testing.assert_array_equal(seen[-1], model.predict(X))


def test_huber_with_a_high_level_is_the_squared_error(friedman):
    X, y = friedman
    huber = GradientBoostingRegressor(**FAST, loss="huber", alpha=1 - 1e-9, init="zero").fit(X, y)
    squared = GradientBoostingRegressor(**FAST, init="zero").fit(X, y)
    assert np.corrcoef(huber.predict(X), squared.predict(X))[0, 1] > 0.999
    assert 2 * huber.train_score_[0] == pytest.approx(squared.train_score_[0])


def test_min_impurity_decrease_and_shares_of_rows(friedman):
    X, y = friedman
    assert GradientBoostingRegressor(**FAST, min_impurity_decrease=1e9).fit(X, y)._trees.n_nodes == 8
    model = GradientBoostingRegressor(**FAST, min_samples_leaf=0.25).fit(X, y)
    assert min(tree.tree_.n_node_samples.min() for tree in model.estimators_.flat) >= 75


# -- tables ----------------------------------------------------------------------------------------------------------


def test_categories_and_missing_cells(flights):
    table = flights.iloc[:600]
    X, y = table.drop(columns="late"), table["late"]
    assert X.isna().any(axis=None)
    assert not X.select_dtypes(["object", "string", "category"]).empty
    model = GradientBoostingClassifier(n_estimators=20, random_state=0).fit(X, y)
    assert model.score(X, y) > y.value_counts(normalize=True).max()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))
    start = np.asarray(model.estimators_[0, 0].apply(X))
    np.testing.assert_array_equal(start, model.apply(X)[:, 0, 0])


@both
@pytest.mark.parametrize("convert", [scipy.sparse.csr_array, scipy.sparse.coo_matrix, pd.DataFrame, np.asfortranarray])
def test_containers(kind, convert):
    X, y = _data(kind)
    X = np.where(X < 0.5, 0.0, X)
    model = kind(**FAST, n_iter_no_change=2)
    _assert_same(clone(model).fit(X, y), clone(model).fit(convert(X), y), X)


# -- looking at the model --------------------------------------------------------------------------------------------


def test_partial_dependence_by_recursion(friedman):
    X, y = friedman
    model = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(X, y)
    curves = [
        partial_dependence(model, X, [3], method=method, kind="average", grid_resolution=8)["average"][0]
        for method in ("recursion", "brute")
    ]
    assert np.corrcoef(curves)[0, 1] > 0.95
    model = GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(X, y)
    with pytest.warns(UserWarning, match="init"):
        partial_dependence(model, X, [3], method="recursion", kind="average", grid_resolution=3)


def test_partial_dependence_of_several_classes(iris):
    X, y = iris
    model = GradientBoostingClassifier(**FAST).fit(X, y)
    assert model._compute_partial_dependence_recursion([[1.0], [5.0]], [2]).shape == (3, 2)


@both
def test_importances_and_pickles(kind):
    X, y = _data(kind)
    model = kind(**FAST).fit(X, y)
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    assert model.feature_importances_[:5].sum() > model.feature_importances_[5:].sum()
    loaded = pickle.loads(pickle.dumps(model))
    _assert_same(model, loaded, X)
    assert len(loaded.estimators_) == len(list(loaded)) == 8
    assert loaded[0, 0].get_depth() <= 3
    constant = GradientBoostingRegressor(n_estimators=2).fit(np.zeros((5, 2)), np.ones(5))
    np.testing.assert_array_equal(constant.feature_importances_, [0.0, 0.0])


def test_verbose(capsys, friedman):
    GradientBoostingRegressor(n_estimators=120, max_depth=1, verbose=1, subsample=0.5).fit(*friedman)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Iter", "Train", "Loss", "OOB", "Improve", "Remaining", "Time"]
    assert [int(line.split()[0]) for line in lines[1:]] == [*range(1, 11), *range(20, 101, 10)]
    GradientBoostingRegressor(n_estimators=30, max_depth=1, verbose=2).fit(*friedman)
    assert len(capsys.readouterr().out.splitlines()) == 31


# -- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"loss": "poisson"}, "loss must be"),
        ({"learning_rate": -0.1}, "learning_rate must be a float >= 0.0, got -0.1"),
        ({"subsample": 0.0}, "subsample must be a float in"),
        ({"init": LinearRegression}, "init must be 'zero', None or an object implementing 'fit' and 'predict'"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be an int >= 1 or None, got 0"),
        ({"validation_fraction": 1.0}, "validation_fraction must be"),
        ({"alpha": 1.0}, "alpha must be a float in"),
        ({"criterion": "gini"}, "criterion must be"),
        ({"max_bins": 1}, "max_bins must be"),
    ],
)
def test_bad_parameters(friedman, parameters, message):
    with pytest.raises(ValueError, match=message):
        GradientBoostingRegressor(**parameters).fit(*friedman)


def test_bad_targets(iris, friedman):
    with pytest.raises(ValueError, match="loss='exponential' is only suitable for a binary classification"):
        GradientBoostingClassifier(loss="exponential").fit(*iris)
    with pytest.raises(ValueError, match="y contains 1 class after sample_weight trimmed classes"):
        GradientBoostingClassifier().fit([[0], [1], [2]], [0, 1, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="y must have one column, got 2"):
        GradientBoostingRegressor().fit(friedman[0], np.stack([friedman[1]] * 2, axis=1))
    with pytest.raises(ValueError, match="monitor must be a callable or None, got 3"):
        GradientBoostingRegressor().fit(*friedman, monitor=3)


@both
def test_criterion_is_deprecated(kind):
    with pytest.warns(FutureWarning, match="criterion"):
        kind(n_estimators=1, criterion="friedman_mse").fit(*_data(kind))


def test_a_fit_that_fails_leaves_the_model_as_it_was(friedman):
    X, y = friedman
    model = GradientBoostingRegressor(**FAST).fit(X, y)
    before = model.predict(X)

    def fail(i, model, known):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X[:50], y[:50], monitor=fail)
    np.testing.assert_array_equal(model.predict(X), before)


@both
def test_callbacks_see_each_round(kind):
    pytest.importorskip("sklearn.callback")
    X, y = _data(kind)
    recorder = Recorder(stop_after=3)
    model = kind(**{**FAST, "n_estimators": 50}).set_callbacks(recorder).fit(X, y)
    assert [fitted.n_estimators_ for fitted in recorder.fitted] == [1, 2, 3]
    _assert_same(model, kind(**{**FAST, "n_estimators": 3}).fit(X, y), X)
    _assert_same(model, recorder.fitted[-1], X)
