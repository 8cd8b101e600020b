import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from skensemble.generative.paths._bound import elbo, time_of_log_snr
from skensemble.generative.paths._field_input import field_features
from skensemble.generative.paths._paths import PATHS, Endpoints, mix, target_of
from skensemble.generative.paths._solvers import time_grid
from skensemble.generative.paths._vector_field import RegressorField
from skensemble.generative.tables._boxes import Boxes
from tests.generative.exact_fields import GaussianMixtureField, gaussian, mixture

all_paths = pytest.mark.parametrize("path", [path() for path in PATHS.values()], ids=list(PATHS))


@all_paths
@pytest.mark.parametrize("make", [gaussian, mixture])
def test_exact_fields_have_a_tight_bound(path, make):
    field = make(path)
    x = field.sample(100, np.random.default_rng(0))
    exact = field.log_density_of_data(x)
    found = elbo(field, x, 0, n_draws=2048)
    np.testing.assert_allclose(found.mean(), exact.mean(), atol=0.04)
    np.testing.assert_allclose(found, exact, atol=0.25)


@all_paths
def test_a_standard_normal_needs_no_draws(path):
    field = GaussianMixtureField(path, [1.0], np.zeros((1, 3)), np.eye(3)[None])
    x = np.random.default_rng(0).standard_normal((50, 3))
    np.testing.assert_allclose(elbo(field, x, 0, n_draws=2), field.log_density_of_data(x), atol=0.01)


def test_monte_carlo_error_falls_and_is_not_biased():
    field = gaussian(PATHS["vp"]())
    x = field.sample(50, np.random.default_rng(0))
    exact = field.log_density_of_data(x)
    errors = {n: np.array([(elbo(field, x, seed, n) - exact).mean() for seed in range(12)]) for n in (64, 512)}
    assert np.abs(errors[512]).mean() < 0.5 * np.abs(errors[64]).mean()
    assert abs(errors[512].mean()) < 0.03


@all_paths
def test_of_boxes_the_mean_is_bounded(path):
    field = mixture(path)
    rng = np.random.default_rng(0)
    x, half_width = field.sample(40, rng), rng.uniform(0.0, 0.5, size=(40, 2))
    places = x + half_width * rng.uniform(-1.0, 1.0, size=(4000, 40, 2))
    exact = field.log_density_of_data(places.reshape(-1, 2)).reshape(4000, 40).mean(axis=0)
    np.testing.assert_allclose(elbo(field, Boxes.around(x, half_width), 0, n_draws=2048), exact, atol=0.3)


def test_wrong_fields_have_lower_bounds():
    path = PATHS["linear"]()
    field = gaussian(path)
    x = field.sample(200, np.random.default_rng(0))
    exact = field.log_density_of_data(x).mean()
    for wrong in (mixture(path), GaussianMixtureField(path, [1.0], [[0.0, 0.0]], [np.eye(2)])):
        assert elbo(wrong, x, 0).mean() < exact - 0.1


def _gaussian_divergence(mean, variance, other_mean, other_variance):
    """KL(N(mean, variance I) || N(other_mean, other_variance I)) by rows."""
    ratio = variance / other_variance
    distance = ((mean - other_mean) ** 2).sum(axis=1) / other_variance
    return 0.5 * (mean.shape[1] * (ratio - 1.0 - np.log(ratio)) + distance)


def _plain_level_bound(field, x, n_levels, n_draws, rng):
    """The bound of a chain of levels, term by term (Ho et al. 2020, equation 5)."""
    path = field.path
    times = time_grid(path, n_levels, n_levels=n_levels)
    x = np.repeat(x, n_draws, axis=0)
    top = path.alpha(times[0]) * x
    loss = _gaussian_divergence(top, path.sigma(times[0]) ** 2, 0.0, path.prior_scale**2)
    for t, s in itertools.pairwise(times):
        x_t = mix(Endpoints(x, rng.standard_normal(x.shape)), t, path)
        data = field.endpoints(x_t, t).data
        ratio = path.alpha(t) / path.alpha(s)
        gained = path.sigma(t) ** 2 - ratio**2 * path.sigma(s) ** 2
        weight = path.alpha(s) * gained / path.sigma(t) ** 2
        variance = gained * path.sigma(s) ** 2 / path.sigma(t) ** 2
        loss += _gaussian_divergence(weight * x, variance, weight * data, variance)
    noisy = mix(Endpoints(x, rng.standard_normal(x.shape)), times[-1], path)
    spread = (path.sigma(times[-1]) / path.alpha(times[-1])) ** 2
    distance = ((x - field.endpoints(noisy, times[-1]).data) ** 2).sum(axis=1) / spread
    loss += 0.5 * (x.shape[1] * np.log(2 * np.pi * spread) + distance)
    return -loss.reshape(-1, n_draws).mean(axis=1)


