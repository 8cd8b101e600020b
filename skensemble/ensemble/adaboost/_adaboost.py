"""AdaBoost: AdaBoostClassifier and AdaBoostRegressor, of trees or of any other estimators."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn import get_config
from sklearn.base import RegressorMixin, clone, is_regressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import _num_samples, check_is_fitted, has_fit_parameter

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import ANY_TABLE, Estimator
from skensemble._log_probabilities import LogProbabilities
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import ParameterError, check_parameters
from skensemble._progress_lines import ProgressLines
from skensemble._random import draw_seed, generator
from skensemble._random_bits import mixed_seed
from skensemble._targets import (
    LabelScoreMixin,
    all_or_nothing,
    class_factors,
    read_labels,
    read_target,
    read_weight,
)
from skensemble._validation import read_features
from skensemble._warnings import warn
from skensemble.ensemble._early_stopping import Patience
from skensemble.ensemble._held_out_scoring import GivenRows, HeldOutScorer
from skensemble.ensemble.adaboost._adaboost_algorithms import ALGORITHMS, LearnerRound, Rows
from skensemble.ensemble.adaboost._adaboost_parameters import CLASSIFIER, REGRESSOR
from skensemble.ensemble.adaboost._boosting_weights import UNITS, BoostingWeights, draw_rows
from skensemble.ensemble.adaboost._given_weights import as_copies, read_sample_weight
from skensemble.ensemble.adaboost._weak_learners import (
    EstimatorLearners,
    GrownTrees,
    TreeLearners,
    grows_from_codes,
    read_any,
)
from skensemble.ensemble.adaboost._weighted_median import RunningMedian, weighted_medians
from skensemble.ensemble.losses._regression_losses import AbsoluteError
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean
from skensemble.ensemble.rows._held_out_rows import held_out_parts
from skensemble.ensemble.rows._row_sampling import copies_of
from skensemble.explanation._explain import ShapValues
from skensemble.tree.estimators._decision_tree import DecisionTreeClassifier, DecisionTreeRegressor
from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.trees._additive_trees import Link
from skensemble.tree.trees._inspected import Inspected, Predictor
from skensemble.tree.trees._tree_arrays import validate_trees

if TYPE_CHECKING:
    from skensemble._types import (
        Any,
        Array,
        ArrayLike,
        BaseEstimator,
        Callable,
        Column,
        Iterator,
        RandomState,
        Self,
        Table,
    )

SMALLEST_LEAF = 0.01  # share of the weight, so that rows of a class of small weight make no leaf of their own
N_DRAWS = 10  # maximum number of draws in a round with resample=True, until a learner is better than chance
HOLD_OUT_STREAM, DRAW_STREAM = 2**52, 2**52 + 1  # of the seeds; rounds have small numbers


class _AdaBoost(CallbackSupportMixin, ShapValues, Inspected, Estimator):
    """What classifier and regressor share: all but the rounds themselves."""

    is_smooth = False  # predictions are constant between thresholds

    _known = None  # KnownPredictions while a scorer judges them

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(self, X: Table, y: Column, sample_weight: Column | None = None, **fit_params: Any) -> Self:
        """Fit learners one after the other, each to the sample weights that result from the ones before it.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features. For trees, numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
            Any other `estimator` gets data frames unchanged, and other input as an array.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0 before the first round, on any scale. With trees, a sample with a whole-number weight k
            counts as k samples, except for `min_samples_leaf` and `min_samples_split`, which count it once.
        **fit_params : dict
            Metadata for `fit` of the learners, if metadata routing is enabled and the learners request it.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter, a sample weight or a target is not allowed, or the first learner is no better than chance;
            the message names it, the rule and the value. The estimator is then left as it was before.
        """
        check_parameters(self, self._parameters)
        self.estimator_ = self._checked_learner()
        metadata = self._routed(fit_params)
        self._takes_tables = grows_from_codes(self.estimator_) and not metadata
        X_read = self._read_X(X, reset=True)
        n_samples = _n_rows(X_read)
        target = self._read_y(y, n_samples)
        weight = read_sample_weight(sample_weight, n_samples)
        self._seed = int(draw_seed(generator(self.random_state)))
        copies, start, self._n_draws = as_copies(weight, self._class_factors(target, weight), n_samples)
        learners, copies, start, judging = self._prepare(X_read, target, copies, start, metadata)
        data = {"X": X, "y": y, "metadata": {} if sample_weight is None else {"sample_weight": sample_weight}}
        state = self._start(target, copies, start)
        judge = self._make_judge(X, target, judging) if self.early_stopping else None
        self._boost(learners, state, judge, self._tolerance(target, judging), data)
        return self

    def _read_X(self, X, *, reset):
        """X as the learners take it: a Table for our trees, for other estimators what they accept."""
        return read_features(self, X, reset=reset) if self._takes_tables else read_any(self, X, reset=reset)

    def _prepare(self, X, target, copies, start, metadata):
        """(learners, copies, start, held-out rows and their weights or None); held-out rows have copies or start 0."""
        counted = _counted(copies, start)
        learners = self._make_learners(X, target, counted, metadata)
        units, keys = copies_of(start > 0.0 if copies is NO_WEIGHT else copies * (start > 0.0)), None
        if self.early_stopping or self.resample:
            keys = learners.row_keys(self._numbers_of(target), units)
        if self.resample:
            self._line = np.argsort(keys, kind="stable") if self._takes_tables else np.arange(len(start))
        if not self.early_stopping:
            return learners, copies, start, None
        seed = mixed_seed(self._seed, HOLD_OUT_STREAM)
        held_out = held_out_parts(keys, self._strata(target), units, self.validation_fraction, seed)
        if not held_out.any():  # no row can be spared: the training rows are scored
            return learners, copies, start, _weighted_rows(counted)
        if copies is NO_WEIGHT:
            start = start * (1.0 - held_out)
        else:
            copies = np.rint(copies * (1.0 - held_out))
        learners = self._make_learners(X, target, _counted(copies, start), metadata)
        return learners, copies, start, _weighted_rows(counted * held_out)

    def _make_learners(self, X, target, counted, metadata):
        if not self._takes_tables:
            return EstimatorLearners(
                self.estimator_, X, self._y_of(target), task=self._task, classes=getattr(self, "classes_", None),
                takes_weight=not self.resample, metadata=metadata,
            )  # fmt: skip
        fitted = {name: getattr(self, name) for name in ("n_features_in_", "feature_names_in_") if hasattr(self, name)}
        return TreeLearners(
            self.estimator_, X, self._target_of_trees(target), None if counted.all() else counted, task=self._task,
            in_units=self._counts_units and not self.resample, fitted=fitted | self._fitted_by_trees(),
            n_threads=effective_n_jobs(self.n_jobs),
        )  # fmt: skip

    def _fit_learner(self, learners, seed, weights, y=None):
        """(learner, its outputs for all rows), fitted with the current weights."""
        weight = weights.units(self._trimming)
        draw = mixed_seed(seed, DRAW_STREAM)
        weight = draw_rows(weight, self._line, self._n_draws, draw) if self.resample else weight / UNITS
        return learners.fit(seed, weight, y)

    def _boost(self, learners, state, judge, tol, data):
        """Add rounds up to n_estimators, or until a learner is perfect or useless, or scores stop rising."""
        fit = partial(self._fit_learner, learners)
        rounds, scores = [], []
        patience = Patience(self.n_iter_no_change, tol, scores) if self.early_stopping else None
        progress, lines = FitProgress(self, self.n_estimators, data), ProgressLines(self.verbose, self.n_estimators)

        def one_round():
            rounds.append(self._one_round(state, fit, len(rounds)))

        for number in range(self.n_estimators):
            is_stopped = progress.run_round(one_round, lambda: self._fitted(learners, rounds))
            if rounds[-1] is None:
                rounds.pop()
                break
            if judge is not None:
                scores.append(judge(rounds[-1]))
                is_stopped |= patience.is_over(scores)
            lines.step(_in_words(rounds[-1], scores))
            if rounds[-1].overflowed:
                self._warn_about_infinity(number)
            if is_stopped or rounds[-1].overflowed or not rounds[-1].may_go_on:
                break
        if patience is not None:
            rounds = rounds[: max(patience.best_length, 1)]
            self.validation_score_ = np.array(scores)
        vars(self).update(self._fitted(learners, rounds))
        self.__dict__.pop("_line", None)
        progress.finish(dict)

    def _one_round(self, state, fit, number):
        """Round `number`, or None if its learner is no better than chance."""
        seed, round_ = mixed_seed(self._seed, number), None
        for draw in range(N_DRAWS if self.resample else 1):
            round_ = self._round(state, fit, mixed_seed(seed, draw), number)
            if round_ is not None:
                return round_
        if number == 0:
            raise ValueError(
                f"estimator must do better than chance, got {self.estimator_!r} on these rows: BaseClassifier in "
                f"{type(self).__name__} ensemble is worse than random, ensemble can not be fit."
            )
        return None

    @staticmethod
    def _warn_about_infinity(number):
        warn(
            f"Sample weights have reached infinite values, at iteration {number}, causing overflow. Iterations "
            "stopped. Try lowering the learning rate.",
        )

    def _fitted(self, learners, rounds):
        """Attributes of the estimator after these rounds."""
        return {
            "_members": learners.collect([member for round_ in rounds for member in round_.members]),
            "estimator_weights_": np.array([round_.weight for round_ in rounds]),
            "estimator_errors_": np.array([round_.error for round_ in rounds]),
        }

    def _tolerance(self, target, judging):
        """`tol` in units of the scores; only losses of numbers have one."""
        has_unit = judging is not None and self.scoring == "loss" and is_regressor(self)
        return self.tol * (AbsoluteError().unit(target[judging[0]], judging[1]) if has_unit else 1.0)

    def _make_judge(self, X, target, judging):
        """Function of a LearnerRound that scores the ensemble so far, larger being better.

        X : as the user gave it
        judging : (rows, weights) of those that judge it
        """
        rows, weight = judging
        if self.scoring == "loss":
            loss_of = self._running_loss(target, rows)
            return lambda round_: -weighted_mean(loss_of(round_), weight)
        scorer = HeldOutScorer(self, self.scoring)
        predict_so_far, y, given = self._running_prediction(rows), self._y_of(target)[rows], GivenRows(X, rows)
        weight = None if (weight == weight[0]).all() else weight
        return lambda round_: scorer.score(predict_so_far(round_), given.X, y, weight)

    # -- the learner -------------------------------------------------------------------------------------------------

    def _checked_learner(self):
        """An unfitted clone of the estimator that is boosted."""
        learner = self._default_learner() if self.estimator is None else clone(self.estimator)
        if not self.resample and not has_fit_parameter(learner, "sample_weight"):
            raise ValueError(
                f"estimator must take sample_weight in fit if resample=False, got {learner!r}: "
                f"{type(learner).__name__} doesn't support sample_weight."
            )
        return learner

    def get_metadata_routing(self) -> Any:
        """Which metadata goes where, see scikit-learn's user guide on metadata routing.

        `sample_weight` is for this estimator: what it gives its learners are weights of its own.

        Returns
        -------
        routing : MetadataRouter
            Requests of this estimator, and of `estimator`.
        """
        learner = clone(self._default_learner() if self.estimator is None else self.estimator)
        if get_config()["enable_metadata_routing"] and hasattr(learner, "set_fit_request"):
            if has_fit_parameter(learner, "sample_weight"):
                learner.set_fit_request(sample_weight=False)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add_self_request(self).add(estimator=learner, method_mapping=mapping)

    def _routed(self, fit_params):
        """The metadata that the learners request, by scikit-learn's routing."""
        if not fit_params:
            return {}
        if not get_config()["enable_metadata_routing"]:
            raise ValueError(
                f"fit takes {', '.join(fit_params)} only with sklearn.set_config(enable_metadata_routing=True)."
            )
        return dict(process_routing(self, "fit", **fit_params).estimator.fit)

    # -- the ensemble ------------------------------------------------------------------------------------------------

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return self._read_X(X, reset=False)

    @property
    def feature_importances_(self) -> Array:
        """Mean of the feature importances of the learners, weighted by `estimator_weights_`.

        Only if the learners have `feature_importances_`.
        """
        check_is_fitted(self)
        try:
            importances = self._members.importances()
        except AttributeError as error:
            if isinstance(self._members, GrownTrees):
                raise
            raise AttributeError(
                "feature_importances_ need an estimator that has them: Unable to compute feature importances since "
                "estimator does not have a feature_importances_ attribute"
            ) from error
        per_round = len(importances) // len(self.estimator_weights_)
        return np.average(importances, axis=0, weights=np.repeat(self.estimator_weights_, per_round))

    def staged_score(self, X: Table, y: Column, sample_weight: Column | None = None) -> Iterator[float]:
        """Yield the score after each round: accuracy, or R^2.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Yields
        ------
        score : float
        """
        for predictions in self.staged_predict(X):
            yield self._metric(y, predictions, sample_weight=sample_weight)

    def __len__(self):
        return len(self.estimators_)

    def __getitem__(self, index):
        return self.estimators_[index]

    def __iter__(self):
        return iter(self.estimators_)

    def _grown_trees(self):
        check_is_fitted(self)
        if not isinstance(self._members, GrownTrees):
            raise ValueError(
                f"estimator must be a decision tree without ccp_alpha and class_weight for a model that is a sum of "
                f"trees, got {self.estimator_!r}."
            )
        return self._members

    def _shown_trees(self):
        return self._grown_trees().additive

    def _tree_estimator(self, number):
        return self._members.estimators[number]

    def _check_loaded(self):
        members = getattr(self, "_members", None)
        if isinstance(members, GrownTrees):
            validate_trees(members.trees, self.n_features_in_, members.trees.n_values)
            validate_trees(members.additive.trees, self.n_features_in_, members.additive.n_outputs)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_members")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_learner = get_tags(self._default_learner() if self.estimator is None else self.estimator).input_tags
        for name in ANY_TABLE:
            setattr(tags.input_tags, name, getattr(of_learner, name))
        return tags


