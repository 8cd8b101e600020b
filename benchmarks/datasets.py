"""Tables to measure on: a folder of real ones when there is one, scikit-learn's own, and made-up ones of any size.

The folder is named by the environment variable SKENSEMBLE_DATA (default: `shared/data` beside the checkout).  It holds
parquet files, a `manifest.json` and a `datasets.py` with `names(task, max_rows)` and `load(name)`; see CONTRIBUTING.md.
"""

import functools
import importlib.util
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn import datasets as sklearn_datasets
from sklearn.model_selection import train_test_split

FOLDER = Path(os.environ.get("SKENSEMBLE_DATA", Path(__file__).parents[2] / "shared" / "data"))

OF_SKLEARN = {
    "iris": (sklearn_datasets.load_iris, "classification"),
    "wine": (sklearn_datasets.load_wine, "classification"),
    "breast_cancer": (sklearn_datasets.load_breast_cancer, "classification"),
    "digits": (sklearn_datasets.load_digits, "classification"),
    "diabetes": (sklearn_datasets.load_diabetes, "regression"),
}


class Table(NamedTuple):
    name: str
    X: Any  # DataFrame with category columns, float32 array, or sparse float32 matrix
    y: np.ndarray  # class codes 0 .. n_classes - 1, or floats
    task: str  # "binary", "multiclass" or "regression"


def load(name, n_rows=None):
    """One table by name, with at most `n_rows` rows drawn at random (the same ones every time)."""
    X, y, task = _of_sklearn(name) if name in OF_SKLEARN else _of_folder(name)
    X, y = _drop_rows_without_target(_without_dates(X), y)
    if n_rows is not None and n_rows < len(y):
        rows = np.random.default_rng(0).permutation(len(y))[:n_rows]
        X, y = X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)
    if task == "regression":
        return Table(name, X, y.to_numpy(dtype=np.float64), task)
    classes, codes = np.unique(y.to_numpy(), return_inverse=True)
    return Table(name, X, codes.astype(np.int64), "binary" if len(classes) == 2 else "multiclass")


def available(names):
    """Those of `names` that this machine has."""
    return [name for name in names if name in OF_SKLEARN or (_folder() and name in _folder().MANIFEST)]


def small_names(max_rows=20_000, task=""):
    """Single-target classification and regression tables of the folder with few rows; scikit-learn's own without it."""
    if _folder() is None:
        return [name for name, (_, of_task) in OF_SKLEARN.items() if task in of_task]
    tasks = {name: entry["task"] for name, entry in _folder().MANIFEST.items() if entry["n_rows"] <= max_rows}
    single = [n for n, t in tasks.items() if "multi-output" not in t and "multi-label" not in t]
    kinds = {n: "classification" if "classification" in tasks[n] else tasks[n].split()[0] for n in single}
    return [n for n, kind in kinds.items() if kind in ("classification", "regression") and task in kind]


def _of_sklearn(name):
    loader, task = OF_SKLEARN[name]
    X, y = loader(return_X_y=True, as_frame=True)
    return X, y, task


def _of_folder(name):
    if _folder() is None:
        raise FileNotFoundError(f"table {name!r} needs a folder of tables; {FOLDER} (SKENSEMBLE_DATA) has none.")
    X, y = _folder().load(name)
    is_class = "classification" in _folder().MANIFEST[name]["task"]
    return X, y, "classification" if is_class else "regression"


@functools.cache
def _folder():
    """The folder's own loading module, or None."""
    path = FOLDER / "datasets.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("tables_of_folder", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _without_dates(X):
    """Replace each date by numbers that every peer can read."""
    for column in X.select_dtypes("datetime").columns:
        date = X[column].dt
        parts = {"month": date.month, "day": date.day, "weekday": date.dayofweek, "hour": date.hour + date.minute / 60}
        X = X.drop(columns=column).assign(**{f"{column}_{part}": values for part, values in parts.items()})
    return X


def _drop_rows_without_target(X, y):
    known = y.notna()
    return (X, y) if known.all() else (X[known].reset_index(drop=True), y[known].reset_index(drop=True))


def split(table, n_test):
    """(X_train, y_train, X_test, y_test), test rows drawn at random; made-up ones are random already: a plain cut."""
    if isinstance(table.X, np.ndarray) or scipy.sparse.issparse(table.X):
        return table.X[:-n_test], table.y[:-n_test], table.X[-n_test:], table.y[-n_test:]
    stratify = None if table.task == "regression" else table.y
    parts = train_test_split(table.X, table.y, test_size=n_test, random_state=0, stratify=stratify)
    return parts[0].reset_index(drop=True), parts[2], parts[1].reset_index(drop=True), parts[3]


# -- made-up tables --------------------------------------------------------------------------------------------------


