import itertools
from math import comb

import numpy as np
import pytest
import scipy.stats

from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from tests.tree.random_carts import (
    CRITERIA,
    FEATURES,
    assert_equals_reference,
    assert_rows_go_where_they_were,
    categories_among,
    grow,
    new_grower,
    random_features,
    random_target,
    way_left,
)

# A feature is collected by a histogram, by a small histogram of a range of codes, by sorting, or by two plain sums,
# depending on the numbers of rows and codes.
SIZES = [2, 3, 7, 12, 33, 90]


def compare_stump(rng, names, n_samples, criterion, *, n_outputs=1, weight=None, **limits):
    X, target = random_features(rng, n_samples, names), random_target(rng, criterion, n_samples, n_outputs)
    options = {"categorical": categories_among(names), "criterion": criterion, "max_depth": 1, **limits}
    assert_equals_reference(X, target, weight, **options)


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_best_split_of_one_feature_equals_reference(name, criterion):
    rng = np.random.default_rng(0)
    for n_samples, n_outputs in itertools.product(SIZES, (1, 2)):
        compare_stump(rng, [name], n_samples, criterion, n_outputs=n_outputs)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("limits", [{"min_samples_leaf": 4}, {"min_weight_fraction_leaf": 0.25}], ids=str)
def test_sides_are_large_enough(criterion, limits):
    rng = np.random.default_rng(1)
    for name, n_samples in itertools.product(FEATURES, (12, 60)):
        weight = rng.integers(1, 9, n_samples) / 8
        compare_stump(rng, [name], n_samples, criterion, weight=weight, **limits)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("unit", [1.0, 0.125, 2.0**40])
def test_weighted_split_equals_reference(criterion, unit):
    rng = np.random.default_rng(2)
    for n_samples, n_outputs in itertools.product((9, 40), (1, 2)):
        weight = rng.integers(1, 5, n_samples) * unit
        compare_stump(rng, list(FEATURES), n_samples, criterion, n_outputs=n_outputs, weight=weight)


def informative(rng, n_samples=80):
    """A feature, and classes that follow it but for some noise."""
    x = rng.normal(size=n_samples)
    return x, ClassTarget((x + 0.3 * rng.normal(size=n_samples) > 0.2).astype(int)[None], np.array([2]))


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_of_equal_features_one_is_drawn_whatever_the_seed(criterion):
    rng = np.random.default_rng(3)
    x, target = informative(rng)
    X = np.ascontiguousarray(np.tile(x[:, None], 4))
    chosen = {int(grow(X, target, seed, criterion=criterion, max_depth=1).feature[0]) for seed in range(5)}
    assert len(chosen) == 1
    deep = grow(X, target, criterion=criterion)
    assert len(set(deep.feature) - {-1}) > 1  # another one in another node
    X[:, chosen.pop()] = rng.normal(size=80)
    again = grow(X, target, criterion=criterion, max_depth=1)
    assert (again.gain[0], again.threshold[0]) == (deep.gain[0], deep.threshold[0])


def test_of_equal_places_the_lowest_wins():
    X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    tree = grow(X, NumberTarget(np.array([[1.0, 0.0, 0.0, 0.0, 0.0, 1.0]])), criterion="squared_error", max_depth=1)
    assert tree.threshold[0] == 1.5


def test_missing_rows_go_where_they_fit():
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan, np.nan])
    cases = [([0, 0, 0, 1, 1, 0, 0], 3.5, True), ([0, 0, 0, 1, 1, 1, 1], 3.5, False), ([0] * 5 + [1, 1], np.inf, False)]
    for y, threshold, missing_left in cases:
        tree = grow(x[:, None], ClassTarget(np.array([y]), np.array([2])), criterion="gini")
        assert (tree.threshold[0], tree.missing_left[0], tree.n_nodes) == (threshold, missing_left, 3)


def test_missing_rows_that_were_not_seen_go_with_most():
    x = np.arange(7.0)[:, None]
    for y, missing_left in [([0, 0, 0, 0, 0, 1, 1], True), ([0, 0, 1, 1, 1, 1, 1], False)]:
        tree = grow(x, ClassTarget(np.array([y]), np.array([2])), criterion="gini")
        assert tree.missing_left[0] == missing_left


