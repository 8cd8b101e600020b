"""NewtonBoostingClassifier and NewtonBoostingRegressor do what their parameters say."""

import pickle
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.metrics import get_scorer, log_loss, mean_pinball_loss, roc_auc_score
from sklearn.utils import get_tags

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.ensemble.losses._losses import LOSSES, make_loss, offered_losses, takes_outputs
from tests.plain import ESTIMATORS, classifier, regressor

REGRESSION_LOSSES = offered_losses("newton", "numbers")
GROW_POLICIES = ["depthwise", "lossguide", "symmetric"]
N = 240


@cache
def _table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 4))
    X[rng.random(N) < 0.1, 2] = np.nan
    y = X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * rng.normal(size=N)
    X.flags.writeable = y.flags.writeable = False
    return X, y


def _data(kind="real"):
    X, y = _table()
    targets = {
        "real": y,
        "binary": (y > 0.3).astype(int),
        "classes": np.digitize(y, [-0.7, 0.7]),
        "positive": np.exp(y),
        "outputs": np.c_[y, -2 * y, X[:, 3]],
    }
    return X, targets[kind]


def _target_of(estimator):
    return _data("classes" if estimator is classifier else "real")


def _raw(model, X):
    return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X)


def _same(model, other, X=None):
    X = _table()[0] if X is None else X
    np.testing.assert_array_equal(_raw(model, X), _raw(other, X))


# -- losses ----------------------------------------------------------------------------------------------------------


def _kind_for(loss):
    return "positive" if LOSSES[loss].positive_target else "real"


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_regression_loss_falls_in_every_round(loss, grow_policy):
    X, y = _data(_kind_for(loss))
    model = regressor(loss, n_estimators=8, grow_policy=grow_policy, max_depth=3, learning_rate=0.1)
    model.fit(X, y)
    values = _loss_of_stages(model, X, y)
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < values[0] - 0.02 * abs(values[0])


def _loss_of_stages(model, X, y):
    """Training loss of the constant, and after each round."""
    loss = make_loss(model.loss, quantile=model.quantile).prepared(y, None)
    raw = [np.tile(loss.baseline(y, None)[:, None], len(y))]
    raw += [loss.link(stage).reshape(1, -1) for stage in model.staged_predict(X)]
    return np.array([loss.value(y, np.ascontiguousarray(stage), None) for stage in raw])


@pytest.mark.parametrize("kind", ["binary", "classes"])
@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_classification_loss_falls_in_every_round(kind, grow_policy):
    X, y = _data(kind)
    model = classifier(n_estimators=8, grow_policy=grow_policy, max_depth=3, learning_rate=0.1).fit(X, y)
    values = [log_loss(y, stage) for stage in model.staged_predict_proba(X)]
    constant = log_loss(y, np.tile(np.bincount(y) / N, (N, 1)))
    assert (np.diff([constant, *values]) < 0).all()
    assert values[-1] < 0.9 * constant
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_default_models_learn():
    X, y = _data()
    assert NewtonBoostingRegressor().fit(X, y).score(X, y) > 0.9
    assert NewtonBoostingClassifier().fit(X, y > 0).score(X, y > 0) > 0.9


@pytest.mark.parametrize("loss", ["quantile", "expectile"])
def test_levels_never_cross(loss):
    X, y = _data()
    levels = [0.8, 0.1, 0.5, 0.9]
    model = regressor(loss, quantile=levels, n_estimators=10, learning_rate=0.5).fit(X, y)
    rng = np.random.default_rng(1)
    for table in (X, rng.normal(scale=5.0, size=(300, 4))):
        predictions = model.predict(table)
        assert predictions.shape == (len(table), 4)
        assert (np.diff(predictions[:, np.argsort(levels)], axis=1) >= 0).all()
    assert list(model.staged_predict(X))[-1].shape == (N, 4)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_quantile_covers_its_share(level):
    X, y = _data()
    model = regressor("quantile", quantile=level, n_estimators=10).fit(X, y)
    assert abs((y <= model.predict(X)).mean() - level) < 0.06
    assert mean_pinball_loss(y, model.predict(X), alpha=level) < mean_pinball_loss(
        y, np.full(N, np.quantile(y, level)), alpha=level
    )


def test_score_of_several_levels_is_the_share_of_the_loss_saved():
    X, y = _data()
    model = regressor("quantile", quantile=[0.2, 0.8], n_estimators=5).fit(X, y)
    weight = np.arange(N) % 3 + 0.0
    lost = np.mean(
        [mean_pinball_loss(y, p, alpha=a, sample_weight=weight) for a, p in zip([0.2, 0.8], model.predict(X).T)]
    )
    heavy = np.repeat(y, weight.astype(int))
    constants = [np.quantile(heavy, a, method="averaged_inverted_cdf") for a in (0.2, 0.8)]
    of_constants = np.mean(
        [mean_pinball_loss(heavy, np.full(len(heavy), c), alpha=a) for a, c in zip([0.2, 0.8], constants)]
    )
    assert model.score(X, y, weight) == pytest.approx(1 - lost / of_constants)
    assert 0 < model.score(X, y) < 1


def _squared(y, raw, sample_weight):
    weight = np.ones(raw.shape) if sample_weight is None else np.broadcast_to(sample_weight, raw.T.shape).T
    return (raw - y) * weight, weight


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["real", "outputs"])
def test_own_loss_equals_the_built_in_one(weighted, kind):
    X, y = _data(kind)
    weight = np.arange(N) % 3 + 1.0 if weighted else None
    own = regressor(_squared, n_estimators=5).fit(X, y, sample_weight=weight)
    built_in = regressor(n_estimators=5, base_score=0.0).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(own.predict(X), built_in.predict(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"subsample": 0.5}, {"booster": "dart"}, {"min_samples_leaf": 9}], ids=str)
