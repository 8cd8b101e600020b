"""
A curve, round by round
=======================

Boosting adds one small tree after another, each fitted to what the others leave. After one round the prediction has
two steps, after ten it has the outline, after hundreds it follows the noise.
"""

import matplotlib.pyplot as plt
import numpy as np

from skensemble import NewtonBoostingRegressor

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 10, 150))
y = np.sin(x) + x / 5 + rng.normal(scale=0.3, size=150)
grid = np.linspace(0, 10, 500)

# %%
# One fit gives the predictions of all rounds. The learning rate says which part of a tree's values is added.

model = NewtonBoostingRegressor(
    n_estimators=400, learning_rate=0.1, max_depth=2, grow_policy="depthwise", early_stopping=False, random_state=0
)
model.fit(x[:, None], y)
stages = list(model.staged_predict(grid[:, None]))

# %%
# What to see: 30 rounds draw the curve, 400 draw the noise.

figure, axes = plt.subplots(1, 4, figsize=(13, 3.2), sharey=True, layout="constrained")
for axis, n_rounds in zip(axes, (1, 10, 30, 400), strict=True):
    axis.scatter(x, y, s=8, color="lightgrey")
    axis.plot(grid, np.sin(grid) + grid / 5, color="black", linewidth=1, label="truth")
    axis.plot(grid, stages[n_rounds - 1], color="tab:red", label="prediction")
    axis.set_title(f"{n_rounds} round{'s' * (n_rounds > 1)}")
axes[0].legend()
figure.savefig("boosting_rounds.png")

error = np.mean((stages[29] - np.sin(grid) - grid / 5) ** 2)
print(f"mean squared distance from the truth after 30 rounds: {error:.3f}; picture: boosting_rounds.png")
