"""Limits of trees that out-of-bag rows choose: the loss by its definition, and forests with them."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from skensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from skensemble.distributed import Batches
from skensemble.ensemble.forest._limits_search import (
    LimitsSearch,
    OutOfBagLoss,
    candidates_of,
    number_of_trees,
    scale_of_numbers,
)

AUTO = {"max_features": "auto", "min_samples_leaf": "auto", "n_estimators": 10, "random_state": 0}


@pytest.fixture
def few_trees(monkeypatch):
    monkeypatch.setattr("skensemble.ensemble.forest._open_limits.number_of_trees", lambda n_rows: 6)


@pytest.fixture
def noise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4))
    return X, X[:, 0] + rng.normal(scale=3, size=150)


def test_loss_is_the_mean_of_products_of_different_trees():
    rng = np.random.default_rng(0)
    truth, weight = rng.normal(size=(5, 2)), np.array([1.0, 2.0, 1.0, 0.0, 3.0])
    trees = [(rng.normal(size=(3, 2)), rng.integers(0, 3, 5), rng.integers(0, 2, 5)) for _ in range(7)]
    errors, weights = [], []
    for row in range(5):
        residuals = [values[leaf[row]] - truth[row] for values, leaf, drawn in trees if not drawn[row]]
        if len(residuals) > 1 and weight[row]:
            errors.append(np.mean([first @ second for first, second in permutations(residuals, 2)]))
            weights.append(weight[row])
    loss = OutOfBagLoss(truth, weight, np.ones(2), np.arange(5))
    assert loss.of(trees) == pytest.approx(np.average(errors, weights=weights))
    assert np.isnan(loss.of(trees[:1]))


def test_a_row_whose_copy_was_drawn_does_not_judge():
    truth, drawn = np.zeros((3, 1)), np.array([1, 0, 0])
    tree = np.array([[0.0], [1.0], [5.0]]), np.arange(3), drawn
    loss = OutOfBagLoss(truth, None, np.ones(1), np.array([7, 7, 8]))
    assert loss.of([tree, tree]) == 25.0


def test_search_climbs_while_it_pays():
    losses = {1: 1.0, 2: 0.9, 3: 0.8, 5: 0.799, 10: 0.1}
    asked = []

    def judge(limits):
        asked.append(limits["min_samples_leaf"])
        return losses[asked[-1]], [asked[-1]]

    search = LimitsSearch(judge, {"min_samples_leaf": 1}, {"min_samples_leaf": list(losses)}).run()
    assert asked == [1, 2, 3, 5]
    assert search.chosen == {"min_samples_leaf": 3}
    assert search.trees == [3]
    assert search.results["best_index"] == 2


def test_candidates():
    assert candidates_of("max_features", "sqrt", 13, 100) == [3, 4, 9, 13]
    assert candidates_of("max_features", 1.0, 1, 100) == [1]
    assert candidates_of("min_samples_leaf", 1, 13, 55) == [1, 2, 3, 5]
    assert candidates_of("min_samples_leaf", 1, 13, 4) == [1]
    assert [number_of_trees(n) for n in (10, 10_000, 10**6)] == [50, 20, 8]


def test_numbers_have_the_same_say():
    y = np.random.default_rng(0).normal(size=(2, 9)) * [[1.0], [1e6]]
    np.testing.assert_allclose((y * scale_of_numbers(y, None)[:, None]).std(axis=1), 1.0)
    assert scale_of_numbers(np.ones((1, 3)), None) == [1.0]


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_the_forest_is_that_of_the_chosen_numbers(kind, few_trees):
    X, y = load_iris(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))[:90]
    X, y = X[rows], y[rows]
    auto = kind(**AUTO, bootstrap=True, n_jobs=2).fit(X, y)
    chosen = {"max_features": auto.max_features_, "min_samples_leaf": auto.min_samples_leaf_}
    assert auto.search_results_["params"][auto.search_results_["best_index"]] == chosen
    plain = kind(**{**AUTO, **chosen}, bootstrap=True, n_jobs=1).fit(X[::-1], y[::-1])
    np.testing.assert_array_equal(auto.predict_proba(X), plain.predict_proba(X))
    assert len(auto) == 10
    assert auto.estimators_[0].min_samples_leaf == auto.min_samples_leaf_
    assert auto.estimator_.max_features == auto.max_features_
    np.testing.assert_allclose(auto.to_sklearn().predict_proba(X), auto.predict_proba(X))


def test_noise_asks_for_larger_leaves_however_many_trees_there_will_be(noise):
    model = RandomForestRegressor(n_estimators=2, min_samples_leaf="auto", random_state=0).fit(*noise)
    assert model.min_samples_leaf_ > 1
    assert len(model) == 2


def test_trees_that_are_pruned_are_judged_as_such(noise, few_trees):
    X, y = noise
    model = RandomForestRegressor(**AUTO, ccp_alpha=1e9).fit(X, y)
    losses = model.search_results_["oob_loss"]
    np.testing.assert_allclose(losses, losses[0])  # all are roots, whatever the limits
    assert (model.max_features_, model.min_samples_leaf_) == (4, 1)


def test_a_warm_start_keeps_the_choice(noise, few_trees):
    X, y = noise
    model = RandomForestRegressor(**AUTO, warm_start=True).fit(X, y)
    chosen = model.search_results_
    model.set_params(n_estimators=12).fit(X, y)
    assert model.search_results_ is chosen
    whole = RandomForestRegressor(**{**AUTO, "n_estimators": 12}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), whole.predict(X))


def test_a_weight_is_a_number_of_copies(noise, few_trees):
    X, y = noise
    weight = np.arange(len(y)) % 3
    given = {"max_features": "auto", "n_estimators": 6, "random_state": 0}
    weighted = RandomForestRegressor(**given).fit(X, y, sample_weight=weight)
    rows = np.repeat(np.arange(len(y)), weight)
    copied = RandomForestRegressor(**given).fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.search_results_["oob_loss"], copied.search_results_["oob_loss"])
    np.testing.assert_array_equal(weighted.predict(X), copied.predict(X))


def test_an_interrupt_leaves_the_forest_of_before(noise, few_trees, monkeypatch):
    X, y = noise
    model = RandomForestRegressor(**AUTO).fit(X, y)
    before, known = model.predict(X), model.search_results_

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(OutOfBagLoss, "of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, -y)
    np.testing.assert_array_equal(model.predict(X), before)
    assert model.search_results_ is known


def test_rows_that_are_all_alike_leave_the_defaults(few_trees):
    model = RandomForestClassifier(**AUTO).fit(np.ones((30, 2)), [0] * 30)
    assert (model.max_features_, model.min_samples_leaf_) == (1, 1)


def test_progress_is_printed(capsys, few_trees):
    X, y = load_diabetes(return_X_y=True)
    RandomForestRegressor(**{**AUTO, "max_features": 3}, verbose=1).fit(X[:40], y[:40])
    assert capsys.readouterr().out.startswith("search: min_samples_leaf=1: out-of-bag loss ")


def test_bad_settings(noise):
    X, y = noise
    with pytest.raises(ValueError, match="max_features must be a number if bootstrap=False, got 'auto'"):
        ExtraTreesClassifier(max_features="auto").fit(X, y > 0)
    with pytest.raises(ValueError, match="min_samples_leaf must not be 'auto' where X is read in batches"):
        RandomForestRegressor(min_samples_leaf="auto").fit(Batches.from_iterable([(X, y)]))
    grown = RandomForestRegressor(n_estimators=2, warm_start=True, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="min_samples_leaf must be a number to continue a fit that did not choose it"):
        grown.set_params(min_samples_leaf="auto", n_estimators=3).fit(X, y)
