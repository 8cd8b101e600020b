"""The axis of a column of numbers: a monotone map to about unit variance, and back to the values that can occur.

A value of the column corresponds to a number or to an interval, its cell.  Numbers with a common number of decimals lie
on a lattice, and the cell of each holds the numbers that are rounded to it.  A value of many rows, such as the zeros of
a price, is an atom: its cell is widened, so that it can be generated exactly:

    value      ..  0   0.01  0.02 ..          0 is an atom
    spread     ..|=====|--|--|--  ..          here cells are intervals, and numbers are moved to make room
    encoded    a smooth monotone function of spread: affine, or quantiles to those of a normal distribution

A value is encoded as the middle of its cell.  If a model's numbers are not distributed as those of fit, `calibrated`
adds a monotone map between the two.  A column of few values has the axis of ordered levels instead (`NumberLevels`).
"""

from copy import copy

import numpy as np
from scipy.special import ndtri

from skensemble.generative.tables._boxes import Boxes
from skensemble.generative.tables._category_axis import CategoryAxis
from skensemble.generative.tables._category_digits import CategoryDigits

ATOM_SHARE, ATOM_ROWS = 0.05, 20  # minimum share and number of the rows with the value of an atom
ATOM_SHARE_OF_QUANTILES = 0.0005  # minimum share of an atom with quantiles, where it takes just its share of the axis
COARSE = 0.25  # cells wider than this, in standard deviations, leave no room for atoms and reflection
FINE = 1e-6  # cells narrower than this have numerically equal ends: the slope at their middle gives their width
NARROW = 1e-12  # knots closer than this are merged
HEAVY = 1.5  # standard deviation of columns with heavy tails, in halves of the range of the middle 68 %
MOST_CELLS = 64  # up to so many values, all of their cells are calibrated
CLEAR = 3.5  # difference of shares that is no accident, in standard errors
FEWEST_KNOTS = 4  # of a calibration
LARGEST = np.finfo(np.float64).max
EXACT = 2.0**53  # whole numbers below are exact in float64


