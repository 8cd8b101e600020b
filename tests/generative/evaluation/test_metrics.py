"""Laws that every metric of the table obeys."""

import inspect

import numpy as np
import pytest

from skensemble.generative.evaluation import _evaluation
from skensemble.generative.evaluation._metrics import METRICS
from tests.generative.evaluation.comparisons import compared, mixed_table

BEST = {"ks_complement": 1, "tv_complement": 1, "wasserstein_1d": 0, "correlation_similarity": 1}
BEST |= {"contingency_similarity": 1, "sliced_wasserstein": 0, "wasserstein": 0, "coverage": 1}
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def _value(metric, tables, n_threads=1):
    comparison, (sample,) = compared(*tables, target=2, n_threads=n_threads)
    return metric.function(comparison, sample, np.random.default_rng(0))


@every_metric
def test_value_is_a_number_within_its_range_and_the_same_for_any_threads(metric):
    tables = [mixed_table(n, seed) for seed, n in enumerate((120, 60, 300))]
    value = _value(metric, tables)
    assert isinstance(value, float)
    assert 0.0 <= value
    assert value <= 1.0 or metric.name == "wasserstein"
    assert value == _value(metric, tables, n_threads=3)


@pytest.mark.parametrize(
    "metric", [metric for metric in METRICS if metric.name in BEST], ids=lambda metric: metric.name
)
def test_identical_tables_are_perfect(metric):
    test = mixed_table(80, 1)
    assert _value(metric, [mixed_table(80, 0), test, test]) == pytest.approx(BEST[metric.name], abs=1e-12)


@every_metric
def test_one_column_of_one_value(metric):
    value = _value(metric, [np.ones((4, 3)), np.ones((3, 3)), np.ones((5, 3))])
    assert np.isnan(value) or metric.name in BEST or 0.0 <= value <= 1.0


@every_metric
def test_is_documented(metric):
    assert metric.better in ("higher", "lower", "near 0.5")
    assert f"    {metric.name}" in inspect.getdoc(_evaluation.evaluate).replace("\n", "\n    ")
