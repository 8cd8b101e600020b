"""Values of a response: how what features add to raw predictions is carried through the link function.

Sums of trees add up before the link. Between a background row z and the row x, raw predictions go from f(z) to f(x),
and feature i adds phi_i (a number for each output) on the way. If all come gradually and at the same pace, along the
straight line from f(z) to f(x), feature i changes the response r by

    integral over t in [0, 1] of  r'(f(z) + t (f(x) - f(z)))  dt  phi_i

These are Aumann-Shapley values of the link function. For one output the integral is (r(f(x)) - r(f(z))) / (f(x) -
f(z)): all raw values are stretched by the same factor. Values sum to r(f(x)) - r(f(z)), of each background row.

Shares of classes depend on all outputs. With s_k the odds, exp of an output or its expit (one against the rest), and
p_k = s_k / sum(s), p_k changes by  p_k (g_k phi_ik - sum over l of p_l g_l phi_il)  with the growth g_k = s_k' / s_k.
Sorted outputs change places where two of the lines cross; in between, each response is one of the outputs.
"""

from functools import partial

import numpy as np
from scipy.special import expit, softmax

from skensemble._parameters import ParameterError

OF_ONE_OUTPUT = ("log", "logit", "half-logit")  # each response depends on its own raw prediction
CLOSE = 1e-5  # change of a raw prediction below which the slope in the middle is taken
STEP = 1e-4
N_POINTS = 8  # of each panel of 2 units of a raw prediction, on which they are exact to 1e-13


def check_response(link, background, interactions):
    """Raise a ParameterError that says why if there are no values of the response to a link."""
    if link.name not in (*OF_ONE_OUTPUT, *_OF_ALL_OUTPUTS):
        raise ParameterError(f"output must be 'raw' for a model with link {link.name!r}, got 'response'.")
    if background is None:
        raise ParameterError(
            f"output must be 'raw' without a background, for a model with link {link.name!r}: a background has "
            "responses, an unknown row has none. Got 'response'."
        )
    if interactions:
        raise ParameterError(
            f"interactions must be False with output='response' for a model with link {link.name!r}: values of raw "
            "predictions are carried through the link one by one. Got True."
        )


def of_response(link, own, other, added):
    """(n_rows, n_features, n_outputs) mean over the background of the values of the response.

    own, other : raw predictions (n_rows, n_outputs) and (n_background, n_outputs)
    added : (n_rows, n_background, n_features, n_outputs) values of the raw predictions
    """
    if link.name not in OF_ONE_OUTPUT:
        return _OF_ALL_OUTPUTS[link.name](link, own, other, added)
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


def _of_shares(shares, link, own, other, added):
    """shares : raw predictions -> (p, g), see above."""
    change = own[:, None] - other
    n_panels = int(np.ceil(np.ptp(change, axis=2).max(initial=1.0) / 2))
    x, w = np.polynomial.legendre.leggauss(N_POINTS)
    total = np.zeros_like(added)
    for panel in range(n_panels):
        for point, weight in zip((x + 1) / 2, w / 2):
            p, growth = shares(other + (panel + point) / n_panels * change)
            grown = added if growth is None else growth[:, :, None] * added
            mean = (p[:, :, None] * grown).sum(axis=3, keepdims=True)
            total += weight / n_panels * p[:, :, None] * (grown - mean)
    return total.mean(axis=1)


def _softmax_shares(raw):
    return softmax(raw, axis=2), None


def _one_vs_rest_shares(raw):
    odds = expit(raw) + np.finfo(np.float64).tiny
    return odds / odds.sum(axis=2, keepdims=True), expit(-raw)


def _of_sorted(link, own, other, added):
    """Piece by piece between the places where two outputs cross."""
    change, n_outputs = own[:, None] - other, own.shape[1]
    i, j = np.triu_indices(n_outputs, 1)
    gap, speed = (other[:, j] - other[:, i])[None], change[:, :, i] - change[:, :, j]
    crossing = np.divide(gap, speed, out=np.ones_like(speed), where=speed != 0)
    ends = np.sort(np.clip(crossing, 0.0, 1.0), axis=2)
    total, start = np.zeros_like(added), np.zeros(ends.shape[:2])
    for piece in range(ends.shape[2] + 1):
        stop = ends[:, :, piece] if piece < ends.shape[2] else np.ones_like(start)
        middle = other + (0.5 * (start + stop))[:, :, None] * change
        order = np.argsort(middle, axis=2, kind="stable")
        total += (stop - start)[:, :, None, None] * np.take_along_axis(added, order[:, :, None], axis=3)
        start = stop
    rank = np.asarray(link.response(np.arange(n_outputs, dtype=np.float64)[None])).astype(np.int64).ravel()
    return total.mean(axis=1)[:, :, rank]


_OF_ALL_OUTPUTS = {
    "softmax": partial(_of_shares, _softmax_shares),
    "one-vs-rest": partial(_of_shares, _one_vs_rest_shares),
    "sorted": _of_sorted,
}
