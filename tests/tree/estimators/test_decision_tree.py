import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.tree
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor
from skensemble._parameters import ParameterError
from skensemble.tree.trees._tree_arrays import validate_trees

CLASSIFIERS = [DecisionTreeClassifier, ExtraTreeClassifier]
REGRESSORS = [DecisionTreeRegressor, ExtraTreeRegressor]
TREES = CLASSIFIERS + REGRESSORS
BEYOND_SCIKIT_LEARN = {"max_bins": None, "categorical_features": "from_dtype", "min_frequency": 2}


@pytest.fixture(scope="module")
def numbers():
    """Features that float32 holds exactly, and a target."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 5)).astype(np.float32).astype(np.float64)
    return X, X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.2 * rng.normal(size=600)


@pytest.fixture(scope="module")
def mixed():
    """Numbers, categories and text with missing cells; three classes and a number that depend on them."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=400),
            "shape": pd.Categorical(rng.choice(["round", "square", "flat", "long"], 400)),
            "colour": rng.choice(["red", "green", "blue"], 400),
        }
    )
    y = X["shape"].isin(["round", "flat"]) * 1.0 + (X["size"] > 0.2)
    X.loc[::9, "size"] = np.nan
    X.loc[::11, "colour"] = None
    return X, y


def classes_of(y):
    return np.digitize(y, [-0.5, 0.5])


# -- the same tree as scikit-learn's ---------------------------------------------------------------------------------

LIMITS = {
    "leaves": {"min_samples_leaf": 12},
    "shares": {"min_samples_leaf": 0.02, "min_samples_split": 0.1},
    "depth": {"max_depth": 3},
    "best first": {"max_leaf_nodes": 9},
    "weight": {"min_weight_fraction_leaf": 0.05},
    "impurity": {"min_impurity_decrease": 0.01},
    "pruned": {"ccp_alpha": 0.01, "min_samples_leaf": 12},
}


