"""
How far to prune a tree
=======================

How far to prune a tree: the pruning path, cross-validation along it, and the tree that comes out.

Will a flight arrive more than 15 minutes late?  A full-grown tree learns every flight by heart.  Cost-complexity
pruning cuts the branches that do not pay for their leaves; how much a leaf must pay is chosen by cross-validation.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score

from skensemble import DecisionTreeClassifier, export_text, plot_tree

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("pruning_path.png")
ROWS = 4000
CANDIDATES = 20
BY_HEART = ["dest", "model"]  # columns of a hundred categories, by which a single tree can tell single flights apart


def main():
    flights = pd.read_csv(DATA).sample(ROWS, random_state=0)
    X, y = flights.drop(columns=["late", *BY_HEART]), flights["late"]

    path = DecisionTreeClassifier(random_state=0).cost_complexity_pruning_path(X, y)
    alphas = candidates(path.ccp_alphas)
    trees = [DecisionTreeClassifier(random_state=0, ccp_alpha=alpha).fit(X, y) for alpha in alphas]
    scores = [cross_val_score(tree, X, y, cv=5, scoring="roc_auc") for tree in trees]

    best = int(np.argmax(np.mean(scores, axis=1)))
    for name, i in {"full-grown": 0, "pruned": best}.items():
        print(f"{name:<11} {trees[i].get_n_leaves():4d} leaves   ROC AUC of unseen flights {scores[i].mean():.3f}")
    print("\nThe top of the pruned tree:")
    print(export_text(trees[best], max_depth=1, show_weights=True, decimals=1))
    plot(alphas, trees, scores, best)


def candidates(ccp_alphas):
    """Some of the path's steps, evenly spread on a logarithmic scale; the last would leave nothing but the root."""
    positive = ccp_alphas[(ccp_alphas > 0) & (ccp_alphas < ccp_alphas[-1])]
    spread = np.geomspace(positive[0], positive[-1], CANDIDATES)
    return np.append(0.0, spread)


def plot(alphas, trees, scores, best):
    """Score and size along the path on the left, the top of the best tree on the right; save the picture."""
    mean, deviation = np.mean(scores, axis=1), np.std(scores, axis=1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(15, 5), width_ratios=[2, 5], layout="constrained")
    left.fill_between(alphas, mean - deviation, mean + deviation, alpha=0.2, color="tab:blue")
    left.plot(alphas, mean, color="tab:blue")
    left.axvline(alphas[best], color="0.6", linestyle=":")
    left.set_xscale("symlog", linthresh=alphas[1])
    left.set_xlabel("ccp_alpha: what a leaf must earn")
    left.set_ylabel("ROC AUC, five folds", color="tab:blue")
    size = left.twinx()
    size.plot(alphas, [tree.get_n_leaves() for tree in trees], color="tab:orange", drawstyle="steps-post")
    size.set_yscale("log")
    size.set_ylabel("leaves", color="tab:orange")
    options = {"filled": True, "rounded": True, "impurity": False, "proportion": True, "precision": 2}
    plot_tree(trees[best], ax=right, max_depth=2, class_names=trees[best].classes_, **options)
    right.set_title(f"The best tree of the path, {trees[best].get_n_leaves()} leaves")
    figure.savefig(PICTURE, dpi=150)
    print("Saved", PICTURE)


if __name__ == "__main__":
    main()
