"""Densities of boxes: a row with rounded numbers, levels or missing cells corresponds to a box of encoded rows.

With q the density of places in the box, P(row) = E_q[p(u) / q(u)] (Theis, van den Oord and Bethge 2016, section 3.1).
A model learns from places that are uniform in cells of numbers, and have normal distributions in cells of levels.  The
cells of all levels fill their space, so that their probabilities add up to 1 for any density:

        cell of a level     |     cell of another level
    . : i l I I l i : .     |       . : i l I I l i : .       places from which a model learns, apart from each other
                       gap  |  gap

The expectation is a mean over places.  What a model has learned is a little wider than that, in the gap and far out,
where p / q has no bound: in cells of levels, the places of the mean have a Student distribution with the wider spread.
The middle of the box alone would flatter a density that peaks there, such as that of a Gaussian fitted to levels.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

if TYPE_CHECKING:
    from skensemble._types import Any, Array, Self, Sequence

LOG_TWO_PI = np.log(2.0 * np.pi)
DRAWN_PER_ROW, MOST_DRAWN, FEWEST_DRAWN = 8, 1 << 13, 1 << 8  # generated rows by which shares are calibrated
OUTERMOST = 1e-12  # mass of the normal distribution that is cut off at both ends
FIELDS = "start", "width", "shift", "scale"
GOLDEN = np.uint64(0x9E3779B97F4A7C15)

WIDER, LEAST_SPREAD = 1.3, 0.3  # Student places: factor of the standard deviation of the normal ones, and what is added
FEWEST = 16  # places in the box of a row; twice as many until the estimate has settled
DIFFERENCE, ERROR = 0.05, 0.15  # settled: relative difference of two halves, standard error of independent places
FACTOR, PILOT = 8, 512  # of rows of levels: how many times as many places, and the first ones
MOST_SUMMED = 10  # encoded columns of rows of levels, beyond which nobody adds up all combinations
INTERVALS, UNIFORM = 8, 0.15  # of an axis, and the share of later places that is spread evenly
AT_ONCE = 1 << 14  # places whose density is computed together, to bound memory


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
    def around(cls, middle: Array, half_width: Array, log_volume: Array | None = None) -> Self:
        """Boxes of uniform places; log_volume=None: of 0."""
        log_volume = np.zeros(len(middle)) if log_volume is None else log_volume
        return cls(middle - half_width, 2.0 * half_width, np.zeros(middle.shape), np.zeros(middle.shape), log_volume)

    @classmethod
    def of_levels(cls, start: Array, width: Array, shift: Any = 0.0, scale: Any = 1.0) -> Self:
        """Boxes of normal places with a mass of `width`, to the right of a mass of `start`; (n_rows, n_columns) all."""
        shift, scale = np.broadcast_to(shift, start.shape).copy(), np.broadcast_to(scale, start.shape).copy()
        return cls(start, width, shift, scale, np.log(width * scale).sum(axis=1))

    @classmethod
    def side_by_side(cls, parts: Sequence[Boxes], n_rows: int) -> Self:
        """The boxes whose columns are those of all parts."""
        fields = [np.hstack([np.empty((n_rows, 0)), *(getattr(part, name) for part in parts)]) for name in FIELDS]
        return cls(*fields, sum((part._log_volume for part in parts), np.zeros(n_rows)))

    def __len__(self):
        return len(self.start)

    def take(self, rows: Array) -> Boxes:
        """The boxes of some rows."""
        return Boxes(*(getattr(self, name)[rows] for name in FIELDS), self._log_volume[rows])

    def columns(self, is_chosen: Array) -> Boxes:
        """Some columns of the boxes, with the volume of all."""
        return Boxes(*(getattr(self, name)[:, is_chosen] for name in FIELDS), self._log_volume)

    def replace(self, is_replaced: Array, others: Boxes) -> None:
        """Take the boxes of others in some rows."""
        for name in (*FIELDS, "_log_volume"):
            getattr(self, name)[is_replaced] = getattr(others, name)[is_replaced]

    def forget(self, is_unknown: Array) -> None:
        """Make some rows unknown: their places are NaN."""
        self.start[is_unknown] = np.nan

    def rescaled(self, log_factor: Any) -> Boxes:
        """The boxes with volumes that are exp(log_factor) times as large."""
        return Boxes(*(getattr(self, name) for name in FIELDS), self._log_volume + log_factor)

    def without_volume(self) -> Boxes:
        """The boxes with a volume that does not count."""
        return Boxes(*(getattr(self, name) for name in FIELDS), np.zeros(len(self)))

    @property
    def n_columns(self) -> int:
        """Number of encoded columns."""
        return self.start.shape[1]

    @property
    def is_of_levels(self) -> Array:
        """(n_rows,) whether a row has cells of levels only."""
        return (self.scale > 0.0).all(axis=1) & (self.n_columns > 0)

    def distinct(self, rows: Array, beside: Array) -> tuple[Array, Array]:
        """(first, inverse): the rows that stand for all of `rows`, alike in their boxes and in beside[rows]."""
        parts = [getattr(self, name)[rows] for name in FIELDS] + [self._log_volume[rows, None], beside[rows]]
        _, first, inverse = np.unique(np.hstack(parts), axis=0, return_index=True, return_inverse=True)
        return rows[first], inverse.ravel()

    def moves(self) -> Array:
        """(n_rows, n_columns) numbers in [0, 1) for each row: a function of what stands in it, by a hash."""
        bits = np.zeros(len(self), np.uint64)
        for cells in (part for name in FIELDS for part in getattr(self, name).T):
            bits = _mixed(bits ^ np.ascontiguousarray(cells + 0.0).view(np.uint64))  # + 0.0: -0.0 is 0.0
        columns = GOLDEN * np.arange(1, self.n_columns + 1, dtype=np.uint64)
        return (_mixed(bits[:, None] + columns) >> np.uint64(11)) * 2.0**-53

    @property
    def has_width(self) -> bool:
        """Whether any box is larger than a point."""
        return bool((self.width > 0.0).any())

    def places(self, u: Array) -> Array:
        """(n_rows, n_columns) places in the boxes; u : in [0, 1], (n_rows, n_columns) or (n_columns,)"""
        place = self.start + u * self.width
        normal = np.flatnonzero((self.scale > 0.0).any(axis=0))
        if len(normal):
            scale, mass = self.scale[:, normal], place[:, normal]
            place[:, normal] = np.where(scale > 0.0, scale * (_quantile(mass) + self.shift[:, normal]), mass)
        return place

    @property
    def middle(self) -> Array:
        """(n_rows, n_columns) places with as much of the box on the left as on the right."""
        return self.places(0.5)

    def covering(self, u: Array) -> tuple[Array, Array]:
        """(places, log_weights) of each row in turn: log_weights are -log q at the places, which cover the boxes.

        u : (n_places, n_columns) or (n_rows, n_places, n_columns), in (0, 1)
        """
        places = self.start[:, None] + u * self.width[:, None]
        log_weights = np.repeat(self._log_volume, u.shape[-2])
        normal = np.flatnonzero((self.scale > 0.0).any(axis=0))
        if len(normal):
            found, weights = self.columns(normal)._student_places(u[..., normal])
            is_normal = (self.scale[:, normal] > 0.0)[:, None]
            places[:, :, normal] = np.where(is_normal, found, places[:, :, normal])
            log_weights += _row_sums(np.where(is_normal, weights, 0.0).reshape(-1, len(normal)))
        return places.reshape(-1, self.n_columns), log_weights

    def _student_places(self, u):
        """(places, log_weights), (n_rows, n_places, n_columns) each, from the border of each cell outwards."""
        low, high = self._ends()
        mean, second = self._normal_moments()
        spread = WIDER * np.sqrt(np.maximum(second - mean**2, 0.0)) + LEAST_SPREAD
        mean = mean + self.shift
        below, above = (_student_mass((end - mean) / spread) for end in (low, high))
        t = _student_quantile(below[:, None] + u * (above - below)[:, None])
        scale = np.where(self.scale > 0.0, self.scale, 1.0)
        places = (scale * mean)[:, None] + (scale * spread)[:, None] * t
        with np.errstate(divide="ignore", invalid="ignore"):  # cells that are no levels, whose places are not used
            constant = np.log((above - below) * spread) - np.log(self.width)  # the volume has the width, and the scale
        return places, constant[:, None] - _log_student_density(t)

    def _ends(self):
        """Ends of the cells of levels, gaps included."""
        stop = self.start + self.width
        low = np.where(self.start > OUTERMOST, _quantile(self.start), -np.inf)
        high = np.where(stop < 1.0 - OUTERMOST, _quantile(stop), np.inf)
        return low, high

    @property
    def log_volume(self) -> Array:
        """(n_rows,) E_q[-log q] over the places that a model learns: the logarithm of the volume, where uniform."""
        is_normal = self.scale > 0.0
        if not is_normal.any():
            return self._log_volume.copy()
        return self._log_volume + _row_sums(np.where(is_normal, 0.5 * (self._normal_moments()[1] + LOG_TWO_PI), 0.0))

    def mean_square(self) -> Array:
        """(n_rows,) `E_q[|u|^2]`"""
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


def _mixed(bits):
    """Bits of uint64, each of which depends on all of `bits` (Steele, Lea and Flood 2014, figure 17)."""
    bits = bits + GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _quantile(mass):
    return ndtri(np.clip(mass, OUTERMOST, 1.0 - OUTERMOST))


def _row_sums(values):
    """Sums in the order of the columns of a contiguous row, wherever the values lie."""
    return np.ascontiguousarray(values).sum(axis=1)


def _student_mass(t):
    """Distribution function of Student's distribution with 4 degrees of freedom, which has closed forms."""
    size = np.hypot(2.0, t)
    tail = 4.0 / (size * (size + np.abs(t)))  # 1 - |t| / size, of which differences far out are still exact
    mass = 0.25 * tail * tail * (3.0 - tail)
    return np.where(t > 0.0, 1.0 - mass, mass)


