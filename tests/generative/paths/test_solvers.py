"""Laws of all solvers, with fields that are known exactly."""

import numpy as np
import pytest

from skensemble._parameters import ParameterError
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._row_noise import RowNoise
from skensemble.generative.paths._solvers import (
    GRIDS,
    SOLVERS,
    Implicit,
    make_solver,
    prior_sample,
    solve,
    time_grid,
)
from tests.conftest import ROOT
from tests.generative.exact_fields import flow_of_gaussian, gaussian, mixture

DETERMINISTIC = [name for name, solver in SOLVERS.items() if not solver().is_stochastic]
FITTING = [(s, p) for p in PATHS for s in SOLVERS if SOLVERS[s]().misfit(PATHS[p]()) is None]
all_paths = pytest.mark.parametrize("path", [path() for path in PATHS.values()], ids=list(PATHS))
LOST_ORDER = {"dpm++": 0.45}  # a step from infinite log SNR costs it a logarithm
all_fits = pytest.mark.parametrize(("solver", "path_name"), FITTING)


def _prior(path, n_rows, seed=0):
    """Prior noise with exact mean and covariance: what is left in the moments is the error of the solver."""
    x = RowNoise(seed, n_rows).normal(0, 2)
    x = x - x.mean(axis=0)
    return path.prior_scale * x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T, bias=True))).T


def _assert_moments(x, field, atol):
    np.testing.assert_allclose(x.mean(axis=0), field.mean, atol=atol)
    np.testing.assert_allclose(np.cov(x.T, bias=True), field.covariance, atol=atol)


def _n_steps(solver):
    """What the solver needs on the least friendly path."""
    return 200 if SOLVERS[solver]().is_stochastic else 60 if SOLVERS[solver].convergence_order >= 2 else 500


@all_fits
def test_samples_have_the_moments_of_a_gaussian(solver, path_name):
    path = PATHS[path_name]()
    field, n_rows = gaussian(path), 2500 if SOLVERS[solver]().is_stochastic else 200
    x = solve(field, _prior(path, n_rows), solver, _n_steps(solver), noise=RowNoise(1, n_rows))
    _assert_moments(x, field, atol=0.1 if SOLVERS[solver]().is_stochastic else 0.05)


@all_fits
def test_samples_have_the_moments_and_shares_of_a_mixture(solver, path_name):
    path = PATHS[path_name]()
    field, n_rows = mixture(path), 800
    x = solve(field, _prior(path, n_rows), solver, min(_n_steps(solver), 150), noise=RowNoise(2, n_rows))
    _assert_moments(x, field, atol=0.12)
    real = field.sample(20_000, np.random.default_rng(0))
    for direction in ([1.0, 0.0], [0.0, 1.0], [0.8, -0.6]):
        cuts = np.quantile(real @ direction, [0.1, 0.3, 0.5, 0.7, 0.9])
        shares = [(x @ direction <= cut).mean() for cut in cuts]
        np.testing.assert_allclose(shares, [0.1, 0.3, 0.5, 0.7, 0.9], atol=0.07)


@all_paths
@pytest.mark.parametrize("solver", DETERMINISTIC)
def test_order_of_convergence(solver, path):
    field, start = gaussian(path), _prior(path, 100)
    exact = flow_of_gaussian(field, start, path.t_max, path.t_min)
    errors = [np.abs(solve(field, start, solver, n, denoise=False) - exact).mean() for n in (80, 320)]
    order = np.log2(errors[0] / errors[1]) / 2.0
    assert order > SOLVERS[solver].convergence_order - LOST_ORDER.get(solver, 0.15)
    if SOLVERS[solver].convergence_order == 1:
        assert order < 1.15


@all_paths
@pytest.mark.parametrize("solver", DETERMINISTIC)
def test_encode_then_decode_gives_data_back(solver, path):
    field = mixture(path)
    data = field.sample(50, np.random.default_rng(0))
    errors = []
    for n_steps in (50, 400):
        latent = solve(field, data, solver, n_steps, reverse=True)
        errors.append(np.abs(solve(field, latent, solver, n_steps, denoise=False) - data).mean())
    assert errors[1] < (0.2 if SOLVERS[solver].convergence_order == 1 else 2e-3)
    assert errors[1] < errors[0] / (4.0 if SOLVERS[solver].convergence_order == 1 else 20.0)


@all_paths
def test_encoded_gaussian_is_the_prior(path):
    field = gaussian(path)
    data = field.sample(50, np.random.default_rng(0))
    latent = solve(field, data, "heun", 200, reverse=True)
    exact = flow_of_gaussian(field, data, path.t_min, path.t_max)
    np.testing.assert_allclose(latent, exact, atol=5e-3 * path.prior_scale)


