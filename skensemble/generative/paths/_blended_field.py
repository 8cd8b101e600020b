"""A field that mixes the prediction of its regressor with x_t, which is close to data where there is little noise.

    data = (1 - g) prediction + g x_t / alpha,    g in [0, 1] minimises the squared error, by log SNR and column

A field of trees is coarse: its error does not fall to 0 with the noise.  Samples do not suffer from that (with g they
are farther from the data), but a likelihood divides errors by the noise.  With g, the error of expected data is never
larger than that of x_t / alpha, which is sigma / alpha.
"""

from copy import copy

import numpy as np

from skensemble.generative.paths._paths import Endpoints, as_column, endpoints_of
from skensemble.generative.paths._vector_field import FieldOnField

N_KNOTS = 24
LARGEST_LOG_SNR = 10.0
ROWS = 2048  # number of rows that are drawn per knot


class BlendedField(FieldOnField):
    """A field and the share of x_t / alpha in its expected data.

    log_snr : (n_knots,) ascending;  share : (n_knots, n_columns), linear in between
    """

    def __init__(self, field, log_snr, share):
        self.field, self.log_snr, self.share = field, log_snr, share

    @classmethod
    def fitted(cls, field, draws):
        """The field with the shares that are best for fresh draws of its training rows."""
        draws = copy(draws)
        draws.pairing = "independent"  # which the bound assumes
        times = _knots(field.path)
        share = np.array([_best_share(field, draws, t) for t in times])
        return cls(field, _log_snr(field.path, times), share)

    def endpoints(self, x, t, condition=None):
        """See `RegressorField.endpoints`."""
        data, noise = self.field.endpoints(x, t, condition)
        share = self._share_at(t)
        t = as_column(t)
        alpha, sigma = self.path.alpha(t), self.path.sigma(t)
        with np.errstate(divide="ignore", invalid="ignore"):
            data = np.where(share > 0.0, data + share * (x / alpha - data), data)
            return Endpoints(data, np.where(sigma > 0.0, (x - alpha * data) / sigma, noise))

    def _share_at(self, t):
        log_snr = np.atleast_1d(_log_snr(self.path, t))
        columns = [np.interp(log_snr, self.log_snr, share) for share in self.share.T]
        return np.stack(columns, axis=1)


def _knots(path):
    """Times from noise to data, at even steps of log SNR."""
    times = np.linspace(path.t_max, max(path.t_min, 1e-6), 4096)
    log_snr = _log_snr(path, times)
    wanted = np.linspace(log_snr[0], log_snr[-1], N_KNOTS)
    return times[np.searchsorted(log_snr, wanted)]


def _log_snr(path, t):
    return np.clip(path.log_snr(t), -LARGEST_LOG_SNR, LARGEST_LOG_SNR)


def _best_share(field, draws, t):
    """(n_columns,) share of x_t / alpha with the smallest squared error at t."""
    n_columns, path = draws.n_columns, field.path
    alpha = path.alpha(t)
    if alpha == 0.0:
        return np.zeros(n_columns)
    n_rows = min(ROWS, draws.n_counted)
    batch = draws.draw(ROWS // n_rows, t=t, rows=draws.choose(n_rows))
    given = draws.layout.read(batch.features)
    x = given.x * path.scale(t)
    data = endpoints_of(draws.prediction, batch.targets, x, t, path).data
    predicted = field.endpoints(x, t, given.condition).data
    towards, missed = x / alpha - predicted, data - predicted
    return np.clip((towards * missed).sum(axis=0) / np.maximum((towards**2).sum(axis=0), 1e-300), 0.0, 1.0)
