import threading

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skensemble._tables import SparseTable
from skensemble.tree.trees import _leaf_tables
from skensemble.tree.trees._prediction import (
    FEW_ROWS,
    SparseRows,
    apply_trees,
    compile_trees,
    decision_path,
    predict_raw,
    staged_raw,
)
from skensemble.tree.trees._prediction_kernels import STRIP, leaf_of_codes
from skensemble.tree.trees._tree_arrays import concatenate, empty_trees, single_tree, validate_trees
from tests import reference
from tests.tree.random_trees import random_forest, random_rows, random_tree, symmetric_tree


@pytest.fixture(autouse=True, params=["by bytes", "by strips"])
def way(request, monkeypatch):
    """Trees of few leaves are asked by bytes, unless there are no tables for them."""
    if request.param == "by strips":
        monkeypatch.setattr(_leaf_tables, "MOST_LEAVES", 0)


def encoder(X):
    return lambda start, stop: X[start:stop]


def predicted(trees, X, baseline, **options):
    return predict_raw(compile_trees(trees), encoder(X), len(X), np.asarray(baseline, float), **options)


FORESTS = [
    {"n_trees": 12, "n_features": 6, "n_outputs": 1},
    {"n_trees": 12, "n_features": 6, "n_outputs": 3},
    {"n_trees": 12, "n_features": 6, "n_outputs": 3, "vector": True},
    {"n_trees": 3, "n_features": 1, "n_categorical": 0},
    {"n_trees": 6, "n_features": 3, "n_categorical": 3},
]


@pytest.mark.parametrize("options", FORESTS)
def test_prediction_is_the_sum_of_the_leaves(options):
    rng = np.random.default_rng(len(options))
    trees = random_forest(rng, **options)
    n_features, n_outputs = options["n_features"], options.get("n_outputs", 1)
    validate_trees(trees, n_features, n_outputs)
    X = random_rows(rng, 200, n_features, options.get("n_categorical", 1))
    baseline = rng.normal(size=n_outputs)
    expected = reference.raw_prediction(trees, X, baseline)
    np.testing.assert_array_equal(predicted(trees, X, baseline), expected)
    for i in range(0, 60):
        np.testing.assert_array_equal(predicted(trees, X[i : i + 1], baseline), expected[i : i + 1])


@pytest.mark.parametrize("n_rows", [0, 1, FEW_ROWS, FEW_ROWS + 1, STRIP - 1, STRIP, STRIP + 1, 2 * STRIP + 50])
def test_any_number_of_rows(n_rows):
    rng = np.random.default_rng(0)
    trees = random_forest(rng, 5, 4)
    X = random_rows(rng, n_rows, 4)
    np.testing.assert_array_equal(predicted(trees, X, [0.5]), reference.raw_prediction(trees, X, [0.5]))


def test_no_trees():
    X = np.zeros((30, 2))
    for rows in (X, X[:1], X[:0]):
        np.testing.assert_array_equal(predicted(empty_trees(), rows, [1.0, 2.0]), np.tile([1.0, 2.0], (len(rows), 1)))
    assert apply_trees(compile_trees(empty_trees()), encoder(X), 30).shape == (30, 0)


def test_threads_and_blocks_change_no_bit():
    rng = np.random.default_rng(0)
    trees = concatenate([random_forest(rng, 40, 5, 2)] * 10)
    X = random_rows(rng, 3000, 5)
    layout, baseline = compile_trees(trees), np.array([0.1, -0.1])
    expected = predict_raw(layout, encoder(X), len(X), baseline)
    for n_threads in (1, 2, 7):
        for block in (STRIP, 1000, 1024, 5000):
            raw = predict_raw(layout, encoder(X), len(X), baseline, n_threads, block=block)
            np.testing.assert_array_equal(raw, expected)
    np.testing.assert_array_equal(apply_trees(layout, encoder(X), len(X), 7), apply_trees(layout, encoder(X), len(X)))


