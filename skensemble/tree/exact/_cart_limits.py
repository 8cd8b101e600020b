"""What stops a tree of CART from growing: the record of limits, the rules of the parameters, and how they are read."""

from math import ceil
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from skensemble._parameters import Interval, IsNone, Matches, OneOf, Parameter, choice
from skensemble._shared_parameters import CATEGORICAL, CLASS_FACTORS_BY_OUTPUT, MAX_BINS, MIN_FREQUENCY, monotonic_cst
from skensemble._targets import FeatureNames, read_monotonic_cst
from skensemble._warnings import warn
from skensemble.tree._state_table import NO_LIMIT


class CartLimits(NamedTuple):
    """What a tree may do; "no limit" is -1.  Names and meaning are those of the estimators."""

    criterion: str
    splitter: str = "best"
    max_depth: int = NO_LIMIT
    min_samples_split: int = 2
    min_samples_leaf: int = 1
    min_weight_fraction_leaf: float = 0.0  # of the sum of the weights given to `grow`
    max_features: int = NO_LIMIT
    max_leaf_nodes: int = NO_LIMIT  # if set, nodes are split best first
    min_impurity_decrease: float = 0.0


# -- parameters ------------------------------------------------------------------------------------------------------


def _share(text, accepts):
    """A rule for floats; the number 1 is a count, and 1.0 is a share."""
    return Matches(lambda value: isinstance(value, Real) and not isinstance(value, Integral) and accepts(value), text)


LIMIT_PARAMETERS = {
    "max_depth": Parameter(
        None,
        (Interval(int, 1), IsNone),
        "int or None",
        "Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.",
    ),
    "min_samples_split": Parameter(
        2,
        (Interval(int, 2), _share("a float in (0.0, 1.0]", lambda share: 0.0 < share <= 1.0)),
        "int or float",
        "Minimum number of samples in a node that is split. A float in (0, 1] is a fraction of the number of samples.",
    ),
    "min_samples_leaf": Parameter(
        1,
        (Interval(int, 1), _share("a float in (0.0, 1.0)", lambda share: 0.0 < share < 1.0)),
        "int or float",
        "Minimum number of samples in a leaf. A float in (0, 1) is a fraction of the number of samples.",
    ),
    "min_weight_fraction_leaf": Parameter(
        0.0,
        (Interval(float, 0.0, 0.5, "both"),),
        "float",
        "Minimum fraction of the total sample weight in a leaf, in [0, 0.5].",
    ),
    "max_features": Parameter(
        None,
        (
            Interval(int, 1),
            _share("a float in (0.0, 1.0]", lambda share: 0.0 < share <= 1.0),
            OneOf("sqrt", "log2"),
            IsNone,
        ),
        'int, float, "sqrt", "log2" or None',
        "Number of features that are considered for the split of a node, drawn anew for each node. int: this number. "
        'float in (0, 1]: this fraction of the features. "sqrt", "log2": square root or binary logarithm of their '
        "number. None: all. Features that are constant in the node do not count.",
    ),
    "max_leaf_nodes": Parameter(
        None,
        (Interval(int, 2), IsNone),
        "int or None",
        "Maximum number of leaves of a tree. With a limit, the node whose split reduces the impurity most is split "
        "first. None: no limit.",
    ),
    "min_impurity_decrease": Parameter(
        0.0,
        (Interval(float, 0.0),),
        "float",
        "Minimum decrease of impurity by a split, multiplied by the node's fraction of the total sample weight. Must "
        "be >= 0.",
    ),
}
CART_PARAMETERS = {
    **LIMIT_PARAMETERS,
    "ccp_alpha": Parameter(
        0.0,
        (Interval(float, 0.0),),
        "float",
        "Complexity parameter of minimal cost-complexity pruning: the decrease of impurity, in its units, that each "
        "leaf of a branch must be worth for the branch to be kept. 0: no pruning.",
    ),
    "max_bins": MAX_BINS,
    "categorical_features": CATEGORICAL,
    "min_frequency": MIN_FREQUENCY,
}
CLASSIFIER_PARAMETERS = {
    "criterion": Parameter(
        "gini",
        (OneOf("gini", "entropy", "log_loss"),),
        choice(("gini", "entropy", "log_loss")),
        'Impurity that splits reduce. "gini": 1 minus the sum of the squared class fractions. "entropy", or '
        '"log_loss": Shannon entropy of the class fractions, in bits.',
    ),
    "class_weight": CLASS_FACTORS_BY_OUTPUT,
    "monotonic_cst": monotonic_cst(
        "the probability of the second class", "Not available for more than two classes or several outputs."
    ),
}
REGRESSOR_PARAMETERS = {
    "criterion": Parameter(
        "squared_error",
        (OneOf("squared_error", "absolute_error", "poisson", "friedman_mse"),),
        choice(("squared_error", "absolute_error", "poisson")),
        'Impurity that splits reduce. "squared_error": variance. "absolute_error": mean absolute distance from the '
        'median, which leaves then predict. "poisson": half the mean Poisson deviance, for y >= 0. The name '
        '"friedman_mse", deprecated in scikit-learn, means "squared_error".',
    ),
    "monotonic_cst": monotonic_cst("the prediction", "Not available for several outputs."),
}


