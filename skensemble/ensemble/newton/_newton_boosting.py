"""NewtonBoostingClassifier and NewtonBoostingRegressor: second-order gradient boosting, the XGBoost way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skensemble._targets import LabelScoreMixin, class_weighted, read_labels, read_target, read_weight
from skensemble.distributed._lazy_predictions import lazy_on_dask
from skensemble.ensemble.losses._losses import class_of_loss, make_loss, takes_outputs
from skensemble.ensemble.newton._newton_base import NewtonBoosting
from skensemble.ensemble.newton._newton_parameters import CLASSIFIER, REGRESSOR
from skensemble.ensemble.newton._weight_unit import in_rows

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Callable, Column, Iterator, RandomState, Sequence, Table

# -- classifier ------------------------------------------------------------------------------------------------------


class NewtonBoostingClassifier(LabelScoreMixin, NewtonBoosting):
    """Second-order gradient boosting for classification.

    Each round fits a tree to the first and second derivatives of the loss [1]_, [2]_: one tree for two classes, and one
    tree per class for more. By default, fit chooses the number of rounds and the kind of trees by left-out samples;
    with a number as `n_estimators` it makes that many rounds of symmetric trees [3]_. Samples can be drawn by their
    gradients [4]_, trees can be left out while others grow [5]_, and leaves can be linear [6]_. Numbers may be missing
    or infinite, and categories need no encoding. A sample with a whole-number weight k counts as k samples.

    Parameters
    ----------
    loss : "log_loss" or callable, default="log_loss"
        Loss to minimise. A callable `(y, raw, sample_weight) -> (gradient, hessian)` gets class indices of shape
        (n_samples,), raw predictions of shape (n_samples,) for two classes or (n_samples, n_classes) for more, and
        sample weights or None. It returns the first and second derivatives of the loss, shaped like `raw` and
        multiplied by the weights.
    n_estimators : int or "auto", default="auto"
        Maximum number of boosting rounds; early stopping may make fewer. "auto": fit chooses it by folds (see `cv`):
        boosting with large steps on the other samples of each fold shows how far the score of its left-out samples
        improves; the model is then fitted to all samples with 100 to 1000 small steps that go as far, or at most 600
        where a round grows several trees; beyond 20,000 samples at most 300, or 200 where a round grows several trees.
        "auto" means 300 where early stopping decides, for other boosters than "gbtree", for fewer than 20 samples, and
        for a callable `loss` without another `scoring`. Rounds without a split are kept. A round grows one tree for two
        classes, and one tree per class for more.
    learning_rate : float or "auto", default="auto"
        Factor > 0 that multiplies the values of all leaves (shrinkage). "auto": 0.06 * (n_samples / 1000) ** 0.25,
        clipped to [0.05, 0.12]; this suits 300 rounds, and fewer rounds need a larger value. With `booster="gblinear"`,
        the factor that multiplies each step of a coefficient; "auto": 0.5. Where `n_estimators="auto"` would need fewer
        than 100 or more than 1000 rounds, or other limits that `n_estimators` names, "auto" is the value that needs
        these; see `learning_rate_`.
    booster : {"gbtree", "dart", "gblinear"}, default="gbtree"
        What a round adds to the model. "gbtree": trees. "dart": trees that are grown while some of the earlier trees
        are left out; then the new trees and those left out are rescaled (see `rate_drop`, `skip_drop`, `one_drop`,
        `sample_type` and `normalize_type`). "gblinear": a step of each coefficient of a linear model (see
        `feature_selector`); it encodes categories one-hot and missing values as 0, and ignores the parameters of trees
        and of sampling.
    num_parallel_tree : int, default=1
        Number of trees that a round grows for each output, each on samples and features of its own. The round adds
        their mean.
    grow_policy : {"auto", "depthwise", "lossguide", "symmetric"}, default="auto"
        Order in which nodes are split. "depthwise": level by level, down to `max_depth`. "lossguide": the node with the
        largest gain first, up to `max_leaf_nodes` leaves. "symmetric": level by level, with one split for all nodes of
        a level (oblivious trees, as in CatBoost). "auto": "symmetric"; where `n_estimators="auto"` compares,
        "depthwise" if there are at least 1000 samples and this improves the score of left-out samples by at least 0.5
        %, and beyond 20,000 samples "lossguide" with 63 or 127 leaves (beyond 100,000 with 127), unless `max_depth` or
        `max_leaf_nodes` is given or a column has more than 255 categories.
    max_depth : int, None or "auto", default="auto"
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit. Symmetric
        trees need a limit, which must be at most 16. "auto": 6, but no limit for the best-first trees that
        `grow_policy="auto"` chooses, and 8 where the search finds little noise (see `subsample`) and this improves the
        score as much.
    max_leaf_nodes : int or None, default=None
        Maximum number of leaves of a tree. None: no limit.
    min_samples_leaf : int, default=1
        Minimum number of samples in a leaf. If all sample weights are whole numbers, a sample of weight k counts as k
        samples.
    min_child_weight : float, default=0.01
        Minimum sum of the hessians (second derivatives of the loss, multiplied by the sample weights) of the samples in
        a leaf. Must be >= 0.
    reg_lambda : float, default=3.0
        L2 regularisation of the leaf values, or of the coefficients with `booster="gblinear"`. Must be >= 0. With
        losses whose leaves are refitted ("absolute_error", "huber" and "quantile"), it has an effect on splits, but not
        on leaf values.
    reg_alpha : float, default=0.0
        L1 regularisation of the leaf values, or of the coefficients with `booster="gblinear"`. Must be >= 0. With
        losses whose leaves are refitted ("absolute_error", "huber" and "quantile"), it has an effect on splits, but not
        on leaf values.
    gamma : float, default=0.0
        Minimum gain of a split: a node is split only if its best split gains more. Must be >= 0.
    max_delta_step : float or "auto", default="auto"
        Maximum absolute value of a leaf, with its slopes if it has any, before the learning rate is applied. 0: no
        limit. "auto": a limit for the losses with a log link, whose predictions can run away from the targets without
        one, and none for others.
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
    max_cat_to_onehot : int, default=4
        Maximum number of categories for one-hot splits. A categorical feature with at most this many categories is
        split into one category against all others. With more, categories are sorted by the ratio of their sums of
        gradients and hessians, and split in that order.
    max_cat_threshold : int, default=8
        Maximum number of categories on the smaller side of a split of sorted categories.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the probability of the second class must not decrease when the
        feature increases; -1: must not increase; 0: no constraint. A dict maps labels of columns or positions of
        features to constraints. None: no constraints. With more than two classes, the raw score of each class is
        constrained.
    interaction_cst : list of lists, "pairwise", "no_interactions" or None, default=None
        Groups of features, as labels of columns or positions, that may interact: all features on a path from the root
        to a leaf must belong to one group. Features in no group form a group of their own. "pairwise": each pair of
        features is a group. "no_interactions": each feature is a group. None: all features may interact.
    subsample : float or "auto", default="auto"
        Fraction of the samples, in (0, 1], that are drawn to grow the trees of a round. "auto": 0.7; all samples where
        `n_estimators="auto"` compares on more than 20,000, or finds so much progress over many rounds that there must
        be little noise, and this improves the score of left-out samples by at least 2 %.
    sampling_method : {"uniform", "goss"}, default="uniform"
        How these samples are drawn. "uniform": all with the same probability. "goss": gradient-based one-side sampling,
        which always takes the samples with the largest gradients and draws from the others; `subsample=1` then means
        0.3.
    colsample_bytree : float, default=1.0
        Fraction of the features, in (0, 1], that are drawn for each tree.
    colsample_bylevel : float, default=0.7
        Fraction of the features of a tree, in (0, 1], that are drawn for each level.
    colsample_bynode : float, default=1.0
        Fraction of the features of a level, in (0, 1], that are drawn for each node.
    random_strength : float, default=0.0
        Randomness of the choice between features, in [0, 1]. Before the best splits of features are compared, the gain
        of each is lowered by a random fraction of itself, drawn between 0 and `random_strength` for each node (for each
        level of symmetric trees). 0: the largest gain wins. In CatBoost, noise is added to the scores.
    rate_drop : float, default=0.0
        With `booster="dart"`: expected fraction, in [0, 1], of the earlier trees that a round leaves out.
    skip_drop : float, default=0.0
        With `booster="dart"`: probability, in [0, 1], that a round leaves out no trees.
    one_drop : bool, default=False
        With `booster="dart"`: whether to leave out at least one tree in each round that is not skipped.
    sample_type : {"uniform", "weighted"}, default="uniform"
        With `booster="dart"`: how the trees to leave out are drawn. "uniform": all with the same probability.
        "weighted": with probabilities proportional to their current scales.
    normalize_type : {"tree", "forest"}, default="tree"
        With `booster="dart"`: how trees are rescaled after a round that left out k of them, where eta is
        `learning_rate`. "tree": the new tree is multiplied by 1 / (k + eta), those left out by k / (k + eta). "forest":
        all of them by 1 / (1 + eta).
    linear_leaves : bool or "auto", default="auto"
        Whether leaves predict a linear function of the numeric features on their path from the root, instead of a
        constant. Samples with a missing or infinite value in one of these features get a constant. Cannot be combined
        with `booster="dart"`, with `monotonic_cst`, or with losses that compute leaf values from residuals
        ("absolute_error", "huber" and "quantile"). "auto": where `n_estimators="auto"` compares, they do if this
        improves the score of left-out samples by at least 0.5 %, and the trees are not best-first; elsewhere they do
        not, nor where they cannot.
    linear_lambda : float, default=1.0
        L2 regularisation of the slopes of linear leaves, for features in units of their standard deviation. Must be
        >= 0.
    feature_selector : {"cyclic", "shuffle", "random", "greedy", "thrifty"}, default="cyclic"
        With `booster="gblinear"`: order in which a round updates the coefficients. "cyclic": by column. "shuffle": in a
        random order. "random": as many random draws, with replacement, as there are coefficients. "greedy": always the
        coefficient with the largest step, which is searched for again after each update. "thrifty": by the size of
        their steps at the start of the round, the largest first.
    top_k : int or None, default=None
        With `feature_selector` "greedy" or "thrifty": number of updates in a round. None: as many as there are
        coefficients.
    class_weight : dict, "balanced" or None, default=None
        Factors >= 0 that multiply the sample weights of each class. dict: class label -> factor; labels that are not in
        it have the factor 1. "balanced": factors that give all classes the same total weight. None: no factors.
    scale_pos_weight : float, default=1.0
        Factor > 0 that multiplies the sample weights of the second of two classes. Must be 1 for more classes.
    base_score : float, array-like or None, default=None
        Prediction before the first round: the probability of the second class, or an array with the probability of each
        class. None: the constant with the smallest loss.
    cv : int, splitter, list or None, default=None
        Folds by which `n_estimators="auto"`, `grow_policy="auto"` and `linear_leaves="auto"` are decided. None: 3
        folds; beyond 20,000 samples, a single one that leaves out a fifth, and beyond 100,000 a tenth. int: number of
        folds. These folds are drawn by the contents of the samples, of each class in proportion, and of whole groups if
        fit gets `groups`. splitter: an object with a method `split`, as in `sklearn.model_selection`. list: pairs of
        arrays with the positions of training and left-out samples.
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when the score on held-out samples no longer improves, and to keep the rounds up to the best
        one, which can be none. "auto": only if `X_val` is passed to fit. True: always; without `X_val`, the fraction
        `validation_fraction` of the samples is held out. False: never; samples passed as `X_val` are only scored.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out for early stopping if fit gets no `X_val`. The same fraction of
        each class is held out, but each class keeps at least one sample for training. Identical samples are held out
        together.
    n_iter_no_change : int, default=10
        Number of rounds without a better score after which early stopping stops.
    tol : float, default=1e-07
        Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    scoring : str, callable or None, default="loss"
        Score of the held-out samples, larger for better. "loss": the negative loss. Other str: name of a scorer of
        scikit-learn. callable: a scorer `(estimator, X, y) -> float`. None: the method `score`.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds rounds to the model, up to `n_estimators` in
        total. On the same data, the result is that of a single fit.
    importance_type : {"gain", "cover", "split"}, default="gain"
        What `feature_importances_` sums over the splits on a feature. "gain": their gains. "cover": the hessians of the
        samples that reach them. "split": 1 for each.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features, trees to leave out, and held-out samples. Pass an int to get the same
        model in every fit.
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
        Number of rounds in the model.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each feature, see `importance_type`; they sum to 1. With `booster="gblinear"`, proportional to
        absolute coefficients.
    coef_ : ndarray of shape (n_terms,) or (n_raw_outputs, n_terms)
        Only with `booster="gblinear"`: coefficients, in units of the raw prediction per unit of the column. A numeric
        feature has one coefficient, a categorical feature one per category; see `coef_names_`.
    intercept_ : float or ndarray of shape (n_raw_outputs,)
        Only with `booster="gblinear"`: raw prediction if all columns are 0.
    coef_names_ : ndarray of shape (n_terms,)
        Only with `booster="gblinear"`: names of the coefficients, "feature" or "feature=category".
    learning_rate_ : float
        Only if `n_estimators="auto"` was decided by folds: the learning rate of the rounds of the model.
    temperature_ : float
        Only then: what raw predictions were divided by, so that left-out samples agree with the probabilities; 1 for
        regression, and with a single fold. Predictions, scores and leaf values contain it.
    cv_results_ : dict
        Only then: what the folds said. "params": what each candidate sets; "mean_test_score": its best mean score;
        "n_rounds": the number of rounds with it; "curves": mean scores after 0, 1, ... rounds; "split_test_scores":
        best score of each fold, of the first one only if it did much worse there; "learning_rate": of the first of
        these rounds; "lengths": sums of learning rates after 0, 1, ... rounds; "best_index": the chosen candidate.
    train_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        Score of the training samples after 0, 1, ... rounds, including rounds that early stopping removed. Larger is
        better: the loss is negated. Empty if there are no held-out samples and `verbose` is 0.
    validation_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        The same for the held-out samples.

    See Also
    --------
    NewtonBoostingRegressor : The same for regression.
    sklearn.ensemble.HistGradientBoostingClassifier : Histogram gradient boosting of scikit-learn.

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

    _parameters = CLASSIFIER

    def __init__(
        self,
        loss: Callable[..., Any] | Literal["log_loss"] = "log_loss",
        *,
        n_estimators: int | Literal["auto"] = "auto",
        learning_rate: float | Literal["auto"] = "auto",
        booster: Literal["gbtree", "dart", "gblinear"] = "gbtree",
        num_parallel_tree: int = 1,
        grow_policy: Literal["auto", "depthwise", "lossguide", "symmetric"] = "auto",
        max_depth: int | Literal["auto"] | None = "auto",
        max_leaf_nodes: int | None = None,
        min_samples_leaf: int = 1,
        min_child_weight: float = 0.01,
        reg_lambda: float = 3.0,
        reg_alpha: float = 0.0,
        gamma: float = 0.0,
        max_delta_step: float | Literal["auto"] = "auto",
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        max_cat_to_onehot: int = 4,
        max_cat_threshold: int = 8,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        interaction_cst: Sequence[Sequence[Any]] | Literal["pairwise", "no_interactions"] | None = None,
        subsample: float | Literal["auto"] = "auto",
        sampling_method: Literal["uniform", "goss"] = "uniform",
        colsample_bytree: float = 1.0,
        colsample_bylevel: float = 0.7,
        colsample_bynode: float = 1.0,
        random_strength: float = 0.0,
        rate_drop: float = 0.0,
        skip_drop: float = 0.0,
        one_drop: bool = False,
        sample_type: Literal["uniform", "weighted"] = "uniform",
        normalize_type: Literal["tree", "forest"] = "tree",
        linear_leaves: bool | Literal["auto"] = "auto",
        linear_lambda: float = 1.0,
        feature_selector: Literal["cyclic", "shuffle", "random", "greedy", "thrifty"] = "cyclic",
        top_k: int | None = None,
        class_weight: dict[Any, Any] | Literal["balanced"] | None = None,
        scale_pos_weight: float = 1.0,
        base_score: float | ArrayLike | None = None,
        cv: int | Any | list[Any] | None = None,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-07,
        scoring: str | Callable[..., Any] | None = "loss",
        warm_start: bool = False,
        importance_type: Literal["gain", "cover", "split"] = "gain",
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
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
        self.min_frequency = min_frequency
        self.max_cat_to_onehot = max_cat_to_onehot
        self.max_cat_threshold = max_cat_threshold
        self.monotonic_cst = monotonic_cst
        self.interaction_cst = interaction_cst
        self.subsample = subsample
        self.sampling_method = sampling_method
        self.colsample_bytree = colsample_bytree
        self.colsample_bylevel = colsample_bylevel
        self.colsample_bynode = colsample_bynode
        self.random_strength = random_strength
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
        self.cv = cv
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
        weight = in_rows(read_weight(sample_weight, "sample_weight" + suffix, n_samples))
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
        return class_weighted(self.class_weight, labels, weight, as_ratios=True)

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

    @lazy_on_dask
    def decision_function(self, X: Table) -> Array:
        """Raw predictions: log-odds of the second class, or one score per class.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Raw predictions, before the sigmoid or softmax.
        """
        return _flat(self._raw_predict(X))

    @lazy_on_dask
    def predict_proba(self, X: Table) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        return self._probabilities(self._raw_predict(X))

    @lazy_on_dask
    def predict(self, X: Table) -> Array:
        """Predict the class of each sample: the most probable one.

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

    def staged_decision_function(self, X: Table) -> Iterator[Array]:
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

    def staged_predict_proba(self, X: Table) -> Iterator[Array]:
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

    def staged_predict(self, X: Table) -> Iterator[Array]:
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

    Each round fits a tree to the first and second derivatives of the loss [1]_, [2]_; if the loss is not smooth, each
    leaf gets the constant with the smallest loss on its samples. By default, fit chooses the number of rounds and the
    kind of trees by left-out samples; with a number as `n_estimators` it makes that many rounds of symmetric trees
    [3]_. Samples can be drawn by their gradients [4]_, trees can be left out while others grow [5]_, and leaves can be
    linear [6]_. Numbers may be missing or infinite, and categories need no encoding. A sample with a whole-number
    weight k counts as k samples.

    Parameters
    ----------
    loss : str or callable, default="squared_error"
        Loss to minimise: "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma", "tweedie",
        "pseudo_huber", "expectile" or a callable. "poisson", "gamma" and "tweedie" have a log link. A callable
        `(y, raw, sample_weight) -> (gradient, hessian)` gets targets and raw predictions, both of shape (n_samples,) or
        (n_samples, n_outputs), and sample weights or None. It returns the first and second derivatives of the loss,
        shaped like `raw` and multiplied by the weights.
    n_estimators : int or "auto", default="auto"
        Maximum number of boosting rounds; early stopping may make fewer. "auto": fit chooses it by folds (see `cv`):
        boosting with large steps on the other samples of each fold shows how far the score of its left-out samples
        improves; the model is then fitted to all samples with 100 to 1000 small steps that go as far, or at most 600
        where a round grows several trees; beyond 20,000 samples at most 300, or 200 where a round grows several trees.
        "auto" means 300 where early stopping decides, for other boosters than "gbtree", for fewer than 20 samples, and
        for a callable `loss` without another `scoring`. Rounds without a split are kept. A round grows one tree, or one
        per output or quantile level if there are several.
    learning_rate : float or "auto", default="auto"
        Factor > 0 that multiplies the values of all leaves (shrinkage). "auto": 0.06 * (n_samples / 1000) ** 0.25,
        clipped to [0.05, 0.12]; this suits 300 rounds, and fewer rounds need a larger value. With `booster="gblinear"`,
        the factor that multiplies each step of a coefficient; "auto": 0.5. Where `n_estimators="auto"` would need fewer
        than 100 or more than 1000 rounds, or other limits that `n_estimators` names, "auto" is the value that needs
        these; see `learning_rate_`.
    booster : {"gbtree", "dart", "gblinear"}, default="gbtree"
        What a round adds to the model. "gbtree": trees. "dart": trees that are grown while some of the earlier trees
        are left out; then the new trees and those left out are rescaled (see `rate_drop`, `skip_drop`, `one_drop`,
        `sample_type` and `normalize_type`). "gblinear": a step of each coefficient of a linear model (see
        `feature_selector`); it encodes categories one-hot and missing values as 0, and ignores the parameters of trees
        and of sampling.
    num_parallel_tree : int, default=1
        Number of trees that a round grows for each output, each on samples and features of its own. The round adds
        their mean.
    grow_policy : {"auto", "depthwise", "lossguide", "symmetric"}, default="auto"
        Order in which nodes are split. "depthwise": level by level, down to `max_depth`. "lossguide": the node with the
        largest gain first, up to `max_leaf_nodes` leaves. "symmetric": level by level, with one split for all nodes of
        a level (oblivious trees, as in CatBoost). "auto": "symmetric"; where `n_estimators="auto"` compares,
        "depthwise" if there are at least 1000 samples and this improves the score of left-out samples by at least 0.5
        %, and beyond 20,000 samples "lossguide" with 63 or 127 leaves (beyond 100,000 with 127), unless `max_depth` or
        `max_leaf_nodes` is given or a column has more than 255 categories.
    max_depth : int, None or "auto", default="auto"
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit. Symmetric
        trees need a limit, which must be at most 16. "auto": 6, but no limit for the best-first trees that
        `grow_policy="auto"` chooses, and 8 where the search finds little noise (see `subsample`) and this improves the
        score as much.
    max_leaf_nodes : int or None, default=None
        Maximum number of leaves of a tree. None: no limit.
    min_samples_leaf : int, default=1
        Minimum number of samples in a leaf. If all sample weights are whole numbers, a sample of weight k counts as k
        samples.
    min_child_weight : float, default=0.01
        Minimum sum of the hessians (second derivatives of the loss, multiplied by the sample weights) of the samples in
        a leaf. Must be >= 0.
    reg_lambda : float, default=3.0
        L2 regularisation of the leaf values, or of the coefficients with `booster="gblinear"`. Must be >= 0. With
        losses whose leaves are refitted ("absolute_error", "huber" and "quantile"), it has an effect on splits, but not
        on leaf values.
    reg_alpha : float, default=0.0
        L1 regularisation of the leaf values, or of the coefficients with `booster="gblinear"`. Must be >= 0. With
        losses whose leaves are refitted ("absolute_error", "huber" and "quantile"), it has an effect on splits, but not
        on leaf values.
    gamma : float, default=0.0
        Minimum gain of a split: a node is split only if its best split gains more. Must be >= 0.
    max_delta_step : float or "auto", default="auto"
        Maximum absolute value of a leaf, with its slopes if it has any, before the learning rate is applied. 0: no
        limit. "auto": a limit for the losses with a log link, whose predictions can run away from the targets without
        one, and none for others.
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
    max_cat_to_onehot : int, default=4
        Maximum number of categories for one-hot splits. A categorical feature with at most this many categories is
        split into one category against all others. With more, categories are sorted by the ratio of their sums of
        gradients and hessians, and split in that order.
    max_cat_threshold : int, default=8
        Maximum number of categories on the smaller side of a split of sorted categories.
    monotonic_cst : array-like of shape (n_features,), dict or None, default=None
        Monotonicity constraint of each feature. 1: the prediction must not decrease when the feature increases; -1:
        must not increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints.
        None: no constraints. With several outputs, only for `multi_strategy="one_output_per_tree"`.
    interaction_cst : list of lists, "pairwise", "no_interactions" or None, default=None
        Groups of features, as labels of columns or positions, that may interact: all features on a path from the root
        to a leaf must belong to one group. Features in no group form a group of their own. "pairwise": each pair of
        features is a group. "no_interactions": each feature is a group. None: all features may interact.
    subsample : float or "auto", default="auto"
        Fraction of the samples, in (0, 1], that are drawn to grow the trees of a round. "auto": 0.7; all samples where
        `n_estimators="auto"` compares on more than 20,000, or finds so much progress over many rounds that there must
        be little noise, and this improves the score of left-out samples by at least 2 %.
    sampling_method : {"uniform", "goss"}, default="uniform"
        How these samples are drawn. "uniform": all with the same probability. "goss": gradient-based one-side sampling,
        which always takes the samples with the largest gradients and draws from the others; `subsample=1` then means
        0.3.
    colsample_bytree : float, default=1.0
        Fraction of the features, in (0, 1], that are drawn for each tree.
    colsample_bylevel : float, default=0.7
        Fraction of the features of a tree, in (0, 1], that are drawn for each level.
    colsample_bynode : float, default=1.0
        Fraction of the features of a level, in (0, 1], that are drawn for each node.
    random_strength : float, default=0.0
        Randomness of the choice between features, in [0, 1]. Before the best splits of features are compared, the gain
        of each is lowered by a random fraction of itself, drawn between 0 and `random_strength` for each node (for each
        level of symmetric trees). 0: the largest gain wins. In CatBoost, noise is added to the scores.
    rate_drop : float, default=0.0
        With `booster="dart"`: expected fraction, in [0, 1], of the earlier trees that a round leaves out.
    skip_drop : float, default=0.0
        With `booster="dart"`: probability, in [0, 1], that a round leaves out no trees.
    one_drop : bool, default=False
        With `booster="dart"`: whether to leave out at least one tree in each round that is not skipped.
    sample_type : {"uniform", "weighted"}, default="uniform"
        With `booster="dart"`: how the trees to leave out are drawn. "uniform": all with the same probability.
        "weighted": with probabilities proportional to their current scales.
    normalize_type : {"tree", "forest"}, default="tree"
        With `booster="dart"`: how trees are rescaled after a round that left out k of them, where eta is
        `learning_rate`. "tree": the new tree is multiplied by 1 / (k + eta), those left out by k / (k + eta). "forest":
        all of them by 1 / (1 + eta).
    linear_leaves : bool or "auto", default="auto"
        Whether leaves predict a linear function of the numeric features on their path from the root, instead of a
        constant. Samples with a missing or infinite value in one of these features get a constant. Cannot be combined
        with `booster="dart"`, with `monotonic_cst`, or with losses that compute leaf values from residuals
        ("absolute_error", "huber" and "quantile"). "auto": where `n_estimators="auto"` compares, they do if this
        improves the score of left-out samples by at least 0.5 %, and the trees are not best-first; elsewhere they do
        not, nor where they cannot.
    linear_lambda : float, default=1.0
        L2 regularisation of the slopes of linear leaves, for features in units of their standard deviation. Must be
        >= 0.
    feature_selector : {"cyclic", "shuffle", "random", "greedy", "thrifty"}, default="cyclic"
        With `booster="gblinear"`: order in which a round updates the coefficients. "cyclic": by column. "shuffle": in a
        random order. "random": as many random draws, with replacement, as there are coefficients. "greedy": always the
        coefficient with the largest step, which is searched for again after each update. "thrifty": by the size of
        their steps at the start of the round, the largest first.
    top_k : int or None, default=None
        With `feature_selector` "greedy" or "thrifty": number of updates in a round. None: as many as there are
        coefficients.
    multi_strategy : {"one_output_per_tree", "multi_output_tree"}, default="one_output_per_tree"
        How several outputs are fitted. "one_output_per_tree": a tree for each output. "multi_output_tree": trees with a
        value for each output in their leaves.
    quantile : float or list of float, default=0.5
        Level in (0, 1) of the losses "quantile" and "expectile". A list gives one column of predictions per level; the
        columns never cross.
    tweedie_variance_power : float, default=1.5
        Power p in (1, 2) of the loss "tweedie", whose variance is proportional to mean ** p.
    huber_slope : float or None, default=None
        Absolute residual > 0, in units of the target, beyond which the losses "huber" and "pseudo_huber" grow linearly.
        None: the 0.9-quantile of the absolute distances of the target from its median.
    base_score : float, array-like or None, default=None
        Prediction before the first round, in units of the target: one value, or an array with one per output. None: the
        constant with the smallest loss.
    cv : int, splitter, list or None, default=None
        Folds by which `n_estimators="auto"`, `grow_policy="auto"` and `linear_leaves="auto"` are decided. None: 3
        folds; beyond 20,000 samples, a single one that leaves out a fifth, and beyond 100,000 a tenth. int: number of
        folds. These folds are drawn by the contents of the samples, of each class in proportion, and of whole groups if
        fit gets `groups`. splitter: an object with a method `split`, as in `sklearn.model_selection`. list: pairs of
        arrays with the positions of training and left-out samples.
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when the score on held-out samples no longer improves, and to keep the rounds up to the best
        one, which can be none. "auto": only if `X_val` is passed to fit. True: always; without `X_val`, the fraction
        `validation_fraction` of the samples is held out. False: never; samples passed as `X_val` are only scored.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out for early stopping if fit gets no `X_val`. Identical samples are
        held out together.
    n_iter_no_change : int, default=10
        Number of rounds without a better score after which early stopping stops.
    tol : float, default=1e-07
        Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    scoring : str, callable or None, default="loss"
        Score of the held-out samples, larger for better. "loss": the negative loss. Other str: name of a scorer of
        scikit-learn. callable: a scorer `(estimator, X, y) -> float`. None: the method `score`.
    warm_start : bool, default=False
        Whether the next call of fit continues the previous one: it adds rounds to the model, up to `n_estimators` in
        total. On the same data, the result is that of a single fit.
    importance_type : {"gain", "cover", "split"}, default="gain"
        What `feature_importances_` sums over the splits on a feature. "gain": their gains. "cover": the hessians of the
        samples that reach them. "split": 1 for each.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of samples, features, trees to leave out, and held-out samples. Pass an int to get the same
        model in every fit.
    verbose : int or bool, default=0
        Whether to print a line for each round.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all are strings.
    n_iter_ : int
        Number of rounds in the model.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each feature, see `importance_type`; they sum to 1. With `booster="gblinear"`, proportional to
        absolute coefficients.
    coef_ : ndarray of shape (n_terms,) or (n_raw_outputs, n_terms)
        Only with `booster="gblinear"`: coefficients, in units of the raw prediction per unit of the column. A numeric
        feature has one coefficient, a categorical feature one per category; see `coef_names_`.
    intercept_ : float or ndarray of shape (n_raw_outputs,)
        Only with `booster="gblinear"`: raw prediction if all columns are 0.
    coef_names_ : ndarray of shape (n_terms,)
        Only with `booster="gblinear"`: names of the coefficients, "feature" or "feature=category".
    learning_rate_ : float
        Only if `n_estimators="auto"` was decided by folds: the learning rate of the rounds of the model.
    temperature_ : float
        Only then: what raw predictions were divided by, so that left-out samples agree with the probabilities; 1 for
        regression, and with a single fold. Predictions, scores and leaf values contain it.
    cv_results_ : dict
        Only then: what the folds said. "params": what each candidate sets; "mean_test_score": its best mean score;
        "n_rounds": the number of rounds with it; "curves": mean scores after 0, 1, ... rounds; "split_test_scores":
        best score of each fold, of the first one only if it did much worse there; "learning_rate": of the first of
        these rounds; "lengths": sums of learning rates after 0, 1, ... rounds; "best_index": the chosen candidate.
    train_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        Score of the training samples after 0, 1, ... rounds, including rounds that early stopping removed. Larger is
        better: the loss is negated. Empty if there are no held-out samples and `verbose` is 0.
    validation_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        The same for the held-out samples.

    See Also
    --------
    NewtonBoostingClassifier : The same for classification.
    sklearn.ensemble.HistGradientBoostingRegressor : Histogram gradient boosting of scikit-learn.

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

    _parameters = REGRESSOR

    def __init__(
        self,
        loss: str | Callable[..., Any] = "squared_error",
        *,
        n_estimators: int | Literal["auto"] = "auto",
        learning_rate: float | Literal["auto"] = "auto",
        booster: Literal["gbtree", "dart", "gblinear"] = "gbtree",
        num_parallel_tree: int = 1,
        grow_policy: Literal["auto", "depthwise", "lossguide", "symmetric"] = "auto",
        max_depth: int | Literal["auto"] | None = "auto",
        max_leaf_nodes: int | None = None,
        min_samples_leaf: int = 1,
        min_child_weight: float = 0.01,
        reg_lambda: float = 3.0,
        reg_alpha: float = 0.0,
        gamma: float = 0.0,
        max_delta_step: float | Literal["auto"] = "auto",
        max_bins: int | None = 255,
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        min_frequency: int | float | None = 2,
        max_cat_to_onehot: int = 4,
        max_cat_threshold: int = 8,
        monotonic_cst: ArrayLike | dict[Any, Any] | None = None,
        interaction_cst: Sequence[Sequence[Any]] | Literal["pairwise", "no_interactions"] | None = None,
        subsample: float | Literal["auto"] = "auto",
        sampling_method: Literal["uniform", "goss"] = "uniform",
        colsample_bytree: float = 1.0,
        colsample_bylevel: float = 0.7,
        colsample_bynode: float = 1.0,
        random_strength: float = 0.0,
        rate_drop: float = 0.0,
        skip_drop: float = 0.0,
        one_drop: bool = False,
        sample_type: Literal["uniform", "weighted"] = "uniform",
        normalize_type: Literal["tree", "forest"] = "tree",
        linear_leaves: bool | Literal["auto"] = "auto",
        linear_lambda: float = 1.0,
        feature_selector: Literal["cyclic", "shuffle", "random", "greedy", "thrifty"] = "cyclic",
        top_k: int | None = None,
        multi_strategy: Literal["one_output_per_tree", "multi_output_tree"] = "one_output_per_tree",
        quantile: float | Sequence[float] | Array = 0.5,
        tweedie_variance_power: float = 1.5,
        huber_slope: float | None = None,
        base_score: float | ArrayLike | None = None,
        cv: int | Any | list[Any] | None = None,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-07,
        scoring: str | Callable[..., Any] | None = "loss",
        warm_start: bool = False,
        importance_type: Literal["gain", "cover", "split"] = "gain",
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
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
        self.min_frequency = min_frequency
        self.max_cat_to_onehot = max_cat_to_onehot
        self.max_cat_threshold = max_cat_threshold
        self.monotonic_cst = monotonic_cst
        self.interaction_cst = interaction_cst
        self.subsample = subsample
        self.sampling_method = sampling_method
        self.colsample_bytree = colsample_bytree
        self.colsample_bylevel = colsample_bylevel
        self.colsample_bynode = colsample_bynode
        self.random_strength = random_strength
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
        self.cv = cv
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
        return target, in_rows(read_weight(sample_weight, "sample_weight" + suffix, n_samples))

    def _make_loss(self, target):
        n_outputs = len(target) if target.ndim == 2 else 1
        return make_loss(self.loss, n_outputs=n_outputs, **vars(self))

    def _has_vector_leaves(self):
        return self.multi_strategy == "multi_output_tree" and self._loss.n_outputs > 1

    def _output_names(self):
        levels = getattr(self._loss, "quantile", ())
        return levels if len(levels) > 1 else None

    def _strata(self, target):
        return np.zeros(target.shape[-1])

    def _target_for_scorer(self, target):
        return target.T

    @lazy_on_dask
    def predict(self, X: Table) -> Array:
        """Predict the target.

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

    def staged_predict(self, X: Table) -> Iterator[Array]:
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

    def score(self, X: Table, y: Column, sample_weight: Column | None = None) -> float:
        """Score of the predictions: R^2, or D^2 if `quantile` has several levels.

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
        score : float
            1 minus the ratio of the loss to that of the best constants; at most 1.
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
