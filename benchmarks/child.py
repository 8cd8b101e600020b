"""What has to be measured in a fresh process; each job prints one line of JSON.

    python benchmarks/child.py import_seconds
    python benchmarks/child.py first_fit LIBRARY
    python benchmarks/child.py first_explanation
    python benchmarks/child.py first_flow ESTIMATOR
    python benchmarks/child.py peak_memory LIBRARY DATA.npz array|DataFrame
    python benchmarks/child.py fit_parquet WAY ROWS.parquet N_ROUNDS
    python benchmarks/child.py model_memory SMALL.pickle MODEL.pickle ROWS.npy

`ask` starts one and reads its answer.
"""

import json
import os
import subprocess
import sys
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

    model = NewtonBoostingClassifier(n_estimators=int(n_rounds), random_state=0, n_jobs=2)
    rng = np.random.default_rng(0)
    small = [(rng.normal(size=(2000, 28)).astype(np.float32), rng.integers(0, 2, 2000))]
    model.fit(*small[0])  # so that code is compiled and threads are started
    model.fit(Batches.from_iterable(small))
    before, began = _start_of_peak(), time.perf_counter()
    if way == "in memory":
        table = pd.read_parquet(path)
        model.fit(table.drop(columns="y"), table["y"])
    elif way == "in batches":
        model.fit(Batches.from_parquet(path, target="y"))
    else:
        began = _fit_by_dask(model.set_params(n_jobs=None), path)
    seconds, megabytes = time.perf_counter() - began, (_peak() - before) / 2**20
    return {"seconds": seconds, "megabytes": megabytes, "checksum": float(model._booster.additive.trees.values.sum())}


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
    "model_memory": model_memory,
}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
