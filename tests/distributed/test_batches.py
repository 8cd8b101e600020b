"""Batches give the model of all rows in memory, bit for bit; what cannot be read in batches is refused."""

import errno
import os

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skensemble import (
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestRegressor,
)
from skensemble.distributed import Batches, _batch_table, _code_store, _parquet_files
from skensemble.ensemble.newton import _blocked_rounds
from skensemble.ensemble.rows import _row_sampling
from skensemble.tree import _binning, _content_keys
from skensemble.tree.histogram import _blocked_grower

N = 240
RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "b": RNG.integers(0, 5, N),
        "c": RNG.choice(["p", "q", "r", "s"], N),
        "d": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(size=N)),
    }
)
LABEL = pd.Series(np.where(X.a + X.b + (X.c == "p") > 2.5, "yes", "no"))
NUMBER = X.a + np.sin(X.b) + RNG.normal(size=N) / 5
WEIGHT = RNG.random(N)
CUTS = {1: [N], 2: [90, N], 3: [1, 90, N], 7: [0, 30, 30, 31, 100, 200, N]}


def _cut(cuts, *columns):
    """Triples of the rows between cuts."""
    return [tuple(column[start:stop] for column in columns) for start, stop in zip([0, *cuts[:-1]], cuts)]


def _assert_same(ours, theirs):
    for name, array in ours._booster.additive.trees._asdict().items():
        np.testing.assert_array_equal(array, getattr(theirs._booster.additive.trees, name), err_msg=name)
    np.testing.assert_array_equal(ours._booster.baseline, theirs._booster.baseline)


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("order", ["as they come", "sorted by label"])
def test_the_model_is_that_of_all_rows(cuts, order):
    rows = np.arange(N) if order == "as they come" else np.argsort(LABEL.to_numpy(), kind="stable")
    data = X.iloc[rows], LABEL.iloc[rows], WEIGHT[rows]
    batches = Batches.from_iterable(_cut(cuts, *data))
    model = NewtonBoostingClassifier(n_estimators=5, random_state=0)
    ours, theirs = model.fit(batches), NewtonBoostingClassifier(n_estimators=5, random_state=0).fit(X, LABEL, WEIGHT)
    _assert_same(ours, theirs)
    assert ours.feature_names_in_.tolist() == list(X)
    np.testing.assert_array_equal(ours.predict_proba(batches), theirs.predict_proba(X)[rows])
    np.testing.assert_array_equal(ours.predict(batches), theirs.predict(X)[rows])


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": "quantile", "quantile": [0.2, 0.8]},
        {"early_stopping": True, "scoring": "r2"},
        {"sampling_method": "goss", "max_bins": None, "min_samples_leaf": 5},
        {"booster": "dart", "one_drop": True, "grow_policy": "lossguide", "max_leaf_nodes": 7},
        {"n_estimators": "auto"},
        {"linear_leaves": True},
    ],
    ids=str,
)
def test_parameters_mean_the_same(parameters):
    model = NewtonBoostingRegressor(**{"n_estimators": 4, "random_state": 1, **parameters})
    batches = Batches.from_iterable(_cut(CUTS[3], X, NUMBER))
    validation = {"X_val": X[:50], "y_val": NUMBER[:50]} if "early_stopping" in parameters else {}
    in_batches = {"X_val": Batches.from_iterable(_cut([20, 50], X, NUMBER))} if validation else {}
    ours = model.fit(batches, **in_batches).predict(X)
    np.testing.assert_array_equal(ours, model.fit(X, NUMBER, **validation).predict(X))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"subsample": 1.0, "min_samples_leaf": 9, "colsample_bylevel": 0.5},
        {"loss": "quantile", "quantile": [0.2, 0.8], "multi_strategy": "multi_output_tree"},
        {"sampling_method": "goss", "categorical_features": ["b", "c"], "max_depth": 2},
        {"num_parallel_tree": 2, "monotonic_cst": {"a": 1}, "X_val": True},
    ],
    ids=str,
)
def test_rows_of_a_large_table_stay_where_they_are(monkeypatch, tmp_path, parameters):
    """Trees that grow in sweeps over blocks of codes, in memory or in a file, are those of rows that move."""
    monkeypatch.setattr(_blocked_rounds, "MANY_CELLS", 1)
    for module in (_binning, _blocked_grower, _content_keys):
        monkeypatch.setattr(module, "BLOCK_ROWS", 50)
    monkeypatch.setattr(_row_sampling, "KEYS_AT_ONCE", 50)
    held_out = {"X_val": X[:50], "y_val": NUMBER[:50]} if parameters.pop("X_val", False) else {}
    model = NewtonBoostingRegressor(n_estimators=4, random_state=1, n_jobs=2, **parameters)
    rounds, grow = [], _blocked_grower.BlockedGrower.grow
    monkeypatch.setattr(_blocked_grower.BlockedGrower, "grow", lambda *given: rounds.append(1) or grow(*given))
    for weight in (None, WEIGHT):
        expected = model.fit(X, NUMBER, weight, **held_out).predict(X)
        for cache_dir in (None, tmp_path):
            columns = (X, NUMBER) if weight is None else (X, NUMBER, weight)
            batches = Batches.from_iterable(_cut(CUTS[3], *columns), cache_dir=cache_dir)
            np.testing.assert_array_equal(model.fit(batches, **held_out).predict(X), expected)
    assert len(rounds) >= 16
    assert not list(tmp_path.iterdir())