def synthetic(n_rows=600_000, n_features=28):
    """Binary problem: interactions, thresholds, skewed, correlated, useless columns; AUC 0.828 (0.834 at best)."""
    X, score = _synthetic_score(n_rows, n_features)
    rng = np.random.default_rng(2)
    y = (score + rng.logistic(size=n_rows) > 0).astype(np.int64)
    return Table(f"synthetic {n_rows // 1000}k x {n_features}", X, y, "binary")


def mixed(n_rows, n_columns=30):
    """Numbers, counts, amounts with zeros, levels and gaps that depend on three hidden numbers."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(n_rows, 3)).astype(np.float32)
    columns = {}
    for k in range(n_columns):
        about, kind = hidden[:, k % 3], k % 5
        if kind == 0:
            columns[f"number{k}"] = about * (1 + k) + rng.normal(size=n_rows)
        elif kind == 1:
            columns[f"count{k}"] = rng.poisson(np.exp(np.clip(about, -2, 2)) + k)
        elif kind == 2:
            columns[f"amount{k}"] = np.where(rng.random(n_rows) < 0.2, 0.0, np.round(np.exp(about + 3), 2))
        elif kind == 3:
            n_levels = 3 + k
            level = np.clip(2 * about + rng.normal(size=n_rows) + n_levels / 2, 0, n_levels - 1).astype(int)
            level = np.where(rng.random(n_rows) < 0.05, -1, level)
            columns[f"level{k}"] = pd.Categorical.from_codes(level, [f"level {i}" for i in range(n_levels)])
        else:
            columns[f"gaps{k}"] = np.where(rng.random(n_rows) < 0.1, np.nan, about + rng.normal(size=n_rows))
    return pd.DataFrame(columns)


def word_counts(n_rows, n_words=20_000, n_per_row=40):
    """Binary problem of a wide sparse matrix: few words are frequent, and these speak for one class or the other."""
    rng = np.random.default_rng(0)
    rows, words = np.repeat(np.arange(n_rows), n_per_row), (n_words * rng.random(n_rows * n_per_row) ** 4).astype(int)
    counts = rng.integers(1, 5, n_rows * n_per_row).astype(np.float32)
    X = scipy.sparse.csr_matrix((counts, (rows, words)), shape=(n_rows, n_words))
    score = X @ (rng.normal(size=n_words) * (np.arange(n_words) < 50)) + rng.normal(size=n_rows)
    return Table(f"{n_words} words", X, (score > np.median(score)).astype(np.int64), "binary")


def _synthetic_score(n_rows, n_features):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n_rows, n_features)).astype(np.float32)
    X[:, 8:12] = np.exp(X[:, 8:12])  # skewed, as energies are
    X[:, 12:16] = 0.7 * X[:, 0:4] + 0.7 * X[:, 12:16]  # correlated with others
    X[:, 16:18] = np.round(X[:, 16:18] * 2)  # few distinct values
    # no factor has mean zero: a product that shows nothing in either of its factors is found by luck, not by skill
    score = 1.2 * np.sin(2 * X[:, 0]) * (X[:, 1] + 0.7) + 0.8 * (X[:, 2] + 0.7) * (X[:, 3] + 0.7)
    score += np.hypot(X[:, 4], X[:, 5]) < 1
    score += 0.8 * np.log(X[:, 8]) * (X[:, 16] > 0) - 0.5 * np.abs(X[:, 6]) + 0.6 * X[:, 7] * (X[:, 12] > -0.5) - 0.6
    return X, score.astype(np.float64)


def synthetic_targets(loss, n_rows=100_000):
    """Regression problem whose target is drawn as `loss` supposes; (table, best possible prediction)."""
    X, score = _synthetic_score(n_rows, 28)
    rng = np.random.default_rng(3)
    mean = np.exp(0.5 * score - 1)
    if loss == "poisson":
        y = rng.poisson(mean)
    elif loss == "gamma":
        y = rng.gamma(2.0, mean / 2.0)
    elif loss == "tweedie":
        y = _compound_poisson_gamma(mean, rng)
    else:  # quantile: noise whose width depends on the row
        width = 0.5 + mean
        y = score + width * rng.normal(size=n_rows)
        mean = score + width * 1.2815515594  # quantile 0.9 of a normal distribution
    return Table(f"synthetic {loss}", X, np.asarray(y, np.float64), "regression"), mean


def _compound_poisson_gamma(mean, rng, dispersion=1.0):
    """Tweedie variable of variance power 1.5."""
    n_claims = rng.poisson(2.0 * np.sqrt(mean) / dispersion)
    size = rng.gamma(np.maximum(n_claims, 1), 0.5 * dispersion * np.sqrt(mean))
    return np.where(n_claims > 0, size, 0.0)
