"""Every booster of the table does what every estimator of the package does."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from skensemble import NewtonBoostingClassifier, NewtonBoostingRanker, NewtonBoostingRegressor
from skensemble._validation import read_table
from skensemble.ensemble.newton._boosters import BOOSTERS, LINEAR_LEAVES, booster_names, choose_booster

N = 300
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
X[RNG.random(N) < 0.1, 2] = np.nan
Y = X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * RNG.normal(size=N)
TARGETS = {
    "numbers": (NewtonBoostingRegressor, Y),
    "outputs": (NewtonBoostingRegressor, np.c_[Y, -2 * Y]),
    "classes": (NewtonBoostingClassifier, np.digitize(Y, [-0.7, 0.7])),
    "order": (NewtonBoostingRanker, np.digitize(Y, [-0.7, 0.7])),
}
PARAMETERS_OF = {
    "gbtree": {"booster": "gbtree"},
    "dart": {"booster": "dart", "rate_drop": 0.4},
    "gblinear": {"booster": "gblinear"},
    LINEAR_LEAVES: {"booster": "gbtree", "linear_leaves": True},
}
every_booster = pytest.mark.parametrize("name", BOOSTERS)
every_target = pytest.mark.parametrize(("estimator", "y"), TARGETS.values(), ids=TARGETS)


def make(name, estimator, **changes):
    return estimator(**{"n_estimators": 6, "random_state": 1, **PARAMETERS_OF[name], **changes})


def raw(model, rows=X):
    return model._booster.raw(read_table(rows))


def test_parameters_choose_from_the_table():
    assert BOOSTERS.keys() == PARAMETERS_OF.keys()
    for name, parameters in PARAMETERS_OF.items():
        assert choose_booster(parameters["booster"], parameters.get("linear_leaves", False)) is BOOSTERS[name]
    assert choose_booster("gblinear", True) is BOOSTERS["gblinear"]
    assert NewtonBoostingRegressor._parameters["booster"].rules[0].options == tuple(booster_names())


@every_booster
@every_target
def test_threads_change_no_bit(name, estimator, y):
    one, two = (make(name, estimator, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    np.testing.assert_array_equal(raw(one), raw(two))


@every_booster
@pytest.mark.parametrize("target", ["numbers", "classes"])
def test_weights_are_copies(name, target):
    estimator, y = TARGETS[target]
    weight = np.random.default_rng(1).integers(0, 3, N)
    rows = np.repeat(np.arange(N), weight)
    weighted = make(name, estimator).fit(X, y, sample_weight=weight)
    copied = make(name, estimator).fit(X[rows], y[rows])
    np.testing.assert_allclose(raw(weighted), raw(copied), rtol=1e-6, atol=1e-9)


@every_booster
@every_target
def test_warm_start_is_one_long_fit(name, estimator, y):
    parts = make(name, estimator, n_estimators=2, warm_start=True).fit(X, y)
    parts.set_params(n_estimators=6).fit(X, y)
    long = make(name, estimator).fit(X, y)
    assert parts.n_iter_ == long.n_iter_ == 6
    np.testing.assert_array_equal(raw(parts), raw(long))
    np.testing.assert_array_equal(parts.feature_importances_, long.feature_importances_)


@every_booster
@every_target
def test_stages_are_shorter_models(name, estimator, y):
    stages = list(make(name, estimator).fit(X, y)._staged_raw(X))
    assert len(stages) == 6
    for n_estimators in (1, 4, 6):
        shorter = make(name, estimator, n_estimators=n_estimators).fit(X, y)
        np.testing.assert_allclose(stages[n_estimators - 1], raw(shorter), rtol=1e-12, atol=1e-14)


@every_booster
@every_target
def test_pickles_predict_and_go_on(name, estimator, y):
    model = make(name, estimator).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(raw(copy), raw(model))
    copy.set_params(warm_start=True, n_estimators=8).fit(X, y)
    np.testing.assert_array_equal(raw(copy), raw(make(name, estimator, n_estimators=8).fit(X, y)))


@every_booster
@every_target
def test_early_stopping_keeps_the_best_round(name, estimator, y):
    model = make(name, estimator, n_estimators=80, early_stopping=True, n_iter_no_change=3).fit(X, y)
    scores = model.validation_score_
    assert model.n_iter_ < len(scores) <= 81
    assert scores[model.n_iter_] >= scores.max() - model.tol * len(scores)


@every_booster
def test_a_model_never_changes(name):
    estimator, y = TARGETS["numbers"]
    model = make(name, estimator, warm_start=True).fit(X, y)
    before, expected = model._booster, raw(model)
    model.set_params(n_estimators=9).fit(X, y)
    assert model._booster is not before
    assert (before.n_rounds, model._booster.n_rounds) == (6, 9)
    np.testing.assert_array_equal(before.raw(read_table(X)), expected)


@every_booster
@every_target
def test_view_of_the_trees_predicts_the_same(name, estimator, y):
    model = make(name, estimator).fit(X, y)
    if name == "gblinear":
        with pytest.raises(ValueError, match="for a sum of trees"):
            model._additive_trees()
        return
    view = model._additive_trees()
    assert model._additive_trees() is view
    np.testing.assert_array_equal(view.raw(read_table(X), 2), raw(model))
    predict = getattr(model, "predict_proba", model.predict)
    np.testing.assert_array_equal(view.link.response(view.raw(read_table(X))), predict(X))
    np.testing.assert_array_equal(view.node_weight, view.trees.count)


def test_links_and_names_of_outputs():
    def view(model, y):
        return model.set_params(n_estimators=1).fit(X, y)._additive_trees()

    classes = np.array(["a", "b", "c"])[TARGETS["classes"][1]]
    three, two = view(NewtonBoostingClassifier(), classes), view(NewtonBoostingClassifier(), classes == "a")
    assert (three.link.name, three.output_names) == ("softmax", ("a", "b", "c"))
    assert (two.link.name, two.output_names) == ("logit", (True,))
    levels = view(NewtonBoostingRegressor("quantile", quantile=[0.1, 0.9]), Y)
    assert (levels.link.name, levels.output_names) == ("sorted", (0.1, 0.9))
    assert view(NewtonBoostingRegressor("poisson"), np.exp(Y)).link.name == "log"
    plain = view(NewtonBoostingRegressor(), Y)
    assert (plain.link.name, plain.output_names) == ("identity", None)


@pytest.mark.parametrize("name", ["gbtree", "dart"])
def test_nodes_weigh_what_the_training_rows_weigh(name):
    weight = np.random.default_rng(0).random(N)
    model = make(name, NewtonBoostingRegressor, subsample=1.0).fit(X, Y, sample_weight=weight)
    view = model._additive_trees()
    for tree, leaf in enumerate(view.apply(read_table(X)).T):
        own = slice(*view.trees.bounds[tree : tree + 2])
        is_leaf = view.trees.is_leaf[own]
        sums = np.bincount(leaf, weight / weight.mean(), minlength=len(is_leaf))
        np.testing.assert_allclose(view.node_weight[own][is_leaf], sums[is_leaf])
    np.testing.assert_allclose(view.node_weight[view.trees.roots], N)


def test_a_model_that_goes_on_without_weights_counts_its_rows():
    model = NewtonBoostingRegressor(n_estimators=2, warm_start=True, subsample=1.0, random_state=0)
    weight = np.full(N, 2.0)
    model.fit(X, Y, sample_weight=weight).set_params(n_estimators=4).fit(X, Y)
    view = model._additive_trees()
    np.testing.assert_allclose(view.node_weight[view.trees.roots], [2 * N, 2 * N, N, N])


@every_booster
def test_malformed_models_are_refused(name):
    estimator, y = TARGETS["numbers"]
    model = make(name, estimator).fit(X, y)
    pickle.loads(pickle.dumps(model))
    booster = model._booster
    if name == "gblinear":
        model._booster = replace(booster, coefs=booster.coefs[:, :, :2])
    else:
        booster.additive.trees.left[0] = 10**6
    with pytest.raises(ValueError, match="Malformed (trees|coefficients)"):
        pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("change", [{"feature": 4}, {"start": -1}])
def test_malformed_slopes_are_refused(change):
    model = make(LINEAR_LEAVES, NewtonBoostingRegressor).fit(X, Y)
    for name, value in change.items():
        getattr(model._booster.additive.slopes, name)[-1] = value
    with pytest.raises(ValueError, match="Malformed slopes"):
        pickle.loads(pickle.dumps(model))
