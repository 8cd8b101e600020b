"""A lower bound on log p(x) for any field, smooth or not: the evidence lower bound of its diffusion.

With lambda = log SNR falling from first (near data) to last (noise) along the path (Kingma et al. 2021, equations
11 to 18),

    -log p(x) <= KL(q(x_last | x) || prior) + 1/2 E int SNR |x - data(x_t)|^2 dlambda - E log p(x | x_first)

whatever the path, since only the SNR counts; with levels, SNR dlambda becomes the difference of the SNR to the level
before. The expectation is over noise.  The field of N(0, I), whose integral is known, serves as a control variate: only
the difference to it is averaged.  Near data the two nearly agree; without it, a hundred times as many draws would be
needed.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtri
from scipy.stats import qmc

from skensemble._parameters import Interval, IsNone, check_parameter
from skensemble._random import generator
from skensemble.generative.paths._paths import Endpoints, mix
from skensemble.generative.paths._solvers import time_grid

LARGEST_LOG_SNR = 10.0  # the bound stops here on paths that go further: x_t is data (or noise) up to 0.7 %
MIDDLE = 0.4  # 1: log SNR is drawn uniformly; smaller: more often near 0, where data and noise are of one size


def elbo(field, x, random_state=None, n_draws=128, condition=None, n_levels=None):
    """Lower bounds on log p(x), in nats; of boxes, on E[log p] over their places.

    All rows get the same times and noise, so that their bounds can be compared, and a bound does not depend on the
    other rows.  Times and noise come from a Sobol sequence, which in a few columns is worth many times as many
    independent draws.

    Parameters
    ----------
    field : field
        For a field of exact expectations the bound is tight, up to the Monte-Carlo error and the noise at the first
        time.
    x : float64 (n_rows, n_columns), or Boxes
    random_state : int, RandomState, Generator or None
    n_draws : int >= 2, default=128
        Number of evaluations of the field, each for all rows; powers of two are spread most evenly.
    condition : Condition, optional
    n_levels : int >= 1, optional
        The bound of the model with levels t_max * i / n_levels (DDPM) in place of continuous time.

    Returns
    -------
    bound : float64 (n_rows,)
    """
    check_parameter("n_draws", n_draws, (Interval(int, 2),))
    check_parameter("n_levels", n_levels, (IsNone, Interval(int, 1)))
    rng, path = generator(random_state), field.path
    boxes = _Points(x) if isinstance(x, np.ndarray) else x
    schedule = _continuous(path) if n_levels is None else _discrete(path, n_levels)
    n_first = n_draws // 4 or 1
    diffusion = _diffusion_loss(field, schedule, _draws(boxes, n_draws - n_first, rng), condition)
    first = _reconstruction_loss(field, schedule.first, _draws(boxes, n_first, rng), condition)
    return -(_prior_divergence(path, boxes, schedule.last) + diffusion + first)


class _Points(NamedTuple):
    """Rows as boxes without width."""

    x: np.ndarray
    has_width: bool = False

    @property
    def n_columns(self):
        return self.x.shape[1]

    def places(self, u):
        return self.x

    def mean_square(self):
        return _square_norm(self.x)


def _draws(boxes, n_draws, rng):
    """[(u, noise, x)]: a number in (0, 1), normal ones (n_columns,) and a place in each box (n_rows, n_columns), from a
    scrambled Sobol sequence: together more even than independent ones (Owen 1997)."""
    n_columns = boxes.n_columns
    n_dimensions = 1 + n_columns * (2 if boxes.has_width else 1)
    sequence = qmc.Sobol(n_dimensions, seed=rng).random_base2(int(np.ceil(np.log2(n_draws))))[:n_draws]
    inside = np.clip(sequence, 1e-12, 1.0 - 1e-12)
    noises, places = ndtri(inside[:, 1 : 1 + n_columns]), inside[:, 1 + n_columns :]
    if not boxes.has_width:
        places = np.full((len(inside), n_columns), 0.5)
    return [(u, noise, boxes.places(place)) for u, noise, place in zip(inside[:, 0], noises, places)]


# -- terms of the bound ----------------------------------------------------------------------------------------------


def _diffusion_loss(field, schedule, draws, condition):
    """1/2 E int SNR |x - data(x_t)|^2 dlambda."""
    loss = 0.0
    for (_, noise, x), t, weight in zip(draws, *schedule.times_and_weights(np.array([u for u, _, _ in draws]))):
        loss += weight * _excess_over_normal(field, x, t, noise, condition)
    return 0.5 * (sum(schedule.normal_loss(x) for _, _, x in draws) + loss) / len(draws)


def _reconstruction_loss(field, t, draws, condition):
    """-E log p(x | x_t) with p = N(expected data, (sigma / alpha)^2 I)."""
    log_snr, n_columns = field.path.log_snr(t), draws[0][2].shape[1]
    error = 0.0
    for _, noise, x in draws:
        error += (_normal_error(x, expit(log_snr)) + _excess_over_normal(field, x, t, noise, condition)) / len(draws)
    return 0.5 * (n_columns * (np.log(2.0 * np.pi) - log_snr) + np.exp(log_snr) * error)


def _excess_over_normal(field, x, t, noise, condition):
    """|x - data(x_t)|^2 minus the same where data is N(0, I): there x - data = (1 - p) x - sqrt(p (1 - p)) noise with
    p = SNR / (1 + SNR)."""
    data = field.endpoints(mix(Endpoints(x, noise), t, field.path), t, condition).data
    p = expit(field.path.log_snr(t))
    normal = (1.0 - p) * x - np.sqrt(p * (1.0 - p)) * noise
    return _square_norm(x - data) - _square_norm(normal)


def _square_norm(values):
    """Sum of the squares of each row, in the order of the columns of a contiguous row, wherever the values lie."""
    return (np.ascontiguousarray(values) ** 2).sum(axis=1)


def _normal_error(x, p):
    """E |x - data(x_t)|^2 over noise where data is N(0, I)."""
    return (1.0 - p) ** 2 * _square_norm(x) + p * (1.0 - p) * x.shape[1]


def _prior_divergence(path, boxes, t):
    """E KL(N(alpha u, sigma^2 I) || N(0, scale^2 I)) at t."""
    alpha, sigma, scale = path.alpha(t), path.sigma(t), path.scale(t)
    ratio = (sigma / scale) ** 2
    n_columns = boxes.n_columns
    return 0.5 * (n_columns * (ratio - 1.0 - np.log(ratio)) + boxes.mean_square() * (alpha / scale) ** 2)


# -- where the field is asked ----------------------------------------------------------------------------------------


class _ContinuousTime(NamedTuple):
    """Times from `first` to `last`."""

    path: object
    first: float
    last: float

    def times_and_weights(self, u):
        """Times, and what squared errors of data are multiplied with there; more times where log SNR is near its
        middle."""
        low, high = self.path.log_snr(self.last), self.path.log_snr(self.first)
        v = 2.0 * u - 1.0
        log_snr = 0.5 * (low + high) + 0.5 * (high - low) * (MIDDLE * v + (1.0 - MIDDLE) * v**3)
        density = (high - low) * (MIDDLE + 3.0 * (1.0 - MIDDLE) * v**2)
        return time_of_log_snr(self.path, log_snr), density * np.exp(log_snr)

    def normal_loss(self, x):
        """int SNR E|x - data|^2 dlambda where data is N(0, I): the integrand is p (1 - p) |x|^2 + p^2 n_columns."""
        low, high = self.path.log_snr(self.last), self.path.log_snr(self.first)
        first_power = expit(high) - expit(low)
        second_power = np.logaddexp(0.0, high) - np.logaddexp(0.0, low) - first_power
        return first_power * _square_norm(x) + second_power * x.shape[1]


class _Levels(NamedTuple):
    """Falling times; a step goes from times[i] to times[i + 1]."""

    path: object
    times: np.ndarray

    @property
    def first(self):
        return self.times[-1]

    @property
    def last(self):
        return self.times[0]

    def _gains(self):
        """Increase of SNR in each step."""
        return np.diff(np.exp(self.path.log_snr(self.times)))

    def times_and_weights(self, u):
        """Times from which a step starts, drawn in proportion to its share of log SNR; more often where more is
        lost."""
        gains = self._gains()
        if gains.size == 0:
            return np.empty(0), np.empty(0)
        log_snr = np.maximum(self.path.log_snr(self.times), -LARGEST_LOG_SNR)
        share = np.diff(log_snr) + 1e-3 * (log_snr[-1] - log_snr[0]) / gains.size  # no step is left out
        share /= share.sum()
        step = np.minimum(np.searchsorted(np.cumsum(share), u, side="right"), gains.size - 1)
        return self.times[step], gains[step] / share[step]

    def normal_loss(self, x):
        gains, p = self._gains(), expit(self.path.log_snr(self.times[:-1]))
        return (gains @ (1.0 - p) ** 2) * _square_norm(x) + (gains @ (p * (1.0 - p))) * x.shape[1]


def _continuous(path):
    ends = np.array([LARGEST_LOG_SNR, -LARGEST_LOG_SNR])
    return _ContinuousTime(path, *time_of_log_snr(path, ends))


def _discrete(path, n_levels):
    return _Levels(path, time_grid(path, n_levels, n_levels=n_levels))


def time_of_log_snr(path, log_snr):
    """Times in [t_min, t_max] where the path has these log SNRs, or comes next to them: by bisection, for log SNR
    falls."""
    low, high = np.full(log_snr.shape, path.t_min), np.full(log_snr.shape, path.t_max)
    for _ in range(60):
        middle = 0.5 * (low + high)
        is_before = path.log_snr(middle) > log_snr
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    return high
