#!/usr/bin/env bash
# LightGBM's random forest: the prediction is a mean of trees, its raw score and its SHAP values are sums of them.
#
# Seen with lightgbm 4.7.0, boosting="rf", 20 trees, objective "regression", which has no link:
#
#   predict(X)                              5.21   4.40   4.30
#   predict(X, raw_score=True)            104.28  88.07  86.02      20 times as much
#   predict(X, pred_contrib=True).sum(1)  104.28  88.07  86.02      likewise
#   predict(X, raw_score=True, num_iteration=10)   52.15  43.83  43.32      grows with the trees that are asked
#
# With boosting="gbdt" the three agree.  Who checks that contributions add up to the prediction, stacks raw scores, or carries
# the trees to another format as a plain sum is off by the number of trees; with objective "binary" the sigmoid of the raw
# score is not the probability.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import lightgbm
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 4))
y = X[:, 0] + rng.normal(scale=0.1, size=2000) + 5
N_TREES = 20
print("lightgbm", lightgbm.__version__)
for boosting, factor in (("gbdt", 1), ("rf", N_TREES)):
    params = {"objective": "regression", "boosting": boosting, "bagging_freq": 1, "bagging_fraction": 0.6, "num_leaves": 15}
    booster = lightgbm.train(params | {"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, y), N_TREES)
    predicted, raw = booster.predict(X), booster.predict(X, raw_score=True)
    contributions = booster.predict(X, pred_contrib=True).sum(axis=1)
    half = booster.predict(X, raw_score=True, num_iteration=N_TREES // 2)
    print(boosting, "predict", predicted[:3].round(2), "raw", raw[:3].round(2), "contributions", contributions[:3].round(2))
    np.testing.assert_allclose(raw, factor * predicted, rtol=1e-9)
    np.testing.assert_allclose(contributions, factor * predicted, rtol=1e-9)
    if boosting == "rf":
        assert np.allclose(half / raw, 0.5, atol=0.05), "raw scores no longer grow with the number of trees"
PYTHON
