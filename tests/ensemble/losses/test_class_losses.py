"""Losses of classifiers: probabilities, classes that are alone, and the exponential loss far away."""

import numpy as np
import pytest

from skensemble.ensemble.losses._class_losses import ExponentialLoss, MulticlassLogLoss
from skensemble.ensemble.losses._losses import make_loss
from tests.ensemble.losses.loss_cases import N, derivatives

LOSS = ExponentialLoss()


@pytest.mark.parametrize("n_classes", [2, 5])
def test_probabilities_are_accurate(n_classes):
    loss, raw = make_loss("log_loss", n_classes=n_classes), np.random.default_rng(0).normal(0, 5, (n_classes, N))
    raw = raw[: loss.n_outputs]
    logits = np.vstack([np.zeros(N), raw]) if n_classes == 2 else raw
    e = np.exp(logits - logits.max(axis=0))
    np.testing.assert_allclose(loss.link_inverse(raw), (e / e.sum(axis=0)).T, rtol=1e-14)


def test_softmax_of_two_classes_steps_like_the_binary_loss():
    y, raw = np.array([0.0, 1.0, 1.0]), np.array([[0.3, -2.0, 5.0]])
    gradient, hessian = derivatives(make_loss("log_loss"), y, raw)
    gradient_2, hessian_2 = derivatives(MulticlassLogLoss(2), y, np.vstack([-raw / 2, raw / 2]))
    step = gradient_2 / hessian_2
    np.testing.assert_allclose(step[1] - step[0], gradient[0] / hessian[0], rtol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_class_only_has_a_finite_baseline(n_classes):
    loss = make_loss("log_loss", n_classes=n_classes)
    for only in range(n_classes):
        y = np.full(10, float(only))
        constant = loss.baseline(y, None)
        assert np.isfinite(constant).all()
        assert loss.link_inverse(constant[:, None])[0, only] == pytest.approx(1.0)


# -- exponential loss ------------------------------------------------------------------------------------------------


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