def test_parquet_files(tmp_path):
    table = X.assign(c=X.c.astype("category"), target=LABEL, weight=WEIGHT)
    table[:100].to_parquet(tmp_path / "1.parquet", row_group_size=33)
    table[100:].to_parquet(tmp_path / "2.parquet")
    table[:0].to_parquet(tmp_path / "0.parquet")
    model = NewtonBoostingClassifier(n_estimators=5, random_state=0)
    expected = model.fit(table[list(X)], LABEL, WEIGHT).predict_proba(table[list(X)])[:, 1]
    for path in (tmp_path, str(tmp_path / "*.parquet"), sorted(tmp_path.iterdir())):
        batches = Batches.from_parquet(path, target="target", weight="weight")
        np.testing.assert_array_equal(model.fit(batches).predict_proba(batches)[:, 1], expected)
    some = Batches.from_parquet(tmp_path, columns=["d", "a"])
    ours = model.fit(some, LABEL, sample_weight=WEIGHT).predict(X[["d", "a"]])
    np.testing.assert_array_equal(ours, model.fit(X[["d", "a"]], LABEL, WEIGHT).predict(X[["d", "a"]]))


def test_a_row_group_is_read_in_pieces(monkeypatch, tmp_path):
    """Booleans stay what they are in the whole table, where only some pieces hold nulls."""
    monkeypatch.setattr(_parquet_files, "MOST_ROWS", 30)
    monkeypatch.setattr(_batch_table, "READ_ALONE_BYTES", 1)
    flag = (X.a > 0).astype(object).where(np.arange(N) < 200, None)
    X.assign(flag=flag, y=NUMBER).to_parquet(tmp_path / "rows.parquet", row_group_size=100)
    batches = Batches.from_parquet(tmp_path, target="y")
    assert max(len(part) for part in batches.features()) == 30
    table = pd.read_parquet(tmp_path / "rows.parquet").drop(columns="y")
    assert table.flag.dtype == object
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0)
    ours = model.fit(batches).predict(batches)
    np.testing.assert_array_equal(ours, model.fit(table, NUMBER).predict(table))
    without_target = Batches.from_parquet(tmp_path, columns=["a", "flag"])
    ours = model.fit(without_target, NUMBER).predict(table[["a", "flag"]])
    np.testing.assert_array_equal(ours, model.fit(table[["a", "flag"]], NUMBER).predict(table[["a", "flag"]]))


@pytest.mark.parametrize("kind", [pl.DataFrame, lambda frame: pl.DataFrame(frame).to_arrow()], ids=["polars", "arrow"])
def test_frames_of_other_libraries(kind):
    table = kind(X.assign(y=NUMBER, w=WEIGHT))
    batches = Batches.from_iterable(lambda: (table[i : i + 100] for i in (0, 100, 200)), target="y", weight="w")
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0)
    ours = model.fit(batches).predict(batches)
    np.testing.assert_array_equal(ours, model.fit(X, NUMBER, WEIGHT).predict(X))


def test_categories_are_the_same_where_their_values_are():
    whole = pd.DataFrame({"c": pd.Categorical(X.c), "a": X.a})
    parts = [(whole[s].assign(c=whole.c[s].cat.remove_unused_categories()), NUMBER[s]) for s in (X.c < "r", X.c >= "r")]
    together = pd.concat([part for part, _ in parts]), pd.concat([target for _, target in parts])
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0)
    ours = model.fit(Batches.from_iterable(parts)).predict(whole)
    np.testing.assert_array_equal(ours, model.fit(*together).predict(whole))


def test_queries_may_be_cut():
    qid, relevance = np.arange(N) // 7, np.digitize(NUMBER, [0, 1, 2])
    model = NewtonBoostingRanker(n_estimators=3, random_state=0)
    batches = Batches.from_iterable(_cut(CUTS[7], X, relevance))
    np.testing.assert_array_equal(
        model.fit(batches, qid=qid).predict(batches), model.fit(X, relevance, qid=qid).predict(X)
    )


def test_codes_in_a_file_and_columns_one_by_one(monkeypatch, tmp_path):
    monkeypatch.setattr(_code_store, "MOST_OF_FREE_MEMORY", 0.0)
    monkeypatch.setattr(_batch_table, "COLUMN_BYTES", 1)
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0)
    ours = model.fit(Batches.from_iterable(_cut(CUTS[7], X, NUMBER), cache_dir=tmp_path)).predict(X)
    np.testing.assert_array_equal(ours, model.fit(X, NUMBER).predict(X))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match=r"cache_dir must be a folder with space for the target.*'/nowhere/at/all'"):
        model.fit(Batches.from_iterable(_cut(CUTS[7], X, NUMBER), cache_dir="/nowhere/at/all"))


