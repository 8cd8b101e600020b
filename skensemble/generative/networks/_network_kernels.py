"""Kernels of networks, except for the activations: what happens to a layer between two matrix products.

Shapes: n rows, w sums of a layer (two for each unit if the layer is gated, else one), u units.  Tangents of several
directions lie one below the other: row k * n + i belongs to direction k and row i.
"""

import math

from skensemble._jit import kernel
from skensemble.generative.networks._vector_math import sum_up

# -- through the activation ------------------------------------------------------------------------------------------


@kernel
def backward_activation(cotangent, slope, sums_cotangent, bias_gradient):
    """From the cotangents of the units (n, u) to those of the sums (n, w) and of the bias (w,)."""
    n_units, width = cotangent.shape[1], slope.shape[1]
    bias_gradient[:] = 0
    for i in range(cotangent.shape[0]):
        pulled, by_units, by_sums = cotangent[i], slope[i], sums_cotangent[i]
        for j in range(n_units):
            by_sums[j] = pulled[j] * by_units[j]
        for j in range(n_units, width):
            by_sums[j] = pulled[j - n_units] * by_units[j]
        for j in range(width):
            bias_gradient[j] += by_sums[j]


@kernel
def tangent_activation(sums_tangent, slope, tangent):
    """From the tangents of the sums (k * n, w) to those of the units (k * n, u)."""
    n_units, width = tangent.shape[1], slope.shape[1]
    for row in range(tangent.shape[0]):
        along, by_units, result = sums_tangent[row], slope[row % slope.shape[0]], tangent[row]
        for j in range(n_units):
            result[j] = along[j] * by_units[j]
        for j in range(n_units, width):
            result[j - n_units] += along[j] * by_units[j]


@kernel
def backward_tangent_activation(cotangent, sums_tangent, slope, curvature, sums_cotangent, sums_tangent_cotangent):
    """From the cotangents of the units' tangents (k * n, u) to those of the sums' tangents; and, added to
    `sums_cotangent` (n, w), to those of the sums, on which the slopes depend."""
    n_units, width = cotangent.shape[1], slope.shape[1]
    for row in range(cotangent.shape[0]):
        i = row % slope.shape[0]
        v, along, result = cotangent[row], sums_tangent[row], sums_tangent_cotangent[row]
        by_units, bend, by_sums = slope[i], curvature[i], sums_cotangent[i]
        for j in range(n_units):
            result[j] = v[j] * by_units[j]
        if width == n_units:
            for j in range(n_units):
                by_sums[j] += v[j] * bend[j] * along[j]
        else:  # a * g(b): second derivatives are 0 by a twice, bend[j] by both, bend[u + j] by b twice
            for j in range(n_units):
                b = n_units + j
                result[b] = v[j] * by_units[b]
                by_sums[j] += v[j] * bend[j] * along[b]
                by_sums[b] += v[j] * (bend[j] * along[j] + bend[b] * along[b])


@kernel
def column_sums(values, sums):
    sums[:] = 0
    for i in range(values.shape[0]):
        row = values[i]
        for j in range(row.shape[0]):
            sums[j] += row[j]


@kernel
def learned_slope_gradient(cotangent, sums, bias, gradient):
    """Gradient of the slope that a PReLU has on its left."""
    total = 0.0
    for i in range(sums.shape[0]):
        for j in range(sums.shape[1]):
            total += cotangent[i, j] * min(sums[i, j] + bias[j], 0.0)
    gradient[0] = total


@kernel
def learned_slope_tangent_gradient(cotangent, sums_tangent, sums, bias, gradient):
    """Add the part of that gradient that comes from the tangents (k * n, u)."""
    total = 0.0
    for row in range(cotangent.shape[0]):
        i = row % sums.shape[0]
        for j in range(sums.shape[1]):
            if sums[i, j] + bias[j] <= 0.0:
                total += cotangent[row, j] * sums_tangent[row, j]
    gradient[0] += total


