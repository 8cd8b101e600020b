"""Densities of boxes: a row with rounded numbers, levels or missing cells corresponds to a box of encoded rows.

With q the density of places in the box, P(row) = E_q[p(u) / q(u)] (Theis, van den Oord and Bethge 2016, section 3.1).
Places are uniform in cells of numbers, and have normal distributions in cells of levels.  The cells of all levels fill
their space, so that their probabilities add up to 1 for any density:

        cell of a level     |     cell of another level
    . : i l I I l i : .     |       . : i l I I l i : .       places from which a model learns, apart from each other
                       gap  |  gap

The expectation is a mean over a few places, the same of every box, so that a row does not depend on the others: in the
cells of levels one of them lies in the gap, where a model may have mass, too.  The middle of the box alone would
flatter a density that peaks there, such as that of a Gaussian fitted to levels.
"""

import functools

import numpy as np
from scipy.special import ndtri

LOG_TWO_PI = np.log(2.0 * np.pi)
DRAWN_PER_ROW, MOST_DRAWN, FEWEST_DRAWN = 8, 1 << 13, 1 << 8  # generated rows by which shares are calibrated
GAP_SHARE = 0.125  # of the places at which the density of a level is computed
OUTERMOST = 1e-12  # mass of the normal distribution that is cut off at both ends
FIELDS = "start", "width", "shift", "scale"


class Boxes:
    """A box of encoded rows for each row.

    Parameters
    ----------
    start, width : (n_rows, n_columns) float64
        A place is start + u * width with u in (0, 1); of a level it is scale * (z + shift), z the quantile of the
        normal distribution at start + u * width.  NaN: unknown.
    shift, scale : (n_rows, n_columns) float64
        shift: the width of the gap at the border of a level, negative where the border is on the right; 0 for no gap.
        scale: 0 where places are uniform.
    log_volume : (n_rows,) float64
        Sum of the logarithms of the widths and scales, with what changes of units, or slopes where boxes have no width,
        add to it.
    """

    def __init__(self, start, width, shift, scale, log_volume):
        self.start, self.width, self.shift, self.scale, self._log_volume = start, width, shift, scale, log_volume

    @classmethod
    def around(cls, middle, half_width, log_volume=None):
        """Boxes of uniform places; log_volume=None: of 0."""
        log_volume = np.zeros(len(middle)) if log_volume is None else log_volume
        return cls(middle - half_width, 2.0 * half_width, np.zeros(middle.shape), np.zeros(middle.shape), log_volume)

    @classmethod
    def of_levels(cls, start, width, shift=0.0, scale=1.0):
        """Boxes of normal places with a mass of `width`, to the right of a mass of `start`; (n_rows, n_columns) all."""
        shift, scale = np.broadcast_to(shift, start.shape).copy(), np.broadcast_to(scale, start.shape).copy()
        return cls(start, width, shift, scale, np.log(width * scale).sum(axis=1))

    @classmethod
    def side_by_side(cls, parts, n_rows):
        """The boxes whose columns are those of all parts."""
        fields = [np.hstack([np.empty((n_rows, 0)), *(getattr(part, name) for part in parts)]) for name in FIELDS]
        return cls(*fields, sum((part._log_volume for part in parts), np.zeros(n_rows)))

    def __len__(self):
        return len(self.start)

    def take(self, rows):
        """The boxes of some rows."""
        return Boxes(*(getattr(self, name)[rows] for name in FIELDS), self._log_volume[rows])

    def columns(self, is_chosen):
        """Some columns of the boxes, with the volume of all."""
        return Boxes(*(getattr(self, name)[:, is_chosen] for name in FIELDS), self._log_volume)

    def replace(self, is_replaced, others):
        """Take the boxes of others in some rows."""
        for name in (*FIELDS, "_log_volume"):
            getattr(self, name)[is_replaced] = getattr(others, name)[is_replaced]

    def forget(self, is_unknown):
        """Make some rows unknown: their places are NaN."""
        self.start[is_unknown] = np.nan

    def rescaled(self, log_factor):
        """The boxes with volumes that are exp(log_factor) times as large."""
        return Boxes(*(getattr(self, name) for name in FIELDS), self._log_volume + log_factor)

    def without_volume(self):
        """The boxes with a volume that does not count."""
        return Boxes(*(getattr(self, name) for name in FIELDS), np.zeros(len(self)))

    @property
    def n_columns(self):
        return self.start.shape[1]

    @property
    def has_width(self):
        return bool((self.width > 0.0).any())

    def places(self, u):
        """(n_rows, n_columns) places in the boxes; u : in [0, 1], (n_rows, n_columns) or (n_columns,)"""
        place = self.start + u * self.width
        normal = np.flatnonzero((self.scale > 0.0).any(axis=0))
        if len(normal):
            scale, mass = self.scale[:, normal], place[:, normal]
            place[:, normal] = np.where(scale > 0.0, scale * (_quantile(mass) + self.shift[:, normal]), mass)
        return place

    @property
    def middle(self):
        """(n_rows, n_columns) places with as much of the box on the left as on the right."""
        return self.places(0.5)

    def covering(self, u, gap_share):
        """(places, log_weights): places with u < gap_share lie in the gaps of levels, and log_weights are -log q there.

        u : (n_columns,) in (0, 1);  gap_share : share of the places in the gap of a level
        """
        in_gap = (u < gap_share) & (self.shift != 0.0)
        rest = np.where(self.shift != 0.0, np.maximum(u - gap_share, 0.0) / (1.0 - gap_share), u)
        places = self.places(rest)
        if not (self.scale > 0.0).any():
            return places, self._log_volume
        border = _quantile(np.where(in_gap, np.where(self.shift > 0.0, self.start, self.start + self.width), 0.5))
        places = np.where(in_gap, self.scale * (border + self.shift * (u / gap_share)), places)
        scale = np.where(self.scale > 0.0, self.scale, 1.0)
        log_weights = np.where(self.scale > 0.0, 0.5 * ((places / scale - self.shift) ** 2 + LOG_TWO_PI), 0.0)
        log_weights -= np.where(self.shift != 0.0, np.log(1.0 - gap_share), 0.0)
        gap = np.where(in_gap, np.abs(self.shift), 1.0)
        width = np.where(in_gap, self.width, 1.0)
        log_weights = np.where(in_gap, np.log(gap) - np.log(gap_share) - np.log(width), log_weights)
        return places, self._log_volume + _row_sums(log_weights)

    @property
    def log_volume(self):
        """(n_rows,) E_q[-log q] over the places that a model learns: the logarithm of the volume, where uniform."""
        is_normal = self.scale > 0.0
        if not is_normal.any():
            return self._log_volume.copy()
        return self._log_volume + _row_sums(np.where(is_normal, 0.5 * (self._normal_moments()[1] + LOG_TWO_PI), 0.0))

    def mean_square(self):
        """(n_rows,) E_q|u|^2"""
        square = (self.start + 0.5 * self.width) ** 2 + self.width**2 / 12.0
        is_normal = self.scale > 0.0
        if is_normal.any():
            mean, second = self._normal_moments()
            shifted = self.scale**2 * (second + 2.0 * self.shift * mean + self.shift**2)
            square = np.where(is_normal, shifted, square)
        return _row_sums(square)

    def _normal_moments(self):
        """(E[z], E[z^2]) under the normal distribution between the ends of levels."""
        is_normal = self.scale > 0.0
        low, high = (_quantile(np.where(is_normal, end, 0.5)) for end in (self.start, self.start + self.width))
        at_low, at_high = (np.exp(-0.5 * (z * z + LOG_TWO_PI)) for z in (low, high))
        width = np.where(is_normal, self.width, 1.0)
        return (at_low - at_high) / width, 1.0 + (low * at_low - high * at_high) / width


