"""plot_tree: the boxes that scikit-learn draws of the same tree, in the same places."""

import builtins

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import sklearn.tree
from sklearn.datasets import load_diabetes, load_iris

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor, plot_tree


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def tree():
    X, y = load_iris(return_X_y=True)
    return DecisionTreeClassifier(random_state=0).fit(X, y)


@pytest.mark.parametrize("options", [{}, {"max_depth": 1, "filled": True}, {"max_depth": 0, "rounded": True}], ids=str)
def test_boxes_are_those_of_scikit_learn(tree, options):
    _, (left, right) = plt.subplots(1, 2)
    ours = plot_tree(tree, ax=left, **options)
    theirs = sklearn.tree.plot_tree(tree.to_sklearn(), ax=right, **options)
    assert [box.get_text() for box in ours] == [box.get_text() for box in theirs]
    np.testing.assert_allclose([box.xyann for box in ours], [box.xyann for box in theirs])
    np.testing.assert_allclose([box.xy for box in ours], [box.xy for box in theirs])


def test_boxes_do_not_overlap(tree):
    figure, axes = plt.subplots(figsize=(12, 6))
    boxes = plot_tree(tree, ax=axes, filled=True, class_names=["setosa", "versicolor", "virginica"])
    figure.canvas.draw()
    extents = [box.get_bbox_patch().get_window_extent() for box in boxes if box.get_bbox_patch() is not None]
    overlaps = [(a, b) for i, a in enumerate(extents) for b in extents[:i] if a.overlaps(b)]
    assert overlaps == []


def test_font_size_can_be_set(tree):
    assert {box.get_fontsize() for box in plot_tree(tree, fontsize=7)} == {7}


def test_text_is_dark_on_painted_boxes_of_any_style(tree):
    with matplotlib.rc_context({"text.color": "white", "axes.facecolor": "black"}):
        assert {box.get_color() for box in plot_tree(tree, filled=True) if box.get_bbox_patch()} == {"black"}
        plain = plot_tree(tree, ax=plt.figure().gca())
    assert {box.get_color() for box in plain} == {"white"}
    assert plain[0].get_bbox_patch().get_facecolor() == (0, 0, 0, 1)


def test_current_axes_are_cleared_and_used(tree):
    axes = plt.figure().gca()
    axes.plot([0, 1], [0, 1])
    boxes = plot_tree(tree)
    assert boxes[0].axes is axes
    assert not axes.lines


@pytest.mark.parametrize("backend", ["agg", "svg", "pdf"])
def test_every_backend_can_draw_it(tree, backend, tmp_path):
    plt.switch_backend(backend)
    try:
        figure = plt.figure(layout="constrained")
        plot_tree(tree, ax=figure.subfigures(1, 2)[0].subplots(), max_depth=2)
        figure.savefig(tmp_path / "tree")
        assert [path.stat().st_size > 0 for path in tmp_path.iterdir()] == [True]
    finally:
        plt.switch_backend("agg")


def test_a_regressor_and_a_single_node():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    boxes = plot_tree(DecisionTreeRegressor(max_depth=2).fit(X, y), filled=True, proportion=True)
    assert boxes[0].get_text().splitlines()[2] == "samples = 100.0%"
    assert boxes[0].get_text().split()[0] in X.columns
    (box,) = plot_tree(DecisionTreeRegressor().fit([[0.0], [0.0]], [1.0, 1.0]), filled=True)
    assert box.get_text() == "squared_error = 0.0\nsamples = 2\nvalue = 1.0"


def test_categories_stand_by_name():
    colors = pd.DataFrame({"color": ["red", "green", "blue"] * 5})
    tree = DecisionTreeClassifier().fit(colors, (colors["color"] == "blue").to_numpy())
    assert "{blue}" in plot_tree(tree)[0].get_text()


def test_options_that_break_their_rule(tree):
    with pytest.raises(ValueError, match=r"fontsize must be an int >= 1 or None, got 0\."):
        plot_tree(tree, fontsize=0)
    with pytest.raises(ValueError, match=r"filled must be a bool, got 1\."):
        plot_tree(tree, filled=1)


def test_matplotlib_is_loaded_only_to_draw(tree, monkeypatch):
    real_import = builtins.__import__

    def without_matplotlib(name, *args):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real_import(name, *args)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    with pytest.raises(ImportError):
        plot_tree(tree)


def test_dollars_in_columns_begin_no_formula():
    X = pd.DataFrame({"$1_{$": [0.0, 1.0, 2.0, 3.0]})
    tree = DecisionTreeRegressor().fit(X, [0.0, 1.0, 2.0, 3.0])
    assert "$1_{$ <= 1.5" in plot_tree(tree)[0].get_text()
    assert plot_tree(tree, feature_names=["$x_1$"])[0].get_parse_math()
