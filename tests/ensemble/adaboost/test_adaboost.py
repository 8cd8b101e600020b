"""The two public classes: scikit-learn's ensembles where it has them, and what ours can do beyond."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
import sklearn.ensemble
import sklearn.tree
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier
from skensemble.ensemble.adaboost._adaboost import AdaBoostClassifier, AdaBoostRegressor

ALGORITHMS = ["samme", "real", "gentle", "logit"]
every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)
both = pytest.mark.parametrize("kind", [AdaBoostClassifier, AdaBoostRegressor])


@pytest.fixture(scope="module")
def cancer():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


def _same_model(a, b, X):
    """Bit for bit."""
    predict = "decision_function" if hasattr(a, "decision_function") else "predict"
    return np.array_equal(getattr(a, predict)(X), getattr(b, predict)(X)) and np.array_equal(
        a.estimator_errors_, b.estimator_errors_
    )


# -- scikit-learn's --------------------------------------------------------------------------------------------------


@both
def test_parameters_are_those_of_scikit_learn_and_more(kind):
    theirs = inspect.signature(getattr(sklearn.ensemble, kind.__name__)).parameters
    ours = inspect.signature(kind).parameters
    assert all(ours[name].default == theirs[name].default for name in theirs)


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("learning_rate", [1.0, 0.3])
def test_stumps_are_those_of_scikit_learn(load, learning_rate):
    X, y = load(return_X_y=True)
    ours = AdaBoostClassifier(n_estimators=30, learning_rate=learning_rate, random_state=0).fit(X, y)
    theirs = sklearn.ensemble.AdaBoostClassifier(n_estimators=30, learning_rate=learning_rate, random_state=0)
    theirs.fit(X, y)
    assert np.allclose(ours.estimator_errors_, theirs.estimator_errors_, rtol=1e-9)
    assert np.allclose(ours.estimator_weights_, theirs.estimator_weights_, rtol=1e-9)
    assert np.allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-9)
    assert np.allclose(ours.predict_proba(X), theirs.predict_proba(X))
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert np.allclose(ours.feature_importances_, theirs.feature_importances_)
    for a, b in zip(ours.staged_decision_function(X), theirs.staged_decision_function(X), strict=True):
        assert np.allclose(a, b, atol=1e-9)


def test_weights_are_those_of_scikit_learn(cancer):
    X, y = cancer
    weight = np.random.default_rng(0).random(len(y))
    ours = AdaBoostClassifier(n_estimators=20).fit(X, y, weight)
    theirs = sklearn.ensemble.AdaBoostClassifier(n_estimators=20, random_state=0).fit(X, y, weight)
    assert np.allclose(ours.estimator_errors_, theirs.estimator_errors_, rtol=1e-9)


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_regressor_is_as_good_as_scikit_learns(diabetes, loss):
    X, y = diabetes
    scores = [
        np.mean([kind(loss=loss, random_state=seed).fit(X[:300], y[:300]).score(X[300:], y[300:]) for seed in range(5)])
        for kind in (AdaBoostRegressor, sklearn.ensemble.AdaBoostRegressor)
    ]
    assert scores[0] > scores[1] - 0.02


def test_regressions_of_any_estimator_follow_the_paper(diabetes):
    """AdaBoost.R2 by hand, with weights in place of draws."""
    X, y = diabetes
    model = AdaBoostRegressor(Ridge(0.01), n_estimators=4, loss="square", learning_rate=0.7, resample=False).fit(X, y)
    weight = np.full(len(y), 1.0 / len(y))
    for member, error, vote in zip(model.estimators_, model.estimator_errors_, model.estimator_weights_):
        expected = Ridge(0.01).fit(X, y, weight).predict(X)
        assert np.allclose(member.predict(X), expected)
        loss = np.abs(expected - y) / np.abs(expected - y).max()
        mean = np.average(loss**2, weights=weight)
        assert error == pytest.approx(mean)
        beta = mean / (1 - mean)
        assert vote == pytest.approx(-0.7 * np.log(beta))
        weight = weight * beta ** (0.7 * (1 - loss**2))
        weight /= weight.sum()


# -- promises --------------------------------------------------------------------------------------------------------

CONFIGURATIONS = [
    AdaBoostClassifier(n_estimators=10),
    AdaBoostClassifier(n_estimators=10, algorithm="real"),
    AdaBoostClassifier(n_estimators=10, algorithm="gentle"),
    AdaBoostClassifier(n_estimators=10, algorithm="logit"),
    AdaBoostClassifier(n_estimators=10, resample=True),
    AdaBoostClassifier(n_estimators=10, algorithm="gentle", resample=True, max_bins=20),
    AdaBoostClassifier(n_estimators=10, weight_trimming=0.05),
    AdaBoostClassifier(n_estimators=10, early_stopping=True, class_weight="balanced"),
    AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=10),
    AdaBoostClassifier(GaussianNB(), n_estimators=3),
    AdaBoostRegressor(n_estimators=10),
    AdaBoostRegressor(n_estimators=10, resample=False, loss="square"),
    AdaBoostRegressor(n_estimators=10, early_stopping=True),
]
of_trees = pytest.mark.parametrize(
    "model", [model for model in CONFIGURATIONS if not isinstance(model.estimator, GaussianNB)], ids=repr
)


CLASS_WEIGHT_OF_BARE_TREES = {
    "check_class_weight_classifiers": "asks for leaves with 1 % of the weight, which the given tree has not"
}


@pytest.mark.parametrize("model", [AdaBoostClassifier(), AdaBoostRegressor(), *CONFIGURATIONS], ids=repr)
def test_estimator_passes_every_check(model):
    results = check_estimator(clone(model), on_fail=None, on_skip=None)
    failed = [f"{result['check_name']}: {result['exception']}" for result in results if result["status"] == "failed"]
    reasons = CLASS_WEIGHT_OF_BARE_TREES if model.estimator is not None else {}
    assert [failure for failure in failed if failure.split(":")[0] not in reasons] == []
    assert len(results) > 50


@of_trees
def test_weight_k_is_k_copies(model, iris):
    X, y = iris
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    repeated = np.repeat(np.arange(len(y)), weight)
    once = clone(model).set_params(random_state=0).fit(X, y, weight)
    each = clone(model).set_params(random_state=0).fit(X[repeated], y[repeated])
    predict = "decision_function" if hasattr(once, "decision_function") else "predict"
    assert np.allclose(getattr(once, predict)(X), getattr(each, predict)(X), rtol=1e-9, atol=1e-9)
    assert np.allclose(once.estimator_errors_, each.estimator_errors_)


@of_trees
def test_order_of_rows_has_no_effect(model, iris):
    X, y = iris
    order = np.random.default_rng(1).permutation(len(y))
    a = clone(model).set_params(random_state=0).fit(X, y)
    b = clone(model).set_params(random_state=0).fit(X[order], y[order])
    assert _same_model(a, b, X)


@of_trees
def test_number_of_threads_has_no_effect(model, cancer):
    X, y = cancer
    one, seven = (clone(model).set_params(random_state=0, n_jobs=n).fit(X, y) for n in (1, 7))
    assert _same_model(one, seven, X)


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=repr)
def test_pickle_predicts_the_same(model, cancer):
    X, y = cancer
    model = clone(model).set_params(random_state=0).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    assert _same_model(model, loaded, X)
    assert len(loaded.estimators_) == len(model)


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=repr)
def test_last_stage_is_the_prediction(model, iris):
    X, y = iris
    model = clone(model).set_params(random_state=0).fit(X, y)
    methods = ["predict"] + ["predict_proba", "decision_function"] * hasattr(model, "classes_")
    for method in methods:
        stages = list(getattr(model, f"staged_{method}")(X))
        assert len(stages) == len(model)
        assert np.allclose(stages[-1], getattr(model, method)(X), rtol=0, atol=1e-12)
    scores = list(model.staged_score(X, y))
    assert scores[-1] == pytest.approx(model.score(X, y))


@every_algorithm
def test_training_loss_never_increases(algorithm, cancer):
    X, y = cancer
    model = AdaBoostClassifier(algorithm=algorithm, n_estimators=30).fit(X, y)
    raw, losses = np.zeros((len(y), 1)), []
    for weight, member in zip(model.estimator_weights_, model.estimators_):
        outputs = {"samme": member.predict, "real": getattr(member, "predict_proba", None)}.get(
            algorithm, member.predict
        )
        raw += model._algorithm.increments(outputs(X), weight, 0)
        losses.append(model._algorithm.losses(raw, y).mean())
    assert np.all(np.diff(losses) <= 1e-12)


# -- algorithms ------------------------------------------------------------------------------------------------------


@every_algorithm
@pytest.mark.parametrize("resample", [False, True])
def test_algorithms_learn(algorithm, resample):
    for load in (load_iris, load_breast_cancer):
        X, y = load(return_X_y=True)
        model = AdaBoostClassifier(algorithm=algorithm, resample=resample, random_state=0).fit(X[::2], y[::2])
        assert model.score(X[1::2], y[1::2]) > 0.92
        assert np.allclose(model.predict_proba(X).sum(axis=1), 1.0)
        assert np.array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(axis=1)])


def test_weights_of_nodes_are_shares_as_in_scikit_learn(cancer):
    X, y = cancer
    both_kinds = (AdaBoostClassifier, sklearn.ensemble.AdaBoostClassifier)
    ours, theirs = (kind(n_estimators=2, random_state=0).fit(X, y) for kind in both_kinds)
    for tree, other in zip(ours.estimators_, theirs.estimators_):
        np.testing.assert_allclose(tree.tree_.weighted_n_node_samples, other.tree_.weighted_n_node_samples, rtol=1e-9)
        importances = tree.tree_.compute_feature_importances(normalize=False)
        np.testing.assert_allclose(importances, other.tree_.compute_feature_importances(normalize=False), rtol=1e-6)


@every_algorithm
def test_fast_trees_are_what_any_estimator_would_be(algorithm, cancer):
    """A subclass of a tree takes the road of any other estimator."""
    X, y = cancer
    kind = DecisionTreeClassifier if algorithm in ("samme", "real") else DecisionTreeRegressor
    stranger = type("Stranger", (kind,), {"__init__": kind.__init__})
    fast = AdaBoostClassifier(kind(max_depth=2), n_estimators=8, algorithm=algorithm, random_state=0).fit(X, y)
    slow = AdaBoostClassifier(stranger(max_depth=2), n_estimators=8, algorithm=algorithm, random_state=0).fit(X, y)
    assert np.allclose(fast.estimator_errors_, slow.estimator_errors_)
    assert np.allclose(fast.decision_function(X), slow.decision_function(X))
    assert np.allclose(fast.feature_importances_, slow.feature_importances_)


def test_estimators_predict_what_they_add(cancer):
    X, y = cancer
    model = AdaBoostClassifier(n_estimators=9, random_state=0).fit(X, y)
    votes = sum(
        weight * np.where(tree.predict(X) == 1, 2.0, -2.0)
        for tree, weight in zip(model.estimators_, model.estimator_weights_)
    )
    assert np.allclose(model.decision_function(X), votes / model.estimator_weights_.sum())
    assert isinstance(model[0], DecisionTreeClassifier)
    assert len({tree.random_state for tree in model}) == 9


@pytest.mark.parametrize("algorithm", ["gentle", "logit"])
def test_regressions_have_a_learner_for_each_class(algorithm, iris):
    X, y = iris
    model = AdaBoostClassifier(algorithm=algorithm, n_estimators=4).fit(X, y)
    assert [len(of_round) for of_round in model.estimators_] == [3] * 4
    assert isinstance(model.estimators_[0][0], DecisionTreeRegressor)
    assert model.feature_importances_.sum() == pytest.approx(1.0)


@every_algorithm
def test_one_class(algorithm):
    model = AdaBoostClassifier(algorithm=algorithm).fit(np.arange(6.0)[:, None], ["a"] * 6)
    assert model.predict([[1.0]]).tolist() == ["a"]
    assert model.predict_proba([[1.0]]).tolist() == [[1.0]]
    assert len(model) == 1


def test_a_perfect_learner_ends_the_rounds(iris):
    X, y = iris
    model = AdaBoostClassifier(DecisionTreeClassifier()).fit(X, y)
    assert (len(model), model.estimator_errors_.tolist(), model.estimator_weights_.tolist()) == (1, [0.0], [1.0])


def test_trimming_changes_little(cancer):
    X, y = cancer
    scores = [
        AdaBoostClassifier(weight_trimming=share).fit(X[::2], y[::2]).score(X[1::2], y[1::2]) for share in (0, 0.05)
    ]
    assert scores[1] > scores[0] - 0.02


def test_class_weight_is_the_weight_of_the_rows(cancer):
    X, y = cancer
    tree = DecisionTreeClassifier(max_depth=1)
    by_class = AdaBoostClassifier(tree, class_weight={0: 3.0}, n_estimators=10).fit(X, y)
    by_row = AdaBoostClassifier(tree, n_estimators=10).fit(X, y, np.where(y == 0, 3.0, 1.0))
    assert np.allclose(by_class.decision_function(X), by_row.decision_function(X))


def test_early_stopping_keeps_the_best_rounds():
    X, y = make_classification(2000, flip_y=0.3, random_state=0)
    model = AdaBoostClassifier(algorithm="logit", n_estimators=200, early_stopping=True, random_state=0).fit(X, y)
    assert 1 < len(model) < 200
    assert len(model.validation_score_) == len(model) + 10
    assert model.validation_score_.argmax() == len(model) - 1
    assert len(list(model.staged_predict(X))) == len(model.estimator_errors_) == len(model)


@pytest.mark.parametrize("scoring", [None, "neg_log_loss", "loss"])
def test_early_stopping_scores_what_is_asked_for(cancer, scoring):
    X, y = cancer
    model = AdaBoostClassifier(early_stopping=True, scoring=scoring, random_state=0, algorithm="gentle").fit(X, y)
    assert model.score(X, y) > 0.9
    assert (model.validation_score_[0] > 0) == (scoring is None)


def test_early_stopping_of_regressions(diabetes):
    X, y = diabetes
    model = AdaBoostRegressor(early_stopping=True, n_iter_no_change=3, random_state=0).fit(X, y)
    assert len(model.validation_score_) >= len(model)
    assert model.validation_score_.max() == model.validation_score_[len(model) - 1]


# -- learners --------------------------------------------------------------------------------------------------------


class _Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what its fit was given, and knows the answer three times out of four."""

    def fit(self, X, y, sample_weight=None, note=None):
        self.X_, self.sample_weight_, self.note_, self.classes_ = X, sample_weight, note, np.unique(y)
        self.stump_ = sklearn.tree.DecisionTreeClassifier(max_depth=1).fit(np.asarray(X), y, sample_weight)
        return self

    def predict(self, X):
        return self.stump_.predict(np.asarray(X))


