"""Kernels of the activations: the bias added, the value, the slope and the curvature in one pass over a layer.

The loops exist once, and are compiled for a formula when it is used for the first time.  A formula gives the value and
both derivatives for one number; what a loop does not use is not computed.
"""

import functools
from types import FunctionType

from skensemble._jit import kernel
from skensemble.generative.networks._vector_math import formula

# -- loops -----------------------------------------------------------------------------------------------------------
# x (n_rows, n_units) without its bias (n_units,); `parameter` (1,) is the second argument of the formula.


def compute(x, parameter):
    """Stands for a formula, which `_renamed` puts in its place."""


def _value(x, bias, parameter, value):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value[i, j] = compute(x[i, j] + bias[j], parameter[0])[0]


def _slope(x, bias, parameter, value, slope):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value[i, j], slope[i, j], _ = compute(x[i, j] + bias[j], parameter[0])


def _curvature(x, bias, parameter, value, slope, curvature):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value[i, j], slope[i, j], curvature[i, j] = compute(x[i, j] + bias[j], parameter[0])


# A gated layer a * g(b) has twice the units: x = [a | b], value (n_rows, n_units / 2).  Its slopes are g(b) by a and
# a g'(b) by b; its second derivatives g'(b) by both and a g''(b) by b twice.


def _gated_value(x, bias, parameter, value):
    half = value.shape[1]
    for i in range(x.shape[0]):
        for j in range(half):
            value[i, j] = (x[i, j] + bias[j]) * compute(x[i, half + j] + bias[half + j], parameter[0])[0]


def _gated_slope(x, bias, parameter, value, slope):
    half = value.shape[1]
    for i in range(x.shape[0]):
        for j in range(half):
            a = x[i, j] + bias[j]
            gate, rise, _ = compute(x[i, half + j] + bias[half + j], parameter[0])
            value[i, j] = a * gate
            slope[i, j] = gate
            slope[i, half + j] = a * rise


def _gated_curvature(x, bias, parameter, value, slope, curvature):
    half = value.shape[1]
    for i in range(x.shape[0]):
        for j in range(half):
            a = x[i, j] + bias[j]
            gate, rise, bend = compute(x[i, half + j] + bias[half + j], parameter[0])
            value[i, j] = a * gate
            slope[i, j] = gate
            slope[i, half + j] = a * rise
            curvature[i, j] = rise
            curvature[i, half + j] = a * bend


@functools.cache
def activation_kernels(function, is_gated):
    """The three kernels of an activation with the formula `function`: value; value and slope; value, slope and
    curvature."""
    loops = (_gated_value, _gated_slope, _gated_curvature) if is_gated else (_value, _slope, _curvature)
    names = {**globals(), "compute": formula(function)}
    return tuple(kernel(_renamed(loop, names, function)) for loop in loops)


def _renamed(loop, names, function):
    """Copy of a loop with other globals, under the formula's name and file, by which Numba caches it."""
    copy = FunctionType(loop.__code__.replace(co_filename=function.__code__.co_filename), names, loop.__name__)
    copy.__qualname__ = function.__name__ + loop.__name__
    return copy
