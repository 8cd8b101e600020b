import itertools
import sys
import threading

import numpy as np
import pytest
import sklearn.tree

from skensemble._parallel import for_blocks
from skensemble._validation import read_table
from skensemble.tree._binning import Binner
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import CartLimits
from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.exact._coded_table import CodedTable
from skensemble.tree.trees._prediction import apply_trees, compile_trees
from skensemble.tree.trees._tree_arrays import TreeArrays
from tests.tree.random_carts import (
    CLASS_CRITERIA,
    CRITERIA,
    FEATURES,
    NUMBER_CRITERIA,
    NUMBERS,
    assert_rows_go_where_they_were,
    assert_same_splits,
    assert_same_tree,
    assert_well_formed,
    categories_among,
    grow,
    leaves_of,
    new_grower,
    random_features,
    random_target,
)

ALL = list(FEATURES)
VARIANTS = {
    "plain": {},
    "best first": {"max_leaf_nodes": 9},
    "random": {"splitter": "random", "max_features": 3},
    "some features": {"max_features": 3},
}
EVERY_VARIANT = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
EVERY_CRITERION = pytest.mark.parametrize("criterion", CRITERIA)


def random_problem(rng, criterion, n_samples=50, n_outputs=1, names=ALL, tied=False):
    """(X, target, options): targets use all their bits, and some are equal if `tied`."""
    X = random_features(rng, n_samples, names)
    target = random_target(rng, criterion, n_samples, n_outputs)
    if criterion in NUMBER_CRITERIA:
        shape = (n_outputs, n_samples)
        target = NumberTarget(rng.integers(1, 20, shape) / 7 if tied else rng.gamma(2.0, size=shape) + 0.01)
    return X, target, {"categorical": categories_among(names), "criterion": criterion}


def rows_of(target, rows):
    name = "codes" if isinstance(target, ClassTarget) else "y"
    return target._replace(**{name: np.ascontiguousarray(getattr(target, name)[:, rows])})


def assert_equal_but_for_missing(tree, other):
    """Where missing rows go that there are none of depends on numbers of rows."""
    for name in TreeArrays._fields:
        if name not in ("missing_left", "count"):
            np.testing.assert_array_equal(getattr(tree, name), getattr(other, name), err_msg=name)


# -- the same tree as scikit-learn's ---------------------------------------------------------------------------------


def assert_equals_sklearn(tree, theirs):
    """Both in preorder. Their inputs are rounded to float32, ours are such."""
    np.testing.assert_array_equal(tree.feature, np.where(theirs.children_left < 0, -1, theirs.feature))
    splits = ~tree.is_leaf
    np.testing.assert_array_equal(tree.left, theirs.children_left)
    np.testing.assert_array_equal(tree.right, theirs.children_right)
    np.testing.assert_allclose(tree.threshold[splits], theirs.threshold[splits], rtol=1.2e-7)  # rounded up to float32
    np.testing.assert_array_equal(tree.count, theirs.n_node_samples)
    np.testing.assert_allclose(tree.cover, theirs.weighted_n_node_samples, rtol=1e-12)
    np.testing.assert_allclose(tree.impurity, theirs.impurity, rtol=1e-7, atol=1e-9)
    values = theirs.value.reshape(len(theirs.value), -1)
    np.testing.assert_allclose(tree.values, values, rtol=1e-9, atol=1e-9)


def smooth_problem(rng, criterion, n_samples, n_outputs=1):
    X = rng.normal(size=(n_samples, 4)).astype(np.float32).astype(float)
    numbers = np.stack(
        [X[:, k] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.2 * rng.normal(size=n_samples) for k in range(n_outputs)]
    )
    if criterion in CLASS_CRITERIA:
        return X, ClassTarget(np.digitize(numbers, [-0.5, 0.5]), np.full(n_outputs, 3))
    return X, NumberTarget(np.exp(numbers) if criterion == "poisson" else numbers)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [1, 2])
