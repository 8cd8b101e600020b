"""How much faster are more threads?  From one to as many as there are processors, ours and theirs."""

import itertools
import os
from functools import partial

import datasets
import numpy as np
from peers import OTHERS, OURS, Settings, installed
from report import Report
from sklearn import ensemble
from timing import interleaved, threads

import skensemble

# rows of the made-up table, leaves
PROBLEMS = [(500_000, 31), (50_000, 31), (5_000, 31)]
PROBLEMS_QUICK = [(20_000, 31)]
FOREST = {"n_estimators": 32, "random_state": 0}  # two trees for each of sixteen threads


def run(quick=False):
    peers = installed(OURS + OTHERS)
    counts = thread_counts(min(2, _n_processors()) if quick else _n_processors())
    rows = []
    n_rounds = 10 if quick else 30  # few, since most of the time goes into the fits by one thread
    for n_rows, n_leaves in PROBLEMS_QUICK if quick else PROBLEMS:
        told = Settings(n_estimators=n_rounds, n_leaves=n_leaves)
        rows += boosters(datasets.synthetic(n_rows), told, peers, counts, 1 if quick else 2)
        print(f"  fitted {n_rows} rows, {n_leaves} leaves", flush=True)
    rows += forests(datasets.synthetic(5_000 if quick else 20_000), counts, 1 if quick else 2)
    note = (
        f"Seconds of a fit, medians; as fast as one thread: its seconds over those with more. Boosters of {n_rounds} "
        f"rounds, as in Fit; forests of {FOREST['n_estimators']} full trees; 28 numbers, two classes. Threads wait for "
        "each other at each node of a boosted tree, and once a forest."
    )
    return [Report("More threads", note, rows, [])]


def thread_counts(most):
    """1, 2, 4, ..., and `most`."""
    return sorted({2**k for k in range(most.bit_length()) if 2**k <= most} | {most})


def boosters(table, settings, peers, counts, repeats):
    prepared = {peer: peer.prepare(table.X) for peer in peers}

    def fits(told):
        pairs = itertools.product(prepared.items(), counts)
        return {(peer.name, n): partial(_fit, peer, X, table, told._replace(n_jobs=n)) for (peer, X), n in pairs}

    interleaved(fits(settings._replace(n_estimators=2)), 1, patience=0)  # so that code is compiled or loaded
    return _rows(f"{len(table.y)} rows, {settings.n_leaves} leaves", fits(settings), repeats)


def forests(table, counts, repeats):
    fits = {
        (name, n): partial(_fit_forest, module, table, n)
        for name, module in (("skensemble", skensemble), ("scikit-learn", ensemble))
        for n in counts
    }
    fits["skensemble", 1]()  # so that code is compiled
    return _rows(f"forest, {len(table.y)} rows", fits, repeats)


def _rows(job, fits, repeats):
    """One row per library and number of threads."""
    timings = interleaved(fits, repeats, patience=0)
    ours = {n: timing.median for (name, n), timing in timings.items() if name == "skensemble"}
    return [
        {
            "job": job,
            "library": name,
            "threads": n,
            "seconds": timing.median,
            "as fast as one thread": timings[name, 1].median / timing.median,
            "ours / theirs": np.nan if name.startswith("skensemble") else ours[n] / timing.median,
            "error": timing.error,
        }
        for (name, n), timing in timings.items()
    ]


def _fit(peer, X, table, settings):
    with threads(settings.n_jobs):
        return peer.aligned(table.task, table.X, settings).fit(X, table.y)


def _fit_forest(module, table, n_jobs):
    return module.RandomForestClassifier(n_jobs=n_jobs, **FOREST).fit(table.X, table.y)


def _n_processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
