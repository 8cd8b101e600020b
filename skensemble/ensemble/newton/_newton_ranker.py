"""NewtonBoostingRanker: trees that put the rows of each query into order."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import with_callbacks
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import Interval, IsBool, IsNone, Matches, NameIn
from skensemble._random import mixed_seed
from skensemble._targets import all_or_nothing, read_target, read_weight
from skensemble.ensemble.losses._losses import make_loss, offered_losses
from skensemble.ensemble.losses._ranking_losses import Queries, RankingMeasure
from skensemble.ensemble.newton._newton_base import PARAMETERS, NewtonBoosting
from skensemble.ensemble.rows._held_out_rows import held_out_parts
from skensemble.ensemble.rows._row_sampling import copies_of

_IsMeasure = Matches(
    lambda value: isinstance(value, str) and RankingMeasure.of(value) is not None,
    "'ndcg', 'map', 'ndcg@k' or 'map@k' with an int k >= 1",
)


class NewtonBoostingRanker(NewtonBoosting):
    """Second-order gradient boosting for ranking: LambdaMART and its kin.

    Learns from queries, each a set of rows with degrees of relevance, to give scores that put the rows of a query into
    order. Each round grows a tree on forces between the pairs of rows of a query [1]_, [2]_: a relevant row that stands
    below a less relevant one is pushed up, the harder the more the measure would gain. Numbers may be missing or
    infinite; categories need no encoding. The rows of a query need not stand together, and nothing depends on the order
    of the rows: rows with equal scores share their positions.

    Parameters
    ----------
    loss : {"rank:ndcg", "rank:pairwise", "rank:map"}, default="rank:ndcg"
        What to minimise: the logistic loss of all pairs of rows in a query that differ in relevance, each pair weighted
        by the change of NDCG that swapping the two would cause (LambdaMART), by 1, or by the change of average
        precision, for which relevance is zero or not.
    n_estimators : int, default=300
        Rounds of boosting at most. One round grows one tree.
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
        1: scores never fall when the feature rises, -1: never rise, 0: free. A dict has names or positions as keys.
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
    lambdarank_truncation_level : int or None, default=30
        Pairs count whose upper row is among the first so many of its query; None: all pairs. It should exceed the
        number of rows that matter.
    lambdarank_norm : bool, default=True
        Whether pairs with nearly equal scores weigh more, and queries with many pairs less than in proportion [3]_.
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
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when held-out queries are ranked no better any more, and keep the rounds up to the best. "auto":
        if fit gets `X_val`. True: without it, `validation_fraction` of the queries is held out. False: held-out
        queries of the user are scored only.
    validation_fraction : float, default=0.1
        Share of the queries in (0, 1) to hold out if fit gets no `X_val`; of the rows, if there is but one query.
    n_iter_no_change : int, default=10
        Rounds without a better score after which to stop.
    tol : float, default=1e-07
        Scores that are larger by at most this are no better.
    scoring : str, default="ndcg"
        What to score held-out queries by: "ndcg", "map", or these of the first rows, as in "ndcg@10".
    warm_start : bool, default=False
        Whether the next fit adds rounds to those that are there, up to `n_estimators`. On the same data, the model is
        that of one long fit.
    importance_type : {"gain", "cover", "split"}, default="gain"
        What `feature_importances_` adds up over the splits of a feature: gains, sums of hessians, or ones.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The model is the same, bit for bit, for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws of rows, features and held-out queries. Without any of these nothing is random.
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
        See `importance_type`; they sum to 1.
    train_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        `scoring` of the training queries after 0, 1, ... rounds, those after the best round included. Empty if there
        are neither held-out queries nor `verbose`.
    validation_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        The same for the held-out queries.

    See Also
    --------
    NewtonBoostingRegressor : The same for numbers.
    sklearn.metrics.ndcg_score : NDCG with gains as they are, where this class takes 2^gain - 1.

    Notes
    -----
    Cross-validation must not cut queries: split with `sklearn.model_selection.GroupKFold`. `qid` reaches `fit` and
    `score` by metadata routing, `set_fit_request(qid=True).set_score_request(qid=True)`.

    References
    ----------
    .. [1] Burges, C. J. C. (2010). From RankNet to LambdaRank to LambdaMART: an overview. Microsoft Research,
           MSR-TR-2010-82.
    .. [2] Wu, Q., Burges, C. J. C., Svore, K. M. and Gao, J. (2010). Adapting boosting for information retrieval
           measures. Information Retrieval 13.
           https://doi.org/10.1007/s10791-009-9112-1
    .. [3] Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 2017.
           https://proceedings.neurips.cc/paper/2017/hash/6449f44a102fde848669bdd9eb6b76fa-Abstract.html
    .. [4] Järvelin, K. and Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM Transactions on
           Information Systems 20(4).
           https://doi.org/10.1145/582415.582418

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import NewtonBoostingRanker
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2))
    >>> qid = np.repeat(np.arange(30), 10)
    >>> relevance = (X[:, 0] > 0.5) + (X[:, 0] > 1.5)
    >>> model = NewtonBoostingRanker(random_state=0).fit(X, relevance, qid=qid)
    >>> scores = model.predict([[0.0, 1.0], [2.0, 0.0], [1.0, 2.0]])
    >>> np.argsort(-scores).tolist()
    [1, 2, 0]
    >>> round(model.score(X, relevance, qid=qid), 2)
    1.0
    """

    _parameters = {
        "loss": (NameIn(lambda: offered_losses("newton", "relevance")),),
        **{name: rules for name, rules in PARAMETERS.items() if name != "base_score"},
        "scoring": (_IsMeasure,),
        "lambdarank_truncation_level": (Interval(int, 1), IsNone),
        "lambdarank_norm": (IsBool,),
    }

    def __init__(
        self,
        loss="rank:ndcg",
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
        lambdarank_truncation_level=30,
        lambdarank_norm=True,
        rate_drop=0.0,
        skip_drop=0.0,
        one_drop=False,
        sample_type="uniform",
        normalize_type="tree",
        linear_leaves=False,
        linear_lambda=1.0,
        feature_selector="cyclic",
        top_k=None,
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-7,
        scoring="ndcg",
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
        self.lambdarank_truncation_level = lambdarank_truncation_level
        self.lambdarank_norm = lambdarank_norm
        self.rate_drop = rate_drop
        self.skip_drop = skip_drop
        self.one_drop = one_drop
        self.sample_type = sample_type
        self.normalize_type = normalize_type
        self.linear_leaves = linear_leaves
        self.linear_lambda = linear_lambda
        self.feature_selector = feature_selector
        self.top_k = top_k
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

    @all_or_nothing
    @with_callbacks
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        group=None,
        qid=None,
        X_val=None,
        y_val=None,
        group_val=None,
        qid_val=None,
        sample_weight_val=None,
        init_score=None,
        init_score_val=None,
    ):
        """Fit the boosted trees.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
        y : array-like of shape (n_samples,)
            Relevance of the rows, from 0 to 500, whole or not; the gain of NDCG is 2^relevance - 1.
        sample_weight : array-like of shape (n_queries,) or (n_samples,), default=None
            Weights >= 0. One for each query, in the order of `group` or in that in which `qid` first names them: a
            query of weight 2 counts as two queries. One for each row: a row of weight 2 stands in its query twice, and
            takes two positions.
        group : array-like of shape (n_queries,), default=None
            Sizes of the queries, where the rows of each stand together, one query after the other.
        qid : array-like of shape (n_samples,), default=None
            Query of each row, a number or a name, in any order. Without `group` and `qid` all rows are one query.
        X_val, y_val : like X and y, default=None
            Held-out queries for early stopping; without them `validation_fraction` of the queries is set aside.
        group_val, qid_val, sample_weight_val : like group, qid and sample_weight, default=None
            Those of the held-out rows.
        init_score : array-like of shape (n_samples,), default=None
            Scores to start from. They are not part of the model: add them to what it predicts.
        init_score_val : like init_score, default=None
            The same for the held-out rows.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            A parameter, a weight, a query or a relevance breaks its rule; the message names it, the rule and the value.
            The estimator stays what it was before.
        """
        if X_val is None and not (group_val is None and qid_val is None):
            raise ValueError("group_val and qid_val need X_val and y_val, got X_val=None.")
        judged, judged_val = _Judged(y, qid, group), None if y_val is None else _Judged(y_val, qid_val, group_val)
        metadata = {"sample_weight": sample_weight, "qid": qid, "group": group}
        data = {"X": X, "y": y, "metadata": {name: given for name, given in metadata.items() if given is not None}}
        return self._fit(
            X, judged, sample_weight, X_val, judged_val, sample_weight_val, init_score, init_score_val, data
        )

    def _check_scoring(self):
        """The table of parameters has done it."""

    def _read_target(self, y, sample_weight, n_samples, continued, suffix=""):
        """(relevance and queries, weights of the rows)"""
        relevance = read_target(y.relevance, "y" + suffix, n_samples)
        if relevance.ndim > 1:
            raise ValueError(f"y{suffix} must have one column, got {len(relevance)}.")
        self._make_loss(relevance).check_target(relevance)
        queries = _read_queries(y, sample_weight, n_samples, suffix)
        return _Target(relevance, queries), queries.row_weight

    def _make_data(self, kind, X, table, target, weight, start, n_threads):
        data = super()._make_data(kind, X, table, target.relevance, weight, start, n_threads)
        data.queries = target.queries
        return data

    def _make_loss(self, target):
        return make_loss(self.loss, **self.get_params(deep=False))

    def _find_baseline(self, target, weight, start):
        return np.zeros(1)

    def _choose_held_out(self, data):
        """Whole queries; rows where there is but one.  Copies stay together."""
        queries, keys = data.queries, data.keys()
        if queries.n_queries == 1:
            return self._held_out_contents(keys, np.ones(len(keys)) if data.copies is None else data.copies > 0)
        return self._held_out_contents(queries.keys(keys), queries.is_counted)[queries.code]

    def _held_out_contents(self, keys, is_counted):
        """0 or 1 for each key, the same for those that are alike."""
        distinct, content = np.unique(keys, return_inverse=True)
        counted = (np.bincount(content, is_counted) > 0).astype(np.int64)
        strata, seed = np.zeros(len(distinct)), mixed_seed(self._seed, 0)
        return held_out_parts(distinct, strata, counted, self.validation_fraction, seed)[content] * is_counted

    def _count_copies(self, sample_weight, weight):
        return copies_of(weight)

    def _strata(self, target):
        return np.zeros(len(target))

    def _boost(self, train, held_out, n_threads, data):
        self._loss = self._loss.of_rows(train.y, train.queries, n_threads)
        super()._boost(train, held_out, n_threads, data)
        self._loss = self._loss.without_rows()

    def _scorer(self, held_out):
        if held_out is None and not self.verbose:
            return None
        measure, n_threads = RankingMeasure.of(self.scoring), effective_n_jobs(self.n_jobs)
        return lambda data: measure.mean(data.y, data.raw[0], data.queries, n_threads)

    def predict(self, X):
        """Scores of the rows.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Larger for what should stand higher. Only differences within a query mean something.
        """
        return self._raw_predict(X)[:, 0]

    def staged_predict(self, X):
        """Yield `predict(X)` after each round.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Yields
        ------
        scores : ndarray of shape (n_samples,)
        """
        for raw in self._staged_raw(X):
            yield raw[:, 0]

    def score(self, X, y, sample_weight=None, *, group=None, qid=None):
        """Mean normalised discounted cumulative gain of the queries [4]_.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Relevance of the rows.
        sample_weight : array-like of shape (n_queries,) or (n_samples,), default=None
            Weights >= 0, as in `fit`.
        group : array-like of shape (n_queries,), default=None
            Sizes of the queries, as in `fit`.
        qid : array-like of shape (n_samples,), default=None
            Query of each row, as in `fit`.

        Returns
        -------
        score : float
            In [0, 1]: of all positions, with gains 2^relevance - 1. Rows of equal score share their positions; a query
            in which every order is equally good counts 1.
        """
        check_is_fitted(self)
        scores = np.ascontiguousarray(self.predict(X))
        target, _ = self._read_target(_Judged(y, qid, group), sample_weight, len(scores), True)
        return RankingMeasure().mean(target.relevance, scores, target.queries, effective_n_jobs(self.n_jobs))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.positive_only = True
        return tags


# -- reading arguments -------------------------------------------------------------------------------------


class _Judged(NamedTuple):
    """As given by the user."""

    relevance: object
    qid: object
    group: object


class _Target(NamedTuple):
    """The same as arrays."""

    relevance: np.ndarray
    queries: Queries


def _read_queries(judged, sample_weight, n_samples, suffix):
    code = _read_codes(judged, n_samples, suffix)
    n_queries, name = int(code.max(initial=0)) + 1, "sample_weight" + suffix
    if sample_weight is None:
        return Queries(code)
    shape = np.asarray(sample_weight).shape
    if n_queries != n_samples and shape == (n_queries,):
        return Queries(code, weight=read_weight(sample_weight, name, n_queries))
    if len(shape) == 1 and shape != (n_samples,):
        raise ValueError(
            f"{name} must have one entry per row ({n_samples}) or per query ({n_queries}), got {shape[0]}."
        )
    return Queries(code, copies=read_weight(sample_weight, name, n_samples))


def _read_codes(judged, n_samples, suffix):
    """(n_samples,) int64 number of each row's query, counted in the order in which they come."""
    if judged.qid is not None and judged.group is not None:
        raise ValueError(f"group{suffix} and qid{suffix} must not be given both.")
    if judged.group is not None:
        return _codes_of_sizes(judged.group, "group" + suffix, n_samples)
    if judged.qid is not None:
        return _codes_of_names(judged.qid, "qid" + suffix, n_samples)
    return np.zeros(n_samples, np.int64)


def _codes_of_sizes(group, name, n_samples):
    sizes = np.asarray(group)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iuf" or not (sizes >= 1).all() or (sizes % 1 != 0).any():
        raise ValueError(f"{name} must hold the sizes of the queries, ints >= 1, got {group!r}.")
    sizes = sizes.astype(np.int64)
    if sizes.sum() != n_samples:
        raise ValueError(f"{name} must add up to the number of rows of X, {n_samples}, got {sizes.sum()}.")
    return np.repeat(np.arange(len(sizes)), sizes)


def _codes_of_names(qid, name, n_samples):
    if np.shape(qid) != (n_samples,):
        raise ValueError(f"{name} must have shape ({n_samples},), got {np.shape(qid)}.")
    values = qid if hasattr(qid, "dtype") and not isinstance(qid, np.matrix) else np.asarray(qid)
    codes, _ = pd.factorize(values)
    if (codes < 0).any():
        raise ValueError(f"{name} must name a query for each row, got a missing one in row {codes.argmin()}.")
    return codes.astype(np.int64)
