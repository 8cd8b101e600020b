"""How long does it take to explain a prediction by Shapley values, with trees of the same size?

Every library explains its own model.  Sums of the values are compared with the model's raw predictions.
"""

from functools import partial

import datasets
import numpy as np
from peers import OTHERS, OURS, Settings, installed
from report import Report
from timing import interleaved, threads

EXPLAINED = ("skensemble", "skensemble symmetric", "LightGBM", "XGBoost", "CatBoost")


def run(quick=False):
    settings = Settings(n_estimators=20 if quick else 100, n_jobs=1)
    n_train = 5_000 if quick else 50_000
    X_train, y_train, X, _ = datasets.split(datasets.synthetic(n_train + 10_000), 10_000)
    peers = [peer for peer in installed(OURS + OTHERS) if peer.name in EXPLAINED]
    rows = []
    with threads(settings.n_jobs):
        models = {peer.name: peer.aligned("binary", X_train, settings).fit(X_train, y_train) for peer in peers}
        for n_rows in (500,) if quick else (1_000, 10_000):
            for is_symmetric in (False, True):
                alike = {peer.name: models[peer.name] for peer in peers if peer.symmetric == is_symmetric}
                rows += _measure(alike, X[:n_rows], 1 if quick else 3)
    note = (
        f"{settings.n_estimators} trees with {settings.n_leaves} leaves (symmetric: depth {settings.depth}), "
        f"{X.shape[1]} columns, path-dependent SHAP values, 1 thread, fastest of a few runs in turn; shares are of "
        "peers with trees of the same kind. Error: largest difference between base value plus values and the log-odds."
    )
    return [Report("Explanations", note, rows, [])]


def _measure(models, X, repeats):
    actions = {name: partial(_values, model, X) for name, model in models.items()}
    interleaved(actions, 1, patience=0)  # unused: code is compiled or loaded
    timings = interleaved(actions, repeats, patience=0)
    peers = [timing.fastest for name, timing in timings.items() if "skensemble" not in name and not timing.error]
    return [
        {
            "rows": len(X),
            "library": name,
            "microseconds a row": 1e6 * timing.fastest / len(X),
            "share of the fastest peer": timing.fastest / min(peers) if peers else np.nan,
            "error of sums": np.nan if timing.error else _error(models[name], X, timing.result),
            "failure": timing.error,
        }
        for name, timing in timings.items()
    ]


def _values(model, X):
    """(n_rows, n_columns + 1): values, and the base value last."""
    module = type(model).__module__.partition(".")[0]
    if module == "lightgbm":
        return model.predict(X, pred_contrib=True)
    if module == "xgboost":
        import xgboost

        return model.get_booster().predict(xgboost.DMatrix(X, nthread=1), pred_contribs=True)
    if module == "catboost":
        import catboost

        return model.get_feature_importance(catboost.Pool(X), type="ShapValues", thread_count=1)
    from skensemble.inspection import explain

    explanation = explain(model, X, n_jobs=1)
    return np.column_stack([explanation.values, explanation.base_values])


def _error(model, X, values):
    probability = np.asarray(model.predict_proba(X), float)
    return float(np.abs(values.sum(axis=1) - np.log(probability[:, 1] / probability[:, 0])).max())
