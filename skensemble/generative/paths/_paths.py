"""Paths from data to noise, and what can be predicted along them.

Every model here moves along  x_t = alpha(t) * data + sigma(t) * noise,  t in [0, 1], noise ~ N(0, I).  t = 0 is data
and t = 1 is noise on every path.  Papers about flows count the other way: their t is 1 - t here, and their velocity has
the other sign.

Together with x_t, any prediction a(t) * data + b(t) * noise fixes the pair (data, noise); all else is a formula in it.
`PATHS` and `PREDICTIONS` are the tables.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# -- paths -----------------------------------------------------------------------------------------------------------


class Path:
    """Base class of paths.

    A final class gives `alpha`, `sigma` and their derivatives in t; t is a number or an array, and so is what comes
    back.

    name : str, key in `PATHS`
    t_min : float, where sampling ends
    t_max : float, where sampling starts
    grid : str, how times of sampling are spaced unless asked otherwise, see `_solvers.GRIDS`
    offered_by_flow_matching, offered_by_score_sde : bool, whether these models can be asked for the path
    ddpm_schedule : str or None, the name by which DDPM offers it
    """

    grid = "uniform"
    offered_by_flow_matching = True
    offered_by_score_sde = False
    ddpm_schedule = None

    def alpha(self, t):
        """Factor of data: 1 at t = 0, and falls."""
        raise NotImplementedError

    def sigma(self, t):
        """Factor of noise: rises."""
        raise NotImplementedError

    def alpha_derivative(self, t):
        raise NotImplementedError

    def sigma_derivative(self, t):
        raise NotImplementedError

    def log_snr(self, t):
        """2 log(alpha / sigma): the log of the signal-to-noise ratio; +inf where there is no noise, -inf without
        data."""
        with np.errstate(divide="ignore"):
            return 2.0 * (np.log(self.alpha(t)) - np.log(self.sigma(t)))

    def scale(self, t):
        """Standard deviation of x_t for data of unit variance."""
        return np.hypot(self.alpha(t), self.sigma(t))

    @property
    def prior_scale(self):
        """Standard deviation of x at t_max for data of unit variance: the scale of what sampling starts from."""
        return float(self.scale(self.t_max))

    def drift(self, t):
        """f in the forward SDE dx = f(t) x dt + g(t) dw (Song et al. 2021, equation 5)."""
        return self.alpha_derivative(t) / self.alpha(t)

    def diffusion_squared(self, t):
        """g(t)^2 of the same SDE: what keeps the variance of x_t given data at sigma(t)^2."""
        sigma = self.sigma(t)
        return 2.0 * sigma * (self.sigma_derivative(t) - self.drift(t) * sigma)


@dataclass(frozen=True)
class _LinearBeta:
    """beta(t) = beta_min + t (beta_max - beta_min); alpha(t) = exp(-B(t) / 2) with B the integral of beta."""

    beta_min: float = 0.1
    beta_max: float = 20.0
    t_min: float = 1e-3
    t_max: float = 1.0

    def beta(self, t):
        return self.beta_min + t * (self.beta_max - self.beta_min)

    def integrated_beta(self, t):
        return t * (self.beta_min + 0.5 * t * (self.beta_max - self.beta_min))

    def alpha(self, t):
        return np.exp(-0.5 * self.integrated_beta(t))

    def alpha_derivative(self, t):
        return -0.5 * self.beta(t) * self.alpha(t)


class VariancePreserving(_LinearBeta, Path):
    """sigma^2 = 1 - alpha^2 (Song et al. 2021, equation 11); DDPM with linearly rising beta is its discrete form."""

    name = "vp"
    grid = "sqrt"
    offered_by_score_sde = True
    ddpm_schedule = "linear"

    def sigma(self, t):
        return np.sqrt(-np.expm1(-self.integrated_beta(t)))

    def sigma_derivative(self, t):
        return 0.5 * self.beta(t) * np.exp(-self.integrated_beta(t)) / self.sigma(t)

    def log_snr(self, t):
        with np.errstate(divide="ignore"):
            return -np.log(np.expm1(self.integrated_beta(t)))


class SubVariancePreserving(_LinearBeta, Path):
    """sigma = 1 - alpha^2: less noise than "vp" at every t (Song et al. 2021, equation 29)."""

    name = "subvp"
    grid = "sqrt"
    offered_by_flow_matching = False
    offered_by_score_sde = True

    def sigma(self, t):
        return -np.expm1(-self.integrated_beta(t))

    def sigma_derivative(self, t):
        return self.beta(t) * np.exp(-self.integrated_beta(t))


@dataclass(frozen=True)
class CosineVariancePreserving(Path):
    """alpha falls as a cosine from 1 at t = 0 (Nichol and Dhariwal 2021, equation 17); sigma^2 = 1 - alpha^2."""

    name = "cosine"
    grid = "sqrt"
    ddpm_schedule = "cosine"
    offset: float = 0.008
    t_min: float = 1e-3
    t_max: float = 0.999  # alpha(1) is 0, and beta infinite

    def _angle(self, t):
        return 0.5 * np.pi * (t + self.offset) / (1.0 + self.offset)

    @property
    def _angular_velocity(self):
        return 0.5 * np.pi / (1.0 + self.offset)

    def alpha(self, t):
        return np.cos(self._angle(t)) / np.cos(self._angle(0.0))

    def alpha_derivative(self, t):
        return -self._angular_velocity * np.sin(self._angle(t)) / np.cos(self._angle(0.0))

    def sigma(self, t):
        # cos(a)^2 - cos(b)^2 = sin(b - a) sin(b + a): nothing cancels near t = 0
        first, now = self._angle(0.0), self._angle(t)
        return np.sqrt(np.sin(now - first) * np.sin(now + first)) / np.cos(first)

    def sigma_derivative(self, t):
        return -self.alpha(t) * self.alpha_derivative(t) / self.sigma(t)


@dataclass(frozen=True)
class VarianceExploding(Path):
    """alpha = 1; sigma grows geometrically from sigma_min to sigma_max (Song et al. 2021, appendix C)."""

    name = "ve"
    offered_by_flow_matching = False
    offered_by_score_sde = True
    sigma_min: float = 0.01
    sigma_max: float = 20.0
    t_min: float = 0.0
    t_max: float = 1.0

    @property
    def _log_ratio(self):
        return np.log(self.sigma_max / self.sigma_min)

    def alpha(self, t):
        return np.ones_like(t, dtype=np.float64)[()]

    def alpha_derivative(self, t):
        return np.zeros_like(t, dtype=np.float64)[()]

    def sigma(self, t):
        return self.sigma_min * np.exp(self._log_ratio * t)

    def sigma_derivative(self, t):
        return self._log_ratio * self.sigma(t)


@dataclass(frozen=True)
class Linear(Path):
    """alpha = 1 - t, sigma = t: straight lines (Liu et al. 2022; Lipman et al. 2023, the optimal-transport path)."""

    name = "linear"
    t_min: float = 0.0
    t_max: float = 1.0

    def alpha(self, t):
        return 1.0 - np.asarray(t, np.float64)[()]

    def alpha_derivative(self, t):
        return -np.ones_like(t, dtype=np.float64)[()]

    def sigma(self, t):
        return np.asarray(t, np.float64)[()]

    def sigma_derivative(self, t):
        return np.ones_like(t, dtype=np.float64)[()]


@dataclass(frozen=True)
class Trigonometric(Path):
    """alpha = cos(pi t / 2), sigma = sin(pi t / 2) (Albergo and Vanden-Eijnden 2023)."""

    name = "trigonometric"
    t_min: float = 0.0
    t_max: float = 1.0

    def alpha(self, t):
        return np.sin(0.5 * np.pi * (1.0 - t))  # exactly 0 at t = 1, which cos is not

    def alpha_derivative(self, t):
        return -0.5 * np.pi * np.sin(0.5 * np.pi * t)

    def sigma(self, t):
        return np.sin(0.5 * np.pi * t)

    def sigma_derivative(self, t):
        return 0.5 * np.pi * np.sin(0.5 * np.pi * (1.0 - t))


PATHS = {
    path.name: path
    for path in (
        VariancePreserving,
        CosineVariancePreserving,
        SubVariancePreserving,
        VarianceExploding,
        Linear,
        Trigonometric,
    )
}

# -- predictions -----------------------------------------------------------------------------------------------------


class Endpoints(NamedTuple):
    """The two ends that x_t lies between, or their expectations: (n_rows, n_columns) each."""

    data: np.ndarray
    noise: np.ndarray


class Prediction(NamedTuple):
    """A prediction is a(t) * data + b(t) * noise; `coefficients(t, path)` are (a, b)."""

    coefficients: Callable


PREDICTIONS = {
    "noise": Prediction(lambda t, path: (0.0, 1.0)),
    "data": Prediction(lambda t, path: (1.0, 0.0)),
    "velocity": Prediction(lambda t, path: (path.alpha_derivative(t), path.sigma_derivative(t))),  # dx_t / dt
    "score": Prediction(lambda t, path: (0.0, -1.0 / path.sigma(t))),  # the gradient of log p(x_t)
}


def as_column(t):
    """Times for rows of an array: (n_rows,) becomes (n_rows, 1); a number stays one."""
    return t if np.ndim(t) == 0 else np.asarray(t)[:, np.newaxis]


def mix(endpoints, t, path):
    """x_t = alpha data + sigma noise."""
    t = as_column(t)
    return path.alpha(t) * endpoints.data + path.sigma(t) * endpoints.noise


def target_of(prediction, endpoints, t, path):
    """What a regressor of this prediction has to learn: a data + b noise.

    prediction : str, a key of `PREDICTIONS`
    endpoints : Endpoints
    t : number or (n_rows,)
    """
    a, b = PREDICTIONS[prediction].coefficients(as_column(t), path)
    return a * endpoints.data + b * endpoints.noise


def endpoints_of(prediction, value, x, t, path):
    """Solve  alpha data + sigma noise = x,  a data + b noise = value  for (data, noise).

    prediction : str, a key of `PREDICTIONS`
    value, x : (n_rows, n_columns)
    t : number or (n_rows,)
    """
    t = as_column(t)
    alpha, sigma = path.alpha(t), path.sigma(t)
    a, b = PREDICTIONS[prediction].coefficients(t, path)
    determinant = alpha * b - sigma * a
    return Endpoints((b * x - sigma * value) / determinant, (alpha * value - a * x) / determinant)


def determines_endpoints(prediction, t, path):
    """Whether the prediction and x_t fix data and noise at time t: a prediction of noise says nothing about data where
    x_t is noise alone."""
    with np.errstate(divide="ignore"):
        a, b = PREDICTIONS[prediction].coefficients(t, path)
    with np.errstate(invalid="ignore"):
        determinant = path.alpha(t) * b - path.sigma(t) * a
    return bool(np.isfinite(determinant) and determinant != 0.0)