def test_two_threads_predict_at_once():
    rng = np.random.default_rng(0)
    trees, X = random_forest(rng, 10, 5), random_rows(rng, 500, 5)
    layout, expected, results = compile_trees(trees), predicted(trees, X, [0.0]), []

    def predict():
        results.append(predict_raw(layout, encoder(X), len(X), np.zeros(1), 2))

    callers = [threading.Thread(target=predict) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_read_only_trees_and_rows():
    rng = np.random.default_rng(0)
    trees, X = random_forest(rng, 5, 4), random_rows(rng, 50, 4)
    expected = predicted(trees, X, [0.0])
    for array in (*trees, X):
        array.flags.writeable = False
    np.testing.assert_array_equal(predicted(trees, X, [0.0]), expected)
    validate_trees(trees, 4, 1)
    for array in compile_trees(trees):
        assert not array.flags.writeable


@pytest.mark.parametrize("missing_left", [False, True])
@pytest.mark.parametrize("threshold", [-np.inf, -1.0, -0.0, 0.0, 5e-324, np.finfo(float).max, np.inf])
def test_thresholds_at_the_corners(threshold, missing_left):
    """Between neighbouring floats, at the ends of the line, and with NaN on either side."""
    tree = single_tree(
        feature=[0, -1, -1], threshold=[threshold, np.nan, np.nan], left=[1, -1, -1], right=[2, -1, -1],
        missing_left=[missing_left, False, False], cover=[2, 1, 1], count=[2, 1, 1], gain=[1, 0, 0],
        values=[0.0, 1.0, 2.0], output=0,
    )  # fmt: skip
    with np.errstate(over="ignore"):
        corners = [threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf)]
    x = np.array([*corners, 0.0, -0.0, np.inf, -np.inf, np.nan, 1e308, -1e308] * 2)[:, None]
    expected = reference.raw_prediction(tree, x, [0.0])
    np.testing.assert_array_equal(predicted(tree, x, [0.0]), expected)
    np.testing.assert_array_equal(predicted(tree, x[:10], [0.0]), expected[:10])


def test_deep_and_large_trees():
    rng = np.random.default_rng(0)
    X = random_rows(rng, 300, 8)
    for n_leaves in (64, 500, 3000):
        tree = random_tree(rng, n_leaves, 8, output=0, siblings_adjacent=False)
        np.testing.assert_array_equal(predicted(tree, X, [0.0]), reference.raw_prediction(tree, X, [0.0]))
    symmetric = symmetric_tree(rng, 11, 8, output=0)
    np.testing.assert_array_equal(predicted(symmetric, X, [0.0]), reference.raw_prediction(symmetric, X, [0.0]))


def test_a_chain_of_splits():
    """As deep as it has leaves; no count says which exits matter."""
    n = 200
    inner = np.arange(2 * n + 1) % 2 == 0
    inner[-1] = False
    node = np.arange(2 * n + 1)
    tree = single_tree(
        feature=np.where(inner, 0, -1), threshold=np.where(inner, node / 2.0, np.nan),
        left=np.where(inner, node + 1, -1), right=np.where(inner, node + 2, -1), missing_left=np.zeros(2 * n + 1),
        cover=np.ones(2 * n + 1), count=np.zeros(2 * n + 1), gain=np.zeros(2 * n + 1), values=node, output=0,
    )  # fmt: skip
    validate_trees(tree, 1, 1)
    X = np.array([*range(-1, n + 3), np.nan])[:, None]
    np.testing.assert_array_equal(predicted(tree, X, [0.0]), reference.raw_prediction(tree, X, [0.0]))


def test_only_the_first_trees():
    rng = np.random.default_rng(0)
    trees, X = random_forest(rng, 9, 4, 3), random_rows(rng, 150, 4)
    for n_trees in (0, 3, 9, 12):
        expected = reference.raw_prediction(trees.part(0, n_trees), X, np.zeros(3))
        np.testing.assert_array_equal(predicted(trees, X, np.zeros(3), n_trees=n_trees), expected)