def assert_same_tree(ours, theirs):
    """The same splits, whatever the order of the nodes; where two splits are equally good, either will do."""
    waiting, n_same = [(0, 0)], 0
    while waiting:
        a, b = waiting.pop()
        assert ours.n_node_samples[a] == theirs.n_node_samples[b]
        assert ours.weighted_n_node_samples[a] == pytest.approx(theirs.weighted_n_node_samples[b])
        assert ours.impurity[a] == pytest.approx(theirs.impurity[b], abs=1e-9)
        np.testing.assert_allclose(ours.value[a], theirs.value[b], atol=1e-9)
        if ours.feature[a] != theirs.feature[b] or ours.threshold[a] != pytest.approx(theirs.threshold[b]):
            assert decrease(ours, a) == pytest.approx(decrease(theirs, b), abs=1e-9)
        elif theirs.children_left[b] >= 0:
            n_same += 1
            waiting.append((ours.children_left[a], theirs.children_left[b]))
            waiting.append((ours.children_right[a], theirs.children_right[b]))
    assert n_same >= min(theirs.node_count // 2, 5)


def decrease(tree, node):
    """How much impurity a split takes off; 0 at a leaf."""
    if tree.children_left[node] < 0:
        return 0.0
    parts = np.array([node, tree.children_left[node], tree.children_right[node]])
    return (tree.weighted_n_node_samples[parts] * tree.impurity[parts]) @ [1.0, -1.0, -1.0]


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("criterion", ["gini", "entropy", "log_loss", "squared_error", "absolute_error", "poisson"])
@pytest.mark.parametrize("weighted", [False, True])
def test_same_tree_as_scikit_learn(numbers, criterion, limits, weighted):
    X, y = numbers
    of_classes = criterion in ("gini", "entropy", "log_loss")
    y = classes_of(y) if of_classes else np.exp(y) if criterion == "poisson" else y
    weight = np.random.default_rng(2).uniform(0.5, 2.0, len(y)) if weighted else None
    ours = (DecisionTreeClassifier if of_classes else DecisionTreeRegressor)(criterion=criterion, **limits)
    theirs = getattr(sklearn.tree, type(ours).__name__)(criterion=criterion, random_state=0, **limits)
    assert_same_tree(ours.fit(X, y, weight).tree_, theirs.fit(X, y, weight).tree_)


@pytest.mark.parametrize("tree", TREES)
def test_same_parameters_as_scikit_learn(tree):
    ours, theirs = (inspect.signature(kind).parameters for kind in (tree, getattr(sklearn.tree, tree.__name__)))
    assert set(ours) == {*theirs, *BEYOND_SCIKIT_LEARN}
    for name, parameter in ours.items():
        expected = theirs[name].default if name in theirs else BEYOND_SCIKIT_LEARN[name]
        assert parameter.default == expected
        assert parameter.kind == inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("tree", TREES)
def test_same_fitted_attributes_as_scikit_learn(tree):
    X, y = load_iris(return_X_y=True)
    ours, theirs = tree().fit(X, y), getattr(sklearn.tree, tree.__name__)().fit(X, y)
    for name in ("n_features_in_", "n_outputs_", "max_features_", "classes_", "n_classes_"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        np.testing.assert_array_equal(getattr(ours, name, None), getattr(theirs, name, None))
    assert ours.feature_importances_.sum() == pytest.approx(1.0)
    assert (ours.get_depth(), ours.get_n_leaves()) == (ours.tree_.max_depth, ours.tree_.n_leaves)


CHECKED = [
    *(tree() for tree in TREES),
    DecisionTreeClassifier(max_bins=30, max_leaf_nodes=20, max_features=0.8),
    DecisionTreeClassifier(criterion="entropy", min_samples_split=0.2, ccp_alpha=0.01),
    DecisionTreeRegressor(criterion="absolute_error", max_depth=9),
    DecisionTreeRegressor(splitter="random", min_impurity_decrease=1e-4),
]
NEEDS_A_SETTING_OF_SCIPY = "check_array_api_input"
HAS_NO_SUCH_METHOD = "check_classifiers_multilabel_output_format_decision_function"


@pytest.mark.parametrize("estimator", CHECKED, ids=str)
def test_estimator_passes_every_check(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failures = [(result["check_name"], result["exception"]) for result in results if result["status"] == "failed"]
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert failures == []
    assert skipped <= {NEEDS_A_SETTING_OF_SCIPY, HAS_NO_SUCH_METHOD}


# -- outputs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", CLASSIFIERS)
def test_several_outputs_of_classes(numbers, tree):
    X, y = numbers
    Y = np.array([np.where(y > 0, "high", "low"), classes_of(X[:, 1])], object).T
    model = tree(random_state=0).fit(X, Y)
    assert model.n_outputs_ == 2
    assert [classes.tolist() for classes in model.classes_] == [["high", "low"], [0, 1, 2]]
    assert model.n_classes_.tolist() == [2, 3]
    np.testing.assert_array_equal(model.predict(X), Y)
    assert [part.shape for part in model.predict_proba(X)] == [(600, 2), (600, 3)]
    for log_part, part in zip(model.predict_log_proba(X), model.predict_proba(X)):
        np.testing.assert_allclose(np.exp(log_part), part)


def test_labels_of_several_lengths_are_not_cut():
    Y = np.array([["a", "longer"], ["b", "longest"]])
    np.testing.assert_array_equal(DecisionTreeClassifier().fit([[0.0], [1.0]], Y).predict([[0.0], [1.0]]), Y)


@pytest.mark.parametrize("tree", REGRESSORS)
def test_several_outputs_of_numbers(numbers, tree):
    X, y = numbers
    Y = np.column_stack([y, -y, X[:, 0]])
    model = tree(random_state=0).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), Y)
    assert model.predict(X[:1]).shape == (1, 3)


@pytest.mark.parametrize("tree", TREES)
def test_a_column_of_targets_is_one_output(numbers, tree):
    X, y = numbers
    y = classes_of(y)
    flat, column = tree(random_state=0).fit(X, y), tree(random_state=0).fit(X, y[:, None])
    assert column.n_outputs_ == 1
    np.testing.assert_array_equal(column.predict(X), flat.predict(X))


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("tree", [DecisionTreeClassifier, ExtraTreeClassifier])
def test_one_class(tree, criterion):
    model = tree(criterion=criterion, monotonic_cst=[1]).fit([[0.0], [1.0]], ["a", "a"])
    assert model.predict([[5.0]]).tolist() == ["a"]
    assert model.predict_proba([[5.0]]).tolist() == [[1.0]]
    assert model.tree_.node_count == 1


def test_one_row():
    assert DecisionTreeRegressor().fit([[1.0]], [3.0]).predict([[9.0]]).tolist() == [3.0]


def test_leaves_predict_what_the_criterion_asks_for():
    X, y = np.zeros((4, 1)), [0.0, 1.0, 2.0, 9.0]
    assert DecisionTreeRegressor().fit(X, y).predict([[0.0]]) == 3.0
    assert DecisionTreeRegressor(criterion="absolute_error").fit(X, y).predict([[0.0]]) == 1.5


def test_log_probabilities_of_absent_classes():
    model = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    assert model.predict_log_proba([[0.0]]).tolist() == [[0.0, -np.inf]]


# -- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("max_bins", [None, 64])
def test_categories_and_missing_cells(mixed, tree, max_bins):
    X, y = mixed
    model = tree(random_state=0, max_bins=max_bins).fit(X, y)
    assert model.score(X, y) > 0.9
    unseen = X.iloc[:2].assign(shape="oval", colour=["violet", None])
    assert np.isfinite(model.predict(unseen)).all()
    validate_trees(model.tree_.trees, 3, model.tree_.trees.n_values)


def test_one_split_tells_categories_from_all_others():
    X = pd.DataFrame({"c": list("abcdefgh") * 10})
    y = X["c"].isin(list("aceh")).astype(int)
    model = DecisionTreeClassifier().fit(X, y)
    assert model.tree_.node_count == 3
    assert model.score(X, y) == 1.0


@pytest.mark.parametrize("container", [scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.csr_array])
@pytest.mark.parametrize("tree", TREES)
def test_sparse_is_dense(container, tree):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 6)) * (rng.random((80, 6)) < 0.3)
    y = classes_of(X[:, 0] + X[:, 1])
    dense, sparse = tree(random_state=0).fit(X, y), tree(random_state=0).fit(container(X), y)
    np.testing.assert_array_equal(dense.predict(X), sparse.predict(container(X)))
    np.testing.assert_array_equal(dense.apply(X), sparse.apply(container(X)))
    assert (dense.decision_path(X) != sparse.decision_path(container(X))).nnz == 0


