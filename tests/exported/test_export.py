"""Exported models predict the same when they are read again, or are refused by a sentence: one table for all."""

import numpy as np
import pytest

from skensemble import export_model, from_lightgbm, from_xgboost
from skensemble.exported._export import TARGETS
from skensemble.exported._onnx_steps import check
from skensemble.tree.trees._scalar_trees import scalar_trees
from tests.exported import onnx_in_numpy
from tests.exported.models import FITTED, TABLE, fitted, response, rows_of

WITHOUT_INFINITIES = ("xgboost",)
TREES_AND_FORESTS = ("forest", "large numbers", "forest of classes", "tree of two targets", "levels in a forest")


def _sklearn(model, folder):
    converted = model.to_sklearn()
    return lambda rows: response(converted, rows)


def _lightgbm(model, folder):
    export_model(model, folder / "model.txt", to="lightgbm")
    again = from_lightgbm(folder / "model.txt")

    def predict(rows):
        if isinstance(rows, type(TABLE)):
            rows = rows.astype({"text": "category"})
        return response(again, rows)

    return predict


def _onnx(model, folder):
    parts = scalar_trees(model)
    check(parts)
    return lambda rows: np.reshape(onnx_in_numpy.predictions(parts, rows)[-1], np.shape(response(model, rows)))


def _xgboost(ending):
    """XGBoost knows no infinities."""

    def through(model, folder):
        export_model(model, folder / f"model{ending}", to="xgboost")
        again = from_xgboost(folder / f"model{ending}")
        return lambda rows: response(again, rows)

    return through


ONE_CLASS, TWO_TARGETS = "needs two classes or more, but this model has one", "one target of classes, got 2 targets"
NO_TREES = "linear_leaves must be False"
NO_LINK = "has no link '{}' from raw predictions"
OTHERS = {
    "one class": ONE_CLASS,
    "tree of two targets": TWO_TARGETS,
    "linear leaves": NO_TREES,
    "quantiles": NO_LINK.format("sorted"),
    "real adaboost": NO_LINK.format("one-vs-rest"),
}
SINGLE = {"large numbers": "float32, which cannot hold all thresholds in.*'Column_0'"}
RARE = "unknown categories where missing cells go.*'text'"
TARGETS_AND_TOLERANCES = {  # name -> (function that makes predictions of a model by the target, tolerance, refusals)
    "scikit-learn": (
        _sklearn,
        1e-14,
        OTHERS
        | {"two outputs": "one number, or the classes of one target.*2 outputs", "rare levels": RARE}
        | {"quantiles": "one number, or the classes of one target.*2 outputs"},
    ),
    "onnx": (_onnx, 1e-5, {name: text for name, text in OTHERS.items() if name != "real adaboost"} | SINGLE),
    "xgboost": (_xgboost(".json"), 1e-6, OTHERS | SINGLE),
    "xgboost ubj": (_xgboost(".ubj"), 1e-6, OTHERS | SINGLE),
    "lightgbm": (_lightgbm, 1e-14, OTHERS | {"rare levels": RARE}),
}


def test_every_target_is_in_the_table():
    assert {name.split()[0] for name in TARGETS_AND_TOLERANCES} == {*TARGETS, "scikit-learn"}


@pytest.mark.filterwarnings("ignore:.*known categor")
@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("target", TARGETS_AND_TOLERANCES)
def test_what_is_exported_predicts_the_same_or_is_refused(target, name, tmp_path):
    through, tolerance, refusals = TARGETS_AND_TOLERANCES[target]
    model = fitted(name)
    if target == "scikit-learn" and (name in TREES_AND_FORESTS or "adaboost" in name):
        return  # tests/tree/estimators/test_sklearn_tree.py; AdaBoost has no such method
    if name in refusals:
        with pytest.raises(ValueError, match=refusals[name]):
            through(model, tmp_path)
        assert not list(tmp_path.iterdir())
        return
    predict = through(model, tmp_path)
    for rows in rows_of(name, with_infinities=target.split()[0] not in WITHOUT_INFINITIES):
        expected = response(model, rows)
        np.testing.assert_allclose(predict(rows), expected, rtol=tolerance, atol=tolerance)


def test_arguments_are_checked(tmp_path):
    with pytest.raises(ValueError, match="to must be"):
        export_model(fitted("forest"), tmp_path / "model", to="stone")
    with pytest.raises(TypeError, match="model must be a tree, forest or booster"):
        export_model({}, tmp_path / "model", to="lightgbm")
