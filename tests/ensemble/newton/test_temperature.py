"""The temperature of a classifier."""

import numpy as np
import pytest

from skensemble import NewtonBoostingClassifier
from skensemble.ensemble.newton._temperature import TRUST, fitted_temperature


class _Loss:
    """Logistic loss of labels 0 and 1."""

    @staticmethod
    def value(y, raw, weight):
        return np.average(np.logaddexp(0.0, raw[0]) - y * raw[0], weights=weight)


def test_it_finds_by_how_much_predictions_are_too_sure():
    right = np.tile(np.log([1 / 3, 3.0]), 200)
    y = np.tile(np.r_[[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]], 50)  # right three times of four
    assert fitted_temperature(_Loss, y, 4.0 * right[None], None) == pytest.approx(4.0**TRUST, rel=1e-2)
    assert fitted_temperature(_Loss, y, right[None] / 2.0, None) == pytest.approx(2.0**-TRUST, rel=1e-2)
    assert fitted_temperature(_Loss, y, right[None], None) == pytest.approx(1.0, abs=1e-2)


def test_a_weight_counts_copies():
    rng = np.random.default_rng(0)
    y, raw, weight = rng.integers(0, 2, 50) * 1.0, rng.normal(size=(1, 50)), rng.integers(1, 4, 50)
    rows = np.repeat(np.arange(50), weight)
    by_weight = fitted_temperature(_Loss, y, raw, weight)
    assert by_weight == pytest.approx(fitted_temperature(_Loss, y[rows], raw[:, rows], None), rel=1e-3)


@pytest.mark.parametrize("max_delta_step", [0.0, 0.3])
@pytest.mark.parametrize("linear_leaves", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_all_raw_predictions_are_divided_by_it(n_classes, linear_leaves, max_delta_step):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = np.digitize(X[:, 0] + rng.normal(size=60), [0.0, 0.8][: n_classes - 1])
    limits = {"linear_leaves": linear_leaves, "max_delta_step": max_delta_step}
    booster = NewtonBoostingClassifier(n_estimators=5, **limits).fit(X, y)
    raw = booster.decision_function(X)
    booster._booster = booster._booster.tempered(2.0).compiled()
    np.testing.assert_allclose(booster.decision_function(X), raw / 2.0, rtol=1e-12)
