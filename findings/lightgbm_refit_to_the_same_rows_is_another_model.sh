#!/usr/bin/env bash
# LightGBM's refit changes a model that is refit to the very rows it was trained on, for some losses beyond recognition.
#
# Seen with lightgbm 4.7.0, 2000 rows, 20 rounds, `refit(X, y, decay_rate=0.0)` with the training rows themselves:
#
#   loss                mean target    mean prediction, fitted    refitted
#   squared error           0.979          0.979                    0.979, single rows move by up to 3.3 (spread of y: 2.4)
#   absolute error        101.0          100.9                      2.9
#   Poisson                 2.105          2.119                   69.1
#
# With a decay rate of 0 leaves are set anew from the rows alone, so the fitted model ought to come back.  It does not: refit
# starts from a score of 0, while training started from the mean and put that into the first tree (with
# boost_from_average=False squared error and Poisson come back to the last bit); and it leaves out the step that sets leaves to
# medians after an absolute loss, so that each tree moves by at most the learning rate.  The default decay_rate of 0.9 hides the
# fault: the predictions for absolute error then have the mean 91.  Look at a refitted model's mean before it is used.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from lightgbm import LGBMRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 4))
signal = 2 * X[:, 0] + X[:, 1] ** 2
noise = rng.normal(scale=0.1, size=2000)


def fitted_and_refitted(loss, y, **params):
    model = LGBMRegressor(objective=loss, n_estimators=20, n_jobs=1, verbose=-1, **params).fit(X, y)
    fitted, refitted = model.predict(X), model.booster_.refit(X, y, decay_rate=0.0).predict(X)
    print(f"{loss:14s} mean of y {y.mean():8.3f}  fitted {fitted.mean():8.3f}  refitted {refitted.mean():8.3f}", end="")
    print(f"  largest change of a row {np.abs(refitted - fitted).max():.4g}")
    return fitted, refitted


counts = rng.poisson(np.exp(signal / 3))
fitted, refitted = fitted_and_refitted("regression", signal + noise)
assert np.abs(refitted - fitted).max() > 1, "squared error comes back"
fitted, refitted = fitted_and_refitted("regression", signal + noise, boost_from_average=False)
assert np.array_equal(refitted, fitted), "squared error without a start changes"
fitted, refitted = fitted_and_refitted("regression_l1", 100 + signal + noise)
assert fitted.mean() > 100 and refitted.mean() < 10, "absolute error comes back"
fitted, refitted = fitted_and_refitted("poisson", counts)
assert refitted.mean() > 20 * counts.mean(), "Poisson comes back"
fitted, refitted = fitted_and_refitted("poisson", counts, boost_from_average=False)
assert np.array_equal(refitted, fitted), "Poisson without a start changes"
PYTHON
