"""Several quantiles in one model: an interval that contains a wanted share of the outcomes."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingRegressor

rng = np.random.default_rng(0)
x = rng.uniform(0, 10, size=3000)
y = np.sin(x) + rng.normal(size=3000) * (0.1 + 0.05 * x)  # the noise grows with x
X_train, X_test, y_train, y_test = train_test_split(x.reshape(-1, 1), y, random_state=0)

model = NewtonBoostingRegressor(loss="quantile", quantile=[0.05, 0.5, 0.95], max_depth=3, random_state=0)
model.fit(X_train, y_train)
low, middle, high = model.predict(X_test).T
print(f"Share of held-out outcomes inside the 90 % interval: {np.mean((low <= y_test) & (y_test <= high)):.3f}")
print("Quantiles in the wrong order:", int(np.sum((low > middle) | (middle > high))))

grid = np.linspace(0, 10, 500)
low, middle, high = model.predict(grid.reshape(-1, 1)).T
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.scatter(X_test, y_test, s=4, color="0.6", label="held-out rows")
axes.fill_between(grid, low, high, alpha=0.3, label="5 % to 95 %")
axes.plot(grid, middle, label="median")
axes.legend(frameon=False)
figure.savefig("prediction_intervals.png", dpi=150)
print("Saved", Path("prediction_intervals.png").resolve())
