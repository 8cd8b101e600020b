"""Distances of columns equal those of scipy."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from skensemble.generative.evaluation import _marginals
from tests.generative.evaluation.comparisons import compared


@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_distances_equal_those_of_scipy(decimals):
    rng = np.random.default_rng(decimals)
    u, v = np.round(rng.normal(size=70), decimals), np.round(rng.normal(0.5, 2.0, size=111), decimals)
    assert _marginals.ks_distance(u, v) == pytest.approx(scipy.stats.ks_2samp(u, v).statistic)
    expected = scipy.stats.wasserstein_distance(u, v)
    assert _marginals.wasserstein_distance(np.sort(u), np.sort(v)) == pytest.approx(expected)


def test_total_variation():
    assert _marginals.tv_distance(np.array([0, 0, 1, 3]), np.array([0, 2])) == pytest.approx(
        (0 + 0.25 + 0.5 + 0.25) / 2
    )


def test_missing_numbers_are_a_value_of_their_own():
    train = pd.DataFrame({"a": np.arange(10.0)})
    comparison, (half,) = compared(train, train, train.where(train.a > 4))
    assert _marginals.ks_complement(comparison, half, None) == pytest.approx(0.5)
    assert _marginals.wasserstein_1d(comparison, half, None) == pytest.approx(2.5 / 9)
    assert np.isnan(_marginals.tv_complement(comparison, half, None))


def test_missing_categories_are_a_level():
    train = pd.DataFrame({"a": ["x", "y", "x", "y"]})
    comparison, (half,) = compared(train, train, pd.DataFrame({"a": ["x", "x", None, None]}))
    assert _marginals.tv_complement(comparison, half, None) == pytest.approx(0.5)
    assert np.isnan(_marginals.ks_complement(comparison, half, None))


def test_columns_missing_throughout():
    train = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]})
    comparison, (empty,) = compared(train, train, pd.DataFrame({"a": [np.nan] * 3, "b": [None] * 3}))
    assert _marginals.ks_complement(comparison, empty, None) == pytest.approx(0.0)
    assert _marginals.tv_complement(comparison, empty, None) == pytest.approx(0.0)
    assert np.isnan(_marginals.wasserstein_1d(comparison, empty, None))
