"""The density of a box is the mean of the density in it."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from skensemble.generative.tables._boxes import log_mean_density


def _log_normal_density(Z):
    return norm.logpdf(Z).sum(axis=1)


def test_a_point_is_its_density():
    Z = np.random.default_rng(0).normal(size=(5, 3))
    assert_array_equal(log_mean_density(_log_normal_density, Z, np.zeros_like(Z), 8), _log_normal_density(Z))


def test_probabilities_of_boxes():
    rng = np.random.default_rng(0)
    middle, half_width = rng.normal(size=(50, 2)), rng.uniform(0.0, 0.8, size=(50, 2))
    exact = np.log(norm.cdf(middle + half_width) - norm.cdf(middle - half_width)).sum(axis=1)
    estimate = log_mean_density(_log_normal_density, middle, half_width, 64) + np.log(2.0 * half_width).sum(axis=1)
    assert_allclose(estimate, exact, atol=0.05)
    assert abs(np.mean(estimate - exact)) < 0.005
    rough = log_mean_density(_log_normal_density, middle, half_width, 8) + np.log(2.0 * half_width).sum(axis=1)
    assert abs(np.mean(rough - exact)) < 0.05


def test_a_peak_in_the_middle_does_not_flatter():
    """A density of variance 0.01 in a box of width 2: its middle is 2 nats above the mean."""

    def narrow(Z):
        return norm.logpdf(Z, scale=0.1).sum(axis=1)

    estimate = log_mean_density(narrow, np.zeros((1, 1)), np.ones((1, 1)), 64)
    assert_allclose(estimate, np.log(0.5), atol=1e-6)
    assert narrow(np.zeros((1, 1)))[0] > estimate[0] + 2.0


def test_rows_do_not_depend_on_each_other():
    rng = np.random.default_rng(0)
    middle, half_width = rng.normal(size=(9, 4)), rng.uniform(size=(9, 4))
    together = log_mean_density(_log_normal_density, middle, half_width, 8)
    alone = [log_mean_density(_log_normal_density, middle[[i]], half_width[[i]], 8)[0] for i in range(9)]
    assert_allclose(together, alone, rtol=1e-12)
