"""Weighted mean and quantile against exact arithmetic."""

import numpy as np
import pytest

from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT, weighted_minimiser, weighted_quantile
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean
from tests import reference


@pytest.mark.parametrize("value_scale", [1e-250, 1e-30, 1.0, 1e300])
@pytest.mark.parametrize("weight_scale", [1e-300, 1e-3, 1.0, 1e12, 1e280])
def test_mean_is_exact_at_any_scale(value_scale, weight_scale):
    rng = np.random.default_rng(0)
    values, weight = rng.normal(size=300) * value_scale, rng.random(300) * weight_scale
    assert weighted_mean(values, weight) == pytest.approx(
        reference.weighted_mean(values, weight), rel=1e-13, abs=1e-14 * value_scale
    )


def test_mean_of_whole_numbers_is_exact():
    values, weight = np.arange(1000.0), np.arange(1000.0) % 7
    assert weighted_mean(values, NO_WEIGHT) == 499.5
    assert weighted_mean(values, weight) == reference.weighted_mean(values, weight)


def test_mean_takes_weight_k_for_k_copies():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=500), rng.standard_cauchy(500) * 1e10, rng.random(500) ** 30):
        weight = rng.integers(0, 9, 500).astype(float)
        assert weighted_mean(values, weight) == weighted_mean(np.repeat(values, weight.astype(int)), NO_WEIGHT)


def test_mean_says_when_a_value_is_not_finite():
    assert np.isnan(weighted_mean(np.array([1.0, np.nan, 2.0]), NO_WEIGHT))
    assert not np.isfinite(weighted_mean(np.array([1.0, np.inf]), NO_WEIGHT))
    assert weighted_mean(np.array([1.0, np.nan]), np.array([1.0, 0.0])) == 1.0
    assert weighted_mean(np.empty(0), NO_WEIGHT) == 0.0


@pytest.mark.parametrize("level", [0.05, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 2, 3, 20, 100, 1001])
def test_quantile_is_numpys_averaged_inverted_cdf(n, level):
    values = np.round(np.random.default_rng(n).normal(size=n), 1)
    expected = np.quantile(values, level, method="averaged_inverted_cdf")
    assert weighted_quantile(values, NO_WEIGHT, level) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("values", [np.arange(500.0), np.zeros(500), -np.arange(500.0), np.tile([0.0, 1.0], 250)])
def test_quantile_of_ordered_and_equal_values(values):
    weight = (np.arange(500) % 3).astype(float)
    for level in (0.01, 0.5, 0.999):
        expected = reference.weighted_quantile(values, weight, level)
        assert weighted_quantile(values, weight, level) == expected
        assert weighted_quantile(values, 0.1 * weight, level) == expected


def test_quantile_ends_whatever_the_values():
    assert weighted_quantile(np.array([np.nan, 1.0, 2.0, np.nan]), NO_WEIGHT, 0.5) == 2.0
    assert weighted_quantile(np.array([-np.inf, np.inf, np.inf]), NO_WEIGHT, 0.5) == np.inf
    assert weighted_quantile(np.ones(3), np.zeros(3), 0.5) == 0.0


def test_minimiser_of_a_loss_without_curvature_is_found():
    values = np.random.default_rng(0).normal(size=101)

    def derivatives(constant):
        return np.sign(constant - values), np.zeros(101)

    assert weighted_minimiser(derivatives, values, NO_WEIGHT) == pytest.approx(np.median(values))
