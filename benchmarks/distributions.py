"""Predicted distributions of a number: how good their quantiles are, and how long they take.

The score is the continuous ranked probability score (Gneiting and Raftery 2007), twice the mean loss of the quantiles
at 99 levels, in standard deviations of the target; beside it, how many held-out targets are in intervals of 90 %.
"""

import time
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
from report import Report
from sklearn.model_selection import train_test_split
from timing import threads

import skensemble
import skensemble.generative as generative

N_THREADS = 2
LEVELS = np.arange(1, 100) / 100
N_DRAWS = 50  # of a generator for each row
TARGET = "target"
TABLES = ("california_housing", "diamonds", "abalone", "concrete", "kin8nm", "wine_quality_red", "insurance_charges")


class Predicted(NamedTuple):
    quantiles: np.ndarray  # (n_rows, n_levels)
    fit: float  # seconds
    predict: float


def run(quick=False):
    names = datasets.available(TABLES) or ["diabetes"]
    with threads(N_THREADS):
        rows = []
        for name in names[-1:] if quick else names:
            rows += measure(name, 300 if quick else 6000)
            print(f"  predicted {name}", flush=True)
    note = (
        "One split, a fifth held out, at most 6000 rows, one process after another with two threads, seconds. CRPS in "
        f"standard deviations of the target, smaller is better. Flows draw {N_DRAWS} values for each row."
    )
    yield Report("Predicted distributions", note, rows, [])


def measure(name, n_rows):
    table = datasets.load(name, n_rows)
    frame = pd.DataFrame(table.X).rename(columns=str).assign(**{TARGET: table.y.astype(float)})
    train, test = (part.reset_index(drop=True) for part in train_test_split(frame, test_size=0.2, random_state=0))
    y = test[TARGET].to_numpy()
    rows = []
    for model, predict in MODELS.items():
        made = predict(train, test.drop(columns=TARGET))
        low, high = made.quantiles[:, 4], made.quantiles[:, 94]
        rows.append({
            "table": name, "model": model, "CRPS": crps(y, made.quantiles) / np.std(train[TARGET]),
            "in 90 %": float(np.mean((low <= y) & (y <= high))), "fit": made.fit, "predict": made.predict,
        })  # fmt: skip
    return rows


def crps(y, quantiles):
    """Mean over rows, by quantiles at LEVELS."""
    above = y[:, np.newaxis] - quantiles
    return float(2.0 * np.mean(np.maximum(LEVELS * above, (LEVELS - 1.0) * above)))


def _timed(fit, predict):
    started = time.perf_counter()
    model = fit()
    fitted = time.perf_counter()
    return Predicted(predict(model), fitted - started, time.perf_counter() - fitted)


def _forest(kind):
    def predicted(train, X):
        forest = kind(min_samples_leaf=5, keep_leaf_rows=True, random_state=0, n_jobs=N_THREADS)
        features = train.drop(columns=TARGET)
        return _timed(lambda: forest.fit(features, train[TARGET]), lambda fitted: fitted.predict_quantiles(X, LEVELS))

    return predicted


def _chain(train, X):
    model = generative.AutoregressiveForest(condition_columns=list(X), random_state=0, n_jobs=N_THREADS)
    return _timed(lambda: model.fit(train), lambda fitted: fitted.predict_quantiles(X, LEVELS))


def _drawn(model):
    """The quantiles of draws given the other columns."""

    def quantiles(train, X):
        copies = X.loc[np.repeat(np.arange(len(X)), N_DRAWS)].reset_index(drop=True)

        def predict(fitted):
            drawn = fitted.sample(len(copies), condition=dict(copies))[TARGET].to_numpy(float)
            return np.quantile(drawn.reshape(len(X), N_DRAWS), LEVELS, axis=1).T

        return _timed(lambda: model(list(X)).fit(train), predict)

    return quantiles


def _flow_matching(columns):
    return generative.FlowMatching(mask_share=0.8, random_state=0, n_jobs=N_THREADS)


def _spline_flow(columns):
    return generative.NeuralSplineFlow(condition_columns=columns, random_state=0, n_jobs=N_THREADS)


MODELS = {
    "RandomForestRegressor": _forest(skensemble.RandomForestRegressor),
    "ExtraTreesRegressor": _forest(skensemble.ExtraTreesRegressor),
    "AutoregressiveForest": _chain,
    "FlowMatching": _drawn(_flow_matching),
    "NeuralSplineFlow": _drawn(_spline_flow),
}
