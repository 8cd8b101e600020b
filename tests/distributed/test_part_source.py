"""Processes that each have a part of the rows grow the trees of all rows, bit for bit."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from skensemble.distributed import Batches, _batch_table, _part_source
from skensemble.distributed._exchange import Alone
from skensemble.distributed._part_source import PartSource
from skensemble.tree.histogram._histogram import PACKED_BITS, power_of_two_scale
from tests.distributed.ranks import fitted_on_ranks, on_ranks, source_of

N = 240
RNG = np.random.default_rng(5)
X = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "b": np.floor(RNG.exponential(2.0, N)),
        "c": RNG.choice(["p", "q", "r", "s", "t", "u"], N),
        "d": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(size=N)),
    }
)
NUMBER = X.a.to_numpy() + np.sin(X.b.to_numpy()) + RNG.normal(size=N) / 5
CLASS = np.digitize(NUMBER, [-0.5, 0.5])
WEIGHTS = {"none": None, "whole": RNG.integers(0, 4, N).astype(float), "fractions": RNG.random(N)}
REGRESSOR = NewtonBoostingRegressor(n_estimators=3, random_state=0, n_jobs=1)
CLASSIFIER = NewtonBoostingClassifier(n_estimators=3, random_state=0, n_jobs=1)


@pytest.fixture(autouse=True)
def _codes_stay_apart(monkeypatch):
    """Else processes share the codes of tables as small as these."""
    monkeypatch.setattr(_part_source, "MOST_SHARED", 0)


def cut(n_parts, *columns):
    """For each part a list of one batch of (X, y) or (X, y, weight), of rows in another order than they had."""
    rows = np.split(np.random.default_rng(n_parts).permutation(N), sorted(RNG.choice(N - 1, n_parts - 1, False) + 1))
    return [[tuple(_rows(column, part) for column in columns if column is not None)] for part in rows]


def _rows(column, rows):
    return column.iloc[rows] if hasattr(column, "iloc") else column[rows]


def assert_same(ours, theirs):
    for name, array in ours._booster.additive.trees._asdict().items():
        np.testing.assert_array_equal(array, getattr(theirs._booster.additive.trees, name), err_msg=name)
    for name in ("baseline", "node_weight"):
        ours_has, theirs_has = (getattr(model._booster.additive, name) for model in (ours, theirs))
        np.testing.assert_array_equal(ours_has, theirs_has)
    for name in ("train_score_", "validation_score_"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"grow_policy": "depthwise", "colsample_bytree": 0.7, "colsample_bynode": 0.7, "max_depth": 3},
        {"grow_policy": "lossguide", "max_leaf_nodes": 7, "min_samples_leaf": 9, "random_strength": 0.5},
        {"min_samples_leaf": 9, "sampling_method": "goss", "monotonic_cst": {"a": 1}},
    ],
    ids=["default", "depthwise", "lossguide", "goss"],
)
def test_trees_are_those_of_all_rows(parameters, weight):
    for model, y in ((REGRESSOR, NUMBER), (CLASSIFIER, CLASS > 1)):
        model = clone(model).set_params(**parameters)
        weights = WEIGHTS[weight]
        (ours, *others), theirs = fitted_on_ranks(model, cut(2, X, y, weights)), clone(model).fit(X, y, weights)
        assert_same(ours, theirs)
        for other in others:
            assert_same(other, theirs)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("n_parts", [1, 3])
@pytest.mark.parametrize(
    ("model", "y"),
    [
        (CLASSIFIER, CLASS),
        (clone(REGRESSOR).set_params(multi_strategy="multi_output_tree"), np.c_[NUMBER, X.a]),
        (clone(REGRESSOR).set_params(loss="poisson", num_parallel_tree=2, max_bins=None), np.abs(NUMBER)),
        (clone(CLASSIFIER).set_params(class_weight="balanced", interaction_cst=[["a", "b"], ["c", "d"]]), CLASS > 0),
    ],
    ids=["classes", "vectors", "poisson", "balanced"],
)
def test_any_number_of_parts(model, y, n_parts):
    for ours in fitted_on_ranks(model, cut(n_parts, X, y))[:2]:
        assert_same(ours, clone(model).fit(X, y))


def test_seven_parts():
    assert_same(fitted_on_ranks(CLASSIFIER, cut(7, X, CLASS))[6], clone(CLASSIFIER).fit(X, CLASS))


@pytest.mark.parametrize("key", [CLASS, X.a], ids=["label", "feature"])
def test_rows_that_are_sorted_and_a_rank_without_rows(key):
    rows = np.argsort(key, kind="stable")
    for model, y in ((CLASSIFIER, CLASS), (REGRESSOR, NUMBER)):
        parts = [[(X.iloc[part], y[part])] for part in np.split(rows, [80, 81])]
        parts.insert(1, [])
        assert_same(fitted_on_ranks(model, parts)[1], clone(model).fit(X, y))


@pytest.mark.parametrize("n_parts", [1, 2, 3, 7])
def test_rankings_and_forests_in_any_number_of_parts(n_parts):
    parts = [[(X.iloc[rows], CLASS[rows])] for rows in np.array_split(np.arange(N), n_parts)]
    qid = np.arange(N) // 7

    def fit(exchange):
        ranker = NewtonBoostingRanker(n_estimators=3, random_state=0, n_jobs=1)
        return ranker.fit(source_of(parts, exchange), qid=qid)

    ranker = NewtonBoostingRanker(n_estimators=3, random_state=0).fit(X, CLASS, qid=qid)
    for ours in on_ranks(fit, n_parts):
        assert_same(ours, ranker)
    forest = RandomForestClassifier(n_estimators=3, random_state=0, n_jobs=1)
    ours, theirs = fitted_on_ranks(forest, parts)[0], clone(forest).fit(X, CLASS)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


def test_scores_are_those_of_all_rows():
    model = clone(CLASSIFIER).set_params(n_estimators=20, learning_rate=0.5, n_iter_no_change=2)
    stops = clone(model).set_params(early_stopping=True, scoring="roc_auc_ovr", validation_fraction=0.3)
    assert_same(fitted_on_ranks(stops, cut(3, X, CLASS))[0], stops.fit(X, CLASS))
    validation = [[(X[:60], CLASS[:60])], [], [(X[60:90], CLASS[60:90])]]
    ours = fitted_on_ranks(model, cut(3, X, CLASS), validation)[0]
    theirs = model.fit(X, CLASS, X_val=X[:90], y_val=CLASS[:90])
    assert_same(ours, theirs)


# -- what needs more of other rows than sums of gradients -------------------------------------------------------------


def _pull(y, raw, weight):
    """A loss of the user's own, which sees all rows."""
    return raw - y, np.full_like(raw, 1.0 + 1.0 / len(raw))


