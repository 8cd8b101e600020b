"""Solvers: from noise to data, or from data to noise, along a field.

A step goes from time t to time s by a formula in the field's endpoints.  `solve` is the loop over the steps,
`time_grid` makes their times, and `SOLVERS` is the table.  Where x at the last time still holds noise (all paths but
"linear" and "trigonometric"), the last of the n_steps steps is the expected data (Tweedie).
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from skensemble._parameters import Interval, OneOf, ParameterError, check_parameter
from skensemble.generative.paths._vector_field import score_of, velocity_of

PRIOR_STREAM, STEP_STREAM = 1, 2  # of RowNoise

# -- solvers ---------------------------------------------------------------------------------------------------------


class Solver:
    """A way to go from time t to time s.

    name : str, key in `SOLVERS`
    is_stochastic : bool, whether steps draw noise; only deterministic solvers can go from data to noise
    convergence_order : int, for deterministic solvers: the error falls as n_steps^-convergence_order
    n_steps : int, default number of steps, which is enough for most tables
    n_evaluations : int, evaluations of the field per step
    """

    is_stochastic = False
    convergence_order = 1
    n_steps = 50
    n_evaluations = 1

    def misfit(self, path):
        """The reason why the solver cannot follow a path, in words; None if it can."""

    def begin(self):
        """The step function of one run: step(field, x, t, s, noise) -> x at s.

        field : with `path` and `endpoints(x, t)`; the condition is bound already
        noise : with `normal()`, fresh standard normal numbers shaped like x
        """
        return self.step


class Ancestral(Solver):
    """Draw from q(x_s | x_t, expected data) (Ho et al. 2020, equations 6 and 7), for any path:

    with r = alpha_t / alpha_s and v = sigma_t^2 - r^2 sigma_s^2, the variance that noise gains from s to t,
    mean = (r sigma_s^2 x + alpha_s v data) / sigma_t^2, variance = v sigma_s^2 / sigma_t^2 (beta tilde).
    """

    name = "ddpm"
    is_stochastic = True
    n_steps = 100

    def step(self, field, x, t, s, noise):
        path, data = field.path, field.endpoints(x, t).data
        alpha, ratio, variance = path.alpha(s), path.alpha(t) / path.alpha(s), path.sigma(t) ** 2
        kept = path.sigma(s) ** 2 / variance
        gained = variance - ratio**2 * path.sigma(s) ** 2
        return ratio * kept * x + alpha * (gained / variance) * data + np.sqrt(gained * kept) * noise.normal()


@dataclass(frozen=True)
class Implicit(Solver):
    """x_s = alpha_s data + sigma_s noise, with the noise kept or, by a share eta, drawn afresh (Song et al. 2021, DDIM,
    equations 12 and 16; fresh variance eta^2 sigma_s^2 (1 - SNR_t / SNR_s)).  eta = 1 is "ddpm"."""

    name = "ddim"
    eta: float = 0.0

    @property
    def is_stochastic(self):
        return self.eta > 0.0

    def step(self, field, x, t, s, noise):
        path, (data, kept) = field.path, field.endpoints(x, t)
        alpha, sigma = path.alpha(s), path.sigma(s)
        if not self.is_stochastic:
            return alpha * data + sigma * kept
        fresh = self.eta * np.sqrt(sigma**2 - (path.alpha(t) * sigma**2 / (alpha * path.sigma(t))) ** 2)
        return alpha * data + np.sqrt(sigma**2 - fresh**2) * kept + fresh * noise.normal()


class EulerMaruyama(Solver):
    """The reverse SDE dx = (f x - g^2 score) dt + g dw by straight steps (Song et al. 2021, equation 6)."""

    name = "euler_maruyama"
    is_stochastic = True
    n_steps = 200

    def misfit(self, path):
        if path.alpha(path.t_max) == 0.0:
            return f"the drift of its SDE is infinite at t = {path.t_max:g}, where x_t is noise alone"

    def step(self, field, x, t, s, noise):
        step, spread = t - s, field.path.diffusion_squared(t)
        drift = field.path.drift(t) * x - spread * _score(field, x, t)
        return x - step * drift + np.sqrt(step * spread) * noise.normal()


@dataclass(frozen=True)
class PredictorCorrector(Solver):
    """An ancestral step, then Langevin steps that pull x towards the marginal at s (Song et al. 2021, algorithm 1).

    Langevin steps are 2 (signal_to_noise sigma_s)^2.  The paper divides by the norm of the score, averaged over a
    batch; here it is replaced by sqrt(n_columns) / sigma_s, that of one data point, so that a row does not depend on
    the others.
    """

    name = "predictor_corrector"
    n_corrections: int = 1
    signal_to_noise: float = 0.16
    is_stochastic = True
    n_steps = 100

    @property
    def n_evaluations(self):
        return 1 + self.n_corrections

    def step(self, field, x, t, s, noise):
        x = Ancestral().step(field, x, t, s, noise)
        step = 2.0 * (self.signal_to_noise * field.path.sigma(s)) ** 2
        for _ in range(self.n_corrections if step > 0.0 else 0):
            x = x + step * _score(field, x, s) + np.sqrt(2.0 * step) * noise.normal()
        return x


class Euler(Solver):
    """The probability-flow ODE (Song et al. 2021, equation 13) by straight steps; on "linear" that is "ddim"."""

    name = "euler"

    def step(self, field, x, t, s, noise):
        return x + (s - t) * _velocity(field, x, t)


class Midpoint(Solver):
    """The same ODE with the velocity from half-way."""

    name = "midpoint"
    convergence_order = 2
    n_steps = 10
    n_evaluations = 2

    def step(self, field, x, t, s, noise):
        half = 0.5 * (s - t)
        return x + (s - t) * _velocity(field, x + half * _velocity(field, x, t), t + half)


class Heun(Solver):
    """The same ODE with the mean of the velocities at both ends (Karras et al. 2022, algorithm 1)."""

    name = "heun"
    convergence_order = 2
    n_steps = 15
    n_evaluations = 2

    def step(self, field, x, t, s, noise):
        first = _velocity(field, x, t)
        return x + (0.5 * (s - t)) * (first + _velocity(field, x + (s - t) * first, s))


class MultistepData(Solver):
    """DPM-Solver++(2M): exact in x, linear extrapolation of the expected data in lambda = log(alpha / sigma) (Lu et al.
    2022, algorithm 2).  One evaluation a step; steps to or from infinite lambda are of first order."""

    name = "dpm++"
    convergence_order = 2
    n_steps = 20

    def begin(self):
        return _MultistepRun().step


class _MultistepRun:
    """What a run of DPM-Solver++ remembers: the last expected data and the last step in lambda."""

    def __init__(self):
        self.data, self.step_before = None, np.inf

    def step(self, field, x, t, s, noise):
        path, (data, kept) = field.path, field.endpoints(x, t)
        step = 0.5 * (path.log_snr(s) - path.log_snr(t))
        x = path.alpha(s) * data + path.sigma(s) * kept
        if self.data is not None and np.isfinite(step) and np.isfinite(self.step_before):
            weight = path.alpha(s) - path.sigma(s) * (path.alpha(t) / path.sigma(t))
            x = x + (weight * 0.5 * step / self.step_before) * (data - self.data)
        self.data, self.step_before = data, step
        return x


def _velocity(field, x, t):
    return velocity_of(field.endpoints(x, t), t, field.path)


def _score(field, x, t):
    return score_of(field.endpoints(x, t), t, field.path)


SOLVERS = {
    solver.name: solver
    for solver in (
        Ancestral,
        Implicit,
        EulerMaruyama,
        PredictorCorrector,
        Euler,
        Midpoint,
        Heun,
        MultistepData,
    )
}


def make_solver(solver, path, eta=None):
    """A Solver from its name, checked against the path.

    solver : str, a key of `SOLVERS`, or a Solver
    eta : float in [0, 1], optional; only "ddim" has it
    """
    if not isinstance(solver, Solver):
        check_parameter("solver", solver, (OneOf(*SOLVERS),))
        solver = SOLVERS[solver]()
    if eta is not None:
        solver = _with_eta(solver, eta)
    misfit = solver.misfit(path)
    if misfit:
        raise ParameterError(f"solver must fit path {path.name!r}, got {solver.name!r}: {misfit}.")
    return solver


def _with_eta(solver, eta):
    check_parameter("eta", eta, (Interval(float, 0.0, 1.0, "both"),))
    if not hasattr(solver, "eta"):
        takers = " or ".join(repr(name) for name, known in SOLVERS.items() if hasattr(known, "eta"))
        raise ParameterError(f"eta must be left out unless solver is {takers}, got eta={eta!r} and {solver.name!r}.")
    return replace(solver, eta=float(eta))


# -- times -----------------------------------------------------------------------------------------------------------


def _uniform(path, u):
    return path.t_max + u * (path.t_min - path.t_max)


def _sqrt(path, u):
    return (np.sqrt(path.t_max) + u * (np.sqrt(path.t_min) - np.sqrt(path.t_max))) ** 2


GRIDS = {"uniform": _uniform, "sqrt": _sqrt}  # from u in [0, 1] to times from t_max to t_min


def time_grid(path, n_steps, grid=None, *, n_levels=None, denoise=True):
    """Falling times, between which the steps go; with `denoise`, and if noise is left at the last one, a step to data
    follows.

    path : Path
    n_steps : int >= 1, steps in all
    grid : "uniform", "sqrt" (finer near data), an array of falling times, or None for what suits the path
    n_levels : int, optional; for a model that is defined at the times t_max * i / n_levels, i >= 1, only
    """
    check_parameter("n_steps", n_steps, (Interval(int, 1),))
    if n_levels is not None:
        return _level_grid(path, n_steps, grid, n_levels)
    if isinstance(grid, (list, tuple, np.ndarray)):
        return _given_grid(grid)
    n_moves = n_steps - 1 if denoise and path.sigma(path.t_min) > 0.0 else n_steps
    times = _grid_function(path, grid)(path, np.linspace(0.0, 1.0, n_moves + 1))
    times[0] = path.t_max
    if n_moves > 0:
        times[-1] = path.t_min  # not a rounding beside it
    return times


def _grid_function(path, grid):
    if grid is not None:
        check_parameter("grid", grid, (OneOf(*GRIDS),))
    return GRIDS[grid or path.grid]


def _given_grid(grid):
    times = np.asarray(grid, np.float64)
    if times.ndim != 1 or times.size == 0 or not (np.diff(times) < 0.0).all() or times[0] > 1.0 or times[-1] < 0.0:
        raise ParameterError(f"grid must be a 1-D array of falling times in [0, 1], got {grid!r}.")
    return times


def _level_grid(path, n_steps, grid, n_levels):
    """n_steps levels of n_levels, the top one first: those next to the grid's times, each once."""
    if n_steps > n_levels:
        raise ParameterError(f"n_steps must be at most the number of levels, {n_levels}, got {n_steps!r}.")
    times = _grid_function(path, grid)(path, np.linspace(1.0, 0.0, n_steps)) if n_steps > 1 else [path.t_max]
    rank = np.arange(n_steps)
    level = np.rint(np.asarray(times) * (n_levels / path.t_max)).astype(np.int64)
    level = np.maximum.accumulate(np.maximum(level, 1) - rank) + rank
    level = np.minimum(level, n_levels - n_steps + 1 + rank)
    return path.t_max * level[::-1] / n_levels


