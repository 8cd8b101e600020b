"""How long does a prediction take, of many rows and of one?"""

from functools import partial

import datasets
import numpy as np
from peers import OTHERS, OURS, Settings, installed
from report import Report
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data
from timing import interleaved, microseconds, threads


def run(quick=False):
    settings = Settings(n_estimators=30 if quick else 100)
    n_train, n_rows = (20_000, 20_000) if quick else (200_000, 100_000)
    X_train, y_train, X, _ = datasets.split(datasets.synthetic(n_train + n_rows), n_rows)
    with threads(settings.n_jobs):
        peers = installed(OURS + OTHERS)
        models = {peer.name: peer.aligned("binary", X_train, settings).fit(X_train, y_train) for peer in peers}
        for model in models.values():
            model.predict_proba(X[:200])
        many = interleaved({name: partial(model.predict_proba, X) for name, model in models.items()}, 7)
        one = {name: microseconds(partial(model.predict_proba, X[:1])) for name, model in models.items()}
        checks = {name: _check_microseconds(model, X[:1]) for name, model in models.items()}
    note = (
        f"Probabilities of {settings.n_estimators} trees with {settings.n_leaves} leaves (symmetric: depth "
        f"{settings.depth}), {n_rows} rows x {X.shape[1]} float32, {settings.n_jobs} threads, medians. Input checks: "
        "what scikit-learn's validate_data takes for the same row."
    )
    return [Report("Predict", note, [_row(name, many, one, checks) for name in models], [])]


def _check_microseconds(model, row):
    """The check that scikit-learn's own estimators make before they predict."""
    return microseconds(partial(validate_data, _Checked(row.shape[1]), row, reset=False))


class _Checked(BaseEstimator):
    def __init__(self, n_features):
        self.n_features_in_ = n_features


def _row(name, many, one, checks):
    ours, symmetric = (many[n].median if n in many else np.nan for n in ("skensemble", "skensemble symmetric"))
    return {
        "library": name,
        "many rows, seconds": many[name].median,
        "fastest": many[name].fastest,
        "ours / theirs": ours / many[name].median,
        "symmetric / theirs": symmetric / many[name].median,
        "one row, microseconds": one[name],
        "input checks, microseconds": checks[name],
    }
