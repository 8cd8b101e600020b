"""NewtonBoostingRanker: queries, weights, early stopping, and its place in scikit-learn."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate

from skensemble.ensemble.losses._losses import offered_losses
from skensemble.ensemble.losses._ranking_losses import Queries, RankingMeasure
from skensemble.ensemble.newton._newton_boosting import NewtonBoostingRegressor
from skensemble.ensemble.newton._newton_ranker import NewtonBoostingRanker

FAST = {"n_estimators": 8, "learning_rate": 0.3, "random_state": 0}
every_loss = pytest.mark.parametrize("loss", offered_losses("newton", "relevance"))


def _table(n_queries=40, seed=0, missing=True):
    """Rows of queries of several sizes, strewn over the table; a category and missing cells."""
    rng = np.random.default_rng(seed)
    qid = rng.permutation(np.repeat(np.arange(n_queries), rng.integers(3, 12, n_queries)))
    X = pd.DataFrame(rng.normal(size=(len(qid), 3)), columns=["a", "b", "c"])
    X["kind"] = pd.Categorical(rng.choice(["x", "y", "z"], len(qid)))
    worth = X["a"] + np.where(X["kind"] == "y", 1.0, 0.0) + 0.5 * rng.normal(size=len(qid))
    y = np.digitize(worth, [0.0, 1.0, 2.0]).astype(float)
    if missing:
        X.loc[rng.random(len(qid)) < 0.1, "b"] = np.nan
    return X, y, qid


def _same(a, b, X):
    np.testing.assert_array_equal(a.predict(X), b.predict(X))


# -- what it learns --------------------------------------------------------------------------------------------------


@every_loss
def test_ranks_unseen_queries_better_than_chance(loss):
    X, y, qid = _table()
    X_test, y_test, qid_test = _table(seed=1)
    model = NewtonBoostingRanker(loss, **FAST).fit(X, y, qid=qid)
    constant = RankingMeasure().mean(y_test, np.zeros(len(y_test)), Queries(qid_test))
    assert model.score(X_test, y_test, qid=qid_test) > constant + 0.6 * (1.0 - constant) - 0.1
    assert model.score(X, y, qid=qid) > 0.9


@every_loss
def test_training_measure_grows(loss):
    X, y, qid = _table()
    model = NewtonBoostingRanker(loss, n_estimators=30, random_state=0).fit(X, y, qid=qid)
    scores = [RankingMeasure().mean(y, np.ascontiguousarray(s), Queries(qid)) for s in model.staged_predict(X)]
    assert scores[-1] > max(scores[4], 0.9)
    assert scores[-1] == model.score(X, y, qid=qid)


def test_scores_only_compare_rows_of_a_query():
    """What is alike in all rows of a query teaches nothing."""
    rng = np.random.default_rng(0)
    qid = np.repeat(np.arange(50), 6)
    of_query, of_row = rng.normal(size=50)[qid], rng.normal(size=300)
    y = np.digitize(3.0 * of_query + of_row, [-2.0, 0.0, 2.0])
    X = np.column_stack([of_query, of_row])
    ranker = NewtonBoostingRanker("rank:pairwise", max_depth=2, **FAST).fit(X, y, qid=qid)
    regressor = NewtonBoostingRegressor(max_depth=2, **FAST).fit(X, y)
    assert ranker.feature_importances_[1] > 0.8 > 0.3 > regressor.feature_importances_[1]


def test_without_queries_all_rows_are_one():
    X, y, _ = _table()
    alone = NewtonBoostingRanker(**FAST).fit(X, y)
    _same(alone, NewtonBoostingRanker(**FAST).fit(X, y, qid=np.full(len(y), "all")), X)
    _same(alone, NewtonBoostingRanker(**FAST).fit(X, y, group=[len(y)]), X)
    assert alone.score(X, y) == alone.score(X, y, group=[len(y)])


def test_queries_of_one_row_or_one_degree_teach_nothing():
    X, y, _ = _table()
    for model in (
        NewtonBoostingRanker(**FAST).fit(X, y, qid=np.arange(len(y))),
        NewtonBoostingRanker(**FAST).fit(X, np.ones(len(y)), qid=_table()[2]),
        NewtonBoostingRanker(**FAST, reg_lambda=0.0, min_child_weight=0.0).fit(X, np.zeros(len(y))),
    ):
        assert not model.predict(X).any()


def test_truncation_looks_at_the_top_only():
    X, y, qid = _table()
    models = [NewtonBoostingRanker(lambdarank_truncation_level=k, **FAST).fit(X, y, qid=qid) for k in (1, 30, None)]
    one, thirty, all_ = (model.predict(X) for model in models)
    assert (one != thirty).any()
    np.testing.assert_array_equal(thirty, all_)  # queries are shorter


def test_norm_changes_the_model():
    X, y, qid = _table()
    with_norm, without = (
        NewtonBoostingRanker(lambdarank_norm=norm, **FAST).fit(X, y, qid=qid) for norm in (True, False)
    )
    assert (with_norm.predict(X) != without.predict(X)).any()


# -- queries ---------------------------------------------------------------------------------------------------------


@every_loss
def test_order_of_the_rows_and_names_of_the_queries_do_not_matter(loss):
    X, y, qid = _table()
    order = np.argsort(qid, kind="stable")
    strewn = NewtonBoostingRanker(loss, **FAST).fit(X, y, qid=qid)
    sizes = np.bincount(qid)
    sorted_ = NewtonBoostingRanker(loss, **FAST).fit(X.iloc[order], y[order], group=sizes)
    named = NewtonBoostingRanker(loss, **FAST).fit(X, y, qid=pd.Series(qid).map("query {}".format))
    _same(strewn, sorted_, X)
    _same(strewn, named, X)


@pytest.mark.parametrize("library", ["polars", "pyarrow", "numpy"])
def test_queries_of_any_library(library):
    X, y, qid = _table()
    module = pytest.importorskip(library)
    given = qid.astype(">i8") if library == "numpy" else (getattr(module, "Series", None) or module.array)(qid)
    _same(NewtonBoostingRanker(**FAST).fit(X, y, qid=given), NewtonBoostingRanker(**FAST).fit(X, y, qid=qid), X)


@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"min_samples_leaf": 5}, {"grow_policy": "lossguide"}]
)
@every_loss
def test_weight_of_a_query_is_number_of_copies(loss, settings):
    X, y, qid = _table()
    weight = np.random.default_rng(0).integers(0, 3, qid.max() + 1)
    rows, copy_id = [], []
    for query, k in enumerate(weight):
        members = np.flatnonzero(qid == query)
        rows += [members] * k
        copy_id += [np.full(len(members), 1000 * c + query) for c in range(k)]
    rows, copy_id = np.concatenate(rows), np.concatenate(copy_id)
    first_named = pd.unique(qid)
    by_weight = NewtonBoostingRanker(loss, **FAST, **settings).fit(X, y, qid=qid, sample_weight=weight[first_named])
    by_copies = NewtonBoostingRanker(loss, **FAST, **settings).fit(X.iloc[rows], y[rows], qid=copy_id)
    _same(by_weight, by_copies, X)
    scores = by_weight.score(X, y, weight[first_named], qid=qid), by_copies.score(X.iloc[rows], y[rows], qid=copy_id)
    assert scores[0] == pytest.approx(scores[1])


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"min_samples_leaf": 5}])
@every_loss
def test_weight_of_a_row_is_number_of_copies_in_its_query(loss, settings):
    X, y, qid = _table()
    weight = np.random.default_rng(0).integers(0, 3, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    by_weight = NewtonBoostingRanker(loss, **FAST, **settings).fit(X, y, qid=qid, sample_weight=weight)
    by_copies = NewtonBoostingRanker(loss, **FAST, **settings).fit(X.iloc[rows], y[rows], qid=qid[rows])
    _same(by_weight, by_copies, X)
    assert by_weight.score(X, y, weight, qid=qid) == pytest.approx(
        by_copies.score(X.iloc[rows], y[rows], qid=qid[rows])
    )


@every_loss
def test_same_model_for_any_number_of_threads(loss, monkeypatch):
    monkeypatch.setattr("skensemble.ensemble.losses._ranking_losses._BLOCK", 30)
    X, y, qid = _table()
    one, three = (NewtonBoostingRanker(loss, n_jobs=n, **FAST).fit(X, y, qid=qid) for n in (1, 3))
    _same(one, three, X)


# -- early stopping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scoring", ["ndcg", "ndcg@3", "map", "map@5"])
def test_stops_at_the_best_measure_of_given_queries(scoring):
    X, y, qid = _table()
    X_val, y_val, qid_val = _table(seed=1)
    model = NewtonBoostingRanker(**{**FAST, "n_estimators": 60}, scoring=scoring, n_iter_no_change=5)
    model.fit(X, y, qid=qid, X_val=X_val, y_val=y_val, qid_val=qid_val)
    scores, measure = model.validation_score_, RankingMeasure.of(scoring)
    assert model.n_iter_ == scores[: len(scores) - 1].argmax() or scores[model.n_iter_] >= scores.max() - model.tol
    assert model.n_iter_ < 60
    held = measure.mean(y_val, np.ascontiguousarray(model.predict(X_val)), Queries(qid_val))
    assert scores[model.n_iter_] == pytest.approx(held)
    order = np.argsort(qid_val, kind="stable")
    again = clone(model).fit(X, y, qid=qid, X_val=X_val.iloc[order], y_val=y_val[order], group_val=np.bincount(qid_val))
    assert again.n_iter_ == model.n_iter_


@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
def test_holds_out_whole_queries(booster):
    X, y, qid = _table()
    model = NewtonBoostingRanker(booster=booster, early_stopping=True, validation_fraction=0.25, **FAST)
    seen, boost = [], model._boost

    def noting(settled, kept, *rest):
        seen.append(kept)
        return boost(settled, kept, *rest)

    model._boost = noting
    model.fit(X, y, qid=qid)
    train, held_out, _ = seen[0]
    sizes = np.bincount(qid)
    assert held_out.queries.n_queries == 10
    assert sorted([*np.bincount(train.queries.code), *np.bincount(held_out.queries.code)]) == sorted(sizes)


def test_one_query_is_cut():
    X, y, _ = _table()
    model = NewtonBoostingRanker(early_stopping=True, **FAST).fit(X, y)
    assert len(model.validation_score_) > 1
    assert (model.validation_score_ < 1.0).any()


def test_verbose_prints_the_measure(capsys):
    X, y, qid = _table()
    NewtonBoostingRanker(verbose=1, scoring="ndcg@5", **FAST).fit(X, y, qid=qid)
    assert "train ndcg@5 0." in capsys.readouterr().out


# -- like the other boosters -----------------------------------------------------------------------------------------


def test_has_the_parameters_of_the_regressor_but_those_of_targets():
    of_targets = {"multi_strategy", "quantile", "tweedie_variance_power", "huber_slope", "base_score"}
    searches = {"cv"}  # queries are not folded
    regressor, ranker = (
        {name: value.default for name, value in inspect.signature(estimator).parameters.items()}
        for estimator in (NewtonBoostingRegressor, NewtonBoostingRanker)
    )
    assert regressor.keys() - ranker.keys() == of_targets | searches
    assert ranker.keys() - regressor.keys() == {"lambdarank_truncation_level", "lambdarank_norm"}


def test_warm_start_continues():
    X, y, qid = _table()
    long = NewtonBoostingRanker(**FAST).fit(X, y, qid=qid)
    short = NewtonBoostingRanker(**{**FAST, "n_estimators": 3}, warm_start=True).fit(X, y, qid=qid)
    _same(short.set_params(n_estimators=8).fit(X, y, qid=qid), long, X)


@pytest.mark.parametrize("settings", [{"grow_policy": "depthwise"}, {"sampling_method": "goss"}, {"max_bins": None}])
def test_other_ways_to_grow(settings):
    X, y, qid = _table()
    assert NewtonBoostingRanker(**{**FAST, **settings}).fit(X, y, qid=qid).score(X, y, qid=qid) > 0.85


def test_monotonic_constraint_holds():
    X, y, qid = _table(missing=False)
    model = NewtonBoostingRanker(monotonic_cst={"b": 1}, **FAST).fit(X, y, qid=qid)
    assert (model.predict(X.assign(b=9.0)) >= model.predict(X.assign(b=-9.0))).all()


def test_init_score_is_where_it_starts():
    X, y, qid = _table()
    model = NewtonBoostingRanker(**FAST).fit(X, y, qid=qid, init_score=10.0 * y)
    assert np.abs(model.predict(X)).max() < np.abs(NewtonBoostingRanker(**FAST).fit(X, y, qid=qid).predict(X)).max()


def test_sparse_matrix_is_a_dense_one_with_zeros():
    X, y, qid = _table(missing=False)
    dense = np.where(np.abs(X[["a", "b", "c"]]) > 0.5, X[["a", "b", "c"]], 0.0)
    model = NewtonBoostingRanker(**FAST).fit(scipy.sparse.csr_array(dense), y, qid=qid)
    _same(model, NewtonBoostingRanker(**FAST).fit(dense, y, qid=qid), dense)


def test_pickle_holds_the_model_and_no_rows():
    X, y, qid = _table()
    model = NewtonBoostingRanker(**FAST).fit(X, y, qid=qid)
    _same(pickle.loads(pickle.dumps(model)), model, X)
    assert model._loss.queries is None
    assert vars(model._loss).keys() == {"truncation", "is_normalised", "queries", "n_threads"}


def test_staged_predict_and_apply_go_round_by_round():
    X, y, qid = _table()
    model = NewtonBoostingRanker(**FAST).fit(X, y, qid=qid)
    stages = list(model.staged_predict(X))
    assert len(stages) == model.n_iter_ == model.apply(X).shape[1] == 8
    np.testing.assert_allclose(stages[-1], model.predict(X))


# -- model selection -------------------------------------------------------------------------------------------------


def test_cross_validation_hands_queries_on():
    X, y, qid = _table()
    with sklearn.config_context(enable_metadata_routing=True):
        model = NewtonBoostingRanker(**FAST).set_fit_request(qid=True).set_score_request(qid=True)
        splits = GroupKFold(4)
        result = cross_validate(model, X, y, cv=splits, params={"groups": qid, "qid": qid})
        search = GridSearchCV(model, {"max_depth": [1, 3]}, cv=splits).fit(X, y, groups=qid, qid=qid)
    expected = [
        NewtonBoostingRanker(**FAST).fit(X.iloc[a], y[a], qid=qid[a]).score(X.iloc[b], y[b], qid=qid[b])
        for a, b in splits.split(X, y, qid)
    ]
    np.testing.assert_allclose(result["test_score"], expected)
    assert search.best_score_ > 0.7


# -- wrong input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"group": [1, 2]}, r"group must add up to the number of rows of X, 6, got 3"),
        ({"group": [0, 6]}, r"group must hold the sizes of the queries, ints >= 1"),
        ({"group": [2.5, 3.5]}, r"group must hold the sizes of the queries, ints >= 1"),
        ({"qid": [1, 2]}, r"qid must have shape \(6,\), got \(2,\)"),
        ({"qid": [1, 1, 1, 2, 2, np.nan]}, "qid must name a query for each row, got a missing one in row 5"),
        ({"group": [6], "qid": [1] * 6}, "group and qid must not be given both"),
        ({"qid_val": [1] * 6}, "group_val and qid_val need X_val and y_val"),
        ({"y": [0, 1, 2, -1, 0, 0]}, r"y must hold degrees of relevance in \[0, 500\], got -1"),
        ({"y": np.zeros((6, 2))}, "y must have one column, got 2"),
        ({"y": None}, "y must be given"),
        ({"sample_weight": [1.0, 2.0]}, r"sample_weight must have one entry per row \(6\) or per query \(1\), got 2"),
        ({"sample_weight": np.zeros(6)}, "sample_weight must hold a weight that is not zero"),
        ({"X_val": np.zeros((6, 2))}, "X_val and y_val must be given together"),
        (
            {"X_val": np.zeros((6, 2)), "y_val": [1] * 6, "group_val": [5]},
            "group_val must add up to the number of rows of X, 6, got 5",
        ),
    ],
)
def test_error_names_what_is_wrong(given, message):
    arguments = {"X": np.zeros((6, 2)), "y": [0, 1, 2, 0, 1, 2], **given}
    with pytest.raises(ValueError, match=message):
        NewtonBoostingRanker(n_estimators=1).fit(**arguments)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"loss": "squared_error"}, "loss must be 'rank:ndcg', 'rank:pairwise' or 'rank:map', got 'squared_error'"),
        ({"scoring": "auc"}, "scoring must be 'ndcg', 'map', 'ndcg@k' or 'map@k' with an int k >= 1, got 'auc'"),
        ({"scoring": "ndcg@0"}, "scoring must be"),
        ({"lambdarank_truncation_level": 0}, "lambdarank_truncation_level must be an int >= 1 or None, got 0"),
        ({"lambdarank_norm": 1}, "lambdarank_norm must be a bool, got 1"),
    ],
)
def test_parameter_is_checked(parameters, message):
    X, y, qid = _table()
    with pytest.raises(ValueError, match=message):
        NewtonBoostingRanker(**parameters).fit(X, y, qid=qid)
