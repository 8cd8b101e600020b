"""DensityOutlierDetector: rows of low density are outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import MetaEstimatorMixin, OutlierMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._parameters import RANDOM_STATE, Interval, IsNone, Matches, Parameter, check_parameters
from skensemble._progress_lines import IS_VERBOSE, ProgressLines
from skensemble._targets import all_or_nothing, read_weight
from skensemble._validation import note_columns
from skensemble.generative.flows._normalizing_flows import NeuralSplineFlow
from skensemble.generative.tables._containers import read_frame

if TYPE_CHECKING:
    from skensemble._types import Array, BaseEstimator, Column, RandomState, Self, Table

IsDensity = Matches(
    lambda value: hasattr(value, "fit") and hasattr(value, "score_samples") and not isinstance(value, type),
    "an estimator with score_samples",
)
PARAMETERS = {
    "estimator": Parameter(
        None,
        (IsDensity, IsNone),
        "estimator or None",
        "Density estimator with `score_samples`; it is cloned. None: `NeuralSplineFlow()`.",
    ),
    "contamination": Parameter(
        0.1,
        (Interval(float, 0.0, 0.5, "right"),),
        "float",
        "Fraction of outliers among the training samples, in (0, 0.5].",
    ),
    "random_state": Parameter(
        None,
        RANDOM_STATE,
        "int, RandomState instance or None",
        "Seed of the density estimator: every parameter of its clone whose name ends in `random_state` is set to an "
        "int drawn from it. None: they stay as they are. Pass an int to get the same model in every fit.",
    ),
    "verbose": Parameter(
        0,
        IS_VERBOSE,
        "int or bool",
        "Whether to print progress: the losses of the default estimator, and when a step is done. A given `estimator` "
        "prints what its own parameters say.",
    ),
}


class DensityOutlierDetector(CallbackSupportMixin, OutlierMixin, MetaEstimatorMixin, Estimator):
    """Detect outliers: samples whose density is lower than that of most training samples.

    A sample whose log density is NaN or +inf, which is what an overflow leaves, gets -inf, and is an outlier.

    Parameters
    ----------
    estimator : estimator or None, default=None
        Density estimator with `score_samples`; it is cloned. None: `NeuralSplineFlow()`.
    contamination : float, default=0.1
        Fraction of outliers among the training samples, in (0, 0.5].
    random_state : int, RandomState instance or None, default=None
        Seed of the density estimator: every parameter of its clone whose name ends in `random_state` is set to an int
        drawn from it. None: they stay as they are. Pass an int to get the same model in every fit.
    verbose : int or bool, default=0
        Whether to print progress: the losses of the default estimator, and when a step is done. A given `estimator`
        prints what its own parameters say.

    Attributes
    ----------
    estimator_ : estimator
        Fitted density estimator.
    offset_ : float
        Log density below which a sample is an outlier.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X. Only set if all are strings.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Detect outliers by the depth of random trees.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.generative import DensityOutlierDetector, RealNVP
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> flow = RealNVP(n_layers=2, max_epochs=10, random_state=0)
    >>> detector = DensityOutlierDetector(flow, contamination=0.05).fit(X)
    >>> detector.predict([[0.0, 0.0], [9.0, -9.0]])
    array([ 1, -1])
    """

    _parameters = PARAMETERS
    _reads_any_table = True

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        contamination: float = 0.1,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.estimator = estimator
        self.contamination = contamination
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    @with_callbacks
    def fit(self, X: Table, y: Column | None = None, sample_weight: Column | None = None) -> Self:
        """Fit the density estimator, and compute the offset.

        Parameters
        ----------
        X : table that the density estimator accepts, of shape (n_samples, n_features)
            Training samples.
        y : ignored
            Not used, present for API consistency.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0, if the density estimator accepts them; weight k counts as k copies of the sample.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter, a cell or a weight is not allowed, or if no training sample has a finite log density; the
            message names it, the rule and the value.
        """
        check_parameters(self, PARAMETERS)
        n_samples = len(read_frame(X))
        note_columns(self, X, reset=True)
        weight = read_weight(sample_weight, "sample_weight", n_samples)
        lines = ProgressLines(self.verbose, 2)
        is_default = self.estimator is None
        self.estimator_ = NeuralSplineFlow(verbose=self.verbose) if is_default else clone(self.estimator)
        if self.random_state is not None:
            _set_random_states(self.estimator_, self.random_state)
        if weight is not None and not has_fit_parameter(self.estimator_, "sample_weight"):
            raise ValueError(f"sample_weight must be None for {type(self.estimator_).__name__}, got weights.")
        given = {} if weight is None else {"sample_weight": weight}
        progress = FitProgress(self, 1, {"X": X, "y": y, "metadata": given})

        def fit_both():
            self.estimator_.fit(X, **given)
            lines.step(f"{type(self.estimator_).__name__} fitted")
            self.offset_ = _offset(_log_densities(self.estimator_, X), weight, self.contamination)
            lines.step(f"threshold {self.offset_:.6g}")

        progress.run_fit(self.estimator_, fit_both, self._fitted)
        progress.finish(self._fitted)
        return self

    def _fitted(self):
        return {"estimator_": self.estimator_, "offset_": self.offset_}

    def score_samples(self, X: Table) -> Array:
        """Compute the log density of each sample.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Log densities; -inf for what the density estimator gives NaN or +inf.
        """
        check_is_fitted(self)
        read_frame(X)
        note_columns(self, X, reset=False)
        return _log_densities(self.estimator_, X)

    def decision_function(self, X: Table) -> Array:
        """Compute the log density of each sample minus the offset: negative for outliers.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            Log densities minus `offset_`.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Table) -> Array:
        """Predict whether samples are outliers.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        label : ndarray of shape (n_samples,)
            -1 for outliers, 1 for inliers.
        """
        return np.where(self.decision_function(X) < 0.0, -1, 1)

    def _facts(self):
        yield "outliers", f"{100 * self.contamination:.4g} % of the training samples"
        yield "threshold", f"log-density {self.offset_:.6g}"
        yield "estimator", type(self.estimator_).__name__
        yield from self.estimator_._facts() if isinstance(self.estimator_, Estimator) else ()

    def _curves(self):
        return self.estimator_._curves() if isinstance(self.estimator_, Estimator) else None


