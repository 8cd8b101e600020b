"""Kernels of the linear booster: coordinate descent over columns, and predictions of rows.

Every sum runs over the rows of one column in ascending order, on one thread.
"""

from typing import NamedTuple

import numpy as np

from skensemble._jit import kernel

FLAT = 1e-12  # a column whose variance is a smaller share of its mean square is constant but for rounding


class Columns(NamedTuple):
    """Columns of numbers, one after the other, each without what it need not store.

    column          values      rows        first_value  first_row  n_stored
    2 0 5 0         2 5         0 2         >= 0         >= 0       2
    0 1 1 0         -           1 2         -1           >= 0       2         all stored cells are 1
    2 4 5 3         2 4 5 3     -           >= 0         -1         4         all rows are stored
    """

    values: np.ndarray  # float64
    rows: np.ndarray  # int32, ascending within a column
    first_value: np.ndarray  # (n_columns,) int64
    first_row: np.ndarray  # (n_columns,) int64
    n_stored: np.ndarray  # (n_columns,) int64


# -- one column ------------------------------------------------------------------------------------------------------


@kernel
def _column_sums(columns, j, gradient, hessian, change):
    """Sums over the rows: of (gradient + hessian * change) * x, of hessian * x, and of hessian * x**2."""
    n, start, first_row = columns.n_stored[j], columns.first_value[j], columns.first_row[j]
    gx, hx, hxx = 0.0, 0.0, 0.0
    if first_row < 0:
        values = columns.values[start : start + n]
        for i in range(n):
            product = hessian[i] * values[i]
            gx += gradient[i] * values[i] + product * change[i]
            hx += product
            hxx += product * values[i]
        return gx, hx, hxx
    rows = columns.rows[first_row : first_row + n]
    if start < 0:
        for k in range(n):
            i = np.uint32(rows[k])
            gx += gradient[i] + hessian[i] * change[i]
            hx += hessian[i]
        return gx, hx, hx
    values = columns.values[start : start + n]
    for k in range(n):
        i = np.uint32(rows[k])
        product = hessian[i] * values[k]
        gx += gradient[i] * values[k] + product * change[i]
        hx += product
        hxx += product * values[k]
    return gx, hx, hxx


@kernel
def add_column(columns, j, step, out):
    """out += step * column j."""
    n, start, first_row = columns.n_stored[j], columns.first_value[j], columns.first_row[j]
    if first_row < 0:
        values = columns.values[start : start + n]
        for i in range(n):
            out[i] += step * values[i]
        return
    rows = columns.rows[first_row : first_row + n]
    if start < 0:
        for k in range(n):
            out[np.uint32(rows[k])] += step
        return
    values = columns.values[start : start + n]
    for k in range(n):
        out[np.uint32(rows[k])] += step * values[k]


# -- coordinate descent ----------------------------------------------------------------------------------------------
# `totals` holds the sums of gradients and of hessians of all rows, and how far the intercept has moved.  The intercept
# follows each coefficient, by minus the mean of its column: so a step sees the column as if its mean were 0, and a
# column that lies far from 0 does not fight with the intercept.

GRADIENT, HESSIAN, SHIFT = 0, 1, 2


@kernel
def _step(columns, j, coef, direction, gradient, hessian, change, totals, reg_alpha, reg_lambda):
    """(step of coefficient j, mean of its column): to the minimum over d of

    slope d + curvature d**2 / 2 + reg_lambda (coef + d)**2 / 2 + reg_alpha |coef + d|, on the allowed side of 0.
    """
    gx, hx, hxx = _column_sums(columns, j, gradient, hessian, change)
    mean = hx / totals[HESSIAN]
    slope = gx + totals[SHIFT] * hx - mean * totals[GRADIENT]
    curvature = hxx - mean * hx
    if not (curvature > FLAT * hxx and curvature < np.inf):
        return 0.0, mean
    pull = curvature * coef - slope
    best = max(abs(pull) - reg_alpha, 0.0) / (curvature + reg_lambda)
    best = best if pull > 0.0 else -best
    return (0.0 if direction * best < 0.0 else best) - coef, mean


@kernel
def descend(order, columns, coef, direction, gradient, hessian, change, totals, learning_rate, reg_alpha, reg_lambda):
    """Step by step along the coordinates in `order`; writes coef, change (of the raw predictions) and the shift.

    gradient, hessian, change : (n_samples,) float64, weighted; change is without that of the intercept
    direction : (n_columns,) int64, sign that a coefficient must have, or 0
    """
    for j in order:
        step, mean = _step(
            columns, j, coef[j], direction[j], gradient, hessian, change, totals, reg_alpha, reg_lambda
        )  # fmt: skip
        step *= learning_rate
        if step != 0.0:
            coef[j] += step
            totals[SHIFT] -= mean * step
            add_column(columns, j, step, change)


@kernel
def measure_steps(columns, coef, direction, gradient, hessian, change, totals, reg_alpha, reg_lambda, sizes):
    """sizes[j] = how far coefficient j would go if it were the next."""
    for j in range(len(sizes)):
        step, _ = _step(
            columns, j, coef[j], direction[j], gradient, hessian, change, totals, reg_alpha, reg_lambda
        )  # fmt: skip
        sizes[j] = abs(step)


# -- rows ------------------------------------------------------------------------------------------------------------


@kernel
def add_linear(block, is_categorical, first_term, coef, raw):
    """raw[i, k] += sum over the features of cell times coefficient; a missing cell adds nothing.

    block : (n_rows, n_features) float64, of categories the codes from 1 on;  coef : (n_terms, n_outputs)
    """
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            x, term = block[i, j], first_term[j]
            if x != x:
                continue
            if is_categorical[j]:
                term += np.int64(x) - 1
                x = 1.0
            for k in range(raw.shape[1]):
                raw[i, k] += x * coef[term, k]
