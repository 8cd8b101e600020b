"""Imported models: fitted predictors that hold the trees of a model of another library."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skensemble._estimator import Estimator
from skensemble._parallel import effective_n_jobs
from skensemble._shared_parameters import JOBS
from skensemble._validation import read_features
from skensemble.explanation._explain import ShapValues
from skensemble.explanation._explained_trees import ExplainedTrees
from skensemble.imported._foreign_lines import check_on_path
from skensemble.tree.trees._additive_trees import AdditiveTrees, Link
from skensemble.tree.trees._inspected import tree_facts
from skensemble.tree.trees._tree_arrays import validate_trees

if TYPE_CHECKING:
    from skensemble._types import Any, Array, Table


def _two_probabilities(raw, slope):
    probability, both = expit(slope * raw[:, 0]), np.empty((len(raw), 2))
    both[:, 0], both[:, 1] = 1.0 - probability, probability
    return both


RESPONSES = {  # name of the link function -> function of raw predictions (n_samples, n_outputs) and a slope
    "identity": lambda raw, slope: raw,
    "log": lambda raw, slope: np.exp(raw),
    "logit": lambda raw, slope: expit(slope * raw),
    "two classes": _two_probabilities,
    "softmax": lambda raw, slope: softmax(raw, axis=1),
    "signed root": lambda raw, slope: np.sign(raw) * raw * raw,
    "softplus": lambda raw, slope: np.logaddexp(0.0, raw),
    "sign": lambda raw, slope: (raw > 0).astype(np.float64),
}


def respond(name, slope, raw):
    """The response of raw predictions, (n_samples, n_outputs) or (n_samples, 2)."""
    return RESPONSES[name](raw, slope)


def imported(kind, trees, columns, baseline, *, response="identity", slope=1.0, names=None, classes=None, **how):
    """A fitted model of a class of this file.

    kind : ImportedRegressor, ImportedClassifier or ImportedRanker
    columns : ForeignColumns
    response : name in RESPONSES
    names : names of the columns, or None;  classes : labels of a classifier
    how : what else AdditiveTrees takes
    """
    model = kind()
    model.n_features_in_ = columns.n_features
    if names is not None:
        model.feature_names_in_ = np.array(names, object)
    if classes is not None:
        model.classes_ = np.asarray(classes)
    link = Link({"two classes": "logit"}.get(response, response), partial(respond, response, slope), slope)
    baseline = np.asarray(baseline, np.float64)
    model._additive = AdditiveTrees(trees, columns, baseline, link=link, node_weight=trees.cover, **how).compiled()
    return model


class _Imported(ShapValues, Estimator):
    """What imported models share."""

    _parameters = {"n_jobs": JOBS}

    def __init__(self, *, n_jobs: int | None = None):
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Any:
        """Refuse: a model that was trained elsewhere cannot be fitted here.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError("An imported model cannot be fitted; train it where it comes from, and import it again.")

    def apply(self, X: Table) -> Array:
        """Find the leaf of each sample in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_trees), int32
            Nodes, counted from the root of their tree.
        """
        return self._additive_trees().apply(self._read_for_prediction(X), effective_n_jobs(self.n_jobs))

    def _raw(self, X):
        return self._additive_trees().raw(self._read_for_prediction(X), effective_n_jobs(self.n_jobs))

    def _response(self, X):
        return self._additive.link.response(self._raw(X))

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return read_features(self, X, reset=False)

    def _additive_trees(self):
        check_is_fitted(self)
        return self._additive

    def _explained(self):
        return ExplainedTrees(self._additive_trees(), has_means=False)

    def _facts(self):
        return tree_facts(self._additive.trees)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_additive")

    def _check_loaded(self):
        trees, slopes = self._additive.trees, self._additive.slopes
        validate_trees(trees, self.n_features_in_, self._additive.n_outputs)
        if slopes is not None:
            check_on_path(trees, np.repeat(np.arange(trees.n_nodes), np.diff(slopes.start)), slopes.feature)


class ImportedRegressor(RegressorMixin, _Imported):
    """A regressor that was trained by another library, as `from_lightgbm` and its like make it.

    Parameters
    ----------
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features; there if the other library knew any.
    """

    def predict(self, X: Table) -> Array:
        """Predict the target.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the target.
        """
        return _flat(self._response(X))


class ImportedRanker(_Imported):
    """A ranker that was trained by another library, as `from_lightgbm` and its like make it.

    Parameters
    ----------
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features; there if the other library knew any.
    """

    def predict(self, X: Table) -> Array:
        """Score the samples.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Within a query, the larger the better.
        """
        return _flat(self._response(X))


class ImportedClassifier(ClassifierMixin, _Imported):
    """A classifier that was trained by another library, as `from_lightgbm` and its like make it.

    Parameters
    ----------
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features; there if the other library knew any.
    """

    def predict(self, X: Table) -> Array:
        """Predict the most probable class.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Classes.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Table) -> Array:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._response(X)

    def decision_function(self, X: Table) -> Array:
        """Compute raw predictions.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Before the link function; 1-D for two classes.
        """
        return _flat(self._raw(X))


def _flat(columns):
    return columns[:, 0] if columns.shape[1] == 1 else columns
