"""The benchmarks run: ours and scikit-learn's booster on tiny tables.  What they measure is not looked at."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

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


def test_quality_keeps_the_scores_of_peers_and_not_ours(benchmark, two, monkeypatch, tmp_path):
    quality = benchmark("quality")
    monkeypatch.setattr(quality, "CACHE", tmp_path / "cache.json")
    summary, by_table = quality.run(names=["iris"], peers=two[1:], params={"n_estimators": 3}, processes=1)
    assert [row["library"] for row in summary.rows] == ["skensemble", "scikit-learn HGB"]
    assert np.isfinite(by_table.rows[0]["skensemble"])
    (key,) = json.loads(quality.CACHE.read_text())
    assert key.startswith("iris | scikit-learn HGB")


def test_a_crash_is_recorded_and_ranks_last(benchmark):
    quality = benchmark("quality")
    scores = {("good", "t"): [{"score": 0.5, "fit_seconds": 1.0}], ("bad", "t"): [{"error": "ValueError: no"}]}
    losses = quality.mean_losses(scores, ["t"], ["good", "bad"])
    good, bad = quality.summary(losses, scores, ["t"], ["good", "bad"])
    assert (good["mean rank"], bad["mean rank"], bad["tables failed"]) == (1, 2, 1)
    assert quality.failures(scores) == ["bad on t: ValueError: no"]


def test_report_is_written_twice(benchmark, tmp_path):
    report = benchmark("report")
    path = tmp_path / "results.md"
    report.write([report.Report("Title", "How.", [{"a": 1.23456, "b": np.nan}], ["remark"])], path, "a machine")
    assert "| 1.235 | - |" in path.read_text()
    assert json.loads(path.with_suffix(".json").read_text())["reports"][0]["rows"][0]["a"] == 1.23456


@pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie", "quantile"])
def test_no_prediction_beats_the_truth_of_synthetic_targets(benchmark, loss):
    table, truth = benchmark("datasets").synthetic_targets(loss, 20_000)
    deviance = benchmark("scores").deviance
    assert deviance(loss, table.y, truth) < min(deviance(loss, table.y, truth * factor) for factor in (0.9, 1.1))
