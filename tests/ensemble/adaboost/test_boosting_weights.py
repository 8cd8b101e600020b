"""Weights of boosting: sums without an order, copies, trimming, draws."""

import numpy as np
import pytest

from skensemble.ensemble.adaboost._boosting_weights import UNITS, BoostingWeights, draw_rows
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_shares_add_up_to_one(rng):
    weights = BoostingWeights(NO_WEIGHT, rng.random(1000))
    assert weights.multiply(rng.exponential(size=1000))
    assert weights.share.sum() == pytest.approx(1.0)
    assert weights.units().sum() == pytest.approx(UNITS)
    assert np.array_equal(weights.units(), np.rint(weights.units()))


def test_copies_weigh_as_much_as_weights(rng):
    copies, start, factors = rng.integers(0, 4, 200).astype(float), rng.random(200), rng.exponential(size=200)
    repeated = np.repeat(np.arange(200), copies.astype(int))[::-1]
    once, each = BoostingWeights(copies, start), BoostingWeights(NO_WEIGHT, start[repeated])
    for _ in range(5):
        assert once.multiply(factors)
        assert each.multiply(factors[repeated])
    assert np.array_equal(once.share[repeated], each.share)
    assert once.units().sum() == each.units().sum()
    is_wrong = factors > 1
    assert once.error(is_wrong) == each.error(is_wrong[repeated])


def test_rows_without_weight_never_count():
    weights = BoostingWeights(np.array([1.0, 0.0, 2.0]), np.array([0.0, 1.0, 1.0]))
    assert weights.units().tolist() == [0.0, 0.0, UNITS]


def test_no_row_is_lost_for_good():
    weights = BoostingWeights(NO_WEIGHT, np.ones(2))
    assert weights.multiply(np.array([1e-300, 1.0]))
    assert weights.units()[0] > 0


def test_infinite_weights_are_reported():
    weights = BoostingWeights(NO_WEIGHT, np.ones(2))
    assert not weights.multiply(np.array([np.inf, 1.0]))


def test_trimming_leaves_out_at_most_its_share():
    weights = BoostingWeights(NO_WEIGHT, np.array([4.0, 1.0, 1.0, 94.0]))
    assert (weights.units(0.03) > 0).tolist() == [True, False, False, True]
    assert (weights.units(0.07) > 0).tolist() == [False, False, False, True]
    assert (weights.units(0.015) > 0).all()  # equal weights stay together
    assert weights.units(0.99).any()


def test_mean(rng):
    weights, values = BoostingWeights(NO_WEIGHT, rng.random(50)), rng.random(50)
    assert weights.mean(values) == pytest.approx(np.average(values, weights=weights.share))


def test_draws_follow_the_units():
    counts = draw_rows(np.array([1.0, 0.0, 3.0]), np.array([2, 0, 1]), 10_000, seed=0)
    assert counts.sum() == 10_000
    assert counts[1] == 0
    assert counts[2] == pytest.approx(7500, abs=200)


def test_a_row_of_two_units_is_drawn_as_two_rows(rng):
    units = rng.integers(1, 3, 40).astype(float)
    repeated = np.repeat(np.arange(40), units.astype(int))
    once = draw_rows(units, np.arange(40), 60, seed=1)
    each = draw_rows(np.ones(len(repeated)), np.arange(len(repeated)), 60, seed=1)
    assert np.array_equal(once, np.bincount(repeated, each, minlength=40))
