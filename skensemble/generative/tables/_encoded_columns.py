"""A column of a table as columns of floats, or as a copy of another column from which it follows.

Each column first becomes plain numbers or codes (`_column_formats.py`), and these become boxes in Euclidean space
(`_boxes.py`): cells of numbers, per unit of their own lattice, or points with the slope of the encoding; and cells of
levels.

A missing cell of a category is a level of its own.  A missing number is the whole axis, and a level of the indicator
column beside it; what is generated on the axis is not looked at.

A model that was fitted to boxes may generate other shares of levels, and other quantiles of numbers, than those of fit.
`calibrate` moves borders and axes so that what it generates is decoded to the right shares: rows are encoded as the
model has them, in `calibrated` axes.  Known cells, on which a model is conditioned, are encoded as in its fit.

What fit did not see - another level, the first missing cell, another value of a constant column - has no code of its
own.  `unseen` says what becomes of it:

    "error"   it is refused
    "ignore"  another level is encoded as the mean of the levels; missing cells are refused
    "smooth"  for densities: P(cell) = 1 / (n + K + 1), n the weight of the rows of fit and K the number of levels, that
              is additive smoothing by 1; other cells are as likely as beside the most frequent level, or beside any
              number
"""

import numpy as np

from skensemble.generative.tables._boxes import Boxes
from skensemble.generative.tables._category_axis import CategoryAxis
from skensemble.generative.tables._category_digits import CategoryDigits
from skensemble.generative.tables._column_formats import MISSING, UNSEEN
from skensemble.generative.tables._number_axis import NumberAxis, NumberLevels


class EncodedNumbers:
    """Numbers on an axis, with an indicator of missing ones if the training rows have some."""

    def __init__(self, column_format, numbers, weight, options):
        self.format = column_format
        is_known = ~np.isnan(numbers)
        known = numbers[is_known]
        self.value = known[0]
        self.axis = None if (known == self.value).all() else self._axis(known, weight[is_known], options)
        shares = [weight[is_known].sum(), weight[~is_known].sum()]
        self.indicator = None if is_known.all() else CategoryDigits(shares, np.arange(2))
        n_values = len(self.axis.values) if isinstance(self.axis, NumberLevels) else 1
        self.log_unseen = -np.log(weight.sum() + n_values + (self.indicator is not None) + 1.0)
        self.n_columns = (self.axis is not None) + (self.indicator is not None)
        self.calibrated_axis, self.calibrated_indicator = self.axis, self.indicator

    def _axis(self, numbers, weight, options):
        bounds = (numbers.min(), numbers.max()) if options.bounded else self.format.limits
        to_normal = {"standard": False, "quantile": True, "auto": None}[options.numeric]
        lattice = self.format.decimals, bounds, to_normal, self.format.multiple, self.format.phase
        axis = NumberAxis(numbers, weight, *lattice)
        return NumberLevels(numbers, weight, axis.step) if options.bounded and axis.is_coarse(numbers, weight) else axis

    def names(self, name):
        return [name] * (self.axis is not None) + [f"{name}_missing"] * (self.indicator is not None)

    def boxes(self, numbers, *, is_partial, is_complete, unseen):
        """Boxes of numbers; missing cells are NaN if `is_partial`, up to what `is_complete` implies."""
        is_missing = np.isnan(numbers)
        if unseen != "smooth":
            self._check_missing(is_missing, is_partial)
        axis, indicator = (
            (self.axis, self.indicator) if is_partial else (self.calibrated_axis, self.calibrated_indicator)
        )
        parts = [] if axis is None else [self._boxes_on(axis, numbers, is_missing)]
        if indicator is not None:
            parts.append(indicator.boxes((is_missing & ~is_complete).astype(np.intp)))
        unknown = parts if not is_complete else parts[: int(axis is not None)]
        for part in unknown if is_partial else []:
            part.forget(is_missing)
        boxes = Boxes.side_by_side(parts, len(numbers))
        if unseen == "smooth":
            boxes = boxes.rescaled(np.where(self._is_unseen(numbers, is_missing), self.log_unseen, 0.0))
        return boxes

    def _is_unseen(self, numbers, is_missing):
        is_new_value = ~is_missing & (numbers != self.value) & (self.axis is None)
        if isinstance(self.axis, NumberLevels):
            is_new_value = ~is_missing & ~self.axis.has(numbers)
        return is_new_value | (is_missing & (self.indicator is None))

    def _check_missing(self, is_missing, is_partial):
        if is_missing.any() and self.indicator is None and not is_partial:
            raise ValueError(f"{self.format.name} must have no missing cells, as it had none in fit, got some.")

    def _boxes_on(self, axis, numbers, is_missing):
        boxes = axis.boxes(np.where(is_missing, self.value, numbers))
        if is_missing.any():
            boxes.replace(is_missing, Boxes.of_levels(np.zeros((len(numbers), 1)), np.ones((len(numbers), 1))))
        return boxes

    def plain(self, encoded, is_complete):
        """(n_rows,) numbers, NaN = missing, of which there are none if `is_complete`."""
        axis = self.calibrated_axis
        numbers = np.full(len(encoded), self.value) if axis is None else axis.decode(encoded[:, 0])
        return numbers if is_complete else np.where(self._is_missing(encoded), np.nan, numbers)

    def _is_missing(self, encoded):
        if self.indicator is None:
            return np.zeros(len(encoded), bool)
        return self.calibrated_indicator.decode(encoded[:, -1:]) == 1

    def calibrate(self, generated):
        """Move the axes so that generated rows have the quantiles and the share of missing cells of fit."""
        if self.indicator is not None:
            self.calibrated_indicator = self.indicator.calibrated(generated[:, -1:])
        if self.axis is not None:
            self.calibrated_axis = self.axis.calibrated(generated[~self._is_missing(generated), 0])

    def unknown(self, n_rows):
        """Plain values of unknown cells."""
        return np.full(n_rows, np.nan)

    def is_known(self, numbers):
        return ~np.isnan(numbers)


