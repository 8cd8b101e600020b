"""
Guidance: how strongly a label is meant
=======================================

A conditional model draws rows of a label as often as they look like it. Guidance exaggerates the direction in which
the label moves a row: typical rows become more typical, and variety is lost.
"""

import matplotlib.pyplot as plt
import numpy as np

from skensemble import FlowMatching
from skensemble.generative import MLPField

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 1500)
centre = np.array([[0.0, 1.0], [-0.9, -0.5], [0.9, -0.5]])
X = centre[y] + rng.normal(scale=0.5, size=(1500, 2))

# %%
# Classifier-free guidance needs a model that has also seen rows without their label: `label_drop`.

network = MLPField(hidden_layer_sizes=(64, 64), max_steps=1500)
model = FlowMatching(regressor=network, label_drop=0.2, random_state=0).fit(X, y)

# %%
# What to see: from left to right the three clouds part and shrink.

figure, axes = plt.subplots(1, 4, figsize=(13, 3.4), sharex=True, sharey=True, layout="constrained")
axes[0].scatter(*X.T, c=y, s=3, cmap="brg")
axes[0].set_title("training rows")
for axis, scale in zip(axes[1:], (1.0, 2.0, 5.0), strict=True):
    labels = np.repeat([0, 1, 2], 300)
    drawn = model.sample(900, y=labels, guidance_scale=scale, random_state=0)
    axis.scatter(*drawn.T, c=labels, s=3, cmap="brg")
    axis.set_title(f"guidance {scale:g}")
figure.savefig("guidance.png")
print("picture: guidance.png")
