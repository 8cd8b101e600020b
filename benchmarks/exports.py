"""What do exported models weigh, how fast are they written, and how fast do other programs predict by them?

One model is written in every form. Those that are installed predict the rows, by one thread; the largest difference to
the model itself is in the table.
"""

import ctypes
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import datasets
import numpy as np
from report import Report
from timing import interleaved, threads


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
            "predict, 1 thread, fastest of a few runs in turn."
        )
        reports.append(Report("Exported models" + ", linear leaves" * is_linear, note, figures, []))
    return reports


def measure(model, rows, folder, repeats):
    """Figures of every form in which the model can be written here."""
    from skensemble import export_model

    figures, readers = {}, {"skensemble": lambda: model.predict(rows)}
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
        reader = READERS[form](path, rows) if form in READERS else None
        if reader is not None:
            readers[form] = reader
    timings = interleaved(readers, repeats, patience=0)
    expected = timings["skensemble"].result
    table = [{"form": "skensemble", "KB": None, "written in, milliseconds": None}, *figures.values()]
    for row in table:
        timing = timings.get(row["form"])
        row["predicted in, milliseconds"] = None if timing is None else 1e3 * timing.fastest
        row["largest difference"] = None if timing is None else float(np.abs(timing.result - expected).max())
    return table


def _lightgbm(path, rows):
    if not find_spec("lightgbm"):
        return None
    import lightgbm

    booster = lightgbm.Booster(model_file=path)
    return lambda: booster.predict(rows, num_threads=1)


def _xgboost(path, rows):
    if not find_spec("xgboost"):
        return None
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=path)
    return lambda: booster.inplace_predict(rows)


def _onnx(path, rows):
    if not find_spec("onnxruntime"):
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session, singles = onnxruntime.InferenceSession(path, options), rows.astype(np.float32)
    return lambda: session.run(None, {"X": singles})[0][:, 0]


def _treelite(path, rows):
    import treelite

    model = treelite.Model.deserialize(path)
    return lambda: treelite.gtil.predict(model, rows, nthread=1).ravel()


def _c(path, rows):
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = path.with_suffix(".so")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-x", "c", path, "-o", library, "-lm"], check=True)
    predict = ctypes.CDLL(str(library)).model_predict
    found = np.empty(len(rows))
    places = [(rows.ctypes.data + i * rows.strides[0], found.ctypes.data + 8 * i) for i in range(len(rows))]
    arguments = [(ctypes.c_void_p(row), ctypes.c_void_p(answer)) for row, answer in places]

    def predict_all():
        for pair in arguments:
            predict(*pair)
        return found.copy()

    return predict_all


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
