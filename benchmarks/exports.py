"""What do exported models weigh, how fast are they written, and how fast do other programs predict by them?

One model is written in every form. Those that are installed predict the rows, by one thread; the largest difference to
the model itself is in the table.
"""

import ctypes
import shutil
import subprocess
import tempfile
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import datasets
import numpy as np
from report import Report
from timing import interleaved, microseconds, threads


def run(quick=False):
    from skensemble import NewtonBoostingRegressor

    n_train, n_rows, n_rounds = (2_000, 500, 10) if quick else (50_000, 10_000, 100)
    X, y, rows, _ = datasets.split(datasets.synthetic(n_train + n_rows), n_rows)
    rows, reports = np.ascontiguousarray(rows, np.float64), []
    for is_linear in (False, True):
        model = NewtonBoostingRegressor(
            n_estimators=n_rounds, grow_policy="lossguide", max_leaf_nodes=31, linear_leaves=is_linear, random_state=0,
            n_jobs=1,
        ).fit(X, y)  # fmt: skip
        with threads(1), tempfile.TemporaryDirectory() as folder:
            figures = measure(model, rows, Path(folder), 1 if quick else 5)
        note = (
            f"{n_rounds} trees of 31 {'linear ' * is_linear}leaves, {rows.shape[0]} rows of {rows.shape[1]} columns, "
            "predict, 1 thread, fastest of a few runs in turn. One row: median of many calls, ours compiled."
        )
        reports.append(Report("Exported models" + ", linear leaves" * is_linear, note, figures, []))
    return reports


def measure(model, rows, folder, repeats):
    """Figures of every form in which the model can be written here."""
    from skensemble import compile_predictor, export_model

    figures, readers = {}, {}
    for form, needed in FORMS.items():
        if needed is not None and not find_spec(needed):
            continue
        path = folder / f"model.{form}"
        start = time.perf_counter()
        try:
            export_model(model, path, to=form)
        except ValueError as refusal:
            if "linear_leaves" in str(refusal):  # the form holds constants only
                continue
            raise
        seconds = time.perf_counter() - start
        figures[form] = {"form": form, "KB": path.stat().st_size / 1e3, "written in, milliseconds": 1e3 * seconds}
        reader = READERS[form](path) if form in READERS else None
        if reader is not None:
            readers[form] = reader
    many, single = ({form: reader(table) for form, reader in readers.items()} for table in (rows, rows[:1]))
    timings = interleaved({"skensemble": partial(model.predict, rows), **many}, repeats, patience=0)
    single["skensemble"] = partial(compile_predictor(model), rows[0])
    expected = timings["skensemble"].result
    table = [{"form": "skensemble", "KB": None, "written in, milliseconds": None}, *figures.values()]
    for row in table:
        timing = timings.get(row["form"])
        row["predicted in, milliseconds"] = None if timing is None else 1e3 * timing.fastest
        row["one row, microseconds"] = None if timing is None else microseconds(single[row["form"]])
        row["largest difference"] = None if timing is None else float(np.abs(timing.result - expected).max())
    return table


# -- readers: from a path to a function that makes of rows a call that predicts them; None where not installed ---------


def _lightgbm(path):
    if not find_spec("lightgbm"):
        return None
    import lightgbm

    booster = lightgbm.Booster(model_file=path)
    return lambda rows: partial(booster.predict, rows, num_threads=1)


def _xgboost(path):
    if not find_spec("xgboost"):
        return None
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=path)
    return lambda rows: partial(booster.inplace_predict, rows)


def _onnx(path):
    if not find_spec("onnxruntime"):
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)

    def prepared(rows):
        cells = {"X": rows.astype(np.float32)}
        return lambda: session.run(None, cells)[0][:, 0]

    return prepared


def _treelite(path):
    import treelite

    model = treelite.Model.deserialize(path)
    return lambda rows: lambda: treelite.gtil.predict(model, rows, nthread=1).ravel()


def _c(path):
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = path.with_suffix(".so")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-x", "c", path, "-o", library, "-lm"], check=True)
    predict = ctypes.CDLL(str(library)).model_predict

    def prepared(rows):
        found = np.empty(len(rows))
        places = [(rows.ctypes.data + i * rows.strides[0], found.ctypes.data + 8 * i) for i in range(len(rows))]
        arguments = [(ctypes.c_void_p(row), ctypes.c_void_p(answer)) for row, answer in places]

        def predict_all():
            for pair in arguments:
                predict(*pair)
            return found.copy()

        return predict_all

    return prepared


FORMS = {  # name -> the package that writing it needs
    "lightgbm": None,
    "xgboost": None,
    "onnx": "onnx",
    "treelite": "treelite",
    "c": None,
    "sql": None,
    "pmml": None,
}
READERS = {"lightgbm": _lightgbm, "xgboost": _xgboost, "onnx": _onnx, "treelite": _treelite, "c": _c}
