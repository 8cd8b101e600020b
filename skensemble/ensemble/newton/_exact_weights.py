"""Sample weights whose sums are exact."""

from typing import NamedTuple

import numpy as np

from skensemble._weights import is_whole

FRACTION_BITS = 52  # of the sum of weights that are not whole


class ExactWeights(NamedTuple):
    """Sample weights in fixed point: their sums do not depend on the order of the rows, and weight k is k copies."""

    units: np.ndarray  # (n_samples,) int64
    exponent: int  # of the power of two that a unit is worth

    @classmethod
    def of(cls, weight):
        exponent = 0 if is_whole(weight) else int(np.frexp(weight.sum())[1]) - FRACTION_BITS
        return cls._in_units(weight, exponent)

    @classmethod
    def _in_units(cls, weight, exponent):
        units = np.rint(np.ldexp(weight, -exponent)) if exponent else weight  # exponent 0: they are whole
        return cls(units.astype(np.int64), exponent)

    def same_unit(self, weight):
        """Other weights, none larger, in the same unit."""
        return self._in_units(weight, self.exponent)

    def sums(self, rows, starts, stops):
        """(n,) float64: sums over rows[starts[i] : stops[i]]."""
        sums = np.empty(len(rows) + 1, np.int64)
        sums[0] = 0
        self.units.take(rows).cumsum(out=sums[1:])
        return (sums[stops] - sums[starts]) * 2.0**self.exponent