# -- thresholds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("below", "above", "threshold"),
    [
        (1.0, 2.0, 1.5),
        (-np.inf, 2.0, -np.finfo(float).max),
        (1.0, np.inf, np.finfo(float).max),
        (-np.inf, np.inf, 0.0),
        (1e308, 1.7e308, 1.35e308),
        (-1.7e308, 0.0, -8.5e307),
        (0.1, 0.2, float(np.float32(0.15))),
        (-0.2, -0.1, float(np.nextafter(np.float32(-0.15), np.float32(0.0)))),
        (1.0, 1.0 + 1e-7, 1.0 + 5e-8),
        (1.0, np.nextafter(1.0, 2.0), 1.0),
        (0.0, 5e-324, 0.0),
        (-5e-324, 0.0, -5e-324),
        (-1e-300, 1e-300, 0.0),
    ],
)
def test_threshold_lies_in_the_middle(below, above, threshold):
    X = np.array([[below], [above]])
    tree = grow(X, ClassTarget(np.array([[0, 1]]), np.array([2])), criterion="gini")
    assert tree.threshold[0] == pytest.approx(threshold, rel=1e-15, abs=0.0)
    assert_rows_go_where_they_were(tree, X)


def test_threshold_of_a_node_ignores_rows_elsewhere():
    """Values between the two sides that are in other nodes do not move the threshold."""
    X = np.array([[0.0, 0.0], [0.0, 10.0], [0.0, 0.0], [0.0, 10.0], [5.0, 6.0], [5.0, 4.0], [5.0, 3.0]])
    tree = grow(X, NumberTarget(np.array([[0.0, 1.0, 0.0, 1.0, 9.0, 9.0, 9.0]])), criterion="squared_error")
    np.testing.assert_array_equal(tree.feature, [0, 1, -1, -1, -1])
    assert tree.threshold[1] == 5.0


def test_threshold_lies_between_values_not_bins():
    """The middle between the largest value left and the smallest right, not a border of the bins."""
    rng = np.random.default_rng(4)
    X, target = rng.normal(size=(500, 3)), random_target(rng, "squared_error", 500)
    tree = grow(X, target, criterion="squared_error", max_bins=8, max_depth=1)
    column = X[:, tree.feature[0]]
    below, above = column[column <= tree.threshold[0]].max(), column[column > tree.threshold[0]].min()
    assert below <= tree.threshold[0] < above
    assert tree.threshold[0] == pytest.approx(0.5 * below + 0.5 * above, rel=2e-7)
    assert tree.threshold[0] == np.float32(tree.threshold[0]) >= 0.5 * below + 0.5 * above


@pytest.mark.parametrize("splitter", ["best", "random"])
@pytest.mark.parametrize("max_bins", [8, None])
def test_thresholds_are_float32(splitter, max_bins):
    rng = np.random.default_rng(4)
    X, target = rng.normal(size=(300, 3)).round(2), random_target(rng, "squared_error", 300)
    tree = grow(X, target, criterion="squared_error", max_bins=max_bins, splitter=splitter)
    splits = tree.threshold[~tree.is_leaf]
    np.testing.assert_array_equal(splits, splits.astype(np.float32))
    assert_rows_go_where_they_were(tree, X)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_binned_tables_equal_reference(criterion):
    rng = np.random.default_rng(5)
    names = ["continuous", "continuous, missing", "infinite", "category"]
    for n_samples in (15, 70):
        X, target = random_features(rng, n_samples, names), random_target(rng, criterion, n_samples)
        options = {"categorical": categories_among(names), "max_bins": 5, "max_depth": 2}
        tree = assert_equals_reference(X, target, criterion=criterion, **options)
        assert np.isin(tree.feature, [-1, 0, 1, 2, 3]).all()


# -- categories ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["gini", "entropy", "squared_error", "poisson"])
def test_no_subset_of_categories_is_better(criterion):
    """Sorted by the mean, the best subset is among the first ones (Breiman et al. 1984, 4.2.2; Fisher 1958)."""
    rng = np.random.default_rng(6)
    for _ in range(10):
        x = rng.integers(0, 6, 50)
        if criterion in ("gini", "entropy"):
            target = ClassTarget((rng.random(50) < 0.1 + 0.13 * (5 - x)).astype(int)[None], np.array([2]))
        else:
            target = NumberTarget(rng.gamma(2.0, size=(1, 50)) + 0.2 * (x % 3))
        tree = grow(x[:, None] * 1.0, target, categorical=[True], criterion=criterion, max_depth=1)
        binary = [np.isin(x, subset) * 1.0 for size in (1, 2, 3) for subset in itertools.combinations(range(6), size)]
        X = np.ascontiguousarray(np.stack(binary, axis=1))
        best = grow(X, target, criterion=criterion, max_depth=1)
        assert tree.gain[0] == pytest.approx(best.gain[0], rel=1e-9)


