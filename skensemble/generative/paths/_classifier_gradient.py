"""The gradient of log p(y | x) in x, for any fitted classifier whose probabilities have one."""

import numpy as np
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skensemble._parameters import Interval, IsNone, check_parameter
from skensemble._random import generator
from skensemble.generative.paths._smoothness import is_piecewise_constant

DIFFERENCE_STEP = 1e-4  # of central differences, in units of standardised columns
SMALLEST_PROBABILITY = 1e-6  # in place of 0, whose log has no differences: of classes that a leaf does not hold
N_DIRECTIONS = 32


class ClassifierGradient:
    """log p(y | x) differentiated in x.

    In this order: the classifier's own method `log_proba_gradient(X, y)`; the formula, for logistic regression and
    linear discriminants, after any standard scaling; central differences of `predict_log_proba`, or of the log of
    `predict_proba`.

    Parameters
    ----------
    classifier : fitted classifier
    smoothing : float > 0, optional
        Differentiate log p(y | .) convolved with N(0, h^2 I), h = smoothing, instead:
        E_z[(log p(x + h z) - log p(x - h z)) z] / 2h over fixed normal directions z, the same for all rows.  Trees and
        nearest neighbours have no other gradient.  It is an estimate: its variance falls with n_directions, its bias
        with smoothing.
    n_directions : int, default=32
        At least one set of as many directions as columns is drawn.
    random_state : int, RandomState or None, default=0
        Of the directions.

    Raises
    ------
    TypeError
        If the classifier is piecewise constant and `smoothing` is None.
    """

    def __init__(self, classifier, smoothing=None, n_directions=N_DIRECTIONS, random_state=0):
        check_parameter("smoothing", smoothing, (IsNone, Interval(float, 0, closed="neither")))
        check_parameter("n_directions", n_directions, (Interval(int, 1),))
        self.classifier, self.smoothing = classifier, smoothing
        self.n_directions, self.random_state = n_directions, random_state
        self._directions = None
        self._rule = self._chosen_rule()

    def __call__(self, X, y):
        """Gradients (n_rows, n_features) at X; y : labels (n_rows,), or one for all rows."""
        return self._rule(X, np.broadcast_to(y, len(X)))

    def _chosen_rule(self):
        if self.smoothing is not None:
            return self._smoothed
        if hasattr(self.classifier, "log_proba_gradient"):
            return self.classifier.log_proba_gradient
        if is_piecewise_constant(self.classifier):
            raise TypeError(
                f"classifier must have a smooth predict_log_proba, got {type(self.classifier).__name__}, whose "
                "gradient is 0 almost everywhere. Give smoothing=h for the gradient of its log-probability smoothed by "
                "N(0, h^2), or a smooth classifier such as LogisticRegression, or guide without a classifier "
                "(guidance_scale)."
            )
        return self._linear if linear_scores(self.classifier) is not None else self._differences

    def _linear(self, X, y):
        """log p_y = z_y - log sum exp z with z = x weights^T + offset, so its gradient is w_y - sum_k p_k w_k."""
        weights, offset = linear_scores(self.classifier)
        probability = softmax(X @ weights.T + offset, axis=1)
        return weights[self._class_index(y)] - probability @ weights

    def _differences(self, X, y):
        index, gradient = self._class_index(y), np.empty(X.shape)
        for j in range(X.shape[1]):
            step = np.zeros(X.shape[1])
            step[j] = DIFFERENCE_STEP
            ahead, behind = (self._log_proba(X + s * step, index) for s in (1.0, -1.0))
            with np.errstate(invalid="ignore"):
                gradient[:, j] = (ahead - behind) / (2.0 * DIFFERENCE_STEP)
        gradient[~np.isfinite(gradient)] = 0.0  # the probability is 0 in float64
        return gradient

    def _smoothed(self, X, y):
        index, gradient = self._class_index(y), np.zeros(X.shape)
        directions, least = self._fixed_directions(X.shape[1]), np.log(SMALLEST_PROBABILITY)
        for z in directions:
            ahead, behind = (self._log_proba(X + h * z, index, least) for h in (self.smoothing, -self.smoothing))
            gradient += np.outer(ahead - behind, z)
        return gradient / (2.0 * self.smoothing * len(directions))

    def _fixed_directions(self, n_columns):
        if self._directions is None or self._directions.shape[1] != n_columns:
            self._directions = normal_directions(self.n_directions, n_columns, generator(self.random_state))
        return self._directions

    def _log_proba(self, X, index, least=-np.inf):
        with np.errstate(divide="ignore", invalid="ignore"):
            if hasattr(self.classifier, "predict_log_proba"):
                log_proba = np.asarray(self.classifier.predict_log_proba(X), np.float64)
            else:
                log_proba = np.log(np.asarray(self.classifier.predict_proba(X), np.float64))
        return np.maximum(log_proba[np.arange(len(X)), index], least)

    def _class_index(self, y):
        classes = np.asarray(self.classifier.classes_)
        index = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
        unknown = classes[index] != y
        if unknown.any():
            raise ValueError(f"y must hold classes of the classifier ({classes.tolist()}), got {y[unknown][0]!r}.")
        return index


def normal_directions(n_directions, n_columns, rng):
    """Normal directions (>= n_directions, n_columns), orthogonal within each set of n_columns: each is N(0, I),
    together they cover space more evenly than independent ones (Yu et al. 2016, orthogonal random features)."""
    n_sets = -(-n_directions // n_columns)
    sets = [np.linalg.qr(rng.standard_normal((n_columns, n_columns)))[0] for _ in range(n_sets)]
    signs = rng.choice([-1.0, 1.0], size=(n_sets * n_columns, 1))
    lengths = np.linalg.norm(rng.standard_normal((n_sets * n_columns, n_columns)), axis=1, keepdims=True)
    return np.concatenate(sets) * (signs * lengths)


def linear_scores(classifier):
    """(weights, offset) such that p = softmax(x weights^T + offset); None for other classifiers."""
    if isinstance(classifier, Pipeline):
        return _scores_after_scaling(classifier)
    if not isinstance(classifier, (LogisticRegression, LinearDiscriminantAnalysis)) or _is_one_against_rest(classifier):
        return None
    weights, offset = np.asarray(classifier.coef_, np.float64), np.asarray(classifier.intercept_, np.float64)
    if len(weights) == 1:  # two classes: scores 0 and z
        weights, offset = np.vstack([np.zeros_like(weights), weights]), np.append(0.0, offset)
    return weights, offset


def _is_one_against_rest(classifier):
    """Probabilities of more than two classes that are not a softmax."""
    if len(classifier.classes_) == 2:
        return False
    return getattr(classifier, "multi_class", None) == "ovr" or getattr(classifier, "solver", None) == "liblinear"


def _scores_after_scaling(pipeline):
    """z = weights ((x - mean) / scale) + offset, scaler by scaler from the last to the first."""
    *scalers, last = [step for _, step in pipeline.steps if step not in (None, "passthrough")] or [None]
    scores = None if last is None else linear_scores(last)
    for scaler in reversed(scalers):
        if scores is None or type(scaler) is not StandardScaler:
            return None
        weights, offset = scores
        weights = weights / (1.0 if scaler.scale_ is None else scaler.scale_)
        scores = weights, offset - weights @ (scaler.mean_ if scaler.with_mean else np.zeros(weights.shape[1]))
    return scores
