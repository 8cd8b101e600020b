"""Ranks of a fit as threads of one process, connected by sockets."""

from concurrent.futures import ThreadPoolExecutor

from sklearn.base import clone

from skensemble.distributed import Batches
from skensemble.distributed._exchange import connect, open_door, says_less
from skensemble.distributed._part_source import PartSource

TOKEN = b"0123456789abcdef"


def on_ranks(function, n_ranks):
    """[function(exchange of a rank) for all ranks], all at the same time."""
    doors = [open_door("127.0.0.1") for _ in range(n_ranks)]
    addresses = [door.getsockname()[:2] for door in doors]

    def run(rank):
        exchange = connect(rank, doors[rank], addresses, TOKEN, patience=20.0)
        try:
            return function(exchange)
        finally:
            exchange.close()

    with ThreadPoolExecutor(n_ranks) as pool:
        tasks = [pool.submit(run, rank) for rank in range(n_ranks)]
    errors = [task.exception() for task in tasks if task.exception() is not None]
    if errors:
        raise min(errors, key=says_less)
    return [task.result() for task in tasks]


def fitted_on_ranks(model, parts, validation=None):
    """The models of all ranks.  parts : for each rank a list of (X, y) or (X, y, weight);  validation : the same"""

    def fit(exchange):
        given = {}
        if validation is not None:
            given["X_val"] = source_of(validation, exchange)
        return clone(model).fit(source_of(parts, exchange), **given)

    return on_ranks(fit, len(parts))


def source_of(parts, exchange):
    """A rank's part of the rows, see `fitted_on_ranks`."""
    part = parts[exchange.rank]
    return PartSource(Batches.from_iterable(part) if part else None, exchange)