def test_category_split_in_full():
    """Codes are 1 + category; 0 is missing. What the node did not see goes with most of its weight."""
    x = np.array([0, 0, 1, 1, 2, 2, 3, np.nan])
    y = np.array([[0, 0, 1, 1, 0, 0, 1, 1]])
    tree = grow(x[:, None], ClassTarget(y, np.array([2])), categorical=[True], criterion="gini")
    assert tree.n_nodes == 3
    assert np.isnan(tree.threshold[0])
    left = way_left(tree, 0)
    assert {code for code in left if code < 5} in ({1, 3}, {0, 2, 4})
    assert tree.missing_left[0] == (0 in left)
    unseen = {code in left for code in range(5, 64)}
    assert unseen == {False}  # even halves: right


@pytest.mark.parametrize("n_in_majority", [5, 2])
def test_unseen_categories_go_with_most(n_in_majority):
    x = np.array([0] * n_in_majority + [1] * 3, float)
    y = np.array([[0] * n_in_majority + [1] * 3])
    tree = grow(x[:, None], ClassTarget(y, np.array([2])), categorical=[True], criterion="gini")
    left = way_left(tree, 0)
    majority = 1 if n_in_majority > 3 else 2
    assert (0 in left) == (3 in left) == (63 in left) == (majority in left)


def test_many_categories_need_many_words():
    rng = np.random.default_rng(7)
    x = rng.permutation(np.repeat(np.arange(150), 3)).astype(float)
    means = rng.permutation(150)
    target = NumberTarget(means[x.astype(int)][None] * 1.0)
    X = np.stack([x, np.zeros(450)], axis=1)
    tree = grow(X, target, categorical=[True, False], criterion="squared_error")
    assert tree.n_nodes == 2 * 150 - 1
    assert (tree.category_count[~tree.is_leaf] == 3).all()
    encoded = np.where(np.arange(2) == 0, X + 1, X)
    assert_rows_go_where_they_were(tree, encoded)


# -- draws of features -----------------------------------------------------------------------------------------------


def ranked_features(n_features, n_samples=64):
    """Features that follow the target less and less, so that the best of the drawn ones is known."""
    y = np.arange(n_samples) % 2
    X = np.stack([np.where(np.arange(n_samples) < 4 * j + 2, 1 - y, y) for j in range(n_features)], axis=1)
    return np.ascontiguousarray(X, float), ClassTarget(y[None], np.array([2]))


@pytest.mark.parametrize("max_features", [1, 2, 4])
def test_features_are_drawn_evenly_without_replacement(max_features):
    X, target = ranked_features(5)
    X = np.ascontiguousarray(np.insert(X, [0, 2, 5], 7.0, axis=1))  # constant features do not count
    grower = new_grower(X, target, criterion="gini", max_features=max_features, max_depth=1)
    chosen = np.bincount([grower.grow(seed).feature[0] for seed in range(4000)], minlength=8)
    assert (chosen[[0, 3, 7]] == 0).all()
    ways = np.array([comb(4 - rank, max_features - 1) for rank in range(5)])
    expected = 4000 * ways / ways.sum()
    observed = chosen[[1, 2, 4, 5, 6]]
    assert (observed[ways == 0] == 0).all()
    if np.count_nonzero(ways) > 1:
        assert scipy.stats.chisquare(observed[ways > 0], expected[ways > 0]).pvalue > 1e-3


@pytest.mark.parametrize("splitter", ["best", "random"])
def test_features_that_are_constant_in_a_node_are_never_chosen(splitter):
    """Also those that vary in the parent: a node with rows to divide is divided."""
    rng = np.random.default_rng(8)
    X = np.zeros((60, 12))
    X[:, 10], X[:, 4] = rng.normal(size=60), np.repeat([0.0, 1.0, 2.0], 20)
    target = ClassTarget(rng.integers(0, 2, (1, 60)), np.array([2]))
    for seed in range(20):
        tree = grow(X, target, seed, criterion="gini", splitter=splitter, max_features=1)
        assert set(tree.feature) <= {-1, 4, 10}
        assert (tree.impurity[tree.is_leaf] == 0.0).all()
        assert_rows_go_where_they_were(tree, X)


def test_no_feature_to_split_on():
    target = ClassTarget(np.array([[0, 1, 1, 0]]), np.array([2]))
    for x in (1.0, np.nan, np.inf):
        for max_features, splitter in itertools.product((1, -1), ("best", "random")):
            tree = grow(np.full((4, 3), x), target, criterion="gini", max_features=max_features, splitter=splitter)
            assert tree.n_nodes == 1


# -- random splits ---------------------------------------------------------------------------------------------------


