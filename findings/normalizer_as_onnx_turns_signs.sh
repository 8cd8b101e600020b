#!/usr/bin/env bash
# scikit-learn's Normalizer(norm="max") as ONNX turns the signs of negative rows, and divides by another number where signs differ.
#
# Seen with scikit-learn 1.6.1, skl2onnx 1.20.0 and onnxruntime 1.32.0:
#
#   row            scikit-learn           as ONNX
#   -1  -1  -2     -.5   -.5   -1          1     1    2
#    1  -3   2      .33  -1     .67         .5  -1.5  1
#    1   3   2      .33   1     .67         .33  1     .67
#
# scikit-learn divides by the largest absolute value; the operator Normalizer of ai.onnx.ml divides by the largest value, as its
# description says, and the converter takes one for the other without a word.  A test with data in [0, 1] is passed.  "l1" and "l2"
# agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.6.1 onnxruntime==1.32.0 onnx==1.23.2
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.preprocessing import Normalizer

X = np.array([[-1, -1, -2], [1, -3, 2], [1, 3, 2]], np.float32)


def both(norm):
    transformer = Normalizer(norm).fit(X)
    session = onnxruntime.InferenceSession(to_onnx(transformer, X).SerializeToString(), providers=["CPUExecutionProvider"])
    return transformer.transform(X), session.run(None, {"X": X})[0]


for norm in ("l1", "l2"):
    here, there = both(norm)
    assert np.allclose(here, there, atol=1e-6)
here, there = both("max")
for row, ours, theirs in zip(X, here, there):
    print(row, ours.round(2), theirs.round(2))
assert np.allclose(here, X / np.abs(X).max(axis=1, keepdims=True), atol=1e-6)
assert np.allclose(there, X / X.max(axis=1, keepdims=True), atol=1e-6), "otherwise than when this was written"
PYTHON
