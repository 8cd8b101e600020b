"""
From NICE to splines on one density
===================================

Flows learn the same two-dimensional density from 1000 rows with their default layers. What differs is how a layer
moves the rows: by shifts (NICE), by shifts and scales (RealNVP, Glow), or by splines.
"""

import matplotlib.pyplot as plt
import numpy as np

from skensemble import (
    NICE,
    Glow,
    NeuralSplineFlow,
    RealNVP,
)

rng = np.random.default_rng(0)
angle = rng.uniform(0, 2 * np.pi, 1500)
radius = np.where(rng.random(1500) < 0.5, 1.0, 2.2) + rng.normal(scale=0.12, size=1500)
X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
train, test = X[:1000], X[1000:]

# %%
# Each is fitted for 60 epochs, and scored on rows that it has not seen: nats, higher is better.

flows = (NICE, RealNVP, Glow, NeuralSplineFlow)
grid = np.stack(np.meshgrid(np.linspace(-3, 3, 120), np.linspace(-3, 3, 120)), axis=-1)
figure, axes = plt.subplots(1, 4, figsize=(13, 3.7), layout="constrained")
for axis, flow in zip(axes, flows, strict=True):
    model = flow(max_epochs=60, random_state=0).fit(train)
    density = np.exp(model.score_samples(grid.reshape(-1, 2))).reshape(grid.shape[:2])
    axis.imshow(density, origin="lower", extent=(-3, 3, -3, 3), cmap="magma", vmax=0.15)
    axis.set(title=f"{flow.__name__}\n{model.score(test):.2f} nats", xticks=[], yticks=[])
    axis.title.set_fontsize(9)
figure.savefig("densities.png")

# %%
# What to see: two rings have holes, which layers of shifts and scales can only bridge; splines come closest.

print("picture: densities.png")
