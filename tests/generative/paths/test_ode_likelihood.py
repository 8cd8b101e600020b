import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeRegressor

from skensemble.generative.paths._field_input import Condition
from skensemble.generative.paths._ode_likelihood import divergence, log_density
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._vector_field import RegressorField, velocity
from tests.generative.exact_fields import gaussian, mixture

all_paths = pytest.mark.parametrize("path", [path() for path in PATHS.values()], ids=list(PATHS))
PLAIN = PATHS["linear"]()


class _ExactField:
    """A Gaussian's field with the derivative of its endpoints: both are linear in x."""

    def __init__(self, path):
        self.exact, self.path = gaussian(path), path
        self.endpoints = self.exact.endpoints

    def tangent(self, x, t, directions, condition=None):
        ahead, behind = (self._endpoints_of_all(x + s * directions, t) for s in (0.5, -0.5))
        return type(ahead)(*(a - b for a, b in zip(ahead, behind)))

    def _endpoints_of_all(self, x, t):
        found = self.exact.endpoints(x.reshape(-1, 2), t)
        return type(found)(*(values.reshape(x.shape) for values in found))


@all_paths
@pytest.mark.parametrize("make", [gaussian, mixture])
def test_exact_fields_give_the_exact_density(path, make):
    field = make(path)
    x = field.sample(100, np.random.default_rng(0))
    found = log_density(field, x, n_steps=80)
    # the prior knows nothing of the mean of data, of which alpha / scale is left at t_max
    seen = path.alpha(path.t_max) / path.prior_scale
    np.testing.assert_allclose(found, field.log_density(x, path.t_min), atol=1e-4 + 3.0 * seen)
    np.testing.assert_allclose(found, field.log_density_of_data(x), atol=2e-4 + 4.0 * seen)


@all_paths
def test_tangents_and_differences_agree(path):
    field = _ExactField(path)
    x = field.exact.sample(20, np.random.default_rng(1))
    np.testing.assert_allclose(divergence(field, x, 0.3), divergence(field.exact, x, 0.3), rtol=1e-6, atol=1e-7)
    probes = np.array([[1.0, -1.0], [1.0, 1.0]])
    np.testing.assert_allclose(
        divergence(field, x, 0.3, probes=probes), divergence(field.exact, x, 0.3, probes=probes), rtol=1e-6, atol=1e-7
    )


def test_a_field_may_know_its_divergence():
    field = mixture(PLAIN)
    x, plain = np.zeros((3, 2)), log_density(field, np.zeros((3, 2)))
    exact = mixture(PLAIN)
    field.divergence = lambda x, t, condition: divergence(exact, x, t, condition)
    np.testing.assert_array_equal(log_density(field, x), plain)


def test_adaptive_steps_agree_with_fixed_ones():
    field = mixture(PLAIN)
    x = field.sample(300, np.random.default_rng(0))
    np.testing.assert_allclose(log_density(field, x, method="adaptive"), log_density(field, x), atol=2e-4)


def test_hutchinson_is_right_on_average():
    """Both Rademacher pairs in two columns give the exact trace; one alone misses the off-diagonal part."""
    field = gaussian(PLAIN)
    x = field.sample(20, np.random.default_rng(0))
    estimates = [
        log_density(field, x, trace="hutchinson", n_steps=10, n_probes=4, random_state=seed) for seed in range(24)
    ]
    exact = log_density(field, x, n_steps=10)
    assert np.ptp([estimate[0] for estimate in estimates]) > 0.01
    np.testing.assert_allclose(np.mean(estimates, axis=0), exact, atol=0.15)
    np.testing.assert_array_equal(
        log_density(field, x, trace="hutchinson", n_steps=10, n_probes=4, random_state=3), estimates[3]
    )


def test_a_row_does_not_depend_on_the_others():
    field = mixture(PLAIN)
    x = field.sample(30, np.random.default_rng(0))
    np.testing.assert_allclose(log_density(field, x)[::-3], log_density(field, x[::-3]), rtol=1e-12)


def test_density_integrates_to_one():
    field = mixture(PLAIN)
    axis = np.linspace(-4.0, 4.0, 41)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    total = logsumexp(log_density(field, grid, n_steps=20)) + 2.0 * np.log(axis[1] - axis[0])
    np.testing.assert_allclose(total, 0.0, atol=1e-3)


def test_conditions_go_with_their_rows():
    class Shifted:
        """Data N(condition, 1)."""

        path = PLAIN

        def endpoints(self, x, t, condition=None):
            field = gaussian(self.path)
            moved = x - self.path.alpha(t) * condition.label
            data, noise = field.endpoints(moved, t)
            return type(field.endpoints(x, t))(data + condition.label, noise)

    x = gaussian(PLAIN).sample(600, np.random.default_rng(0))
    shift = np.linspace(-3.0, 3.0, 600)[:, None]
    for method in ("rk4", "adaptive"):
        found = log_density(Shifted(), x + shift, Condition(label=shift), method=method)
        np.testing.assert_allclose(found, gaussian(PLAIN).log_density_of_data(x), atol=1e-3)


def test_smooth_regressors_are_differentiated_and_trees_refused():
    rng = np.random.default_rng(0)
    features, targets = rng.standard_normal((60, 4)), rng.standard_normal((60, 2))
    network = MLPRegressor(hidden_layer_sizes=(5,), activation="tanh", solver="lbfgs", max_iter=20, random_state=0)
    with pytest.warns(ConvergenceWarning):
        network.fit(features, targets)
    field = RegressorField(network, PLAIN, "velocity")
    assert np.isfinite(log_density(field, targets, n_steps=5)).all()
    assert velocity(field, targets, 0.5).shape == (60, 2)
    tree = RegressorField(DecisionTreeRegressor().fit(features, targets), PLAIN, "velocity")
    with pytest.raises(TypeError, match="field must be smooth for an exact log-density"):
        log_density(tree, targets)


@pytest.mark.parametrize("option", [{"method": "euler"}, {"trace": "none"}, {"n_probes": 0}, {"n_steps": 0}])
def test_bad_options(option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} must be"):
        log_density(gaussian(PLAIN), np.zeros((1, 2)), **option)