class EncodedCategories:
    """Levels, of which missing may be one.  order : of the levels, neighbours are alike;  on_axis : one column"""

    def __init__(self, column_format, codes, order, weight, on_axis):
        self.format = column_format
        weights = np.bincount(codes, weight, minlength=len(column_format.levels))
        self.codes = (CategoryAxis if on_axis else CategoryDigits)(weights, order)
        self.likeliest = int(np.argmax(weights))
        self.log_likeliest = np.log(weights.max() / weights.sum())
        self.log_unseen = -np.log(weights.sum() + len(weights) + 1.0)
        self.n_columns = self.codes.n_columns
        self.calibrated_codes = self.codes

    def names(self, name):
        return self.codes.names(name)

    def boxes(self, codes, *, is_partial, is_complete, unseen):
        """Boxes of levels; missing cells are NaN if `is_partial`, up to what `is_complete` implies."""
        if unseen == "smooth":
            boxes = self.calibrated_codes.boxes(np.where(codes < 0, self.likeliest, codes))
            return boxes.rescaled(np.where(codes < 0, self.log_unseen - self.log_likeliest, 0.0))
        self._check_seen(codes, is_partial, unseen)
        is_unknown = ~self.is_known(codes) if is_partial else np.zeros(len(codes), bool)
        if is_complete and len(self.format.levels) == 2 and self.format.missing_code >= 0:  # only one is left
            codes, is_unknown = np.where(is_unknown, 0, codes), np.zeros(len(codes), bool)
        boxes = (self.codes if is_partial else self.calibrated_codes).boxes(np.maximum(codes, -1))
        boxes.forget(is_unknown)
        return boxes

    def _check_seen(self, codes, is_partial, unseen):
        if (codes == UNSEEN).any() and unseen == "error":
            raise ValueError(f"{self.format.name} must hold values that were seen in fit, got another one.")
        if (codes == MISSING).any() and not is_partial:
            raise ValueError(f"{self.format.name} must have no missing cells, as it had none in fit, got some.")

    def plain(self, encoded, is_complete):
        """(n_rows,) codes; none of missing if `is_complete`."""
        excluded = self.format.missing_code if is_complete and self.format.missing_code >= 0 else None
        if excluded is not None and len(self.format.levels) == 1:
            excluded = None
        return self.calibrated_codes.decode(encoded, excluded)

    def calibrate(self, generated):
        """Move the borders so that generated rows have the shares of fit."""
        self.calibrated_codes = self.codes.calibrated(generated)

    def unknown(self, n_rows):
        return np.full(n_rows, self.format.missing_code)

    def is_known(self, codes):
        return codes != self.format.missing_code


