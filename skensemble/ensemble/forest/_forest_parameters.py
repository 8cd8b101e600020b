"""Parameters of forests: defaults, rules and documentation."""

from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsBool,
    IsCallable,
    IsNone,
    OneOf,
    Parameter,
    choice,
    with_defaults,
)
from skensemble._progress_lines import verbose
from skensemble._shared_parameters import BALANCED, DICT_OF_FACTORS, FACTORS, JOBS
from skensemble.tree.exact._cart_limits import CART_PARAMETERS, CLASSIFIER_PARAMETERS, REGRESSOR_PARAMETERS

_BOOTSTRAP = {
    "bootstrap": Parameter(
        True,
        (IsBool,),
        "bool",
        "Whether each tree is grown on a bootstrap sample: samples that are drawn with replacement, each with a "
        "probability proportional to its weight. False: each tree is grown on all samples.",
    ),
    "max_samples": Parameter(
        None,
        (Interval(int, 1), Interval(float, 0.0, closed="neither"), IsNone),
        "int, float or None",
        "Number of draws for each bootstrap sample. int: this number. float > 0: this fraction of the total sample "
        "weight, which may exceed 1. None: the number of samples, where a sample with a whole-number weight k counts "
        "as k samples. Needs `bootstrap=True`.",
    ),
    "oob_score": Parameter(
        False,
        (IsBool, IsCallable),
        "bool or callable",
        "Whether to predict each sample by the trees that were not grown on it (out-of-bag predictions), and to score"
        " these predictions: by {metric}, or by a callable `metric(y_true, y_pred)`. Needs `bootstrap=True`.",
    ),
}
_IMPORTANCES = Parameter(
    "impurity",
    (OneOf("impurity", "permutation"),),
    choice(("impurity", "permutation")),
    'How `feature_importances_` are computed. "impurity": fraction of the decrease of impurity that is due to splits '
    'on the feature. "permutation": decrease of {metric} of a tree on its out-of-bag samples when the feature is '
    "permuted among them, mean over the trees; needs `bootstrap=True`, and is computed in fit.",
)
_LEAF_ROWS = "Whether to keep the leaf of each training sample in each tree, as `training_leaves_`."
_SUBSAMPLE = (
    '"balanced_subsample": the same for each tree, by the samples that are drawn for it. list of dict: one dict per '
    "output; the factors of the outputs are multiplied. None: no factors."
)


def _or_auto(parameter, text):
    return parameter._replace(
        rules=(*parameter.rules, OneOf("auto")),
        kind=parameter.kind.replace(" or None", ', "auto" or None')
        if "None" in parameter.kind
        else 'int, float or "auto"',
        text=f"{parameter.text} {text}",
    )


_BY_OUT_OF_BAG = {
    "min_samples_leaf": _or_auto(
        CART_PARAMETERS["min_samples_leaf"],
        '"auto": fit compares sizes from 1 to 50 by the squared error of out-of-bag samples, after `max_features`; '
        "needs `bootstrap=True`.",
    ),
    "max_features": _or_auto(
        CART_PARAMETERS["max_features"],
        '"auto": fit compares the default, the square root, one third, two thirds and all of the features by the '
        "squared error of out-of-bag samples; needs `bootstrap=True`.",
    ),
}


def _table(own, metric, leaf_rows):
    """Parameters of a forest; `own` are those that depend on the target."""
    table = {
        "n_estimators": Parameter(100, (Interval(int, 1),), "int", "Number of trees."),
        "criterion": own["criterion"],
        **CART_PARAMETERS,
        **_BY_OUT_OF_BAG,
        **own,
        **_BOOTSTRAP,
        "importance_type": _IMPORTANCES,
        "keep_leaf_rows": Parameter(False, (IsBool,), "bool", f"{_LEAF_ROWS} {leaf_rows}".strip()),
        "warm_start": Parameter(
            False,
            (IsBool,),
            "bool",
            "Whether the next call of fit continues the previous one: it adds trees to the forest, up to "
            "`n_estimators` in total. On the same data, the result is that of a single fit. The codes of the training "
            "data, some bytes per cell, are kept for the next call until the estimator is pickled or fitted to others.",
        ),
        "n_jobs": JOBS,
        "random_state": Parameter(
            None,
            RANDOM_STATE,
            "int, RandomState instance or None",
            "Seed of the draws of samples, features and random thresholds. Pass an int to get the same forest in "
            "every fit.",
        ),
        "verbose": verbose("trees", "tree"),
    }
    for name in ("oob_score", "importance_type"):
        table[name] = table[name]._replace(text=table[name].text.format(metric=metric))
    return table


RANDOM_FOREST_CLASSIFIER = with_defaults(
    _table(
        {
            **CLASSIFIER_PARAMETERS,
            "class_weight": Parameter(
                None,
                (*CLASSIFIER_PARAMETERS["class_weight"].rules, OneOf("balanced_subsample")),
                'dict, list of dict, "balanced", "balanced_subsample" or None',
                f"{FACTORS} {DICT_OF_FACTORS} {BALANCED} {_SUBSAMPLE}",
            ),
        },
        "accuracy",
        "",
    ),
    max_features="sqrt",
)
RANDOM_FOREST_REGRESSOR = with_defaults(
    _table(REGRESSOR_PARAMETERS, "R^2", "`predict_quantiles` and `predict_interval` need them."), max_features=1.0
)
EXTRA_TREES_CLASSIFIER = with_defaults(RANDOM_FOREST_CLASSIFIER, bootstrap=False)
EXTRA_TREES_REGRESSOR = with_defaults(RANDOM_FOREST_REGRESSOR, bootstrap=False)
