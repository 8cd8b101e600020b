"""Kernels: the steps of leaves."""

import numpy as np

from skensemble._jit import kernel
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean


@kernel
def fill_newton_steps(gradient, hessian, weight, rows, leaf_start, result):
    largest = 0
    for leaf in range(result.size):
        largest = max(largest, leaf_start[leaf + 1] - leaf_start[leaf])
    slopes, curvatures, weights = np.empty(largest), np.empty(largest), np.empty(largest)
    for leaf in range(result.size):
        n = 0
        for row in rows[leaf_start[leaf] : leaf_start[leaf + 1]]:
            row_weight = weight[row] if weight.size else 1.0
            if row_weight > 0.0:
                slopes[n], curvatures[n], weights[n] = gradient[row], hessian[row], row_weight
                n += 1
        curvature = weighted_mean(curvatures[:n], weights[:n])
        result[leaf] = -weighted_mean(slopes[:n], weights[:n]) / curvature if curvature > 0.0 else 0.0
