"""Draws with replacement: in proportion to the weights, blind to the order of rows, weight k as k copies."""

import warnings

import numpy as np
import pytest

from skensemble._targets import class_weighted, read_labels
from skensemble.ensemble.rows._bootstrap import Bootstrap, number_of_draws
from skensemble.ensemble.rows._row_sampling import copies_of
from skensemble.tree._binning import BinnedMatrix
from skensemble.tree._content_keys import content_keys


def _codes(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 8)).astype(np.uint8)


def _binned(codes):
    columns = np.ascontiguousarray(codes.T)
    return BinnedMatrix(codes, columns, np.full(len(columns), 256, np.int32), np.zeros(len(columns), bool))


def _bootstrap(codes, weight, n_draws, target=None):
    target = np.zeros((1, len(codes))) if target is None else target
    return Bootstrap(content_keys(_binned(codes), weight).rows, target, weight, n_draws, copies_of(weight))


# -- draws -----------------------------------------------------------------------------------------------------------


def test_counts_are_those_of_the_draw():
    bootstrap = _bootstrap(_codes(50), None, 80)
    drawn, counts = bootstrap.draw(3), bootstrap.counts(3)
    assert drawn.dtype == np.int32
    assert drawn.shape == (80,)
    np.testing.assert_array_equal(counts, [np.count_nonzero(drawn == row) for row in range(50)])


def test_each_seed_draws_other_rows():
    bootstrap = _bootstrap(_codes(1000), None, 1000)
    counts = np.array([bootstrap.counts(seed) for seed in range(20)])
    assert abs(np.corrcoef(counts) - np.eye(20)).max() < 0.15
    np.testing.assert_array_equal(bootstrap.counts(7), counts[7])


def test_share_of_rows_that_are_not_drawn():
    bootstrap = _bootstrap(_codes(20_000), None, 20_000)
    assert (bootstrap.counts(1) == 0).mean() == pytest.approx(np.exp(-1), abs=0.01)


@pytest.mark.parametrize("scale", [1.0, 0.3, 1e-30, 1e30])
def test_rows_are_drawn_in_proportion_to_their_weights(scale):
    weight = np.array([0.0, 1.0, 2.0, 0.5, 6.5, 0.0])
    counts = _bootstrap(_codes(6), weight * scale, 100_000).counts(0)
    assert (counts[weight == 0] == 0).all()
    np.testing.assert_allclose(counts / 100_000, weight / weight.sum(), atol=0.006)


def test_heavy_row_among_many_light_ones():
    weight = np.full(5000, 1e-6)
    weight[1234] = 1.0
    counts = _bootstrap(_codes(5000), weight, 20_000).counts(0)
    assert counts[1234] / 20_000 == pytest.approx(1 / 1.005, abs=0.003)


@pytest.mark.parametrize("weighted", [False, True])
def test_order_of_rows_does_not_matter(weighted):
    rng = np.random.default_rng(0)
    codes, weight = _codes(300), rng.random(300) if weighted else None
    order = rng.permutation(300)
    counts = _bootstrap(codes, weight, 300).counts(5)
    moved = _bootstrap(codes[order], weight[order] if weighted else None, 300).counts(5)
    np.testing.assert_array_equal(moved, counts[order])


@pytest.mark.parametrize("n_distinct", [200, 10])
def test_weight_is_a_number_of_copies(n_distinct):
    """Among 10 different feature vectors, the targets tell rows apart."""
    rng = np.random.default_rng(0)
    codes, target, weight = (
        _codes(n_distinct)[np.arange(200) % n_distinct],
        rng.random((2, 200)),
        rng.integers(0, 5, 200),
    )
    rows = rng.permutation(np.repeat(np.arange(200), weight))
    of_copies = _bootstrap(codes[rows], None, 300, target[:, rows]).counts(9)
    weighted = _bootstrap(codes, weight.astype(float), 300, target).counts(9)
    np.testing.assert_array_equal(np.bincount(rows, of_copies, minlength=200), weighted)


def test_targets_do_not_change_draws_of_distinct_rows():
    codes, target = _codes(100), np.random.default_rng(0).random((3, 100))
    counts = _bootstrap(codes, None, 100, target).counts(1)
    np.testing.assert_array_equal(_bootstrap(codes, None, 100, -target).counts(1), counts)


def test_one_row():
    np.testing.assert_array_equal(_bootstrap(_codes(1), None, 4).counts(0), [4.0])
    np.testing.assert_array_equal(_bootstrap(_codes(2), np.array([0.0, 0.1]), 4).counts(0), [0.0, 4.0])


# -- number of draws -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_samples", "sample_weight", "class_weight", "expected"),
    [
        (None, None, None, 100),
        (None, 3.0, None, 300),  # copies
        (None, 4.0, None, 400),
        (None, 5.0, None, 100),  # too many to be copies
        (None, 0.3, None, 100),
        (None, None, 0.5, 100),
        (None, 3.0, 0.5, 300),
        (None, 3.0, 4.0, 300),
        (17, 3.0, None, 17),
        (0.5, None, None, 50),
        (1.5, None, None, 150),
        (np.float32(0.5), 3.0, None, 150),
        (0.5, 3.0, 4.0, 600),
    ],
)
def test_number_of_draws(max_samples, sample_weight, class_weight, expected):
    rows = None if sample_weight is None else np.full(100, sample_weight)
    weight = rows if class_weight is None else np.full(100, class_weight) * (1.0 if rows is None else rows)
    assert number_of_draws(max_samples, 100, rows, weight) == expected


def test_class_weights_in_proportion_draw_the_same_number():
    y = np.arange(100) % 2
    labels = read_labels(y, "y", 100)
    weights = [class_weighted({0: light, 1: 3 * light}, labels, None) for light in (1, 2, 10, 0.1)]
    assert [number_of_draws(None, 100, None, weight) for weight in weights] == [200, 200, 200, 200]


def test_rows_without_weight_are_not_counted():
    weight = np.r_[np.zeros(40), np.full(60, 0.7)]
    assert number_of_draws(None, 100, weight, weight) == 60
    assert number_of_draws(None, 100, np.ceil(weight), np.ceil(weight)) == 60


def test_few_draws_cause_a_warning():
    with pytest.warns(UserWarning, match=r"max_samples=0.01 of a sum of weights of 100 are only 1 draws"):
        assert number_of_draws(0.01, 100, None, None) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        number_of_draws(1, 100, None, None)


def test_share_of_a_huge_sum_of_weights():
    weight = np.full(100, 1e9)
    with pytest.raises(ValueError, match=r"max_samples must be an int .*, got 0.5 of 1e\+11"):
        number_of_draws(0.5, 100, weight, weight)
    assert number_of_draws(None, 100, weight, weight) == 100
