"""Categories of CatBoost, asked for one by one or by statistics of the target, are read as CatBoost reads them.

golden/catboost_levels.json was written by CatBoost 1.2.10, which also made the predictions and SHAP values.
"""

import copy
import io
import json

import numpy as np
import pandas as pd
import pytest

from skensemble import compile_predictor, from_catboost, load_model, save_model
from skensemble.imported._catboost_splits import statistic_values
from skensemble.inspection import explain
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "imported" / "golden"
DOCUMENT = json.loads((GOLDEN / "catboost_levels.json").read_text())
EXPECTED = json.loads((GOLDEN / "catboost_levels_predictions.json").read_text())
ROWS = pd.DataFrame(EXPECTED["rows"], columns=list("abcd"))  # with unknown categories in each column


def test_predictions_and_explanations_are_those_of_the_library():
    model = from_catboost(DOCUMENT)
    for rows in (ROWS, ROWS.astype({"b": "category", "c": object, "d": str})):
        np.testing.assert_allclose(model.predict(rows), EXPECTED["response"], rtol=1e-13)
    explanation, expected = explain(model, ROWS), np.array(EXPECTED["shap"])
    np.testing.assert_allclose(explanation.values, expected[:, :-1], atol=1e-12)
    predictor = compile_predictor(model)
    cells = [predictor.encode(row) for row in ROWS.to_numpy(object)]
    np.testing.assert_array_equal([predictor(row) for row in cells], model.predict(ROWS))


@pytest.mark.filterwarnings("ignore:No cell of")
def test_missing_categories_go_where_unknown_ones_go():
    model = from_catboost(DOCUMENT)
    missing, unknown = ROWS.astype({"c": object}), ROWS.assign(c="never seen")
    missing["c"] = None
    np.testing.assert_array_equal(model.predict(missing), model.predict(unknown))


def test_saved_models_are_the_same():
    model, file = from_catboost(DOCUMENT), io.BytesIO()
    save_model(model, file)
    np.testing.assert_array_equal(load_model(io.BytesIO(file.getvalue())).predict(ROWS), model.predict(ROWS))


@pytest.mark.parametrize(
    ("kind", "border", "counts", "expected"),
    [
        ("Borders", 0, [[1, 2, 3], [0, 0, 0]], [5.5 / 7, 0.5]),
        ("Borders", 1, [[1, 2, 3], [0, 0, 0]], [3.5 / 7, 0.5]),
        ("Buckets", 1, [[1, 2, 3], [0, 0, 0]], [2.5 / 7, 0.5]),
        ("BinarizedTargetMeanValue", 0, [[1.5, 3], [0, 0]], [2 / 4, 0.5]),
        ("Counter", 0, [[3], [0]], [3.5 / 10, 0.5 / 10]),
    ],
)
def test_statistics(kind, border, counts, expected):
    """With a prior of 1/2 in 1; of a category with three rows or six, and of an unknown one."""
    numbers = {"prior_numerator": 0.5, "prior_denomerator": 1, "shift": 1, "scale": 15}
    statistic = {"ctr_type": kind, "target_border_idx": border, **numbers}
    values = statistic_values(statistic, np.array(counts), {"counter_denominator": 9})
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, 15 * (np.array(expected) + 1), rtol=1e-6)


def _changed(path, value):
    document = copy.deepcopy(DOCUMENT)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


STATISTIC = DOCUMENT["features_info"]["ctrs"][0]
BY_STATISTIC = next(
    (t, k)
    for t, tree in enumerate(DOCUMENT["oblivious_trees"])
    for k, split in enumerate(tree["splits"])
    if split["split_type"] == "OnlineCtr"
)
SPLIT = ("oblivious_trees", BY_STATISTIC[0], "splits", BY_STATISTIC[1])


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("features_info", "cat_features_hash"), [], "it does not hold the text of all categories: give `pool`"),
        (("features_info", "text_features"), [{}], "text features cannot be read"),
        (("features_info", "categorical_features", 0, "flat_feature_index"), 9, "must be all columns"),
        ((*SPLIT, "split_index"), 10**6, "1000000"),
        ((*SPLIT, "border"), 0.123, "split_index must be the number of a border"),
        ((*SPLIT, "split_type"), "Estimated", "'Estimated' cannot be read"),
        (("ctr_data",), {}, "identifier"),
    ],
)
def test_what_is_wrong_with_categories_is_said(path, value, message):
    with pytest.raises(ValueError, match=message):
        from_catboost(_changed(path, value))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"elements": STATISTIC["elements"] * 2}, "combinations of columns cannot be read.*max_ctr_complexity=1"),
        ({"ctr_type": "Median"}, "'Median' cannot be read"),
        ({"target_border_idx": 99}, "target_border_idx must be one of the classes"),
        ({"scale": "much"}, "there must be numbers, got much"),
    ],
)
def test_what_is_wrong_with_a_statistic_is_said(change, message):
    statistics = [entry | change for entry in DOCUMENT["features_info"]["ctrs"]]
    with pytest.raises(ValueError, match=message):
        from_catboost(_changed(("features_info", "ctrs"), statistics))


def test_damaged_texts_are_refused_or_predict():
    text, rng = json.dumps(DOCUMENT), np.random.default_rng(0)
    for _ in range(60):
        place = int(rng.integers(1, len(text)))
        try:
            model = from_catboost(text[:place] + str(rng.integers(10)) + text[place + 1 :])
        except ValueError:
            continue
        assert len(model.predict(ROWS)) == len(ROWS)
