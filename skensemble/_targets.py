"""What comes in beside X: targets, labels, weights of rows and classes, and the directions of features.

Messages begin with the name of what is wrong.  A weight of a row is a number of copies of it, so classes are balanced
by the sums of their weights.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import wraps
from numbers import Real
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skensemble._feature_positions import feature_positions
from skensemble._input_kinds import check_in_memory, check_real, check_unmasked
from skensemble._large_integers import EXACT, warn_of_lost
from skensemble._parameters import IsArrayLike, IsDict, IsNone, OneOf, ParameterError, SequenceOf
from skensemble._weights import check_sum, is_whole, sums_by_group

if TYPE_CHECKING:
    from skensemble._types import Column, Method, Table

CLASS_WEIGHT = (IsDict, SequenceOf(IsDict, "a list of dicts (one per output)"), OneOf("balanced"), IsNone)
LEAST_SQUARED = 1e-150  # a number whose square is not 0
MOST_IN_TERMS = 10_000  # largest whole number that stands for the weight of a class
MONOTONIC_CST = (IsArrayLike, IsDict, IsNone)


def all_or_nothing(fit: Method) -> Method:
    """A fit that fails leaves the estimator as it was before."""

    @wraps(fit)
    def guarded(estimator, *args, **kwargs):
        before = estimator.__dict__.copy()
        try:
            return fit(estimator, *args, **kwargs)
        except BaseException:
            estimator.__dict__.clear()
            estimator.__dict__.update(before)
            raise

    return guarded


def read_numbers(values, name):
    """Float64 array without NaN and inf; errors begin with the name."""
    if _are_plain_floats(values):
        return values
    check_in_memory(values, name)
    check_unmasked(values, name)
    check_real(values, name)
    kind = _kind_of_numpy(values)
    if kind in ("m", "M"):
        raise TypeError(
            f"{name} must hold numbers, got {'dates' if kind == 'M' else 'durations'}: give numbers in a unit of your "
            "choice, for example (column - column.min()).dt.days or column.dt.total_seconds()."
        )
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # scikit-learn adds all numbers up to look for infinity
            return check_array(values, ensure_2d=False, dtype=np.float64, input_name=name, ensure_min_samples=0)
    except (ValueError, TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} must hold finite real numbers: {error}") from None


def _are_plain_floats(values):
    """Whether there is nothing to convert and to refuse: scikit-learn takes a while to say so, in each warm start."""
    is_plain = type(values) is np.ndarray and values.ndim == 1 and values.dtype == np.float64
    return is_plain and bool(np.isfinite(values).all())


def _kind_of_numpy(values):
    """The kind of dtype that values have, or get as an array of NumPy: scikit-learn makes numbers of dates."""
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if kind is not None:
        return kind
    if isinstance(values, (list, tuple)):
        values = values[:1]
    is_array_like = isinstance(values, (list, tuple)) or hasattr(values, "__array__")
    return np.asarray(values).dtype.kind if is_array_like else None


def check_enough_rows(n_samples, needed):
    """Raise a ValueError where a fit gets fewer rows than it can learn from."""
    if n_samples < needed:
        raise ValueError(f"X must have at least {needed} rows to fit, got n_samples = {n_samples}.")


# -- targets ---------------------------------------------------------------------------------------------------------


def read_target(y, name, n_samples, *, warn=True, poisson=False, squares=False):
    """Targets of a regression as float64, (n_samples,) or (n_outputs, n_samples).

    warn : whether a single column that should be 1-D causes a DataConversionWarning
    poisson : whether they are to be means of Poisson distributions
    squares : whether sums of their squares are needed
    """
    _check_is_given(y, name)
    given, y = y, read_numbers(y, name)
    _warn_of_lost_integers(given, y, name)
    if poisson:
        _check_poisson(y, name)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=warn)
    _check_target_shape(y, name, n_samples)
    if squares:
        check_not_tiny(y.T, LEAST_SQUARED)
    return np.array(y.T, np.float64, order="C")


def _warn_of_lost_integers(given, y, name):
    """Warn about integers that are told apart no more as floats."""
    if y.size == 0 or np.abs(y).max() < EXACT:
        return
    given = np.asarray(given)
    if given.dtype.kind in "iuO":
        warn_of_lost(name, *(len(set(numbers.ravel().tolist())) for numbers in (given, y)))


def _check_is_given(y, name):
    if y is None:
        raise ValueError(f"{name} must be given: fit requires y to be passed, but the target y is None.")


def _check_poisson(y, name):
    if (y < 0).any():
        raise ValueError(
            f"{name} must be >= 0 for criterion='poisson', got {y.min():g}: "
            "Some value(s) of y are negative which is not allowed for Poisson regression."
        )
    if not y.any():
        raise ValueError(
            f"{name} must hold a number > 0 for criterion='poisson', got only zeros; y is not positive anywhere: "
            "Sum of y is not strictly positive which is necessary for Poisson regression."
        )


def _check_target_shape(y, name, n_samples):
    if y.ndim not in (1, 2):
        raise ValueError(f"{name} must have 1 or 2 dimensions, got {y.ndim}.")
    if len(y) != n_samples:
        raise ValueError(
            f"{name} must have one entry per row of X: inconsistent numbers of samples: {[n_samples, len(y)]}"
        )


def check_not_tiny(y, least):
    """Raise a ValueError about outputs, (n_samples,) or (n_outputs, n_samples), whose numbers are all too small."""
    for output in np.atleast_2d(y):
        largest = np.abs(output).max(initial=0.0)
        if 0.0 < largest < least and output.min() < output.max():
            raise ValueError(
                f"y must have a number of at least {least:g} in size, unless all are the same, got at most {largest:g}"
                ": multiply y by a power of ten."
            )


# -- labels ----------------------------------------------------------------------------------------------------------


class Labels(NamedTuple):
    """The labels of a classification, output by output.

    classes : list of n_outputs arrays (n_classes of the output,), each sorted
    codes : (n_outputs, n_samples) intp, positions in them
    """

    classes: list
    codes: np.ndarray

    @property
    def n_outputs(self):
        return len(self.classes)

    @property
    def n_classes(self):
        """(n_outputs,) intp."""
        return np.array([len(classes) for classes in self.classes], np.intp)


def read_labels(y, name, n_samples, *, known=None, multi_output=False, warn=True):
    """Labels of a classification, as Labels.

    known : the classes of an earlier fit (list of arrays), which `y` must not leave; None for a first fit
    multi_output : whether `y` may have several columns
    warn : whether a single column that should be 1-D causes a DataConversionWarning
    """
    _check_is_given(y, name)
    y = _label_array(y, name, multi_output, warn)
    columns = np.atleast_2d(y.T)
    classes, codes = map(list, zip(*(_distinct(column, name) for column in columns)))
    _check_are_classes(y, columns, classes, name)
    _check_target_shape(y, name, n_samples)
    if known is not None:
        _check_n_outputs(columns, name, known)
        codes = [_codes_in(known[k], classes[k], codes[k], name) for k in range(len(known))]
        classes = known
    return Labels(classes, np.array(codes, np.intp) if len(codes) > 1 else codes[0].reshape(1, -1))


def _label_array(y, name, multi_output, warn):
    """The labels as an array of 1 or 2 dimensions, the latter only if there are several columns."""
    check_in_memory(y, name)
    check_unmasked(y, name)
    if scipy.sparse.issparse(y):
        raise ParameterError(f"{name} must be dense (y.toarray()): sparse multilabel-indicator for y is not supported.")
    check_real(y, name)
    y = _with_types_of_numpy(y)
    if type(y) is not np.ndarray or y.ndim != 1:
        y = _checked_labels(y, multi_output, warn)
    if y.dtype == object:
        y = _plain_labels(y)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name=name)
    return y


def _with_types_of_numpy(y):
    """Labels of types that scikit-learn does not know, or makes floats of, as usual ones if none is missing."""
    if isinstance(y, pd.DataFrame):
        plain = {j: _with_types_of_numpy(y.iloc[:, j]) for j in range(y.shape[1])}
        return y if all(plain[j].dtype is y.iloc[:, j].dtype for j in plain) else pd.DataFrame(plain)
    dtype = getattr(y, "dtype", None)
    if getattr(dtype, "kind", None) == "T":  # NumPy's own strings of any length, which scikit-learn does not know
        return y.astype(object)
    if not (pd.api.types.is_extension_array_dtype(dtype) and hasattr(dtype, "numpy_dtype")):
        return y
    return y if dtype.kind not in "iub" or y.isna().any() else y.astype(dtype.numpy_dtype)


def _checked_labels(y, multi_output, warn):
    if multi_output:
        y = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite=False, ensure_min_samples=0)
        if y.ndim == 2 and y.shape[1] != 1:
            return y
    return column_or_1d(y, warn=warn)


class LabelScoreMixin(ClassifierMixin):
    """scikit-learn's mixin of classifiers, whose score takes labels that fit takes."""

    def score(self, X: Table, y: Column, sample_weight: Column | None = None) -> float:
        y = _with_types_of_numpy(y)
        if isinstance(getattr(y, "dtype", None), np.dtype) and y.dtype.kind == "O":
            y = _plain_labels(np.asarray(y))
        return super().score(X, y, sample_weight)

    score.__doc__ = ClassifierMixin.score.__doc__


