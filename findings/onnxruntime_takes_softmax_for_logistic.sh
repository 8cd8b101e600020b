#!/usr/bin/env bash
# ONNX Runtime takes SOFTMAX for LOGISTIC, and LOGISTIC for SOFTMAX, in the operator TreeEnsemble of ai.onnx.ml 5.
#
# Seen with onnxruntime 1.32.0 and onnx 1.23.2, raw scores .5, 0 and -.3 of three outputs:
#
#   post_transform           onnx says        ONNX Runtime computes
#   1                        SOFTMAX          .622 .500 .426      the logistic function of each; the sum is 1.548
#   2                        LOGISTIC         .486 .295 .219      softmax
#
# TreeEnsemble replaced TreeEnsembleRegressor and TreeEnsembleClassifier, which name their transform by a string; it has a
# number instead.  The description of the operator and onnx's own reference code count NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO,
# PROBIT; ONNX Runtime counts NONE, LOGISTIC, SOFTMAX.  One expects the numbers of the description: a writer that follows it
# gets "probabilities" of several classes that do not sum to 1 with every class still in its right order, so that labels hide it.
# With two outputs of which one is always 0, both functions agree in the first, and a test of a binary model sees nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, checker, helper

SCORES = np.array([0.5, 0.0, -0.3], np.float32)


def tensor(values, kind=TensorProto.FLOAT):
    return helper.make_tensor("values", kind, [len(values)], values)


def outputs(transform):
    """Three trees of one split, each with its score in both leaves."""
    node = helper.make_node(
        "TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=3, aggregate_function=1, post_transform=transform,
        tree_roots=[0, 1, 2], nodes_featureids=[0] * 3, nodes_modes=tensor([0] * 3, TensorProto.UINT8), nodes_splits=tensor([0.0] * 3),
        nodes_truenodeids=[0, 2, 4], nodes_trueleafs=[1] * 3, nodes_falsenodeids=[1, 3, 5], nodes_falseleafs=[1] * 3,
        leaf_targetids=np.repeat(range(3), 2).tolist(), leaf_weights=tensor(np.repeat(SCORES, 2).tolist()),
    )  # fmt: skip
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 3])],
    )
    opsets = [helper.make_opsetid("ai.onnx.ml", 5), helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": np.zeros((1, 1), np.float32)})[0][0]


description = onnx.defs.get_schema("TreeEnsemble", 5, "ai.onnx.ml").attributes["post_transform"].description
assert "'SOFTMAX' (1), 'LOGISTIC' (2)" in description
softmax = np.exp(SCORES) / np.exp(SCORES).sum()
logistic = 1 / (1 + np.exp(-SCORES))
assert np.allclose(outputs(0), SCORES, atol=1e-6)
for number, name in ((1, "SOFTMAX"), (2, "LOGISTIC")):
    print(f"post_transform={number}, {name} says onnx: {outputs(number).round(3)}, sum {outputs(number).sum():.3f}")
assert np.allclose(outputs(1), logistic, atol=1e-6), "otherwise than when this was written"
assert np.allclose(outputs(2), softmax, atol=1e-6), "otherwise than when this was written"
PYTHON