@pytest.mark.parametrize("weight", ["none", "whole"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"n_estimators": "auto", "max_depth": 3, "learning_rate": 0.7},
        {"linear_leaves": True, "num_parallel_tree": 2},
        {"booster": "dart", "one_drop": True, "n_iter_no_change": 3, "early_stopping": True},
        {"loss": "quantile", "quantile": [0.2, 0.8], "monotonic_cst": {"a": 1}},
        {"loss": "huber", "grow_policy": "depthwise", "subsample": 1.0},
        {"loss": _pull},
    ],
    ids=["search", "linear leaves", "dart", "quantile", "huber", "function"],
)
def test_what_sums_of_gradients_are_not_enough_for(parameters, weight):
    model, weights = clone(REGRESSOR).set_params(**parameters), WEIGHTS[weight]
    theirs = clone(model).fit(X, NUMBER, weights)
    for ours in fitted_on_ranks(model, cut(3, X, NUMBER, weights))[1:]:
        assert_same(ours, theirs)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_small_tables_are_shared_and_searches_divided(monkeypatch):
    monkeypatch.setattr(_part_source, "MOST_SHARED", 1 << 20)
    model = clone(CLASSIFIER).set_params(n_estimators="auto", learning_rate=0.5)
    ours, theirs = fitted_on_ranks(model, [*cut(2, X, CLASS), []])[2], clone(model).fit(X, CLASS)
    assert (ours.temperature_, ours.learning_rate_) == (theirs.temperature_, theirs.learning_rate_)
    np.testing.assert_array_equal(ours.cv_results_["curves"][0], theirs.cv_results_["curves"][0])
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


FORESTS = [
    (RandomForestClassifier(n_estimators=5, class_weight="balanced_subsample", monotonic_cst={"a": 1}), CLASS > 0),
    (RandomForestRegressor(n_estimators=2, max_bins=None, max_features=0.7), np.c_[NUMBER, X.a]),
    (ExtraTreesClassifier(n_estimators=4, bootstrap=True, max_samples=0.5), CLASS),
    (ExtraTreesRegressor(n_estimators=3, min_samples_leaf=3), NUMBER),
]


@pytest.mark.parametrize("weight", ["none", "whole"])
@pytest.mark.parametrize(("model", "y"), FORESTS, ids=lambda value: type(value).__name__)
def test_forests(model, y, weight):
    model, weights = clone(model).set_params(random_state=0, n_jobs=1), WEIGHTS[weight]
    order = np.split(np.arange(N), [70, 71])
    parts = [[(X.iloc[rows], y[rows], *([] if weights is None else [weights[rows]]))] for rows in order]
    ours, theirs = fitted_on_ranks(model, [*parts, []])[0], clone(model).fit(X, y, weights)
    for name, array in theirs._trees._asdict().items():
        np.testing.assert_array_equal(getattr(ours._trees, name), array, err_msg=name)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    batches = Batches.from_iterable([batch for part in parts for batch in part])
    np.testing.assert_array_equal(clone(model).fit(batches).predict(batches), theirs.predict(X))


