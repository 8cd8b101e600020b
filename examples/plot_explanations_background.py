"""
What does "unknown" mean?
=========================

Two games of Shapley values on correlated columns, and a response in its own units.

Cars with more power for their weight have more claims. Strong cars are heavy, so the two columns tell much about each
other. Path-dependent values ask the trees what is likely for an unknown column, given the known ones: power then also
tells of weight, which takes back some of what it adds. Against a background the weight of other cars stands there
instead, and both columns count in full. Left: mean sizes in both games, and of a model with slopes in its leaves.
Right: one driver, in claims a year.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skensemble import NewtonBoostingRegressor
from skensemble.inspection import explain

PICTURE = Path("explanations_background.png")
N_ROWS = 4000


def main():
    X, claims = make_claims()
    background = X[:200]
    model = NewtonBoostingRegressor(loss="poisson", n_estimators=60, max_depth=3, random_state=0).fit(X, claims)
    slopes = NewtonBoostingRegressor(
        loss="poisson", n_estimators=60, max_depth=3, linear_leaves=True, random_state=0
    ).fit(X, claims)
    sizes = {
        "path-dependent": explain(model, X),
        "against a background": explain(model, X, background=background),
        "path-dependent, linear leaves": explain(slopes, X),
    }
    sizes = pd.DataFrame(
        {name: np.abs(each.values).mean(axis=0) for name, each in sizes.items()}, index=list(X.columns)
    )
    print("Mean size of what a column adds, in logarithms of claims:")
    print(sizes.round(3).to_string())
    response = explain(model, X[:300], background=background, output="response")
    check_sums(model, X[:300], response)
    print_pairs(explain(model, X[:300], interactions=True))
    plot(sizes, response, row=int(response.values.sum(axis=1).argmax()))


def make_claims():
    """Claims a year by power, weight and age."""
    rng = np.random.default_rng(0)
    power = rng.normal(100, 25, N_ROWS)
    age = rng.integers(18, 80, N_ROWS)
    X = pd.DataFrame(
        {"power": power, "weight": 10 * power + rng.normal(0, 150, N_ROWS) + 300, "age": age.astype(float)}
    )
    strength = X["power"] - X["weight"] / 13  # of a car of the mean weight: its power
    rate = 0.3 * np.exp(0.04 * strength + 0.9 * (age < 25) + 0.02 * strength * (age < 25))
    return X, rng.poisson(rate)


def check_sums(model, X, explanation):
    """Base value and values of a row sum to its predicted claims."""
    error = np.abs(explanation.base_values + explanation.values.sum(axis=1) - model.predict(X)).max()
    print(f"\nSums of the values differ from the predicted claims by {error:.0e} at most.")


def print_pairs(explanation):
    """Mean size of what columns add alone, on the diagonal, and with another one."""
    sizes = pd.DataFrame(np.abs(explanation.values).mean(axis=0), *[explanation.feature_names] * 2)
    print("\nAlone, and half of what two add together:")
    print(sizes.round(3).to_string())


def plot(sizes, response, row):
    figure, (columns, driver) = plt.subplots(1, 2, figsize=(13, 4.5), layout="constrained")
    sizes[::-1].plot.barh(ax=columns)
    columns.set_title("Unknown columns: guessed from others, or those of other cars")
    columns.set_xlabel("mean of what cells added, without sign")
    response.waterfall(row, ax=driver)
    driver.set_title("The driver furthest above the background, claims a year")
    figure.savefig(PICTURE, dpi=120)
    print(f"\nSaved {PICTURE}")


if __name__ == "__main__":
    main()
