"""NumberDistributions: how a column of numbers is distributed in each of some rows, as exact functions of the number.

Of a row's distribution, the shares of cells, the part along the curve and the part that no row of fit had are added up
to P(value <= t), given that the value is not missing, and this is inverted.
"""

import numpy as np
from scipy.special import expit

ROWS_AT_ONCE = 4096
HALVINGS = 40  # of the gap between two ends of cells in which a quantile lies


class NumberDistributions:
    """P(value <= t) of rows

    conditional : Conditional of a column of numbers;  features : (n_rows, n_before)
    """

    def __init__(self, conditional, features):
        self.conditional, self.cells, self.curve = conditional, conditional.cells, conditional.curve
        self.leaves = [leaf[:, np.newaxis] for leaf in conditional.leaves_of(features)]
        n_bins = len(self.cells.low)
        own = conditional.all_shares(features)[:, :n_bins]
        on_curve = self.cells.on_curve[:n_bins]
        along = conditional.curve_share * own[:, on_curve].sum(axis=1)
        own[:, on_curve] *= 1.0 - conditional.curve_share
        new = 1.0 / (self.cells.total + 1.0)
        known = (1.0 - new) * (own.sum(axis=1) + along)
        kept = (1.0 - new) / (known + new)  # given that the value is not missing
        self.own = own * kept[:, np.newaxis]
        self.before = np.cumsum(self.own, axis=1) - self.own
        self.along, self.new = (along * kept)[:, np.newaxis], (new / (known + new))[:, np.newaxis]
        if self.curve is not None:
            self.place = [value[:, np.newaxis] for value in conditional.place_on_curve(features)]

    def at_most(self, t):
        """P(value <= t);  t : (n_rows, n_marks), on the column's step if it has one"""
        cells = self.cells
        cell = cells.place(t)
        safe = np.maximum(cell, 0)
        below = np.take_along_axis(self.before, safe, axis=1)
        below += np.take_along_axis(self.own, safe, axis=1) * self.conditional.at_most_in_cells(t, safe, self.leaves)
        below = np.where(cell < 0, 0.0, below)
        if self.curve is not None:
            below += self.along * self.curve.at_most(self.cells, t, *self.place)
        return below + self.new * expit((t + cells.step / 2 - cells.centre) / cells.scale)

    def quantiles(self, levels):
        """(n_rows, n_levels), between the lowest and the highest value of fit

        levels : (n_levels,), in [0, 1]
        """
        marks = np.unique(np.r_[self.cells.low, self.cells.high])
        at_most = self.at_most(np.broadcast_to(marks, (len(self.own), len(marks))))
        is_first = at_most[:, np.newaxis, :] >= levels[:, np.newaxis]
        after = np.where(is_first[..., -1], is_first.argmax(axis=2), len(marks) - 1)
        low, high = marks[np.maximum(after - 1, 0)], marks[after]
        is_beyond = (after == 0) | (levels > at_most[:, -1:])
        low = np.where(is_beyond | (self._below(high) < levels), high, low)
        for _ in range(HALVINGS):
            middle = low + (high - low) / 2
            if self.cells.step > 0.0:
                middle = self._step_before(middle)
            is_low = self.at_most(middle) < levels
            low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
            if np.all(high - low <= 1.01 * self.cells.step):
                break
        return high

    def _step_before(self, t):
        steps = np.floor((t - self.cells.low[0]) / self.cells.step + 1e-6)
        return self.cells.low[0] + steps * self.cells.step

    def _below(self, marks):
        """P(value < mark);  marks : (n_rows, n_marks), ends of cells"""
        if self.cells.step > 0.0:
            return self.at_most(marks - self.cells.step)
        cell = np.minimum(np.searchsorted(self.cells.low, marks), len(self.cells.low) - 1)  # an atom comes first
        is_atom = (self.cells.low[cell] == marks) & (self.cells.high[cell] == marks)
        return self.at_most(marks) - is_atom * np.take_along_axis(self.own, cell, axis=1)


def quantiles_of_rows(conditional, features, levels):
    """(n_rows, n_levels)"""
    starts = range(0, len(features), ROWS_AT_ONCE)
    parts = [NumberDistributions(conditional, features[k : k + ROWS_AT_ONCE]).quantiles(levels) for k in starts]
    return np.concatenate(parts)
