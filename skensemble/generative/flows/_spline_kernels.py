"""Kernels of monotone rational-quadratic splines (Durkan et al. 2019; Gregory and Delbourgo 1982).

Of each transformed column the conditioner says 3 K - 1 numbers: K widths and K heights (by softmax), K - 1 derivatives
at the knots between them (by softplus).  The knots lie on [-B, B]; outside, y = x, and the derivative at both ends is
1.  Within a bin, with

    xi = (x - x_k) / w,  s = h / w,  q = xi (1 - xi),
    N = s xi^2 + d_k q,  D = s + (d_{k+1} + d_k - 2 s) q,  P = d_{k+1} xi^2 + 2 s q + d_k (1 - xi)^2,

    y = y_k + h N / D (equation 4),  log dy/dx = 2 log s + log P - 2 log D (equation 5).

What the passes share is written to `kept` (n, m, 2 K), the shares of the widths and of the heights, and to `found`
(n, m, N_FOUND), the value's bin: [k, x_k, w, y_k, h, d_k, d_{k+1}, slopes of the two softplus].
"""

import math

from skensemble._jit import kernel
from skensemble.generative.networks._vector_math import exp, formula

LEAST_SHARE = 1e-3  # of a bin's width and height in a K-th of the interval
LEAST_DERIVATIVE = 1e-3
DERIVATIVE_OFFSET = math.log(math.expm1(1.0 - LEAST_DERIVATIVE))  # where a raw 0 gives the derivative 1
N_FOUND = 9
BIN, START, WIDTH, LOWER, HEIGHT, LEFT, RIGHT, LEFT_SLOPE, RIGHT_SLOPE = range(N_FOUND)


@formula
def _exponential(x, bound):
    return exp(x), x, x


@kernel
def exponentials(numbers, n_bins, nothing, kept):
    """Shares of the bins: softmax of the first and of the second K numbers of each column."""
    n_numbers = 3 * n_bins - 1
    for i in range(kept.shape[0]):
        for j in range(kept.shape[1]):
            raw, shares = numbers[i, j * n_numbers : (j + 1) * n_numbers], kept[i, j]
            _center(raw[:n_bins], shares[:n_bins])
            _center(raw[n_bins : 2 * n_bins], shares[n_bins:])
    flat = kept.reshape(-1)
    for k in range(flat.shape[0]):
        flat[k] = _exponential(flat[k], nothing[0])[0]
    for i in range(kept.shape[0]):
        for j in range(kept.shape[1]):
            _normalise(kept[i, j, :n_bins])
            _normalise(kept[i, j, n_bins:])


@kernel
def _center(raw, shares):
    highest = raw[0]
    for k in range(1, raw.shape[0]):
        highest = max(highest, raw[k])
    for k in range(raw.shape[0]):
        shares[k] = raw[k] - highest


@kernel
def _normalise(shares):
    total = shares[0]
    for k in range(1, shares.shape[0]):
        total += shares[k]
    for k in range(shares.shape[0]):
        shares[k] /= total


@kernel
def _find_bin(value, shares, interval, floor, scale):
    """(bin, its beginning, its width): the last one that begins at or before the value."""
    start = -interval
    last = shares.shape[0] - 1
    for k in range(last):
        width = floor + scale * shares[k]
        if value < start + width:
            return k, start, width
        start += width
    return last, start, floor + scale * shares[last]


@kernel
def _start_of(shares, k, interval, floor, scale):
    start = -interval
    for j in range(k):
        start += floor + scale * shares[j]
    return start


@kernel
def forward_splines(x, columns, numbers, kept, limits, y, log_det, found):
    """Transform columns; limits = [B, floor and scale of a bin's width and height, 1, LEAST_DERIVATIVE,
    DERIVATIVE_OFFSET], in the numbers' precision."""
    interval, one = limits[0], limits[3]
    n_bins = kept.shape[2] // 2
    n_numbers = 3 * n_bins - 1
    for i in range(x.shape[0]):
        y[i, :] = x[i, :]
        for j in range(columns.shape[0]):
            value = x[i, columns[j]]
            if not -interval < value < interval:
                continue
            bin_ = found[i, j]
            _describe_bin(value, numbers[i, j * n_numbers : (j + 1) * n_numbers], kept[i, j], limits, bin_)
            h, d_0, d_1 = bin_[HEIGHT], bin_[LEFT], bin_[RIGHT]
            s, xi = h / bin_[WIDTH], min(max((value - bin_[START]) / bin_[WIDTH], one - one), one)
            q = xi * (one - xi)
            N, D = s * xi * xi + d_0 * q, s + (d_1 + d_0 - s - s) * q
            P = d_1 * xi * xi + (s + s) * q + d_0 * (one - xi) * (one - xi)
            y[i, columns[j]] = bin_[LOWER] + h * N / D
            log_det[i] += math.log(s * s * P / (D * D))


