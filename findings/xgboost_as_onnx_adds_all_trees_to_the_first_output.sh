#!/usr/bin/env bash
# onnxmltools adds the trees of all targets or quantiles of an XGBoost model to the first output; the others are 0.
#
# Seen with onnxmltools 1.16.0, onnxruntime 1.32.0 and xgboost-cpu 3.2.0.  1500 rows, targets y about 6 (standard deviation 1.4):
#
#   model                                     XGBoost, a row        ONNX, the same row
#   one target, y                             5.99                  5.99
#   two targets, y and -y                     5.99, -5.99           6.007 (for every row), 0
#   reg:quantileerror, alphas .2 and .8       6.02, 6.00            4.84, 0
#   reg:logistic, y > 6                       .025                  -3.17
#
# The trees of y and of -y cancel, so that the first output is its constant and looks plausible.  The converter knows how many outputs
# there are, but numbers trees as those of one.  Of reg:logistic it forgets the link, and takes the base score, a probability, for
# log-odds.  No warning but one of onnxruntime about the number of columns.  Classes, counts and amounts are converted right.
# Compare predictions after any conversion, output by output.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  onnxmltools==1.16.0 skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 xgboost-cpu==3.2.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType
from xgboost import XGBRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 4)).astype(np.float32)
y = 6 + X[:, 0] + X[:, 1]
options = onnxruntime.SessionOptions()
options.log_severity_level = 3


def outputs(model):
    """Predictions of XGBoost and of ONNX, a column for each output."""
    written = onnxmltools.convert_xgboost(model, initial_types=[("X", FloatTensorType([None, 4]))])
    session = onnxruntime.InferenceSession(written.SerializeToString(), options)
    own = model.predict(X)
    return own.reshape(len(X), -1), session.run(None, {"X": X})[0].reshape(len(X), -1)


def booster(**parameters):
    return XGBRegressor(n_estimators=20, n_jobs=1, **parameters)


one, converted_one = outputs(booster().fit(X, y))
two, converted_two = outputs(booster().fit(X, np.column_stack([y, -y])))
quantiles, converted_quantiles = outputs(booster(objective="reg:quantileerror", quantile_alpha=[0.2, 0.8]).fit(X, y))
odds, converted_odds = outputs(booster(objective="reg:logistic").fit(X, y > 6))
print("one target   ", one[0], converted_one[0])
print("two targets  ", two[0], converted_two[0], "spread of the first output:", np.ptp(converted_two[:, 0]))
print("quantiles    ", quantiles[0], converted_quantiles[0])
print("reg:logistic ", odds[0], converted_odds[0])
np.testing.assert_allclose(converted_one, one, atol=1e-4)
assert np.ptp(two[:, 0]) > 5 and np.ptp(converted_two[:, 0]) < 1e-4, "the first of two targets is no longer its constant"
assert (converted_two[:, 1] == 0).all() and (converted_quantiles[:, 1] == 0).all(), "the second output is no longer 0"
assert odds.max() < 1 < converted_odds.max(), "reg:logistic has its link now"
PYTHON
