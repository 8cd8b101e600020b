"""Dask's collections train the model of their rows in memory, bit for bit."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from skensemble import (
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from skensemble._warnings import caught_warnings
from skensemble.distributed import _dask_fit, _part_source, fit
from skensemble.distributed._exchange import LostRank
from tests.distributed.test_part_source import CLASS, NUMBER, WEIGHTS, X, assert_same

TABLE = X.assign(label=np.where(CLASS > 1, "yes", "no"), weight=WEIGHTS["fractions"])
FEATURES = list(X)
QUIET = {"dashboard_address": ":0", "memory_limit": 0}


@pytest.fixture(scope="module")
def client():
    """Of two workers that are threads of this process, which has its kernels already."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **QUIET) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _collection(cuts, table=TABLE):
    """A Dask frame with these partitions, which may be empty."""
    parts = [table[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(table)])]
    return dd.from_delayed([dask.delayed(part) for part in parts], meta=table[:0])


@pytest.mark.parametrize("cuts", [[], [100], [1, 1, 30, 120, 200, 230]], ids=["1", "2", "7, one empty"])
def test_the_model_and_its_predictions(client, cuts):
    model = NewtonBoostingClassifier(n_estimators=5, random_state=0)
    table = _collection(cuts)
    ours = model.fit(table[FEATURES], table["label"], sample_weight=table["weight"])
    theirs = NewtonBoostingClassifier(n_estimators=5, random_state=0).fit(X, TABLE["label"], TABLE["weight"])
    assert ours is model
    assert_same(ours, theirs)
    assert ours.get_params() == theirs.get_params()
    lazy = ours.predict_proba(table[FEATURES])
    assert isinstance(lazy, dd.DataFrame)
    expected = pd.DataFrame(theirs.predict_proba(X), columns=theirs.classes_)
    pd.testing.assert_frame_equal(lazy.compute(), expected)
    assert ours.predict(table[FEATURES]).compute().tolist() == theirs.predict(X).tolist()


def test_a_worker_that_is_killed_changes_nothing():
    table, model = _collection([60, 120, 180]), NewtonBoostingClassifier(n_estimators=60, random_state=0)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **QUIET) as cluster, Client(cluster) as client:
        process_of = client.run(os.getpid)
        with ThreadPoolExecutor(1) as pool:
            fitted = pool.submit(_fit_and_warnings, model, table)
            while not fitted.done() and not any(
                "skensemble-fit" in str(key) for keys in client.processing().values() for key in keys
            ):
                time.sleep(0.1)
            os.kill(process_of[max(process_of)], signal.SIGKILL)  # the last rank, for whom the others wait
            ours, warnings = fitted.result()
    assert any("was lost, so that the fit began again without it" in message for message, _ in warnings)
    assert_same(ours, NewtonBoostingClassifier(n_estimators=60, random_state=0).fit(X, TABLE["label"]))


def _fit_and_warnings(model, table):
    with caught_warnings() as warnings:
        model.fit(table[FEATURES], table["label"])
    return model, warnings


def test_partitions_that_dask_would_fuse(client, tmp_path):
    wide = TABLE.assign(**{f"more{k}": TABLE["a"] + k for k in range(30)})
    wide.to_parquet(tmp_path / "rows.parquet", row_group_size=30)
    table = dd.read_parquet(tmp_path / "rows.parquet", split_row_groups=True)
    ours = NewtonBoostingClassifier(n_estimators=2, random_state=0).fit(table[FEATURES], table["label"])
    assert_same(ours, NewtonBoostingClassifier(n_estimators=2, random_state=0).fit(X, TABLE["label"]))


def test_arrays_and_validation(client):
    numbers = X[["a", "b", "d"]].to_numpy()
    target, validation = np.c_[NUMBER, -NUMBER], (numbers[:50], np.c_[NUMBER, -NUMBER][:50])
    arrays = da.from_array(numbers, chunks=(90, 2)), da.from_array(target, chunks=(90, 2))
    lazy = {name: da.from_array(values, chunks=50) for name, values in zip(("X_val", "y_val"), validation)}
    model = NewtonBoostingRegressor(n_estimators=4, random_state=0)
    ours = model.fit(*arrays, **lazy)
    predictions = ours.predict(arrays[0])
    assert predictions.shape == (240, 2)
    theirs = NewtonBoostingRegressor(n_estimators=4, random_state=0)
    theirs.fit(numbers, target, X_val=validation[0], y_val=validation[1])
    assert_same(ours, theirs)
    np.testing.assert_array_equal(predictions.compute(), theirs.predict(numbers))


