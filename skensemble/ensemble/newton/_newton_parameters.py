"""Parameters of the Newton boosters: defaults, rules and documentation."""

from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsArrayLike,
    IsBool,
    IsCallable,
    IsNone,
    IsString,
    Matches,
    NameIn,
    OneOf,
    Parameter,
    SequenceOf,
    choice,
)
from skensemble._shared_parameters import CATEGORICAL, CLASS_FACTORS, JOBS, MAX_BINS, MIN_FREQUENCY, monotonic_cst
from skensemble.ensemble.losses._losses import offered_losses
from skensemble.ensemble.losses._ranking_losses import RankingMeasure
from skensemble.ensemble.newton._boosters import booster_names
from skensemble.ensemble.newton._linear_booster import FEATURE_SELECTORS
from skensemble.tree.histogram._growth_parameters import CATEGORY_PARAMETERS, COLUMN_PARAMETERS, SIZE_PARAMETERS

_IsMeasure = Matches(
    lambda value: isinstance(value, str) and RankingMeasure.of(value) is not None,
    "'ndcg', 'map', 'ndcg@k' or 'map@k' with an int k >= 1",
)
_NON_NEGATIVE = (Interval(float, 0.0),)
_POSITIVE = (Interval(float, 0.0, closed="neither"),)
_FRACTION = (Interval(float, 0.0, 1.0, "right"),)
_PROBABILITY = (Interval(float, 0.0, 1.0, "both"),)
_IsSplitter = Matches(
    lambda value: (hasattr(value, "split") and not isinstance(value, str)) or isinstance(value, (list, tuple)),
    "a splitter (an object with a method split) or a list of pairs of arrays (train, test)",
)
_INSIDE = Interval(float, 0.0, 1.0, "neither")


def _options(default, options, text):
    return Parameter(default, (OneOf(*options),), choice(options), text)


def _name(default, names, text):
    """A Parameter that is one of the names that a function returns."""
    return Parameter(default, (NameIn(names),), choice(names()), text)


def _losses_of_numbers():
    return offered_losses("newton", "numbers")


def _flag(default, text):
    return Parameter(default, (IsBool,), "bool", text)


# -- what all of them have -------------------------------------------------------------------------------------------