def test_stages():
    rng = np.random.default_rng(0)
    trees, X = random_forest(rng, 9, 4, 3), random_rows(rng, 150, 4)
    layout = compile_trees(trees)
    stages = list(staged_raw(layout, encoder(X), len(X), np.ones(3), [3, 6, 9], 2, block=STRIP))
    assert len(stages) == 3
    for n_trees, raw in zip((3, 6, 9), stages):
        np.testing.assert_array_equal(raw, predicted(trees, X, np.ones(3), n_trees=n_trees))


def test_apply_and_decision_path():
    rng = np.random.default_rng(0)
    trees, X = random_forest(rng, 9, 4), random_rows(rng, 150, 4)
    leaves = apply_trees(compile_trees(trees), encoder(X), len(X))
    indicator, n_nodes_ptr = decision_path(trees, leaves)
    assert indicator.shape == (150, trees.n_nodes)
    assert indicator.has_sorted_indices
    np.testing.assert_array_equal(n_nodes_ptr, trees.bounds)
    for row in range(150):
        paths = [reference.path_of_row(trees, tree, X[row]) for tree in range(9)]
        np.testing.assert_array_equal(leaves[row], [path[-1] for path in paths] - trees.roots)
        np.testing.assert_array_equal(indicator[row].indices, np.concatenate(paths))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_leaf_of_codes(dtype):
    rng = np.random.default_rng(0)
    n_features, n_codes = 4, 90
    tree = random_tree(rng, 40, n_features, output=0)
    code = rng.integers(0, n_codes, tree.n_nodes).astype(np.int32)
    words = np.tile(tree.category_words, 2)  # at least two words behind every start
    columns = rng.integers(0, n_codes, (n_features, 500)).astype(dtype)
    rows = rng.choice(500, 300, replace=False).astype(np.uint32)
    leaf = np.empty(300, np.int32)
    arrays = (tree.feature, code, tree.left, tree.right, tree.missing_left, tree.category_start, words)
    leaf_of_codes(columns, rows, *arrays, leaf)
    np.testing.assert_array_equal(leaf, [reference.leaf_of_coded_row(columns[:, row], *arrays) for row in rows])
    leaf_of_codes(columns, rows[:0], *arrays, leaf[:0])


def test_leaf_of_codes_in_a_tree_of_one_leaf():
    leaf, nothing = np.full(3, 9, np.int32), np.array([-1], np.int32)
    columns, rows = np.zeros((1, 3), np.uint8), np.arange(3, dtype=np.uint32)
    leaf_of_codes(columns, rows, nothing, nothing, nothing, nothing, nothing > 0, nothing, np.zeros(1, np.uint64), leaf)
    assert leaf.tolist() == [0, 0, 0]


def test_deep_trees_are_walked_by_rows():
    """Few deep trees of many columns: from the roots, without strips; what is left to do for one row is the same."""
    rng = np.random.default_rng(5)
    trees = random_tree(rng, 400, 70, -1, 3)
    X = random_rows(rng, 700, 70)
    layout = compile_trees(trees)
    assert layout.walks_rows
    expected = reference.raw_prediction(trees, X, np.zeros(3))
    for n_threads in (1, 2):
        found = predict_raw(layout, encoder(X), len(X), np.zeros(3), n_threads)
        np.testing.assert_array_equal(found, expected)
    leaves = apply_trees(layout, encoder(X), len(X))
    np.testing.assert_array_equal(trees.values[leaves[:, 0]], expected)


@pytest.mark.parametrize("n_leaves", [20, 300])
def test_sparse_rows_become_strips_cell_by_cell(n_leaves):
    rng = np.random.default_rng(n_leaves)
    trees = concatenate([random_tree(rng, n_leaves, 40, 0, n_categorical=0) for _ in range(2)])
    X = np.where(rng.random((300, 40)) < 0.05, random_rows(rng, 300, 40, n_categorical=0), 0.0)
    table = SparseTable(csr_matrix(X))
    encode = SparseRows(encoder(X), table.stored)
    layout = compile_trees(trees)
    expected = predict_raw(layout, encoder(X), 300, np.zeros(1))
    np.testing.assert_array_equal(predict_raw(layout, encode, 300, np.zeros(1)), expected)
    np.testing.assert_array_equal(apply_trees(layout, encode, 300), apply_trees(layout, encoder(X), 300))
