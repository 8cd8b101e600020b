#!/usr/bin/env bash
# CatBoost's own ONNX files answer with the softmax of classes that do not exclude each other, and with logarithms of counts.
#
# Seen with catboost 1.2.10 and onnxruntime 1.32.0.  predict_proba or predict of the model, and what its file says of the same row:
#
#   loss                         model                       ONNX
#   MultiLogloss, two labels     .99, .99 (each by itself)   .57, .43 (they sum to 1)
#   MultiClassOneVsAll           .30, .30, .70               .13, .14, .73
#   Poisson                      4.80                        1.57, its logarithm
#   Tweedie                      2.28                        .82, its logarithm
#   MultiClass, RMSE             equal                       equal
#
# The writer knows trees, and one link for all classifiers; labels that often come together push each other out.  Targets of several
# numbers are written as a file that no runtime loads.  Sigmoid and exp can be put on "RawFormulaVal" outside.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check catboost==1.2.10 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxruntime
from catboost import CatBoostClassifier, CatBoostRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 4)).astype(np.float32)
y = 6 + X[:, 0] + 2 * X[:, 1]
row = int(np.argmax(y))
options = onnxruntime.SessionOptions()
options.log_severity_level = 3


def by_onnx(model):
    model.save_model("model.onnx", format="onnx")
    found = onnxruntime.InferenceSession("model.onnx", options).run(None, {"features": X})[-1]
    return np.array([list(cells.values()) for cells in found]) if isinstance(found, list) else np.asarray(found)[:, 0]


def softmax(raw):
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fitted(estimator, loss, target):
    return estimator(loss_function=loss, iterations=20, thread_count=1, verbose=0).fit(X, target)


labels = fitted(CatBoostClassifier, "MultiLogloss", np.column_stack([y > 6, y > 7]).astype(int))
classes = np.digitize(y, [5, 7])
one_vs_all = fitted(CatBoostClassifier, "MultiClassOneVsAll", classes)
for name, model in (("MultiLogloss", labels), ("MultiClassOneVsAll", one_vs_all)):
    found, own = by_onnx(model), model.predict_proba(X)
    print(f"{name:20} model {own[row].round(3)}, ONNX {found[row].round(3)}")
    np.testing.assert_allclose(found, softmax(model.predict(X, prediction_type="RawFormulaVal")), atol=1e-5)
    assert np.abs(found - own).max() > 0.1, f"{name} has a link of its own now"
for loss in ("Poisson", "Tweedie:variance_power=1.5"):
    model = fitted(CatBoostRegressor, loss, np.round(np.abs(y)))
    found, own = by_onnx(model), model.predict(X)
    print(f"{loss.split(':')[0]:20} model {own[row]:.3f}, ONNX {found[row]:.3f}")
    np.testing.assert_allclose(np.exp(found), own, rtol=1e-4)
    assert np.abs(found - own).max() > 1, f"{loss} has its link now"
for name, model, own in (
    ("MultiClass", model := fitted(CatBoostClassifier, "MultiClass", classes), model.predict_proba(X)),
    ("RMSE", model := fitted(CatBoostRegressor, "RMSE", y), model.predict(X)),
):
    np.testing.assert_allclose(by_onnx(model), own, atol=1e-4)
    print(f"{name:20} equal")
PYTHON
