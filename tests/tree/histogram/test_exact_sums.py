"""Sums from which scales are chosen: no order of the rows decides a power of two."""

import math

import numpy as np
import pytest

from skensemble.tree.histogram._exact_sums import exact_sum, is_at_border
from skensemble.tree.histogram._histogram import PACKED_BITS, power_of_two_scale, room_of

RNG = np.random.default_rng(0)
NO_WEIGHT, NO_ROWS = np.empty(0), np.empty(0, np.uint32)


@pytest.mark.parametrize("weight", [NO_WEIGHT, RNG.random(5_000)])
def test_the_sum_has_no_order(weight):
    values = RNG.normal(size=5_000).astype(np.float32) * np.float32(10.0) ** RNG.integers(-30, 30, 5_000)
    values[::9] = 0.0
    total = exact_sum(values, weight, NO_ROWS, 0, 5_000)
    for _ in range(5):
        order = RNG.permutation(5_000)
        assert exact_sum(values[order], weight[order] if len(weight) else weight, NO_ROWS, 0, 5_000) == total
        assert exact_sum(values, weight, order.astype(np.uint32), 0, 5_000) == total
    exact = math.fsum(np.abs(values).astype(np.float64) * (weight if len(weight) else 1.0))
    assert abs(total - exact) <= 2.0**-29 * exact


def test_sums_of_some_rows_and_of_none():
    values = np.array([1.0, -2.0, 4.0], np.float32)
    assert exact_sum(values, NO_WEIGHT, np.array([2, 1], np.uint32), 0, 2) == 6.0
    assert exact_sum(values, NO_WEIGHT, NO_ROWS, 0, 0) == 0.0


def test_sums_that_decide_a_power_of_two_are_at_its_border():
    n_units, border = 100.0, room_of(100.0, PACKED_BITS) / 2.0**20
    below, above = border * (1.0 - 1e-13), border * (1.0 + 1e-13)
    scales = [power_of_two_scale(total, n_units, PACKED_BITS) for total in (below, above)]
    assert scales[0] == 2.0 * scales[1]
    assert is_at_border(below, n_units)
    assert is_at_border(above, n_units)
    assert not is_at_border(1.3 * border, n_units)
    assert not is_at_border(0.0, n_units)
