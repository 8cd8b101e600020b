#!/usr/bin/env bash
# A row of weight 0 is not an absent row.
#
# Seen with lightgbm 4.7.0, xgboost-cpu 3.2.0 and scikit-learn 1.9.1 at their defaults.  3000 rows, a third of them of weight 0.  Fitted once
# so, once without these rows: the largest difference between two predictions, where the target has a standard deviation of 1.4:
#
#   LightGBM              1.25
#   scikit-learn (HGB)    0.74
#   XGBoost               0.00
#
# LightGBM chooses the cuts of its bins from all rows, and min_child_samples counts rows whatever they weigh; scikit-learn's
# min_samples_leaf does, too.  Who masks rows by weights in a cross-validation lets held-out rows into the model, and a search by weights
# and one by subsets disagree.
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
from xgboost import XGBRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(3000, 5))
y = X[:, 0] + rng.normal(size=3000)
weight = np.where(np.arange(3000) % 3 == 0, 0.0, 1.0)
kept = weight > 0
models = {"LightGBM": LGBMRegressor(verbose=-1, n_jobs=1), "XGBoost": XGBRegressor(n_jobs=1), "scikit-learn": HistGradientBoostingRegressor()}
apart = {}
for name, model in models.items():
    weighted = model.fit(X, y, sample_weight=weight).predict(X)
    apart[name] = np.abs(weighted - model.fit(X[kept], y[kept]).predict(X)).max()
    print(f"{name:13} {apart[name]:.2f}")
assert apart["LightGBM"] > 0.3, "rows of weight 0 have become absent in LightGBM"
assert apart["scikit-learn"] > 0.2, "rows of weight 0 have become absent in scikit-learn"
assert apart["XGBoost"] == 0, "rows of weight 0 have come to count in XGBoost"
PYTHON
