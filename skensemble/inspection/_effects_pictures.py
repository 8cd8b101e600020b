"""Pictures of effects, drawn by matplotlib: curves of a column of numbers, bars of levels, a map of two columns."""

import numpy as np

from skensemble.explanation._explanation_pictures import AS_IT_IS, axes_or_new

COLOR = "#1f77b4"


def draw_curves(effects, values, labels, ax):
    """A curve, or bars, for each output.

    values : (n_points, n_drawn);  labels : list of names, or None
    """
    ax = axes_or_new(ax)
    points, n_drawn = effects.grid[0], values.shape[1]
    for k in range(n_drawn):
        style = {"label": None if labels is None else labels[k]}
        if points.dtype == object:
            width = 0.8 / n_drawn
            ax.bar(np.arange(len(points)) + width * (k - (n_drawn - 1) / 2), values[:, k], width, **style)
        else:
            ax.plot(points, values[:, k], **style)
    _mark(ax.set_xticks, points)
    _rug(ax, effects.deciles[0])
    if labels is not None:
        for text in ax.legend().get_texts():
            text.set(**AS_IT_IS)
    ax.set_xlabel(str(effects.feature_names[0]), **AS_IT_IS)
    ax.set_ylabel(effects.kind)
    return ax


def draw_surface(effects, values, ax):
    """A map of two columns, the first from left to right: darker red is more."""
    ax = axes_or_new(ax)
    first, second = effects.grid
    largest = np.abs(values).max() if effects.kind == "accumulated effects" else None
    limits = {} if largest is None else {"vmin": -largest, "vmax": largest}
    picture = ax.pcolormesh(_numbers(first), _numbers(second), values.T, cmap="coolwarm", shading="nearest", **limits)
    ax.figure.colorbar(picture, ax=ax, label=effects.kind)
    _mark(ax.set_xticks, first)
    _mark(ax.set_yticks, second)
    ax.set_xlabel(str(effects.feature_names[0]), **AS_IT_IS)
    ax.set_ylabel(str(effects.feature_names[1]), **AS_IT_IS)
    return ax


def draw_strengths(names, strengths, label, ax):
    """Bars from left to right, the largest at the top."""
    ax = axes_or_new(ax)
    ax.barh(range(len(names)), strengths, color=COLOR)
    ax.set_yticks(range(len(names)), names, **AS_IT_IS)
    ax.set_xlabel(label)
    return ax


def _numbers(points):
    return np.arange(len(points)) if points.dtype == object else points


def _mark(set_ticks, points):
    if points.dtype == object:
        set_ticks(range(len(points)), ["missing" if point != point else str(point) for point in points], **AS_IT_IS)


def _rug(ax, deciles):
    """Short lines at the deciles of the rows: where there are few, a curve says little."""
    if deciles is not None:
        ax.plot(deciles, np.zeros(len(deciles)), "|", color="0.4", markersize=10, transform=ax.get_xaxis_transform())
