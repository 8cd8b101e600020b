"""NewtonBoostingClassifier and NewtonBoostingRegressor: second-order gradient boosting, the XGBoost way."""

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skensemble._parameters import Interval, IsCallable, IsDict, IsNone, NameIn, OneOf, SequenceOf
from skensemble._targets import (
    class_weighted,
    read_labels,
    read_target,
    read_weight,
)
from skensemble.ensemble.losses._losses import class_of_loss, make_loss, offered_losses, takes_outputs
from skensemble.ensemble.newton._newton_base import PARAMETERS, NewtonBoosting

# -- classifier ------------------------------------------------------------------------------------------------------


class NewtonBoostingClassifier(ClassifierMixin, NewtonBoosting):
    """Second-order gradient boosting for classification.

    Each round grows a tree on the first and second derivatives of the loss [1]_, [2]_: one for two classes, else one
    for each class. Numbers may be missing or infinite; categories need no encoding. A weight of k is k copies of the
    row.

    Parameters
    ----------
    loss : "log_loss" or callable, default="log_loss"
        Loss to minimise. A callable `(y, raw, sample_weight) -> (gradient, hessian)` gets class indices of shape
        (n_samples,), raw predictions of shape (n_samples,) or (n_samples, n_classes), and weights or None, and returns
        two arrays shaped like `raw`, already weighted.
    n_estimators : int, default=300
        Rounds of boosting at most. One round grows one tree, or one for each class, if there are more than two.
    learning_rate : float or "auto", default="auto"
        Factor > 0 on the values of every tree. "auto": 0.06 for 1000 rows, growing with their fourth root, from 0.05 to
        0.12. Fewer rounds than 300 need more. Of a linear model, the factor on every step; "auto": 0.5.
    booster : {"gbtree", "dart", "gblinear"}, default="gbtree"
        What each round adds: "gbtree" a tree; "dart" a tree that is grown as if some of the trees before it were not
        there, and shares their weight [5]_, see `rate_drop`; "gblinear" a step of each coefficient of a linear model,
        see `feature_selector`. To a linear model, categories are one-hot and missing cells 0; all that is said of trees
        and of draws has no effect on it.
    num_parallel_tree : int, default=1
        Trees that a round grows, for each output, on rows and features of their own, and averages.
    grow_policy : {"depthwise", "lossguide", "symmetric"}, default="symmetric"
        How a tree grows: all nodes down to `max_depth`, best gain first up to `max_leaf_nodes`, or one split for all
        nodes of a level [3]_.
    max_depth : int or None, default=6
        Splits at most between root and leaf; None for no limit. At most 16 for symmetric trees, which need one.
    max_leaf_nodes : int or None, default=None
        Leaves at most of a tree; None for no limit.
    min_samples_leaf : int, default=1
        Rows at least in a leaf; a row of weight 2 counts twice where all weights are whole numbers.
    min_child_weight : float, default=0.01
        Sum at least of the hessians (second derivatives of the loss, times weights) in a leaf.
    reg_lambda : float, default=3.0
        L2 penalty on the values of leaves, or on the coefficients of a linear model.
    reg_alpha : float, default=0.0
        L1 penalty on the values of leaves, or on the coefficients of a linear model.
    gamma : float, default=0.0
        Gain that a split must exceed.
    max_delta_step : float, default=0.0
        Largest absolute value of a leaf before the learning rate; 0 for no limit.
    max_bins : int or None, default=255
        Intervals at most into which the values of a numeric feature fall before the search for splits, missing cells
        apart; None for exact splits. Up to 255 take one byte for each cell.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values have no order: by dtype (pandas category and text, Enum and String of polars, dictionaries
        and strings of pyarrow), or names, positions or a mask of shape (n_features,). None: none.
    max_cat_to_onehot : int, default=4
        Categories up to which a split takes one against all others; above, they are sorted by gradient over hessian.
    max_cat_threshold : int, default=8
        Categories at most on the smaller side of a split of sorted categories.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        1: predictions never fall when the feature rises, -1: never rise, 0: free. A dict has names or positions as
        keys. Two classes: in the probability of the second; more: in each raw score.
    interaction_cst : list of lists, "pairwise", "no_interactions" or None, default=None
        Groups of features, by name or position, that may appear together on a path from root to leaf. Features in no
        group form one more.
    subsample : float, default=0.7
        Share of the rows in (0, 1] that grow the trees of a round.
    sampling_method : {"uniform", "goss"}, default="uniform"
        How they are drawn: all alike, or those with large gradients always [4]_. With "goss", a `subsample` of 1 means
        0.3.
    colsample_bytree : float, default=1.0
        Share of the features in (0, 1] that a tree may use.
    colsample_bylevel : float, default=0.7
        Share of these that each level may use.
    colsample_bynode : float, default=1.0
        Share of these that each node may use.
    rate_drop : float, default=0.0
        Share in [0, 1] of the trees to leave out, on average, while a round of `booster="dart"` grows its own. The same
        is the booster of the next four.
    skip_drop : float, default=0.0
        Probability in [0, 1] that a round leaves out none.
    one_drop : bool, default=False
        Whether a round that does not skip leaves out one tree at least.
    sample_type : {"uniform", "weighted"}, default="uniform"
        How they are drawn: all alike, or in proportion to the weights they have.
    normalize_type : {"tree", "forest"}, default="tree"
        What the new tree shares with the k left out, eta being `learning_rate`: "tree": it weighs 1 / (k + eta), and
        they k / (k + eta) of what they did; "forest": 1 / (1 + eta) both.
    linear_leaves : bool, default=False
        Whether leaves have a slope for each numeric feature on their path, besides a constant [6]_. A row that misses
        one of these features, or has an infinite value, gets the constant. Not for "dart", constraints of monotonicity,
        and losses whose leaves are refit.
    linear_lambda : float, default=1.0
        L2 penalty on the slopes of leaves, of features in units of their standard deviation.
    feature_selector : {"cyclic", "shuffle", "random", "greedy", "thrifty"}, default="cyclic"
        Order in which a round of `booster="gblinear"` goes through the coefficients: by column; in random order; as
        many draws with replacement; always the one with the largest step, looked for anew after each; by the size of
        the steps at the start of the round.
    top_k : int or None, default=None
        Steps of a round with the selectors "greedy" and "thrifty"; None for as many as there are coefficients.
    class_weight : dict, "balanced" or None, default=None
        Factors >= 0 on the weights of the rows of each class; "balanced" gives all classes the same sum.
    scale_pos_weight : float, default=1.0
        Factor > 0 on the weights of the second of two classes.
    base_score : float, array-like or None, default=None
        Prediction before the first round, a probability of the second class or one for each class. None: the best
        constant.
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when held-out rows are predicted no better any more, and keep the rounds up to the best. "auto":
        if fit gets `X_val`. True: without it, `validation_fraction` of the rows is held out. False: held-out rows of
        the user are scored only.
    validation_fraction : float, default=0.1
        Share of the rows in (0, 1) to hold out if fit gets no `X_val`, each class in proportion. Copies of a row stay
        together, and each class keeps a row to train on.
    n_iter_no_change : int, default=10
        Rounds without a better score after which to stop.
    tol : float, default=1e-07
        Scores that are larger by at most this are no better.
    scoring : str, callable or None, default="loss"
        What to score held-out rows by: "loss", a scorer of scikit-learn or its name, or None for `score`.
    warm_start : bool, default=False
        Whether the next fit adds rounds to those that are there, up to `n_estimators`. On the same data, the model is
        that of one long fit.
    importance_type : {"gain", "cover", "split"}, default="gain"
        What `feature_importances_` adds up over the splits of a feature: gains, sums of hessians, or ones.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The model is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows, features and held-out rows. Without any of these nothing is random.
    verbose : int or bool, default=0
        Whether to print a line for each round.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    n_iter_ : int
        Rounds in the model.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        See `importance_type`; they sum to 1. Of a linear model, absolute coefficients.
    coef_ : ndarray of shape (n_terms,) or (n_raw_outputs, n_terms)
        With `booster="gblinear"`: coefficients, in units of the raw prediction per unit of the column. A number has
        one, a categorical feature one for each category; see `coef_names_`.
    intercept_ : float or ndarray of shape (n_raw_outputs,)
        With `booster="gblinear"`: raw prediction where all columns are 0.
    coef_names_ : ndarray of shape (n_terms,)
        With `booster="gblinear"`: "feature", or "feature=category".
    train_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        Score of the training rows after 0, 1, ... rounds, larger for better (the loss is negated); those after the best
        round included. Empty if there are neither held-out rows nor `verbose`.
    validation_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        The same for the held-out rows.

    See Also
    --------
    NewtonBoostingRegressor : The same for numbers.
    sklearn.ensemble.HistGradientBoostingClassifier : Scikit-learn's booster.

    References
    ----------
    .. [1] Chen, T. and Guestrin, C. (2016). XGBoost: a scalable tree boosting system. KDD 2016.
           https://doi.org/10.1145/2939672.2939785
    .. [2] Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics
           29(5).
           https://doi.org/10.1214/aos/1013203451
    .. [3] Prokhorenkova, L., Gusev, G., Vorobev, A., Dorogush, A. V. and Gulin, A. (2018). CatBoost: unbiased boosting
           with categorical features. NeurIPS 2018.
           https://arxiv.org/abs/1706.09516
    .. [4] Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 2017.
           https://proceedings.neurips.cc/paper/2017/hash/6449f44a102fde848669bdd9eb6b76fa-Abstract.html
    .. [5] Rashmi, K. V. and Gilad-Bachrach, R. (2015). DART: dropouts meet multiple additive regression trees. AISTATS
           2015.
           https://proceedings.mlr.press/v38/korlakaivinayak15.html
    .. [6] Shi, Y., Li, J. and Li, Z. (2019). Gradient boosting with piece-wise linear regression trees. IJCAI 2019.
           https://arxiv.org/abs/1802.05640

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble import NewtonBoostingClassifier
    >>> size, colour = [1.0, 2.0, None, 8.0, 9.0, 7.0], ["red", "red", "blue", "blue", "red", None]
    >>> X = pd.DataFrame({"size": size, "colour": colour})
    >>> y = ["small", "small", "small", "large", "large", "large"]
    >>> model = NewtonBoostingClassifier(random_state=0).fit(X, y)
    >>> model.predict(X.iloc[[0, 3]]).tolist()
    ['small', 'large']
    >>> model.predict_proba(X).shape
    (6, 2)
    """

    _parameters = {
        "loss": (NameIn(lambda: offered_losses("newton", "classes")), IsCallable),
        **PARAMETERS,
        "class_weight": (IsDict, OneOf("balanced"), IsNone),
        "scale_pos_weight": (Interval(float, 0.0, closed="neither"),),
    }

    def __init__(
        self,
        loss="log_loss",
        *,
        n_estimators=300,
        learning_rate="auto",
        booster="gbtree",
        num_parallel_tree=1,
        grow_policy="symmetric",
        max_depth=6,
        max_leaf_nodes=None,
        min_samples_leaf=1,
        min_child_weight=0.01,
        reg_lambda=3.0,
        reg_alpha=0.0,
        gamma=0.0,
        max_delta_step=0.0,
        max_bins=255,
        categorical_features="from_dtype",
        max_cat_to_onehot=4,
        max_cat_threshold=8,
        monotonic_cst=None,
        interaction_cst=None,
        subsample=0.7,
        sampling_method="uniform",
        colsample_bytree=1.0,
        colsample_bylevel=0.7,
        colsample_bynode=1.0,
        rate_drop=0.0,
        skip_drop=0.0,
        one_drop=False,
        sample_type="uniform",
        normalize_type="tree",
        linear_leaves=False,
        linear_lambda=1.0,
        feature_selector="cyclic",
        top_k=None,
        class_weight=None,
        scale_pos_weight=1.0,
        base_score=None,
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-7,
        scoring="loss",
        warm_start=False,
        importance_type="gain",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.loss = loss
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.booster = booster
        self.num_parallel_tree = num_parallel_tree
        self.grow_policy = grow_policy
        self.max_depth = max_depth
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.reg_alpha = reg_alpha
        self.gamma = gamma
        self.max_delta_step = max_delta_step
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.max_cat_to_onehot = max_cat_to_onehot
        self.max_cat_threshold = max_cat_threshold
        self.monotonic_cst = monotonic_cst
        self.interaction_cst = interaction_cst
        self.subsample = subsample
        self.sampling_method = sampling_method
        self.colsample_bytree = colsample_bytree
        self.colsample_bylevel = colsample_bylevel
        self.colsample_bynode = colsample_bynode
        self.rate_drop = rate_drop
        self.skip_drop = skip_drop
        self.one_drop = one_drop
        self.sample_type = sample_type
        self.normalize_type = normalize_type
        self.linear_leaves = linear_leaves
        self.linear_lambda = linear_lambda
        self.feature_selector = feature_selector
        self.top_k = top_k
        self.class_weight = class_weight
        self.scale_pos_weight = scale_pos_weight
        self.base_score = base_score
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.scoring = scoring
        self.warm_start = warm_start
        self.importance_type = importance_type
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _read_target(self, y, sample_weight, n_samples, continued, suffix=""):
        """Class indices as float64, and weights with the classes' own multiplied in."""
        labels = read_labels(y, "y" + suffix, n_samples, known=[self.classes_] if continued else None)
        weight = read_weight(sample_weight, "sample_weight" + suffix, n_samples)
        (self.classes_,) = labels.classes
        return labels.codes[0].astype(np.float64), self._class_weighted(labels, weight)

    def _class_weighted(self, labels, weight):
        if self.scale_pos_weight != 1.0:
            if len(self.classes_) > 2:
                raise ValueError(
                    f"scale_pos_weight must be 1 for {len(self.classes_)} classes (use class_weight), "
                    f"got {self.scale_pos_weight}."
                )
            weight = np.where(labels.codes[0] == 1, self.scale_pos_weight, 1.0) * (1.0 if weight is None else weight)
        return class_weighted(self.class_weight, labels, weight)

    def _make_loss(self, target):
        return make_loss(self.loss, n_classes=max(2, len(self.classes_)))

    def _is_decided(self):
        return len(self.classes_) == 1

    def _output_names(self):
        return tuple(self.classes_[1:] if self._loss.n_outputs == 1 else self.classes_)

    def _strata(self, target):
        return target

    def _target_for_scorer(self, target):
        return self.classes_[target.astype(np.intp)]

    def decision_function(self, X):
        """Raw predictions: log-odds of the second class, or one score per class.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Before the sigmoid or softmax.
        """
        return _flat(self._raw_predict(X))

    def predict_proba(self, X):
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._probabilities(self._raw_predict(X))

    def predict(self, X):
        """Most probable class.

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

    def staged_decision_function(self, X):
        """Yield `decision_function(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        for raw in self._staged_raw(X):
            yield _flat(raw)

    def staged_predict_proba(self, X):
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

    def staged_predict(self, X):
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

    def _probabilities(self, raw):
        if len(self.classes_) == 1:
            return np.ones((len(raw), 1))
        return self._loss.link_inverse(np.ascontiguousarray(raw.T))

    def _labels(self, raw):
        if len(self.classes_) == 1:
            return np.repeat(self.classes_, len(raw))
        index = (raw[:, 0] > 0).astype(np.intp) if raw.shape[1] == 1 else raw.argmax(axis=1)
        return self.classes_[index]


# -- regressor -------------------------------------------------------------------------------------------------------


class NewtonBoostingRegressor(RegressorMixin, NewtonBoosting):
    """Second-order gradient boosting for regression.

    Each round grows a tree on the first and second derivatives of the loss [1]_, [2]_; where the loss is not smooth,
    leaves get the best constant for their rows. Numbers may be missing or infinite; categories need no encoding. A
    weight of k is k copies of the row.

    Parameters
    ----------
    loss : str or callable, default="squared_error"
        Loss to minimise: "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma", "tweedie" (these
        three with a log link), "pseudo_huber" or "expectile". A callable `(y, raw, sample_weight) -> (gradient,
        hessian)` gets targets and raw predictions of shape (n_samples,) or (n_samples, n_outputs), and weights or None,
        and returns two arrays shaped like `raw`, already weighted.
    n_estimators : int, default=300
        Rounds of boosting at most. One round grows one tree, or one for each output or level.
    learning_rate : float or "auto", default="auto"
        Factor > 0 on the values of every tree. "auto": 0.06 for 1000 rows, growing with their fourth root, from 0.05 to
        0.12. Fewer rounds than 300 need more. Of a linear model, the factor on every step; "auto": 0.5.
    booster : {"gbtree", "dart", "gblinear"}, default="gbtree"
        What each round adds: "gbtree" a tree; "dart" a tree that is grown as if some of the trees before it were not
        there, and shares their weight [5]_, see `rate_drop`; "gblinear" a step of each coefficient of a linear model,
        see `feature_selector`. To a linear model, categories are one-hot and missing cells 0; all that is said of trees
        and of draws has no effect on it.
    num_parallel_tree : int, default=1
        Trees that a round grows, for each output, on rows and features of their own, and averages.
    grow_policy : {"depthwise", "lossguide", "symmetric"}, default="symmetric"
        How a tree grows: all nodes down to `max_depth`, best gain first up to `max_leaf_nodes`, or one split for all
        nodes of a level [3]_.
    max_depth : int or None, default=6
        Splits at most between root and leaf; None for no limit. At most 16 for symmetric trees, which need one.
    max_leaf_nodes : int or None, default=None
        Leaves at most of a tree; None for no limit.
    min_samples_leaf : int, default=1
        Rows at least in a leaf; a row of weight 2 counts twice where all weights are whole numbers.
    min_child_weight : float, default=0.01
        Sum at least of the hessians (second derivatives of the loss, times weights) in a leaf.
    reg_lambda : float, default=3.0
        L2 penalty on the values of leaves, or on the coefficients of a linear model.
    reg_alpha : float, default=0.0
        L1 penalty on the values of leaves, or on the coefficients of a linear model.
    gamma : float, default=0.0
        Gain that a split must exceed.
    max_delta_step : float, default=0.0
        Largest absolute value of a leaf before the learning rate; 0 for no limit.
    max_bins : int or None, default=255
        Intervals at most into which the values of a numeric feature fall before the search for splits, missing cells
        apart; None for exact splits. Up to 255 take one byte for each cell.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values have no order: by dtype (pandas category and text, Enum and String of polars, dictionaries
        and strings of pyarrow), or names, positions or a mask of shape (n_features,). None: none.
    max_cat_to_onehot : int, default=4
        Categories up to which a split takes one against all others; above, they are sorted by gradient over hessian.
    max_cat_threshold : int, default=8
        Categories at most on the smaller side of a split of sorted categories.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        1: predictions never fall when the feature rises, -1: never rise, 0: free. A dict has names or positions as
        keys. Needs one tree per output.
    interaction_cst : list of lists, "pairwise", "no_interactions" or None, default=None
        Groups of features, by name or position, that may appear together on a path from root to leaf. Features in no
        group form one more.
    subsample : float, default=0.7
        Share of the rows in (0, 1] that grow the trees of a round.
    sampling_method : {"uniform", "goss"}, default="uniform"
        How they are drawn: all alike, or those with large gradients always [4]_. With "goss", a `subsample` of 1 means
        0.3.
    colsample_bytree : float, default=1.0
        Share of the features in (0, 1] that a tree may use.
    colsample_bylevel : float, default=0.7
        Share of these that each level may use.
    colsample_bynode : float, default=1.0
        Share of these that each node may use.
    rate_drop : float, default=0.0
        Share in [0, 1] of the trees to leave out, on average, while a round of `booster="dart"` grows its own. The same
        is the booster of the next four.
    skip_drop : float, default=0.0
        Probability in [0, 1] that a round leaves out none.
    one_drop : bool, default=False
        Whether a round that does not skip leaves out one tree at least.
    sample_type : {"uniform", "weighted"}, default="uniform"
        How they are drawn: all alike, or in proportion to the weights they have.
    normalize_type : {"tree", "forest"}, default="tree"
        What the new tree shares with the k left out, eta being `learning_rate`: "tree": it weighs 1 / (k + eta), and
        they k / (k + eta) of what they did; "forest": 1 / (1 + eta) both.
    linear_leaves : bool, default=False
        Whether leaves have a slope for each numeric feature on their path, besides a constant [6]_. A row that misses
        one of these features, or has an infinite value, gets the constant. Not for "dart", constraints of monotonicity,
        and losses whose leaves are refit.
    linear_lambda : float, default=1.0
        L2 penalty on the slopes of leaves, of features in units of their standard deviation.
    feature_selector : {"cyclic", "shuffle", "random", "greedy", "thrifty"}, default="cyclic"
        Order in which a round of `booster="gblinear"` goes through the coefficients: by column; in random order; as
        many draws with replacement; always the one with the largest step, looked for anew after each; by the size of
        the steps at the start of the round.
    top_k : int or None, default=None
        Steps of a round with the selectors "greedy" and "thrifty"; None for as many as there are coefficients.
    multi_strategy : {"one_output_per_tree", "multi_output_tree"}, default="one_output_per_tree"
        Several outputs: a tree for each, or one tree whose leaves hold a value for each.
    quantile : float or list of float, default=0.5
        Levels in (0, 1) for the losses "quantile" and "expectile". Several make a column each, which never cross.
    tweedie_variance_power : float, default=1.5
        Power in (1, 2) of the mean in the variance, for the loss "tweedie".
    huber_slope : float or None, default=None
        Residual, in units of the target, from which on "huber" and "pseudo_huber" grow linearly. None: the 0.9-quantile
        of the distances from the median.
    base_score : float, array-like or None, default=None
        Prediction before the first round, in units of the target, one or one for each output. None: the best constant.
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when held-out rows are predicted no better any more, and keep the rounds up to the best. "auto":
        if fit gets `X_val`. True: without it, `validation_fraction` of the rows is held out. False: held-out rows of
        the user are scored only.
    validation_fraction : float, default=0.1
        Share of the rows in (0, 1) to hold out if fit gets no `X_val`. Copies of a row stay together.
    n_iter_no_change : int, default=10
        Rounds without a better score after which to stop.
    tol : float, default=1e-07
        Scores that are larger by at most this are no better.
    scoring : str, callable or None, default="loss"
        What to score held-out rows by: "loss", a scorer of scikit-learn or its name, or None for `score`.
    warm_start : bool, default=False
        Whether the next fit adds rounds to those that are there, up to `n_estimators`. On the same data, the model is
        that of one long fit.
    importance_type : {"gain", "cover", "split"}, default="gain"
        What `feature_importances_` adds up over the splits of a feature: gains, sums of hessians, or ones.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The model is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows, features and held-out rows. Without any of these nothing is random.
    verbose : int or bool, default=0
        Whether to print a line for each round.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    n_iter_ : int
        Rounds in the model.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        See `importance_type`; they sum to 1. Of a linear model, absolute coefficients.
    coef_ : ndarray of shape (n_terms,) or (n_raw_outputs, n_terms)
        With `booster="gblinear"`: coefficients, in units of the raw prediction per unit of the column. A number has
        one, a categorical feature one for each category; see `coef_names_`.
    intercept_ : float or ndarray of shape (n_raw_outputs,)
        With `booster="gblinear"`: raw prediction where all columns are 0.
    coef_names_ : ndarray of shape (n_terms,)
        With `booster="gblinear"`: "feature", or "feature=category".
    train_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        Score of the training rows after 0, 1, ... rounds, larger for better (the loss is negated); those after the best
        round included. Empty if there are neither held-out rows nor `verbose`.
    validation_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        The same for the held-out rows.

    See Also
    --------
    NewtonBoostingClassifier : The same for classes.
    sklearn.ensemble.HistGradientBoostingRegressor : Scikit-learn's booster.

    References
    ----------
    .. [1] Chen, T. and Guestrin, C. (2016). XGBoost: a scalable tree boosting system. KDD 2016.
           https://doi.org/10.1145/2939672.2939785
    .. [2] Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics
           29(5).
           https://doi.org/10.1214/aos/1013203451
    .. [3] Prokhorenkova, L., Gusev, G., Vorobev, A., Dorogush, A. V. and Gulin, A. (2018). CatBoost: unbiased boosting
           with categorical features. NeurIPS 2018.
           https://arxiv.org/abs/1706.09516
    .. [4] Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 2017.
           https://proceedings.neurips.cc/paper/2017/hash/6449f44a102fde848669bdd9eb6b76fa-Abstract.html
    .. [5] Rashmi, K. V. and Gilad-Bachrach, R. (2015). DART: dropouts meet multiple additive regression trees. AISTATS
           2015.
           https://proceedings.mlr.press/v38/korlakaivinayak15.html
    .. [6] Shi, Y., Li, J. and Li, Z. (2019). Gradient boosting with piece-wise linear regression trees. IJCAI 2019.
           https://arxiv.org/abs/1802.05640

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import NewtonBoostingRegressor
    >>> X = np.linspace(0.0, 1.0, 100).reshape(-1, 1)
    >>> y = np.where(X[:, 0] > 0.5, 3.0, 1.0)
    >>> model = NewtonBoostingRegressor(random_state=0).fit(X, y)
    >>> model.predict([[0.2], [0.8]]).round(1).tolist()
    [1.0, 3.0]
    >>> NewtonBoostingRegressor("quantile", quantile=[0.1, 0.9]).fit(X, y).predict(X).shape
    (100, 2)
    """

    _parameters = {
        "loss": (NameIn(lambda: offered_losses("newton", "numbers")), IsCallable),
        **PARAMETERS,
        "multi_strategy": (OneOf("one_output_per_tree", "multi_output_tree"),),
        "quantile": (
            Interval(float, 0.0, 1.0, "neither"),
            SequenceOf(Interval(float, 0.0, 1.0, "neither"), "a list of them"),
        ),
        "tweedie_variance_power": (Interval(float, 1.0, 2.0, "neither"),),
        "huber_slope": (Interval(float, 0.0, closed="neither"), IsNone),
    }

    def __init__(
        self,
        loss="squared_error",
        *,
        n_estimators=300,
        learning_rate="auto",
        booster="gbtree",
        num_parallel_tree=1,
        grow_policy="symmetric",
        max_depth=6,
        max_leaf_nodes=None,
        min_samples_leaf=1,
        min_child_weight=0.01,
        reg_lambda=3.0,
        reg_alpha=0.0,
        gamma=0.0,
        max_delta_step=0.0,
        max_bins=255,
        categorical_features="from_dtype",
        max_cat_to_onehot=4,
        max_cat_threshold=8,
        monotonic_cst=None,
        interaction_cst=None,
        subsample=0.7,
        sampling_method="uniform",
        colsample_bytree=1.0,
        colsample_bylevel=0.7,
        colsample_bynode=1.0,
        rate_drop=0.0,
        skip_drop=0.0,
        one_drop=False,
        sample_type="uniform",
        normalize_type="tree",
        linear_leaves=False,
        linear_lambda=1.0,
        feature_selector="cyclic",
        top_k=None,
        multi_strategy="one_output_per_tree",
        quantile=0.5,
        tweedie_variance_power=1.5,
        huber_slope=None,
        base_score=None,
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-7,
        scoring="loss",
        warm_start=False,
        importance_type="gain",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.loss = loss
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.booster = booster
        self.num_parallel_tree = num_parallel_tree
        self.grow_policy = grow_policy
        self.max_depth = max_depth
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.reg_alpha = reg_alpha
        self.gamma = gamma
        self.max_delta_step = max_delta_step
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.max_cat_to_onehot = max_cat_to_onehot
        self.max_cat_threshold = max_cat_threshold
        self.monotonic_cst = monotonic_cst
        self.interaction_cst = interaction_cst
        self.subsample = subsample
        self.sampling_method = sampling_method
        self.colsample_bytree = colsample_bytree
        self.colsample_bylevel = colsample_bylevel
        self.colsample_bynode = colsample_bynode
        self.rate_drop = rate_drop
        self.skip_drop = skip_drop
        self.one_drop = one_drop
        self.sample_type = sample_type
        self.normalize_type = normalize_type
        self.linear_leaves = linear_leaves
        self.linear_lambda = linear_lambda
        self.feature_selector = feature_selector
        self.top_k = top_k
        self.multi_strategy = multi_strategy
        self.quantile = quantile
        self.tweedie_variance_power = tweedie_variance_power
        self.huber_slope = huber_slope
        self.base_score = base_score
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.scoring = scoring
        self.warm_start = warm_start
        self.importance_type = importance_type
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _read_target(self, y, sample_weight, n_samples, continued, suffix=""):
        """Targets as float64, (n_samples,) or (n_outputs, n_samples)."""
        target = read_target(y, "y" + suffix, n_samples)
        if continued and target.shape[:-1] != self._target_shape:
            raise ValueError(f"y{suffix} must have as many columns as in the first fit, got shape {target.T.shape}.")
        if not continued:
            self._target_shape = target.shape[:-1]
        return target, read_weight(sample_weight, "sample_weight" + suffix, n_samples)

    def _make_loss(self, target):
        n_outputs = len(target) if target.ndim == 2 else 1
        return make_loss(self.loss, n_outputs=n_outputs, **self.get_params(deep=False))

    def _has_vector_leaves(self):
        return self.multi_strategy == "multi_output_tree" and self._loss.n_outputs > 1

    def _output_names(self):
        levels = getattr(self._loss, "quantile", ())
        return levels if len(levels) > 1 else None

    def _strata(self, target):
        return np.zeros(target.shape[-1])

    def _target_for_scorer(self, target):
        return target.T

    def predict(self, X):
        """Predicted target.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the target; one column per output or per level of `quantile`, if there are several.
        """
        return self._loss_units(self._raw_predict(X))

    def staged_predict(self, X):
        """Yield `predict(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        for raw in self._staged_raw(X):
            yield self._loss_units(raw)

    def score(self, X, y, sample_weight=None):
        """How much better than a constant: R^2, or D^2 where there are several levels of `quantile`.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0.

        Returns
        -------
        score : float
            1 minus the loss divided by the loss of the best constants; at most 1.
        """
        check_is_fitted(self)
        if self._target_shape or self._loss.n_outputs == 1:
            return super().score(X, y, sample_weight)
        predictions = np.ascontiguousarray(self.predict(X).T)
        target, weight = self._read_target(y, sample_weight, predictions.shape[1], True)
        constants = np.repeat(self._loss.baseline(target, weight)[:, None], len(target), axis=1)
        return 1.0 - self._loss.value(target, predictions, weight) / self._loss.value(target, constants, weight)

    def _loss_units(self, raw):
        return self._loss.link_inverse(np.ascontiguousarray(raw.T))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        loss = class_of_loss(self.loss)
        tags.target_tags.multi_output = takes_outputs(loss)
        tags.target_tags.positive_only = loss.positive_target
        return tags


# -- reading arguments -------------------------------------------------------------------------------------


def _flat(raw):
    return raw[:, 0] if raw.shape[1] == 1 else raw