# -- columns that follow from others -----------------------------------------------------------------------------------

SAME = 1e-9  # relative difference of numbers that count as equal


class AffineCopy:
    """A column of numbers that is `intercept + slope * source` in every row of fit."""

    def __init__(self, column, intercept, slope):
        self.column, self.intercept, self.slope = column, intercept, slope

    def from_source(self, numbers):
        copied = self.intercept + self.slope * numbers
        decimals = self.column.format.decimals
        return copied if decimals is None else np.round(copied, decimals) + 0.0

    def to_source(self, numbers):
        return (numbers - self.intercept) / self.slope


class RelabelledCopy:
    """A column of categories whose levels correspond one to one to those of its source."""

    def __init__(self, column, codes, source_codes):
        self.column = column
        self.level_of_source = np.zeros(source_codes.max() + 1, np.intp)
        self.level_of_source[source_codes] = codes
        self.source_of_level = np.argsort(self.level_of_source)

    def from_source(self, codes):
        return self.level_of_source[codes]

    def to_source(self, codes):
        return np.where(codes >= 0, self.source_of_level[codes], codes)


class CopyFinder:
    """Which columns follow from earlier ones: a fingerprint finds candidates, and all rows decide."""

    def __init__(self, n_rows):
        self._direction = np.random.default_rng(0).standard_normal(n_rows)
        self._fingerprints, self._sources = [], []

    def copy_of(self, position, column, plain):
        """(position of the source, copy), or None for a column of its own, which later ones may follow from."""
        is_numbers = isinstance(column, EncodedNumbers)
        if column.n_columns == 0 or (is_numbers and column.axis is None):
            return None
        standard = _standardised(plain if is_numbers else _first_seen(plain))
        fingerprint = abs(self._direction @ standard)
        near = np.abs(np.array(self._fingerprints) - fingerprint) <= 1e-6 * np.sqrt(len(plain))
        for candidate in np.flatnonzero(near):
            source, source_column, source_plain = self._sources[candidate]
            if isinstance(source_column, EncodedNumbers) == is_numbers:
                copy = (_affine_copy if is_numbers else _relabelled_copy)(column, plain, source_plain)
                if copy is not None:
                    return source, copy
        self._fingerprints.append(fingerprint)
        self._sources.append((position, column, plain))
        return None


def _standardised(numbers):
    """Numbers of mean 0 and length sqrt(n), missing ones 0."""
    known = ~np.isnan(numbers)
    unit = np.abs(numbers[known]).max() or 1.0
    centred = np.where(known, numbers / unit - np.mean(numbers[known] / unit), 0.0)
    return centred / (np.sqrt(np.mean(centred**2)) or 1.0)


def _first_seen(codes):
    """Codes numbered in the order in which the rows have them: equal for columns that differ in labels only."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.float64)


@np.errstate(over="ignore", invalid="ignore")
def _affine_copy(column, numbers, source):
    known = ~np.isnan(numbers)
    if not np.array_equal(known, ~np.isnan(source)):
        return None
    low, high = np.flatnonzero(known)[[np.argmin(source[known]), np.argmax(source[known])]]
    slope = (numbers[high] - numbers[low]) / (source[high] - source[low])
    is_same = np.array_equal(numbers[known], source[known])
    copy = AffineCopy(column, 0.0, 1.0) if is_same else AffineCopy(column, numbers[low] - slope * source[low], slope)
    gap = np.abs(copy.from_source(source[known]) - numbers[known]).max()
    tolerance = SAME * np.ptp(numbers[known]) if column.format.decimals is None else 0.0
    return copy if gap <= tolerance else None


def _relabelled_copy(column, codes, source):
    return RelabelledCopy(column, codes, source) if np.array_equal(_first_seen(codes), _first_seen(source)) else None
