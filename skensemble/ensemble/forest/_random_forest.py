"""RandomForestClassifier and RandomForestRegressor, ExtraTreesClassifier and ExtraTreesRegressor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import sklearn.ensemble

from skensemble.ensemble.forest._forest import ForestClassifier, ForestRegressor
from skensemble.ensemble.forest._forest_parameters import (
    EXTRA_TREES_CLASSIFIER,
    EXTRA_TREES_REGRESSOR,
    RANDOM_FOREST_CLASSIFIER,
    RANDOM_FOREST_REGRESSOR,
)
from skensemble.tree.estimators._decision_tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

if TYPE_CHECKING:
    from skensemble._types import Any, ArrayLike, Callable, RandomState


class RandomForestClassifier(ForestClassifier):
    """A random forest for classification.

    Each tree is grown on a bootstrap sample, each node is split by the best of a few features that are drawn for it,
    and the predicted class probabilities are the mean over the trees [1]_. The forest depends neither on the order of
    the samples nor on the number of threads. Numbers may be missing or infinite, and categories need no encoding. A
    sample with a whole-number weight k counts as k samples.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity that splits reduce. "gini": 1 minus the sum of the squared class fractions. "entropy", or "log_loss":
        Shannon entropy of the class fractions, in bits.
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int, float or "auto", default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples. "auto": fit
        compares sizes from 1 to 50 by the squared error of out-of-bag samples, after `max_features`; needs
        `bootstrap=True`.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2", "auto" or None, default="sqrt"
        Number of features that are considered for the split of a node, drawn anew for each node. int: this number.
        float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their number.
        None: all. Features that are constant in the node do not count. "auto": fit compares the default, the square
        root, one third, two thirds and all of the features by the squared error of out-of-bag samples; needs
        `bootstrap=True`.
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
    class_weight : dict, list of dict, "balanced", "balanced_subsample" or None, default=None
        Factors >= 0 that multiply the sample weights of each class. dict: class label -> factor; labels that are not in
        it have the factor 1. "balanced": factors that give all classes the same total weight. "balanced_subsample": the
        same for each tree, by the samples that are drawn for it. list of dict: one dict per output; the factors of the
        outputs are multiplied. None: no factors.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the probability of the second class must not decrease when the
        feature increases; -1: must not increase; 0: no constraint. A dict maps labels of columns or positions of
        features to constraints. None: no constraints. Not available for more than two classes or several outputs.
    bootstrap : bool, default=True
        Whether each tree is grown on a bootstrap sample: samples that are drawn with replacement, each with a
        probability proportional to its weight. False: each tree is grown on all samples.
    max_samples : int, float or None, default=None
        Number of draws for each bootstrap sample. int: this number. float > 0: this fraction of the total sample
        weight, which may exceed 1. None: the number of samples, where a sample with a whole-number weight k counts as k
        samples. Needs `bootstrap=True`.
    oob_score : bool or callable, default=False
        Whether to predict each sample by the trees that were not grown on it (out-of-bag predictions), and to score
        these predictions: by accuracy, or by a callable `metric(y_true, y_pred)`. Needs `bootstrap=True`.
    importance_type : {"impurity", "permutation"}, default="impurity"
        How `feature_importances_` are computed. "impurity": fraction of the decrease of impurity that is due to splits
        on the feature. "permutation": decrease of accuracy of a tree on its out-of-bag samples when the feature is
        permuted among them, mean over the trees; needs `bootstrap=True`, and is computed in fit.
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training sample in each tree, as `training_leaves_`.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds trees to the forest, up to `n_estimators` in
        total. On the same data, the result is that of a single fit. The codes of the training data, some bytes per
        cell, are kept for the next call until the estimator is pickled or fitted to others.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features and random thresholds. Pass an int to get the same forest in every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the trees. 2: a line for each tree.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Sorted class labels; with several outputs, a list of such arrays.
    n_classes_ : int or ndarray of shape (n_outputs,)
        Number of classes; with several outputs, of each.
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Only if `max_features="auto"`: the number of features that was chosen.
    min_samples_leaf_ : int
        Only if `min_samples_leaf="auto"`: the size that was chosen.
    search_results_ : dict
        Only if one of the two is "auto": what was compared ("params"), the squared errors of out-of-bag samples in a
        forest of infinitely many trees ("oob_loss"; of several numbers, each by its variance), and the chosen one
        ("best_index").
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each feature, see `importance_type`. Those by impurity sum to 1 and favour features with many
        values.
    estimator_ : DecisionTreeClassifier
        An unfitted tree with the parameters of the trees in the forest.
    estimators_ : list of DecisionTreeClassifier
        The trees, which share the memory of the forest; created on first access.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Indices of the samples that were drawn for each tree; computed on each access.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training sample in each tree, as a node number counted from its root. Only with
        `keep_leaf_rows=True`.
    oob_score_ : float
        Score of the out-of-bag predictions. Only with `oob_score`.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
        Out-of-bag class probabilities; NaN for samples on which all trees were grown. Only with `oob_score`.

    See Also
    --------
    RandomForestRegressor : The same for regression.
    ExtraTreesClassifier : Forests with random thresholds, whose trees are grown on all samples.
    sklearn.ensemble.RandomForestClassifier : Forest of scikit-learn.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45.
           https://doi.org/10.1023/A:1010933404324

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import RandomForestClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RandomForestClassifier(oob_score=True, random_state=0).fit(X, y)
    >>> model.predict(X[[0, 50, 100]]).tolist()
    [0, 1, 2]
    >>> model.oob_score_ > 0.9
    True
    """

    _parameters = RANDOM_FOREST_CLASSIFIER

    _tree_class = DecisionTreeClassifier
    _splitter = "best"

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["gini", "entropy", "log_loss"] = "gini",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float | Literal["auto"] = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2", "auto"] | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        class_weight: dict[Any, Any] | list[dict[Any, Any]] | Literal["balanced", "balanced_subsample"] | None = None,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        bootstrap: bool = True,
        max_samples: int | float | None = None,
        oob_score: bool | Callable[..., Any] = False,
        importance_type: Literal["impurity", "permutation"] = "impurity",
        keep_leaf_rows: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_estimators = n_estimators
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
        self.class_weight = class_weight
        self.monotonic_cst = monotonic_cst
        self.bootstrap = bootstrap
        self.max_samples = max_samples
        self.oob_score = oob_score
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


class RandomForestRegressor(ForestRegressor):
    """A random forest for regression.

    Each tree is grown on a bootstrap sample, and predictions are the mean over the trees [1]_. Quantiles are predicted
    from the training samples in the leaves [2]_. The forest depends neither on the order of the samples nor on the
    number of threads. Numbers may be missing or infinite, and categories need no encoding. A sample with a whole-number
    weight k counts as k samples.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"squared_error", "absolute_error", "poisson"}, default="squared_error"
        Impurity that splits reduce. "squared_error": variance. "absolute_error": mean absolute distance from the
        median, which leaves then predict. "poisson": half the mean Poisson deviance, for y >= 0. The name
        "friedman_mse", deprecated in scikit-learn, means "squared_error".
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int, float or "auto", default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples. "auto": fit
        compares sizes from 1 to 50 by the squared error of out-of-bag samples, after `max_features`; needs
        `bootstrap=True`.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2", "auto" or None, default=1.0
        Number of features that are considered for the split of a node, drawn anew for each node. int: this number.
        float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their number.
        None: all. Features that are constant in the node do not count. "auto": fit compares the default, the square
        root, one third, two thirds and all of the features by the squared error of out-of-bag samples; needs
        `bootstrap=True`.
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
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the prediction must not decrease when the feature increases; -1:
        must not increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints.
        None: no constraints. Not available for several outputs.
    bootstrap : bool, default=True
        Whether each tree is grown on a bootstrap sample: samples that are drawn with replacement, each with a
        probability proportional to its weight. False: each tree is grown on all samples.
    max_samples : int, float or None, default=None
        Number of draws for each bootstrap sample. int: this number. float > 0: this fraction of the total sample
        weight, which may exceed 1. None: the number of samples, where a sample with a whole-number weight k counts as k
        samples. Needs `bootstrap=True`.
    oob_score : bool or callable, default=False
        Whether to predict each sample by the trees that were not grown on it (out-of-bag predictions), and to score
        these predictions: by R^2, or by a callable `metric(y_true, y_pred)`. Needs `bootstrap=True`.
    importance_type : {"impurity", "permutation"}, default="impurity"
        How `feature_importances_` are computed. "impurity": fraction of the decrease of impurity that is due to splits
        on the feature. "permutation": decrease of R^2 of a tree on its out-of-bag samples when the feature is permuted
        among them, mean over the trees; needs `bootstrap=True`, and is computed in fit.
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training sample in each tree, as `training_leaves_`. `predict_quantiles` and
        `predict_interval` need them.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds trees to the forest, up to `n_estimators` in
        total. On the same data, the result is that of a single fit. The codes of the training data, some bytes per
        cell, are kept for the next call until the estimator is pickled or fitted to others.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features and random thresholds. Pass an int to get the same forest in every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the trees. 2: a line for each tree.

    Attributes
    ----------
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Only if `max_features="auto"`: the number of features that was chosen.
    min_samples_leaf_ : int
        Only if `min_samples_leaf="auto"`: the size that was chosen.
    search_results_ : dict
        Only if one of the two is "auto": what was compared ("params"), the squared errors of out-of-bag samples in a
        forest of infinitely many trees ("oob_loss"; of several numbers, each by its variance), and the chosen one
        ("best_index").
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each feature, see `importance_type`. Those by impurity sum to 1 and favour features with many
        values.
    estimator_ : DecisionTreeRegressor
        An unfitted tree with the parameters of the trees in the forest.
    estimators_ : list of DecisionTreeRegressor
        The trees, which share the memory of the forest; created on first access.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Indices of the samples that were drawn for each tree; computed on each access.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training sample in each tree, as a node number counted from its root. Only with
        `keep_leaf_rows=True`.
    oob_score_ : float
        Score of the out-of-bag predictions. Only with `oob_score`.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Out-of-bag predictions; NaN for samples on which all trees were grown. Only with `oob_score`.

    See Also
    --------
    RandomForestClassifier : The same for classification.
    ExtraTreesRegressor : Forests with random thresholds, whose trees are grown on all samples.
    sklearn.ensemble.RandomForestRegressor : Forest of scikit-learn.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45.
           https://doi.org/10.1023/A:1010933404324
    .. [2] Meinshausen, N. (2006). Quantile regression forests. Journal of Machine Learning Research 7.
           https://jmlr.org/papers/v7/meinshausen06a.html

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import RandomForestRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = RandomForestRegressor(min_samples_leaf=5, keep_leaf_rows=True, random_state=0).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> interval = model.predict_interval(X, coverage=0.8, oob=True)
    >>> inside = (interval[:, 0] <= y) & (y <= interval[:, 1])
    >>> bool(0.75 < inside.mean() < 0.85)
    True
    """

    _parameters = RANDOM_FOREST_REGRESSOR

    _tree_class = DecisionTreeRegressor
    _splitter = "best"

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["squared_error", "absolute_error", "poisson"] = "squared_error",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float | Literal["auto"] = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2", "auto"] | None = 1.0,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        bootstrap: bool = True,
        max_samples: int | float | None = None,
        oob_score: bool | Callable[..., Any] = False,
        importance_type: Literal["impurity", "permutation"] = "impurity",
        keep_leaf_rows: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_estimators = n_estimators
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
        self.monotonic_cst = monotonic_cst
        self.bootstrap = bootstrap
        self.max_samples = max_samples
        self.oob_score = oob_score
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


class ExtraTreesClassifier(ForestClassifier):
    """Extremely randomised trees for classification.

    For each node a few features are drawn, and for each of these a threshold between its smallest and its largest value
    in the node; the best of these thresholds splits the node. The predicted class probabilities are the mean over the
    trees [1]_. The forest depends neither on the order of the samples nor on the number of threads. Numbers may be
    missing or infinite, and categories need no encoding. A sample with a whole-number weight k counts as k samples.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity that splits reduce. "gini": 1 minus the sum of the squared class fractions. "entropy", or "log_loss":
        Shannon entropy of the class fractions, in bits.
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int, float or "auto", default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples. "auto": fit
        compares sizes from 1 to 50 by the squared error of out-of-bag samples, after `max_features`; needs
        `bootstrap=True`.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2", "auto" or None, default="sqrt"
        Number of features that are considered for the split of a node, drawn anew for each node. int: this number.
        float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their number.
        None: all. Features that are constant in the node do not count. "auto": fit compares the default, the square
        root, one third, two thirds and all of the features by the squared error of out-of-bag samples; needs
        `bootstrap=True`.
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
    class_weight : dict, list of dict, "balanced", "balanced_subsample" or None, default=None
        Factors >= 0 that multiply the sample weights of each class. dict: class label -> factor; labels that are not in
        it have the factor 1. "balanced": factors that give all classes the same total weight. "balanced_subsample": the
        same for each tree, by the samples that are drawn for it. list of dict: one dict per output; the factors of the
        outputs are multiplied. None: no factors.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the probability of the second class must not decrease when the
        feature increases; -1: must not increase; 0: no constraint. A dict maps labels of columns or positions of
        features to constraints. None: no constraints. Not available for more than two classes or several outputs.
    bootstrap : bool, default=False
        Whether each tree is grown on a bootstrap sample: samples that are drawn with replacement, each with a
        probability proportional to its weight. False: each tree is grown on all samples.
    max_samples : int, float or None, default=None
        Number of draws for each bootstrap sample. int: this number. float > 0: this fraction of the total sample
        weight, which may exceed 1. None: the number of samples, where a sample with a whole-number weight k counts as k
        samples. Needs `bootstrap=True`.
    oob_score : bool or callable, default=False
        Whether to predict each sample by the trees that were not grown on it (out-of-bag predictions), and to score
        these predictions: by accuracy, or by a callable `metric(y_true, y_pred)`. Needs `bootstrap=True`.
    importance_type : {"impurity", "permutation"}, default="impurity"
        How `feature_importances_` are computed. "impurity": fraction of the decrease of impurity that is due to splits
        on the feature. "permutation": decrease of accuracy of a tree on its out-of-bag samples when the feature is
        permuted among them, mean over the trees; needs `bootstrap=True`, and is computed in fit.
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training sample in each tree, as `training_leaves_`.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds trees to the forest, up to `n_estimators` in
        total. On the same data, the result is that of a single fit. The codes of the training data, some bytes per
        cell, are kept for the next call until the estimator is pickled or fitted to others.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features and random thresholds. Pass an int to get the same forest in every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the trees. 2: a line for each tree.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Sorted class labels; with several outputs, a list of such arrays.
    n_classes_ : int or ndarray of shape (n_outputs,)
        Number of classes; with several outputs, of each.
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Only if `max_features="auto"`: the number of features that was chosen.
    min_samples_leaf_ : int
        Only if `min_samples_leaf="auto"`: the size that was chosen.
    search_results_ : dict
        Only if one of the two is "auto": what was compared ("params"), the squared errors of out-of-bag samples in a
        forest of infinitely many trees ("oob_loss"; of several numbers, each by its variance), and the chosen one
        ("best_index").
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each feature, see `importance_type`. Those by impurity sum to 1 and favour features with many
        values.
    estimator_ : ExtraTreeClassifier
        An unfitted tree with the parameters of the trees in the forest.
    estimators_ : list of ExtraTreeClassifier
        The trees, which share the memory of the forest; created on first access.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Indices of the samples that were drawn for each tree; computed on each access.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training sample in each tree, as a node number counted from its root. Only with
        `keep_leaf_rows=True`.
    oob_score_ : float
        Score of the out-of-bag predictions. Only with `oob_score`.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
        Out-of-bag class probabilities; NaN for samples on which all trees were grown. Only with `oob_score`.

    See Also
    --------
    ExtraTreesRegressor : The same for regression.
    RandomForestClassifier : Forests with the best thresholds, whose trees are grown on bootstrap samples.
    sklearn.ensemble.ExtraTreesClassifier : Forest of scikit-learn.

    References
    ----------
    .. [1] Geurts, P., Ernst, D. and Wehenkel, L. (2006). Extremely randomized trees. Machine Learning 63(1).
           https://doi.org/10.1007/s10994-006-6226-1

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import ExtraTreesClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ExtraTreesClassifier(random_state=0).fit(X, y)
    >>> model.predict(X[[0, 50, 100]]).tolist()
    [0, 1, 2]
    """

    _parameters = EXTRA_TREES_CLASSIFIER

    _tree_class = ExtraTreeClassifier
    _splitter = "random"

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["gini", "entropy", "log_loss"] = "gini",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float | Literal["auto"] = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2", "auto"] | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        class_weight: dict[Any, Any] | list[dict[Any, Any]] | Literal["balanced", "balanced_subsample"] | None = None,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        bootstrap: bool = False,
        max_samples: int | float | None = None,
        oob_score: bool | Callable[..., Any] = False,
        importance_type: Literal["impurity", "permutation"] = "impurity",
        keep_leaf_rows: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_estimators = n_estimators
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
        self.class_weight = class_weight
        self.monotonic_cst = monotonic_cst
        self.bootstrap = bootstrap
        self.max_samples = max_samples
        self.oob_score = oob_score
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


class ExtraTreesRegressor(ForestRegressor):
    """Extremely randomised trees for regression.

    For each node and each feature that is considered, a threshold is drawn between its smallest and its largest value
    in the node; the best of these thresholds splits the node. Predictions are the mean over the trees [1]_, and
    quantiles are predicted from the training samples in the leaves [2]_. The forest depends neither on the order of the
    samples nor on the number of threads. Numbers may be missing or infinite, and categories need no encoding. A sample
    with a whole-number weight k counts as k samples.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"squared_error", "absolute_error", "poisson"}, default="squared_error"
        Impurity that splits reduce. "squared_error": variance. "absolute_error": mean absolute distance from the
        median, which leaves then predict. "poisson": half the mean Poisson deviance, for y >= 0. The name
        "friedman_mse", deprecated in scikit-learn, means "squared_error".
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_samples_split : int or float, default=2
        Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.
    min_samples_leaf : int, float or "auto", default=1
        Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples. "auto": fit
        compares sizes from 1 to 50 by the squared error of out-of-bag samples, after `max_features`; needs
        `bootstrap=True`.
    min_weight_fraction_leaf : float, default=0.0
        Minimum fraction of the total sample weight in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2", "auto" or None, default=1.0
        Number of features that are considered for the split of a node, drawn anew for each node. int: this number.
        float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their number.
        None: all. Features that are constant in the node do not count. "auto": fit compares the default, the square
        root, one third, two thirds and all of the features by the squared error of out-of-bag samples; needs
        `bootstrap=True`.
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
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the prediction must not decrease when the feature increases; -1:
        must not increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints.
        None: no constraints. Not available for several outputs.
    bootstrap : bool, default=False
        Whether each tree is grown on a bootstrap sample: samples that are drawn with replacement, each with a
        probability proportional to its weight. False: each tree is grown on all samples.
    max_samples : int, float or None, default=None
        Number of draws for each bootstrap sample. int: this number. float > 0: this fraction of the total sample
        weight, which may exceed 1. None: the number of samples, where a sample with a whole-number weight k counts as k
        samples. Needs `bootstrap=True`.
    oob_score : bool or callable, default=False
        Whether to predict each sample by the trees that were not grown on it (out-of-bag predictions), and to score
        these predictions: by R^2, or by a callable `metric(y_true, y_pred)`. Needs `bootstrap=True`.
    importance_type : {"impurity", "permutation"}, default="impurity"
        How `feature_importances_` are computed. "impurity": fraction of the decrease of impurity that is due to splits
        on the feature. "permutation": decrease of R^2 of a tree on its out-of-bag samples when the feature is permuted
        among them, mean over the trees; needs `bootstrap=True`, and is computed in fit.
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training sample in each tree, as `training_leaves_`. `predict_quantiles` and
        `predict_interval` need them.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds trees to the forest, up to `n_estimators` in
        total. On the same data, the result is that of a single fit. The codes of the training data, some bytes per
        cell, are kept for the next call until the estimator is pickled or fitted to others.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features and random thresholds. Pass an int to get the same forest in every fit.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the trees. 2: a line for each tree.

    Attributes
    ----------
    n_outputs_ : int
        Number of outputs (columns of y).
    max_features_ : int
        Only if `max_features="auto"`: the number of features that was chosen.
    min_samples_leaf_ : int
        Only if `min_samples_leaf="auto"`: the size that was chosen.
    search_results_ : dict
        Only if one of the two is "auto": what was compared ("params"), the squared errors of out-of-bag samples in a
        forest of infinitely many trees ("oob_loss"; of several numbers, each by its variance), and the chosen one
        ("best_index").
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each feature, see `importance_type`. Those by impurity sum to 1 and favour features with many
        values.
    estimator_ : ExtraTreeRegressor
        An unfitted tree with the parameters of the trees in the forest.
    estimators_ : list of ExtraTreeRegressor
        The trees, which share the memory of the forest; created on first access.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Indices of the samples that were drawn for each tree; computed on each access.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training sample in each tree, as a node number counted from its root. Only with
        `keep_leaf_rows=True`.
    oob_score_ : float
        Score of the out-of-bag predictions. Only with `oob_score`.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Out-of-bag predictions; NaN for samples on which all trees were grown. Only with `oob_score`.

    See Also
    --------
    ExtraTreesClassifier : The same for classification.
    RandomForestRegressor : Forests with the best thresholds, whose trees are grown on bootstrap samples.
    sklearn.ensemble.ExtraTreesRegressor : Forest of scikit-learn.

    References
    ----------
    .. [1] Geurts, P., Ernst, D. and Wehenkel, L. (2006). Extremely randomized trees. Machine Learning 63(1).
           https://doi.org/10.1007/s10994-006-6226-1
    .. [2] Meinshausen, N. (2006). Quantile regression forests. Journal of Machine Learning Research 7.
           https://jmlr.org/papers/v7/meinshausen06a.html

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import ExtraTreesRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ExtraTreesRegressor(min_samples_leaf=5, random_state=0).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    """

    _parameters = EXTRA_TREES_REGRESSOR

    _tree_class = ExtraTreeRegressor
    _splitter = "random"

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["squared_error", "absolute_error", "poisson"] = "squared_error",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float | Literal["auto"] = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | Literal["sqrt", "log2", "auto"] | None = 1.0,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        bootstrap: bool = False,
        max_samples: int | float | None = None,
        oob_score: bool | Callable[..., Any] = False,
        importance_type: Literal["impurity", "permutation"] = "impurity",
        keep_leaf_rows: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_estimators = n_estimators
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
        self.monotonic_cst = monotonic_cst
        self.bootstrap = bootstrap
        self.max_samples = max_samples
        self.oob_score = oob_score
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


# sklearn.inspection offers method="recursion" to instances of this class only, and asks no more of them than the method
# `_compute_partial_dependence_recursion`
sklearn.ensemble.RandomForestRegressor.register(RandomForestRegressor)
sklearn.ensemble.RandomForestRegressor.register(ExtraTreesRegressor)
