"""
Intervals that contain a wanted share of the outcomes
=====================================================

Intervals that contain a wanted share of the outcomes, in two ways.

How far will a patient's diabetes have gone in a year (scikit-learn's table of 442 patients)?  A random forest knows
which patients share a leaf with a new one; the quantiles of their outcomes are an interval.  For the patients it was
grown from, it asks only the trees that have not seen them.  A booster is fitted to the quantiles themselves.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_predict

from skensemble import NewtonBoostingRegressor, RandomForestRegressor

PICTURE = Path("prediction_intervals.png")
COVERAGE = 0.8
LEVELS = [(1 - COVERAGE) / 2, 0.5, (1 + COVERAGE) / 2]


def main():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)

    forest = RandomForestRegressor(500, min_samples_leaf=5, keep_leaf_rows=True, random_state=0).fit(X, y)
    booster = NewtonBoostingRegressor("quantile", quantile=LEVELS, n_estimators=60, max_depth=3, random_state=0)
    quantiles = {
        "random forest, out of bag": forest.predict_quantiles(X, LEVELS, oob=True),
        "quantile boosting, five folds": cross_val_predict(booster, X, y),
    }
    figure, panels = plt.subplots(1, 2, figsize=(12, 4), layout="constrained", sharey=True)
    for axes, (name, (low, middle, high)) in zip(panels, ((name, q.T) for name, q in quantiles.items())):
        inside = np.mean((low <= y) & (y <= high))
        print(f"{name:<30} inside: {inside:.1%} of {COVERAGE:.0%}   mean width: {np.mean(high - low):.0f}")
        plot(axes, y.to_numpy(), low, middle, high)
        axes.set_title(f"{name}: {inside:.0%} inside")
    panels[0].set_ylabel("disease progression")
    figure.savefig(PICTURE, dpi=150)
    print("Saved", PICTURE)


def plot(axes, y, low, middle, high):
    """Intervals as bars, by the predicted median; outcomes as points."""
    order = np.argsort(middle, kind="stable")
    place = np.arange(len(order))
    is_inside = ((low <= y) & (y <= high))[order]
    axes.vlines(place, low[order], high[order], color="tab:blue", alpha=0.3)
    axes.plot(place, middle[order], color="tab:blue")
    axes.scatter(place[is_inside], y[order][is_inside], s=6, color="0.3")
    axes.scatter(place[~is_inside], y[order][~is_inside], s=6, color="tab:red")
    axes.set_xlabel("patients, by predicted median")


if __name__ == "__main__":
    main()
