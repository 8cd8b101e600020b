"""Kernels of the losses: accuracy of their functions."""

import numpy as np

from skensemble.ensemble.losses import _pointwise


def test_exponential_is_accurate_to_the_last_bits():
    x = np.linspace(-700, 700, 20001)
    own = np.array([_pointwise.exponential(value) for value in x])
    np.testing.assert_allclose(own, np.exp(x), rtol=1e-15)
    e = np.concatenate([np.linspace(0, 1, 20001), 10.0 ** -np.arange(1, 300)])
    np.testing.assert_allclose([_pointwise._log_one_plus(value) for value in e], np.log1p(e), rtol=1e-15)
