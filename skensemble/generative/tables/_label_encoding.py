"""Labels or numbers `y`, on which a model is conditioned, as columns of floats."""

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from skensemble._input_kinds import check_in_memory, check_real, check_unmasked

CLASSES, NUMBERS = "classes", "numbers"
MOST_VALUES = 1024  # numbers from which labels are drawn


class LabelEncoding:
    """Classes one-hot (two: one column of -1 and 1), numbers standardised; NaN in all columns where y is missing.

    y : array-like (n_samples,), missing labels are None or NaN;  weight : (n_samples,) >= 0 or None

    kind : "classes" or "numbers"
    classes_ : the labels, sorted; None for numbers
    n_columns : int
    """

    def __init__(self, y, weight, n_samples):
        dtype = getattr(y, "dtype", None)
        self._pandas_dtype = None if isinstance(dtype, np.dtype) or not isinstance(y, pd.Series) else dtype
        y = _read(y, n_samples)
        is_given = ~pd.isna(y)
        weight = np.ones(len(y)) if weight is None else weight
        is_counted = is_given & (weight > 0)
        if not is_counted.any():
            raise ValueError("y must have a label in at least one row, got missing labels only.")
        y, weight = y[is_counted], weight[is_counted]
        if self._pandas_dtype is not None:
            y = _plain(y)
        self.kind = _kind_of(y)
        self.classes_ = None
        if self.kind == CLASSES:
            self.classes_, counted = np.unique(y, return_inverse=True)
            self._shares = np.bincount(counted, weight) / weight.sum()
        else:
            y = y.astype(np.float64)
            self._values, self._shares = thinned(*distribution(y, weight))
            self._mean = np.average(y, weights=weight)
            spread = np.sqrt(np.average((y - self._mean) ** 2, weights=weight))
            self._scale = spread if spread > 0.0 else 1.0

    @property
    def n_columns(self):
        return len(self.classes_) if self.kind == CLASSES and len(self.classes_) > 2 else 1

    def in_words(self):
        return NUMBERS if self.kind == NUMBERS else f"{len(self.classes_)} {CLASSES}"

    def encode(self, y, n_samples):
        """float64 (n_samples, n_columns); y may be one label for all rows, or None for none."""
        if y is None:
            return np.full((n_samples, self.n_columns), np.nan)
        if np.isscalar(y):
            y = np.full(n_samples, y, dtype=object if isinstance(y, str) else None)
        y = _read(y, n_samples)
        encoded = np.full((n_samples, self.n_columns), np.nan)
        is_given = ~pd.isna(y)
        if self.kind == NUMBERS:
            encoded[is_given, 0] = (_as_numbers(y[is_given]) - self._mean) / self._scale
        else:
            encoded[is_given] = self._indicators(self._codes(y[is_given]))
        return encoded

    def _codes(self, y):
        codes = pd.Index(self.classes_).get_indexer(pd.Index(y))
        if (codes < 0).any():
            raise ValueError(
                f"y must hold labels that were seen in fit ({_shown(self.classes_)}), got {y[codes < 0][0]!r}."
            )
        return codes

    def split(self, y, n_samples):
        """[(rows, their labels)]: the labels are None where the class is missing or was not seen in fit.

        So held-out rows of a rare class have a density.  A single label for all rows, or none, is left as it is.
        """
        if y is None or np.isscalar(y) or self.kind == NUMBERS:
            return [(slice(None), y)]
        y = _read(y, n_samples)
        is_seen = pd.Index(self.classes_).get_indexer(pd.Index(y)) >= 0
        if is_seen.all():
            return [(slice(None), y)]
        parts = [(np.flatnonzero(is_seen), y[is_seen]), (np.flatnonzero(~is_seen), None)]
        return [(rows, labels) for rows, labels in parts if len(rows) > 0]

    def _indicators(self, codes):
        if self.n_columns == 1:
            return 2.0 * codes[:, np.newaxis] - 1.0
        return np.eye(len(self.classes_))[codes]

    def shares(self):
        """(class, its share of the training rows) of all classes with training rows."""
        return [(label, share) for label, share in zip(self.classes_, self._shares) if share > 0.0]

    def draw(self, n_samples, rng):
        """Labels with the frequencies of the training rows, up to rounding, randomly permuted."""
        marks = (np.arange(n_samples) + rng.random()) / n_samples
        last = np.flatnonzero(self._shares)[-1]
        place = np.minimum(np.searchsorted(np.cumsum(self._shares), marks, side="right"), last)
        return rng.permutation((self.classes_ if self.kind == CLASSES else self._values)[place])

    def as_given(self, labels):
        """Labels as a Series with the dtype of y, if it was one with a dtype of pandas."""
        return labels if self._pandas_dtype is None else pd.Series(labels).astype(self._pandas_dtype)


def distribution(y, weight):
    """(sorted distinct numbers, their shares)"""
    values, places = np.unique(y, return_inverse=True)
    return values, np.bincount(places, weight) / weight.sum()


def thinned(values, shares):
    """At most MOST_VALUES of the numbers, evenly spaced by rank: a model holds no copy of its training labels."""
    if len(values) <= MOST_VALUES:
        return values, shares
    marks = (np.arange(MOST_VALUES) + 0.5) / MOST_VALUES
    places = np.minimum(np.searchsorted(np.cumsum(shares), marks, side="right"), len(values) - 1)
    return distribution(values[places], np.ones(MOST_VALUES))


def _read(y, n_samples):
    check_in_memory(y, "y")
    check_unmasked(y, "y")
    check_real(y, "y")
    if isinstance(y, pd.Series):
        y = y.to_numpy(dtype=object) if not isinstance(y.dtype, np.dtype) else y.to_numpy()
    y = column_or_1d(y, warn=True)
    if len(y) != n_samples:
        raise ValueError(f"y must have one label for each row ({n_samples}), got {len(y)}.")
    if y.dtype.kind == "f" and np.isinf(y).any():
        raise ValueError(f"y must not hold infinite numbers, got {y[np.isinf(y)][0]}.")
    if y.dtype.kind not in "biufOSU":
        raise ValueError(f"y must hold labels or real numbers. Unknown label type: {y.dtype}.")
    return y


def _kind_of(y):
    kind = type_of_target(y if y.dtype != object else _plain(y), input_name="y")
    if kind in ("binary", "multiclass"):
        return CLASSES
    if kind == "continuous":
        return NUMBERS
    raise ValueError(f"y must hold labels or real numbers. Unknown label type: {kind}.")


def _plain(y):
    """Objects as an array of their common type: strings stay objects."""
    plain = np.array(y.tolist())
    return y if plain.dtype.kind in "SUO" else plain


def _as_numbers(y):
    try:
        return np.asarray(y, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"y must hold numbers, as in fit, got {y[0]!r}.") from None


def _shown(classes, most=10):
    shown = ", ".join(repr(label) for label in classes[:most].tolist())
    return shown + (", ..." if len(classes) > most else "")
