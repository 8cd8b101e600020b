#!/usr/bin/env bash
# ONNX Runtime leaves out LOGISTIC (and SOFTMAX_ZERO) where a regressor of ai.onnx.ml has one output, and applies it where it has two.
#
# Seen with onnxruntime 1.32.0 and onnx 1.23.2, raw scores .5 and -.3, post_transform LOGISTIC:
#
#                          one output        the first of two outputs
#   TreeEnsembleRegressor   .5,  -.3         .622, .426
#   LinearRegressor         .5,  -.3         .622, .426
#
# The operators' description says that the transform is applied to the score and names no number of outputs, so one expects
# probabilities from a writer that puts the link of a binary booster or of a logistic regression there.  A file checked with
# two outputs is right, the usual one with a single output gives raw scores, and nothing is said.  onnx's own reference
# evaluator refuses LOGISTIC.  A separate Sigmoid node behind the regressor is right everywhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper

ROWS = np.array([[1.0], [2.0]], np.float32)
SCORES = np.array([0.5, -0.3], np.float32)


def tree_regressor(n_outputs, transform):
    return helper.make_node(
        "TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=n_outputs, post_transform=transform,
        nodes_treeids=[0] * 3, nodes_nodeids=[0, 1, 2], nodes_featureids=[0] * 3, nodes_values=[1.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0] * (2 * n_outputs), target_nodeids=[1] * n_outputs + [2] * n_outputs,
        target_ids=[*range(n_outputs)] * 2, target_weights=[0.5] * n_outputs + [-0.3] * n_outputs,
    )  # fmt: skip


def linear_regressor(n_outputs, transform):
    return helper.make_node(
        "LinearRegressor", ["X"], ["Y"], domain="ai.onnx.ml", targets=n_outputs, post_transform=transform,
        coefficients=[-0.8] * n_outputs, intercepts=[1.3] * n_outputs,
    )  # fmt: skip


def first_output(node, n_outputs):
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, n_outputs])],
    )
    opsets = [helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": ROWS})[0][:, 0]


probabilities = 1 / (1 + np.exp(-SCORES))
for make in (tree_regressor, linear_regressor):
    assert np.allclose(first_output(make(1, "NONE"), 1), SCORES, atol=1e-6)
    one, two = (first_output(make(n_outputs, "LOGISTIC"), n_outputs) for n_outputs in (1, 2))
    print(f"{make.__name__:17} one output {one.round(3)}, first of two {two.round(3)}")
    assert np.allclose(two, probabilities, atol=1e-6)
    assert np.allclose(one, SCORES, atol=1e-6), "otherwise than when this was written"
PYTHON
