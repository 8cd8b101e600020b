#!/usr/bin/env bash
# A cell that is missing in predict, where no training row lacked one: three libraries, three answers.
#
# Seen with lightgbm 4.7.0, xgboost-cpu 3.2.0 and scikit-learn 1.9.1, at their defaults.  One feature, uniform in 10 to 20, and y
# equals it.  Predictions for NaN, and for 0, 15 and 20:
#
#   LightGBM              10.05   10.05  14.99  19.94      as 0, which is below all training values
#   XGBoost               19.97   10.02  14.99  19.97      as a value above all of them
#   scikit-learn (HGB)    15.26   10.05  15.02  19.94      with the larger child of each split
#
# LightGBM turns NaN into 0 if the feature had no NaN in training.  What 0 means depends on the unit: with the same feature minus 30
# the prediction for NaN is 19.94.  A model of temperatures predicts a broken sensor as the coldest day in kelvin, as
# a mild one in degrees Celsius.
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

X = np.random.default_rng(0).uniform(10, 20, size=(2000, 1))
y = X[:, 0]
asked = np.array([[np.nan], [0.0], [15.0], [20.0]])
models = {"LightGBM": LGBMRegressor(verbose=-1, n_jobs=1), "XGBoost": XGBRegressor(n_jobs=1), "scikit-learn": HistGradientBoostingRegressor()}
answers = {name: model.fit(X, y).predict(asked) for name, model in models.items()}
for name, answer in answers.items():
    print(f"{name:13}", answer.round(2))
shifted = LGBMRegressor(verbose=-1, n_jobs=1).fit(X - 30, y).predict(asked - 30)
print("LightGBM, feature minus 30", shifted.round(2))
assert answers["LightGBM"][0] == answers["LightGBM"][1] < 10.2, "LightGBM no longer reads NaN as 0"
assert shifted[0] > 19.8, "LightGBM no longer reads NaN as 0"
assert answers["XGBoost"][0] > 19.8, "XGBoost no longer sends NaN up"
assert 14 < answers["scikit-learn"][0] < 16, "scikit-learn no longer sends NaN with most rows"
PYTHON