# -- layer normalisation ---------------------------------------------------------------------------------------------
# normal = (x - mean(x)) * inverse_std, over the sums of each row (Ba, Kiros and Hinton 2016); sums = normal * gain.
# Its derivative P(t) = inverse_std * (t - mean(t) - normal * mean(normal * t)) is symmetric.

_VARIANCE_FLOOR = 1e-5


@kernel
def normalize(sums, gain, normal, inverse_std):
    """Normalise the rows of `sums` (n, w) and scale them, in place."""
    width = sums.shape[1]
    for i in range(sums.shape[0]):
        values, result = sums[i], normal[i]
        mean, _ = _mean_and_projection(values, values)
        for j in range(width):
            result[j] = values[j] - mean
        _, variance = _mean_and_projection(result, result)
        inverse_std[i] = 1.0 / math.sqrt(variance + _VARIANCE_FLOOR)
        scale = inverse_std[i]
        for j in range(width):
            result[j] *= scale
            values[j] = result[j] * gain[j]


@kernel
def tangent_normalize(tangent, gain, normal, inverse_std, sums_tangent):
    """sums_tangent = gain * P(tangent), both (k * n, w)."""
    for row in range(tangent.shape[0]):
        i = row % normal.shape[0]
        along, direction, result, scale = tangent[row], normal[i], sums_tangent[row], inverse_std[i]
        mean, projection = _mean_and_projection(along, direction)
        for j in range(along.shape[0]):
            result[j] = gain[j] * scale * (along[j] - mean - direction[j] * projection)


@kernel
def backward_normalize(cotangent, gain, normal, inverse_std, of_normal, of_scale, gain_gradient):
    """P(gain * cotangent + of_normal) and what comes by way of `of_scale`, in place; adds to the gain's gradient.

    of_normal (n, w), of_scale (n,) : cotangents that tangents leave, see below
    """
    for i in range(cotangent.shape[0]):
        values, direction, scale = cotangent[i], normal[i], inverse_std[i]
        width = values.shape[0]
        for j in range(width):
            gain_gradient[j] += values[j] * direction[j]
        for j in range(width):
            values[j] = values[j] * gain[j] + of_normal[i, j]
        mean, projection = _mean_and_projection(values, direction)
        projection += of_scale[i] / values.dtype.type(width)
        for j in range(width):
            values[j] = scale * (values[j] - mean - direction[j] * projection)


@kernel
def backward_tangent_normalize(cotangent, tangent, gain, normal, inverse_std, of_normal, of_scale, gain_gradient):
    """From the cotangents v (k * n, w) of gain * P(t) to those of t, in place; and, added, of what P depends on.

    With w = gain * v, S = sum(w * P(t)) changes with `normal` by -inverse_std (w mean(normal t) + t mean(normal w)),
    and is proportional to inverse_std, whose own derivative is -inverse_std^2 normal / width: hence of_scale = S.
    """
    for row in range(tangent.shape[0]):
        i = row % normal.shape[0]
        values, along, direction, by_normal = cotangent[row], tangent[row], normal[i], of_normal[i]
        scale, total = inverse_std[i], of_scale[i]
        mean_t, projection_t = _mean_and_projection(along, direction)
        for j in range(along.shape[0]):
            change = scale * (along[j] - mean_t - direction[j] * projection_t)
            gain_gradient[j] += values[j] * change
            values[j] *= gain[j]
            total = sum_up(total, values[j] * change)
        of_scale[i] = total
        mean_w, projection_w = _mean_and_projection(values, direction)
        for j in range(along.shape[0]):
            by_normal[j] -= scale * (values[j] * projection_t + along[j] * projection_w)
            values[j] = scale * (values[j] - mean_w - direction[j] * projection_w)


@kernel
def _mean_and_projection(values, normal):
    """mean(values) and mean(values * normal), in the values' own precision."""
    mean = values.dtype.type(0)
    projection = values.dtype.type(0)
    for j in range(values.shape[0]):
        mean = sum_up(mean, values[j])
        projection = sum_up(projection, values[j] * normal[j])
    width = values.dtype.type(values.shape[0])
    return mean / width, projection / width
