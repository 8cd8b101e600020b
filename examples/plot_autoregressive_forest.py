"""
A density made of boxes
=======================

An autoregressive forest models a table column by column: each column by a tree on the columns before it. Its density
is exact, and its shape shows how it is made: of boxes, smoothed towards larger boxes, as the mean over orders of the
columns.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skensemble import AutoregressiveForest

rng = np.random.default_rng(0)
angle = rng.uniform(0, 2 * np.pi, 2000)
radius = np.where(rng.random(2000) < 0.5, 1.0, 2.2) + rng.normal(scale=0.15, size=2000)
table = pd.DataFrame({"east": radius * np.cos(angle), "north": radius * np.sin(angle)})
table["ring"] = np.where(radius < 1.6, "inner", "outer")

# %%
# Two numbers and a column of text in one model; the density of the numbers is the sum over the levels of the text.

model = AutoregressiveForest(n_estimators=8, random_state=0).fit(table)
axis_values = np.linspace(-3, 3, 160)
grid = pd.DataFrame({"east": np.tile(axis_values, 160), "north": np.repeat(axis_values, 160)})
density = sum(np.exp(model.score_samples(grid.assign(ring=ring))) for ring in ("inner", "outer")).reshape(160, 160)

# %%
# What to see: both rings are there, with cuts along the axes; rows that are drawn for a known ring lie on it.

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.4), layout="constrained")
left.imshow(density, origin="lower", extent=(-3, 3, -3, 3), cmap="magma", vmax=np.quantile(density, 0.995))
left.set_title("density")
right.scatter(table["east"], table["north"], s=3, color="lightgrey", label="training rows")
drawn = model.sample(500, condition={"ring": "inner"}, random_state=0)
right.scatter(drawn["east"], drawn["north"], s=5, color="tab:red", label='drawn for ring="inner"')
right.set(title="rows", xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
right.legend(loc="upper right")
figure.savefig("autoregressive_forest.png")

# %%
# With all columns but one given, it is a regressor of distributions: quantiles of `north` at a place in the east. Both
# halves of the rings have their share, so that an interval holds nothing but them.

given = AutoregressiveForest(condition_columns=["east", "ring"], random_state=0).fit(table)
row = pd.DataFrame({"east": [0.0], "ring": ["outer"]})
print("north of the outer ring, at the levels .25, .4, .6, .75:", given.predict_quantiles(row, [0.25, 0.4, 0.6, 0.75]))
total = density.sum() * (axis_values[1] - axis_values[0]) ** 2
print(f"the density integrates to {total:.3f}; picture: autoregressive_forest.png")
