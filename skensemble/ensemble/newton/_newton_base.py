"""What the Newton boosters share: from targets to rounds, and from the booster's model to raw predictions."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._few_rows import FEW_ROWS
from skensemble._input_kinds import TableSource, check_in_memory, is_dask
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import check_parameters, plain_value
from skensemble._progress_lines import Clock
from skensemble._random import draw_seed, generator
from skensemble._random_bits import mixed_seed
from skensemble._targets import (
    FeatureNames,
    all_or_nothing,
    check_enough_rows,
    check_not_tiny,
    read_numbers,
    read_weight,
)
from skensemble._validation import read_features
from skensemble.distributed._batch_table import check_n_rows
from skensemble.distributed._dask_fit import fit_on_dask
from skensemble.distributed._fit_part import columns_of_fit
from skensemble.ensemble._batched_rows import given_rows, read_rows
from skensemble.ensemble._early_stopping import Patience
from skensemble.ensemble._held_out_scoring import GivenRows, HeldOutScorer
from skensemble.ensemble.losses._links import response
from skensemble.ensemble.losses._pointwise import LARGEST_GRADIENT
from skensemble.ensemble.newton._batched_rows import check_for_batches, read_targets, reads_in_order
from skensemble.ensemble.newton._blocked_rounds import grows_in_blocks
from skensemble.ensemble.newton._booster import FitRequest
from skensemble.ensemble.newton._boosters import booster_names, choose_booster
from skensemble.ensemble.newton._boosting_settings import learning_rate_of
from skensemble.ensemble.newton._kept_rounds import KeptRounds, ReadRows, key_of_rows
from skensemble.ensemble.newton._model_parts import ModelParts
from skensemble.ensemble.newton._rounds_search import (
    FEWEST_ROWS,
    RoundsSearch,
    SearchRequest,
    candidates_of,
    choose_folds,
    refinements_of,
    report_of,
)
from skensemble.ensemble.newton._score_history import ScoreHistory
from skensemble.ensemble.rows._held_out_rows import held_out_parts
from skensemble.ensemble.rows._kept_work import KeptWork, take_kept
from skensemble.ensemble.rows._row_sampling import copies_of
from skensemble.explanation._explain import ShapValues
from skensemble.tree.estimators._sklearn_boosting import ConvertibleBooster
from skensemble.tree.trees._additive_trees import Link
from skensemble.tree.trees._inspected import Inspected, Predictor

if TYPE_CHECKING:
    from skensemble._types import Array, Column, Self, Table

WITHOUT_SEARCH = {
    "n_estimators": 300,
    "grow_policy": "symmetric",
    "max_depth": 6,
    "subsample": 0.7,
    "linear_leaves": False,
}
OPEN = {"max_leaf_nodes": None}  # what else than "auto" leaves the choice to fit
SEARCHED = ("learning_rate_", "temperature_", "cv_results_")  # what a search leaves behind
KIND_OF_ROUNDS = ("booster", "num_parallel_tree", "linear_leaves")  # what all rounds of a model have in common


def _makes_trees(estimator):
    if (
        estimator.booster in booster_names()
        and not choose_booster(estimator.booster, estimator.linear_leaves).makes_trees
    ):
        raise AttributeError(
            f"booster={estimator.booster!r} makes no trees, and its models have no leaves and no nodes."
        )
    return True


class NewtonBoosting(ModelParts, ConvertibleBooster, CallbackSupportMixin, ShapValues, Inspected, Estimator):
    """What classifier and regressor share: everything between a target array and raw predictions."""

    is_smooth = False  # predictions are constant between thresholds
    _reads_any_table = True
    _made_when_needed = ("_kept",)  # by the next warm start
    _known = None  # KnownPredictions while a scorer judges them
    _is_silent = False  # does another process of the fit print what `verbose` asks for?

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(
        self,
        X: Table,
        y: Column | None = None,
        sample_weight: Column | None = None,
        *,
        X_val: Table | None = None,
        y_val: Column | None = None,
        sample_weight_val: Column | None = None,
        init_score: Column | None = None,
        init_score_val: Column | None = None,
        groups: Column | None = None,
    ) -> Self:
        """Fit the boosted trees.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features), or Batches
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
            `skensemble.distributed.Batches` are read in batches of rows, of which only codes stay in memory.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target. May be left out if `X` are batches that hold it.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0. A sample with a whole-number weight k counts as k samples. Weights that are not all
            whole are divided by their mean, so that only their ratios matter.
        X_val, y_val : like X and y, default=None
            Held-out samples that are scored after each round, see `early_stopping`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the held-out samples.
        init_score : array-like of shape (n_samples,) or (n_samples, n_raw_outputs), default=None
            Raw predictions to start from, instead of a constant. They do not become part of the model: add them to its
            raw predictions.
        init_score_val : like init_score, default=None
            The same for the held-out samples.
        groups : array-like of shape (n_samples,), default=None
            Groups of samples that belong together: each is wholly in or outside a fold of the search for rounds, see
            `n_estimators` and `cv`.

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
        if is_dask(X):
            given = {"y": y, "sample_weight": sample_weight, "init_score": init_score, "groups": groups}
            given_val = {"y": y_val, "sample_weight": sample_weight_val, "init_score": init_score_val}
            return self._fit_on_dask(X, given, X_val, given_val)
        y, sample_weight = read_targets(self, X, y, sample_weight)
        y_val, sample_weight_val = read_targets(self, X_val, y_val, sample_weight_val)
        data = {"X": X, "y": y, "metadata": _metadata(sample_weight)}
        return self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val, init_score, init_score_val, data, groups)

    def _fit_on_dask(self, X, given, X_val, given_val):
        check_parameters(self, self._parameters)
        check_for_batches(self)
        train = columns_of_fit(X, given)
        validation = None if X_val is None else columns_of_fit(X_val, given_val, "_val")
        return fit_on_dask(self, train, validation, reads_in_order(self))

    def _fit(self, X, y, sample_weight, X_val, y_val, sample_weight_val, init_score, init_score_val, data, groups=None):
        """Fit to targets that `_read_target` knows to read; `data` is what callbacks are told."""
        check_parameters(self, self._parameters)
        self._check_scoring()
        n_threads = effective_n_jobs(self.n_jobs)
        continued = self._goes_on(hasattr(self, "_booster"))
        if continued:
            self._check_same_rounds()
        table = read_rows(self, X, reset=not continued)
        check_enough_rows(table.n_samples, 2)
        check_n_rows(table.n_samples, "X")
        target, weight = map(table.kept, self._read_target(y, sample_weight, table.n_samples, continued))
        start = _read_init_score(init_score, "init_score", table.n_samples)
        validation = self._read_validation(X_val, y_val, sample_weight_val, init_score_val)
        if validation is not None and (start is None) != (init_score_val is None):
            raise ValueError("init_score and init_score_val must be given together if X_val is given, got one of them.")
        settled = self._settled(continued)
        kind = choose_booster(self.booster, settled.linear_leaves)
        if not continued:
            self._forget()
            self._seed = table.agreed(int(draw_seed(generator(self.random_state))))
            self._binner = kind.Encoder(self.max_bins, self.categorical_features, self.min_frequency)
            self._binner.fit(table, weight, n_threads)
        copies = self._count_copies(sample_weight, weight)
        searches = not continued and self._wants_search(validation is not None)
        n_rows = table.n_samples if copies is None else copies.sum()
        candidates = self._candidates(settled, self._make_loss(target), n_rows) if searches else []
        rows = ReadRows(X, table, target, weight, start)
        rows_val = None if validation is None else ReadRows(X_val, *validation)
        key = key_of_rows(self, self._arrays_of, rows, rows_val, copies)
        kept = take_kept(self, key)
        if kept is None:
            train, held_out = self._make_parts(kind, settled, candidates, rows, rows_val, copies, n_threads)
        else:
            train, held_out = kept.train, kept.held_out
        if not continued:
            self._loss = self._make_loss(train.y).prepared(train.y, train.weight)
            self._loss.check_target(train.y)
            self._check_size(table, train.y)
            self._booster = self._started(kind, train)
        self._check_start(train, "init_score")
        self._check_start(held_out, "init_score_val")
        progress = FitProgress(self, None if candidates else self._rounds_to_add(settled.n_estimators), data)
        if candidates:
            with progress.part("search", None) as search:
                settled = self._search(settled, candidates, train, data, groups, table.divided, n_threads, search)
            self._booster = self._started(choose_booster(self.booster, settled.linear_leaves), train)
        self._kind_of_rounds = {name: getattr(settled, name) for name in KIND_OF_ROUNDS}
        if kept is None:
            kept = KeptRounds.begun(self._booster, train, held_out, n_threads)
        else:
            kept.resume(self._booster, rows, rows_val, n_threads)
        if candidates:
            with progress.part("rounds", self._rounds_to_add(settled.n_estimators)) as part:
                made = self._boost(settled, kept, n_threads, part)
        else:
            made = self._boost(settled, kept, n_threads, progress)
        if key is not None and made is not None:
            self._kept = KeptWork(key, made.at_rest())
        progress.finish(dict)
        return self

    def _make_parts(self, kind, settled, candidates, rows, rows_val, copies, n_threads):
        """TrainingData of the rows that train, and of those that judge, or None."""
        if any(candidate["linear_leaves"] for candidate in candidates):
            kind = choose_booster(self.booster, True)
        in_blocks = kind.allows_blocks and not candidates and grows_in_blocks(rows.table, settled)
        train = self._make_data(kind, *rows, n_threads, in_blocks)
        train.copies = copies
        if rows_val is not None:
            return train, self._make_data(kind, *rows_val, n_threads)
        return self._hold_out(train) if plain_value(self.early_stopping) is True else (train, None)

    def _arrays_of(self, target):
        """The arrays that a target consists of."""
        return (target,)

    def _check_size(self, table, y):
        """Refuse targets whose gradients no float32 holds."""
        if self._loss.target == "numbers" and self._loss.gradient_has_unit:
            y = np.atleast_2d(y)
            low = table.joined(y.min(axis=1, initial=np.inf), np.minimum)
            high = table.joined(y.max(axis=1, initial=-np.inf), np.maximum)
            check_not_tiny(np.column_stack([low, high]), 1.0 / LARGEST_GRADIENT)

    def _check_scoring(self):
        _check_scoring_name(self.scoring)

    def _check_same_rounds(self):
        if plain_value(self.n_estimators) == "auto":
            raise ValueError("n_estimators must be an int to continue a fit (warm_start=True), got 'auto'.")
        for name, known in self._kind_of_rounds.items():
            if plain_value(getattr(self, name)) not in (known, "auto"):
                raise ValueError(
                    f"{name} must be the same as in the first fit ({known!r}) if warm_start=True, "
                    f"got {getattr(self, name)!r}."
                )

    def _forget(self):
        for name in ("_booster", "_chosen", "_kept", "train_score_", "validation_score_", *SEARCHED):
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
        table = read_rows(self, X_val, reset=False)
        target, weight = self._read_target(y_val, sample_weight_val, table.n_samples, True, suffix="_val")
        return table, target, weight, _read_init_score(init_score_val, "init_score_val", table.n_samples)

    def _make_data(self, kind, X, table, target, weight, start, n_threads, in_blocks=False):
        """TrainingData that knows `start`, and, on a warm start, the raw predictions of the model so far."""
        make = kind.data_in_blocks if in_blocks else kind.training_data
        data = make(self._binner, table, target, weight, start, n_threads)
        data.given = GivenRows(given_rows(X, table.n_samples))
        if hasattr(self, "_booster"):
            self._booster.recall(data, table, n_threads)
        return data

    def _hold_out(self, data):
        """Set `validation_fraction` of the rows aside, of each class in proportion.

        Where none can be spared, the rows that train the booster judge it, too.
        """
        parts = self._choose_held_out(data)
        if not parts.any():
            return data, data.take(np.arange(len(parts)))
        return data.part(1.0 - parts), data.part(parts)

    def _choose_held_out(self, data):
        """(n_samples,) in [0, 1]: the part of each row that is held out."""
        keys, strata = data.keys(), self._strata(data.y)
        return held_out_parts(keys, strata, data.copies, self.validation_fraction, mixed_seed(self._seed, 0))

    def _count_copies(self, sample_weight, weight):
        """Number of rows that each row stands for, by the user's weights without those of classes; None: one each."""
        if sample_weight is None:
            return None
        return copies_of(read_weight(sample_weight, "sample_weight", len(weight)))

    def _started(self, kind, train):
        """The booster before its first round, with a baseline of some rows."""
        return kind.started(
            self._binner,
            self._find_baseline(train.y, train.weight, train.start),
            vector=self._has_vector_leaves(),
            n_parallel=int(self.num_parallel_tree),
            link=self._link(),
            output_names=self._output_names(),
        )

    def _link(self):
        return Link(self._loss.link_name, partial(response, self._loss))

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

    def _check_start(self, data, name):
        """Raw predictions to start from must be those of all outputs."""
        n_outputs, start = self._loss.n_outputs, None if data is None else data.start
        if start is not None and len(start) != n_outputs:
            raise ValueError(f"{name} must have {n_outputs} columns, got {len(start)}.")

    # -- what "auto" stands for --------------------------------------------------------------------------------------

    def _settled(self, continued):
        """The parameters with values for each "auto" that a search may change, and the temperature of the model.

        continued : whether the values are those of the rounds that are there
        """
        chosen = dict(WITHOUT_SEARCH)
        if continued:
            chosen |= {"linear_leaves": self._kind_of_rounds["linear_leaves"]} | getattr(self, "_chosen", {})
        parameters = {name: getattr(self, name) for name in self._parameters}  # scikit-learn reads signatures for that
        open_ones = {
            name: chosen[name] for name in chosen if plain_value(parameters[name]) in ("auto", OPEN.get(name, "auto"))
        }
        verbose = self.verbose and not self._is_silent
        return SimpleNamespace(**{**parameters, **open_ones, "verbose": verbose, "temperature": 1.0})

    def _wants_search(self, has_validation):
        """Are the rounds to be chosen by left-out rows?"""
        may_stop = plain_value(self.early_stopping) is True or (has_validation and self.early_stopping is not False)
        is_open = plain_value(self.n_estimators) == "auto" and self.booster == "gbtree"
        return is_open and not may_stop and not self._is_decided()

    def _candidates(self, settled, loss, n_rows):
        """What a search compares; nothing where there are too few rows, or nobody to judge."""
        if n_rows < FEWEST_ROWS or (self.scoring == "loss" and not loss.has_value):
            return []
        return candidates_of(settled, self, loss, self._binner, n_rows)

    def _search(self, settled, candidates, train, data, groups, divided, n_threads, progress):
        """The parameters as left-out rows recommend them; sets the attributes that say what they found."""
        folds = self._choose_folds(train, data, groups)
        if not folds:
            return settled
        request = SearchRequest(
            settled,
            FeatureNames.of(self),
            self._loss,
            self._loss_of,
            train,
            folds,
            candidates,
            refinements_of(self, self._loss, self._binner, train.n_rows),
            learning_rate_of(settled.learning_rate, train),
            self._seed,
            n_threads,
            divided,
            self._started,
            self._scorer(train),
            progress,
        )
        plan = RoundsSearch(request).plan()
        if plan is None:
            return settled
        if settled.verbose:
            print(report_of(plan))
        self._chosen = {**plan.changes, "learning_rate": plan.learning_rate}
        self.learning_rate_, self.temperature_, self.cv_results_ = plan.learning_rate, plan.temperature, plan.results
        found = {"n_estimators": plan.n_rounds, "temperature": plan.temperature}
        return SimpleNamespace(**{**vars(settled), **self._chosen, **found})

    def _choose_folds(self, train, data, groups):
        """Folds that judge the rounds; none where nobody can."""
        labels = _read_groups(groups, train.y.shape[-1])
        strata, n_outputs = self._strata(train.y), self._loss.n_outputs
        return choose_folds(train, strata, n_outputs, self.cv, labels, data["X"], data["y"], self._seed)

    def _loss_of(self, train, n_threads):
        """The loss, ready for the gradients of some rows."""
        return self._loss

    # -- rounds ------------------------------------------------------------------------------------------------------

    def _boost(self, settled, kept, n_threads, progress):
        """Add rounds until there are n_estimators, or they no longer help: KeptRounds, or None if the model lacks some.

        kept : KeptRounds, of the fit before or without rounds
        """
        train, held_out, rounds = kept
        before, n_rounds = self._booster, self._rounds_to_add(settled.n_estimators)
        self._learning_rate = learning_rate_of(settled.learning_rate, train)
        if n_rounds:
            rounds = before.rounds(self._request(settled, kept, n_threads))
        history = ScoreHistory(self, self._scorer(held_out), train, held_out, before.n_rounds)
        may_stop = held_out is not None and self.early_stopping is not False
        patience = self._patience(train, history) if may_stop else None
        made, clock = [], Clock()
        for number in range(before.n_rounds, before.n_rounds + n_rounds):
            begin = perf_counter()
            wants_stop = progress.run_round(
                lambda number=number: made.append(rounds.round(number)), lambda: {"_booster": before.extended(made)}
            )
            history.record()
            if settled.verbose:
                place, seconds = f"[{number + 1}/{settled.n_estimators}] ", perf_counter() - begin
                left = clock.left(len(made), n_rounds)
                print(f"{place}{self._report(number + 1, before.summary(made[-1]), history, seconds)}, {left}")
            is_over = patience is not None and patience.is_over(history.validation_score)
            if is_over or wants_stop:
                break
        n_best = len(made) if patience is None else max(0, patience.best_length - 1 - before.n_rounds)
        self._finish(before.extended(made[:n_best]) if n_best else before, settled.temperature, history)
        has_all = n_best == len(made) and settled.temperature == 1.0
        return KeptRounds(train, held_out, rounds) if has_all else None

    def _patience(self, train, history):
        unit = self._loss.unit(train.y, train.weight) if self.scoring == "loss" else 1.0
        return Patience(self.n_iter_no_change, self.tol * unit, history.validation_score)

    def _request(self, settled, kept, n_threads):
        train, held_out, rounds = kept
        features = FeatureNames.of(self)
        return FitRequest(settled, features, self._loss, train, held_out, self._seed, n_threads, rounds)

    def _rounds_to_add(self, n_estimators):
        n_rounds = n_estimators - self._booster.n_rounds
        if n_rounds < 0:
            raise ValueError(
                f"n_estimators must be >= the {self._booster.n_rounds} rounds that are fitted already "
                f"(warm_start=True), got {n_estimators}."
            )
        return 0 if self._is_decided() else n_rounds

    def _finish(self, booster, temperature, history):
        """Keep the model of the best round, and all scores."""
        scaled = booster if temperature == 1.0 else booster.tempered(temperature)
        is_first = self._booster.n_rounds == 0  # else the next warm start would throw away what predictions read
        self._booster = scaled.compiled() if is_first else scaled
        self.train_score_ = np.array(history.train_score)
        self.validation_score_ = np.array(history.validation_score)

    # -- scores while fitting ----------------------------------------------------------------------------------------

    def _scorer(self, held_out):
        """Function of TrainingData (larger is better), or None if nobody asks for scores."""
        if held_out is None and (not self.verbose or self._is_unknown_loss()):
            return None
        if self._is_unknown_loss():
            if self.early_stopping is False:  # nobody needs them
                return None
            raise ValueError(
                "scoring must be a scorer of scikit-learn or None if loss is a callable and scores are needed, "
                "got 'loss'."
            )
        if self.scoring == "loss":
            return lambda data: -self._loss.value(data.y, data.raw_of_all(), data.weight)
        scorer = HeldOutScorer(self, self.scoring)
        return lambda data: scorer.score(
            data.raw_of_all().T, data.given.X, self._target_for_scorer(data.y), data.weight
        )

    def _is_unknown_loss(self):
        return self.scoring == "loss" and not self._loss.has_value

    def _report(self, number, summary, history, seconds):
        """One line about a round."""
        parts = [summary]
        name = self.scoring if isinstance(self.scoring, str) else "score"
        for rows, scores in (("train", history.train_score), ("validation", history.validation_score)):
            if len(scores) == number + 1:
                parts.append(f"{rows} {name} {-scores[-1] if name == 'loss' else scores[-1]:.6g}")
        return f"{', '.join(parts)}, {seconds:.3f} s"

    # -- predictions -------------------------------------------------------------------------------------------------

    def _read_for_prediction(self, X):
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)  # its error; asking takes as long as the trees of a row
        return read_features(self, X, reset=False)

    def _raw_predict(self, X):
        if self._known is not None:
            return self._known.of(X)
        if isinstance(X, TableSource):
            return np.concatenate([self._raw_predict(rows) for rows in X.features()])
        table = self._read_for_prediction(X)
        n_threads = 1 if table.n_samples <= FEW_ROWS else effective_n_jobs(self.n_jobs)  # asking takes microseconds
        return self._booster.raw(table, n_threads)

    def _staged_raw(self, X):
        """Raw predictions after each round."""
        table = self._read_for_prediction(X)
        yield from self._booster.staged_raw(table, effective_n_jobs(self.n_jobs))

    def _additive_trees(self):
        """The model as AdditiveTrees; a ValueError says why if it is not a sum of trees."""
        check_is_fitted(self)
        return self._booster.additive_trees()

    def _explained(self):
        return self._booster.explained(self._link(), self._output_names())

    def _predictor(self):
        check_is_fitted(self)
        return Predictor(self._booster.raw, self._booster.binner, self._link(), self._output_names())

    @available_if(_makes_trees)
    def apply(self, X):
        """Leaf of each sample in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_trees), int32
            Node numbers, counted from the root of each tree. Columns are sorted by round; a round has one tree per
            output, `num_parallel_tree` times.
        """
        table = self._read_for_prediction(X)
        return self._booster.additive.apply(table, effective_n_jobs(self.n_jobs))

    @available_if(_makes_trees)
    def decision_path(self, X):
        """Nodes on the path of each sample from the root to its leaf.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        indicator : sparse matrix of shape (n_samples, n_nodes)
            CSR matrix; entry (i, j) is 1 if sample i passes node j.
        n_nodes_ptr : ndarray of shape (n_trees + 1,)
            Columns [n_nodes_ptr[t], n_nodes_ptr[t + 1]) belong to tree t.
        """
        table = self._read_for_prediction(X)
        return self._booster.additive.decision_path(table, effective_n_jobs(self.n_jobs))

    # -- attributes --------------------------------------------------------------------------------------------------

    @property
    def n_iter_(self) -> int:
        """Number of boosting rounds in the model."""
        check_is_fitted(self)
        return self._booster.n_rounds

    @property
    def feature_importances_(self) -> Array:
        """Importance of each feature, see `importance_type`. They sum to 1, or are all 0 if no tree has a split.

        With `booster="gblinear"`, sums of absolute coefficients.
        """
        check_is_fitted(self)
        importances = self._booster.importances(self.n_features_in_, self.importance_type)
        total = importances.sum()
        return importances / total if total > 0 else importances

    @property
    def coef_(self) -> Array:
        """Coefficients of `booster="gblinear"`, in units of the raw prediction per unit of the column."""
        coef = self._linear_model().coef
        return coef[0].copy() if len(coef) == 1 else coef.copy()

    @property
    def intercept_(self) -> Array:
        """Raw prediction of `booster="gblinear"` if all columns are 0: a float, or an array with one per raw output."""
        intercept = self._linear_model().intercept
        return float(intercept[0]) if len(intercept) == 1 else intercept

    @property
    def coef_names_(self) -> Array:
        """Names of the coefficients: "feature", or "feature=category"."""
        encoder = self._linear_model().binner
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(self.n_features_in_)])
        return encoder.term_names(names)

    def _bars(self):
        try:
            coef = self.coef_
        except AttributeError:  # trees
            return super()._bars()
        return ("coefficients", self.coef_names_, coef) if coef.ndim == 1 else super()._bars()

    def _linear_model(self):
        check_is_fitted(self)
        return self._booster.linear_model()

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_booster")

    def _check_loaded(self):
        self._booster.check(self.n_features_in_)

    # -- what estimators differ in -----------------------------------------------------------------------------------

    def _is_decided(self):
        """Is there nothing to learn?"""
        return False

    def _has_vector_leaves(self):
        return False

    def _output_names(self):
        """Names of the columns of raw predictions, or None."""
        return None


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


def _read_groups(groups, n_samples):
    """(n_samples,) labels, or None."""
    if groups is None:
        return None
    check_in_memory(groups, "groups")
    labels = np.asarray(groups)
    if labels.shape != (n_samples,):
        raise ValueError(f"groups must have one label per row of X ({n_samples}), got shape {labels.shape}.")
    return labels


def _metadata(sample_weight):
    """Metadata that callbacks pass on to their scorers."""
    return {} if sample_weight is None else {"sample_weight": sample_weight}
