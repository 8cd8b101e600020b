"""Both ways to train a flow in continuous time give densities that agree with exact ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from skensemble.generative.flows._continuous_flow import ContinuousNormalizingFlow

MEAN, COVARIANCE = np.array([3.0, -2.0]), np.array([[2.0, 1.2], [1.2, 1.0]])
SETTINGS = {
    "flow_matching": {"max_epochs": 60},
    "likelihood": {"max_epochs": 15, "n_steps": 3, "learning_rate": 5e-3},
}

every_training = pytest.mark.parametrize("training", SETTINGS)


def _rows(n_rows=1000, seed=0):
    return np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, n_rows)


@pytest.fixture(scope="module", params=SETTINGS)
def model(request):
    settings = {"hidden_layer_sizes": (24, 24), "random_state": 0, **SETTINGS[request.param]}
    return ContinuousNormalizingFlow(training=request.param, **settings).fit(_rows())


def test_density_of_gaussian_rows_is_theirs(model):
    X = _rows(500, seed=1)
    truth = multivariate_normal(MEAN, COVARIANCE).logpdf(X)
    assert abs(np.mean(model.score_samples(X) - truth)) < 0.1
    assert model.likelihood_ == "ode"


def test_density_integrates_to_one(model):
    axes = np.linspace(-7.0, 7.0, 120)
    grid = np.stack(np.meshgrid(axes, axes), axis=-1).reshape(-1, 2) + MEAN
    assert_allclose(np.exp(model.score_samples(grid)).sum() * (axes[1] - axes[0]) ** 2, 1.0, atol=0.03)


def test_latents_lead_back(model):
    X = _rows(100)
    assert_allclose(model.inverse_transform(model.transform(X)), X, atol=0.02)


def test_samples_look_like_the_rows(model):
    sample = model.sample(2000)
    assert_allclose(sample.mean(axis=0), MEAN, atol=0.25)
    assert_allclose(np.cov(sample.T), COVARIANCE, atol=0.4)


@every_training
def test_labels_condition(training):
    y = np.repeat([0, 1], 200)
    X = np.random.default_rng(0).normal(size=(400, 1)) + 6.0 * y[:, np.newaxis]
    settings = {**SETTINGS[training], "max_epochs": 40, "learning_rate": 5e-3, "random_state": 0}
    model = ContinuousNormalizingFlow(training=training, hidden_layer_sizes=(16, 16), **settings).fit(X, y)
    assert model.score_samples(X, y).mean() > model.score_samples(X, 1 - y).mean() + 1.0


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="training"):
        ContinuousNormalizingFlow(training="adversarial").fit(_rows(20))