_RATE = Parameter(
    "auto",
    (*_POSITIVE, OneOf("auto")),
    'float or "auto"',
    'Factor > 0 that multiplies the values of all leaves (shrinkage). "auto": 0.06 * (n_samples / 1000) ** 0.25, '
    "clipped to [0.05, 0.12]; this suits 300 rounds, and fewer rounds need a larger value. With "
    '`booster="gblinear"`, the factor that multiplies each step of a coefficient; "auto": 0.5.',
)
_ROUNDS = {
    "n_estimators": Parameter(
        "auto",
        (Interval(int, 1), OneOf("auto")),
        'int or "auto"',
        'Maximum number of boosting rounds; early stopping may make fewer. "auto": fit chooses it by folds '
        "(see `cv`): boosting with large steps on the other samples of each fold shows how far the score of its "
        "left-out samples improves; the model is then fitted to all samples with 100 to 1000 small steps that go as "
        "far, or at most 600 where a round grows several trees; beyond 20,000 samples at most 300, or 200 where a "
        'round grows several trees. "auto" means 300 where early stopping decides, for other boosters than "gbtree", '
        "for fewer than 20 samples, and for a callable `loss` without another `scoring`. "
        "Rounds without a split are kept.",
    ),
    "learning_rate": _RATE._replace(
        text=f'{_RATE.text} Where `n_estimators="auto"` would need fewer than 100 or more than 1000 rounds, or other '
        'limits that `n_estimators` names, "auto" is the value that needs these; see `learning_rate_`.'
    ),
    "booster": _name(
        "gbtree",
        booster_names,
        'What a round adds to the model. "gbtree": trees. "dart": trees that are grown while some of the earlier '
        "trees are left out; then the new trees and those left out are rescaled (see `rate_drop`, `skip_drop`, "
        '`one_drop`, `sample_type` and `normalize_type`). "gblinear": a step of each coefficient of a linear model '
        "(see `feature_selector`); it encodes categories one-hot and missing values as 0, and ignores the parameters "
        "of trees and of sampling.",
    ),
    "num_parallel_tree": Parameter(
        1,
        (Interval(int, 1),),
        "int",
        "Number of trees that a round grows for each output, each on samples and features of its own. The round adds "
        "their mean.",
    ),
}
_INTERACTIONS = Parameter(
    None,
    (IsArrayLike, OneOf("pairwise", "no_interactions"), IsNone),
    'list of lists, "pairwise", "no_interactions" or None',
    "Groups of features, as labels of columns or positions, that may interact: all features on a path from the root to "
    'a leaf must belong to one group. Features in no group form a group of their own. "pairwise": each pair of '
    'features is a group. "no_interactions": each feature is a group. None: all features may interact.',
)
_MAX_DELTA_STEP = Parameter(
    "auto",
    (*_NON_NEGATIVE, OneOf("auto")),
    'float or "auto"',
    "Maximum absolute value of a leaf, with its slopes if it has any, before the learning rate is applied. "
    '0: no limit. "auto": a limit for the '
    "losses with a log link, whose predictions can run away from the targets without one, and none for others.",
)
_SAMPLING = {
    "subsample": Parameter(
        "auto",
        (*_FRACTION, OneOf("auto")),
        'float or "auto"',
        'Fraction of the samples, in (0, 1], that are drawn to grow the trees of a round. "auto": 0.7; all samples '
        'where `n_estimators="auto"` compares on more than 20,000, or finds so much progress over many rounds that '
        "there must be little noise, and this improves the score of left-out samples by at least 2 %.",
    ),
    "sampling_method": _options(
        "uniform",
        ("uniform", "goss"),
        'How these samples are drawn. "uniform": all with the same probability. "goss": gradient-based one-side '
        "sampling, which always takes the samples with the largest gradients and draws from the others; `subsample=1`"
        " then means 0.3.",
    ),
    "colsample_bytree": Parameter(
        1.0, _FRACTION, "float", "Fraction of the features, in (0, 1], that are drawn for each tree."
    ),
    **COLUMN_PARAMETERS,
}
_DART = {
    "rate_drop": Parameter(
        0.0,
        _PROBABILITY,
        "float",
        'With `booster="dart"`: expected fraction, in [0, 1], of the earlier trees that a round leaves out.',
    ),
    "skip_drop": Parameter(
        0.0, _PROBABILITY, "float", 'With `booster="dart"`: probability, in [0, 1], that a round leaves out no trees.'
    ),
    "one_drop": _flag(
        False, 'With `booster="dart"`: whether to leave out at least one tree in each round that is not skipped.'
    ),
    "sample_type": _options(
        "uniform",
        ("uniform", "weighted"),
        'With `booster="dart"`: how the trees to leave out are drawn. "uniform": all with the same probability. '
        '"weighted": with probabilities proportional to their current scales.',
    ),
    "normalize_type": _options(
        "tree",
        ("tree", "forest"),
        'With `booster="dart"`: how trees are rescaled after a round that left out k of them, where eta is '
        '`learning_rate`. "tree": the new tree is multiplied by 1 / (k + eta), those left out by k / (k + eta). '
        '"forest": all of them by 1 / (1 + eta).',
    ),
}
_AUTO_LEAVES = (
    '"auto": where `n_estimators="auto"` compares, they do if this improves the score of left-out samples by at least '
    "0.5 %, and the trees are not best-first; elsewhere they do not, nor where they cannot."
)
_LINEAR = {
    "linear_leaves": Parameter(
        "auto",
        (IsBool, OneOf("auto")),
        'bool or "auto"',
        "Whether leaves predict a linear function of the numeric features on their path from the root, instead of a "
        "constant. Samples with a missing or infinite value in one of these features get a constant. Cannot be "
        'combined with `booster="dart"`, with `monotonic_cst`, or with losses that compute leaf values from residuals '
        '("absolute_error", "huber" and "quantile"). ' + _AUTO_LEAVES,
    ),
    "linear_lambda": Parameter(
        1.0,
        _NON_NEGATIVE,
        "float",
        "L2 regularisation of the slopes of linear leaves, for features in units of their standard deviation. Must be"
        " >= 0.",
    ),
    "feature_selector": _options(
        "cyclic",
        FEATURE_SELECTORS,
        'With `booster="gblinear"`: order in which a round updates the coefficients. "cyclic": by column. "shuffle": '
        'in a random order. "random": as many random draws, with replacement, as there are coefficients. "greedy": '
        'always the coefficient with the largest step, which is searched for again after each update. "thrifty": by '
        "the size of their steps at the start of the round, the largest first.",
    ),
    "top_k": Parameter(
        None,
        (Interval(int, 1), IsNone),
        "int or None",
        'With `feature_selector` "greedy" or "thrifty": number of updates in a round. None: as many as there are '
        "coefficients.",
    ),
}
_CV = {
    "cv": Parameter(
        None,
        (Interval(int, 2), _IsSplitter, IsNone),
        "int, splitter, list or None",
        'Folds by which `n_estimators="auto"`, `grow_policy="auto"` and `linear_leaves="auto"` are decided. None: 3 '
        "folds; beyond 20,000 samples, a single one that leaves out a fifth, and beyond 100,000 a tenth. int: number of"
        " folds. These folds are drawn by the contents of the samples, of each class in proportion, and of whole groups"
        " if fit gets `groups`. splitter: an object with a method `split`, as in `sklearn.model_selection`. list: "
        "pairs of arrays with the positions of training and left-out samples.",
    )
}
_STOPPING = {
    "early_stopping": Parameter(
        "auto",
        (OneOf("auto"), IsBool),
        '"auto" or bool',
        "Whether to stop when the score on held-out samples no longer improves, and to keep the rounds up to the best"
        ' one, which can be none. "auto": only if `X_val` is passed to fit. True: always; without `X_val`, the '
        "fraction `validation_fraction` of the samples is held out. False: never; samples passed as `X_val` are only "
        "scored.",
    ),
    "validation_fraction": Parameter(
        0.1,
        (_INSIDE,),
        "float",
        "Fraction of the samples, in (0, 1), to hold out for early stopping if fit gets no `X_val`. Identical samples"
        " are held out together.",
    ),
    "n_iter_no_change": Parameter(
        10, (Interval(int, 1),), "int", "Number of rounds without a better score after which early stopping stops."
    ),
    "tol": Parameter(
        1e-7,
        _NON_NEGATIVE,
        "float",
        "Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor"
        " counts in units of what the best constant loses, so that the scale of the target does not matter. Must be "
        ">= 0.",
    ),
    "scoring": Parameter(
        "loss",
        (IsString, IsCallable, IsNone),
        "str, callable or None",
        'Score of the held-out samples, larger for better. "loss": the negative loss. Other str: name of a scorer of '
        "scikit-learn. callable: a scorer `(estimator, X, y) -> float`. None: the method `score`.",
    ),
}
_REST = {
    "warm_start": _flag(
        False,
        "Whether the next call of fit continues the previous one: it adds rounds to the model, up to `n_estimators` "
        "in total. On the same data, the result is that of a single fit.",
    ),
    "importance_type": _options(
        "gain",
        ("gain", "cover", "split"),
        'What `feature_importances_` sums over the splits on a feature. "gain": their gains. "cover": the hessians of'
        ' the samples that reach them. "split": 1 for each.',
    ),
    "n_jobs": JOBS,
    "random_state": Parameter(
        None,
        RANDOM_STATE,
        "int, RandomState instance or None",
        "Seed of the draws of samples, features, trees to leave out, and held-out samples. Pass an int to get the "
        "same model in every fit.",
    ),
    "verbose": Parameter(0, (Interval(int, 0), IsBool), "int or bool", "Whether to print a line for each round."),
}

