"""export_model: a model of trees in the format of another library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from skensemble._parameters import NameIn, check_parameter
from skensemble.exported._c_writer import c_source
from skensemble.exported._lightgbm_writer import lightgbm_text
from skensemble.exported._onnx_writer import onnx_model
from skensemble.exported._pmml_writer import pmml_document
from skensemble.exported._sql_writer import sql_statement
from skensemble.exported._treelite_writer import treelite_checkpoint
from skensemble.exported._xgboost_writer import xgboost_document
from skensemble.tree.trees._scalar_trees import scalar_trees

if TYPE_CHECKING:
    from skensemble._types import Any, PathLike

TARGETS = {  # name -> function from ScalarTrees and the ending of the path to the bytes of a file
    "onnx": lambda parts, ending: onnx_model(parts),
    "treelite": lambda parts, ending: treelite_checkpoint(parts),
    "c": lambda parts, ending: c_source(parts),
    "sql": lambda parts, ending: sql_statement(parts),
    "pmml": lambda parts, ending: pmml_document(parts),
    "lightgbm": lambda parts, ending: lightgbm_text(parts),
    "xgboost": lambda parts, ending: xgboost_document(parts, ending == ".ubj"),
}


def export_model(
    model: Any, path: str | PathLike, *, to: Literal["lightgbm", "xgboost", "onnx", "treelite", "pmml", "c", "sql"]
) -> None:
    """Write a fitted model of trees as another library reads it.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble.
    path : path-like or str
        The file to write.
    to : {"lightgbm", "xgboost", "onnx", "treelite", "pmml", "c", "sql"}
        The format. "lightgbm": the text of a model of LightGBM, whose raw predictions are the same to the last bit; its
        `predict` also applies the link of log-loss and of losses with a log link. LightGBM knows the categories of
        frames whose columns have the dtype "category", and numbers of categories in arrays. "xgboost": XGBoost's JSON,
        or its UBJ if the path ends in ".ubj", whose predictions are the same to the rounding of float32. "onnx": ONNX,
        with the same rounding, text and missing cells included; needs the package onnx. "treelite":
        a checkpoint, by the package treelite. "pmml": PMML 4.4. "c": C99 source with `model_predict`. "sql": a
        statement that reads a table `input_rows`. Linear leaves are held by "lightgbm", "onnx", "c" and
        "sql".

    Raises
    ------
    ValueError
        If the format cannot hold the model; the message names what it cannot hold.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import skensemble
    >>> X = np.linspace(0.0, 1.0, 100).reshape(-1, 1)
    >>> model = skensemble.NewtonBoostingRegressor(n_estimators=3, random_state=0).fit(X, X[:, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skensemble.export_model(model, f"{folder}/model.txt", to="lightgbm")
    ...     same = skensemble.from_lightgbm(f"{folder}/model.txt")
    >>> bool((same.predict(X) == model.predict(X)).all())
    True
    """
    check_parameter("to", to, (NameIn(TARGETS),))
    path = Path(path)
    path.write_bytes(TARGETS[to](scalar_trees(model), path.suffix))