@pytest.mark.parametrize("kind", ["real", "outputs"])
def test_weight_k_is_k_copies_for_an_own_loss(kind, settings):
    X, y = _data(kind)
    weight, rows = _copies()
    model = regressor(_squared, n_estimators=4, random_state=0, **settings)
    weighted, repeated = clone(model).fit(X, y, sample_weight=weight), clone(model).fit(X[rows], y[rows])
    np.testing.assert_allclose(_raw(weighted, X), _raw(repeated, X), rtol=1e-12, atol=1e-12)


def test_own_loss_that_writes_into_raw_fits_as_well():
    def in_place(y, raw, sample_weight):
        raw -= y
        return raw, np.ones(raw.shape)

    X, y = _data()
    _same(regressor(in_place, n_estimators=5).fit(X, y), regressor(_squared, n_estimators=5).fit(X, y))


def test_own_loss_needs_scores_only_to_stop_early():
    X, y = _data()
    held_out = {"X_val": X[:50], "y_val": y[:50]}
    model = regressor(_squared, n_estimators=5, early_stopping=False).fit(X, y, **held_out)
    _same(model, regressor(_squared, n_estimators=5).fit(X, y))
    assert len(model.validation_score_) == 0
    with pytest.raises(ValueError, match="scoring must be a scorer of scikit-learn or None"):
        regressor(_squared, n_estimators=5).fit(X, y, **held_out)


@pytest.mark.parametrize("curvature", [0.0, -1.0])
def test_own_loss_without_curvature_stays_near_the_targets(curvature):
    X, y = _data()
    model = regressor(lambda y, raw, sample_weight: (raw - y, np.full(raw.shape, curvature)), n_estimators=50)
    assert np.abs(model.fit(X, y).predict(X)).max() <= np.abs(y).max()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss", [name for name in REGRESSION_LOSSES if LOSSES[name].link_name == "log"])
@pytest.mark.parametrize("linear_leaves", [False, True])
def test_log_links_do_not_run_away_from_the_targets(loss, seed, linear_leaves):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1000, 4))
    few = np.full(1000, 1e-3) if loss == "gamma" else np.zeros(1000)
    few[:5] = 10000, 20000, 5000, 30000, 8000
    for y in (few, np.exp(4 * X[:, 0])):
        model = regressor(loss, n_estimators=200, linear_leaves=linear_leaves, random_state=seed).fit(X, y)
        assert max(model.predict(X).max(), model.predict(rng.normal(size=(1000, 4))).max()) < 3 * y.max()


def _logistic(y, raw, sample_weight):
    p = 1 / (1 + np.exp(-raw))
    return p - y, p * (1 - p)


def test_own_loss_of_classes():
    X, y = _data("binary")
    own = classifier(_logistic, n_estimators=5).fit(X, y)
    built_in = classifier(n_estimators=5, base_score=0.5).fit(X, y)
    np.testing.assert_allclose(own.predict_proba(X), built_in.predict_proba(X), atol=1e-5)


# -- early stopping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_early_stopping_keeps_the_best_round(estimator):
    X, y = _target_of(estimator)
    model = estimator(
        n_estimators=200,
        learning_rate=0.5,
        early_stopping=True,
        n_iter_no_change=5,
        validation_fraction=0.3,
        random_state=0,
    )
    model.fit(X, y)
    scores = model.validation_score_
    assert model.n_iter_ == scores.argmax()
    assert len(scores) == len(model.train_score_) == model.n_iter_ + 6
    assert model.n_iter_ < 150
    assert len(list(model.staged_predict(X))) == model.n_iter_


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_held_out_rows_of_the_user(estimator):
    X, y = _target_of(estimator)
    train, held_out = np.arange(N) % 3 > 0, np.arange(N) % 3 == 0
    model = estimator(n_estimators=60, learning_rate=0.5, n_iter_no_change=4)
    model.fit(X[train], y[train], X_val=X[held_out], y_val=y[held_out], sample_weight_val=np.ones(held_out.sum()))
    longer = estimator(n_estimators=model.n_iter_, learning_rate=0.5).fit(X[train], y[train])
    assert model.n_iter_ == model.validation_score_.argmax() > 0
    _same(model, longer)
    scores = model.validation_score_
    if estimator is regressor:
        errors = [np.mean((p - y[held_out]) ** 2) / 2 for p in model.staged_predict(X[held_out])]
        np.testing.assert_allclose(scores[1 : model.n_iter_ + 1], np.negative(errors))
    else:
        errors = [log_loss(y[held_out], p) for p in model.staged_predict_proba(X[held_out])]
        np.testing.assert_allclose(scores[1 : model.n_iter_ + 1], np.negative(errors))


def test_held_out_rows_are_only_scored_if_early_stopping_is_off():
    X, y = _data()
    model = regressor(n_estimators=30, learning_rate=0.7, early_stopping=False, n_iter_no_change=1)
    model.fit(X[:180], y[:180], X_val=X[180:], y_val=y[180:])
    assert model.n_iter_ == 30
    assert len(model.validation_score_) == 31
    _same(model, clone(model).fit(X[:180], y[:180]))


def test_early_stopping_is_automatic_where_rows_are_held_out():
    X, y = _data()
    model = regressor(n_estimators=200, learning_rate=0.5).fit(X[:180], y[:180])
    assert model.n_iter_ == 200
    assert len(model.validation_score_) == 0
    assert model.fit(X[:180], y[:180], X_val=X[180:], y_val=y[180:]).n_iter_ < 200


