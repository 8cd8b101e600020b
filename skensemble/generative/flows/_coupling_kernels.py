"""Kernels of coupling layers: what goes into the conditioner, and shifts and scales by what comes out of it.

Shapes: n rows, d columns, of which m are transformed; `numbers` (n, k * m) are the conditioner's outputs, k in a row
for each transformed column.
"""

from skensemble._jit import kernel
from skensemble.generative.networks._vector_math import exp, formula, sum_up, tanh

# -- into the conditioner --------------------------------------------------------------------------------------------
# Far outliers are shown to the conditioner as if they were at the bound: a network says nothing sensible out there.


@kernel
def gather(x, columns, condition, bound, inputs):
    """inputs = [columns of x, cut off at the bound | condition]."""
    m = columns.shape[0]
    for i in range(x.shape[0]):
        for j in range(m):
            inputs[i, j] = min(max(x[i, columns[j]], -bound), bound)
        for j in range(condition.shape[1]):
            inputs[i, m + j] = condition[i, j]


@kernel
def scatter(inputs_cotangent, columns, x, bound, cotangent):
    """Add the cotangents of the conditioner's inputs to those of x."""
    for i in range(x.shape[0]):
        for j in range(columns.shape[0]):
            c = columns[j]
            if -bound < x[i, c] < bound:
                cotangent[i, c] += inputs_cotangent[i, j]


# -- additive --------------------------------------------------------------------------------------------------------


@kernel
def shift(x, columns, numbers, sign, y):
    """y = x + sign * numbers (Dinh et al. 2015, section 3.2)."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j]
        for j in range(columns.shape[0]):
            y[i, columns[j]] += sign * numbers[i, j]


@kernel
def take_columns(values, columns, taken):
    for i in range(values.shape[0]):
        for j in range(columns.shape[0]):
            taken[i, j] = values[i, columns[j]]


# -- affine ----------------------------------------------------------------------------------------------------------


@formula
def _bounded(raw, bound):
    """exp(s), s and ds / draw of the bounded s = bound * tanh(raw / bound)."""
    t = tanh(raw / bound)
    s = bound * t
    return exp(s), s, 1.0 - t * t


@kernel
def scales(numbers, bound, scale, log_scale, slope):
    """The bounded scales of all numbers, those of shifts included, which nobody reads: one loop without gaps."""
    for i in range(numbers.shape[0]):
        for j in range(numbers.shape[1]):
            scale[i, j], log_scale[i, j], slope[i, j] = _bounded(numbers[i, j], bound[0])


@kernel
def scale_and_shift(x, columns, numbers, scale, log_scale, y, log_det):
    """y = x * exp(s) + t (Dinh et al. 2017, equation 7); adds sum(s) to `log_det`."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j]
        total = log_det[i]
        for j in range(columns.shape[0]):
            y[i, columns[j]] = x[i, columns[j]] * scale[i, 2 * j] + numbers[i, 2 * j + 1]
            total = sum_up(total, log_scale[i, 2 * j])
        log_det[i] = total


@kernel
def unscale(y, columns, numbers, scale, x):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            x[i, j] = y[i, j]
        for j in range(columns.shape[0]):
            x[i, columns[j]] = (y[i, columns[j]] - numbers[i, 2 * j + 1]) / scale[i, 2 * j]


@kernel
def backward_scale_and_shift(cotangent, of_log_det, x, columns, scale, slope, numbers_cotangent):
    """From the cotangents of y to those of x, in place, and to those of the numbers."""
    for i in range(x.shape[0]):
        for j in range(columns.shape[0]):
            c = columns[j]
            pulled = cotangent[i, c] * scale[i, 2 * j]
            numbers_cotangent[i, 2 * j] = (pulled * x[i, c] + of_log_det[i]) * slope[i, 2 * j]
            numbers_cotangent[i, 2 * j + 1] = cotangent[i, c]
            cotangent[i, c] = pulled


# -- a scale and a shift for each column -----------------------------------------------------------------------------


@kernel
def backward_columns(cotangent, x, scale, scale_gradient, shift_gradient):
    """Through y = x * scale + shift: gradients by log(scale) and the shift; cotangents in place."""
    scale_gradient[:] = 0
    shift_gradient[:] = 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            pulled = cotangent[i, j] * scale[j]
            scale_gradient[j] += pulled * x[i, j]
            shift_gradient[j] += cotangent[i, j]
            cotangent[i, j] = pulled
