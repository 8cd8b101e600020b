"""How long does an imported model take to predict, beside the library that trained it?

Both predict the same; the largest difference is in the table.
"""

import time
from functools import partial

import datasets
import numpy as np
from peers import OTHERS, Settings, installed
from report import Report
from timing import interleaved, microseconds, threads

IMPORTED = {"LightGBM": "from_lightgbm", "XGBoost": "from_xgboost", "scikit-learn HGB": "from_sklearn"}


def run(quick=False):
    settings = Settings(n_estimators=20 if quick else 100, n_jobs=1)
    n_train, n_rows = (2_000, 1_000) if quick else (50_000, 10_000)
    X, y, rows, _ = datasets.split(datasets.synthetic(n_train + n_rows), n_rows)
    peers = [peer for peer in installed(OTHERS) if peer.name in IMPORTED]
    with threads(settings.n_jobs):
        models = {peer.name: peer.aligned("binary", X, settings).fit(X, y) for peer in peers}
        figures = measure(models, rows, 1 if quick else 5)
    note = (
        f"{settings.n_estimators} trees with {settings.n_leaves} leaves, {rows.shape[0]} rows of {rows.shape[1]} "
        "columns, predict_proba, 1 thread, fastest of a few runs in turn; reading: from fitted object to predictor."
    )
    return [Report("Imported models", note, figures, [])]


def measure(models, rows, repeats):
    """Figures of {name of the library: fitted model}, by which each predicts the same rows."""
    import skensemble

    figures, row = [], np.ascontiguousarray(rows[0], np.float64)
    for name, model in models.items():
        start = time.perf_counter()
        predictor = getattr(skensemble, IMPORTED[name])(model)
        reading = time.perf_counter() - start
        predictor.n_jobs = 1
        actions = {"library": lambda model=model: model.predict_proba(rows)}
        actions["imported"] = lambda predictor=predictor: predictor.predict_proba(rows)
        interleaved(actions, 1, patience=0)  # unused: code is compiled or loaded
        timings = interleaved(actions, repeats, patience=0)
        seconds = {key: timing.fastest for key, timing in timings.items()}
        figures.append(
            {
                "library": name,
                "milliseconds": 1e3 * seconds["library"],
                "imported, milliseconds": 1e3 * seconds["imported"],
                "share": seconds["imported"] / seconds["library"],
                "reading, milliseconds": 1e3 * reading,
                "one row, microseconds": microseconds(partial(skensemble.compile_predictor(predictor), row)),
                "largest difference": float(np.abs(timings["library"].result - timings["imported"].result).max()),
            }
        )
    return figures
