"""GradientBoostingClassifier and GradientBoostingRegressor: gradient boosting of regression trees (GBDT)."""

from __future__ import annotations

from functools import cached_property, partial
from itertools import count
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy.sparse
import sklearn.ensemble
from sklearn.base import RegressorMixin, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._log_probabilities import LogProbabilities
from skensemble._parallel import effective_n_jobs, for_blocks
from skensemble._parameters import IsCallable, IsNone, check_parameter, check_parameters, plain_value
from skensemble._random import draw_seed, generator
from skensemble._random_bits import mixed_seed
from skensemble._targets import LabelScoreMixin, all_or_nothing, read_labels, read_target, read_weight
from skensemble._validation import read_features
from skensemble._warnings import warn
from skensemble.ensemble._early_stopping import RecentPatience
from skensemble.ensemble.gradient._gradient_history import GradientHistory, Printer
from skensemble.ensemble.gradient._gradient_parameters import CLASSIFIER, MOST_SEARCHED, REGRESSOR
from skensemble.ensemble.gradient._gradient_rounds import (
    HOLD_OUT_STREAM,
    GradientRounds,
    GradientSettings,
    tree_random_state,
)
from skensemble.ensemble.losses._links import response
from skensemble.ensemble.losses._losses import make_loss
from skensemble.ensemble.rows._held_out_rows import held_out_parts
from skensemble.ensemble.rows._kept_work import KeptWork, digest, take_kept
from skensemble.ensemble.rows._rounds_by_folds import best_rounds, check_open_rounds, curve_of, judging_folds, report
from skensemble.ensemble.rows._row_sampling import RowSampler, copies_of
from skensemble.explanation._explain import ShapValues
from skensemble.tree._binning import Binner
from skensemble.tree._content_keys import content_keys, keys_with_target
from skensemble.tree.estimators._decision_tree import DecisionTreeRegressor
from skensemble.tree.estimators._sklearn_boosting import ConvertibleBooster
from skensemble.tree.estimators._tree_structure import with_tree
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import CART_PARAMETERS, LIMIT_PARAMETERS, count_features, read_cart_limits
from skensemble.tree.exact._cart_targets import NumberTarget
from skensemble.tree.trees._additive_trees import AdditiveTrees, Link
from skensemble.tree.trees._inspected import Inspected
from skensemble.tree.trees._partial_dependence import mass_of_training, partial_dependence
from skensemble.tree.trees._tree_arrays import split_trees, validate_trees

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

CELLS_FOR_THREADS = 50_000  # rows x features; below this, handing a tree to another thread takes longer
SMALLEST_SHARE = np.finfo(np.float64).eps  # probabilities that `init` predicts are clipped to
LEARNED_FROM_TREES = ("_additive", "_views")
LEARNED_FROM_ROUNDS = (
    "_trees", "_rates", "_batches", "cv_results_", "train_score_", "oob_scores_", "oob_improvement_", "oob_score_"
)  # fmt: skip


