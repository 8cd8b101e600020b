"""Imported models predict and explain as the libraries that trained them; damaged files are refused.

The files in golden/ were written by LightGBM 4.7 and XGBoost 3.2, which also made predictions.json.
"""

import io
import json
import pickle
import zlib

import numpy as np
import pandas as pd
import pytest

from skensemble import compile_predictor, export_model, from_lightgbm, from_xgboost, load_model, save_model
from skensemble.imported._foreign_columns import last_rounded_to
from skensemble.imported._foreign_nodes import ForeignNodes
from skensemble.imported._universal_binary_json import read_universal_binary_json
from skensemble.inspection import explain
from tests.conftest import ROOT
from tests.imported.mutations import FILES, mutated, outcome

GOLDEN = ROOT / "tests" / "imported" / "golden"
EXPECTED = json.loads((GOLDEN / "predictions.json").read_text())
NUMBERS_ONLY = ("lightgbm_numbers", "lightgbm_zero", "xgboost_dart.json", "xgboost_vector.json")
NAMES = [name for name in EXPECTED if name != "rows"]
LIGHTGBM = [name for name in NAMES if name.startswith("lightgbm")]
XGBOOST = [name for name in NAMES if name.startswith("xgboost")]


def _path(name):
    return GOLDEN / (f"{name}.txt" if name in LIGHTGBM else name)


def _imported(source, name):
    return from_lightgbm(source) if name in LIGHTGBM else from_xgboost(source)


def _rows(name):
    """Rows with decimals, missing cells, and categories whose dtype has another order than in training."""
    frame = pd.DataFrame(EXPECTED["rows"], columns=list("abcd")).astype({"a": float, "b": float})
    frame["c"] = pd.Categorical(frame["c"], categories=["x", "w", "y", "z"])
    frame["d"] = pd.Categorical(frame["d"], categories=[8, 7, 6, 5, 4, 3])
    if name in XGBOOST:
        frame["b"] = frame["b"].clip(-9, 9)
    return frame[["a", "b"]] if name in NUMBERS_ONLY else frame


def _assert_close(name, ours, theirs):
    """To the last bit of double precision, or to the rounding of single precision."""
    tolerance = 0 if name in LIGHTGBM else 1e-6
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_those_of_the_library(name):
    model, rows = _imported(_path(name), name), _rows(name)
    expected = np.array(EXPECTED[name]["response"])
    if "classes" in name:
        np.testing.assert_allclose(model.predict_proba(rows), expected, atol=1e-6)
        _assert_close(name, model.decision_function(rows), EXPECTED[name]["raw"])
        np.testing.assert_array_equal(model.predict(rows), expected.argmax(axis=1))
    else:
        _assert_close(name, model.predict(rows), expected)
    assert model.apply(rows).shape == (len(rows), model._additive.trees.n_trees)
    one_by_one = np.concatenate([model.predict(rows.iloc[[i]]) for i in range(len(rows))])
    np.testing.assert_array_equal(one_by_one, model.predict(rows))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(rows), model.predict(rows))


@pytest.mark.parametrize("slim", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_saved_models_are_the_same(name, slim):
    model, rows, file = _imported(_path(name), name), _rows(name), io.BytesIO()
    save_model(model, file, slim=slim)
    loaded = load_model(io.BytesIO(file.getvalue()))
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))
    np.testing.assert_array_equal(explain(loaded, rows).values, explain(model, rows).values)
    again = io.BytesIO()
    save_model(loaded, again, slim=slim)
    assert again.getvalue() == file.getvalue()


@pytest.mark.parametrize("name", ["lightgbm_mixed", "xgboost_mixed.json"])
def test_explanations_are_those_of_the_library(name):
    explanation, expected = explain(_imported(_path(name), name), _rows(name)), np.array(EXPECTED[name]["shap"])
    np.testing.assert_allclose(explanation.values, expected[:, :-1], atol=1e-6)
    np.testing.assert_allclose(explanation.base_values, expected[:, -1], atol=1e-6)


@pytest.mark.parametrize("name", ["lightgbm_mixed", "xgboost_mixed.json"])
def test_text_is_read_as_its_file(name):
    model = _imported(_path(name).read_text(), name)
    np.testing.assert_array_equal(model.predict(_rows(name)), _imported(_path(name), name).predict(_rows(name)))


