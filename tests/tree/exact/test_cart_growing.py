import itertools

import numpy as np
import pytest

from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.trees._tree_arrays import depth_of_nodes
from tests.tree.random_carts import (
    CLASS_CRITERIA,
    CRITERIA,
    FEATURES,
    NUMBER_CRITERIA,
    NUMBERS,
    assert_equals_reference,
    assert_rows_go_where_they_were,
    assert_same_tree,
    categories_among,
    grow,
    leaves_of,
    new_grower,
    random_features,
    random_target,
)

LIMITS = {
    "none": {},
    "max_depth": {"max_depth": 2},
    "depth 0": {"max_depth": 0},
    "min_samples_split": {"min_samples_split": 7},
    "min_samples_leaf": {"min_samples_leaf": 4},
    "min_weight_fraction_leaf": {"min_weight_fraction_leaf": 0.125},
    "min_impurity_decrease": {"min_impurity_decrease": 0.02},
    "max_leaf_nodes": {"max_leaf_nodes": 5},
    "one leaf": {"max_leaf_nodes": 1},
    "more leaves than there are": {"max_leaf_nodes": 500},
    "all": {"max_leaf_nodes": 6, "max_depth": 4, "min_samples_leaf": 2, "min_impurity_decrease": 0.005},
}


def compare(rng, names, n_samples, criterion, *, n_outputs=1, weight=None, **limits):
    X, target = random_features(rng, n_samples, names), random_target(rng, criterion, n_samples, n_outputs)
    return assert_equals_reference(
        X, target, weight, categorical=categories_among(names), criterion=criterion, **limits
    )


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_tree_equals_reference(criterion, limits):
    rng = np.random.default_rng(0)
    for n_samples in (6, 25, 60):
        compare(rng, list(FEATURES), n_samples, criterion, **limits)


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_several_outputs_equal_reference(criterion, limits):
    rng = np.random.default_rng(1)
    for n_samples, n_outputs in ((25, 2), (40, 3)):
        compare(rng, list(FEATURES), n_samples, criterion, n_outputs=n_outputs, **limits)


