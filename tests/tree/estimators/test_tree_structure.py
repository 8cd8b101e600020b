import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.tree
from sklearn.datasets import load_iris

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor
from skensemble.tree.estimators._tree_structure import with_tree

ARRAYS = (
    "children_left",
    "children_right",
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "value",
    "missing_go_to_left",
)
SIZES = ("node_count", "capacity", "max_depth", "n_leaves", "n_features", "n_outputs", "max_n_classes")


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(0)
    shape = rng.choice(["round", "square", "flat", "long"], 300)
    X = pd.DataFrame({"size": rng.normal(size=300), "shape": pd.Categorical(shape)})
    X.loc[::5, "size"] = np.nan
    y = np.isin(shape, ["round", "flat"]) * 2.0 + (X["size"] > 0.3)
    X.loc[::7, "shape"] = None
    return X, y


@pytest.fixture(scope="module")
def iris():
    """A fitted tree, and scikit-learn's with the same nodes."""
    X, y = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(min_samples_leaf=3).fit(X, y)
    return X, tree.tree_, tree.to_sklearn().tree_


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_called_and_shaped_as_in_scikit_learn(iris, name):
    _, ours, theirs = iris
    ours, theirs = getattr(ours, name), getattr(theirs, name)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype
    assert not ours.flags.writeable


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_called_as_in_scikit_learn(iris, name):
    _, ours, theirs = iris
    assert getattr(ours, name) == getattr(theirs, name)


def test_leaves_have_neither_feature_nor_threshold(iris):
    _, tree, _ = iris
    leaves = tree.children_left == -1
    assert (tree.feature[leaves] == -2).all()
    assert (tree.threshold[leaves] == -2.0).all()
    assert leaves.sum() == tree.n_leaves


def test_values_of_outputs_with_few_classes_are_filled_up():
    X = np.arange(6.0).reshape(-1, 1)
    y = [["a", "p"], ["a", "q"], ["b", "r"], ["b", "p"], ["a", "q"], ["b", "r"]]
    tree = DecisionTreeClassifier().fit(X, y).tree_
    assert tree.value.shape == (tree.node_count, 2, 3)
    assert tree.n_classes.tolist() == [2, 3]
    np.testing.assert_allclose(tree.value[0], [[1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(tree.value.sum(axis=2), 1.0)


def test_value_of_numbers():
    y = np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 0.0]])
    tree = DecisionTreeRegressor(max_depth=1).fit(np.arange(3.0).reshape(-1, 1), y).tree_
    assert tree.value.shape == (3, 2, 1)
    np.testing.assert_allclose(tree.value[0, :, 0], [2.0, 3.0])
    assert tree.n_classes.tolist() == [1, 1]


@pytest.mark.parametrize("normalize", [True, False])
def test_importances(iris, normalize):
    _, ours, theirs = iris
    np.testing.assert_allclose(
        ours.compute_feature_importances(normalize), theirs.compute_feature_importances(normalize), atol=1e-12
    )


def test_depths_of_nodes(iris):
    _, ours, theirs = iris
    np.testing.assert_array_equal(ours.compute_node_depths(), theirs.compute_node_depths())


def test_a_single_leaf_has_no_importances():
    tree = DecisionTreeRegressor().fit(np.zeros((3, 2)), [1.0, 2.0, 3.0]).tree_
    assert tree.compute_feature_importances().tolist() == [0.0, 0.0]
    assert (tree.node_count, tree.n_leaves, tree.max_depth) == (1, 1, 0)


# -- categories ------------------------------------------------------------------------------------------------------