# -- the loop --------------------------------------------------------------------------------------------------------


def prior_sample(path, noise, n_columns):
    """What sampling starts from: x at t_max, (n_rows, n_columns).

    noise : RowNoise
    """
    return path.prior_scale * noise.of_stream(PRIOR_STREAM).normal(0, n_columns)


def solve(
    field,
    x,
    solver="heun",
    n_steps=20,
    *,
    eta=None,
    noise=None,
    condition=None,
    reverse=False,
    denoise=True,
    grid=None,
    n_levels=None,
    callback=None,
):
    """Carry x from noise to data, or with `reverse` from data to noise.

    Parameters
    ----------
    field : object with `path` and `endpoints(x, t, condition)`
    x : float64 (n_rows, n_columns)
        x at path.t_max (see `prior_sample`); with `reverse`, data.
    solver : str, a key of `SOLVERS`, or a Solver
    n_steps : int
    eta : float in [0, 1], optional
        The share of fresh noise in "ddim".
    noise : RowNoise, optional
        Of the same rows; stochastic solvers need it.
    condition : Condition, optional
    reverse : bool, default=False
        From data to noise; deterministic solvers only.  `solve(..., denoise=False)` goes back to the same x, up to the
        errors of the solver.
    denoise : bool, default=True
        Whether the last step is the expected data, where x at the last time still holds noise.
    grid, n_levels
        See `time_grid`.
    callback : callable, optional
        Called as callback(step, t, x) after each step, with the time that has been reached and x there.

    Returns
    -------
    x : float64 (n_rows, n_columns)

    Raises
    ------
    ParameterError
        For an unknown solver or one that does not fit the path, n_steps < 1, a grid that does not fall.
    """
    path = field.path
    solver = make_solver(solver, path, eta)
    _check_noise(solver, noise, reverse)
    denoise = denoise and not reverse
    times = time_grid(path, n_steps, grid, n_levels=n_levels, denoise=denoise)
    times = times[::-1] if reverse else times
    field, draws, step = _Conditioned(field, condition), _Draws(noise, x.shape[1]), solver.begin()
    for i, (t, s) in enumerate(pairwise(times)):
        x = step(field, x, t, s, draws)
        if callback is not None:
            callback(i, s, x)
    return _denoised(field, x, times, callback) if denoise else x


