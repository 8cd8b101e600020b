"""TableEncoder: tables of mixed columns as matrices of floats, to which densities can be fitted, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_array, check_is_fitted

from skensemble._estimator import Estimator
from skensemble._feature_positions import feature_positions, listed_categories
from skensemble._level_order import description, level_order
from skensemble._notebook_summary import listed
from skensemble._parameters import CATEGORICAL_FEATURES, IsBool, OneOf, Parameter, check_parameters, choice
from skensemble._random import generator as generator_of
from skensemble._targets import FeatureNames, all_or_nothing, read_weight
from skensemble._validation import note_columns
from skensemble.generative.tables._boxes import Boxes
from skensemble.generative.tables._column_formats import CategoryFormat
from skensemble.generative.tables._containers import container_of, read_frame
from skensemble.generative.tables._encoded_columns import CopyFinder, EncodedCategories, EncodedNumbers
from skensemble.generative.tables._format_choice import columns_by_kind, format_of, warn_of_unlisted
from skensemble.tree.trees._inspected import feature_names

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Column, Self, Sequence, Table

PARAMETERS = {
    "numeric": Parameter(
        "standard",
        (OneOf("standard", "quantile", "auto"),),
        choice(("standard", "quantile", "auto")),
        'How numbers are encoded. "standard": they are standardised. "quantile": their quantiles are mapped to those '
        'of a normal distribution. "auto": "quantile" for columns in which most samples share their value with at '
        'least 19 others, such as ages in years, and for columns with heavy tails, such as incomes, "standard" for the '
        "others.",
    ),
    "categorical": Parameter(
        "digits",
        (OneOf("digits", "codes"),),
        choice(("digits", "codes")),
        'How categories are encoded. "digits": one column per binary digit of the number of the level, which suits '
        'networks. "codes": one column with one interval per level, which suits trees.',
    ),
    "categorical_features": Parameter(
        "from_dtype",
        CATEGORICAL_FEATURES,
        '"from_dtype", array-like or None',
        "Columns of numbers or dates whose values are categories: their labels or positions, or a boolean mask. "
        'Strings, booleans and columns with a dtype of categories always are: "from_dtype" and None mean the same.',
    ),
    "bounded": Parameter(
        True,
        (IsBool,),
        "bool",
        "Whether `inverse_transform` keeps numbers within the range of the training data. Numbers outside it are "
        "reflected at its ends where the column is continuous, since clipping would pile them up there; they are "
        "clipped where the end of the range is an atom or one of a few whole numbers.",
    ),
    "handle_unknown": Parameter(
        "error",
        (OneOf("error", "ignore"),),
        choice(("error", "ignore")),
        'What happens to levels that were not seen in `fit`. "error": they are refused. "ignore": they are encoded as '
        "the mean of the levels.",
    ),
}


class TableEncoder(TransformerMixin, Estimator):
    """Encode a table of mixed columns as a matrix of floats, and decode it with the same columns and dtypes.

    Encoded columns have about unit variance. A column is encoded by its kind:

    - Numbers: one column, which is standardised, or whose quantiles are mapped smoothly to those of a normal
      distribution. A value of at least 5 % of the samples (and of at least 20), in a column of otherwise finer values,
      such as the zeros of a capital gain, is an atom: it has an interval of its own on the axis, so that it can be
      generated exactly. With quantiles, 20 of 40 000 samples are enough, since an atom takes up its share of the axis
      only.
    - Integers, and floats with few decimals: encoded as numbers, and rounded when they are decoded.
    - Multiples of a step, such as 0.05 or 1000, also beside zero, such as prices that end in .99: rounded to these
      when they are decoded. A column has a step if it has enough distinct values that this is no accident: three
      multiples of 1000, seven of 0.05, fifteen even numbers.
    - Dates, durations and times of day: encoded as whole numbers of their coarsest common step (days, hours, minutes,
      ... nanoseconds), which is taken on the clock of their time zone where it is coarser there. Objects of Python's
      datetime and decimal modules come back as such objects.
    - Strings, booleans, columns with a dtype of categories, and `categorical_features`: with `categorical="digits"`,
      one column for each binary digit of the number of the level (analog bits [1]_); each digit halves the levels that
      are left. With `categorical="codes"`, one column, in which each level has an interval whose mass under the normal
      distribution is the frequency of the level. Levels that are alike in the other columns are neighbours; ordered
      categories keep their order.
    - Numbers of few values, such as counts: as ordered categories on one axis. Other values are then not generated.
    - Missing cells: one more level of a column of categories. A column of numbers has an indicator column, and its
      whole axis for missing cells. They are generated as missing.
    - Constant columns, columns of missing cells only, and columns that follow from an earlier one by other labels or a
      linear function: not encoded, and restored when the table is decoded.

    Parameters
    ----------
    numeric : {"standard", "quantile", "auto"}, default="standard"
        How numbers are encoded. "standard": they are standardised. "quantile": their quantiles are mapped to those of a
        normal distribution. "auto": "quantile" for columns in which most samples share their value with at least 19
        others, such as ages in years, and for columns with heavy tails, such as incomes, "standard" for the others.
    categorical : {"digits", "codes"}, default="digits"
        How categories are encoded. "digits": one column per binary digit of the number of the level, which suits
        networks. "codes": one column with one interval per level, which suits trees.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns of numbers or dates whose values are categories: their labels or positions, or a boolean mask. Strings,
        booleans and columns with a dtype of categories always are: "from_dtype" and None mean the same.
    bounded : bool, default=True
        Whether `inverse_transform` keeps numbers within the range of the training data. Numbers outside it are
        reflected at its ends where the column is continuous, since clipping would pile them up there; they are clipped
        where the end of the range is an atom or one of a few whole numbers.
    handle_unknown : {"error", "ignore"}, default="error"
        What happens to levels that were not seen in `fit`. "error": they are refused. "ignore": they are encoded as the
        mean of the levels.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X. Only set if all are strings.
    n_encoded_ : int
        Number of encoded columns.

    Notes
    -----
    **Densities.** A sample is encoded as a box, whose middle is `transform(X)`: integers, rounded numbers, atoms,
    levels and missing cells correspond to intervals of encoded numbers, all of which are decoded to the same value.
    With u a place in this box, q the density of places, and p the density of encoded samples,

        log P(sample) = log E_u[p(u) / q(u)]  >=  E_u[log p(u)] - E_u[log q(u)]

    (dequantisation, [2]_). Places are uniform for numbers, so that -log q is the logarithm of the volume V of the box,
    and have a normal distribution in the cell of a level, up to its ends: the cells of all levels of a column fill
    their space, and the probabilities of all levels add up to 1. `dequantized` draws u, and `log_abs_det_jacobian`
    computes -E_u[log q(u)]. A single u gives the right-hand side on average; the mean over several places of `boxes`
    is closer to log P. The density in the middle of the box overestimates P for densities that peak there. The
    contribution of a column:

    ========================================  =====================================================================
    column                                    contribution
    ========================================  =====================================================================
    continuous numbers                        density per unit of the column (log V is the slope's logarithm)
    rounded to decimals, multiples of a step  density per unit: probability of the value / step
    integers                                  probability of the value
    dates, durations                          probability of the value (density per common step)
    atoms of a continuous column              probability of the value
    categories, missing cells                 probability of the level, or of being missing
    constant columns, copies of others        nothing
    levels, missing cells, values of a        probability 1 / (n + K + 1), with n the weight of the samples of `fit`
    constant column, or of a column of few    and K the levels of the column (numbers: 1, or their values if these are
    values, that `fit` did not see            few; one more if some are missing)
    ========================================  =====================================================================

    The last row is additive smoothing: every level that `fit` did not see counts as one more sample, so that held-out
    samples have a finite density. The other cells of such a sample are as likely as beside the most frequent level, or,
    beside a missing number, as beside any number. What `fit` did see keeps its probability. `transform` and
    `dequantized` do as `handle_unknown` says.

    Reflection and clipping at the ends of the range only add to the probabilities of values within the range, so that a
    lower bound remains one.

    References
    ----------
    .. [1] T. Chen, R. Zhang and G. Hinton, Analog bits: generating discrete data using diffusion models with
       self-conditioning, ICLR 2023.
    .. [2] L. Theis, A. van den Oord and M. Bethge, A note on the evaluation of generative models, ICLR 2016, section
       3.1.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.generative import TableEncoder
    >>> X = pd.DataFrame(
    ...     {"age": [31, 45, 27, 60], "job": ["clerk", "chef", "chef", None], "paid": [9.5, 12.25, 8.0, 20.5]}
    ... )
    >>> encoder = TableEncoder().fit(X)
    >>> encoder.get_feature_names_out()
    array(['age', 'job_digit0', 'job_digit1', 'paid'], dtype=object)
    >>> Z = encoder.transform(X)
    >>> Z.shape
    (4, 4)
    >>> encoder.inverse_transform(Z).equals(X)
    True
    """

    _parameters = PARAMETERS
    _reads_any_table = True

    def __init__(
        self,
        *,
        numeric: Literal["standard", "quantile", "auto"] = "standard",
        categorical: Literal["digits", "codes"] = "digits",
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        bounded: bool = True,
        handle_unknown: Literal["error", "ignore"] = "error",
    ):
        self.numeric = numeric
        self.categorical = categorical
        self.categorical_features = categorical_features
        self.bounded = bounded
        self.handle_unknown = handle_unknown

    @all_or_nothing
    def fit(self, X: Table, y: Column | None = None, sample_weight: Column | None = None) -> Self:
        """Learn the encoding of the columns of X.

        Parameters
        ----------
        X : frame of pandas or polars, pyarrow table, or array-like, of shape (n_samples, n_features)
            Training data. Numbers must be finite; NaN, None and NA are missing cells.
        y : ignored
            Not used, present for API consistency.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0; weight k counts as k copies of the sample.

        Returns
        -------
        self : TableEncoder

        Raises
        ------
        ValueError
            For infinite cells, no rows, or a parameter that is not allowed.
        TypeError
            For a column of objects that are neither strings, numbers, decimals, dates, times nor durations.
        """
        check_parameters(self, PARAMETERS)
        frame = read_frame(X)
        note_columns(self, X, reset=True)
        weight = read_weight(sample_weight, "sample_weight", len(frame))
        if weight is not None:
            frame, weight = frame[weight > 0], weight[weight > 0]
        self._container = container_of(X)
        self._fit_columns(frame, np.ones(len(frame)) if weight is None else weight)
        return self

    def transform(self, X: Table) -> Array:
        """Encode samples.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        Z : ndarray of shape (n_samples, `n_encoded_`), float64
            Encoded samples; rounded numbers, levels and missing cells are the middle of their boxes.

        Raises
        ------
        ValueError
            For infinite cells, levels that were not seen in `fit`, and missing cells in columns that had none.
        """
        return self._boxes(X, unseen=self.handle_unknown).middle

    def transform_partial(self, X: Table, *, is_complete: bool = False) -> Array:
        """Encode samples whose missing cells are unknown values.

        All encoded columns of an unknown cell are NaN; the indicator of a known cell says that it is not missing. A
        cell that follows from a copy of its column is known.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        is_complete : bool, default=False
            Whether unknown cells are known not to be missing.

        Returns
        -------
        Z : ndarray of shape (n_samples, `n_encoded_`), float64
        """
        return self._boxes(X, is_partial=True, is_complete=is_complete, unseen=self.handle_unknown).middle

    def transform_cells(self, cells: dict[Any, Any], n_samples: int, *, is_complete: bool = False) -> Array:
        """Encode samples of which only some cells are known.

        Parameters
        ----------
        cells : dict, name or position of a column -> value, or array-like of shape (n_samples,)
        n_samples : int
            Number of samples.
        is_complete : bool, default=False
            Whether unknown cells are known not to be missing.

        Returns
        -------
        Z : ndarray of shape (n_samples, `n_encoded_`), float64
            Encoded samples, NaN for unknown cells.

        Raises
        ------
        ValueError
            For a value that its column cannot hold.
        """
        check_is_fitted(self)
        plain = self._plain_cells(cells, n_samples)
        return self._boxes_of(plain, n_samples, True, is_complete, unseen=self.handle_unknown).middle

    def _plain_cells(self, cells, n_samples):
        """Plain values of all columns, unknown where a dict of cells says nothing and no copy does."""
        positions = feature_positions(list(cells), FeatureNames.of(self), "condition") if cells else []
        plain = [column.unknown(n_samples) for column in self._columns]
        for j, values in zip(positions, cells.values()):
            series = pd.Series([values] * n_samples if np.ndim(values) == 0 else values)
            if len(series) != n_samples:
                raise ValueError(f"condition must have {n_samples} values in {self._name_of(j)}, got {len(series)}.")
            plain[j] = self._columns[j].format.read(series)
            self._columns[j].format.check_exact(plain[j], series)
        self._complete(plain)
        return plain

    def dequantized(self, X: Table, generator: Any = None) -> Array:
        """Encode samples as uniform draws from their boxes (see Notes).

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        generator : numpy Generator, int, RandomState or None, default=None
            Source of the draws. None: different draws in each call.

        Returns
        -------
        Z : ndarray of shape (n_samples, `n_encoded_`), float64
            Draws from the boxes, which `inverse_transform` decodes to X.
        """
        boxes = self._boxes(X, unseen=self.handle_unknown)
        return boxes.places(generator_of(generator).random(boxes.start.shape))

    def log_abs_det_jacobian(self, X: Table) -> Array:
        """Compute the difference between log densities in the units of X and those of encoded samples (see Notes).

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        log_det : ndarray of shape (n_samples,)
            Sum over the columns of the logarithm of the slope of the encoding for continuous numbers, of the width of
            the box divided by the step for rounded numbers, and of the volume of the box for levels and missing cells.
        """
        return self._boxes(X).log_volume

    def boxes(self, X: Table, *, given: Sequence[int] = ()) -> Boxes:
        """Compute the boxes of samples (see Notes), from which several draws can be made.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        given : sequence of int, default=()
            Positions of columns whose volume does not count, since a density is conditioned on them.

        Returns
        -------
        boxes : Boxes
            `boxes.places(u)`, with u in (0, 1) of shape (n_samples, `n_encoded_`), are places in the boxes. Those of
            `places, log_weights = boxes.covering(u)` come with what their log densities are increased by: the mean of
            p(place) exp(log_weight) over places is P(sample). `boxes.middle` is `transform(X)`, and `boxes.log_volume`
            is `log_abs_det_jacobian(X)`, without the columns `given`.
        """
        return self._boxes(X, given=given)

    def calibrate(self, generated: ArrayLike, *, fixed: Sequence[int] = ()) -> Self:
        """Decode what a model generates to the shares of `fit`: of levels, of missing cells, and of ranges of numbers.

        The borders between levels are moved, and so are the axes of numbers where their quantiles differ by more than
        sampling errors. Samples are encoded accordingly from now on, but for `transform_partial` and
        `transform_cells`, whose known cells the model has seen as they were. Models call this at the end of their fit.

        Parameters
        ----------
        generated : array-like of shape (n_generated, `n_encoded_`)
            Encoded samples that a model of encoded samples has drawn.
        fixed : sequence of int, default=()
            Positions of columns that stay as they are, since a model is conditioned on them.

        Returns
        -------
        self : TableEncoder
        """
        check_is_fitted(self)
        generated = self._read_encoded(generated)
        for j, column in enumerate(self._columns):
            if j not in self._copies and j not in fixed and len(generated):
                column.calibrate(generated[:, self._slices[j]])
        return self

    def inverse_transform(self, Z: ArrayLike, *, is_complete: bool = False, cells: dict[Any, Any] | None = None) -> Any:
        """Decode encoded samples to a table.

        Parameters
        ----------
        Z : array-like of shape (n_samples, `n_encoded_`)
            Encoded samples: any finite numbers.
        is_complete : bool, default=False
            Whether no cell is decoded as missing.
        cells : dict, name or position of a column -> value or n_samples values, default=None
            Values of these columns, which replace the decoded ones. They may lie outside the range of the training
            data. Missing ones are decoded.

        Returns
        -------
        X : table like X of fit
            Table of the same kind, with the same columns, dtypes, categories and decimals and, if `bounded`, within the
            range of the training data. Frames of pandas have a RangeIndex.
        """
        check_is_fitted(self)
        Z = self._read_encoded(Z)
        known = self._plain_cells(cells or {}, len(Z))
        plain = [None] * self.n_features_in_
        for j, column in enumerate(self._columns):
            if j not in self._copies:
                drawn = column.plain(Z[:, self._slices[j]], is_complete)
                plain[j] = np.where(column.is_known(known[j]), known[j], drawn)
        for j, (source, copy) in self._copies.items():
            plain[j] = np.where(self._columns[j].is_known(known[j]), known[j], copy.from_source(plain[source]))
        return self._container.restore([column.format.write(plain[j]) for j, column in enumerate(self._columns)])

    def encoded_columns_of(self, column: str | int) -> slice:
        """Find the encoded columns of a column of the table.

        Parameters
        ----------
        column : str or int
            Name or position of the column.

        Returns
        -------
        columns : slice
            Positions of its encoded columns: none for a constant column, those of the source for a copy of another
            column.
        """
        check_is_fitted(self)
        j = feature_positions([column], FeatureNames.of(self), "column")[0]
        source, _ = self._copies.get(j, (j, None))
        return self._slices[source]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Get the names of the encoded columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X. None: `feature_names_in_`, or x0, x1, ... if X had no names.

        Returns
        -------
        names : ndarray of object
            The name of the column, followed by _missing, by _bit0, _bit1, ... or by a level if it has several encoded
            columns.
        """
        check_is_fitted(self, "n_encoded_")
        features = _check_feature_names_in(self, input_features)
        names = [
            name
            for j, column in enumerate(self._columns)
            if j not in self._copies
            for name in column.names(features[j])
        ]
        return np.asarray(names, dtype=object)

    def _facts(self):
        names = feature_names(self)
        yield "columns", columns_by_kind([column.format for column in self._columns])
        yield "encoded columns", str(self.n_encoded_)
        empty = [places.start == places.stop for places in self._slices]
        constant = [names[j] for j in range(len(names)) if empty[j] and j not in self._copies]
        if constant:
            yield "constant", listed(constant)
        if self._copies:
            yield "copies", listed(f"{names[j]} of {names[source]}" for j, (source, _) in self._copies.items())

    # -- columns ----------------------------------------------------------------------------------------------------

    def _fit_columns(self, frame, weight):
        is_category = self._category_mask()
        formats = [format_of(frame.iloc[:, j], self._name_of(j), is_category[j]) for j in range(frame.shape[1])]
        plain = [column_format.read(frame.iloc[:, j]) for j, column_format in enumerate(formats)]
        warn_of_unlisted(formats, plain, is_category)
        orders = self._level_orders(formats, plain, weight)
        finder = CopyFinder(len(frame))
        self._columns, self._copies, self._slices = [], {}, []
        start = 0
        for j, column_format in enumerate(formats):
            if isinstance(column_format, CategoryFormat):
                column = EncodedCategories(column_format, plain[j], orders[j], weight, self.categorical == "codes")
            else:
                column = EncodedNumbers(column_format, plain[j], weight, self)
            copied = finder.copy_of(j, column, plain[j])
            if copied is not None:
                self._copies[j] = copied
            stop = start + (0 if copied is not None else column.n_columns)
            self._columns.append(column)
            self._slices.append(slice(start, stop))
            start = stop
        self.n_encoded_ = start

    def _level_orders(self, formats, plain, weight):
        """For each column the order of its levels, or None where it has none."""
        n_levels = [len(each.levels) if isinstance(each, CategoryFormat) else None for each in formats]
        if not any(n_levels):
            return [None] * len(formats)
        descriptions = [description(plain[j], n_levels[j], weight) for j in range(len(formats))]
        orders = [None] * len(formats)
        for j, column_format in enumerate(formats):
            if n_levels[j] is not None and column_format.is_ordered:
                orders[j] = np.arange(n_levels[j])
            elif n_levels[j] is not None:
                others = [each for k, each in enumerate(descriptions) if k != j and each is not None]
                orders[j] = level_order(plain[j], n_levels[j], others, weight)
        return orders

    def _category_mask(self):
        mask = np.zeros(self.n_features_in_, bool)
        features = self.categorical_features
        if features is not None and not isinstance(features, str):
            mask[listed_categories(features, FeatureNames.of(self))[0]] = True
        return mask

    def _name_of(self, j):
        labels = FeatureNames.of(self).labels
        return f"column {j if labels is None else repr(labels[j])}"

    def _boxes(self, X, is_partial=False, is_complete=False, given=(), unseen="smooth"):
        """Boxes of rows; `unseen`: see `_encoded_columns.py`."""
        check_is_fitted(self)
        frame = read_frame(X)
        note_columns(self, X, reset=False)
        plain = [column.format.read(frame.iloc[:, j]) for j, column in enumerate(self._columns)]
        return self._boxes_of(plain, len(frame), is_partial, is_complete, given, unseen=unseen)

    def _boxes_of(self, plain, n_samples, is_partial, is_complete, given=(), *, unseen):
        """The same for columns of plain numbers and codes."""
        if is_partial:
            self._complete(plain)
        parts = []
        for j, column in enumerate(self._columns):
            if j not in self._copies:
                part = column.boxes(plain[j], is_partial=is_partial, is_complete=is_complete, unseen=unseen)
                parts.append(part.without_volume() if j in given else part)
        return Boxes.side_by_side(parts, n_samples)

    def _complete(self, plain):
        """Fill in unknown cells that follow from a copy of their column."""
        for j, (source, copy) in self._copies.items():
            is_open = ~self._columns[source].is_known(plain[source]) & self._columns[j].is_known(plain[j])
            plain[source] = np.where(is_open, copy.to_source(plain[j]), plain[source])

    def _read_encoded(self, Z):
        if self.n_encoded_ == 0:
            return np.empty((len(Z), 0))
        Z = check_array(Z, dtype=np.float64, input_name="Z", ensure_min_samples=0)
        if Z.shape[1] != self.n_encoded_:
            raise ValueError(f"Z must have {self.n_encoded_} columns, got {Z.shape[1]}.")
        return Z
