#!/usr/bin/env bash
# A GradientBoostingClassifier of scikit-learn with loss="exponential" has other probabilities in treelite.
#
# Seen with treelite 4.8.1 and scikit-learn 1.9.1, 800 rows, 5 rounds: raw score s of the first row -.891
#
#                       scikit-learn                treelite
#   probability         expit(2 s) = .144           expit(s) = .291
#
# The exponential loss is half as steep: its minimum is half the log-odds, so the scores have to be doubled, as AdaBoost's.
# Imports refuse what they do not know (an `init` estimator, say), so one expects either the doubled score or a refusal.
# Labels agree, probabilities are drawn towards 1/2, and nothing is said.  With loss="log_loss" all agree to the last bits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check treelite==4.8.1 scikit-learn==1.9.1
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import treelite
from scipy.special import expit
from sklearn.ensemble import GradientBoostingClassifier

random = np.random.default_rng(0)
X = random.normal(size=(800, 3)).astype(np.float32).astype(np.float64)
y = (X[:, 0] + X[:, 1] ** 2 > 1.5).astype(int)
for loss in ("log_loss", "exponential"):
    model = GradientBoostingClassifier(loss=loss, n_estimators=5, random_state=0).fit(X, y)
    here = model.predict_proba(X)[:, 1]
    there = treelite.gtil.predict(treelite.sklearn.import_model(model), X).ravel()
    print(f"{loss}: first row {here[0]:.3f} in scikit-learn, {there[0]:.3f} in treelite; largest difference {np.abs(here - there).max():.3f}")
    if loss == "log_loss":
        assert np.allclose(here, there, atol=1e-6)
    else:
        assert np.allclose(here, expit(2 * model.decision_function(X)), atol=1e-6)
        assert np.allclose(there, expit(model.decision_function(X)), atol=1e-6), "otherwise than when this was written"
        assert np.abs(here - there).max() > 0.05
PYTHON
