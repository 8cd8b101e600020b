"""Bases are the distributions of their names, and their slopes are derivatives."""

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from skensemble.generative.flows._flow_bases import BASES, T_DEGREES

OF_SCIPY = {"normal": scipy.stats.norm(), "logistic": scipy.stats.logistic(), "student_t": scipy.stats.t(T_DEGREES)}

every_base = pytest.mark.parametrize("name", BASES)


@every_base
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_density_is_scipys(name, dtype):
    z = np.random.default_rng(0).normal(scale=3.0, size=(20, 3)).astype(dtype)
    density = BASES[name].log_density(z)
    assert density.dtype == BASES[name].slope(z).dtype == dtype
    assert_allclose(density, OF_SCIPY[name].logpdf(z).sum(axis=1), rtol=1e-5)


@every_base
def test_slope_is_the_derivative(name):
    z = np.linspace(-5.0, 5.0, 21)[:, np.newaxis]
    difference = (BASES[name].log_density(z + 1e-6) - BASES[name].log_density(z - 1e-6)) / 2e-6
    assert_allclose(BASES[name].slope(z)[:, 0], difference, atol=1e-6)


@every_base
def test_sample_is_of_the_distribution(name):
    sample = BASES[name].sample(np.random.default_rng(0), (2000, 1))[:, 0]
    assert scipy.stats.kstest(sample, OF_SCIPY[name].cdf).pvalue > 0.01