class NumberAxis:
    """A monotone map from a column of numbers to about unit variance, and back; see above.

    Parameters
    ----------
    numbers : (n_rows,) float64, finite, at least two distinct values
    weight : (n_rows,) float64 > 0
    decimals : int, or None for numbers that are not rounded
    bounds : (low, high), range of the numbers that are generated
    to_normal : whether quantiles are mapped to those of the normal distribution, instead of shifting and scaling
        numbers; None: if most rows share their value with many others, or if the tails are heavy
    multiple, phase : rounded numbers are `(phase + k * multiple) * 10**-decimals` for whole k
    """

    phase = 0  # files of earlier versions have none

    def __init__(self, numbers, weight, decimals, bounds, to_normal, multiple=1, phase=0):
        self.decimals, self.bounds, self.multiple, self.phase = decimals, bounds, multiple, phase
        self.step = 0.0 if decimals is None else multiple * 10.0**-decimals
        values, totals = _distinct(self._rounded(numbers), weight)
        deviation = _moments(values, totals)[1]
        self.n_rows = _n_rows(weight)
        if to_normal is None:
            to_normal = _is_repetitive(totals, self.n_rows) or _has_heavy_tails(values, totals, deviation)
        self._set_atoms(values, totals, deviation, self.n_rows, to_normal)
        spread = _middles(*self._cells(values))
        self.offset, self.scale = _moments(spread, totals)
        self.is_fine = self.step < FINE * self.scale
        self.reflects = self._bounds_reflect(values[[0, -1]], deviation)
        self.spline = self._normal_spline(values, totals) if to_normal else None
        self.calibration = None
        self.knots = self._calibration_knots(values, totals)

    def is_coarse(self, numbers, weight):
        """Whether the numbers of fit have few values, which take up most of the axis."""
        values, totals = _distinct(self._rounded(numbers), weight)
        is_wide = self.has_only_atoms or self.step >= COARSE * _moments(values, totals)[1]
        return len(values) <= MOST_CELLS and is_wide

    # -- encode -----------------------------------------------------------------------------------------------------

    def boxes(self, numbers):
        """Boxes of finite numbers."""
        middle, half_width, log_volume = self.encode(numbers)
        return Boxes.around(middle[:, None], half_width[:, None], log_volume)

    def encode(self, numbers):
        """(encoded middles, half widths, log widths or slopes) of the cells of finite numbers, each (n_rows,).

        Added to the log density of the encoded value, the third gives the log density per unit of the number, or the
        log probability of an atom.
        """
        numbers = self._rounded(numbers)
        is_atom = self._is_atom(numbers)
        low, high = self._cells(numbers)
        middle, log_slope = self._smooth(_middles(low, high))
        half_width = 0.5 * self.step * np.exp(log_slope)
        by_edges = is_atom if self.is_fine else np.ones(len(numbers), bool)
        if by_edges.any():
            edges = [self._smooth(edge[by_edges])[0] for edge in (low, high)]
            middle[by_edges] = 0.5 * (edges[0] + edges[1])
            half_width[by_edges] = 0.5 * (edges[1] - edges[0])
            log_slope[by_edges] = np.log(edges[1] - edges[0]) - np.log(self.step or 1.0)
        return middle, half_width, log_slope

    def _rounded(self, numbers):
        if self.decimals is None:
            return numbers
        has_decimals = np.abs(numbers) < EXACT / 10.0**self.decimals  # else rounding could only overflow
        rounded = np.where(has_decimals, numbers, 0.0)
        if self.multiple > 1:
            first = self.phase * 10.0**-self.decimals
            rounded = np.rint((rounded - first) / self.step) * self.step + first
        return np.where(has_decimals, np.round(rounded, self.decimals) + 0.0, numbers)

    def _is_atom(self, numbers):
        return np.isin(numbers, self.atoms)

    def _cells(self, numbers):
        """(lower, upper) ends of the cells of rounded numbers on the spread axis."""
        passed = np.searchsorted(self.atoms, numbers)
        low = numbers - 0.5 * self.step + self.shifts[passed]
        width = np.append(self.atom_widths, 0.0)[passed]
        return low, low + np.where(self._is_atom(numbers), width, self.step)

    def _smooth(self, spread):
        """(encoded, logarithm of the slope)"""
        standard = self._standard(spread)
        log_slope = np.full(len(spread), -np.log(self.scale))
        for curve in (self.spline, self.calibration):
            if curve is not None:
                standard, slope = curve.forward(standard)
                log_slope += np.log(slope)
        return standard, log_slope

    def _standard(self, spread):
        """In standard deviations from the mean; by halves, since a difference of floats can be beyond all of them."""
        with np.errstate(over="ignore"):  # of numbers far beyond those of fit
            return np.clip((0.5 * spread - 0.5 * self.offset) / (0.5 * self.scale), -LARGEST, LARGEST)

    # -- decode -----------------------------------------------------------------------------------------------------

    def decode(self, encoded):
        """(n_rows,) numbers within the bounds: atoms, and values of the lattice if there is one."""
        spread = self._spread(encoded)
        atom = self._atom_at(spread)
        numbers = spread - self.shifts[np.searchsorted(self.atom_ends[:, 1], spread)]
        numbers = self._bounded(self._rounded(self._reflected(numbers)))
        return np.where(atom >= 0, np.append(self.atoms, 0.0)[atom], numbers)

    def _spread(self, encoded):
        for curve in (self.calibration, self.spline):
            if curve is not None:
                encoded = curve.inverse(encoded)
        with np.errstate(over="ignore"):
            return np.clip(encoded * self.scale + self.offset, -LARGEST, LARGEST)

    def _atom_at(self, spread):
        """(n_rows,) index of the atom whose cell holds the row, else -1; the nearest one if all values are atoms."""
        n_atoms = len(self.atoms)
        if self.has_only_atoms:
            return np.searchsorted(0.5 * (self.atom_ends[1:, 0] + self.atom_ends[:-1, 1]), spread)
        if n_atoms == 0:
            return np.full(len(spread), -1)
        after = np.minimum(np.searchsorted(self.atom_ends[:, 1], spread), n_atoms - 1)
        is_in = (self.atom_ends[after, 0] <= spread) & (spread <= self.atom_ends[after, 1])
        return np.where(is_in, after, -1)

    def _reflected(self, numbers):
        """Numbers beyond the cells of the bounds, which reach half a step further, come back into these."""
        low, high = self.bounds[0] - 0.5 * self.step, self.bounds[1] + 0.5 * self.step
        numbers = numbers.copy()
        is_below = (numbers < low) & self.reflects[0]
        numbers[is_below] = low + (low - numbers[is_below])
        is_above = (numbers > high) & self.reflects[1]
        numbers[is_above] = high - (numbers[is_above] - high)
        return numbers

    def _bounded(self, numbers):
        return np.clip(numbers, *self.bounds)

    # -- calibration ------------------------------------------------------------------------------------------------

    def calibrated(self, encoded):
        """The axis on which generated rows have the quantiles of fit; itself, where they nearly have.

        encoded : (n_generated,) what a model of encoded rows generates
        """
        places, ranks = self.knots
        if len(encoded) == 0 or not self._differs(encoded):
            return self
        inside = np.clip(ranks, 0.25 / len(encoded), 1.0 - 0.25 / len(encoded))
        calibration = MonotoneSpline(places, np.quantile(encoded, inside))
        if len(calibration.x) < FEWEST_KNOTS:
            return self
        axis = copy(self)
        axis.calibration = calibration
        return axis

    def _differs(self, encoded):
        """Whether generated rows have other shares, below a knot or between two, than can be by accident."""
        places, ranks = self.knots
        below = np.searchsorted(np.sort(encoded), places) / len(encoded)
        shares = np.concatenate([ranks, np.diff(ranks, prepend=0.0, append=1.0)])
        generated = np.concatenate([below, np.diff(below, prepend=0.0, append=1.0)])
        variance = np.maximum(shares * (1.0 - shares), 1.0 / self.n_rows) * (1.0 / self.n_rows + 1.0 / len(encoded))
        return bool((np.abs(generated - shares) > CLEAR * np.sqrt(variance)).any())

    def _calibration_knots(self, values, totals):
        """(places, ranks): some encoded numbers, or ends of their cells, and the share of the rows below them."""
        upper = np.cumsum(totals) / totals.sum()
        lower = np.append(0.0, upper[:-1])
        chosen = np.arange(len(values))
        if len(values) > MOST_CELLS or self.step == 0.0:
            some = _evenly(ndtri(0.5 * (lower + upper)), round(2 * len(values) ** (1 / 3)))
            chosen = np.union1d(some, np.flatnonzero(self._is_atom(values)))
        ends = np.concatenate(self._cells(values[chosen]))
        ranks = np.concatenate([lower[chosen], upper[chosen]])
        if self.step == 0.0:
            is_point = ~np.tile(self._is_atom(values[chosen]), 2)
            ranks[is_point] = np.tile(0.5 * (lower + upper)[chosen], 2)[is_point]
        places = self._smooth(ends)[0]
        order = np.lexsort((ranks, places))
        return places[order], ranks[order]

    # -- fitting ----------------------------------------------------------------------------------------------------

    def _set_atoms(self, values, totals, deviation, n_rows, to_normal):
        shares = totals / totals.sum()
        least_share = ATOM_SHARE_OF_QUANTILES if to_normal else ATOM_SHARE
        is_fine = to_normal or self.step < COARSE * deviation
        is_atom = (shares >= least_share) & (shares * n_rows >= ATOM_ROWS) & is_fine
        room = np.finfo(np.float64).max - np.abs(values).max()
        is_atom &= bool(deviation < room / (0.5 * is_atom.sum() + 1.0))  # else cells would end beyond the largest float
        self.has_only_atoms = bool(is_atom.all())
        self.atoms = values[is_atom]
        self.atom_shares = shares[is_atom]
        self.atom_widths = (0.5 + self.atom_shares) * deviation
        self.shifts = np.append(0.0, np.cumsum(self.atom_widths - self.step))  # by the number of atoms below a number
        self.atom_ends = np.column_stack(self._cells(self.atoms))

    def _bounds_reflect(self, ends, deviation):
        """Whether numbers beyond each bound are reflected: if the data end there, without an atom or wide cells."""
        return (np.array(self.bounds) == ends) & ~self._is_atom(ends) & (self.step < COARSE * deviation)

    def _normal_spline(self, values, totals):
        """A spline through the ranks of some values, and through the ranks at both ends of each atom."""
        ranks = (np.cumsum(totals) - 0.5 * totals) / totals.sum()
        chosen = _evenly(ndtri(ranks), round(2 * len(values) ** (1 / 3)))
        chosen = chosen[~self._is_atom(values[chosen])]
        low, high = self._cells(values[chosen])
        spread = [_middles(low, high), self.atom_ends.ravel()]
        encoded = [ndtri(ranks[chosen]), self._encoded_atom_ends(ranks[self._is_atom(values)]).ravel()]
        return MonotoneSpline(self._standard(np.concatenate(spread)), np.concatenate(encoded))

    def _encoded_atom_ends(self, ranks):
        """(n_atoms, 2); the cell of the smallest or largest atom is symmetric around its middle."""
        inner = 0.45 * self.atom_shares  # a little less than half: neighbouring atoms must not touch
        middles, lows, highs = ndtri(ranks), ndtri(ranks - inner), ndtri(ranks + inner)
        is_lowest = ranks - 0.5 * self.atom_shares <= 1e-9
        is_highest = ranks + 0.5 * self.atom_shares >= 1.0 - 1e-9
        lows = np.where(is_lowest, 2 * middles - highs, lows)
        highs = np.where(is_highest, 2 * middles - lows, highs)
        return np.column_stack([lows, highs])


