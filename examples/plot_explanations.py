"""
Why did the model say that?
===========================

What each cell of a flight added to the prediction that it will be late.

The values are exact Shapley values in the columns of the table, text and missing cells included, in log-odds.  From
one row to the whole model: the flight that is most likely to be late, cell by cell; what the hour of departure added to
each flight; all columns of all flights, where a dot is a cell; and the mean size of what each column added.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingClassifier
from skensemble.inspection import explain

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("explanations.png")


def main():
    table = pd.read_csv(DATA)
    X, y = table.drop(columns="late"), table["late"] == "late"
    X_train, X_test, y_train, _ = train_test_split(X, y, random_state=0)
    model = NewtonBoostingClassifier(n_estimators=300, random_state=0).fit(X_train, y_train)
    explanation = explain(model, X_test)
    check_sums(model, X_test, explanation)
    print_importances(explanation)
    plot(explanation, row=int(model.predict_proba(X_test)[:, 1].argmax()))


def check_sums(model, X, explanation):
    """Base value and values of a row sum to its log-odds."""
    probability = model.predict_proba(X)[:, 1]
    sums = explanation.base_values + explanation.values.sum(axis=1)
    error = np.abs(sums - np.log(probability / (1 - probability))).max()
    print(f"{len(X)} flights explained; sums differ from the log-odds by {error:.0e} at most.")


def print_importances(explanation):
    """Mean size of what each column adds: an importance in the units of the prediction."""
    sizes = pd.Series(np.abs(explanation.values).mean(axis=0), explanation.feature_names)
    print("\nMean size of what a column adds, in log-odds:")
    print(sizes.sort_values(ascending=False).head(6).round(3).to_string())


def plot(explanation, row):
    figure, ((one, column), (cells, means)) = plt.subplots(2, 2, figsize=(13, 10), layout="constrained")
    explanation.waterfall(row, ax=one)
    one.set_title("The flight most likely to be late")
    explanation.dependence("departure", ax=column)
    column.set_title("One column, all flights")
    explanation.beeswarm(ax=cells)
    cells.set_title("All cells")
    explanation.bar(ax=means)
    means.set_title("Mean size of what a column added")
    figure.savefig(PICTURE, dpi=120)
    print(f"\nSaved {PICTURE}")


if __name__ == "__main__":
    main()