def test_a_full_disk_is_told_before_the_first_tree(monkeypatch, tmp_path):
    def no_space(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_code_store, "MOST_OF_FREE_MEMORY", 0.0)
    monkeypatch.setattr(os, "posix_fallocate", no_space, raising=False)
    with pytest.raises(OSError, match=r"GiB free for the codes of the table.*No space left on device"):
        NewtonBoostingRegressor().fit(Batches.from_iterable([(X, NUMBER)], cache_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"booster": "gblinear"}, "booster must not be 'gblinear' where X is read in batches"),
        ({"scoring": lambda model, X, y: 0.0}, "scoring must be the name of a scorer"),
        ({"n_estimators": "auto", "cv": [(0, 1)]}, "cv must be None or a number of folds"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_needs_all_numbers_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        NewtonBoostingRegressor(**parameters).fit(Batches.from_iterable([(X, NUMBER)]))


class _Changing:
    """Other batches in each pass."""

    def __init__(self, *passes):
        self._passes = list(passes)

    def __iter__(self):
        return iter(self._passes.pop(0) if len(self._passes) > 1 else self._passes[0])


PAIR = X[["a"]].to_numpy(), NUMBER.to_numpy()
FEWER, WIDER = (PAIR[0][:9], PAIR[1][:9]), (np.c_[PAIR[0], PAIR[0]], PAIR[1])

NARROW, TEXT = (PAIR[0].astype(np.float32), PAIR[1]), (X[["c"]].to_numpy(), PAIR[1])


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "batches must hold rows, got none"),
        ([PAIR, FEWER[:1]], "target must be in all batches or in none, got it in 1 of 2"),
        ([PAIR, WIDER], "batches must have the same columns in the same order, got 2 in batch 1 and 1 before"),
        ([(PAIR[0], PAIR[1][:3])], r"target must have one entry per row of its batch \(240\), got 3 in 0"),
        ([PAIR, (PAIR[0].astype(np.float32), PAIR[1])], "column 0 must have one dtype in all batches, got float32 and"),
        (_Changing([PAIR, PAIR], [PAIR, FEWER]), "batch 1 had 240 rows and now has 9"),
        (_Changing([PAIR, PAIR], [PAIR]), "batches must be the same in each pass, got 1 of them after 2"),
        (
            _Changing([PAIR, PAIR], [PAIR, NARROW]),
            "batches must have the same dtypes in each pass: column 0 of batch 1",
        ),
        ([TEXT, PAIR], "column 0 must hold categories in all batches, got numbers in some"),
        (_Changing([PAIR], [WIDER]), "batches must have the same columns in each pass: batch 0 had 1 and now has 2"),
    ],
    ids=range(10),
)
def test_batches_that_do_not_fit_together_are_refused(batches, message):
    with pytest.raises(ValueError, match=message):
        NewtonBoostingRegressor(n_estimators=2).fit(Batches.from_iterable(batches))


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (
            lambda table: table.rename(columns={"b": "z"}),
            "Parquet files must be the same in each pass, .* column 'b' now",
        ),
        (lambda table: table[:200], "batches must be the same in each pass, got 2 of them after 3"),
        (
            lambda table: table.astype({"a": "float32"}),
            "dtypes in each pass: .*'a' of batch 0 had float64 and now has float32",
        ),
    ],
    ids=["columns", "rows", "dtype"],
)
def test_files_that_change_between_passes_are_refused(later, message, tmp_path):
    table, path = X.assign(y=NUMBER), tmp_path / "rows.parquet"
    table.to_parquet(path, row_group_size=100)
    batches = Batches.from_parquet(path, target="y")
    batches.first_rows()  # the first pass
    later(table).to_parquet(path, row_group_size=100)
    with pytest.raises((ValueError, TypeError), match=message):
        NewtonBoostingRegressor(n_estimators=2).fit(batches)


def test_what_is_no_source_of_batches_is_refused(tmp_path):
    for batches in (iter([PAIR]), PAIR[0], 3):
        with pytest.raises(ValueError, match="batches must be"):
            Batches.from_iterable(batches)
    with pytest.raises(ValueError, match="path must name a Parquet file"):
        Batches.from_parquet(tmp_path / "none.parquet")
    X.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"x.parquet must have the column 'y', got \['a', 'b', 'c', 'd'\]"):
        Batches.from_parquet(tmp_path, target="y")
    with pytest.raises(ValueError, match="batches must have the column 'y'"):
        NewtonBoostingRegressor().fit(Batches.from_iterable([X], target="y"))
    with pytest.raises(ValueError, match="y must be None where the batches hold it"):
        NewtonBoostingRegressor().fit(Batches.from_iterable([PAIR]), PAIR[1])
    with pytest.raises(ValueError, match="X must be in memory, got Batches"):
        GradientBoostingRegressor().fit(Batches.from_iterable([PAIR]), PAIR[1])
    with pytest.raises(ValueError, match="importance_type must be 'impurity' where X is read in batches"):
        RandomForestRegressor(importance_type="permutation").fit(Batches.from_iterable([PAIR]))
