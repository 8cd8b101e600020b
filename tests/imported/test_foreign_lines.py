"""Linear leaves of LightGBM predict the same after they were imported, and are explained beside a background.

golden/lightgbm_linear.txt was written by LightGBM 4.7, which also made the predictions.
"""

import io
import json

import numpy as np
import pandas as pd
import pytest

from skensemble import compile_predictor, from_lightgbm, load_model, save_model
from skensemble.inspection import explain
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "imported" / "golden"
TEXT = (GOLDEN / "lightgbm_linear.txt").read_text()
EXPECTED = json.loads((GOLDEN / "lightgbm_linear.json").read_text())
ROWS = pd.DataFrame(EXPECTED["rows"], columns=list("abc")).astype({"c": "category"})


def test_predictions_are_those_of_the_library():
    model = from_lightgbm(TEXT)
    assert ROWS["b"].isna().any()
    np.testing.assert_allclose(model.predict(ROWS), EXPECTED["response"], rtol=1e-14)
    predictor = compile_predictor(model)
    cells = [predictor.encode(row) for row in ROWS.to_numpy(object)]
    np.testing.assert_array_equal([predictor(row) for row in cells], model.predict(ROWS))


@pytest.mark.parametrize("slim", [False, True])
def test_saved_models_are_the_same(slim):
    model, file = from_lightgbm(TEXT), io.BytesIO()
    save_model(model, file, slim=slim)
    loaded = load_model(io.BytesIO(file.getvalue()))
    np.testing.assert_array_equal(loaded.predict(ROWS), model.predict(ROWS))


def test_the_mean_of_random_forests_is_that_of_their_lines_too():
    model, mean = from_lightgbm(TEXT), from_lightgbm(TEXT.replace("objective=", "average_output\nobjective="))
    np.testing.assert_allclose(4 * mean.predict(ROWS), model.predict(ROWS), rtol=1e-14)


def test_explanations_need_a_background():
    model, complete = from_lightgbm(TEXT), ROWS.dropna()
    with pytest.raises(ValueError, match="background must be a table for this model with linear leaves"):
        explain(model, ROWS)
    explanation = explain(model, complete, background=complete)
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, model.predict(complete), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("num_features=", "num_features=9 "), "num_features must"),
        (("leaf_features=0", "leaf_features=2"), "on the path to its leaf"),
        (("leaf_coeff=", "leaf_coeff=inf "), "leaf_coeff must hold"),
        (("leaf_const=", "leaf_const=x"), "could not convert"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(change, message):
    place = TEXT.index("Tree=1")
    with pytest.raises(ValueError, match=message):
        from_lightgbm(TEXT[:place] + TEXT[place:].replace(*change))


def test_lines_have_slopes():
    place = TEXT.index("leaf_coeff=", TEXT.index("Tree=1")) + len("leaf_coeff=")
    end = TEXT.index(" ", place)
    with pytest.raises(ValueError, match="slopes other than 0"):
        from_lightgbm(TEXT[:place] + "0" + TEXT[end:])
