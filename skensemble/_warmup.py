"""Compile every kernel once: by tiny fits in the settings that need kernels of their own, then of every estimator."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.base import is_regressor
from sklearn.utils import get_tags

from skensemble._front_door import estimators
from skensemble._jit import cache_is_kept
from skensemble._parallel import effective_n_jobs
from skensemble.ensemble.adaboost._adaboost import AdaBoostClassifier, AdaBoostRegressor
from skensemble.ensemble.forest._random_forest import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from skensemble.ensemble.gradient._gradient_boosting import GradientBoostingClassifier, GradientBoostingRegressor
from skensemble.ensemble.losses._losses import offered_losses
from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.ensemble.newton._newton_ranker import NewtonBoostingRanker
from skensemble.generative import (
    NICE,
    ContinuousNormalizingFlow,
    FlowMatching,
    Glow,
    MaskedAutoregressiveFlow,
    MLPField,
    NeuralSplineFlow,
    RealNVP,
    TreeField,
    evaluate,
)
from skensemble.generative.flows._flow_bases import BASES
from skensemble.inspection import explain, interaction_strength
from skensemble.serving._compiled_predictor import compile_predictor
from skensemble.tree.estimators._decision_tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

if TYPE_CHECKING:
    from skensemble._types import Any, Callable

_N_ROWS = 400
_ENOUGH_FOR_TWO_THREADS = 20_000
_ENOUGH_FOR_RANKS = 2_000
_MORE_VALUES_THAN_16_BITS = 70_000


def warm_up(report: Callable[..., Any] | None = None, n_jobs: int | None = None) -> float:
    """Compile the kernels of every estimator, and keep them in the cache on disk.

    A kernel is compiled on its first call and loaded from the cache afterwards.  Call this where a first call must not
    be slow: while a container image is built, before a service takes requests, before a benchmark.

    Parameters
    ----------
    report : callable, default=None
        Called as `report(number, n_steps, title, seconds)` when a step begins, with None for `seconds`, and when it
        has ended. Several processes do several steps at a time.
    n_jobs : int, default=None
        Number of processes that compile.  None uses all cores that this process may use.  With 1, or where no folder
        can be written to, this process compiles, and has all kernels in memory afterwards.

    Returns
    -------
    seconds : float
        How long it took in all.

    Examples
    --------
    >>> from skensemble import warm_up
    >>> seconds = warm_up()  # doctest: +SKIP
    """
    start = perf_counter()
    progress = _Progress(report or _say_nothing)
    n_processes = min(effective_n_jobs(n_jobs), len(_GROUPS)) if sys.executable and cache_is_kept() else 1
    if n_processes > 1:
        waiting = iter(list(_GROUPS))
        with ThreadPoolExecutor(n_processes) as pool:
            for taken in [pool.submit(_take_groups, waiting, progress) for _ in range(n_processes)]:
                taken.result()
    for title, step in _STEPS:  # what no process has done: the last step, and those of a process that failed
        if title not in progress.done:
            progress.begins(title)
            begin = perf_counter()
            step()
            progress.ended(title, perf_counter() - begin)
    return perf_counter() - start


def _say_nothing(number, n_steps, title, seconds):
    pass


class _Progress:
    """Which steps have been done, and the report of them, by one thread at a time."""

    def __init__(self, report):
        self._report, self.done, self._lock = report, set(), threading.Lock()

    def begins(self, title):
        self._tell(title, None)

    def ended(self, title, seconds):
        self.done.add(title)
        self._tell(title, seconds)

    def _tell(self, title, seconds):
        number = [other for other, _ in _STEPS].index(title) + 1
        with self._lock:
            self._report(number, len(_STEPS), title, seconds)


# -- processes that compile ------------------------------------------------------------------------------------------


_WORKER = "from skensemble._warmup import do_groups; do_groups()"


def _take_groups(waiting, progress):
    """Have one new process do a group of steps after the other, as long as some wait."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", _WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        try:
            for group in waiting:
                print(group, file=process.stdin, flush=True)
                for title, _ in _GROUPS[group]:
                    progress.begins(title)
                    progress.ended(title, _seconds(process.stdout.readline()))
        except (OSError, _Ended):
            pass  # what it has not done is done here, and raises here what it raised there
        finally:
            process.kill()


class _Ended(Exception):
    """A process that compiled has ended, or says what nobody asked for."""


def _seconds(line):
    try:
        return float(line)
    except ValueError:
        raise _Ended from None


