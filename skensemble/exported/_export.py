"""export_model: a model of trees in the format of another library."""

from pathlib import Path

from sklearn.utils.validation import check_is_fitted

from skensemble._parameters import NameIn, ParameterError, check_parameter
from skensemble.exported._lightgbm_writer import lightgbm_text

TARGETS = {"lightgbm": lightgbm_text}  # name -> function of AdditiveTrees and the names of columns: the text of a file


def export_model(model, path, *, to):
    """Write a fitted model of trees as another library reads it.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble.
    path : path-like or str
        The file to write.
    to : {"lightgbm"}
        The format. "lightgbm": the text of a model of LightGBM, whose raw predictions are the same to the last bit. For
        columns of numbers only; its `predict` also applies the link of log-loss and of losses with a log link.

    Raises
    ------
    ValueError
        If the format cannot hold the model: splits of categories, or another link.

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
    if not hasattr(model, "_additive_trees"):
        raise ParameterError(f"model must be a tree, forest or booster of skensemble, got {type(model).__name__}.")
    check_is_fitted(model)
    names = getattr(model, "feature_names_in_", None)
    names = [f"Column_{j}" for j in range(model.n_features_in_)] if names is None else [str(name) for name in names]
    Path(path).write_bytes(TARGETS[to](model._additive_trees(), names).encode())
