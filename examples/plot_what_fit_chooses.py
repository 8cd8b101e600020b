"""
What fit has chosen
===================

Which flights will be late? A fit without settings compares constant and linear leaves, and from 1000 rows on
depth-wise trees, by rows that they have not seen. `cv_results_` keeps what it saw.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingClassifier

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("what_fit_chooses.png")


def main():
    flights = pd.read_csv(DATA)
    y = flights.pop("late")
    X_train, X_test, y_train, y_test = train_test_split(flights, y, test_size=0.4, random_state=0)
    model = NewtonBoostingClassifier(random_state=0).fit(X_train, y_train)
    plot(model.cv_results_)
    print(f"{model.n_iter_} rounds, learning rate {model.learning_rate_:.3f}, temperature {model.temperature_:.2f}")
    fixed = NewtonBoostingClassifier(n_estimators=300, random_state=0).fit(X_train, y_train)
    for name, each in {"chosen": model, "300 rounds": fixed}.items():
        print(f"{name:<11} log-loss of the test rows {log_loss(y_test, each.predict_proba(X_test)):.4f}")


def plot(results):
    """Mean loss of the left-out rows after each round of the search, candidate by candidate."""
    figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
    chosen = results["best_index"]
    for number, (changes, curve) in enumerate(zip(results["params"], results["curves"], strict=True)):
        leaves = "linear" if changes["linear_leaves"] else "constant"
        n_folds = len(results["split_test_scores"][number])
        label = f"{changes['grow_policy']}, {leaves} leaves" + " (left after one fold)" * (n_folds == 1)
        axis.plot(-curve, label=label, linewidth=2 if number == chosen else 1)
    best = results["n_rounds"][chosen]
    axis.plot(best, -results["curves"][chosen][best], "o", color="black", label=f"chosen: {best} large rounds")
    lowest = min(-curve.max() for curve in results["curves"])
    axis.set(xlabel=f"rounds of {results['learning_rate']}", ylabel="log-loss of left-out rows")
    axis.set_ylim(lowest - 0.005, np.quantile(np.concatenate([-curve for curve in results["curves"]]), 0.95))
    axis.legend()
    figure.savefig(PICTURE)
    print(f"picture: {PICTURE}")


if __name__ == "__main__":
    main()
