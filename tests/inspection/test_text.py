"""export_text: rules as scikit-learn writes them, and what it cannot write."""

from textwrap import dedent

import numpy as np
import pandas as pd
import pytest
import sklearn.tree
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

from skensemble import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    RandomForestClassifier,
    export_graphviz,
    export_text,
)

SIX = [[-2.0], [-1.0], [-1.0], [1.0], [1.0], [2.0]]
COLORS = pd.DataFrame({"color": pd.Categorical(["red", "green", "blue", "red", "green", "blue"] * 5)})


def _expected(text):
    return dedent(text).lstrip()


@pytest.mark.parametrize(
    "options", [{}, {"max_depth": 1}, {"max_depth": 0, "show_weights": True}, {"spacing": 1, "decimals": 4}]
)
def test_classifier_reads_like_scikit_learns(options):
    X, y = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(max_leaf_nodes=7, random_state=0).fit(X, y)
    assert export_text(tree, **options) == sklearn.tree.export_text(tree.to_sklearn(), **options)


@pytest.mark.parametrize("options", [{}, {"max_depth": 2}, {"show_weights": True}, {"decimals": 0}])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_regressor_reads_like_scikit_learns(options, n_outputs):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    tree = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, np.column_stack([y, -y])[:, :n_outputs])
    assert export_text(tree, **options) == sklearn.tree.export_text(tree.to_sklearn(), **options)


def test_names_of_columns_and_classes_are_used():
    tree = DecisionTreeClassifier().fit(pd.DataFrame({"height": np.ravel(SIX)}), [0, 0, 0, 1, 1, 1])
    expected = """
        |--- height <= 0.00
        |   |--- class: 0
        |--- height >  0.00
        |   |--- class: 1
        """
    assert export_text(tree) == _expected(expected)
    renamed = export_text(tree, feature_names=["h"], class_names=["low", "high"])
    assert renamed == _expected(expected).replace("height", "h").replace("class: 0", "class: low").replace(
        "class: 1", "class: high"
    )


def test_each_output_has_its_class():
    tree = DecisionTreeClassifier().fit(SIX, [["a", "x"]] * 3 + [["b", "y"]] * 3)
    assert export_text(tree, show_weights=True) == _expected(
        """
        |--- feature_0 <= 0.00
        |   |--- weights: [3.00, 0.00], [3.00, 0.00] class: [a, x]
        |--- feature_0 >  0.00
        |   |--- weights: [0.00, 3.00], [0.00, 3.00] class: [b, y]
        """
    )


def test_categories_stand_by_name():
    tree = DecisionTreeClassifier().fit(COLORS, (COLORS["color"] == "blue").to_numpy())
    report = export_text(tree)
    left = "in" if "color in {blue}\n|   |--- class: True" in report else "not in"
    assert report.splitlines()[0] == f"|--- color {left} {{blue}}"
    assert "color in {blue}" in report
    assert "color not in {blue}" in report


def test_missing_cells_have_a_side():
    x = np.r_[np.zeros(5), np.ones(5), np.full(5, np.nan)].reshape(-1, 1)
    tree = DecisionTreeRegressor().fit(x, np.r_[np.zeros(5), np.ones(10)])
    assert export_text(tree, show_missing=True) == _expected(
        """
        |--- feature_0 <= 0.50
        |   |--- value: [0.00]
        |--- feature_0 >  0.50 or missing
        |   |--- value: [1.00]
        """
    )


def test_small_negative_numbers_have_no_sign():
    tree = DecisionTreeRegressor().fit([[-0.002], [0.0]], [-0.001, 1.0])
    assert "-0.00" not in export_text(tree)


def test_trees_of_a_forest_can_be_read():
    X, y = load_iris(return_X_y=True, as_frame=True)
    forest = RandomForestClassifier(3, max_depth=2, random_state=0).fit(X, y)
    report = export_text(forest.estimators_[0])
    assert report.count("class:") >= 2
    assert any(name in report for name in X.columns)
    assert export_text(forest) == report


def test_deep_trees_need_no_recursion():
    n = 1500
    y = np.arange(n) % 2
    tree = DecisionTreeClassifier(max_features=1, splitter="best").fit(np.arange(n).reshape(-1, 1), y)
    assert export_text(tree, max_depth=None).count("class:") == n


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature_names": ["a", "b"]}, r"feature_names must have one name per feature \(1\), got 2"),
        ({"feature_names": [3]}, "feature_names must hold strings, got"),
        ({"feature_names": "x"}, "feature_names must be an array or None, got 'x'"),
        ({"class_names": ["a"]}, r"class_names must have one name per class \(2\), got 1"),
        ({"max_depth": -1}, "max_depth must be an int >= 0 or None, got -1"),
        ({"spacing": 0}, "spacing must be an int >= 1, got 0"),
        ({"decimals": 1.5}, "decimals must be an int >= 0, got 1.5"),
        ({"show_weights": 1}, "show_weights must be a bool, got 1"),
    ],
)
def test_options_that_break_their_rule(options, message):
    tree = DecisionTreeClassifier().fit(SIX, [0, 0, 0, 1, 1, 1])
    with pytest.raises(ValueError, match=message):
        export_text(tree, **options)


def test_what_is_no_fitted_tree():
    with pytest.raises(NotFittedError):
        export_text(DecisionTreeClassifier())
    with pytest.raises(TypeError, match="is not an estimator instance"):
        export_text("tree")


def test_splits_that_only_ask_whether_a_cell_is_missing():
    x = np.r_[0.0, 1.0, 2.0, np.nan, np.nan].reshape(-1, 1)
    tree = DecisionTreeClassifier().fit(x, np.isnan(x[:, 0]))
    assert export_text(tree) == _expected(
        """
        |--- feature_0 is not missing
        |   |--- class: False
        |--- feature_0 is missing
        |   |--- class: True
        """
    )
    assert '"x[0] is not missing\\n' in export_graphviz(tree)
