"""After the warm-up nothing is compiled any more: by the guides, by any estimator, by trees and forests in detail."""

import subprocess
import sys

import pytest

from skensemble import _warmup, warm_up
from tests.conftest import ROOT

CODE = """
import sys
import numpy as np
import pandas as pd
import scipy.sparse
from numba.core.dispatcher import Dispatcher
from sklearn.base import is_regressor
from sklearn.utils import get_tags
from skensemble import (
    DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreesClassifier, ExtraTreesRegressor,
    RandomForestClassifier, RandomForestRegressor,
)
from skensemble._front_door import estimators
from tests.code_blocks import run_python
from tests.conftest import ROOT

def compilations():
    modules = [module for name, module in sys.modules.items() if name.startswith("skensemble.")]
    kernels = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
    misses = [(kernel.py_func.__qualname__, n) for kernel in kernels for n in kernel.stats.cache_misses.items()]
    return {(name, signature, n) for name, (signature, n) in misses}

def fit_more_trees():
    # What the guide does not show: codes of two and four bytes, float32 and sparse tables, many outputs, all criteria.
    rng = np.random.default_rng(0)
    for n_rows, n_columns in ((70_000, 1), (3_000, 4)):
        X = rng.normal(size=(n_rows, n_columns))
        classes = np.digitize(X[:, 0] + rng.normal(size=n_rows), [-1, 0, 1])
        for table in (X, X.astype(np.float32), scipy.sparse.csr_array(X), pd.DataFrame(X)):
            for max_bins in (None, 255):
                for kind in (DecisionTreeClassifier, ExtraTreeClassifier):
                    kind(max_depth=3, max_bins=max_bins).fit(table, classes).predict_proba(table)
                DecisionTreeRegressor(max_depth=3, max_bins=max_bins).fit(table, X[:, 0]).predict(table)
    wide = scipy.sparse.random(300, 90, density=0.04, random_state=0)
    for tree in (DecisionTreeClassifier(), ExtraTreeClassifier(), DecisionTreeRegressor(criterion="absolute_error")):
        tree.fit(wide, classes[:300]).predict(wide)
    codes = np.column_stack([classes > 1, classes % 2])
    for params in ({"bootstrap": True, "oob_score": True}, {"criterion": "entropy", "class_weight": "balanced"}):
        ExtraTreesClassifier(40, **params).fit(X, classes).predict(X)
        RandomForestClassifier(40, **params).fit(X, codes).predict(X)
    for criterion in ("squared_error", "absolute_error", "poisson"):
        y = np.exp(X[:300, :2])
        RandomForestRegressor(40, criterion=criterion, max_leaf_nodes=9, oob_score=True).fit(X[:300], y).predict(X)
        ExtraTreesRegressor(3, criterion=criterion, monotonic_cst={0: 1}).fit(X[:300], y[:, 0]).predict(X)

def use_every_estimator():
    rng = np.random.default_rng(1)
    numbers = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    amounts, classes = np.exp(numbers["a"]), rng.integers(0, 3, 300)
    for estimator in estimators().values():
        short = {"max_epochs": 2, "max_steps": 20}
        model = estimator(**{name: value for name, value in short.items() if name in estimator().get_params()})
        target = amounts if is_regressor(model) else classes
        model.fit(numbers, target if get_tags(model).target_tags.required else None)
        for method in ("predict", "predict_proba", "transform", "score_samples"):
            if hasattr(model, method):
                getattr(model, method)(numbers)
        if hasattr(model, "sample"):
            model.sample(50)

for guide in ("newton_boosting", "trees_and_forests", "boosting"):
    run_python(ROOT / "docs" / f"{guide}.md")
fit_more_trees()
use_every_estimator()
print("compiled:", sorted({name for name, _, _ in compilations()}))
"""


def test_user_guides_compile_nothing_after_warmup():
    subprocess.run([sys.executable, "-m", "skensemble", "warmup"], cwd=ROOT, check=True, capture_output=True)
    finished = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[-1] == "compiled: []"


@pytest.fixture
def done_here(monkeypatch):
    """Two groups of steps and a last step, each of which writes down its name where it is done in this process."""
    names = []
    monkeypatch.setattr(_warmup, "cache_is_kept", lambda: True)
    monkeypatch.setattr(_warmup, "_GROUPS", {name: [(name, lambda name=name: names.append(name))] for name in "ab"})
    steps = [*_warmup._GROUPS["a"], *_warmup._GROUPS["b"], ("last", lambda: names.append("last"))]
    monkeypatch.setattr(_warmup, "_STEPS", steps)
    return names


def test_processes_share_the_groups(done_here, monkeypatch):
    monkeypatch.setattr(_warmup, "_WORKER", "import sys\nfor line in sys.stdin: print(1.5, flush=True)")
    reports = []
    assert warm_up(lambda *report: reports.append(report), n_jobs=2) > 0
    assert done_here == ["last"]
    assert sorted(reports[:4], key=str) == sorted(
        [(1, 3, "a", None), (1, 3, "a", 1.5), (2, 3, "b", None), (2, 3, "b", 1.5)], key=str
    )
    assert [report[:3] for report in reports[4:]] == [(3, 3, "last")] * 2


@pytest.mark.parametrize("worker", ["", "raise SystemExit(1)", "input(); print('no number')", "while input(): break"])
def test_steps_of_processes_that_fail_are_done_here(done_here, monkeypatch, worker):
    monkeypatch.setattr(_warmup, "_WORKER", worker)
    warm_up(n_jobs=2)
    assert done_here == ["a", "b", "last"]


def test_one_process_does_all_steps(done_here, monkeypatch):
    monkeypatch.setattr(_warmup, "_WORKER", "raise SystemExit(1)")
    warm_up(n_jobs=1)
    assert done_here == ["a", "b", "last"]


def test_processes_are_of_no_use_where_no_code_is_kept(done_here, monkeypatch):
    monkeypatch.setattr(_warmup, "cache_is_kept", lambda: False)
    monkeypatch.setattr(subprocess, "Popen", None)
    warm_up(n_jobs=2)
    assert done_here == ["a", "b", "last"]
