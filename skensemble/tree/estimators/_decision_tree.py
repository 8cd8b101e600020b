"""The estimators of single trees: decision trees (CART) and extremely randomised trees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import sklearn.ensemble  # loaded before our class is registered in sklearn.tree below
import sklearn.tree
from sklearn.base import MultiOutputMixin, RegressorMixin, clone
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from skensemble._estimator import Estimator
from skensemble._log_probabilities import LogProbabilities
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import check_parameters
from skensemble._random import draw_seed, generator
from skensemble._targets import LabelScoreMixin, all_or_nothing, class_weighted, read_labels, read_target, read_weight
from skensemble._validation import read_features
from skensemble.explanation._explain import ShapValues
from skensemble.tree._binning import Binner
from skensemble.tree.estimators._sklearn_tree import to_sklearn
from skensemble.tree.estimators._tree_parameters import CLASSIFIER, EXTRA_CLASSIFIER, EXTRA_REGRESSOR, REGRESSOR
from skensemble.tree.estimators._tree_structure import names_of_values, with_tree
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import count_features, read_cart_limits, read_directions
from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.trees._inspected import Inspected
from skensemble.tree.trees._partial_dependence import mass_of_training, partial_dependence
from skensemble.tree.trees._pruning import prune, pruning_path
from skensemble.tree.trees._tree_arrays import validate_trees

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Column, RandomState, Self, Table

CELLS_FOR_THREADS = 200_000  # of a table; below this, one thread is done before others have started


def _useful_threads(table):
    is_large = table.n_samples * table.n_features > CELLS_FOR_THREADS
    return effective_n_jobs(None) if is_large else 1


class _DecisionTree(MultiOutputMixin, ShapValues, Inspected, Estimator):
    """What classifier and regressor share: all but reading the target."""

    is_smooth = False  # predictions are constant between thresholds
    _reads_any_table = True

    # scikit-learn's trees take check_input: it can be passed here, too, but no pipeline should route it
    __metadata_request__fit = {"check_input": UNUSED}
    __metadata_request__predict = {"check_input": UNUSED}
    __metadata_request__predict_proba = {"check_input": UNUSED}

    @all_or_nothing
    def fit(self, X: Table, y: Column, sample_weight: Column | None = None, check_input: bool = True) -> Self:
        """Grow the tree.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target. Several columns are predicted by one tree.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0. A sample with weight 0 has no effect.
        check_input : bool, default=True
            Has no effect; for compatibility with scikit-learn.

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
        table = read_features(self, X, reset=True)
        target, weight = self._read_target(y, sample_weight, table.n_samples)
        self.max_features_ = count_features(self.max_features, self.n_features_in_)
        n_threads = _useful_threads(table)
        binner = Binner(self.max_bins, self.categorical_features, self.min_frequency)
        binner.fit(table, weight, n_threads)
        tree = self._grow(binner, table, target, weight, n_threads)
        if self.ccp_alpha > 0.0:
            tree = prune(tree, self.ccp_alpha)
        return with_tree(self, tree, binner.without_thresholds())

    def _grow(self, binner, table, target, weight, n_threads):
        """TreeArrays of the unpruned tree."""
        n_rows = table.n_samples if weight is None else np.count_nonzero(weight)
        grower = CartGrower(
            binner,
            table,
            target,
            read_cart_limits(self, n_rows, criterion=self.criterion, splitter=self.splitter),
            monotone=read_directions(self, self._n_classes_of_outputs(), binner.is_categorical_),
            sample_weight=weight,
            n_threads=n_threads,
            n_members=n_threads,
        )
        return grower.grow(draw_seed(generator(self.random_state)), weight)

    def _n_classes_of_outputs(self):
        counts = self._class_counts()
        return np.ones(self.n_outputs_, np.intp) if counts is None else counts

    # -- predictions -------------------------------------------------------------------------------------------------

    def _read_for_prediction(self, X):
        check_is_fitted(self)
        return read_features(self, X, reset=False)

    def _leaf_values(self, X):
        """(n_samples, n_values)"""
        table = self._read_for_prediction(X)
        return self.tree_.leaf_values(table, _useful_threads(table))

    def apply(self, X: Table, check_input: bool = True) -> Array:
        """Leaf of each sample.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        check_input : bool, default=True
            Has no effect; for compatibility with scikit-learn.

        Returns
        -------
        leaves : ndarray of shape (n_samples,)
            Node numbers, as in `tree_`.
        """
        table = self._read_for_prediction(X)
        return self.tree_.leaves(table, _useful_threads(table))

    def decision_path(self, X: Table, check_input: bool = True) -> Any:
        """Nodes on the path of each sample from the root to its leaf.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        check_input : bool, default=True
            Has no effect; for compatibility with scikit-learn.

        Returns
        -------
        indicator : sparse matrix of shape (n_samples, n_nodes)
            CSR matrix; entry (i, j) is 1 if sample i passes node j.
        """
        table = self._read_for_prediction(X)
        return self.tree_.paths(table, _useful_threads(table))

    def _additive_trees(self):
        """The model as AdditiveTrees: one tree, whose outputs are class fractions or numbers."""
        check_is_fitted(self)
        return replace(self.tree_.additive, output_names=names_of_values(self))

    # -- the tree ----------------------------------------------------------------------------------------------------

    def get_depth(self) -> int:
        """Depth of the tree.

        Returns
        -------
        depth : int
            Largest number of splits between the root and a leaf.
        """
        check_is_fitted(self)
        return self.tree_.max_depth

    def get_n_leaves(self) -> int:
        """Number of leaves.

        Returns
        -------
        n_leaves : int
            1 if the tree has no split.
        """
        check_is_fitted(self)
        return self.tree_.n_leaves

    @property
    def feature_importances_(self) -> Array:
        """Fraction of the decrease of impurity due to each feature. They sum to 1, or are all 0 without splits.

        They favour features with many values; `sklearn.inspection.permutation_importance` does not.
        """
        check_is_fitted(self)
        return self.tree_.compute_feature_importances()

    def cost_complexity_pruning_path(self, X: Table, y: Column, sample_weight: Column | None = None) -> Any:
        """Grow a full tree and prune it step by step (minimal cost-complexity pruning).

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0.

        Returns
        -------
        path : Bunch
            ccp_alphas : ndarray of shape (n_steps,), ascending values of `ccp_alpha` at which the tree becomes smaller,
            from 0. impurities : ndarray of shape (n_steps,), total impurity of the leaves after each of these steps,
            weighted by their samples.
        """
        unpruned = clone(self).set_params(ccp_alpha=0.0).fit(X, y, sample_weight)
        ccp_alphas, impurities = pruning_path(unpruned.tree_.trees)
        return Bunch(ccp_alphas=ccp_alphas, impurities=impurities)

    def to_sklearn(self) -> Any:
        """Convert the tree to a fitted estimator of scikit-learn, for tools that need one.

        Returns
        -------
        estimator : estimator of scikit-learn
            The estimator with the same name, which makes the same predictions.

        Raises
        ------
        ValueError
            If the tree splits on categories, which trees of scikit-learn cannot.
        """
        check_is_fitted(self)
        return to_sklearn(self)

    def _check_loaded(self):
        if hasattr(self, "tree_"):
            validate_trees(self.tree_.trees, self.n_features_in_, self.tree_.trees.n_values)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "tree_")


