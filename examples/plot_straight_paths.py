"""
Rectified flow: paths that become straight
==========================================

A flow that has learned to carry noise to data does so on bent paths, since the straight lines it was shown crossed.
Fitted again to the ends of its own paths it straightens them, and few steps suffice to follow them.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons

from skensemble import RectifiedFlow

X, _ = make_moons(1000, noise=0.05, random_state=0)

# %%
# The same 500 noises, carried in two steps and in fifty, before and after.

figure, axes = plt.subplots(2, 2, figsize=(8, 6.4), sharex=True, sharey=True, layout="constrained")
for row, n_reflow in zip(axes, (0, 1), strict=True):
    model = RectifiedFlow(n_reflow=n_reflow, random_state=0).fit(X)
    for axis, n_steps in zip(row, (2, 50), strict=True):
        axis.scatter(*model.sample(500, n_steps=n_steps, solver="euler", random_state=1).T, s=4)
        axis.set_title(f"{n_reflow} times straightened, {n_steps} steps", fontsize=10)
figure.savefig("straight_paths.png")

# %%
# What to see: two steps are enough after straightening (lower left), and not before (upper left).

print("picture: straight_paths.png")