@pytest.mark.parametrize(
    ("kind", "scoring"),
    [
        ("binary", "roc_auc"),
        ("binary", "accuracy"),
        ("binary", "neg_log_loss"),
        ("classes", "roc_auc_ovr"),
        ("classes", "balanced_accuracy"),
        ("real", "r2"),
        ("real", "neg_mean_absolute_error"),
        ("outputs", "r2"),
        ("real", None),
        ("binary", None),
    ],
)
def test_scoring_by_the_names_of_scikit_learn(kind, scoring):
    X, y = _data(kind)
    y = np.array(["no", "yes"])[y] if kind == "binary" else y
    estimator = regressor if kind in ("real", "outputs") else classifier
    model = estimator(n_estimators=6, scoring=scoring)
    model.fit(X[:160], y[:160], X_val=X[160:], y_val=y[160:])
    scorer = get_scorer(scoring) if scoring else type(model).score
    assert model.validation_score_[model.n_iter_] == pytest.approx(scorer(model, X[160:], y[160:]))
    assert model.train_score_[model.n_iter_] == pytest.approx(scorer(model, X[:160], y[:160]))


def test_scoring_by_a_function_and_weights():
    X, y = _data("binary")
    weight = np.arange(80) % 3 + 0.0

    def auc(estimator, X, y, sample_weight=None):
        return roc_auc_score(y, estimator.predict_proba(X)[:, 1], sample_weight=sample_weight)

    model = classifier(n_estimators=5, scoring=auc)
    model.fit(X[:160], y[:160], X_val=X[160:], y_val=y[160:], sample_weight_val=weight)
    assert model.validation_score_[model.n_iter_] == pytest.approx(auc(model, X[160:], y[160:], weight))


def test_own_loss_is_scored_by_score():
    X, y = _data()
    model = regressor(_squared, n_estimators=100, learning_rate=0.5, early_stopping=True, scoring=None)
    assert model.fit(X, y).n_iter_ < 100


def test_every_class_keeps_a_row_to_train_on():
    X, y = _data()
    y = np.where(np.arange(N) < 3, np.arange(N), 3)
    model = classifier(n_estimators=2, early_stopping=True, validation_fraction=0.9).fit(X, y)
    assert (model.predict_proba(X[:3])[np.arange(3), np.arange(3)] > 1e-3).all()


# -- where to start --------------------------------------------------------------------------------------------------


def test_init_score_continues_another_model():
    X, y = _data()
    first = regressor(n_estimators=4).fit(X, y)
    rest = regressor(n_estimators=3).fit(X, y, init_score=first.predict(X))
    whole = regressor(n_estimators=7).fit(X, y)
    np.testing.assert_allclose(first.predict(X) + rest.predict(X), whole.predict(X), atol=1e-6)


def test_init_score_of_classes_and_held_out_rows():
    X, y = _data("classes")
    first = classifier(n_estimators=4).fit(X, y)
    scores = first.decision_function(X)
    rest = classifier(n_estimators=3)
    rest.fit(X, y, init_score=scores, X_val=X, y_val=y, init_score_val=scores)
    np.testing.assert_allclose(rest.validation_score_, rest.train_score_)
    assert -rest.validation_score_[0] == pytest.approx(log_loss(y, first.predict_proba(X)))


@pytest.mark.parametrize(
    ("loss", "kind", "score"),
    [("squared_error", "real", 2.5), ("poisson", "positive", 3.0), ("quantile", "real", -1.0)],
)
def test_base_score_is_the_prediction_before_the_first_round(loss, kind, score):
    X, y = _data(kind)
    model = regressor(loss, n_estimators=1, base_score=score, learning_rate=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict(X), score)


def test_base_score_of_classes_and_outputs():
    X, y = _data("classes")
    shares = [0.5, 0.2, 0.3]
    model = classifier(n_estimators=1, base_score=shares, learning_rate=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), np.tile(shares, (N, 1)))
    model = classifier(n_estimators=1, base_score=0.2, learning_rate=1e-12).fit(X, y > 0)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 0.2)
    X, y = _data("outputs")
    model = regressor(n_estimators=1, base_score=[1, 2, 3], learning_rate=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict(X), np.tile([1.0, 2, 3], (N, 1)))


# -- weights ---------------------------------------------------------------------------------------------------------


def _copies(seed=0):
    k = np.random.default_rng(seed).integers(0, 4, N)
    return k.astype(float), np.repeat(np.arange(N), k)


@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES, "log_loss"])
def test_weight_k_is_k_copies(loss, grow_policy):
    weight, rows = _copies()
    if loss == "log_loss":
        X, y = _data("classes")
        model = classifier(n_estimators=4, grow_policy=grow_policy, min_samples_leaf=3)
    else:
        X, y = _data(_kind_for(loss))
        model = regressor(loss, n_estimators=4, grow_policy=grow_policy)
    weighted = clone(model).fit(X, y, sample_weight=weight)
    repeated = clone(model).fit(X[rows], y[rows])
    np.testing.assert_allclose(_raw(weighted, X), _raw(repeated, X), rtol=1e-12, atol=1e-12)


def test_weight_k_is_k_copies_in_scores():
    X, y = _data("binary")
    weight, rows = _copies()
    held_out = {"X_val": X[:50], "y_val": y[:50]}
    model = classifier(n_estimators=4, scoring="roc_auc")
    weighted = clone(model).fit(X, y, sample_weight=weight, **held_out, sample_weight_val=weight[:50])
    held_out = {
        "X_val": X[:50].repeat(weight[:50].astype(int), axis=0),
        "y_val": y[:50].repeat(weight[:50].astype(int)),
    }
    repeated = clone(model).fit(X[rows], y[rows], **held_out)
    np.testing.assert_allclose(weighted.train_score_, repeated.train_score_)
    np.testing.assert_allclose(weighted.validation_score_, repeated.validation_score_)


