import weakref

import numpy as np
import pytest

from skensemble._tables import DenseTable
from skensemble.tree._binning import Binner
from skensemble.tree.histogram import _code_columns, _grown_trees, _team_growing
from skensemble.tree.histogram._grown_trees import add_values, leaves_of, to_tree_arrays
from skensemble.tree.histogram._growth_limits import BEST_FIRST, BREADTH_FIRST, DEPTH_FIRST, SYMMETRIC
from skensemble.tree.histogram._leaf_values import rows_between
from skensemble.tree.histogram._tree_grower import Targets
from skensemble.tree.trees._tree_arrays import validate_trees
from tests import reference
from tests.tree.random_tables import (
    assert_same_tree,
    binned_table,
    coarse_targets,
    fine_targets,
    new_grower,
    random_table,
    tree_splits,
)

N_CODES, IS_CATEGORICAL = [30, 2, 9, 60, 14], [False, False, True, False, True]
LAWFUL = {
    "breadth first": {"policy": BREADTH_FIRST},
    "depth first": {"policy": DEPTH_FIRST, "max_depth": 6},
    "best first": {"policy": BEST_FIRST, "max_leaf_nodes": 25},
    "symmetric": {"policy": SYMMETRIC, "max_depth": 5},
    "counts": {"min_samples_leaf": 9, "policy": BREADTH_FIRST},
    "limits": {"reg_alpha": 0.3, "max_delta_step": 2.0, "gamma": 0.1, "min_child_weight": 3.0},
    "monotone": {"monotone": [1, 0, 0, -1, 0], "policy": BEST_FIRST, "max_leaf_nodes": 40},
    "sampled columns": {"colsample_bynode": 0.5, "colsample_bylevel": 0.7, "max_depth": 6},
    "random strength": {"random_strength": 0.5, "policy": BEST_FIRST, "max_leaf_nodes": 25},
    "symmetric, sampled columns": {"colsample_bylevel": 0.5, "max_depth": 5, "policy": SYMMETRIC},
}


def all_rows(table):
    return np.arange(len(table.codes), dtype=np.uint32)


def some_rows(table, rows):
    return binned_table(table.columns[:, rows], table.n_codes, table.is_categorical)


# -- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAWFUL)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_weight_k_is_k_copies(case, n_outputs):
    if n_outputs > 1 and "monotone" in LAWFUL[case]:
        pytest.skip("a leaf with several values has no order")
    rng = np.random.default_rng(len(case))
    table = random_table(rng, 400, N_CODES, IS_CATEGORICAL)
    weight = rng.integers(0, 5, 400).astype(float)
    gradient, hessian = fine_targets(rng, n_outputs, 400)
    copies = np.repeat(np.arange(400), weight.astype(int))
    options = {"vector": n_outputs > 1, **LAWFUL[case]}
    weighted = new_grower(table, gradient, hessian, weight=weight, **options)
    repeated = new_grower(some_rows(table, copies), gradient[:, copies], hessian[:, copies], **options)
    one, other = weighted.grow(5), repeated.grow(5)
    assert len(one.tree.nodes) > 10
    assert_same_tree(one.tree, other.tree, table.n_codes)
    np.testing.assert_array_equal(one.leaf_of_row[copies], other.leaf_of_row)


@pytest.mark.parametrize("case", LAWFUL)
@pytest.mark.parametrize("units", [1.0, 0.3], ids=["whole", "fractions"])
def test_weight_zero_is_absence(case, units):
    rng = np.random.default_rng(len(case))
    table = random_table(rng, 500, N_CODES, IS_CATEGORICAL)
    weight = units * rng.integers(0, 3, 500)
    gradient, hessian = fine_targets(rng, 1, 500)
    gradient[:, weight == 0] *= 1e20  # must not bear on anything, the fixed-point scales included
    present = np.flatnonzero(weight)
    tree = new_grower(table, gradient, hessian, weight=weight, **LAWFUL[case]).tree(1)
    part = some_rows(table, present), gradient[:, present], hessian[:, present]
    other = new_grower(*part, weight=weight[present], **LAWFUL[case]).tree(1)
    assert len(tree.nodes) > 10
    assert_same_tree(tree, other, table.n_codes)


