"""Kernels: the steps of leaves."""

import numpy as np

from skensemble._jit import kernel
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean


@kernel
def fill_newton_steps(gradient, hessian, weight, rows, leaf_start, result):
    largest = 0
    for leaf in range(result.size):
        largest = max(largest, leaf_start[leaf + 1] - leaf_start[leaf])
    slopes, curvatures = np.empty(largest), np.empty(largest)
    weights = np.empty(largest if weight.size else 0)
    for leaf in range(result.size):
        n = 0
        for i in range(leaf_start[leaf], leaf_start[leaf + 1]):
            row = rows[i]
            if weight.size:
                if not weight[row] > 0.0:
                    continue
                weights[n] = weight[row]
            slopes[n], curvatures[n] = gradient[row], hessian[row]
            n += 1
        of_rows = weights[:n]  # none where all are 1
        curvature = weighted_mean(curvatures[:n], of_rows)
        result[leaf] = -weighted_mean(slopes[:n], of_rows) / curvature if curvature > 0.0 else 0.0
