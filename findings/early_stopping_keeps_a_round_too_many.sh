#!/usr/bin/env bash
# Early stopping keeps one round, also where every round makes held-out rows worse.
#
# Seen with lightgbm 4.7.0 and xgboost-cpu 3.2.0.  200 rows of pure noise, 2000 held out, mean squared error of these:
#
#   the mean of the training targets             0.9811
#   LightGBM, best_iteration_ = 1                0.9851
#   XGBoost, best_iteration = 0: one round       1.0163
#
# The score before the first round is never looked at, so "no round at all" cannot win.  XGBoost's best_iteration counts from 0 and
# LightGBM's best_iteration_ from 1: both mean one tree, and `best_iteration == 0` is no sign of an empty model.  A search over columns or
# targets that reads the best score as "something was learnt" is fooled; compare with a constant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  lightgbm==4.7.0 xgboost-cpu==3.2.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import lightgbm
import numpy as np
from lightgbm import LGBMRegressor
from xgboost import XGBRegressor

rng = np.random.default_rng(0)
X, X_val = rng.normal(size=(200, 5)), rng.normal(size=(2000, 5))
y, y_val = rng.normal(size=200), rng.normal(size=2000)


def error(prediction):
    return np.mean((prediction - y_val) ** 2)


stop = lightgbm.early_stopping(20, verbose=False)
lightgbm_model = LGBMRegressor(n_estimators=200, verbose=-1, n_jobs=1).fit(X, y, eval_set=[(X_val, y_val)], callbacks=[stop])
xgboost_model = XGBRegressor(n_estimators=200, early_stopping_rounds=20, n_jobs=1).fit(X, y, eval_set=[(X_val, y_val)], verbose=0)
constant = error(y.mean())
print(f"constant {constant:.4f}")
print(f"LightGBM {error(lightgbm_model.predict(X_val)):.4f}, best_iteration_ {lightgbm_model.best_iteration_}")
print(f"XGBoost  {error(xgboost_model.predict(X_val)):.4f}, best_iteration {xgboost_model.best_iteration}")
assert lightgbm_model.best_iteration_ == 1
assert xgboost_model.best_iteration == 0
assert error(lightgbm_model.predict(X_val)) > constant, "LightGBM is no longer worse than a constant"
assert error(xgboost_model.predict(X_val)) > 1.02 * constant, "XGBoost is no longer worse than a constant"
PYTHON