@EVERY_CRITERION
def test_same_tree_as_scikit_learn(criterion, n_outputs, weighted):
    rng = np.random.default_rng(0)
    X, target = smooth_problem(rng, criterion, 400, n_outputs)
    weight = rng.uniform(0.5, 2.0, 400) if weighted else None
    tree = grow(X, target, weight=weight, criterion=criterion, max_depth=3, min_samples_leaf=8)
    kind = sklearn.tree.DecisionTreeClassifier if criterion in CLASS_CRITERIA else sklearn.tree.DecisionTreeRegressor
    theirs = kind(criterion=criterion, max_depth=3, min_samples_leaf=8, random_state=0)
    theirs.fit(X, (target.codes if criterion in CLASS_CRITERIA else target.y).T, weight)
    assert_equals_sklearn(tree, theirs.tree_)
    np.testing.assert_array_equal(leaves_of(tree, X), theirs.apply(X))


@pytest.mark.parametrize("criterion", [criterion for criterion in CRITERIA if criterion != "absolute_error"])
def test_same_tree_as_scikit_learn_with_missing_values(criterion):
    rng = np.random.default_rng(1)
    X, target = smooth_problem(rng, criterion, 400)
    X[rng.random(X.shape) < 0.2] = np.nan
    tree = grow(X, target, criterion=criterion, max_depth=3, min_samples_leaf=8)
    kind = sklearn.tree.DecisionTreeClassifier if criterion in CLASS_CRITERIA else sklearn.tree.DecisionTreeRegressor
    theirs = kind(criterion=criterion, max_depth=3, min_samples_leaf=8, random_state=0)
    theirs.fit(X, (target.codes if criterion in CLASS_CRITERIA else target.y)[0])
    assert_equals_sklearn(tree, theirs.tree_)
    splits = ~tree.is_leaf
    np.testing.assert_array_equal(tree.missing_left[splits], theirs.tree_.missing_go_to_left[splits].astype(bool))


# -- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_outputs", [1, 2])
@EVERY_VARIANT
@EVERY_CRITERION
def test_weight_k_is_k_copies(criterion, variant, n_outputs):
    rng = np.random.default_rng(2)
    for seed in range(6):
        X, target, options = random_problem(rng, criterion, n_outputs=n_outputs, tied=seed % 2 == 1)
        weight = rng.integers(1, 5, len(X))
        rows = np.repeat(np.arange(len(X)), weight)
        weighted = grow(X, target, seed, weight * 1.0, **options, **variant)
        assert_equal_but_for_missing(weighted, grow(X[rows], rows_of(target, rows), seed, **options, **variant))


@EVERY_VARIANT
@EVERY_CRITERION
def test_copies_send_absent_missing_rows_the_same_way(criterion, variant):
    rng = np.random.default_rng(3)
    for seed in range(4):
        X, target, options = random_problem(rng, criterion, names=["continuous", "tied", "binary", "infinite"])
        weight = rng.integers(1, 9, len(X))
        rows = np.repeat(np.arange(len(X)), weight)
        weighted = grow(X, target, seed, weight * 1.0, **options, **variant)
        copied = grow(X[rows], rows_of(target, rows), seed, **options, **variant)
        np.testing.assert_array_equal(weighted.missing_left, copied.missing_left)


@EVERY_VARIANT
@EVERY_CRITERION
def test_draws_of_a_bootstrap_are_copies(criterion, variant):
    """Weights of a tree, on a table whose rows are all there."""
    rng = np.random.default_rng(4)
    names = [
        name for name in ALL if name not in ("infinite", "extreme")
    ]  # there, a random place among the table's codes
    X, _, options = random_problem(rng, criterion, names=names)
    target = random_target(rng, criterion, len(X))  # without rounding: numbers count from the middle of the table's
    grower = new_grower(X, target, **options, **variant)
    for seed in range(4):
        weight = rng.poisson(1.0, len(X))
        rows = np.repeat(np.arange(len(X)), weight)
        copied = grow(X[rows], rows_of(target, rows), seed, **options, **variant)
        drawn = grower.grow(seed, weight * 1.0)
        assert_well_formed(drawn, X.shape[1])
        for name in ("feature", "left", "right", "threshold", "cover"):
            np.testing.assert_array_equal(getattr(drawn, name), getattr(copied, name), err_msg=name)
        np.testing.assert_allclose(drawn.values, copied.values, rtol=1e-14)


