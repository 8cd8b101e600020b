#!/usr/bin/env bash
# CatBoost: a model that learned missing cells as larger than all numbers sends them the other way as Python code.
#
# Seen with catboost 1.2.10 and onnxruntime 1.32.0; a fifth of the cells missing, 20 trees; largest difference from CatBoost's own prediction:
#
#                      save_model(format="python")    save_model(format="onnx")
#   nan_mode="Min"     1e-11                          7e-7
#   nan_mode="Max"     8.0                            7e-7
#
# The code compares cells with borders, and a comparison with NaN is false, which is the lower side.  The text of the file says
# nothing about missing cells, and rows without them are right, so that a check of complete rows passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check catboost==1.2.10 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import runpy

import catboost
import numpy as np
import onnxruntime

print("catboost", catboost.__version__, "onnxruntime", onnxruntime.__version__)
onnxruntime.set_default_logger_severity(3)
rng = np.random.default_rng(0)
X = rng.normal(size=(3000, 4)).astype(np.float32)
X[rng.random(X.shape) < 0.2] = np.nan
y = np.where(np.isnan(X[:, 0]), 5, X[:, 0])
is_complete = ~np.isnan(X).any(axis=1)
for nan_mode, agrees in (("Min", True), ("Max", False)):
    model = catboost.CatBoostRegressor(iterations=20, nan_mode=nan_mode, thread_count=1, verbose=0).fit(X, y)
    expected = model.predict(X)
    model.save_model("model.py", format="python")
    apply = runpy.run_path("model.py")["apply_catboost_model"]
    by_code = np.abs(np.array([apply(row) for row in X.astype(float).tolist()]) - expected)
    model.save_model("model.onnx", format="onnx")
    session = onnxruntime.InferenceSession("model.onnx")
    by_onnx = np.abs(session.run(None, {session.get_inputs()[0].name: X})[0].ravel() - expected)
    print(f"{nan_mode}: Python {by_code.max():.1e}, of complete rows {by_code[is_complete].max():.1e}, ONNX {by_onnx.max():.1e}")
    assert by_code[is_complete].max() < 1e-6
    assert by_onnx.max() < 1e-4
    assert (by_code.max() < 1e-6) == agrees
PYTHON
echo "as described"
