"""What a notebook shows below the parameters of a fitted model of trees: its size, its scores, what its splits used."""

from html import escape
from numbers import Integral

import numpy as np

MOST_BARS = 8
NAME_WIDTH = 40  # characters
CURVE = (240, 60)  # width and height of the picture of scores, in pixels
CURVES = {"train_score_": "#888888", "validation_score_": "#d62728"}


def notebook_summary(model, trees, names):
    """HTML of a fitted model.

    trees : TreeArrays, or None where the model has none
    names : list of the names of the features
    """
    facts = [*_sizes(model, trees), *_scores(model)]
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts)
    parts = [f"<table>{rows}</table>" if rows else "", _curves(model), _bars(_importances(model), names)]
    return f'<div style="font-family: sans-serif; font-size: 0.9em">{"".join(parts)}</div>' if any(parts) else ""


def _sizes(model, trees):
    """Pairs of a name and a text: trees and rounds."""
    if trees is not None:
        depth = int(trees.depth.max(initial=0))
        yield "trees", f"{trees.n_trees} with {int(trees.n_leaves.sum())} leaves, depth {depth}"
    for name in ("n_iter_", "n_estimators_"):
        if hasattr(model, name):
            allowed = model.n_estimators
            of = f" of {allowed}" if isinstance(allowed, Integral) and allowed != getattr(model, name) else ""
            yield "rounds", f"{getattr(model, name)}{of}"
            return


def _scores(model):
    """Pairs of a name and a text: the last score of each kind, and out of bag."""
    for name in CURVES:
        scores = _array_of(model, name)
        if len(scores):
            yield f"last {name.strip('_').replace('_', ' ')}", f"{scores[-1]:.6g}"
    oob_score = getattr(model, "oob_score_", None)
    if isinstance(oob_score, (float, np.floating)):
        yield "out-of-bag score", f"{oob_score:.6g}"


def _array_of(model, name):
    scores = np.asarray(getattr(model, name, ()), np.float64)
    return scores if scores.ndim == 1 else scores[:0]


def _curves(model):
    """A picture of the scores by round, those of held-out rows in red."""
    width, height = CURVE
    curves = {name: scores for name in CURVES if len(scores := _array_of(model, name)) > 1}
    known = [scores[np.isfinite(scores)] for scores in curves.values()]
    values = np.concatenate(known) if known else np.empty(0)
    if not len(values) or values.min() == values.max():
        return ""
    lines = []
    for name, scores in curves.items():
        x = np.linspace(2, width - 2, len(scores))
        y = 2 + (height - 4) * (values.max() - scores) / (values.max() - values.min())
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y) if np.isfinite(b))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{CURVES[name]}"/>')
    title = f"<title>scores by round, from {values.min():.4g} to {values.max():.4g}</title>"
    return f'<svg width="{width}" height="{height}" role="img">{title}{"".join(lines)}</svg>'


def _importances(model):
    try:
        return np.asarray(model.feature_importances_, np.float64)
    except (AttributeError, ValueError):  # learners without them, slim files
        return np.empty(0)


def _bars(importances, names):
    """Bars of the features with the largest importances."""
    order = np.argsort(-importances, kind="stable")[:MOST_BARS]
    order = order[importances[order] > 0]
    if not len(order):
        return ""
    rows = []
    for j in order:
        name, share = str(names[j]), importances[j] / importances[order[0]]
        name = name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 3] + "..."
        bar = f'<div style="background: #1f77b4; height: 0.8em; width: {160 * share:.0f}px"></div>'
        rows.append(f"<tr><td>{escape(name)}</td><td>{importances[j]:.3f}</td><td>{bar}</td></tr>")
    return f"<table><caption>feature importances</caption>{''.join(rows)}</table>"