@pytest.mark.parametrize("tree", TREES)
def test_infinite_numbers(tree):
    X = np.array([[-np.inf], [-1.0], [1.0], [np.inf], [np.nan]])
    y = [0, 1, 2, 3, 4]
    model = tree(random_state=0, max_features=None).fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_without_a_missing_cell_missing_goes_where_more_rows_went():
    model = DecisionTreeRegressor(max_depth=1).fit([[0.0], [1.0], [1.0], [1.0]], [5.0, 1.0, 1.0, 1.0])
    assert model.predict([[np.nan]]).tolist() == [1.0]


# -- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", TREES)
def test_weights_are_copies_and_the_order_of_rows_does_not_matter(numbers, tree):
    X, y = numbers[0][:150], classes_of(numbers[1][:150])
    weight = np.random.default_rng(4).integers(0, 4, 150)
    copied = np.repeat(np.arange(150), weight)
    np.random.default_rng(5).shuffle(copied)
    by_weight = tree(random_state=0).fit(X, y, weight)
    by_copies = tree(random_state=0).fit(X[copied], y[copied])
    np.testing.assert_array_equal(by_weight.tree_.threshold, by_copies.tree_.threshold)
    np.testing.assert_array_equal(by_weight.predict(X), by_copies.predict(X))


def test_class_weights_are_weights(numbers):
    X, y = numbers[0], classes_of(numbers[1])
    by_class = DecisionTreeClassifier(max_depth=4, class_weight={0: 2.0, 2: 5.0}).fit(X, y)
    by_row = DecisionTreeClassifier(max_depth=4).fit(X, y, np.array([2.0, 1.0, 5.0])[y])
    np.testing.assert_array_equal(by_class.predict_proba(X), by_row.predict_proba(X))
    balanced = DecisionTreeClassifier(max_depth=4, class_weight="balanced").fit(X, y)
    np.testing.assert_allclose(balanced.tree_.value[0], 1 / 3)


