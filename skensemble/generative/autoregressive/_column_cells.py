"""The values of a column as numbered cells, of which a tree can learn the shares, and back to values.

A cell is a level, the missing value, one value that many rows share, or a bin of numbers: of continuous ones, spread
evenly, or of multiples of a step, with their shares (`_stepped_values.py`).  What no row of the training data had lies
in no cell: its share is that of one more row, spread over all numbers by a logistic distribution (numbers) or over what
a level could be (categories).
"""

import numpy as np
from scipy.special import ndtr, ndtri

from skensemble.generative.autoregressive._normal_scores import NormalScores
from skensemble.generative.autoregressive._stepped_values import SteppedValues
from skensemble.generative.tables._column_formats import CategoryFormat

MOST_BINS = 100
MOST_STEPS = 1e7  # between the ends of a column; with more of them it is continuous
ATOM = 20.0  # weight of rows from which a value of a column of otherwise finer values is a cell of its own
ATOM_SHARE = 0.01
MOST_NEW = 0.1  # share of new values up to which all values of a step are cells of their own, if they are few
NEAR = 1e-6  # steps by which a number may miss a multiple of the step
LEAST, LARGEST = np.finfo(np.float64).tiny, np.finfo(np.float64).max
NOWHERE = -1  # number of the cell of a value that no row of fit had


def cells_of(column_format, plain, weight):
    """The cells of a column, from its plain values (see `_column_formats.py`) and the weights of its rows."""
    kind = LevelCells if isinstance(column_format, CategoryFormat) else NumberCells
    return kind(column_format, plain, weight)


class LevelCells:
    """Levels, in the order of the format, the missing one last."""

    is_level = True

    def __init__(self, column_format, plain, weight):
        self.n_cells = len(column_format.levels)
        self.total = float(weight.sum())
        self.missing = len(column_format.values) if column_format.has_missing else NOWHERE
        self.on_curve = np.zeros(self.n_cells, bool)

    def codes(self, plain):
        return np.where(plain < 0, NOWHERE, plain)

    def log_density(self, plain, codes):
        return np.zeros(len(plain))

    def log_density_of_new(self, plain):
        """Of values that are in no cell: one more level."""
        return np.zeros(len(plain))

    def values(self, codes, rng):
        return codes.astype(np.intp)

    def new_values(self, rng, n):
        """What is drawn in the place of a level that nobody knows: none, so that its share goes to the others."""
        return None

    def as_feature(self, plain):
        return np.where(plain < 0, np.nan, plain.astype(np.float64))

    def as_target(self, codes):
        return codes