def _set_random_states(estimator, random_state):
    """Draw an int for each parameter of the estimator, and of those inside it, that is a `random_state`."""
    random_state = check_random_state(random_state)
    names = [
        name for name in sorted(estimator.get_params()) if name == "random_state" or name.endswith("__random_state")
    ]
    estimator.set_params(**{name: random_state.randint(np.iinfo(np.int32).max) for name in names})


def _log_densities(estimator, X):
    """Log densities; what is NaN or +inf overflowed on the way, and is as far out as can be."""
    log_density = np.asarray(estimator.score_samples(X), np.float64)
    return np.where(log_density < np.inf, log_density, -np.inf)


def _offset(log_density, weight, contamination):
    """Quantile of the log densities; if it falls among samples at -inf, the lowest finite one, so that only they are
    below."""
    is_finite = np.isfinite(log_density) & (True if weight is None else weight > 0)
    if not is_finite.any():
        raise ValueError("estimator must give a training sample a finite log density, got -inf, inf or nan for all.")
    return _weighted_quantile(np.maximum(log_density, log_density[is_finite].min()), weight, contamination)


def _weighted_quantile(values, weight, share):
    """Quantile of values with weights; interpolated linearly as numpy does, and equal to it if all weights are 1."""
    if weight is None:
        return float(np.quantile(values, share))
    counted = np.flatnonzero(weight > 0)
    ascending = counted[np.argsort(values[counted], kind="stable")]
    ends = np.cumsum(weight[ascending])
    place = share * (ends[-1] - 1.0)
    low, high = np.searchsorted(ends, [np.floor(place), np.floor(place) + 1.0], side="right")
    low, high = (values[ascending[min(k, len(ascending) - 1)]] for k in (low, high))
    return float(low + (place - np.floor(place)) * (high - low))
