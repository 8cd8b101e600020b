"""W1 of rows."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from skensemble.generative.evaluation._transport import transport_distance
from skensemble.generative.evaluation._wasserstein import sliced_wasserstein, wasserstein
from tests.generative.evaluation.comparisons import compared, mixed_table, plain_distances


def test_exact_equals_transport_with_plain_distances():
    tables = [mixed_table(n, seed) for seed, n in enumerate((40, 25, 40))]
    comparison, (sample,) = compared(*tables)
    expected = transport_distance(plain_distances(comparison.test, sample))
    assert wasserstein(comparison, sample, None) == pytest.approx(expected)


def test_one_column_is_that_of_scipy():
    rng = np.random.default_rng(0)
    train, sample = rng.random((50, 1)), rng.random((80, 1)) + 0.3
    comparison, (rows,) = compared(train, train, sample)
    expected = scipy.stats.wasserstein_distance(train[:, 0], sample[:, 0]) / np.ptp(train)
    assert wasserstein(comparison, rows, None) == pytest.approx(expected)
    assert sliced_wasserstein(comparison, rows, np.random.default_rng(0)) == pytest.approx(expected)


def test_other_category_costs_one():
    train = pd.DataFrame({"a": ["x", "y"] * 5})
    comparison, (sample,) = compared(train, train, pd.DataFrame({"a": ["x"] * 10}))
    assert wasserstein(comparison, sample, None) == pytest.approx(0.5)


def test_sliced_is_a_mean_over_projections_of_one_hot_rows():
    tables = [mixed_table(n, seed) for seed, n in enumerate((60, 35, 60))]
    comparison, (sample,) = compared(*tables)
    encoded = []
    for rows in (comparison.test, sample):
        numbers, codes = rows.points()
        sizes = [len(column.levels) + 1 for column in comparison.columns if column.is_category]
        one_hot = [np.eye(size)[codes[:, c] + 1] / 2 for c, size in enumerate(sizes)]
        encoded.append(np.hstack([numbers, *one_hot]))
    rng = np.random.default_rng(5)
    expected = []
    for _ in range(100):
        direction = rng.standard_normal(encoded[0].shape[1])
        direction /= np.linalg.norm(direction)
        expected.append(scipy.stats.wasserstein_distance(*(rows @ direction for rows in encoded)))
    assert sliced_wasserstein(comparison, sample, np.random.default_rng(5)) == pytest.approx(np.mean(expected))


def test_large_tables_are_thinned():
    table = mixed_table(100, 0)
    comparison, (sample,) = compared(table, table, table, max_rows=30)
    thinned = [wasserstein(comparison, sample, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert thinned[0] == thinned[1] != thinned[2]
    assert thinned[0] > 0