def _kinds_of_frames():
    """{what its partitions are like: Dask frame}, each of which has rows in order."""
    texts, cuts = TABLE["c"], [slice(0, 80), slice(80, 160), slice(160, 240)]

    def frame(*changes):
        parts = [TABLE[cut].assign(**change) for cut, change in zip(cuts, changes)]
        return dd.from_delayed([dask.delayed(part) for part in parts], meta=parts[1][:0], verify_meta=False)

    no_text, no_number = texts.copy(), TABLE["d"].copy()
    no_text[:80], no_number[:80] = None, np.nan
    levels = [{"c": texts[cut].astype("category")} for cut in cuts]
    whole = dd.from_pandas(TABLE, npartitions=3)
    return {
        "filtered, divisions unknown": whole[whole["a"] > -1].clear_divisions(),
        "sorted by a feature": whole.set_index(whole["a"].rename("key"), drop=False),
        "categories of each partition": frame(*levels),
        "categories not known": whole.assign(c=whole["c"].astype("category")),
        "texts of Arrow": frame(*({"c": no_text[cut].astype("string[pyarrow]")} for cut in cuts)),
        "a partition without a text": frame({"c": np.nan}, {}, {}),
        "a partition without a number": frame(*({"d": no_number[cut]} for cut in cuts)),
        "one of objects without a number": frame({"d": np.array([None] * 80, object)}, {}, {}),
        "whole numbers here, floats there": frame({"b": TABLE["b"][:80].astype(int)}, {}, {}),
        "numbers of Arrow": frame(*({"b": TABLE["b"][cut].astype("int64[pyarrow]")} for cut in cuts)),
        "columns in another order": frame({}, {}, {}).map_partitions(lambda part: part[part.columns[::-1]]),
    }


@pytest.mark.parametrize("kind", _kinds_of_frames())
def test_kinds_of_frames(client, kind, monkeypatch):
    monkeypatch.setattr(_part_source, "MOST_SHARED", 0)
    table = _kinds_of_frames()[kind]
    rows = pd.concat([part.astype({"c": object, "d": float}) for part in dask.compute(*table.to_delayed())])
    model = NewtonBoostingClassifier(n_estimators=2, random_state=0)
    ours = model.fit(table[FEATURES], table["label"]).predict_proba(table[FEATURES]).compute().to_numpy()
    np.testing.assert_array_equal(ours, model.fit(rows[FEATURES], rows["label"]).predict_proba(rows[FEATURES]))


def test_arrays_of_unknown_sizes(client):
    numbers = da.from_array(X[["a", "b", "d"]].to_numpy(), chunks=(90, 2))
    target, kept = da.from_array(NUMBER, chunks=90), numbers[:, 0] > 0
    model = NewtonBoostingRegressor(n_estimators=2, random_state=0)
    ours = model.fit(numbers[kept], target[kept]).predict(numbers[kept]).compute()
    rows = X[X.a > 0][["a", "b", "d"]].to_numpy()
    np.testing.assert_array_equal(ours, model.fit(rows, NUMBER[X.a > 0]).predict(rows))


def test_rounds_that_fit_chooses(client):
    table, model = _collection([60, 120, 180]), NewtonBoostingClassifier(learning_rate=0.9, random_state=0)
    groups, number = (table["a"] > 0).astype(int), table["b"]
    ours = model.set_params(cv=2).fit(table[FEATURES], table["label"], groups=groups, init_score=number / 10)
    theirs = NewtonBoostingClassifier(learning_rate=0.9, random_state=0, cv=2)
    theirs.fit(X, TABLE["label"], groups=(X.a > 0).astype(int), init_score=X.b / 10)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.temperature_ == theirs.temperature_
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    ours.set_params(n_estimators=2).fit(table[FEATURES], table["label"])
    assert vars(ours).keys() == vars(theirs.set_params(n_estimators=2).fit(X, TABLE["label"])).keys()


