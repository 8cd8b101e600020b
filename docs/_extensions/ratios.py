"""Ratios of benchmarks: read from a file of results, drawn, and those that others win.

A ratio is our seconds (or megabytes) divided by theirs: the columns "/ LIBRARY", or the column "ours / theirs" of a
table with a row for each library.
"""

from math import log

NO_LIBRARY = {"fastest", "none", "gbtree"}
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#17becf", "#7f7f7f")
SCALE, LETTER, LINE, LOWEST, HIGHEST = 500, 6.2, 18, 1 / 16, 4.0  # pixels: of all ratios, of a letter, of a line


def tables(text):
    """(heading, rows as dicts) of each table of a file of results."""
    for section in text.split("\n## ")[1:]:
        heading, *lines = section.splitlines()
        cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("|")]
        if len(cells) > 2:
            yield heading, [dict(zip(cells[0], row)) for row in cells[2:]]


def ratios(rows):
    """[(label of the row, {library: ratio})] of the rows that have ratios."""
    found = []
    for row in rows:
        by_library = {
            name[2:]: _number(cell)
            for name, cell in row.items()
            if name.startswith("/ ") and name[2:] not in NO_LIBRARY
        }
        if "ours / theirs" in row and "library" in row:
            by_library = {row["library"]: _number(row["ours / theirs"])}
        by_library = {name: ratio for name, ratio in by_library.items() if ratio and not name.startswith("skensemble")}
        if by_library:
            found.append((_label(row), by_library))
    return found


def _number(cell):
    try:
        return float(cell)
    except ValueError:
        return None


def _label(row):
    """The cells of a row that say what was measured: those before the first figure of ours."""
    words = []
    for name, cell in row.items():
        if name in ("skensemble", "seconds", "many rows, seconds", "array", "score"):
            break
        if name not in ("library", "rows"):
            words.append(f"{cell} leaves" if name == "leaves" else f"{cell} rounds" if name == "rounds" else cell)
    return ", ".join(words)


def slower(rows):
    """Sentences: on which rows which libraries are more than a twentieth faster than ours."""
    found = []
    for label, by_library in ratios(rows):
        ahead = [f"{name} ({ratio:.2f})" for name, ratio in by_library.items() if ratio > 1.05]
        if ahead:
            found.append(f"{label}: {', '.join(ahead)}" if label else ", ".join(ahead))
    return found


def picture(heading, rows):
    """A drawing (SVG) of the ratios: a line for each row, a dot for each library, an upright line at 1."""
    found = ratios(rows)
    libraries = list(dict.fromkeys(name for _, by_library in found for name in by_library))
    colour = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(libraries)}
    height = LINE * (len(found) + 4)
    left = 12 + LETTER * max(len(label) for label, _ in found)  # what was measured, whole
    whole = left + SCALE
    parts = [
        f'<svg role="img" aria-label="{_escaped(heading)}: ours / theirs" viewBox="0 0 {whole:.0f} {height}" '
        f'style="width:100%;max-width:{whole:.0f}px;font:12px sans-serif" fill="currentColor">'
    ]
    for k, name in enumerate(libraries):
        x = 4 + k * (whole - 8) / max(len(libraries), 1)
        parts.append(f'<circle cx="{x + 4:.0f}" cy="10" r="5" fill="{colour[name]}"/>')
        parts.append(f'<text x="{x + 12:.0f}" y="14">{_escaped(name)}</text>')
    for at in (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4):
        x, width = left + _place(at), 2 if at == 1 else 0.4
        parts.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{1.5 * LINE}" y2="{height - LINE}" '
            f'stroke="currentColor" stroke-width="{width}"/>'
        )
        parts.append(f'<text x="{x:.0f}" y="{height - 4}" text-anchor="middle">{at:g}</text>')
    for line, (label, by_library) in enumerate(found):
        y = LINE * (line + 2.2)
        parts.append(f'<text x="{left - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{_escaped(label)}</text>')
        for name, ratio in by_library.items():
            title = f"<title>{_escaped(name)}: {ratio:.2f}</title>"
            parts.append(
                f'<circle cx="{left + _place(ratio):.1f}" cy="{y:.0f}" r="5" fill="{colour[name]}">{title}</circle>'
            )
    return "".join([*parts, "</svg>"])


def _place(ratio):
    share = (log(min(max(ratio, LOWEST), HIGHEST)) - log(LOWEST)) / (log(HIGHEST) - log(LOWEST))
    return share * (SCALE - 12)


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
