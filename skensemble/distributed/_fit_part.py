"""A process's part of a fit: its blocks of rows, and how they are handed to an estimator.

A block is a dict of columns, by the names of what `fit` takes for each row: X, y, and any of `OF_ROWS`.
"""

import numpy as np

from skensemble._parameters import ParameterError
from skensemble._warnings import caught_warnings
from skensemble.distributed._batches import Batches
from skensemble.distributed._exchange import connect
from skensemble.distributed._part_source import PartSource

OF_ROWS = ("sample_weight", "init_score", "groups", "qid")
OTHERS = OF_ROWS[1:]  # than what batches hold


def columns_of_fit(X, given, suffix=""):
    """{name: collection} of what is given for each row.

    given : {name: argument of `fit`}, of which those that name no rows must be None;  suffix : "_val" or ""
    """
    columns = {"X": X}
    for name, value in given.items():
        if value is None:
            continue
        if name not in ("y", *OF_ROWS):
            raise ParameterError(f"{name}{suffix} must be None where X is a collection: pass qid{suffix}.")
        columns[name] = value
    if "y" not in columns:
        raise ValueError(f"y{suffix} must be given with X{suffix}, a collection, got None.")
    return columns


def fit_here(estimator, train, validation):
    """Fit to all blocks in this process.  validation : list of blocks, or None"""
    given = {}
    for blocks, suffix in ((train, ""), (validation, "_val")):
        if blocks is not None:
            given |= _arguments(_batches(blocks), _joined(blocks), suffix)
    return estimator.fit(**given)


def run_rank(estimator, train, validation, door, rank, addresses, token, names, n_threads):
    """Meet the other processes and fit with them; returns what `fit_part` does.

    door : socket that listens at addresses[rank];  token : bytes that all share;  names : what errors call the ranks
    """
    exchange = connect(rank, door, addresses, token, dict(enumerate(names)))
    try:
        return fit_part(estimator, train, validation, exchange, n_threads)
    finally:
        exchange.close()


def fit_part(estimator, train, validation, exchange, n_threads):
    """Fit with the other processes; returns (fitted attributes, warnings) of rank 0, else None.

    train, validation : list of the blocks here, which may be none; validation is None if nobody has any
    n_threads : where `n_jobs` says nothing
    """
    given = {}
    for blocks, suffix in ((train, ""), (validation, "_val")):
        if blocks is not None:
            given |= _arguments(PartSource(_batches(blocks), exchange), _gathered(blocks, exchange), suffix)
    n_jobs = estimator.n_jobs
    estimator.n_jobs = n_threads if n_jobs is None else n_jobs
    estimator._is_silent = exchange.rank > 0
    with caught_warnings() as warnings:
        estimator.fit(**given)
    estimator.n_jobs = n_jobs
    del estimator._is_silent
    return (vars(estimator), warnings) if exchange.rank == 0 else None


def hand_over(attributes, estimator):
    """Let an estimator be the one that was fitted in another process, and forget what earlier fits learned."""
    for name in vars(estimator).keys() - attributes.keys():
        delattr(estimator, name)
    vars(estimator).update(attributes)


def _batches(blocks):
    if not blocks:
        return None
    return Batches.from_iterable([(block["X"], block["y"], block.get("sample_weight")) for block in blocks])


def _joined(blocks):
    """{name: array} of all other columns of the blocks that have rows."""
    blocks = [block for block in blocks if len(block["X"])]
    return {name: np.concatenate([_cells(block[name]) for block in blocks]) for name in OTHERS if name in blocks[0]}


def _cells(column):
    """An array; a frame of one column as this column."""
    cells = np.asarray(column)
    return cells[:, 0] if cells.ndim == 2 and cells.shape[1] == 1 else cells


def _gathered(blocks, exchange):
    parts = [part for part in exchange.gather(_joined(blocks) if blocks else None) if part is not None]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _arguments(source, columns, suffix):
    return {f"X{suffix}": source, **{f"{name}{suffix}": values for name, values in columns.items()}}
