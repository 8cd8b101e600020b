"""How long does a fit take, with every library told to do the same?"""

from functools import partial

import datasets
import numpy as np
from peers import OTHERS, OURS, Settings, installed
from report import Report
from scores import held_out_loss
from timing import interleaved, threads

# table, rows (None: all), leaves
REAL = [
    ("airline_2001h1", 200_000, 31),
    ("covertype", 50_000, 31),
    ("nycflights13", 100_000, 31),
    ("adult", None, 31),
    ("diamonds", None, 31),
    ("california_housing", None, 31),
    ("higgs_7k5", None, 31),
    ("breast_cancer", None, 31),
    ("wine", None, 31),
    ("iris", None, 31),
]
REAL_QUICK = [("adult", 8_000, 31), ("breast_cancer", None, 31), ("iris", None, 31)]


def run(quick=False):
    peers = installed(OURS + OTHERS)
    rows = []
    for table, n_test, settings, repeats in _jobs(quick):
        rows += measure(table, n_test, settings, repeats, peers)
        print(f"  fitted {table.name}, {settings.n_leaves} leaves", flush=True)
    return [
        Report("Fit", _note(Settings(n_estimators=_rounds(quick))), summary(rows), []),
        Report("Fit, library by library", "Seconds.", rows, []),
    ]


def _note(settings):
    return (
        f"{settings.n_estimators} rounds, learning rate {settings.learning_rate}, lambda {settings.reg_lambda}, "
        f"{settings.max_bins} bins, leaf hessian at least 1, {settings.n_jobs} threads; one process, libraries in "
        "turn, medians. Symmetric trees have the depth with as many leaves. Ratios of time are ours / theirs. "
        "Loss on held-out rows: log-loss, or RMSE / standard deviation."
    )


def _rounds(quick):
    return 30 if quick else 100


def _jobs(quick):
    """(table, rows held out, settings, repeats), one at a time: large tables need not live together."""
    n_test, n_rows = (10_000, 60_000) if quick else (100_000, 600_000)
    for n_leaves in (31,) if quick else (31, 255):
        settings = Settings(n_estimators=_rounds(quick), n_leaves=n_leaves)
        yield datasets.synthetic(n_rows), n_test, settings, 1 if quick else 3
    for name, n_rows, n_leaves in REAL_QUICK if quick else REAL:
        if datasets.available([name]):
            table = datasets.load(name, n_rows)
            yield table, len(table.y) // 5, Settings(n_estimators=_rounds(quick), n_leaves=n_leaves), 1 if quick else 2


def measure(table, n_test, settings, repeats, peers):
    """One row per library."""
    X_train, y_train, X_test, y_test = datasets.split(table, n_test)
    with threads(settings.n_jobs):
        prepared = {peer: peer.prepare(X_train) for peer in peers}
        for told, n_repeats, patience in ((settings._replace(n_estimators=2), 1, 0), (settings, repeats, 5)):
            actions = {p.name: partial(_fit, p, table, X, y_train, told) for p, X in prepared.items()}
            timings = interleaved(actions, n_repeats, patience)  # the first time, unused: code is compiled or loaded
    return [
        {
            "table": table.name,
            "rows": len(y_train),
            "leaves": settings.n_leaves,
            "library": peer.name,
            "symmetric": peer.symmetric,
            "seconds": timings[peer.name].median,
            "fastest": timings[peer.name].fastest,
            "repeats": timings[peer.name].n_repeats,
            "loss": _loss(timings[peer.name].result, peer, X_test, y_test, table),
            "error": timings[peer.name].error,
        }
        for peer in peers
    ]


def _fit(peer, table, X, y, settings):
    return peer.aligned(table.task, table.X, settings).fit(X, y)


def _loss(model, peer, X_test, y_test, table):
    if model is None:
        return np.nan
    return held_out_loss(model, peer.prepare(X_test), y_test, table.task, scale=table.y.std())


def summary(rows):
    """One row per problem and kind of tree of ours: our seconds and the ratios to theirs."""
    problems = dict.fromkeys((row["table"], row["leaves"]) for row in rows)
    return [
        _compare(ours, [row for row in rows if (row["table"], row["leaves"]) == problem])
        for problem in problems
        for ours in rows
        if (ours["table"], ours["leaves"]) == problem and ours["library"].startswith("skensemble")
    ]


def _compare(ours, rows):
    others = [row for row in rows if not row["library"].startswith("skensemble")]
    fastest = min(others, key=lambda row: np.inf if np.isnan(row["seconds"]) else row["seconds"], default=None)
    ratios = {f"/ {row['library']}": ours["seconds"] / row["seconds"] for row in others}
    return {
        "table": ours["table"],
        "rows": ours["rows"],
        "leaves": ours["leaves"],
        "ours": "symmetric" if ours["symmetric"] else "best-first",
        "seconds": ours["seconds"],
        "fastest peer": fastest["library"] if fastest else "-",
        "/ fastest": ours["seconds"] / fastest["seconds"] if fastest else np.nan,
        **ratios,
        "loss": ours["loss"],
        "their best loss": np.nanmin([row["loss"] for row in others]) if others else np.nan,
        "LightGBM's loss": next((row["loss"] for row in others if row["library"] == "LightGBM"), np.nan),
    }
