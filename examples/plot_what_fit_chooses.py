"""
What fit has chosen
===================

Which flights will be late? A fit without settings compares constant and linear leaves, and from 1000 rows on
depth-wise trees, by rows that they have not seen. `cv_results_` keeps what it saw.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingClassifier
from skensemble.inspection import plot_search

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("what_fit_chooses.png")


def main():
    flights = pd.read_csv(DATA)
    y = flights.pop("late")
    X_train, X_test, y_train, y_test = train_test_split(flights, y, test_size=0.4, random_state=0)
    model = NewtonBoostingClassifier(random_state=0).fit(X_train, y_train)
    plot(model)
    print(f"{model.n_iter_} rounds, learning rate {model.learning_rate_:.3f}, temperature {model.temperature_:.2f}")
    fixed = NewtonBoostingClassifier(n_estimators=300, random_state=0).fit(X_train, y_train)
    for name, each in {"chosen": model, "300 rounds": fixed}.items():
        print(f"{name:<11} log-loss of the test rows {log_loss(y_test, each.predict_proba(X_test)):.4f}")


def plot(model):
    """Mean loss of the left-out rows after each round of the search, candidate by candidate."""
    figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
    plot_search(model, ax=axis)
    figure.savefig(PICTURE)
    print(f"picture: {PICTURE}")


if __name__ == "__main__":
    main()
