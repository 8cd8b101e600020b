#!/usr/bin/env bash
# scikit-learn's OrdinalEncoder as ONNX groups the rare levels of every column by the first one's list, and makes -1 of missing cells.
#
# Seen with scikit-learn 1.9.1, skl2onnx 1.20.0, onnx 1.23.2 and onnxruntime 1.32.0; two columns of the levels a, b, c, d, of which a is the
# commonest in the first and d in the second; cells that come out otherwise:
#
#                                     first column     second column
#   OrdinalEncoder()                   0 %               0 %
#   max_categories=3                   0 %             100 %
#   min_frequency=.1                   0 %             100 %
#
#   a missing cell of a column of floats, OrdinalEncoder():    scikit-learn NaN    ONNX -1
#
# The converter takes the list of rare levels by the number of the input, and a matrix of texts is one input with two columns.
# Nothing is said; OneHotEncoder with rare levels is refused.  A level that is common in one column and rare in another is the usual
# case, and a booster behind the encoder sends NaN and -1 to different sides.  One expects a column to be encoded by its own list:
# one input for each column does it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.preprocessing import OrdinalEncoder

rng = np.random.default_rng(0)
shares = [0.5, 0.3, 0.15, 0.05]
X = np.column_stack([rng.choice(list("abcd"), 500, p=shares), rng.choice(list("abcd"), 500, p=shares[::-1])]).astype(object)


def by_onnx(encoder, inputs):
    """What the converted encoder makes of arrays by name."""
    kinds = [(name, (StringTensorType if part.dtype == object else FloatTensorType)([None, part.shape[1]])) for name, part in inputs.items()]
    session = onnxruntime.InferenceSession(to_onnx(encoder, initial_types=kinds).SerializeToString())
    return session.run(None, inputs)[0]


for parameters in ({}, {"max_categories": 3}, {"min_frequency": 0.1}):
    encoder = OrdinalEncoder(**parameters).fit(X)
    own = encoder.transform(X)
    matrix = (by_onnx(encoder, {"X": X}) != own).mean(axis=0)
    columns = (by_onnx(encoder, {"X": X[:, :1], "Z": X[:, 1:]}) != own).mean(axis=0)
    print(f"{parameters}: other than scikit-learn's {matrix} of the cells; with an input for each column {columns}")
    assert columns.max() == matrix[0] == 0
    assert matrix[1] == (1 if parameters else 0), "the second column has its own list now"

numbers = rng.integers(0, 4, (500, 1)).astype(np.float32)
numbers[0] = np.nan
encoder = OrdinalEncoder().fit(numbers)
own, found = encoder.transform(numbers)[0, 0], by_onnx(encoder, {"X": numbers})[0, 0]
print(f"missing cell: {own} in scikit-learn, {found} in ONNX")
assert np.isnan(own) and found == -1, "otherwise than when this was written"
PYTHON
