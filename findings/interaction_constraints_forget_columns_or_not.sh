#!/usr/bin/env bash
# A list of columns that may interact, [[0, 1]]: three libraries do three things with the columns that it does not name.
#
# Seen with lightgbm 4.7.0, xgboost-cpu 3.2.0 and scikit-learn 1.9.1, 200 rounds; y = x0 x1 + 2 x2 + 3 x3 x4.  How far a prediction moves
# with one column, and how much of a move is an interaction of two (difference of differences):
#
#                        x2      x3, x4      x2 with x3    x3 with x4     R² of new rows
#   LightGBM             0       0, 0        0             0              -.10
#   XGBoost              3.0     .3, .2      0             0               .48
#   scikit-learn (HGB)   4.2     5.3, 5.1    .9            8.4             .99
#
# LightGBM never splits by a column that is in no list; XGBoost leaves it alone in its trees; scikit-learn takes all of them for one more
# list.  One expects what is not constrained to be free, or at least one meaning of one parameter: a model that is moved from one
# library to another loses columns, without a word.  Name every column, those that may not interact in lists of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  lightgbm==4.7.0 xgboost-cpu==3.2.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from lightgbm import LGBMRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from xgboost import XGBRegressor

rng = np.random.default_rng(0)
X, X_new = rng.uniform(-1, 1, (4000, 5)), rng.uniform(-1, 1, (1000, 5))


def target(X):
    return X[:, 0] * X[:, 1] + 2 * X[:, 2] + 3 * X[:, 3] * X[:, 4]


def at(cells):
    rows = X_new.copy()
    for column, value in cells.items():
        rows[:, column] = value
    return rows


def move(model, column):
    return np.abs(model.predict(at({column: 0.8})) - model.predict(at({column: -0.8}))).max()


def interaction(model, one, other):
    signs = (-1, 1)
    return np.abs(sum(a * b * model.predict(at({one: 0.8 * a, other: 0.8 * b})) for a in signs for b in signs)).max()


models = {
    "LightGBM": LGBMRegressor(n_estimators=200, interaction_constraints=[[0, 1]], n_jobs=1, verbose=-1),
    "XGBoost": XGBRegressor(n_estimators=200, interaction_constraints="[[0, 1]]", n_jobs=1),
    "scikit-learn": HistGradientBoostingRegressor(max_iter=200, interaction_cst=[[0, 1]]),
}
found = {}
for name, model in models.items():
    model.fit(X, target(X))
    moves = [move(model, column) for column in (2, 3, 4)]
    pairs = [interaction(model, 2, 3), interaction(model, 3, 4)]
    found[name] = moves, pairs
    score = r2_score(target(X_new), model.predict(X_new))
    print(f"{name:12} moves {np.round(moves, 2)}, interactions {np.round(pairs, 2)}, R2 {score:.2f}")
    assert interaction(model, 0, 1) > 1 and interaction(model, 0, 2) < 1e-3  # where the list says something, all do it
assert max(found["LightGBM"][0]) == 0, "LightGBM uses columns that are in no list now"
assert min(found["XGBoost"][0]) > 0.05 and max(found["XGBoost"][1]) < 1e-3, "otherwise than when this was written"
assert found["scikit-learn"][1][1] > 5, "scikit-learn keeps columns that are in no list apart now"
PYTHON
