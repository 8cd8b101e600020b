"""What stands in a box, beyond what the tests of whole drawings compare with scikit-learn."""

import numpy as np
import pytest

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor
from skensemble.inspection._node_text import DOT, HTML, PLAIN, NodeText

OPTIONS = {
    "feature_names": None,
    "class_names": None,
    "label": "all",
    "impurity": True,
    "node_ids": False,
    "proportion": False,
    "precision": 3,
    "show_missing": False,
}


def _lines(tree, node=0, notation=PLAIN, **options):
    return NodeText(tree, notation, {**OPTIONS, **options}).lines(node)


@pytest.mark.parametrize(
    ("notation", "first_lines"),
    [
        (PLAIN, ["node #0", "x[0] <= 0.5"]),
        (DOT, ["node #0", "x[0] <= 0.5"]),
        (HTML, ["node &#35;0", "x<SUB>0</SUB> &le; 0.5"]),
    ],
)
def test_notations(notation, first_lines):
    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    assert _lines(tree, notation=notation, node_ids=True)[:2] == first_lines


def test_long_rows_of_values_are_broken():
    tree = DecisionTreeClassifier(max_depth=1).fit(np.arange(60.0).reshape(-1, 1), np.arange(60) % 30)
    value = _lines(tree)[3:]
    assert value[0].startswith("value = [2, 2, ")
    assert len(value) > 1
    assert max(map(len, value)) < 60
    assert sum(line.count("2") for line in value) == 30


def test_weights_of_classes_are_whole_where_the_rows_have_whole_weights():
    tree = DecisionTreeClassifier().fit(np.zeros((49, 1)), np.arange(49) % 3)
    assert _lines(tree)[-1] == "value = [17, 16, 16]"  # 16 / 49 * 49 is not 16
    weighted = DecisionTreeClassifier().fit([[0.0]] * 2, [0, 1], sample_weight=[0.25, 1.5])
    assert _lines(weighted)[-1] == "value = [0.25, 1.5]"


def test_rounding_leaves_no_negative_zero():
    tree = DecisionTreeRegressor().fit([[-0.0002], [0.0]], [-0.0003, 0.0001])
    assert "-0.0" not in _lines(tree)
    assert _lines(tree)[0] == "x[0] <= 0.0"
    assert _lines(tree)[-1] == "value = 0.0"
