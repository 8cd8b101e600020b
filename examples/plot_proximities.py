"""
What a forest finds alike
=========================

Two rows are near each other if they share a leaf in many trees. The proximities of a forest see which columns matter,
need no scaling, and take text and gaps. Here they place handwritten digits on a map.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skensemble import RandomForestClassifier

X, y = load_digits(n_class=5, return_X_y=True)
rows = np.random.default_rng(0).permutation(len(X))[:250]
X, y = X[rows], y[rows]

# %%
# The share of trees in which two rows fall into one leaf, and a map on which alike rows are near.

forest = RandomForestClassifier(100, min_samples_leaf=3, random_state=0).fit(X, y)
shares = forest.proximities(X)
shares = shares.toarray() if hasattr(shares, "toarray") else np.asarray(shares)
centred = shares - shares.mean(axis=0) - shares.mean(axis=1, keepdims=True) + shares.mean()
sizes, directions = np.linalg.eigh(centred)  # classical scaling: the two directions that hold most of the shares
places = directions[:, -2:] * np.sqrt(sizes[-2:])

# %%
# What to see: each digit is an island, and the rows between the islands are those that are hard to read.

figure, axis = plt.subplots(figsize=(6, 5), layout="constrained")
dots = axis.scatter(*places.T, c=y, cmap="tab10", vmax=9, s=14)
axis.legend(*dots.legend_elements(), title="digit")
axis.set(xticks=[], yticks=[])
figure.savefig("proximities.png")
print("picture: proximities.png")
