"""Parameters of gradient boosting: defaults, rules and documentation."""

from functools import partial

from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsBool,
    IsNone,
    Matches,
    NameIn,
    OneOf,
    Parameter,
    choice,
    with_defaults,
)
from skensemble._shared_parameters import JOBS
from skensemble.ensemble.losses._losses import offered_losses
from skensemble.ensemble.rows._rounds_by_folds import or_auto
from skensemble.tree.exact._cart_limits import CART_PARAMETERS

MOST_SEARCHED = 1000  # rounds of a fold
_INSIDE = (Interval(float, 0.0, 1.0, "neither"),)
_NON_NEGATIVE = (Interval(float, 0.0),)


def _estimator_with(*methods):
    """A rule for objects (not classes) that have some methods."""
    names = " and ".join(map(repr, methods))
    return Matches(
        lambda value: not isinstance(value, type) and all(hasattr(value, method) for method in methods),
        f"an object implementing {names}",
    )


_ROUNDS = {
    "learning_rate": Parameter(
        0.1,
        _NON_NEGATIVE,
        "float",
        "Factor >= 0 that multiplies the values of all leaves (shrinkage). Smaller values usually predict better, and"
        " need more rounds.",
    ),
    "n_estimators": or_auto(
        Parameter(100, (Interval(int, 1),), "int", "Maximum number of boosting rounds. {round}"), MOST_SEARCHED
    ),
    "subsample": Parameter(
        1.0,
        (Interval(float, 0.0, 1.0, "right"),),
        "float",
        "Fraction of the samples, in (0, 1], that are drawn anew in each round to grow its trees (stochastic gradient"
        " boosting). The same fraction of identical samples is drawn.",
    ),
    "criterion": Parameter(
        "deprecated",
        (OneOf("deprecated", "squared_error", "friedman_mse"),),
        choice(("deprecated", "squared_error", "friedman_mse")),
        "Has no effect; for compatibility with scikit-learn.",
    ),
}
_INIT = (
    "Raw predictions before the first round. estimator: an object with `fit` and `{method}`; a clone of it is fitted "
    'first. "zero": zeros. None: the best constant, {constant}.'
)
_REST = {
    "validation_fraction": Parameter(
        0.1,
        _INSIDE,
        "float",
        "Fraction of the samples, in (0, 1), to hold out if `n_iter_no_change` is set. {strata}Identical samples are "
        "held out together.",
    ),
    "n_iter_no_change": Parameter(
        None,
        (Interval(int, 1), IsNone),
        "int or None",
        "Number of rounds without a smaller loss of the held-out samples after which boosting stops. None: no early "
        "stopping, and no samples are held out.",
    ),
    "tol": Parameter(
        1e-4,
        _NON_NEGATIVE,
        "float",
        "Tolerance of early stopping: a loss is smaller only if it is smaller by more than this. The loss of a "
        "regressor counts in units of what the best constant loses, so that the scale of the target does not matter. "
        "Must be >= 0.",
    ),
    "warm_start": Parameter(
        False,
        (IsBool,),
        "bool",
        "Whether the next call of fit continues the previous one: it adds rounds to the model, up to `n_estimators` "
        "in total. On the same data, the result is that of a single fit.",
    ),
    "n_jobs": JOBS,
    "random_state": Parameter(
        None,
        RANDOM_STATE,
        "int, RandomState instance or None",
        "Seed of the draws of samples, features and held-out samples, and of the choice between splits that are "
        "equally good. Pass an int to get the same model in every fit.",
    ),
    "verbose": Parameter(
        0,
        (Interval(int, 0), IsBool),
        "int or bool",
        "Whether to print progress. 1: a line for each of the first ten rounds, for each tenth of the next ninety, "
        "and so on. 2: a line for each round.",
    ),
}


def _table(loss, own, method, constant, **words):
    """Parameters of an estimator.

    own : what the other does not have;  method, constant : of `init`;  words : that stand in the texts of both
    """
    table = {
        "loss": loss,
        **own,
        **_ROUNDS,
        **with_defaults(CART_PARAMETERS, max_depth=3),
        "init": Parameter(
            None,
            (OneOf("zero"), IsNone, _estimator_with("fit", method)),
            'estimator, "zero" or None',
            _INIT.format(method=method, constant=constant),
        ),
        **_REST,
    }
    for name in ("n_estimators", "validation_fraction"):
        table[name] = table[name]._replace(text=" ".join(table[name].text.format(**words).split()))
    return table


def _loss(default, target, text):
    offered = partial(offered_losses, "gradient", target)
    return Parameter(default, (NameIn(offered),), choice(offered()), text)


CLASSIFIER = _table(
    _loss(
        "log_loss",
        "classes",
        'Loss to minimise. "exponential" is the loss of AdaBoost, for two classes.',
    ),
    {},
    "predict_proba",
    "which predicts the class frequencies",
    round="A round grows one tree for two classes, and one tree per class for more.",
    strata="The same fraction of each class is held out. ",
)
REGRESSOR = _table(
    _loss(
        "squared_error",
        "numbers",
        'Loss to minimise. "huber": the squared error of small residuals, and a linear loss of large ones (see '
        "`alpha`).",
    ),
    {
        "alpha": Parameter(
            0.9,
            _INSIDE,
            "float",
            'Level in (0, 1) of the loss "quantile". With "huber", the quantile of the absolute residuals, computed '
            "anew in each round, up to which residuals are squared.",
        )
    },
    "predict",
    "which is the mean, the median or the quantile of the target",
    round="",
    strata="",
)