_DEPTH = Parameter(
    "auto",
    (*SIZE_PARAMETERS["max_depth"].rules, OneOf("auto")),
    'int, None or "auto"',
    f'{SIZE_PARAMETERS["max_depth"].text} "auto": 6, but no limit for the best-first trees that `grow_policy="auto"` '
    "chooses, and 8 where the search finds little noise (see `subsample`) and this improves the score as much.",
)
_POLICY = Parameter(
    "auto",
    (OneOf("auto", *SIZE_PARAMETERS["grow_policy"].rules[0].options),),
    '{"auto", "depthwise", "lossguide", "symmetric"}',
    f'{SIZE_PARAMETERS["grow_policy"].text} "auto": "symmetric"; where `n_estimators="auto"` compares, "depthwise" if'
    " there are at least 1000 samples and this improves the score of left-out samples by at least 0.5 %, and beyond "
    '20,000 samples "lossguide" with 63 or 127 leaves (beyond 100,000 with 127), unless `max_depth` or `max_leaf_nodes`'
    " is given or a column has more than 255 categories.",
)

# -- the three estimators --------------------------------------------------------------------------------------------


def _table(loss, n_estimators, monotone, own, **texts):
    """Parameters of an estimator, in the order of its signature.

    n_estimators : what a round is to it;  monotone : its monotonic_cst;  own : what the others do not have
    texts : of shared parameters, where they differ
    """
    table = {
        "loss": loss,
        **_ROUNDS,
        **SIZE_PARAMETERS,
        "grow_policy": _POLICY,
        "max_depth": _DEPTH,
        "max_delta_step": _MAX_DELTA_STEP,
        "max_bins": MAX_BINS,
        "categorical_features": CATEGORICAL,
        "min_frequency": MIN_FREQUENCY,
        **CATEGORY_PARAMETERS,
        "monotonic_cst": monotone,
        "interaction_cst": _INTERACTIONS,
        **_SAMPLING,
        **_DART,
        **_LINEAR,
        **own,
        **_CV,
        **_STOPPING,
        **_REST,
    }
    texts["n_estimators"] = f"{table['n_estimators'].text} {n_estimators}"
    return {**table, **{name: table[name]._replace(text=text) for name, text in texts.items()}}


