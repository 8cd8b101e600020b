"""The temperature of a classifier: what its raw predictions are divided by, so that probabilities are as sure as they
are right on rows that did not train it (Guo, Pleiss, Sun, Weinberger 2017)."""

import numpy as np
from scipy.optimize import minimize_scalar

MOST = np.log(5.0)  # temperatures are searched for between 1 / 5 and 5
TRUST = 0.5  # power of the fitted temperature: the model that is fitted to all rows errs less than those of the folds


def fitted_temperature(loss, y, raw, weight):
    """The temperature with the smallest loss of some left-out rows, to the power TRUST.

    raw : (n_outputs, n_samples);  weight : (n_samples,) or None
    """

    def mean_loss(logarithm):
        return loss.value(y, raw * np.exp(-logarithm), weight)

    found = minimize_scalar(mean_loss, bounds=(-MOST, MOST), method="bounded", options={"xatol": 1e-3})
    if not found.fun < mean_loss(0.0):
        return 1.0
    return float(np.exp(TRUST * found.x))
