"""How long does it take to explain a prediction by Shapley values, with trees of the same size?

Every library explains its own model; shap and woodelf explain LightGBM's, shap also scikit-learn's forest.  Sums of the
values are compared with the model's raw predictions.
"""

from functools import partial
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
from child import ask, errors
from peers import BY_NAME, Settings, installed
from report import Report
from timing import interleaved, threads

REGRESSION = "regression"
SLOW = ("shap", "LightGBM", "XGBoost")  # and CatBoost, but for values, whose tables it makes once


class Job(NamedTuple):
    """What is asked of some rows, and how many rows the slow ones get, whose time for each row hardly depends on it."""

    name: str
    n_rows: int
    n_slow: int
    n_background: int = 0
    interactions: bool = False


JOBS = (
    Job("values, 1000 rows", 1_000, 1_000),
    Job("values, 10 000 rows", 10_000, 1_000),
    Job("interactions", 1_000, 50, interactions=True),
    Job("background of 100", 1_000, 200, n_background=100),
    Job("background of 1000", 1_000, 20, n_background=1_000),
    Job("interactions, background of 100", 200, 0, interactions=True, n_background=100),
)
FOREST = Job("values, full forest", 100, 4)


def run(quick=False):
    settings = Settings(n_estimators=20 if quick else 100, n_jobs=1)
    X_train, y_train, X, _ = datasets.split(datasets.synthetic((2_000 if quick else 50_000) + 10_000), 10_000)
    rows = []
    with threads(settings.n_jobs):
        for trees, models in _models(X_train, y_train.astype(float), settings).items():
            for job in JOBS[2:] if quick else JOBS:
                rows += measure(trees, job, models, X, X_train, 1 if quick else 3)
        rows += measure("forest", FOREST, _forests(X_train, y_train, 2 if quick else 20), X, X_train, 1 if quick else 3)
    note = (
        f"{settings.n_estimators} trees with {settings.n_leaves} leaves or of depth 6, {X.shape[1]} columns, 1 thread, "
        "fastest of a few runs in turn; shares are of the fastest peer. The slow libraries explain fewer rows than "
        "ours. Error: largest difference between base value plus values and the raw prediction."
    )
    first = {"first call": ask("first_explanation")}
    return [
        Report("Explanations", note, rows, []),
        Report("First explanation", "100 rows, seconds, a new process, kernels on disk.", [*first.values()],
               errors(first)),
    ]  # fmt: skip


def _models(X, y, settings):
    """{kind of trees: {library: fitted model}}"""
    ours, lightgbm, xgboost, catboost = (BY_NAME[name] for name in ("skensemble", "LightGBM", "XGBoost", "CatBoost"))
    make = lambda peer, **changes: peer.aligned(REGRESSION, X, settings).set_params(**changes)  # noqa: E731
    deep = {"max_depth": 6}
    kinds = {
        "31 leaves": {ours: {}, lightgbm: {}, xgboost: {}},
        "depth 6": {
            ours: {**deep, "grow_policy": "depthwise", "max_leaf_nodes": None},
            lightgbm: {**deep, "num_leaves": 64},
            xgboost: {**deep, "grow_policy": "depthwise", "max_leaves": 0},
        },
        "symmetric, depth 6": {BY_NAME["skensemble symmetric"]: deep, catboost: {"depth": 6}},
        "symmetric, linear leaves": {BY_NAME["skensemble symmetric"]: {**deep, "linear_leaves": True}},
    }
    there = installed(dict.fromkeys(peer for kind in kinds.values() for peer in kind))
    models = {}
    for kind, peers in kinds.items():
        models[kind] = {p.name: make(p, **given).fit(X, y) for p, given in peers.items() if p in there}
        for name in ("shap", "woodelf"):
            if "LightGBM" in models[kind] and _is_installed(name):
                models[kind][name] = models[kind]["LightGBM"].booster_
    return models


def _forests(X, y, n_estimators):
    import sklearn.ensemble

    import skensemble

    given = {"n_estimators": n_estimators, "n_jobs": 1, "random_state": 0}
    models = {"skensemble": skensemble.RandomForestClassifier(**given).fit(X, y)}
    if _is_installed("shap"):
        models["shap"] = sklearn.ensemble.RandomForestClassifier(**given).fit(X, y)
    return models