def test_frames_reach_the_learners_as_they_are(cancer):
    X, y = cancer
    frame = pd.DataFrame(X).add_prefix("x")
    model = AdaBoostClassifier(_Recorder(), n_estimators=2).fit(frame, y)
    assert model.estimators_[1].X_ is frame
    assert model.feature_names_in_.tolist() == list(frame)


def test_learners_that_take_no_weight_are_given_draws(iris):
    X, y = iris
    with pytest.raises(ValueError, match=r"estimator must take sample_weight.*KNeighborsClassifier doesn't support"):
        AdaBoostClassifier(sklearn.neighbors.KNeighborsClassifier()).fit(X, y)
    model = AdaBoostClassifier(sklearn.neighbors.KNeighborsClassifier(30), resample=True, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("container", [scipy.sparse.csr_matrix, scipy.sparse.csc_array, scipy.sparse.coo_matrix])
def test_sparse(iris, container):
    X, y = iris
    X = OneHotEncoder(sparse_output=False).fit_transform(X.round())
    for learner in (None, LogisticRegression()):
        dense = AdaBoostClassifier(learner, n_estimators=5, random_state=0).fit(X, y)
        sparse = AdaBoostClassifier(learner, n_estimators=5, random_state=0).fit(container(X), y)
        assert np.allclose(dense.decision_function(X), sparse.decision_function(container(X)), atol=1e-6)


def test_mixed_tables(flights):
    X, y = flights.drop(columns="late").head(2000), flights["late"].head(2000)
    model = AdaBoostClassifier(algorithm="gentle").fit(X, y)
    assert model.score(X, y) > y.value_counts(normalize=True).max()
    assert sklearn.utils.get_tags(model).input_tags.allow_nan
    assert not sklearn.utils.get_tags(AdaBoostClassifier(LogisticRegression())).input_tags.allow_nan


def test_search_reaches_into_the_learner(iris):
    grid = GridSearchCV(AdaBoostClassifier(ExtraTreeClassifier()), {"estimator__max_depth": [1, 2]}, cv=2).fit(*iris)
    assert grid.best_estimator_[0].get_depth() <= 2


def test_metadata_reaches_the_learners(iris):
    X, y = iris
    with sklearn.config_context(enable_metadata_routing=True):
        learner = _Recorder().set_fit_request(note=True)
        model = AdaBoostClassifier(learner, n_estimators=2, early_stopping=True, random_state=0)
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        model.fit(X, y, sample_weight=np.ones(len(y)), note=np.arange(len(y)))
        given = model.estimators_[0]
        assert len(given.note_) == len(given.X_) < len(y)
        assert np.array_equal(X[given.note_], given.X_)
        search = GridSearchCV(model, {"n_estimators": [1, 2]}, cv=2)
        search.fit(X, y, sample_weight=np.ones(len(y)), note=np.arange(len(y)))
        assert search.best_estimator_.estimators_[0].sample_weight_ is not None
    with pytest.raises(ValueError, match="note only with sklearn.set_config"):
        AdaBoostClassifier(_Recorder()).fit(X, y, note=1)


# -- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"estimator": 3}, "estimator must be an estimator with fit and predict or None, got 3"),
        ({"estimator": DecisionTreeClassifier}, "estimator must be an estimator"),
        ({"n_estimators": 0}, "n_estimators must be an int >= 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be a float > 0.0, got 0.0"),
        ({"algorithm": "SAMME.R"}, "algorithm must be 'samme', 'real', 'gentle' or 'logit', got 'SAMME.R'"),
        ({"weight_trimming": 1.0}, r"weight_trimming must be a float in \[0.0, 1.0\), got 1.0"),
        ({"estimator": LinearSVC(), "algorithm": "real"}, "estimator must have predict_proba for algorithm='real'"),
        ({"algorithm": "logit", "estimator": DummyClassifier()}, "estimator must be a regressor for algorithm='logit'"),
        ({"class_weight": [{0: 1}]}, "class_weight must be a dict, 'balanced' or None"),
    ],
)
def test_bad_parameters_of_the_classifier(parameters, message, iris):
    with pytest.raises(ValueError, match=message):
        AdaBoostClassifier(**parameters).fit(*iris)