# -- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("splitter", ["best", "random"])
def test_limits_hold(numbers, splitter):
    X, y = numbers
    tree = DecisionTreeRegressor(
        splitter=splitter, max_depth=5, min_samples_leaf=7, min_samples_split=30, random_state=0
    )
    nodes = tree.fit(X, y).tree_
    leaves = nodes.children_left < 0
    assert nodes.max_depth <= 5
    assert nodes.n_node_samples[leaves].min() >= 7
    assert nodes.n_node_samples[~leaves].min() >= 30
    assert tree.set_params(max_leaf_nodes=6).fit(X, y).get_n_leaves() == 6


def test_seed_decides_what_is_random(numbers):
    X, y = numbers
    trees = [ExtraTreeRegressor(random_state=seed).fit(X, y).tree_ for seed in (0, 0, 1)]
    np.testing.assert_array_equal(trees[0].threshold, trees[1].threshold)
    assert trees[0].threshold.tolist() != trees[2].threshold.tolist()
    assert (
        DecisionTreeRegressor().fit(X, y).tree_.threshold.tolist()
        == DecisionTreeRegressor().fit(X, y).tree_.threshold.tolist()
    )


def test_bins_limit_the_leaves(numbers):
    X, y = numbers
    assert DecisionTreeRegressor(max_bins=4).fit(X[:, :1], y).get_n_leaves() == 4
    assert DecisionTreeRegressor().fit(X[:, :1], y).get_n_leaves() == 600


@pytest.mark.parametrize("tree", [DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor])
@pytest.mark.parametrize("by_name", [False, True])
def test_directions_hold(tree, by_name):
    rng = np.random.default_rng(6)
    X = pd.DataFrame(rng.uniform(size=(500, 2)), columns=["up", "down"])
    y = (X["up"] - X["down"] + rng.normal(size=500) > 0).astype(int)
    model = tree(monotonic_cst={"up": 1, "down": -1} if by_name else [1, -1], random_state=0).fit(X, y)
    predict = (lambda X: model.predict_proba(X)[:, 1]) if tree is DecisionTreeClassifier else model.predict
    line = np.linspace(0.0, 1.0, 50)
    for other in (0.2, 0.7):
        assert (np.diff(predict(pd.DataFrame({"up": line, "down": other}))) >= 0).all()
        assert (np.diff(predict(pd.DataFrame({"up": other, "down": line}))) <= 0).all()
    assert model.get_n_leaves() > 2


# -- pruning ---------------------------------------------------------------------------------------------------------


def test_pruning_path_tells_when_the_tree_becomes_smaller():
    X, y = load_diabetes(return_X_y=True)
    path = DecisionTreeRegressor(max_leaf_nodes=12, ccp_alpha=5.0).cost_complexity_pruning_path(X, y)
    assert path.ccp_alphas[0] == 0.0
    sizes = [
        DecisionTreeRegressor(max_leaf_nodes=12, ccp_alpha=alpha).fit(X, y).get_n_leaves() for alpha in path.ccp_alphas
    ]
    assert sizes[0] == 12
    assert sizes[-1] == 1
    assert (np.diff(sizes) < 0).all()
    assert path.impurities[-1] == pytest.approx(y.var())


# -- the estimator ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", TREES)
def test_pickle_and_clone(mixed, tree):
    X, y = mixed
    model = tree(random_state=0).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))


def test_search_for_parameters():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 3], "criterion": ["gini", "log_loss"]}, cv=3)
    assert search.fit(X, y).best_score_ > 0.9


