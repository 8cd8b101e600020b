"""What a round of Newton boosting adds, other than a tree: how long and how good, next to XGBoost's boosters."""

from functools import partial
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
import scipy.sparse
from peers import BY_NAME, installed
from report import Report
from sklearn.metrics import log_loss
from timing import interleaved, threads

import skensemble

N_THREADS = 2
TREES = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 6, "reg_lambda": 1.0, "min_child_weight": 1.0}
OUR_TREES = {"grow_policy": "depthwise", "subsample": 1.0, "colsample_bylevel": 1.0}
LINEAR = {"booster": "gblinear", "n_estimators": 100, "learning_rate": 0.5, "reg_lambda": 3.0}
DROPS = {"booster": "dart", "rate_drop": 0.1}


class Job(NamedTuple):
    """Something to fit on a table of two classes, and what it should cost at most."""

    name: str
    params: dict  # of both
    ours: dict = OUR_TREES  # of ours alone
    target: float = np.nan  # share of XGBoost's time
    gbtree_target: float = np.nan  # multiple of our own first job's time
    one_hot: bool = False  # the table as a sparse matrix of numbers


JOBS = (
    Job("gbtree", TREES),
    Job("dart", TREES | DROPS, target=0.2, gbtree_target=2.0),
    Job("5 trees in parallel", TREES | {"num_parallel_tree": 5, "subsample": 0.7, "colsample_bynode": 0.7}, {}),
    Job("gblinear, one-hot", LINEAR, {}, target=1.0, one_hot=True),
)


def run(quick=False):
    jobs = tuple(_quick(job) for job in JOBS) if quick else JOBS
    libraries = ["skensemble", *(peer.name for peer in installed([BY_NAME["XGBoost"]]))]
    rows = measure(jobs, _load(2000 if quick else None), libraries, 1 if quick else 3)
    note = (
        f"adult, {rows[0]['rows']} rows, {TREES['n_estimators']} rounds of trees of depth {TREES['max_depth']}, both "
        f"libraries at the same settings with {N_THREADS} threads, dart with a rate_drop of {DROPS['rate_drop']}; "
        f"gblinear on a sparse one-hot matrix, {LINEAR['n_estimators']} rounds, XGBoost's faster updater. One "
        "process, all in turn, medians, seconds. Ratios are ours / theirs, and ours / our gbtree. Log-loss of held-out "
        "rows. A table that this machine lacks is replaced by a made-up one."
    )
    remarks = [f"{row['library']}, {row['job']}: {row['error']}" for row in rows if row["error"]]
    return [Report("Boosters", note, summary(rows), remarks)]


def _quick(job):
    return job._replace(params=job.params | {"n_estimators": 4}, target=np.nan, gbtree_target=np.nan)


def _load(n_rows):
    return datasets.load("adult", n_rows) if datasets.available(["adult"]) else datasets.synthetic(n_rows or 49_000)


def measure(jobs, table, libraries, repeats):
    """One row per job and library."""
    X_train, y_train, X_test, y_test = datasets.split(table, len(table.y) // 5)
    one_hot = _one_hot(X_train, X_test)
    tables = {job.name: one_hot if job.one_hot else (X_train, X_test) for job in jobs}
    fits = {
        (job.name, library): partial(_fit, _make(library, job, len(y_train)), tables[job.name][0], y_train)
        for job in jobs
        for library in libraries
    }
    with threads(N_THREADS):
        for job in jobs:
            model = _make("skensemble", job, len(y_train)).set_params(n_estimators=2)
            model.fit(tables[job.name][0], y_train)  # so that code is compiled
        timings = interleaved(fits, repeats, patience=0.0)
    return [
        {
            "job": job.name,
            "rows": len(y_train),
            "library": library,
            "fit": timings[job.name, library].median,
            "target": job.target,
            "gbtree target": job.gbtree_target,
            "log-loss": _loss(timings[job.name, library], tables[job.name][1], y_test),
            "error": timings[job.name, library].error,
        }
        for job in jobs
        for library in libraries
    ]


def _one_hot(*tables):
    """Sparse matrices of the tables, with a column for each category and 0 where a cell is missing."""
    rows = np.cumsum([len(table) for table in tables])[:-1]
    dense = pd.get_dummies(pd.concat([pd.DataFrame(table) for table in tables]), dtype=float).fillna(0.0)
    return [scipy.sparse.csr_matrix(part) for part in np.split(dense.to_numpy(float), rows)]


def _make(library, job, n_rows):
    if library == "skensemble":
        own = {"grow_policy": "depthwise", "colsample_bylevel": 1.0, **job.ours}
        return skensemble.NewtonBoostingClassifier(random_state=0, n_jobs=N_THREADS, **job.params, **own)
    own = {"tree_method": "hist", "enable_categorical": True}
    if job.one_hot:  # XGBoost multiplies penalties of linear models by the number of rows
        own = {"reg_lambda": job.params["reg_lambda"] / n_rows}
    return BY_NAME[library]._class("binary")(random_state=0, n_jobs=N_THREADS, **(job.params | own))


def _fit(model, X, y):
    return model.fit(X, y)


def _loss(timing, X, y):
    return np.nan if timing.error else log_loss(y, timing.result.predict_proba(X))


def summary(rows):
    """One row per job."""
    lines = []
    for job in dict.fromkeys(row["job"] for row in rows):
        of_job = {row["library"]: row for row in rows if row["job"] == job}
        ours, theirs = of_job["skensemble"], of_job.get("XGBoost", {"fit": np.nan, "log-loss": np.nan})
        lines.append(
            {
                "booster": job,
                "skensemble": ours["fit"],
                "XGBoost": theirs["fit"],
                "/ XGBoost": ours["fit"] / theirs["fit"],
                "target": ours["target"],
                "/ gbtree": ours["fit"] / rows[0]["fit"],
                "target, gbtree": ours["gbtree target"],
                "log-loss": ours["log-loss"],
                "log-loss, XGBoost": theirs["log-loss"],
            }
        )
    return lines