CLASSIFIER = _table(
    Parameter(
        "log_loss",
        (NameIn(lambda: offered_losses("newton", "classes")), IsCallable),
        '"log_loss" or callable',
        "Loss to minimise. A callable `(y, raw, sample_weight) -> (gradient, hessian)` gets class indices of shape "
        "(n_samples,), raw predictions of shape (n_samples,) for two classes or (n_samples, n_classes) for more, and "
        "sample weights or None. It returns the first and second derivatives of the loss, shaped like `raw` and "
        "multiplied by the weights.",
    ),
    "A round grows one tree for two classes, and one tree per class for more.",
    monotonic_cst(
        "the probability of the second class", "With more than two classes, the raw score of each class is constrained."
    ),
    {
        "class_weight": CLASS_FACTORS,
        "scale_pos_weight": Parameter(
            1.0,
            _POSITIVE,
            "float",
            "Factor > 0 that multiplies the sample weights of the second of two classes. Must be 1 for more classes.",
        ),
        "base_score": Parameter(
            None,
            (Interval(float), IsArrayLike, IsNone),
            "float, array-like or None",
            "Prediction before the first round: the probability of the second class, or an array with the probability"
            " of each class. None: the constant with the smallest loss.",
        ),
    },
    validation_fraction="Fraction of the samples, in (0, 1), to hold out for early stopping if fit gets no `X_val`. "
    "The same fraction of each class is held out, but each class keeps at least one sample for "
    "training. Identical samples are held out together.",
)

REGRESSOR = _table(
    Parameter(
        "squared_error",
        (NameIn(_losses_of_numbers), IsCallable),
        "str or callable",
        f'Loss to minimise: {choice(_losses_of_numbers())[1:-1]} or a callable. "poisson", "gamma" and '
        '"tweedie" have a log link. A callable `(y, raw, sample_weight) -> (gradient, hessian)` gets '
        "targets and raw predictions, both of shape (n_samples,) or (n_samples, n_outputs), and sample weights or "
        "None. It returns the first and second derivatives of the loss, shaped like `raw` and multiplied by the "
        "weights.",
    ),
    "A round grows one tree, or one per output or quantile level if there are several.",
    monotonic_cst("the prediction", 'With several outputs, only for `multi_strategy="one_output_per_tree"`.'),
    {
        "multi_strategy": _options(
            "one_output_per_tree",
            ("one_output_per_tree", "multi_output_tree"),
            'How several outputs are fitted. "one_output_per_tree": a tree for each output. "multi_output_tree": '
            "trees with a value for each output in their leaves.",
        ),
        "quantile": Parameter(
            0.5,
            (_INSIDE, SequenceOf(_INSIDE, "a list of them")),
            "float or list of float",
            'Level in (0, 1) of the losses "quantile" and "expectile". A list gives one column of predictions per '
            "level; the columns never cross.",
        ),
        "tweedie_variance_power": Parameter(
            1.5,
            (Interval(float, 1.0, 2.0, "neither"),),
            "float",
            'Power p in (1, 2) of the loss "tweedie", whose variance is proportional to mean ** p.',
        ),
        "huber_slope": Parameter(
            None,
            (*_POSITIVE, IsNone),
            "float or None",
            'Absolute residual > 0, in units of the target, beyond which the losses "huber" and "pseudo_huber" grow '
            "linearly. None: the 0.9-quantile of the absolute distances of the target from its median.",
        ),
        "base_score": Parameter(
            None,
            (Interval(float), IsArrayLike, IsNone),
            "float, array-like or None",
            "Prediction before the first round, in units of the target: one value, or an array with one per output. "
            "None: the constant with the smallest loss.",
        ),
    },
)

