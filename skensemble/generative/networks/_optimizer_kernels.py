"""Kernel of the optimiser."""

import math

from skensemble._jit import kernel


@kernel
def adam_step(parameters, gradient, mask, first, second, average, rates):
    """One step of AdamW (Loshchilov and Hutter 2019, algorithm 2) and of the average of the parameters.

    mask : 1 for parameters that decay, else 0
    first, second : moments of the gradient
    rates : what `Adam.step` writes, in the parameters' own dtype, so that everything is computed in it
    """
    scale, keep_first, add_first, keep_second, add_second, step, inverse_bias, epsilon, decay, add_average = (
        rates[0], rates[1], rates[2], rates[3], rates[4], rates[5], rates[6], rates[7], rates[8], rates[9]
    )  # fmt: skip
    for k in range(parameters.shape[0]):
        g = gradient[k] * scale
        first[k] = keep_first * first[k] + add_first * g
        second[k] = keep_second * second[k] + add_second * g * g
        change = step * first[k] / (math.sqrt(second[k] * inverse_bias) + epsilon)
        parameters[k] -= change + decay * mask[k] * parameters[k]
        average[k] += add_average * (parameters[k] - average[k])
