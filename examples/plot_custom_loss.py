"""
A loss of your own
==================

A loss is a function of targets, raw predictions and weights that returns gradients and hessians. Here it is one that
charges three times as much for a forecast that is too low as for one that is too high.
"""

import matplotlib.pyplot as plt
import numpy as np

from skensemble import NewtonBoostingRegressor


def low_is_dear(y, raw, sample_weight):
    """Squared error, times three where the prediction is too low."""
    price = np.where(raw < y, 3.0, 1.0) * (1.0 if sample_weight is None else sample_weight)
    return price * (raw - y), price


rng = np.random.default_rng(0)
hour = np.sort(rng.uniform(0, 24, 1500))
demand = 10 + 4 * np.sin(hour * np.pi / 12) + rng.gamma(2, 1 + np.abs(np.cos(hour * np.pi / 12)), size=1500)

# %%
# The same booster with the squared error and with the function.

settings = {"n_estimators": 150, "max_depth": 3, "early_stopping": False, "random_state": 0}
plain = NewtonBoostingRegressor(**settings).fit(hour[:, None], demand)
careful = NewtonBoostingRegressor(loss=low_is_dear, **settings).fit(hour[:, None], demand)

# %%
# What to see: the careful forecast lies higher, and most where the demand is least certain.

figure, axis = plt.subplots(figsize=(8, 3.8), layout="constrained")
axis.scatter(hour, demand, s=4, color="lightgrey")
for model, name in ((plain, "squared error"), (careful, "too low costs three times as much")):
    forecast = model.predict(hour[:, None])
    axis.plot(hour, forecast, label=f"{name}: too low in {np.mean(forecast < demand):.0%}")
axis.set(xlabel="hour", ylabel="demand")
axis.legend()
figure.savefig("custom_loss.png")
print("picture: custom_loss.png")
