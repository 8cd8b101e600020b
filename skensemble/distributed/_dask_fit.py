"""Fits to Dask's collections: Dask places the rows, one long task per worker trains, and sockets of our own carry sums.

The client assigns partitions to workers, mostly where they lie.  Each worker opens a door, and gets one task that runs
to the end of the fit; rank 0 returns the fitted attributes.
"""

import secrets
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np

from skensemble._input_kinds import is_dask
from skensemble._parameters import ParameterError
from skensemble._warnings import warn, warn_again
from skensemble.distributed._exchange import PATIENCE, LostRank, SilentRank, open_door, says_less
from skensemble.distributed._fit_part import fit_here, hand_over, run_rank

LOCAL_SHARE = 1.25  # of its fair share of the rows a worker keeps what lies there
MOST_FITS = 4  # that lose a worker each
LONG_SILENCE = 10.0  # seconds without a word to Dask, after which a worker may hang, and nobody waits for its answer
LAST_WORDS = 3.0  # seconds that others have to tell an error, when one rank has failed
_doors = {}  # (fit, worker): of fits that begin in this process


def fit_on_dask(estimator, train, validation, in_order=False):
    """Fit to Dask's collections; a client's workers share the rows, and without a client this process has all.

    train, validation : {name: collection}, see `columns_of_fit`; validation may be None
    in_order : whether rows must stay in their order, so that each worker has partitions that follow each other
    """
    train = _partitions(train, "")
    validation = None if validation is None else _partitions(validation, "_val")
    client = _client()
    if client is None:
        import dask

        return fit_here(estimator, *dask.compute(train, validation))
    return _fit_on_workers(client, estimator, train, validation, in_order)


def _client():
    """Dask's client of this process, or None."""
    try:
        from distributed import default_client
    except ImportError:
        return None
    try:
        return default_client()
    except ValueError:
        return None


# -- partitions ------------------------------------------------------------------------------------------------------


def _partitions(columns, suffix):
    """List of Delayed blocks, a partition each."""
    import dask

    blocks = {name: _delayed_blocks(name + suffix, values) for name, values in columns.items()}
    for name, of_column in blocks.items():
        if len(of_column) != len(blocks["X"]):
            raise ValueError(
                f"{name}{suffix} must have as many partitions as X{suffix}, {len(blocks['X'])}, got {len(of_column)}: "
                "take it from the same collection, or repartition it."
            )
    return [dask.delayed(_block)(list(blocks), list(block)) for block in zip(*blocks.values())]


def _block(names, columns):
    return dict(zip(names, columns))


def _delayed_blocks(name, values):
    if not is_dask(values):
        raise ParameterError(f"{name} must be a Dask collection as X is, got {type(values).__name__}.")
    if getattr(values, "ndim", 1) == 2 and hasattr(values, "numblocks") and values.numblocks[1] > 1:
        values = values.rechunk({1: -1})
    # Optimised, partitions of a Parquet file are fused, as many as the columns asked for allow: other ones for X and y.
    return list(np.ravel(values.to_delayed(optimize_graph=False)))


def _n_rows(block):
    return len(block["X"])


# -- on the client's workers -----------------------------------------------------------------------------------------


def _fit_on_workers(client, estimator, train, validation, in_order):
    """The fit; where a worker is lost, the others begin again, whose model is the same."""
    from distributed import MultiLock, wait

    blocks = client.compute([*train, *(validation or [])])
    kinds = np.repeat([0, 1], [len(train), len(blocks) - len(train)])
    for _ in range(MOST_FITS):
        wait(blocks)  # Dask computes those again that were lost
        sizes = client.gather(client.map(_n_rows, blocks, pure=False))
        shares = (_assign_in_order if in_order else _assign)(client, blocks, sizes, kinds)
        workers = sorted(shares)
        try:
            with MultiLock([f"skensemble-{worker}" for worker in workers], client=client):  # else two fits deadlock
                return _run_ranks(client, estimator, workers, list(map(shares.get, workers)), validation is not None)
        except LostRank as error:
            lost = _lost(client, workers)
            if not lost or len(lost) == len(workers):
                raise
            warn(f"The worker {', '.join(lost)} was lost, so that the fit began again without it: {error}")
    raise LostRank(f"Workers were lost in {MOST_FITS} fits, the last time {', '.join(lost)}.")


def _silence(client, workers):
    """{worker: seconds without a word to Dask, which hears of others}, of the workers that Dask knows."""
    known = client.scheduler_info(n_workers=-1)["workers"]
    last = max((worker["last_seen"] for worker in known.values()), default=0.0)
    return {worker: last - known[worker]["last_seen"] for worker in workers if worker in known}


def _lost(client, workers):
    """Workers that Dask does not know any more."""
    known = _silence(client, workers)
    return [worker for worker in workers if worker not in known]


def _responsive(client, workers):
    """Workers that Dask has heard of lately."""
    return [worker for worker, seconds in _silence(client, workers).items() if seconds < LONG_SILENCE]


