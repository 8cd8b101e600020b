"""From raw values (n_outputs, n_samples) to the units of the target, samples first."""

import numpy as np

from skensemble.ensemble.losses._pointwise import LARGEST_EXPONENT, binary_probabilities, softmax_probabilities


def response(loss, raw):
    """What `predict` or `predict_proba` makes of raw predictions (n_samples, n_outputs)."""
    return loss.link_inverse(np.ascontiguousarray(raw.T))


def samples_first(raw):
    """(n_samples,) for one output, else (n_samples, n_outputs)."""
    return raw[0] if raw.shape[0] == 1 else raw.T


def bounded_exp(raw):
    """exp, finite and positive for any finite argument."""
    return np.exp(np.clip(raw, -LARGEST_EXPONENT, LARGEST_EXPONENT))


def sigmoid_columns(raw):
    """Probabilities (n_samples, 2) from the log-odds of class 1."""
    probabilities = np.empty((raw.shape[1], 2))
    binary_probabilities(raw[0], probabilities)
    return probabilities


def softmax_columns(raw):
    """Probabilities (n_samples, n_classes)."""
    probabilities = np.empty((raw.shape[1], raw.shape[0]))
    softmax_probabilities(raw, probabilities)
    return probabilities


def non_crossing(raw, levels):
    """Outputs sorted along the levels in each sample (rearrangement: Chernozhukov, Fernandez-Val, Galichon 2010)."""
    predictions = np.empty_like(raw)
    predictions[np.argsort(levels, kind="stable")] = np.sort(raw, axis=0)
    return predictions