def _plain_labels(y):
    """Objects that are numbers or bools as an array of these."""
    kind = pd.api.types.infer_dtype(y.ravel(), skipna=False)
    if kind in ("integer", "boolean", "floating", "mixed-integer-float"):
        plain = np.array(y.tolist())
        return plain if plain.dtype.kind in "biuf" else y
    return y


def _distinct(y, name):
    """(classes, index of each row's class)"""
    if not (y.dtype == object and pd.isna(y).any()):
        if y.dtype.kind in "iu" and len(y) > 0:
            low, high = int(y.min()), int(y.max())
            if high - low < len(y) and max(-low, high) < EXACT:
                return _distinct_of_few(y, low)
        try:
            return np.unique(y, return_inverse=True)
        except TypeError:  # objects that do not compare
            pass
    kinds = sorted({type(label).__name__ for label in y.tolist()})
    raise ValueError(f"{name} must hold labels of one type and none missing, got {', '.join(kinds)}.")


def _distinct_of_few(y, low):
    """The same for integers from `low` on that are fewer than rows: a table of them takes less time than sorting.

    A table of hashes would do as well, but leaves a heap behind that keeps what later arrays give back.
    """
    places = y.astype(np.int64) - low
    occurs = np.zeros(places.max() + 1, bool)
    occurs[places] = True
    return (np.flatnonzero(occurs) + low).astype(y.dtype), (np.cumsum(occurs) - 1)[places]