def test_weight_one_is_no_weight():
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    targets = fine_targets(rng, 1, 300)
    trees = [new_grower(table, *targets, weight=weight).tree(0) for weight in (None, np.ones(300))]
    assert_same_tree(*trees, table.n_codes)


def test_order_of_rows_does_not_show():
    rng = np.random.default_rng(0)
    table = random_table(rng, 500, N_CODES, IS_CATEGORICAL)
    gradient, hessian = fine_targets(rng, 1, 500)
    order = rng.permutation(500)
    tree = new_grower(table, gradient, hessian).tree(0)
    other = new_grower(some_rows(table, order), gradient[:, order], hessian[:, order]).tree(0)
    assert_same_tree(tree, other, table.n_codes)


def test_huge_weights_do_not_overflow():
    """Whole numbers too large to multiply a row's rounded sums with are treated as fractions."""
    rng = np.random.default_rng(0)
    table = random_table(rng, 200, N_CODES, IS_CATEGORICAL)
    gradient, hessian = fine_targets(rng, 1, 200)
    limits = {"reg_lambda": 0.0, "cat_smooth": 0.0, "cat_l2": 0.0, "max_depth": 3}
    small = new_grower(table, gradient, hessian, weight=np.full(200, 0.5), **limits).tree(0)
    for scale in (2.0**30, 2.0**40, 2.0**200):
        large = new_grower(table, gradient, hessian, weight=np.full(200, scale), **limits).tree(0)
        assert tree_splits(large, table.n_codes) == tree_splits(small, table.n_codes)
        np.testing.assert_allclose(large.values, small.values, rtol=1e-6)


@pytest.mark.parametrize("scale", [2.0**-100, 2.0**-20, 2.0**20, 2.0**90])
def test_scale_of_targets_does_not_show(scale):
    """Gradients and hessians times a power of two make the same tree."""
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    gradient, hessian = fine_targets(rng, 1, 300)
    limits = {"reg_lambda": 0.0, "cat_smooth": 0.0, "cat_l2": 0.0}
    expected = new_grower(table, gradient, hessian, **limits).tree(0)
    tree = new_grower(table, gradient * np.float32(scale), hessian * np.float32(scale), **limits).tree(0)
    assert tree_splits(tree, table.n_codes) == tree_splits(expected, table.n_codes)
    np.testing.assert_array_equal(tree.values, expected.values)


def test_one_huge_gradient():
    """It takes the resolution of the others, but no sum overflows and every leaf value is exact."""
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    gradient, hessian = coarse_targets(rng, 1, 300)
    gradient[0, 17] = 1e30
    grower = new_grower(table, gradient, hessian)
    tree, leaf_of_row, _ = grower.grow(0)
    leaf = leaf_of_row[17]
    others = np.setdiff1d(np.unique(leaf_of_row), [leaf])
    assert tree.values[leaf, 0] < -1e27
    assert np.abs(tree.values[others]).max() < 2000 * 300


# -- leaves ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAWFUL)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_leaf_values_are_those_of_the_rows(case, n_outputs):
    if n_outputs > 1 and "monotone" in LAWFUL[case]:
        pytest.skip("a leaf with several values has no order")
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    gradient, hessian = fine_targets(rng, n_outputs, 300)
    weight = rng.random(300)
    limits = {"reg_alpha": 0.0, "max_delta_step": 0.0, "reg_lambda": 1.0} | LAWFUL[case]
    grower = new_grower(table, gradient, hessian, weight=weight, vector=n_outputs > 1, **limits)
    tree, leaf_of_row, _ = grower.grow(0)
    for leaf in np.flatnonzero(tree.nodes["left"] < 0):
        rows = leaf_of_row == leaf
        bounds = tree.nodes["lower"][leaf], tree.nodes["upper"][leaf]
        for k in range(n_outputs):
            sums = (gradient[k] * weight)[rows].sum(dtype=float), (hessian[k] * weight)[rows].sum(dtype=float)
            expected = reference.leaf_value(*sums, limits, *bounds)
            assert tree.values[leaf, k] == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("policy", [BREADTH_FIRST, SYMMETRIC])
