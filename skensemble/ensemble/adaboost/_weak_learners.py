"""Learners of an ensemble that fits them one after the other to the same table.

Trees of ours share codes that are made once, and tell the leaf of each row while they grow; any other estimator is
fitted and asked for its predictions.  Either way `fit` gives (member, outputs for all rows), and `collect` makes of the
members what the fitted ensemble keeps.
"""

from dataclasses import replace
from functools import cached_property

import numpy as np
import scipy.sparse
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils.validation import _num_samples

from skensemble._input_kinds import check_in_memory, without_mask
from skensemble._random import draw_seed, generator
from skensemble._validation import note_columns
from skensemble.ensemble.adaboost._boosting_weights import UNITS
from skensemble.tree._binning import Binner
from skensemble.tree._content_keys import keys_with_target, number_keys
from skensemble.tree.estimators._decision_tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)
from skensemble.tree.estimators._tree_structure import with_tree
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import count_features, read_cart_limits, read_directions
from skensemble.tree.exact._cart_targets import NumberTarget
from skensemble.tree.trees._additive_trees import AdditiveTrees
from skensemble.tree.trees._tree_arrays import concatenate, split_trees

OWN_TREES = (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)


def grows_from_codes(estimator):
    """Is `estimator` a tree for which TreeLearners grow the same tree as its own `fit`?"""
    return (
        type(estimator) in OWN_TREES and estimator.ccp_alpha == 0.0 and getattr(estimator, "class_weight", None) is None
    )


def seed_parameters(estimator, seed):
    """Dict of the `random_state` parameters of an estimator, and of those inside it."""
    names = [name for name in estimator.get_params(deep=True) if name.split("__")[-1] == "random_state"]
    seeds = np.random.default_rng(seed).integers(0, 2**31 - 1, len(names))
    return dict(zip(sorted(names), seeds.tolist()))


# -- trees of ours ---------------------------------------------------------------------------------------------------


def _outputs_of(values, task):
    """Outputs of nodes with values (n_nodes, n_values): class indices, class fractions or numbers."""
    if task == "labels":
        return values.argmax(axis=1)
    return values if task == "probabilities" else values[:, 0]


class TreeLearners:
    """Trees of one kind on one table.

    template : the unfitted tree;  table : Table
    target : ClassTarget or NumberTarget
    weight : (n_samples,) float64, 0 for rows that no tree may see, or None
    in_units : whether weights add up to 1 and are to be counted in their units, so that sums are exact
    fitted : attributes that the fitted trees share, such as n_features_in_
    """

    def __init__(self, template, table, target, weight, *, task, in_units, fitted, n_threads):
        self.template, self.fitted, self.task = template, fitted, task
        shaped = clone(template)
        vars(shaped).update(fitted)
        self._scale = UNITS if in_units else 1.0
        n_rows = table.n_samples if weight is None else np.count_nonzero(weight)
        encoding = template.max_bins, template.categorical_features, template.min_frequency
        self.binner = Binner(*encoding).fit(table, weight, n_threads)
        n_classes = np.ones(1, np.intp) if isinstance(target, NumberTarget) else target.n_classes
        self._grower = CartGrower(
            self.binner,
            table,
            target,
            read_cart_limits(shaped, n_rows, criterion=template.criterion, splitter=template.splitter),
            monotone=read_directions(shaped, n_classes, self.binner.is_categorical_),
            sample_weight=weight,
            n_threads=n_threads,
            n_members=n_threads,
            by_content=True,
        )

    def row_keys(self, target, copies):
        """(n_samples,) int64, equal for equal rows.  copies : (n_samples,) int64, see `copies_of`, or None"""
        return keys_with_target(self._grower.content.rows, target, copies)

    def fit(self, seed, weight, y=None):
        """((tree, seed), outputs of all rows).

        weight : (n_samples,);  y : (n_samples,) float64, new target; None keeps the present one
        """
        if y is not None:
            self._grower.set_numbers(y[None])
        seed = seed & 0x7FFFFFFF
        tree, leaf, _ = self._grower.grow_with_leaves(draw_seed(generator(seed)), weight * self._scale)
        return (tree, seed), _outputs_of(tree.values, self.task)[leaf]

    def collect(self, members):
        trees, seeds = zip(*members)
        trees = concatenate(list(trees))
        trees = trees._replace(cover=trees.cover / self._scale, gain=trees.gain / self._scale)  # a power of 2: exact
        return GrownTrees(self.template, self.binner, trees, trees.cover, seeds, self.task, self.fitted)


