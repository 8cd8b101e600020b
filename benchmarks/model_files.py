"""How large is the file of a model, how long does it take to load, and how long does one row take then?

Every library saves and loads its own model with trees of the same size; seconds are of one thread.
"""

import tempfile
from functools import partial
from pathlib import Path

import datasets
import joblib
import numpy as np
import pandas as pd
from peers import OTHERS, OURS, Settings, installed
from report import Report
from timing import interleaved, microseconds, threads

SAVED = ("skensemble", "skensemble symmetric", "LightGBM", "XGBoost", "CatBoost", "scikit-learn HGB")


def run(quick=False):
    settings = Settings(n_estimators=20 if quick else 100, n_jobs=1)
    X_train, y_train, X, _ = datasets.split(datasets.synthetic(6_000 if quick else 60_000), 1_000)
    peers = [peer for peer in installed(OURS + OTHERS) if peer.name in SAVED]
    with threads(1), tempfile.TemporaryDirectory() as folder:
        models = {peer.name: peer.aligned("binary", X_train, settings).fit(X_train, y_train) for peer in peers}
        rows = measure(models, np.ascontiguousarray(X[0], np.float64), Path(folder), 1 if quick else 20)
    note = (
        f"{settings.n_estimators} trees with {settings.n_leaves} leaves (symmetric: depth {settings.depth}), "
        f"{X.shape[1]} columns, 1 thread, fastest of a few runs in turn. One row: by the quickest call of each library."
    )
    frames = "Microseconds of one row of a frame, with names checked, and of the compiled predictor of its encoded row."
    single = one_row(X_train, y_train, settings)
    return [Report("Model files", note, rows, []), Report("One row of a frame", frames, single, [])]


def measure(models, row, folder, repeats):
    """A row of figures for each form of each model."""
    forms = [form for name, model in models.items() for form in _forms(name, model, folder)]
    timings = interleaved({name: load for name, _, load, _ in forms}, repeats, patience=0)
    return [
        {
            "form": name,
            "KB": path.stat().st_size / 1e3,
            "load, milliseconds": 1e3 * timings[name].fastest,
            "one row, microseconds": microseconds(partial(_call, answer(timings[name].result), row)),
            "failure": timings[name].error,
        }
        for name, path, load, answer in forms
    ]


def one_row(X, y, settings):
    """A row of figures for each kind of table and of leaves."""
    from skensemble import NewtonBoostingRegressor, compile_predictor

    numbers = pd.DataFrame(X).add_prefix("x")
    texts = np.random.default_rng(0).choice(["red", "green", "blue"], len(X))
    figures = []
    for table, frame in {"numbers": numbers, "with text": numbers.assign(colour=texts)}.items():
        for is_linear in (False, True):
            model = NewtonBoostingRegressor(
                n_estimators=settings.n_estimators, linear_leaves=is_linear, random_state=0, n_jobs=1
            ).fit(frame, y)
            predictor, row = compile_predictor(model), frame[:1]
            cells = predictor.encode(row.iloc[0].tolist())
            figures.append(
                {
                    "table": table,
                    "leaves": "linear" if is_linear else "constant",
                    "predict": microseconds(partial(_call, model.predict, row)),
                    "compiled": microseconds(partial(_call, predictor, cells)),
                }
            )
    return figures


def _call(function, row):
    return function(row)


def _forms(name, model, folder):
    """(name, path, function that loads, function from what was loaded to a function of a row) of each form."""
    path = folder / name.replace(" ", "_")
    module = type(model).__module__.partition(".")[0]
    if module == "lightgbm":
        import lightgbm

        model.booster_.save_model(path)
        yield f"{name} text", path, partial(lightgbm.Booster, model_file=path), _of_booster
    elif module == "xgboost":
        import xgboost

        path = path.with_suffix(".ubj")
        model.save_model(path)
        yield f"{name} ubj", path, partial(_loaded, xgboost.Booster, path), _of_xgboost
    elif module == "catboost":
        import catboost

        model.save_model(path)
        yield f"{name} cbm", path, partial(_loaded, catboost.CatBoostClassifier, path), _of_classifier
    elif module == "skensemble":
        from skensemble import compile_predictor, load_model, save_model

        for slim in (False, True):
            own = path.with_suffix(".slim" if slim else ".model")
            save_model(model, own, slim=slim)
            yield f"{name}{' slim' * slim}", own, partial(load_model, own), compile_predictor
    if module in ("skensemble", "sklearn"):
        pickled = path.with_suffix(".pickle")
        joblib.dump(model, pickled)
        yield f"{name} pickle", pickled, partial(joblib.load, pickled), _of_classifier


def _loaded(kind, path):
    model = kind()
    model.load_model(str(path))
    return model


def _of_booster(booster):
    return lambda row: booster.predict(row[np.newaxis])


def _of_xgboost(booster):
    return lambda row: booster.inplace_predict(row[np.newaxis])


def _of_classifier(model):
    return lambda row: model.predict_proba(row[np.newaxis])