def _check_are_classes(y, columns, classes, name):
    """Raise or warn about numbers that are targets of a regression rather."""
    is_beyond_doubt = y.dtype.kind in "biuUS" and 2 * max(map(len, classes)) <= len(y)
    if y.dtype.kind == "O" and y.ndim == 2:  # columns of several types, which only become visible one by one
        for column in columns:
            _check_kind_of_labels(np.array(column.tolist()), name)
    elif not is_beyond_doubt:
        _check_kind_of_labels(y, name)


def _check_kind_of_labels(y, name):
    try:
        check_classification_targets(y)
    except ValueError as error:
        is_wrong = y != np.rint(y) if y.dtype.kind == "f" else np.ones(y.shape, bool)
        rule = "must hold classes that are whole numbers, booleans or text (as of y.astype(str))"
        raise ValueError(f"{name} {rule}, got {y[is_wrong].tolist()[0]!r}: {error}") from None


def _check_n_outputs(columns, name, known):
    if len(columns) != len(known):
        raise ValueError(f"{name} must have as many columns as in the first fit, {len(known)}, got {len(columns)}.")


def _codes_in(known, classes, codes, name):
    """Positions in `known` of what are positions in `classes`."""
    unknown = ~np.isin(classes, known)
    if unknown.any():
        raise ValueError(f"{name} must hold the classes {known.tolist()}, got {classes[unknown].tolist()[0]!r}.")
    return np.searchsorted(known, classes)[codes]


# -- weights ---------------------------------------------------------------------------------------------------------


