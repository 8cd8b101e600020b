"""Parameters that mean the same in estimators of several rooms."""

from skensemble._parameters import (
    CATEGORICAL_FEATURES,
    N_JOBS,
    Interval,
    IsDict,
    IsNone,
    OneOf,
    Parameter,
    SequenceOf,
)
from skensemble._targets import CLASS_WEIGHT, MONOTONIC_CST

_LEVEL = Interval(float, 0.0, 1.0, "both")
LEVELS = (_LEVEL, SequenceOf(_LEVEL, "a list of them"))  # of quantiles
COVERAGE = (Interval(float, 0.0, 1.0, "neither"),)  # of intervals

MAX_BINS = Parameter(
    255,
    (Interval(int, 2), IsNone),
    "int or None",
    "Maximum number of bins for the values of a numeric feature. Missing values have a bin of their own, which does "
    "not count. Up to 255 bins take one byte per value. None: one bin per distinct value, for exact splits.",
)
CATEGORICAL = Parameter(
    "from_dtype",
    CATEGORICAL_FEATURES,
    '"from_dtype", array-like or None',
    'Features whose values are categories without an order. "from_dtype": columns of categories or text (pandas: '
    "category, string, and object columns with text; polars: Categorical, Enum and String; pyarrow: dictionaries and "
    "strings; arrays of objects: columns with text). array-like: labels of columns of a DataFrame, positions of "
    'features, or a boolean mask of shape (n_features,); a list with "from_dtype" in it adds to those columns. '
    "Numbers are labels where the columns of a DataFrame have labels that are not strings. "
    "None: no features. Each number in such a column is a category, also -1; only NaN is missing.",
)
MIN_FREQUENCY = Parameter(
    2,
    (Interval(int, 1), Interval(float, 0.0, 1.0, "neither"), IsNone),
    "int, float or None",
    "Frequency below which a category is rare: the rare categories of a feature share one code, so that they always "
    "go the same way, and so do categories that fit has not seen. int: number of samples. float in (0, 1): fraction "
    "of the samples. A sample of weight k counts as k. None or 1: none is rare. The default, 2, lets no split single "
    "out a category that occurs once.",
)
JOBS = Parameter(
    None,
    N_JOBS,
    "int or None",
    "Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS, "
    "NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.",
)
FACTORS = "Factors >= 0 that multiply the sample weights of each class."
DICT_OF_FACTORS = "dict: class label -> factor; labels that are not in it have the factor 1."
BALANCED = '"balanced": factors that give all classes the same total weight.'
CLASS_FACTORS = Parameter(
    None,
    (IsDict, OneOf("balanced"), IsNone),
    'dict, "balanced" or None',
    f"{FACTORS} {DICT_OF_FACTORS} {BALANCED} None: no factors.",
)
CLASS_FACTORS_BY_OUTPUT = Parameter(
    None,
    CLASS_WEIGHT,
    'dict, list of dict, "balanced" or None',
    f"{FACTORS} {DICT_OF_FACTORS} {BALANCED} list of dict: one dict per output; the factors of the outputs are "
    "multiplied. None: no factors.",
)


def monotonic_cst(what, restriction=""):
    """The Parameter of that name; `what` is to be monotone, and the constraints are subject to a restriction."""
    return Parameter(
        None,
        MONOTONIC_CST,
        "array-like of shape (n_features,), dict or None",
        f"Monotonicity constraint of each feature. 1: {what} must not decrease when the feature increases; -1: must "
        "not increase; 0: no constraint. A dict maps labels of columns or positions of features to constraints. "
        f"None: no constraints. {restriction}".strip(),
    )