def _denoised(field, x, times, callback):
    if field.path.sigma(times[-1]) == 0.0:
        return x
    x = field.endpoints(x, times[-1]).data
    if callback is not None:
        callback(len(times) - 1, 0.0, x)
    return x


def _check_noise(solver, noise, reverse):
    if reverse and solver.is_stochastic:
        deterministic = ", ".join(repr(name) for name, known in SOLVERS.items() if not known().is_stochastic)
        raise ParameterError(
            f"solver must be deterministic to go from data to noise ({deterministic}, with eta=0), got {solver.name!r}."
        )
    if solver.is_stochastic and noise is None:
        raise ParameterError(f"noise must be a RowNoise for solver {solver.name!r}, got None.")


class _Conditioned:
    """A field with its condition: what steps see."""

    def __init__(self, field, condition):
        self.path, self._field, self._condition = field.path, field, condition

    def endpoints(self, x, t):
        return self._field.endpoints(x, t, self._condition)


class _Draws:
    """The noise of one run: each call of `normal` is a step of its own."""

    def __init__(self, noise, n_columns):
        self._noise = None if noise is None else noise.of_stream(STEP_STREAM)
        self._n_columns, self._n_drawn = n_columns, 0

    def normal(self):
        self._n_drawn += 1
        return self._noise.normal(self._n_drawn, self._n_columns)