class _GradientBoosting(ConvertibleBooster, CallbackSupportMixin, ShapValues, Inspected, Estimator):
    """What classifier and regressor share: from the target array to raw predictions."""

    is_smooth = False  # predictions are constant between thresholds
    _reads_any_table = True
    _made_when_needed = (*LEARNED_FROM_TREES, "_kept")

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(
        self, X: Table, y: Column, sample_weight: Column | None = None, monitor: Callable[..., Any] | None = None
    ) -> Self:
        """Fit the boosted trees.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0. A sample with a whole-number weight k counts as k samples, except for
            `min_samples_leaf` and `min_samples_split`, which count it once.
        monitor : callable, default=None
            Function that is called after each round as `monitor(i, self, variables)`: with the number of the round,
            from 0, the estimator as fitted so far, and a dict with the keys i, y, sample_weight and raw_predictions, of
            shape (n_samples, `n_trees_per_iteration_`). Boosting stops if it returns True.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter, a sample weight or a target is not allowed; the message names it, the rule and the value.
            The estimator is then left as it was before.
        """
        check_parameters(self, self._parameters)
        check_parameter("monitor", monitor, (IsCallable, IsNone))
        self._warn_about_criterion()
        n_threads = effective_n_jobs(self.n_jobs)
        continued = self._goes_on(hasattr(self, "_trees"))
        is_open = check_open_rounds(self, stops=("n_iter_no_change", None), continued=continued)
        table = read_features(self, X, reset=not continued)
        weight = read_weight(sample_weight, "sample_weight", table.n_samples)
        target = self._read_y(y, weight, table.n_samples, continued)
        if not continued:
            self._start(table, weight, n_threads)
        self._loss = self._make_loss()
        self._loss.check_target(target)
        n_estimators = self._search(X, table, target, weight, n_threads) if is_open else self.n_estimators
        self._check_n_estimators(n_estimators)
        key = self._key_of_rows(table, target, weight, n_threads) if self.warm_start else None
        rounds, judges = self._prepare(key, X, table, target, weight, continued, n_threads)
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._boost(rounds, n_estimators, judges, monitor, {"X": X, "y": y, "metadata": metadata})
        if key is not None:
            self._kept = KeptWork(key, (rounds, judges))
        return self

    def _key_of_rows(self, table, target, weight, n_threads):
        """What a warm start recognises the rows by, and all that the rounds read of the parameters."""
        limits = [repr(plain_value(getattr(self, name))) for name in LIMIT_PARAMETERS]  # 1 is not 1.0 there
        held_out = None if self.n_iter_no_change is None else self.validation_fraction
        loss = plain_value(self.loss), self._loss.n_outputs
        return digest(self._binner, table, (target, weight)), limits, held_out, loss, self._settings(n_threads)

    def _prepare(self, key, X, table, target, weight, continued, n_threads):
        """(the rounds that follow, weights of the rows that judge them or None), those of the fit before if it had the
        same rows and settings."""
        kept = take_kept(self, key)
        if kept is not None:
            rounds, judges = kept
            rounds.loss = self._loss  # as it is before the first round of a fit
            if self._starts_from_estimator:  # to whose predictions rounds add, while a model adds these at last
                rounds.raw[:] = self._raw_of(X, table, n_threads).T
            return rounds, judges
        trains, train_weight, judges = self._hold_out(table, target, weight, n_threads)
        if continued:
            raw = self._raw_of(X, table, n_threads)
        else:
            raw = self._first_raw(X, target, train_weight, trains, weight is not None)
        growers = self._make_growers(table, weight, train_weight, n_threads)
        return self._make_rounds(growers, target, np.ascontiguousarray(raw.T), train_weight, n_threads), judges

    def _search(self, X, table, target, weight, n_threads):
        """The number of rounds that rows like best that are left out; sets the attribute that says what they found."""
        content = content_keys(self._binner.transform_either(table, n_threads), weight, n_threads)
        keys, seed = _row_keys(content, target, weight), mixed_seed(self._seed, HOLD_OUT_STREAM)
        folds = judging_folds(keys, content.rows, self._strata(target), copies_of(weight), seed)
        curves = []
        for number, fold in enumerate(folds, 1):
            curves.append(self._curve(fold, X, table, target, weight, n_threads))
            if self.verbose:
                report(number, curves[-1])
        n_rounds, results = best_rounds(curves, self.learning_rate, self._parameters["n_estimators"].default)
        if results is not None:
            self.cv_results_ = results
        return n_rounds

    def _curve(self, fold, X, table, target, weight, n_threads):
        """Scores of the rows that a fold leaves out after 0, 1, ... rounds."""
        units = np.ones(len(target)) if weight is None else weight
        train_weight, judges = units * fold.train, units * fold.left_out
        raw = self._first_raw(X, target, train_weight, np.flatnonzero(fold.train), weight is not None)
        growers = self._make_growers(table, weight, train_weight, n_threads)
        rounds = self._make_rounds(growers, target, np.ascontiguousarray(raw.T), train_weight, n_threads)

        def score(number):
            rounds.round(number)
            return -rounds.mean_loss(judges)

        return curve_of(-rounds.mean_loss(judges), map(score, count()), MOST_SEARCHED)

    def _warn_about_criterion(self):
        if self.criterion != "deprecated":
            warn(
                "The parameter `criterion` is deprecated in scikit-learn and has no effect. Leave it out.",
                FutureWarning,
            )

    def _start(self, table, weight, n_threads):
        """Draw the seed and fit the binner: a warm start keeps both."""
        for name in (*LEARNED_FROM_TREES, *LEARNED_FROM_ROUNDS, "_kept"):
            self.__dict__.pop(name, None)
        self._seed = int(draw_seed(generator(self.random_state)))
        self._binner = Binner(self.max_bins, self.categorical_features, self.min_frequency)
        self._binner.fit(table, weight, n_threads)

    def _check_n_estimators(self, n_estimators):
        if n_estimators < self._n_rounds:
            raise ValueError(
                f"n_estimators must be >= the {self._n_rounds} rounds that are fitted already (warm_start=True), "
                f"got {n_estimators}."
            )

    def _hold_out(self, table, target, weight, n_threads):
        """(training rows, training weights of all rows, held-out weights of all rows); None: all rows, weight 1.

        The same share of each class is held out. Where no row can be spared, the training rows are scored.
        """
        if self.n_iter_no_change is None:
            return None, weight, None
        binned = self._binner.transform_either(table, n_threads)
        keys = _row_keys(content_keys(binned, weight, n_threads), target, weight)
        seed = mixed_seed(self._seed, HOLD_OUT_STREAM)
        held_out = held_out_parts(keys, self._strata(target), copies_of(weight), self.validation_fraction, seed)
        judges = held_out if held_out.any() else 1.0 - held_out
        units = np.ones(len(keys)) if weight is None else weight
        return np.flatnonzero(held_out < 1.0), units * (1.0 - held_out), units * judges

    # -- where boosting starts ---------------------------------------------------------------------------------------

    def _first_raw(self, X, target, weight, trains, weighted):
        """(n_samples, n_outputs) raw predictions before the first round; sets the constant or `init_`."""
        self._baseline = np.zeros(self._loss.n_outputs)
        self._starts_from_estimator = not (self.init is None or isinstance(self.init, str))
        if self._starts_from_estimator:
            self._fit_init(X, target, weight if weighted else None, trains)
            return self._raw_of_init(X)
        if self.init is None:
            self._baseline = self._loss.baseline(target, weight)
        self.init_ = self._constant_estimator(target, weight) if self.init is None else self.init
        return np.tile(self._baseline, (len(target), 1))

    def _fit_init(self, X, target, weight, rows):
        """Fit `init`, whose predictions boosting starts from, to the training rows."""
        self.init_ = clone(self.init, safe=False)
        if weight is not None and not has_fit_parameter(self.init_, "sample_weight"):
            raise ValueError(
                "init must take sample_weight if it is passed to fit: The initial estimator "
                f"{type(self.init_).__name__} does not support sample weights."
            )
        y = self._target_of_init(target)
        if rows is not None:
            X = _safe_indexing(_indexable(X), rows)
            y, weight = y[rows], None if weight is None else weight[rows]
        self.init_.fit(X, y, **({} if weight is None else {"sample_weight": weight}))

    # -- rounds ------------------------------------------------------------------------------------------------------

    def _make_rounds(self, growers, target, raw, weight, n_threads):
        samples = self.subsample < 1.0
        keys = _row_keys(growers[0].content, target, weight) if samples else None
        sampler = RowSampler(keys, copies_of(weight)) if samples else None
        return GradientRounds(self._loss, growers, target, raw, weight, sampler, self._settings(n_threads))

    def _settings(self, n_threads):
        return GradientSettings(
            learning_rate=float(self.learning_rate),
            subsample=float(self.subsample),
            ccp_alpha=float(self.ccp_alpha),
            alpha=getattr(self, "alpha", None),
            seed=self._seed,
            n_threads=n_threads,
        )

    def _make_growers(self, table, weight, train_weight, n_threads):
        """One CartGrower for each thread that grows trees of a round.

        They know the weights of all rows, held out or not: only rows that have one there are sent by their codes to
        the side of a threshold on which they lie.
        """
        is_small = table.n_samples * table.n_features < CELLS_FOR_THREADS
        n_growers = 1 if is_small else min(n_threads, self._loss.n_outputs)
        n_rows = table.n_samples if train_weight is None else np.count_nonzero(train_weight)
        limits = read_cart_limits(self, n_rows, criterion="squared_error", splitter="best")
        target = NumberTarget(np.zeros((1, table.n_samples)))
        self.max_features_ = count_features(self.max_features, self.n_features_in_)

        def make(first, _):
            n_own = n_threads if n_growers == 1 else 1
            return CartGrower(
                self._binner, table, target, limits, sample_weight=weight, n_threads=n_own, n_members=n_own,
                by_content=True,
            )  # fmt: skip

        return for_blocks(make, n_growers, 1, n_growers)

    def _boost(self, rounds, n_estimators, weight_held_out, monitor, data):
        """Add rounds up to `n_estimators`, until the held-out loss stops falling, or a callback or monitor stops."""
        first, history = self._n_rounds, GradientHistory(self)
        n_rounds = n_estimators - first
        progress = FitProgress(self, n_rounds, data)
        patience = None
        if weight_held_out is not None:
            patience = RecentPatience(self.n_iter_no_change, self.tol * rounds.loss_unit())
        printer = Printer(int(self.verbose), n_rounds, self.subsample < 1.0)

        def one_round(number):
            history.add(rounds.round(number, history.last_oob_score))

        for number in range(first, n_estimators):
            wants_stop = progress.run_round(lambda number=number: one_round(number), history.attributes)
            printer.report(number - first, history)
            if monitor is not None:
                self._take_over(history)
                wants_stop |= bool(monitor(number, self, self._shown_to_monitor(number, rounds)))
            if patience is not None:
                wants_stop |= patience.is_over(-rounds.mean_loss(weight_held_out))
            if wants_stop:
                break
        self._take_over(history)
        if first == 0:
            self._additive.compiled()  # else by the first prediction: the next warm start would throw it away
        progress.finish(dict)

    def _take_over(self, history):
        """Set the attributes of the model to those after these rounds."""
        for name in LEARNED_FROM_TREES:
            self.__dict__.pop(name, None)
        vars(self).update(history.attributes())

    @staticmethod
    def _shown_to_monitor(number, rounds):
        return {"i": number, "y": rounds.y, "sample_weight": rounds.weight, "raw_predictions": rounds.raw.T}

    def _parameters_of_trees(self):
        return {"criterion": "squared_error", **{name: getattr(self, name) for name in CART_PARAMETERS}}

    # -- predictions -------------------------------------------------------------------------------------------------

    @cached_property
    def _additive(self):
        """The trees as they add to the raw predictions: each with its learning rate, and to its output."""
        trees, n_outputs = self._trees, self._loss.n_outputs
        if n_outputs > 1:
            output = np.tile(np.arange(n_outputs, dtype=np.int32), self._n_rounds)
            trees = trees._replace(output=output)
        return AdditiveTrees(
            trees, self._binner, self._baseline, self._rates, node_weight=trees.cover,
            link=Link(self._loss.link_name, partial(response, self._loss)), output_names=self._output_names(),
        )  # fmt: skip

    def _additive_trees(self):
        """The model as AdditiveTrees."""
        check_is_fitted(self)
        if self._starts_from_estimator:
            raise ValueError(
                f"init must be None or 'zero' for a model that is a sum of trees, got {self.init!r}: boosting started "
                "from the predictions of an estimator."
            )
        return self._additive

    def _shown_trees(self):
        check_is_fitted(self)
        return self._additive

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return read_features(self, X, reset=False)

    def _raw_of(self, X, table, n_threads):
        """(n_samples, n_outputs) raw predictions for X, which is `table`."""
        raw = self._additive.raw(table, n_threads)
        return raw + self._raw_of_init(X) if self._starts_from_estimator else raw

    def _raw_predict(self, X):
        return self._raw_of(X, self._read_for_prediction(X), effective_n_jobs(self.n_jobs))

    def _staged_raw(self, X):
        """Raw predictions after each round."""
        table, n_threads = self._read_for_prediction(X), effective_n_jobs(self.n_jobs)
        start = self._raw_of_init(X) if self._starts_from_estimator else 0.0
        stages = [self._loss.n_outputs * (k + 1) for k in range(self._n_rounds)]
        for raw in self._additive.staged_raw(table, stages, n_threads):
            yield raw + start

    def _apply(self, X):
        """(n_samples, n_estimators, n_trees_per_iteration_)"""
        table = self._read_for_prediction(X)
        leaves = self._additive.apply(table, effective_n_jobs(self.n_jobs))
        return leaves.reshape(len(leaves), self._n_rounds, self._loss.n_outputs)

    # -- the model as scikit-learn shows it --------------------------------------------------------------------------

    @property
    def _n_rounds(self):
        return self._trees.n_trees // self._loss.n_outputs if hasattr(self, "_trees") else 0

    @property
    def n_estimators_(self) -> int:
        """Number of rounds in the model."""
        check_is_fitted(self)
        return self._n_rounds

    @property
    def n_trees_per_iteration_(self) -> int:
        """Number of trees of a round: one, or one for each class if there are more than two."""
        check_is_fitted(self)
        return self._loss.n_outputs

    @property
    def feature_importances_(self) -> Array:
        """Fraction of the decrease of impurity due to each feature. They sum to 1, or are all 0 without splits."""
        check_is_fitted(self)
        trees = self._trees
        trees.check_complete("feature_importances_")
        splits = np.flatnonzero(~trees.is_leaf)
        shares = trees.gain[splits] / trees.cover[trees.roots][trees.tree_of_node[splits]]
        importances = np.bincount(trees.feature[splits], shares, minlength=self.n_features_in_)
        return importances / importances.sum() if importances.any() else np.zeros(self.n_features_in_)

    @property
    def estimators_(self) -> Any:
        """The trees, without the learning rate, as fitted estimators that share the memory of the model."""
        check_is_fitted(self)
        return self._views

    @cached_property
    def _views(self):
        fitted = {name: getattr(self, name) for name in ("n_features_in_", "feature_names_in_") if hasattr(self, name)}
        fitted |= {"n_outputs_": 1, "max_features_": self.max_features_}
        parameters = [parameters for parameters, n_trees in self._batches for _ in range(n_trees)]
        views = np.empty(self._trees.n_trees, object)
        for t, tree in enumerate(split_trees(self._trees)):
            view = DecisionTreeRegressor(**parameters[t], random_state=tree_random_state(self._seed, t))
            views[t] = with_tree(view, tree, self._binner, **fitted)
        return views.reshape(self._n_rounds, self._loss.n_outputs)

    def __len__(self):
        check_is_fitted(self)
        return self._n_rounds

    def __getitem__(self, index):
        return self.estimators_[index]

    def __iter__(self):
        return iter(self.estimators_)

    def _compute_partial_dependence_recursion(self, grid, target_features):
        """(n_trees_per_iteration_, n_grid) raw predictions averaged over the other features, without their start."""
        if self._starts_from_estimator:
            warn(
                "Partial dependence by recursion does not know the predictions of `init`, from which boosting starts; "
                "use method='brute'.",
                UserWarning,
            )
        features = np.asarray(target_features)
        grid, mass = self._binner.encode_grid(grid, features), mass_of_training(self._additive, features)
        return partial_dependence(self._additive, grid, features, mass).T

    def _check_loaded(self):
        if hasattr(self, "_trees"):
            validate_trees(self._trees, self.n_features_in_, 1)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_trees")


