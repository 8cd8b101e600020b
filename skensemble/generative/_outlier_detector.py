"""DensityOutlierDetector: rows of low density are outliers."""

import numpy as np
from sklearn.base import MetaEstimatorMixin, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from skensemble._estimator import Estimator
from skensemble._parameters import Interval, IsNone, Matches, Parameter, check_parameters
from skensemble._targets import all_or_nothing, read_weight
from skensemble.generative.flows._normalizing_flows import NeuralSplineFlow
from skensemble.generative.tables._containers import read_frame

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
}


class DensityOutlierDetector(OutlierMixin, MetaEstimatorMixin, Estimator):
    """Detect outliers: samples whose density is lower than that of most training samples.

    Parameters
    ----------
    estimator : estimator or None, default=None
        Density estimator with `score_samples`; it is cloned. None: `NeuralSplineFlow()`.
    contamination : float, default=0.1
        Fraction of outliers among the training samples, in (0, 0.5].

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

    def __init__(
        self,
        estimator=None,
        *,
        contamination=0.1,
    ):
        self.estimator = estimator
        self.contamination = contamination

    @all_or_nothing
    def fit(self, X, y=None, sample_weight=None):
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
            If a parameter, a cell or a weight is not allowed; the message names it, the rule and the value.
        """
        check_parameters(self, PARAMETERS)
        n_samples = len(read_frame(X))
        validate_data(self, X, reset=True, skip_check_array=True)
        weight = read_weight(sample_weight, "sample_weight", n_samples)
        self.estimator_ = NeuralSplineFlow() if self.estimator is None else clone(self.estimator)
        if weight is None:
            self.estimator_.fit(X)
        elif has_fit_parameter(self.estimator_, "sample_weight"):
            self.estimator_.fit(X, sample_weight=weight)
        else:
            raise ValueError(f"sample_weight must be None for {type(self.estimator_).__name__}, got weights.")
        self.offset_ = _weighted_quantile(self.estimator_.score_samples(X), weight, self.contamination)
        return self

    def score_samples(self, X):
        """Compute the log density of each sample.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Log densities.
        """
        check_is_fitted(self)
        read_frame(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        return self.estimator_.score_samples(X)

    def decision_function(self, X):
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

    def predict(self, X):
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


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