def test_categories_that_go_left(mixed):
    X, y = mixed
    tree = DecisionTreeRegressor(max_depth=3).fit(X, y).tree_
    split = int(np.flatnonzero(tree.feature == 1)[0])
    numeric = int(np.flatnonzero(tree.feature == 0)[0])
    assert tree.left_categories(numeric) is None
    assert np.isnan(tree.threshold[split])
    left = set(tree.left_categories(split))
    assert 0 < len(left) < 4
    passes = tree.decision_path(X).toarray().astype(bool)
    goes_left = passes[:, tree.children_left[split]][passes[:, split]]
    shape = X["shape"][passes[:, split]]
    np.testing.assert_array_equal(goes_left[shape.notna()], shape[shape.notna()].isin(left))
    assert (goes_left[shape.isna()] == tree.missing_go_to_left[split]).all()


def test_rare_categories_share_a_side():
    rng = np.random.default_rng(1)
    code = rng.integers(0, 200, 2000)
    X = pd.DataFrame({"c": pd.Categorical([f"c{i:03}" for i in code])})
    tree = DecisionTreeRegressor(max_bins=30, max_depth=1).fit(X, (code % 2).astype(float)).tree_
    left = set(tree.left_categories(0))
    np.testing.assert_array_equal(X["c"].isin(left), tree.apply(X) == tree.children_left[0])


# -- rows ------------------------------------------------------------------------------------------------------------


def test_rows_take_the_ways_of_scikit_learn(iris):
    X, ours, theirs = iris
    X = X.astype(np.float32)
    np.testing.assert_array_equal(ours.apply(X), theirs.apply(X))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(ours.decision_path(X).toarray(), theirs.decision_path(X).toarray())
    assert ours.apply(X).dtype == theirs.apply(X).dtype


def test_every_row_passes_the_root_and_ends_at_its_leaf(mixed):
    X, y = mixed
    tree = DecisionTreeRegressor().fit(X, y).tree_
    path, leaf = tree.decision_path(X), tree.apply(X)
    assert path.shape == (len(X), tree.node_count)
    assert (path[:, 0].toarray() == 1).all()
    assert (path.toarray()[np.arange(len(X)), leaf] == 1).all()
    assert (tree.children_left[leaf] == -1).all()
    np.testing.assert_array_equal(np.asarray(path.sum(axis=0)).ravel(), tree.n_node_samples)


def test_wrong_number_of_features(iris):
    _, tree, _ = iris
    with pytest.raises(ValueError, match="X must have 4 features, got 3"):
        tree.predict(np.zeros((2, 3)))


# -- the object ------------------------------------------------------------------------------------------------------


def test_pickle_holds_the_tree_and_nothing_that_is_made_from_it(mixed):
    X, y = mixed
    tree = DecisionTreeRegressor().fit(X, y).tree_
    before = len(pickle.dumps(tree))
    tree.predict(X)
    for name in ARRAYS:
        getattr(tree, name)
    assert len(pickle.dumps(tree)) == before
    again = pickle.loads(pickle.dumps(tree))
    np.testing.assert_array_equal(again.predict(X), tree.predict(X))
    assert (
        repr(again)
        == repr(tree)
        == f"<TreeStructure: {tree.node_count} nodes, {tree.n_leaves} leaves, depth {tree.max_depth}>"
    )


def test_tools_of_scikit_learn_that_read_the_arrays_work(iris):
    X, y = load_iris(return_X_y=True)
    regressor = DecisionTreeRegressor(max_depth=2).fit(X, y)
    text = sklearn.tree.export_text(regressor)
    assert text == sklearn.tree.export_text(regressor.to_sklearn())


@pytest.mark.parametrize(
    "tree", [DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor]
)
def test_a_tree_that_was_grown_elsewhere(mixed, tree):
    X, y = mixed
    grown = tree(random_state=0).fit(X, y)
    fitted = {name: value for name, value in vars(grown).items() if name.endswith("_") and name != "tree_"}
    other = with_tree(tree(), grown.tree_.trees, grown.tree_.binner, **fitted)
    np.testing.assert_array_equal(other.predict(X), grown.predict(X))
    np.testing.assert_array_equal(other.feature_importances_, grown.feature_importances_)
