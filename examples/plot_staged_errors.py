"""
From AdaBoost to Newton boosting, round by round
================================================

From AdaBoost to gradient boosting to Newton boosting: how the held-out error falls, round by round.

Four ways to boost trees on a real table: which flights from New York City arrive more than 15 minutes late.  Three
quarters of the flights are on time, so what is plotted is how often a late flight gets no higher score than one on
time: 1 minus the area under the ROC curve.  Text and missing cells go in as they are.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from skensemble import AdaBoostClassifier, GradientBoostingClassifier, NewtonBoostingClassifier

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("staged_errors.png")
SETTINGS = {"n_estimators": 100, "random_state": 0}
TREES = {"max_depth": 3, "learning_rate": 0.1}
MODELS = {
    "AdaBoost, votes of stumps": AdaBoostClassifier(**SETTINGS),
    "AdaBoost, gentle steps": AdaBoostClassifier(algorithm="gentle", **SETTINGS),
    "gradient boosting": GradientBoostingClassifier(**TREES, **SETTINGS),
    "Newton boosting": NewtonBoostingClassifier(grow_policy="depthwise", **TREES, **SETTINGS),
}


def main():
    flights = pd.read_csv(DATA)
    y = flights.pop("late")
    X_train, X_test, y_train, y_test = train_test_split(flights, y, test_size=0.33, random_state=0, stratify=y)
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, model in MODELS.items():
        errors = staged_errors(model.fit(X_train, y_train), X_test, y_test)
        best = min(range(len(errors)), key=errors.__getitem__)
        print(f"{name:<26} best {errors[best]:.4f} after {best + 1} rounds, {errors[-1]:.4f} after {len(errors)}")
        axes.plot(range(1, len(errors) + 1), errors, label=name)
    axes.set(xlabel="rounds", ylabel="1 - area under the ROC curve, held out")
    axes.legend(frameon=False)
    figure.savefig(PICTURE, dpi=150)
    print("Saved", PICTURE)


def staged_errors(model, X, y):
    """1 - AUC after each round."""
    second = model.classes_[1]
    return [1.0 - roc_auc_score(y == second, stage[:, 1]) for stage in model.staged_predict_proba(X)]


if __name__ == "__main__":
    main()