@all_paths
def test_ddim_with_eta_1_is_ddpm(path):
    field, noise = mixture(path), RowNoise(3, 40)
    start = prior_sample(path, noise, 2)
    for n_levels in (None, 30):
        ancestral, implicit = (
            solve(field, start, solver, 30, eta=eta, noise=noise, n_levels=n_levels)
            for solver, eta in (("ddpm", None), ("ddim", 1.0))
        )
        np.testing.assert_allclose(ancestral, implicit, rtol=1e-6, atol=1e-9)


def test_ancestral_step_is_that_of_the_paper():
    """Ho et al. 2020, equations 6 and 7, with alpha bar and beta of the levels."""
    path = PATHS["vp"]()
    field, t, s = mixture(path), 0.5, 0.4
    x, z = np.random.default_rng(0).standard_normal((2, 5, 2))
    bar_t, bar_s = path.alpha(t) ** 2, path.alpha(s) ** 2
    beta = 1.0 - bar_t / bar_s
    data = field.endpoints(x, t).data
    mean = np.sqrt(bar_s) * beta / (1 - bar_t) * data + np.sqrt(1 - beta) * (1 - bar_s) / (1 - bar_t) * x
    expected = mean + np.sqrt(beta * (1 - bar_s) / (1 - bar_t)) * z
    np.testing.assert_allclose(SOLVERS["ddpm"]().step(field, x, t, s, _Fixed(z)), expected)


class _Fixed:
    def __init__(self, values):
        self.normal = lambda: values


def test_ddim_on_straight_lines_is_euler():
    field = mixture(PATHS["linear"]())
    start = _prior(field.path, 20)
    np.testing.assert_allclose(solve(field, start, "ddim", 7), solve(field, start, "euler", 7), atol=1e-12)


def test_eta_goes_from_no_noise_to_all():
    field, noise = mixture(PATHS["vp"]()), RowNoise(0, 2000)
    start = prior_sample(field.path, noise, 2)
    np.testing.assert_array_equal(
        solve(field, start, "ddim", 10), solve(field, start, Implicit(eta=0.0), 10, eta=0.0, noise=noise)
    )
    _assert_moments(solve(field, start, "ddim", 100, eta=0.5, noise=noise), field, atol=0.1)


@all_fits
def test_chunks_of_rows_give_the_same_sample(solver, path_name):
    path = PATHS[path_name]()
    field, noise = mixture(path), RowNoise(5, 400)
    condition = np.zeros((400, 1))

    def sample(start, stop):
        part = noise.rows(start, stop)
        return solve(field, prior_sample(path, part, 2), solver, 4, noise=part, condition=condition[start:stop])

    parts = [sample(0, 1), sample(1, 130), sample(130, 300), sample(300, 400)]
    np.testing.assert_allclose(np.concatenate(parts), sample(0, 400), rtol=1e-11, atol=1e-11)


@all_paths
def test_one_step_is_the_mean_of_data(path):
    field = gaussian(path)
    x = solve(field, _prior(path, 100), "ddim", 1)
    np.testing.assert_allclose(x.mean(axis=0), field.mean, atol=0.01)


# -- times -----------------------------------------------------------------------------------------------------------


@all_paths
@pytest.mark.parametrize("grid", [None, *GRIDS])
@pytest.mark.parametrize("n_steps", [1, 2, 7, 50])
def test_times_fall_from_end_to_end(path, grid, n_steps):
    times = time_grid(path, n_steps, grid, denoise=False)
    assert len(times) == n_steps + 1
    assert (times[0], times[-1]) == (path.t_max, path.t_min)
    assert (np.diff(times) < 0.0).all()
    ends_in_data = path.sigma(path.t_min) == 0.0
    assert len(time_grid(path, n_steps, grid)) == (n_steps + 1 if ends_in_data else n_steps)


def test_default_grids():
    assert {name for name, path in PATHS.items() if path.grid == "sqrt"} == {"vp", "cosine", "subvp"}
    assert {path.grid for path in PATHS.values()} == set(GRIDS)
    np.testing.assert_allclose(np.diff(np.sqrt(time_grid(PATHS["vp"](), 9)), 2), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.diff(time_grid(PATHS["linear"](), 9), 2), 0.0, atol=1e-12)


