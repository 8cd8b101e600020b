"""What the Newton boosters share: from targets to trees, and from trees to raw predictions."""

import copy
from functools import cached_property, partial
from time import perf_counter

import numpy as np
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import (
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
    rules_of,
)
from skensemble._random import draw_seed, generator, mixed_seed
from skensemble._targets import (
    MONOTONIC_CST,
    FeatureNames,
    all_or_nothing,
    check_enough_rows,
    read_monotonic_cst,
    read_numbers,
    read_weight,
)
from skensemble._validation import feature_positions, read_features
from skensemble._weights import is_whole
from skensemble.ensemble._early_stopping import Patience
from skensemble.ensemble.newton._boosting_loop import Booster, Fold, History, Schedule
from skensemble.ensemble.newton._dart import (
    DartBooster,
    Dropout,
    Round,
    ScaledTrees,
    compact_leaves,
    replay,
    scales_after,
)
from skensemble.ensemble.newton._linear_booster import (
    FEATURE_SELECTORS,
    LinearBooster,
    LinearFold,
    LinearModel,
    LinearSchedule,
)
from skensemble.ensemble.newton._linear_columns import ColumnEncoder
from skensemble.ensemble.newton._linear_leaves import (
    LeafFold,
    LeafSlopes,
    LinearLeafBooster,
    raw_of_linear_leaves,
    read_only,
    staged_raw_of_linear_leaves,
)
from skensemble.ensemble.rows._held_out_rows import held_out_parts
from skensemble.ensemble.rows._row_sampling import copies_of
from skensemble.tree._binning import Binner
from skensemble.tree.histogram._grown_trees import to_tree_arrays
from skensemble.tree.histogram._growth_limits import (
    BEST_FIRST,
    BREADTH_FIRST,
    CATEGORY_PARAMETERS,
    COLUMN_PARAMETERS,
    DEPTH_FIRST,
    SIZE_PARAMETERS,
    SYMMETRIC,
    read_limits,
)
from skensemble.tree.trees._prediction import apply_trees, compile_trees, decision_path, predict_raw, staged_raw
from skensemble.tree.trees._tree_arrays import concatenate, empty_trees

LINEAR_RATE = 0.5  # XGBoost's

_NON_NEGATIVE = (Interval(float, 0.0),)
_SHARE = (Interval(float, 0.0, 1.0, "right"),)
_PROBABILITY = (Interval(float, 0.0, 1.0, "both"),)

BOOSTERS = {
    "gbtree": Booster,
    "dart": DartBooster,
    "gblinear": LinearBooster,
}  # what makes the rounds: has `round(number)`

