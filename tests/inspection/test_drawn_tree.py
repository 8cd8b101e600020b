"""Trees of forests and boosters are drawn as single trees are; those of boosters with what they add."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from skensemble import (
    AdaBoostClassifier,
    DecisionTreeClassifier,
    GradientBoostingClassifier,
    NewtonBoostingClassifier,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    export_graphviz,
    export_text,
    load_model,
    plot_tree,
    save_model,
)
from skensemble.inspection import trees_to_dataframe
from skensemble.inspection._drawn_tree import read_tree
from tests.inspection.asked_models import CLASSES, NAMES, X, Y, fitted


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_is_drawn(name):
    model = fitted(name)
    last = trees_to_dataframe(model)["tree_index"].max()
    n_nodes = (trees_to_dataframe(model)["tree_index"] == last).sum()
    assert (
        len([box for box in plot_tree(model, tree_index=last, filled=True, fontsize=6) if box.get_bbox_patch()])
        == n_nodes
    )
    plt.close("all")
    assert export_graphviz(model, tree_index=last, filled=True).count("[label=") == n_nodes
    assert export_text(model, tree_index=last, max_depth=None).count("|---") >= n_nodes - 1


WHOLE = [RandomForestClassifier(3, random_state=0), AdaBoostClassifier(n_estimators=3, random_state=0)]


@pytest.mark.parametrize("model", WHOLE, ids=str)
def test_trees_that_predict_are_drawn_as_they_are(model):
    model.fit(X, CLASSES)
    assert export_text(model, tree_index=2) == export_text(model.estimators_[2])
    assert export_graphviz(model, tree_index=1) == export_graphviz(model.estimators_[1])
    assert any(f"|--- {name} " in export_text(model, tree_index=1) for name in X.columns)


def test_boosted_nodes_tell_gain_rows_hessian_and_value():
    model = NewtonBoostingRegressor(n_estimators=2, max_depth=1, subsample=1.0, random_state=0).fit(X, Y)
    frame = trees_to_dataframe(model).query("tree_index == 1").set_index("node_index")
    root, left = (box.get_text().split("\n") for box in plot_tree(model, tree_index=1, precision=6)[:2])
    assert root[1:] == [
        f"gain = {round(frame.loc[0, 'split_gain'], 6)}",
        f"samples = {frame.loc[0, 'count']}",
        f"hessian = {round(frame.loc[0, 'hessian'], 6)}",
        f"value = {round(frame.loc[0, 'value'], 6)}",
    ]
    assert left[0] == f"samples = {frame.loc[1, 'count']}"
    assert left[-1] == f"value = {round(frame.loc[1, 'value'], 6)}"
    assert not any("gain" in box.get_text() for box in plot_tree(model, tree_index=1, impurity=False))
    plt.close("all")


def test_values_of_gradient_boosting_have_its_learning_rate():
    model = GradientBoostingClassifier(n_estimators=2, random_state=0, max_depth=1).fit(X, CLASSES)
    values = trees_to_dataframe(model).query("tree_index == 4")["value"]
    assert f"value: [{values.iloc[1]:.5f}]" in export_text(model, tree_index=4, decimals=5)
    assert "squared_error = " in export_graphviz(model)


def test_trees_of_an_output_are_counted_by_themselves():
    model = NewtonBoostingClassifier(n_estimators=3, random_state=0).fit(X, CLASSES)
    assert export_text(model, tree_index=2, output="fair") == export_text(model, tree_index=7)
    both = np.column_stack([Y, -Y])
    numbers = NewtonBoostingRegressor(n_estimators=2, random_state=0).fit(X, both)
    assert export_text(numbers, tree_index=1, output=1) == export_text(numbers, tree_index=3)
    vector = NewtonBoostingRegressor(n_estimators=2, random_state=0, multi_strategy="multi_output_tree").fit(X, both)
    assert plot_tree(vector, filled=True)[0].get_text().split("value = ")[1].count("[") == 3
    plt.close("all")


def test_linear_leaves_tell_their_terms():
    kind = {"linear_leaves": True, "grow_policy": "depthwise", "max_depth": 2}
    model = NewtonBoostingRegressor(n_estimators=1, random_state=0, **kind).fit(X, Y)
    nodes = trees_to_dataframe(model).set_index("node_index")
    leaf = next(node for node, slopes in nodes["slopes"].items() if slopes)
    name, slope = next((name, slope) for name, slope in nodes.loc[leaf, "slopes"].items() if slope)
    mean = nodes.loc[leaf, "means"][name]
    term = f"+ {slope:.3g} ({name} - {mean:.3g})"
    assert any(term in box.get_text() for box in plot_tree(model, fontsize=6))
    assert term in export_graphviz(model)
    assert f" + [{slope:.2g}] * ({name} - [{mean:.2g}])" in export_text(model)
    plt.close("all")


def test_bad_input_is_named():
    classes, single = (
        NewtonBoostingClassifier(n_estimators=2, random_state=0).fit(X, CLASSES),
        DecisionTreeClassifier().fit(X, CLASSES),
    )
    cases = (
        (classes, {"tree_index": 6}, r"tree_index must be an int in \[0, 5\], got 6"),
        (classes, {"tree_index": 2, "output": "bad"}, r"tree_index must be an int in \[0, 1\], got 2"),
        (classes, {"output": "worst"}, "output must be one of .*, got 'worst'"),
        (single, {"tree_index": 1}, r"tree_index must be an int in \[0, 0\], got 1"),
        (single, {"output": "bad"}, "output must be None, since no tree is for one of several outputs, got 'bad'"),
        (RandomForestClassifier(2, random_state=0).fit(X, CLASSES), {"output": "bad"}, "output must be None"),
        (fitted("NewtonBoostingRegressor", booster="gblinear"), {}, "booster must not be 'gblinear'"),
        (NewtonBoostingClassifier().fit(X, ["a"] * 60), {}, "decision_tree must have a tree"),
        (
            DummyClassifier().fit(X, CLASSES),
            {},
            "must be a fitted decision tree or an ensemble .*, got DummyClassifier",
        ),
    )
    for model, given, message in cases:
        with pytest.raises((ValueError, TypeError), match=message):
            read_tree(model, **given)
    read_tree(DecisionTreeClassifier().fit(X[["size"]], CLASSES).to_sklearn())


def test_slim_models_are_not_drawn(tmp_path):
    for name in ("DecisionTreeRegressor", "NewtonBoostingRegressor"):
        save_model(fitted(name), tmp_path / "model", slim=True)
        with pytest.raises(AttributeError, match="a drawing needs gains"):
            export_text(load_model(tmp_path / "model"))
