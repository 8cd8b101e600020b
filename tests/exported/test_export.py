"""Exported models predict the same when they are read again, or are refused by a sentence: one table for all."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from skensemble import DecisionTreeRegressor, NewtonBoostingRegressor, export_model, from_lightgbm, from_xgboost
from skensemble.exported._export import TARGETS
from skensemble.exported._onnx_steps import check
from skensemble.tree.trees._scalar_trees import scalar_trees
from tests.exported import lightgbm_lines, onnx_in_numpy, pmml_evaluator
from tests.exported.models import FITTED, TABLE, fitted, response, rows_of
from tests.exported.sources import through_c, through_duckdb, through_sql

WITHOUT_INFINITIES = ("xgboost",)
TREES_AND_FORESTS = ("forest", "large numbers", "forest of classes", "tree of two targets", "levels in a forest")


def _sklearn(model, folder):
    converted = model.to_sklearn()
    return lambda rows: response(converted, rows)


def _lightgbm(model, folder):
    """LightGBM multiplies infinities by slopes, where linear leaves are their constants here."""
    export_model(model, folder / "model.txt", to="lightgbm")
    is_linear = "is_linear=1" in (folder / "model.txt").read_text()
    again = None if is_linear else from_lightgbm(folder / "model.txt")

    def predict(rows):
        if isinstance(rows, type(TABLE)):
            rows = rows.astype({"text": "category"})
        if is_linear:
            return lightgbm_lines.predictions(folder / "model.txt", rows)
        return response(again, rows)

    return predict


def _onnx(model, folder):
    parts = scalar_trees(model)
    check(parts)
    return lambda rows: onnx_in_numpy.predictions(parts, rows)[-1]


def _xgboost(ending):
    """XGBoost knows no infinities."""

    def through(model, folder):
        export_model(model, folder / f"model{ending}", to="xgboost")
        again = from_xgboost(folder / f"model{ending}")
        return lambda rows: response(again, rows)

    return through


def _treelite(model, folder):
    """None where treelite is not installed."""
    if not find_spec("treelite"):
        with pytest.raises(ImportError, match="pip install skensemble\\[treelite\\]"):
            export_model(model, folder / "model.checkpoint", to="treelite")
        return None
    import treelite

    export_model(model, folder / "model.checkpoint", to="treelite")
    again = treelite.Model.deserialize(folder / "model.checkpoint")

    def predict(rows):
        if isinstance(rows, type(TABLE)):
            levels = scalar_trees(model).levels
            rows = np.column_stack([_numbers(column, known) for (_, column), known in zip(rows.items(), levels)])
        found = treelite.gtil.predict(again, np.array(rows, np.float64)).reshape(len(rows), -1)
        return np.column_stack((1 - found, found)) if len(getattr(model, "classes_", ())) == 2 else found

    return predict


def _numbers(column, levels):
    """Numbers of levels; one that no level has for others."""
    if levels is None:
        return column
    places = {level: k for k, level in enumerate(levels)}
    return [np.nan if x is None or x != x else places.get(x, len(levels)) for x in column.astype(object)]


def _pmml(model, folder):
    export_model(model, folder / "model.pmml", to="pmml")
    return lambda rows: pmml_evaluator.predictions(folder / "model.pmml", rows)


ONE_CLASS, TWO_TARGETS = "needs two classes or more, but this model has one", "one target of classes, got 2 targets"
CONSTANTS = dict.fromkeys(
    [name for name in FITTED if name.startswith("linear leaves")],
    "leaves that are constants, but this model has linear leaves: fit it with linear_leaves=False",
)
NO_LINK = "has no link '{}' from raw predictions"
OTHERS = {
    "one class": ONE_CLASS,
    "tree of two targets": TWO_TARGETS,
    "quantiles": NO_LINK.format("sorted"),
    "real adaboost": NO_LINK.format("one-vs-rest"),
}
EXACT = {name: text for name, text in OTHERS.items() if name != "real adaboost"}
TWO_NUMBERS = "one number, or the classes of one target.*2 outputs"
SINGLE = {"large numbers": "float32, which cannot tell apart those in.*'Column_0'"}
RARE = "unknown categories where missing cells go.*'text'"
TARGETS_AND_TOLERANCES = {  # name -> (function that makes predictions of a model by the target, tolerance, refusals)
    "scikit-learn": (
        _sklearn,
        1e-14,
        CONSTANTS
        | OTHERS
        | {"two outputs": TWO_NUMBERS, "rare levels": RARE, "quantiles": TWO_NUMBERS}
        | {"linear leaves of two outputs": TWO_NUMBERS},
    ),
    "onnx": (_onnx, 1e-5, EXACT | SINGLE),
    "treelite": (_treelite, 1e-6, OTHERS | CONSTANTS),
    "c": (through_c, 1e-14, EXACT),
    "sql": (through_sql, 1e-12, EXACT),
    "sql of duckdb": (through_duckdb, 1e-12, EXACT),
    "pmml": (
        _pmml,
        1e-12,
        CONSTANTS | OTHERS | {"two outputs": "one number or one label.*2 outputs", "quantiles": "has no link"},
    ),
    "xgboost": (_xgboost(".json"), 1e-6, OTHERS | SINGLE | CONSTANTS),
    "xgboost ubj": (_xgboost(".ubj"), 1e-6, OTHERS | SINGLE | CONSTANTS),
    "lightgbm": (
        _lightgbm,
        1e-14,
        OTHERS | {"rare levels": RARE, "linear leaves with a limit": "linear leaves have no limit.*max_delta_step=0"},
    ),
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
    if predict is None:  # what would read it is not installed
        return
    is_finite = target.split()[0] in WITHOUT_INFINITIES or (target == "lightgbm" and name in CONSTANTS)
    for rows in rows_of(name, with_infinities=not is_finite):
        expected = response(model, rows)
        found = np.reshape(predict(rows), np.shape(expected))
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_a_lone_threshold_between_equal_numbers_of_float32_is_rounded(tmp_path):
    """Two of many numbers are as close as that by chance; where all are, the model is refused (see "large numbers")."""
    numbers = np.append(np.linspace(0.1, 0.9, 60), [0.5, 0.5 + 1e-9])[:, None]
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0, n_jobs=1).fit(numbers, numbers[:, 0] > 0.5)
    thresholds = np.concatenate([tree.threshold for tree in scalar_trees(model).trees])
    assert np.nanmax(np.abs(thresholds - thresholds.astype(np.float32))) > 0
    export_model(model, tmp_path / "model.json", to="xgboost")
    rows = np.linspace(0.1, 0.9, 50)[:, None]
    np.testing.assert_allclose(from_xgboost(tmp_path / "model.json").predict(rows), model.predict(rows), atol=1e-6)


def test_columns_of_several_types_keep_their_digits_in_a_database(tmp_path):
    """DuckDB and PostgreSQL would compare 8 bytes of integer and 4 of float as float32, which has no 2^25 + 1."""
    rows = pd.DataFrame({"count": 2**25 + np.arange(40), "share": np.linspace(0, 1, 40, dtype=np.float32)})
    tree = DecisionTreeRegressor().fit(rows, np.arange(40) % 2 + 2.0 * (rows["share"] > 0.5))
    assert {"count", "share"} == set(rows.columns[tree.tree_.feature[tree.tree_.feature >= 0]])
    found = through_duckdb(tree, tmp_path)(rows)[:, 0]
    np.testing.assert_array_equal(found, tree.predict(rows))


def test_arguments_are_checked(tmp_path):
    with pytest.raises(ValueError, match="to must be"):
        export_model(fitted("forest"), tmp_path / "model", to="stone")
    with pytest.raises(TypeError, match="model must be a tree, forest or booster"):
        export_model({}, tmp_path / "model", to="lightgbm")
