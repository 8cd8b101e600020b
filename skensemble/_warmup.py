"""Compile every kernel once, by tiny fits of every estimator in the configurations that need kernels of their own."""

from time import perf_counter

import numpy as np
import pandas as pd

from skensemble.ensemble._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor

_N_ROWS = 400
_ENOUGH_FOR_TWO_THREADS = 20_000
_REGRESSION_LOSSES = (
    "absolute_error",
    "huber",
    "quantile",
    "poisson",
    "gamma",
    "tweedie",
    "pseudo_huber",
    "expectile",
)


def warm_up(report=None):
    """Compile the kernels of every estimator, and keep them in the cache on disk.

    A kernel is compiled on its first call and loaded from the cache afterwards.  Call this where a first call must not
    be slow: while a container image is built, before a service takes requests, before a benchmark.

    Parameters
    ----------
    report : callable, default=None
        Called as `report(number, n_steps, title, seconds)` when a step begins, with None for `seconds`, and when it
        has ended.

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
    report = report or _say_nothing
    for number, (title, step) in enumerate(_STEPS, start=1):
        report(number, len(_STEPS), title, None)
        begin = perf_counter()
        step()
        report(number, len(_STEPS), title, perf_counter() - begin)
    return perf_counter() - start


def _say_nothing(number, n_steps, title, seconds):
    pass


# -- the steps -------------------------------------------------------------------------------------------------------


def _binary():
    X, y = _numbers(), _labels(2)
    model = NewtonBoostingClassifier(n_estimators=2, early_stopping=False).fit(X, y)
    model.predict_proba(X)
    model.predict_proba(X[:1])
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
    for loss in _REGRESSION_LOSSES:
        NewtonBoostingRegressor(loss=loss, n_estimators=2).fit(X, y).predict(X)


def _several_outputs():
    X, y = _numbers(), np.column_stack([_amounts(), -_amounts()])
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        NewtonBoostingRegressor(n_estimators=2, multi_strategy=strategy).fit(X, y).predict(X)


def _many_bins():
    X, y = _numbers(), _amounts()
    NewtonBoostingRegressor(n_estimators=2, max_bins=300).fit(X, y).predict(X)


def _several_threads():
    X = _numbers(_ENOUGH_FOR_TWO_THREADS)
    for max_bins in (255, 300):
        NewtonBoostingRegressor(n_estimators=1, max_bins=max_bins, early_stopping=False, n_jobs=2).fit(X, X[:, 0])


_STEPS = (
    ("two classes", _binary),
    ("growth policies", _growth_policies),
    ("several classes, early stopping", _early_stopping),
    ("categories and missing cells", _mixed_table),
    ("sampling and constraints", _sampling_and_constraints),
    ("regression", _regression),
    ("other losses", _other_losses),
    ("several outputs", _several_outputs),
    ("more than 255 bins", _many_bins),
    ("several threads", _several_threads),
)


# -- their data ------------------------------------------------------------------------------------------------------


def _numbers(n_rows=_N_ROWS):
    return np.random.default_rng(0).normal(size=(n_rows, 3))


def _mixed():
    numbers = _numbers()
    numbers[::7, 0] = np.nan
    letters = np.array(["a", "b", "c", "d"])[np.arange(_N_ROWS) % 4]
    return pd.DataFrame({"number": numbers[:, 0], "other": numbers[:, 1], "letter": pd.Categorical(letters)})


def _labels(n_classes):
    return np.digitize(_numbers().sum(axis=1), np.linspace(-1, 1, n_classes - 1))


def _amounts():
    return np.exp(_numbers()[:, 0])
