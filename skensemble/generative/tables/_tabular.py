"""TableEncoder: a table of mixed columns as a matrix of floats that a density can be fitted to, and back."""

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_array, check_is_fitted, validate_data

from skensemble._estimator import Estimator
from skensemble._parameters import CATEGORICAL_FEATURES, Interval, IsBool, OneOf, check_rules
from skensemble._random import generator as generator_of
from skensemble._targets import FeatureNames, all_or_nothing, read_weight
from skensemble._validation import feature_positions
from skensemble.generative.tables._column_formats import CategoryFormat, format_of
from skensemble.generative.tables._containers import container_of, read_frame
from skensemble.generative.tables._encoded_columns import CopyFinder, EncodedCategories, EncodedNumbers
from skensemble.generative.tables._level_order import description, level_order

PARAMETERS = {
    "numeric": (OneOf("standard", "quantile", "auto"),),
    "categorical": (OneOf("onehot", "codes"),),
    "max_onehot": (Interval(int, 2),),
    "categorical_features": CATEGORICAL_FEATURES,
    "bounded": (IsBool,),
    "handle_unknown": (OneOf("error", "ignore"),),
}


class TableEncoder(TransformerMixin, Estimator):
    """A table of mixed columns as a matrix of floats of about unit variance, and back with the same dtypes.

    How a column is encoded:

    - Numbers: one column, standardised, or its quantiles mapped to those of a normal distribution by a smooth function.
      A value that at least 5 % of the rows share (and 20 rows), in a column of otherwise finer values, such as the
      zeros of a capital gain, is an atom: it gets an interval of its own of the axis, so that it can be hit exactly.
      Where quantiles are taken, 20 rows of 40 000 are enough, as an atom takes no more of the axis than its share.
    - Integers, and floats with few decimals, are numbers that are rounded on the way back.
    - Dates and durations are whole numbers of their coarsest common step: days, hours, minutes, ... nanoseconds.
    - Strings, booleans, pandas' categories, and what `categorical_features` names: `categorical="onehot"` makes one
      column of two levels, one for each of up to `max_onehot` levels, else the binary digits of the level's number
      (analog bits [1]_); on the way back, the nearest level is taken.  `"codes"` makes a single column, in which each
      level has an interval of the normal distribution of the mass of its share, and levels that are alike, seen from
      the other columns, are neighbours; ordered categories keep their order.
    - Missing cells are generated as missing.  They are one more level of a column of categories; a column of numbers
      gets an indicator column, and the middle of its axis where it is missing.
    - Constant columns, and columns that are an earlier one, relabelled, moved or stretched, have no encoded column,
      and come back.

    Parameters
    ----------
    numeric : {"standard", "quantile", "auto"}, default="standard"
        What is done to numbers.  "auto" takes the quantiles of columns in which most rows share their value with at
        least 19 others, such as ages in years, and standardises the rest.
    categorical : {"onehot", "codes"}, default="onehot"
        What is done to categories.  "codes" suits trees, "onehot" networks.
    max_onehot : int >= 2, default=32
        Largest number of levels (missing included) that are encoded one-hot.
    categorical_features : "from_dtype", None or array-like of names or positions or a mask, default="from_dtype"
        Columns of numbers or dates to be taken as categories.  Strings, booleans and pandas' categories are categories
        in any case, so "from_dtype" and None mean the same.
    bounded : bool, default=True
        Whether `inverse_transform` keeps numbers within the range that fit saw.  What lies beyond is reflected at
        the end of the range where the column is continuous there, as clipping would pile it up; it is clipped where
        an atom or one of few whole numbers stands at the end.
    handle_unknown : {"error", "ignore"}, default="error"
        What to do with a level that fit did not see: refuse it, or encode it as the mean of the levels.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If the columns of X have names that are strings.
    n_encoded_ : int
        Number of encoded columns.

    Notes
    -----
    **Densities.** A row does not become a point but a box around `transform(X)`: integers, rounded numbers, atoms,
    levels and missing cells stand for intervals of encoded numbers, all of which lead back to them.  With u uniform in
    this box, p the density of encoded rows and V the volume of the box,

        log P(row) = log E_u[p(u)] + log V  >=  E_u[log p(u)] + log V

    (dequantisation, [2]_).  `dequantized` draws u, and `log_abs_det_jacobian` has log V: with one u the right-hand side
    holds on average, and the mean density over more of them comes closer to log P.  `transform(X)` is the middle of the
    box, which flatters densities that peak there.  What is measured:

    ========================================  =====================================================================
    column                                    it contributes
    ========================================  =====================================================================
    continuous numbers                        density per unit of the column (log V is the slope's logarithm)
    rounded to decimals                       density per unit: probability of the value / 10**-decimals
    integers                                  probability of the value
    dates, durations                          probability of the value (density per common step)
    atoms of a continuous column              probability of the value
    categories, missing cells                 probability of the level, or of being missing
    constant columns, copies of others        nothing
    ========================================  =====================================================================

    Reflection and clipping at the ends of the range only add to the probability of what is within, so that a bound
    stays a bound.

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
    array(['age', 'job_chef', 'job_clerk', 'job_missing', 'paid'], dtype=object)
    >>> Z = encoder.transform(X)
    >>> Z.shape
    (4, 5)
    >>> encoder.inverse_transform(Z).equals(X)
    True
    """

    def __init__(
        self,
        *,
        numeric="standard",
        categorical="onehot",
        max_onehot=32,
        categorical_features="from_dtype",
        bounded=True,
        handle_unknown="error",
    ):
        self.numeric = numeric
        self.categorical = categorical
        self.max_onehot = max_onehot
        self.categorical_features = categorical_features
        self.bounded = bounded
        self.handle_unknown = handle_unknown

    @all_or_nothing
    def fit(self, X, y=None, sample_weight=None):
        """Learn how to encode the columns of X.

        Parameters
        ----------
        X : frame of pandas or polars, pyarrow table, or array-like, shape (n_samples, n_features)
            Numbers must be finite; NaN, None and NA are missing cells.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Weight k is k copies of the row, and weight 0 its absence.

        Returns
        -------
        self : TableEncoder

        Raises
        ------
        ValueError
            For infinite cells, a column without a value, no rows, or a parameter that breaks its rule.
        TypeError
            For a column of objects that are neither strings nor numbers.
        """
        check_rules(self, PARAMETERS)
        frame = read_frame(X)
        validate_data(self, X, reset=True, skip_check_array=True)
        weight = read_weight(sample_weight, "sample_weight", len(frame))
        if weight is not None:
            frame, weight = frame[weight > 0], weight[weight > 0]
        self._container = container_of(X)
        self._fit_columns(frame, np.ones(len(frame)) if weight is None else weight)
        return self

    def transform(self, X):
        """Encode rows.

        Parameters
        ----------
        X : table like that of fit, shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_encoded_), float64
            Rounded numbers, levels and missing cells as the middle of their boxes.

        Raises
        ------
        ValueError
            For levels and missing cells in columns where fit saw none, and infinite cells.
        """
        return self._cells(X)[0]

    def transform_partial(self, X, *, is_complete=False):
        """Encode rows whose missing cells are unknown, not values to be modelled: they become NaN.

        All encoded columns of an unknown cell are NaN; those of a known cell say that it is not missing.  A cell that
        follows from a copy of its column is known.

        Parameters
        ----------
        X : table like that of fit, shape (n_samples, n_features)
        is_complete : bool, default=False
            Whether unknown cells are known not to be missing.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_encoded_), float64
        """
        return self._cells(X, is_partial=True, is_complete=is_complete)[0]

    def transform_cells(self, cells, n_samples, *, is_complete=False):
        """Encode rows of which only some cells are known.

        Parameters
        ----------
        cells : dict, name or position of a column -> value, or array-like of shape (n_samples,)
        n_samples : int
            Number of rows.
        is_complete : bool, default=False
            Whether unknown cells are known not to be missing.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_encoded_), float64
            NaN where nothing is known.
        """
        check_is_fitted(self)
        plain = [column.unknown(n_samples) for column in self._columns]
        for j, values in self._plain_cells(cells, n_samples).items():
            plain[j] = values
        return self._cells_of(plain, n_samples, True, is_complete)[0]

    def _plain_cells(self, cells, n_samples):
        """{position: plain values} of a dict of cells."""
        positions = feature_positions(list(cells), FeatureNames.of(self), "condition") if cells else []
        plain = {}
        for j, values in zip(positions, cells.values()):
            series = pd.Series(np.broadcast_to(values, n_samples) if np.ndim(values) == 0 else values)
            if len(series) != n_samples:
                raise ValueError(f"condition must have {n_samples} values in {self._name_of(j)}, got {len(series)}.")
            plain[j] = self._columns[j].format.read(series)
        return plain

    def dequantized(self, X, generator=None):
        """Encode rows as uniform draws from their boxes (see Notes), other ones at each call.

        Parameters
        ----------
        X : table like that of fit, shape (n_samples, n_features)
        generator : numpy Generator, int, RandomState or None

        Returns
        -------
        Z : ndarray of shape (n_samples, n_encoded_), float64
            Lies in the boxes, so that `inverse_transform` leads back to X.
        """
        middle, half_width, _ = self._cells(X)
        return middle + generator_of(generator).uniform(-1.0, 1.0, middle.shape) * half_width

    def log_abs_det_jacobian(self, X):
        """What turns log densities of encoded rows into log densities in the units of X (see Notes).

        Parameters
        ----------
        X : table like that of fit, shape (n_samples, n_features)

        Returns
        -------
        log_det : ndarray of shape (n_samples,)
            Sum over the columns: the logarithm of |d encoded / d number| for continuous numbers, of the width of the
            box divided by the step between rounded numbers, and of the volume of the box for levels and missing cells.
        """
        return self._cells(X)[2]

    def boxes(self, X, *, given=()):
        """The boxes that rows stand for (see Notes), for those who draw from them again and again.

        Parameters
        ----------
        X : table like that of fit, shape (n_samples, n_features)
        given : sequence of int, default=()
            Positions of columns whose volume is not to be counted, since they are no part of a density.

        Returns
        -------
        middle : ndarray of shape (n_samples, n_encoded_)
            What `transform` gives.
        half_width : ndarray of shape (n_samples, n_encoded_)
        log_volume : ndarray of shape (n_samples,)
            What `log_abs_det_jacobian` gives, but for `given`.
        """
        return self._cells(X, given=given)

    def inverse_transform(self, Z, *, is_complete=False, cells=None):
        """The table that encoded rows stand for.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_encoded_)
            Any finite numbers.
        is_complete : bool, default=False
            Whether to take values only, and never a missing cell.
        cells : dict, name or position of a column -> value or n_samples values, default=None
            What stands in these columns, whatever Z says, within the range of fit or not.

        Returns
        -------
        X : table of the kind that fit saw, with the same columns, dtypes, categories, decimals and, if `bounded`, range
            pandas frames have a RangeIndex.
        """
        check_is_fitted(self)
        Z = self._read_encoded(Z)
        plain = [None] * self.n_features_in_
        for j, column in enumerate(self._columns):
            if j not in self._copies:
                plain[j] = column.plain(Z[:, self._slices[j]], is_complete)
        for j, (source, copy) in self._copies.items():
            plain[j] = copy.from_source(plain[source])
        for j, values in self._plain_cells(cells or {}, len(Z)).items():
            plain[j] = values
        return self._container.restore([column.format.write(plain[j]) for j, column in enumerate(self._columns)])

    def encoded_columns_of(self, column):
        """Which encoded columns hold a column of the table.

        Parameters
        ----------
        column : str or int, name or position

        Returns
        -------
        columns : slice
            Empty for a constant column; for a copy of another column, the columns of that one.
        """
        check_is_fitted(self)
        j = feature_positions([column], FeatureNames.of(self), "column")[0]
        source, _ = self._copies.get(j, (j, None))
        return self._slices[source]

    def get_feature_names_out(self, input_features=None):
        """Names of the encoded columns.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns of X; by default those that fit saw, or x0, x1, ...

        Returns
        -------
        names : ndarray of object
            The name of the column; with _missing, _bit0, _bit1, ... or the level behind it where there are several.
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    # -- columns ----------------------------------------------------------------------------------------------------

    def _fit_columns(self, frame, weight):
        is_category = self._category_mask()
        formats = [format_of(frame.iloc[:, j], self._name_of(j), is_category[j]) for j in range(frame.shape[1])]
        plain = [column_format.read(frame.iloc[:, j]) for j, column_format in enumerate(formats)]
        orders = self._level_orders(formats, plain, weight)
        finder = CopyFinder(len(frame))
        self._columns, self._copies, self._slices = [], {}, []
        start = 0
        for j, column_format in enumerate(formats):
            if isinstance(column_format, CategoryFormat):
                column = EncodedCategories(column_format, plain[j], orders[j], weight, self)
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
        """For each column the order of its levels on an axis, or None where they have none."""
        if self.categorical == "onehot":
            return [None] * len(formats)
        n_levels = [len(each.levels) if isinstance(each, CategoryFormat) else None for each in formats]
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
            mask[feature_positions(features, FeatureNames.of(self), "categorical_features")] = True
        return mask

    def _name_of(self, j):
        return f"column {self.feature_names_in_[j]!r}" if hasattr(self, "feature_names_in_") else f"column {j}"

    def _cells(self, X, is_partial=False, is_complete=False, given=()):
        """(middles, half widths, logarithms of volumes) of the boxes of rows."""
        check_is_fitted(self)
        frame = read_frame(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        plain = [column.format.read(frame.iloc[:, j]) for j, column in enumerate(self._columns)]
        return self._cells_of(plain, len(frame), is_partial, is_complete, given)

    def _cells_of(self, plain, n_samples, is_partial, is_complete, given=()):
        """The same for columns of plain numbers and codes."""
        if is_partial:
            self._complete(plain)
        middle, half_width = np.empty((2, n_samples, self.n_encoded_))
        log_volume = np.zeros(n_samples)
        for j, column in enumerate(self._columns):
            if j not in self._copies:
                columns = self._slices[j]
                cells = column.cells(plain[j], is_partial=is_partial, is_complete=is_complete, options=self)
                middle[:, columns], half_width[:, columns] = cells[:2]
                log_volume += 0.0 if j in given else cells[2]
        return middle, half_width, log_volume

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
