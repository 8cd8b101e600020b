"""export_graphviz: the graph that scikit-learn draws of the same tree, and what it cannot draw."""

import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import sklearn.tree
from sklearn.datasets import load_diabetes, load_iris

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor, export_graphviz

SIX = [[-2.0], [-1.0], [-1.0], [1.0], [1.0], [2.0]]
OPTIONS = [
    {},
    {"filled": True, "rounded": True, "leaves_parallel": True, "max_depth": 2},
    {"rotate": True, "special_characters": True, "proportion": True, "fontname": "sans"},
    {"label": "root", "node_ids": True, "impurity": False, "precision": 1},
    {"label": "none", "filled": True, "max_depth": 0},
]


@pytest.fixture(scope="module")
def trees():
    X, y = load_iris(return_X_y=True)
    X_diabetes, y_diabetes = load_diabetes(return_X_y=True, scaled=False)
    weight = np.random.default_rng(0).random(len(y))
    return {
        "classes": DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y),
        "weights": DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y, sample_weight=weight),
        "labels": DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, np.column_stack([y, y == 1])),
        "numbers": DecisionTreeRegressor(max_depth=3, random_state=0).fit(X_diabetes, y_diabetes),
        "targets": DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, np.column_stack([y, -y])),
    }


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", ["classes", "weights", "labels", "numbers", "targets"])
def test_graph_is_that_of_scikit_learn(trees, name, options):
    ours, theirs = trees[name], trees[name].to_sklearn()
    assert export_graphviz(ours, **options) == sklearn.tree.export_graphviz(theirs, **options)


def test_class_names(trees):
    for names in (True, ["setosa", "versicolor", 'virgin"ica']):
        ours = export_graphviz(trees["classes"], class_names=names)
        assert ours == sklearn.tree.export_graphviz(trees["classes"].to_sklearn(), class_names=names)
        assert "class = " in ours
    assert "class = " not in export_graphviz(trees["numbers"], class_names=True)
    assert "class = " not in export_graphviz(trees["classes"], class_names=False)


def test_names_are_written_so_that_graphviz_reads_them():
    tree = DecisionTreeClassifier().fit(SIX, [0, 0, 0, 1, 1, 1])
    assert '"a\\"b\\\\c <= 0.0' in export_graphviz(tree, feature_names=['a"b\\c'])
    assert "<a&lt;b&amp;c &le; 0.0" in export_graphviz(tree, feature_names=["a<b&c"], special_characters=True)


def test_categories_stand_by_name():
    colors = pd.DataFrame({"color": ["red", "green", "blue"] * 5})
    tree = DecisionTreeClassifier().fit(colors, (colors["color"] == "blue").to_numpy())
    assert re.search(r'0 \[label="color (not )?in \{blue\}\\n', export_graphviz(tree))


def test_of_many_categories_some_are_listed():
    words = pd.DataFrame({"word": [f"w{i:02}" for i in range(40)]})
    tree = DecisionTreeRegressor(max_depth=1, min_frequency=None).fit(words, np.arange(40) < 20)
    assert re.search(r"word (not )?in \{(w\d\d, ){8}12 more\}", export_graphviz(tree))


def test_missing_cells_have_a_side():
    x = np.r_[np.zeros(5), np.ones(5), np.full(5, np.nan)].reshape(-1, 1)
    tree = DecisionTreeRegressor().fit(x, np.r_[np.zeros(5), np.ones(5), np.zeros(5)])
    assert "x[0] <= 0.5 or missing\\n" in export_graphviz(tree, show_missing=True)
    assert "missing" not in export_graphviz(tree)


def test_where_it_is_written(trees, tmp_path):
    graph = export_graphviz(trees["classes"])
    stream = StringIO()
    for target in (str(tmp_path / "one.dot"), tmp_path / "two.dot", stream):
        assert export_graphviz(trees["classes"], target) is None
    assert stream.getvalue() == graph  # and it is still open
    assert (tmp_path / "one.dot").read_text(encoding="utf-8") == graph
    assert (tmp_path / "two.dot").read_text(encoding="utf-8") == graph


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out_file": 3}, "out_file must be a path, an object with a write method or None, got 3"),
        ({"label": "leaves"}, "label must be 'all', 'root' or 'none', got 'leaves'"),
        ({"class_names": ["a"]}, r"class_names must have one name per class \(3\), got 1"),
        ({"feature_names": ["a"]}, r"feature_names must have one name per feature \(4\), got 1"),
        ({"precision": None}, "precision must be an int >= 0, got None"),
        ({"rotate": "yes"}, "rotate must be a bool, got 'yes'"),
        ({"fontname": 12}, "fontname must be a str, got 12"),
    ],
)
def test_options_that_break_their_rule(trees, options, message):
    with pytest.raises(ValueError, match=message):
        export_graphviz(trees["classes"], **options)


def test_one_class_and_one_value():
    for tree in (DecisionTreeClassifier(), DecisionTreeRegressor()):
        assert 'fillcolor="#ffffff"' in export_graphviz(tree.fit(SIX, [1] * 6), filled=True)
