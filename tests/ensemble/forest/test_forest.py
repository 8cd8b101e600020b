"""What holds for every forest: no dependence on threads or row order, weights as copies, means, OOB, views."""

import multiprocessing
import os
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV

from skensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from skensemble.ensemble.forest import _forest
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.trees._tree_arrays import split_trees, validate_trees
from tests.recorder import Recorder

CLASSIFIERS = [RandomForestClassifier, ExtraTreesClassifier]
REGRESSORS = [RandomForestRegressor, ExtraTreesRegressor]
FORESTS = CLASSIFIERS + REGRESSORS
N = 320  # enough for threads to be asked

every_forest = pytest.mark.parametrize("forest", FORESTS, ids=lambda forest: forest.__name__)
every_classifier = pytest.mark.parametrize("forest", CLASSIFIERS, ids=lambda forest: forest.__name__)
every_regressor = pytest.mark.parametrize("forest", REGRESSORS, ids=lambda forest: forest.__name__)


def _data(forest, n_outputs=1, n=N):
    """A table with missing cells and ties, and a target that depends on it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    X[:, 1] = X[:, 1].round(1)
    signal = np.stack([X[:, 0] + np.sin(3 * X[:, 1 + k]) for k in range(n_outputs)], axis=1)
    y = signal + 0.3 * rng.normal(size=signal.shape)
    X[rng.random(X.shape) < 0.05] = np.nan
    if forest in CLASSIFIERS:
        y = np.array(["high", "low", "mid"])[np.digitize(y, [-0.7, 0.7])]
    return X, y[:, 0] if n_outputs == 1 else y


def _weights(n=N):
    return np.random.default_rng(1).integers(0, 4, n).astype(float)


def _fitted(forest, *data, n_estimators=12, **parameters):
    return forest(n_estimators=n_estimators, random_state=0, **parameters).fit(*data)


def _assert_same_trees(one, other):
    for name, values, others in zip(one._trees._fields, one._trees, other._trees):
        np.testing.assert_array_equal(values, others, err_msg=name)


# -- one forest, however it is grown ---------------------------------------------------------------------------------


@every_forest
@pytest.mark.parametrize("bootstrap", [True, False])
def test_threads_do_not_change_the_forest(forest, bootstrap):
    X, y = _data(forest)
    alone, *others = (_fitted(forest, X, y, _weights(), bootstrap=bootstrap, n_jobs=n_jobs) for n_jobs in (1, 2, 7))
    for other in others:
        _assert_same_trees(other, alone)
        np.testing.assert_array_equal(other.predict(X), alone.predict(X))


@every_forest
@pytest.mark.parametrize("bootstrap", [True, False])
def test_order_of_rows_does_not_matter(forest, bootstrap):
    X, y = _data(forest)
    order = np.random.default_rng(2).permutation(N)
    forests = [_fitted(forest, X[rows], y[rows], bootstrap=bootstrap) for rows in (np.arange(N), order)]
    _assert_same_trees(*forests)


@every_forest
@pytest.mark.parametrize("bootstrap", [True, False])
@pytest.mark.parametrize("max_samples", [None, 0.6, 50])
def test_weight_is_a_number_of_copies(forest, bootstrap, max_samples):
    X, y = _data(forest)
    weight = _weights()
    rows = np.repeat(np.arange(N), weight.astype(int))
    parameters = {"bootstrap": bootstrap, "max_samples": max_samples if bootstrap else None, "max_bins": 30}
    weighted = _fitted(forest, X, y, weight, **parameters)
    copied = _fitted(forest, X[rows], y[rows], **parameters)
    np.testing.assert_array_equal(weighted._trees.threshold, copied._trees.threshold)
    np.testing.assert_array_equal(weighted._trees.values, copied._trees.values)
    np.testing.assert_array_equal(weighted._trees.cover, copied._trees.cover)


@every_forest
def test_scale_of_fractional_weights_does_not_matter(forest):
    X, y = _data(forest)
    weight = np.random.default_rng(3).random(N)
    forests = [_fitted(forest, X, y, scale * weight, bootstrap=True) for scale in (1.0, 2.0**-40, 2.0**40)]
    for other in forests[1:]:
        np.testing.assert_array_equal(other._trees.threshold, forests[0]._trees.threshold)


@every_forest
def test_two_fits_at_once(forest):
    X, y = _data(forest)
    alone = _fitted(forest, X, y)
    with ThreadPoolExecutor(2) as pool:
        for other in pool.map(lambda _: _fitted(forest, X, y, n_jobs=2), range(4)):
            _assert_same_trees(other, alone)


def _fit_in_worker(forest):
    return _fitted(forest, *_data(forest), n_jobs=2)


def test_fits_under_loky():
    alone = _fit_in_worker(RandomForestRegressor)
    for other in joblib.Parallel(n_jobs=2)(joblib.delayed(_fit_in_worker)(RandomForestRegressor) for _ in range(2)):
        _assert_same_trees(other, alone)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fits_after_a_fork():
    parent = _fit_in_worker(RandomForestClassifier)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            child = pool.apply_async(_fit_in_worker, (RandomForestClassifier,)).get(60)
    _assert_same_trees(child, parent)


# -- input -----------------------------------------------------------------------------------------------------------


@every_forest
def test_sparse_input(forest):
    X, y = _data(forest)
    X = np.where(np.isnan(X) | (X < 0), 0.0, X)
    dense, sparse = _fitted(forest, X, y), _fitted(forest, scipy.sparse.csc_array(X), y)
    _assert_same_trees(sparse, dense)
    np.testing.assert_array_equal(sparse.predict(scipy.sparse.csr_array(X)), dense.predict(X))


@pytest.mark.parametrize("forest", [RandomForestClassifier, ExtraTreesClassifier])
def test_categories_and_text(forest, flights):
    X, y = flights.drop(columns="late").iloc[:2000], flights["late"].to_numpy()[:2000]
    model = _fitted(forest, X[:1500], y[:1500], n_estimators=30, max_features=None, min_samples_leaf=5)
    assert (model._trees.category_count > 0).any()
    assert model.score(X[1500:], y[1500:]) > np.unique(y[1500:], return_counts=True)[1].max() / 500 - 0.03
    validate_trees(model._trees, X.shape[1], 2)
    with pytest.raises(ValueError, match="categories"):
        model.to_sklearn()


@every_forest
@pytest.mark.parametrize("bootstrap", [True, False])
def test_exact_splits(forest, bootstrap):
    """Without bins, a threshold is the middle of two values of the rows that grew the tree, rounded to float32."""
    X, y = _data(forest)
    X = np.nan_to_num(X)
    model = _fitted(forest, X, y, max_bins=None, bootstrap=bootstrap, n_estimators=3)
    if forest in (RandomForestClassifier, RandomForestRegressor):
        for tree, rows in zip(model.estimators_, model.estimators_samples_):
            values = np.unique(X[rows, tree.tree_.feature[0]])
            middles = 0.5 * (values[1:] + values[:-1])
            assert np.abs(middles - tree.tree_.threshold[0]).min() < 1e-6


# -- parameters ------------------------------------------------------------------------------------------------------


@every_forest
@pytest.mark.parametrize(
    ("parameter", "value", "rule"),
    [
        ("n_estimators", 0, "an int >= 1"),
        ("max_depth", 0, "an int >= 1 or None"),
        ("max_samples", -0.5, "an int >= 1, a float > 0.0 or None"),
        ("max_samples", 0, "an int >= 1, a float > 0.0 or None"),
        ("oob_score", "r2", "a bool or a callable"),
        ("importance_type", "gain", "'impurity' or 'permutation'"),
        ("keep_leaf_rows", 1, "a bool"),
        ("bootstrap", None, "a bool"),
        ("max_bins", 1, "an int >= 2 or None"),
        ("criterion", "friedman", ""),
    ],
)
def test_wrong_parameters(forest, parameter, value, rule):
    with pytest.raises((ValueError, TypeError), match=f"{parameter} must be {rule}.*, got {value!r}"):
        forest(**{parameter: value}).fit(*_data(forest))


@every_forest
@pytest.mark.parametrize("parameters", [{"max_samples": 0.5}, {"oob_score": True}, {"importance_type": "permutation"}])
def test_what_needs_a_bootstrap(forest, parameters):
    name = next(iter(parameters))
    with pytest.raises(ValueError, match=f"{name} must be .* bootstrap"):
        forest(bootstrap=False, **parameters).fit(*_data(forest))


@every_forest
def test_limits_of_growth(forest):
    X, y = _data(forest)
    shallow = _fitted(forest, X, y, max_depth=2)
    assert shallow._trees.depth.max() == 2
    assert _fitted(forest, X, y, max_leaf_nodes=5)._trees.n_leaves.max() == 5
    large_leaves = _fitted(forest, X, y, min_samples_leaf=0.1)._trees
    assert large_leaves.count[large_leaves.is_leaf].min() >= 0.1 * N
    pruned, full = _fitted(forest, X, y, ccp_alpha=0.01), _fitted(forest, X, y)
    assert pruned._trees.n_nodes < full._trees.n_nodes
    validate_trees(pruned._trees, 5, full._trees.n_values)


@every_regressor
def test_monotonic_forest(forest):
    rng = np.random.default_rng(0)
    X = rng.random((N, 2))
    y = X[:, 0] - X[:, 1] + rng.normal(size=N)
    model = _fitted(forest, X, y, monotonic_cst=[1, -1])
    line = np.linspace(0, 1, 50)
    for other in (0.2, 0.7):
        assert (np.diff(model.predict(np.c_[line, np.full(50, other)])) >= -1e-12).all()
        assert (np.diff(model.predict(np.c_[np.full(50, other), line])) <= 1e-12).all()


@every_forest
def test_max_samples(forest):
    X, y = _data(forest)
    for max_samples, n_draws in [(None, N), (40, 40), (0.5, N // 2), (1.5, 3 * N // 2)]:
        model = _fitted(forest, X, y, bootstrap=True, max_samples=max_samples, n_estimators=2)
        assert [len(rows) for rows in model.estimators_samples_] == [n_draws] * 2
        np.testing.assert_array_equal(model._trees.cover[model._trees.roots], n_draws)


@every_classifier
@pytest.mark.parametrize("bootstrap", [True, False])
def test_weights_of_classes_are_weights_of_rows(forest, bootstrap):
    X, y = _data(forest)
    class_weight = {"high": 1, "low": 5, "mid": 2}
    by_class = _fitted(forest, X, y, bootstrap=bootstrap, class_weight=class_weight)
    by_row = _fitted(forest, X, y, np.array([class_weight[label] for label in y], float), bootstrap=bootstrap)
    _assert_same_trees(by_class, by_row)
    if bootstrap:
        unweighted = _fitted(forest, X, y, bootstrap=True)
        assert by_class.predict_proba(X)[:, 1].mean() > unweighted.predict_proba(X)[:, 1].mean()


@every_classifier
def test_balanced_classes(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, class_weight="balanced", bootstrap=False)
    roots = model._trees.values[model._trees.roots]
    np.testing.assert_allclose(roots, 1 / 3)


@every_classifier
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_each_draw_is_balanced_by_itself(forest, n_outputs):
    X, y = _data(forest, n_outputs)
    model = _fitted(forest, X, y, class_weight="balanced_subsample", bootstrap=True)
    roots = model._trees.values[model._trees.roots]
    if n_outputs == 1:
        np.testing.assert_allclose(roots, 1 / 3)
    else:
        np.testing.assert_allclose(roots.reshape(-1, 3).sum(axis=1), 1.0)
    without_bootstrap = _fitted(forest, X, y, class_weight="balanced_subsample", bootstrap=False)
    _assert_same_trees(without_bootstrap, _fitted(forest, X, y, class_weight="balanced", bootstrap=False))


# -- trees -----------------------------------------------------------------------------------------------------------


@every_forest
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_forest_is_the_mean_of_its_trees(forest, n_outputs):
    X, y = _data(forest, n_outputs)
    model = _fitted(forest, X, y)
    predict = "predict_proba" if forest in CLASSIFIERS else "predict"
    of_trees = np.mean([getattr(tree, predict)(X) for tree in model.estimators_], axis=0)
    np.testing.assert_allclose(getattr(model, predict)(X), of_trees)
    np.testing.assert_array_equal(model.apply(X), np.stack([tree.apply(X) for tree in model], axis=1))


@every_forest
def test_tree_can_be_grown_again_from_the_rows_drawn_for_it(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, max_features=2, max_samples=0.8, bootstrap=True, max_bins=None)
    for tree, rows in zip(model.estimators_[:4], model.estimators_samples_):
        again = clone(tree).fit(X[rows], y[rows])
        np.testing.assert_allclose(again.tree_.value, tree.tree_.value)
        np.testing.assert_array_equal(again.tree_.feature, tree.tree_.feature)


@every_forest
def test_forest_as_a_list_of_trees(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y)
    assert len(model) == len(model.estimators_) == 12
    assert model[3] is model.estimators_[3]
    assert [type(tree) for tree in model] == [type(model.estimator_)] * 12
    assert len({tree.random_state for tree in model}) == 12
    assert sum(tree.tree_.node_count for tree in model) == model._trees.n_nodes
    for tree in split_trees(model._trees):
        validate_trees(tree, 5, model._trees.n_values)
    assert np.shares_memory(model[2].tree_.trees.threshold, model._trees.threshold)


@every_forest
def test_impurity_importances(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y)
    expected = np.mean([tree.feature_importances_ for tree in model], axis=0)
    np.testing.assert_allclose(model.feature_importances_, expected)
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    np.testing.assert_array_equal(_fitted(forest, X, np.repeat(y[0], N)).feature_importances_, 0.0)


@every_forest
def test_decision_path(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, max_depth=4)
    indicator, bounds = model.decision_path(X[:20])
    assert indicator.shape == (20, model._trees.n_nodes)
    for t, tree in enumerate(model):
        own = indicator[:, bounds[t] : bounds[t + 1]]
        np.testing.assert_array_equal(own.toarray(), tree.decision_path(X[:20]).toarray())


@every_forest
def test_proximities(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, min_samples_leaf=10)
    leaves = model.apply(X)
    proximities = model.proximities(X, X[:7])
    np.testing.assert_allclose(proximities, (leaves[:, None] == leaves[None, :7]).mean(axis=2))
    own = model.proximities(X[:9])
    np.testing.assert_array_equal(own, own.T)
    np.testing.assert_array_equal(np.diag(own), 1.0)


@every_forest
def test_scikit_learns_forest_predicts_the_same(forest):
    X, y = _data(forest)
    X = X.astype(np.float32)
    model = _fitted(forest, X, y)
    theirs = model.to_sklearn()
    assert type(theirs).__module__.startswith("sklearn.")
    predict = "predict_proba" if forest in CLASSIFIERS else "predict"
    np.testing.assert_allclose(getattr(theirs, predict)(X), getattr(model, predict)(X))


# -- out of bag ------------------------------------------------------------------------------------------------------


@every_forest
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_out_of_bag_predictions(forest, n_outputs):
    X, y = _data(forest, n_outputs)
    if n_outputs == 2 and forest in CLASSIFIERS:
        y = y == "low"
    model = _fitted(forest, X, y, bootstrap=True, oob_score=True, n_estimators=30)
    is_classifier = forest in CLASSIFIERS
    sums, n_asked = 0.0, np.zeros(N)
    for tree, rows in zip(model.estimators_, model.estimators_samples_):
        unseen = np.bincount(rows, minlength=N) == 0
        values = np.asarray(tree.predict_proba(X) if is_classifier else tree.predict(X))
        if is_classifier and n_outputs == 2:
            values = np.moveaxis(values, 0, 2)
        sums = sums + values * unseen.reshape(-1, *[1] * (values.ndim - 1))
        n_asked += unseen
    means = sums / n_asked.reshape(-1, *[1] * (sums.ndim - 1))
    if is_classifier:
        np.testing.assert_allclose(model.oob_decision_function_, means)
        predicted = model.classes_[means.argmax(axis=1)] if n_outputs == 1 else means.argmax(axis=1) == 1
        assert model.oob_score_ == accuracy_score(y, predicted)
    else:
        np.testing.assert_allclose(model.oob_prediction_, means)
        assert model.oob_score_ == pytest.approx(r2_score(y, means))


@every_forest
def test_metric_of_the_user_scores_out_of_bag_predictions(forest):
    X, y = _data(forest)
    calls = []

    def metric(truth, predicted):
        calls.append((truth, predicted))
        return 0.25

    model = _fitted(forest, X, y, bootstrap=True, oob_score=metric, n_estimators=30)
    assert model.oob_score_ == 0.25
    np.testing.assert_array_equal(calls[0][0], y)
    assert calls[0][1].dtype.kind == y.dtype.kind


@every_forest
def test_rows_that_all_trees_have_seen(forest):
    X, y = _data(forest)
    with pytest.warns(UserWarning, match="Some inputs do not have OOB scores"):
        model = _fitted(forest, X, y, bootstrap=True, oob_score=True, n_estimators=1)
    predictions = model.oob_decision_function_ if forest in CLASSIFIERS else model.oob_prediction_
    drawn = np.isin(np.arange(N), model.estimators_samples_[0])
    np.testing.assert_array_equal(np.isnan(predictions.reshape(N, -1)[:, 0]), drawn)
    assert np.isfinite(model.oob_score_)


@every_classifier
def test_several_columns_of_more_than_two_classes_have_no_out_of_bag_score(forest):
    X, y = _data(forest, 2)
    with pytest.raises(ValueError, match="The type of target cannot be used to compute OOB estimates"):
        _fitted(forest, X, y, bootstrap=True, oob_score=True)


@every_forest
def test_permutation_importances(forest):
    X, y = _data(forest)
    parameters = {"importance_type": "permutation", "bootstrap": True, "n_estimators": 25}
    importances = _fitted(forest, X, y, **parameters).feature_importances_
    assert importances[:2].min() > 0.05 > np.abs(importances[2:]).max()
    order = np.random.default_rng(5).permutation(N)
    moved = _fitted(forest, X[order], y[order], **parameters, n_jobs=2)
    np.testing.assert_allclose(moved.feature_importances_, importances)
    with pytest.raises(AttributeError, match="need a fit with importance_type='permutation'"):
        _fitted(forest, X, y).set_params(importance_type="permutation").feature_importances_  # noqa: B018


# -- quantiles -------------------------------------------------------------------------------------------------------


def _plain_quantiles(model, X, y, levels, row):
    """Quantiles of one row from trees and draws."""
    weight = np.zeros(len(y))
    for tree, rows in zip(model.estimators_, model.estimators_samples_):
        counts = np.bincount(rows, minlength=len(y)) * (tree.apply(X) == tree.apply(row)[0])
        weight += counts / counts.sum()
    order = np.argsort(y)
    below = np.cumsum(weight[order]) / weight.sum()
    return [y[order][np.searchsorted(below, level)] for level in levels]


@every_regressor
@pytest.mark.parametrize("bootstrap", [True, False])
def test_quantiles(forest, bootstrap):
    X, y = _data(forest)
    model = _fitted(forest, X, y, keep_leaf_rows=True, min_samples_leaf=5, bootstrap=bootstrap)
    levels = [0.033, 0.51, 0.93]  # at which no share of leaves ends
    rows = X[:15] + 0.01
    expected = [_plain_quantiles(model, X, y, levels, row[None]) for row in rows]
    np.testing.assert_array_equal(model.predict_quantiles(rows, levels), expected)
    np.testing.assert_array_equal(model.predict_quantiles(rows, 0.51), np.array(expected)[:, 1])
    np.testing.assert_array_equal(model.training_leaves_, model.apply(X).T)


@every_regressor
def test_quantiles_of_several_outputs(forest):
    X, y = _data(forest, 2)
    model = _fitted(forest, X, y, keep_leaf_rows=True, min_samples_leaf=5)
    quantiles = model.predict_quantiles(X, (0.0, 0.5, 1.0))
    assert quantiles.shape == (N, 2, 3)
    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert model.predict_interval(X).shape == (N, 2, 2)
    assert model.predict_quantiles(X, 0.5).shape == (N, 2)


@every_regressor
def test_intervals_cover_as_many_unseen_targets_as_they_say(forest):
    X, y = make_friedman1(500, noise=1.0, random_state=0)
    model = _fitted(forest, X, y, bootstrap=True, keep_leaf_rows=True, min_samples_leaf=5, n_estimators=50)
    for coverage in (0.5, 0.9):
        low, high = model.predict_interval(X, coverage, oob=True).T
        assert coverage - 0.03 < np.mean((low <= y) & (y <= high)) < coverage + 0.16


@every_regressor
def test_out_of_bag_quantiles_leave_out_the_trees_that_have_seen_the_row(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, bootstrap=True, keep_leaf_rows=True, n_estimators=2, max_samples=0.5)
    medians = model.predict_quantiles(X, 0.5, oob=True)
    seen = np.all([np.isin(np.arange(N), rows) for rows in model.estimators_samples_], axis=0)
    np.testing.assert_array_equal(np.isnan(medians), seen)
    assert np.mean(medians[~seen] == y[~seen]) < 0.05
    np.testing.assert_array_equal(model.predict_quantiles(X, 0.5)[seen], y[seen])


@every_regressor
def test_quantiles_that_cannot_be(forest):
    X, y = _data(forest)
    with pytest.raises(NotFittedError):
        forest().predict_quantiles(X)
    with pytest.raises(ValueError, match="keep_leaf_rows must be True in fit"):
        _fitted(forest, X, y).predict_interval(X)
    model = _fitted(forest, X, y, keep_leaf_rows=True, bootstrap=False)
    with pytest.raises(ValueError, match="oob must be False if bootstrap=False"):
        model.predict_quantiles(X, oob=True)
    with pytest.raises(ValueError, match=r"quantiles must be a float in \[0.0, 1.0\] or a list of them, got 1.5"):
        model.predict_quantiles(X, 1.5)
    with pytest.raises(ValueError, match="coverage must be"):
        model.predict_interval(X, coverage=1.0)
    model = _fitted(forest, X, y, keep_leaf_rows=True, bootstrap=True)
    with pytest.raises(ValueError, match=f"X must hold the {N} training samples if oob=True, got 5 samples"):
        model.predict_quantiles(X[:5], oob=True)


# -- more trees ------------------------------------------------------------------------------------------------------


@every_forest
@pytest.mark.parametrize("bootstrap", [True, False])
def test_warm_start_continues_exactly(forest, bootstrap):
    X, y = _data(forest)
    model = _fitted(forest, X, y, warm_start=True, n_estimators=5, bootstrap=bootstrap)
    trees = model.estimators_
    model.set_params(n_estimators=12).fit(X, y)
    _assert_same_trees(model, _fitted(forest, X, y, bootstrap=bootstrap))
    assert len(model.estimators_) == 12
    assert len(trees) == 5


@every_forest
def test_warm_start_tree_by_tree_codes_the_table_once(forest, monkeypatch):
    X, y = _data(forest)
    made = []
    monkeypatch.setattr(_forest, "CartGrower", lambda *args, **kwargs: made.append(1) or CartGrower(*args, **kwargs))
    model = _fitted(forest, X, y, warm_start=True, n_estimators=1)
    for n_estimators in range(2, 9):
        model.set_params(n_estimators=n_estimators).fit(X.copy(), list(y))
    assert len(made) == 1
    _assert_same_trees(model, _fitted(forest, X, y, n_estimators=8))
    again = pickle.loads(pickle.dumps(model)).set_params(n_estimators=9).fit(X, y)
    _assert_same_trees(again, model.set_params(n_estimators=9).fit(X, y))


@every_forest
def test_warm_start_sees_what_changed(forest):
    """In the table itself, in the weights, in the limits of the trees."""
    X, y = _data(forest)
    weight = np.ones(len(X))
    model, other = (_fitted(forest, X.copy(), y, warm_start=True, n_estimators=2) for _ in range(2))
    table = X.copy()
    for n_estimators, change in enumerate(("none", "table", "weight", "limits"), 3):
        if change == "table":
            table[:20] = table[20:40]
        elif change == "weight":
            weight[:50] = 0.0
        parameters = {"n_estimators": n_estimators, "max_depth": 2 if change == "limits" else None}
        model.set_params(**parameters).fit(table, y, weight)
        other = pickle.loads(pickle.dumps(other)).set_params(**parameters).fit(table, y, weight)
        _assert_same_trees(model, other)


@every_forest
def test_warm_start_without_a_seed(forest):
    X, y = _data(forest)
    model = forest(n_estimators=3, warm_start=True).fit(X, y)
    first = model._trees
    again = model.set_params(n_estimators=5).fit(X, y)._trees.part(0, 3)
    np.testing.assert_array_equal(again.threshold, first.threshold)


@every_forest
def test_warm_start_with_as_many_trees(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, warm_start=True, bootstrap=True, n_estimators=30)
    trees = model._trees
    with pytest.warns(UserWarning, match="does not fit new trees"):
        model.fit(X, y)
    assert model._trees is trees
    with pytest.warns(UserWarning, match="does not fit new trees"):
        model.set_params(oob_score=True).fit(X, y)
    assert model.oob_score_ > 0
    with pytest.raises(ValueError, match="n_estimators must be >= the 30 trees that are fitted already"):
        model.set_params(n_estimators=29).fit(X, y)


@every_forest
def test_a_new_fit_forgets(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, bootstrap=True, oob_score=True, keep_leaf_rows=True, n_estimators=30)
    model.set_params(oob_score=False, keep_leaf_rows=False).fit(X[:50, :3], y[:50])
    assert not {"oob_score_", "oob_prediction_", "oob_decision_function_", "training_leaves_"} & set(vars(model))
    assert len(model.feature_importances_) == 3
    assert model.estimators_[0].n_features_in_ == 3


@every_forest
def test_failed_fit_leaves_the_forest_as_it_was(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="y must"):
        model.fit(X[:, :2], y[:-1])
    np.testing.assert_array_equal(model.predict(X), before)


@every_classifier
def test_continued_fit_needs_the_same_classes(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, warm_start=True)
    with pytest.raises(ValueError, match="y must hold the classes"):
        model.set_params(n_estimators=13).fit(X, np.where(y == "mid", "middle", y))
    known = y != "mid"
    assert model.fit(X[known], y[known]).predict_proba(X).shape == (N, 3)


@every_forest
@pytest.mark.parametrize("n_rows", [20, 90, 200])
def test_a_fit_continued_on_fewer_rows_than_codes(forest, n_rows):
    """The codes are those of the first fit: no array may count on as many rows."""
    X, y = _data(forest)
    model = _fitted(forest, X, y, warm_start=True, bootstrap=False)
    model.set_params(n_estimators=15).fit(X[:n_rows], y[:n_rows])
    assert [tree.tree_.n_node_samples[0] for tree in model.estimators_] == [N] * 12 + [n_rows] * 3


# -- daily work ------------------------------------------------------------------------------------------------------


@every_forest
def test_pickle(forest):
    X, y = _data(forest)
    model = _fitted(forest, X, y, keep_leaf_rows=True, bootstrap=True)
    model.estimators_  # noqa: B018
    if forest in REGRESSORS:
        model.predict_interval(X[:2])
    copy = pickle.loads(pickle.dumps(model))
    assert not {"_additive", "_views", "_leaf_rows"} & set(vars(copy))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    np.testing.assert_array_equal(copy.estimators_[3].apply(X), model.estimators_[3].apply(X))
    np.testing.assert_array_equal(copy.estimators_samples_, model.estimators_samples_)
    if forest in REGRESSORS:
        np.testing.assert_array_equal(copy.predict_interval(X, oob=True), model.predict_interval(X, oob=True))


@every_forest
def test_search(forest):
    X, y = _data(forest)
    search = GridSearchCV(forest(n_estimators=4, random_state=0), {"max_features": [1, "log2", 0.5, None]}, cv=2)
    assert search.fit(X, y).best_score_ > 0.3


@every_forest
def test_frames_keep_their_names(forest):
    X, y = _data(forest)
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = _fitted(forest, frame, y)
    assert model.feature_names_in_.tolist() == list("abcde")
    np.testing.assert_array_equal(model.predict(frame), _fitted(forest, X, y).predict(X))
    assert model.estimators_[0].predict(frame).shape == (N,)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("edcba")])


@pytest.mark.parametrize(("verbose", "n_lines"), [(0, 0), (1, 10), (2, 20), (True, 10)])
def test_verbose(verbose, n_lines, capsys):
    _fitted(RandomForestRegressor, *_data(RandomForestRegressor), n_estimators=20, verbose=verbose)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == n_lines
    assert all("leaves, depth" in line for line in lines)


@every_forest
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_see_each_tree(forest, n_jobs):
    pytest.importorskip("sklearn.callback")
    X, y = _data(forest)
    recorder = Recorder()
    model = forest(n_estimators=4, random_state=0, n_jobs=n_jobs).set_callbacks(recorder).fit(X, y)
    assert [len(fitted) for fitted in recorder.fitted] == [1, 2, 3, 4]
    for k, fitted in enumerate(recorder.fitted, 1):
        np.testing.assert_array_equal(fitted.predict(X), _fitted(forest, X, y, n_estimators=k).predict(X))
    stopped = forest(n_estimators=50, random_state=0, n_jobs=n_jobs).set_callbacks(Recorder(stop_after=4)).fit(X, y)
    _assert_same_trees(stopped, model)


def test_unfitted():
    model = RandomForestRegressor()
    for use in (model.predict, model.apply, model.proximities, model.predict_quantiles):
        with pytest.raises(NotFittedError):
            use(np.zeros((1, 2)))
    assert not hasattr(model, "feature_importances_")
    assert not hasattr(model, "estimators_")
    assert model.estimator.max_features == 1.0


def test_absolute_error_predicts_the_mean_of_medians():
    X, y = _data(RandomForestRegressor)
    y = y + 100.0 * (np.random.default_rng(7).random(N) < 0.05)
    parameters = {"min_samples_leaf": 20, "n_estimators": 20}
    robust = _fitted(RandomForestRegressor, X, y, criterion="absolute_error", **parameters)
    plain = _fitted(RandomForestRegressor, X, y, **parameters)
    assert mean_absolute_error(y, robust.predict(X)) < mean_absolute_error(y, plain.predict(X))


def test_labels_of_any_kind():
    X, codes = make_classification(200, random_state=0)
    for labels in (np.array([False, True]), np.array([3, 7]), np.array(["no", "yes"], object)):
        predicted = _fitted(RandomForestClassifier, X, labels[codes]).predict(X)
        assert predicted.dtype == labels.dtype
        assert (predicted == labels[codes]).mean() > 0.95