def test_rankings(client, monkeypatch):
    monkeypatch.setattr(_part_source, "MOST_SHARED", 0)
    table = _collection([50, 130], X.assign(relevance=CLASS, query=np.arange(240) // 7, weight=WEIGHTS["whole"]))
    ours = NewtonBoostingRanker(n_estimators=3, random_state=0, verbose=1)
    ours.fit(table[FEATURES], table["relevance"], table["weight"], qid=table["query"])
    theirs = NewtonBoostingRanker(n_estimators=3, random_state=0, verbose=1)
    theirs.fit(X, CLASS, WEIGHTS["whole"], qid=np.arange(240) // 7)
    assert_same(ours, theirs)
    np.testing.assert_array_equal(ours.predict(table[FEATURES]).compute(), theirs.predict(X))


def test_forests(client):
    table = _collection([50, 130])
    ours = RandomForestClassifier(n_estimators=3, random_state=0, verbose=1)
    ours.fit(table[FEATURES], table["label"], sample_weight=table["weight"])
    theirs = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, TABLE["label"], TABLE["weight"])
    for name, array in theirs._trees._asdict().items():
        np.testing.assert_array_equal(getattr(ours._trees, name), array, err_msg=name)
    ours.set_params(warm_start=True, n_estimators=60, oob_score=True).fit(
        table[FEATURES], table["label"], table["weight"]
    )
    theirs.set_params(warm_start=True, n_estimators=60, oob_score=True).fit(X, TABLE["label"], TABLE["weight"])
    np.testing.assert_array_equal(ours.oob_decision_function_, theirs.oob_decision_function_)
    lazy = ours.predict_proba(table[FEATURES])
    np.testing.assert_array_equal(lazy.compute().to_numpy(), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.estimators_samples_[1], theirs.estimators_samples_[1])
    ours.set_params(warm_start=False, oob_score=False).fit(table[FEATURES], table[["label", "c"]])
    with pytest.raises(ValueError, match="X must be in memory for predictions that are a list"):
        ours.predict_proba(table[FEATURES])


def test_the_long_form(client):
    table, model = _collection([100]), NewtonBoostingClassifier(n_estimators=3, random_state=0)
    fit(model, table, target="label", weight="weight", validation=table, on=client)
    theirs = NewtonBoostingClassifier(n_estimators=3, random_state=0)
    validation = {"X_val": X, "y_val": TABLE["label"], "sample_weight_val": TABLE["weight"]}
    assert_same(model, theirs.fit(X, TABLE["label"], TABLE["weight"], **validation))


def test_two_fits_at_a_time(client):
    table = _collection([100])
    table = table.assign(label=(table["label"] == "yes").astype(int))

    def fit(seed):
        return NewtonBoostingRegressor(n_estimators=2, random_state=seed).fit(table[FEATURES], table["label"])

    with ThreadPoolExecutor(2) as pool:
        for seed, ours in enumerate(pool.map(fit, range(2))):
            theirs = NewtonBoostingRegressor(n_estimators=2, random_state=seed).fit(X, CLASS > 1)
            assert_same(ours, theirs)


def test_a_worker_that_hangs_is_told():
    heard = {"tcp://a": {"last_seen": 500.0}, "tcp://b": {"last_seen": 430.0}}
    client = SimpleNamespace(scheduler_info=lambda n_workers: {"workers": heard})
    tasks = [SimpleNamespace(status="pending")] * 2
    with pytest.raises(LostRank, match="The worker tcp://b hangs: no word to Dask for 30 s"):
        _dask_fit._wait_for_ranks(client, tasks, ["tcp://a", "tcp://b", "tcp://c"])
    assert _dask_fit._responsive(client, ["tcp://a", "tcp://b", "tcp://c"]) == ["tcp://a"]


def test_errors_of_workers_are_told(client):
    table = _collection([100])
    with pytest.raises(ValueError, match="y must hold finite real numbers"):
        NewtonBoostingRegressor(n_estimators=2).fit(table[FEATURES], table["label"])
    alone = _collection([])  # one rank: warnings of threads cannot be told apart
    with pytest.warns(UserWarning, match="min_child_weight=1000 lets no split pass"):
        NewtonBoostingClassifier(n_estimators=1, min_child_weight=1000).fit(alone[FEATURES], alone["label"])


def test_without_a_client_this_process_has_all_rows():
    table = _collection([100])
    ours = NewtonBoostingClassifier(n_estimators=3, random_state=0).fit(table[FEATURES], table["label"])
    assert_same(ours, NewtonBoostingClassifier(n_estimators=3, random_state=0).fit(X, TABLE["label"]))


def test_what_is_refused():
    table = _collection([100])
    rows, label = table[FEATURES], table["label"]
    cases = [
        (
            NewtonBoostingClassifier(n_estimators=2),
            (rows, TABLE["label"]),
            "y must be a Dask collection as X is, got Series",
        ),
        (NewtonBoostingClassifier(n_estimators=2), (rows,), "y must be given with X, a collection, got None"),
        (
            NewtonBoostingClassifier(n_estimators=2),
            (rows, _collection([1, 2])["label"]),
            "y must have as many partitions as X, 2",
        ),
        (
            NewtonBoostingClassifier(n_estimators=2, booster="gblinear"),
            (rows, label),
            "booster must not be 'gblinear' where X is read in batches",
        ),
        (
            RandomForestRegressor(importance_type="permutation"),
            (rows, label),
            "importance_type must be 'impurity' where",
        ),
        (GradientBoostingRegressor(), (rows, label), "X must be in memory, got a dask DataFrame"),
    ]
    for model, given, message in cases:
        with pytest.raises(ValueError, match=message):
            model.fit(*given)
    with pytest.raises(ValueError, match="init_score must be a Dask collection as X is, got ndarray"):
        NewtonBoostingClassifier(n_estimators=2).fit(rows, label, init_score=np.zeros(240))
    with pytest.raises(ValueError, match="group must be None where X is a collection: pass qid"):
        NewtonBoostingRanker().fit(rows, label, group=[240])
