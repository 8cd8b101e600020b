#!/usr/bin/env bash
# LightGBM and XGBoost: sampling rows by gradients, and LightGBM's quantised gradients, give another model for another number
# of threads, deterministic=True or not.  Everything else that was tried is equal, or equal to 1e-13.
#
# Seen with lightgbm 4.7.0 and xgboost-cpu 3.2.0: 20 000 rows x 10, two classes, 30 rounds, the same seed; largest difference of a
# predicted probability between 1 and 2 threads (any number of runs with the same number of threads agree to the last bit):
#
#   LightGBM, deterministic=True, force_row_wise=True      0
#     the same with bagging, feature_fraction_bynode, extra_trees, dart, rf, regression_l1     0
#     data_sample_strategy="goss"                          0.28
#     use_quantized_grad=True                              0.29
#     use_quantized_grad=True, stochastic_rounding=False   0
#   XGBoost                                                0
#     the same with subsample, colsample_bynode, dart, lossguide, approx                      0
#     subsample=0.5, sampling_method="gradient_based"      0.52
#
# LightGBM's documentation of `deterministic` promises the same results for the same data and parameters, num_threads among
# what may change.  The random numbers of these three are drawn by thread, so that a laptop and a server disagree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 xgboost-cpu==3.2.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import lightgbm
import numpy as np
import xgboost

rng = np.random.default_rng(0)
X = rng.normal(size=(20_000, 10))
y = (X[:, 0] * X[:, 1] + rng.normal(size=20_000) > 0).astype(float)


def by_lightgbm(n_threads, **parameters):
    fixed = {"objective": "binary", "verbose": -1, "seed": 1, "deterministic": True, "force_row_wise": True}
    return lightgbm.train(fixed | {"num_threads": n_threads} | parameters, lightgbm.Dataset(X, y), 30).predict(X)


def by_xgboost(n_threads, **parameters):
    fixed = {"objective": "binary:logistic", "seed": 1, "nthread": n_threads}
    return xgboost.train(fixed | parameters, xgboost.DMatrix(X, y), 30).predict(xgboost.DMatrix(X))


print("lightgbm", lightgbm.__version__, "xgboost", xgboost.__version__)
cases = (
    (by_lightgbm, {}, False),
    (by_lightgbm, {"bagging_fraction": 0.5, "bagging_freq": 1}, False),
    (by_lightgbm, {"data_sample_strategy": "goss"}, True),
    (by_lightgbm, {"use_quantized_grad": True}, True),
    (by_lightgbm, {"use_quantized_grad": True, "stochastic_rounding": False}, False),
    (by_xgboost, {}, False),
    (by_xgboost, {"subsample": 0.5}, False),
    (by_xgboost, {"subsample": 0.5, "sampling_method": "gradient_based"}, True),
)
for train, parameters, differs in cases:
    one, two, again = train(1, **parameters), train(2, **parameters), train(2, **parameters)
    print(f"{train.__name__} {parameters}: 1 against 2 threads {np.abs(one - two).max():.2f}")
    assert np.array_equal(two, again)
    assert (np.abs(one - two).max() > 0.01) == differs
PYTHON
echo "as described"
