#!/usr/bin/env bash
# LightGBM refuses a missing target beside an array of features, and reads it as 0 beside a frame.
#
# Seen with lightgbm 4.7.0.  1000 rows, targets 10 + 3 x; one row in five has no target (NaN).  LGBMRegressor, 50 rounds:
#
#   X                          answer of fit                     mean prediction (mean target 10.0)
#   numpy array                ValueError: Input y contains NaN  -
#   DataFrame                  none, no warning                  7.95
#   DataFrame, y is 0 there    none                              7.95, equal to the last bit
#
# The estimator hands arrays to scikit-learn's checks of X, y and weights, and leaves out all three where X is a frame.  The core then takes
# a missing target for 0, and so a missing weight (a row without weight 1 is a row of weight 0), while an infinite weight ends in trees
# of one leaf.  XGBoost and CatBoost refuse both.  A column of targets with gaps, in the frames of most users, drags predictions to 0:
# drop these rows before fit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  lightgbm==4.7.0 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6
"$folder/env/bin/python" -W error - <<'PYTHON'
import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor

rng = np.random.default_rng(0)
array = rng.normal(size=(1000, 3))
array[:, 0] -= array[:, 0].mean()
frame = pd.DataFrame(array, columns=["a", "b", "c"])
y = 10 + 3 * array[:, 0]
missing = np.arange(1000) % 5 == 0


def predictions(X, y, sample_weight=None):
    model = LGBMRegressor(n_estimators=50, n_jobs=1, verbose=-1)
    return model.fit(X, y, sample_weight=sample_weight).predict(frame)


try:
    predictions(array, np.where(missing, np.nan, y))
except ValueError as error:
    print("array:                 ", str(error).splitlines()[0])
else:
    raise AssertionError("arrays are no longer checked")
with_gaps = predictions(frame, np.where(missing, np.nan, y))
with_zeros = predictions(frame, np.where(missing, 0.0, y))
print(f"frame, missing targets:  mean prediction {with_gaps.mean():.2f}")
print(f"frame, targets of 0:     mean prediction {with_zeros.mean():.2f}")
assert abs(with_gaps.mean() - 8) < 0.1, "missing targets are no longer zeros"
assert (with_gaps == with_zeros).all()
weights_with_gaps = predictions(frame, y, np.where(missing, np.nan, 1.0))
weights_with_zeros = predictions(frame, y, np.where(missing, 0.0, 1.0))
print("frame, missing weights:  weights of 0,", (weights_with_gaps == weights_with_zeros).all())
assert (weights_with_gaps == weights_with_zeros).all(), "missing weights are no longer zeros"
PYTHON
