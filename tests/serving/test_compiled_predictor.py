"""A compiled predictor answers as the model does, to the last bit."""

import numpy as np
import pandas as pd
import pytest

from skensemble import compile_predictor
from tests.model_files.models import TABLE, X, fitted

SUMS_OF_TREES = (
    "trees", "categories", "leaf-wise", "linear leaves", "dart", "vectors", "tweedie", "chosen rounds", "held out",
    "ranker", "gradient boosting", "gradient boosting of classes", "adaboost", "forest", "extra trees", "tree",
    "tree of numbers",
)  # fmt: skip


@pytest.mark.parametrize("name", SUMS_OF_TREES)
def test_rows_are_predicted_as_by_the_model(name):
    model, table = fitted(name)
    predictor = compile_predictor(model)
    expected = model.predict_proba(table) if hasattr(model, "classes_") else model.predict(table)
    rows = table if isinstance(table, np.ndarray) else [predictor.encode(row) for row in table.to_numpy(object)]
    np.testing.assert_array_equal([predictor(row) for row in rows], expected)


def test_unseen_and_missing_cells():
    model, _ = fitted("categories")
    predictor = compile_predictor(model)
    table = TABLE[:3].astype({"text": object, "number": object})
    table.loc[0, ["text", "number"]] = None
    table.loc[1, "text"] = "other"
    found = [predictor(predictor.encode(row)) for row in table.to_numpy(object)]
    np.testing.assert_array_equal(found, model.predict(table.astype({"number": float})))


def test_cells_of_other_libraries():
    predictor = compile_predictor(fitted("categories")[0])
    missing = predictor.encode([pd.NA, pd.NaT, None, np.nan])
    assert np.isnan(missing).all()
    with pytest.raises(ValueError, match="cells must be 4, one for each column, got 3"):
        predictor.encode([1.0, "a", "b"])
    with pytest.raises(TypeError, match="cells must be a sequence in the order of the columns of fit, got a dict"):
        predictor.encode(dict(zip(TABLE, TABLE.iloc[0])))


@pytest.mark.parametrize("name", ["gblinear", "gradient boosting of a tree", "adaboost of forests"])
def test_models_that_are_no_sums_of_trees_are_refused(name):
    with pytest.raises(ValueError, match=r"(booster|init|estimator) must"):
        compile_predictor(fitted(name)[0])


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="model must be a tree, a forest or a booster of skensemble, got ndarray"):
        compile_predictor(X)