def do_groups():
    """Do the groups of steps that are named on the standard input; print the seconds of each step."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        for _, step in _GROUPS[line.strip()]:
            begin = perf_counter()
            step()
            print(perf_counter() - begin, file=answers, flush=True)


# -- the steps -------------------------------------------------------------------------------------------------------


def _binary():
    X, y = _numbers(), _labels(2)
    model = NewtonBoostingClassifier(n_estimators=2, early_stopping=False).fit(X, y)
    model.predict_proba(X)
    model.predict_proba(X[:1])
    compile_predictor(model)(np.ascontiguousarray(X[0]))
    model.apply(X)
    model.decision_path(X)
    for _ in model.staged_predict_proba(X):
        pass


def _growth_policies():
    X, y = _numbers(), _labels(2)
    for policy in ("depthwise", "lossguide", "symmetric"):
        model = NewtonBoostingClassifier(n_estimators=2, grow_policy=policy, early_stopping=False).fit(X, y)
        model.predict_proba(X)


def _early_stopping():
    X = _numbers()
    for n_classes in (2, 3):
        NewtonBoostingClassifier(n_estimators=2, early_stopping=True).fit(X, _labels(n_classes)).predict_proba(X)


def _mixed_table():
    X, y = _mixed(), _labels(2)
    for policy in ("depthwise", "symmetric"):
        NewtonBoostingClassifier(n_estimators=2, grow_policy=policy, max_cat_to_onehot=1).fit(X, y).predict_proba(X)


def _sampling_and_constraints():
    X, y = _numbers(), _labels(2)
    sampled = {"subsample": 0.5, "colsample_bytree": 0.8, "colsample_bylevel": 0.8, "colsample_bynode": 0.8}
    NewtonBoostingClassifier(n_estimators=2, random_state=0, **sampled).fit(X, y)
    NewtonBoostingClassifier(n_estimators=2, random_state=0, sampling_method="goss", subsample=0.5).fit(X, y)
    NewtonBoostingClassifier(n_estimators=2, monotonic_cst=[1, 0, -1], interaction_cst=[[0, 1], [2]]).fit(X, y)


def _regression():
    X, y = _numbers(), _amounts()
    NewtonBoostingRegressor(n_estimators=2).fit(X, y, sample_weight=y).predict(X)


def _other_losses():
    X, y = _numbers(), _amounts()
    for loss in offered_losses("newton", "numbers"):
        NewtonBoostingRegressor(loss=loss, n_estimators=2).fit(X, y).predict(X)


def _several_outputs():
    X, y = _numbers(), np.column_stack([_amounts(), -_amounts()])
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        NewtonBoostingRegressor(n_estimators=2, multi_strategy=strategy).fit(X, y).predict(X)


def _linear_models():
    X, y = _numbers(), _amounts()
    for selector in ("cyclic", "greedy"):
        model = NewtonBoostingRegressor(booster="gblinear", n_estimators=2, feature_selector=selector)
        model.fit(X, y, sample_weight=y, X_val=X, y_val=y).predict(X)
    NewtonBoostingClassifier(booster="gblinear", n_estimators=2, early_stopping=True).fit(_mixed(), _labels(3))


def _linear_leaves():
    X, y = _numbers(), _amounts()
    model = NewtonBoostingRegressor(n_estimators=2, linear_leaves=True).fit(X, y, X_val=X, y_val=y)
    model.predict(X)
    model.predict(X[:1])
    NewtonBoostingRegressor(n_estimators=2, linear_leaves=True).fit(X, y, sample_weight=y)


def _many_bins():
    X, y = _numbers(), _amounts()
    NewtonBoostingRegressor(n_estimators=2, max_bins=300).fit(X, y).predict(X)


def _several_threads():
    X = _numbers(_ENOUGH_FOR_TWO_THREADS)
    for max_bins in (255, 300):
        NewtonBoostingRegressor(n_estimators=1, max_bins=max_bins, early_stopping=False, n_jobs=2).fit(X, X[:, 0])


def _dropouts():
    X, y = _numbers(), _labels(2)
    NewtonBoostingClassifier(n_estimators=4, booster="dart", rate_drop=0.5, random_state=0).fit(X, y).predict(X)
    NewtonBoostingRegressor(n_estimators=2, num_parallel_tree=2).fit(X, _amounts())


def _ranking():
    X, grades = _numbers(), _labels(2)
    for loss in offered_losses("newton", "relevance"):
        NewtonBoostingRanker(loss=loss, n_estimators=2).fit(X, grades, qid=np.arange(_N_ROWS) // 10).predict(X)


def _adaptive_boosting():
    X, y = _numbers(), _labels(3)
    for algorithm in ("samme", "real", "gentle", "logit"):
        AdaBoostClassifier(algorithm=algorithm, n_estimators=2, random_state=0).fit(X, y).predict_proba(X)
    for resample in (False, True):
        AdaBoostRegressor(n_estimators=2, resample=resample, random_state=0).fit(X, _amounts()).predict(X)
        for table in (X, _few_values(), _numbers(_MORE_VALUES_THAN_16_BITS)):
            labels = table[:, 0] > 0.5
            AdaBoostClassifier(n_estimators=2, resample=resample, early_stopping=True).fit(table, labels)


def _first_order_boosting():
    X, y = _numbers(), _amounts()
    for loss in offered_losses("gradient", "numbers"):
        GradientBoostingRegressor(loss=loss, n_estimators=2, subsample=0.5, random_state=0).fit(X, y).predict(X)
    for loss in offered_losses("gradient", "classes"):
        GradientBoostingClassifier(loss=loss, n_estimators=2).fit(X, _labels(2)).predict_proba(X)
    GradientBoostingClassifier(n_estimators=2).fit(X, _labels(3)).predict_proba(X)
    GradientBoostingRegressor(n_estimators=2).fit(X, y).shap_values(X)


def _searching_teams():
    X = _numbers(_MORE_VALUES_THAN_16_BITS)
    for table in (X, np.round(X, 1), np.round(X, 3)):
        DecisionTreeClassifier(max_depth=1).fit(table, X[:, 0] > 0)
        DecisionTreeRegressor(max_depth=1).fit(table, X[:, 0])


def _generative_models():
    for X in (_numbers(), _numbers(_ENOUGH_FOR_TWO_THREADS)):
        model = FlowMatching(mask_share=0.5, random_state=0).fit(X[:, :2])
        model.sample(_N_ROWS)
        model.score(X[:_N_ROWS, :2])
    network = MLPField(hidden_layer_sizes=(8, 8), max_steps=4)
    FlowMatching(regressor=network, random_state=0).fit(_numbers()).score(_numbers())


def _normalizing_flows():
    X = _numbers()
    for flow in (NICE, RealNVP, Glow, NeuralSplineFlow, MaskedAutoregressiveFlow, ContinuousNormalizingFlow):
        for base in BASES:
            model = flow(max_epochs=1, base=base, random_state=0).fit(X)
        model.score(X)
        model.sample(_N_ROWS)


def _evaluation():
    table = _mixed()
    evaluate(table, table[: _N_ROWS // 2], table[_N_ROWS // 2 :], random_state=0)


def _exact_trees():
    for X in (_few_values(), _numbers(), _numbers(_MORE_VALUES_THAN_16_BITS)):
        DecisionTreeClassifier(max_depth=2).fit(X, X[:, 0] > 0).predict_proba(X)
        tree = DecisionTreeRegressor(max_depth=2, min_samples_leaf=2).fit(X, X[:, 0])
        tree.tree_.predict(X[:1])
        tree.cost_complexity_pruning_path(X, X[:, 0])


def _other_trees():
    X, several = _numbers(), np.column_stack([_labels(2), _labels(3)])
    for X in (_mixed(), _numbers()):
        for criterion in ("gini", "entropy"):
            DecisionTreeClassifier(criterion=criterion, max_leaf_nodes=9).fit(X, several).predict_proba(X)
            ExtraTreeClassifier(criterion=criterion).fit(X, _labels(2), sample_weight=_amounts()).predict(X)
        for criterion in ("squared_error", "absolute_error", "poisson"):
            DecisionTreeRegressor(criterion=criterion).fit(X, _amounts(), sample_weight=_amounts()).predict(X)
    monotone = DecisionTreeRegressor(monotonic_cst=[1, 0, -1]).fit(X, _amounts())
    interaction_strength(monotone, X)


def _wide_sparse_tables():
    cells = np.where(np.random.default_rng(0).random((_N_ROWS, 40)) < 0.03, 1.0, 0.0)
    X, y = csr_matrix(cells), cells[:, 0] + _amounts()
    RandomForestClassifier(2).fit(X, y > 1.0).predict(X)
    GradientBoostingRegressor(n_estimators=2, subsample=0.5).fit(X, y, sample_weight=y > 0.5)


def _forests():
    weight = np.linspace(0.5, 1.5, _N_ROWS)
    for X in (_numbers(), _mixed()):
        for importance_type in ("impurity", "permutation"):
            params = {"oob_score": True, "importance_type": importance_type, "random_state": 0, "max_bins": 16}
            RandomForestClassifier(40, **params).fit(X, _labels(2)).predict_proba(X)
            RandomForestRegressor(40, **params).fit(X, _amounts(), sample_weight=weight).predict(X)
        ExtraTreesRegressor(3, max_bins=None, random_state=0).fit(X, _amounts()).predict(X)


def _leaves_of_forests():
    X = _numbers()
    for max_bins in (255, None):
        forest = RandomForestRegressor(3, keep_leaf_rows=True, max_bins=max_bins, random_state=0).fit(X, _amounts())
        forest.predict_quantiles(X, [0.1, 0.9])
        forest.predict_interval(X, oob=True)
    forest.proximities(X)
    forest.apply(X)
    forest.decision_path(X)


def _deep_trees():
    X = _numbers(_ENOUGH_FOR_RANKS)
    for y, forest in ((X[:, 0] > X[:, 1], RandomForestClassifier), (X[:, 0], RandomForestRegressor)):
        forest(2, n_jobs=2).fit(X, y).predict(X)


_QUICK = {
    "n_estimators": 2,
    "max_epochs": 1,
    "max_steps": 4,
    "regressor": TreeField(n_estimators=2),
    "random_state": 0,
}
_METHODS = ("predict", "predict_proba", "transform", "score_samples", "apply", "decision_path")


def _every_estimator():
    """Fit each estimator of the front door once: a new one needs no step of its own."""
    X = _numbers()
    for estimator in estimators().values():
        model = estimator()
        model.set_params(**{name: value for name, value in _QUICK.items() if name in model.get_params(deep=False)})
        target = _amounts() if is_regressor(model) else _labels(2)
        model.fit(X, target if get_tags(model).target_tags.required else None)
        for method in _METHODS:
            if hasattr(model, method):
                getattr(model, method)(X)
        if hasattr(model, "sample"):
            model.sample(_N_ROWS)


def _explanations():
    X, y = _numbers(), _labels(2)
    model = NewtonBoostingClassifier(n_estimators=1, max_depth=2).fit(X, y)
    explain(model, X[:9], interactions=True)
    for output in ("raw", "response"):
        explain(model, X[:9], background=X[:9], output=output)
    explain(model, X[:9], background=X[:9], interactions=True)


_GROUPS = {  # steps that share kernels, for one process; the largest group first
    "exact trees": (
        ("exact trees", _exact_trees),
        ("criteria, weights, constraints of trees", _other_trees),
        ("trees grown by a team", _searching_teams),
        ("deep trees", _deep_trees),
        ("wide sparse tables", _wide_sparse_tables),
        ("forests", _forests),
        ("quantiles and proximities", _leaves_of_forests),
        ("AdaBoost", _adaptive_boosting),
        ("first-order boosting", _first_order_boosting),
    ),
    "Newton boosting": (
        ("two classes", _binary),
        ("growth policies", _growth_policies),
        ("several classes, early stopping", _early_stopping),
        ("categories and missing cells", _mixed_table),
        ("sampling and constraints", _sampling_and_constraints),
        ("regression", _regression),
        ("other losses", _other_losses),
        ("several outputs", _several_outputs),
        ("linear models", _linear_models),
        ("linear leaves", _linear_leaves),
        ("dropouts", _dropouts),
        ("ranking", _ranking),
        ("more than 255 bins", _many_bins),
        ("several threads", _several_threads),
    ),
    "generative models": (
        ("generative models", _generative_models),
        ("normalizing flows", _normalizing_flows),
        ("evaluation of generated rows", _evaluation),
        ("explanations", _explanations),
    ),
}
_STEPS = (*itertools.chain(*_GROUPS.values()), ("every estimator at its defaults", _every_estimator))


# -- their data ------------------------------------------------------------------------------------------------------


def _numbers(n_rows=_N_ROWS):
    return np.random.default_rng(0).normal(size=(n_rows, 3))


def _few_values():
    return np.round(_numbers(), 1)


def _mixed():
    numbers = _numbers()
    numbers[::7, 0] = np.nan
    letters = np.array(["a", "b", "c", "d"])[np.arange(_N_ROWS) % 4]
    return pd.DataFrame({"number": numbers[:, 0], "other": numbers[:, 1], "letter": pd.Categorical(letters)})


def _labels(n_classes):
    return np.digitize(_numbers().sum(axis=1), np.linspace(-1, 1, n_classes - 1))


def _amounts():
    return np.exp(_numbers()[:, 0])