def random_thresholds(x, n_draws=2000, **options):
    target = NumberTarget(np.arange(len(x))[None] * 1.0)
    limits = {"criterion": "squared_error", "splitter": "random", "max_depth": 1}
    grower = new_grower(np.reshape(x, (-1, 1)), target, **limits, **options)
    trees = [grower.grow(seed) for seed in range(n_draws)]
    for tree in trees[:20]:
        assert_rows_go_where_they_were(tree, np.reshape(x, (-1, 1)))
    return trees


@pytest.mark.parametrize("low_high", [(-3.0, 7.0), (0.0, 1e-300), (-8e307, 8e307)])
def test_random_thresholds_are_uniform_between_smallest_and_largest_value(low_high):
    low, high = low_high
    x = low + (high - low) * np.array([0.0, 0.01, 0.02, 0.3, 1.0])
    thresholds = np.array([tree.threshold[0] for tree in random_thresholds(x)])
    assert ((thresholds >= low) & (thresholds < high)).all()
    assert scipy.stats.kstest((thresholds / 2 - low / 2) / (high / 2 - low / 2), "uniform").pvalue > 1e-3


def test_random_thresholds_of_different_seeds_and_features_differ():
    X = np.tile(np.linspace(0, 1, 50)[:, None], 2)
    target = NumberTarget(np.sin(40 * X[:, :1].T))
    trees = [grow(X, target, seed, criterion="squared_error", splitter="random", max_depth=1) for seed in range(100)]
    assert len({tree.threshold[0] for tree in trees}) == 100
    assert {int(tree.feature[0]) for tree in trees} == {0, 1}


@pytest.mark.parametrize("criterion", CRITERIA)
def test_random_split_is_the_best_of_those_drawn(criterion):
    """With all features offered, the gain is the largest over single-feature trees of the same seed."""
    rng = np.random.default_rng(9)
    X, target = rng.normal(size=(50, 4)), random_target(rng, criterion, 50)
    for seed in range(10):
        limits = {"criterion": criterion, "splitter": "random", "max_depth": 1}
        gains = []
        for j in range(4):
            alone = np.where(np.arange(4) == j, X, 0.0)
            gains.append(grow(alone, target, seed, **limits).gain[0])
        assert grow(X, target, seed, **limits).gain[0] == pytest.approx(max(gains), rel=1e-12)


def test_random_thresholds_among_infinite_values():
    x = np.array([-np.inf, -1.0, 2.0, np.inf])
    thresholds = [tree.threshold[0] for tree in random_thresholds(x, 600)]
    values, counts = np.unique(thresholds, return_counts=True)
    np.testing.assert_array_equal(values, [-np.finfo(float).max, 0.5, np.finfo(float).max])
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_random_side_for_missing_rows():
    trees = random_thresholds(np.array([0.0, 1.0, 2.0, np.nan, np.nan]), 1000)
    assert 440 < sum(tree.missing_left[0] for tree in trees) < 560


def test_random_thresholds_never_divide_a_bin():
    x = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    trees = random_thresholds(x, 500, max_bins=2)
    thresholds = np.array([tree.threshold[0] for tree in trees])
    assert ((thresholds >= 2.0) & (thresholds < 10.0)).all()
    assert {tuple(tree.count) for tree in trees} == {(6, 3, 3)}


def test_random_sets_of_categories():
    x = np.repeat(np.arange(4.0), 3)
    target = NumberTarget(np.arange(12.0)[None])
    limits = {"criterion": "squared_error", "splitter": "random", "max_depth": 1, "categorical": [True]}
    grower = new_grower(x[:, None], target, **limits)
    sets = [frozenset(way_left(grower.grow(seed), 0) & {1, 2, 3, 4}) for seed in range(800)]
    assert len(set(sets)) == 14  # all but none and all
    assert min(sets.count(one) for one in set(sets)) > 20


@pytest.mark.parametrize("criterion", CRITERIA)
def test_random_trees_are_well_formed(criterion):
    rng = np.random.default_rng(10)
    names = [name for name in FEATURES if name != "category, missing"]
    for seed, limits in enumerate([{}, {"min_samples_leaf": 3}, {"max_features": 2}, {"max_leaf_nodes": 6}] * 3):
        X, target = random_features(rng, 40, names), random_target(rng, criterion, 40, 1 + seed % 2)
        options = {"categorical": categories_among(names), "criterion": criterion, "splitter": "random", **limits}
        tree = grow(X, target, seed, **options)
        assert tree.count[tree.is_leaf].min() >= limits.get("min_samples_leaf", 1)
        X[:, names.index("category")] += 1  # codes
        assert_rows_go_where_they_were(tree, X)