@pytest.mark.parametrize(
    ("path_name", "n_levels"), [("vp", 1), ("ve", 1), *((name, n) for name in PATHS for n in (2, 6))]
)
def test_levels_are_those_of_the_chain(path_name, n_levels):
    field = mixture(PATHS[path_name]())
    x = field.sample(4, np.random.default_rng(0))
    expected = _plain_level_bound(field, x, n_levels, 6000, np.random.default_rng(1))
    np.testing.assert_allclose(elbo(field, x, 0, n_draws=1024, n_levels=n_levels), expected, rtol=0.02, atol=0.08)


def test_more_levels_come_near_to_continuous_time():
    field = gaussian(PATHS["ve"]())
    x = field.sample(50, np.random.default_rng(0))
    coarse, fine = (elbo(field, x, 0, 1024, n_levels=n).mean() for n in (50, 1000))
    assert coarse < fine - 0.5
    assert abs(fine - elbo(field, x, 0, 1024).mean()) < 0.12


@all_paths
def test_a_row_does_not_depend_on_the_others(path):
    field = mixture(path)
    x = field.sample(30, np.random.default_rng(0))
    for n_levels in (None, 10):
        whole = elbo(field, x, 0, 16, n_levels=n_levels)
        np.testing.assert_allclose(whole[::-3], elbo(field, x[::-3], 0, 16, n_levels=n_levels), rtol=1e-9)


def test_trees_have_a_bound():
    """A tree that learnt little is well below the truth, and above nothing."""
    path, rng = PATHS["linear"](), np.random.default_rng(0)
    data = gaussian(path).sample(4000, rng)
    t, endpoints = rng.random(4000), Endpoints(data, rng.standard_normal(data.shape))
    features = field_features(mix(endpoints, t, path), t, None, path)
    tree = DecisionTreeRegressor(max_leaf_nodes=100).fit(features, target_of("velocity", endpoints, t, path))
    x = gaussian(path).sample(300, rng)
    bound = elbo(RegressorField(tree, path, "velocity"), x, 0).mean()
    assert bound < gaussian(path).log_density_of_data(x).mean() - 0.1
    assert np.isfinite(bound)


@all_paths
def test_times_of_log_snr(path):
    times = np.linspace(path.t_min, path.t_max, 9)[1:-1]
    np.testing.assert_allclose(time_of_log_snr(path, path.log_snr(times)), times, rtol=1e-7)
    np.testing.assert_allclose(time_of_log_snr(path, np.array([1e9, -1e9])), [path.t_min, path.t_max], atol=1e-12)


@pytest.mark.parametrize("option", [{"n_draws": 1}, {"n_draws": 2.0}, {"n_levels": 0}])
def test_bad_options(option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} must be"):
        elbo(gaussian(PATHS["vp"]()), np.zeros((1, 2)), **option)


@all_paths
def test_a_row_has_the_same_bound_alone_and_in_any_order_of_memory(path):
    field = SimpleNamespace(path=path, endpoints=lambda x, t, condition: Endpoints(0.9 * x, 0.1 * x))
    rows = np.random.default_rng(0).normal(size=(30, 17))
    found = elbo(field, rows, 0, n_draws=8)
    np.testing.assert_array_equal(elbo(field, np.asfortranarray(rows), 0, n_draws=8), found)
    np.testing.assert_array_equal(elbo(field, rows[7:8], 0, n_draws=8), found[7:8])
