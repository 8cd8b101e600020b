"""The parameters by which users set limits on the growth of boosted trees.

A new limit is a field of GrowthLimits and, if users are to set it, a Parameter of the same name here.  Rules,
signatures and docstrings of the estimators follow from it (`make format` writes them), and docs/parameters.md needs a
row that says what other libraries call it.
"""

from skensemble._parameters import Interval, IsNone, OneOf, Parameter
from skensemble.tree._state_table import NO_LIMIT
from skensemble.tree.histogram._growth_limits import GrowthLimits

_NON_NEGATIVE = (Interval(float, 0.0),)
_FRACTION = (Interval(float, 0.0, 1.0, "right"),)
_REFITTED = (
    'With losses whose leaves are refitted ("absolute_error", "huber" and "quantile"), it has an effect on splits, but '
    "not on leaf values."
)

SIZE_PARAMETERS = {
    "grow_policy": Parameter(
        "symmetric",
        (OneOf("depthwise", "lossguide", "symmetric"),),
        '{"depthwise", "lossguide", "symmetric"}',
        'Order in which nodes are split. "depthwise": level by level, down to `max_depth`. "lossguide": the node with'
        ' the largest gain first, up to `max_leaf_nodes` leaves. "symmetric": level by level, with one split for all '
        "nodes of a level (oblivious trees, as in CatBoost).",
    ),
    "max_depth": Parameter(
        6,
        (Interval(int, 1), IsNone),
        "int or None",
        "Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit. Symmetric"
        " trees need a limit, which must be at most 16.",
    ),
    "max_leaf_nodes": Parameter(
        None, (Interval(int, 2), IsNone), "int or None", "Maximum number of leaves of a tree. None: no limit."
    ),
    "min_samples_leaf": Parameter(
        1,
        (Interval(int, 1),),
        "int",
        "Minimum number of samples in a leaf. If all sample weights are whole numbers, a sample of weight k counts as"
        " k samples.",
    ),
    "min_child_weight": Parameter(
        0.01,
        _NON_NEGATIVE,
        "float",
        "Minimum sum of the hessians (second derivatives of the loss, multiplied by the sample weights) of the "
        "samples in a leaf. Must be >= 0.",
    ),
    "reg_lambda": Parameter(
        3.0,
        _NON_NEGATIVE,
        "float",
        'L2 regularisation of the leaf values, or of the coefficients with `booster="gblinear"`. Must be >= 0. '
        + _REFITTED,
    ),
    "reg_alpha": Parameter(
        0.0,
        _NON_NEGATIVE,
        "float",
        'L1 regularisation of the leaf values, or of the coefficients with `booster="gblinear"`. Must be >= 0. '
        + _REFITTED,
    ),
    "gamma": Parameter(
        0.0,
        _NON_NEGATIVE,
        "float",
        "Minimum gain of a split: a node is split only if its best split gains more. Must be >= 0.",
    ),
    "max_delta_step": Parameter(
        0.0,
        _NON_NEGATIVE,
        "float",
        f"Maximum absolute value of a leaf, before the learning rate is applied. 0: no limit. {_REFITTED}",
    ),
}
CATEGORY_PARAMETERS = {
    "max_cat_to_onehot": Parameter(
        4,
        (Interval(int, 1),),
        "int",
        "Maximum number of categories for one-hot splits. A categorical feature with at most this many categories is "
        "split into one category against all others. With more, categories are sorted by the ratio of their sums of "
        "gradients and hessians, and split in that order.",
    ),
    "max_cat_threshold": Parameter(
        8,
        (Interval(int, 1),),
        "int",
        "Maximum number of categories on the smaller side of a split of sorted categories.",
    ),
}
COLUMN_PARAMETERS = {
    "colsample_bylevel": Parameter(
        0.7,
        _FRACTION,
        "float",
        "Fraction of the features of a tree, in (0, 1], that are drawn for each level.",
    ),
    "colsample_bynode": Parameter(
        1.0,
        _FRACTION,
        "float",
        "Fraction of the features of a level, in (0, 1], that are drawn for each node.",
    ),
    "random_strength": Parameter(
        0.0,
        (Interval(float, 0.0, 1.0, "both"),),
        "float",
        "Randomness of the choice between features, in [0, 1]. Before the best splits of features are compared, the "
        "gain of each is lowered by a random fraction of itself, drawn between 0 and `random_strength` for each node "
        "(for each level of symmetric trees). 0: the largest gain wins. In CatBoost, noise is added to the scores.",
    ),
}
GROWTH_PARAMETERS = {**SIZE_PARAMETERS, **CATEGORY_PARAMETERS, **COLUMN_PARAMETERS}


def read_limits(estimator, names=tuple(GROWTH_PARAMETERS), **others):
    """GrowthLimits from the parameters of an estimator.

    names : of its parameters; those that are no limits are left out
    others : limits that are not the estimator's parameters, or differ from them
    """
    kinds = GrowthLimits.__annotations__
    limits = {name: getattr(estimator, name) for name in names if name in kinds and name not in others}
    limits = {name: kinds[name](NO_LIMIT if limit is None else limit) for name, limit in limits.items()}
    return GrowthLimits(**limits, **others)
