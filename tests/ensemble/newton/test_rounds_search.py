"""Rounds that fit chooses by folds."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold

from skensemble import NewtonBoostingClassifier, NewtonBoostingRanker, NewtonBoostingRegressor
from skensemble.ensemble.newton import _rounds_search
from skensemble.ensemble.newton._rounds_search import rounds_of_length

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
AMOUNTS = X[:, 0] + np.sin(3 * X[:, 1]) + RNG.normal(size=120)
LABELS = (AMOUNTS > 0).astype(int)
FOUND = ("learning_rate_", "temperature_", "cv_results_")


def _classifier(**parameters):
    return NewtonBoostingClassifier(random_state=0, **{"linear_leaves": False, **parameters})


def _regressor(**parameters):
    return NewtonBoostingRegressor(random_state=0, **{"linear_leaves": False, **parameters})


def _is_same(model, other, tolerance=0.0):
    assert model.n_iter_ == other.n_iter_
    assert model.learning_rate_ == other.learning_rate_
    np.testing.assert_allclose(model.temperature_, other.temperature_, rtol=tolerance, atol=0.0)
    np.testing.assert_allclose(model._raw_predict(X), other._raw_predict(X), rtol=tolerance, atol=tolerance)


def test_a_number_of_rounds_is_kept_with_symmetric_trees_and_constant_leaves():
    model = NewtonBoostingClassifier(n_estimators=7, random_state=0).fit(X, LABELS)
    assert model.n_iter_ == 7
    assert not any(hasattr(model, name) for name in FOUND)
    same = NewtonBoostingClassifier(n_estimators=7, grow_policy="symmetric", linear_leaves=False, random_state=0)
    np.testing.assert_array_equal(model.decision_function(X), same.fit(X, LABELS).decision_function(X))


def test_results_say_what_the_folds_said():
    model = _classifier(linear_leaves="auto").fit(X, LABELS)
    results = model.cv_results_
    assert results["params"] == [
        {"grow_policy": "symmetric", "linear_leaves": False},
        {"grow_policy": "symmetric", "linear_leaves": True},
    ]
    for number, curve in enumerate(results["curves"]):
        assert results["n_rounds"][number] == curve.argmax()
        assert results["mean_test_score"][number] == curve.max()
    assert len(results["split_test_scores"][results["best_index"]]) == 3
    assert model.n_iter_ >= 100
    length = max(results["n_rounds"][results["best_index"]], 1) * results["learning_rate"]
    assert model.n_iter_ * model.learning_rate_ == pytest.approx(length, rel=0.01)


def test_where_many_rounds_help_all_rows_and_deeper_trees_are_tried(monkeypatch):
    monkeypatch.setattr(_rounds_search, "LITTLE_NOISE", 0.0)

    def gains(search, number, known):
        search.curves.append(search.curves[known])
        return True

    monkeypatch.setattr(_rounds_search.RoundsSearch, "_gains", gains)
    levels = np.arange(120)[:, None] // [1, 3, 9] % 3
    y = (levels.sum(axis=1) % 3).astype(float)
    model = _regressor(categorical_features=[0, 1, 2], warm_start=True).fit(levels, y)
    first = {"grow_policy": "symmetric", "linear_leaves": False}
    rows, deep = {**first, "subsample": 1.0}, {**first, "subsample": 1.0, "max_depth": 8}
    own_splits = {"grow_policy": "depthwise"}
    assert model.cv_results_["params"] == [first, rows, deep, {**deep, **own_splits}]
    assert model.cv_results_["best_index"] == 3
    model.set_params(n_estimators=model.n_iter_ + 1).fit(levels, y)
    own = {"subsample": 0.5, "max_depth": 3, "grow_policy": "symmetric"}
    assert _regressor(**own, categorical_features=[0, 1, 2]).fit(levels, y).cv_results_["params"] == [first]
    numbers = _regressor().fit(levels, y).cv_results_["params"]
    assert numbers == [first, rows, {**rows, **own_splits}]  # and need no depth
    monkeypatch.setattr(_rounds_search, "DEPTHWISE_FROM", 100)  # where it takes part in the race
    assert len(_regressor().fit(levels, y).cv_results_["params"]) == 3


@pytest.mark.parametrize(
    ("scores", "gains"), [([-0.9, -0.9], True), ([-0.99, -0.99], False), ([-0.5, -1.1], False), ([-1.1, -0.5], False)]
)
def test_a_candidate_is_refined_if_each_fold_gains(scores, gains):
    search = object.__new__(_rounds_search.RoundsSearch)
    search.request = SimpleNamespace(folds=[0, 1])
    search.curves, search._known = [[SimpleNamespace(scores=np.array([-1.0]))] * 2], {}

    def judge(numbers, n_folds):
        search.curves[1] = [SimpleNamespace(scores=np.array([score])) for score in scores[:n_folds]]

    search._judge = judge
    assert search._gains(1, 0) == gains
    assert len(search.curves[1]) == (1 if scores[0] < -1 else 2)


def test_what_is_tried_leaves_a_fold_where_it_falls_behind():
    search = object.__new__(_rounds_search.RoundsSearch)
    search.curves, search._known = [[SimpleNamespace(scores=np.array([-9.0, -2.0, -1.0, -1.0]))]], {1: (0, (2, 0.05))}
    assert search._is_behind(1, 0, [-9.0, -2.0, -1.06])
    assert not search._is_behind(1, 0, [-9.0, -2.0, -1.04])
    assert not search._is_behind(1, 0, [-9.0, -3.0])  # too early to tell
    assert not search._is_behind(1, 0, [-9.0, -2.0, -1.0, -1.0, -3.0])  # the known one had stopped
    assert not search._is_behind(0, 0, [-9.0, -2.0, -3.0])  # compared with nothing


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize(("n_outputs", "most"), [(1, (1000, 300)), (3, (600, 200))])
def test_long_ways_take_larger_steps(n_outputs, most, is_large):
    search = object.__new__(_rounds_search.RoundsSearch)
    search.is_wide, search.is_large, most = False, is_large, most[is_large]
    search.request = SimpleNamespace(
        learning_rate=0.1,
        loss=SimpleNamespace(n_outputs=n_outputs),
        parameters=SimpleNamespace(learning_rate="auto"),
    )
    assert search._model_rounds(15.0) == (150, 0.1)
    assert search._model_rounds(0.2 * most) == (most, pytest.approx(0.2))


def test_where_a_round_grows_several_trees_later_steps_are_larger(monkeypatch):
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    searched = []
    for rate, first in ((0.1, 0), (0.2, 100)):
        monkeypatch.setattr(_rounds_search, "SEARCH_RATE", rate)
        monkeypatch.setattr(_rounds_search, "LARGER_STEPS_FROM", first)
        monkeypatch.setattr(_rounds_search, "MOST_SEARCHED_WITH_OUTPUTS", 6)
        searched.append(_classifier(cv=2).fit(X, y).cv_results_)
    np.testing.assert_array_equal(*(results["curves"][0] for results in searched))
    np.testing.assert_allclose(*(results["lengths"] for results in searched))
    assert _regressor(cv=2, learning_rate=0.3).fit(X, X[:, 0]).cv_results_["lengths"][-1] == pytest.approx(150.0)


def test_a_fold_stops_where_progress_is_negligible(monkeypatch):
    monkeypatch.setattr(_rounds_search, "NEGLIGIBLE", 100.0)  # of what the first round brings
    assert len(_classifier(cv=2).fit(X, X[:, 0] > 0.0).cv_results_["curves"][0]) == 2 + _rounds_search.PATIENCE
    assert len(_regressor(cv=2).fit(X, X[:, 0]).cv_results_["curves"][0]) > 2 + _rounds_search.PATIENCE


def test_many_columns_have_few_rounds(monkeypatch):
    monkeypatch.setattr(_rounds_search, "WIDE", 2)
    monkeypatch.setattr(_rounds_search, "MOST_SEARCHED_WIDE", 8)
    model = _regressor().fit(X, X[:, 0])
    assert model.cv_results_["n_rounds"][0] == 8
    assert model.n_iter_ == 100


def _policies(model):
    return [(params["grow_policy"], params.get("max_leaf_nodes")) for params in model.cv_results_["params"]]


def test_many_rows_get_best_first_trees(monkeypatch):
    monkeypatch.setattr(_rounds_search, "BEST_FIRST_FROM", 100)
    monkeypatch.setattr(_rounds_search, "LEAVES", (4, 8))
    model = _regressor(linear_leaves="auto", warm_start=True).fit(X, AMOUNTS)
    assert _policies(model) == [("lossguide", 4), ("lossguide", 8)]
    assert [params["subsample"] for params in model.cv_results_["params"]] == [1.0, 1.0]
    assert all("subsample" not in params for params in _regressor(subsample=0.5).fit(X, AMOUNTS).cv_results_["params"])
    n_leaves = _rounds_search.LEAVES[model.cv_results_["best_index"]]
    model.set_params(n_estimators=model.n_iter_ + 2).fit(X, AMOUNTS)
    frame = model.trees_to_dataframe()
    assert frame[frame["left_child"].isna()].groupby("tree_index").size().iloc[-1] == n_leaves
    assert _policies(_regressor(max_depth=6).fit(X, AMOUNTS)) == [("symmetric", None)]
    assert _policies(_regressor(max_leaf_nodes=4).fit(X, AMOUNTS)) == [("symmetric", None)]
    monkeypatch.setattr(_rounds_search, "MOST_CATEGORIES", 2)
    levels = _regressor(categorical_features=[2], max_bins=None).fit(np.c_[X[:, :2], np.arange(120) % 5], AMOUNTS)
    assert _policies(levels) == [("symmetric", None)]


def test_a_search_says_what_it_finds_while_it_goes_on(capsys):
    _regressor(verbose=1, cv=2).fit(X, AMOUNTS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[1] for line in lines[:2]] == [
        " symmetric trees, constant leaves, fold 1", " symmetric trees, constant leaves, fold 2",
    ]  # fmt: skip
    assert lines[3].startswith("search: chosen: symmetric trees, constant leaves")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupt_ends_the_search(n_jobs):
    calls = []

    def impatient(*_):
        calls.append(None)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return 0.0

    model = _classifier(scoring=impatient, n_jobs=n_jobs)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, LABELS)
    assert len(calls) < 12
    assert not hasattr(model, "classes_")


def test_many_outputs_are_judged_by_one_fold(monkeypatch):
    monkeypatch.setattr(_rounds_search, "SHORT_WITH_OUTPUTS", (130, 250))
    two = np.c_[AMOUNTS, -AMOUNTS]
    results = _regressor(linear_leaves="auto", learning_rate=0.5).fit(X, two).cv_results_
    assert (len(results["params"]), len(results["split_test_scores"][0])) == (2, 1)
    results = _regressor(linear_leaves="auto", learning_rate=0.5).fit(X, np.c_[two, AMOUNTS]).cv_results_
    assert (len(results["params"]), len(results["split_test_scores"][0])) == (1, 1)


def test_noise_gets_few_rounds():
    noise = np.random.default_rng(1).normal(size=120)
    model = _regressor().fit(X, noise)
    assert model.n_iter_ * model.learning_rate_ < _regressor().fit(X, AMOUNTS).n_iter_ * 0.05
    assert model.temperature_ == 1.0


@pytest.mark.parametrize(("make", "y"), [(_classifier, LABELS), (_regressor, AMOUNTS)], ids=["classes", "amounts"])
def test_threads_and_the_order_of_rows_do_not_matter(make, y):
    model = make(linear_leaves="auto", n_jobs=1).fit(X, y)
    _is_same(model, make(linear_leaves="auto", n_jobs=2).fit(X, y))
    order = np.random.default_rng(1).permutation(120)
    _is_same(model, make(linear_leaves="auto").fit(X[order], y[order]), 1e-9)


def test_weight_two_is_two_copies():
    weight = np.arange(120) % 3
    rows = np.repeat(np.arange(120), weight)
    by_weight = _classifier().fit(X, LABELS, sample_weight=weight)
    _is_same(by_weight, _classifier().fit(X[rows], LABELS[rows]), 1e-9)


def test_splitters_pairs_and_groups_are_accepted():
    groups = np.arange(120) % 6
    pairs = list(GroupKFold(3).split(X, None, groups))
    by_pairs = _classifier(cv=pairs).fit(X, LABELS)
    _is_same(by_pairs, _classifier(cv=GroupKFold(3)).fit(X, LABELS, groups=groups))
    assert _classifier(cv=KFold(4)).fit(X, LABELS).cv_results_["split_test_scores"][0].shape == (4,)
    assert _classifier(cv=2).fit(X, LABELS, groups=groups).cv_results_["split_test_scores"][0].shape == (2,)


def test_a_learning_rate_of_the_user_is_kept():
    assert _regressor(learning_rate=0.3).fit(X, AMOUNTS).learning_rate_ == 0.3


def test_others_decide_where_early_stopping_or_few_rows_do():
    stopped = _classifier(linear_leaves="auto", early_stopping=True).fit(X, LABELS)
    given = _classifier().fit(X, LABELS, X_val=X[:20], y_val=LABELS[:20])
    small = _classifier().fit(X[:15], LABELS[:15])
    assert small.n_iter_ == 300
    assert not any(hasattr(model, name) for model in (stopped, given, small) for name in FOUND)


def test_a_fit_that_was_chosen_goes_on_with_the_same_rounds():
    model = _regressor(linear_leaves="auto", warm_start=True).fit(X, AMOUNTS)
    n_rounds = model.n_iter_
    before = model.predict(X)
    with pytest.raises(ValueError, match="n_estimators must be an int to continue a fit"):
        model.fit(X, AMOUNTS)
    model.set_params(n_estimators=n_rounds + 5).fit(X, AMOUNTS)
    assert model.n_iter_ == n_rounds + 5
    chosen = model.cv_results_["params"][model.cv_results_["best_index"]]["linear_leaves"]
    model.set_params(linear_leaves=chosen).fit(X, AMOUNTS)
    with pytest.raises(ValueError, match="linear_leaves must be the same as in the first fit"):
        model.set_params(linear_leaves=not chosen).fit(X, AMOUNTS)
    assert (model.predict(X) != before).any()


def test_it_can_be_cloned_and_pickled():
    model = _classifier(cv=KFold(3)).fit(X, LABELS)
    _is_same(model, pickle.loads(pickle.dumps(model)))
    _is_same(model, clone(model).fit(X, LABELS))


@pytest.mark.parametrize(
    ("parameters", "fit", "message"),
    [
        ({"n_estimators": "some"}, {}, "n_estimators must be"),
        ({"cv": 1}, {}, "cv must be"),
        ({"cv": "three"}, {}, "cv must be"),
        ({}, {"groups": [1, 2]}, "groups must have one label per row"),
        ({}, {"groups": np.zeros(120)}, "groups must name at least 2 groups"),
    ],
)
def test_bad_values_are_refused(parameters, fit, message):
    with pytest.raises((ValueError, TypeError), match=message):
        _classifier().set_params(**parameters).fit(X, LABELS, **fit)


QUERY = np.arange(120) // 10


def _ranker(**parameters):
    return NewtonBoostingRanker(n_estimators="auto", random_state=0, **parameters)


def test_the_ranker_asks_folds_of_queries():
    relevance = np.digitize(AMOUNTS, [0.0, 1.0])
    model = _ranker(n_jobs=1).fit(X, relevance, qid=QUERY)
    results = model.cv_results_
    assert model.n_iter_ >= 100
    length = max(results["n_rounds"][0], 1) * results["learning_rate"]
    assert model.n_iter_ * model.learning_rate_ == pytest.approx(length, rel=0.01)
    assert results["split_test_scores"][0].shape == (3,)
    order = np.random.default_rng(1).permutation(120)
    _is_same(model, _ranker(n_jobs=2).fit(X[order], relevance[order], qid=QUERY[order]), 1e-9)
    assert not hasattr(_ranker().fit(X, relevance, qid=QUERY // 6), "cv_results_")  # of two queries no fold is left


def test_two_copies_of_a_query_are_one_of_weight_two():
    relevance, weight = np.digitize(AMOUNTS, [0.0, 1.0]), 1 + np.arange(12) % 2
    rows = np.concatenate([np.repeat(np.flatnonzero(QUERY == q)[None], weight[q], axis=0).ravel() for q in range(12)])
    by_weight = _ranker().fit(X, relevance, qid=QUERY, sample_weight=weight)
    _is_same(by_weight, _ranker().fit(X[rows], relevance[rows], group=np.repeat(10, weight.sum())), 1e-9)


def test_a_class_of_one_row_leaves_nobody_to_judge():
    model = _classifier().fit(X[:40], np.r_[1, np.zeros(39)])
    assert not hasattr(model, "cv_results_")


def test_a_length_becomes_rounds_within_the_limits():
    assert rounds_of_length(15.0, 0.05, 100, 1000) == (300, 0.05)
    assert rounds_of_length(2.0, 0.05, 100, 1000) == (100, 0.02)
    assert rounds_of_length(75.0, 0.05, 100, 1000) == (1000, 0.075)
    assert rounds_of_length(75.0, 0.05, 1, None) == (1500, 0.05)