def test_bad_input_of_the_regressor(diabetes):
    X, y = diabetes
    with pytest.raises(ValueError, match="loss must be 'linear', 'square' or 'exponential', got 'huber'"):
        AdaBoostRegressor(loss="huber").fit(X, y)
    with pytest.raises(ValueError, match="y must have 1 column, got 2"):
        AdaBoostRegressor().fit(X, np.c_[y, y])


@both
@pytest.mark.parametrize("weight", [-1.0, np.nan, 0.0])
def test_bad_weights(kind, weight):
    X, y = np.arange(8.0)[:, None], [0, 1] * 4
    with pytest.raises(ValueError, match="sample_weight must"):
        kind().fit(X, y, np.full(8, weight))
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(3,\)"):
        kind().fit(X, y, np.ones(3))


def test_a_learner_without_a_chance():
    with pytest.raises(ValueError, match="estimator must do better than chance"):
        AdaBoostClassifier().fit(np.zeros((4, 1)), [0, 1, 0, 1])


def test_a_failed_fit_leaves_the_model(iris):
    X, y = iris
    model = AdaBoostClassifier(n_estimators=3).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError):
        model.fit(X, y, -np.ones(len(y)))
    assert np.array_equal(model.predict(X), before)


def test_no_importances_without_those_of_the_learners(diabetes):
    model = AdaBoostRegressor(LinearRegression(), n_estimators=2, random_state=0).fit(*diabetes)
    assert not hasattr(model, "feature_importances_")


def test_tiny_weights(cancer):
    X, y = cancer
    tiny, plain = (
        AdaBoostClassifier(n_estimators=5).fit(X, y, np.full(len(y), 1e-263)),
        AdaBoostClassifier(n_estimators=5),
    )
    assert np.allclose(tiny.estimator_errors_, plain.fit(X, y).estimator_errors_)