class NumberLevels:
    """A column of few values, as ordered levels: see `CategoryAxis`.  Others count as the nearest of them.

    numbers : (n_rows,) of few values;  weight : (n_rows,);  step : of their lattice, or 0
    """

    def __init__(self, numbers, weight, step):
        self.values, totals = _distinct(numbers, weight)
        self.step = step
        self.axis = (CategoryDigits if len(totals) == 2 else CategoryAxis)(totals, np.arange(len(totals)))

    def boxes(self, numbers):
        return self.axis.boxes(self._nearest(numbers)).rescaled(-np.log(self.step or 1.0))

    def _nearest(self, numbers):
        return np.searchsorted(_middles(self.values[1:], self.values[:-1]), numbers)

    def decode(self, encoded):
        return self.values[self.axis.decode(encoded[:, None])]

    def calibrated(self, encoded):
        levels = copy(self)
        levels.axis = self.axis.calibrated(encoded[:, None])
        return levels

    def has(self, numbers):
        """(n_rows,) whether a number is one of the values."""
        return np.isin(numbers, self.values)


def _middles(low, high):
    """Middles of cells; low + high could overflow."""
    return 0.5 * low + 0.5 * high


def _distinct(numbers, weight):
    """(sorted distinct values, sum of the weights of each)"""
    values, inverse = np.unique(numbers, return_inverse=True)
    return values, np.bincount(inverse, weight)


