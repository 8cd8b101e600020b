#!/usr/bin/env bash
# skl2onnx: forests that learned from missing cells forget in ONNX to which side these go, without a word.
#
# Seen with skl2onnx 1.20.0, onnx 1.23.2, onnxruntime 1.32.0 and scikit-learn 1.9.1; a fifth of the cells missing, 10 trees; the target has a standard
# deviation of 2.2; difference from scikit-learn's own predictions:
#
#                           complete rows    rows with missing cells
#   ExtraTreesRegressor     2e-7             1.7 at most; 43 % of them by more than 0.001
#   RandomForestRegressor   3e-7             0.03 at most; 9 %
#
# scikit-learn sends missing cells left at some nodes (tree_.missing_go_to_left), and ONNX has a place for it,
# nodes_missing_value_tracks_true, which stays 0 at all nodes: a missing cell always goes right.  A comparison of complete rows passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

for library in (skl2onnx, onnx, onnxruntime, sklearn):
    print(library.__name__, library.__version__)
rng = np.random.default_rng(0)
X = rng.normal(size=(3000, 4)).astype(np.float32)
X[rng.random(X.shape) < 0.2] = np.nan
y = np.where(np.isnan(X[:, 0]), 5, X[:, 0])
is_complete = ~np.isnan(X).any(axis=1)
for forest, least in ((ExtraTreesRegressor(10, random_state=0), 0.5), (RandomForestRegressor(10, random_state=0), 0.01)):
    forest.fit(X, y)
    model = skl2onnx.to_onnx(forest, X[:1])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    apart = np.abs(session.run(None, {session.get_inputs()[0].name: X})[0].ravel() - forest.predict(X))
    (trees,) = [node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")]
    (marks,) = [list(a.ints) for a in trees.attribute if a.name == "nodes_missing_value_tracks_true"]
    up = sum(int(tree.tree_.missing_go_to_left.sum()) for tree in forest.estimators_)
    print(
        f"{type(forest).__name__}: complete rows off by {apart[is_complete].max():.1e}, others by {apart[~is_complete].max():.2f},"
        f" {(apart[~is_complete] > 0.001).mean():.0%} of them by more than 0.001; marks {sum(marks)} of {len(marks)}, of scikit-learn {up}"
    )
    assert apart[is_complete].max() < 1e-5
    assert apart[~is_complete].max() > least
    assert up > 0
    assert sum(marks) == 0
PYTHON
echo "as described"
