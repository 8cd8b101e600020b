"""The exponential loss obeys the laws of losses."""

import numpy as np
import pytest

from skensemble.ensemble.gradient._exponential_loss import ExponentialLoss

LOSS = ExponentialLoss()


def _derivatives(y, raw):
    gradient, hessian = np.empty_like(raw), np.empty_like(raw)
    LOSS.gradient_hessian(y, raw, gradient, hessian, 0, len(y))
    return gradient[0], hessian[0]


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("at", [-3.0, 0.0, 2.0])
def test_derivatives_are_finite_differences(label, at):
    y, step = np.array([label]), 1e-4

    def value(raw):
        return LOSS.value(y, np.array([[raw]]), None)

    gradient, hessian = _derivatives(y, np.array([[at]]))
    below, middle, above = value(at - step), value(at), value(at + step)
    np.testing.assert_allclose(gradient, (above - below) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(hessian, (above - 2 * middle + below) / step**2, rtol=1e-5)


def test_baseline_has_no_gradient():
    y, weight = np.array([0.0, 0.0, 1.0, 1.0, 1.0]), np.array([1.0, 2.0, 0.5, 0.0, 3.0])
    gradient, _ = _derivatives(y, np.full((1, 5), LOSS.baseline(y, weight)[0]))
    assert abs((weight * gradient).sum()) < 1e-12


def test_probabilities_invert_the_link():
    np.testing.assert_allclose(LOSS.link_inverse(LOSS.link([0.1, 0.5, 0.8])[None, :])[:, 1], [0.1, 0.5, 0.8])


def test_far_away_all_is_finite():
    y = np.array([0.0, 1.0])
    raw = np.array([[1e6, -1e6]])
    assert np.isfinite([*_derivatives(y, raw), [LOSS.value(y, raw, None)] * 2]).all()


def test_targets_are_two_classes():
    with pytest.raises(ValueError, match="needs class indices"):
        LOSS.check_target(np.array([0.0, 2.0]))