def _quantile(mass):
    return ndtri(np.clip(mass, OUTERMOST, 1.0 - OUTERMOST))


def _row_sums(values):
    """Sums in the order of the columns of a contiguous row, wherever the values lie."""
    return np.ascontiguousarray(values).sum(axis=1)


def log_mean_density(log_density, boxes, n_points):
    """log E_q[p / q]: with few places a lower bound on average (Burda, Grosse and Salakhutdinov 2016, theorem 1).

    log_density : callable, (n_rows, n_columns) -> (n_rows,)
    """
    parts = []
    for u in _grid(boxes, n_points):
        places, log_weights = boxes.covering(u, max(GAP_SHARE, 1.0 / n_points))
        parts.append(log_density(places) + log_weights)
    return log_sum_exp(parts, 1.0 / len(parts))


def log_sum_exp(parts, factor=1.0):
    """log(factor * sum exp(part)), (n_rows,).

    The parts, (n_rows,) each, are added one by one: numpy's sum over the first axis takes another order for a single
    row.  With factor 1 / n, n equal parts give exactly that part, so that a row without width is worth the same beside
    rows that have one and beside rows that have none.
    """
    largest = functools.reduce(np.maximum, parts)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return largest + np.log(factor * sum(np.exp(part - largest) for part in parts))


def _grid(boxes, n_points):
    """A Latin hypercube: in each column one place in each n-th of a box.  The middle alone where boxes are points."""
    n_columns = boxes.n_columns
    if not boxes.has_width:
        return [np.full(n_columns, 0.5)]
    parts = np.tile(np.arange(n_points), (n_columns, 1))
    parts = np.random.default_rng(0).permuted(parts, axis=1).T
    return [(part + 0.5) / n_points for part in parts]


def n_points(boxes, in_all, least, most):
    """How many places to average a density over: fewer in more columns, which cost more and share the error."""
    return int(np.clip(in_all // max(boxes.n_columns, 1), least, most))


def n_to_calibrate_by(n_rows):
    """How many rows to generate so that their sampling error is small beside that of n_rows rows of fit."""
    return int(np.clip(DRAWN_PER_ROW * n_rows, FEWEST_DRAWN, MOST_DRAWN))
