"""Parameters of AdaBoost: defaults, rules and documentation."""

from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsBool,
    IsCallable,
    IsNone,
    IsString,
    Matches,
    OneOf,
    Parameter,
    choice,
)
from skensemble._progress_lines import verbose
from skensemble._shared_parameters import CATEGORICAL, CLASS_FACTORS, JOBS, MAX_BINS, MIN_FREQUENCY
from skensemble.ensemble.adaboost._adaboost_algorithms import ALGORITHMS

_IsLearner = Matches(
    lambda value: hasattr(value, "fit") and hasattr(value, "predict") and not isinstance(value, type),
    "an estimator with fit and predict",
)
_RANDOM_STATE = Parameter(
    None,
    RANDOM_STATE,
    "int, RandomState instance or None",
    "Seed of the learners, of the draws of samples, and of the held-out samples. Pass an int to get the same model in"
    " every fit.",
)
_STOPPING = {
    "early_stopping": Parameter(
        False,
        (IsBool,),
        "bool",
        "Whether to hold out samples, to score the ensemble on them after each round, and to stop when the score no "
        "longer improves. The rounds up to the best score are kept.",
    ),
    "validation_fraction": Parameter(
        0.1,
        (Interval(float, 0.0, 1.0, "neither"),),
        "float",
        "Fraction of the samples, in (0, 1), to hold out for early stopping.",
    ),
    "n_iter_no_change": Parameter(
        10, (Interval(int, 1),), "int", "Number of rounds without a better score after which early stopping stops."
    ),
    "tol": Parameter(
        1e-7,
        (Interval(float, 0.0),),
        "float",
        "Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a regressor"
        " counts in units of what the best constant loses, so that the scale of the target does not matter. Must be "
        ">= 0.",
    ),
}


_OF_DEFAULT_TREE = "Only for the default tree, which is boosted if `estimator` is None."


def _table(estimator, n_estimators, learning_rate, own, *, resample, strata, loss, metric):
    """Parameters of an estimator.

    estimator, n_estimators, learning_rate : texts, or ends of them;  own : what the other does not have
    resample : default of that parameter;  strata, loss, metric : words that stand in the texts of both
    """
    return {
        "estimator": Parameter(None, (_IsLearner, IsNone), "estimator or None", estimator),
        "n_estimators": Parameter(50, (Interval(int, 1),), "int", f"Maximum number of rounds. {n_estimators}"),
        "learning_rate": Parameter(1.0, (Interval(float, 0.0, closed="neither"),), "float", learning_rate),
        **own,
        "resample": Parameter(
            resample,
            (IsBool,),
            "bool",
            "How a learner sees the sample weights. False: it is fitted to all samples with their weights. True: it "
            "is fitted to as many samples as there are, which are drawn with replacement, each with a probability "
            "proportional to its weight.",
        ),
        "early_stopping": Parameter(
            False,
            (IsBool,),
            "bool",
            "Whether to hold out samples, to score the ensemble on them after each round, and to stop when the score "
            "no longer improves. The rounds up to the best score are kept.",
        ),
        "validation_fraction": Parameter(
            0.1,
            (Interval(float, 0.0, 1.0, "neither"),),
            "float",
            f"Fraction of the samples, in (0, 1), to hold out for early stopping. {strata}".strip(),
        ),
        "n_iter_no_change": Parameter(
            10, (Interval(int, 1),), "int", "Number of rounds without a better score after which early stopping stops."
        ),
        "tol": Parameter(
            1e-7,
            (Interval(float, 0.0),),
            "float",
            "Tolerance of early stopping: a score is better only if it is larger by more than this. The loss of a "
            "regressor counts in units of what the best constant loses, so that the scale of the target does not "
            "matter. Must be >= 0.",
        ),
        "scoring": Parameter(
            "loss",
            (IsString, IsCallable, IsNone),
            "str, callable or None",
            f'Score of the held-out samples, larger for better. "loss": {loss}. Other str: name of a scorer of '
            f"scikit-learn. callable: a scorer `(estimator, X, y) -> float`. None: {metric}.",
        ),
        "max_bins": MAX_BINS._replace(default=None, text=f"{MAX_BINS.text} {_OF_DEFAULT_TREE}"),
        "categorical_features": CATEGORICAL._replace(text=f"{CATEGORICAL.text} {_OF_DEFAULT_TREE}"),
        "min_frequency": MIN_FREQUENCY._replace(text=f"{MIN_FREQUENCY.text} {_OF_DEFAULT_TREE}"),
        "n_jobs": JOBS,
        "random_state": _RANDOM_STATE,
        "verbose": verbose("rounds", "round"),
    }


CLASSIFIER = _table(
    'Learner to boost: a classifier for `algorithm="samme"`, a classifier with `predict_proba` for "real", a '
    'regressor for "gentle" and "logit". Its `fit` must take `sample_weight`, unless `resample=True`. None: a '
    "decision tree with `max_depth=1` of the kind that the algorithm needs; if `class_weight` is given, its leaves "
    "hold at least a hundredth of the total weight.",
    'Boosting also ends after a learner without errors and, for "samme", before a learner that is no better than '
    "chance.",
    "Factor > 0 that multiplies what a round does to the sample weights and to the predictions.",
    {
        "algorithm": Parameter(
            "samme",
            (OneOf(*ALGORITHMS),),
            choice(ALGORITHMS),
            'What the learners predict and how they are combined. "samme": weighted votes (discrete AdaBoost for any '
            'number of classes [2]_, the algorithm of scikit-learn). "real": logarithms of class probabilities '
            '(SAMME.R [2]_, Real AdaBoost [3]_). "gentle": regressions on the sign of the class, whose steps are '
            'bounded (Gentle AdaBoost [3]_). "logit": Newton steps on the log-loss (LogitBoost [3]_). With more than '
            "two classes, the last two fit one learner per class.",
        ),
        "weight_trimming": Parameter(
            0.0,
            (Interval(float, 0.0, 1.0, "left"),),
            "float",
            "Fraction of the total weight, in [0, 1), that a learner does not see: the samples with the smallest "
            "weights are left out. 0.05 or less often leaves out most of the samples and costs no accuracy [3]_.",
        ),
        "class_weight": CLASS_FACTORS,
    },
    resample=False,
    strata="The same fraction of each class is held out.",
    loss='the negative loss that the algorithm minimises (log-loss for "logit", else exponential loss)',
    metric="accuracy",
)
REGRESSOR = _table(
    "Regressor to boost. Its `fit` must take `sample_weight`, unless `resample=True`. None: a decision tree with "
    "`max_depth=3`.",
    "Boosting also ends after a learner without errors, and before a learner whose mean loss is 1/2 or more.",
    "Factor > 0 that multiplies what a round does to the sample weights, and the weight of the learner.",
    {
        "loss": Parameter(
            "linear",
            (OneOf("linear", "square", "exponential"),),
            choice(("linear", "square", "exponential")),
            'Loss of a sample, by its absolute error e as a fraction of the largest one. "linear": e. "square": e^2. '
            '"exponential": 1 - exp(-e).',
        )
    },
    resample=True,
    strata="",
    loss="the negative mean absolute error",
    metric="R^2",
)
