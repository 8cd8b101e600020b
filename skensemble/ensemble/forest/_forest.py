"""What random forests and extra trees share: from the target to the mean of the trees' predictions."""

from __future__ import annotations

from functools import cached_property, partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._input_kinds import TableSource, is_dask
from skensemble._log_probabilities import LogProbabilities
from skensemble._parallel import effective_n_jobs, for_blocks, in_order
from skensemble._parameters import IsBool, ParameterError, check_parameter, check_parameters
from skensemble._progress_lines import Clock
from skensemble._random import draw_seed, generator
from skensemble._random_bits import mixed_seed
from skensemble._shared_parameters import COVERAGE, LEVELS
from skensemble._targets import (
    LabelScoreMixin,
    all_or_nothing,
    balanced_factors,
    class_weighted,
    read_labels,
    read_target,
    read_weight,
)
from skensemble._validation import read_features
from skensemble._warnings import warn
from skensemble.distributed._dask_fit import fit_on_dask
from skensemble.distributed._fit_part import columns_of_fit
from skensemble.distributed._lazy_predictions import lazy_on_dask
from skensemble.ensemble._batched_rows import IN_MEMORY, read_rows
from skensemble.ensemble.forest._leaf_rows import LeafRows, proximities
from skensemble.ensemble.forest._leaf_rows_kernels import NOT_ASKED
from skensemble.ensemble.forest._limits_search import scale_of_numbers
from skensemble.ensemble.forest._open_limits import SEARCHED, OpenLimits
from skensemble.ensemble.forest._ordered_leaves import N_LEVELS, ordered_values
from skensemble.ensemble.forest._out_of_bag import out_of_bag_means, permutation_importances
from skensemble.ensemble.rows._bootstrap import Bootstrap, number_of_draws
from skensemble.ensemble.rows._kept_work import KeptWork, digest, take_kept
from skensemble.ensemble.rows._row_sampling import copies_of
from skensemble.explanation._explain import ShapValues
from skensemble.tree._binning import Binner
from skensemble.tree._content_keys import content_keys
from skensemble.tree.estimators._sklearn_tree import to_sklearn
from skensemble.tree.estimators._tree_structure import names_of_values, with_tree
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import count_features, read_directions
from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.trees._additive_trees import AdditiveTrees
from skensemble.tree.trees._inspected import Inspected
from skensemble.tree.trees._partial_dependence import mass_of_training, partial_dependence
from skensemble.tree.trees._pruning import place_after_pruning, prune
from skensemble.tree.trees._tree_arrays import concatenate, split_trees, validate_trees

if TYPE_CHECKING:
    from skensemble._types import Any, Array, Column, Self, Sequence, Table

FEW_ROWS = 300  # below this, growing a tree takes no longer than handing it to another thread
BOOTSTRAP_STREAM, PERMUTATION_STREAM = 2**52, 2**52 + 1  # of the seed of a tree; its nodes use small numbers
LEARNED_FROM_TREES = ("_additive", "_views")
LEARNED_FROM_ROWS = (
    "oob_score_",
    "oob_prediction_",
    "oob_decision_function_",
    "_permutation_importances",
    "training_leaves_",
    "_training_target",
    "_directions",
    "_leaf_contents",
)