class NumberCells:
    """Bins and atoms in ascending order, then the missing value.

    low, high : (n_bins,), ends of the bins; the same number twice is an atom
    step : values are its multiples; 0 where the column is continuous
    stepped : SteppedValues of the bins; None where the column is continuous
    axis : NormalScores, on which trees see the column
    on_curve : (n_cells,) bool, cells whose rows may be spread by a smooth curve: bins
    """

    is_level = False

    def __init__(self, column_format, plain, weight):
        decimals = column_format.decimals
        self.step = 0.0 if decimals is None else float(column_format.multiple) * 10.0**-decimals
        is_missing = np.isnan(plain)
        values, place = np.unique(plain[~is_missing], return_inverse=True)
        counts = np.bincount(place, weight[~is_missing])
        if max(abs(values[0]), abs(values[-1])) > MOST_STEPS * self.step:
            self.step = 0.0
        self.unit = 0.0 if decimals == 0 or self.step == 0.0 else np.log(self.step)  # per unit; integers count
        self.axis = NormalScores(values, counts)
        self.total = float(weight.sum())
        is_atom = self._atoms(counts)
        self.low, self.high, is_atom = self._bins(values, counts, is_atom)
        self.stepped = SteppedValues(self.low, self.high, self.step, values, counts) if self.step > 0.0 else None
        shares = counts / counts.sum()
        self.centre = float(np.sum(shares * values))
        distance = 0.5 * values - 0.5 * self.centre  # halves: differences can be larger than the largest float
        unit = max(abs(distance[0]), abs(distance[-1]), 0.5 * LEAST)
        spread = unit * (2.0 * float(np.sqrt(np.sum(shares * (distance / unit) ** 2))))
        self.scale = max(spread, self.step, 1e-9 * max(abs(self.centre), 1e-300))
        self.missing = len(self.low) if is_missing.any() else NOWHERE
        self.n_cells = len(self.low) + int(is_missing.any())
        self.on_curve = np.r_[~is_atom, np.zeros(self.n_cells - len(self.low), bool)]
        shares = self._shares(plain, weight)
        self.ranks = np.r_[np.cumsum(shares) - shares / 2, np.full(self.n_cells - len(self.low), 0.5)]
        on_curve = np.where(self.on_curve[: len(self.low)], shares, 0.0)
        self.ends = np.r_[0.0, np.cumsum(on_curve) / max(on_curve.sum(), 1e-300)]

    def _atoms(self, counts):
        new_share = (
            counts[counts <= 1.0].sum() / counts.sum()
        )  # of rows with a value that no row of fit has (Good 1953)
        if self.step > 0.0 and len(counts) <= MOST_BINS and new_share <= MOST_NEW:
            return np.ones(len(counts), bool)
        return (counts >= max(ATOM, ATOM_SHARE * counts.sum())) | (len(counts) == 1)

    def _bins(self, values, counts, is_atom):
        """(low, high, which are atoms): atoms, and between them bins of about the same weight."""
        rest = counts[~is_atom].sum()
        before = np.cumsum(np.where(is_atom, 0.0, counts)) - np.where(is_atom, 0.0, counts)
        bin_of = np.minimum((before * MOST_BINS / max(rest, 1e-300)).astype(np.int64), MOST_BINS - 1)
        section = np.cumsum(is_atom) * 2 - is_atom  # atoms part what lies on their two sides
        is_first = np.r_[True, (np.diff(bin_of) != 0) | (np.diff(section) != 0)]
        is_last = np.r_[is_first[1:], True]
        low, high = values[is_first].copy(), values[is_last].copy()
        self._close_gaps(low, high, is_atom[is_first])
        return low, high, is_atom[is_first]

    def _close_gaps(self, low, high, is_atom):
        """Bins of continuous numbers meet in the middle between their outermost values, others before the next."""
        if self.step > 0.0:
            next_low = low[1:].copy()
            low[1:] = np.where(is_atom[:-1] & ~is_atom[1:], np.minimum(high[:-1] + self.step, low[1:]), low[1:])
            high[:-1] = np.where(is_atom[:-1], high[:-1], np.maximum(next_low - self.step, high[:-1]))
            return
        middle = low[1:] * 0.5 + high[:-1] * 0.5
        high[:-1] = np.where(is_atom[:-1], high[:-1], np.where(is_atom[1:], low[1:], middle))
        low[1:] = np.where(is_atom[1:], low[1:], np.where(is_atom[:-1], high[:-1], middle))

    def _shares(self, plain, weight):
        codes = self.codes(plain)
        shares = np.bincount(codes[codes >= 0], weight[codes >= 0], self.n_cells)[: len(self.low)]
        return shares / max(shares.sum(), 1e-300)

    def codes(self, plain):
        code = self.place(plain)
        safe = np.maximum(code, 0)
        is_inside = (code >= 0) & (plain <= self.high[safe] + NEAR * self.step)
        is_before = (safe > 0) & (self.low[safe] == plain) & (self.low[safe] < self.high[safe])
        back = is_before & (self.high[safe - 1] == plain) & (self.low[safe - 1] == self.high[safe - 1])
        code = np.where(is_inside, np.where(back, code - 1, code), NOWHERE)
        if self.step > 0.0:
            code = np.where(self._is_multiple(plain, self.low[safe]), code, NOWHERE)
        return np.where(np.isnan(plain), self.missing, code)

    def place(self, plain):
        """The last cell that begins at a number or before it; -1 before all of them."""
        return np.searchsorted(self.low - NEAR * self.step, plain, side="right") - 1

    def _is_multiple(self, plain, origin):
        with np.errstate(invalid="ignore"):
            steps = (plain - origin) / self.step
            return np.abs(steps - np.rint(steps)) < NEAR

    def may_lie_on_curve(self, plain, codes):
        """Numbers of cells on the curve; of continuous columns all but atoms, whose probability is no density."""
        on_curve = (codes != NOWHERE) & self.on_curve[codes]
        return on_curve if self.step > 0.0 else ~np.isnan(plain) & ((codes == NOWHERE) | on_curve)

    def at_most(self, t, cell):
        """Share of the numbers of a cell that are not above t, which is on the step of the column if it has one."""
        if self.step > 0.0:
            return self.stepped.at_most(t, cell)
        low, width = self.low[cell], self.high[cell] - self.low[cell]
        return np.where(width > 0.0, np.clip((t - low) / np.where(width > 0.0, width, 1.0), 0.0, 1.0), t >= low)

    def scores(self, x, codes):
        """Normal scores of the shares below and up to numbers of a step, of cells on the curve."""
        own = self.ends[codes + 1] - self.ends[codes]
        shares = [self.ends[codes] + own * self.stepped.at_most(t, codes) for t in (x - self.step, x)]
        return [ndtri(np.minimum(share, 1.0)) for share in shares]

    def of_scores(self, scores):
        """The numbers up to whose shares the scores lie."""
        share = ndtr(scores)
        code = np.clip(np.searchsorted(self.ends, share) - 1, 0, len(self.low) - 1)
        own = np.maximum(self.ends[code + 1] - self.ends[code], 1e-300)
        return self.stepped.quantile((share - self.ends[code]) / own, code)

    def log_density(self, plain, codes):
        """log density in the cell `codes`, per unit of the column; the probability of an atom or an integer."""
        safe = np.minimum(np.maximum(codes, 0), len(self.low) - 1)
        width = self.high[safe] - self.low[safe]
        is_bin = (codes >= 0) & (codes < len(self.low)) & (width > 0.0)
        inside = np.zeros(len(plain))
        if self.step > 0.0:
            inside[is_bin] = np.log(self.stepped.share(plain[is_bin], codes[is_bin]))
        else:
            inside[is_bin] = -np.log(width[is_bin])
        is_number = (codes >= 0) & (codes < len(self.low))
        return np.where(is_number, inside - self.unit, inside)

    def log_density_of_new(self, plain):
        """Logistic, about the mean and as wide as the column; on the multiples of the step where there is one."""
        known = np.where(np.isnan(plain), self.centre, plain)
        z = (0.5 * known - 0.5 * self.centre) / (0.5 * self.scale)
        log_density = -np.abs(z) - 2.0 * np.log1p(np.exp(-np.abs(z))) - np.log(self.scale)
        if self.step > 0.0:
            log_density = log_density + np.log(self.step) - self.unit
        return np.where(np.isnan(plain), 0.0, log_density)

    def values(self, codes, rng):
        share = rng.random(len(codes))
        safe = np.minimum(codes, len(self.low) - 1)
        low, high = self.low[safe], self.high[safe]
        drawn = self.stepped.quantile(share, safe) if self.step > 0.0 else low + share * (high - low)
        return np.where(codes == self.missing, np.nan, np.clip(drawn, low, high))

    def lies_in_bin(self, codes):
        """Which cells are bins of values on a step."""
        return self.on_curve[codes] & (codes != NOWHERE) & (self.step > 0.0)

    def value_of(self, plain):
        """(n_rows,) numbers of the values on a step that rows of fit had; -1 for others and missing ones."""
        values = self.stepped.values
        place = np.minimum(np.searchsorted(values, plain - self.step / 2), len(values) - 1)
        return np.where(np.abs(values[place] - plain) < self.step / 2, place, -1)

    def values_of(self, codes):
        """(first, number after the last) of the numbers of values in bins"""
        return self.stepped.first[codes], self.stepped.first[codes + 1]

    def new_values(self, rng, n):
        with np.errstate(over="ignore"):
            drawn = np.clip(self.centre + self.scale * rng.logistic(size=n), -LARGEST, LARGEST)
        if self.step > 0.0:
            drawn = self.low[0] + np.rint((drawn - self.low[0]) / self.step) * self.step
        return drawn

    def as_feature(self, plain):
        return self.axis.forward(plain)

    def as_target(self, codes):
        """Ranks, their distance from the middle, by which trees find changes of spread, and, where some are, gaps."""
        ranks = self.ranks[codes]
        target = [ranks, np.abs(ranks - 0.5)]
        return np.column_stack(target if self.missing == NOWHERE else [*target, codes == self.missing])