def test_rows_by_leaf(policy):
    rng = np.random.default_rng(0)
    table = random_table(rng, 400, N_CODES, IS_CATEGORICAL)
    grower = new_grower(table, *fine_targets(rng, 1, 400), policy=policy, max_depth=5)
    for rows in (None, np.sort(rng.choice(400, 150, replace=False)).astype(np.uint32)):
        growth = grower.grow(0, rows)
        leaves, starts = growth.leaf_starts()
        given = np.arange(400) if rows is None else rows
        np.testing.assert_array_equal(np.sort(growth.rows_by_leaf), given)
        assert sorted(leaves) == list(np.flatnonzero(growth.tree.nodes["left"] < 0))
        assert (starts[0], starts[-1]) == (0, len(given))
        for leaf, start, stop in zip(leaves, starts[:-1], starts[1:]):
            own = growth.rows_by_leaf[start:stop]
            np.testing.assert_array_equal(own, given[growth.leaf_of_row[given] == leaf])


@pytest.mark.parametrize("case", LAWFUL)
def test_rows_left_out_find_their_leaves(case):
    rng = np.random.default_rng(0)
    table = random_table(rng, 600, N_CODES, IS_CATEGORICAL)
    grower = new_grower(table, *fine_targets(rng, 1, 600), **LAWFUL[case])
    chosen = rng.random(600) < 0.5
    tree, leaf_of_row, rows_by_leaf = grower.grow(0, np.flatnonzero(chosen).astype(np.uint32))
    assert len(tree.nodes) > 10
    np.testing.assert_array_equal(np.sort(rows_by_leaf), np.flatnonzero(chosen))
    np.testing.assert_array_equal(leaves_of(tree, table, all_rows(table)), leaf_of_row)


def test_rows_left_out_do_not_grow_the_tree():
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    gradient, hessian = coarse_targets(rng, 1, 300)
    rows = np.flatnonzero(rng.random(300) < 0.6).astype(np.uint32)
    tree = new_grower(table, gradient, hessian).tree(0, rows)
    other = new_grower(some_rows(table, rows), gradient[:, rows], hessian[:, rows]).tree(0)
    assert_same_tree(tree, other, table.n_codes)


def test_no_rows():
    rng = np.random.default_rng(0)
    table = random_table(rng, 20, N_CODES, IS_CATEGORICAL)
    tree = new_grower(table, *coarse_targets(rng, 1, 20)).tree(0, np.zeros(0, np.uint32))
    np.testing.assert_array_equal(tree.values, [[0.0]])


@pytest.mark.parametrize("n_threads", [1, 2])
def test_add_values(n_threads, monkeypatch):
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    tree, leaf_of_row, _ = new_grower(table, *coarse_targets(rng, 1, 300)).grow(0)
    values = np.ascontiguousarray(tree.values[:, 0])
    raw = rng.normal(size=300)
    expected = raw + values[leaf_of_row]
    monkeypatch.setattr(_grown_trees, "BLOCK", 64)
    add_values(raw, leaf_of_row, values, n_threads)
    np.testing.assert_array_equal(raw, expected)


# -- one grower, many trees ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAWFUL)
def test_trees_do_not_remember_those_before_them(case):
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    targets, others = fine_targets(rng, 2, 300), fine_targets(rng, 2, 300)
    options = {"weight": rng.random(300), **LAWFUL[case]}
    expected = [new_grower(table, *targets, **options).tree(3, output=output) for output in (0, 1)]
    grower = new_grower(table, *others, **options)
    grower.tree(1, np.arange(100, dtype=np.uint32), np.array([1, 3]))
    grower.tree(2)
    grower.targets.gradient[:], grower.targets.hessian[:] = targets
    for output in (1, 0):
        tree = grower.tree(3, output=output)
        assert tree.output == output
        assert_same_tree(tree, expected[output], table.n_codes)


@pytest.mark.parametrize("part", [None, np.arange(0, 300, 2, dtype=np.uint32)], ids=["all rows", "some rows"])
def test_growths_keep_their_arrays(part):
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    grower = new_grower(table, *fine_targets(rng, 1, 300))
    growth = grower.grow(0, part)
    arrays = *growth.tree[:4], *growth[1:]
    copies = [array.copy() for array in arrays]
    grower.targets.gradient[:] = rng.normal(size=(1, 300))
    grower.grow(1)
    for array, copy in zip(arrays, copies):
        np.testing.assert_array_equal(array, copy)


