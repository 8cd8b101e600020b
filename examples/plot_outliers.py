"""
Outliers by density
===================

A row is strange where the density of all rows is low, though each of its cells may be common.
`DensityOutlierDetector` takes any of the density estimators and has scikit-learn's interface of outlier detectors.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from skensemble import DensityOutlierDetector, NeuralSplineFlow

X, _ = make_moons(600, noise=0.08, random_state=0)
strange = np.random.default_rng(0).uniform([-1.5, -1], [2.5, 1.5], size=(20, 2))
X = np.vstack([X, strange])

# %%
# A flow learns the density of all rows; the least likely 4 % count as outliers.

flow = NeuralSplineFlow(max_epochs=60, random_state=0)
detector = DensityOutlierDetector(flow, contamination=0.04).fit(X)
labels = detector.predict(X)

# %%
# What to see: the border follows both moons, which no ellipse could.

grid = np.stack(np.meshgrid(np.linspace(-1.8, 2.8, 150), np.linspace(-1.3, 1.8, 100)), axis=-1)
scores = detector.decision_function(grid.reshape(-1, 2)).reshape(grid.shape[:2])
figure, axis = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
axis.contour(grid[..., 0], grid[..., 1], scores, levels=[0], colors="black", linewidths=1)
axis.scatter(*X[labels == 1].T, s=8, color="lightgrey", label="inliers")
axis.scatter(*X[labels == -1].T, s=14, color="tab:red", label="outliers")
axis.legend()
figure.savefig("outliers.png")
found = np.mean(labels[-20:] == -1)
print(f"{found:.0%} of the rows that were put in by hand are found; picture: outliers.png")