class Forest(OpenLimits, CallbackSupportMixin, MultiOutputMixin, ShapValues, Inspected, Estimator):
    """Trees that are grown independently of each other, and whose predictions are averaged.

    A subclass names the class of its trees, `_tree_class`, and of their `_splitter`.
    """

    _is_silent = False  # does another process of the fit print what `verbose` asks for?
    is_smooth = False  # predictions are constant between thresholds
    _reads_any_table = True
    _made_when_needed = (*LEARNED_FROM_TREES, "_leaf_contents", "_kept")

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(self, X: Table, y: Column | None = None, sample_weight: Column | None = None) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features), or Batches
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
            `skensemble.distributed.Batches` are read in batches of rows, of which only codes stay in memory.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target. May be left out if `X` are batches that hold it.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0. With `bootstrap=True`, a sample is drawn with a probability proportional to its weight;
            otherwise it counts by its weight. A sample with a whole-number weight k counts as k samples, except for
            `min_samples_leaf` and `min_samples_split`, which count it once.

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
        self._check_bootstrap()
        if is_dask(X) or isinstance(X, TableSource):
            self._check_for_batches()
        if is_dask(X):
            columns = columns_of_fit(X, {"y": y, "sample_weight": sample_weight})
            return fit_on_dask(self, columns, None, in_order=True)
        if isinstance(X, TableSource):
            y, sample_weight = X.targets(y, sample_weight)
        n_threads = effective_n_jobs(self.n_jobs)
        continued = self._goes_on(self.__sklearn_is_fitted__())
        n_known = len(self) if continued else 0
        if continued:
            self._check_known_limits()
        table = read_rows(self, X, reset=not continued, all_codes=True)
        sample_weight = read_weight(sample_weight, "sample_weight", table.n_samples)
        if self._is_complete(n_known):
            return self
        target = self._read_y(y, table.n_samples, continued)
        weight = self._with_class_weight(sample_weight, target)
        if not continued:
            self._start(table, weight, n_threads)
        searched = () if continued else self._search(table, target, sample_weight, weight, n_threads)
        grower = self._prepare(table, target, sample_weight, weight, n_threads)
        if n_known < self.n_estimators:
            metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
            numbers = table.own_jobs(range(n_known, self.n_estimators))
            collected = partial(table.collected, by_all=bool(self._missing_attributes()))
            data = {"X": X, "y": y, "metadata": metadata}
            self._grow(grower, target, numbers, searched, n_threads, data, collected)
        self._describe_training_rows(table, target, n_threads)
        return self

    def _check_bootstrap(self):
        """Refuse parameters that need rows left out, where bootstrap=False and every tree is grown on all rows."""
        if self.bootstrap:
            return
        if self.max_samples is not None:
            raise ValueError(
                f"max_samples must be None if bootstrap=False, got {self.max_samples!r}: `max_sample` cannot be set "
                "if `bootstrap=False`. Either switch to `bootstrap=True` or set `max_sample=None`."
            )
        if self.oob_score:
            raise ValueError("oob_score must be False: Out of bag estimation only available if bootstrap=True.")
        if self.importance_type == "permutation":
            raise ValueError(
                "importance_type must be 'impurity' if bootstrap=False, got 'permutation', which needs out-of-bag "
                "samples."
            )
        for name in self._open_limits():
            raise ValueError(f"{name} must be a number if bootstrap=False, got 'auto', which needs out-of-bag samples.")

    def _check_for_batches(self):
        """Refuse what reads more of the rows than their codes."""
        for name in self._open_limits():
            raise ParameterError(f"{name} must not be 'auto' {IN_MEMORY} 'auto'.")
        if self.importance_type == "permutation":
            raise ParameterError(f"importance_type must be 'impurity' {IN_MEMORY} 'permutation'.")

    def _is_complete(self, n_known):
        """Is there nothing left to do for this fit: no tree to grow, and nothing to compute from the training rows?"""
        if n_known > self.n_estimators:
            raise ValueError(
                f"n_estimators must be >= the {n_known} trees that are fitted already (warm_start=True), "
                f"got {self.n_estimators}."
            )
        if n_known < self.n_estimators:
            return False
        warn("Warm-start fitting without increasing n_estimators does not fit new trees.")
        return not self._missing_attributes()

    def _start(self, table, weight, n_threads):
        """Draw the seed and fit the binner: a warm start keeps both."""
        for name in ("_parts", "_kept", *SEARCHED):
            self.__dict__.pop(name, None)
        self._seed = table.agreed(int(draw_seed(generator(self.random_state))))
        self._binner = Binner(self.max_bins, self.categorical_features, self.min_frequency)
        self._binner.fit(table, weight, n_threads)

    def _prepare(self, table, target, sample_weight, weight, n_threads):
        """The grower of the trees, and what draws their rows; a warm start to the same rows keeps both."""
        limits = self._read_limits(table, weight)
        directions = read_directions(self, self._n_classes_of_outputs, self._binner.is_categorical_)
        key = None
        if self.warm_start and table.is_at_hand:
            rows = digest(self._binner, table, (self._target_numbers(target), sample_weight, weight, directions))
            key = rows, limits, self.bootstrap, self.max_samples
        grower = take_kept(self, key)
        if grower is None:
            grower = self._make_grower(table, target, weight, limits, directions, n_threads)
            self._prepare_draws(grower.binned, target, sample_weight, weight)
        if key is not None:
            self._kept = KeptWork(key, grower)
        return grower

    def _make_grower(self, table, target, weight, limits, directions, n_threads):
        return CartGrower(
            self._binner, table, self._target_of_trees(target), limits,
            monotone=directions, sample_weight=weight, n_threads=n_threads,
        )  # fmt: skip

    # -- which rows grow a tree --------------------------------------------------------------------------------------

    def _prepare_draws(self, binned, target, sample_weight, weight):
        self._n_samples, self._sample_weight = binned.n_samples, weight
        self._n_samples_bootstrap = self._bootstrap = None
        if self.bootstrap:
            self._n_samples_bootstrap = number_of_draws(self.max_samples, self._n_samples, sample_weight, weight)
            keys = content_keys(binned, weight).rows
            numbers, copies = self._target_numbers(target), copies_of(sample_weight)
            self._bootstrap = Bootstrap(keys, numbers, weight, self._n_samples_bootstrap, copies)

    def _random_state_of(self, t):
        """Seed of tree t: a single tree with this `random_state`, fitted to the rows of tree t, equals it."""
        return mixed_seed(self._seed, t) & 0xFFFFFFFF

    def _draw_seed_of(self, t):
        return mixed_seed(self._random_state_of(t), BOOTSTRAP_STREAM)

    def _weight_of(self, t, target=None):
        """(n_samples,) weights of the rows when tree t is grown; None for ones."""
        return self._sample_weight if self._bootstrap is None else self._bootstrap.counts(self._draw_seed_of(t))

    def _in_bag(self, n_threads):
        """(n_trees, n_samples) bool: whether a row was drawn for a tree."""
        in_bag = np.zeros((self._trees.n_trees, self._n_samples), bool)

        def mark(first, last):
            for t in range(first, last):
                in_bag[t, self._bootstrap.draw(self._draw_seed_of(t))] = True

        for_blocks(mark, len(in_bag), 8, n_threads)
        return in_bag

    # -- growing -----------------------------------------------------------------------------------------------------

    def _grow(self, grower, target, numbers, searched, n_threads, data, collected):
        """Add the trees with these numbers, unless a callback stops the fit, and those that others grow.

        searched : the first trees, as far as they are there already
        """
        is_first = not self.__sklearn_is_fitted__()
        for name in (*LEARNED_FROM_TREES, *LEARNED_FROM_ROWS):
            self.__dict__.pop(name, None)
        progress = FitProgress(self, len(numbers), data)
        trees, growing = [], self._growing_trees(grower, target, numbers, searched, n_threads)
        begin, clock = perf_counter(), Clock()
        for t in numbers:
            wants_stop = progress.run_round(lambda: trees.append(next(growing)), lambda: self._with_trees(trees))
            if self.verbose:
                self._report(t + 1, trees[-1], perf_counter() - begin, clock.left(len(trees), len(numbers)))
            if wants_stop:
                break
        growing.close()
        self._parts = self._with_trees(collected(trees))["_parts"]
        if is_first and self._parts:
            self._join(n_threads)
            self._additive.compiled(n_threads)  # else by the first prediction: the next warm start would throw it away
        progress.finish(dict)

    def _growing_trees(self, grower, target, numbers, searched, n_threads):
        """Yield the trees in the order of their numbers, whichever thread grows them."""
        known = len(searched)
        yield from searched[: len(numbers)]
        grow = partial(self._grown, grower, target)
        yield from in_order(grow, numbers[known:], self._n_side_by_side(n_threads))

    def _n_side_by_side(self, n_threads):
        return n_threads if self._n_samples >= FEW_ROWS else 1

    def _grown(self, grower, target, t, with_leaf=False):
        """Tree t, and, if asked for, the leaf of each row and how often each was drawn."""
        seed, weight = draw_seed(generator(self._random_state_of(t))), self._weight_of(t, target)
        tree, leaf = grower.grow_with_leaves(seed, weight)[:2] if with_leaf else (grower.grow(seed, weight), None)
        if self.ccp_alpha > 0:
            unpruned, tree = tree, prune(tree, self.ccp_alpha)
            leaf = leaf if leaf is None else place_after_pruning(unpruned, tree)[leaf]
        return (tree, leaf, weight) if with_leaf else tree

    def _with_trees(self, trees):
        """Attributes of this forest with these trees added."""
        return {"_parts": [*getattr(self, "_parts", ()), *trees]}

    @property
    def _trees(self):
        """TreeArrays of all trees, joined when they are first asked for: warm starts add parts one by one."""
        self._join(1)
        return self._parts[0]

    def _join(self, n_threads):
        if len(self._parts) > 1:
            self._parts = [concatenate(self._parts, n_threads)]

    def _report(self, number, tree, seconds, left):
        """Print a line for each tree, or with verbose=1 ten lines in all."""
        step = 1 if self.verbose > 1 else max(1, self.n_estimators // 10)
        if not self._is_silent and (number % step == 0 or number == self.n_estimators):
            size = f"{tree.n_leaves[0]} leaves, depth {tree.depth[0]}"
            print(f"[{number}/{self.n_estimators}] {size}, {seconds:.3f} s since the first tree was begun, {left}")

    # -- computed from the training rows -----------------------------------------------------------------------------

    def _missing_attributes(self):
        """Names of the attributes that the parameters ask for and that are not there yet."""
        attributes = {
            "oob_score_": bool(self.oob_score),
            "_permutation_importances": self.importance_type == "permutation",
            "training_leaves_": self.keep_leaf_rows,
        }
        return {name for name, is_wanted in attributes.items() if is_wanted and not hasattr(self, name)}

    def _describe_training_rows(self, table, target, n_threads):
        """Compute what the parameters ask for: out-of-bag score, leaves of training rows, importances."""
        missing = self._missing_attributes()
        if not missing:
            return
        in_bag = self._in_bag(n_threads) if self.bootstrap else None
        if "oob_score_" in missing:
            self._set_oob_score_and_attributes(table, target, in_bag, n_threads)
        if "training_leaves_" in missing:
            leaves = np.concatenate(table.each_part(lambda _, part: self._additive.apply(part, n_threads)))
            self.training_leaves_, self._training_target = np.ascontiguousarray(leaves.T), self._target_numbers(target)
            self._directions = read_directions(self, self._n_classes_of_outputs, self._binner.is_categorical_)
        if "_permutation_importances" in missing:
            seeds = [mixed_seed(self._random_state_of(t), PERMUTATION_STREAM) for t in range(self._trees.n_trees)]
            self._permutation_importances = permutation_importances(
                split_trees(self._trees), seeds, in_bag, self._bootstrap.line,
                self._binner.encode(table), self._tree_scorer(target), n_threads,
            )  # fmt: skip

    def _set_oob_score_and_attributes(self, table, target, in_bag, n_threads):
        """Predict each row by the trees for which it was not drawn, and score these predictions."""

        def means_of(first, part):
            there = in_bag[:, first : first + part.n_samples]
            return out_of_bag_means(self._additive.layout, self._additive.encoder(part), there, n_threads)

        means = np.concatenate(table.each_part(means_of))
        is_known = ~np.isnan(means[:, 0])
        if not is_known.all():
            warn(
                "Some inputs do not have OOB scores. This probably means too few trees were used to compute any "
                "reliable OOB estimates.",
            )
        counted = is_known if self._sample_weight is None else is_known & (self._sample_weight > 0)
        truth, predictions = self._keep_oob_predictions(target, means)
        metric = self.oob_score if callable(self.oob_score) else self._oob_metric
        self.oob_score_ = metric(truth[counted], predictions[counted]) if counted.any() else np.nan

    # -- predictions -------------------------------------------------------------------------------------------------

    @cached_property
    def _additive(self):
        trees = self._trees
        return AdditiveTrees(
            trees, self._binner, np.zeros(trees.n_values),
            divisor=float(trees.n_trees), node_weight=trees.cover, output_names=names_of_values(self),
        )  # fmt: skip

    def _additive_trees(self):
        """The model as AdditiveTrees: the mean of the trees, whose outputs are class fractions or numbers."""
        check_is_fitted(self)
        return self._additive

    def _tree_estimator(self, number):
        return self.estimators_[number]

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return read_features(self, X, reset=False)

    def _mean_of_trees(self, X):
        """(n_samples, n_values)"""
        if isinstance(X, TableSource):
            return np.concatenate([self._mean_of_trees(rows) for rows in X.features()])
        table = self._read_for_prediction(X)
        return self._additive.raw(table, effective_n_jobs(self.n_jobs))

    def apply(self, X: Table) -> Array:
        """Leaf of each sample in each tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_trees), int32
            Node numbers, counted from the root of each tree.
        """
        table = self._read_for_prediction(X)
        return self._additive.apply(table, effective_n_jobs(self.n_jobs))

    def decision_path(self, X: Table) -> tuple[Any, Array]:
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
        return self._additive.decision_path(table, effective_n_jobs(self.n_jobs))

    def proximities(self, X: Table, Y: Table | None = None) -> Array:
        """Fraction of the trees in which two samples share a leaf [1]_.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        Y : DataFrame, array-like or sparse matrix of shape (n_others, n_features), default=None
            Features of the samples to compare with. None: X.

        Returns
        -------
        shares : ndarray of shape (n_samples, n_others)
            Fractions of the trees, in [0, 1]. `1 - shares` is a distance.

        References
        ----------
        .. [1] Breiman, L. (2001). Random forests. Machine Learning 45.
               https://doi.org/10.1023/A:1010933404324
        """
        leaves = self.apply(X)
        return proximities(leaves, leaves if Y is None else self.apply(Y), effective_n_jobs(self.n_jobs))

    # -- the forest as scikit-learn shows it -------------------------------------------------------------------------

    @property
    def feature_importances_(self) -> Array:
        """Importance of each feature, see `importance_type`."""
        check_is_fitted(self)
        if self.importance_type == "impurity":
            return _impurity_importances(self._trees, self.n_features_in_)
        if not hasattr(self, "_permutation_importances"):
            raise AttributeError("feature_importances_ need a fit with importance_type='permutation'.")
        return self._permutation_importances

    @property
    def estimator(self) -> Any:
        """An unfitted tree with the parameters of those that grow in this forest."""
        return self._tree_class(**self._parameters_of_trees())

    @property
    def estimator_(self) -> Any:
        """The same, of a fitted forest."""
        check_is_fitted(self)
        return self.estimator

    def _parameters_of_trees(self):
        """Parameters of each tree, without class_weight, which is part of the draws or of the weights of the rows."""
        return {"criterion": self.criterion, "monotonic_cst": self.monotonic_cst, **self._limits()}

    @property
    def estimators_(self) -> Any:
        """The trees, as fitted estimators that share the memory of the forest; made on first use."""
        check_is_fitted(self)
        return self._views

    @cached_property
    def _views(self):
        names = ("n_features_in_", "feature_names_in_", "n_outputs_", "classes_", "n_classes_")
        fitted = {name: getattr(self, name) for name in names if hasattr(self, name)}
        fitted["max_features_"] = count_features(self._limits()["max_features"], self.n_features_in_)
        parameters = self._parameters_of_trees()
        return [
            with_tree(
                self._tree_class(**parameters, random_state=self._random_state_of(t)), tree, self._binner, **fitted
            )
            for t, tree in enumerate(split_trees(self._trees))
        ]

    @property
    def estimators_samples_(self) -> list[Array]:
        """Indices of the samples that were drawn for each tree; computed on each access."""
        check_is_fitted(self)
        if self._bootstrap is None:
            return [np.arange(self._n_samples, dtype=np.int32)] * self._trees.n_trees
        return [self._bootstrap.draw(self._draw_seed_of(t)) for t in range(self._trees.n_trees)]

    def __len__(self):
        check_is_fitted(self)
        return sum(part.n_trees for part in self._parts)

    def __getitem__(self, index):
        return self.estimators_[index]

    def __iter__(self):
        return iter(self.estimators_)

    def to_sklearn(self) -> Any:
        """Convert the forest to a fitted forest of scikit-learn, for tools that need one.

        Returns
        -------
        forest : object
            The estimator of scikit-learn with the same name, with the same trees.

        Raises
        ------
        ValueError
            If a tree splits on categories, which trees of scikit-learn cannot.
        """
        return to_sklearn(self)

    def __getstate__(self):
        state = super().__getstate__()
        if state.pop("_parts", None):
            state["_trees"] = self._trees
        return state

    def __setstate__(self, state):
        state = dict(state)
        if "_trees" in state:
            state["_parts"] = [state.pop("_trees")]
        super().__setstate__(state)

    def _check_loaded(self):
        if hasattr(self, "_parts"):
            validate_trees(self._trees, self.n_features_in_, self._trees.n_values)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_parts")


def _impurity_importances(trees, n_features):
    """Fraction of the decrease of impurity due to each feature, mean over the trees."""
    trees.check_complete("feature_importances_")
    splits = np.flatnonzero(~trees.is_leaf)
    cell = trees.tree_of_node[splits] * n_features + trees.feature[splits]
    gains = np.bincount(cell, trees.gain[splits], minlength=trees.n_trees * n_features).reshape(-1, n_features)
    totals = gains.sum(axis=1)
    importances = (gains[totals > 0] / totals[totals > 0, None]).sum(axis=0)
    return importances / importances.sum() if len(splits) and totals.any() else np.zeros(n_features)


# -- classification --------------------------------------------------------------------------------------------------


class ForestClassifier(LogProbabilities, LabelScoreMixin, Forest):
    """A forest whose trees predict class fractions."""

    _oob_metric = staticmethod(accuracy_score)

    def _read_y(self, y, n_samples, continued):
        known = self._classes_of_outputs if continued else None
        labels = read_labels(y, "y", n_samples, known=known, multi_output=True)
        if self.oob_score and labels.n_outputs > 1 and (labels.n_classes != 2).any():
            raise ValueError(
                f"oob_score must be False for y with {labels.n_classes.tolist()} classes in its columns: The type of "
                "target cannot be used to compute OOB estimates. Several columns must have two classes each."
            )
        self.n_outputs_, self.classes_, self.n_classes_ = labels.n_outputs, labels.classes, labels.n_classes
        if self.n_outputs_ == 1:
            self.classes_, self.n_classes_ = labels.classes[0], int(labels.n_classes[0])
        return labels

    def _target_of_trees(self, labels):
        return ClassTarget(labels.codes, labels.n_classes)

    def _target_numbers(self, labels):
        return labels.codes.astype(np.float64)

    def _true_values(self, labels):
        return np.hstack([np.eye(n)[codes] for codes, n in zip(labels.codes, labels.n_classes)])

    def _scale_of_values(self, labels, weight):
        return np.ones(labels.n_classes.sum())

    @property
    def _classes_of_outputs(self):
        return [self.classes_] if self.n_outputs_ == 1 else self.classes_

    @property
    def _n_classes_of_outputs(self):
        return np.atleast_1d(self.n_classes_)

    def _with_class_weight(self, sample_weight, labels):
        class_weight = self.class_weight
        if isinstance(class_weight, str):
            if self.warm_start:
                warn(
                    f"class_weight={class_weight!r} balances the rows of each fit; with warm_start=True and fits on "
                    "different rows, give the weights as a dict instead.",
                )
            if class_weight == "balanced_subsample" and self.bootstrap:
                return sample_weight  # each draw is balanced by itself
            class_weight = "balanced"
        return class_weighted(class_weight, labels, sample_weight)

    def _weight_of(self, t, labels):
        weight = super()._weight_of(t, labels)
        if self.bootstrap and isinstance(self.class_weight, str) and self.class_weight == "balanced_subsample":
            factors = [balanced_factors(codes, weight, n) for codes, n in zip(labels.codes, labels.n_classes)]
            for codes, factor in zip(labels.codes, factors):
                weight = weight * factor[codes]
        return weight

    @lazy_on_dask
    def predict(self, X: Table) -> Array:
        """Predict the class of each sample: the most probable one.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Class labels.
        """
        return self._most_probable(self._by_output(self._mean_of_trees(X)))

    @lazy_on_dask
    def predict_proba(self, X: Table) -> Any:
        """Predict class probabilities: the mean of the trees' predictions.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or list of n_outputs such arrays
            Columns are in the order of `classes_`.
        """
        probabilities = self._by_output(self._mean_of_trees(X))
        return probabilities[0] if self.n_outputs_ == 1 else probabilities

    def _by_output(self, values):
        """List of n_outputs arrays (n_samples, n_classes)."""
        return [values] if self.n_outputs_ == 1 else np.split(values, np.cumsum(self.n_classes_)[:-1], axis=1)

    def _most_probable(self, probabilities):
        """Labels, (n_samples,) or (n_samples, n_outputs)."""
        chosen = [classes[part.argmax(axis=1)] for classes, part in zip(self._classes_of_outputs, probabilities)]
        return chosen[0] if self.n_outputs_ == 1 else np.stack(chosen, axis=1)

    def _keep_oob_predictions(self, labels, means):
        """Set the attribute; (true labels, predicted labels)."""
        probabilities = self._by_output(means)
        is_single = self.n_outputs_ == 1
        self.oob_decision_function_ = probabilities[0] if is_single else np.stack(probabilities, axis=2)
        truth = [classes[codes] for classes, codes in zip(labels.classes, labels.codes)]
        return truth[0] if is_single else np.stack(truth, axis=1), self._most_probable(probabilities)

    def _tree_scorer(self, labels):
        """Function of (some rows, class shares of them): accuracy, mean over the outputs."""

        def score(rows, values):
            weight = None if self._sample_weight is None else self._sample_weight[rows]
            hits = [part.argmax(axis=1) == codes[rows] for part, codes in zip(self._by_output(values), labels.codes)]
            return np.average(np.mean(hits, axis=0), weights=weight)

        return score

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


# -- regression ------------------------------------------------------------------------------------------------------


class ForestRegressor(RegressorMixin, Forest):
    """A forest whose trees predict numbers."""

    _oob_metric = staticmethod(r2_score)

    def _read_y(self, y, n_samples, continued):
        """(n_outputs, n_samples)"""
        target = np.atleast_2d(
            read_target(
                y, "y", n_samples, poisson=self.criterion == "poisson", squares=self.criterion != "absolute_error"
            )
        )
        if continued and len(target) != self.n_outputs_:
            raise ValueError(f"y must have as many columns as in the first fit, {self.n_outputs_}, got {len(target)}.")
        self.n_outputs_ = len(target)
        return target

    def _target_of_trees(self, target):
        return NumberTarget(target)

    def _target_numbers(self, target):
        return target

    def _true_values(self, target):
        return target.T

    def _scale_of_values(self, target, weight):
        return scale_of_numbers(target, weight)

    @property
    def _n_classes_of_outputs(self):
        return np.ones(self.n_outputs_, np.intp)

    def _with_class_weight(self, sample_weight, target):
        return sample_weight

    @lazy_on_dask
    def predict(self, X: Table) -> Array:
        """Predict the target: the mean of the trees' predictions.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the target.
        """
        return self._flat(self._mean_of_trees(X))

    def _flat(self, values):
        return values[:, 0] if self.n_outputs_ == 1 else values

    def predict_quantiles(
        self, X: Table, quantiles: float | Sequence[float] | Array = (0.05, 0.5, 0.95), oob: bool = False
    ) -> Array:
        """Predict quantiles of the target from the training samples in the leaves (quantile regression forest [1]_).

        Each tree distributes a weight of one among the samples that it was grown on and that share the leaf of the
        sample to predict. The mean of these weights over the trees is a distribution of the target, whose mean is what
        `predict` returns. Needs `keep_leaf_rows=True` in fit. Leaves with several samples (`min_samples_leaf` of 5 or
        more) give better quantiles than fully grown trees. With `monotonic_cst`, quantiles rise and fall as predictions
        do: those of leaves that contradict are moved to the middle between them, in steps of 1/64 of the distribution.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        quantiles : float or sequence of floats, default=(0.05, 0.5, 0.95)
            Levels in [0, 1].
        oob : bool, default=False
            Whether X holds the training samples, and each is predicted only by the trees that were not grown on it; NaN
            if there are none. Needs `bootstrap=True`.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_quantiles)
            In the units of the target. One column per level, unless `quantiles` is a single float. With several
            outputs, these are the second axis.

        References
        ----------
        .. [1] Meinshausen, N. (2006). Quantile regression forests. Journal of Machine Learning Research 7.
               https://jmlr.org/papers/v7/meinshausen06a.html
        """
        check_parameter("quantiles", quantiles, LEVELS)
        check_parameter("oob", oob, (IsBool,))
        check_is_fitted(self)
        self._check_leaf_rows(oob)
        levels, n_threads = np.array(quantiles, np.float64), effective_n_jobs(self.n_jobs)
        nodes = self._unseen_nodes(X, n_threads) if oob else self.apply(X) + self._trees.roots
        predictions = [
            self._leaf_rows.quantiles(nodes, y, levels.reshape(-1), n_threads).reshape(len(nodes), *levels.shape)
            for y in self._leaf_targets
        ]
        return predictions[0] if self.n_outputs_ == 1 else np.stack(predictions, axis=1)

    def predict_interval(self, X: Table, coverage: float = 0.9, oob: bool = False) -> Array:
        """Predict an interval that holds the target with a given probability, by `predict_quantiles`.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        coverage : float, default=0.9
            Probability, in (0, 1), that the target is in the interval. Targets below and above it are equally probable.
        oob : bool, default=False
            Whether X holds the training samples, and each is predicted only by the trees that were not grown on it.
            Needs `bootstrap=True`.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper bound, in the units of the target.
        """
        check_parameter("coverage", coverage, COVERAGE)
        return self.predict_quantiles(X, [0.5 - 0.5 * coverage, 0.5 + 0.5 * coverage], oob)

    def _check_leaf_rows(self, oob):
        if not hasattr(self, "training_leaves_"):
            raise ValueError("keep_leaf_rows must be True in fit to predict quantiles and intervals, got False.")
        if oob and self._bootstrap is None:
            raise ValueError("oob must be False if bootstrap=False: all trees are grown on all samples, got True.")

    def _unseen_nodes(self, X, n_threads):
        """(n_samples, n_trees) leaf of each training row in the trees that have not seen it, else NOT_ASKED."""
        n_rows = self._read_for_prediction(X).n_samples
        if n_rows != self._n_samples:
            raise ValueError(f"X must hold the {self._n_samples} training samples if oob=True, got {n_rows} samples.")
        nodes = self.training_leaves_ + self._trees.roots[:, None]
        nodes[self._in_bag(n_threads)] = NOT_ASKED
        return np.ascontiguousarray(nodes.T)

    @property
    def _leaf_rows(self):
        return self._leaf_contents[0]

    @property
    def _leaf_targets(self):
        return self._leaf_contents[1]

    @cached_property
    def _leaf_contents(self):
        """(LeafRows, targets of their rows); where predictions are monotone, quantiles that are so, too."""
        ones, trees, directions = np.ones(self._n_samples), self._trees, getattr(self, "_directions", None)

        def weight_of(t):
            weight = self._weight_of(t)
            return ones if weight is None else weight

        if directions is None:
            return LeafRows(self.training_leaves_, trees.roots, trees.n_nodes, weight_of), self._training_target
        y, leaves = self._training_target[0], self.training_leaves_
        values = [
            ordered_values(tree, directions, leaves[t], weight_of(t), y) for t, tree in enumerate(split_trees(trees))
        ]
        held = trees.is_leaf
        target = np.concatenate(values)[held].reshape(1, -1)
        return LeafRows.of_equal_shares(held, N_LEVELS), target

    def _keep_oob_predictions(self, target, means):
        """Set the attribute; (true targets, predicted targets)."""
        self.oob_prediction_ = self._flat(means)
        return self._flat(target.T), self.oob_prediction_

    def _tree_scorer(self, target):
        """Function of (some rows, predictions for them): R^2 with the variance of all, mean over the outputs."""
        variance = np.array([np.average((y - np.average(y)) ** 2) for y in target])

        def score(rows, values):
            weight = None if self._sample_weight is None else self._sample_weight[rows]
            squared_error = np.average((values - target[:, rows].T) ** 2, axis=0, weights=weight)
            return np.mean(1.0 - squared_error / np.where(variance > 0, variance, 1.0))

        return score

    def _compute_partial_dependence_recursion(self, grid, target_features):
        """(n_grid,) predictions averaged over the other features, as `sklearn.inspection` asks for them."""
        features = np.asarray(target_features)
        grid, mass = self._binner.encode_grid(grid, features), mass_of_training(self._additive, features)
        return partial_dependence(self._additive, grid, features, mass)[:, 0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self.criterion == "poisson"
        return tags