PARAMETERS = {
    "n_estimators": (Interval(int, 1),),
    "learning_rate": (Interval(float, 0.0, closed="neither"), OneOf("auto")),
    "booster": (OneOf(*BOOSTERS),),
    "num_parallel_tree": (Interval(int, 1),),
    **rules_of(SIZE_PARAMETERS),
    "max_bins": (Interval(int, 2), IsNone),
    "categorical_features": CATEGORICAL_FEATURES,
    **rules_of(CATEGORY_PARAMETERS),
    "monotonic_cst": MONOTONIC_CST,
    "interaction_cst": (IsArrayLike, OneOf("pairwise", "no_interactions"), IsNone),
    "subsample": _SHARE,
    "sampling_method": (OneOf("uniform", "goss"),),
    "colsample_bytree": _SHARE,
    **rules_of(COLUMN_PARAMETERS),
    "rate_drop": _PROBABILITY,
    "skip_drop": _PROBABILITY,
    "one_drop": (IsBool,),
    "sample_type": (OneOf("uniform", "weighted"),),
    "normalize_type": (OneOf("tree", "forest"),),
    "linear_leaves": (IsBool,),
    "linear_lambda": _NON_NEGATIVE,
    "feature_selector": (OneOf(*FEATURE_SELECTORS),),
    "top_k": (Interval(int, 1), IsNone),
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


def _grows_trees(estimator):
    if estimator.booster == "gblinear":
        raise AttributeError("booster='gblinear' makes no trees, and its models have no leaves and no nodes.")
    return True


class NewtonBoosting(CallbackSupportMixin, Estimator):
    """What classifier and regressor share: everything between a target array and raw predictions."""

    is_smooth = False  # predictions are constant between thresholds
    _made_when_needed = ("_layout",)

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
        data = {"X": X, "y": y, "metadata": _metadata(sample_weight)}
        return self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val, init_score, init_score_val, data)

    def _fit(self, X, y, sample_weight, X_val, y_val, sample_weight_val, init_score, init_score_val, data):
        """Fit to targets that `_read_target` knows to read; `data` is what callbacks are told."""
        check_parameters(self, self._parameters)
        self._check_scoring()
        n_threads = effective_n_jobs(self.n_jobs)
        continued = self.warm_start and hasattr(self, "_trees")
        if continued:
            self._check_same_rounds()
        table = read_features(self, X, reset=not continued)
        check_enough_rows(table.n_samples, 2)
        target, weight = self._read_target(y, sample_weight, table.n_samples, continued)
        start = _read_init_score(init_score, "init_score", table.n_samples)
        validation = self._read_validation(X_val, y_val, sample_weight_val, init_score_val)
        if validation is not None and (start is None) != (init_score_val is None):
            raise ValueError("init_score and init_score_val must be given together where X_val is, got one of them.")
        if not continued:
            self._forget()
            kind = ("booster", "num_parallel_tree", "linear_leaves")
            self._kind_of_rounds = {name: getattr(self, name) for name in kind}
            self._seed = int(draw_seed(generator(self.random_state)))
            binner = ColumnEncoder if self._is_linear() else Binner
            self._binner = binner(self.max_bins, self.categorical_features).fit(table, weight, n_threads)
        train = self._make_fold(table, target, weight, start, n_threads)
        train.copies = self._count_copies(sample_weight, weight)
        held_out = None if validation is None else self._make_fold(*validation, n_threads)
        if held_out is None and self.early_stopping is True:
            train, held_out = self._hold_out(train)
        if not continued:
            self._start(train)
        self._set_raw(train, "init_score", n_threads)
        self._set_raw(held_out, "init_score_val", n_threads)
        self._boost(train, held_out, n_threads, data)
        return self

    def _check_scoring(self):
        _check_scoring_name(self.scoring)

    def _check_same_rounds(self):
        for name, known in self._kind_of_rounds.items():
            if getattr(self, name) != known:
                raise ValueError(
                    f"{name} must be that of the first fit ({known!r}) where warm_start=True adds rounds to it, "
                    f"got {getattr(self, name)!r}."
                )

    def _forget(self):
        learnt = ("_trees", "_layout", "_drops", "_unscaled_values", "_slopes", "_linear")
        for name in (*learnt, "train_score_", "validation_score_"):
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
        """A Fold that knows `start`, and what the trees that are there already say of the rows."""
        before = leaves = None
        if self._drops_trees():
            leaves = self._leaves_of_table(table, n_threads) if hasattr(self, "_trees") else []
        elif hasattr(self, "_trees"):
            before = self._raw_of_table(table, n_threads).T
        fold = Fold
        if self._is_linear():
            fold = LinearFold
        elif self._has_linear_leaves():
            fold = partial(LeafFold, cells=read_only(self._binner.encode(table)))
        binned = self._binner.transform(table, n_threads)
        return fold(binned, target, weight, raw=None, start=start, before=before, leaves=leaves)

    def _hold_out(self, fold):
        """Set `validation_fraction` of the rows aside, of each class in proportion.

        Where none can be spared, the rows that train the trees judge them, too.
        """
        parts = self._choose_held_out(fold)
        if not parts.any():
            return fold, fold.take(np.arange(len(parts)))
        return fold.part(1.0 - parts), fold.part(parts)

    def _choose_held_out(self, fold):
        """(n_samples,) in [0, 1]: the part of each row that is held out."""
        keys, strata = fold.keys(), self._strata(fold.y)
        return held_out_parts(keys, strata, fold.copies, self.validation_fraction, mixed_seed(self._seed, 0))

    def _count_copies(self, sample_weight, weight):
        """How many rows each row stands for, by the user's weights, those of classes left aside; None: one each."""
        if sample_weight is None:
            return None
        return copies_of(read_weight(sample_weight, "sample_weight", len(weight)))

    def _start(self, train):
        """What a first fit learns before its first tree: loss and baseline."""
        self._loss = self._make_loss(train.y).prepared(train.y, train.weight)
        self._loss.check_target(train.y)
        self._baseline = self._find_baseline(train.y, train.weight, train.start)
        self._trees = empty_trees(self._loss.n_outputs if self._has_vector_leaves() else 1)
        self._rounds = 0
        if self._drops_trees():
            self._drops, self._unscaled_values = [], self._trees.values
        if self._has_linear_leaves():
            self._slopes = LeafSlopes.empty(self._trees.n_values)
        if self._is_linear():
            self._linear = LinearModel.of_zeros(self._loss.n_outputs, train.binned.n_terms)

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

    def _set_raw(self, fold, name, n_threads):
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
        if self._drops_trees():
            for _ in replay(self._scaled_trees(n_threads), fold.raw, fold.leaves):
                pass

    def _boost(self, train, held_out, n_threads, data):
        """Add rounds until there are n_estimators, or they no longer help."""
        n_rounds = self._rounds_to_add()
        booster = self._make_booster(train, held_out, n_threads) if n_rounds else None
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
            wants_stop = progress.run_round(one_round, lambda: self._with_rounds(history.trees, booster.drops))
            if score is not None:
                self._record(history, score, train, held_out)
            if self.verbose:
                print(self._report(history, perf_counter() - begin))
            is_over = patience is not None and patience.is_over(history.validation_score)
            if is_over or wants_stop:
                break
        self._finish(history, first, patience, booster.drops if n_rounds else ())
        progress.finish(dict)

    def _make_booster(self, train, held_out, n_threads):
        if self._is_linear():
            return LinearBooster(self._loss, train, held_out, self._linear_schedule(n_threads), self._linear)
        booster = BOOSTERS[self.booster]
        if self._has_linear_leaves():
            self._check_linear_leaves()
            booster = LinearLeafBooster
        past = self._scaled_trees(n_threads) if self._drops_trees() else None
        return booster(self._loss, train, held_out, self._schedule(n_threads, train), past)

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

    def _finish(self, history, first, patience, drops):
        """Keep the trees up to the best round, with the scales they had then, and the scores."""
        kept = self._rounds
        if patience is not None:
            kept = max(first, patience.best_length - 1)
        if kept > first:
            self.__dict__.update(self._with_rounds(history.trees[: kept - first], drops[:kept]))
        self.__dict__.pop("_layout", None)
        self._layout  # noqa: B018  now, so that predicting changes nothing
        self._rounds = kept
        self.train_score_ = np.array(history.train_score)
        self.validation_score_ = np.array(history.validation_score)

    def _with_rounds(self, rounds, drops):
        """State of an estimator with some rounds more; `drops` are those of all its rounds."""
        return {"_linear": self._linear.extended(rounds)} if self._is_linear() else self._with_trees(rounds, drops)

    def _with_trees(self, rounds, drops):
        new = to_tree_arrays(
            [tree for trees in rounds for tree in trees], self._binner.thresholds_, self._trees.n_values
        )
        trees = concatenate([self._trees, new]) if self._trees.n_trees else new
        if self._has_linear_leaves():
            return {
                "_trees": trees,
                "_slopes": self._slopes.extended([tree.slopes for round_ in rounds for tree in round_]),
            }
        if not self._drops_trees():
            return {"_trees": trees}
        values = np.concatenate([self._unscaled_values, new.values])
        learners = self._shape_of_round().learner_of(trees.tree_of_node)
        scaled = trees._replace(values=values * scales_after(drops)[learners, None])
        return {"_trees": scaled, "_unscaled_values": values, "_drops": list(drops)}

    # -- linear models, and linear leaves ----------------------------------------------------------------------------

    def _is_linear(self):
        return self._kind_of_rounds["booster"] == "gblinear"

    def _has_linear_leaves(self):
        return self._kind_of_rounds["linear_leaves"] and not self._is_linear()

    def _check_linear_leaves(self):
        """Refuse what does not go together with slopes."""
        if self._drops_trees():
            raise ValueError("linear_leaves must be False for booster='dart', got True.")
        if self._loss.optimal_leaf_values is not None:
            raise ValueError(
                f"linear_leaves must be False for loss={self.loss!r}, whose leaves hold best constants, got True."
            )
        if self.monotonic_cst is not None:
            raise ValueError("linear_leaves must be False with monotonic_cst, which slopes do not obey, got True.")

    def _linear_schedule(self, n_threads):
        features = FeatureNames.of(self)
        monotone = read_monotonic_cst(self.monotonic_cst, features, self._binner.is_categorical_)
        return LinearSchedule(
            learning_rate=LINEAR_RATE if self.learning_rate == "auto" else float(self.learning_rate),
            reg_lambda=float(self.reg_lambda),
            reg_alpha=float(self.reg_alpha),
            direction=np.repeat(monotone, self._binner.n_codes_ - 1),
            feature_selector=self.feature_selector,
            top_k=self._linear.coef.shape[2] if self.top_k is None else int(self.top_k),
            seed=mixed_seed(self._seed, 1),
            n_threads=n_threads,
        )

    # -- trees whose scales change -----------------------------------------------------------------------------------

    def _drops_trees(self):
        return self._kind_of_rounds["booster"] == "dart"

    def _shape_of_round(self):
        n_learners = 1 if self._trees.n_values == self._loss.n_outputs else self._loss.n_outputs
        return Round(n_learners, self._kind_of_rounds["num_parallel_tree"])

    def _scaled_trees(self, n_threads):
        values = np.split(self._unscaled_values, self._trees.roots[1:]) if self._trees.n_trees else []
        return ScaledTrees(self._shape_of_round(), values, self._drops, n_threads)

    def _leaves_of_table(self, table, n_threads):
        sizes = np.diff(self._trees.bounds)
        return compact_leaves(self._layout, sizes, self._encoder(table), table.n_samples, n_threads)

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
        parts = [self._summary(history.trees[-1])]
        name = self.scoring if isinstance(self.scoring, str) else "score"
        for rows, scores in (("train", history.train_score), ("validation", history.validation_score)):
            if len(scores) == self._rounds + 1:
                parts.append(f"{rows} {name} {-scores[-1] if name == 'loss' else scores[-1]:.6g}")
        return f"[{self._rounds}/{self.n_estimators}] {', '.join(parts)}, {seconds:.3f} s"

    def _summary(self, round_):
        """What a round has made, in a few words."""
        if self._is_linear():
            return f"{np.count_nonzero(round_.coef)} coefficients"
        n_leaves = sum(int((tree.nodes["left"] < 0).sum()) for tree in round_)
        depth = max(int(tree.nodes["depth"].max()) for tree in round_)
        return f"{len(round_)} tree{'s' * (len(round_) > 1)}, {n_leaves} leaves, depth {depth}"

    # -- predictions -------------------------------------------------------------------------------------------------

    @cached_property
    def _layout(self):
        return compile_trees(self._trees)

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return read_features(self, X, reset=False)

    def _raw_of_table(self, table, n_threads):
        """(n_samples, n_outputs) raw predictions."""
        if self._is_linear():
            return self._linear.raw(self._binner, table, self._baseline, n_threads)
        encode, n_rows = self._encoder(table), table.n_samples
        if self._has_linear_leaves():
            return raw_of_linear_leaves(self._layout, self._slopes, encode, n_rows, self._baseline, n_threads)
        return predict_raw(self._layout, encode, n_rows, self._baseline, n_threads)

    def _encoder(self, table):
        return lambda start, stop: self._binner.encode(table, start, stop)

    def _raw_predict(self, X):
        if hasattr(self, "_known_raw"):
            return self._known_raw
        return self._raw_of_table(self._read_for_prediction(X), effective_n_jobs(self.n_jobs))

    def _staged_raw(self, X):
        """Raw predictions after each round."""
        table, n_threads = self._read_for_prediction(X), effective_n_jobs(self.n_jobs)
        if self._drops_trees():
            raw = np.repeat(self._baseline[:, None], table.n_samples, axis=1)
            for stage in replay(self._scaled_trees(n_threads), raw, self._leaves_of_table(table, n_threads)):
                yield stage.T.copy()
            return
        if self._is_linear():
            yield from self._linear.staged_raw(self._binner, table, self._baseline, n_threads)
            return
        stages = [self._trees_per_round * (k + 1) for k in range(self._rounds)]
        trees = (self._layout, self._slopes) if self._has_linear_leaves() else (self._layout,)
        staged = staged_raw_of_linear_leaves if self._has_linear_leaves() else staged_raw
        yield from staged(*trees, self._encoder(table), table.n_samples, self._baseline, stages, n_threads)

    @available_if(_grows_trees)
    def apply(self, X):
        """Leaf that each row falls into, in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_trees), int32
            Node numbers, counted from the root of each tree. The trees of one round stand together: one per output, and
            so `num_parallel_tree` times.
        """
        table = self._read_for_prediction(X)
        return apply_trees(self._layout, self._encoder(table), table.n_samples, effective_n_jobs(self.n_jobs))

    @available_if(_grows_trees)
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
        """Importance of each feature, see `importance_type`; they sum to 1, or are all 0 where no tree splits.

        With `booster="gblinear"`, sums of absolute coefficients.
        """
        check_is_fitted(self)
        if self._is_linear():
            importances = self._linear.importances(self._binner.first_terms)
        else:
            importances = self._trees.feature_importances(self.n_features_in_, self.importance_type).astype(np.float64)
        total = importances.sum()
        return importances / total if total > 0 else importances

    @property
    def coef_(self):
        """Coefficients of `booster="gblinear"`, in units of the raw prediction per unit of the column."""
        coef = self._linear_model().coef[-1]
        return coef[0].copy() if len(coef) == 1 else coef.copy()

    @property
    def intercept_(self):
        """Raw prediction of `booster="gblinear"` where all columns are 0: a float, or one for each raw output."""
        intercept = self._baseline + self._linear_model().intercept[-1]
        return float(intercept[0]) if len(intercept) == 1 else intercept

    @property
    def coef_names_(self):
        """What the coefficients belong to: "feature", or "feature=category"."""
        self._linear_model()
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(self.n_features_in_)])
        return self._binner.term_names(names)

    def _linear_model(self):
        check_is_fitted(self)
        if not self._is_linear():
            raise AttributeError("coef_, intercept_ and coef_names_ need booster='gblinear': trees have none.")
        return self._linear

    @property
    def _trees_per_round(self):
        shape = self._shape_of_round()
        return shape.n_learners * shape.n_parallel

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_trees")

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
            n_parallel=int(self.num_parallel_tree),
            linear_lambda=float(self.linear_lambda),
            dropout=Dropout(
                rate=float(self.rate_drop),
                skip=float(self.skip_drop),
                one=bool(self.one_drop),
                weighted=self.sample_type == "weighted",
                forest=self.normalize_type == "forest",
            ),
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
        if policy == SYMMETRIC:
            return read_limits(self, policy=policy, max_depth=self._symmetric_depth())
        if policy == DEPTH_FIRST and self.max_leaf_nodes is not None:
            policy = BREADTH_FIRST
        return read_limits(self, policy=policy)

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
