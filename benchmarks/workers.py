"""What does a fit take on two workers of Dask, beside one process; does it give the same model, and what travels?"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import datasets
import numpy as np
from child import ask, errors
from report import Report

LIBRARIES = ("skensemble symmetric", "LightGBM", "XGBoost")
GROWTH = (
    ("symmetric", {"max_depth": 6}),
    ("depthwise", {"max_depth": 6}),
    ("lossguide", {"max_leaf_nodes": 64}),
)
N_CODES = 256


def run(quick=False):
    n_rows, n_rounds = (20_000, 5) if quick else (1_000_000, 50)
    table = datasets.synthetic(n_rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npz"
        np.savez(path, X=table.X, y=table.y)
        answers = {library: ask("fit_on_workers", library, path, n_rounds) for library in LIBRARIES}
    note = (
        f"{table.name} float32, {n_rounds} rounds, depth 6 or 64 leaves, no sampling: one process of two threads, then "
        "two workers of Dask with a thread each, which have the rows in memory; a new process for each library. "
        "Seconds of a fit after a small one, CPU seconds of all processes, and the largest change of a probability "
        "between the two models."
    )
    rows = [_row(library, answer, answers[LIBRARIES[0]]) for library, answer in answers.items()]
    return [
        Report("Two workers of Dask", note, rows, errors(answers)),
        Report("What workers send", *_sent(datasets.synthetic(2_000 if quick else 150_000), 2 if quick else 10), []),
    ]


def _row(library, answer, ours):
    names = ("alone", "workers", "CPU alone", "CPU workers", "largest change")
    seconds = {name: answer.get(name, np.nan) for name in names}
    return {
        "library": library,
        **seconds,
        "workers / alone": seconds["workers"] / seconds["alone"],
        "CPU: workers / alone": seconds["CPU workers"] / seconds["CPU alone"],
        "ours / theirs": ours.get("workers", np.nan) / seconds["workers"],
    }


# -- bytes -----------------------------------------------------------------------------------------------------------


def _sent(table, n_rounds):
    note = (
        f"Megabytes that a process sends for each tree, {table.name}: the difference between fits of {2 * n_rounds} "
        f"and of {n_rounds} rounds. XGBoost's are those of its format, 16 bytes for each bin of the smaller children, "
        "once."
    )
    return note, [measure(table.X, table.y, *growth, n_ranks, n_rounds) for growth in GROWTH for n_ranks in (2, 4)]


def measure(X, y, grow_policy, limit, n_ranks, n_rounds):
    """Bytes that the ranks of a fit send for each tree, the largest of all ranks."""
    from skensemble import NewtonBoostingClassifier

    sent = []
    for n_estimators in (n_rounds, 2 * n_rounds):
        model = NewtonBoostingClassifier(
            n_estimators=n_estimators, grow_policy=grow_policy, subsample=1.0, colsample_bylevel=1.0, random_state=0,
            max_leaf_nodes=limit.get("max_leaf_nodes"), max_depth=limit.get("max_depth"), linear_leaves=False,
        )  # fmt: skip
        sent.append(max(_fit_on_threads(model, X, y, n_ranks)))
    splits = 63 if "max_leaf_nodes" in limit else 2 ** (limit["max_depth"] - 1)
    return {
        "grow_policy": grow_policy,
        **{name: limit.get(name) for name in ("max_depth", "max_leaf_nodes")},
        "processes": n_ranks,
        "MB a tree": (sent[1] - sent[0]) / n_rounds / 1e6,
        "XGBoost's format": 16 * N_CODES * X.shape[1] * splits / 1e6,
    }


def _fit_on_threads(model, X, y, n_ranks):
    """Bytes that each rank has sent, ranks being threads of this process that keep their codes apart."""
    from sklearn.base import clone

    from skensemble.distributed import _part_source
    from skensemble.distributed._exchange import connect, open_door
    from skensemble.distributed._fit_part import fit_part

    doors = [open_door("127.0.0.1") for _ in range(n_ranks)]
    addresses = [door.getsockname()[:2] for door in doors]
    blocks = [{"X": part, "y": target} for part, target in zip(np.array_split(X, n_ranks), np.array_split(y, n_ranks))]

    def run_rank(rank):
        exchange = connect(rank, doors[rank], addresses, bytes(16))
        try:
            fit_part(clone(model), [blocks[rank]], None, exchange, 1)
        finally:
            exchange.close()
        return exchange.n_bytes_sent

    most_shared, _part_source.MOST_SHARED = _part_source.MOST_SHARED, 0
    try:
        with ThreadPoolExecutor(n_ranks) as pool:
            return list(pool.map(run_rank, range(n_ranks)))
    finally:
        _part_source.MOST_SHARED = most_shared