def test_targets_belong_to_the_caller():
    """A grower neither writes to targets nor keeps them for later trees, and gives them back when others come."""
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    grower = new_grower(table, *fine_targets(rng, 1, 300), weight=rng.random(300), min_samples_leaf=3)
    before = [array.copy() for array in grower.targets[:3]]
    others = Targets.of(*(array.copy() for array in grower.targets[:2]))
    expected = new_grower(table, *others[:2], min_samples_leaf=3).tree(0)
    grower.tree(0)
    given = weakref.ref(grower.targets.gradient)
    for array, copy in zip(grower.targets, before):
        np.testing.assert_array_equal(array, copy)
    grower.targets = others
    assert_same_tree(grower.tree(0), expected, table.n_codes)
    assert given() is None


def test_codes_may_change():
    rng = np.random.default_rng(0)
    first, second = (random_table(rng, 300, N_CODES, IS_CATEGORICAL) for _ in range(2))
    targets = fine_targets(rng, 1, 300)
    grower = new_grower(first, *targets)
    expected = grower.tree(0)
    grower.grower.set_table(second)
    rows = np.arange(0, 300, 3, dtype=np.uint32)
    growth = grower.grow(0, rows)
    assert_same_tree(growth.tree, new_grower(second, *targets).tree(0, rows), second.n_codes)
    np.testing.assert_array_equal(growth.leaf_of_row, leaves_of(growth.tree, second, all_rows(second)))
    grower.grower.set_table(first)
    assert_same_tree(grower.tree(0), expected, first.n_codes)


def test_weights_may_change():
    rng = np.random.default_rng(0)
    table = random_table(rng, 300, N_CODES, IS_CATEGORICAL)
    targets = fine_targets(rng, 1, 300)
    weight = rng.random(300)
    grower = new_grower(table, *targets, weight=np.full(300, 0.5))
    grower.tree(0)
    grower.targets.weight[:] = weight
    assert_same_tree(grower.tree(0), new_grower(table, *targets, weight=weight).tree(0), table.n_codes)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("limits", [{}, {"policy": SYMMETRIC}, {"policy": SYMMETRIC, "min_samples_leaf": 20}])
def test_monotone_constraints_hold_everywhere(direction, limits):
    rng = np.random.default_rng(0)
    n_codes = [12, 7, 9]
    table = random_table(rng, 500, n_codes, missing=0.0)
    gradient, hessian = fine_targets(rng, 1, 500)
    gradient = rng.normal(size=(1, 500)) - direction * (table.columns[0] / 6)
    tree = new_grower(table, gradient, hessian, monotone=[direction, 0, 0], max_depth=6, **limits).tree(0)
    grid = np.stack(np.meshgrid(*[np.arange(1, n) for n in n_codes], indexing="ij")).reshape(3, -1)
    leaf = leaves_of(tree, binned_table(grid, n_codes), np.arange(grid.shape[1], dtype=np.uint32))
    values = tree.values[leaf, 0].reshape([n - 1 for n in n_codes])
    assert len(tree.nodes) > 10
    assert (np.diff(values, axis=0) * direction >= 0).all()
    assert np.abs(np.diff(values, axis=0)).max() > 0


# -- trees that predict ----------------------------------------------------------------------------------------------


def test_to_tree_arrays():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)).round(1)
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:, 3] = rng.integers(0, 5, 300)
    X[:5, 0], X[5:9, 0] = np.inf, -np.inf
    table = DenseTable(X)
    binner = Binner(max_bins=40, categorical_features=[3]).fit(table)
    binned = binner.transform(table)
    grower = new_grower(binned, *fine_targets(rng, 1, 300), max_depth=6)
    grown, leaves = [], []
    for seed in range(3):
        grower.targets.gradient[:] = rng.normal(size=300)
        tree, leaf_of_row, _ = grower.grow(seed)
        grown.append(tree)
        leaves.append(leaf_of_row)
    trees = to_tree_arrays(grown, binner.thresholds_, 1)
    validate_trees(trees, 4, 1)
    encoded = binner.encode(table, 0, 300)
    for tree, leaf in enumerate(leaves):
        for row in range(0, 300, 7):
            assert reference.path_of_row(trees, tree, encoded[row])[-1] == trees.roots[tree] + leaf[row]
    counts = np.bincount(leaves[0], minlength=len(grown[0].nodes))
    is_leaf = trees.left[: len(counts)] < 0
    np.testing.assert_array_equal(trees.count[: len(counts)][is_leaf], counts[is_leaf])
    assert trees.count[trees.roots].tolist() == [300] * 3


