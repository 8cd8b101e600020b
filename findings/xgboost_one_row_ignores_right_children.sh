#!/usr/bin/env bash
# XGBoost predicts a row alone by another child than the same row among others, where right_children is not left + 1.
#
# Seen with xgboost-cpu 3.2.0, a tree of one split, asked about the row 1:
#
#   leaves at nodes 1 and 2, as XGBoost writes them: 1 among three rows, 1 alone
#   the right leaf at node 3 (left_children 1, right_children 3) and an unused node 2 of value 7: 1 among three rows, 7 alone
#
# The file names both children of a node and loads without a word, so one expects any numbering of nodes to do, and a
# row's prediction not to depend on other rows.  Several rows walk the upper levels of a tree by the children that the file
# names; a single row, and the levels below the eighth, go to left + 1 at numeric splits.  Missing cells, and splits of
# categories, go where the file says.  A converter that numbers nodes depth first therefore passes a check of small trees
# on a table and is wrong when it serves row by row.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check xgboost-cpu==3.2.0 numpy scipy
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import json

import numpy as np
import xgboost

X = np.array([[0.0], [1.0]])
settings = {"max_depth": 1, "base_score": 0.0, "reg_lambda": 0.0, "min_child_weight": 0.0, "learning_rate": 1.0}
booster = xgboost.train(settings, xgboost.DMatrix(X, [-1.0, 1.0]), num_boost_round=1)
booster.save_model("model.json")
with open("model.json") as file:
    model = json.load(file)
(tree,) = model["learner"]["gradient_booster"]["model"]["trees"]
assert tree["left_children"] == [1, -1, -1]
assert tree["right_children"] == [2, -1, -1]

n_nodes = len(tree["left_children"])
for name, values in tree.items():  # the right leaf moves to node 3, and node 2 becomes a leaf with the value 7
    if isinstance(values, list) and len(values) == n_nodes:
        values.append(values[2])
tree["right_children"][0] = 3
tree["split_conditions"][2] = tree["base_weights"][2] = 7.0
tree["tree_param"]["num_nodes"] = "4"
with open("renumbered.json", "w") as file:
    json.dump(model, file)

rows = np.array([[0.0], [1.0], [0.5]])
predictions = {}
for name in ("model.json", "renumbered.json"):
    loaded = xgboost.Booster(model_file=name)
    together, alone = (loaded.predict(xgboost.DMatrix(part)).tolist() for part in (rows, rows[1:2]))
    print(f"{name}: {together[1]} among three rows, {alone[0]} alone")
    predictions[name] = together[1], alone[0]
assert predictions == {"model.json": (1.0, 1.0), "renumbered.json": (1.0, 7.0)}, "otherwise than when this was written"
PYTHON
