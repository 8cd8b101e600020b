"""The input of a field: x_t, time and log-SNR of each row, and what is known of it; and its layout as a matrix.

    features = [ x_t, scaled to unit variance | known cells | label | t | log-SNR ]

Only `FieldLayout` knows these positions: regressors get the matrix, all other code reads its parts by name.
"""

from typing import NamedTuple

import numpy as np

from skensemble.generative.paths._paths import as_column

LARGEST_LOG_SNR = 20.0  # x_t is data (or noise) to ten digits there; the feature stays finite at t = 0 and t = 1


class Condition(NamedTuple):
    """What is known of each row: NaN where it is unknown for a row, None where it is unknown for all rows.

    known : (n_rows, n_columns), cells of the rows themselves
    label : (n_rows, n_label), labels or numbers, encoded
    """

    known: np.ndarray | None = None
    label: np.ndarray | None = None

    def take(self, rows):
        """The Condition of some rows."""
        return Condition(*(None if part is None else part[rows] for part in self))

    def without_label(self):
        """The same cells, no label."""
        return self._replace(label=None if self.label is None else np.full_like(self.label, np.nan))


class FieldInput(NamedTuple):
    """The parts of a matrix of features, as views.

    x : (n_rows, n_columns), x_t divided by the path's scale at t
    known : (n_rows, n_columns) or (n_rows, 0)
    label : (n_rows, n_label)
    t, log_snr : (n_rows,)
    """

    x: np.ndarray
    known: np.ndarray
    label: np.ndarray
    t: np.ndarray
    log_snr: np.ndarray

    @property
    def condition(self):
        """Known cells and labels as a Condition."""
        return Condition(*(part if part.shape[-1] else None for part in (self.known, self.label)))


class FieldLayout(NamedTuple):
    """How many features of each kind there are, and where.

    n_known : n_columns where rows can show cells of their own, else 0
    """

    n_columns: int
    n_known: int = 0
    n_label: int = 0

    @classmethod
    def of(cls, x, condition=None):
        """The layout for rows x and their Condition, or None."""
        widths = [0 if part is None else part.shape[1] for part in condition or Condition()]
        return cls(x.shape[1], *widths)

    @property
    def condition(self):
        """Positions of known cells and labels, as a slice: the features that can be NaN."""
        return slice(self.n_columns, self.time)

    @property
    def time(self):
        """Position of t."""
        return self.n_columns + self.n_known + self.n_label

    @property
    def up_to_time(self):
        """Positions of all but log-SNR, a monotone function of t, which gives trees no split that t does not give."""
        return slice(0, self.time + 1)

    @property
    def n_features(self):
        return self.time + 2

    def split(self, condition):
        """A matrix [known cells | label] as a Condition; None stays None."""
        if condition is None:
            return None
        known, label = condition[:, : self.n_known], condition[:, self.n_known :]
        return Condition(known if self.n_known else None, label if self.n_label else None)

    def read(self, features):
        """The parts of features (..., n_features), as views: writing into a part writes into the features."""
        label = self.n_columns + self.n_known
        return FieldInput(
            x=features[..., : self.n_columns],
            known=features[..., self.n_columns : label],
            label=features[..., label : self.time],
            t=features[..., self.time],
            log_snr=features[..., self.time + 1],
        )


def field_features(x, t, condition, path):
    """The features of regressors for x_t = x at time t: float64 (n_rows, n_features), laid out as above.

    x : float64 (n_rows, n_columns)
    t : number or (n_rows,)
    condition : Condition or None
    """
    layout = FieldLayout.of(x, condition)
    features = np.empty((len(x), layout.n_features))
    parts = layout.read(features)
    np.divide(x, as_column(path.scale(t)), out=parts.x)
    if layout.n_known:
        parts.known[:] = condition.known
    if layout.n_label:
        parts.label[:] = condition.label
    parts.t[:] = t
    parts.log_snr[:] = np.clip(path.log_snr(t), -LARGEST_LOG_SNR, LARGEST_LOG_SNR)
    return features
