"""Pictures of an evaluation: bars of its metrics, columns, and pairs of columns, drawn by matplotlib."""

from itertools import combinations

import numpy as np

from skensemble._optional_packages import needed_by
from skensemble.generative.evaluation._compared_tables import MISSING

PER_LINE = 3
METRICS_PER_LINE = 7
MAX_BARS = 8
ALPHA = 0.4


def draw_evaluation(table, tables, n_columns, n_pairs):
    """A figure: a line of bars, then the first columns, then the first pairs of numbers.

    table : DataFrame of metrics;  tables : dict, name -> Rows
    """
    with needed_by("A picture of an evaluation", "matplotlib", "plot"):
        from matplotlib import pyplot as plt

    columns = next(iter(tables.values())).columns
    shown = list(range(min(n_columns, len(columns))))
    pairs = list(combinations([j for j, column in enumerate(columns) if not column.is_category], 2))[:n_pairs]
    values = table.drop(columns="better").dropna(how="all")
    n_lines = [-(-len(values) // METRICS_PER_LINE), -(-len(shown) // PER_LINE), -(-len(pairs) // PER_LINE)]
    figure = plt.figure(figsize=(4 * PER_LINE, 1 + 2 * n_lines[0] + 3 * sum(n_lines[1:])), layout="constrained")
    parts = iter(figure.subfigures(sum(map(bool, n_lines)), 1, height_ratios=_heights(n_lines), squeeze=False)[:, 0])
    if n_lines[0]:
        _draw_metrics(next(parts), values, table.better, n_lines[0])
    if shown:
        for j, ax in zip(shown, _axes(next(parts), n_lines[1], PER_LINE)):
            (_draw_levels if columns[j].is_category else _draw_numbers)(ax, columns[j], j, tables)
    if pairs:
        for (i, j), ax in zip(pairs, _axes(next(parts), n_lines[2], PER_LINE)):
            _draw_pair(ax, columns, i, j, tables)
    return figure


def _heights(n_lines):
    return [height * n for height, n in zip((2, 3, 3), n_lines) if n]


def _axes(figure, n_lines, n_per_line):
    """Axes from left to right and down, made when they are asked for."""
    for place in range(n_lines * n_per_line):
        yield figure.add_subplot(n_lines, n_per_line, place + 1)


def _draw_metrics(figure, values, better, n_lines):
    for metric, ax in zip(values.index, _axes(figure, n_lines, METRICS_PER_LINE)):
        for place, name in enumerate(values):
            ax.bar(place, values.loc[metric, name], label=name)
        ax.set_title(f"{metric}\n({better[metric]})", fontsize="x-small")
        ax.set_xticks([])
        ax.tick_params(labelsize="x-small")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=values.shape[1], fontsize="small")


def _draw_numbers(ax, column, j, tables):
    for name, rows in tables.items():
        cells = np.sort(rows.cells[j][~np.isnan(rows.cells[j])])
        ax.step(cells, np.arange(1, len(cells) + 1) / len(rows), where="post", label=name)
    ax.set_title(f"{column.name} (share of rows below)", fontsize="small", parse_math=False)
    ax.legend(fontsize="x-small")


def _draw_levels(ax, column, j, tables):
    counts = {
        name: np.bincount(rows.cells[j] - MISSING, minlength=len(column.levels) + 1) for name, rows in tables.items()
    }
    commonest = np.argsort(-next(iter(counts.values())), kind="stable")[:MAX_BARS]
    shown = [place for place in np.sort(commonest) if any(count[place] for count in counts.values())]  # 0 is missing
    labels = [str(column.levels[place - 1]) if place else "missing" for place in shown]
    width = 0.8 / len(tables)
    for place, (name, rows) in enumerate(tables.items()):
        ax.bar(np.arange(len(shown)) + place * width, counts[name][shown] / len(rows), width, label=name)
    ax.set_xticks(np.arange(len(labels)), labels, rotation=30, ha="right", fontsize="x-small", parse_math=False)
    ax.set_title(f"{column.name} (share of rows)", fontsize="small", parse_math=False)
    ax.legend(fontsize="x-small")


def _draw_pair(ax, columns, i, j, tables):
    for name, rows in tables.items():
        ax.scatter(rows.cells[i], rows.cells[j], s=4, alpha=ALPHA, label=name)
    ax.set_xlabel(columns[i].name, fontsize="small", parse_math=False)
    ax.set_ylabel(columns[j].name, fontsize="small", parse_math=False)
    ax.legend(fontsize="x-small")