def _is_installed(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def measure(trees, job, models, X, X_train, repeats):
    """Rows of the table for one job and one kind of trees."""
    background = X_train[: job.n_background] if job.n_background else None
    actions, n_rows = {}, {}
    for name, model in models.items():
        if not _can(name, trees, job):
            continue
        is_slow = name in SLOW or (name == "CatBoost" and (job.interactions or job.n_background))
        n_rows[name] = job.n_slow if is_slow else job.n_rows
        actions[name] = partial(explained, name, model, X[: n_rows[name]], background, job.interactions)
    interleaved(actions, 1, patience=0)  # unused: code is compiled or loaded
    timings = interleaved(actions, repeats, patience=0)
    each = {name: 1e6 * timing.fastest / n_rows[name] for name, timing in timings.items()}
    peers = [each[name] for name, timing in timings.items() if not name.startswith("skensemble") and not timing.error]
    return [
        {
            "trees": trees,
            "job": job.name,
            "library": name,
            "microseconds a row": each[name],
            "share of the fastest peer": each[name] / min(peers) if peers else np.nan,
            "error of sums": np.nan if timing.error else _error(models[name], X[: n_rows[name]], timing.result),
            "failure": timing.error,
        }
        for name, timing in timings.items()
    ]


def _can(name, trees, job):
    """Whether the library has code of its own for the job."""
    if job.interactions and job.n_background:
        return name.startswith("skensemble")
    if name == "LightGBM":
        return not job.n_background and not job.interactions
    if name == "XGBoost":
        return not job.n_background
    return name != "shap" or trees == "forest" or bool(job.n_background) or job.interactions  # else it calls LightGBM


# -- what each library calls it ----------------------------------------------------------------------------------------


def explained(name, model, X, background=None, interactions=False):
    """(base values, values) of the rows: one or (n_samples,), and (n_samples, n_columns) or a matrix for each."""
    return _EXPLAIN["skensemble" if name.startswith("skensemble") else name](model, X, background, interactions)


def _ours(model, X, background, interactions):
    from skensemble.inspection import explain

    known = explain(model, X, background=background, interactions=interactions, n_jobs=1)
    if known.base_values.ndim == 2:  # classes of a forest
        return known.base_values[:, -1], known.values[..., -1]
    return known.base_values, known.values


def _lightgbm(model, X, background, interactions):
    values = model.predict(X, pred_contrib=True)
    return values[:, -1], values[:, :-1]


def _xgboost(model, X, background, interactions):
    import xgboost

    kind = {"pred_interactions": True} if interactions else {"pred_contribs": True}
    values = model.get_booster().predict(xgboost.DMatrix(X, nthread=1), **kind)
    if interactions:
        return values[:, -1, -1], values[:, :-1, :-1]
    return values[:, -1], values[:, :-1]


def _catboost(model, X, background, interactions):
    import catboost

    if interactions:
        values = model.get_feature_importance(catboost.Pool(X), type="ShapInteractionValues", thread_count=1)
        return values[:, -1, -1], values[:, :-1, :-1]
    given = {} if background is None else {"reference_data": catboost.Pool(background, np.zeros(len(background)))}
    pool = catboost.Pool(X, np.zeros(len(X)))
    values = model.get_feature_importance(pool, type="ShapValues", thread_count=1, **given)
    return values[:, -1], values[:, :-1]


def _shap(model, X, background, interactions):
    import shap

    if background is None:
        explainer = shap.TreeExplainer(model)
    else:
        explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    values = explainer.shap_interaction_values(X) if interactions else explainer.shap_values(X, check_additivity=False)
    base = np.ravel(explainer.expected_value)[-1]
    return base, values[..., -1] if values.shape[-1] != X.shape[1] else values


def _woodelf(model, X, background, interactions):
    import woodelf

    names = model.feature_name()
    others = None if background is None else pd.DataFrame(background, columns=names)
    explainer = woodelf.WoodelfExplainer(model, others)
    table = pd.DataFrame(X, columns=names)
    if interactions:
        return np.nan, np.asarray(explainer.shap_interaction_values(table))
    return explainer.expected_value if background is not None else np.nan, explainer.shap_values(table, verbose=False)


_EXPLAIN = {
    "skensemble": _ours, "LightGBM": _lightgbm, "XGBoost": _xgboost, "CatBoost": _catboost, "shap": _shap,
    "woodelf": _woodelf,
}  # fmt: skip


def _error(model, X, result):
    base, values = result
    raw = model.predict_proba(X)[:, -1] if hasattr(model, "predict_proba") else np.asarray(model.predict(X), float)
    return float(np.abs(np.asarray(values, float).reshape(len(X), -1).sum(axis=1) + base - raw).max())
