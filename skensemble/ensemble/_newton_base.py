"""What the Newton boosters share: from targets to trees, and from trees to raw predictions."""

import copy
from functools import cached_property
from time import perf_counter

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._parallel import effective_n_jobs
from skensemble._random import draw_seed, generator, mixed_seed
from skensemble._targets import (
    MONOTONIC_CST,
    FeatureNames,
    all_or_nothing,
    read_monotonic_cst,
    read_numbers,
)
from skensemble._validation import (
    CATEGORICAL_FEATURES,
    N_JOBS,
    RANDOM_STATE,
    Interval,
    IsArrayLike,
    IsBool,
    IsCallable,
    IsNone,
    IsString,
    OneOf,
    check_parameters,
    feature_positions,
    read_features,
)
from skensemble.ensemble._boosting_loop import Booster, Fold, History, Patience, Schedule, held_out_rows
from skensemble.ensemble._row_sampling import row_keys
from skensemble.tree._binning import Binner
from skensemble.tree._growth_state import BEST_FIRST, BREADTH_FIRST, DEPTH_FIRST, SYMMETRIC
from skensemble.tree._prediction import apply_trees, compile_trees, decision_path, predict_raw, staged_raw
from skensemble.tree._tree_arrays import concatenate, empty_trees
from skensemble.tree._tree_grower import is_whole, to_tree_arrays

NO_LIMIT = -1
CAT_SMOOTH = CAT_L2 = 10.0  # as LightGBM's: what a category, and a split of sorted categories, must outweigh

_NON_NEGATIVE = (Interval(float, 0.0),)
_SHARE = (Interval(float, 0.0, 1.0, "right"),)

PARAMETERS = {
    "n_estimators": (Interval(int, 1),),
    "learning_rate": (Interval(float, 0.0, closed="neither"), OneOf("auto")),
    "grow_policy": (OneOf("depthwise", "lossguide", "symmetric"),),
    "max_depth": (Interval(int, 1), IsNone),
    "max_leaf_nodes": (Interval(int, 2), IsNone),
    "min_samples_leaf": (Interval(int, 1),),
    "min_child_weight": _NON_NEGATIVE,
    "reg_lambda": _NON_NEGATIVE,
    "reg_alpha": _NON_NEGATIVE,
    "gamma": _NON_NEGATIVE,
    "max_delta_step": _NON_NEGATIVE,
    "max_bins": (Interval(int, 2), IsNone),
    "categorical_features": CATEGORICAL_FEATURES,
    "max_cat_to_onehot": (Interval(int, 1),),
    "max_cat_threshold": (Interval(int, 1),),
    "monotonic_cst": MONOTONIC_CST,
    "interaction_cst": (IsArrayLike, OneOf("pairwise", "no_interactions"), IsNone),
    "subsample": _SHARE,
    "sampling_method": (OneOf("uniform", "goss"),),
    "colsample_bytree": _SHARE,
    "colsample_bylevel": _SHARE,
    "colsample_bynode": _SHARE,
    "base_score": (Interval(float), IsArrayLike, IsNone),
    "early_stopping": (OneOf("auto"), IsBool),
    "validation_fraction": (Interval(float, 0.0, 1.0, "neither"),),
    "n_iter_no_change": (Interval(int, 1),),
    "tol": _NON_NEGATIVE,
    "scoring": (IsString, IsCallable, IsNone),
    "warm_start": (IsBool,),
    "importance_type": (OneOf("gain", "cover", "split"),),
    "n_jobs": N_JOBS,
    "random_state": RANDOM_STATE,
    "verbose": (Interval(int, 0), IsBool),
}


