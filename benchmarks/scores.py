"""How well a fitted model predicts rows it has not seen; smaller is better."""

import numpy as np
from peers import QUANTILE, TWEEDIE_POWER
from sklearn.metrics import mean_pinball_loss, mean_tweedie_deviance

DEVIANCE_POWER = {"poisson": 1.0, "tweedie": TWEEDIE_POWER, "gamma": 2.0}


def held_out_loss(model, X, y, task, scale=1.0):
    """Log-loss; for regression the root mean squared error divided by `scale`."""
    if task == "regression":
        return _finite(np.sqrt(np.mean((np.ravel(model.predict(X)) - y) ** 2)) / scale)
    probability = np.asarray(model.predict_proba(X), np.float64)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    return _finite(-np.mean(np.log(np.clip(probability, 1e-15, 1))))


def deviance(loss, y, prediction):
    """Pinball loss of the quantile, or the deviance that belongs to `loss`."""
    if loss == "quantile":
        return mean_pinball_loss(y, prediction, alpha=QUANTILE)
    return mean_tweedie_deviance(y, prediction, power=DEVIANCE_POWER[loss])


def _finite(loss):
    if not np.isfinite(loss):
        raise ValueError(f"the loss of its predictions is {loss}")
    return float(loss)
