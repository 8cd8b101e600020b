"""
A real table with numbers, text and missing cells
=================================================

A real table with numbers, text and missing cells, beside scikit-learn's own booster.

Will a flight arrive more than 15 minutes late?  The table goes into `fit` as it was read.  Both models run with their
default settings and the same rows and columns; scikit-learn's wants text turned into the `category` type first.
"""

import sys
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingClassifier

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("mixed_table.png")
REPEATS = 3


def main():
    table = pd.read_csv(DATA)
    X, y = table.drop(columns="late"), table["late"] == "late"
    describe(X, y)

    print("First fit, with compiling (once per machine) or loading of the kernels:", end=" ", flush=True)
    print(f"{seconds_of(lambda: NewtonBoostingClassifier(n_estimators=1).fit(X, y)):.2f} s\n")

    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    ours = measure("skensemble", NewtonBoostingClassifier(random_state=0), X_train, X_test, y_train, y_test)
    fixed = NewtonBoostingClassifier(n_estimators=300, random_state=0)
    measure("  300 rounds", fixed, X_train, X_test, y_train, y_test)

    X_train, X_test = as_categories(X, X_train), as_categories(X, X_test)
    theirs = HistGradientBoostingClassifier(random_state=0)
    measure("scikit-learn HGB", theirs, X_train, X_test, y_train, y_test)

    plot_importances(ours)


def describe(X, y):
    """Say what the table is made of."""
    n_text = X.select_dtypes(exclude="number").shape[1]
    print(f"Flights from New York in 2013: {len(X)} rows, {X.shape[1]} columns, {n_text} of them text.")
    print(f"{X.isna().mean().mean():.0%} of the cells are missing; {y.mean():.0%} of the flights were late.")


def as_categories(table, part):
    """`part` with every text column turned into a category that knows all values of `table`."""
    text = table.select_dtypes(exclude="number").columns
    return part.astype({column: pd.CategoricalDtype(table[column].dropna().unique()) for column in text})


def measure(name, model, X_train, X_test, y_train, y_test):
    """Print held-out scores and the shortest of a few times."""
    fit = min(seconds_of(lambda: model.fit(X_train, y_train)) for _ in range(REPEATS))
    predict = min(seconds_of(lambda: model.predict_proba(X_test)) for _ in range(REPEATS))
    probability = model.predict_proba(X_test)[:, 1]
    scores = f"log-loss {log_loss(y_test, probability):.4f}   ROC AUC {roc_auc_score(y_test, probability):.4f}"
    print(f"{name:<18} {scores}   fit {fit:.3f} s   predict {1000 * predict:.1f} ms")
    return model


def seconds_of(job):
    """How long `job()` takes."""
    start = perf_counter()
    job()
    return perf_counter() - start


def plot_importances(model):
    """Draw which columns the model used, and save the picture."""
    importances = pd.Series(model.feature_importances_, index=model.feature_names_in_).sort_values()
    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    axes.barh(importances.index, importances, color="tab:blue")
    axes.set(title="What tells whether a flight will be late", xlabel="share of the gain of all splits")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=150)
    print(f"\nSaved {PICTURE}")


if __name__ == "__main__":
    main()
