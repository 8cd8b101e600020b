"""
How many trees, and how many features at each node
==================================================

The out-of-bag error tells, without a test set.

Each tree of a random forest is grown from a draw of the rows, and about a third of them are not in it.  These rows
judge the tree: every row is predicted by the trees that have not seen it.  With `warm_start` trees are added to a
forest, and the error is known after each step.  The digits are scikit-learn's: 8 x 8 pixels, ten classes.
"""

from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skensemble import RandomForestClassifier

PICTURE = Path("oob_error.png")
N_TREES = range(30, 151, 5)  # with fewer, some rows are drawn for every tree
MAX_FEATURES = {"sqrt": "tab:blue", "log2": "tab:orange", None: "tab:green"}


def main():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    print(f"Errors of {N_TREES[-1]} trees:")
    for max_features, color in MAX_FEATURES.items():
        oob, held_out = errors(max_features, X_train, X_test, y_train, y_test)
        print(f"max_features={max_features!r:<7} out of bag {oob[-1]:.4f}, test set {held_out[-1]:.4f}")
        axes.plot(N_TREES, oob, color=color, label=f"{max_features}, out of bag")
        axes.plot(N_TREES, held_out, color=color, linestyle=":", label=f"{max_features}, test set")
    axes.set(xlabel="trees", ylabel="share of errors", ylim=(0, None))
    axes.legend(title="max_features", frameon=False, ncols=3, fontsize="small")
    figure.savefig(PICTURE, dpi=150)
    print("Saved", PICTURE)


def errors(max_features, X_train, X_test, y_train, y_test):
    """Out-of-bag and test errors of one forest that grows."""
    forest = RandomForestClassifier(max_features=max_features, oob_score=True, warm_start=True, random_state=0)
    oob, held_out = [], []
    for n_trees in N_TREES:
        forest.set_params(n_estimators=n_trees).fit(X_train, y_train)
        oob.append(1 - forest.oob_score_)
        held_out.append(1 - forest.score(X_test, y_test))
    return oob, held_out


if __name__ == "__main__":
    main()
