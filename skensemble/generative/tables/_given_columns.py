"""Given columns: the columns of a table on which a density is conditioned, beside those that it models.

table    a | b | c | d          b, d are given
encoded  a . | b | c . . | d
         modelled: a, c         condition: b, d, after the labels, if there are any
"""

import numpy as np

from skensemble._feature_positions import Position, feature_positions
from skensemble._parameters import ParameterError
from skensemble._targets import FeatureNames
from skensemble.generative.tables._containers import read_frame


class GivenColumns:
    """Which columns are given, and where they are among the encoded ones.

    Parameters
    ----------
    estimator : fitted on the table as far as names and number of its columns go
    columns : names, positions or a mask; None for none
    encoder : TableEncoder of all columns, fitted

    Attributes
    ----------
    positions : list of int, in the order of `columns`
    determined : list of int
        The given columns, and those that are copies of them, which have no density of their own.
    is_given : bool (n_encoded,)
    """

    def __init__(self, estimator, columns, encoder):
        self.names = FeatureNames.of(estimator)
        positions = [] if columns is None else feature_positions(columns, self.names, "condition_columns")
        self.positions = [Position(j) for j in dict.fromkeys(positions)]
        self.n_features, self.encoder = estimator.n_features_in_, encoder
        self.is_given = np.zeros(encoder.n_encoded_, bool)
        for j in self.positions:
            self.is_given[encoder.encoded_columns_of(j)] = True
        self.determined = [
            j for j in range(self.n_features) if self.is_given[encoder.encoded_columns_of(Position(j))].any()
        ]
        if len(self.positions) == self.n_features:
            raise ParameterError(
                f"condition_columns must leave a column to model, got {self.positions} where n_features = "
                f"{self.n_features}."
            )

    def __bool__(self):
        return bool(self.positions)

    @property
    def n_modelled(self):
        """Encoded columns that are not given."""
        return int(np.count_nonzero(~self.is_given))

    @property
    def n_given(self):
        """Encoded columns that are given."""
        return int(np.count_nonzero(self.is_given))

    def split(self, encoded):
        """(modelled columns, given columns)"""
        return encoded[:, ~self.is_given], encoded[:, self.is_given]

    def join(self, modelled, given):
        """Inverse of `split`."""
        encoded = np.empty((len(modelled), len(self.is_given)))
        encoded[:, ~self.is_given], encoded[:, self.is_given] = modelled, given
        return encoded

    def cells(self, condition, n_samples):
        """{position: value or n_samples values} of the given columns.

        condition : dict, name or position -> value or n_samples values; or a table of the given columns, or of all,
            with one row for all samples or n_samples rows; None if no column is given
        """
        if not self.positions:
            if condition is not None:
                raise ParameterError("condition must be None for a model that was fitted without condition_columns.")
            return {}
        if condition is None:
            raise ParameterError("condition must hold the cells of condition_columns, got None.")
        cells = condition if isinstance(condition, dict) else self._cells_of_table(condition, n_samples)
        positions = [Position(j) for j in feature_positions(list(cells), self.names, "condition")] if cells else []
        if sorted(positions) != sorted(self.positions):
            raise ParameterError(
                f"condition must hold the columns {self.positions}, which condition_columns name, got {positions}."
            )
        return dict(zip(positions, cells.values()))

    def encode(self, cells, n_samples):
        """(n_samples, n_given) encoded cells."""
        given = self.encoder.transform_cells(cells, n_samples)[:, self.is_given]
        if np.isnan(given).any():
            raise ParameterError("condition must hold a value in every cell of condition_columns, got a missing one.")
        return given

    def _cells_of_table(self, table, n_samples):
        frame = read_frame(table)
        if len(frame) not in (1, n_samples):
            raise ParameterError(f"condition must have 1 row or n_samples = {n_samples}, got {len(frame)}.")
        if frame.shape[1] == self.n_features:
            frame = frame.iloc[:, self.positions]
        if frame.shape[1] != len(self.positions):
            raise ParameterError(f"condition must have {len(self.positions)} columns, got {frame.shape[1]}.")
        has_names = all(isinstance(name, str) for name in frame.columns)
        keys = list(frame.columns) if has_names else self.positions
        rows = slice(None) if len(frame) == n_samples else 0
        return {key: frame.iloc[rows, k] for k, key in enumerate(keys)}