def _assign(client, blocks, sizes, kinds):
    """{worker: ([blocks that train], [blocks that validate])}: mostly where they lie, the largest blocks first."""
    workers, homes, shares = _workers(client), client.who_has(blocks), {}
    for kind in (0, 1):
        rows = _blocks_with_rows(sizes, kinds, kind)
        rows = [rows[k] for k in np.argsort([-sizes[k] for k in rows], kind="stable")]
        load, most = dict.fromkeys(workers, 0), LOCAL_SHARE * sum(sizes[k] for k in rows) / len(workers)
        for k in rows:
            at_home = [worker for worker in homes.get(blocks[k].key, ()) if load.get(worker, most) + sizes[k] <= most]
            worker = min(at_home or workers, key=load.__getitem__)
            shares.setdefault(worker, ([], []))[kind].append(blocks[k])
            load[worker] += sizes[k]
    return shares


def _assign_in_order(client, blocks, sizes, kinds):
    """The same, each worker having blocks that follow each other, and workers in the order of their addresses."""
    workers, shares = _workers(client), {}
    for kind in (0, 1):
        rows, before = _blocks_with_rows(sizes, kinds, kind), 0
        total = sum(sizes[k] for k in rows)
        for k in rows:
            worker = workers[int((before + 0.5 * sizes[k]) / total * len(workers))]
            shares.setdefault(worker, ([], []))[kind].append(blocks[k])
            before += sizes[k]
    return shares


def _workers(client):
    workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
    if not workers:
        raise ValueError("The Dask client must have workers, got none.")
    return workers


def _blocks_with_rows(sizes, kinds, kind):
    rows = [k for k, size in enumerate(sizes) if kinds[k] == kind and size > 0]
    if kind == 0 and not rows:
        raise ValueError("X must have rows, got partitions without any.")
    return rows


def _run_ranks(client, estimator, workers, shares, has_validation):
    fit, token = uuid4().hex, secrets.token_bytes(16)
    addresses = client.run(_open_door, fit, workers=workers)
    tasks = [
        client.submit(
            _run_rank, estimator, share[0], share[1] if has_validation else None, rank,
            [addresses[worker] for worker in workers], fit, token, workers, workers=[worker],
            allow_other_workers=False, pure=False, retries=0, key=f"skensemble-fit-{fit}-{rank}",
        )
        for rank, (worker, share) in enumerate(zip(workers, shares))
    ]  # fmt: skip
    try:
        _wait_for_ranks(client, tasks, workers)
        attributes, warnings = tasks[0].result()
    finally:
        client.cancel(tasks)
        client.run(_close_door, fit, workers=_responsive(client, workers))
    warn_again(warnings)
    hand_over(attributes, estimator)
    return estimator


def _wait_for_ranks(client, tasks, workers):
    """Wait for the end of all tasks; raise the error that says most, a LostRank where a worker is gone."""
    from distributed import wait

    failed_at = None
    while pending := [task for task in tasks if task.status == "pending"]:
        if not (any(task.status == "error" for task in tasks) or _lost(client, workers)):
            failed_at = None  # a busy worker that was not heard of may be back
        elif failed_at is None:
            failed_at = monotonic()  # others may know better why
        if failed_at is not None and monotonic() - failed_at > LAST_WORDS:
            break
        hung = [worker for worker, seconds in _silence(client, workers).items() if seconds > PATIENCE]
        if hung:
            raise SilentRank(f"The worker {', '.join(hung)} hangs: no word to Dask for {PATIENCE:g} s.")
        with suppress(TimeoutError):
            wait(pending, timeout=0.5, return_when="FIRST_COMPLETED")
    errors = [task.exception() for task in tasks if task.status == "error"]
    lost = _lost(client, workers)
    if errors:
        raise min(errors, key=says_less)
    if lost or any(task.status != "finished" for task in tasks):
        raise LostRank(f"Dask lost the worker {', '.join(lost) or 'of a rank'}.")


def _open_door(fit, dask_worker):
    """Open the door of a rank in a worker; returns its address."""
    host = urlsplit(dask_worker.address).hostname or "127.0.0.1"
    door = _doors[fit, dask_worker.address] = open_door(host)
    return door.getsockname()[:2]


def _close_door(fit, dask_worker):
    door = _doors.pop((fit, dask_worker.address), None)
    if door is not None:
        door.close()


def _run_rank(estimator, train, validation, rank, addresses, fit, token, workers):
    """The task of a worker: its part of the fit.  Rank 0 returns (fitted attributes, warnings)."""
    from distributed import get_worker

    door = _doors.get((fit, workers[rank]))  # stays there, so that the client can close it while this rank waits
    if door is None:
        raise LostRank("The fit has ended.")
    threads = get_worker().state.nthreads
    return run_rank(estimator, train, validation, door, rank, addresses, token, workers, threads)