def _student_quantile(mass):
    """The inverse: the middle root of a cubic equation (Shaw 2006, equation 38)."""
    alpha = np.sqrt(np.maximum(4.0 * mass * (1.0 - mass), OUTERMOST))
    return np.sign(mass - 0.5) * 2.0 * np.sqrt(np.cos(np.arccos(np.minimum(alpha, 1.0)) / 3.0) / alpha - 1.0)


def _log_student_density(t):
    return np.log(0.375) - 2.5 * np.log1p(0.25 * t * t)


def log_mean_density(log_density, boxes, most, beside=None):
    """log E_q[p / q], (n_rows,): with few places a lower bound on average (Burda, Grosse and Salakhutdinov 2016,
    theorem 1).

    Places are those of a Sobol sequence, moved by what stands in the box (Cranley and Patterson 1976), and as many as
    the row needs: a row does not depend on the others, and errors of different rows cancel in sums over them.  Rows of
    levels repeat: each combination is computed once.  Where they are of few columns, all combinations can be added up,
    to 1, and each gets FACTOR times as many places.

    log_density : callable(places (n, n_columns), rows (n,)) -> (n,), of places in the boxes of these rows
    most : maximum number of places in a box; FACTOR times as many in a box of levels of few columns
    beside : (n_rows, n) what else log_density depends on; None: nothing is known of it, rows count as different
    """
    found, is_of_levels = np.empty(len(boxes)), boxes.is_of_levels
    has_width = (boxes.width > 0.0).any(axis=1) & ~is_of_levels
    points, levels = np.flatnonzero(~has_width & ~is_of_levels), np.flatnonzero(is_of_levels)
    if len(points):
        found[points] = log_density(boxes.take(points).middle, points) + boxes.take(points).log_volume
    if len(levels):
        beside = np.arange(len(boxes))[:, None] if beside is None else beside
        distinct, inverse = boxes.distinct(levels, beside)
        if boxes.n_columns <= MOST_SUMMED:
            of_each = _log_probabilities(log_density, boxes, distinct, FACTOR * most)
        else:
            of_each = _log_settled_means(log_density, boxes, distinct, most)
        found[levels] = of_each[inverse]
    if has_width.any():
        rows = np.flatnonzero(has_width)
        found[rows] = _log_settled_means(log_density, boxes, rows, most)
    return found