def test_scale_of_weights_does_not_matter_without_regularisation():
    X, y = _data()
    free = {"reg_lambda": 0.0, "min_child_weight": 0.0, "n_estimators": 4}
    one = regressor(**free).fit(X, y)
    np.testing.assert_allclose(regressor(**free).fit(X, y, sample_weight=3.7).predict(X), one.predict(X), 1e-4)


def test_class_weight_is_a_weight():
    X, y = _data("classes")
    labels = np.array(["a", "b", "c"])[y]
    weighted = classifier(n_estimators=4, class_weight={"a": 2, "c": 3}).fit(X, labels)
    _same(weighted, classifier(n_estimators=4).fit(X, labels, sample_weight=np.array([2.0, 1.0, 3.0])[y]))
    balanced = classifier(n_estimators=4, class_weight="balanced").fit(X, labels)
    even = N / (3 * np.bincount(y))
    _same(balanced, classifier(n_estimators=4).fit(X, labels, sample_weight=even[y]))


def test_balanced_classes_have_equal_weight():
    X, y = _data("classes")
    weight = np.arange(N) % 5 + 1.0
    model = classifier(n_estimators=1, class_weight="balanced", learning_rate=1e-12)
    np.testing.assert_allclose(model.fit(X, y, sample_weight=weight).predict_proba(X), 1 / 3)


def test_scale_pos_weight_is_a_weight():
    X, y = _data("binary")
    scaled = classifier(n_estimators=4, scale_pos_weight=3.0).fit(X, y)
    _same(scaled, classifier(n_estimators=4).fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0)))


# -- constraints -----------------------------------------------------------------------------------------------------


def _moved(X, feature, steps=9):
    """Tables in which one feature has the same value in all rows, in increasing order."""
    for value in np.linspace(-3, 3, steps):
        table = X.copy()
        table[:, feature] = value
        yield table


@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "quantile", "huber", "poisson"])
@pytest.mark.parametrize("direction", [-1, 1])
def test_monotone_regression(grow_policy, loss, direction):
    X, y = _data(_kind_for(loss))
    parameters = {"n_estimators": 8, "learning_rate": 0.5, "grow_policy": grow_policy, "max_depth": 4}
    model = regressor(loss, **parameters, monotonic_cst=[0, direction, 0, 0]).fit(X, y)
    predictions = np.array([model.predict(table) for table in _moved(X, 1)])
    assert (direction * np.diff(predictions, axis=0) >= -1e-12).all()
    free = regressor(loss, **parameters).fit(X, y)
    predictions = np.array([free.predict(table) for table in _moved(X, 1)])
    assert (direction * np.diff(predictions, axis=0) < 0).any()


@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_monotone_classification_by_name_and_mask(grow_policy):
    X, y = _data("binary")
    frame = pd.DataFrame(X, columns=list("abcd"))
    parameters = {"n_estimators": 8, "grow_policy": grow_policy, "reg_alpha": 0.1, "max_delta_step": 2.0}
    by_name = classifier(**parameters, monotonic_cst={"b": -1, "d": 1}).fit(frame, y)
    _same(by_name, classifier(**parameters, monotonic_cst=np.array([0, -1, 0, 1])).fit(frame, y), frame)
    for feature, direction in ((1, -1), (3, 1)):
        stages = [by_name.decision_function(pd.DataFrame(t, columns=list("abcd"))) for t in _moved(X, feature)]
        assert (direction * np.diff(stages, axis=0) >= -1e-12).all()


def _paths(model):
    """The set of features on the way to each leaf of each tree."""
    trees = model._additive_trees().trees
    above = [frozenset()] * trees.n_nodes
    for node in range(trees.n_nodes):
        if trees.left[node] >= 0:
            for child in (trees.left[node], trees.right[node]):
                above[child] = above[node] | {int(trees.feature[node])}
    return {above[leaf] for leaf in np.flatnonzero(trees.is_leaf)}


@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
@pytest.mark.parametrize(
    ("constraint", "groups"),
    [
        ([[0, 1], [1, 2]], [{0, 1}, {1, 2}, {3}]),
        ([("a", "d"), ["b"]], [{0, 3}, {1}, {2}]),
        ("no_interactions", [{0}, {1}, {2}, {3}]),
        ("pairwise", [{i, j} for i in range(4) for j in range(i)]),
    ],
)
def test_interactions_stay_within_their_groups(grow_policy, constraint, groups):
    X, y = _data()
    frame = pd.DataFrame(X, columns=list("abcd"))
    y = X[:, 0] * X[:, 1] + X[:, 0] * X[:, 3]
    model = regressor(n_estimators=6, grow_policy=grow_policy, interaction_cst=constraint).fit(frame, y)
    paths = _paths(model)
    assert all(any(path <= group for group in groups) for path in paths)
    if constraint != "no_interactions":
        assert any(len(path) == 2 for path in paths)
    free = regressor(n_estimators=6, grow_policy=grow_policy).fit(frame, y)
    assert any(len(path) > 2 for path in _paths(free))


