"""
Missing cells are news
======================

At every split a tree learns to which side missing cells go. Where cells are missing for a reason, that says more than any filled-in
value could.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skensemble import NewtonBoostingRegressor

# %%
# Two thousand people, their income, and whether they told it: the rich often do not.

rng = np.random.default_rng(0)
income = rng.lognormal(3, 0.6, size=2000)
age = rng.uniform(20, 70, size=2000)
spending = np.sqrt(income) + 0.03 * age + rng.normal(scale=0.3, size=2000)
told = np.where(rng.random(2000) < income / 60, np.nan, income)
X = np.column_stack([told, age])
X_train, X_test, y_train, y_test = train_test_split(X, spending, random_state=0)

# %%
# Once as it is, once with the median in the gaps.

as_it_is = NewtonBoostingRegressor(n_estimators=100, random_state=0).fit(X_train, y_train)
filled = make_pipeline(SimpleImputer(strategy="median"), NewtonBoostingRegressor(n_estimators=100, random_state=0))
filled.fit(X_train, y_train)

# %%
# What to see: with the gaps left in, rows without an income are predicted where they belong, at the rich end.

hidden = np.isnan(X_test[:, 0])
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharex=True, sharey=True, layout="constrained")
for axis, model, title in ((axes[0], filled, "filled with the median"), (axes[1], as_it_is, "gaps left in")):
    predicted = model.predict(X_test)
    axis.scatter(y_test[~hidden], predicted[~hidden], s=6, color="lightgrey", label="income told")
    axis.scatter(y_test[hidden], predicted[hidden], s=6, color="tab:red", label="income missing")
    axis.axline((5, 5), slope=1, color="black", linewidth=0.8)
    axis.set(xlabel="spending", title=f"{title}: R2 {model.score(X_test, y_test):.2f}")
axes[0].set_ylabel("predicted")
axes[0].legend()
figure.savefig("missing_cells.png")
print("picture: missing_cells.png")
