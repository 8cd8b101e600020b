"""Rows that a booster reads in batches: their targets, and what needs all rows in memory."""

from skensemble._input_kinds import TableSource
from skensemble._parameters import ParameterError, plain_value
from skensemble.ensemble._batched_rows import IN_MEMORY
from skensemble.ensemble.losses._losses import class_of_loss


def read_targets(estimator, X, y, sample_weight):
    """(y, sample_weight), those that batches hold where X is read in batches."""
    if not isinstance(X, TableSource):
        return y, sample_weight
    check_for_batches(estimator)
    return X.targets(y, sample_weight)


def check_for_batches(estimator):
    """Refuse what reads more than the codes of rows."""
    if estimator.booster == "gblinear":
        raise ParameterError(f"booster must not be 'gblinear' {IN_MEMORY} 'gblinear'.")
    if callable(estimator.scoring):
        raise ParameterError(f"scoring must be the name of a scorer {IN_MEMORY} {estimator.scoring!r}.")
    if plain_value(estimator.n_estimators) == "auto" and not isinstance(estimator.cv, (int, type(None))):
        raise ParameterError(f"cv must be None or a number of folds {IN_MEMORY} {estimator.cv!r}.")


def reads_in_order(estimator):
    """Must rows stay in their order where several workers have them?  Where the loss sees all of them at once."""
    loss = estimator.loss if hasattr(estimator, "loss") else estimator.objective
    return callable(loss) or class_of_loss(loss).needs_all_rows
