#!/usr/bin/env bash
# quantile-forest: where trees see all rows (bootstrap=False, the default of ExtraTreesQuantileRegressor), sample_weight decides
# the splits and is then forgotten: rows of weight 0 count in full in every prediction.
#
# Seen with quantile-forest 1.4.2 and scikit-learn 1.9.1; a third of the rows have weight 0 and a target that is 100 higher:
#
#                                        ExtraTreesQuantileRegressor    RandomForestQuantileRegressor
#   mean of its own trees                        -0.07                          -0.07
#   predict(X, quantiles="mean")                 50.23                          -0.10
#   predict(X), the median                       50.42                          -0.07
#
# With bootstrap=True rows are drawn by weight (scikit-learn 1.9) and the leaves hold the drawn rows, so that weights act there.
# The trees of both forests answer with weights, whence the mean of the forest's own trees is not its predicted mean.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check quantile-forest==1.4.2 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import quantile_forest

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 2))
y = X[:, 0] + rng.normal(scale=0.1, size=600)
is_void = np.arange(600) % 3 == 0
y[is_void] += 100
weight = np.where(is_void, 0.0, 1.0)
print("quantile-forest", quantile_forest.__version__)
for name, ignores in (("ExtraTreesQuantileRegressor", True), ("RandomForestQuantileRegressor", False)):
    forest = getattr(quantile_forest, name)(50, random_state=0).fit(X, y, sample_weight=weight)
    of_trees = np.mean([tree.predict(X) for tree in forest.estimators_])
    mean, median = forest.predict(X, quantiles="mean").mean(), forest.predict(X).mean()
    print(f"{name}: mean of its trees {of_trees:.2f}, predicted mean {mean:.2f}, predicted median {median:.2f}")
    assert abs(of_trees) < 1
    assert (mean > 20) == ignores and (median > 20) == ignores
PYTHON
echo "as described"