class NewtonBoosting(CallbackSupportMixin, BaseEstimator):
    """What classifier and regressor share: everything between a target array and raw predictions."""

    _doc_link_module = "skensemble"
    _doc_link_template = (
        "https://skensemble.readthedocs.io/en/latest/reference.html#{estimator_module}.{estimator_name}"
    )

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        init_score=None,
        init_score_val=None,
    ):
        """Fit the boosted trees.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0. A whole-number weight k has the effect of k copies of the row.
        X_val, y_val : like X and y, default=None
            Held-out rows for early stopping; without them `validation_fraction` of the rows is set aside.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the held-out rows.
        init_score : array-like of shape (n_samples,) or (n_samples, n_raw_outputs), default=None
            Raw predictions to start from instead of a constant. They are not part of the model: add them to
            what it predicts.
        init_score_val : like init_score, default=None
            The same for the held-out rows.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            A parameter, a weight or a target breaks its rule; the message names it, the rule and the value. The
            estimator stays what it was before.
        """
        check_parameters(self, self._parameters)
        _check_scoring_name(self.scoring)
        n_threads = effective_n_jobs(self.n_jobs)
        continued = self.warm_start and hasattr(self, "_trees")
        table = read_features(self, X, reset=not continued)
        target, weight = self._read_target(y, sample_weight, table.n_samples, continued)
        start = _read_init_score(init_score, "init_score", table.n_samples)
        validation = self._read_validation(X_val, y_val, sample_weight_val, init_score_val)
        if validation is not None and (start is None) != (init_score_val is None):
            raise ValueError("init_score and init_score_val must be given together where X_val is, got one of them.")
        if not continued:
            self._forget()
            self._seed = int(draw_seed(generator(self.random_state)))
            self._binner = Binner(self.max_bins, self.categorical_features).fit(table, weight, n_threads)
        train = self._make_fold(table, target, weight, start, n_threads)
        held_out = None if validation is None else self._make_fold(*validation, n_threads)
        if held_out is None and self.early_stopping is True:
            train, held_out = self._hold_out(train)
        if not continued:
            self._start(train)
        self._set_raw(train, "init_score")
        self._set_raw(held_out, "init_score_val")
        self._boost(train, held_out, n_threads, {"X": X, "y": y, "metadata": _metadata(sample_weight)})
        return self

    def _forget(self):
        for name in ("_trees", "_layout", "train_score_", "validation_score_"):
            self.__dict__.pop(name, None)

    def _read_validation(self, X_val, y_val, sample_weight_val, init_score_val):
        """The user's own held-out rows as (table, target, weight, init_score), or None."""
        if (X_val is None) != (y_val is None):
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(f"X_val and y_val must be given together, got {missing}=None.")
        if X_val is None:
            if sample_weight_val is not None or init_score_val is not None:
                raise ValueError("sample_weight_val and init_score_val need X_val and y_val, got X_val=None.")
            return None
        table = read_features(self, X_val, reset=False)
        target, weight = self._read_target(y_val, sample_weight_val, table.n_samples, True, suffix="_val")
        return table, target, weight, _read_init_score(init_score_val, "init_score_val", table.n_samples)

    def _make_fold(self, table, target, weight, start, n_threads):
        """A Fold that knows `start`, and the raw predictions of the trees that are there already."""
        before = self._raw_of_table(table, n_threads).T if hasattr(self, "_trees") else None
        return Fold(self._binner.transform(table, n_threads), target, weight, raw=None, start=start, before=before)

    def _hold_out(self, fold):
        """Set `validation_fraction` of the rows aside, of each class in proportion.

        Where none can be spared, the rows that train the trees judge them, too.
        """
        keys, strata = row_keys(fold.binned.codes, fold.y), self._strata(fold.y)
        chosen = held_out_rows(keys, strata, fold.weight, self.validation_fraction, mixed_seed(self._seed, 0))
        if not chosen.any():
            return fold, fold.take(np.arange(len(chosen)))
        return fold.take(np.flatnonzero(~chosen)), fold.take(np.flatnonzero(chosen))

    def _start(self, train):
        """What a first fit learns before its first tree: loss and baseline."""
        self._loss = self._make_loss(train.y).prepared(train.y, train.weight)
        self._loss.check_target(train.y)
        self._baseline = self._find_baseline(train.y, train.weight, train.start)
        self._trees = empty_trees(self._loss.n_outputs if self._has_vector_leaves() else 1)
        self._rounds = 0

    def _find_baseline(self, target, weight, start):
        if start is not None:
            return np.zeros(self._loss.n_outputs)
        if self.base_score is None:
            return self._loss.baseline(target, weight)
        prediction = np.atleast_1d(np.asarray(self.base_score, np.float64))
        if prediction.size == 1:
            prediction = np.repeat(prediction, self._loss.n_outputs)
        baseline = self._loss.link(prediction)
        if baseline.shape != (self._loss.n_outputs,) or not self._is_link_of(baseline, prediction):
            raise ValueError(
                f"base_score must be a finite prediction that loss={self.loss!r} allows (probabilities add up to 1), "
                f"or one for each of {self._loss.n_outputs} outputs, got {self.base_score!r}."
            )
        return baseline

    def _is_link_of(self, raw, prediction):
        """Does the prediction come back from its raw value?"""
        if not self._loss.has_value:
            return np.isfinite(raw).all()
        return np.allclose(self._loss.link_inverse(raw[:, None]).reshape(-1)[-len(raw) :], prediction, atol=0.0)

    def _set_raw(self, fold, name):
        """Raw predictions before the first round."""
        if fold is None:
            return
        n_outputs, start = self._loss.n_outputs, fold.start
        if start is not None and len(start) != n_outputs:
            raise ValueError(f"{name} must have {n_outputs} columns, got {len(start)}.")
        fold.raw = np.empty((n_outputs, fold.y.shape[-1]))
        fold.raw[:] = self._baseline[:, None] if fold.before is None else fold.before
        if start is not None:
            fold.raw += start

    def _boost(self, train, held_out, n_threads, data):
        """Add rounds until there are n_estimators, or they no longer help."""
        n_rounds = self._rounds_to_add()
        booster = Booster(self._loss, train, held_out, self._schedule(n_threads, train)) if n_rounds else None
        score = self._scorer(held_out)
        history = self._history_so_far(score, train, held_out)
        may_stop = held_out is not None and self.early_stopping is not False
        patience = Patience(self.n_iter_no_change, self.tol, history.validation_score) if may_stop else None
        progress = FitProgress(self, n_rounds, data)
        first = self._rounds

        def one_round():
            history.trees.append(booster.round(self._rounds))
            self._rounds += 1

        for _ in range(n_rounds):
            begin = perf_counter()
            wants_stop = progress.run_round(one_round, lambda: self._fitted_attributes(history))
            if score is not None:
                self._record(history, score, train, held_out)
            if self.verbose:
                print(self._report(history, perf_counter() - begin))
            is_over = patience is not None and patience.is_over(history.validation_score)
            if is_over or wants_stop:
                break
        self._finish(history, first, patience)
        progress.finish(dict)

    def _rounds_to_add(self):
        n_rounds = self.n_estimators - self._rounds
        if n_rounds < 0:
            raise ValueError(
                f"n_estimators must be >= the {self._rounds} rounds that are fitted already (warm_start=True), "
                f"got {self.n_estimators}."
            )
        return 0 if self._is_decided() else n_rounds

    def _is_decided(self):
        """Is there nothing to learn?"""
        return False

    def _finish(self, history, first, patience):
        """Keep the trees up to the best round, and the scores."""
        kept = self._rounds
        if patience is not None:
            kept = max(first, patience.best_length - 1)
        self._add_trees([tree for round_ in history.trees[: kept - first] for tree in round_])
        self._rounds = kept
        self.train_score_ = np.array(history.train_score)
        self.validation_score_ = np.array(history.validation_score)

    def _add_trees(self, trees):
        new = to_tree_arrays(trees, self._binner, self._trees.n_values)
        self._trees = concatenate([self._trees, new]) if self._trees.n_trees else new
        self.__dict__.pop("_layout", None)
        self._layout  # noqa: B018  now, so that predicting changes nothing

    def _fitted_attributes(self, history):
        """State of an estimator that stops here, for callbacks that want one."""
        trees = to_tree_arrays(
            [tree for round_ in history.trees for tree in round_], self._binner, self._trees.n_values
        )
        if self._trees.n_trees:
            trees = concatenate([self._trees, trees])
        return {"_trees": trees}

    # -- scores while fitting ----------------------------------------------------------------------------------------

    def _scorer(self, held_out):
        """Function of a Fold (larger is better), or None if nobody asks for scores."""
        if held_out is None and (not self.verbose or self._is_unknown_loss()):
            return None
        if self._is_unknown_loss():
            raise ValueError(
                "scoring must be a scorer of scikit-learn, or None, where a callable loss is to be scored on held-out "
                "rows, got 'loss'."
            )
        if self.scoring == "loss":
            return lambda fold: -self._loss.value(fold.y, fold.raw, fold.weight)
        scorer = check_scoring(self, scoring=self.scoring)
        return lambda fold: self._score_of_raw(scorer, fold)

    def _is_unknown_loss(self):
        return self.scoring == "loss" and not self._loss.has_value

    def _score_of_raw(self, scorer, fold):
        """Score known raw predictions as scikit-learn's scorers do: they ask an estimator, so give them one."""
        judge = copy.copy(self)
        judge._known_raw = fold.raw.T
        weight = {} if fold.weight is None else {"sample_weight": fold.weight}
        X = np.zeros((fold.raw.shape[1], 1))
        return scorer(judge, X, self._target_for_scorer(fold.y), **weight)

    def _history_so_far(self, score, train, held_out):
        """Scores with one entry for each number of rounds from 0 up to now; NaN where nobody scored."""
        history = History()
        history.train_score.extend(getattr(self, "train_score_", ()))
        history.validation_score.extend(getattr(self, "validation_score_", ()))
        if score is not None:
            for fold, scores in ((train, history.train_score), (held_out, history.validation_score)):
                del scores[self._rounds + 1 :]  # rounds that early stopping dropped
                if fold is not None and len(scores) <= self._rounds:
                    scores.extend([np.nan] * (self._rounds - len(scores)))
                    scores.append(score(fold))
        return history

    @staticmethod
    def _record(history, score, train, held_out):
        history.train_score.append(score(train))
        if held_out is not None:
            history.validation_score.append(score(held_out))

    def _report(self, history, seconds):
        """One line about the last round."""
        trees = history.trees[-1]
        n_leaves = sum(int((tree.nodes["left"] < 0).sum()) for tree in trees)
        depth = max(int(tree.nodes["depth"].max()) for tree in trees)
        parts = [f"{len(trees)} tree{'s' * (len(trees) > 1)}, {n_leaves} leaves, depth {depth}"]
        name = self.scoring if isinstance(self.scoring, str) else "score"
        for rows, scores in (("train", history.train_score), ("validation", history.validation_score)):
            if len(scores) == self._rounds + 1:
                parts.append(f"{rows} {name} {-scores[-1] if name == 'loss' else scores[-1]:.6g}")
        return f"[{self._rounds}/{self.n_estimators}] {', '.join(parts)}, {seconds:.3f} s"

    # -- predictions -------------------------------------------------------------------------------------------------

    @cached_property
    def _layout(self):
        return compile_trees(self._trees)

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return read_features(self, X, reset=False)

    def _raw_of_table(self, table, n_threads):
        """(n_samples, n_outputs) raw predictions."""
        return predict_raw(self._layout, self._encoder(table), table.n_samples, self._baseline, n_threads)

    def _encoder(self, table):
        return lambda start, stop: self._binner.encode(table, start, stop)

    def _raw_predict(self, X):
        if hasattr(self, "_known_raw"):
            return self._known_raw
        return self._raw_of_table(self._read_for_prediction(X), effective_n_jobs(self.n_jobs))

    def _staged_raw(self, X):
        """Raw predictions after each round."""
        table = self._read_for_prediction(X)
        stages = [self._trees_per_round * (k + 1) for k in range(self._rounds)]
        yield from staged_raw(
            self._layout, self._encoder(table), table.n_samples, self._baseline, stages, effective_n_jobs(self.n_jobs)
        )

    def apply(self, X):
        """Leaf that each row falls into, in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_trees), int32
            Node numbers, counted from the root of each tree. The trees of one round (one per output) stand together.
        """
        table = self._read_for_prediction(X)
        return apply_trees(self._layout, self._encoder(table), table.n_samples, effective_n_jobs(self.n_jobs))

    def decision_path(self, X):
        """Nodes that each row passes.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        indicator : sparse matrix of shape (n_samples, n_nodes)
            CSR; 1 where a row passes a node.
        n_nodes_ptr : ndarray of shape (n_trees + 1,)
            Columns [n_nodes_ptr[t], n_nodes_ptr[t + 1]) belong to tree t.
        """
        leaves = self.apply(X)
        return decision_path(self._trees, leaves)

    # -- attributes --------------------------------------------------------------------------------------------------

    @property
    def n_iter_(self):
        """Rounds of boosting in the model."""
        check_is_fitted(self)
        return self._rounds

    @property
    def feature_importances_(self):
        """Importance of each feature, see `importance_type`; they sum to 1, or are all 0 where no tree splits."""
        check_is_fitted(self)
        importances = self._trees.feature_importances(self.n_features_in_, self.importance_type).astype(np.float64)
        total = importances.sum()
        return importances / total if total > 0 else importances

    @property
    def _trees_per_round(self):
        return 1 if self._trees.n_values == self._loss.n_outputs else self._loss.n_outputs

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_trees")

    def __getstate__(self):
        state = super().__getstate__().copy()
        for name in ("_layout", "_callback_fit_ctx", "_skl_callbacks_to_teardown"):
            state.pop(name, None)
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    # -- what the rounds are given -----------------------------------------------------------------------------------

    def _schedule(self, n_threads, train):
        monotone = read_monotonic_cst(self.monotonic_cst, FeatureNames.of(self), self._binner.is_categorical_)
        if self._has_vector_leaves() and monotone.any():
            raise ValueError(
                "monotonic_cst needs multi_strategy='one_output_per_tree': a leaf with several values has no order, "
                "got 'multi_output_tree'."
            )
        return Schedule(
            learning_rate=self._learning_rate(train),
            vector=self._has_vector_leaves(),
            subsample=float(self.subsample),
            goss=self.sampling_method == "goss",
            colsample_bytree=float(self.colsample_bytree),
            limits=self._limits(),
            monotone=monotone,
            interactions=self._interaction_groups(),
            seed=mixed_seed(self._seed, 1),
            n_threads=n_threads,
        )

    def _learning_rate(self, train):
        if self.learning_rate != "auto":
            return float(self.learning_rate)
        n_rows = train.y.shape[-1] if train.weight is None else np.count_nonzero(train.weight)
        if train.weight is not None and is_whole(train.weight):
            n_rows = train.weight.sum()
        return float(np.clip(0.06 * (n_rows / 1000) ** 0.25, 0.05, 0.12))

    def _limits(self):
        policy = {"lossguide": BEST_FIRST, "symmetric": SYMMETRIC}.get(self.grow_policy, DEPTH_FIRST)
        if policy == DEPTH_FIRST and self.max_leaf_nodes is not None:
            policy = BREADTH_FIRST
        max_depth = NO_LIMIT if self.max_depth is None else int(self.max_depth)
        if policy == SYMMETRIC:
            max_depth = self._symmetric_depth()
        return {
            "policy": policy,
            "max_depth": max_depth,
            "max_leaf_nodes": NO_LIMIT if self.max_leaf_nodes is None else int(self.max_leaf_nodes),
            "min_samples_leaf": int(self.min_samples_leaf),
            "min_child_weight": float(self.min_child_weight),
            "reg_lambda": float(self.reg_lambda),
            "reg_alpha": float(self.reg_alpha),
            "gamma": float(self.gamma),
            "max_delta_step": float(self.max_delta_step),
            "max_cat_to_onehot": int(self.max_cat_to_onehot),
            "max_cat_threshold": int(self.max_cat_threshold),
            "cat_smooth": CAT_SMOOTH,
            "cat_l2": CAT_L2,
            "colsample_bylevel": float(self.colsample_bylevel),
            "colsample_bynode": float(self.colsample_bynode),
        }

    def _symmetric_depth(self):
        if self.max_depth is None or self.max_depth > 16:
            raise ValueError(
                f"max_depth must be an int in [1, 16] for grow_policy='symmetric', got {self.max_depth!r}."
            )
        if self.max_leaf_nodes is not None:
            return min(int(self.max_depth), int(self.max_leaf_nodes).bit_length() - 1)
        return int(self.max_depth)

    def _interaction_groups(self):
        """(n_groups, n_features) bool; features in no group form one of their own."""
        n_features = self.n_features_in_
        if self.interaction_cst is None:
            return np.zeros((0, n_features), bool)
        if isinstance(self.interaction_cst, str):
            if self.interaction_cst == "no_interactions":
                return np.eye(n_features, dtype=bool)
            groups = [(i, j) for i in range(n_features) for j in range(i + 1, n_features)] or [(0,)]
        else:
            features = FeatureNames.of(self)
            groups = [feature_positions(_as_list(group), features, "interaction_cst") for group in self.interaction_cst]
        mask = np.zeros((len(groups), n_features), bool)
        for group, features in zip(mask, groups):
            group[list(features)] = True
        rest = ~mask.any(axis=0)
        return np.vstack([mask, rest]) if rest.any() else mask

    def _has_vector_leaves(self):
        return False


def _as_list(group):
    return sorted(group) if isinstance(group, (set, frozenset)) else group


def _check_scoring_name(scoring):
    if isinstance(scoring, str) and scoring != "loss" and scoring not in get_scorer_names():
        raise ValueError(f"scoring must be 'loss' or one of sklearn.metrics.get_scorer_names(), got {scoring!r}.")


def _read_init_score(init_score, name, n_samples):
    """(n_outputs, n_samples) float64, or None."""
    if init_score is None:
        return None
    score = read_numbers(init_score, name)
    if len(score) != n_samples or score.ndim > 2:
        raise ValueError(f"{name} must have one row per row of X ({n_samples}), got shape {score.shape}.")
    return np.array(np.atleast_2d(score.T), order="C")


def _metadata(sample_weight):
    """What callbacks are to hand on to their scorers."""
    return {} if sample_weight is None else {"sample_weight": sample_weight}
