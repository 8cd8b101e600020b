"""The benchmarks run: ours and scikit-learn's estimators on tiny tables.  What they measure is not looked at."""

import importlib
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from skensemble import NewtonBoostingRegressor

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Import a file of the folder by name; its modules are forgotten afterwards, as their names are common ones."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
            del sys.modules[name]


@pytest.fixture
def two(benchmark):
    peers = benchmark("peers")
    return [peers.Ours(), peers.HistGradientBoosting()]


def test_fit_gives_seconds_and_loss_of_each(benchmark, two):
    settings = benchmark("peers").Settings(n_estimators=3, n_jobs=1)
    rows = benchmark("fit").measure(benchmark("datasets").load("iris"), 30, settings, 1, two)
    assert [row["error"] for row in rows] == ["", ""]
    assert all(row["seconds"] > 0 and row["loss"] < 1.2 for row in rows)
    (summary,) = benchmark("fit").summary(rows)
    assert summary["/ fastest"] == summary["/ scikit-learn HGB"] == rows[0]["seconds"] / rows[1]["seconds"]


def test_imports_gives_equal_predictions(benchmark, two):
    data = benchmark("datasets").load("iris")
    X = np.asarray(data.X, float)
    settings = benchmark("peers").Settings(n_estimators=3, n_jobs=1)
    model = two[1].aligned(data.task, X, settings).fit(X, data.y)
    (row,) = benchmark("imports").measure({"scikit-learn HGB": model}, X, 1)
    assert row["largest difference"] < 1e-12
    assert row["share"] > 0


def test_exports_gives_sizes_and_equal_predictions(benchmark, tmp_path):
    X = np.asarray(benchmark("datasets").load("iris").X, float)
    model = NewtonBoostingRegressor(n_estimators=3, n_jobs=1).fit(X, X[:, 0])
    rows = benchmark("exports").measure(model, X, tmp_path, 1)
    assert {row["form"] for row in rows} >= {"skensemble", "lightgbm", "xgboost", "c", "sql", "pmml"}
    read = [row for row in rows if row["predicted in, milliseconds"] is not None]
    assert all(row["largest difference"] < 1e-5 and row["one row, microseconds"] > 0 for row in read)


def test_model_files_gives_sizes_and_seconds_of_each_form(benchmark, two, tmp_path):
    table = benchmark("datasets").load("iris")
    settings = benchmark("peers").Settings(n_estimators=3, n_jobs=1)
    X = np.asarray(table.X, float)
    models = {peer.name: peer.aligned(table.task, X, settings).fit(X, table.y) for peer in two}
    rows = benchmark("model_files").measure(models, X[0], tmp_path, 1)
    names = [row["form"] for row in rows]
    assert names == ["skensemble", "skensemble slim", "skensemble pickle", "scikit-learn HGB pickle"]
    assert [row["failure"] for row in rows] == [""] * 4
    assert all(row["KB"] > 0 and row["load, milliseconds"] > 0 and row["one row, microseconds"] > 0 for row in rows)


def test_options_give_seconds_over_none(benchmark, two):
    options = benchmark("options")
    settings = benchmark("peers").Settings(n_estimators=2, n_leaves=7, n_jobs=1)
    rows = options.measure(benchmark("datasets").synthetic(400), settings, 1, two)
    assert [row["error"] for row in rows] == [""] * len(rows)
    assert {row["option"] for row in rows} == set(options.OPTIONS)
    assert [row["over none"] for row in rows if row["option"] == "none"] == [1.0, 1.0]
    assert all(row["over none"] > 0 and row["ours / theirs"] > 0 for row in rows)


@pytest.mark.parametrize("estimator", ["DecisionTreeClassifier", "RandomForestClassifier"])
def test_forests_gives_seconds_scores_and_sizes_of_each(benchmark, monkeypatch, estimator):
    forests = benchmark("forests")
    monkeypatch.setattr(forests, "LIBRARIES", {"skensemble": "skensemble", "scikit-learn": "sklearn"})
    monkeypatch.setattr(forests, "ask", lambda job, *paths: {"megabytes": float(len(paths))})  # a process of its own
    params = {"n_estimators": 3} if estimator.startswith("Random") else {}
    job = forests.Job(estimator, "iris", 100, 50, params, {"scikit-learn": 0.1}, one_row=True)
    rows = forests.measure(job, *forests._load(job), 1)
    assert [row["library"] for row in rows] == ["skensemble", "scikit-learn"]
    assert [row["error"] for row in rows] == ["", ""]
    assert all(row["fit"] > 0 and row["predict"] > 0 and row["score"] > 0.8 and row["pickled"] > 0 for row in rows)
    assert [row["in memory"] for row in rows] == [3.0, 3.0]
    fit, predict = forests.summary(rows)
    assert fit["/ scikit-learn"] == rows[0]["fit"] / rows[1]["fit"]
    assert (fit["target, scikit-learn"], predict["job"]) == (0.1, "predict one row")