def test_numbers_of_categories_are_truncated_and_unknown_ones_go_right_in_lightgbm():
    model = from_lightgbm(GOLDEN / "lightgbm_mixed.txt")
    rows = np.array([[0.1, 0.3, 1.7, 0.9], [0.1, 0.3, -3.0, 1e12], [0.1, 0.3, np.inf, -np.inf]])
    same = np.array([[0.1, 0.3, 1.0, 0.0], [0.1, 0.3, np.nan, np.nan], [0.1, 0.3, np.nan, np.nan]])
    with pytest.warns(UserWarning, match="feature names"):
        np.testing.assert_array_equal(model.predict(rows), model.predict(same))


def test_a_frame_needs_the_columns_of_categories_of_training():
    rows = _rows("lightgbm_mixed").astype({"d": float})
    with pytest.raises(ValueError, match="X must have 2 columns of categories.*got 1: column 'c'"):
        from_lightgbm(GOLDEN / "lightgbm_mixed.txt").predict(rows)


def test_an_unknown_level_goes_where_numbers_of_no_list_go_in_xgboost():
    model, rows = from_xgboost(GOLDEN / "xgboost_mixed.json"), _rows("xgboost_mixed.json")
    unknown = rows.assign(d=pd.Categorical([77] * len(rows)), c=rows["c"])
    predictions = model.predict(unknown)
    categories = model._additive.binner.categories[3]
    assert (categories.codes(np.array([-1.0, 500.0])) == 1).all()
    assert np.isfinite(predictions).all()


@pytest.mark.filterwarnings("ignore:.*feature names")
@pytest.mark.parametrize("name", NAMES)
def test_one_row_is_predicted_as_many(name):
    model, rows = _imported(_path(name), name), _rows(name)
    expected = model.predict_proba(rows) if hasattr(model, "classes_") else model.predict(rows)
    predictor = compile_predictor(model)
    cells = [predictor.encode(row) for row in rows.astype(object).to_numpy()]
    np.testing.assert_array_equal([predictor(row) for row in cells], expected)


def test_the_last_numbers_that_are_rounded_to_thresholds():
    thresholds = np.array([0.1, np.float32(0.1), 0.0, 1e-45, -3e38, 3.4028234663852886e38, 1e300, -np.inf, 16777217.5])
    last = last_rounded_to(np.append(thresholds, [np.inf, np.nan]))
    assert last[-2] == np.inf
    assert np.isnan(last[-1])
    with np.errstate(over="ignore"):
        assert (last[:-2].astype(np.float32) <= thresholds).all()
        assert (np.nextafter(last[:-2], np.inf).astype(np.float32) > thresholds).all()


def test_imported_models_cannot_be_fitted():
    with pytest.raises(TypeError, match="cannot be fitted"):
        from_lightgbm(GOLDEN / "lightgbm_numbers.txt").fit([[0.0]], [0.0])


@pytest.mark.parametrize("reader", [from_lightgbm, from_xgboost])
def test_other_objects_are_refused(reader):
    with pytest.raises(TypeError, match="model must be a .* got list"):
        reader([])


def test_a_document_of_xgboost_is_read_as_its_text():
    document = json.loads(_path("xgboost_mixed.json").read_text())
    rows = _rows("xgboost_mixed.json")
    np.testing.assert_array_equal(
        from_xgboost(document).predict(rows), from_xgboost(_path("xgboost_mixed.json")).predict(rows)
    )
    with pytest.raises(ValueError, match="model must be a model of XGBoost that can be imported"):
        from_xgboost({})


def test_what_was_imported_is_exported_if_it_reads_cells_as_they_are(tmp_path):
    model = from_lightgbm(GOLDEN / "lightgbm_numbers.txt")
    export_model(model, tmp_path / "model.txt", to="lightgbm")
    rows = _rows("lightgbm_numbers")
    np.testing.assert_array_equal(from_lightgbm(tmp_path / "model.txt").predict(rows), model.predict(rows))
    with pytest.raises(ValueError, match="imported from another library with"):
        export_model(_imported(_path("lightgbm_mixed"), "lightgbm_mixed"), tmp_path / "model.json", to="lightgbm")