def _indexable(X):
    """X as an object that rows can be selected from."""
    if scipy.sparse.issparse(X):
        return X.tocsr()
    return X if isinstance(X, list) or hasattr(X, "shape") else np.asarray(X)


# -- classification --------------------------------------------------------------------------------------------------


def _row_keys(content, target, weight):
    """(n_samples,) int64 that are alike for copies of a row.  content : ContentKeys"""
    return keys_with_target(content.rows, target, copies_of(weight))


class GradientBoostingClassifier(LogProbabilities, LabelScoreMixin, _GradientBoosting):
    """Gradient boosting of regression trees (GBDT) for classification.

    Each round fits regression trees to the negative gradient of the loss, one tree for two classes and one per class
    for more, and sets the value of each leaf by a Newton step [1]_. Each round can use a random part of the samples
    [2]_. With `max_bins=None` the splits are the same as those of scikit-learn's estimator, wherever the best split is
    unique. Numbers may be missing or infinite, and categories need no encoding. The model depends neither on the order
    of the samples nor on the number of threads.

    Parameters
    ----------
    loss : {"log_loss", "exponential"}, default="log_loss"
        Loss to minimise. "exponential" is the loss of AdaBoost, for two classes.
    learning_rate : float, default=0.1
        Factor >= 0 that multiplies the values of all leaves (shrinkage). Smaller values usually predict better, and
        need more rounds.
    n_estimators : int or "auto", default=100
        Maximum number of boosting rounds. A round grows one tree for two classes, and one tree per class for more.
        "auto": fit chooses it by 3 folds (one fold of a fifth beyond 20,000 samples, of a tenth beyond 100,000): each
        is boosted until 30 rounds bring nothing to the samples that are left out, or to 1000 rounds; the model is then
        fitted to all samples with the number that is best for the mean of the folds. Fewer than 20 samples: 100.
    subsample : float, default=1.0
        Fraction of the samples, in (0, 1], that are drawn anew in each round to grow its trees (stochastic gradient
        boosting). The same fraction of identical samples is drawn.
    criterion : {"deprecated", "squared_error", "friedman_mse"}, default="deprecated"
        Has no effect; for compatibility with scikit-learn.
    max_depth : int or None, default=3
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int or float, default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default=None
        Number of features that are considered for the split of a node, drawn anew for each node. int: this number.
        float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their number.
        None: all. Features that are constant in the node do not count.
    max_leaf_nodes : int or None, default=None
        Maximum number of leaves of a tree. With a limit, the node whose split reduces the impurity most is split first.
        None: no limit.
    min_impurity_decrease : float, default=0.0
        Minimum decrease of impurity by a split, multiplied by the node's fraction of the total sample weight. Must be
        >= 0.
    ccp_alpha : float, default=0.0
        Complexity parameter of minimal cost-complexity pruning: the decrease of impurity, in its units, that each leaf
        of a branch must be worth for the branch to be kept. 0: no pruning.
    max_bins : int or None, default=255
        Maximum number of bins for the values of a numeric feature. Missing values have a bin of their own, which does
        not count. Up to 255 bins take one byte per value. None: one bin per distinct value, for exact splits.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values are categories without an order. "from_dtype": columns of categories or text (pandas:
        category, string, and object columns with text; polars: Categorical, Enum and String; pyarrow: dictionaries and
        strings; arrays of objects: columns with text). array-like: labels of columns of a DataFrame, positions of
        features, or a boolean mask of shape (n_features,); a list with "from_dtype" in it adds to those columns.
        Numbers are labels where the columns of a DataFrame have labels that are not strings. None: no features. Each
        number in such a column is a category, also -1; only NaN is missing.
    min_frequency : int, float or None, default=2
        Frequency below which a category is rare: the rare categories of a feature share one code, so that they always
        go the same way, and so do categories that fit has not seen. int: number of samples. float in (0, 1): fraction
        of the samples. A sample of weight k counts as k. None or 1: none is rare. The default, 2, lets no split single
        out a category that occurs once.
    init : estimator, "zero" or None, default=None
        Raw predictions before the first round. estimator: an object with `fit` and `predict_proba`; a clone of it is
        fitted first. "zero": zeros. None: the best constant, which predicts the class frequencies.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out if `n_iter_no_change` is set. The same fraction of each class is
        held out. Identical samples are held out together.
    n_iter_no_change : int or None, default=None
        Number of rounds without a smaller loss of the held-out samples after which boosting stops. None: no early
        stopping, and no samples are held out.
    tol : float, default=0.0001
        Tolerance of early stopping: a loss is smaller only if it is smaller by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds rounds to the model, up to `n_estimators` in
        total. On the same data, the result is that of a single fit.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features and held-out samples, and of the choice between splits that are equally
        good. Pass an int to get the same model in every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each of the first ten rounds, for each tenth of the next ninety, and so
        on. 2: a line for each round.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_classes_ : int
        Number of classes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    cv_results_ : dict
        Only if `n_estimators="auto"` was decided by folds: the mean score of left-out samples after 0, 1, ... rounds
        ("curves"), the number of rounds that is best ("n_rounds"), and the best score of each fold
        ("split_test_scores"); see `skensemble.inspection.plot_search`.
    n_estimators_ : int
        Number of rounds in the model.
    n_trees_per_iteration_ : int
        Number of trees of a round.
    estimators_ : ndarray of shape (`n_estimators_`, `n_trees_per_iteration_`)
        The trees, as fitted DecisionTreeRegressor objects, whose predictions are not multiplied by the learning rate.
        Created on first access.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Fraction of the decrease of the variance of the gradients due to each feature; they sum to 1.
    train_score_ : ndarray of shape (`n_estimators_`,)
        Loss after each round, of the samples on which its trees were grown. As in scikit-learn, the log-loss of two
        classes is multiplied by 2.
    oob_scores_ : ndarray of shape (`n_estimators_`,)
        The same for the other samples. Only with `subsample < 1`.
    oob_improvement_ : ndarray of shape (`n_estimators_`,)
        Decrease of the loss of the out-of-bag samples by each round. Only with `subsample < 1`.
    oob_score_ : float
        The last entry of `oob_scores_`. Only with `subsample < 1`.
    init_ : estimator or "zero"
        The fitted estimator whose predictions boosting starts from.
    max_features_ : int
        Number of features that are considered for each split.

    See Also
    --------
    GradientBoostingRegressor : The same for regression.
    NewtonBoostingClassifier : Second-order gradient boosting: faster, and with regularised leaves.
    sklearn.ensemble.GradientBoostingClassifier : Gradient boosting of scikit-learn.

    References
    ----------
    .. [1] Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics
           29(5).
           https://doi.org/10.1214/aos/1013203451
    .. [2] Friedman, J. H. (2002). Stochastic gradient boosting. Computational Statistics and Data Analysis 38(4).
           https://doi.org/10.1016/S0167-9473(01)00065-2

    Examples
    --------
    >>> from sklearn.datasets import make_hastie_10_2
    >>> from skensemble import GradientBoostingClassifier
    >>> X, y = make_hastie_10_2(n_samples=2000, random_state=0)
    >>> model = GradientBoostingClassifier(learning_rate=0.5, random_state=0).fit(X[:1000], y[:1000])
    >>> bool(model.score(X[1000:], y[1000:]) > 0.85)
    True
    >>> model.predict_proba(X[1000:]).shape
    (1000, 2)
    """

    _parameters = CLASSIFIER

    def __init__(
        self,
        *,
        loss: Literal["log_loss", "exponential"] = "log_loss",
        learning_rate: float = 0.1,
        n_estimators: int | Literal["auto"] = 100,
        subsample: float = 1.0,
        criterion: Literal["deprecated", "squared_error", "friedman_mse"] = "deprecated",
        max_depth: int | None = 3,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2"] | None = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        init: BaseEstimator | Literal["zero"] | None = None,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 0.0001,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.loss = loss
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample = subsample
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.ccp_alpha = ccp_alpha
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.min_frequency = min_frequency
        self.init = init
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _read_y(self, y, weight, n_samples, continued):
        """Class indices as float64."""
        labels = read_labels(y, "y", n_samples, known=[self.classes_] if continued else None)
        (self.classes_,), codes = labels.classes, labels.codes[0]
        self.n_classes_ = len(self.classes_)
        n_counted = np.count_nonzero(np.bincount(codes, weight))
        if n_counted < 2:
            raise ValueError(
                f"y must hold at least 2 classes: y contains {n_counted} class after sample_weight trimmed classes "
                "with zero weights, while a minimum of 2 classes are required."
            )
        return codes.astype(np.float64)

    def _make_loss(self):
        return make_loss(self.loss, n_classes=self.n_classes_)

    def _output_names(self):
        return tuple(self.classes_[1:] if self._loss.n_outputs == 1 else self.classes_)

    def _strata(self, target):
        return target

    def _constant_estimator(self, target, weight):
        return DummyClassifier(strategy="prior").fit(np.zeros((len(target), 1)), target.astype(np.intp), weight)

    def _target_of_init(self, target):
        return target.astype(np.intp)

    def _raw_of_init(self, X):
        """(n_samples, n_outputs)"""
        probabilities = np.clip(self.init_.predict_proba(X), SMALLEST_SHARE, 1.0 - SMALLEST_SHARE, dtype=np.float64)
        if self.n_classes_ == 2:
            return self._loss.link(probabilities[:, 1])[:, None]
        logarithms = np.log(probabilities)
        return logarithms - logarithms.mean(axis=1, keepdims=True)

    def decision_function(self, X: Table) -> Array:
        """Raw predictions: log-odds of the second class (with the exponential loss: half of them), or scores of all.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Raw predictions, before the sigmoid or softmax.
        """
        raw = self._raw_predict(X)
        return raw[:, 0] if raw.shape[1] == 1 else raw

    def staged_decision_function(self, X: Table) -> Iterator[Array]:
        """Yield raw predictions after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        scores : ndarray of shape (n_samples, `n_trees_per_iteration_`)
            Two classes: one column.
        """
        yield from self._staged_raw(X)

    def predict(self, X: Table) -> Array:
        """Predict the class of each sample: the most probable one.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels.
        """
        return self._labels(self._raw_predict(X))

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
        for raw in self._staged_raw(X):
            yield self._labels(raw)

    def predict_proba(self, X: Table) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        return self._probabilities(self._raw_predict(X))

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
        for raw in self._staged_raw(X):
            yield self._probabilities(raw)

    def apply(self, X: Table) -> Array:
        """Leaf of each sample in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, `n_estimators_`, `n_trees_per_iteration_`), int32
            Node numbers, counted from the root of each tree.
        """
        return self._apply(X)

    def _probabilities(self, raw):
        return self._loss.link_inverse(np.ascontiguousarray(raw.T))

    def _labels(self, raw):
        codes = (raw[:, 0] >= 0).astype(np.intp) if raw.shape[1] == 1 else raw.argmax(axis=1)
        return self.classes_[codes]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.loss != "exponential"
        return tags


# -- regression ------------------------------------------------------------------------------------------------------


class GradientBoostingRegressor(RegressorMixin, _GradientBoosting):
    """Gradient boosting of regression trees (GBDT) for regression.

    Each round fits a regression tree to the negative gradient of the loss and sets the value of each leaf to the one
    with the smallest loss: a mean, a median, a quantile [1]_. Each round can use a random part of the samples [2]_.
    With `max_bins=None` the splits are the same as those of scikit-learn's estimator, wherever the best split is
    unique. Numbers may be missing or infinite, and categories need no encoding. The model depends neither on the order
    of the samples nor on the number of threads.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile"}, default="squared_error"
        Loss to minimise. "huber": the squared error of small residuals, and a linear loss of large ones (see `alpha`).
    alpha : float, default=0.9
        Level in (0, 1) of the loss "quantile". With "huber", the quantile of the absolute residuals, computed anew in
        each round, up to which residuals are squared.
    learning_rate : float, default=0.1
        Factor >= 0 that multiplies the values of all leaves (shrinkage). Smaller values usually predict better, and
        need more rounds.
    n_estimators : int or "auto", default=100
        Maximum number of boosting rounds. "auto": fit chooses it by 3 folds (one fold of a fifth beyond 20,000 samples,
        of a tenth beyond 100,000): each is boosted until 30 rounds bring nothing to the samples that are left out, or
        to 1000 rounds; the model is then fitted to all samples with the number that is best for the mean of the folds.
        Fewer than 20 samples: 100.
    subsample : float, default=1.0
        Fraction of the samples, in (0, 1], that are drawn anew in each round to grow its trees (stochastic gradient
        boosting). The same fraction of identical samples is drawn.
    criterion : {"deprecated", "squared_error", "friedman_mse"}, default="deprecated"
        Has no effect; for compatibility with scikit-learn.
    max_depth : int or None, default=3
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int or float, default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default=None
        Number of features that are considered for the split of a node, drawn anew for each node. int: this number.
        float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their number.
        None: all. Features that are constant in the node do not count.
    max_leaf_nodes : int or None, default=None
        Maximum number of leaves of a tree. With a limit, the node whose split reduces the impurity most is split first.
        None: no limit.
    min_impurity_decrease : float, default=0.0
        Minimum decrease of impurity by a split, multiplied by the node's fraction of the total sample weight. Must be
        >= 0.
    ccp_alpha : float, default=0.0
        Complexity parameter of minimal cost-complexity pruning: the decrease of impurity, in its units, that each leaf
        of a branch must be worth for the branch to be kept. 0: no pruning.
    max_bins : int or None, default=255
        Maximum number of bins for the values of a numeric feature. Missing values have a bin of their own, which does
        not count. Up to 255 bins take one byte per value. None: one bin per distinct value, for exact splits.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values are categories without an order. "from_dtype": columns of categories or text (pandas:
        category, string, and object columns with text; polars: Categorical, Enum and String; pyarrow: dictionaries and
        strings; arrays of objects: columns with text). array-like: labels of columns of a DataFrame, positions of
        features, or a boolean mask of shape (n_features,); a list with "from_dtype" in it adds to those columns.
        Numbers are labels where the columns of a DataFrame have labels that are not strings. None: no features. Each
        number in such a column is a category, also -1; only NaN is missing.
    min_frequency : int, float or None, default=2
        Frequency below which a category is rare: the rare categories of a feature share one code, so that they always
        go the same way, and so do categories that fit has not seen. int: number of samples. float in (0, 1): fraction
        of the samples. A sample of weight k counts as k. None or 1: none is rare. The default, 2, lets no split single
        out a category that occurs once.
    init : estimator, "zero" or None, default=None
        Raw predictions before the first round. estimator: an object with `fit` and `predict`; a clone of it is fitted
        first. "zero": zeros. None: the best constant, which is the mean, the median or the quantile of the target.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out if `n_iter_no_change` is set. Identical samples are held out
        together.
    n_iter_no_change : int or None, default=None
        Number of rounds without a smaller loss of the held-out samples after which boosting stops. None: no early
        stopping, and no samples are held out.
    tol : float, default=0.0001
        Tolerance of early stopping: a loss is smaller only if it is smaller by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds rounds to the model, up to `n_estimators` in
        total. On the same data, the result is that of a single fit.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features and held-out samples, and of the choice between splits that are equally
        good. Pass an int to get the same model in every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each of the first ten rounds, for each tenth of the next ninety, and so
        on. 2: a line for each round.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    cv_results_ : dict
        Only if `n_estimators="auto"` was decided by folds: the mean score of left-out samples after 0, 1, ... rounds
        ("curves"), the number of rounds that is best ("n_rounds"), and the best score of each fold
        ("split_test_scores"); see `skensemble.inspection.plot_search`.
    n_estimators_ : int
        Number of rounds in the model.
    n_trees_per_iteration_ : int
        Number of trees of a round.
    estimators_ : ndarray of shape (`n_estimators_`, `n_trees_per_iteration_`)
        The trees, as fitted DecisionTreeRegressor objects, whose predictions are not multiplied by the learning rate.
        Created on first access.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Fraction of the decrease of the variance of the gradients due to each feature; they sum to 1.
    train_score_ : ndarray of shape (`n_estimators_`,)
        Loss after each round, of the samples on which its trees were grown. As in scikit-learn, the squared error is
        not halved.
    oob_scores_ : ndarray of shape (`n_estimators_`,)
        The same for the other samples. Only with `subsample < 1`.
    oob_improvement_ : ndarray of shape (`n_estimators_`,)
        Decrease of the loss of the out-of-bag samples by each round. Only with `subsample < 1`.
    oob_score_ : float
        The last entry of `oob_scores_`. Only with `subsample < 1`.
    init_ : estimator or "zero"
        The fitted estimator whose predictions boosting starts from.
    max_features_ : int
        Number of features that are considered for each split.

    See Also
    --------
    GradientBoostingClassifier : The same for classification.
    NewtonBoostingRegressor : Second-order gradient boosting: faster, and with regularised leaves.
    sklearn.ensemble.GradientBoostingRegressor : Gradient boosting of scikit-learn.

    References
    ----------
    .. [1] Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics
           29(5).
           https://doi.org/10.1214/aos/1013203451
    .. [2] Friedman, J. H. (2002). Stochastic gradient boosting. Computational Statistics and Data Analysis 38(4).
           https://doi.org/10.1016/S0167-9473(01)00065-2

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skensemble import GradientBoostingRegressor
    >>> X, y = make_friedman1(n_samples=600, random_state=0)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X[:400], y[:400])
    >>> bool(model.score(X[400:], y[400:]) > 0.9)
    True
    >>> upper = GradientBoostingRegressor(loss="quantile", alpha=0.9, random_state=0).fit(X[:400], y[:400])
    >>> bool((upper.predict(X[:400]) > y[:400]).mean() > 0.8)
    True
    """

    _parameters = REGRESSOR

    def __init__(
        self,
        *,
        loss: Literal["squared_error", "absolute_error", "huber", "quantile"] = "squared_error",
        alpha: float = 0.9,
        learning_rate: float = 0.1,
        n_estimators: int | Literal["auto"] = 100,
        subsample: float = 1.0,
        criterion: Literal["deprecated", "squared_error", "friedman_mse"] = "deprecated",
        max_depth: int | None = 3,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2"] | None = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        init: BaseEstimator | Literal["zero"] | None = None,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 0.0001,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.loss = loss
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample = subsample
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.ccp_alpha = ccp_alpha
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.min_frequency = min_frequency
        self.init = init
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _read_y(self, y, weight, n_samples, continued):
        target = read_target(y, "y", n_samples, squares=True)
        if target.ndim != 1:
            raise ValueError(f"y must have one column, got {len(target)}: y should be a 1d array.")
        return target

    def _make_loss(self):
        return make_loss(self.loss, quantile=float(self.alpha))

    def _output_names(self):
        return None

    def _strata(self, target):
        return np.zeros(len(target))

    def _constant_estimator(self, target, weight):
        constant = DummyRegressor(strategy="constant", constant=self._baseline[0])
        return constant.fit(np.zeros((len(target), 1)), target, weight)

    def _target_of_init(self, target):
        return target

    def _raw_of_init(self, X):
        """(n_samples, 1)"""
        return np.asarray(self.init_.predict(X), np.float64).reshape(-1, 1)

    def predict(self, X: Table) -> Array:
        """Predict the target.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            In the units of the target.
        """
        return self._raw_predict(X)[:, 0]

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
        for raw in self._staged_raw(X):
            yield raw[:, 0]

    def apply(self, X: Table) -> Array:
        """Leaf of each sample in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, `n_estimators_`), int32
            Node numbers, counted from the root of each tree.
        """
        return self._apply(X)[:, :, 0]


# sklearn.inspection offers method="recursion" to instances of these classes only, and asks no more of them than the
# method `_compute_partial_dependence_recursion`
sklearn.ensemble.GradientBoostingClassifier.register(GradientBoostingClassifier)
sklearn.ensemble.GradientBoostingRegressor.register(GradientBoostingRegressor)
