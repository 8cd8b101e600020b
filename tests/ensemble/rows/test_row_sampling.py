"""Rows are drawn by what stands in them; GOSS keeps sums right."""

import numpy as np
import pytest

from skensemble.ensemble.rows._row_sampling import RowSampler, copies_of, largest, sample_features, sample_goss


def _keys(n, seed=0):
    return np.random.default_rng(seed).integers(-(2**63), 2**63, n)


# -- uniform ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_share_of_rows(share):
    rows, units = RowSampler(_keys(20_000)).draw(share, 7)
    assert rows.dtype == np.uint32
    assert (np.diff(rows.astype(int)) > 0).all()
    assert (units == 1).all()
    deviation = np.sqrt(share * (1 - share) / 20_000)
    assert abs(len(rows) / 20_000 - share) < 4 * deviation


def test_each_seed_draws_other_rows():
    sampler = RowSampler(_keys(5_000))
    drawn = np.array([np.isin(np.arange(5_000), sampler.draw(0.5, seed)[0]) for seed in range(20)])
    assert abs(np.corrcoef(drawn) - np.eye(20)).max() < 0.1
    assert drawn.sum(axis=0).max() < 20


@pytest.mark.parametrize("share", [0.1, 0.4, 0.97])
def test_of_rows_that_are_alike_their_share_is_drawn(share):
    copies = np.array([1, 2, 10, 100, 1000])
    origin = np.random.default_rng(0).permutation(np.repeat(np.arange(5), copies))
    sampler = RowSampler(_keys(5)[origin])
    counts = np.array([np.bincount(origin[sampler.draw(share, seed)[0]], minlength=5) for seed in range(300)])
    assert (np.abs(counts - share * copies) < 1.0).all()
    np.testing.assert_allclose(counts.mean(axis=0), share * copies, atol=0.1)


def test_each_copy_has_its_turn():
    drawn = np.concatenate([RowSampler(np.zeros(7, np.int64)).draw(0.3, seed)[0] for seed in range(700)])
    np.testing.assert_allclose(np.bincount(drawn, minlength=7) / 700, 0.3, atol=0.08)


def test_a_weight_is_a_number_of_copies():
    rng = np.random.default_rng(1)
    keys, copies = _keys(200)[rng.integers(150, size=200)], rng.integers(0, 5, 200)
    sampler = RowSampler(keys, copies)
    assert sampler.splits
    origin = rng.permutation(np.repeat(np.arange(200), copies))
    for seed in range(10):
        rows, units = sampler.draw(0.4, seed)
        assert (units <= copies[rows]).all()
        drawn_weight = sampler.drawn_weight(rows, units, 2.0 * copies)
        np.testing.assert_array_equal(drawn_weight[rows], 2.0 * units)
        assert drawn_weight.sum() == 2.0 * units.sum()
        weight = np.bincount(keys[rows].view(np.uint64) % 1009, units, minlength=1009)
        drawn = keys[origin][RowSampler(keys[origin]).draw(0.4, seed)[0]]
        np.testing.assert_allclose(weight, np.bincount(drawn.view(np.uint64) % 1009, minlength=1009))


def test_rows_that_are_alike_stand_in_line_by_their_weights():
    rng = np.random.default_rng(2)
    keys, weight, order = _keys(4)[rng.integers(4, size=100)], rng.random(100), rng.permutation(100)
    for seed in range(5):
        drawn = weight[RowSampler(keys, None, weight).draw(0.4, seed)[0]]
        shuffled = weight[order][RowSampler(keys[order], None, weight[order]).draw(0.4, seed)[0]]
        np.testing.assert_array_equal(np.sort(drawn), np.sort(shuffled))


def test_which_weights_are_numbers_of_copies():
    assert copies_of(None) is None
    assert copies_of(np.array([0.0, 3.0, 1.0])).tolist() == [0, 3, 1]
    assert copies_of(np.array([0.0, 1500.0, 1200.0])).tolist() == [0, 1, 1]
    assert copies_of(np.array([0.0, 0.25, 1.5])).tolist() == [0, 1, 1]


def test_rather_all_rows_than_none():
    rows, units = RowSampler(_keys(5)).draw(1e-12, 0)
    np.testing.assert_array_equal(rows, np.arange(5))
    np.testing.assert_array_equal(units, np.ones(5))


@pytest.mark.parametrize(("n_features", "share", "expected"), [(10, 0.5, 5), (10, 0.01, 1), (1, 0.3, 1), (7, 1.0, 7)])
def test_features(n_features, share, expected):
    features = sample_features(np.random.default_rng(0).permutation(n_features), share, 5)
    assert features.dtype == np.int64
    assert len(set(features)) == expected
    assert (np.diff(features) > 0).all()
    assert 0 <= features[0]
    assert features[-1] < n_features


# -- GOSS ------------------------------------------------------------------------------------------------------------


def test_goss_keeps_the_large_gradients():
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(2, 1_000)).astype(np.float32)
    rows, factor = sample_goss(gradient, None, RowSampler(_keys(1_000)), 0.3, 5)
    large = np.argsort(-np.abs(gradient).sum(axis=0))[:200]
    assert set(large) <= set(rows.tolist())
    assert (factor[large] == 1.0).all()
    assert abs(len(rows) - 300) < 40
    rest = np.setdiff1d(np.arange(1_000), large)
    np.testing.assert_allclose(factor[rest], 800 / 100)


def test_goss_estimates_sums_without_bias():
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(1, 2_000)).astype(np.float32)
    sums = []
    for seed in range(100):
        rows, factor = sample_goss(gradient, None, RowSampler(_keys(2_000)), 1.0, seed)
        sums.append(gradient[0, rows] @ factor[rows])
    assert abs(np.mean(sums) - gradient.sum()) < 4 * np.std(sums) / 10


def test_goss_measures_gradients_with_their_weights():
    gradient = np.ones((1, 100), np.float32)
    weight = np.where(np.arange(100) < 10, 5.0, 1.0)
    rows, _ = sample_goss(gradient, weight, RowSampler(_keys(100)), 0.15, 0)
    assert set(range(10)) <= set(rows.tolist())


def test_goss_of_few_rows_takes_all():
    rows, factor = sample_goss(np.ones((1, 2), np.float32), None, RowSampler(_keys(2)), 1.0, 0)
    assert len(rows) <= 2
    assert np.isfinite(factor).all()


def test_keys_decide_between_equal_gradients():
    size, keys = np.array([3.0, 1.0, 1.0, 2.0, 1.0]), np.array([9, 5, -7, 1, 2])
    assert largest(size, keys, 1).tolist() == [True, False, False, False, False]
    assert largest(size, keys, 4).tolist() == [True, False, True, True, True]
    assert largest(size, keys, 5).all()
