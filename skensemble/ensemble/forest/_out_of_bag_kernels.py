"""Kernels: predictions of rows by the trees that did not see them."""

import numpy as np

from skensemble._jit import kernel


@kernel
def fill_means(leaves, in_bag, roots, values, means):
    for i in range(len(leaves)):
        n_asked = 0
        for t in range(len(roots)):
            if not in_bag[t, i]:
                n_asked += 1
                leaf = roots[t] + leaves[i, t]
                for k in range(means.shape[1]):
                    means[i, k] += values[leaf, k]
        for k in range(means.shape[1]):
            means[i, k] = means[i, k] / n_asked if n_asked > 0 else np.nan
