"""
What does a column do?
======================

How the departure of a flight moves the prediction that it will be late, and with what.

Left: the hour of departure, by partial dependence and by accumulated effects, in log-odds.  Middle: the carriers, in
an order in which neighbours are alike in the other columns.  Right: the pairs of columns that act together.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingClassifier
from skensemble.inspection import accumulated_effects, interaction_strength, partial_dependence

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("effects.png")


def main():
    table = pd.read_csv(DATA)
    X, y = table.drop(columns="late"), table["late"] == "late"
    X_train, X_test, y_train, _ = train_test_split(X, y, random_state=0)
    model = NewtonBoostingClassifier(n_estimators=300, random_state=0).fit(X_train, y_train)
    strength = interaction_strength(model, X_test)
    print("Pairs of columns by what they do together, in log-odds:")
    print(strength.to_frame().sort_values("size", ascending=False).head(5).round(3).to_string(index=False))
    plot(model, X_test, strength)


def plot(model, X, strength):
    figure, (hours, carriers, pairs) = plt.subplots(1, 3, figsize=(16, 5), layout="constrained")
    dependence = partial_dependence(model, X, "departure")
    centred = dependence.values - dependence.values.mean()
    hours.plot(dependence.grid[0], centred, "--", label="partial dependence, centred")
    accumulated_effects(model, X, "departure").plot(ax=hours)
    hours.lines[1].set_label("accumulated effects")
    hours.legend()
    accumulated_effects(model, X, "carrier").plot(ax=carriers)
    strength.plot(max_display=8, ax=pairs)
    figure.savefig(PICTURE, dpi=120)
    print(f"\nSaved {PICTURE}")


if __name__ == "__main__":
    main()
