"""
Symmetric, depth-wise and best-first trees
==========================================

Three ways to spend eight leaves. A symmetric tree asks one question for a whole level. A depth-wise tree splits every
node of a level by a question of its own. A best-first tree splits the leaf that gains most, wherever it is.
"""

import matplotlib.pyplot as plt
import numpy as np

from skensemble import NewtonBoostingRegressor

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(3000, 2))
y = np.where(X[:, 0] > 0.3, np.sin(8 * X[:, 1]), X[:, 0])  # busy on the right, plain on the left

# %%
# One round with the same number of leaves, and the boxes into which it cuts the plane.

shapes = {
    "symmetric": {"max_depth": 3},
    "depthwise": {"max_depth": 3},
    "lossguide": {"max_depth": None, "max_leaf_nodes": 8},
}
grid = np.stack(np.meshgrid(np.linspace(-1, 1, 300), np.linspace(-1, 1, 300)), axis=-1)
figure, axes = plt.subplots(1, 4, figsize=(14, 3.6), sharey=True, layout="constrained")
truth = np.where(grid[..., 0] > 0.3, np.sin(8 * grid[..., 1]), grid[..., 0])
axes[0].imshow(truth, origin="lower", extent=(-1, 1, -1, 1), cmap="coolwarm")
axes[0].set_title("truth")
for axis, (policy, size) in zip(axes[1:], shapes.items(), strict=True):
    once = {"n_estimators": 1, "learning_rate": 1.0, "subsample": 1.0, "colsample_bylevel": 1.0}
    model = NewtonBoostingRegressor(grow_policy=policy, **size, **once).fit(X, y)
    axis.imshow(
        model.predict(grid.reshape(-1, 2)).reshape(300, 300), origin="lower", extent=(-1, 1, -1, 1), cmap="coolwarm"
    )
    axis.set_title(f'grow_policy="{policy}", R2 {model.score(X, y):.2f}')
figure.savefig("tree_shapes.png")

# %%
# What to see: the best-first tree spends its leaves where the target is busy; the symmetric tree's cuts go from edge
# to edge. Its trees are weaker one by one, and cheaper, and many of them overfit less: so they are the default.

print("picture: tree_shapes.png")
