"""Losses beyond log-loss and squared error: how long, and how good, next to those who have them."""

from functools import partial

import datasets
import numpy as np
from peers import OTHERS, OURS, Settings, installed
from report import Report
from scores import deviance
from timing import interleaved, threads

LOSSES = ("poisson", "gamma", "tweedie", "quantile")


def run(quick=False):
    rows = []
    for loss in LOSSES:
        settings = Settings(n_estimators=30 if quick else 100, loss=loss)
        rows += measure(loss, 20_000 if quick else 100_000, settings, 1 if quick else 3)
        print(f"  fitted {loss}", flush=True)
    note = (
        f"Synthetic, 4/5 of {'20k' if quick else '100k'} rows x 28 fitted, aligned settings. Excess: mean deviance "
        "(quantile 0.9: pinball loss) on the other rows, less that of the true parameter."
    )
    return [Report("Losses", note, rows, [])]


def measure(loss, n_rows, settings, repeats):
    table, truth = datasets.synthetic_targets(loss, n_rows)
    n_test = n_rows // 5
    X_train, y_train, X_test, y_test = datasets.split(table, n_test)
    peers = [peer for peer in installed(OURS + OTHERS, report=lambda line: None) if loss in peer.losses]
    with threads(settings.n_jobs):
        for told, n_repeats in ((settings._replace(n_estimators=2), 1), (settings, repeats)):
            fits = {p.name: partial(_fit, p, X_train, y_train, told) for p in peers}
            timings = interleaved(fits, n_repeats, patience=0)  # the first time, unused: code is compiled or loaded
    floor = deviance(loss, y_test, truth[-n_test:])
    return [
        {
            "loss": loss,
            "library": name,
            "seconds": timing.median,
            "ours / theirs": timings["skensemble"].median / timing.median if "skensemble" in timings else np.nan,
            "excess": np.nan if timing.error else deviance(loss, y_test, timing.result.predict(X_test)) - floor,
            "error": timing.error,
        }
        for name, timing in timings.items()
    ]


def _fit(peer, X, y, settings):
    return peer.aligned("regression", X, settings).fit(X, y)
