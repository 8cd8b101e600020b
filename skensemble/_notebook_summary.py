"""What a notebook shows below the parameters of a fitted estimator: facts, curves and bars, as HTML without scripts."""

from html import escape
from itertools import islice

import numpy as np

MOST_BARS = 8
MOST_NAMES = 8
NAME_WIDTH = 40  # characters
CURVE = (240, 60)  # width and height of the picture of curves, in pixels
COLORS = ("#888888", "#d62728")  # of training rows and of held-out rows
BAR_COLORS = ("#1f77b4", "#d62728")  # of values above and below 0


def notebook_summary(facts, curves=None, bars=None):
    """HTML of a fitted estimator; empty where there is nothing to say.

    facts : pairs of a name and a text
    curves : pair of arrays: scores of training rows and of held-out rows, each may be empty; or None
    bars : (caption, names, values), or None
    """
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in facts)
    table = f"<table>{rows}</table>" if rows else ""
    parts = [table, "" if curves is None else _picture(curves), "" if bars is None else _bars(*bars)]
    return f'<div style="font-family: sans-serif; font-size: 0.9em">{"".join(parts)}</div>' if any(parts) else ""


def one_dimensional(scores):
    """Scores as floats, those of several outputs left out."""
    scores = np.asarray(scores, np.float64)
    return scores if scores.ndim == 1 else scores[:0].ravel()


def listed(names, between=", "):
    """The first names in one line, each cut to a width."""
    names = list(names)
    shown = [_short(name) for name in islice(names, MOST_NAMES)]
    return between.join(shown) + (f"{between}... ({len(names)})" if len(names) > MOST_NAMES else "")


def counted(number, noun):
    """ "1 tree", "2 trees" """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _short(name):
    name = str(name)
    return name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 3] + "..."


def _picture(curves):
    """Lines of scores, those of held-out rows in red."""
    width, height = CURVE
    drawn = [(scores, color) for scores, color in zip(curves, COLORS, strict=True) if len(scores) > 1]
    known = [scores[np.isfinite(scores)] for scores, _ in drawn]
    values = np.concatenate(known) if known else np.empty(0)
    if not len(values) or values.min() == values.max():
        return ""
    lines = []
    for scores, color in drawn:
        x = np.linspace(2, width - 2, len(scores))
        y = 2 + (height - 4) * (values.max() - scores) / (values.max() - values.min())
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(b))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{color}"/>')
    title = f"<title>scores by round, from {values.min():.4g} to {values.max():.4g}</title>"
    return f'<svg width="{width}" height="{height}" role="img">{title}{"".join(lines)}</svg>'


def _bars(caption, names, values):
    """Bars of the largest values, of either sign."""
    lengths = np.where(np.isfinite(values), np.abs(values), 0.0)
    order = np.argsort(-lengths, kind="stable")[:MOST_BARS]
    order = order[lengths[order] > 0]
    if not len(order):
        return ""
    rows = []
    for j in order:
        width, color = 160 * lengths[j] / lengths[order[0]], BAR_COLORS[int(values[j] < 0)]
        bar = f'<div style="background: {color}; height: 0.8em; width: {width:.0f}px"></div>'
        rows.append(f"<tr><td>{escape(_short(names[j]))}</td><td>{values[j]:.3g}</td><td>{bar}</td></tr>")
    return f"<table><caption>{escape(caption)}</caption>{''.join(rows)}</table>"
