"""Trees and forests: how long, how good and how large, next to those of scikit-learn and scikit-learn-intelex."""

import contextlib
import importlib
import pickle
import tempfile
import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
import scipy.sparse
from child import ask
from pandas.api.types import is_numeric_dtype
from report import Report
from sklearn.base import is_classifier
from timing import interleaved, microseconds, threads

import skensemble

LIBRARIES = {"skensemble": "skensemble", "scikit-learn": "sklearn", "scikit-learn-intelex": "sklearnex"}
WORDS = "words"  # a wide sparse matrix
N_THREADS = 2
N_SHOWN = 10_000  # rows that a model has predicted when its memory is measured


class Job(NamedTuple):
    """Something to fit, and the share of a library's time that we want to take at most."""

    estimator: str
    table: str
    n_train: int | None = None  # rows: None for all but those held out
    n_test: int | None = None  # None for a fifth
    params: dict = {}
    fit_targets: dict = {}  # library -> ratio
    predict_targets: dict = {}
    one_row: bool = False  # whether predicting one row is measured, rather than all that were held out


JOBS = (
    Job("DecisionTreeClassifier", "covertype", None, 100_000, {}, {"scikit-learn": 0.33}),
    Job(
        "RandomForestClassifier", "covertype", 100_000, 100_000, {"n_jobs": N_THREADS},
        {"scikit-learn": 0.25, "scikit-learn-intelex": 0.3}, {"scikit-learn": 0.2, "scikit-learn-intelex": 0.3},
    ),
    *(
        Job(
            "RandomForestRegressor", table, None, None, {"n_jobs": N_THREADS},
            {"scikit-learn": 0.25, "scikit-learn-intelex": 0.6},
        )
        for table in ("california_housing", "diamonds")
    ),
    Job(
        "ExtraTreesClassifier", "covertype", 100_000, 100_000, {"n_jobs": N_THREADS},
        {"scikit-learn": 0.25}, {"scikit-learn": 0.2},
    ),
    Job("ExtraTreesRegressor", "california_housing", None, None, {"n_jobs": N_THREADS}, {"scikit-learn": 0.25}),
    Job("RandomForestClassifier", WORDS, 2_000, 500, {"n_jobs": N_THREADS}, {"scikit-learn": 1.0}),
    Job("RandomForestClassifier", "iris", None, None, {}, {"scikit-learn": 0.1}, {"scikit-learn": 0.05}, True),
)  # fmt: skip
JOBS_QUICK = (
    Job("DecisionTreeClassifier", "covertype", 4_000, 1_000),
    Job("RandomForestClassifier", "covertype", 2_000, 2_000, {"n_estimators": 10}),
    Job("RandomForestRegressor", "california_housing", 2_000, 500, {"n_estimators": 10}),
    Job("ExtraTreesRegressor", "california_housing", 2_000, 500, {"n_estimators": 10}),
    Job("RandomForestClassifier", WORDS, 200, 50, {"n_estimators": 10}),
    JOBS[-1],
)

CHOICES = (
    ("RandomForestRegressor", "concrete"),
    ("RandomForestClassifier", "blood_transfusion"),
    ("RandomForestClassifier", "cmc"),
    ("RandomForestRegressor", "california_housing"),
)
CHOICE_NOTE = (
    'max_features="auto" and min_samples_leaf="auto" beside the defaults, and what they chose; one fit each, a third '
    "of the rows held out. Score: accuracy, or R2."
)


def run(quick=False):
    rows = []
    for job in JOBS_QUICK if quick else JOBS:
        rows += measure(job, *_load(job), 1 if quick else 3)
        print(f"  fitted {job.estimator} on {job.table}", flush=True)
    note = (
        "Everybody's defaults: trees grown fully, 100 of them in a forest. "
        f"Forests have {N_THREADS} threads, those on iris as many as they please. "
        "One process, libraries in turn, medians, seconds. Ratios are ours / theirs. Score on held-out rows: accuracy, "
        f"or R2. Tables that this machine lacks are replaced by made-up ones. {_versions()}."
    )
    size_note = (
        "Score of the training rows, leaves of a tree (mean), share of the held-out rows that get the label they get "
        "from ours, and the size of the model in MB: pickled, and in a process that has loaded it and predicted."
    )
    remarks = [
        f"{row['library']}, {row['estimator']} on {row['table']}: {row['error']}" for row in rows if row["error"]
    ]
    return [
        Report("Trees and forests", note, summary(rows), remarks),
        Report("Trees and forests, model by model", size_note, [_model_row(row) for row in rows], []),
        Report("Forests that choose their limits", CHOICE_NOTE, choices(quick), []),
    ]