@pytest.mark.filterwarnings("ignore:min_child_weight=1e\\+09 lets no split pass")
@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_limits_of_trees(grow_policy):
    X, y = _data()
    for limits, check in [
        ({"max_depth": 2}, lambda trees: trees.depth.max() == 2),
        ({"max_leaf_nodes": 5, "max_depth": 6}, lambda trees: 3 < trees.n_leaves.max() <= 5),
        ({"min_samples_leaf": 40}, lambda trees: trees.count[trees.is_leaf].min() >= 40 or grow_policy == "symmetric"),
        ({"gamma": 1e9}, lambda trees: trees.n_leaves.max() == 1),
        ({"min_child_weight": 1e9}, lambda trees: trees.n_leaves.max() == 1),
        ({"reg_alpha": 1e9}, lambda trees: not trees.values.any()),
        ({"reg_lambda": 1e9}, lambda trees: np.abs(trees.values).max() < 1e-5),
        ({"max_delta_step": 0.01}, lambda trees: np.abs(trees.values).max() <= 0.01 * 0.1 * (1 + 1e-12)),
    ]:
        parameters = {"max_depth": 4, **limits}
        model = regressor(n_estimators=3, learning_rate=0.1, grow_policy=grow_policy, **parameters).fit(X, y)
        assert check(model._additive_trees().trees), limits


@pytest.mark.parametrize("grow_policy", ["depthwise", "lossguide"])
def test_trees_without_limits(grow_policy):
    X, y = _data()
    deep = regressor(
        n_estimators=1, learning_rate=1.0, grow_policy=grow_policy, max_depth=None, reg_lambda=0.0, max_bins=None,
    ).fit(X, y)  # fmt: skip
    np.testing.assert_allclose(deep.predict(X), y, atol=1e-6)


# -- the same model, another way -------------------------------------------------------------------------------------

RANDOM = {"subsample": 0.7, "colsample_bytree": 0.7, "colsample_bynode": 0.7, "random_strength": 0.2, "random_state": 3}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    "parameters", [RANDOM, {"sampling_method": "goss", "random_state": 1}], ids=["subsample", "goss"]
)
def test_warm_start_equals_one_long_fit(estimator, parameters):
    X, y = _target_of(estimator)
    whole = estimator(n_estimators=9, **parameters).fit(X, y)
    parts = estimator(n_estimators=2, warm_start=True, **parameters)
    for n_estimators in (2, 3, 3, 9):
        parts.set_params(n_estimators=n_estimators).fit(X, y)
        assert parts.n_iter_ == n_estimators
    _same(whole, parts)


def test_warm_start_with_early_stopping_and_scores():
    X, y = _data()
    stops = {"early_stopping": True, "learning_rate": 0.5, "n_iter_no_change": 5, "random_state": 0}
    whole = regressor(n_estimators=100, **stops).fit(X, y)
    parts = regressor(n_estimators=3, warm_start=True, **stops).fit(X, y)
    parts.set_params(n_estimators=100).fit(X, y)
    _same(whole, parts)
    np.testing.assert_array_equal(whole.validation_score_, parts.validation_score_)
    again = clone(parts).fit(X, y).fit(X, y)
    assert again.n_iter_ == whole.n_iter_
    np.testing.assert_allclose(again.validation_score_, whole.validation_score_)


def test_warm_start_without_scores_before():
    X, y = _data()
    model = regressor(n_estimators=3, warm_start=True, random_state=0, learning_rate=0.5).fit(X, y)
    assert len(model.train_score_) == 0
    model.set_params(n_estimators=60, early_stopping=True, n_iter_no_change=3).fit(X, y)
    assert np.isnan(model.train_score_[:3]).all()
    assert model.n_iter_ == np.nanargmax(model.validation_score_)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_stages_are_truncated_models(estimator):
    X, y = _target_of(estimator)
    model = estimator(n_estimators=4, **RANDOM).fit(X, y)
    short = [estimator(n_estimators=k, **RANDOM).fit(X, y) for k in (1, 2, 3, 4)]
    methods = ["predict"] if estimator is regressor else ["predict", "predict_proba", "decision_function"]
    for method in methods:
        stages = list(getattr(model, f"staged_{method}")(X))
        assert len(stages) == 4
        for stage, truncated in zip(stages, short):
            np.testing.assert_array_equal(stage, getattr(truncated, method)(X))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_any_number_of_threads_gives_the_same_bits(estimator, grow_policy):
    X, y = _target_of(estimator)
    models = [estimator(n_estimators=4, n_jobs=n, grow_policy=grow_policy, **RANDOM).fit(X, y) for n in (1, 2, 7)]
    for other in models[1:]:
        _same(models[0], other)
        for one, two in zip(models[0]._additive_trees().trees, other._additive_trees().trees):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_random_state(estimator):
    X, y = _target_of(estimator)
    random = {**RANDOM, "n_estimators": 3}
    _same(estimator(**random).fit(X, y), estimator(**random).fit(X, y))
    from_state = [estimator(**{**random, "random_state": np.random.RandomState(5)}).fit(X, y) for _ in range(2)]
    _same(*from_state)
    other = estimator(**{**random, "random_state": 4}).fit(X, y)
    assert (_raw(other, X) != _raw(estimator(**random).fit(X, y), X)).any()


def test_nothing_is_random_without_sampling():
    X, y = _data()
    _same(
        regressor(n_estimators=3, random_state=0).fit(X, y),
        regressor(n_estimators=3).fit(X, y),
    )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_pickle_drops_what_can_be_derived(estimator):
    X, y = _target_of(estimator)
    model = estimator(n_estimators=3).fit(X, y)
    assert "layout" in model._additive_trees().__dict__
    copy = pickle.loads(pickle.dumps(model))
    assert "layout" not in copy._additive_trees().__dict__
    _same(model, copy)
    copy.set_params(warm_start=True, n_estimators=5).fit(X, y)
    _same(copy, estimator(n_estimators=5).fit(X, y))