def test_check_input_is_taken_and_does_nothing(numbers):
    X, y = numbers
    model = DecisionTreeRegressor(max_depth=2).fit(X, y, check_input=False)
    for method in (model.predict, model.apply):
        np.testing.assert_array_equal(method(X, check_input=False), method(X))
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.predict(X[0], check_input=False)


def test_scikit_learns_twin_predicts_the_same(numbers):
    X, y = numbers
    for tree in (DecisionTreeClassifier(max_depth=5), ExtraTreeClassifier(max_depth=5, random_state=0)):
        model = tree.fit(X, classes_of(y))
        np.testing.assert_array_equal(model.to_sklearn().predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("method", ["predict", "apply", "decision_path", "get_depth", "get_n_leaves", "to_sklearn"])
def test_nothing_is_told_before_fit(method):
    arguments = [[[0.0]]] if method in ("predict", "apply", "decision_path") else []
    with pytest.raises(NotFittedError):
        getattr(DecisionTreeRegressor(), method)(*arguments)
    with pytest.raises(NotFittedError):
        _ = DecisionTreeRegressor().feature_importances_


# -- bad input -------------------------------------------------------------------------------------------------------

WRONG = {
    "splitter": ["worst", None],
    "max_depth": [0, 2.0, True],
    "min_samples_split": [1, 0.0, 1.5, None, True],
    "min_samples_leaf": [0, 1.0, -0.1, None],
    "min_weight_fraction_leaf": [-0.1, 0.6, None],
    "max_features": [0, 0.0, 1.1, "auto"],
    "max_leaf_nodes": [1, 2.5],
    "min_impurity_decrease": [-1.0, None, np.inf],
    "ccp_alpha": [-1.0, None],
    "max_bins": [1, 2.5],
    "random_state": [-1, "seed"],
    "monotonic_cst": ["up"],
    "categorical_features": ["all"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_wrong_parameter(numbers, name, value):
    with pytest.raises(ParameterError, match=rf"^{name} must be .*, got {value!r}\.$"):
        DecisionTreeRegressor(**{name: value}).fit(*numbers)


def test_criterion_of_the_other_kind(numbers):
    with pytest.raises(ValueError, match="criterion must be 'gini', 'entropy' or 'log_loss', got 'squared_error'"):
        DecisionTreeClassifier(criterion="squared_error").fit(*numbers)


def test_the_old_name_of_squared_error(numbers):
    X, y = numbers
    with pytest.warns(FutureWarning, match="use criterion='squared_error'"):
        old = DecisionTreeRegressor(criterion="friedman_mse").fit(X, y)
    np.testing.assert_array_equal(old.tree_.threshold, DecisionTreeRegressor().fit(X, y).tree_.threshold)


@pytest.mark.parametrize(
    ("tree", "y", "message"),
    [
        (DecisionTreeRegressor(criterion="poisson"), [-1.0, 1.0], "y must be >= 0 for criterion='poisson'"),
        (DecisionTreeRegressor(monotonic_cst=[1]), [[1.0, 2.0], [3.0, 4.0]], "monotonic_cst must be None for y with 2"),
        (DecisionTreeClassifier(class_weight=[{0: 1.0}]), [[0, 1], [1, 0]], "class_weight must have one dict for each"),
        (DecisionTreeClassifier(), [0.5, 1.5], "Unknown label type"),
    ],
)
def test_target_that_does_not_go_with_the_parameters(tree, y, message):
    with pytest.raises(ValueError, match=message):
        tree.fit([[0.0], [1.0]], y)


def test_directions_of_three_classes():
    with pytest.raises(ValueError, match="monotonic_cst must be None for 3 classes"):
        DecisionTreeClassifier(monotonic_cst=[1]).fit([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], [0, 1, 2, 0, 1, 2])


def test_a_fit_that_fails_leaves_the_tree(numbers):
    X, y = numbers
    model = DecisionTreeRegressor(max_depth=3).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="y must have one entry per row"):
        model.fit(X[:, :2], y[:-1])
    assert model.n_features_in_ == 5
    np.testing.assert_array_equal(model.predict(X), before)
