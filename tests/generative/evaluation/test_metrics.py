"""Laws that every metric of the table obeys."""

import inspect

import numpy as np
import pytest

from skensemble.generative.evaluation import _evaluation
from skensemble.generative.evaluation._metrics import METRICS
from tests.conftest import ROOT
from tests.generative.evaluation.comparisons import compared, mixed_table

every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)


def _value(metric, tables, n_threads=1):
    comparison, (sample,) = compared(*tables, target=2, n_threads=n_threads)
    return metric.function(comparison, sample, np.random.default_rng(0))


@every_metric
def test_value_is_a_number_within_its_range_and_the_same_for_any_threads(metric):
    tables = [mixed_table(n, seed) for seed, n in enumerate((120, 60, 300))]
    value = _value(metric, tables)
    assert isinstance(value, float)
    assert 0.0 <= value
    assert value <= metric.largest
    assert value == _value(metric, tables, n_threads=3)


@pytest.mark.parametrize(
    "metric", [metric for metric in METRICS.values() if metric.best is not None], ids=lambda metric: metric.name
)
def test_identical_tables_are_perfect(metric):
    test = mixed_table(80, 1)
    assert _value(metric, [mixed_table(80, 0), test, test]) == pytest.approx(metric.best, abs=1e-12)


@every_metric
def test_one_column_of_one_value(metric):
    value = _value(metric, [np.ones((4, 3)), np.ones((3, 3)), np.ones((5, 3))])
    assert np.isnan(value) or 0.0 <= value <= metric.largest


@every_metric
def test_is_documented(metric):
    assert metric.better in ("higher", "lower", "near 0.5")
    assert f"    {metric.name}" in inspect.getdoc(_evaluation.evaluate).replace("\n", "\n    ")
    assert f"`{metric.name}`" in (ROOT / "docs" / "generate_a_table.md").read_text()


@every_metric
def test_a_note_is_a_sentence_about_the_metric(metric):
    comparison, (sample,) = compared(*(mixed_table(30, seed) for seed in range(3)), target=2)
    note = metric.note(comparison, {"synthetic": sample})
    assert note is None or note.endswith(".")