class GrownTrees:
    """Fitted trees of an ensemble.

    trees : TreeArrays of all
    node_weight : (n_nodes,) sum of the weights of each node's training rows, all of which add up to 1
    """

    def __init__(self, template, binner, trees, node_weight, seeds, task, fitted):
        self.template, self.binner, self.trees, self.seeds = template, binner, trees, seeds
        self.task, self.fitted = task, fitted
        self.additive = AdditiveTrees(trees, binner, np.zeros(trees.n_values), node_weight=node_weight)

    def __len__(self):
        return self.trees.n_trees

    @cached_property
    def estimators(self):
        """The trees as fitted estimators, which share memory with this object."""
        parameters = self.template.get_params()
        max_features = count_features(self.template.max_features, self.fitted["n_features_in_"])
        return [
            with_tree(
                type(self.template)(**parameters | {"random_state": seed}), tree, self.binner,
                **self.fitted, max_features_=max_features,
            )
            for tree, seed in zip(split_trees(self.trees), self.seeds)
        ]  # fmt: skip

    def add_up(self, increments, n_columns):
        """Set what the trees add up to: `increments(outputs, number of the tree)` is (n, n_columns) for n outputs."""
        numbers = self.trees.tree_of_node
        values = np.ascontiguousarray(increments(_outputs_of(self.trees.values, self.task), numbers))
        trees = self.trees._replace(values=values)
        self.additive = replace(self.additive, trees=trees, baseline=np.zeros(n_columns)).compiled()

    def sums(self, table, n_threads):
        """(n_samples, n_columns) sums of the increments set by `add_up`."""
        return self.additive.raw(table, n_threads)

    def staged_sums(self, table, stages, n_threads):
        """Yield the sums over the first stages[0] trees, and so on."""
        yield from self.additive.staged_raw(table, stages, n_threads)

    def predictions(self, table, n_threads):
        """(n_samples, n_trees) predictions of the trees, which are regressors."""
        return self.trees.values[self.additive.apply(table, n_threads) + self.trees.roots, 0]

    def importances(self):
        """(n_trees, n_features) fraction of the decrease of impurity due to each feature, for each tree."""
        n_features, trees = self.fitted["n_features_in_"], self.trees
        trees.check_complete("feature_importances_")
        splits = np.flatnonzero(~trees.is_leaf)
        cell = trees.tree_of_node[splits] * n_features + trees.feature[splits]
        gains = np.bincount(cell, trees.gain[splits], minlength=trees.n_trees * n_features).reshape(-1, n_features)
        totals = gains.sum(axis=1, keepdims=True)
        return gains / np.where(totals > 0.0, totals, 1.0)

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name != "estimators"}


# -- any estimator ---------------------------------------------------------------------------------------------------


def read_any(estimator, X, *, reset):
    """X as other estimators take it: frames as they are, sparse matrices by rows or columns, the rest as arrays."""
    check_in_memory(X, "X")
    if scipy.sparse.issparse(X) or not hasattr(X, "columns"):
        X = check_array(
            without_mask(X),
            accept_sparse=["csr", "csc"],
            dtype=None,
            ensure_all_finite=False,
            allow_nd=True,
            estimator=estimator,
        )
    note_columns(estimator, X, reset=reset)
    return X


class EstimatorLearners:
    """Clones of any estimator on one X.

    template : the unfitted estimator;  y : (n_samples,) labels or numbers
    classes : (n_classes,) sorted, or None for numbers
    takes_weight : whether weights are given to `fit`; otherwise they are counts, and rows are repeated
    metadata : further arguments of `fit`; those with an entry for each row follow the rows
    """

    def __init__(self, template, X, y, *, task, classes, takes_weight, metadata):
        self.template, self.X, self.y, self.task, self.classes = template, X, y, task, classes
        self.takes_weight, self.metadata = takes_weight, metadata
        self.n_samples = _num_samples(X)

    def row_keys(self, target, copies):
        """(n_samples,) int64, different for all rows."""
        return number_keys(np.arange(float(self.n_samples)))

    def fit(self, seed, weight, y=None):
        """(fitted estimator, its outputs for all rows)"""
        member = clone(self.template)
        member.set_params(**seed_parameters(member, seed))
        rows = self._rows(weight)
        metadata = {name: self._at(value, rows) for name, value in self.metadata.items()}
        if self.takes_weight:
            metadata["sample_weight"] = self._at(weight, rows)
        member.fit(self._at(self.X, rows), self._at(self.y if y is None else y, rows), **metadata)
        return member, outputs_for(member, self.X, self.task, self.classes)

    def _rows(self, weight):
        """Rows to fit, or None for all as they are."""
        if not self.takes_weight:
            return np.repeat(np.arange(self.n_samples), weight.astype(np.intp))
        return None if weight.all() else np.flatnonzero(weight)

    def _at(self, values, rows):
        has_rows = hasattr(values, "shape") or isinstance(values, (list, tuple))
        if rows is None or not has_rows or _num_samples(values) != self.n_samples:
            return values
        return _safe_indexing(values, rows)

    def collect(self, members):
        return FittedEstimators(members, self.task, self.classes)


def outputs_for(member, X, task, classes):
    """Predictions of a fitted estimator for X: class indices, class probabilities, or numbers."""
    if task == "numbers":
        return np.asarray(member.predict(X), np.float64).reshape(-1)
    if task == "labels":
        return np.searchsorted(classes, member.predict(X))
    probabilities = np.zeros((_num_samples(X), len(classes)))
    probabilities[:, np.searchsorted(classes, member.classes_)] = member.predict_proba(X)
    return probabilities


class FittedEstimators:
    """Fitted estimators of an ensemble; the methods are those of GrownTrees, for an X in place of a Table."""

    def __init__(self, estimators, task, classes):
        self.estimators, self.task, self.classes = estimators, task, classes

    def __len__(self):
        return len(self.estimators)

    def add_up(self, increments, n_columns):
        self._increments, self._n_columns = increments, n_columns

    def sums(self, X, n_threads):
        *_, sums = self.staged_sums(X, [len(self)], n_threads)
        return sums

    def staged_sums(self, X, stages, n_threads):
        sums = np.zeros((_num_samples(X), self._n_columns))
        for number, member in enumerate(self.estimators):
            sums += self._increments(outputs_for(member, X, self.task, self.classes), number)
            if number + 1 in stages:
                yield sums.copy()

    def predictions(self, X, n_threads):
        return np.stack([outputs_for(member, X, self.task, None) for member in self.estimators], axis=1)

    def importances(self):
        return np.array([member.feature_importances_ for member in self.estimators])
