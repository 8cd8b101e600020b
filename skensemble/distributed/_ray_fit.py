"""Fits to Ray's datasets: Ray keeps the rows and places an actor for each rank, and sockets of our own carry sums."""

import secrets
from itertools import pairwise

from skensemble._parameters import ParameterError
from skensemble._warnings import warn, warn_again
from skensemble.distributed._exchange import LostRank, open_door
from skensemble.distributed._fit_part import hand_over, run_rank

MOST_FITS = 4  # that lose an actor each
LAST_WORDS = 3.0  # seconds that others have to tell an error, when one rank has failed


def fit_on_ray(estimator, source, validation, roles, n_ranks, n_threads):
    """Fit to a Dataset; where an actor is lost, new ones begin again, whose model is the same."""
    import ray

    if not ray.is_initialized():
        raise ParameterError("on must be Ray, connected to a cluster: call ray.init() first.")
    n_ranks = n_ranks or sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())
    shares = [_shares(source, n_ranks), [None] * n_ranks if validation is None else _shares(validation, n_ranks)]
    shares = [pair for pair in zip(*shares) if pair[0] or pair[1]]
    for _ in range(MOST_FITS):
        try:
            attributes, warnings = _run_ranks(ray, estimator, shares, roles, n_threads)
        except (LostRank, ray.exceptions.RayActorError) as error:
            lost = error
            warn(f"A process of the fit was lost, so that the fit began again: {error}")
        else:
            warn_again(warnings)
            hand_over(attributes, estimator)
            return estimator
    raise LostRank(f"Processes were lost in {MOST_FITS} fits, the last time: {lost}")


def _shares(dataset, n_ranks):
    """For each rank references of frames that follow each other."""
    frames = dataset.to_pandas_refs()
    bounds = [len(frames) * rank // n_ranks for rank in range(n_ranks + 1)]
    return [frames[first:last] for first, last in pairwise(bounds)]


def _run_ranks(ray, estimator, shares, roles, n_threads):
    actor = ray.remote(num_cpus=n_threads, max_restarts=0, scheduling_strategy="SPREAD")(_Rank)
    ranks, token = [actor.remote() for _ in shares], secrets.token_bytes(16)
    try:
        addresses = ray.get([rank.open.remote() for rank in ranks])
        tasks = [
            rank.run.remote(estimator, *share, number, addresses, token, roles, n_threads)
            for number, (rank, share) in enumerate(zip(ranks, shares))
        ]
        return _first_answer(ray, tasks)
    finally:
        for rank in ranks:
            ray.kill(rank)


def _first_answer(ray, tasks):
    """What rank 0 returns; an error of any rank as soon as it is there, the one that says most."""
    pending, errors, patience = list(tasks), [], None
    while pending:
        done, pending = ray.wait(pending, timeout=patience)
        if not done:
            break
        try:
            ray.get(done)
        except ray.exceptions.RayTaskError as error:
            errors.append(error.cause)
        except ray.exceptions.RayActorError as error:
            errors.append(error)
        patience = LAST_WORDS if errors else None
    if errors:
        raise min(errors, key=lambda error: isinstance(error, (LostRank, ray.exceptions.RayActorError)))
    return ray.get(tasks[0])


class _Rank:
    """An actor."""

    def open(self):
        import ray

        self._door = open_door(ray.util.get_node_ip_address())
        return self._door.getsockname()[:2]

    def run(self, estimator, train, validation, number, addresses, token, roles, n_threads):
        train, validation = (None if frames is None else _blocks(frames, roles) for frames in (train, validation))
        names = [f"{host}:{port}" for host, port in addresses]
        return run_rank(estimator, train, validation, self._door, number, addresses, token, names, n_threads)


def _blocks(references, roles):
    import ray

    frames = (frame for frame in ray.get(references) if len(frame))
    return [block_of(frame, roles) for frame in frames]


def block_of(frame, roles):
    """A frame as a block of rows, see `_fit_part.py`."""
    return {"X": frame[roles.features], **{argument: frame[name] for argument, name in roles.by_argument.items()}}
