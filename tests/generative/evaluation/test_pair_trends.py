"""Pairs of columns."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.evaluation import _pair_trends
from skensemble.generative.evaluation._pair_trends import chosen_pairs, contingency_similarity, correlation_similarity
from tests.generative.evaluation.comparisons import compared, mixed_table


def _shuffled(table):
    """The same columns, independent of each other."""
    return pd.DataFrame(
        {name: table[name].sample(frac=1, random_state=k).to_numpy() for k, name in enumerate(table)}
    ).astype(table.dtypes)


def test_shuffled_columns_are_caught():
    table = mixed_table(2000, 0)
    comparison, (same,) = compared(table, table, table)
    for similarity in (correlation_similarity, contingency_similarity):
        assert similarity(comparison, same, None) == pytest.approx(1.0)
    numbers = table[["size", "count"]]
    comparison, (shuffled_numbers,) = compared(numbers, numbers, _shuffled(numbers))
    assert correlation_similarity(comparison, shuffled_numbers, None) < 0.8
    kinds = table[["size", "kind"]]
    comparison, (shuffled_kinds,) = compared(kinds, kinds, _shuffled(kinds))
    assert contingency_similarity(comparison, shuffled_kinds, None) < 0.75


def test_correlations_are_those_of_pandas():
    table, other = (mixed_table(200, seed)[["size", "count"]] for seed in (0, 1))
    comparison, (sample,) = compared(table, table, other)
    expected = 1 - abs(table.corr().iloc[0, 1] - other.corr().iloc[0, 1]) / 2
    assert correlation_similarity(comparison, sample, None) == pytest.approx(expected)


def test_contingency_of_categories_is_that_of_crosstab():
    table, other = (mixed_table(200, seed, missing=False)[["kind", "city"]] for seed in (0, 1))
    comparison, (sample,) = compared(table, table, other)
    real, fake = (pd.crosstab(t.kind, t.city, normalize=True) for t in (table, other))
    expected = 1 - np.abs(real - fake).to_numpy().sum() / 2
    assert contingency_similarity(comparison, sample, None) == pytest.approx(expected)


def test_constant_columns():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]})
    comparison, (constant,) = compared(table, table, table.assign(b=2.0))
    assert correlation_similarity(comparison, constant, None) == pytest.approx(0.5)
    comparison, (constant,) = compared(table.assign(b=2.0), table.assign(b=2.0), table.assign(b=2.0))
    assert np.isnan(correlation_similarity(comparison, constant, None))


def test_pairs_of_wide_tables_are_drawn(monkeypatch):
    monkeypatch.setattr(_pair_trends, "MAX_PAIRS", 7)
    comparison, _ = compared(np.eye(8), np.eye(8))
    pairs = [chosen_pairs(comparison.columns, lambda a, b: True, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert len(set(pairs[0])) == 7
    assert pairs[0] == pairs[1] != pairs[2]


def test_rare_levels_count_as_one():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(0, 500, 1000).astype(str), "b": rng.choice(["x", "y"], 1000)})
    comparison, (same,) = compared(table, table, table)
    codes = _pair_trends._coded(comparison, same, 0)
    assert max(code.max() for code in codes) == _pair_trends.MAX_LEVELS + 1