@kernel
def _describe_bin(value, raw, shares, limits, found):
    interval, floor, scale = limits[0], limits[1], limits[2]
    n_bins = shares.shape[0] // 2
    k, found[START], found[WIDTH] = _find_bin(value, shares[:n_bins], interval, floor, scale)
    found[BIN] = k
    found[LOWER] = _start_of(shares[n_bins:], k, interval, floor, scale)
    found[HEIGHT] = floor + scale * shares[n_bins + k]
    found[LEFT], found[LEFT_SLOPE] = _knot(raw, k, n_bins, limits)
    found[RIGHT], found[RIGHT_SLOPE] = _knot(raw, k + 1, n_bins, limits)


@kernel
def _knot(raw, knot, n_bins, limits):
    """Derivative at a knot 0 .. K, and how it changes with the raw number."""
    one, least, offset = limits[3], limits[4], limits[5]
    if knot == 0 or knot == n_bins:
        return one, one - one
    x = raw[2 * n_bins + knot - 1] + offset
    e = math.exp(-abs(x))
    return least + max(x, one - one) + math.log1p(e), (one if x > 0 else e) / (one + e)


@kernel
def inverse_splines(y, columns, numbers, kept, limits, x):
    """Solve the quadratic equation of each bin (equations 6 to 8), clipped against rounding."""
    interval, floor, scale, one = limits[0], limits[1], limits[2], limits[3]
    n_bins = kept.shape[2] // 2
    n_numbers = 3 * n_bins - 1
    for i in range(y.shape[0]):
        x[i, :] = y[i, :]
        for j in range(columns.shape[0]):
            value = y[i, columns[j]]
            if not -interval < value < interval:
                continue
            raw, shares = numbers[i, j * n_numbers : (j + 1) * n_numbers], kept[i, j]
            k, y_k, h = _find_bin(value, shares[n_bins:], interval, floor, scale)
            x_k = _start_of(shares[:n_bins], k, interval, floor, scale)
            w = floor + scale * shares[k]
            d_0, d_1 = _knot(raw, k, n_bins, limits)[0], _knot(raw, k + 1, n_bins, limits)[0]
            s, rise = h / w, min(max(value - y_k, one - one), h)
            bend = d_1 + d_0 - s - s
            a, b, c = h * (s - d_0) + rise * bend, h * d_0 - rise * bend, -s * rise
            root = math.sqrt(max(b * b - (a + a) * (c + c), one - one))
            x[i, columns[j]] = x_k + w * min(max((c + c) / (-b - root), one - one), one)


@kernel
def backward_splines(cotangent, of_log_det, x, columns, kept, found, limits, numbers_cotangent):
    """From the cotangents of y to those of x, in place, and to those of the numbers."""
    interval, scale, one = limits[0], limits[2], limits[3]
    n_bins = kept.shape[2] // 2
    n_numbers = 3 * n_bins - 1
    numbers_cotangent[:] = 0
    for i in range(x.shape[0]):
        for j in range(columns.shape[0]):
            value = x[i, columns[j]]
            if not -interval < value < interval:
                continue
            by_raw = numbers_cotangent[i, j * n_numbers : (j + 1) * n_numbers]
            shares, bin_ = kept[i, j], found[i, j]
            k, w, h, d_0, d_1 = int(bin_[BIN]), bin_[WIDTH], bin_[HEIGHT], bin_[LEFT], bin_[RIGHT]
            s, xi = h / w, min(max((value - bin_[START]) / w, one - one), one)
            rest = one - xi
            q, bend = xi * rest, d_1 + d_0 - s - s
            N, D = s * xi * xi + d_0 * q, s + bend * q
            P = d_1 * xi * xi + (s + s) * q + d_0 * rest * rest
            of_y, of_l = cotangent[i, columns[j]], of_log_det[i]

            of_N = of_y * h / D
            of_D = -(of_N * N + of_l + of_l) / D
            of_P = of_l / P
            of_q = of_N * d_0 + of_D * bend + of_P * (s + s)
            of_s = of_N * xi * xi + of_D * (one - q - q) + of_P * (q + q) + (of_l + of_l) / s
            of_xi = of_N * (s + s) * xi + of_q * (rest - xi) + (of_P + of_P) * (d_1 * xi - d_0 * rest)
            of_h = of_y * N / D + of_s / w
            of_x = of_xi / w
            of_w = -of_s * s / w - of_x * xi
            if k > 0:
                by_raw[2 * n_bins + k - 1] = bin_[LEFT_SLOPE] * ((of_N + of_D) * q + of_P * rest * rest)
            if k + 1 < n_bins:
                by_raw[2 * n_bins + k] = bin_[RIGHT_SLOPE] * (of_D * q + of_P * xi * xi)
            _backward_shares(shares[:n_bins], k, -of_x * scale, of_w * scale, by_raw[:n_bins])
            _backward_shares(shares[n_bins:], k, of_y * scale, of_h * scale, by_raw[n_bins : 2 * n_bins])
            cotangent[i, columns[j]] = of_x


@kernel
def _backward_shares(shares, k, of_earlier, of_own, by_raw):
    """Through the softmax: bins before k move its beginning, bin k has its own size."""
    mean = of_own * shares[k]
    for j in range(k):
        mean += of_earlier * shares[j]
    for j in range(shares.shape[0]):
        by_raw[j] = -shares[j] * mean
    for j in range(k):
        by_raw[j] += shares[j] * of_earlier
    by_raw[k] += shares[k] * of_own
