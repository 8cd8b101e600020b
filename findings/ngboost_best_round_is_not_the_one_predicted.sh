#!/usr/bin/env bash
# NGBoost predicts with all rounds after early stopping; its own recipe for the best round takes one less, or, where the first one is
# best, all of them.
#
# Seen with ngboost 0.5.11; 400 rows, 400 held out, negative log-likelihood of the held-out rows (last digits vary):
#
#                                           best_val_loss_itr   rounds   best round   predict   max_iter=best_val_loss_itr
#   a signal, early_stopping_rounds=20      34                  55       1.444        1.504     1.445, the round before
#   noise, early_stopping_rounds=20         0                   21       1.394        1.400     1.400, all 21
#   noise, learning_rate=.5, 100 rounds     0                   100      1.43         about 70  the same, all 100
#
# The loss of round i, counted from 0, is that of i + 1 trees, and max_iter counts trees; max_iter=0 means no limit.  The user guide
# predicts with max_iter=best_val_loss_itr.  One expects predict to stop at the best round, as the boosters' estimators do, or the
# attribute to fit the parameter; max_iter=best_val_loss_itr + 1 does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check ngboost==0.5.11 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from ngboost import NGBRegressor

rng = np.random.default_rng(0)
X, X_held_out = rng.normal(size=(2, 400, 5))
noise, noise_held_out = rng.normal(size=(2, 400))


def losses(y, y_held_out, early_stopping_rounds, **parameters):
    model = NGBRegressor(verbose=False, random_state=0, **parameters)
    model.fit(X, y, X_val=X_held_out, Y_val=y_held_out, early_stopping_rounds=early_stopping_rounds)

    def loss(max_iter=None):
        return -model.pred_dist(X_held_out, max_iter=max_iter).logpdf(y_held_out).mean()

    best = model.best_val_loss_itr
    reported = min(model.evals_result["val"]["LOGSCORE"])
    found = {"reported": reported, "predict": loss(), "recipe": loss(best), "one more": loss(best + 1)}
    print(f"best_val_loss_itr {best} of {len(model.base_models)} rounds:", {name: f"{one:.4f}" for name, one in found.items()})
    assert abs(found["one more"] - reported) < 1e-9
    return best, found


best, signal = losses(X[:, 0] + noise, X_held_out[:, 0] + noise_held_out, 20, n_estimators=500, learning_rate=0.05)
assert best > 0
assert min(signal["predict"], signal["recipe"]) - signal["reported"] > 1e-6, "the best round is predicted now"
best, stopped = losses(noise, noise_held_out, 20, n_estimators=300)
assert best == 0 and stopped["recipe"] == stopped["predict"] > stopped["reported"] + 1e-3
best, all_rounds = losses(noise, noise_held_out, None, n_estimators=100, learning_rate=0.5)
assert best == 0
assert all_rounds["recipe"] == all_rounds["predict"] > all_rounds["reported"] + 10, "max_iter=0 is no round now"
PYTHON
