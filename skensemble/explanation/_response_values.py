"""Values of a response: how what features add to raw predictions is carried through the link function.

Sums of trees add up before the link. Between a background row z and the row x, raw predictions go from f(z) to f(x),
and feature i adds phi_i (a number for each output) on the way. If all come gradually and at the same pace, along the
straight line from f(z) to f(x), feature i changes the response r by

    integral over t in [0, 1] of  r'(f(z) + t (f(x) - f(z)))  dt  phi_i

These are Aumann-Shapley values of the link function. For one output the integral is (r(f(x)) - r(f(z))) / (f(x) -
f(z)): all raw values are stretched by the same factor. Values sum to r(f(x)) - r(f(z)), of each background row.
"""

from functools import partial

import numpy as np
from scipy.special import softmax

LINKS = ("log", "logit", "half-logit", "softmax")  # through which values are carried
CLOSE = 1e-5  # change of a raw prediction below which the slope in the middle is taken
STEP = 1e-4
N_POINTS = 8  # of each panel of 2 units of a raw prediction, on which they are exact to 1e-13


def of_response(link, own, other, added):
    """(n_rows, n_features, n_outputs) mean over the background of the values of the response.

    own, other : raw predictions (n_rows, n_outputs) and (n_background, n_outputs)
    added : (n_rows, n_background, n_features, n_outputs) values of the raw predictions
    """
    if link.name == "softmax":
        return _of_softmax(own, other, added)
    factor = np.empty((len(own), len(other), own.shape[1]))
    for k in range(own.shape[1]):
        respond = partial(_response, link, k, own.shape[1])
        factor[:, :, k] = _stretch(respond, own[:, k], other[:, k])
    return (added * factor[:, :, None]).mean(axis=1)


def responses(link, raw):
    """(n_samples, n_outputs) responses to raw predictions of this shape; with one output of two classes: the second."""
    response = np.asarray(link.response(raw)).reshape(len(raw), -1)
    return response if response.shape == raw.shape else response[:, -1:]


def _response(link, k, n_outputs, raw):
    """The response of output k, which depends on no other, to its raw predictions."""
    of_all = np.zeros((raw.size, n_outputs))
    of_all[:, k] = raw.ravel()
    return responses(link, of_all)[:, k].reshape(raw.shape)


def _stretch(response, own, other):
    """(n_rows, n_background) change of the response for each unit of change of the raw prediction."""
    change = own[:, None] - other
    middle = other + 0.5 * change
    is_close = np.abs(change) < CLOSE
    rise = response(own)[:, None] - response(other)
    slope = (response(middle + STEP) - response(middle - STEP)) / (2 * STEP)
    return np.where(is_close, slope, rise / np.where(is_close, 1.0, change))


def _of_softmax(own, other, added):
    change = own[:, None] - other
    n_panels = int(np.ceil(np.ptp(change, axis=2).max(initial=1.0) / 2))
    x, w = np.polynomial.legendre.leggauss(N_POINTS)
    total = np.zeros_like(added)
    for panel in range(n_panels):
        for point, weight in zip((x + 1) / 2, w / 2):
            p = softmax(other + (panel + point) / n_panels * change, axis=2)[:, :, None]
            mean = (p * added).sum(axis=3, keepdims=True)
            total += weight / n_panels * p * (added - mean)
    return total.mean(axis=1)