def test_boosters_gives_seconds_and_loss_of_each(benchmark):
    boosters = benchmark("newton_boosters")
    jobs = tuple(boosters._quick(job) for job in boosters.JOBS)
    rows = boosters.measure(jobs, benchmark("datasets").synthetic(400), ["skensemble"], 1)
    assert [row["error"] for row in rows] == [""] * len(jobs)
    assert all(row["fit"] > 0 and row["log-loss"] < 0.8 for row in rows)
    gbtree, dart, *_ = boosters.summary(rows)
    assert (gbtree["/ gbtree"], dart["/ gbtree"]) == (1.0, rows[1]["fit"] / rows[0]["fit"])


def test_workers_counts_bytes_of_each_tree(benchmark):
    workers, table = benchmark("workers"), benchmark("datasets").synthetic(600)
    row = workers.measure(table.X, table.y, *workers.GROWTH[0], 2, 2)
    assert 0.9 < row["MB a tree"] < 1.9
    assert row["XGBoost's format"] == 16 * 256 * 28 * 32 / 1e6


def test_ranking_gives_seconds_and_ndcg_of_each(benchmark):
    ranking = benchmark("ranking")
    rows = ranking.measure("made up", *ranking._made_up(12, 10), 3, ["skensemble"], 1)
    assert [row["error"] for row in rows] == [""]
    assert all(row["fit"] > 0 and row["ndcg"] > 0.4 for row in rows)
    (summary,) = ranking.summary([*rows, {**rows[0], "library": "other", "fit": 2.0 * rows[0]["fit"]}])
    assert summary["/ other"] == 0.5


def test_generative_gives_distances_worth_and_seconds_of_each(benchmark):
    generative = benchmark("generative")
    names = ("FlowMatching", "Gaussian")
    rows = generative.measure("iris", 1, {name: generative.GENERATORS[name] for name in names})
    assert [row["generator"] for row in rows] == [*names, "real train", "SMOTE"]
    flow, gaussian, train, smote = generative.summary(rows)
    assert flow["W1 test"] < gaussian["W1 test"]
    assert train["W1 train"] == 0.0 < smote["W1 train"]
    assert train["F1"] > 0.85 < flow["F1"]
    assert flow["fit"] > 0.0 < flow["sample"]


def test_synthesizers_gives_distances_and_worth_of_each(benchmark, monkeypatch):
    synthesizers = benchmark("synthesizers")
    monkeypatch.setattr(synthesizers, "find_spec", lambda name: None)
    assert synthesizers.sdv() == {}
    table = synthesizers.load("flights", 60)
    made = {"copy": lambda parts: synthesizers.Sample(parts.train, 1.0, 2.0)}
    train, smote, copy = synthesizers.measure(table, made)
    assert [row["generator"] for row in (train, smote, copy)] == ["real train", "SMOTE", "copy"]
    assert copy["W1 test"] == train["W1 test"]
    assert (copy["fit"], copy["sample"]) == (1.0, 2.0)


def test_flows_gives_seconds_and_densities_of_each(benchmark, monkeypatch):
    flows = benchmark("flows")
    monkeypatch.setattr(flows.importlib.util, "find_spec", lambda name: None)
    train, held_out = np.random.default_rng(0).normal(size=(2, 300, 2))
    rows = flows.measure(train, held_out, 1, 2)
    assert [row["error"] for row in rows] == [""] * 4
    assert all(row["fit"] > 0 and np.isfinite(row["log-density"]) for row in rows)
    assert all(row["lowest"] < row["log-density"] < row["median"] for row in rows)  # of normal rows, all have one peak


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_memory_of_a_model_is_that_of_its_numbers(benchmark, tmp_path):
    X = np.random.default_rng(0).normal(size=(200, 2))
    for name, n_rows in (("small", 2), ("large", 1_000_000)):
        model = KNeighborsRegressor(1, algorithm="brute").fit(np.resize(X, (n_rows, 2)), np.zeros(n_rows))
        (tmp_path / name).write_bytes(pickle.dumps(model))
    np.save(tmp_path / "rows.npy", X[:1])
    answer = benchmark("child").model_memory(tmp_path / "small", tmp_path / "large", tmp_path / "rows.npy")
    assert 20 < answer["megabytes"] < 60


def test_quality_keeps_the_scores_of_peers_and_not_ours(benchmark, two, monkeypatch, tmp_path):
    quality = benchmark("quality")
    monkeypatch.setattr(quality, "CACHE", tmp_path / "cache.json")
    summary, by_table = quality.run(names=["iris"], peers=two[1:], params={"n_estimators": 3}, processes=1)
    assert [row["library"] for row in summary.rows] == ["skensemble", "scikit-learn HGB"]
    assert np.isfinite(by_table.rows[0]["skensemble"])
    (key,) = json.loads(quality.CACHE.read_text())
    assert key.startswith("iris | scikit-learn HGB")


