"""
A model for other programs
==========================

One model is written in every form that needs nothing but this package, and a database predicts by one of them. Then the
library shap reads another, and what a form cannot hold is refused by name.
"""

# %%
import sqlite3
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from skensemble import NewtonBoostingRegressor, export_model, from_lightgbm, from_xgboost

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
flights = pd.read_csv(DATA, nrows=3000)
text = ["origin"]
X = flights[["departure", "pressure", "month", *text]]
y = (flights["late"] == "late").astype(float)
model = NewtonBoostingRegressor(n_estimators=20, min_frequency=None, random_state=0).fit(X, y)
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "model"

# %%
# All forms, and what they weigh. ONNX and treelite need their packages.
for form in ("lightgbm", "xgboost", "c", "sql", "pmml", "onnx", "treelite"):
    if form in ("onnx", "treelite") and not find_spec(form):
        print(f"{form}: not installed")
        continue
    export_model(model, path, to=form)
    print(f"{form}: {path.stat().st_size / 1024:.0f} KB")

# %%
# A database predicts: the statement reads a table `input_rows`.
export_model(model, path, to="sql")
database = sqlite3.connect(":memory:")
rows = X[:5].assign(row_id=range(5))
rows.to_sql("input_rows", database, index=False)
answers = pd.read_sql_query(path.read_text(), database)
print(answers.assign(here=model.predict(X[:5])))

# %%
# Other libraries predict the same; here their files are read again by this package.
for form, read in (("lightgbm", from_lightgbm), ("xgboost", from_xgboost)):
    export_model(model, path, to=form)
    again = read(path).predict(X.astype(dict.fromkeys(text, "category")))
    print(f"{form}: largest difference {np.abs(again - model.predict(X)).max():.1e}")

# %%
# A model of scikit-learn's, for tools that want one:
converted = model.to_sklearn()
print(type(converted).__name__, "largest difference:", np.abs(converted.predict(X) - model.predict(X)).max())

# %%
# Linear leaves, which a regressor chooses where they are better, are held by LightGBM's text, ONNX, C and SQL:
linear = NewtonBoostingRegressor(n_estimators=20, linear_leaves=True, random_state=0).fit(X, y)
export_model(linear, path, to="sql")
answers = pd.read_sql_query(path.read_text(), database)
print("largest difference:", np.abs(answers["prediction"] - linear.predict(X[:5])).max())

# %%
# What a form cannot hold is refused:
quantiles = NewtonBoostingRegressor("quantile", quantile=[0.1, 0.9], n_estimators=5, random_state=0).fit(X, y)
try:
    export_model(quantiles, path, to="pmml")
except ValueError as error:
    print(error)
folder.cleanup()