def read_weight(sample_weight, name, n_samples):
    """(n_samples,) float64, or None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, float(sample_weight))
    weight = np.array(read_numbers(sample_weight, name))
    if weight.ndim == 0:
        raise ParameterError(
            f"{name} must have shape ({n_samples},), got (): Input should have at least 1 dimension i.e. satisfy "
            f"`len(x.shape) > 0`, got scalar `{weight!r}` instead."
        )
    if weight.shape != (n_samples,):
        raise ValueError(f"{name} must have shape ({n_samples},), got {weight.shape}.")
    if (weight < 0).any():
        raise ValueError(f"{name} must be >= 0, got {weight.min():g}.")
    if not weight.any():
        raise ValueError(f"{name} must hold a weight that is not zero, got only zeros.")
    check_sum(weight.sum(), name)
    return weight


def class_weighted(class_weight, labels, weight, *, as_ratios=False):
    """Weights of rows (None: one each) times the weights of their classes: (n_samples,) float64, or None.

    class_weight : None, "balanced", a dict from class to weight, or a list with one of these per output, whose
        weights are multiplied; only their ratios matter
    as_ratios : whether weights of classes that are not in proportion to whole numbers are divided by their mean over
        the rows, so that parameters which are compared with sums of weights keep their meaning
    """
    if class_weight is None:
        return weight
    factor = np.ones(labels.codes.shape[1])
    for k, of_output in enumerate(_class_weight_of_outputs(class_weight, labels.n_outputs)):
        factors = class_factors(of_output, labels.classes[k], labels.codes[k], weight)
        factors = factors if isinstance(of_output, str) else _in_lowest_terms(factors)
        factor *= factors[labels.codes[k]]
    factor = read_weight(factor, "class_weight", len(factor))
    if as_ratios and not isinstance(class_weight, str) and not is_whole(factor):
        factor = factor / _mean_factor(factor, weight)
    return factor if weight is None else read_weight(factor * weight, "sample_weight times class_weight", len(factor))


def _in_lowest_terms(factors):
    """Weights of classes as the smallest whole numbers in proportion, or else with 1 as the largest.

    So 1, 3 and 0.2, 0.6 are the same.
    """
    largest = factors.max()
    if not 0.0 < largest < np.inf or not (factors >= 0.0).all():
        return factors  # an error later on
    if is_whole(factors):
        return factors / np.gcd.reduce(factors.astype(np.int64))
    ratios = factors / largest
    terms = [Fraction(ratio).limit_denominator(MOST_IN_TERMS) for ratio in ratios.tolist()]
    if not np.allclose(ratios, np.array(terms, np.float64), rtol=1e-12, atol=0.0):
        return ratios
    whole = math.lcm(*(term.denominator for term in terms))
    return np.array([term * whole for term in terms], np.float64) if whole <= MOST_IN_TERMS else ratios


def _mean_factor(factor, weight):
    """Mean over the rows, by sums that no order of the rows changes, and that weight k adds to like k copies."""
    values, groups = np.unique(factor, return_inverse=True)
    totals = sums_by_group(groups, weight, len(values))
    return (math.fsum(totals * values) / math.fsum(totals)) or 1.0


def _class_weight_of_outputs(class_weight, n_outputs):
    if isinstance(class_weight, str):
        return [class_weight] * n_outputs
    if isinstance(class_weight, dict):
        if n_outputs > 1:
            raise ValueError(
                f"class_weight must be a list of dicts, 'balanced' or None for y with {n_outputs} columns, "
                f"got {class_weight!r}."
            )
        return [class_weight]
    if len(class_weight) != n_outputs:
        raise ValueError(
            f"class_weight must have one dict for each of {n_outputs} columns of y, got {len(class_weight)}: "
            "number of elements in class_weight should match number of outputs."
        )
    return class_weight


def class_factors(class_weight, classes, codes, weight):
    """(n_classes,) weights of the classes of one output.

    class_weight : a dict from class to weight (a class that it lacks has weight 1), or "balanced"
    codes, weight : (n_samples,) class index of each row, and its weight or None
    """
    if isinstance(class_weight, str):
        return balanced_factors(codes, weight, len(classes))
    classes = classes.tolist()
    strangers = [label for label in class_weight if label not in classes]
    if strangers and any(label not in class_weight for label in classes):
        raise ValueError(f"class_weight must have classes of y, {classes}, as its keys, got {strangers[0]!r}.")
    return np.array([class_weight.get(label, 1.0) for label in classes])


def balanced_factors(codes, weight, n_classes):
    """(n_classes,) weights of the classes that make their rows' weights add up to the same."""
    totals = sums_by_group(codes, weight, n_classes)
    return totals.sum() / np.count_nonzero(totals) / np.where(totals > 0, totals, 1.0)


# -- directions ------------------------------------------------------------------------------------------------------


class FeatureNames(NamedTuple):
    """Number and names of features, as `feature_positions` asks for them."""

    n_features: int
    labels: list | None

    @classmethod
    def of(cls, estimator):
        """The features of a fitted estimator."""
        names = getattr(estimator, "feature_names_in_", None)
        labels = getattr(estimator, "_column_labels", None) if names is None else list(names)
        return cls(estimator.n_features_in_, labels)


def read_monotonic_cst(monotonic_cst, features, is_categorical):
    """(n_features,) int64 of -1, 0, 1.

    monotonic_cst : a direction for each feature, or a dict from labels or positions of features, or None
    features : FeatureNames;  is_categorical : (n_features,) bool, features without an order
    """
    monotone = np.zeros(features.n_features, np.int64)
    if monotonic_cst is None:
        return monotone
    positions, directions = _positions_and_directions(monotonic_cst, features)
    for position, direction in zip(positions, directions):
        if direction not in (-1, 0, 1):
            raise ValueError(
                f"monotonic_cst must hold -1, 0 or 1, got {direction!r}: "
                f"monotonic_cst must be None or an array-like of -1, 0 or 1, but got {directions}"
            )
        if direction != 0 and is_categorical[position]:
            raise ValueError(
                f"monotonic_cst must be 0 for a categorical feature, got {direction} for feature {position}."
            )
        monotone[position] = direction
    return monotone


def _positions_and_directions(monotonic_cst, features):
    if isinstance(monotonic_cst, dict):
        positions = feature_positions(list(monotonic_cst), features, "monotonic_cst")
        return positions, list(monotonic_cst.values())
    directions = np.array(monotonic_cst, object)
    if directions.shape != (features.n_features,):
        raise ValueError(
            f"monotonic_cst must have one of -1, 0, 1 for each of {features.n_features} features, "
            f"got shape {directions.shape}: monotonic_cst has shape {len(np.atleast_1d(directions))} "
            f"but the input data X has {features.n_features} features."
        )
    return range(features.n_features), directions.tolist()