def choices(quick):
    """How much better forests are that choose features of nodes and rows of leaves, and how much longer they take."""
    return [_choice(*case) for case in (CHOICES[:1] if quick else CHOICES)]


def _choice(estimator, table):
    table = datasets.load(table) if datasets.available([table]) else datasets.synthetic_targets("quantile", 1000)[0]
    X_train, y_train, X_test, y_test = datasets.split(table, len(table.y) // 3)
    kind, row = getattr(skensemble, estimator), {"estimator": estimator, "table": table.name, "rows": len(y_train)}
    for name, limits in {"default": {}, "auto": {"max_features": "auto", "min_samples_leaf": "auto"}}.items():
        model = kind(random_state=0, n_jobs=N_THREADS, **limits)
        begin = time.process_time()
        model.fit(X_train, y_train)
        row |= {f"CPU seconds, {name}": time.process_time() - begin, f"score, {name}": model.score(X_test, y_test)}
    return row | {"max_features": model.max_features_, "min_samples_leaf": model.min_samples_leaf_}


def _versions():
    lines = []
    for library in LIBRARIES:
        try:
            lines.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            lines.append(f"{library} is not an installed package")
    return ", ".join(lines)


def _load(job):
    """(table, rows to train on, rows to hold out)"""
    n_rows = None if job.n_train is None else job.n_train + (job.n_test or 0)
    if job.table == WORDS:
        table = datasets.word_counts(n_rows)
    elif datasets.available([job.table]):
        table = datasets.load(job.table, n_rows)
    elif job.estimator.endswith("Regressor"):
        table = datasets.synthetic_targets("quantile", n_rows or 20_000)[0]
    else:
        table = datasets.synthetic(n_rows or 500_000)
    return table, job.n_test or len(table.y) // 5


def measure(job, table, n_test, repeats):
    """One row per library that has the estimator."""
    X_train, y_train, X_test, y_test = datasets.split(table, n_test)
    X_train, X_test = _numbers(X_train), _numbers(X_test)
    makers = {name: partial(make, job.params) for name, make in _makers(job.estimator).items()}
    with threads(N_THREADS):
        # the first time, unused: code is compiled or loaded
        _fit_all({name: partial(_few_trees, make) for name, make in makers.items()}, X_train, y_train, 1, 0)
        patience = 2.0 * (repeats - 1)  # seconds: short jobs are repeated more often
        fits = _fit_all(makers, X_train, y_train, repeats, patience)
        models = {name: timing.result for name, timing in fits.items() if not timing.error}
        predictions = _predict_all(models, X_test, repeats, patience)
        one = {n: microseconds(partial(m.predict, X_test[:1])) for n, m in models.items() if job.one_row}
    return [
        {
            "estimator": job.estimator,
            "table": table.name,
            "rows": len(y_train),
            "library": name,
            "fit": fit.median,
            "fit target": job.fit_targets.get(name, np.nan),
            "predict": one.get(name, np.nan) / 1e6 if job.one_row else _median_of(predictions, name),
            "predicted": "one row" if job.one_row else f"{len(y_test)} rows",
            "predict target": job.predict_targets.get(name, np.nan),
            "error": fit.error or _own_code(fit.result),
            **_quality(models, name, (X_train, y_train), (X_test, y_test)),
            **_sizes(models.get(name), _few_trees(makers[name]), (X_train, y_train), X_test[:N_SHOWN]),
        }
        for name, fit in fits.items()
    ]


def _makers(estimator):
    """{library: what makes one with its defaults}, of the libraries that have the estimator; ours is first."""
    submodule = "tree" if estimator.startswith("DecisionTree") else "ensemble"
    found = {}
    for name, module in LIBRARIES.items():
        path = module if module == "skensemble" else f"{module}.{submodule}"
        with contextlib.suppress(ImportError, AttributeError):
            found[name] = partial(_make, getattr(importlib.import_module(path), estimator))
    return found


def _make(kind, params):
    return kind(random_state=0, **params)


def _own_code(model):
    """scikit-learn-intelex silently hands to scikit-learn what it cannot do."""
    is_patched = type(model).__module__.startswith("sklearnex")
    return "ran scikit-learn's code" if is_patched and not hasattr(model, "_onedal_estimator") else ""


def _few_trees(make):
    """The same estimator, made small."""
    model = make()
    return model.set_params(**{"n_estimators": 2} if "n_estimators" in model.get_params() else {"max_depth": 2})


def _numbers(X):
    """float32, which all of them read fastest; categories as numbers, for scikit-learn's trees take no others."""
    if scipy.sparse.issparse(X):
        return X
    if isinstance(X, pd.DataFrame):
        X = X.apply(lambda column: column if is_numeric_dtype(column) else column.astype("category").cat.codes)
    return np.ascontiguousarray(X, np.float32)


def _fit_all(makers, X, y, repeats, patience):
    return interleaved({name: partial(_fit, make, X, y) for name, make in makers.items()}, repeats, patience)


def _fit(make, X, y):
    return make().fit(X, y)


def _predict_all(models, X, repeats, patience):
    for model in models.values():
        model.predict(X[:200])
    return interleaved({name: partial(model.predict, X) for name, model in models.items()}, repeats, patience)


def _median_of(timings, name):
    return timings[name].median if name in timings else np.nan


# -- models ----------------------------------------------------------------------------------------------------------


def _quality(models, name, train, test):
    if name not in models:
        return {"score": np.nan, "training score": np.nan, "leaves": np.nan, "as ours": np.nan}
    model = models[name]
    same = np.nan
    if is_classifier(model) and "skensemble" in models:
        same = float(np.mean(model.predict(test[0]) == models["skensemble"].predict(test[0])))
    return {
        "score": model.score(*test),
        "training score": model.score(*train),
        "leaves": np.mean([tree.get_n_leaves() for tree in getattr(model, "estimators_", [model])]),
        "as ours": same,
    }


def _sizes(model, small_model, train, rows):
    """Megabytes of a pickle, and of a process that has loaded it and predicted."""
    if model is None:
        return {"pickled": np.nan, "in memory": np.nan}
    small_model.fit(train[0][:2000], train[1][:2000])  # which loads, in that process, what is not part of a model
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("small.pickle", "model.pickle", "rows.npy")]
        for path, saved in zip(paths, (small_model, model)):
            path.write_bytes(pickle.dumps(saved))
        np.save(paths[2], rows.toarray() if scipy.sparse.issparse(rows) else rows)
        n_bytes = paths[1].stat().st_size
        answer = ask("model_memory", *paths)
    return {"pickled": n_bytes / 2**20, "in memory": answer.get("megabytes", np.nan)}


