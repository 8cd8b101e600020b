import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skensemble.generative.paths._field_input import Condition, FieldLayout, field_features
from skensemble.generative.paths._paths import PATHS, PREDICTIONS, Endpoints, determines_endpoints, mix, target_of
from skensemble.generative.paths._vector_field import RegressorField, score, velocity
from tests.generative.exact_fields import gaussian, mixture

all_paths = pytest.mark.parametrize("path", [path() for path in PATHS.values()], ids=list(PATHS))


class _ExactRegressor:
    """Predicts what the exact field says; reads x and t back from the features."""

    def __init__(self, field, prediction):
        self.field, self.prediction = field, prediction

    def predict(self, features):
        x, _known, _label, t, _log_snr = FieldLayout(2).read(features)
        x = x * self.field.path.scale(t)[:, None]
        return target_of(self.prediction, self.field.endpoints(x, t), t, self.field.path)


class _LinearRegressor:
    """value = features @ weights, with its derivative."""

    def __init__(self, weights):
        self.weights = weights

    def predict(self, features):
        return features @ self.weights

    def tangent(self, features, directions):
        return directions @ self.weights


@all_paths
@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("t", [0.3, np.linspace(0.1, 0.9, 6)], ids=["of all", "of rows"])
def test_any_prediction_makes_the_same_field(path, prediction, t):
    if not determines_endpoints(prediction, path.t_max, path):
        with pytest.raises(ValueError, match="prediction must say what data is at t = 1"):
            RegressorField(None, path, prediction)
        return
    exact, x = mixture(path), np.random.default_rng(0).standard_normal((6, 2))
    field = RegressorField(_ExactRegressor(exact, prediction), path, prediction)
    np.testing.assert_allclose(field.endpoints(x, t), exact.endpoints(x, t), atol=1e-9)
    np.testing.assert_allclose(velocity(field, x, t), velocity(exact, x, t), atol=1e-8)
    np.testing.assert_allclose(score(field, x, t), score(exact, x, t), atol=1e-8)


@all_paths
def test_score_is_the_gradient_of_the_log_density(path):
    exact, x, t, step = mixture(path), np.random.default_rng(1).standard_normal((5, 2)), 0.4, 1e-6
    along = [np.array([step, 0.0]), np.array([0.0, step])]
    slope = [(exact.log_density(x + e, t) - exact.log_density(x - e, t)) / (2 * step) for e in along]
    np.testing.assert_allclose(score(exact, x, t), np.transpose(slope), atol=1e-6)


@all_paths
def test_velocity_carries_the_density(path):
    """The continuity equation d log p / dt = - div v - v . score."""
    exact, x, t, step = gaussian(path), np.random.default_rng(2).standard_normal((5, 2)), 0.4, 1e-6
    change = (exact.log_density(x, t + step) - exact.log_density(x, t - step)) / (2 * step)
    divergence = sum(
        (velocity(exact, x + e, t) - velocity(exact, x - e, t))[:, j] / (2 * step)
        for j, e in enumerate(step * np.eye(2))
    )
    expected = -divergence - (velocity(exact, x, t) * score(exact, x, t)).sum(axis=1)
    np.testing.assert_allclose(change, expected, rtol=1e-5, atol=1e-6)


def test_scikit_learn_regressor_of_one_column():
    """Data N(0, 1): expected noise is sigma x, and x is scaled already, so a line in x at one t is exact."""
    path, rng, t = PATHS["vp"](), np.random.default_rng(0), 0.4
    endpoints = Endpoints(rng.standard_normal((20_000, 1)), rng.standard_normal((20_000, 1)))
    features = field_features(mix(endpoints, t, path), t, None, path)
    regressor = LinearRegression().fit(features, endpoints.noise[:, 0])
    x = np.linspace(-2.0, 2.0, 5)[:, None]
    found = RegressorField(regressor, path, "noise").endpoints(x, t)
    np.testing.assert_allclose(found.noise, path.sigma(t) * x, atol=0.05)
    np.testing.assert_allclose(mix(found, t, path), x)


def test_bounded_data_keeps_x():
    path, x, t = PATHS["vp"](), np.array([[3.0, 0.1]]), 0.9
    field = RegressorField(_LinearRegressor(np.zeros((4, 2))), path, "noise", (np.full(2, -1.0), np.full(2, 1.0)))
    found = field.endpoints(x, t)
    assert found.data[0, 0] == 1.0
    np.testing.assert_allclose(mix(found, t, path), x)
    linear = RegressorField(_LinearRegressor(np.zeros((4, 2))), PATHS["linear"](), "velocity", (-1.0, 1.0))
    assert np.isfinite(linear.endpoints(x, 0.0)).all()


@all_paths
def test_tangent_is_the_derivative_of_the_endpoints(path):
    rng = np.random.default_rng(3)
    field = RegressorField(_LinearRegressor(rng.standard_normal((5, 2))), path, "velocity")
    x, *directions = rng.standard_normal((4, 4, 2))
    condition, t = Condition(label=rng.standard_normal((4, 1))), np.array([0.2, 0.4, 0.6, 0.8])
    found = field.tangent(x, t, np.array(directions), condition)
    for k, direction in enumerate(directions):
        ahead, behind = (field.endpoints(x + s * direction, t, condition) for s in (1e-6, -1e-6))
        np.testing.assert_allclose(found.data[k], (ahead.data - behind.data) / 2e-6, atol=1e-7)
        np.testing.assert_allclose(found.noise[k], (ahead.noise - behind.noise) / 2e-6, atol=1e-7)


def test_no_tangent_where_the_regressor_has_none():
    field = RegressorField(LinearRegression(), PATHS["linear"](), "velocity")
    assert not hasattr(field, "tangent")
