"""Kernels: the median that learners of numbers agree on."""

import numpy as np

from skensemble._jit import kernel

FEW = 64  # numbers, up to which insertion is the fastest way to sort them


@kernel
def fill_medians(predictions, weight, medians):
    n_rows, n_learners = predictions.shape
    values, weights = np.empty(n_learners), np.empty(n_learners)
    for i in range(n_rows):
        if n_learners <= FEW:
            for t in range(n_learners):
                _insert_one(values, weights, t, predictions[i, t], weight[t])
        else:
            order = np.argsort(predictions[i], kind="mergesort")
            for t in range(n_learners):
                values[t], weights[t] = predictions[i, order[t]], weight[order[t]]
        medians[i] = _median_of_sorted(values, weights, n_learners)


@kernel
def insert(values, weights, n_known, predictions, weight, medians):
    for i in range(predictions.shape[0]):
        _insert_one(values[i], weights[i], n_known, predictions[i], weight)
        medians[i] = _median_of_sorted(values[i], weights[i], n_known + 1)


@kernel
def _insert_one(values, weights, n_known, value, weight):
    """Put a number behind those that are not larger."""
    at = n_known
    while at > 0 and values[at - 1] > value:
        values[at], weights[at] = values[at - 1], weights[at - 1]
        at -= 1
    values[at], weights[at] = value, weight


@kernel
def _median_of_sorted(values, weights, n):
    total = 0.0
    for t in range(n):
        total += weights[t]
    below = 0.0
    for t in range(n):
        below += weights[t]
        if below >= 0.5 * total:
            return values[t]
    return values[n - 1]
