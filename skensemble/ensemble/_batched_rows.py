"""Rows that an estimator may read in batches: how they are read."""

import numpy as np

from skensemble._input_kinds import TableSource
from skensemble._validation import note_columns, read_features

IN_MEMORY = "where X is read in batches, since it needs the numbers of all rows, got"


def read_rows(estimator, X, *, reset, all_codes=False):
    """X as a Table, whose columns and rows are read later if they come in batches.

    all_codes : whether, of several processes that have some rows each, all need the codes of all rows
    """
    if not isinstance(X, TableSource):
        return read_features(estimator, X, reset=reset)
    note_columns(estimator, X.first_rows(), reset=reset)
    return X.table(all_codes)


def given_rows(X, n_samples):
    """X for scorers, who are told predictions; rows without columns in the place of what is not in memory."""
    return np.empty((n_samples, 0)) if isinstance(X, TableSource) else X
