"""
Categories without an encoder
=============================

A column of text goes in as it is. A split sends some of its levels one way and the rest the other, whichever sets of
levels part the target best. An encoder of one column per level can only part one level at a time.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from skensemble import DecisionTreeRegressor

DATA = Path(sys.argv[0]).parent / "data"
flights = pd.read_csv(DATA / "flights.csv.gz").dropna(subset=["temp"])
X, y = flights[["month", "wind_dir", "carrier"]].astype(str), flights["temp"]

# %%
# The same tree behind two encoders, and with the text itself.

tree = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
ways = {
    "text as it is": tree,
    "numbers in the order of the alphabet": make_pipeline(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), tree
    ),
    "a column per level": make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(X))), tree
    ),
}
scores = {name: cross_val_score(way, X, y, cv=KFold(3, shuffle=True, random_state=0)) for name, way in ways.items()}

# %%
# What to see: with eight leaves the sets of levels explain most.

figure, axis = plt.subplots(figsize=(8, 2.6), layout="constrained")
axis.barh(list(scores), [np.mean(s) for s in scores.values()], color=["tab:blue", "lightgrey", "lightgrey"])
axis.invert_yaxis()
axis.set(xlabel="R2 of the temperature from month, wind and airline, cross-validated")
figure.savefig("categories.png")
print({name: round(float(np.mean(s)), 3) for name, s in scores.items()}, "picture: categories.png")
