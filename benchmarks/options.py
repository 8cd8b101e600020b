"""What does each option cost, over the same fit without it, and beside libraries that have the option?"""

from functools import partial

import datasets
import numpy as np
from peers import OTHERS, OURS, Settings, installed
from report import Report
from timing import interleaved, threads

N_FEATURES = 28  # of the synthetic table
_MONOTONE = [1, -1] + [0] * (N_FEATURES - 2)
_GROUPS = [list(range(0, 10)), list(range(10, 20)), list(range(20, N_FEATURES))]

# option -> library -> its parameters; a library without the option is left out
OPTIONS = {
    "none": {"skensemble": {}, "lightgbm": {}, "xgboost": {}, "sklearn": {}},
    "20 rows in a leaf": {
        "skensemble": {"min_samples_leaf": 20},
        "lightgbm": {"min_child_samples": 20},
        "sklearn": {"min_samples_leaf": 20},
    },
    "alpha 1": {name: {"reg_alpha": 1.0} for name in ("skensemble", "lightgbm", "xgboost")},
    "largest step 0.5": {name: {"max_delta_step": 0.5} for name in ("skensemble", "lightgbm", "xgboost")},
    "monotone": {
        "skensemble": {"monotonic_cst": _MONOTONE},
        "lightgbm": {"monotone_constraints": _MONOTONE},
        "xgboost": {"monotone_constraints": tuple(_MONOTONE)},
        "sklearn": {"monotonic_cst": _MONOTONE},
    },
    "interactions": {
        "skensemble": {"interaction_cst": _GROUPS},
        "lightgbm": {"interaction_constraints": _GROUPS},
        "xgboost": {"interaction_constraints": [[f"x{i}" for i in group] for group in _GROUPS]},
        "sklearn": {"interaction_cst": _GROUPS},
    },
    "half of the features of a node": {
        "skensemble": {"colsample_bynode": 0.5},
        "lightgbm": {"feature_fraction_bynode": 0.5},
        "xgboost": {"colsample_bynode": 0.5},
        "sklearn": {"max_features": 0.5},
    },
    "random strength": {"skensemble": {"random_strength": 0.5}},
    "0.7 of the rows": {
        "skensemble": {"subsample": 0.7},
        "lightgbm": {"subsample": 0.7, "subsample_freq": 1},
        "xgboost": {"subsample": 0.7},
    },
    "1023 bins": {"skensemble": {"max_bins": 1023}, "lightgbm": {"max_bin": 1023}, "xgboost": {"max_bin": 1023}},
    "linear leaves": {"skensemble": {"linear_leaves": True}, "lightgbm": {"linear_tree": True}},
}


def run(quick=False):
    peers = installed(OURS + OTHERS)
    settings = Settings(n_estimators=20 if quick else 100)
    n_rows = 20_000 if quick else 500_000
    rows = measure(datasets.synthetic(n_rows), settings, 1 if quick else 3, peers)
    note = (
        f"{n_rows} rows x {N_FEATURES}, two classes, {settings.n_estimators} rounds, {settings.n_leaves} leaves, "
        f"{settings.n_jobs} threads, everything else as in Fit. Over none: the library's time over its own without "
        "the option. Ours / theirs: of our best-first trees, both with the option."
    )
    return [Report("Options", note, rows, [])]


def measure(table, settings, repeats, peers):
    """One row per option and library that has it."""
    rows, without = [], {}
    for option, parameters in OPTIONS.items():
        able = [peer for peer in peers if peer.module in parameters]
        with threads(settings.n_jobs):
            for told, n_repeats in ((settings._replace(n_estimators=2), 1), (settings, repeats)):
                fits = {p.name: partial(_fit, p, table, told, parameters[p.module]) for p in able}
                timings = interleaved(fits, n_repeats, patience=0)  # the first time, unused: code is compiled or loaded
        if option == "none":
            without = timings
        ours = timings["skensemble"].median if "skensemble" in timings else np.nan
        rows += [
            {
                "option": option,
                "library": name,
                "seconds": timing.median,
                "fastest": timing.fastest,
                "over none": timing.median / without[name].median,
                "ours / theirs": ours / timing.median,
                "error": timing.error,
            }
            for name, timing in timings.items()
        ]
        print(f"  fitted {option}", flush=True)
    return rows


def _fit(peer, table, settings, parameters):
    return peer.aligned(table.task, table.X, settings).set_params(**parameters).fit(peer.prepare(table.X), table.y)
