#!/usr/bin/env bash
# Parquet by pandas: a categorical column comes back as one if its levels are texts, else as plain numbers or booleans.
#
# Seen with pandas 3.1.1 and pyarrow 26.0.1; a category column of four kinds of levels, after to_parquet and read_parquet, and after
# to_feather and read_feather:
#
#   levels      Parquet     Feather
#   text        category    category
#   int         int64       category
#   float       float64     category
#   bool        bool        category
#
# The file says in its own metadata that pandas had categories there, and nothing warns.  Models that choose by dtype treat codes of shops as
# amounts from then on: scikit-learn 1.9.1's HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=10), 200 shops, has an R2 of
# 0.80 when fitted to the table as it was, and of 0.48 when fitted to the table that was read back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  pandas==3.1.1 pyarrow==26.0.1 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import pandas as pd
import pyarrow
from sklearn.ensemble import HistGradientBoostingRegressor

print("pandas", pd.__version__, "pyarrow", pyarrow.__version__)
levels = {"text": ["b", "a", "b"], "int": [3, 1, 3], "float": [1.5, 2.5, 1.5], "bool": [True, False, True]}
table = pd.DataFrame({name: pd.Categorical(cells) for name, cells in levels.items()})
table.to_parquet("table.parquet")
table.to_feather("table.feather")
parquet = pd.read_parquet("table.parquet").dtypes.astype(str).to_dict()
feather = pd.read_feather("table.feather").dtypes.astype(str).to_dict()
print("Parquet", parquet)
print("Feather", feather)
assert parquet == {"text": "category", "int": "int64", "float": "float64", "bool": "bool"}
assert set(feather.values()) == {"category"}

rng = np.random.default_rng(0)
shop = rng.integers(0, 200, 8000)
sold = rng.normal(size=200)[shop] + rng.normal(scale=0.3, size=8000)
before = pd.DataFrame({"shop": pd.Categorical(shop)})
before.to_parquet("shops.parquet")
after = pd.read_parquet("shops.parquet")
model = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=10)
scores = [model.fit(X[:6000], sold[:6000]).score(X[6000:], sold[6000:]) for X in (before, after)]
print("R2 of the table as it was and as it was read back", np.round(scores, 3))
assert scores[0] > scores[1] + 0.1
PYTHON
echo "as described"
