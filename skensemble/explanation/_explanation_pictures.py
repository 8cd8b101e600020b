"""Pictures of explanations, drawn by matplotlib: all rows, means of features, one row, one feature."""

import numpy as np
import pandas as pd

from skensemble._optional_packages import needed_by

RAISES, LOWERS, NO_NUMBER = "#d62728", "#1f77b4", "0.65"
NO_CELL = object()  # instead of a cell, where two features are drawn together
AS_IT_IS = {"parse_math": False}  # dollars in names and levels begin no formula
SPREAD = 0.35  # half of the height of a beeswarm


def draw_beeswarm(values, cells, names, max_display, ax):
    """A line of points for each feature, one for each row; the larger the number in the cell, the redder."""
    ax = axes_or_new(ax)
    import matplotlib

    order, colours = _by_size(values, max_display), matplotlib.colormaps["coolwarm"].with_extremes(bad=NO_NUMBER)
    for place, j in enumerate(order):
        points = ax.scatter(
            values[:, j], place + _heights(values[:, j]), c=_ranks(cells[:, j]), cmap=colours, vmin=0, vmax=1, s=9,
            plotnonfinite=True,
        )  # fmt: skip
    if any(are_numbers(cells[:, j]) for j in order):
        bar = ax.figure.colorbar(points, ax=ax, ticks=[0, 1], aspect=40)
        bar.ax.set_yticklabels(["lowest", "highest"])
        bar.set_label("number in the cell; grey: category or missing")
    ax.axvline(0.0, color="0.6", linewidth=0.8, zorder=0)
    return _labelled(ax, [names[j] for j in order], "what the cell added")


def draw_bars(values, names, max_display, ax):
    """A bar for each feature: the mean of its absolute values."""
    ax = axes_or_new(ax)
    order = _by_size(values, max_display)
    ax.barh(range(len(order)), np.abs(values[:, order]).mean(axis=0), color=LOWERS)
    return _labelled(ax, [names[j] for j in order], "mean of what cells added, without sign")


def draw_waterfall(values, base, cells, names, max_display, ax):
    """One row: from the base value, at the bottom, to the prediction, at the top."""
    ax = axes_or_new(ax)
    order = _by_size(values[None], max_display)
    rest = values.sum() - values[order].sum()
    steps, labels = values[order], [_with_cell(names[j], cells[j]) for j in order]
    if len(order) < len(values):
        steps, labels = np.append(rest, steps), [f"{len(values) - len(order)} others", *labels]
    starts = base + np.append(0.0, np.cumsum(steps)[:-1])
    ax.barh(range(len(steps)), steps, left=starts, color=np.where(steps >= 0, RAISES, LOWERS))
    ax.axvline(base, color="0.6", linewidth=0.8, zorder=0)
    return _labelled(ax, labels, f"from {_text(float(base))} to {_text(float(base + values.sum()))}")


def draw_dependence(values, cells, name, ax):
    """What the cells of a feature added, beside what they hold; missing cells are left out."""
    ax = axes_or_new(ax)
    is_there = np.array([cell == cell for cell in cells])
    x = cells[is_there]
    if are_numbers(x):
        x = x.astype(float)
    else:
        x, levels = pd.factorize(np.array([str(cell) for cell in x], object))
        ax.set_xticks(range(len(levels)), levels, **AS_IT_IS)
    ax.scatter(x, values[is_there], s=9, color=LOWERS)
    ax.set_xlabel(name, **AS_IT_IS)
    ax.set_ylabel("what the cell added")
    return ax


def axes_or_new(ax):
    """The axes, or those of a new figure."""
    if ax is None:
        with needed_by("A picture", "matplotlib", "plot"):
            import matplotlib.pyplot as plt

        _, ax = plt.subplots()
    return ax


def _by_size(values, max_display):
    """The features with the largest absolute values, the largest last, which is at the top."""
    return np.argsort(np.abs(values).mean(axis=0), kind="stable")[-max_display:]


def _heights(values, n_bins=40):
    """Where points of about the same value lie above and below their line."""
    low, high = values.min(), values.max()
    bins = ((values - low) / (high - low) * n_bins).astype(int) if high > low else np.zeros(len(values), int)
    heights = np.zeros(len(values))
    counts = np.bincount(bins)
    for b in np.flatnonzero(counts > 1):
        heights[bins == b] = np.linspace(-1, 1, counts[b]) * counts[b] / counts.max()
    return SPREAD * heights


def _ranks(cells):
    """Colours between 0 and 1: by rank of numbers; NaN for categories and missing cells."""
    ranks = np.full(len(cells), np.nan)
    if not are_numbers(cells):
        return ranks
    numbers = cells.astype(float)
    is_there = ~np.isnan(numbers)
    _, rank = np.unique(numbers[is_there], return_inverse=True)
    ranks[is_there] = rank / max(rank.max(initial=0), 1)
    return ranks


def are_numbers(cells):
    """Also those of a column of numbers that stands beside categories, in a table of objects."""
    return cells.dtype != object or all(isinstance(cell, (int, float, np.number)) for cell in cells)


def _labelled(ax, labels, title):
    ax.set_yticks(range(len(labels)), labels, **AS_IT_IS)
    ax.set_xlabel(title)
    return ax


def _with_cell(name, cell):
    return name if cell is NO_CELL else f"{name} = {_text(cell)}"


def _text(cell):
    if cell is None or cell != cell:
        return "missing"
    return f"{cell:.4g}" if isinstance(cell, (float, np.floating)) else str(cell)
