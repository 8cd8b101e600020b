"""Fields: the expected data and the expected noise of a row that is at x at time t.

A field is any object with `path` and `endpoints(x, t, condition=None) -> Endpoints`: the expectations of data and noise
given x_t = x.  Velocity and score are formulas in them.  `RegressorField` makes one of a regressor.
"""

import numpy as np
from sklearn.utils.metaestimators import available_if

from skensemble.generative.paths._field_input import FieldLayout, field_features
from skensemble.generative.paths._paths import Endpoints, as_column, determines_endpoints, endpoints_of
from skensemble.generative.paths._smoothness import is_piecewise_constant


class FieldOnField:
    """What fields share that change what another one, their `field`, says."""

    @property
    def path(self):
        return self.field.path

    @property
    def is_smooth(self):
        """Whether expected data and noise are smooth in x."""
        return not is_piecewise_constant(self.field)


class RegressorField:
    """A regressor of one prediction along one path.

    Parameters
    ----------
    regressor : object with `predict(features) -> (n_rows, n_columns)`
        Features are those of `field_features`.
    path : Path
    prediction : str, a key of `PREDICTIONS`
        What the regressor predicts.
    data_bounds : tuple of two (n_columns,) arrays, optional
        Expected data is clipped to them; noise is then what is missing to x.  A prediction of noise needs it most: its
        errors are divided by alpha.

    Raises
    ------
    ValueError
        Where the prediction leaves data or noise open at the first time of sampling.
    """

    def __init__(self, regressor, path, prediction, data_bounds=None):
        if not determines_endpoints(prediction, path.t_max, path):
            raise ValueError(
                f"prediction must say what data is at t = {path.t_max:g}, where x_t on path {path.name!r} is noise "
                f"alone, got {prediction!r}. Take 'velocity' or 'data', or a path with a smaller t_max."
            )
        self.regressor, self.path, self.prediction, self.data_bounds = regressor, path, prediction, data_bounds

    @property
    def is_smooth(self):
        """Whether expected data and noise are smooth in x."""
        return not is_piecewise_constant(self.regressor)

    def endpoints(self, x, t, condition=None):
        """Expected data and noise given x_t = x.

        x : float64 (n_rows, n_columns)
        t : number or (n_rows,)
        condition : Condition or None
        """
        features = field_features(x, t, condition, self.path)
        value = np.asarray(self.regressor.predict(features), np.float64).reshape(x.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            endpoints = endpoints_of(self.prediction, value, x, t, self.path)
        return self._bounded(endpoints, x, t)

    def _bounded(self, endpoints, x, t):
        t = as_column(t)
        alpha, sigma = self.path.alpha(t), self.path.sigma(t)
        data, noise = endpoints
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.data_bounds is not None:
                data = np.clip(data, *self.data_bounds)
                noise = (x - alpha * data) / sigma
            if np.any(sigma == 0.0):  # x_t is data, and says nothing about noise, whose mean is 0
                data, noise = np.where(sigma > 0.0, data, x / alpha), np.where(sigma > 0.0, noise, 0.0)
        return Endpoints(data, noise)

    @available_if(lambda self: self.data_bounds is None and hasattr(self.regressor, "tangent"))
    def tangent(self, x, t, directions, condition=None):
        """Derivatives of `endpoints` along directions (n_directions, n_rows, n_columns), as Endpoints of that shape.

        The regressor needs `tangent(features, directions)`: the derivatives of `predict`, (n_directions, n_rows,
        n_columns), along directions of features (n_directions, n_rows, n_features).
        """
        features = field_features(x, t, condition, self.path)
        along = np.zeros((len(directions), *features.shape))
        FieldLayout.of(x, condition).read(along).x[:] = directions / as_column(self.path.scale(t))
        value = np.asarray(self.regressor.tangent(features, along), np.float64).reshape(directions.shape)
        return endpoints_of(self.prediction, value, directions, t, self.path)  # which is linear in (value, x)


def velocity(field, x, t, condition=None):
    """dx/dt of the flow that carries noise to data with the marginals of the path (Song et al. 2021, equation 13)."""
    return velocity_of(field.endpoints(x, t, condition), t, field.path)


def score(field, x, t, condition=None):
    """The gradient of log p(x_t) in x: -E[noise | x_t] / sigma (Tweedie)."""
    return score_of(field.endpoints(x, t, condition), t, field.path)


def velocity_of(endpoints, t, path):
    t = as_column(t)
    return path.alpha_derivative(t) * endpoints.data + path.sigma_derivative(t) * endpoints.noise


def score_of(endpoints, t, path):
    return endpoints.noise / -path.sigma(as_column(t))