# -- reading ---------------------------------------------------------------------------------------------------------


def read_cart_limits(estimator, n_rows, *, criterion, splitter):
    """CartLimits from the parameters of an estimator that grows trees and knows its `n_features_in_`.

    n_rows : rows of a tree, of which min_samples_* may be shares
    criterion, splitter : as the trees take them; some estimators have no such parameters
    """
    n_features = estimator.n_features_in_
    limits = {name: getattr(estimator, name) for name in LIMIT_PARAMETERS}
    limits["min_samples_leaf"] = _count(estimator.min_samples_leaf, n_rows)
    limits["min_samples_split"] = max(2, _count(estimator.min_samples_split, n_rows), 2 * limits["min_samples_leaf"])
    limits["max_features"] = min(count_features(estimator.max_features, n_features), n_features)
    kinds = CartLimits.__annotations__
    limits = {name: kinds[name](NO_LIMIT if limit is None else limit) for name, limit in limits.items()}
    return CartLimits(criterion=_read_criterion(criterion), splitter=splitter, **limits)


def _read_criterion(criterion):
    """The name that the grower knows a criterion by."""
    if criterion == "friedman_mse":
        warn(
            "criterion='friedman_mse' is deprecated in scikit-learn, where it has become 'squared_error'; use "
            "criterion='squared_error'.",
            FutureWarning,
        )
    return {"log_loss": "entropy", "friedman_mse": "squared_error"}.get(criterion, criterion)


def _count(count_or_share, n_rows):
    is_count = isinstance(count_or_share, Integral)
    return int(count_or_share) if is_count else ceil(count_or_share * n_rows)


def count_features(max_features, n_features):
    """How many features a node tries: `max_features` as a number."""
    if max_features is None:
        return n_features
    if isinstance(max_features, str):
        return max(1, int({"sqrt": np.sqrt, "log2": np.log2}[max_features](n_features)))
    if isinstance(max_features, Integral):
        return int(max_features)
    return max(1, int(max_features * n_features))


def read_directions(estimator, n_classes, is_categorical):
    """`monotonic_cst` as (n_features,) of -1, 0, 1, or None without it.

    n_classes : (n_outputs,) number of classes of each output; ones for numbers
    is_categorical : (n_features,) bool
    """
    if estimator.monotonic_cst is None:
        return None
    if len(n_classes) > 1:
        raise ValueError(
            f"monotonic_cst must be None for y with {len(n_classes)} columns: Monotonicity constraints are not "
            "supported with multiple outputs."
        )
    if n_classes[0] > 2:
        raise ValueError(
            f"monotonic_cst must be None for {n_classes[0]} classes: Monotonicity constraints are not supported with "
            "multiclass classification."
        )
    directions = read_monotonic_cst(estimator.monotonic_cst, FeatureNames.of(estimator), is_categorical)
    return directions if directions.any() else None