RANKER = _table(
    _name(
        "rank:ndcg",
        lambda: offered_losses("newton", "relevance"),
        'Loss to minimise: the logistic loss of all pairs of samples in a query that differ in relevance. "rank:ndcg"'
        ' weights each pair by the change of NDCG if the two samples swapped their positions (LambdaMART), "rank:map"'
        " by the change of average precision, for which a sample is relevant if its relevance is not 0, and "
        '"rank:pairwise" by 1.',
    ),
    "A round grows one tree.",
    monotonic_cst("the score"),
    {
        "lambdarank_truncation_level": Parameter(
            30,
            (Interval(int, 1), IsNone),
            "int or None",
            "Number of top positions of a query that matter to the loss: only pairs are used whose better placed "
            "sample has one of these positions, by the current scores. It should exceed the number of positions that "
            "matter to you. None: all pairs.",
        ),
        "lambdarank_norm": _flag(
            True,
            "Whether to normalise the gradients as LightGBM does: pairs with nearly equal scores get more weight, and"
            " the weight of a query grows more slowly than its number of pairs.",
        ),
    },
    early_stopping="Whether to stop when the score on held-out queries no longer improves, and to keep the rounds up "
    'to the best one, which can be none. "auto": only if `X_val` is passed to fit. True: always; without `X_val`, '
    "the fraction `validation_fraction` of the queries is held out. False: never; queries passed as `X_val` are "
    "only scored.",
    validation_fraction="Fraction of the queries, in (0, 1), to hold out for early stopping if fit gets no `X_val`; "
    "fraction of the samples, if there is only one query. Identical queries are held out "
    "together.",
    random_state="Seed of the draws of samples, features, trees to leave out, and held-out queries. Pass an int to "
    "get the same model in every fit.",
)
del RANKER["cv"]  # queries are not folded
RANKER |= {name: SIZE_PARAMETERS[name] for name in ("grow_policy", "max_depth")}
RANKER["n_estimators"] = Parameter(
    300,
    (Interval(int, 1), OneOf("auto")),
    'int or "auto"',
    "Maximum number of boosting rounds. Rounds without a split are kept. A round grows one tree. "
    '"auto": fit chooses it by 3 folds of whole queries: boosting with large steps on the other queries shows how far '
    "`scoring` improves; the model is then fitted to all queries with 100 to 1000 small steps that go as far. It means "
    "300 where early stopping decides, with other boosters than "
    '"gbtree", and for fewer than 3 queries.',
)
RANKER["learning_rate"] = _RATE
RANKER["subsample"] = Parameter(
    0.7, _FRACTION, "float", "Fraction of the samples, in (0, 1], that are drawn to grow the trees of a round."
)
RANKER["linear_leaves"] = RANKER["linear_leaves"]._replace(
    default=False,
    rules=(IsBool,),
    kind="bool",
    text=RANKER["linear_leaves"].text.removesuffix(f" {_AUTO_LEAVES}"),
)
RANKER["scoring"] = Parameter(
    "ndcg",
    (_IsMeasure,),
    "str",
    'Score of the held-out queries: "ndcg" or "map", of all positions or, as in "ndcg@10", of the first ones.',
)
