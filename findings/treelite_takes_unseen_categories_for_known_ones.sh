#!/usr/bin/env bash
# A category that fit did not see takes another way in treelite than in the booster of scikit-learn that was imported.
#
# Seen with treelite 4.8.1 and scikit-learn 1.9.1, HistGradientBoostingRegressor, categories 0 to 6 in fit:
#
#   category in predict         scikit-learn                     treelite
#   0 to 6                      the same, to 1e-15
#   missing                     the same, to 1e-15
#   20 or more                  as a missing cell                as a known category that is not in the split's list
#
# Trees of the booster have a list of categories for the left side and a side for missing cells, and scikit-learn takes whatever
# it does not know for missing.  treelite tests the list alone.  Both files hold the same trees, known rows are equal to the last
# bits, and the difference comes with the first new shop, browser or airport.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check treelite==4.8.1 scikit-learn==1.9.1
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import treelite
from sklearn.ensemble import HistGradientBoostingRegressor

random = np.random.default_rng(0)
category = random.integers(0, 7, 2000).astype(float)
y = category % 3 * 2 + random.normal(size=2000)
category[random.random(2000) < 0.1] = np.nan  # missing cells are high
y[np.isnan(category)] += 5
X = np.column_stack([random.normal(size=2000), category])
model = HistGradientBoostingRegressor(max_iter=20, categorical_features=[1], random_state=0).fit(X, y)
imported = treelite.sklearn.import_model(model)


def predictions(value):
    rows = np.array([[0.0, value]])
    return model.predict(rows)[0], treelite.gtil.predict(imported, rows).ravel()[0]


for value in (0.0, 3.0, 6.0, np.nan):
    here, there = predictions(value)
    assert abs(here - there) < 1e-6
missing, _ = predictions(np.nan)
for value in (20.0, 200.0):
    here, there = predictions(value)
    print(f"category {value:.0f}: {here:.2f} in scikit-learn, {there:.2f} in treelite; a missing cell: {missing:.2f}")
    assert here == missing
    assert abs(here - there) > 1, "otherwise than when this was written"
PYTHON
