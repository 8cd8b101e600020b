#!/usr/bin/env bash
# XGBoost with dropped trees and early stopping predicts with a model that was never evaluated: the best one is gone.
#
# Seen with xgboost-cpu 3.2.0, 600 noisy rows, 600 held out, early_stopping_rounds=30; root mean squared error of the held-out rows, that
# of their mean is 2.245:
#
#                                              best_score     predict       rounds kept
#   gbtree                                     2.129          2.129         2 of 32
#   dart, rate_drop=.1                         2.129          2.152         2 of 32
#   dart, rate_drop=.3, normalize_type=forest  2.129          2.244         2 of 32
#
# Rounds that come after the best one make the dropped trees smaller, also those before it, and these smaller trees are what
# `predict` adds up to best_iteration.  The score that was reported, by which a search picked the parameters, belongs to no model.
# One expects it to be that of `predict`; LightGBM ignores early stopping for dart, with a warning.  To stop there, train anew with the
# best number of rounds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check xgboost-cpu==3.2.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from xgboost import XGBRegressor

rng = np.random.default_rng(0)
X, X_held_out = rng.normal(size=(600, 6)), rng.normal(size=(600, 6))
y, y_held_out = (rows[:, 0] + 2 * rng.normal(size=600) for rows in (X, X_held_out))


def error(prediction):
    return np.sqrt(np.mean((prediction - y_held_out) ** 2))


def fitted(n_estimators=300, early_stopping_rounds=30, **parameters):
    model = XGBRegressor(n_estimators=n_estimators, early_stopping_rounds=early_stopping_rounds, n_jobs=1, **parameters)
    evaluated = {} if early_stopping_rounds is None else {"eval_set": [(X_held_out, y_held_out)], "verbose": False}
    return model.fit(X, y, **evaluated)


print(f"the mean: {error(y_held_out.mean()):.3f}")
for parameters in (
    {"booster": "gbtree"},
    {"booster": "dart", "rate_drop": 0.1},
    {"booster": "dart", "rate_drop": 0.3, "normalize_type": "forest"},
):
    model = fitted(**parameters)
    n_rounds = model.best_iteration + 1
    predicted = error(model.predict(X_held_out))
    n_all = model.get_booster().num_boosted_rounds()
    print(f"{parameters}: best_score {model.best_score:.3f}, predict {predicted:.3f}, {n_rounds} rounds of {n_all}")
    if parameters["booster"] == "gbtree":
        assert abs(predicted - model.best_score) < 1e-5
    else:
        assert predicted - model.best_score > 0.01, "predict gives the model that was evaluated now"
        anew = fitted(n_estimators=n_rounds, early_stopping_rounds=None, **parameters)
        assert abs(error(anew.predict(X_held_out)) - model.best_score) < 1e-4
PYTHON
