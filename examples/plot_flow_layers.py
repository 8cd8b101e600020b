"""
How the layers of a flow move a density
=======================================

A normalizing flow carries rows to noise layer by layer. Each coupling holds one column still and moves the other by
what the first one says; after enough of them nothing of the two moons is left but a round cloud.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from skensemble.generative import RealNVP

X, side = make_moons(2000, noise=0.06, random_state=0)
model = RealNVP(n_layers=6, max_epochs=60, random_state=0).fit(X)

# %%
# The rows after each layer, in the colours of their moons. The first and the last layer scale and shift each column;
# the others are couplings.

rows = model.encoder_.transform(X).astype(np.float32)
condition, log_det = np.empty((len(X), 0), np.float32), np.zeros(len(X), np.float32)
layers = model._flow.layers

figure, axes = plt.subplots(1, len(layers) + 2, figsize=(2.2 * (len(layers) + 2), 2.6))
for number, axis in enumerate(axes[:-1]):
    if number > 0:
        rows = layers[number - 1].forward(rows, condition, log_det).copy()
    axis.scatter(*rows.T, c=side, s=1, cmap="coolwarm")
    axis.set(title="rows" if number == 0 else f"layer {number}", xlim=(-4, 4), ylim=(-4, 4), aspect="equal")

# %%
# What the change of volume on the way says: the density of every place.

grid = np.stack(np.meshgrid(np.linspace(-2, 3, 200), np.linspace(-1.5, 2, 140)), axis=-1)
density = np.exp(model.score_samples(grid.reshape(-1, 2))).reshape(grid.shape[:2])
axes[-1].contourf(grid[..., 0], grid[..., 1], density, levels=20, cmap="viridis")
axes[-1].set(title="density", aspect="equal")
figure.tight_layout()
figure.savefig("flow_layers.png")
print(f"mean log density of the rows: {model.score(X):.2f} nats; picture: flow_layers.png")
