"""plot_search: what fit saw while it chose rounds and trees, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skensemble.explanation._explanation_pictures import AS_IT_IS, axes_or_new

if TYPE_CHECKING:
    from typing import Any

SHOWN = 0.05  # scores below this quantile are those of the first rounds, and would flatten all others


def plot_search(model: Any, *, ax: Any = None) -> Any:
    """Draw what a fit with `n_estimators="auto"` saw: the score of left-out samples by the number of rounds.

    A curve for each candidate, the mean of its folds, up to where the last fold stopped; the chosen one is thick, and a
    dot marks its best round. Scores are those of `scoring` on a scale where larger is better; losses are drawn as
    losses.

    Parameters
    ----------
    model : object
        A fitted booster with `cv_results_`.
    ax : matplotlib axes, default=None
        Where to draw. None: the axes of a new figure.

    Returns
    -------
    ax : matplotlib axes
        Where the curves were drawn.

    Raises
    ------
    ValueError
        If fit has not chosen the number of rounds.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import NewtonBoostingRegressor
    >>> from skensemble.inspection import plot_search
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = NewtonBoostingRegressor(random_state=0).fit(X, y)
    >>> ax = plot_search(model)
    >>> len(ax.lines) - 1  # candidates, and a dot
    2
    """
    results = getattr(model, "cv_results_", None)
    if results is None or "curves" not in results:
        raise ValueError(
            f"model must be a booster whose fit chose the number of rounds (n_estimators='auto'), got {model!r} without"
            " cv_results_."
        )
    ax = axes_or_new(ax)
    scoring = getattr(model, "scoring", "loss")
    is_loss = scoring == "loss"
    sign, chosen = -1.0 if is_loss else 1.0, results["best_index"]
    for number, (changes, curve) in enumerate(zip(results["params"], results["curves"], strict=True)):
        width = {"linewidth": 2.5 if number == chosen else 1.0}
        ax.plot(sign * curve, label=_label(changes, len(results["split_test_scores"][number])), **width)
    best = results["n_rounds"][chosen]
    ax.plot(best, sign * results["curves"][chosen][best], "o", color="black", label=f"chosen: {best} rounds")
    _cut(ax, sign * np.concatenate(results["curves"]), is_loss)
    ax.set_xlabel(f"rounds of learning rate {_steps(results)}")
    ax.set_ylabel(f"{scoring if isinstance(scoring, str) else 'score'} of left-out samples", **AS_IT_IS)
    ax.legend()
    return ax


def _steps(results):
    """The learning rates of a search in words."""
    first = results["learning_rate"]
    rates = np.diff(results["lengths"]) if "lengths" in results else np.array([first])
    n_first = int(np.isclose(rates, first).sum())
    return f"{first:g}" + (f", after {n_first} of {rates[-1]:g}" if n_first < len(rates) else "")


def _label(changes, n_folds):
    """A candidate in words."""
    parts = [str(changes.get("grow_policy", "rounds"))]
    for name, words in {"max_depth": "depth", "max_leaf_nodes": "leaves"}.items():
        if changes.get(name) is not None:
            parts.append(f"{words} {changes[name]}")
    if changes.get("linear_leaves"):
        parts.append("linear leaves")
    if "subsample" in changes:
        parts.append("all samples")
    return ", ".join(parts) + (" (one fold)" if n_folds == 1 else "")


def _cut(ax, scores, is_loss):
    """Leave out the first rounds of long curves, which are far from all others."""
    low, high = np.quantile(scores, [0.0, 1.0 - SHOWN] if is_loss else [SHOWN, 1.0])
    if high > low:
        margin = 0.05 * (high - low)
        ax.set_ylim(low - margin, high + margin)
