"""Files of every version of the format are read: those in `golden`, with what their models predicted when written.

`python -m tests.model_files.test_versions` writes the files of the present version; those that are there stay.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skensemble import (
    FlowMatching,
    NewtonBoostingClassifier,
    RandomForestRegressor,
    RealNVP,
    load_model,
    save_model,
)
from skensemble.generative import TreeField
from skensemble.model_files._model_file import VERSION

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.model"))
ROWS = pd.DataFrame({"number": [0.1, 0.5, np.nan, 2.0, -1.5, 0.75], "text": ["a", "b", "c", None, "a", "new"]})


def _models():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"number": rng.normal(size=60).round(2), "text": rng.choice(["a", "b", "c"], 60)})
    number, pairs = table["number"] + (table["text"] == "a"), rng.normal(size=(60, 2))
    return {
        "boosting": NewtonBoostingClassifier(n_estimators=2, max_depth=3, random_state=0).fit(table, number > 0.3),
        "forest": RandomForestRegressor(2, max_depth=3, random_state=0).fit(table, number),
        "flow": RealNVP(n_layers=2, hidden_layer_sizes=(4,), max_epochs=2, random_state=0).fit(
            rng.normal(size=(60, 2))
        ),
        "trees_along_a_path": FlowMatching(
            regressor=TreeField(n_estimators=2, max_leaf_nodes=5), random_state=0, n_jobs=1
        ).fit(pairs, number > 0.3),
    }


def _predictions(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(model, "sample"):
            return model.sample(3, random_state=0)
        return np.asarray(model.predict_proba(ROWS) if hasattr(model, "predict_proba") else model.predict(ROWS))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_of_every_version_are_read(path):
    known = json.loads(path.with_suffix(".json").read_text())
    tolerance = 1e-4 if "flow" in path.stem else 1e-12  # networks differ in the last digits between processors
    np.testing.assert_allclose(_predictions(load_model(path)), known, rtol=tolerance)


def test_every_version_has_files():
    versions = {int(path.stem.split("_")[0].removeprefix("version")) for path in FILES}
    assert versions == set(range(1, VERSION + 1))


if __name__ == "__main__":
    for name, model in _models().items():
        path = GOLDEN / f"version{VERSION}_{name}.model"
        if not path.exists():
            save_model(model, path)
            path.with_suffix(".json").write_text(json.dumps(_predictions(model).tolist()) + "\n")
