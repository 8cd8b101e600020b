"""Pictures of a report, as SVG inside a page: histograms and bars laid over each other, curves, and maps of pairs.

Colours are classes ("series0" and so on), so that the page can say what they are by day and by night.
"""

from html import escape

import numpy as np

WIDTH, HEIGHT = 320, 150  # of a picture
MAX_BARS = 8
MAX_BINS = 24


def histogram(column, cells):
    """Overlaid histograms of a column of numbers.

    cells : list of (n_rows,) arrays, the real rows first
    """
    known = [part[~np.isnan(part)] for part in cells]
    real = known[0]
    if len(real) == 0:
        return _svg("", "no values")
    low, high = real.min(), real.max()
    values = np.unique(real)
    n_bins = int(np.clip(np.sqrt(len(real)), 4, MAX_BINS))
    is_discrete = len(values) <= n_bins and len(values) > 1
    middles = (values[1:] + values[:-1]) / 2
    edges = (
        np.r_[-np.inf, middles, np.inf]
        if is_discrete
        else np.linspace(low, high if high > low else low + 1, n_bins + 1)
    )
    if not is_discrete:
        edges[0], edges[-1] = -np.inf, np.inf  # what lies beyond the real rows is in the outermost bins
    shares = [_shares(part, edges, len(all_cells)) for part, all_cells in zip(known, cells, strict=True)]
    labels = f"{low:.4g}", f"{high:.4g}"
    return _svg(_overlaid(shares), f"Shares of rows from {labels[0]} to {labels[1]}") + _ends(*labels)


def _shares(values, edges, n_rows):
    place = np.searchsorted(edges[1:-1], values, side="right")
    return np.bincount(place, minlength=len(edges) - 1) / max(n_rows, 1)


def _overlaid(shares):
    """Bars of the first series filled, those of others as outlines."""
    largest = max(max(part.max() for part in shares), 1e-12)
    width = WIDTH / len(shares[0])
    drawn = []
    for k, part in enumerate(shares):
        heights = part / largest * (HEIGHT - 4)
        if k == 0:
            drawn += [
                _rect("series0", i * width + 0.5, HEIGHT - h, max(width - 1, 0.5), h) for i, h in enumerate(heights)
            ]
        else:
            steps = " ".join(
                f"L{i * width:.1f} {HEIGHT - h:.1f}L{(i + 1) * width:.1f} {HEIGHT - h:.1f}"
                for i, h in enumerate(heights)
            )
            drawn.append(f'<path class="line series{k}" d="M0 {HEIGHT}{steps}L{WIDTH} {HEIGHT}"/>')
    return "".join(drawn)


def bars(labels, shares):
    """Lying bars of levels, one below the other, with a bar for each table."""
    n_tables, line = len(shares), 16 + 9 * len(shares)
    largest = max(max(max(part) for part in shares), 1e-12)
    drawn = []
    for i, label in enumerate(labels):
        top = i * line
        drawn.append(f'<text x="0" y="{top + 12}">{escape(label[:40])}</text>')
        for k in range(n_tables):
            width = shares[k][i] / largest * WIDTH
            drawn.append(_rect(f"series{k}", 0, top + 16 + 9 * k, width, 8, f"{shares[k][i]:.1%}"))
    return _svg("".join(drawn), "Shares of levels", height=max(len(labels), 1) * line)


def curves(lines):
    """Shares of rows below a distance: one rising line for each table.

    lines : list of sorted distances
    """
    far = max(max(float(np.quantile(line, 0.99)) for line in lines), 1e-12)
    drawn = []
    for k, line in enumerate(lines):
        marks = np.linspace(0, far, 60)
        below = np.searchsorted(line, marks, side="right") / len(line)
        points = " ".join(
            f"{x / far * WIDTH:.1f},{HEIGHT - 2 - y * (HEIGHT - 6):.1f}" for x, y in zip(marks, below, strict=True)
        )
        drawn.append(f'<polyline class="line series{k}" points="{points}"/>')
    return _svg("".join(drawn), "Shares of rows by distance to the closest training row") + _ends("0", f"{far:.3g}")


def pair_map(values, names, largest, kind):
    """A square for each pair of columns, the darker the larger.

    values : (n, n);  kind : "strength" or "difference", classes of the page
    """
    n = len(names)
    size = WIDTH / max(n, 1)
    drawn = []
    for i in range(n):
        for j in range(n):
            opacity = min(abs(values[i, j]) / largest, 1.0) if largest > 0 else 0.0
            title = f"{names[i]}, {names[j]}: {values[i, j]:.2f}"
            drawn.append(_rect(kind, j * size, i * size, size, size, title, opacity))
    return _svg("".join(drawn), "Map of pairs of columns", height=WIDTH)


def _rect(kind, x, y, width, height, title="", opacity=1.0):
    where = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {where} fill-opacity="{opacity:.2f}"><title>{escape(title)}</title></rect>'


def _svg(content, label, height=HEIGHT):
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{content}</svg>'


def _ends(low, high):
    return f'<div class="ends"><span>{low}</span><span>{high}</span></div>'
