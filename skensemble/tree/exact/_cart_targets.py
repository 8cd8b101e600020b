"""Targets of CARTs: classes or numbers, and what each row brings to a sum."""

from typing import NamedTuple

import numpy as np

LARGEST_TARGET = 1e140


class ClassTarget(NamedTuple):
    """Classes of one or several outputs."""

    codes: np.ndarray  # (n_outputs, n_samples) class indices
    n_classes: np.ndarray  # (n_outputs,)


class NumberTarget(NamedTuple):
    """Numbers of one or several outputs."""

    y: np.ndarray  # (n_outputs, n_samples) float64


class RowTargets(NamedTuple):
    """A target as trees read it."""

    fields: dict  # those of a CartState that are about the target
    deviation: np.ndarray  # (n_samples, n_outputs) of numbers from their center; (0, n_outputs) of classes
    moment: np.ndarray  # (n_samples,): what the impurity needs besides; (0,) of classes


def read_target(target, criterion, counted):
    """RowTargets of a ClassTarget or NumberTarget; counted : bool (n_samples,), rows that may weigh something."""
    if isinstance(target, ClassTarget):
        return _read_classes(target)
    n_outputs, n_samples = target.y.shape
    fields = {
        "n_outputs": n_outputs,
        "class_of_row": np.zeros((0, n_outputs), np.int32),
        "row_order": np.arange(n_samples, dtype=np.uint32),
        "first_channel": np.arange(n_outputs + 1),
        "n_stats": n_outputs,
        "y": np.empty((n_outputs, n_samples)),
        "center": np.zeros(n_outputs),
        "y_rank": np.empty((n_samples if criterion == "absolute_error" else 0, n_outputs), np.int64),
    }
    numbers = RowTargets(fields, np.empty((n_samples, n_outputs)), np.zeros(n_samples))
    set_numbers(numbers, target.y, criterion, counted)
    return numbers


def _read_classes(target):
    n_outputs = len(target.codes)
    first_channel = np.append(0, np.cumsum(target.n_classes)).astype(np.int64)
    fields = {
        "n_outputs": n_outputs,
        "class_of_row": np.ascontiguousarray((target.codes + first_channel[:-1, None]).T, np.int32),
        "row_order": np.argsort(target.codes[0], kind="stable").astype(np.uint32),
        "first_channel": first_channel,
        "n_stats": int(first_channel[-1]),
        "y": np.zeros((n_outputs, 0)),
        "center": np.zeros(n_outputs),
        "y_rank": np.zeros((0, n_outputs), np.int64),
    }
    return RowTargets(fields, np.zeros((0, n_outputs)), np.zeros(0))


def set_numbers(target, y, criterion, counted):
    """Write numbers, and what is made of them, into the arrays of RowTargets that all trees of a fit read."""
    fields, shown = target.fields, slice(None) if counted is None else counted
    if criterion != "absolute_error":
        _check_size(y[:, shown])
    fields["y"][:] = y
    if criterion != "poisson":  # amounts count from the middle, where they are the smallest
        fields["center"][:] = 0.5 * y[:, shown].min(axis=1) + 0.5 * y[:, shown].max(axis=1)
    np.subtract(y.T, fields["center"], out=target.deviation)
    if criterion == "absolute_error":
        fields["y_rank"][:] = _ranks(y)
    else:
        target.moment[:] = _moment_of_rows(y, target.deviation, criterion)


def _check_size(y):
    largest = np.abs(y).max()
    if largest > LARGEST_TARGET:
        raise ValueError(f"y must lie within {LARGEST_TARGET:g} of 0, since squares are added up, got {largest:g}.")


def _moment_of_rows(y, deviation, criterion):
    """What the impurity needs besides the mean: sum over the outputs of squares, or of y log y."""
    if criterion == "poisson":
        return (y * np.log(np.where(y > 0, y, 1.0))).sum(axis=0)
    return np.square(deviation).sum(axis=1) if deviation.shape[1] > 1 else np.square(deviation[:, 0])


def _ranks(y):
    """(n_samples, n_outputs): 0 for the smallest value, equal values alike."""
    return np.stack([np.unique(row, return_inverse=True)[1] for row in y], axis=1)
