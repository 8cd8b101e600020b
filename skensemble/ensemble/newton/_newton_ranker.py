"""NewtonBoostingRanker: trees that put the rows of each query into order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import with_callbacks
from skensemble._input_kinds import check_in_memory, check_unmasked, is_dask
from skensemble._object_cells import in_native_order
from skensemble._parallel import effective_n_jobs
from skensemble._random_bits import mixed_seed
from skensemble._targets import all_or_nothing, read_target, read_weight
from skensemble.distributed._lazy_predictions import lazy_on_dask
from skensemble.ensemble.losses._losses import make_loss
from skensemble.ensemble.losses._ranking_losses import Queries, RankingMeasure
from skensemble.ensemble.newton._batched_rows import read_targets
from skensemble.ensemble.newton._newton_base import NewtonBoosting
from skensemble.ensemble.newton._newton_parameters import RANKER
from skensemble.ensemble.newton._rounds_search import N_FOLDS
from skensemble.ensemble.newton._weight_unit import in_rows
from skensemble.ensemble.rows._folds import group_folds
from skensemble.ensemble.rows._held_out_rows import held_out_parts
from skensemble.ensemble.rows._row_sampling import copies_of

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Column, Iterator, RandomState, Self, Sequence, Table


class NewtonBoostingRanker(NewtonBoosting):
    """Second-order gradient boosting for ranking (LambdaMART).

    The training data are queries, each a set of samples with degrees of relevance. The model learns scores that rank
    the samples of a query by relevance. Each round fits a tree to gradients (lambdas) of pairs of samples in a query
    [1]_, [2]_, normalised as in LightGBM [3]_: a sample that is ranked below a less relevant one is pushed up, more
    strongly if the ranking measure, such as NDCG [4]_, gains more by that. Numbers may be missing or infinite, and
    categories need no encoding. The samples of a query need not be contiguous, and the model does not depend on the
    order of the samples: samples with equal scores share their positions.

    Parameters
    ----------
    loss : {"rank:ndcg", "rank:pairwise", "rank:map"}, default="rank:ndcg"
        Loss to minimise: the logistic loss of all pairs of samples in a query that differ in relevance. "rank:ndcg"
        weights each pair by the change of NDCG if the two samples swapped their positions (LambdaMART), "rank:map" by
        the change of average precision, for which a sample is relevant if its relevance is not 0, and "rank:pairwise"
        by 1.
    n_estimators : int or "auto", default=300
        Maximum number of boosting rounds. Rounds without a split are kept. A round grows one tree. "auto": fit chooses
        it by 3 folds of whole queries: boosting with large steps on the other queries shows how far `scoring` improves;
        the model is then fitted to all queries with 100 to 1000 small steps that go as far. It means 300 where early
        stopping decides, with other boosters than "gbtree", and for fewer than 3 queries.
    learning_rate : float or "auto", default="auto"
        Factor > 0 that multiplies the values of all leaves (shrinkage). "auto": 0.06 * (n_samples / 1000) ** 0.25,
        clipped to [0.05, 0.12]; this suits 300 rounds, and fewer rounds need a larger value. With `booster="gblinear"`,
        the factor that multiplies each step of a coefficient; "auto": 0.5.
    booster : {"gbtree", "dart", "gblinear"}, default="gbtree"
        What a round adds to the model. "gbtree": trees. "dart": trees that are grown while some of the earlier trees
        are left out; then the new trees and those left out are rescaled (see `rate_drop`, `skip_drop`, `one_drop`,
        `sample_type` and `normalize_type`). "gblinear": a step of each coefficient of a linear model (see
        `feature_selector`); it encodes categories one-hot and missing values as 0, and ignores the parameters of trees
        and of sampling.
    num_parallel_tree : int, default=1
        Number of trees that a round grows for each output, each on samples and features of its own. The round adds
        their mean.
    grow_policy : {"depthwise", "lossguide", "symmetric"}, default="symmetric"
        Order in which nodes are split. "depthwise": level by level, down to `max_depth`. "lossguide": the node with the
        largest gain first, up to `max_leaf_nodes` leaves. "symmetric": level by level, with one split for all nodes of
        a level (oblivious trees, as in CatBoost).
    max_depth : int or None, default=6
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit. Symmetric
        trees need a limit, which must be at most 16.
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
        Monotonicity constraint of each feature. 1: the score must not decrease when the feature increases; -1: must not
        increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints. None: no
        constraints.
    interaction_cst : list of lists, "pairwise", "no_interactions" or None, default=None
        Groups of features, as labels of columns or positions, that may interact: all features on a path from the root
        to a leaf must belong to one group. Features in no group form a group of their own. "pairwise": each pair of
        features is a group. "no_interactions": each feature is a group. None: all features may interact.
    subsample : float, default=0.7
        Fraction of the samples, in (0, 1], that are drawn to grow the trees of a round.
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
    linear_leaves : bool, default=False
        Whether leaves predict a linear function of the numeric features on their path from the root, instead of a
        constant. Samples with a missing or infinite value in one of these features get a constant. Cannot be combined
        with `booster="dart"`, with `monotonic_cst`, or with losses that compute leaf values from residuals
        ("absolute_error", "huber" and "quantile").
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
    lambdarank_truncation_level : int or None, default=30
        Number of top positions of a query that matter to the loss: only pairs are used whose better placed sample has
        one of these positions, by the current scores. It should exceed the number of positions that matter to you.
        None: all pairs.
    lambdarank_norm : bool, default=True
        Whether to normalise the gradients as LightGBM does: pairs with nearly equal scores get more weight, and the
        weight of a query grows more slowly than its number of pairs.
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when the score on held-out queries no longer improves, and to keep the rounds up to the best
        one, which can be none. "auto": only if `X_val` is passed to fit. True: always; without `X_val`, the fraction
        `validation_fraction` of the queries is held out. False: never; queries passed as `X_val` are only scored.
    validation_fraction : float, default=0.1
        Fraction of the queries, in (0, 1), to hold out for early stopping if fit gets no `X_val`; fraction of the
        samples, if there is only one query. Identical queries are held out together.
    n_iter_no_change : int, default=10
        Number of rounds without a better score after which early stopping stops.
    tol : float, default=1e-07
        Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor
        counts in units of what the best constant loses, so that the scale of the target does not matter. Must be >= 0.
    scoring : str, default="ndcg"
        Score of the held-out queries: "ndcg" or "map", of all positions or, as in "ndcg@10", of the first ones.
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
        Seed of the draws of samples, features, trees to leave out, and held-out queries. Pass an int to get the same
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
        Importance of each feature, see `importance_type`; they sum to 1.
    learning_rate_ : float
        Only if `n_estimators="auto"` was decided by folds: the learning rate of the rounds of the model.
    cv_results_ : dict
        Only then: what the folds said, as that of `NewtonBoostingRegressor`, about a single candidate.
    temperature_ : float
        Only then: 1.
    train_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        Score of the training queries after 0, 1, ... rounds, including rounds that early stopping removed. Empty if
        there are no held-out queries and `verbose` is 0.
    validation_score_ : ndarray of shape (n_rounds + 1,) or (0,)
        The same for the held-out queries.

    See Also
    --------
    NewtonBoostingRegressor : The same for regression.
    sklearn.metrics.ndcg_score : NDCG whose gains are the relevances r themselves, instead of 2^r - 1.

    Notes
    -----
    Cross-validation must not split queries: use `sklearn.model_selection.GroupKFold`. Metadata routing passes `qid` to
    `fit` and `score` after `set_fit_request(qid=True).set_score_request(qid=True)`.

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

    _parameters = RANKER

    def __init__(
        self,
        loss: Literal["rank:ndcg", "rank:pairwise", "rank:map"] = "rank:ndcg",
        *,
        n_estimators: int | Literal["auto"] = 300,
        learning_rate: float | Literal["auto"] = "auto",
        booster: Literal["gbtree", "dart", "gblinear"] = "gbtree",
        num_parallel_tree: int = 1,
        grow_policy: Literal["depthwise", "lossguide", "symmetric"] = "symmetric",
        max_depth: int | None = 6,
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
        subsample: float = 0.7,
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
        linear_leaves: bool = False,
        linear_lambda: float = 1.0,
        feature_selector: Literal["cyclic", "shuffle", "random", "greedy", "thrifty"] = "cyclic",
        top_k: int | None = None,
        lambdarank_truncation_level: int | None = 30,
        lambdarank_norm: bool = True,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-07,
        scoring: str = "ndcg",
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
        self.lambdarank_truncation_level = lambdarank_truncation_level
        self.lambdarank_norm = lambdarank_norm
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
        X: Table,
        y: Column | None = None,
        sample_weight: Column | None = None,
        *,
        group: Column | None = None,
        qid: Column | None = None,
        X_val: Table | None = None,
        y_val: Column | None = None,
        group_val: Column | None = None,
        qid_val: Column | None = None,
        sample_weight_val: Column | None = None,
        init_score: Column | None = None,
        init_score_val: Column | None = None,
    ) -> Self:
        """Fit the boosted trees.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features), or Batches
            Features. Numbers may be missing (NaN) or infinite; see `categorical_features` for categories.
            `skensemble.distributed.Batches` are read in batches of rows, of which only codes stay in memory; `group`
            or `qid` are those of all rows, and queries may be cut.
        y : array-like of shape (n_samples,)
            Relevance of each sample to its query, from 0 to 500, whole or not. Its gain in NDCG is 2^relevance - 1.
        sample_weight : array-like of shape (n_queries,) or (n_samples,), default=None
            Weights >= 0, of queries or of samples. One per query, in the order of `group` or of the first samples of
            each query in `qid`: a query with weight 2 counts as two queries. One per sample: a sample with weight 2
            counts as two samples of its query, which take two positions.
        group : array-like of shape (n_queries,), default=None
            Number of samples of each query, if the samples are sorted by query.
        qid : array-like of shape (n_samples,), default=None
            Query of each sample, a number or a name, in any order. Without `group` and `qid`, all samples belong to one
            query.
        X_val, y_val : like X and y, default=None
            Held-out queries that are scored after each round, see `early_stopping`.
        group_val, qid_val, sample_weight_val : like group, qid and sample_weight, default=None
            The same for the held-out samples.
        init_score : array-like of shape (n_samples,), default=None
            Scores to start from. They do not become part of the model: add them to its predictions.
        init_score_val : like init_score, default=None
            The same for the held-out samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter, a weight, a query or a relevance is not allowed; the message names it, the rule and the
            value. The estimator is then left as it was before.
        """
        if X_val is None and not (group_val is None and qid_val is None):
            raise ValueError("group_val and qid_val need X_val and y_val, got X_val=None.")
        if is_dask(X):
            given = {"y": y, "sample_weight": sample_weight, "init_score": init_score, "qid": qid, "group": group}
            given_val = {"y": y_val, "sample_weight": sample_weight_val, "init_score": init_score_val}
            return self._fit_on_dask(X, given, X_val, {**given_val, "qid": qid_val, "group": group_val})
        y, sample_weight = read_targets(self, X, y, sample_weight)
        y_val, sample_weight_val = read_targets(self, X_val, y_val, sample_weight_val)
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

    def _make_data(self, kind, X, table, target, weight, start, n_threads, in_blocks=False):
        data = super()._make_data(kind, X, table, target.relevance, weight, start, n_threads, in_blocks)
        data.queries = target.queries
        return data

    def _arrays_of(self, target):
        queries = target.queries
        return target.relevance, queries.code, queries.weight, queries.copies

    def _make_loss(self, target):
        return make_loss(self.loss, **vars(self))

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

    def _choose_folds(self, train, data, groups):
        """Whole queries, those that are alike together."""
        keys = train.keys()
        distinct, group = np.unique(train.queries.keys(keys), return_inverse=True)
        if len(distinct) < N_FOLDS:
            return []
        return group_folds(group[train.queries.code], keys, train.copies, N_FOLDS)

    def _loss_of(self, train, n_threads):
        return self._loss.of_rows(train.y, train.queries, n_threads)

    def _boost(self, settled, kept, n_threads, progress):
        self._loss = self._loss_of(kept.train, n_threads)
        made = super()._boost(settled, kept, n_threads, progress)
        self._loss = self._loss.without_rows()
        return made

    def _scorer(self, held_out):
        if held_out is None and not self.verbose:
            return None
        measure, n_threads = RankingMeasure.of(self.scoring), effective_n_jobs(self.n_jobs)
        return lambda data: measure.mean(data.y, data.raw_of_all()[0], data.queries, n_threads)

    @lazy_on_dask
    def predict(self, X: Table) -> Array:
        """Predict the score of each sample.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Larger for samples that are ranked higher. Only differences within a query have a meaning.
        """
        return self._raw_predict(X)[:, 0]

    def staged_predict(self, X: Table) -> Iterator[Array]:
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

    def score(
        self,
        X: Table,
        y: Column,
        sample_weight: Column | None = None,
        *,
        group: Column | None = None,
        qid: Column | None = None,
    ) -> float:
        """Mean normalised discounted cumulative gain (NDCG) of the queries.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Relevance of each sample.
        sample_weight : array-like of shape (n_queries,) or (n_samples,), default=None
            Weights >= 0, as in `fit`.
        group : array-like of shape (n_queries,), default=None
            Number of samples of each query, as in `fit`.
        qid : array-like of shape (n_samples,), default=None
            Query of each sample, as in `fit`.

        Returns
        -------
        score : float
            In [0, 1]. NDCG of all positions, with gains 2^relevance - 1. Samples with equal scores share their
            positions; a query in which all orders are equally good counts as 1.
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
    """Relevance and queries as the user gave them."""

    relevance: object
    qid: object
    group: object


class _Target(NamedTuple):
    """Relevance and queries as arrays."""

    relevance: np.ndarray
    queries: Queries


def _read_queries(judged, sample_weight, n_samples, suffix):
    code = _read_codes(judged, n_samples, suffix)
    n_queries, name = int(code.max(initial=0)) + 1, "sample_weight" + suffix
    if sample_weight is None:
        return Queries(code)
    check_in_memory(sample_weight, name)
    shape = np.asarray(sample_weight).shape
    if n_queries != n_samples and shape == (n_queries,):
        return Queries(code, weight=in_rows(read_weight(sample_weight, name, n_queries)))
    if len(shape) == 1 and shape != (n_samples,):
        raise ValueError(
            f"{name} must have one entry per row ({n_samples}) or per query ({n_queries}), got {shape[0]}."
        )
    return Queries(code, copies=in_rows(read_weight(sample_weight, name, n_samples)))


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
    check_in_memory(group, name)
    check_unmasked(group, name)
    sizes = np.asarray(group)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iuf" or not (sizes >= 1).all() or (sizes % 1 != 0).any():
        raise ValueError(f"{name} must hold the sizes of the queries, ints >= 1, got {group!r}.")
    sizes = sizes.astype(np.int64)
    if sizes.sum() != n_samples:
        raise ValueError(f"{name} must add up to the number of rows of X, {n_samples}, got {sizes.sum()}.")
    return np.repeat(np.arange(len(sizes)), sizes)


def _codes_of_names(qid, name, n_samples):
    check_in_memory(qid, name)
    check_unmasked(qid, name)
    if np.shape(qid) != (n_samples,):
        raise ValueError(f"{name} must have shape ({n_samples},), got {np.shape(qid)}.")
    is_of_pandas = isinstance(qid, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray))
    codes, _ = pd.factorize(in_native_order(qid if is_of_pandas else np.asarray(qid)))
    if (codes < 0).any():
        raise ValueError(f"{name} must name a query for each row, got a missing one in row {codes.argmin()}.")
    return codes.astype(np.int64)
