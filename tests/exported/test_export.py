"""Exported models predict the same when they are read again, or are refused by a sentence."""

import numpy as np
import pandas as pd
import pytest

from skensemble import (
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    export_model,
    from_lightgbm,
)
from skensemble.exported._export import TARGETS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).round(1)
X[::7, 1] = np.nan
X[::11, 2] = np.inf
Y = X[:, 0] + np.nan_to_num(X[:, 1]) + RNG.normal(size=120)
CLASSES = np.digitize(Y, [0, 1])
ROWS = np.vstack((X, np.round(X * 1.01, 2), [[np.nan] * 3, [-np.inf] * 3, [np.inf] * 3]))
FEW = {"n_estimators": 4, "random_state": 0}
MODELS = {
    "symmetric": NewtonBoostingRegressor(**FEW).fit(X, Y),
    "dart": NewtonBoostingRegressor(**FEW, booster="dart", rate_drop=0.5).fit(X, Y),
    "two outputs": NewtonBoostingRegressor(**FEW, multi_strategy="multi_output_tree").fit(X, np.column_stack((Y, -Y))),
    "log link": NewtonBoostingRegressor("poisson", **FEW).fit(X, np.abs(Y)),
    "weights": GradientBoostingRegressor(**FEW).fit(X, Y, RNG.integers(1, 4, 120)),
    "forest": RandomForestRegressor(**FEW).fit(X, Y),
    "two classes": NewtonBoostingClassifier(**FEW).fit(X, CLASSES > 0),
    "three classes": NewtonBoostingClassifier(**FEW, num_parallel_tree=2).fit(X, CLASSES),
    "forest of classes": RandomForestClassifier(**FEW).fit(X, CLASSES),
}
READERS = {"lightgbm": from_lightgbm}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_exported_predicts_the_same(target, name, tmp_path):
    model, path = MODELS[name], tmp_path / "model"
    export_model(model, path, to=target)
    again = READERS[target](path)
    for rows in (ROWS, ROWS.astype(np.float32)):
        expected = model._additive_trees().raw(model._read_for_prediction(rows))
        np.testing.assert_array_equal(again._raw(rows), expected)
        if hasattr(again, "predict_proba"):
            np.testing.assert_allclose(again.predict_proba(rows), model.predict_proba(rows), rtol=1e-13)


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_format_cannot_hold_is_refused_by_name(target, tmp_path):
    frame = pd.DataFrame({"level": np.array(list("ab"))[(Y > 0).astype(int)]})
    model = NewtonBoostingRegressor(**FEW).fit(frame, Y)
    with pytest.raises(ValueError, match="categories.*'level'"):
        export_model(model, tmp_path / "model", to=target)
    assert not list(tmp_path.iterdir())


def test_arguments_are_checked(tmp_path):
    with pytest.raises(ValueError, match="to must be"):
        export_model(MODELS["forest"], tmp_path / "model", to="stone")
    with pytest.raises(TypeError, match="model must be a tree, forest or booster"):
        export_model({}, tmp_path / "model", to="lightgbm")