def test_verbosity_does_not_change_the_model(capsys):
    X, y = _data()
    quiet = regressor(n_estimators=40, learning_rate=1.0, n_iter_no_change=1, tol=0.1).fit(X, y)
    assert capsys.readouterr().out == ""
    loud = regressor(n_estimators=40, learning_rate=1.0, n_iter_no_change=1, tol=0.1, verbose=1).fit(X, y)
    assert loud.n_iter_ == quiet.n_iter_ == 40
    _same(quiet, loud)


def test_verbose_prints_a_line_for_each_round(capsys):
    X, y = _data("classes")
    model = classifier(n_estimators=3, verbose=1, max_depth=2)
    model.fit(X, y, X_val=X[:50], y_val=y[:50])
    lines = capsys.readouterr().out.splitlines()
    pattern = r"\[(\d)/3\] 3 trees, \d+ leaves, depth 2, train loss \d\.\d+, validation loss \d\.\d+, \d+\.\d{3} s"
    pattern += r", \d+\.\d s left"
    assert [re.fullmatch(pattern, line)[1] for line in lines] == ["1", "2", "3"]
    model.set_params(scoring="accuracy").fit(X, y)
    assert re.search(r"train accuracy 0\.\d+, \d", capsys.readouterr().out)
    regressor(_squared, n_estimators=2, verbose=1).fit(X, y)
    pattern = r"\[1/2\] 1 tree, \d+ leaves, depth \d, \d+\.\d{3} s, \d+\.\d s left"
    assert re.fullmatch(pattern, capsys.readouterr().out.splitlines()[0])


# -- trees in parallel -----------------------------------------------------------------------------------------------


PARALLEL_TARGETS = [
    (regressor, "real", {}),
    (classifier, "classes", {}),
    (regressor, "real", {"loss": "absolute_error"}),
    (regressor, "outputs", {"multi_strategy": "multi_output_tree"}),
]
in_parallel = pytest.mark.parametrize(("estimator", "kind", "own"), PARALLEL_TARGETS)


@in_parallel
def test_mean_of_equal_trees_is_the_tree(estimator, kind, own):
    X, y = _data(kind)
    one = estimator(n_estimators=4, **own).fit(X, y)
    four = estimator(n_estimators=4, num_parallel_tree=4, **own).fit(X, y)
    np.testing.assert_allclose(_raw(four, X), _raw(one, X), rtol=1e-4, atol=1e-5)


def test_a_round_is_the_mean_of_newton_steps():
    X, y = _data()
    model = regressor(n_estimators=1, num_parallel_tree=5, learning_rate=1.0, subsample=0.5, reg_lambda=0.0)
    model.set_params(random_state=0).fit(X, y)
    leaves = model.apply(X)
    assert leaves.shape == (N, 5)
    assert len({tuple(tree) for tree in leaves.T}) == 5
    trees = model._additive_trees().trees
    values = [trees.values[root + leaf, 0] for root, leaf in zip(trees.roots, leaves.T)]
    np.testing.assert_allclose(y.mean() + np.sum(values, axis=0), model.predict(X))
    for tree in values:  # a fifth of a step that brings the drawn half of the rows, and so about all, to their mean
        assert abs(5 * tree.mean() - 0.0) < 0.3
        assert np.var(y - y.mean() - 5 * tree) < 0.7 * np.var(y)
    assert np.var(y - model.predict(X)) < min(np.var(y - y.mean() - 5 * tree) for tree in values)


@in_parallel
def test_trees_in_parallel_make_one_round(estimator, kind, own):
    X, y = _data(kind)
    params = {"num_parallel_tree": 3, "learning_rate": 0.5, **RANDOM, **own}
    model = estimator(n_estimators=5, **params).fit(X, y)
    per_round = 3 * (3 if kind == "classes" else 1)
    assert model.n_iter_ == 5
    assert model.apply(X).shape == (N, 5 * per_round)
    stages = list(model.staged_decision_function(X) if estimator is classifier else model.staged_predict(X))
    assert len(stages) == 5
    np.testing.assert_array_equal(stages[1], _raw(estimator(n_estimators=2, **params).fit(X, y), X))
    parts = estimator(n_estimators=2, warm_start=True, **params).fit(X, y)
    _same(parts.set_params(n_estimators=5).fit(X, y), model)
    for n_jobs in (1, 2, 7):
        _same(estimator(n_estimators=5, n_jobs=n_jobs, **params).fit(X, y), model)
    weight, rows = _copies()
    weighted, repeated = clone(model).fit(X, y, sample_weight=weight), clone(model).fit(X[rows], y[rows])
    np.testing.assert_allclose(_raw(weighted, X), _raw(repeated, X), rtol=1e-12, atol=1e-12)


@in_parallel
def test_early_stopping_counts_rounds_of_trees_in_parallel(estimator, kind, own):
    X, y = _data(kind)
    params = {"num_parallel_tree": 3, "learning_rate": 0.9, **RANDOM, **own}
    model = estimator(n_estimators=100, n_iter_no_change=4, **params)
    model.fit(X[:160], y[:160], X_val=X[160:], y_val=y[160:])
    assert 0 < model.n_iter_ == model.validation_score_.argmax() < 96
    _same(model, estimator(n_estimators=model.n_iter_, **params).fit(X[:160], y[:160]))


@pytest.mark.parametrize("sampling_method", ["uniform", "goss"])
def test_rounds_of_many_trees_vary_less(sampling_method):
    X, y = _data()
    params = {"n_estimators": 2, "learning_rate": 1.0, "subsample": 0.4, "sampling_method": sampling_method}
    spread = {
        n_trees: np.std(
            [
                regressor(**params, num_parallel_tree=n_trees, random_state=seed).fit(X, y).predict(X)
                for seed in range(8)
            ],
            axis=0,
        ).mean()
        for n_trees in (1, 10)
    }
    assert spread[10] < 0.6 * spread[1]