# -- tables ----------------------------------------------------------------------------------------------------------


def summary(rows):
    """Two rows per job, fit and predict: the seconds of all, our ratios, and what they should be."""
    jobs = dict.fromkeys((row["estimator"], row["table"]) for row in rows)
    return [
        _compare(what, {row["library"]: row for row in rows if (row["estimator"], row["table"]) == job})
        for job in jobs
        for what in ("fit", "predict")
    ]


def _compare(what, by_library):
    ours = by_library.get("skensemble", next(iter(by_library.values())))
    line = {
        "job": f"{what} {ours['predicted']}" if what == "predict" else "fit",
        "estimator": ours["estimator"],
        "table": ours["table"],
        "rows": ours["rows"],
        "skensemble": ours[what],
        "score": ours["score"],
    }
    for name in [name for name in LIBRARIES if name != "skensemble"]:
        theirs = by_library.get(name, {})
        line |= {
            name: theirs.get(what, np.nan),
            f"/ {name}": ours[what] / theirs.get(what, np.nan),
            f"target, {name}": theirs.get(f"{what} target", np.nan),
            f"score, {name}": theirs.get("score", np.nan),
        }
    return line


def _model_row(row):
    shown = ("table", "estimator", "library", "score", "training score", "leaves", "as ours", "pickled", "in memory")
    return {name: row[name] for name in shown}
