"""Ranks of a fit as threads of one process, connected by sockets."""

from concurrent.futures import ThreadPoolExecutor

from sklearn.base import clone

from skensemble.distributed import Batches
from skensemble.distributed._exchange import connect, open_door
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
        return list(pool.map(run, range(n_ranks)))


def fitted_on_ranks(model, parts, validation=None):
    """The models of all ranks.  parts : for each rank a list of (X, y) or (X, y, weight);  validation : the same"""

    def fit(exchange):
        given = {}
        if validation is not None:
            given["X_val"] = PartSource(Batches.from_iterable(validation[exchange.rank]), exchange)
        return clone(model).fit(PartSource(Batches.from_iterable(parts[exchange.rank]), exchange), **given)

    return on_ranks(fit, len(parts))
