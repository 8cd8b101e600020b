"""Rows that a booster reads in batches: how they are read, and what needs all of them in memory."""

import numpy as np

from skensemble._input_kinds import TableSource
from skensemble._parameters import ParameterError, plain_value
from skensemble._validation import note_columns, read_features
from skensemble.ensemble.losses._losses import class_of_loss

IN_PARTS = "where several workers have the rows, got"
IN_MEMORY = "where X is read in batches, since it needs the numbers of all rows, got"


def read_targets(estimator, X, y, sample_weight):
    """(y, sample_weight), those that batches hold where X is read in batches."""
    if not isinstance(X, TableSource):
        return y, sample_weight
    if X.is_parted:
        check_in_parts(estimator)
    else:
        _check_parameters(estimator)
    return X.targets(y, sample_weight)


def read_rows(estimator, X, *, reset):
    """X as a Table, whose columns and rows are read later if they come in batches."""
    if not isinstance(X, TableSource):
        return read_features(estimator, X, reset=reset)
    note_columns(estimator, X.first_rows(), reset=reset)
    return X.table()


def given_rows(X, n_samples):
    """X for scorers, who are told predictions; rows without columns in the place of what is not in memory."""
    return np.empty((n_samples, 0)) if isinstance(X, TableSource) else X


def _check_parameters(estimator):
    """Refuse what reads more than the codes of rows."""
    if estimator.booster == "gblinear":
        raise ParameterError(f"booster must not be 'gblinear' {IN_MEMORY} 'gblinear'.")
    if estimator.warm_start:
        raise ParameterError(f"warm_start must be False {IN_MEMORY} {estimator.warm_start!r}.")
    if callable(estimator.scoring):
        raise ParameterError(f"scoring must be the name of a scorer {IN_MEMORY} {estimator.scoring!r}.")
    if plain_value(estimator.n_estimators) == "auto" and not isinstance(estimator.cv, (int, type(None))):
        raise ParameterError(f"cv must be None or a number of folds {IN_MEMORY} {estimator.cv!r}.")


def check_in_parts(estimator):
    """Refuse what needs more of the rows of other processes than sums."""
    _check_parameters(estimator)
    loss = estimator.loss if hasattr(estimator, "loss") else estimator.objective
    if callable(loss) or class_of_loss(loss).optimal_leaf_values is not None or class_of_loss(loss).needs_all_rows:
        raise ParameterError(
            f"loss must be one whose leaves are quotients of sums {IN_PARTS} {loss!r}: its leaves or gradients need "
            "rows of other workers."
        )
    if estimator.booster != "gbtree":
        raise ParameterError(f"booster must be 'gbtree' {IN_PARTS} {estimator.booster!r}.")
    if plain_value(estimator.n_estimators) == "auto":
        raise ParameterError(f"n_estimators must be a number {IN_PARTS} 'auto': pass one such as 300.")
    if plain_value(estimator.linear_leaves) is True:
        raise ParameterError(f"linear_leaves must be False {IN_PARTS} True.")
