"""Fields that are known in closed form: expected data and noise where data is a mixture of Gaussians."""

import numpy as np
from scipy.special import logsumexp, softmax

from skensemble.generative.paths._paths import Endpoints


class GaussianMixtureField:
    """Data ~ sum_k weights[k] N(means[k], covariances[k]).

    Given component k, x_t ~ N(alpha m, S) with S = alpha^2 C + sigma^2 I; then E[data] = m + alpha C S^-1 (x - alpha m)
    and E[noise] = sigma S^-1 (x - alpha m).

    weights : (n_components,), means : (n_components, d), covariances : (n_components, d, d)
    """

    def __init__(self, path, weights, means, covariances):
        self.path = path
        self.weights, self.means = np.asarray(weights, float), np.asarray(means, float)
        self.covariances = np.asarray(covariances, float)
        self.variances, self.axes = np.linalg.eigh(self.covariances)

    def endpoints(self, x, t, condition=None):
        alpha, sigma = self._scales(x, t)
        responsibility = softmax(self._log_joint(x, t), axis=0)[:, :, None]
        data, noise = np.zeros_like(x), np.zeros_like(x)
        for k, mean in enumerate(self.means):
            _spread, whitened = self._whitened(x, alpha, sigma, k)
            data += responsibility[k] * (mean + (alpha * self.variances[k] * whitened) @ self.axes[k].T)
            noise += responsibility[k] * ((sigma * whitened) @ self.axes[k].T)
        return Endpoints(data, noise)

    def _scales(self, x, t):
        t = np.broadcast_to(t, len(x))
        return self.path.alpha(t)[:, None], self.path.sigma(t)[:, None]

    def _whitened(self, x, alpha, sigma, k):
        """Variances of x_t along the axes of component k, and S^-1 (x - alpha m) in these axes."""
        spread = alpha**2 * self.variances[k] + sigma**2
        return spread, ((x - alpha * self.means[k]) @ self.axes[k]) / spread

    def _log_joint(self, x, t):
        alpha, sigma = self._scales(x, t)
        terms = []
        for k, weight in enumerate(self.weights):
            spread, whitened = self._whitened(x, alpha, sigma, k)
            terms.append(np.log(weight) - 0.5 * (np.log(2 * np.pi * spread) + spread * whitened**2).sum(axis=1))
        return np.array(terms)

    def log_density(self, x, t=0.0):
        """log p(x_t)."""
        return logsumexp(self._log_joint(x, t), axis=0)

    def log_density_of_data(self, x):
        """log p(data): as x_t on a path without any noise."""
        return GaussianMixtureField(_Noiseless(), self.weights, self.means, self.covariances).log_density(x)

    @property
    def mean(self):
        return self.weights @ self.means

    @property
    def covariance(self):
        centred = self.means - self.mean
        return np.einsum("k,kij->ij", self.weights, self.covariances + centred[:, :, None] * centred[:, None, :])

    def sample(self, n_rows, rng):
        component = rng.choice(len(self.weights), size=n_rows, p=self.weights)
        along = rng.standard_normal((n_rows, self.means.shape[1])) * np.sqrt(self.variances[component])
        return self.means[component] + np.einsum("nij,nj->ni", self.axes[component], along)


class _Noiseless:
    def alpha(self, t):
        return np.ones_like(t)

    def sigma(self, t):
        return np.zeros_like(t)


def gaussian(path):
    """One Gaussian in 2-D, correlated and off centre."""
    return GaussianMixtureField(path, [1.0], [[0.5, -0.4]], [[[0.8, 0.45], [0.45, 0.6]]])


def mixture(path):
    """Two Gaussians in 2-D, apart, of unequal weight and shape."""
    return GaussianMixtureField(
        path,
        [0.3, 0.7],
        [[-1.2, 0.6], [0.5, -0.3]],
        [[[0.1, 0.0], [0.0, 0.2]], [[0.3, -0.1], [-0.1, 0.15]]],
    )


def flow_of_gaussian(field, x, t, s):
    """Where the probability-flow ODE of one Gaussian carries x from t to s: distances from the mean, in standard
    deviations along the axes, stay."""
    path = field.path
    spread_t, spread_s = (path.alpha(u) ** 2 * field.variances[0] + path.sigma(u) ** 2 for u in (t, s))
    along = (x - path.alpha(t) * field.means[0]) @ field.axes[0]
    return path.alpha(s) * field.means[0] + (along * np.sqrt(spread_s / spread_t)) @ field.axes[0].T