def _is_repetitive(totals, n_rows):
    """Whether more than half of the rows have a value that at least ATOM_ROWS of them have."""
    shares = totals / totals.sum()
    return bool(shares[shares * n_rows >= ATOM_ROWS].sum() > 0.5)


def _has_heavy_tails(values, totals, deviation):
    """Whether a few numbers are so far out that the standard deviation says little about the others."""
    ranks = (np.cumsum(totals) - 0.5 * totals) / totals.sum()
    low, high = values[np.minimum(np.searchsorted(ranks, [0.16, 0.84]), len(values) - 1)]
    return bool(0.5 * deviation > HEAVY * (0.25 * high - 0.25 * low))


def _moments(values, totals):
    """(mean, standard deviation), without overflow or underflow of squares."""
    middle = 0.5 * values.min() + 0.5 * values.max()
    unit = (values.max() - middle) or 1.0
    shares, places = totals / totals.sum(), (values - middle) / unit
    mean = shares @ places
    deviation = np.sqrt(shares @ (places - mean) ** 2) * unit
    return middle + mean * unit, max(deviation, np.finfo(np.float64).tiny)


def _n_rows(weight):
    """Number of rows; a row of whole weight k counts as k."""
    return weight.sum() if np.array_equal(weight, np.rint(weight)) else len(weight)


