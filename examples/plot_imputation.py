"""
Gaps filled in, several times over
==================================

A filled-in cell is a guess. Drawn several times from what the other cells of the row allow, the guesses show how sure
it is, and means and spreads of the column stay right, which one mean for all gaps would destroy.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from skensemble import FlowMatching

iris = load_iris(as_frame=True).data.set_axis(["sepal_l", "sepal_w", "petal_l", "petal_w"], axis=1)
holes = iris.copy()
hidden = np.random.default_rng(0).random(len(iris)) < 0.3
holes.loc[hidden, "petal_l"] = np.nan

# %%
# One model of the table fills the gaps five times. `mask_share` shows it rows with hidden cells while it learns.

model = FlowMatching(mask_share=0.5, random_state=0).fit(holes)
fillings = model.impute(holes, n_imputations=5, random_state=0)

# %%
# What to see: the guesses lie around the truth, and have its spread; the mean of the column has none.

truth = iris.loc[hidden, "petal_l"]
guesses = pd.concat([filling.loc[hidden, "petal_l"] for filling in fillings], axis=1)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
axes[0].plot(truth, guesses, ".", color="tab:blue", alpha=0.4)
axes[0].axline((1, 1), slope=1, color="black", linewidth=0.8)
axes[0].set(xlabel="true length", ylabel="five guesses for each")
bins = np.linspace(0.5, 7.5, 24)
axes[1].hist(truth, bins, histtype="step", color="black", label="truth")
axes[1].hist(
    guesses.to_numpy().ravel(),
    bins,
    weights=np.full(guesses.size, 0.2),
    color="tab:blue",
    alpha=0.5,
    label="guesses / 5",
)
axes[1].axvline(holes["petal_l"].mean(), color="tab:red", label="mean of the column")
axes[1].set(xlabel="petal length")
axes[1].legend()
figure.savefig("imputation.png")
correlation = np.corrcoef(truth, guesses.mean(axis=1))[0, 1]
print(f"correlation of the mean guess with the truth: {correlation:.2f}; picture: imputation.png")