# -- classification --------------------------------------------------------------------------------------------------


class DecisionTreeClassifier(LogProbabilities, LabelScoreMixin, _DecisionTree):
    """A decision tree for classification (CART).

    A node is split by a question about one feature, the one that reduces the impurity of the classes most [1]_. The
    splits are the same as those of scikit-learn's tree, wherever the best split is unique. Numbers may be missing or
    infinite, and categories need no encoding. The order of the samples has no effect.

    Parameters
    ----------
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity that splits reduce. "gini": 1 minus the sum of the squared class fractions. "entropy", or "log_loss":
        Shannon entropy of the class fractions, in bits.
    splitter : {"best", "random"}, default="best"
        How the split of a node is found. "best": the best of all thresholds. "random": the best of one random threshold
        for each feature that is considered.
    max_depth : int or None, default=None
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
    max_bins : int or None, default=None
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
    class_weight : dict, list of dict, "balanced" or None, default=None
        Factors >= 0 that multiply the sample weights of each class. dict: class label -> factor; labels that are not in
        it have the factor 1. "balanced": factors that give all classes the same total weight. list of dict: one dict
        per output; the factors of the outputs are multiplied. None: no factors.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the probability of the second class must not decrease when the
        feature increases; -1: must not increase; 0: no constraint. A dict maps labels of columns or positions of
        features to constraints. None: no constraints. Not available for more than two classes or several outputs.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of features and of random thresholds. Pass an int to get the same tree in every fit. Nothing
        is random if `splitter="best"` and `max_features` is None.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Sorted class labels; with several outputs, a list of such arrays.
    n_classes_ : int or ndarray of shape (n_outputs,)
        Number of classes; with several outputs, of each.
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Number of features that are considered for each split.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Fraction of the decrease of impurity due to each feature; they sum to 1.
    tree_ : TreeStructure
        The nodes of the tree, as arrays with the names of scikit-learn.

    See Also
    --------
    DecisionTreeRegressor : The same for regression.
    RandomForestClassifier : Forests of such trees, grown on bootstrap samples.
    sklearn.tree.DecisionTreeClassifier : Tree of scikit-learn.

    References
    ----------
    .. [1] Breiman, L., Friedman, J. H., Olshen, R. A. and Stone, C. J. (1984). Classification and regression trees.
           Wadsworth.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble import DecisionTreeClassifier
    >>> size, colour = [1.0, 2.0, None, 8.0, 9.0, 7.0], ["red", "red", "blue", "blue", "red", None]
    >>> X = pd.DataFrame({"size": size, "colour": colour})
    >>> y = ["small", "small", "small", "large", "large", "large"]
    >>> model = DecisionTreeClassifier(max_depth=2).fit(X, y)
    >>> model.predict(X.iloc[[0, 3]]).tolist()
    ['small', 'large']
    >>> model.get_depth(), model.get_n_leaves()
    (1, 2)
    """

    _parameters = CLASSIFIER

    def __init__(
        self,
        *,
        criterion: Literal["gini", "entropy", "log_loss"] = "gini",
        splitter: Literal["best", "random"] = "best",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2"] | None = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = None,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        class_weight: dict[Any, Any] | list[dict[Any, Any]] | Literal["balanced"] | None = None,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        random_state: int | RandomState | None = None,
    ):
        self.criterion = criterion
        self.splitter = splitter
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
        self.class_weight = class_weight
        self.monotonic_cst = monotonic_cst
        self.random_state = random_state

    def _read_target(self, y, sample_weight, n_samples):
        """(ClassTarget, weights times class weights); sets the attributes about classes and outputs."""
        labels = read_labels(y, "y", n_samples, multi_output=True, warn=False)
        weight = class_weighted(self.class_weight, labels, read_weight(sample_weight, "sample_weight", n_samples))
        self.n_outputs_ = labels.n_outputs
        self.classes_, self.n_classes_ = labels.classes, labels.n_classes
        if self.n_outputs_ == 1:
            self.classes_, self.n_classes_ = labels.classes[0], int(labels.n_classes[0])
        return ClassTarget(labels.codes, labels.n_classes), weight

    def _class_counts(self):
        return np.atleast_1d(self.n_classes_)

    def predict(self, X: Table, check_input: bool = True) -> Array:
        """Predict the class of each sample: the most frequent one in its leaf.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        check_input : bool, default=True
            Has no effect; for compatibility with scikit-learn.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Class labels.
        """
        table = self._read_for_prediction(X)
        places = self.tree_.most_frequent(table, _useful_threads(table))
        if self.n_outputs_ == 1:
            return self.classes_[places[0]]
        return np.stack([classes[own] for classes, own in zip(self.classes_, places)], axis=1)

    def predict_proba(self, X: Table, check_input: bool = True) -> Any:
        """Predict class probabilities: the class fractions in the leaf of each sample.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        check_input : bool, default=True
            Has no effect; for compatibility with scikit-learn.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or list of n_outputs such arrays
            Columns are in the order of `classes_`.
        """
        fractions = self._fractions(X)
        return fractions[0] if self.n_outputs_ == 1 else fractions

    def _fractions(self, X):
        """List of n_outputs arrays (n_samples, n_classes)."""
        values = self._leaf_values(X)
        return self.tree_.split_by_output(values)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class ExtraTreeClassifier(DecisionTreeClassifier):
    """An extremely randomised tree for classification.

    Like DecisionTreeClassifier, but for each feature that is considered for a split, a single threshold is drawn at
    random between the smallest and the largest value in the node, and the best of these thresholds is used [1]_. Such
    trees are meant for ensembles.

    Parameters
    ----------
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity that splits reduce. "gini": 1 minus the sum of the squared class fractions. "entropy", or "log_loss":
        Shannon entropy of the class fractions, in bits.
    splitter : {"best", "random"}, default="random"
        How the split of a node is found. "best": the best of all thresholds. "random": the best of one random threshold
        for each feature that is considered.
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int or float, default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default="sqrt"
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
    max_bins : int or None, default=None
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
    class_weight : dict, list of dict, "balanced" or None, default=None
        Factors >= 0 that multiply the sample weights of each class. dict: class label -> factor; labels that are not in
        it have the factor 1. "balanced": factors that give all classes the same total weight. list of dict: one dict
        per output; the factors of the outputs are multiplied. None: no factors.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the probability of the second class must not decrease when the
        feature increases; -1: must not increase; 0: no constraint. A dict maps labels of columns or positions of
        features to constraints. None: no constraints. Not available for more than two classes or several outputs.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of features and of random thresholds. Pass an int to get the same tree in every fit. Nothing
        is random if `splitter="best"` and `max_features` is None.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Sorted class labels; with several outputs, a list of such arrays.
    n_classes_ : int or ndarray of shape (n_outputs,)
        Number of classes; with several outputs, of each.
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Number of features that are considered for each split.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Fraction of the decrease of impurity due to each feature; they sum to 1.
    tree_ : TreeStructure
        The nodes of the tree, as arrays with the names of scikit-learn.

    See Also
    --------
    ExtraTreeRegressor : The same for regression.
    ExtraTreesClassifier : Forests of such trees.
    sklearn.tree.ExtraTreeClassifier : Tree of scikit-learn.

    References
    ----------
    .. [1] Geurts, P., Ernst, D. and Wehenkel, L. (2006). Extremely randomized trees. Machine Learning 63(1).
           https://doi.org/10.1007/s10994-006-6226-1

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import ExtraTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> ExtraTreeClassifier(random_state=0).fit(X, y).score(X, y)
    1.0
    """

    _parameters = EXTRA_CLASSIFIER

    def __init__(
        self,
        *,
        criterion: Literal["gini", "entropy", "log_loss"] = "gini",
        splitter: Literal["best", "random"] = "random",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2"] | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = None,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        class_weight: dict[Any, Any] | list[dict[Any, Any]] | Literal["balanced"] | None = None,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        random_state: int | RandomState | None = None,
    ):
        self.criterion = criterion
        self.splitter = splitter
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
        self.class_weight = class_weight
        self.monotonic_cst = monotonic_cst
        self.random_state = random_state