@pytest.mark.parametrize("unit", [1.0, 0.125])
@pytest.mark.parametrize("name", ["none", "min_weight_fraction_leaf", "min_samples_leaf", "max_leaf_nodes"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_weights_equal_reference(criterion, name, unit):
    """Some of them are 0."""
    rng = np.random.default_rng(2)
    for n_samples, n_outputs in ((12, 1), (40, 1), (40, 2)):
        weight = rng.integers(0, 4, n_samples) * unit
        compare(rng, list(FEATURES), n_samples, criterion, n_outputs=n_outputs, weight=weight, **LIMITS[name])


@pytest.mark.parametrize("criterion", CRITERIA)
def test_more_columns_than_rows_equal_reference(criterion):
    rng = np.random.default_rng(3)
    compare(rng, list(FEATURES) * 4, 9, criterion)


@pytest.mark.parametrize("name", ["none", "max_depth", "max_leaf_nodes", "min_samples_leaf"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_monotone_constraints_equal_reference(criterion, name):
    rng = np.random.default_rng(4)
    names = ["continuous", "tied", "missing", "continuous, missing", "infinite"]
    for monotone in ([1, -1, 0, 0, 1], [0, 0, 1, -1, 0]):
        X = random_features(rng, 40, names)
        if criterion in CLASS_CRITERIA:
            target = ClassTarget(rng.integers(0, 2, (1, 40)), np.array([2]))
        else:
            target = random_target(rng, criterion, 40)
        assert_equals_reference(X, target, criterion=criterion, monotone=monotone, **LIMITS[name])


# -- what constraints promise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("splitter", ["best", "random"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_predictions_are_monotone(criterion, splitter):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(150, 3))
    signal = X[:, 0] - X[:, 1] + np.sin(3 * X[:, 2]) + rng.normal(size=150)
    if criterion in CLASS_CRITERIA:
        target = ClassTarget((signal > 0).astype(int)[None], np.array([2]))
    else:
        target = NumberTarget(np.exp(signal)[None] if criterion == "poisson" else signal[None])
    chosen = set()
    for seed, limits in enumerate(({}, {"max_leaf_nodes": 20}, {"max_features": 1})):
        tree = grow(X, target, seed, criterion=criterion, splitter=splitter, monotone=[1, -1, 0], **limits)
        values = tree.values[:, -1]
        for feature, direction in ((0, 1), (1, -1)):
            for x in X[:25]:
                line = np.tile(x, (40, 1))
                line[:, feature] = np.linspace(-3, 3, 40)
                assert (np.diff(values[leaves_of(tree, line)]) * direction >= 0).all()
        chosen |= set(tree.feature)
    assert chosen == {-1, 0, 1, 2}


# -- order of the nodes ----------------------------------------------------------------------------------------------


def test_nodes_stand_in_preorder():
    rng = np.random.default_rng(6)
    for criterion in CRITERIA:
        tree = grow(rng.normal(size=(70, 4)), random_target(rng, criterion, 70), criterion=criterion)
        assert tree.n_nodes > 30
        assert _preorder(tree, 0) == list(range(tree.n_nodes))
        splits = np.flatnonzero(~tree.is_leaf)
        np.testing.assert_array_equal(tree.left[splits], splits + 1)
        assert tree.depth[0] == depth_of_nodes(tree).max()


def _preorder(tree, node):
    if tree.left[node] < 0:
        return [node]
    return [node, *_preorder(tree, tree.left[node]), *_preorder(tree, tree.right[node])]


@pytest.mark.parametrize("criterion", CRITERIA)
def test_best_first_splits_the_node_that_gains_most(criterion):
    rng = np.random.default_rng(7)
    X, target = rng.normal(size=(70, 4)), random_target(rng, criterion, 70)
    full = grow(X, target, criterion=criterion, max_leaf_nodes=70)
    for n_leaves in (2, 5, 11):
        tree = grow(X, target, criterion=criterion, max_leaf_nodes=n_leaves)
        assert tree.is_leaf.sum() == n_leaves
        order = np.flatnonzero(~tree.is_leaf)
        order = order[np.argsort(tree.left[order])]
        np.testing.assert_array_equal(tree.left[order], 1 + 2 * np.arange(n_leaves - 1))
        np.testing.assert_array_equal(tree.right[order], tree.left[order] + 1)
        for step, node in enumerate(order):
            waiting = [other for other in order[step:] if other < 1 + 2 * step]  # made, and split later
            assert full.gain[node] >= full.gain[waiting].max()
        left_waiting = np.flatnonzero(tree.is_leaf)
        assert full.gain[left_waiting].max() <= full.gain[order[-1]] or tree.left[order[-1]] > left_waiting.max() - 2


@pytest.mark.parametrize("criterion", CRITERIA)
def test_best_first_without_a_limit_that_binds_has_the_same_leaves(criterion):
    rng = np.random.default_rng(8)
    X, target, weight = rng.normal(size=(60, 3)), random_target(rng, criterion, 60), rng.exponential(size=60)
    limits = {"criterion": criterion, "min_samples_leaf": 4}  # no two splits of a node gain the same
    trees = [grow(X, target, weight=weight, max_leaf_nodes=n, **limits) for n in (-1, 1000)]
    parts = [
        {tuple(np.flatnonzero(leaves == leaf)) for leaf in set(leaves)} for leaves in (leaves_of(t, X) for t in trees)
    ]
    assert parts[0] == parts[1]
    assert sorted(trees[0].gain) == sorted(trees[1].gain)


# -- when a node is a leaf -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("splitter", ["best", "random"])
def test_full_trees_have_pure_leaves_that_give_the_target_back(criterion, splitter):
    rng = np.random.default_rng(9)
    X, target = rng.normal(size=(80, 3)), random_target(rng, criterion, 80)
    tree = grow(X, target, criterion=criterion, splitter=splitter)
    values = tree.values[leaves_of(tree, X)]
    if criterion in CLASS_CRITERIA:
        np.testing.assert_array_equal(values.argmax(axis=1), target.codes[0])
        assert set(np.unique(values)) == {0.0, 1.0}
    elif criterion == "poisson":  # a side must have an event: zeros stay with one
        assert np.abs(values[:, 0] - target.y[0]).max() < 5
    else:
        np.testing.assert_array_equal(values, target.y.T)
    assert_rows_go_where_they_were(tree, X)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_one_row(criterion):
    target = (
        ClassTarget(np.array([[1]]), np.array([3])) if criterion in CLASS_CRITERIA else NumberTarget(np.array([[0.3]]))
    )
    for splitter, n_leaves in itertools.product(("best", "random"), (-1, 4)):
        tree = grow(np.array([[1.0, np.nan]]), target, criterion=criterion, splitter=splitter, max_leaf_nodes=n_leaves)
        assert (tree.n_nodes, tree.count[0], tree.cover[0], tree.impurity[0]) == (1, 1, 1.0, 0.0)
        np.testing.assert_array_equal(tree.values[0], [0, 1, 0] if criterion in CLASS_CRITERIA else [0.3])


@pytest.mark.parametrize("criterion", CRITERIA)
def test_targets_that_are_all_equal_make_a_leaf(criterion):
    n_classes = np.array([2, 1])
    classes, numbers = np.array([[1] * 20, [0] * 20]), np.array([[0.1] * 20, [1e-9] * 20])
    target = ClassTarget(classes, n_classes) if criterion in CLASS_CRITERIA else NumberTarget(numbers)
    tree = grow(np.random.default_rng(0).normal(size=(20, 2)), target, criterion=criterion)
    assert (tree.n_nodes, tree.impurity[0]) == (1, 0.0)
    np.testing.assert_array_equal(tree.values[0], [0, 1, 1] if criterion in CLASS_CRITERIA else [0.1, 1e-9])


def test_a_split_may_gain_nothing_at_first():
    """Exclusive or: only the second split takes impurity off."""
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    for criterion in CLASS_CRITERIA:
        tree = grow(X, ClassTarget(np.array([[0, 1, 1, 0]]), np.array([2])), criterion=criterion)
        assert (tree.n_nodes, tree.gain[0]) == (7, 0.0)
    for criterion in NUMBER_CRITERIA:
        tree = grow(X, NumberTarget(np.array([[1.0, 2.0, 2.0, 1.0]])), criterion=criterion)
        assert (tree.n_nodes, tree.gain[0]) == (7, 0.0)


@pytest.mark.parametrize("n_leaves", [-1, 10])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_impurity_decrease_is_per_weight_of_the_tree(criterion, n_leaves):
    rng = np.random.default_rng(10)
    X, target, weight = rng.normal(size=(50, 3)), random_target(rng, criterion, 50), rng.integers(1, 4, 50) * 1.0
    root = grow(X, target, weight=weight, criterion=criterion, max_depth=1)
    decrease = root.gain[0] / weight.sum()
    limits = {"criterion": criterion, "max_leaf_nodes": n_leaves}
    assert grow(X, target, weight=weight, min_impurity_decrease=decrease * (1 - 1e-9), **limits).n_nodes > 1
    assert grow(X, target, weight=weight, min_impurity_decrease=decrease * (1 + 1e-9), **limits).n_nodes == 1


@pytest.mark.parametrize("criterion", CRITERIA)
def test_limits_hold_in_large_trees(criterion):
    rng = np.random.default_rng(11)
    X, target = random_features(rng, 400, NUMBERS), random_target(rng, criterion, 400)
    weight = rng.exponential(size=400)
    for seed, splitter in enumerate(["best", "random"]):
        limits = {"min_samples_leaf": 9, "min_samples_split": 30, "min_weight_fraction_leaf": 0.02, "max_depth": 5}
        tree = grow(X, target, seed, weight, criterion=criterion, splitter=splitter, max_features=4, **limits)
        assert tree.count[tree.is_leaf].min() >= 9
        assert tree.count[~tree.is_leaf].min() >= 30
        assert tree.cover.min() >= 0.02 * weight.sum() * (1 - 1e-9)
        assert tree.depth[0] <= 5
        assert tree.n_nodes > 10
        assert_rows_go_where_they_were(tree, X, weight)


# -- memory that trees leave behind ----------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("limits", [{}, {"max_leaf_nodes": 7}, {"min_samples_leaf": 3}], ids=str)
def test_a_tree_does_not_depend_on_those_grown_before(criterion, limits):
    rng = np.random.default_rng(12)
    names = list(FEATURES)
    X, target = random_features(rng, 60, names), random_target(rng, criterion, 60, 2)
    options = {"categorical": categories_among(names), "criterion": criterion, "max_features": 3, **limits}
    weights = [None, rng.integers(0, 3, 60) * 1.0, rng.exponential(size=60), np.r_[np.ones(5), np.zeros(55)]]
    grower = new_grower(X, target, **options)
    for seed, weight in itertools.product(range(3), weights):
        assert_same_tree(grower.grow(seed, weight), new_grower(X, target, **options).grow(seed, weight))


@pytest.mark.parametrize("criterion", CRITERIA)
def test_missing_rows_of_later_tables_go_with_most(criterion):
    rng = np.random.default_rng(13)
    tree = grow(rng.normal(size=(60, 3)), random_target(rng, criterion, 60), criterion=criterion)
    splits = np.flatnonzero(~tree.is_leaf)
    left, right = tree.count[tree.left[splits]], tree.count[tree.right[splits]]
    np.testing.assert_array_equal(tree.missing_left[splits], left > right)
