"""First-order gradient boosting: how long and how good, next to scikit-learn at the same settings."""

from functools import partial
from typing import NamedTuple

import datasets
import numpy as np
import sklearn.ensemble
from report import Report
from sklearn.base import is_classifier
from sklearn.metrics import log_loss, mean_squared_error
from timing import interleaved, threads

import skensemble

LIBRARIES = {"skensemble": skensemble, "scikit-learn": sklearn.ensemble}
N_THREADS = 2


class Job(NamedTuple):
    """Something to fit, and the share of scikit-learn's time that we want to take at most."""

    estimator: str
    table: str
    n_train: int | None  # rows: None for all but those held out
    params: dict  # of both
    ours: dict  # of ours alone
    fit_target: float


JOBS = (
    Job("GradientBoostingClassifier", "covertype", 20_000, {}, {}, 0.03),
    Job("GradientBoostingRegressor", "california_housing", None, {}, {"max_bins": None}, 0.3),
    Job("GradientBoostingRegressor", "california_housing", None, {}, {}, np.nan),
    Job("GradientBoostingRegressor", "california_housing", None, {}, {"n_estimators": "auto"}, np.nan),
    Job("GradientBoostingRegressor", "california_housing", None, {"loss": "huber", "subsample": 0.5}, {}, np.nan),
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
        f"100 rounds of trees of depth 3, or as many as folds choose. Ours has {N_THREADS} threads, scikit-learn's "
        "estimators know only one. One process, libraries in turn, medians, seconds. Ratios are ours / theirs. Loss of "
        "the rows held out: log-loss, or mean squared error; same: share of these rows that both predict alike (to "
        "1e-6 of the target's spread). "
        "Tables that this machine lacks are replaced by made-up ones."
    )
    remarks = [f"{row['library']}, {row['job']}: {row['error']}" for row in rows if row["error"]]
    return [Report("Gradient boosting", note, summary(rows), remarks)]


def _load(job):
    n_test = 20_000 if job.n_train is None else job.n_train // 4
    if datasets.available([job.table]):
        return datasets.load(job.table, None if job.n_train is None else job.n_train + n_test)
    n_rows = (job.n_train or 16_000) + n_test
    is_regression = job.estimator.endswith("Regressor")
    return datasets.synthetic_targets("quantile", n_rows)[0] if is_regression else datasets.synthetic(n_rows)


def measure(job, table, repeats):
    """One row per library."""
    n_test = len(table.y) // 5
    X_train, y_train, X_test, y_test = datasets.split(table, n_test)
    X_train, X_test = (np.ascontiguousarray(X, np.float32) for X in (X_train, X_test))  # what both read fastest
    fits = {name: partial(_fit, partial(_make, name, job), X_train, y_train) for name in LIBRARIES}
    with threads(N_THREADS):
        _make("skensemble", job).set_params(n_estimators=1).fit(X_train, y_train)  # so that code is compiled
        timings = interleaved(fits, repeats, patience=2.0 * (repeats - 1))
    predictions = {name: _predict(timing.result, X_test) for name, timing in timings.items() if not timing.error}
    return [
        {
            "job": f"{job.table}, {_settings(job)}",
            "rows": len(y_train),
            "library": name,
            "fit": timing.median,
            "fit target": job.fit_target,
            "loss": _loss(timing.result, y_test, predictions[name]) if name in predictions else np.nan,
            "same": _same(predictions, y_test),
            "error": timing.error,
        }
        for name, timing in timings.items()
    ]


def _settings(job):
    return ", ".join(f"{name}={value!r}" for name, value in (job.params | job.ours).items()) or "defaults"


def _make(library, job):
    own = {"n_jobs": N_THREADS, **job.ours} if library == "skensemble" else {}
    return getattr(LIBRARIES[library], job.estimator)(random_state=0, **{**job.params, **own})


def _fit(make, X, y):
    return make().fit(X, y)


def _predict(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def _loss(model, y, predictions):
    return (
        log_loss(y, predictions, labels=model.classes_) if is_classifier(model) else mean_squared_error(y, predictions)
    )


def _same(predictions, y):
    if len(predictions) < 2:
        return np.nan
    ours, theirs = predictions.values()
    distance = np.abs(ours - theirs)
    return float(np.mean((distance.max(axis=1) if distance.ndim == 2 else distance) <= 1e-6 * np.std(y)))


def summary(rows):
    """One row per job."""
    ours, theirs = rows[::2], rows[1::2]
    return [
        {
            "job": a["job"],
            "rows": a["rows"],
            "skensemble": a["fit"],
            "scikit-learn": b["fit"],
            "ratio": a["fit"] / b["fit"],
            "target": a["fit target"],
            "loss": a["loss"],
            "loss, scikit-learn": b["loss"],
            "loss ratio": a["loss"] / b["loss"],
            "same": a["same"],
        }
        for a, b in zip(ours, theirs)
    ]
