"""The values of a column as numbered cells, of which a tree can learn the shares, and back to values.

A cell is a level, the missing value, one value that many rows share, or a bin of numbers in which values are spread
evenly.  What no row of the training data had lies in no cell: its share is that of one more row, spread over all
numbers by a logistic distribution (numbers) or over what a level could be (categories).
"""

import numpy as np

from skensemble.generative.autoregressive._normal_scores import NormalScores
from skensemble.generative.tables._column_formats import CategoryFormat

MOST_BINS = 100
MOST_STEPS = 1e7  # between the ends of a column; with more of them it is continuous
FEWEST_FOR_A_CURVE = 8  # values of a column of few, from which they may lie on a curve
ATOM = 20.0  # weight of rows from which a value of a column of otherwise finer values is a cell of its own
ATOM_SHARE = 0.01
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
    axis : NormalScores, on which trees see the column
    on_curve : (n_cells,) bool, cells whose rows may be spread by a smooth curve: bins, or, of a column without them,
        all its numbers
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
        shares = counts / counts.sum()
        self.centre = float(np.sum(shares * values))
        spread = float(np.sqrt(np.sum(shares * (values - self.centre) ** 2)))
        self.scale = max(spread, self.step, 1e-9 * max(abs(self.centre), 1e-300))
        self.missing = len(self.low) if is_missing.any() else NOWHERE
        self.n_cells = len(self.low) + int(is_missing.any())
        has_curve = self.step > 0.0 and len(values) >= FEWEST_FOR_A_CURVE
        curved = np.full(len(is_atom), has_curve) if is_atom.all() else ~is_atom
        self.on_curve = np.r_[curved, np.zeros(self.n_cells - len(self.low), bool)]
        self.ranks = self._ranks(plain, weight)

    def _atoms(self, counts):
        if self.step > 0.0 and len(counts) <= MOST_BINS:
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
        if self.step == 0.0:
            self._close_gaps(low, high, is_atom[is_first])
        return low, high, is_atom[is_first]

    @staticmethod
    def _close_gaps(low, high, is_atom):
        """Bins of continuous numbers meet in the middle between their outermost values."""
        middle = low[1:] * 0.5 + high[:-1] * 0.5
        high[:-1] = np.where(is_atom[:-1], high[:-1], np.where(is_atom[1:], low[1:], middle))
        low[1:] = np.where(is_atom[1:], low[1:], np.where(is_atom[:-1], high[:-1], middle))

    def _ranks(self, plain, weight):
        """Middle rank of each cell in [0, 1]; the missing value has the middle one."""
        codes = self.codes(plain)
        shares = np.bincount(codes[codes >= 0], weight[codes >= 0], self.n_cells)[: len(self.low)]
        shares /= max(shares.sum(), 1e-300)
        return np.r_[np.cumsum(shares) - shares / 2, np.full(self.n_cells - len(self.low), 0.5)]

    def codes(self, plain):
        code = np.searchsorted(self.low, plain, side="right") - 1
        safe = np.maximum(code, 0)
        is_inside = (code >= 0) & (plain <= self.high[safe])
        is_before = (safe > 0) & (self.low[safe] == plain) & (self.low[safe] < self.high[safe])
        back = is_before & (self.high[safe - 1] == plain) & (self.low[safe - 1] == self.high[safe - 1])
        code = np.where(is_inside, np.where(back, code - 1, code), NOWHERE)
        if self.step > 0.0:
            code = np.where(self._is_multiple(plain, self.low[safe]), code, NOWHERE)
        return np.where(np.isnan(plain), self.missing, code)

    def _is_multiple(self, plain, origin):
        with np.errstate(invalid="ignore"):
            steps = (plain - origin) / self.step
            return np.abs(steps - np.rint(steps)) < 1e-6

    def may_lie_on_curve(self, plain, codes):
        """Numbers on the column's step; of continuous columns all but atoms, whose probability is no density."""
        if self.step > 0.0:
            return self._is_multiple(plain, self.low[0]) & ~np.isnan(plain)
        return ~np.isnan(plain) & ((codes == NOWHERE) | self.on_curve[codes])

    def log_density(self, plain, codes):
        """log density in the cell `codes`, per unit of the column; the probability of an atom or an integer."""
        safe = np.minimum(np.maximum(codes, 0), len(self.low) - 1)
        width = self.high[safe] - self.low[safe]
        is_bin = (codes >= 0) & (codes < len(self.low)) & (width > 0.0)
        with np.errstate(divide="ignore"):
            inside = -np.log(width) if self.step == 0.0 else -np.log(np.rint(width / self.step) + 1.0)
        inside = np.where(is_bin, inside, 0.0)
        is_number = (codes >= 0) & (codes < len(self.low))
        return np.where(is_number, inside - self.unit, inside)

    def log_density_of_new(self, plain):
        """Logistic, about the mean and as wide as the column; on the multiples of the step where there is one."""
        known = np.where(np.isnan(plain), self.centre, plain)
        z = (known - self.centre) / self.scale
        log_density = -np.abs(z) - 2.0 * np.log1p(np.exp(-np.abs(z))) - np.log(self.scale)
        if self.step > 0.0:
            log_density = log_density + np.log(self.step) - self.unit
        return np.where(np.isnan(plain), 0.0, log_density)

    def values(self, codes, rng):
        share = rng.random(len(codes))
        safe = np.minimum(codes, len(self.low) - 1)
        low, high = self.low[safe], self.high[safe]
        if self.step > 0.0:
            n_steps = np.rint((high - low) / self.step)
            drawn = low + np.floor(share * (n_steps + 1.0)) * self.step
        else:
            drawn = low + share * (high - low)
        return np.where(codes == self.missing, np.nan, np.clip(drawn, low, high))

    def new_values(self, rng, n):
        drawn = self.centre + self.scale * rng.logistic(size=n)
        if self.step > 0.0:
            drawn = self.low[0] + np.rint((drawn - self.low[0]) / self.step) * self.step
        return drawn

    def as_feature(self, plain):
        return self.axis.forward(plain)

    def as_target(self, codes):
        """Ranks, and whether the value is missing where some are."""
        ranks = self.ranks[codes]
        return ranks if self.missing == NOWHERE else np.column_stack([ranks, codes == self.missing])
