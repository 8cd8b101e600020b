"""Rows that are held out: in proportion, by what is in them."""

import numpy as np
import pytest

from skensemble.ensemble.rows._held_out_rows import held_out_parts


def _keys(n):
    return np.random.default_rng(0).integers(-(2**63), 2**63, n)


def test_they_are_in_proportion():
    strata = np.repeat([2.0, 0.0, 1.0], [1000, 600, 100])
    keys = _keys(1700)
    drawn = [held_out_parts(keys, strata, None, 0.2, seed) for seed in range(5)]
    for parts in drawn:
        assert set(parts) == {0.0, 1.0}
        counts = np.bincount(strata[parts == 1.0].astype(int))
        assert (np.abs(counts - [120, 20, 200]) <= 1).all()
    assert (drawn[0] != drawn[1]).sum() > 300


def test_every_row_is_held_out_as_often():
    strata = np.repeat([0.0, 1.0, 2.0], [3, 7, 40])
    counts = sum(held_out_parts(_keys(50), strata, None, 0.3, seed) for seed in range(2000))
    np.testing.assert_allclose(counts / 2000, 0.3, atol=0.06)


def test_of_rows_that_are_alike_their_share_is_held_out():
    origin = np.random.default_rng(0).permutation(np.repeat(np.arange(4), [5, 50, 500, 1000]))
    keys, strata = _keys(4)[origin], (origin % 2).astype(float)
    for seed in range(20):
        parts = held_out_parts(keys, strata, None, 0.1, seed)
        assert (np.abs(np.bincount(origin, parts) - [0.5, 5, 50, 100]) <= 2.0).all()


def test_a_weight_is_a_number_of_copies():
    rng = np.random.default_rng(1)
    keys, strata = _keys(100), rng.integers(0, 3, 100).astype(float)
    copies = rng.integers(0, 4, 100)
    origin = rng.permutation(np.repeat(np.arange(100), copies))
    for seed in range(10):
        weighted = held_out_parts(keys, strata, copies, 0.25, seed)
        repeated = held_out_parts(keys[origin], strata[origin], None, 0.25, seed)
        np.testing.assert_allclose(np.bincount(origin, repeated, minlength=100), weighted * copies)


@pytest.mark.parametrize("share", [1e-9, 0.5, 1 - 1e-9])
def test_rows_remain_on_both_sides(share):
    strata = np.repeat([0.0, 1.0, 2.0], [1, 2, 5])
    for seed in range(10):
        parts = held_out_parts(_keys(8), strata, None, share, seed)
        assert parts.any()
        assert set(strata[parts == 0.0]) == {0.0, 1.0, 2.0}


def test_nothing_to_hold_out():
    assert not held_out_parts(_keys(2), np.array([0.0, 1.0]), None, 0.5, 0).any()
    assert not held_out_parts(_keys(3), np.zeros(3), np.array([0, 1, 0]), 0.5, 0).any()
    assert not held_out_parts(_keys(2), np.zeros(2), np.array([0, 0]), 0.5, 0).any()
