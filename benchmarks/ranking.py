"""Rankings: how long and how good, next to the rankers of LightGBM and XGBoost at their own defaults."""

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
from report import Report
from sklearn.metrics import ndcg_score
from timing import interleaved, threads

N_THREADS = 2
REAL = "rank_lightgbm"
SKENSEMBLE = "skensemble"
RANKERS = {  # library -> module, class, what is said beside n_estimators
    SKENSEMBLE: ("skensemble.ensemble.newton._newton_ranker", "NewtonBoostingRanker", {"n_jobs": N_THREADS}),
    "LightGBM": ("lightgbm", "LGBMRanker", {"n_jobs": N_THREADS, "verbose": -1}),
    "XGBoost": ("xgboost", "XGBRanker", {"n_jobs": N_THREADS, "tree_method": "hist"}),
}


class Rows(NamedTuple):
    """Rows of queries, each query's together; `qid` counts them from 0."""

    X: np.ndarray
    y: np.ndarray
    qid: np.ndarray


def run(quick=False):
    tables = {"made up": _made_up(40 if quick else 2000, 50)}
    if (datasets.FOLDER / f"{REAL}.parquet").exists():
        tables = {REAL: _real(), **tables}
    rows = []
    for n_rounds in (4,) if quick else (100, 300):
        for name, (train, test) in tables.items():
            rows += measure(name, train, test, n_rounds, _installed(), 1 if quick else 5)
            print(f"  ranked {name}, {n_rounds} rounds", flush=True)
    note = (
        f"LambdaMART at each library's defaults, {N_THREADS} threads. One process, libraries in turn, medians, seconds."
        " Ratios are ours / theirs. NDCG@10 of the queries held out, gains 2^relevance - 1. Made up: 40 dense columns."
    )
    remarks = [f"{row['library']}, {row['job']}: {row['error']}" for row in rows if row["error"]]
    return [Report("Ranking", note, summary(rows), remarks)]


def _installed():
    return [library for library, (module, _, _) in RANKERS.items() if find_spec(module.split(".")[0])]


# -- tables ----------------------------------------------------------------------------------------------------------


def _real():
    """201 queries to learn from, 50 to be judged by: the split that comes with the table."""
    frame = pd.read_parquet(datasets.FOLDER / f"{REAL}.parquet")
    return tuple(_rows_of(part) for part in (frame[frame["split"] == "train"], frame[frame["split"] != "train"]))


def _rows_of(frame):
    X = frame.drop(columns=["qid", "split", "relevance"]).to_numpy(np.float64)
    return Rows(X, frame["relevance"].to_numpy(np.float64), pd.factorize(frame["qid"])[0])


def _made_up(n_queries, n_rows, n_features=40):
    """Relevance 0 to 4 by fifths of what the rows of a query are worth, and as many queries to be judged by / 4."""
    rng = np.random.default_rng(0)
    n = n_queries + n_queries // 4
    X = rng.normal(size=(n * n_rows, n_features))
    worth = np.sin(2.0 * X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3] + 0.5 * np.abs(X[:, 4]) + rng.normal(size=len(X))
    place = worth.reshape(n, n_rows).argsort(axis=1).argsort(axis=1)
    y = np.searchsorted([0.5, 0.75, 0.9, 0.97], place.ravel() / n_rows, side="right").astype(float)
    qid, cut = np.repeat(np.arange(n), n_rows), n_queries * n_rows
    return Rows(X[:cut], y[:cut], qid[:cut]), Rows(X[cut:], y[cut:], qid[cut:] - n_queries)


# -- figures ---------------------------------------------------------------------------------------------------------


def measure(job, train, test, n_rounds, libraries, repeats):
    """One row per library."""
    fits = {library: partial(_fit, library, train, n_rounds) for library in libraries}
    with threads(N_THREADS):
        for library in libraries:
            _fit(library, train, 1)  # so that code is compiled, and threads are there
        timings = interleaved(fits, repeats, patience=2.0 * (repeats - 1))
    return [
        {
            "job": job,
            "rounds": n_rounds,
            "rows": len(train.y),
            "library": library,
            "fit": timing.median,
            "ndcg": np.nan if timing.error else ndcg_at_10(test, timing.result.predict(test.X)),
            "error": timing.error,
        }
        for library, timing in timings.items()
    ]


def _fit(library, rows, n_rounds):
    module, name, params = RANKERS[library]
    model = getattr(import_module(module), name)(n_estimators=n_rounds, random_state=0, **params)
    if library == "LightGBM":
        return model.fit(rows.X, rows.y, group=np.bincount(rows.qid))
    return model.fit(rows.X, rows.y, qid=rows.qid)


def ndcg_at_10(rows, scores):
    """Mean over the queries; those without two rows or without a relevant one count 1."""
    values = []
    for start, stop in _bounds(rows.qid):
        gain = 2.0 ** rows.y[start:stop] - 1.0
        says_something = len(gain) > 1 and gain.any()
        values.append(ndcg_score([gain], [scores[start:stop]], k=10) if says_something else 1.0)
    return float(np.mean(values))


def _bounds(qid):
    ends = np.cumsum(np.bincount(qid))
    return zip(np.r_[0, ends[:-1]], ends)


def summary(rows):
    """One row per job and number of rounds."""
    jobs = dict.fromkeys((row["job"], row["rounds"]) for row in rows)
    return [_compared([row for row in rows if (row["job"], row["rounds"]) == job]) for job in jobs]


def _compared(rows):
    ours, *others = rows
    line = {"job": ours["job"], "rounds": ours["rounds"], "rows": ours["rows"], SKENSEMBLE: ours["fit"]}
    for row in others:
        line |= {row["library"]: row["fit"], f"/ {row['library']}": ours["fit"] / row["fit"]}
    return line | {f"NDCG@10, {row['library']}": row["ndcg"] for row in rows}
