"""Exact log-densities of smooth fields: the probability-flow ODE carries x to noise, the divergence of its velocity
says how much space is squeezed on the way (Song et al. 2021, equation 39; Grathwohl et al. 2019).

A field of trees is constant between thresholds: its divergence is 0 almost everywhere, and the formula would silently
give a wrong number.  Such fields are refused; see `_bound`.
"""

from functools import partial
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

from skensemble._parameters import Interval, OneOf, check_parameter
from skensemble._random import generator
from skensemble.generative.paths._smoothness import is_piecewise_constant
from skensemble.generative.paths._solvers import time_grid
from skensemble.generative.paths._vector_field import velocity, velocity_of

MOST_EXACT_COLUMNS = 50  # with more columns, the trace is estimated
DIFFERENCE_STEP = 1e-5  # of central differences, in units of standardised columns
ADAPTIVE_ROWS = 256  # number of rows that share the steps of the adaptive solver
TANGENTS_AT_ONCE = 1 << 15  # maximum rows x directions in a block of tangents


def log_density(
    field,
    x,
    condition=None,
    *,
    method="rk4",
    n_steps=40,
    rtol=1e-6,
    atol=1e-6,
    trace="auto",
    n_probes=8,
    random_state=None,
):
    """log p(x) of the flow of a smooth field, in nats.

    Parameters
    ----------
    field : field with smooth `endpoints`
        Derivatives come from its `divergence(x, t, condition)` (of the velocity) if it has one, else from
        `tangent(x, t, directions, condition)`, else from central differences.
    x : float64 (n_rows, n_columns)
        Data; taken as x at path.t_min.
    condition : Condition, optional
    method : {"rk4", "adaptive"}, default="rk4"
        "rk4": n_steps fixed steps, so that a row does not depend on the others.  "adaptive": scipy's RK45 with `rtol`
        and `atol`, whose steps are shared by blocks of 256 rows.
    trace : {"auto", "exact", "hutchinson"}, default="auto"
        "exact" costs a derivative per column; "hutchinson" n_probes of them, and is unbiased; "auto" is exact up to 50
        columns.
    random_state : int, RandomState, Generator or None
        Of Hutchinson's probes: Rademacher, the same for all rows and times.

    Returns
    -------
    log_density : float64 (n_rows,)

    Raises
    ------
    TypeError
        If the field is piecewise constant.
    """
    check_parameter("method", method, (OneOf("rk4", "adaptive"),))
    check_parameter("trace", trace, (OneOf("auto", "exact", "hutchinson"),))
    check_parameter("n_probes", n_probes, (Interval(int, 1),))
    _check_smooth(field)
    probes = _probes(trace, n_probes, x.shape[1], random_state)

    times = time_grid(field.path, n_steps, denoise=False)[::-1]
    integrate = _fixed_steps if method == "rk4" else partial(_adaptive_steps, rtol=rtol, atol=atol)
    n_rows = ADAPTIVE_ROWS if method == "adaptive" else max(1, TANGENTS_AT_ONCE // x.shape[1])
    result = np.empty(len(x))
    for start in range(0, len(x), n_rows):
        rows = slice(start, start + n_rows)
        given = None if condition is None else condition.take(rows)
        state = np.column_stack([x[rows], np.zeros(len(x[rows]))])
        state = integrate(partial(_rates, field, given, probes), state, times)
        result[rows] = _normal_log_density(state[:, :-1], field.path.prior_scale) + state[:, -1]
    return result


def _rates(field, condition, probes, t, state):
    """d/dt of [x, integral of the divergence]."""
    x = state[:, :-1]
    change = divergence(field, x, t, condition, probes)
    return np.column_stack([velocity(field, x, t, condition), change])


def _check_smooth(field):
    if is_piecewise_constant(field):
        raise TypeError(
            "field must be smooth for an exact log-density, got one that is piecewise constant (trees, neighbours): "
            "its divergence is 0 almost everywhere. Use the evidence lower bound, or a network as regressor."
        )


def _normal_log_density(x, scale):
    return -0.5 * ((x / scale) ** 2 + np.log(2.0 * np.pi * scale**2)).sum(axis=1)


# -- divergence ------------------------------------------------------------------------------------------------------


def _probes(trace, n_probes, n_columns, random_state):
    """Directions (n_probes, n_columns); None for the exact trace."""
    if trace == "exact" or (trace == "auto" and n_columns <= MOST_EXACT_COLUMNS):
        return None
    return generator(random_state).choice([-1.0, 1.0], size=(n_probes, n_columns))


def divergence(field, x, t, condition=None, probes=None):
    """Trace of d velocity / d x, (n_rows,); with probes z (n_probes, n_columns) the mean of z^T J z (Hutchinson)."""
    if probes is None and hasattr(field, "divergence"):
        return field.divergence(x, t, condition)
    directions = np.eye(x.shape[1]) if probes is None else probes
    derivative = _velocity_tangents if hasattr(field, "tangent") else _velocity_differences
    total = along_themselves(derivative(field, x, t, directions, condition), directions)
    return total if probes is None else total / len(probes)


def along_themselves(tangents, directions):
    """Sum over the directions of direction^T tangent, (n_rows,): in one order, which einsum does not have for one row.

    tangents : (n_directions, n_rows, n_columns)
    directions : (n_directions, n_columns)
    """
    return sum((tangent * direction).sum(axis=1) for tangent, direction in zip(tangents, directions))


def _velocity_tangents(field, x, t, directions, condition):
    along = np.broadcast_to(directions[:, np.newaxis], (len(directions), *x.shape))
    return velocity_of(field.tangent(x, t, along, condition), t, field.path)


def _velocity_differences(field, x, t, directions, condition):
    steps = DIFFERENCE_STEP * directions
    ahead = np.array([velocity(field, x + step, t, condition) for step in steps])
    behind = np.array([velocity(field, x - step, t, condition) for step in steps])
    return (ahead - behind) / (2.0 * DIFFERENCE_STEP)


# -- steps -----------------------------------------------------------------------------------------------------------


def _fixed_steps(rates, state, times):
    """The classical Runge-Kutta method of order 4."""
    for t, s in pairwise(times):
        step, middle = s - t, 0.5 * (t + s)
        first = rates(t, state)
        second = rates(middle, state + 0.5 * step * first)
        third = rates(middle, state + 0.5 * step * second)
        fourth = rates(s, state + step * third)
        state = state + step / 6.0 * (first + 2.0 * (second + third) + fourth)
    return state


def _adaptive_steps(rates, state, times, rtol, atol):
    def flat_rates(t, flat):
        return rates(t, flat.reshape(state.shape)).ravel()

    solution = solve_ivp(flat_rates, (times[0], times[-1]), state.ravel(), rtol=rtol, atol=atol)
    if not solution.success:
        raise RuntimeError(f"the adaptive solver gave up: {solution.message} Use method='rk4'.")
    return solution.y[:, -1].reshape(state.shape)
