"""Sample weights whose sums are exact."""

from typing import NamedTuple

import numpy as np

from skensemble._weights import exact_sum, is_whole
from skensemble.ensemble.newton._exact_weights_kernels import sum_nodes

FRACTION_BITS = 52  # of the sum of weights that are not whole


class ExactWeights(NamedTuple):
    """Sample weights in fixed point: their sums do not depend on the order of the rows, and weight k is k copies."""

    units: np.ndarray  # (n_samples,) int64
    exponent: int  # of the power of two that a unit is worth

    @classmethod
    def of(cls, weight):
        exponent = 0 if is_whole(weight) else int(np.frexp(exact_sum(weight))[1]) - FRACTION_BITS
        return cls._in_units(weight, exponent)

    @classmethod
    def _in_units(cls, weight, exponent):
        units = np.rint(np.ldexp(weight, -exponent)) if exponent else weight  # exponent 0: they are whole
        return cls(units.astype(np.int64), exponent)

    def same_unit(self, weight):
        """Other weights, none larger, in the same unit."""
        return self._in_units(weight, self.exponent)

    def of_nodes(self, nodes, rows):
        """(n_nodes,) float64: sums over the rows of each node.

        nodes : (n_nodes,) NODE of a tree;  rows : (n_rows,) uint32, sorted by leaf: each node has a range of them
        """
        sums = np.empty(len(nodes), np.int64)
        sum_nodes(self.units, rows, nodes, sums)
        return sums * 2.0**self.exponent
