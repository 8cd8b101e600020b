"""Names of columns and classes: given ones, those of the frame in fit, or none."""

import numpy as np
import pandas as pd
import pytest

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor
from skensemble.inspection._names import read_class_names, read_feature_names

FRAME = pd.DataFrame({"height": [0.0, 1.0], "weight": [0.0, 1.0]})


def test_names_of_features():
    of_frame = DecisionTreeClassifier().fit(FRAME, [0, 1])
    of_array = DecisionTreeClassifier().fit(FRAME.to_numpy(), [0, 1])
    assert read_feature_names(of_frame, None) == ["height", "weight"]
    assert read_feature_names(of_array, None) is None
    for names in (["h", "w"], ("h", "w"), np.array(["h", "w"]), pd.Index(["h", "w"])):
        assert read_feature_names(of_frame, names) == ["h", "w"]


def test_names_of_classes_are_for_classifiers_of_one_output():
    classifier = DecisionTreeClassifier().fit(FRAME, [0, 1])
    assert read_class_names(classifier, ["no", "yes"]) == ["no", "yes"]
    assert read_class_names(DecisionTreeRegressor().fit(FRAME, [0, 1]), ["no", "yes"]) is None
    assert read_class_names(DecisionTreeClassifier().fit(FRAME, [[0, 1], [1, 0]]), ["no", "yes"]) is None
    with pytest.raises(ValueError, match=r"class_names must have one name per class \(2\), got 3\."):
        read_class_names(classifier, ["no", "yes", "perhaps"])