def _counted(copies, start):
    """(n_samples,) weight of each row at the start, all its copies together."""
    return start if copies is NO_WEIGHT else copies * start


def _weighted_rows(weight):
    """(indices of the rows of positive weight, their weights)"""
    return np.flatnonzero(weight), weight[weight > 0]


def _in_words(round_, scores):
    """A round in a line: the error of its learner, and the score of the held-out rows."""
    score = f", validation score {scores[-1]:.6g}" if scores else ""
    return f"error {round_.error:.6g}{score}"


def _n_rows(X):
    return X.n_samples if hasattr(X, "n_samples") else _num_samples(X)


# -- classification --------------------------------------------------------------------------------------------------


class AdaBoostClassifier(LogProbabilities, LabelScoreMixin, _AdaBoost):
    """AdaBoost for classification.

    Each round fits a learner to the weighted samples, and increases the weights of those that the ensemble gets wrong
    [1]_. By default, the learners are trees with a single split (stumps). Trees of this package share the bins of the
    features, which are computed once, so that a round takes little more than one pass over the data. The order of the
    samples and the number of threads have no effect on trees. With trees, a sample with a whole-number weight k counts
    as k samples.

    Parameters
    ----------
    estimator : estimator or None, default=None
        Learner to boost: a classifier for `algorithm="samme"`, a classifier with `predict_proba` for "real", a
        regressor for "gentle" and "logit". Its `fit` must take `sample_weight`, unless `resample=True`. None: a
        decision tree with `max_depth=1` of the kind that the algorithm needs; if `class_weight` is given, its leaves
        hold at least a hundredth of the total weight.
    n_estimators : int, default=50
        Maximum number of rounds. Boosting also ends after a learner without errors and, for "samme", before a learner
        that is no better than chance.
    learning_rate : float, default=1.0
        Factor > 0 that multiplies what a round does to the sample weights and to the predictions.
    algorithm : {"samme", "real", "gentle", "logit"}, default="samme"
        What the learners predict and how they are combined. "samme": weighted votes (discrete AdaBoost for any number
        of classes [2]_, the algorithm of scikit-learn). "real": logarithms of class probabilities (SAMME.R [2]_, Real
        AdaBoost [3]_). "gentle": regressions on the sign of the class, whose steps are bounded (Gentle AdaBoost [3]_).
        "logit": Newton steps on the log-loss (LogitBoost [3]_). With more than two classes, the last two fit one
        learner per class.
    weight_trimming : float, default=0.0
        Fraction of the total weight, in [0, 1), that a learner does not see: the samples with the smallest weights are
        left out. 0.05 or less often leaves out most of the samples and costs no accuracy [3]_.
    class_weight : dict, "balanced" or None, default=None
        Factors >= 0 that multiply the sample weights of each class. dict: class label -> factor; labels that are not in
        it have the factor 1. "balanced": factors that give all classes the same total weight. None: no factors.
    resample : bool, default=False
        How a learner sees the sample weights. False: it is fitted to all samples with their weights. True: it is fitted
        to as many samples as there are, which are drawn with replacement, each with a probability proportional to its
        weight.
    early_stopping : bool, default=False
        Whether to hold out samples, to score the ensemble on them after each round, and to stop when the score no
        longer improves. The rounds up to the best score are kept.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out for early stopping. The same fraction of each class is held out.
    n_iter_no_change : int, default=10
        Number of rounds without a better score after which early stopping stops.
    tol : float, default=1e-07
        Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    scoring : str, callable or None, default="loss"
        Score of the held-out samples, larger for better. "loss": the negative loss that the algorithm minimises
        (log-loss for "logit", else exponential loss). Other str: name of a scorer of scikit-learn. callable: a scorer
        `(estimator, X, y) -> float`. None: accuracy.
    max_bins : int or None, default=None
        Maximum number of bins for the values of a numeric feature. Missing values have a bin of their own, which does
        not count. Up to 255 bins take one byte per value. None: one bin per distinct value, for exact splits. Only for
        the default tree, which is boosted if `estimator` is None.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values are categories without an order. "from_dtype": columns of categories or text (pandas:
        category, string, and object columns with text; polars: Categorical, Enum and String; pyarrow: dictionaries and
        strings; arrays of objects: columns with text). array-like: labels of columns of a DataFrame, positions of
        features, or a boolean mask of shape (n_features,); a list with "from_dtype" in it adds to those columns.
        Numbers are labels where the columns of a DataFrame have labels that are not strings. None: no features. Each
        number in such a column is a category, also -1; only NaN is missing. Only for the default tree, which is boosted
        if `estimator` is None.
    min_frequency : int, float or None, default=2
        Frequency below which a category is rare: the rare categories of a feature share one code, so that they always
        go the same way, and so do categories that fit has not seen. int: number of samples. float in (0, 1): fraction
        of the samples. A sample of weight k counts as k. None or 1: none is rare. The default, 2, lets no split single
        out a category that occurs once. Only for the default tree, which is boosted if `estimator` is None.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the learners, of the draws of samples, and of the held-out samples. Pass an int to get the same model in
        every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the rounds. 2: a line for each round.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    n_classes_ : int
        Number of classes.
    estimator_ : object
        The unfitted learner.
    estimators_ : list
        The fitted learners, one for each round; trees are created on first access. For "gentle" and "logit" with more
        than two classes, a list of n_classes regressors for each round.
    estimator_weights_ : ndarray of shape (n_rounds,)
        Weight of the vote of each learner; ones for algorithms without votes.
    estimator_errors_ : ndarray of shape (n_rounds,)
        Weighted fraction of the samples that each learner gets wrong, by the weights of its round.
    validation_score_ : ndarray of shape (n_scored,)
        Score of the held-out samples after each round. Only with `early_stopping`.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Mean of the importances of the learners, weighted by `estimator_weights_`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.

    See Also
    --------
    AdaBoostRegressor : The same for regression.
    NewtonBoostingClassifier : Gradient boosting, which usually predicts better.
    sklearn.ensemble.AdaBoostClassifier : AdaBoost of scikit-learn, with the first algorithm only.

    References
    ----------
    .. [1] Freund, Y. and Schapire, R. (1997). A decision-theoretic generalization of on-line learning and an
           application to boosting. Journal of Computer and System Sciences 55(1).
           https://doi.org/10.1006/jcss.1997.1504
    .. [2] Zhu, J., Zou, H., Rosset, S. and Hastie, T. (2009). Multi-class AdaBoost. Statistics and its Interface 2.
           https://doi.org/10.4310/SII.2009.v2.n3.a8
    .. [3] Friedman, J., Hastie, T. and Tibshirani, R. (2000). Additive logistic regression: a statistical view of
           boosting. Annals of Statistics 28(2). https://doi.org/10.1214/aos/1016218223

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import AdaBoostClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaBoostClassifier(algorithm="gentle", random_state=0).fit(X[100:], y[100:])
    >>> model.score(X[:100], y[:100]) > 0.9
    True
    >>> len(list(model.staged_predict(X[:100])))
    50
    """

    _parameters = CLASSIFIER

    _metric = staticmethod(accuracy_score)

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        n_estimators: int = 50,
        learning_rate: float = 1.0,
        algorithm: Literal["samme", "real", "gentle", "logit"] = "samme",
        weight_trimming: float = 0.0,
        class_weight: dict[Any, Any] | Literal["balanced"] | None = None,
        resample: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-07,
        scoring: str | Callable[..., Any] | None = "loss",
        max_bins: int | None = None,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.algorithm = algorithm
        self.weight_trimming = weight_trimming
        self.class_weight = class_weight
        self.resample = resample
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.scoring = scoring
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.min_frequency = min_frequency
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    _known = None  # KnownPredictions while a scorer judges them

    # -- fit ---------------------------------------------------------------------------------------------------------

    def _default_learner(self):
        is_regression = self.algorithm in ("gentle", "logit")
        kind = DecisionTreeRegressor if is_regression else DecisionTreeClassifier
        return kind(
            max_depth=1,
            min_weight_fraction_leaf=0.0 if self.class_weight is None else SMALLEST_LEAF,
            max_bins=self.max_bins,
            categorical_features=self.categorical_features,
            min_frequency=self.min_frequency,
        )

    def _checked_learner(self):
        learner = super()._checked_learner()
        if self._task == "probabilities" and not hasattr(learner, "predict_proba"):
            raise ParameterError(f"estimator must have predict_proba for algorithm='real', got {learner!r}.")
        if self._task == "numbers" and not is_regressor(learner):
            raise ParameterError(f"estimator must be a regressor for algorithm={self.algorithm!r}, got {learner!r}.")
        return learner

    @property
    def _task(self):
        return ALGORITHMS[self.algorithm].task

    @property
    def _counts_units(self):
        """Whether weights are given to trees as whole numbers of units, whose sums are exact.

        Not where targets are other numbers than 1 and -1: their sums need the bits that units would take.
        """
        return self._task != "numbers" or ALGORITHMS[self.algorithm].has_sign_targets

    @property
    def _trimming(self):
        return self.weight_trimming

    def _read_y(self, y, n_samples):
        labels = read_labels(y, "y", n_samples)
        (self.classes_,) = labels.classes
        self.n_classes_ = len(self.classes_)
        return labels

    def _class_factors(self, labels, weight):
        """(n_samples,) or None."""
        if self.class_weight is None:
            return None
        codes = labels.codes[0]
        factors = np.asarray(class_factors(self.class_weight, self.classes_, codes, weight), np.float64)[codes]
        return read_weight(factors, "class_weight, of the rows,", len(codes))

    def _y_of(self, labels):
        return self.classes_[labels.codes[0]]

    def _numbers_of(self, labels):
        return labels.codes[0].astype(np.float64)

    def _strata(self, labels):
        return self._numbers_of(labels)

    def _target_of_trees(self, labels):
        if self._task == "numbers":
            return NumberTarget(np.where(labels.codes == 1, 1.0, -1.0))
        return ClassTarget(labels.codes, labels.n_classes)

    def _fitted_by_trees(self):
        if self._task == "numbers":
            return {"n_outputs_": 1}
        return {"n_outputs_": 1, "classes_": self.classes_, "n_classes_": self.n_classes_}

    def _additive_trees(self):
        """The model as AdditiveTrees, whose raw predictions are the decision function."""
        return replace(
            self._grown_trees().additive,
            divisor=self._algorithm.divisor(np.cumsum(self.estimator_weights_)[-1]),
            link=Link(self._algorithm.link_name, self._probabilities, self._algorithm.slope),
            output_names=tuple(self.classes_[1:] if self.n_classes_ <= 2 else self.classes_),
        )

    def _start(self, labels, copies, start):
        self._algorithm = ALGORITHMS[self.algorithm](self.n_classes_, self.learning_rate, 1.0 / self._n_draws)
        return Rows(labels.codes[0], copies, start, self._algorithm.n_columns)

    def _round(self, rows, fit, seed, number):
        return self._algorithm.boost(rows, fit, seed)

    def _fitted(self, learners, rounds):
        fitted = super()._fitted(learners, rounds)
        self._add_up(fitted["_members"], fitted["estimator_weights_"])
        return fitted

    def _add_up(self, members, weights):
        """Tell the learners what they add up to."""
        members.add_up(partial(_increments_of_members, self._algorithm, weights), self._algorithm.n_columns)

    def _running_raw(self, rows):
        """Function of a LearnerRound: (raw predictions for `rows`, sum of the learners' weights) so far."""
        raw, total = np.zeros((len(rows), self._algorithm.n_columns)), [0.0]

        def add(round_):
            total[0] += round_.weight
            for k, outputs in enumerate(round_.outputs):
                raw[:] += self._algorithm.increments(outputs[rows], round_.weight, k)
            return raw, total[0]

        return add

    def _running_prediction(self, rows):
        """Function of a LearnerRound: decisions for `rows` by the rounds so far."""
        add = self._running_raw(rows)
        return lambda round_: self._algorithm.normalised(*add(round_))

    def _running_loss(self, labels, rows):
        """Function of a LearnerRound: (n_rows,) losses by the rounds so far."""
        add, codes = self._running_raw(rows), labels.codes[0][rows]
        return lambda round_: self._algorithm.losses(add(round_)[0], codes)

    # -- predictions -------------------------------------------------------------------------------------------------

    @property
    def estimators_(self) -> Any:
        """The fitted learners, one for each round (or a list of one for each class)."""
        check_is_fitted(self)
        members, each = self._members.estimators, self._algorithm.members_per_round
        return members if each == 1 else [members[first : first + each] for first in range(0, len(members), each)]

    def _decision(self, X):
        """(n_samples, n_columns)"""
        if self._known is not None:
            return self._known.of(X)
        X = self._read_for_prediction(X)
        raw = self._members.sums(X, effective_n_jobs(self.n_jobs))
        return self._algorithm.normalised(raw, np.cumsum(self.estimator_weights_)[-1])

    def _staged_decision(self, X):
        X = self._read_for_prediction(X)
        each = self._algorithm.members_per_round
        stages = [each * (number + 1) for number in range(len(self.estimator_weights_))]
        totals = np.cumsum(self.estimator_weights_)
        staged = self._members.staged_sums(X, stages, effective_n_jobs(self.n_jobs))
        for raw, total in zip(staged, totals):
            yield self._algorithm.normalised(raw, total)

    def decision_function(self, X: Table) -> Array:
        """Scores of the classes.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For "samme", mean votes: between -2 and 2 for two classes; with more classes, 1 for a class that gets all
            votes. For the other algorithms, log-odds. For two classes: scores of `classes_[1]`.
        """
        return self._flat(self._decision(X))

    def predict_proba(self, X: Table) -> Array:
        """Predict the probability of each class.

        They follow from the scores by the loss of the algorithm; those of "samme" are the least extreme.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        return self._probabilities(self._decision(X))

    def predict(self, X: Table) -> Array:
        """Predict the class of each sample: the one with the largest score.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels.
        """
        return self._labels(self._decision(X))

    def staged_decision_function(self, X: Table) -> Iterator[Array]:
        """Yield `decision_function(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        for decision in self._staged_decision(X):
            yield self._flat(decision)

    def staged_predict_proba(self, X: Table) -> Iterator[Array]:
        """Yield `predict_proba(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        for decision in self._staged_decision(X):
            yield self._probabilities(decision)

    def staged_predict(self, X: Table) -> Iterator[Array]:
        """Yield `predict(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        y : ndarray of shape (n_samples,)
        """
        for decision in self._staged_decision(X):
            yield self._labels(decision)

    def _flat(self, decision):
        return decision[:, 0] if self.n_classes_ == 2 else decision

    def _probabilities(self, decision):
        if self.n_classes_ == 1:
            return np.ones((len(decision), 1))
        return self._algorithm.probabilities(decision)

    def _labels(self, decision):
        if self.n_classes_ == 1:
            return np.repeat(self.classes_, len(decision))
        index = (decision[:, 0] > 0).astype(np.intp) if self.n_classes_ == 2 else decision.argmax(axis=1)
        return self.classes_[index]


def _increments_of_members(algorithm, weights, outputs, number):
    """What these outputs of learners, with their numbers in the ensemble, add to the raw predictions."""
    each = algorithm.members_per_round
    return algorithm.increments(outputs, weights[number // each], number % each)


# -- regression ------------------------------------------------------------------------------------------------------


class AdaBoostRegressor(RegressorMixin, _AdaBoost):
    """AdaBoost for regression (AdaBoost.R2).

    Each round fits a learner to the weighted samples, and decreases the weights of those that it predicts well [1]_.
    The prediction is the weighted median of the learners' predictions. By default, the learners are trees of depth 3.
    The order of the samples and the number of threads have no effect on trees. With trees, a sample with a whole-number
    weight k counts as k samples.

    Parameters
    ----------
    estimator : estimator or None, default=None
        Regressor to boost. Its `fit` must take `sample_weight`, unless `resample=True`. None: a decision tree with
        `max_depth=3`.
    n_estimators : int, default=50
        Maximum number of rounds. Boosting also ends after a learner without errors, and before a learner whose mean
        loss is 1/2 or more.
    learning_rate : float, default=1.0
        Factor > 0 that multiplies what a round does to the sample weights, and the weight of the learner.
    loss : {"linear", "square", "exponential"}, default="linear"
        Loss of a sample, by its absolute error e as a fraction of the largest one. "linear": e. "square": e^2.
        "exponential": 1 - exp(-e).
    resample : bool, default=True
        How a learner sees the sample weights. False: it is fitted to all samples with their weights. True: it is fitted
        to as many samples as there are, which are drawn with replacement, each with a probability proportional to its
        weight.
    early_stopping : bool, default=False
        Whether to hold out samples, to score the ensemble on them after each round, and to stop when the score no
        longer improves. The rounds up to the best score are kept.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out for early stopping.
    n_iter_no_change : int, default=10
        Number of rounds without a better score after which early stopping stops.
    tol : float, default=1e-07
        Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    scoring : str, callable or None, default="loss"
        Score of the held-out samples, larger for better. "loss": the negative mean absolute error. Other str: name of a
        scorer of scikit-learn. callable: a scorer `(estimator, X, y) -> float`. None: R^2.
    max_bins : int or None, default=None
        Maximum number of bins for the values of a numeric feature. Missing values have a bin of their own, which does
        not count. Up to 255 bins take one byte per value. None: one bin per distinct value, for exact splits. Only for
        the default tree, which is boosted if `estimator` is None.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values are categories without an order. "from_dtype": columns of categories or text (pandas:
        category, string, and object columns with text; polars: Categorical, Enum and String; pyarrow: dictionaries and
        strings; arrays of objects: columns with text). array-like: labels of columns of a DataFrame, positions of
        features, or a boolean mask of shape (n_features,); a list with "from_dtype" in it adds to those columns.
        Numbers are labels where the columns of a DataFrame have labels that are not strings. None: no features. Each
        number in such a column is a category, also -1; only NaN is missing. Only for the default tree, which is boosted
        if `estimator` is None.
    min_frequency : int, float or None, default=2
        Frequency below which a category is rare: the rare categories of a feature share one code, so that they always
        go the same way, and so do categories that fit has not seen. int: number of samples. float in (0, 1): fraction
        of the samples. A sample of weight k counts as k. None or 1: none is rare. The default, 2, lets no split single
        out a category that occurs once. Only for the default tree, which is boosted if `estimator` is None.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the learners, of the draws of samples, and of the held-out samples. Pass an int to get the same model in
        every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the rounds. 2: a line for each round.

    Attributes
    ----------
    estimator_ : object
        The unfitted learner.
    estimators_ : list
        The fitted learners, one for each round; trees are created on first access.
    estimator_weights_ : ndarray of shape (n_rounds,)
        Weight of each learner in the weighted median.
    estimator_errors_ : ndarray of shape (n_rounds,)
        Weighted mean loss of each learner, by the weights of its round.
    validation_score_ : ndarray of shape (n_scored,)
        Score of the held-out samples after each round. Only with `early_stopping`.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Mean of the importances of the learners, weighted by `estimator_weights_`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.

    See Also
    --------
    AdaBoostClassifier : The same for classification.
    NewtonBoostingRegressor : Gradient boosting, which usually predicts better.
    sklearn.ensemble.AdaBoostRegressor : AdaBoost of scikit-learn, which always resamples.

    References
    ----------
    .. [1] Drucker, H. (1997). Improving regressors using boosting techniques. ICML.
           https://dl.acm.org/doi/10.5555/645526.657132

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import AdaBoostRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaBoostRegressor(resample=False, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.5
    True
    """

    _parameters = REGRESSOR

    _metric = staticmethod(r2_score)
    _task = "numbers"
    _counts_units = False
    _trimming = 0.0

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        n_estimators: int = 50,
        learning_rate: float = 1.0,
        loss: Literal["linear", "square", "exponential"] = "linear",
        resample: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-07,
        scoring: str | Callable[..., Any] | None = "loss",
        max_bins: int | None = None,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.loss = loss
        self.resample = resample
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.scoring = scoring
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.min_frequency = min_frequency
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    _known = None  # KnownPredictions while a scorer judges them

    # -- fit ---------------------------------------------------------------------------------------------------------

    def _default_learner(self):
        return DecisionTreeRegressor(
            max_depth=3,
            max_bins=self.max_bins,
            categorical_features=self.categorical_features,
            min_frequency=self.min_frequency,
        )

    def _read_y(self, y, n_samples):
        target = read_target(y, "y", n_samples, squares=True)
        if target.ndim == 2:
            raise ValueError(f"y must have 1 column, got {len(target)}.")
        return target

    def _class_factors(self, target, weight):
        return None

    def _y_of(self, target):
        return target

    def _numbers_of(self, target):
        return target

    def _strata(self, target):
        return np.zeros(len(target))

    def _target_of_trees(self, target):
        return NumberTarget(target[None])

    def _fitted_by_trees(self):
        return {"n_outputs_": 1}

    def _additive_trees(self):
        raise ValueError(
            "AdaBoostRegressor predicts the weighted median of its learners, and must be a sum of trees here."
        )

    def _predictor(self):
        members = self._grown_trees()

        def raw(table, n_threads):
            predictions = members.predictions(table, n_threads)
            return weighted_medians(predictions, self.estimator_weights_, n_threads)[:, None]

        return Predictor(raw, members.binner)

    def _start(self, target, copies, start):
        return target, BoostingWeights(copies, start)

    def _round(self, state, fit, seed, number):
        """A round of AdaBoost.R2 (Drucker 1997)."""
        target, weights = state
        member, predictions = fit(seed, weights)
        loss = self._losses(np.where(weights.share > 0.0, np.abs(predictions - target), 0.0))
        error = weights.mean(loss)
        if error <= 0.0:
            return LearnerRound([member], [predictions], 1.0, 0.0, may_go_on=False)
        if error >= 0.5:
            return LearnerRound([member], [predictions], 1.0, error, may_go_on=False) if number == 0 else None
        log_odds = np.log((1.0 - error) / error)
        is_finite = weights.multiply(np.exp(-self.learning_rate * log_odds * (1.0 - loss)))
        weight = float(self.learning_rate * log_odds)
        return LearnerRound([member], [predictions], weight, error, overflowed=not is_finite)

    def _losses(self, distance):
        largest = distance.max()
        share = distance / largest if largest > 0.0 else distance
        if self.loss == "square":
            return share**2
        return share if self.loss == "linear" else -np.expm1(-share)

    def _running_prediction(self, rows):
        """Function of a LearnerRound: predictions for `rows` by the rounds so far."""
        medians = RunningMedian(len(rows), self.n_estimators)
        return lambda round_: medians.add(round_.outputs[0][rows], round_.weight)

    def _running_loss(self, target, rows):
        """Function of a LearnerRound: (n_rows,) absolute errors by the rounds so far."""
        predict = self._running_prediction(rows)
        return lambda round_: np.abs(predict(round_) - target[rows])

    # -- predictions -------------------------------------------------------------------------------------------------

    @property
    def estimators_(self) -> Any:
        """The fitted learners, one for each round."""
        check_is_fitted(self)
        return self._members.estimators

    def predict(self, X: Table) -> Array:
        """Predict the target: the weighted median of the learners' predictions.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            In the units of the target.
        """
        if self._known is not None:
            return self._known.of(X)
        predictions, n_threads = self._predictions(X)
        return weighted_medians(predictions, self.estimator_weights_, n_threads)

    def staged_predict(self, X: Table) -> Iterator[Array]:
        """Yield `predict(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        y : ndarray of shape (n_samples,)
        """
        predictions, _ = self._predictions(X)
        medians = RunningMedian(*predictions.shape)
        for number, weight in enumerate(self.estimator_weights_):
            yield medians.add(predictions[:, number], weight)

    def _predictions(self, X):
        """((n_samples, n_learners), threads)"""
        X, n_threads = self._read_for_prediction(X), effective_n_jobs(self.n_jobs)
        return self._members.predictions(X, n_threads), n_threads
