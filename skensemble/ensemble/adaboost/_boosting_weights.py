"""Weights that a boosting algorithm moves from row to row, and draws of rows by them.

A row's share of the weight is kept as a whole number of small units, so sums of them are exact in float64: they depend
neither on the order of the rows nor on whether a row comes twice or has the weight 2.
"""

import numpy as np

from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT
from skensemble.ensemble.losses._weighted_statistics_kernels import weighted_mean

UNITS = 2.0**51  # in the sum of all weights
SMALLEST = np.finfo(np.float64).eps  # least share of a row, so that later rounds can raise it again


class BoostingWeights:
    """Shares of the rows in a total weight of 1.

    copies : (n_samples,) whole numbers >= 0, how often each row is there; empty for once
    start : (n_samples,) >= 0, what each copy weighs at the start, in any unit; rows of 0 never count

    share : (n_samples,) of each copy
    """

    def __init__(self, copies, start):
        self.copies = copies
        self._is_counted = start > 0 if copies is NO_WEIGHT else (start > 0) & (copies > 0)
        self._all_counted = bool(self._is_counted.all())
        self._n_copies = float(len(start) if copies is NO_WEIGHT else copies.sum())
        self.share = np.where(self._is_counted, start, 0.0)
        self._normalise()

    def multiply(self, factors):
        """Multiply the weights by factors (n_samples,); False if they overflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            self.share *= factors
        return self._normalise()

    def _normalise(self):
        self._units = None  # computed on first use
        if not np.isfinite(self.share).all():
            return False
        self.share /= weighted_mean(self.share, self.copies) * self._n_copies
        if self._all_counted:
            np.maximum(self.share, SMALLEST, out=self.share)
        else:
            self.share[self._is_counted] = np.maximum(self.share[self._is_counted], SMALLEST)
        return True

    def units(self, trimming=0.0):
        """(n_samples,) whole numbers of units, copies added up.

        trimming : share of the total weight, rows of the smallest weights, that is left out
        """
        if self._units is None:
            each = np.rint(self.share * UNITS)
            each[self._is_counted & (each == 0.0)] = 1.0
            self._units = each, each if self.copies is NO_WEIGHT else each * self.copies
        each, units = self._units
        if trimming > 0.0:
            units = np.where(each >= self._trimming_threshold(each, units, trimming), units, 0.0)
        return units

    @staticmethod
    def _trimming_threshold(each, units, trimming):
        order = np.argsort(each, kind="stable")
        passed = np.cumsum(units[order])
        return each[order[np.searchsorted(passed, trimming * passed[-1], side="right")]]

    def error(self, is_wrong):
        """Share of the weight that lies on the rows where is_wrong (n_samples,) is true."""
        units = self.units()
        return float((units * is_wrong).sum() / units.sum())  # a BLAS product would leave its threads spinning

    def mean(self, values):
        """Mean of values (n_samples,) >= 0, by weight."""
        units = self.units()
        return float(weighted_mean(self.share * values, self.copies) * self._n_copies * UNITS / units.sum())


def draw_rows(units, line, n_draws, seed):
    """(n_samples,) how often each row is drawn, with replacement and by its units.

    line : (n_samples,) the rows in an order that depends on what is in them: copies stand together
    """
    ends = np.cumsum(units[line])
    places = np.floor(np.random.default_rng(seed).random(n_draws) * ends[-1])
    drawn = line[np.searchsorted(ends, places, side="right")]
    return np.bincount(drawn, minlength=len(line)).astype(np.float64)