@all_paths
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    ("n_steps", "n_levels"), [(1, 1), (1, 1000), (20, 1000), (50, 1000), (999, 1000), (1000, 1000), (9, 10)]
)
def test_levels_are_distinct_and_start_at_the_top(path, grid, n_steps, n_levels):
    times = time_grid(path, n_steps, grid, n_levels=n_levels)
    level = times * n_levels / path.t_max
    np.testing.assert_allclose(level, np.rint(level), atol=1e-8)
    assert len(times) == n_steps
    assert times[0] == path.t_max
    assert (np.diff(np.rint(level)) <= -1).all()
    assert level[-1] >= 0.99


def test_given_times_are_used():
    field, seen = gaussian(PATHS["vp"]()), []
    solve(field, np.zeros((1, 2)), "euler", grid=[0.9, 0.5, 0.1], callback=lambda step, t, x: seen.append((step, t)))
    assert seen == [(0, 0.5), (1, 0.1), (2, 0.0)]


def test_few_of_many_levels_draw_what_all_levels_draw():
    path = PATHS["vp"]()
    field, n_rows = mixture(path), 500
    few = solve(field, _prior(path, n_rows), "ddim", 50, n_levels=1000)
    many = solve(field, _prior(path, n_rows), "ddim", 1000, n_levels=1000)
    assert np.abs(few - many).mean() < 0.06
    _assert_moments(many, field, atol=0.08)


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path_name", ["linear", "trigonometric"])
def test_a_solver_that_does_not_fit_the_path_is_refused(path_name):
    field = gaussian(PATHS[path_name]())
    with pytest.raises(
        ParameterError, match=f"solver must fit path '{path_name}', got 'euler_maruyama': the drift .* infinite"
    ):
        solve(field, np.zeros((1, 2)), "euler_maruyama", 5, noise=RowNoise(0, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "rk45"}, "solver must be 'ddpm', 'ddim', .*, got 'rk45'"),
        ({"n_steps": 0}, "n_steps must be an int >= 1, got 0"),
        ({"n_steps": 2.5}, "n_steps must be an int >= 1, got 2.5"),
        ({"eta": 1.5, "solver": "ddim"}, r"eta must be a float in \[0.0, 1.0\], got 1.5"),
        ({"eta": 0.5}, "eta must be left out unless solver is 'ddim', got eta=0.5 and 'heun'"),
        ({"grid": "log"}, "grid must be 'uniform' or 'sqrt', got 'log'"),
        ({"grid": [0.1, 0.9]}, "grid must be a 1-D array of falling times"),
        ({"n_steps": 11, "n_levels": 10}, "n_steps must be at most the number of levels, 10, got 11"),
        ({"solver": "ddpm"}, "noise must be a RowNoise for solver 'ddpm', got None"),
        ({"solver": "ddpm", "reverse": True}, "solver must be deterministic to go from data to noise .*, got 'ddpm'"),
        ({"solver": "ddim", "eta": 0.2, "reverse": True}, "with eta=0.*, got 'ddim'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ParameterError, match=message):
        solve(gaussian(PATHS["vp"]()), np.zeros((1, 2)), **options)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_itself_is_taken(name):
    solver = SOLVERS[name]()
    assert make_solver(solver, PATHS["vp"]()) is solver
    assert type(make_solver(name, PATHS["vp"]())) is type(solver)


@pytest.mark.parametrize("name", SOLVERS)
def test_steps_ask_the_field_as_often_as_the_solver_says(name):
    class Counted:
        path, n_calls = PATHS["vp"](), 0

        def endpoints(self, x, t, condition=None):
            self.n_calls += 1
            return gaussian(self.path).endpoints(x, t)

    field = Counted()
    solve(field, np.zeros((3, 2)), name, 4, noise=RowNoise(0, 3), denoise=False)
    assert field.n_calls == 4 * SOLVERS[name]().n_evaluations


def test_the_guide_has_a_row_for_each_solver():
    """| name | draws noise | evaluations of the field per step | order | default number of steps |"""
    lines = (ROOT / "docs" / "generate_a_table.md").read_text().splitlines()
    rows = {
        cells[1].strip('"`'): cells
        for cells in ([c.strip() for c in line.split("|")] for line in lines)
        if len(cells) == 8
    }
    for name, solver in SOLVERS.items():
        solver, (_, _, draws_noise, n_evaluations, order, n_steps, _, _) = solver(), rows[name]
        assert draws_noise == ("if `eta` > 0" if hasattr(solver, "eta") else "yes" if solver.is_stochastic else "no")
        assert int(n_evaluations) == solver.n_evaluations
        assert order == ("" if solver.is_stochastic else str(solver.convergence_order))
        assert int(n_steps) == solver.n_steps
