"""
A price that only rises with size
=================================

A price that may only rise with size and only fall with age, whatever the noise says.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skensemble import NewtonBoostingRegressor

rng = np.random.default_rng(0)
flats = pd.DataFrame({"size": rng.uniform(20, 150, 400), "age": rng.uniform(0, 100, 400)})
price = 3 * flats["size"] - 1.5 * flats["age"] + rng.normal(scale=60, size=400)

free = NewtonBoostingRegressor(n_estimators=300, random_state=0).fit(flats, price)
held = NewtonBoostingRegressor(n_estimators=300, random_state=0, monotonic_cst={"size": 1, "age": -1}).fit(flats, price)

line = pd.DataFrame({"size": np.linspace(20, 150, 300), "age": 50.0})
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for label, model in {"free": free, "may only rise with size": held}.items():
    prediction = model.predict(line)
    falls = int(np.sum(np.diff(prediction) < -1e-9))
    print(f"{label:<24} places where a larger flat of the same age is cheaper: {falls}")
    axes.plot(line["size"], prediction, label=label)
axes.set(xlabel="size", ylabel="predicted price at age 50")
axes.legend(frameon=False)
figure.savefig("monotonic_constraints.png", dpi=150)
print("Saved", "monotonic_constraints.png")