@pytest.mark.parametrize("score", [True, lambda truth, predictions: float(np.abs(truth - predictions).max())])
def test_what_forests_say_of_training_rows(score):
    model = RandomForestRegressor(n_estimators=24, random_state=0, oob_score=score, keep_leaf_rows=True, n_jobs=1)
    parts = [[(X.iloc[rows], NUMBER[rows])] for rows in np.split(np.arange(N), [70, 71])]
    theirs = clone(model).fit(X, NUMBER)
    batches = Batches.from_iterable([batch for part in parts for batch in part])
    for ours in (fitted_on_ranks(model, [*parts, []])[0], clone(model).fit(batches)):
        assert ours.oob_score_ == theirs.oob_score_
        np.testing.assert_array_equal(ours.oob_prediction_, theirs.oob_prediction_)
        np.testing.assert_array_equal(ours.training_leaves_, theirs.training_leaves_)
        np.testing.assert_array_equal(ours.predict_interval(X, oob=True), theirs.predict_interval(X, oob=True))


@pytest.mark.parametrize("most_shared", [0, 1 << 20])
@pytest.mark.parametrize(
    "model",
    [
        clone(CLASSIFIER).set_params(early_stopping=True),
        clone(REGRESSOR).set_params(booster="dart", one_drop=True, early_stopping=True),
        clone(REGRESSOR).set_params(linear_leaves=True),
        ExtraTreesRegressor(n_estimators=2, bootstrap=True, random_state=0, n_jobs=1),
    ],
    ids=["trees", "dart", "linear leaves", "forest"],
)
def test_a_warm_start(model, most_shared, monkeypatch):
    monkeypatch.setattr(_part_source, "MOST_SHARED", most_shared)
    y, more = CLASS if hasattr(model, "class_weight") else NUMBER, {"warm_start": True, "n_estimators": 5}
    begun = clone(model).set_params(warm_start=True).fit(X, y)
    theirs = deepcopy(begun).set_params(**more).fit(X, y)
    parts = [[(X.iloc[rows], y[rows])] for rows in np.split(np.arange(N), [70, 71])]
    batches = Batches.from_iterable([batch for part in parts for batch in part])
    on_parts = on_ranks(
        lambda exchange: deepcopy(begun).set_params(**more).fit(source_of([*parts, []], exchange)), 4
    )[0]  # fmt: skip
    for ours in (on_parts, deepcopy(begun).set_params(**more).fit(batches)):
        predict = "predict" if y is NUMBER else "predict_proba"
        np.testing.assert_array_equal(getattr(ours, predict)(X), getattr(theirs, predict)(X))
        assert (getattr(ours, predict)(X) != getattr(begun, predict)(X)).any()


# -- what is refused -------------------------------------------------------------------------------------------------


def test_what_needs_the_numbers_of_all_rows_is_refused():
    with pytest.raises(ValueError, match="booster must not be 'gblinear' where X is read in batches"):
        NewtonBoostingRegressor(n_estimators=2, booster="gblinear").fit(
            PartSource(Batches.from_iterable([(X, NUMBER)]), Alone())
        )


def test_parts_with_too_many_rows_together_are_refused(monkeypatch):
    monkeypatch.setattr(_batch_table, "MOST_ROWS", N - 1)
    for fit in (lambda: fitted_on_ranks(REGRESSOR, cut(2, X, NUMBER)), lambda: clone(REGRESSOR).fit(X, NUMBER)):
        with pytest.raises(ValueError, match=f"X must hold at most {N - 1} rows in all, got {N}"):
            fit()


@pytest.mark.parametrize("mean_gradient", [0.5, 0.01, 1e4])
def test_sums_of_as_many_rows_as_are_allowed_keep_digits_of_each(mean_gradient):
    n_rows = float(_batch_table.MOST_ROWS)
    total = n_rows * mean_gradient
    scale = power_of_two_scale(total, n_rows, PACKED_BITS)
    assert total * scale + 0.5 * n_rows <= 2.0**PACKED_BITS - 2.0  # however all of them are rounded
    assert mean_gradient * scale >= 3.75  # the mean is several units, so that rounding averages out over rows


def test_parts_with_other_columns_are_refused():
    parts = cut(2, X, NUMBER)
    parts[1] = [(parts[1][0][0].rename(columns={"a": "z"}), parts[1][0][1])]
    with pytest.raises(ValueError, match="X must have the same columns in all partitions"):
        fitted_on_ranks(REGRESSOR, parts)
