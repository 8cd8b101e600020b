"""RandomForestClassifier and RandomForestRegressor, ExtraTreesClassifier and ExtraTreesRegressor."""

import sklearn.ensemble

from skensemble.ensemble.forest._forest import ForestClassifier, ForestRegressor
from skensemble.tree.estimators._decision_tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)


class RandomForestClassifier(ForestClassifier):
    """A random forest for classification.

    Each tree is grown from rows drawn with replacement, each node splits the best of a few features that are drawn for
    it, and the class probabilities are the mean over the trees [1]_. The forest does not depend on the order of the
    rows or the number of threads. Numbers may be missing or infinite; categories need no encoding. A whole-number
    weight k is k copies of the row.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity that splits are to decrease: 1 minus the sum of the squared class fractions, or their entropy in bits
        ("log_loss" is the same).
    max_depth : int or None, default=None
        Splits at most between root and leaf; None for no limit.
    min_samples_split : int or float, default=2
        Rows at least in a node that is split; a float in (0, 1] is a share of the rows of X.
    min_samples_leaf : int or float, default=1
        Rows at least in a leaf; a float in (0, 1) is a share of the rows of X.
    min_weight_fraction_leaf : float, default=0.0
        Share at least of a tree's sum of weights in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default="sqrt"
        Features that a node tries, drawn anew for each: so many, a share of them, the square root or the logarithm of
        their number, or all (None). Features that are constant in the node do not count.
    max_leaf_nodes : int or None, default=None
        Leaves at most of a tree; they are split best first then. None for no limit.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, times the node's share of the weight, that a split must bring at least.
    bootstrap : bool, default=True
        Whether each tree is grown from rows that are drawn with replacement, each with a probability in proportion to
        its weight. False: from all rows.
    oob_score : bool or callable, default=False
        Whether to predict each row by the trees that have not seen it, and to score these predictions: by accuracy, or
        by a function `metric(y_true, y_pred)` of labels. Needs `bootstrap=True`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The forest is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows and features.
    verbose : int or bool, default=0
        Whether to print a line for each tenth of the trees (1) or for each tree (2).
    warm_start : bool, default=False
        Whether the next fit adds trees to those that are there, up to `n_estimators`. On the same data, the forest is
        that of one fit.
    class_weight : dict, list of dict, "balanced", "balanced_subsample" or None, default=None
        Factors >= 0 on the weights of the rows of each class. "balanced" gives all classes the same sum,
        "balanced_subsample" does so among the rows that are drawn for each tree. With several outputs: one dict for
        each, whose factors are multiplied.
    ccp_alpha : float, default=0.0
        Price of a leaf in minimal cost-complexity pruning, in units of impurity: branches that do not earn it are cut.
    max_samples : int, float or None, default=None
        Rows that are drawn for each tree: so many; a share of the sum of the weights, perhaps above 1; or as many as X
        has (None), where a row of whole-number weight k counts as k rows. Needs `bootstrap=True`.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        1: the probability of the second class never falls when the feature rises, -1: never rises, 0: free. A dict has
        names or positions as keys. Not for more than two classes, or several outputs.
    max_bins : int or None, default=255
        Intervals at most into which the values of a numeric feature fall before the search for splits, missing cells
        apart. Up to 255 take one byte for each cell. None: as many as there are values, for exact splits.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values have no order: by dtype (pandas category and text, Enum and String of polars, dictionaries
        and strings of pyarrow), or names, positions or a mask of shape (n_features,). None: none.
    importance_type : {"impurity", "permutation"}, default="impurity"
        What `feature_importances_` are: shares in the decrease of impurity, or what the accuracy of a tree on the rows
        that it has not seen loses when the feature is permuted among them, mean over the trees (needs `bootstrap=True`,
        and takes its time in fit).
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training row in each tree, as `training_leaves_`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Class labels, sorted; a list of such arrays if there are several outputs.
    n_classes_ : int or ndarray of shape (n_outputs,)
        Number of classes, of each output if there are several.
    n_outputs_ : int
        Number of outputs: columns of y.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        See `importance_type`; those by impurity sum to 1, and favour features with many values.
    estimator_ : DecisionTreeClassifier
        An unfitted tree with the parameters of those in the forest.
    estimators_ : list of DecisionTreeClassifier
        The trees, as views of the forest, made on first use.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Rows that were drawn for each tree; drawn anew each time they are asked for.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training row in each tree, counted from its root, if `keep_leaf_rows`.
    oob_score_ : float
        Score of the out-of-bag predictions, if `oob_score`.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
        Out-of-bag class probabilities, if `oob_score`; NaN for a row that all trees have seen.

    See Also
    --------
    RandomForestRegressor : The same for numbers.
    ExtraTreesClassifier : Random thresholds, and all rows for each tree.
    sklearn.ensemble.RandomForestClassifier : Scikit-learn's forest.

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

    _tree_class = DecisionTreeClassifier
    _splitter = "best"

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="gini",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features="sqrt",
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=True,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        class_weight=None,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
        max_bins=255,
        categorical_features="from_dtype",
        importance_type="impurity",
        keep_leaf_rows=False,
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
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows


class RandomForestRegressor(ForestRegressor):
    """A random forest for regression.

    Each tree is grown from rows drawn with replacement, and predictions are the mean over the trees [1]_; quantiles
    come from the rows in their leaves [2]_. The forest does not depend on the order of the rows or the number of
    threads. Numbers may be missing or infinite; categories need no encoding. A whole-number weight k is k copies of the
    row.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"squared_error", "absolute_error", "poisson"}, default="squared_error"
        Impurity that splits are to decrease: variance; mean distance from the median, which leaves then predict; or
        half the mean Poisson deviance, for y >= 0. scikit-learn's deprecated "friedman_mse" means "squared_error".
    max_depth : int or None, default=None
        Splits at most between root and leaf; None for no limit.
    min_samples_split : int or float, default=2
        Rows at least in a node that is split; a float in (0, 1] is a share of the rows of X.
    min_samples_leaf : int or float, default=1
        Rows at least in a leaf; a float in (0, 1) is a share of the rows of X.
    min_weight_fraction_leaf : float, default=0.0
        Share at least of a tree's sum of weights in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default=1.0
        Features that a node tries, drawn anew for each: so many, a share of them, the square root or the logarithm of
        their number, or all (None). Features that are constant in the node do not count.
    max_leaf_nodes : int or None, default=None
        Leaves at most of a tree; they are split best first then. None for no limit.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, times the node's share of the weight, that a split must bring at least.
    bootstrap : bool, default=True
        Whether each tree is grown from rows that are drawn with replacement, each with a probability in proportion to
        its weight. False: from all rows.
    oob_score : bool or callable, default=False
        Whether to predict each row by the trees that have not seen it, and to score these predictions: by R^2, or by a
        function `metric(y_true, y_pred)`. Needs `bootstrap=True`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The forest is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows and features.
    verbose : int or bool, default=0
        Whether to print a line for each tenth of the trees (1) or for each tree (2).
    warm_start : bool, default=False
        Whether the next fit adds trees to those that are there, up to `n_estimators`. On the same data, the forest is
        that of one fit.
    ccp_alpha : float, default=0.0
        Price of a leaf in minimal cost-complexity pruning, in units of impurity: branches that do not earn it are cut.
    max_samples : int, float or None, default=None
        Rows that are drawn for each tree: so many; a share of the sum of the weights, perhaps above 1; or as many as X
        has (None), where a row of whole-number weight k counts as k rows. Needs `bootstrap=True`.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        1: the prediction never falls when the feature rises, -1: never rises, 0: free. A dict has names or positions as
        keys. Not for several outputs.
    max_bins : int or None, default=255
        Intervals at most into which the values of a numeric feature fall before the search for splits, missing cells
        apart. Up to 255 take one byte for each cell. None: as many as there are values, for exact splits.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values have no order: by dtype (pandas category and text, Enum and String of polars, dictionaries
        and strings of pyarrow), or names, positions or a mask of shape (n_features,). None: none.
    importance_type : {"impurity", "permutation"}, default="impurity"
        What `feature_importances_` are: shares in the decrease of impurity, or what the R^2 of a tree on the rows that
        it has not seen loses when the feature is permuted among them, mean over the trees (needs `bootstrap=True`, and
        takes its time in fit).
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training row in each tree, as `training_leaves_`: `predict_quantiles` and
        `predict_interval` need them.

    Attributes
    ----------
    n_outputs_ : int
        Number of outputs: columns of y.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        See `importance_type`; those by impurity sum to 1, and favour features with many values.
    estimator_ : DecisionTreeRegressor
        An unfitted tree with the parameters of those in the forest.
    estimators_ : list of DecisionTreeRegressor
        The trees, as views of the forest, made on first use.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Rows that were drawn for each tree; drawn anew each time they are asked for.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training row in each tree, counted from its root, if `keep_leaf_rows`.
    oob_score_ : float
        Score of the out-of-bag predictions, if `oob_score`.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Out-of-bag predictions, if `oob_score`; NaN for a row that all trees have seen.

    See Also
    --------
    RandomForestClassifier : The same for classes.
    ExtraTreesRegressor : Random thresholds, and all rows for each tree.
    sklearn.ensemble.RandomForestRegressor : Scikit-learn's forest.

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

    _tree_class = DecisionTreeRegressor
    _splitter = "best"

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="squared_error",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=1.0,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=True,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
        max_bins=255,
        categorical_features="from_dtype",
        importance_type="impurity",
        keep_leaf_rows=False,
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
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows


class ExtraTreesClassifier(ForestClassifier):
    """Extremely randomized trees for classification.

    Each node draws a few features and one threshold for each, between the smallest and the largest value in the node,
    and takes the best of these; the class probabilities are the mean over the trees [1]_. The forest does not depend on
    the order of the rows or the number of threads. Numbers may be missing or infinite; categories need no encoding. A
    whole-number weight k is k copies of the row.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity that splits are to decrease: 1 minus the sum of the squared class fractions, or their entropy in bits
        ("log_loss" is the same).
    max_depth : int or None, default=None
        Splits at most between root and leaf; None for no limit.
    min_samples_split : int or float, default=2
        Rows at least in a node that is split; a float in (0, 1] is a share of the rows of X.
    min_samples_leaf : int or float, default=1
        Rows at least in a leaf; a float in (0, 1) is a share of the rows of X.
    min_weight_fraction_leaf : float, default=0.0
        Share at least of a tree's sum of weights in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default="sqrt"
        Features that a node tries, drawn anew for each: so many, a share of them, the square root or the logarithm of
        their number, or all (None). Features that are constant in the node do not count.
    max_leaf_nodes : int or None, default=None
        Leaves at most of a tree; they are split best first then. None for no limit.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, times the node's share of the weight, that a split must bring at least.
    bootstrap : bool, default=False
        Whether each tree is grown from rows that are drawn with replacement, each with a probability in proportion to
        its weight. False: from all rows.
    oob_score : bool or callable, default=False
        Whether to predict each row by the trees that have not seen it, and to score these predictions: by accuracy, or
        by a function `metric(y_true, y_pred)` of labels. Needs `bootstrap=True`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The forest is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows, features and thresholds.
    verbose : int or bool, default=0
        Whether to print a line for each tenth of the trees (1) or for each tree (2).
    warm_start : bool, default=False
        Whether the next fit adds trees to those that are there, up to `n_estimators`. On the same data, the forest is
        that of one fit.
    class_weight : dict, list of dict, "balanced", "balanced_subsample" or None, default=None
        Factors >= 0 on the weights of the rows of each class. "balanced" gives all classes the same sum,
        "balanced_subsample" does so among the rows that are drawn for each tree. With several outputs: one dict for
        each, whose factors are multiplied.
    ccp_alpha : float, default=0.0
        Price of a leaf in minimal cost-complexity pruning, in units of impurity: branches that do not earn it are cut.
    max_samples : int, float or None, default=None
        Rows that are drawn for each tree: so many; a share of the sum of the weights, perhaps above 1; or as many as X
        has (None), where a row of whole-number weight k counts as k rows. Needs `bootstrap=True`.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        1: the probability of the second class never falls when the feature rises, -1: never rises, 0: free. A dict has
        names or positions as keys. Not for more than two classes, or several outputs.
    max_bins : int or None, default=255
        Intervals at most into which the values of a numeric feature fall before the search for splits, missing cells
        apart. Up to 255 take one byte for each cell. None: as many as there are values, for exact splits.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values have no order: by dtype (pandas category and text, Enum and String of polars, dictionaries
        and strings of pyarrow), or names, positions or a mask of shape (n_features,). None: none.
    importance_type : {"impurity", "permutation"}, default="impurity"
        What `feature_importances_` are: shares in the decrease of impurity, or what the accuracy of a tree on the rows
        that it has not seen loses when the feature is permuted among them, mean over the trees (needs `bootstrap=True`,
        and takes its time in fit).
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training row in each tree, as `training_leaves_`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Class labels, sorted; a list of such arrays if there are several outputs.
    n_classes_ : int or ndarray of shape (n_outputs,)
        Number of classes, of each output if there are several.
    n_outputs_ : int
        Number of outputs: columns of y.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        See `importance_type`; those by impurity sum to 1, and favour features with many values.
    estimator_ : ExtraTreeClassifier
        An unfitted tree with the parameters of those in the forest.
    estimators_ : list of ExtraTreeClassifier
        The trees, as views of the forest, made on first use.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Rows that were drawn for each tree; drawn anew each time they are asked for.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training row in each tree, counted from its root, if `keep_leaf_rows`.
    oob_score_ : float
        Score of the out-of-bag predictions, if `oob_score`.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
        Out-of-bag class probabilities, if `oob_score`; NaN for a row that all trees have seen.

    See Also
    --------
    ExtraTreesRegressor : The same for numbers.
    RandomForestClassifier : Best thresholds, and rows drawn for each tree.
    sklearn.ensemble.ExtraTreesClassifier : Scikit-learn's forest.

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

    _tree_class = ExtraTreeClassifier
    _splitter = "random"

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="gini",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features="sqrt",
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=False,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        class_weight=None,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
        max_bins=255,
        categorical_features="from_dtype",
        importance_type="impurity",
        keep_leaf_rows=False,
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
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows


class ExtraTreesRegressor(ForestRegressor):
    """Extremely randomized trees for regression.

    Each node draws one threshold for each feature that it tries, between the smallest and the largest value in the
    node, and takes the best of these; predictions are the mean over the trees [1]_, and quantiles come from the rows in
    their leaves [2]_. The forest does not depend on the order of the rows or the number of threads. Numbers may be
    missing or infinite; categories need no encoding. A whole-number weight k is k copies of the row.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {"squared_error", "absolute_error", "poisson"}, default="squared_error"
        Impurity that splits are to decrease: variance; mean distance from the median, which leaves then predict; or
        half the mean Poisson deviance, for y >= 0. scikit-learn's deprecated "friedman_mse" means "squared_error".
    max_depth : int or None, default=None
        Splits at most between root and leaf; None for no limit.
    min_samples_split : int or float, default=2
        Rows at least in a node that is split; a float in (0, 1] is a share of the rows of X.
    min_samples_leaf : int or float, default=1
        Rows at least in a leaf; a float in (0, 1) is a share of the rows of X.
    min_weight_fraction_leaf : float, default=0.0
        Share at least of a tree's sum of weights in a leaf, in [0, 0.5].
    max_features : int, float, "sqrt", "log2" or None, default=1.0
        Features that a node tries, drawn anew for each: so many, a share of them, the square root or the logarithm of
        their number, or all (None). Features that are constant in the node do not count.
    max_leaf_nodes : int or None, default=None
        Leaves at most of a tree; they are split best first then. None for no limit.
    min_impurity_decrease : float, default=0.0
        Decrease of impurity, times the node's share of the weight, that a split must bring at least.
    bootstrap : bool, default=False
        Whether each tree is grown from rows that are drawn with replacement, each with a probability in proportion to
        its weight. False: from all rows.
    oob_score : bool or callable, default=False
        Whether to predict each row by the trees that have not seen it, and to score these predictions: by R^2, or by a
        function `metric(y_true, y_pred)`. Needs `bootstrap=True`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The forest is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows, features and thresholds.
    verbose : int or bool, default=0
        Whether to print a line for each tenth of the trees (1) or for each tree (2).
    warm_start : bool, default=False
        Whether the next fit adds trees to those that are there, up to `n_estimators`. On the same data, the forest is
        that of one fit.
    ccp_alpha : float, default=0.0
        Price of a leaf in minimal cost-complexity pruning, in units of impurity: branches that do not earn it are cut.
    max_samples : int, float or None, default=None
        Rows that are drawn for each tree: so many; a share of the sum of the weights, perhaps above 1; or as many as X
        has (None), where a row of whole-number weight k counts as k rows. Needs `bootstrap=True`.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        1: the prediction never falls when the feature rises, -1: never rises, 0: free. A dict has names or positions as
        keys. Not for several outputs.
    max_bins : int or None, default=255
        Intervals at most into which the values of a numeric feature fall before the search for splits, missing cells
        apart. Up to 255 take one byte for each cell. None: as many as there are values, for exact splits.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values have no order: by dtype (pandas category and text, Enum and String of polars, dictionaries
        and strings of pyarrow), or names, positions or a mask of shape (n_features,). None: none.
    importance_type : {"impurity", "permutation"}, default="impurity"
        What `feature_importances_` are: shares in the decrease of impurity, or what the R^2 of a tree on the rows that
        it has not seen loses when the feature is permuted among them, mean over the trees (needs `bootstrap=True`, and
        takes its time in fit).
    keep_leaf_rows : bool, default=False
        Whether to keep the leaf of each training row in each tree, as `training_leaves_`: `predict_quantiles` and
        `predict_interval` need them.

    Attributes
    ----------
    n_outputs_ : int
        Number of outputs: columns of y.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        See `importance_type`; those by impurity sum to 1, and favour features with many values.
    estimator_ : ExtraTreeRegressor
        An unfitted tree with the parameters of those in the forest.
    estimators_ : list of ExtraTreeRegressor
        The trees, as views of the forest, made on first use.
    estimators_samples_ : list of ndarray of shape (n_draws,), int32
        Rows that were drawn for each tree; drawn anew each time they are asked for.
    training_leaves_ : ndarray of shape (n_trees, n_samples), int32
        Leaf of each training row in each tree, counted from its root, if `keep_leaf_rows`.
    oob_score_ : float
        Score of the out-of-bag predictions, if `oob_score`.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Out-of-bag predictions, if `oob_score`; NaN for a row that all trees have seen.

    See Also
    --------
    ExtraTreesClassifier : The same for classes.
    RandomForestRegressor : Best thresholds, and rows drawn for each tree.
    sklearn.ensemble.ExtraTreesRegressor : Scikit-learn's forest.

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

    _tree_class = ExtraTreeRegressor
    _splitter = "random"

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="squared_error",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=1.0,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=False,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
        max_bins=255,
        categorical_features="from_dtype",
        importance_type="impurity",
        keep_leaf_rows=False,
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
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.importance_type = importance_type
        self.keep_leaf_rows = keep_leaf_rows


# sklearn.inspection offers method="recursion" to instances of this class only, and asks no more of them than the method
# `_compute_partial_dependence_recursion`
sklearn.ensemble.RandomForestRegressor.register(RandomForestRegressor)