@EVERY_VARIANT
@EVERY_CRITERION
def test_order_of_the_rows_does_not_matter(criterion, variant):
    rng = np.random.default_rng(5)
    for seed, (n_outputs, tied, whole) in enumerate(itertools.product((1, 2), (False, True), (False, True))):
        X, target, options = random_problem(rng, criterion, n_outputs=n_outputs, tied=tied)
        weight = rng.integers(0, 3, len(X)) * 1.0 if whole else rng.exponential(size=len(X))
        rows = rng.permutation(len(X))
        tree = grow(X, target, seed, weight, **options, **variant)
        permuted = grow(X[rows], rows_of(target, rows), seed, weight[rows], **options, **variant)
        assert_same_tree(tree, permuted)


@pytest.mark.parametrize("weights", ["whole", "real"])
@EVERY_VARIANT
@EVERY_CRITERION
def test_rows_of_weight_zero_do_not_exist(criterion, variant, weights):
    """Whatever they hold: it moves no threshold, no bin, no sum."""
    rng = np.random.default_rng(6)
    for seed, max_bins in enumerate((None, 6)):
        X, target, options = random_problem(rng, criterion)
        weight = rng.integers(1, 4, 50) * 1.0 if weights == "whole" else rng.exponential(size=50)
        more_X, more_target, _ = random_problem(rng, criterion, 30)
        if criterion in NUMBER_CRITERIA:
            more_target = NumberTarget(more_target.y * 1000.0)
        stacked = [np.concatenate([a, b], axis=1) for a, b in zip(target[:1], more_target[:1])]
        order = rng.permutation(80)
        both = rows_of(target._replace(**dict(zip(target._fields, stacked))), order)
        options = {"max_bins": max_bins, **options, **variant}
        extended = grow(
            np.concatenate([X, more_X])[order], both, seed, np.append(weight, np.zeros(30))[order], **options
        )
        assert_same_tree(grow(X, target, seed, weight, **options), extended)


@pytest.mark.parametrize("criterion", NUMBER_CRITERIA)
def test_targets_of_weight_zero_may_be_huge(criterion):
    rng = np.random.default_rng(7)
    X, target, options = random_problem(rng, criterion)
    weight = np.append(np.ones(49), 0.0)
    huge = target.y.copy()
    huge[0, 49] = 1e139
    tree = grow(X, target, weight=weight, **options)
    assert_same_tree(grow(X, NumberTarget(huge), weight=weight, **options), tree)


