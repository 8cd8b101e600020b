#!/usr/bin/env bash
# onnxmltools: a LightGBM model that is more than a sum of trees with thresholds becomes another model in ONNX, without a word.
#
# Seen with onnxmltools 1.16.0, onnx 1.23.2, onnxruntime 1.32.0, treelite 4.8.1, lightgbm 4.7.0, 3000 rows, 20 trees; largest difference from
# LightGBM's own prediction, where the target has a standard deviation of 2.2:
#
#                                          onnxmltools                    treelite
#   plain trees                            2e-6                           0
#   a third of the cells missing           2e-6                           0
#   boosting="rf"                          190: a sum, where it is a mean 0
#   linear_tree=True                       2.9: constants in the leaves   refused
#   reg_sqrt=True                          6.6: the square root           0
#   zero_as_missing=True, a third are 0    1.4: 0 is a number             1.4, likewise
#
# The file of LightGBM says all four, in lines beside the trees, and objectives that onnxmltools does not know are refused; of these
# it takes the trees alone.  Compare predictions, also of rows with zeros, before a converted model serves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  onnxmltools==1.16.0 onnx==1.23.2 onnxruntime==1.32.0 treelite==4.8.1 lightgbm==4.7.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import treelite
from onnxmltools.convert.common.data_types import FloatTensorType

for library in (onnxmltools, onnx, onnxruntime, treelite, lightgbm):
    print(library.__name__, library.__version__)
rng = np.random.default_rng(0)
X = rng.normal(size=(3000, 4)).astype(np.float32)
y = 2 * X[:, 0] + X[:, 1] * X[:, 2] + 5
empty = rng.random(X.shape) < 1 / 3
tables = {"numbers": X, "missing": np.where(empty, np.nan, X), "zeros": np.where(empty, 0, X)}


def by_onnx(booster, X):
    model = onnxmltools.convert_lightgbm(booster, initial_types=[("x", FloatTensorType([None, X.shape[1]]))])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": X.astype(np.float32)})[0].ravel()


def by_treelite(booster, X):
    try:
        return treelite.gtil.predict(treelite.frontend.from_lightgbm(booster), X.astype(np.float64)).ravel()
    except treelite.TreeliteError:
        return None


cases = (
    ("plain trees", "numbers", {}, False, False),
    ("cells missing", "missing", {}, False, False),
    ("rf", "numbers", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}, True, False),
    ("linear_tree", "numbers", {"linear_tree": True}, True, None),
    ("reg_sqrt", "numbers", {"reg_sqrt": True}, True, False),
    ("zero_as_missing", "zeros", {"zero_as_missing": True}, True, True),
)
for name, table, parameters, onnx_differs, treelite_differs in cases:
    rows = tables[table]
    fixed = {"objective": "regression", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(fixed | parameters, lightgbm.Dataset(rows, y), 20)
    expected = booster.predict(rows)
    of_onnx, of_treelite = by_onnx(booster, rows), by_treelite(booster, rows)
    apart = np.abs(of_onnx - expected).max()
    beside = "refused" if of_treelite is None else f"{np.abs(of_treelite - expected).max():.1e}"
    print(f"{name}: onnxmltools {apart:.1e}, treelite {beside}")
    assert (apart > 0.5) == onnx_differs, name
    assert (of_treelite is None) == (treelite_differs is None), name
    if of_treelite is not None:
        assert (np.abs(of_treelite - expected).max() > 0.5) == treelite_differs, name
PYTHON
echo "as described"