# -- regression ------------------------------------------------------------------------------------------------------


class DecisionTreeRegressor(RegressorMixin, _DecisionTree):
    """A decision tree for regression (CART).

    A node is split by a question about one feature, the one that reduces the impurity of the targets most [1]_. The
    splits are the same as those of scikit-learn's tree, wherever the best split is unique. Numbers may be missing or
    infinite, and categories need no encoding. The order of the samples has no effect.

    Parameters
    ----------
    criterion : {"squared_error", "absolute_error", "poisson"}, default="squared_error"
        Impurity that splits reduce. "squared_error": variance. "absolute_error": mean absolute distance from the
        median, which leaves then predict. "poisson": half the mean Poisson deviance, for y >= 0. The name
        "friedman_mse", deprecated in scikit-learn, means "squared_error".
    splitter : {"best", "random"}, default="best"
        How the split of a node is found. "best": the best of all thresholds. "random": the best of one random threshold
        for each feature that is considered.
    max_depth : int or None, default=None
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
    max_bins : int or None, default=None
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
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the prediction must not decrease when the feature increases; -1:
        must not increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints.
        None: no constraints. Not available for several outputs.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of features and of random thresholds. Pass an int to get the same tree in every fit. Nothing
        is random if `splitter="best"` and `max_features` is None.

    Attributes
    ----------
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Number of features that are considered for each split.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Fraction of the decrease of impurity due to each feature; they sum to 1.
    tree_ : TreeStructure
        The nodes of the tree, as arrays with the names of scikit-learn.

    See Also
    --------
    DecisionTreeClassifier : The same for classification.
    RandomForestRegressor : Forests of such trees, grown on bootstrap samples.
    sklearn.tree.DecisionTreeRegressor : Tree of scikit-learn.

    References
    ----------
    .. [1] Breiman, L., Friedman, J. H., Olshen, R. A. and Stone, C. J. (1984). Classification and regression trees.
           Wadsworth.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import DecisionTreeRegressor
    >>> X = np.linspace(0.0, 1.0, 101).reshape(-1, 1)
    >>> y = np.where(X[:, 0] > 0.5, 3.0, 1.0)
    >>> model = DecisionTreeRegressor().fit(X, y)
    >>> model.predict([[0.2], [0.8]]).tolist()
    [1.0, 3.0]
    >>> model.tree_.threshold[0].round(3).item()
    0.505
    """

    _parameters = REGRESSOR

    def __init__(
        self,
        *,
        criterion: Literal["squared_error", "absolute_error", "poisson"] = "squared_error",
        splitter: Literal["best", "random"] = "best",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2"] | None = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = None,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        random_state: int | RandomState | None = None,
    ):
        self.criterion = criterion
        self.splitter = splitter
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
        self.monotonic_cst = monotonic_cst
        self.random_state = random_state

    def _read_target(self, y, sample_weight, n_samples):
        """(NumberTarget, weights); sets n_outputs_."""
        target = read_target(
            y,
            "y",
            n_samples,
            warn=False,
            poisson=self.criterion == "poisson",
            squares=self.criterion != "absolute_error",
        )
        weight = read_weight(sample_weight, "sample_weight", n_samples)
        target = np.atleast_2d(target)
        self.n_outputs_ = len(target)
        return NumberTarget(target), weight

    def _class_counts(self):
        return None

    def predict(self, X: Table, check_input: bool = True) -> Array:
        """Predict the target: the mean, or the median (criterion="absolute_error"), of the leaf of each sample.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        check_input : bool, default=True
            Has no effect; for compatibility with scikit-learn.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the target.
        """
        values = self._leaf_values(X)
        return values[:, 0] if self.n_outputs_ == 1 else values

    def _compute_partial_dependence_recursion(self, grid, target_features):
        """(n_grid,) predictions averaged over the other features, as `sklearn.inspection` asks for them."""
        features = np.asarray(target_features)
        additive = self.tree_.additive
        grid, mass = additive.binner.encode_grid(grid, features), mass_of_training(additive, features)
        return partial_dependence(additive, grid, features, mass)[:, 0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self.criterion == "poisson"
        return tags


class ExtraTreeRegressor(DecisionTreeRegressor):
    """An extremely randomised tree for regression.

    Like DecisionTreeRegressor, but for each feature that is considered for a split, a single threshold is drawn at
    random between the smallest and the largest value in the node, and the best of these thresholds is used [1]_. Such
    trees are meant for ensembles.

    Parameters
    ----------
    criterion : {"squared_error", "absolute_error", "poisson"}, default="squared_error"
        Impurity that splits reduce. "squared_error": variance. "absolute_error": mean absolute distance from the
        median, which leaves then predict. "poisson": half the mean Poisson deviance, for y >= 0. The name
        "friedman_mse", deprecated in scikit-learn, means "squared_error".
    splitter : {"best", "random"}, default="random"
        How the split of a node is found. "best": the best of all thresholds. "random": the best of one random threshold
        for each feature that is considered.
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int or float, default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default=1.0
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
    max_bins : int or None, default=None
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
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the prediction must not decrease when the feature increases; -1:
        must not increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints.
        None: no constraints. Not available for several outputs.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of features and of random thresholds. Pass an int to get the same tree in every fit. Nothing
        is random if `splitter="best"` and `max_features` is None.

    Attributes
    ----------
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Number of features that are considered for each split.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Fraction of the decrease of impurity due to each feature; they sum to 1.
    tree_ : TreeStructure
        The nodes of the tree, as arrays with the names of scikit-learn.

    See Also
    --------
    ExtraTreeClassifier : The same for classification.
    ExtraTreesRegressor : Forests of such trees.
    sklearn.tree.ExtraTreeRegressor : Tree of scikit-learn.

    References
    ----------
    .. [1] Geurts, P., Ernst, D. and Wehenkel, L. (2006). Extremely randomized trees. Machine Learning 63(1).
           https://doi.org/10.1007/s10994-006-6226-1

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import ExtraTreeRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> ExtraTreeRegressor(random_state=0).fit(X, y).score(X, y)
    1.0
    """

    _parameters = EXTRA_REGRESSOR

    def __init__(
        self,
        *,
        criterion: Literal["squared_error", "absolute_error", "poisson"] = "squared_error",
        splitter: Literal["best", "random"] = "random",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2"] | None = 1.0,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = None,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        random_state: int | RandomState | None = None,
    ):
        self.criterion = criterion
        self.splitter = splitter
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
        self.monotonic_cst = monotonic_cst
        self.random_state = random_state


# sklearn.inspection offers method="recursion" to instances of this class only, and asks no more of them than the method
# above
sklearn.tree.DecisionTreeRegressor.register(DecisionTreeRegressor)
