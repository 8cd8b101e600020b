"""Models of CatBoost predict and explain the same after they were imported; damaged files are refused.

The files in golden/ were written by CatBoost 1.2.10, which also made catboost_predictions.json; of what they said about
the training only the loss is left.
"""

import copy
import json

import numpy as np
import pytest

from skensemble import from_catboost
from skensemble.inspection import explain
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "imported" / "golden"
EXPECTED = json.loads((GOLDEN / "catboost_predictions.json").read_text())
ROWS = np.array(EXPECTED["rows"], float)
NAMES = [name for name in EXPECTED if name != "rows"]


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_those_of_the_library(name):
    model, expected = from_catboost(GOLDEN / name), EXPECTED[name]
    found = model.predict_proba(ROWS) if hasattr(model, "predict_proba") else model.predict(ROWS)
    np.testing.assert_allclose(found, expected["response"], rtol=1e-13, atol=1e-14)
    if hasattr(model, "classes_"):
        np.testing.assert_array_equal(model.predict(ROWS), expected["labels"])
    document = json.loads((GOLDEN / name).read_text())
    for source in (document, json.dumps(document)):
        np.testing.assert_array_equal(from_catboost(source).predict(ROWS), model.predict(ROWS))


def test_explanations_are_those_of_the_library():
    explanation = explain(from_catboost(GOLDEN / "catboost_numbers.json"), ROWS)
    expected = np.array(EXPECTED["catboost_numbers.json"]["shap"])
    np.testing.assert_allclose(explanation.values, expected[:, :-1], atol=1e-12)
    np.testing.assert_allclose(explanation.base_values, expected[:, -1], atol=1e-12)


def _changed(document, path, value):
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("features_info", "float_features", 0, "flat_feature_index"), 7, "must be all columns"),
        (("features_info", "float_features", 0, "nan_value_treatment"), "AsSeen", "nan_value_treatment must be one of"),
        (("model_info", "params", "loss_function", "type"), "Unheard", "the loss 'Unheard' is not known"),
        (("oblivious_trees", 0, "leaf_values"), [1.0], "leaf_values and leaf_weights must fit"),
        (("oblivious_trees", 0, "leaf_values", 0), None, "there must be numbers"),
        (("oblivious_trees", 0, "splits", 0, "float_feature_index"), 9, "9"),
        (("oblivious_trees", 0, "splits", 0, "split_type"), "Estimated", "'Estimated' cannot be read"),
        (("oblivious_trees",), [], "there must be trees"),
        (("scale_and_bias",), [1, [[0.0]]], "scale_and_bias"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(path, value, message):
    document = json.loads((GOLDEN / "catboost_numbers.json").read_text())
    with pytest.raises(ValueError, match=message):
        from_catboost(_changed(document, path, value))


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="model must be a path, a text, a dict or a fitted model of CatBoost, got list"):
        from_catboost([])