def test_what_rounds_its_cells_is_exported_with_thresholds_that_do(tmp_path):
    model, rows = from_xgboost(GOLDEN / "xgboost_dart.json"), _rows("xgboost_dart.json")
    trees, columns = model._additive.trees, model._additive.binner
    edges = np.unique(trees.threshold[trees.feature == 0])
    last = last_rounded_to(edges)
    cells = [[x, 0.5] for x in (*last, *np.nextafter(last, np.inf), *edges)]
    rows = pd.concat([rows, pd.DataFrame(cells, columns=rows.columns)])
    assert columns.single
    for to, read in (("lightgbm", from_lightgbm), ("xgboost", from_xgboost)):
        export_model(model, tmp_path / to, to=to)
        np.testing.assert_allclose(read(tmp_path / to).predict(rows), model.predict(rows), rtol=1e-6)


# -- damaged files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_changes", [8, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_refused_or_predict(name, n_changes):
    data, rng = (GOLDEN / name).read_bytes(), np.random.default_rng(zlib.crc32(name.encode()))
    outcomes = {outcome(name, data)}
    assert outcomes == {"a model"}
    for _ in range(n_changes):
        outcomes.add(outcome(name, mutated(data, not name.endswith(".ubj"), rng)[0]))
    assert "refused" in outcomes


@pytest.mark.parametrize("name", ["lightgbm_mixed", "xgboost_mixed.json", "xgboost_classes.ubj"])
def test_cut_files_are_refused(name):
    data = _path(name).read_bytes()
    end = data.index(b"end of trees") if name in LIGHTGBM else len(data) - 1
    for stop in np.linspace(5, end, 30).astype(int):
        cut = data[:stop]
        with pytest.raises(ValueError, match="model must be a model of"):
            _imported(cut.decode() + "\n" if name in LIGHTGBM else cut, name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("objective=regression", "objective=unheard_of"), "objective 'unheard_of' is not known"),
        (("is_linear=0", "is_linear=1"), "leaf_const must hold"),
        (("left_child=", "left_child=9"), "left_child|one parent"),
        (("split_feature=", "split_feature=77"), "feature must be in"),
        (("leaf_value=", "leaf_value=nan "), "leaf_value must hold"),
        (("num_tree_per_iteration=1", "num_tree_per_iteration=3"), "must agree"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(change, message):
    text = (GOLDEN / "lightgbm_numbers.txt").read_text().replace(*change)
    with pytest.raises(ValueError, match=message):
        from_lightgbm(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"gbtree"}', '"gblinear"}'), "must be one of trees"),
        (("reg:squarederror", "reg:unheard_of"), "objective 'reg:unheard_of'"),
        (('"base_score":"[', '"base_score":"[inf,'), "base_score"),
        (('"left_children":[', '"left_children":[99,'), "left_children|right_children"),
        (('"num_class":"0"', '"num_class":"99"'), "must be at most .*, one for each tree, got 99"),
        (('"tree_info":[', '"tree_info":[0,'), "tree_info"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(change, message):
    text = (GOLDEN / "xgboost_mixed.json").read_text().replace(*change)
    with pytest.raises(ValueError, match=message):
        from_xgboost(text)


def test_nodes_that_meet_themselves_are_refused():
    nodes = ForeignNodes(
        roots=np.array([0]), left=np.array([0]), right=np.array([0]), feature=np.array([0]), threshold=np.zeros(1),
        missing_left=np.zeros(1, bool), values=np.zeros((1, 1)), weight=np.ones(1), output=np.array([0]),
    )  # fmt: skip
    with pytest.raises(ValueError, match="one parent"):
        nodes.trees(1, 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"[" * 100, b"[$i#L\x7f\xff\xff\xff\xff\xff\xff\xff", b"{i\xff", b"Sd", b"ZZ", b"?", b"[$Z#U\x05" + b" " * 9],
)
def test_malformed_bytes_are_refused(data):
    with pytest.raises(ValueError):
        read_universal_binary_json(data)


def test_bytes_of_every_type_are_read():
    data = b"[i\xffU\xffI\x01\x00Zl\x00\x00\x00\x02TFSU\x01aCb[$U#U\x02\x01\x02{U\x01ki\x05}]"
    *firsts, numbers, entries = read_universal_binary_json(data)
    assert firsts == [-1, 255, 256, None, 2, True, False, "a", "b"]
    assert numbers.tolist() == [1, 2]
    assert entries == {"k": 5}