def test_to_tree_arrays_without_trees():
    rng = np.random.default_rng(0)
    table = DenseTable(rng.normal(size=(20, 2)))
    trees = to_tree_arrays([], Binner().fit(table).thresholds_, 2)
    assert len(trees.roots) == 0
    assert trees.values.shape[1] == 2


# -- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["best first", "symmetric", "counts"])
def test_close_cells_grow_the_same_tree(case, monkeypatch):
    rng = np.random.default_rng(7)
    table = random_table(rng, 400, N_CODES[1:3] * 8, missing=0.2)
    gradient, hessian = fine_targets(rng, 1, 400)
    trees = []
    for fewest in (len(table.n_codes) + 1, len(table.n_codes)):
        monkeypatch.setattr(_code_columns, "COMPACT", ((fewest, 7),))
        trees.append(new_grower(table, gradient, hessian, **LAWFUL[case]).tree(3))
    assert len(trees[0].nodes) > 10
    assert_same_tree(*trees, table.n_codes)


@pytest.mark.parametrize("case", [*LAWFUL, "several outputs", "half of the features"])
def test_features_that_share_columns_grow_the_same_tree(case, monkeypatch):
    rng = np.random.default_rng(8)
    numbers, level = random_table(rng, 700, N_CODES).columns, rng.integers(0, 20, 700)
    levels = np.where(np.arange(18)[:, np.newaxis] == level, rng.integers(0, 3, (18, 700)), 1)
    is_categorical = np.arange(23) % 4 == 3
    table = binned_table(
        np.concatenate([numbers[:3], levels, numbers[3:]]), [30, 2, 9, *[3] * 18, 60, 14], is_categorical
    )
    several = case == "several outputs"
    gradient, hessian = fine_targets(rng, 2 if several else 1, 700)
    features = np.arange(0, 23, 2) if case == "half of the features" else None
    options = {"monotone": [1, 0, 0, -1, *[0] * 19]} if case == "monotone" else {}
    options = {"vector": several, **LAWFUL.get(case, {}), **options}
    growers = []
    for least_work, n_threads in ((0, 1), (0, 3), (10**6, 1)):
        monkeypatch.setattr(_code_columns, "LEAST_WORK", least_work)
        growers.append(new_grower(table, gradient, hessian, n_threads=n_threads, **options))
    one, team, own = growers
    assert len(one.grower._given["column_cells"]) == 6
    assert len(own.grower._given["column_cells"]) == 23
    expected = own.tree(3, features=features)
    assert len(expected.nodes) > 10
    assert_same_tree(one.tree(3, features=features), expected, table.n_codes)
    monkeypatch.setattr(_team_growing, "TEAM_WORK", 1)
    assert_same_tree(team.tree(3, features=features), expected, table.n_codes)
    other = random_table(rng, 700, table.n_codes, is_categorical)
    monkeypatch.setattr(_code_columns, "LEAST_WORK", 0)
    one.grower.set_table(other)  # whose features have columns of their own
    assert_same_tree(one.tree(3), new_grower(other, gradient, hessian, **options).tree(3), other.n_codes)


@pytest.mark.parametrize("rows", [[], [0], [4], [0, 1, 2, 3, 4], [1, 3], [0, 4]])
def test_rows_between_are_all_others(rows):
    others = np.full(5 - len(rows), 9, np.uint32)
    rows_between(np.array(rows, np.uint32), others)
    np.testing.assert_array_equal(others, np.setdiff1d(np.arange(5), rows))


def test_a_grower_that_is_gone_keeps_no_array():
    rng = np.random.default_rng(0)
    grower = new_grower(random_table(rng, 200, N_CODES, IS_CATEGORICAL), *fine_targets(rng, 1, 200))
    for _ in range(2):
        growth = grower.grow(1)
    arrays = [weakref.ref(array) for array in (growth.leaf_of_row, growth.rows_by_leaf)]
    del growth, grower
    assert all(array() is None for array in arrays)
