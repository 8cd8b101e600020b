"""What has to be measured in a fresh process; each job prints one line of JSON.

    python benchmarks/child.py import_seconds
    python benchmarks/child.py first_fit LIBRARY
    python benchmarks/child.py first_explanation
    python benchmarks/child.py first_flow ESTIMATOR
    python benchmarks/child.py peak_memory LIBRARY DATA.npz array|DataFrame
    python benchmarks/child.py fit_parquet WAY ROWS.parquet N_ROUNDS
    python benchmarks/child.py fit_on_workers LIBRARY ROWS.npz N_ROUNDS
    python benchmarks/child.py model_memory SMALL.pickle MODEL.pickle ROWS.npy
    python benchmarks/child.py generate_many N_ROWS

`ask` starts one and reads its answer.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

# Heavy imports stand inside the jobs: they are what is measured.


def ask(job, *arguments, **environment):
    """Run a job in a new process; what it printed, or {"error": ...}."""
    command = [sys.executable, __file__, job, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def errors(answers):
    """One line per job that failed."""
    return [f"{key}: {answer['error']}" for key, answer in answers.items() if "error" in answer]


def import_seconds():
    """scikit-learn's import, then what importing our booster adds to it."""
    started = time.perf_counter()
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: F401

    middle = time.perf_counter()
    from skensemble import NewtonBoostingClassifier  # noqa: F401

    return {"scikit-learn": middle - started, "skensemble beyond it": time.perf_counter() - middle}


def first_explanation():
    """Seconds of the first and of a later explanation of 100 rows, and those of importing and fitting before."""
    started = time.perf_counter()
    from sklearn.datasets import load_breast_cancer

    from skensemble import NewtonBoostingClassifier
    from skensemble.inspection import explain

    X, y = load_breast_cancer(return_X_y=True)
    model = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(X, y)
    seconds = [time.perf_counter()]
    for _ in range(2):
        explain(model, X[:100])
        seconds.append(time.perf_counter())
    return {"import and fit": seconds[0] - started, "first": seconds[1] - seconds[0], "later": seconds[2] - seconds[1]}


def first_flow(estimator):
    """Seconds of the first and of later fits of a normalizing flow to 569 rows."""
    from sklearn.datasets import load_breast_cancer

    from skensemble import generative

    X = load_breast_cancer().data[:, :10]
    model = getattr(generative, estimator)(max_epochs=5, random_state=0)
    seconds = []
    for _ in range(4):
        started = time.perf_counter()
        model.fit(X)
        seconds.append(time.perf_counter() - started)
    return {"first": seconds[0], "steady": median(seconds[1:])}


def first_fit(library):
    """Seconds of the first and of later (fit, predict) pairs on 569 rows."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    started = time.perf_counter()
    from peers import BY_NAME, Settings

    BY_NAME[library].version()
    imported = time.perf_counter()
    first, first_cpu = _fit_and_predict(BY_NAME[library].aligned("binary", X, Settings()), X, y)
    later = [_fit_and_predict(BY_NAME[library].aligned("binary", X, Settings()), X, y)[0] for _ in range(5)]
    return {"import": imported - started, "first": first, "first_cpu": first_cpu, "steady": median(later)}


def _fit_and_predict(model, X, y):
    """(seconds, CPU seconds); the second says more when the machine is busy."""
    began, cpu_began = time.perf_counter(), time.process_time()
    model.fit(X, y).predict_proba(X)
    return time.perf_counter() - began, time.process_time() - cpu_began


def peak_memory(library, path, as_frame):
    """Megabytes that a fit needs at its peak, beyond the input and the loaded library."""
    import numpy as np
    import pandas as pd
    from peers import BY_NAME, Settings

    data = np.load(path)
    X, y = data["X"], data["y"]
    peer, settings = BY_NAME[library], Settings(n_estimators=20)
    peer.aligned("binary", X, settings).fit(X[:2000], y[:2000])  # so that code is compiled and threads are started
    X = pd.DataFrame(X).add_prefix("x") if as_frame == "DataFrame" else X
    before = _start_of_peak()
    peer.aligned("binary", X, settings).fit(X, y)
    return {"megabytes": (_peak() - before) / 2**20}


def fit_parquet(way, path, n_rounds):
    """Seconds and peak megabytes of a fit to a Parquet file, and the sum of the leaves' values."""
    import numpy as np
    import pandas as pd

    from skensemble import NewtonBoostingClassifier
    from skensemble.distributed import Batches

    if way.startswith("XGBoost"):
        return _fit_by_xgboost("in batches" in way, path, int(n_rounds))
    model = NewtonBoostingClassifier(n_estimators=int(n_rounds), random_state=0, n_jobs=2)
    rng = np.random.default_rng(0)
    small = [(rng.normal(size=(2000, 28)).astype(np.float32), rng.integers(0, 2, 2000))]
    model.fit(*small[0])  # so that code is compiled and threads are started
    model.fit(Batches.from_iterable(small))
    before, began, cpu_began = _start_of_peak(), time.perf_counter(), time.process_time()
    if way == "in memory":
        table = pd.read_parquet(path)
        model.fit(table.drop(columns="y"), table["y"])
    elif way.startswith("in batches"):
        with tempfile.TemporaryDirectory() as folder:
            cache_dir = folder if "file" in way else None
            model.fit(Batches.from_parquet(path, target="y", cache_dir=cache_dir))
    else:
        began = _fit_by_dask(model.set_params(n_jobs=None), path)
    answer = {"seconds": time.perf_counter() - began, "megabytes": (_peak() - before) / 2**20}
    if "Dask" not in way:  # whose workers have times of their own
        answer["CPU seconds"] = time.process_time() - cpu_began
    return {**answer, "checksum": float(model._booster.additive.trees.values.sum())}


