"""TreeStructure: the nodes of a fitted tree, under scikit-learn's names."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from skensemble._validation import read_table
from skensemble.tree.trees._additive_trees import AdditiveTrees
from skensemble.tree.trees._prediction import FEW_ROWS, decision_path
from skensemble.tree.trees._split_levels import left_categories, missing_go_left
from skensemble.tree.trees._tree_arrays import depth_of_nodes

if TYPE_CHECKING:
    from skensemble._types import Any, Array, Table

TREE_UNDEFINED = -2  # feature and threshold of a leaf


class TreeStructure:
    """One fitted tree, read-only.

    Node 0 is the root, and a child's number is larger than its parent's. A numeric split sends `x <= threshold` left;
    a split by categories has the threshold NaN and sends `left_categories(node)` left. Arrays are made on first use.

    Parameters
    ----------
    trees : TreeArrays
        The tree, with values of every node: class fractions of all outputs side by side, or a number for each output.
    binner : Binner
        From raw cells to what the tree compares.
    n_features : int
        Number of features.
    n_classes : ndarray of shape (n_outputs,) or None
        Number of classes of each output; None for numbers.

    Attributes
    ----------
    n_features, n_outputs, max_n_classes : int
        Features, outputs, and the largest number of classes of an output (1 for numbers).
    n_classes : ndarray of shape (n_outputs,)
        Number of classes of each output; ones for numbers.
    node_count, n_leaves, max_depth : int
        Nodes, leaves, and the largest number of splits above a leaf.
    children_left, children_right : ndarray of shape (node_count,)
        Children of each node, -1 at a leaf.
    feature, threshold : ndarray of shape (node_count,)
        What each node asks: -2 at a leaf; the threshold of a split by categories is NaN.
    missing_go_to_left : ndarray of shape (node_count,), uint8
        1 where samples without a value go left.
    impurity, n_node_samples, weighted_n_node_samples : ndarray of shape (node_count,)
        Impurity, number and sum of weights of the training samples of each node.
    value : ndarray of shape (node_count, n_outputs, max_n_classes)
        Class fractions or numbers, filled up with zeros.
    """

    def __init__(self, trees, binner, n_features, n_classes=None):
        self.trees, self.binner, self.n_features = trees, binner, n_features
        self.n_classes = np.ones(trees.n_values, np.intp) if n_classes is None else np.array(n_classes, np.intp)

    # -- sizes -------------------------------------------------------------------------------------------------------

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.n_classes)

    @property
    def max_n_classes(self) -> int:
        """Largest number of classes of an output, 1 for numbers."""
        return int(self.n_classes.max())

    @property
    def node_count(self):
        """Number of nodes, leaves included."""
        return self.trees.n_nodes

    @property
    def capacity(self):
        """Number of nodes, as in scikit-learn's trees, which reserve more."""
        return self.trees.n_nodes

    @property
    def max_depth(self):
        """Largest number of splits above a leaf."""
        return int(self.trees.depth[0])

    @property
    def n_leaves(self):
        """Number of leaves."""
        return int(self.trees.n_leaves[0])

    # -- nodes -------------------------------------------------------------------------------------------------------

    @cached_property
    def children_left(self):
        """(node_count,) first child of each node, -1 at a leaf."""
        return _read_only(self.trees.left.astype(np.intp))

    @cached_property
    def children_right(self):
        """(node_count,) second child of each node, -1 at a leaf."""
        return _read_only(self.trees.right.astype(np.intp))

    @cached_property
    def feature(self):
        """(node_count,) feature that each node splits by, -2 at a leaf."""
        return _read_only(np.where(self.trees.is_leaf, TREE_UNDEFINED, self.trees.feature).astype(np.intp))

    @cached_property
    def threshold(self):
        """(node_count,) what each node compares with: -2.0 at a leaf, NaN at a split by categories."""
        return _read_only(np.where(self.trees.is_leaf, float(TREE_UNDEFINED), self.trees.threshold))

    @property
    def impurity(self):
        """(node_count,) impurity of each node."""
        self.trees.check_complete("impurity")
        return _read_only(self.trees.impurity)

    @property
    def n_node_samples(self):
        """(node_count,) number of training samples of each node."""
        return _read_only(self.trees.count)

    @property
    def weighted_n_node_samples(self):
        """(node_count,) sum of the weights of the training samples of each node."""
        return _read_only(self.trees.cover)

    @cached_property
    def missing_go_to_left(self):
        """(node_count,) uint8: 1 where samples without a value go left."""
        return _read_only(missing_go_left(self.trees).astype(np.uint8))

    @cached_property
    def value(self):
        """(node_count, n_outputs, max_n_classes) class fractions or numbers, filled up with zeros."""
        self.trees.check_complete("value")
        return _read_only(self._output_by_output(self.trees.values))

    def left_categories(self, node: int) -> Array | None:
        """Find the categories that a node sends left.

        Parameters
        ----------
        node : int
            Number of the node.

        Returns
        -------
        categories : ndarray of shape (n_left,) or None
            Values of the node's feature; None for a numeric split.
        """
        return left_categories(self.trees, self.binner, node)

    def compute_node_depths(self) -> Array:
        """(node_count,) depth of each node, as scikit-learn counts it here: 1 for the root."""
        return depth_of_nodes(self.trees).astype(np.intp) + 1

    def compute_feature_importances(self, normalize: bool = True) -> Array:
        """(n_features,) decrease of impurity by each feature, as fractions of the total if `normalize`, else divided by
        the weight of the root.

        Parameters
        ----------
        normalize : bool, default=True
            Whether they add up to 1 (they are all 0 where nothing is split).
        """
        importances = self.trees.feature_importances(self.n_features).astype(np.float64)
        total = importances.sum() if normalize else self.trees.cover[0]
        return importances / total if total > 0 else importances

    # -- rows --------------------------------------------------------------------------------------------------------

    def predict(self, X: Table) -> Array:
        """(n_samples, max_n_classes) values of each sample's leaf; (n_samples, n_outputs, max_n_classes) for
        several outputs.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        """
        values = self._output_by_output(self.leaf_values(self._read(X)))
        return values[:, 0] if self.n_outputs == 1 else values

    def apply(self, X: Table) -> Array:
        """(n_samples,) number of each sample's leaf.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        """
        return self.leaves(self._read(X))

    def decision_path(self, X: Table) -> Any:
        """(n_samples, node_count) CSR matrix with a 1 for each node that a sample passes.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        """
        return self.paths(self._read(X))

    def _read(self, X):
        table = read_table(X)
        if table.n_features != self.n_features:
            raise ValueError(f"X must have {self.n_features} features, got {table.n_features}.")
        return table

    def leaf_values(self, table: Any, n_threads: int = 1) -> Array:
        """(n_samples, n_values) values of the leaves of a Table's rows."""
        return self.additive.raw(table, n_threads)

    def leaves(self, table: Any, n_threads: int = 1) -> Array:
        """(n_samples,) number of the leaf of each row of a Table."""
        return self.additive.apply(table, n_threads)[:, 0].astype(np.intp)

    def most_frequent(self, table: Any, n_threads: int = 1) -> list[Array]:
        """List of n_outputs arrays (n_samples,): place of the largest fraction in the leaf of each row of a Table."""
        if table.n_samples <= FEW_ROWS:
            return [part.argmax(axis=1) for part in self.split_by_output(self.leaf_values(table, n_threads))]
        leaves = self.additive.apply(table, n_threads)[:, 0]
        return [of_node[leaves] for of_node in self._most_frequent_of_nodes]

    @cached_property
    def _most_frequent_of_nodes(self):
        return [part.argmax(axis=1) for part in self.split_by_output(self.trees.values)]

    def paths(self, table: Any, n_threads: int = 1) -> Any:
        """(n_samples, node_count) CSR matrix with a 1 for each node that a row of a Table passes."""
        indicator, _ = decision_path(self.trees, self.leaves(table, n_threads)[:, None])
        return indicator

    def split_by_output(self, values: Array) -> list[Array]:
        """List of n_outputs arrays (n, n_classes of the output) that lie side by side in `values` (n, n_values)."""
        return np.split(values, np.cumsum(self.n_classes)[:-1], axis=1)

    def _output_by_output(self, values):
        """(n, n_outputs, max_n_classes) from (n, n_values)."""
        if values.shape[1] == self.n_outputs * self.max_n_classes:
            return values.reshape(len(values), self.n_outputs, self.max_n_classes)
        padded = np.zeros((len(values), self.n_outputs, self.max_n_classes))
        for k, part in enumerate(self.split_by_output(values)):
            padded[:, k, : part.shape[1]] = part
        return padded

    @cached_property
    def additive(self):
        """The tree as a sum of one: AdditiveTrees."""
        return AdditiveTrees(self.trees, self.binner, np.zeros(self.trees.n_values), node_weight=self.trees.cover)

    # -- the object --------------------------------------------------------------------------------------------------

    def __getstate__(self):
        """What all other attributes are computed from."""
        return {name: self.__dict__[name] for name in ("trees", "binner", "n_features", "n_classes")}

    def __repr__(self):
        return f"<TreeStructure: {self.node_count} nodes, {self.n_leaves} leaves, depth {self.max_depth}>"


def _read_only(array):
    view = array.view()
    view.flags.writeable = False
    return view


def with_tree(estimator, tree, binner, **fitted):
    """`estimator`, a decision tree that is unfitted so far, around a tree that was grown elsewhere.

    tree : TreeArrays of one tree
    binner : the Binner that knows its codes
    fitted : n_features_in_, n_outputs_, max_features_ and, for a classifier, classes_ and n_classes_
    """
    vars(estimator).update(fitted)
    n_classes = np.atleast_1d(estimator.n_classes_) if hasattr(estimator, "classes_") else None
    estimator.tree_ = TreeStructure(tree, binner, estimator.n_features_in_, n_classes)
    return estimator


def names_of_values(estimator):
    """Names of what a fitted tree or forest predicts: labels, (output, label) for several outputs; None for numbers."""
    if not hasattr(estimator, "classes_"):
        return None
    if estimator.n_outputs_ == 1:
        return tuple(estimator.classes_)
    return tuple((k, label) for k, classes in enumerate(estimator.classes_) for label in classes)
