"""Laws of all paths and predictions."""

import numpy as np
import pytest

from skensemble.generative.paths._paths import (
    PATHS,
    PREDICTIONS,
    Endpoints,
    Linear,
    SubVariancePreserving,
    VarianceExploding,
    VariancePreserving,
    determines_endpoints,
    endpoints_of,
    mix,
    target_of,
)

TIMES = np.array([0.02, 0.1, 0.35, 0.5, 0.77, 0.93, 0.98])
all_paths = pytest.mark.parametrize("path", [path() for path in PATHS.values()], ids=list(PATHS))


def _slope(function, t, step=1e-6):
    return (function(t + step) - function(t - step)) / (2.0 * step)


@all_paths
def test_derivatives_are_those_of_alpha_and_sigma(path):
    np.testing.assert_allclose(path.alpha_derivative(TIMES), _slope(path.alpha, TIMES), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(path.sigma_derivative(TIMES), _slope(path.sigma, TIMES), rtol=1e-7, atol=1e-8)


@all_paths
def test_numbers_and_arrays_of_times_agree(path):
    for function in (path.alpha, path.sigma, path.alpha_derivative, path.sigma_derivative, path.log_snr, path.scale):
        values = function(TIMES)
        assert values.shape == TIMES.shape
        assert [function(float(t)) for t in TIMES] == values.tolist()
        assert np.ndim(function(0.5)) == 0


@all_paths
def test_path_leads_from_data_to_noise(path):
    times = np.linspace(path.t_min, path.t_max, 200)
    assert path.alpha(0.0) == 1.0
    assert path.sigma(path.t_min) <= 0.0106
    assert (np.diff(path.log_snr(times)) < 0.0).all()
    assert path.log_snr(path.t_max) < -5.9  # at most 5 % of x is data
    assert path.prior_scale == np.hypot(path.alpha(path.t_max), path.sigma(path.t_max))


@all_paths
def test_log_snr_is_that_of_alpha_and_sigma(path):
    np.testing.assert_allclose(
        path.log_snr(TIMES), 2.0 * np.log(path.alpha(TIMES) / path.sigma(TIMES)), rtol=1e-9, atol=1e-12
    )


@all_paths
def test_sde_keeps_the_variance_of_the_path(path):
    """d sigma^2 / dt = 2 f sigma^2 + g^2 and d alpha / dt = f alpha."""
    variance = _slope(lambda t: path.sigma(t) ** 2, TIMES)
    expected = 2.0 * path.drift(TIMES) * path.sigma(TIMES) ** 2 + path.diffusion_squared(TIMES)
    np.testing.assert_allclose(variance, expected, rtol=1e-6, atol=1e-7)
    assert (path.diffusion_squared(TIMES) > 0.0).all()


def test_published_coefficients_of_the_sdes():
    """Song et al. 2021, equations 9, 11 and 12 / 29."""
    vp, subvp, ve = VariancePreserving(), SubVariancePreserving(), VarianceExploding()
    beta, integrated = vp.beta(TIMES), vp.integrated_beta(TIMES)
    np.testing.assert_allclose(vp.diffusion_squared(TIMES), beta)
    np.testing.assert_allclose(subvp.diffusion_squared(TIMES), beta * (1.0 - np.exp(-2.0 * integrated)))
    np.testing.assert_allclose(ve.diffusion_squared(TIMES), 2.0 * np.log(2000.0) * (0.01 * 2000.0**TIMES) ** 2)
    np.testing.assert_allclose(vp.drift(TIMES), -0.5 * beta)
    np.testing.assert_allclose(vp.alpha(1.0) ** 2, 4.3e-5, rtol=0.02)


@all_paths
@pytest.mark.parametrize("times", [TIMES, 0.4], ids=["of rows", "of all"])
def test_predictions_give_the_endpoints_back_and_each_other(path, times):
    rng = np.random.default_rng(0)
    endpoints = Endpoints(rng.standard_normal((7, 3)), rng.standard_normal((7, 3)))
    x = mix(endpoints, times, path)
    for name in PREDICTIONS:
        found = endpoints_of(name, target_of(name, endpoints, times, path), x, times, path)
        np.testing.assert_allclose(found, endpoints, atol=1e-10)
        for other in PREDICTIONS:
            expected = target_of(other, endpoints, times, path)
            np.testing.assert_allclose(
                target_of(other, found, times, path), expected, atol=1e-10 * np.abs(expected).max()
            )


def test_what_predictions_are():
    path, t, endpoints = VariancePreserving(), 0.3, Endpoints(np.array([[2.0]]), np.array([[-1.0]]))
    assert target_of("noise", endpoints, t, path) == -1.0
    assert target_of("data", endpoints, t, path) == 2.0
    assert target_of("score", endpoints, t, path) == 1.0 / path.sigma(t)
    np.testing.assert_allclose(target_of("velocity", endpoints, t, path), _slope(lambda t: mix(endpoints, t, path), t))
    linear = PATHS["linear"]()
    assert target_of("velocity", endpoints, t, linear) == -3.0  # noise - data


def test_which_predictions_fix_the_endpoints_where_sampling_starts():
    fixed = {
        (name, p) for name, path in PATHS.items() for p in PREDICTIONS if determines_endpoints(p, path().t_max, path())
    }
    everything = {(name, p) for name in PATHS for p in PREDICTIONS}
    without_data = {p for p, prediction in PREDICTIONS.items() if prediction.coefficients(0.5, Linear())[0] == 0.0}
    noise_alone = {name for name, path in PATHS.items() if path().alpha(path().t_max) == 0.0}
    assert everything - fixed == {(name, p) for name in noise_alone for p in without_data}


@all_paths
def test_velocity_fixes_the_endpoints_from_end_to_end(path):
    assert determines_endpoints("velocity", path.t_min, path)
    assert determines_endpoints("velocity", path.t_max, path)
