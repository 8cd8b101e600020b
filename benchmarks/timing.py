"""Seconds: several libraries in turn, several times over, so that what disturbs the machine disturbs them all."""

import gc
import time
import warnings
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

PAUSE = 0.02  # the threads of OpenMP go on spinning for a while after a job; let them fall asleep before the next one


class Timing(NamedTuple):
    median: float
    fastest: float
    n_repeats: int
    result: object  # of the last call
    error: str  # "" when every call came back


def threads(n):
    """Context in which OpenMP and BLAS use `n` threads; scikit-learn's HGB has no parameter for it."""
    return threadpool_limits(limits=n)


def interleaved(actions, repeats, patience=20.0):
    """{name: Timing}: call each action in turn, `repeats` times over, or up to 20 times within `patience` seconds."""
    seconds = {name: [] for name in actions}
    results, errors = {}, {}
    began = time.perf_counter()
    n_rounds = 0
    while n_rounds < repeats or (n_rounds < 20 and time.perf_counter() - began < patience):
        for name, action in actions.items():
            if name not in errors:
                _call(name, action, seconds, results, errors)
        n_rounds += 1
    return {name: _timing(seconds[name], results.get(name), errors.get(name, "")) for name in actions}


def _call(name, action, seconds, results, errors):
    gc.collect()
    time.sleep(PAUSE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        try:
            results[name] = action()
        except Exception as error:
            errors[name] = " ".join(f"{type(error).__name__}: {error}".split())[:200]  # a cell of a table is one line
        else:
            seconds[name].append(time.perf_counter() - started)


def _timing(seconds, result, error):
    if error:
        return Timing(np.nan, np.nan, 0, None, error)
    return Timing(float(np.median(seconds)), min(seconds), len(seconds), result, "")


def microseconds(action, n_calls=200):
    """Median of many short calls."""
    samples = np.empty(n_calls)
    for i in range(n_calls):
        started = time.perf_counter_ns()
        action()
        samples[i] = time.perf_counter_ns() - started
    return float(np.median(samples)) / 1000