def _fit_by_dask(model, path):
    """Fit on two workers; returns when they had fitted a few rows, and began with all."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        table = dd.read_parquet(path, split_row_groups=True)
        few = dd.from_pandas(table.head(2000), npartitions=2)
        model.fit(few.drop(columns="y"), few["y"])  # so that code is loaded
        began = time.perf_counter()
        model.fit(table.drop(columns="y"), table["y"])
    return began


def _fit_by_xgboost(in_batches, path, n_rounds):
    """Seconds and peak megabytes of XGBoost, of a file's row groups in external memory or of the whole file."""
    import numpy as np
    import pandas as pd
    import xgboost
    from pyarrow.parquet import ParquetFile

    class RowGroups(xgboost.DataIter):
        def __init__(self, folder):
            self._file, self._group = ParquetFile(path), 0
            super().__init__(cache_prefix=str(Path(folder) / "pages"))

        def next(self, input_data):
            if self._group == self._file.num_row_groups:
                return False
            frame = self._file.read_row_group(self._group).to_pandas()
            input_data(data=frame.drop(columns="y"), label=frame["y"])
            self._group += 1
            return True

        def reset(self):
            self._group = 0

    params = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 6, "max_bin": 256, "nthread": 2}
    rng = np.random.default_rng(0)
    few = xgboost.QuantileDMatrix(rng.normal(size=(2000, 28)).astype(np.float32), rng.integers(0, 2, 2000), nthread=2)
    xgboost.train(params, few, 2)  # so that threads are started
    before, began, cpu_began = _start_of_peak(), time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        if in_batches:
            rows = xgboost.ExtMemQuantileDMatrix(RowGroups(folder), max_bin=256, nthread=2)
        else:
            table = pd.read_parquet(path)
            rows = xgboost.QuantileDMatrix(table.drop(columns="y"), table["y"], max_bin=256, nthread=2)
        xgboost.train(params, rows, n_rounds)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
        return {"seconds": seconds, "CPU seconds": cpu_seconds, "megabytes": (_peak() - before) / 2**20}


