import pickle

import numpy as np
import pytest

from skensemble.tree.trees._tree_arrays import (
    TreeArrays,
    concatenate,
    depth_of_nodes,
    empty_trees,
    parents,
    single_tree,
    validate_trees,
)
from tests.tree.random_trees import random_forest, random_tree, symmetric_tree


@pytest.fixture
def trees():
    rng = np.random.default_rng(0)
    forest = [random_tree(rng, n_leaves, n_features=4, output=0) for n_leaves in (1, 2, 9, 40)]
    return concatenate([*forest, symmetric_tree(rng, 3, n_features=4, output=0)])


def altered(trees, name, index, value):
    array = getattr(trees, name).copy()
    array[index] = value
    return trees._replace(**{name: array})


def numeric_split(trees, tree=2):
    inside = np.arange(trees.roots[tree], trees.bounds[tree + 1])
    return next(node for node in inside if not trees.is_leaf[node] and trees.category_start[node] == -1)


def test_valid_trees_pass(trees):
    validate_trees(trees, 4, 1)
    validate_trees(trees, 5, 3)
    validate_trees(empty_trees(), 4, 1)
    validate_trees(random_forest(np.random.default_rng(1), 5, n_features=3, n_outputs=3, vector=True), 3, 3)


def test_counts(trees):
    assert trees.n_trees == 5
    assert trees.n_leaves.tolist() == [1, 2, 9, 40, 8]
    assert trees.n_nodes == sum(2 * n - 1 for n in (1, 2, 9, 40, 8))
    assert trees.nbytes == sum(array.nbytes for array in trees)
    assert trees.tree_of_node[trees.roots].tolist() == [0, 1, 2, 3, 4]


def test_concatenate_shifts_nodes_and_words(trees):
    joined = concatenate([trees, trees])
    validate_trees(joined, 4, 1)
    second = slice(trees.n_nodes, None)
    inner = ~trees.is_leaf
    np.testing.assert_array_equal(joined.left[second][inner], trees.left[inner] + trees.n_nodes)
    np.testing.assert_array_equal(joined.left[second][~inner], -1)
    categorical = trees.category_start >= 0
    assert categorical.any()
    words = joined.category_words[joined.category_start[second][categorical]]
    np.testing.assert_array_equal(words, trees.category_words[trees.category_start[categorical]])


def test_first_trees_are_views(trees):
    first = trees.part(0, 3)
    validate_trees(first, 4, 1)
    assert first.n_trees == 3
    assert np.shares_memory(first.values, trees.values)
    assert trees.part(0, 99).n_nodes == trees.n_nodes
    assert trees.part(0, 0).n_nodes == 0


def test_pickle(trees):
    back = pickle.loads(pickle.dumps(trees))
    assert isinstance(back, TreeArrays)
    for name in TreeArrays._fields:
        np.testing.assert_array_equal(getattr(back, name), getattr(trees, name))


def test_parents_and_depths(trees):
    parent, depth = parents(trees), depth_of_nodes(trees)
    assert (parent[trees.roots] == -1).all()
    inner = np.flatnonzero(~trees.is_leaf)
    for child in (trees.left, trees.right):
        np.testing.assert_array_equal(parent[child[inner]], inner)
        np.testing.assert_array_equal(depth[child[inner]], depth[inner] + 1)
    np.testing.assert_array_equal(np.maximum.reduceat(depth, trees.roots), trees.depth)


def test_feature_importances(trees):
    splits = ~trees.is_leaf
    for feature in range(4):
        chosen = splits & (trees.feature == feature)
        assert trees.feature_importances(5, "split")[feature] == chosen.sum()
        np.testing.assert_allclose(trees.feature_importances(5, "gain")[feature], trees.gain[chosen].sum())
        np.testing.assert_allclose(trees.feature_importances(5, "cover")[feature], trees.cover[chosen].sum())
    assert trees.feature_importances(5)[4] == 0
    with pytest.raises(ValueError, match="importance_type must be one of"):
        trees.feature_importances(5, "weight")


def test_a_tree_of_one_leaf():
    leaf = np.array([-1])
    tree = single_tree(
        feature=leaf, threshold=[np.nan], left=leaf, right=leaf, missing_left=[False],
        cover=[1.0], count=[1], gain=[0.0], values=[2.5], output=0,
    )  # fmt: skip
    validate_trees(tree, 1, 1)
    assert tree.depth.tolist() == [0]