# -- structure of a fitted model -------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_leaves_and_paths_agree_with_predictions(estimator, grow_policy):
    X, y = _target_of(estimator)
    model = estimator(n_estimators=3, grow_policy=grow_policy).fit(X, y)
    leaves, trees = model.apply(X), model._additive_trees().trees
    n_outputs = 3 if estimator is classifier else 1
    assert leaves.shape == (N, 3 * n_outputs)
    assert trees.is_leaf[leaves + trees.roots].all()
    sums = model._booster.baseline + trees.values[leaves + trees.roots, 0].reshape(N, 3, n_outputs).sum(axis=1)
    np.testing.assert_allclose(_raw(model, X), sums.squeeze())
    indicator, bounds = model.decision_path(X)
    assert indicator.shape == (N, trees.n_nodes)
    assert bounds.tolist() == trees.bounds.tolist()
    for t in range(trees.n_trees):
        part = indicator[:, bounds[t] : bounds[t + 1]].toarray()
        assert part[:, 0].all()
        assert part[np.arange(N), leaves[:, t]].all()
        assert (part.sum(axis=1) <= trees.depth[t] + 1).all()


@pytest.mark.parametrize("importance_type", ["gain", "cover", "split"])
def test_importances(importance_type):
    X, y = _data()
    model = regressor(n_estimators=5, importance_type=importance_type).fit(X, y)
    trees = model._additive_trees().trees
    splits = ~trees.is_leaf
    weight = {"gain": trees.gain, "cover": trees.cover, "split": splits.astype(float)}[importance_type][splits]
    expected = np.bincount(trees.feature[splits], weight, minlength=4)
    np.testing.assert_allclose(model.feature_importances_, expected / expected.sum())
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    assert set(np.argsort(model.feature_importances_)[2:]) == {0, 1}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_tags(estimator):
    tags = get_tags(estimator())
    assert tags.input_tags.allow_nan
    assert tags.input_tags.sparse
    assert tags.input_tags.categorical
    assert tags.target_tags.required
    assert tags.estimator_type == ("classifier" if estimator is classifier else "regressor")


def test_tags_of_losses():
    assert get_tags(regressor()).target_tags.multi_output
    assert not get_tags(regressor("quantile")).target_tags.multi_output
    assert get_tags(regressor("gamma")).target_tags.positive_only


# -- several outputs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "pseudo_huber"])
def test_one_tree_per_output_is_one_model_per_output(loss):
    X, y = _data("outputs")
    model = regressor(loss, n_estimators=4).fit(X, y)
    alone = [regressor(loss, n_estimators=4).fit(X, y[:, k]).predict(X) for k in range(3)]
    np.testing.assert_allclose(model.predict(X), np.transpose(alone), rtol=1e-12)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_one_tree_for_all_outputs(loss, grow_policy):
    if not takes_outputs(LOSSES[loss]):
        X, y = _data()
        parameters = {"quantile": [0.2, 0.5, 0.8]}
    else:
        X, y = _data("outputs")
        y = np.exp(y / 2) if _kind_for(loss) == "positive" else y
        parameters = {}
    model = regressor(
        loss, n_estimators=10, multi_strategy="multi_output_tree", grow_policy=grow_policy, max_depth=4, **parameters
    ).fit(X, y)
    assert model.predict(X).shape == (N, 3)
    assert model._additive_trees().trees.n_trees == 10
    assert model.apply(X).shape == (N, 10)
    assert model.score(X, y) > 0.2
    stages = list(model.staged_predict(X))
    assert len(stages) == 10
    np.testing.assert_allclose(stages[-1], model.predict(X))


def test_one_tree_for_one_output():
    X, y = _data()
    one, all_ = (regressor(n_estimators=4, multi_strategy=s) for s in ("one_output_per_tree", "multi_output_tree"))
    _same(one.fit(X, y), all_.fit(X, y))


def test_column_of_targets_is_flattened():
    X, y = _data()
    with pytest.warns(UserWarning, match="column-vector y was passed"):
        model = regressor(n_estimators=2).fit(X, y[:, None])
    assert model.predict(X).shape == (N,)


# -- categories ------------------------------------------------------------------------------------------------------


def _with_category(seed=0):
    rng = np.random.default_rng(seed)
    names = np.array([f"c{i:02d}" for i in range(30)])
    codes = rng.integers(0, 30, N)
    y = np.where(codes % 3 == 0, 2.0, -1.0) + 0.1 * rng.normal(size=N)
    return names[codes], codes, rng.normal(size=N), y


def test_categories_by_dtype_by_text_and_by_name():
    text, codes, number, y = _with_category()
    frames = [
        (pd.DataFrame({"x": pd.Categorical(text), "z": number}), "from_dtype"),
        (pd.DataFrame({"x": text, "z": number}), "from_dtype"),
        (pd.DataFrame({"x": text, "z": number}), ["x"]),
        (pd.DataFrame({"x": text, "z": number}), [True, False]),
        (pd.DataFrame({"x": codes, "z": number}), [0]),
        (np.c_[codes, number], [0]),
    ]
    models = [regressor(n_estimators=5, max_depth=2, categorical_features=by).fit(frame, y) for frame, by in frames]
    for model, (frame, _) in zip(models, frames):
        np.testing.assert_array_equal(model.predict(frame), models[0].predict(frames[0][0]))
    assert (models[0]._additive_trees().trees.category_start >= 0).any()
    as_number = regressor(n_estimators=5, max_depth=2, categorical_features=None).fit(frames[-1][0], y)
    assert models[0].score(frames[0][0], y) > as_number.score(frames[-1][0], y) + 0.1


