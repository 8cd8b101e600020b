"""AdaBoost: how long and how good, next to scikit-learn at the same settings."""

from functools import partial
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
import sklearn.ensemble
import sklearn.tree
from report import Report
from timing import interleaved, threads

import skensemble
from skensemble.ensemble.adaboost import _adaboost

LIBRARIES = {"skensemble": (_adaboost, skensemble), "scikit-learn": (sklearn.ensemble, sklearn.tree)}
N_THREADS = 2


class Job(NamedTuple):
    """Something to fit, and the share of scikit-learn's time that we want to take at most."""

    estimator: str
    table: str
    n_train: int | None  # rows: None for all but those held out
    depth: int
    params: dict  # of both
    ours: dict = {}  # of ours alone
    fit_target: float = np.nan


JOBS = (
    Job("AdaBoostClassifier", "covertype", 100_000, 1, {}, fit_target=0.06),
    Job("AdaBoostClassifier", "adult", None, 3, {"n_estimators": 200}, fit_target=0.1),
    *(
        Job("AdaBoostClassifier", "adult", None, 1, {"n_estimators": 200}, {"algorithm": algorithm})
        for algorithm in ("real", "gentle", "logit")
    ),
    Job("AdaBoostRegressor", "california_housing", None, 3, {}),
)
JOBS_QUICK = tuple(
    job._replace(n_train=2000, params={**job.params, "n_estimators": 4}, fit_target=np.nan) for job in JOBS
)


def run(quick=False):
    rows = []
    for job in JOBS_QUICK if quick else JOBS:
        rows += measure(job, _load(job), 1 if quick else 3)
        print(f"  fitted {job.estimator} on {job.table}", flush=True)
    note = (
        f"Exact splits, no histograms. Ours has {N_THREADS} threads, scikit-learn's estimators know only one, and only "
        'the algorithm "samme", which stands beside all of ours. One process, libraries in turn, medians, seconds. '
        "Ratios are ours / theirs. Score on held-out rows: accuracy or R2. Error gap: largest difference of the errors "
        "per round. Categories are numbered for both. Tables that this machine lacks are replaced by made-up ones."
    )
    remarks = [f"{row['library']}, {row['job']}: {row['error']}" for row in rows if row["error"]]
    return [Report("AdaBoost", note, summary(rows), remarks)]


def _load(job):
    n_test = 20_000 if job.n_train is None else job.n_train // 4
    if datasets.available([job.table]):
        return datasets.load(job.table, None if job.n_train is None else job.n_train + n_test)
    n_rows = (job.n_train or 16_000) + n_test
    is_regression = job.estimator.endswith("Regressor")
    return datasets.synthetic_targets("quantile", n_rows)[0] if is_regression else datasets.synthetic(n_rows)


def _as_numbers(X):
    """float32, categories by number and missing cells by -1: what both read fastest."""
    if not isinstance(X, pd.DataFrame):
        return np.ascontiguousarray(X, np.float32)
    columns = [X[name] if X[name].dtype.kind in "fiub" else X[name].astype("category").cat.codes for name in X]
    return np.ascontiguousarray(np.stack([np.nan_to_num(column, nan=-1) for column in columns], axis=1), np.float32)


def measure(job, table, repeats):
    """One row per library."""
    X_train, y_train, X_test, y_test = datasets.split(table._replace(X=_as_numbers(table.X)), len(table.y) // 5)
    makers = {name: partial(_make, name, job) for name in LIBRARIES}
    with threads(N_THREADS):
        makers["skensemble"]().set_params(n_estimators=1).fit(X_train, y_train)  # so that code is compiled
        fits = {name: partial(_fit, make, X_train, y_train) for name, make in makers.items()}
        timings = interleaved(fits, repeats, patience=2.0 * (repeats - 1))
    models = {name: timing.result for name, timing in timings.items() if not timing.error}
    return [
        {
            "job": f"{job.table}, {_settings(job)}",
            "rows": len(y_train),
            "library": name,
            "fit": timing.median,
            "fit target": job.fit_target,
            "score": models[name].score(X_test, y_test) if name in models else np.nan,
            "error gap": _error_gap(models),
            "error": timing.error,
        }
        for name, timing in timings.items()
    ]


def _settings(job):
    settings = {"depth": job.depth, **job.params, **job.ours}
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def _make(library, job):
    ensembles, trees = LIBRARIES[library]
    is_regression = job.estimator.endswith("Regressor") or job.ours.get("algorithm") in ("gentle", "logit")
    kind = "DecisionTreeRegressor" if library == "skensemble" and is_regression else None
    kind = kind or job.estimator.replace("AdaBoost", "DecisionTree")
    own = {"n_jobs": N_THREADS, **job.ours} if library == "skensemble" else {}
    return getattr(ensembles, job.estimator)(
        getattr(trees, kind)(max_depth=job.depth), random_state=0, **job.params, **own
    )


def _fit(make, X, y):
    return make().fit(X, y)


def _error_gap(models):
    if len(models) < 2:
        return np.nan
    ours, theirs = (model.estimator_errors_[: len(model.estimators_)] for model in models.values())
    shared = min(len(ours), len(theirs))
    return float(np.abs(ours[:shared] - theirs[:shared]).max())


def summary(rows):
    """One row per job: the seconds of both, our ratio, and what it should be."""
    lines = []
    for job in dict.fromkeys(row["job"] for row in rows):
        ours, theirs = (row for row in rows if row["job"] == job)
        lines.append(
            {
                "job": job,
                "rows": ours["rows"],
                "skensemble": ours["fit"],
                "scikit-learn": theirs["fit"],
                "/ scikit-learn": ours["fit"] / theirs["fit"],
                "target": ours["fit target"],
                "score": ours["score"],
                "score, scikit-learn": theirs["score"],
                "error gap": ours["error gap"],
            }
        )
    return lines