def test_large_tables_gives_losses_and_ranks(benchmark, two):
    large_tables, iris = benchmark("large_tables"), benchmark("datasets").load("iris")
    cells = large_tables.measure(iris, two)
    assert [cell["error"] for cell in cells] == ["", ""]
    libraries = ["skensemble", "LightGBM"]
    losses, seconds = np.array([[0.3, 0.4], [0.2, np.nan]]), np.array([[1.0, 2.0], [6.0, 3.0]])
    ours, theirs = large_tables.summary(losses, seconds, libraries)
    assert (ours["mean rank"], ours["best on"], theirs["mean rank"]) == (1, 2, 2)
    assert (ours["/ LightGBM, median"], ours["/ LightGBM, largest"], theirs["/ LightGBM, median"]) == (1.25, 2, 1)


def test_a_crash_is_recorded_and_ranks_last(benchmark):
    quality = benchmark("quality")
    scores = {("good", "t"): [{"score": 0.5, "fit_seconds": 1.0}], ("bad", "t"): [{"error": "ValueError: no"}]}
    losses = quality.mean_losses(scores, ["t"], ["good", "bad"])
    good, bad = quality.summary(losses, scores, ["t"], ["good", "bad"])
    assert (good["mean rank"], bad["mean rank"], bad["tables failed"]) == (1, 2, 1)
    assert quality.failures(scores) == ["bad on t: ValueError: no"]


def test_a_second_one_of_ours_takes_the_place_of_the_first(benchmark):
    losses, libraries = np.array([[0.2, 0.4, 0.3], [0.5, 0.3, 0.4]]), ["skensemble", "skensemble, 300 rounds", "other"]
    scores = {(library, table): [{"fit_seconds": 1.0}] for library in libraries for table in "ab"}
    ours, fixed, other = benchmark("quality").summary(losses, scores, ["a", "b"], libraries)
    assert [row["mean rank"] for row in (ours, fixed, other)] == [1.5, 1.5, 1.5]
    assert ours["loss above best, mean"] == pytest.approx((0.0 + 0.1 / 0.4) / 2)
    assert fixed["loss above best, mean"] == pytest.approx((0.1 / 0.3 + 0.0) / 2)
    assert other["loss above best, mean"] == pytest.approx((0.1 / 0.2 + 0.0) / 2)


def test_report_is_written_twice(benchmark, tmp_path):
    report = benchmark("report")
    path = tmp_path / "results.md"
    report.write([report.Report("Title", "How.", [{"a": 1.23456, "b": np.nan}], ["remark"])], path, "a machine")
    assert "| 1.235 | - |" in path.read_text()
    assert json.loads(path.with_suffix(".json").read_text())["reports"][0]["rows"][0]["a"] == 1.23456


def test_tables_that_were_not_measured_anew_stay(benchmark, tmp_path):
    report = benchmark("report")
    path = tmp_path / "results.md"
    old, new = ([report.Report(title, "How.", [{"a": a}], [])] for title, a in (("Old", 1), ("New", 2)))
    report.write(old, path, "a machine")
    report.write(new, path, "another")
    report.write(new, path, "another")
    text = path.read_text()
    assert text.startswith("# Benchmark, another\n")
    assert text.count("## Old") == text.count("## New") == text.count("| 1 |") == text.count("| 2 |") == 1


@pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie", "quantile"])
def test_no_prediction_beats_the_truth_of_synthetic_targets(benchmark, loss):
    table, truth = benchmark("datasets").synthetic_targets(loss, 20_000)
    deviance = benchmark("scores").deviance
    assert deviance(loss, table.y, truth) < min(deviance(loss, table.y, truth * factor) for factor in (0.9, 1.1))


def test_explanations_give_microseconds_of_each(benchmark, two):
    explanations, settings = benchmark("explanations"), benchmark("peers").Settings(n_estimators=2, n_jobs=1)
    table = benchmark("datasets").synthetic(300)
    models = {two[0].name: two[0].aligned("regression", table.X, settings).fit(table.X, table.y.astype(float))}
    for job in explanations.JOBS[2:]:
        (row,) = explanations.measure("31 leaves", job._replace(n_rows=20), models, table.X, table.X, 1)
        assert row["failure"] == ""
        assert row["microseconds a row"] > 0
        assert row["error of sums"] < 1e-9


def test_errors_are_one_line(benchmark):
    def fails():
        raise ValueError("no split\n at all\n")

    timing = benchmark("timing").interleaved({"a library": fails}, 1, patience=0)["a library"]
    assert timing.error == "ValueError: no split at all"


def test_scaling_compares_numbers_of_threads(benchmark):
    scaling, peers = benchmark("scaling"), benchmark("peers")
    assert scaling.thread_counts(1) == [1]
    assert scaling.thread_counts(6) == [1, 2, 4, 6]
    table = benchmark("datasets").synthetic(300)
    rows = scaling.boosters(table, peers.Settings(n_estimators=2), [peers.OURS[0]], [1, 2], 1)
    assert [row["threads"] for row in rows] == [1, 2]
    assert rows[0]["as fast as one thread"] == 1.0
    assert [row["error"] for row in rows] == ["", ""]
