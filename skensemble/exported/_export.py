"""export_model: a model of trees in the format of another library."""

from pathlib import Path

from skensemble._parameters import NameIn, check_parameter
from skensemble.exported._lightgbm_writer import lightgbm_text
from skensemble.tree.trees._scalar_trees import scalar_trees

TARGETS = {"lightgbm": lightgbm_text}  # name -> function from ScalarTrees to the bytes of a file


def export_model(model, path, *, to):
    """Write a fitted model of trees as another library reads it.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble.
    path : path-like or str
        The file to write.
    to : {"lightgbm"}
        The format. "lightgbm": the text of a model of LightGBM, whose raw predictions are the same to the last bit; its
        `predict` also applies the link of log-loss and of losses with a log link. LightGBM knows the categories of
        frames whose columns have the dtype "category", and numbers of categories in arrays.

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
    Path(path).write_bytes(TARGETS[to](scalar_trees(model)))