def test_malformed_children_are_refused(trees):
    node = numeric_split(trees)
    root, stop = trees.roots[2], trees.bounds[3]
    leaf = int(np.flatnonzero(trees.is_leaf & (trees.tree_of_node == 2))[0])
    for field, index, value, message in [
        ("left", node, trees.n_nodes, "left must be a later node of the same tree"),
        ("left", node, stop, "left must be a later node of the same tree"),
        ("right", node, root, "right must be a later node of the same tree"),  # a cycle
        ("right", node, node, "right must be a later node of the same tree"),
        ("right", node, -7, "right must be a later node of the same tree"),
        ("right", node, trees.left[node], "exactly one parent"),
        ("right", node, -1, "two children or none"),
        ("left", leaf, stop - 1, "two children or none"),
        ("feature", leaf, 0, "feature if and only if"),
        ("roots", 1, 0, "roots must ascend"),
        ("roots", 0, 1, "first tree must begin at node 0"),
        ("roots", 4, trees.n_nodes, "every tree must have a node"),
        ("roots", 3, trees.roots[3] - 1, "Malformed trees"),
    ]:
        with pytest.raises(ValueError, match=message):
            validate_trees(altered(trees, field, index, value), 4, 1)


def test_malformed_splits_and_numbers_are_refused(trees):
    node = numeric_split(trees)
    categorical = int(np.flatnonzero(trees.category_start >= 0)[0])
    for field, index, value, message in [
        ("feature", node, 4, r"feature must be in \[0, 4\)"),
        ("feature", node, -1, "feature if and only if"),
        ("threshold", node, np.nan, "must not be NaN"),
        ("values", 3, np.inf, r"values must be finite \(node 3\)"),
        ("gain", 0, np.nan, "gain must be finite"),
        ("cover", 0, np.inf, "cover must be finite"),
        ("count", 0, -1, "count must not be negative"),
        ("category_start", categorical, len(trees.category_words), "inside category_words"),
        ("category_start", categorical, -2, "inside category_words"),
        ("category_count", categorical, 0, "inside category_words"),
        ("category_count", categorical, 2**31 - 1, "inside category_words"),
        ("category_start", np.flatnonzero(trees.is_leaf)[0], 0, "a leaf must have no categories"),
        ("output", 0, 1, r"output must be in \[-1, 1\)"),
        ("output", 0, -2, r"output must be in \[-1, 1\)"),
        ("depth", 3, trees.depth[3] - 1, "depth must be at least"),
    ]:
        with pytest.raises(ValueError, match=message):
            validate_trees(altered(trees, field, index, value), 4, 1)
    validate_trees(altered(trees, "threshold", node, np.inf), 4, 1)
    with pytest.raises(ValueError, match="needs 2 values"):
        validate_trees(altered(trees, "output", 0, -1), 4, 2)


def test_wrong_shapes_and_dtypes_are_refused(trees):
    with pytest.raises(ValueError, match="gain must have length"):
        validate_trees(trees._replace(gain=trees.gain[:-1]), 4, 1)
    with pytest.raises(ValueError, match="depth must have length"):
        validate_trees(trees._replace(depth=trees.depth[:-1]), 4, 1)
    with pytest.raises(ValueError, match="threshold must be a 1-dimensional array of float64"):
        validate_trees(trees._replace(threshold=trees.threshold.astype(np.float32)), 4, 1)
    with pytest.raises(ValueError, match="values must be a 2-dimensional"):
        validate_trees(trees._replace(values=trees.values[:, 0]), 4, 1)
    none = {name: getattr(trees, name)[:0] for name in ("roots", "output", "depth", "symmetric")}
    with pytest.raises(ValueError, match="no roots"):
        validate_trees(trees._replace(**none), 4, 1)


def test_false_symmetry_is_refused(trees):
    root = int(trees.roots[4])
    with pytest.raises(ValueError, match="must be complete"):
        validate_trees(altered(trees, "symmetric", 3, True), 4, 1)
    with pytest.raises(ValueError, match="must be complete"):
        validate_trees(altered(trees, "depth", 4, 60), 4, 1)
    for field, node, value in [
        ("feature", root + 2, (trees.feature[root + 2] + 1) % 4),
        ("feature", root + 5, (trees.feature[root + 5] + 1) % 4),
        ("missing_left", root + 4, ~trees.missing_left[root + 4]),
    ]:
        with pytest.raises(ValueError, match="one split per level"):
            validate_trees(altered(trees, field, node, value), 4, 1)


def test_symmetric_categories_are_compared_by_their_words():
    tree = symmetric_tree(np.random.default_rng(3), 2, n_features=2, n_categorical=2, output=0)
    validate_trees(tree, 2, 1)
    start = tree.category_start[2]
    assert start != tree.category_start[1]
    with pytest.raises(ValueError, match="one split per level"):
        validate_trees(altered(tree, "category_words", start, ~tree.category_words[start]), 2, 1)
