"""
Missing cells are news
======================

At every split a tree learns to which side missing cells go. Where cells are missing for a reason, that says more than
any filled-in value could.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.impute import KNNImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skensemble import DecisionTreeRegressor

# %%
# Two thousand people, their income, and whether they told it: the rich often do not.

rng = np.random.default_rng(0)
income = rng.lognormal(3, 0.6, size=2000)
age = rng.uniform(20, 70, size=2000)
spending = np.sqrt(income) + 0.03 * age + rng.normal(scale=0.3, size=2000)
told = np.where(rng.random(2000) < 1 / (1 + np.exp((30 - income) / 4)), np.nan, income)
X = np.column_stack([told, age])
X_train, X_test, y_train, y_test = train_test_split(X, spending, random_state=0)

# %%
# A tree of six leaves on the table as it is, and one whose gaps are filled from the person of the nearest age.

as_it_is = DecisionTreeRegressor(max_leaf_nodes=6, random_state=0).fit(X_train, y_train)
filled = make_pipeline(KNNImputer(n_neighbors=1), DecisionTreeRegressor(max_leaf_nodes=6, random_state=0))
filled.fit(X_train, y_train)

# %%
# What to see: filled in, those who do not tell are taken for people like all others; with the gaps left in they are
# predicted where they belong, among the rich.

hidden = np.isnan(X_test[:, 0])
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharex=True, sharey=True, layout="constrained")
for axis, model, title in ((axes[0], filled, "filled from the nearest row"), (axes[1], as_it_is, "gaps left in")):
    predicted = model.predict(X_test)
    axis.scatter(y_test[~hidden], predicted[~hidden], s=6, color="lightgrey", label="income told")
    axis.scatter(y_test[hidden], predicted[hidden], s=6, color="tab:red", label="income missing")
    axis.axline((5, 5), slope=1, color="black", linewidth=0.8)
    axis.set(xlabel="spending", title=f"{title}: R2 {model.score(X_test, y_test):.2f}")
axes[0].set_ylabel("predicted")
axes[0].legend()
figure.savefig("missing_cells.png")
print("picture: missing_cells.png")
