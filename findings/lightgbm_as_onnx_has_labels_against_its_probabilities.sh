#!/usr/bin/env bash
# A LightGBM classifier of two classes as ONNX says class 0 where it gives class 1 the higher probability, if no leaf is negative.
#
# Seen with lightgbm 4.7.0, onnxmltools 1.16.0 and onnxruntime 1.32.0, 2000 rows of which 57 % have class 1, one round:
#
#                                     LightGBM    as ONNX
#   rows labelled 1                   2000        0
#   largest difference of probabilities           4e-8
#
# Most converters' tests compare probabilities, which are right.  The label comes from the raw score: ONNX Runtime compares it
# with 0 if any leaf is negative, and with .5 if none is, since it takes leaves without a negative one for votes.  Leaves of a
# booster are log-odds, the first tree holds the share of the classes, and where that is above 1/2 and there are few rounds (early
# stopping on noisy data) all leaves are positive: rows with probabilities of 1/2 to .62 get the other label.  One expects labels
# to be those of the larger probability, and one more leaf somewhere in the model not to matter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  lightgbm==4.7.0 onnxmltools==1.16.0 onnxruntime==1.32.0 onnx==1.23.2 scikit-learn pandas
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType

random = np.random.default_rng(0)
X = random.normal(size=(2000, 3)).astype(np.float32)
y = (random.random(2000) < 1 / (1 + np.exp(-0.3 - 0.25 * np.tanh(X[:, 0])))).astype(int)


def differing(n_estimators):
    """(rows labelled 1 by LightGBM, by ONNX Runtime, largest difference of probabilities, smallest leaf)."""
    model = lightgbm.LGBMClassifier(n_estimators=n_estimators, num_leaves=4, learning_rate=0.3, verbose=-1).fit(X, y)
    converted = onnxmltools.convert_lightgbm(model, initial_types=[("X", FloatTensorType([None, 3]))], zipmap=False)
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(None, {"X": X})
    assert (labels != probabilities.argmax(axis=1)).any() == (labels != model.predict(X)).any()
    gap = np.abs(probabilities - model.predict_proba(X)).max()
    smallest = model.booster_.trees_to_dataframe().query("left_child.isna()").value.min()
    return model.predict(X).sum(), labels.sum(), gap, smallest


here, there, gap, smallest = differing(1)
print(f"one round, smallest leaf {smallest:.3f}: {here} rows labelled 1 by LightGBM, {there} as ONNX; probabilities within {gap:.0e}")
assert smallest > 0
assert gap < 1e-6
assert (here, there) == (2000, 0), "otherwise than when this was written"
here, there, gap, smallest = differing(20)
print(f"20 rounds, smallest leaf {smallest:.3f}: {here} and {there}; probabilities within {gap:.0e}")
assert smallest < 0
assert here == there
PYTHON