def _log_settled_means(log_density, boxes, rows, most):
    """log E_q[p / q] of rows, from as many places as it takes until two halves of them agree."""
    found, open_rows = np.empty(len(rows)), np.arange(len(rows))
    sequence, moves = _sequence(boxes.n_columns), boxes.take(rows).moves()
    first, square = _log_means(log_density, boxes, rows, next(sequence), moves)
    for u in sequence:
        second, other_square = _log_means(log_density, boxes, rows[open_rows], u, moves[open_rows])
        mean, square = log_sum_exp([first, second], 0.5), log_sum_exp([square, other_square], 0.5)
        found[open_rows] = mean
        is_open = ~_has_settled(first, second, mean, square, 2 * len(u)) & (2 * len(u) < most)
        open_rows, first, square = open_rows[is_open], mean[is_open], square[is_open]
        if len(open_rows) == 0:
            return found


def _log_probabilities(log_density, boxes, rows, n_places):
    """log E_q[p / q] of rows of levels: a pilot shows on which intervals of each axis the mass lies, and the other
    places are drawn there (Lepage 1978).
    """
    u = _sobol(boxes.n_columns).random(n_places) + 2.0**-31
    n_pilot = min(PILOT, n_places // 4)
    found, n_together = np.empty(len(rows)), max(1, AT_ONCE // n_places)
    for start in range(0, len(rows), n_together):
        some = rows[start : start + n_together]
        pilot = _log_ratios(log_density, boxes, some, u[:n_pilot])
        places, log_spacing = _where_mass_lies(u[:n_pilot], pilot, u[n_pilot:])
        ratios = _log_ratios(log_density, boxes, some, places) + log_spacing
        found[start : start + n_together] = log_sum_exp(ratios.T, 1.0 / ratios.shape[1])
    return found


def _where_mass_lies(pilot, log_ratios, u):
    """(places (n_rows, n_places, n_columns), -log of their density): u moved to the intervals that have the mass."""
    largest = log_ratios.max(axis=1, keepdims=True)
    ratios = np.exp(log_ratios - np.where(np.isfinite(largest), largest, 0.0))
    places, log_spacing = np.empty((len(ratios), *u.shape)), np.zeros((len(ratios), len(u)))
    for j in range(u.shape[1]):
        interval = np.minimum((pilot[:, j] * INTERVALS).astype(np.int64), INTERVALS - 1)
        mass = np.column_stack([_row_sums(ratios[:, interval == k]) for k in range(INTERVALS)])
        total = _row_sums(mass)[:, None]
        mass = np.where(total > 0.0, mass / np.where(total > 0.0, total, 1.0), 1.0 / INTERVALS)
        mass = UNIFORM / INTERVALS + (1.0 - UNIFORM) * mass
        ends = np.hstack([np.zeros((len(mass), 1)), np.cumsum(mass, axis=1)])
        k = sum((u[:, j] >= ends[:, i, None]).astype(np.int64) for i in range(1, INTERVALS))
        start, share = np.take_along_axis(ends, k, axis=1), np.take_along_axis(mass, k, axis=1)
        places[:, :, j] = np.clip((k + (u[:, j] - start) / share) / INTERVALS, 2.0**-40, 1.0 - 2.0**-40)
        log_spacing -= np.log(share * INTERVALS)
    return places, log_spacing


def _sobol(n_columns):
    # a generator as `seed`, which SciPy before 1.15 knows, too
    return qmc.Sobol(n_columns, bits=30, seed=np.random.default_rng(0))


def _sequence(n_columns):
    """Places in (0, 1)^n_columns, half of FEWEST of them, then as many as there were until now."""
    sequence, n_places = _sobol(n_columns), FEWEST // 2
    yield sequence.random(n_places) + 2.0**-31
    while True:
        yield sequence.random(n_places) + 2.0**-31
        n_places *= 2


def _log_means(log_density, boxes, rows, u, moves):
    """(log E_q[p / q], log E_q[(p / q)^2]) over the places, moved in each row, (n_rows,) each."""
    log_ratios = np.empty((len(u), len(rows)))
    n_together = max(1, AT_ONCE // len(u))
    for start in range(0, len(rows), n_together):
        some = rows[start : start + n_together]
        moved = np.clip((u + moves[start : start + n_together, None]) % 1.0, 2.0**-31, 1.0 - 2.0**-31)
        log_ratios[:, start : start + n_together] = _log_ratios(log_density, boxes, some, moved).T
    return log_sum_exp(log_ratios, 1.0 / len(u)), log_sum_exp(2.0 * log_ratios, 1.0 / len(u))


def _log_ratios(log_density, boxes, rows, u):
    """log(p / q), (n_rows, n_places), at u of `Boxes.covering`."""
    places, log_weights = boxes.take(rows).covering(u)
    n_places = u.shape[-2]
    return (log_density(places, np.repeat(rows, n_places)) + log_weights).reshape(len(rows), n_places)


def _has_settled(first, second, mean, square, n_places):
    """Whether two halves of the places agree, and places alike are no accident."""
    with np.errstate(invalid="ignore", over="ignore"):
        variance = (np.exp(square - 2.0 * mean) - 1.0) / n_places
        return (mean == -np.inf) | ((np.abs(first - second) <= DIFFERENCE) & (variance <= ERROR**2))


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


def n_to_calibrate_by(n_rows):
    """How many rows to generate so that their sampling error is small beside that of n_rows rows of fit."""
    return int(np.clip(DRAWN_PER_ROW * n_rows, FEWEST_DRAWN, MOST_DRAWN))
