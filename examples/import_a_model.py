"""
Predict and explain a model of another library
==============================================

A booster of scikit-learn is imported: it predicts the same, faster, and says what each cell added. `from_lightgbm` and
`from_xgboost` do the same for models of these libraries, from their files, and need neither library. Then a model goes
the other way, as a text that LightGBM reads.
"""

# %%
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor

from skensemble import NewtonBoostingRegressor, export_model, from_lightgbm, from_sklearn
from skensemble.inspection import explain

X, y = make_friedman1(5000, random_state=0)
trained = HistGradientBoostingRegressor(random_state=0).fit(X, y)
imported = from_sklearn(trained)
print("largest difference:", np.abs(imported.predict(X) - trained.predict(X)).max())

# %%
# The same predictions, by other kernels:
for name, model in (("scikit-learn", trained), ("imported", imported)):
    start = time.perf_counter()
    model.predict(X)
    print(f"{name}: {1e3 * (time.perf_counter() - start):.1f} ms for {len(X)} rows")

# %%
# What each column adds, on average over some rows:
values = np.abs(explain(imported, X[:200]).values).mean(axis=0)
print("mean absolute values:", values.round(2))

# %%
# A model of this package, as a text that LightGBM reads:
booster = NewtonBoostingRegressor(n_estimators=50, random_state=0).fit(X, y)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.txt"
    export_model(booster, path, to="lightgbm")
    is_equal = np.array_equal(from_lightgbm(path).predict(X), booster.predict(X))
    print(f"{path.stat().st_size / 1024:.0f} KB, equal: {is_equal}")