def fit_on_workers(library, path, n_rounds):
    """Seconds, CPU seconds and the change of the model: a process of two threads, and two workers of Dask."""
    import dask.dataframe as dd
    import numpy as np
    import pandas as pd
    from distributed import Client, LocalCluster, wait
    from peers import BY_NAME, Settings

    data = np.load(path)
    X, y, peer = pd.DataFrame(data["X"]).add_prefix("x"), pd.Series(data["y"]), BY_NAME[library]

    def aligned(rounds):
        return peer.aligned("binary", X, Settings(n_estimators=rounds, n_leaves=64))

    aligned(2).fit(X[:2000], y[:2000])  # so that code is loaded and threads are started
    began, cpu_began = time.perf_counter(), time.process_time()
    alone = aligned(int(n_rounds)).fit(X, y)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        table, target = dd.from_pandas(X, npartitions=8).persist(), dd.from_pandas(y, npartitions=8).persist()
        wait([table, target])
        _on_dask(library, aligned(2), table, target)  # so that workers have loaded what they need
        cpu_before, cpu_began, began = client.run(time.process_time), time.process_time(), time.perf_counter()
        together = _on_dask(library, aligned(int(n_rounds)), table, target)
        seconds_together, cpu_together = time.perf_counter() - began, time.process_time() - cpu_began
        cpu_after = client.run(time.process_time)
        cpu_together += sum(cpu_after[worker] - cpu_before[worker] for worker in cpu_before)
    few = X[:20_000]
    change = np.abs(together.predict_proba(few)[:, 1] - alone.predict_proba(few)[:, 1]).max()
    return {
        "alone": seconds, "workers": seconds_together, "CPU alone": cpu, "CPU workers": cpu_together,
        "largest change": float(change),
    }  # fmt: skip


def _on_dask(library, model, X, y):
    """The model, fitted to collections; a plain one of its library."""
    if library == "LightGBM":
        from lightgbm import DaskLGBMClassifier

        return DaskLGBMClassifier(**model.get_params()).fit(X, y).to_local()
    if library == "XGBoost":
        from xgboost import XGBClassifier
        from xgboost.dask import DaskXGBClassifier

        given = {name: value for name, value in model.get_params().items() if value is not None}
        fitted = DaskXGBClassifier(**given).fit(X, y)
        local = XGBClassifier()
        local.load_model(fitted.get_booster().save_raw())
        return local
    return model.set_params(n_jobs=None).fit(X, y)


def model_memory(small_path, path, rows_path):
    """Megabytes that a fitted model takes when it is loaded and has predicted, beyond what a small one has taken."""
    import pickle

    import numpy as np

    rows = np.load(rows_path)
    pickle.loads(Path(small_path).read_bytes()).predict(rows)  # so that code is compiled and threads are started
    before = _bytes_in_use()
    with open(path, "rb") as file:
        model = pickle.load(file)
    model.predict(rows)
    return {"megabytes": (_bytes_in_use() - before) / 2**20}


def _bytes_in_use():
    """Resident memory, after what is no longer used has been given back (glibc)."""
    import ctypes
    import gc

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return _status("VmRSS")


def generate_many(n_rows):
    """Seconds and peak megabytes of an AutoregressiveForest that learns a mixed table and draws as many rows."""
    from datasets import mixed

    from skensemble import AutoregressiveForest

    model = AutoregressiveForest(random_state=0, n_jobs=2)
    model.fit(mixed(400)).sample(50)  # so that code is loaded
    table = mixed(int(n_rows))
    before, began, cpu = _start_of_peak(), time.perf_counter(), time.process_time()
    model.fit(table)
    fitted = time.perf_counter()
    made = model.sample(len(table))
    seconds = {"fit": fitted - began, "sample": time.perf_counter() - fitted, "CPU": time.process_time() - cpu}
    megabytes = (_peak() - before) / 2**20
    return {**seconds, "megabytes": megabytes, "largest difference of shares": _difference_of_shares(table, made)}


def _difference_of_shares(table, made):
    """Largest difference of shares of levels and missing cells, in standard errors of the difference."""
    import numpy as np

    found = []
    for name in table.select_dtypes("category"):
        real, drawn = (each[name].value_counts(normalize=True, dropna=False, sort=False) for each in (table, made))
        share = real.reindex(drawn.index.union(real.index), fill_value=0.0)
        error = np.sqrt(2.0 * np.maximum(share * (1.0 - share), 1e-12) / len(table)) + 1.0 / len(table)
        found.append(float(((drawn.reindex(share.index, fill_value=0.0) - share).abs() / error).max()))
    return max(found)


def _start_of_peak():
    """Forget earlier peaks (Linux), and return the bytes in use now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak():
    return _status("VmHWM")


def _status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


JOBS = {
    "import_seconds": import_seconds,
    "first_fit": first_fit,
    "first_explanation": first_explanation,
    "first_flow": first_flow,
    "peak_memory": peak_memory,
    "fit_parquet": fit_parquet,
    "fit_on_workers": fit_on_workers,
    "model_memory": model_memory,
    "generate_many": generate_many,
}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