def test_order_of_categories_at_predict_does_not_matter():
    text, _, number, y = _with_category()
    frame = pd.DataFrame({"x": pd.Categorical(text), "z": number})
    model = regressor(n_estimators=5).fit(frame, y)
    other = pd.DataFrame({"x": pd.Categorical(text, categories=sorted(set(text))[::-1]), "z": number})
    np.testing.assert_array_equal(model.predict(frame), model.predict(other))
    np.testing.assert_array_equal(model.predict(frame[:7]), model.predict(frame)[:7])


@pytest.mark.parametrize(
    "parameters", [{"max_cat_to_onehot": 40}, {"max_cat_threshold": 2}, {"grow_policy": "symmetric"}]
)
def test_ways_to_split_categories(parameters):
    text, _, number, y = _with_category()
    frame = pd.DataFrame({"x": text, "z": number})
    model = regressor(n_estimators=10, learning_rate=0.3, **parameters).fit(frame, y)
    assert model.score(frame, y) > 0.3


@pytest.mark.parametrize("grow_policy", GROW_POLICIES)
def test_missing_cells_have_a_direction_of_their_own(grow_policy):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2))
    X[::3, 0] = np.nan
    y = np.isnan(X[:, 0]) + 0.01 * rng.normal(size=N)
    model = regressor(n_estimators=10, learning_rate=0.5, grow_policy=grow_policy, max_depth=3).fit(X, y)
    assert model.score(X, y) > 0.95


def test_missing_cells_only_at_predict():
    X, y = _data()
    full = np.nan_to_num(X)
    model = regressor(n_estimators=3).fit(full, y)
    assert np.isfinite(model.predict(np.full((2, 4), np.nan))).all()


# -- kinds of tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("container", ["csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array"])
def test_sparse_is_dense(estimator, container):
    _, y = _target_of(estimator)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 4)) * (rng.random((N, 4)) < 0.3)
    sparse = getattr(scipy.sparse, container)(X)
    dense, other = (
        estimator(n_estimators=3, early_stopping=True, random_state=0).fit(table, y) for table in (X, sparse)
    )
    np.testing.assert_array_equal(_raw(dense, X), _raw(other, sparse))


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        _read_only,
        lambda X: np.repeat(X, 2, axis=0)[::2],
        np.ndarray.tolist,
        lambda X: X.astype(">f8"),
    ],
)
def test_layout_of_the_array_does_not_matter(estimator, change):
    X, y = _target_of(estimator)
    other = change(X)
    one, two = (estimator(n_estimators=3).fit(table, y) for table in (X, other))
    np.testing.assert_array_equal(_raw(one, X), _raw(two, other))


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.int64, np.uint8, bool])
def test_numbers_of_any_dtype(dtype):
    _, y = _data()
    X = np.random.default_rng(0).integers(0, 2 if dtype is bool else 50, (N, 4)).astype(dtype)
    exact = X.astype(np.float64)
    one, two = (regressor(n_estimators=3).fit(table, y) for table in (X, exact))
    np.testing.assert_array_equal(one.predict(X), two.predict(exact))
    np.testing.assert_array_equal(one.predict(exact), two.predict(X))


def test_float32_target_and_weights():
    X, y = _data()
    y = y.astype(np.float32)
    one = regressor(n_estimators=3).fit(X, y, sample_weight=np.ones(N, np.float32))
    _same(one, regressor(n_estimators=3).fit(X, y.astype(np.float64)))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([True, False]),
        np.array([-1, 1]),
        np.array(["no", "yes"]),
        np.array([1.0, 7.0]),
        np.array(["a", "b"], object),
    ],
)
def test_labels_of_any_kind(labels):
    X, y = _data("binary")
    model = classifier(n_estimators=3).fit(X, np.sort(labels)[y])
    assert model.classes_.tolist() == sorted(labels.tolist())
    assert model.predict(X).dtype == labels.dtype
    np.testing.assert_array_equal(model.predict(X), model.classes_[(model.predict_proba(X)[:, 1] > 0.5).astype(int)])


# -- what the documentation says -------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [NewtonBoostingClassifier, NewtonBoostingRegressor])
def test_docstring_names_every_attribute(estimator):
    X, y = _data("binary")
    table = pd.DataFrame(X, columns=list("abcd"))
    models = [estimator(n_estimators=1, booster=booster).fit(table, y) for booster in ("gbtree", "gblinear")]
    models.append(estimator(n_estimators="auto").fit(table, y))
    attributes = {name for model in models for name in dir(model) if name.endswith("_") and not name.startswith("_")}
    section = estimator.__doc__.split("\n    Attributes\n", 1)[1].split("\n    See Also\n", 1)[0]
    assert set(re.findall(r"^    (\w+) : ", section, re.MULTILINE)) == attributes


# -- tables of few distinct rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"early_stopping": True}, {"sampling_method": "goss"}])
def test_probabilities_of_few_distinct_rows_are_their_shares(parameters):
    """Four contents: draws and held-out rows must thin them out, not leave one of them out."""
    rng = np.random.default_rng(0)
    x = rng.integers(2, size=2000)
    y = np.where(rng.random(2000) < 0.9, x, 1 - x)
    model = NewtonBoostingClassifier(random_state=0, **parameters).fit(x[:, np.newaxis], y)
    shares = [y[x == value].mean() for value in (0, 1)]
    np.testing.assert_allclose(model.predict_proba([[0], [1]])[:, 1], shares, atol=0.02)
