import itertools

import numpy as np
import pytest

from skensemble.tree.exact._cart_grower import FEATURES_FOR_RANGES, _find_borders, _sends_left
from tests.tree.random_carts import CRITERIA, FEATURES, categories_among, new_grower, random_features, random_target

NO_RANGES = {
    "row_bytes": 0,
    "flat_codes": np.empty(0, np.uint8),
    "flat_columns": np.empty(0, np.uint8),
}
MANY = tuple(name for name in FEATURES for _ in range(4))  # more than a vector of 32


def assert_same_without_ranges(X, target, weight, seed, **options):
    """The tree is that of a grower that asks each feature for its own range."""
    grower = new_grower(X, target, sample_weight=weight, **options)
    assert grower._given["row_bytes"] > 0
    tree = grower.grow(seed, weight)
    grower._given |= NO_RANGES
    grower._idle.clear()
    other = grower.grow(seed, weight)
    for name, values in tree._asdict().items():
        np.testing.assert_array_equal(values, getattr(other, name), err_msg=name)


@pytest.mark.parametrize("splitter", ["best", "random"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_trees_are_those_of_features_one_by_one(criterion, splitter):
    rng = np.random.default_rng(0)
    for seed, (names, limits) in enumerate(
        itertools.product((tuple(FEATURES), MANY), ({}, {"max_features": 4}, {"min_samples_leaf": 3}))
    ):
        X, target = random_features(rng, 150, names), random_target(rng, criterion, 150)
        options = {"categorical": categories_among(names), "criterion": criterion, "splitter": splitter, **limits}
        assert_same_without_ranges(X, target, None, seed, **options)
        assert_same_without_ranges(X, target, rng.integers(0, 4, 150).astype(float), seed, **options)


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
def test_counts_of_more_rows_than_a_byte_holds(criterion):
    rng = np.random.default_rng(1)
    X, target = rng.normal(size=(3000, 9)), random_target(rng, criterion, 3000)
    assert_same_without_ranges(X, target, None, 0, criterion=criterion, splitter="random", max_bins=255)


def test_wide_tables_have_no_ranges():
    """Where nodes look at few of many features, each is asked for its own range."""
    rng = np.random.default_rng(2)
    X, target = rng.normal(size=(30, 8 * FEATURES_FOR_RANGES + 8)), random_target(rng, "gini", 30)
    assert new_grower(X, target, criterion="gini", max_features=8)._given["row_bytes"] == 0
    assert new_grower(X, target, criterion="gini", max_features=9)._given["row_bytes"] == X.shape[1]


@np.errstate(invalid="ignore")
def test_borders_are_the_smallest_thresholds_that_send_left():
    rng = np.random.default_rng(3)
    low = np.concatenate([rng.normal(size=200) * 10.0 ** rng.integers(-300, 300, 200), [-np.inf, 0.0, 1.0, -5e-324]])
    high = np.concatenate([low[:200] + abs(low[:200]) * rng.random(200), [0.0, np.inf, 1.0, 5e-324]])
    border = _find_borders(low, high)
    assert ((border >= low) & (border <= high)).all()
    finite = np.isfinite(border)
    assert _sends_left(border, low, high)[finite].all()
    below = np.nextafter(border, -np.inf)
    assert not _sends_left(below, low, high)[finite & (below >= low)].any()