@pytest.mark.parametrize("power", [-300, -30, -1, 1, 20, 300])
@EVERY_CRITERION
def test_scale_of_the_weights_does_not_matter(criterion, power):
    """Powers of two change no digit."""
    rng = np.random.default_rng(8)
    X, target, options = random_problem(rng, criterion)
    weight = rng.exponential(size=len(X))
    tree, scaled = (grow(X, target, weight=weight * factor, **options) for factor in (1.0, 2.0**power))
    assert_same_splits(scaled, tree)
    np.testing.assert_allclose(scaled.values, tree.values, rtol=1e-12)
    np.testing.assert_allclose(scaled.impurity, tree.impurity, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(scaled.cover, tree.cover * 2.0**power, rtol=1e-12)
    np.testing.assert_allclose(scaled.gain / 2.0**power, tree.gain, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("weight", [1e-90, 0.3, 3.0, 1e6, 1e9, 1e12, 4e13, 1e15, 1e90])
@EVERY_CRITERION
def test_equal_weights_are_no_weights(criterion, weight):
    rng = np.random.default_rng(9)
    X, target = smooth_problem(rng, criterion, 100)
    options = {"criterion": criterion, "max_depth": 3, "min_samples_leaf": 8}
    tree, weighted = grow(X, target, **options), grow(X, target, weight=np.full(100, weight), **options)
    assert_same_splits(weighted, tree)
    np.testing.assert_allclose(weighted.values, tree.values, rtol=1e-9)
    np.testing.assert_allclose(weighted.impurity, tree.impurity, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(weighted.gain / weight, tree.gain, rtol=1e-9, atol=1e-9)


def test_weights_of_a_tree_set_its_least_weight():
    rng = np.random.default_rng(10)
    X, target, options = random_problem(rng, "squared_error")
    grower = new_grower(X, target, min_weight_fraction_leaf=0.2, **options)
    for factor in (1.0, 1e-9, 1e9):
        weight = rng.exponential(size=len(X)) * factor
        tree = grower.grow(0, weight)
        assert tree.n_nodes > 1
        assert tree.cover.min() >= 0.2 * weight.sum() * (1 - 1e-9)


# -- targets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**10, 2.0**100, 2.0**400])
@pytest.mark.parametrize("criterion", NUMBER_CRITERIA)
def test_unit_of_the_target_does_not_matter(criterion, scale):
    rng = np.random.default_rng(11)
    X, target, options = random_problem(rng, criterion)
    options |= {"max_depth": 3}
    tree, scaled = grow(X, target, **options), grow(X, NumberTarget(target.y * scale), **options)
    assert_same_splits(scaled, tree)
    np.testing.assert_allclose(scaled.values, tree.values * scale, rtol=1e-12)
    degree = 2 if criterion == "squared_error" else 1
    np.testing.assert_allclose(scaled.impurity / scale**degree, tree.impurity, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 4e139, 1e300])
@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error"])
def test_targets_of_any_size(criterion, scale):
    """Where their squares would overflow, the tree is refused."""
    X, y = np.arange(8.0)[:, None], np.array([[1.0, 1, 2, 2, -1, -1, -2, -2]]) * scale
    if criterion == "squared_error" and scale > 1e140:
        with pytest.raises(ValueError, match=r"y must lie within 1e\+140 of 0"):
            grow(X, NumberTarget(y), criterion=criterion)
        return
    tree = grow(X, NumberTarget(y), criterion=criterion)
    np.testing.assert_array_equal(tree.values[leaves_of(tree, X)], y.T)


@pytest.mark.parametrize("criterion", NUMBER_CRITERIA)
def test_other_targets_on_the_same_table(criterion):
    rng = np.random.default_rng(27)
    X, target, options = random_problem(rng, criterion)
    grower = new_grower(X, target, **options)
    first, other = grower.grow(0), NumberTarget(random_problem(rng, criterion)[1].y * 3.0)
    grower.set_numbers(other.y)
    assert_same_tree(grower.grow(0), grow(X, other, **options))
    grower.set_numbers(target.y)
    assert_same_tree(grower.grow(0), first)


@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error"])
def test_origin_of_the_target_does_not_matter(criterion):
    rng = np.random.default_rng(12)
    X = rng.normal(size=(60, 3))
    y = rng.integers(-500, 500, (1, 60)) / 16
    tree, shifted = (grow(X, NumberTarget(y + shift), criterion=criterion) for shift in (0.0, 2.0**30))
    assert_same_splits(shifted, tree)
    np.testing.assert_allclose(shifted.values - 2.0**30, tree.values, atol=1e-6)
    np.testing.assert_allclose(shifted.impurity, tree.impurity, rtol=1e-9)


@pytest.mark.parametrize("criterion", NUMBER_CRITERIA)
def test_outliers_leave_digits_to_the_others(criterion):
    rng = np.random.default_rng(13)
    X = np.r_[rng.normal(size=60), 100.0][:, None]
    y = np.r_[rng.gamma(2.0, size=60) + (X[:60, 0] > 0), 1e12][None]
    tree = grow(X, NumberTarget(y), criterion=criterion, min_samples_leaf=5)
    leaves = leaves_of(tree, X)
    for leaf in set(leaves) - {leaves[60]}:
        centre = np.median if criterion == "absolute_error" else np.mean
        assert tree.values[leaf, 0] == pytest.approx(centre(y[0, leaves == leaf]), rel=1e-3)


@pytest.mark.parametrize("criterion", CLASS_CRITERIA)
def test_class_fractions_stand_side_by_side(criterion):
    rng = np.random.default_rng(14)
    X, target, options = random_problem(rng, criterion, 60, 3)
    tree = grow(X, target, max_depth=3, **options)
    assert tree.n_values == 3 + 2 + 4
    for values in np.split(tree.values, [3, 5], axis=1):
        np.testing.assert_allclose(values.sum(axis=1), 1.0, rtol=1e-14)
    expected = np.concatenate([np.bincount(codes, minlength=n) / 60 for codes, n in zip(*target)])
    np.testing.assert_array_equal(tree.values[0], expected)


@EVERY_CRITERION
def test_equal_outputs_are_one_output(criterion):
    rng = np.random.default_rng(15)
    X, target, options = random_problem(rng, criterion)
    if criterion in CLASS_CRITERIA:
        twice = ClassTarget(np.tile(target.codes, (2, 1)), np.tile(target.n_classes, 2))
    else:
        twice = NumberTarget(np.tile(target.y, (2, 1)))
    tree, double = grow(X, target, **options), grow(X, twice, **options)
    assert_same_splits(tree, double)
    np.testing.assert_array_equal(np.hstack([tree.values, tree.values]), double.values)
    np.testing.assert_allclose(tree.impurity, double.impurity, rtol=1e-12, atol=1e-15)


# -- tables ----------------------------------------------------------------------------------------------------------


@EVERY_CRITERION
def test_wide_codes_are_codes(criterion):
    """A column of many values makes the codes of all columns wider, and changes nothing else where it is no use."""
    rng = np.random.default_rng(16)
    names = [name for name in NUMBERS if "continuous" not in name]
    X, target, options = random_problem(rng, criterion, 400, names=names)
    X = np.hstack([X, np.zeros((400, 1))])
    wide_X = np.hstack([X[:, :-1], np.r_[np.arange(300.0), np.zeros(100)][:, None]])
    options |= {"max_depth": 4, "categorical": None}
    narrow, wide = new_grower(X, target, **options), new_grower(wide_X, target, **options)
    assert (narrow.binned.columns.dtype, wide.binned.columns.dtype) == (np.uint8, np.uint16)
    weight = np.r_[np.zeros(300), np.ones(100)]
    assert_same_tree(narrow.grow(0, weight), wide.grow(0, weight))


def test_exact_thresholds_of_many_values():
    rng = np.random.default_rng(17)
    X = rng.normal(size=(400, 2))
    target = NumberTarget(rng.normal(size=(1, 400)))
    tree = grow(X, target, criterion="squared_error")
    np.testing.assert_array_equal(tree.values[leaves_of(tree, X)], target.y.T)
    assert_rows_go_where_they_were(tree, X)
    for node in np.flatnonzero(~tree.is_leaf)[:20]:
        column = X[:, tree.feature[node]]
        assert not np.isin(tree.threshold[node], column)


@EVERY_CRITERION
def test_caller_keeps_the_table(criterion):
    """It is neither changed nor locked."""
    rng = np.random.default_rng(18)
    X, target, options = random_problem(rng, criterion, names=NUMBERS)
    before = X.copy()
    grow(X, target, **options)
    np.testing.assert_array_equal(X, before)
    assert X.flags.writeable


@pytest.mark.parametrize("layout", ["columns", "float32", "list", "sliced"])
def test_layout_of_the_table_does_not_matter(layout):
    rng = np.random.default_rng(19)
    X = rng.normal(size=(40, 3)).astype(np.float32).astype(float)
    target = random_target(rng, "gini", 40)
    other = {
        "columns": np.asfortranarray(X),
        "float32": X.astype(np.float32),
        "list": X.tolist(),
        "sliced": np.repeat(X, 2, axis=1)[:, ::2],
    }[layout]
    table = read_table(other)
    binner = Binner(None, None).fit(table)
    tree = CartGrower(binner, table, target, CartLimits("gini")).grow(0)
    assert_same_tree(tree, grow(X, target, criterion="gini"))


def test_threads_of_the_constructor_change_nothing():
    rng = np.random.default_rng(20)
    X, target, options = random_problem(rng, "gini", 200)
    table = read_table(X)
    binner = Binner(None, options["categorical"]).fit(table)
    one, four = (CartGrower(binner, table, target, CartLimits("gini"), n_threads=n) for n in (1, 4))
    assert_same_tree(one.grow(0), four.grow(0))


def test_table_in_several_blocks(monkeypatch):
    """Thresholds come from all blocks of rows."""
    rng = np.random.default_rng(21)
    X, target, options = random_problem(rng, "squared_error", 200)
    whole = grow(X, target, max_bins=7, **options)
    monkeypatch.setattr("skensemble.tree.exact._coded_table.SPAN_BLOCK", 64)
    assert_same_tree(grow(X, target, max_bins=7, **options), whole)


def test_features_of_a_coded_table_grow_the_tree_of_their_columns():
    rng = np.random.default_rng(23)
    X = np.column_stack(
        [rng.normal(size=300), rng.integers(0, 300, 300), rng.integers(0, 4, 300), rng.normal(size=300)]
    )
    X[rng.random((300, 4)) < 0.1] = np.nan
    target = NumberTarget(np.nan_to_num(X[:, 3] + X[:, 0])[np.newaxis])
    coded = CodedTable.of(Binner(None, [2]).fit(read_table(X)), read_table(X))
    chosen = [2, 0]
    own = CartGrower(
        Binner(None, [0]).fit(read_table(X[:, chosen])), read_table(X[:, chosen]), target, CartLimits("squared_error")
    )
    shared = CartGrower(None, None, target, CartLimits("squared_error"), coded=coded.of_features(chosen))
    assert shared.binned.codes.dtype == shared.binned.columns.dtype
    assert_same_tree(shared.grow(0), own.grow(0))
    head = CartGrower(
        None, None, NumberTarget(target.y[:, :200]), CartLimits("squared_error"), coded=coded.take(slice(200))
    )
    assert head.grow(0).count[0] == 200


def test_minimum_weight_of_a_leaf_can_be_told_tree_by_tree():
    rng = np.random.default_rng(24)
    X = rng.normal(size=(300, 2))
    binner = Binner(None).fit(read_table(X))
    grower = CartGrower(binner, read_table(X), NumberTarget(rng.normal(size=(1, 300))), CartLimits("squared_error"))
    for smallest in (5.0, 40.0):
        tree, leaf, _ = grower.grow_with_leaves(0, np.ones(300), smallest)
        assert np.bincount(leaf)[tree.is_leaf].min() >= smallest
    assert tree.n_leaves[0] > 1


# -- draws and threads -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["random", "some features"])
@EVERY_CRITERION
def test_seeds_make_the_trees(criterion, name):
    rng = np.random.default_rng(22)
    X, target, options = random_problem(rng, criterion)
    grower = new_grower(X, target, **options, **VARIANTS[name])
    trees = [grower.grow(seed) for seed in range(20)]
    for seed, tree in enumerate(trees):
        assert_well_formed(tree, X.shape[1])
        assert_same_tree(tree, grower.grow(seed))
    assert len({(tuple(tree.feature), tuple(tree.threshold)) for tree in trees}) == 20
    assert set(range(X.shape[1])) - set(np.concatenate([tree.feature for tree in trees])) == {
        ALL.index("constant"),
        ALL.index("all missing"),
    }


@EVERY_VARIANT
@EVERY_CRITERION
def test_trees_grown_at_once_are_those_grown_one_by_one(criterion, variant):
    rng = np.random.default_rng(23)
    X, target, options = random_problem(rng, criterion, 120)
    grower = new_grower(X, target, **options, **variant)
    weights = [rng.poisson(1.0, 120) * 1.0 for _ in range(24)]
    expected = [grower.grow(seed, weight) for seed, weight in enumerate(weights)]

    def grow_block(first, last):
        return [grower.grow(seed, weights[seed]) for seed in range(first, last)]

    grown = [tree for block in for_blocks(grow_block, 24, 1, 6) for tree in block]
    for tree, other in zip(expected, grown):
        assert_same_tree(tree, other)


def test_threads_do_not_take_one_workspace_both():
    """The interpreter may switch threads between any two steps."""
    rng = np.random.default_rng(24)
    X, target, options = random_problem(rng, "gini", 8)
    grower = new_grower(X, target, max_depth=1, **options)
    expected, errors = grower.grow(0), []

    def grow_many():
        try:
            for _ in range(400):
                assert_same_tree(grower.grow(0), expected)
        except BaseException as error:
            errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=grow_many) for _ in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    finally:
        sys.setswitchinterval(interval)
    assert errors == []


# -- the trees -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_outputs", [1, 3])
@EVERY_VARIANT
@EVERY_CRITERION
def test_arrays_own_their_memory(criterion, variant, n_outputs):
    """A tree does not change when the next one grows in the same memory."""
    rng = np.random.default_rng(25)
    X, target, options = random_problem(rng, criterion, n_outputs=n_outputs)
    grower = new_grower(X, target, **options, **variant)
    tree = grower.grow(0)
    copies = TreeArrays(*(array.copy() for array in tree))
    grower.grow(1, rng.poisson(1.0, len(X)) * 1.0)
    assert_same_tree(tree, copies)
    assert all(array.flags.c_contiguous for array in tree)


@EVERY_VARIANT
@EVERY_CRITERION
def test_leaves_of_all_rows(criterion, variant):
    """Also of those that did not grow the tree."""
    rng = np.random.default_rng(28)
    for seed, max_bins in enumerate((None, 6)):
        X, target, options = random_problem(rng, criterion)
        grower = new_grower(X, target, max_bins=max_bins, **options, **variant)
        for weight in (None, rng.poisson(1.0, len(X)) * 1.0):
            tree, leaf, _ = grower.grow_with_leaves(seed, weight)
            assert_same_tree(tree, grower.grow(seed, weight))
            table = read_table(X)
            encoded = Binner(max_bins, options["categorical"]).fit(table).encode(table)
            np.testing.assert_array_equal(leaf, leaves_of(tree, encoded))


@EVERY_CRITERION
def test_gains_add_up_to_the_impurity_that_is_gone(criterion):
    rng = np.random.default_rng(26)
    X, target, options = random_problem(rng, criterion)
    tree = grow(X, target, weight=rng.exponential(size=50), max_depth=4, **options)
    loss = tree.cover * tree.impurity
    assert tree.gain.sum() == pytest.approx(loss[0] - loss[tree.is_leaf].sum(), rel=1e-9)


def test_rows_that_never_had_a_weight_fall_into_the_leaves_of_their_values():
    rng = np.random.default_rng(0)
    X, y, weight = rng.normal(size=(300, 3)), rng.normal(size=(1, 300)), rng.integers(0, 3, 300).astype(float)
    table = read_table(X)
    binner = Binner(None).fit(table, weight)
    grower = CartGrower(binner, table, NumberTarget(y), CartLimits("squared_error", max_depth=6), sample_weight=weight)
    tree, leaf, _ = grower.grow_with_leaves(0, weight)
    expected = apply_trees(compile_trees(tree), lambda start, stop: X[start:stop], 300)[:, 0]
    np.testing.assert_array_equal(leaf, expected)