def _evenly(sorted_places, n_chosen):
    """Positions of about n_chosen places at equal distances, the first and the last among them."""
    wanted = np.linspace(sorted_places[0], sorted_places[-1], max(n_chosen, 2))
    return np.unique(np.minimum(np.searchsorted(sorted_places, wanted), len(sorted_places) - 1))


class MonotoneSpline:
    """A rational quadratic spline: increasing, with a continuous slope and a closed inverse; linear beyond its knots.

    x, y : (n_knots,) places and values of knots, in any order, increasing together; nearly equal places are merged

    References
    ----------
    J. A. Gregory and R. Delbourgo, Piecewise rational quadratic interpolation to monotonic data, IMA Journal of
    Numerical Analysis 2 (1982).  The inverse: C. Durkan et al., Neural spline flows, NeurIPS 2019, appendix A.1.
    """

    def __init__(self, x, y):
        self.x, self.y = _merged(x, y)
        self.chords, self.slopes = spline_slopes(self.x, self.y)

    def forward(self, x):
        """(values, slopes)"""
        k = self._interval(self.x, x)
        width, chord = self.x[k + 1] - self.x[k], self.chords[k]
        left, right = self.slopes[k], self.slopes[k + 1]
        with np.errstate(over="ignore"):  # of numbers far beyond those of fit
            u = np.clip((x - self.x[k]) / width, 0.0, 1.0)
        v = u * (1.0 - u)
        below = chord + (left + right - 2.0 * chord) * v
        y = self.y[k] + chord * width * (chord * u**2 + left * v) / below
        slope = chord**2 * (right * u**2 + 2.0 * chord * v + left * (1.0 - u) ** 2) / below**2
        return y + self._outside(self.x, x, self.slopes), slope

    def inverse(self, y):
        k = self._interval(self.y, y)
        height, chord = self.y[k + 1] - self.y[k], self.chords[k]
        left, right = self.slopes[k], self.slopes[k + 1]
        rise = np.clip(y - self.y[k], 0.0, height)
        bend = rise * (left + right - 2.0 * chord)
        a, b, c = height * (chord - left) + bend, height * left - bend, -chord * rise
        u = 2.0 * c / (-b - np.sqrt(np.maximum(b**2 - 4.0 * a * c, 0.0)))
        x = self.x[k] + np.clip(u, 0.0, 1.0) * (self.x[k + 1] - self.x[k])
        return x + self._outside(self.y, y, 1.0 / self.slopes)

    @staticmethod
    def _interval(knots, places):
        return np.clip(np.searchsorted(knots, places, side="right") - 1, 0, len(knots) - 2)

    @staticmethod
    def _outside(knots, places, slopes):
        """What the lines beyond the first and the last knot add."""
        below, above = np.minimum(places - knots[0], 0.0), np.maximum(places - knots[-1], 0.0)
        return below * slopes[0] + above * slopes[-1]


def spline_slopes(x, y):
    """(slopes between knots, slopes at them: the geometric mean of both sides)"""
    chords = np.diff(y) / np.diff(x)
    inner = np.sqrt(chords[1:]) * np.sqrt(chords[:-1])
    return chords, np.concatenate([chords[:1], inner, chords[-1:]])


def _merged(x, y):
    """Knots in order; those at nearly the same place become one with the mean value."""
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    is_new = np.append(True, (np.diff(x) > NARROW * max(1.0, np.abs(x).max())) & (np.diff(y) > NARROW))
    group = np.cumsum(is_new) - 1
    counts = np.bincount(group)
    return np.bincount(group, x) / counts, np.bincount(group, y) / counts
