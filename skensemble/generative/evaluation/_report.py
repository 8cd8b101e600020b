"""A report of an evaluation: one page of HTML that needs nothing else, for people to read in a browser."""

from html import escape

import numpy as np

from skensemble.generative.evaluation._compared_tables import MISSING
from skensemble.generative.evaluation._marginals import ks_distance, tv_distance
from skensemble.generative.evaluation._metrics import METRICS
from skensemble.generative.evaluation._report_pairs import pairs_of
from skensemble.generative.evaluation._report_pictures import MAX_BARS, bars, curves, histogram, pair_map

MAX_PAIRS = 100  # lines of the table of pairs
STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1c1f24; --faint: #6b7280; --line: #d8dce2; --panel: #f6f7f9;
  --s0: #9aa5b4; --s1: #d9480f; --s2: #1971c2; --s3: #2f9e44; --s4: #9c36b5; --s5: #e8590c }
@media (prefers-color-scheme: dark) { :root { --back: #14171c; --text: #e8eaee; --faint: #9aa3af; --line: #343a43;
  --panel: #1d2128; --s0: #5b6675; --s1: #ff922b; --s2: #4dabf7; --s3: #69db7c; --s4: #da77f2; --s5: #ffc078 } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 1200px; padding: 1rem; background: var(--back);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 0 }
p, li { max-width: 46rem } .faint { color: var(--faint); font-size: .85rem } .wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; overflow-wrap: normal }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
td.number { text-align: right } th button { all: unset; cursor: pointer; font-weight: 600 }
th button:focus-visible, select:focus-visible { outline: 2px solid var(--s2) }
th[aria-sort=ascending] button::after { content: " \\2191" }
th[aria-sort=descending] button::after { content: " \\2193" }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)) }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .7rem; min-width: 0 }
svg { width: 100%; height: auto; display: block; margin-top: .4rem } svg text { fill: var(--text); font-size: 12px }
.ends { display: flex; justify-content: space-between; color: var(--faint); font-size: .8rem }
.series0 { fill: var(--s0); background: var(--s0) } .series1 { fill: var(--s1); background: var(--s1) }
.series2 { fill: var(--s2); background: var(--s2) } .series3 { fill: var(--s3); background: var(--s3) }
.series4 { fill: var(--s4); background: var(--s4) } .series5 { fill: var(--s5); background: var(--s5) }
.line { fill: none; stroke-width: 2 } .line.series0 { stroke: var(--s0) } .line.series1 { stroke: var(--s1) }
.line.series2 { stroke: var(--s2) } .line.series3 { stroke: var(--s3) } .line.series4 { stroke: var(--s4) }
.line.series5 { stroke: var(--s5) } .strength { fill: var(--s2) } .difference { fill: var(--s1) }
.key span { display: inline-block; width: .9em; height: .9em; border-radius: 2px; margin: 0 .3em 0 1em }
"""
SCRIPT = """
const value = cell => cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value)
const compare = (a, b) => typeof a == "number" ? (isNaN(a) ? 1 : isNaN(b) ? -1 : a - b) : a.localeCompare(b)
for (const button of document.querySelectorAll("th button")) button.onclick = () => {
  const head = button.closest("th"), table = head.closest("table"), place = head.cellIndex, body = table.tBodies[0]
  const down = head.getAttribute("aria-sort") == "ascending"
  for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort")
  head.setAttribute("aria-sort", down ? "descending" : "ascending")
  const rows = [...body.rows].sort((a, b) => compare(value(a.cells[place]), value(b.cells[place])))
  body.append(...(down ? rows.reverse() : rows))
}
document.getElementById("order").onchange = event => {
  const cards = document.getElementById("columns"), by = event.target.value
  cards.append(...[...cards.children].sort((a, b) => Number(b.dataset[by]) - Number(a.dataset[by])))
}
"""


def report_page(table, notes, tables, made, distances):
    """The page.

    table : DataFrame of metrics;  notes : sentences;  tables : dict, name -> Rows, "real test" first
    made : names of the synthetic tables;  distances : dict, name -> sorted distances to the closest training row
    """
    shown = {name: tables[name] for name in ("real test", *made[:5])}
    parts = [
        "<h1>Synthetic and real rows</h1>",
        f"<p>{_listed(made)} compared with rows that no generator has seen.</p>",
        _scores(table, notes),
        _columns(shown),
        *[_pairs(shown["real test"], tables[name], name) for name in made[:5]],
        _privacy(table, distances, made),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width, initial-scale=1"><title>Synthetic and real rows</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}<script>{SCRIPT}</script></body></html>\n"
    )


def _listed(names):
    return ", ".join(f"<b>{escape(name)}</b>" for name in names)


def _table(heads, rows):
    """A table whose heads sort it;  rows : lists of str or numbers"""
    head = "".join(f'<th scope="col"><button>{escape(name)}</button></th>' for name in heads)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value):
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    text = "-" if np.isnan(value) else f"{value:.3f}"
    return f'<td class="number" data-value="{value}">{text}</td>'


def _scores(table, notes):
    names = [name for name in table if name != "better"]
    rows = [
        [metric, METRICS[metric].meaning, table.better[metric], *(float(table.loc[metric, name]) for name in names)]
        for metric in table.index
    ]
    said = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        "<h2>Scores</h2><p>Two baselines stand beside: <b>real train</b>, the rows that were learned from (the best "
        "quality, no privacy), and <b>SMOTE</b>, points between neighbours among them. Click a head to sort.</p>"
        + _table(["score", "what it says", "better", *names], rows)
        + f'<ul class="faint">{said}</ul>'
    )


def _key(names):
    marks = "".join(f'<span class="series{k}"></span>{escape(name)}' for k, name in enumerate(names))
    return f'<p class="key">{marks}</p>'


def _columns(tables):
    names, rows = list(tables), list(tables.values())
    columns = rows[0].columns
    cards = [_card(column, j, len(columns), rows) for j, column in enumerate(columns)]
    order = (
        '<label>Order of columns: <select id="order"><option value="place">as in the table</option>'
        '<option value="difference">largest difference first</option></select></label>'
    )
    return f'<h2>Columns</h2>{_key(names)}{order}<div class="cards" id="columns">{"".join(cards)}</div>'


def _card(column, j, n_columns, rows):
    cells = [part.cells[j] for part in rows]
    if column.is_category:
        counts = [np.bincount(part - MISSING, minlength=len(column.levels) + 1) / max(len(part), 1) for part in cells]
        commonest = [k for k in np.argsort(-counts[0], kind="stable")[:MAX_BARS] if any(part[k] for part in counts)]
        labels = [str(column.levels[k - 1]) if k else "missing" for k in commonest]
        picture = bars(labels, [part[commonest] for part in counts])
        n_more = sum(int(any(part[k] for part in counts)) for k in range(len(counts[0]))) - len(commonest)
        more = f", {n_more} more levels" if n_more > 0 else ""
        distance = max(tv_distance(cells[0] - MISSING, part - MISSING) for part in cells[1:])
        said = f"total variation distance {distance:.3f}{more}"
    else:
        picture = histogram(column, cells)
        full = [np.where(np.isnan(part), -np.inf, part) for part in cells]
        distance = max(ks_distance(full[0], part) for part in full[1:])
        said = f"Kolmogorov-Smirnov distance {distance:.3f}"
        if column.has_missing:
            said += "; missing " + ", ".join(f"{np.isnan(part).mean():.1%}" for part in cells)
    return (
        f'<div class="card" data-place="{n_columns - j}" data-difference="{distance}"><h3>{escape(column.name)}</h3>'
        f'{picture}<div class="faint">{said}</div></div>'
    )


def _pairs(real, made, name):
    pairs, n = pairs_of(real, made)
    if not pairs:
        return ""
    names = [column.name for column in real.columns[:n]]
    maps = [np.eye(n), np.eye(n), np.zeros((n, n))]
    for pair in pairs:
        values = (pair.real_information, pair.made_information, pair.made_information - pair.real_information)
        for square, value in zip(maps, values, strict=True):
            square[pair.i, pair.j] = square[pair.j, pair.i] = value
    titles = ("real test", name, "difference")
    cards = "".join(
        f'<div class="card"><h3>{escape(title)}</h3>{pair_map(square, names, largest, kind)}</div>'
        for title, square, largest, kind in zip(
            titles, maps, (1, 1, 0.3), ("strength", "strength", "difference"), strict=True
        )
    )
    largest = sorted(pairs, key=lambda pair: -pair.difference)[:MAX_PAIRS]
    rows = [
        [names[p.i], names[p.j], p.real_r, p.made_r, p.real_information, p.made_information, p.difference]
        for p in largest
    ]
    heads = [
        "column",
        "other column",
        "r, real",
        "r, synthetic",
        "information, real",
        "information, synthetic",
        "difference",
    ]
    more = f" The first {n} columns." if n < len(real.columns) else ""
    return (
        f"<h2>Pairs of columns: {escape(name)}</h2><p>How much one column says about another: mutual information over "
        f"the smaller entropy, from 0 (nothing) to 1 (all); r is Pearson's correlation.{more} Dark squares are strong "
        f'dependences, or differences of .3 and more.</p><div class="cards">{cards}</div>' + _table(heads, rows)
    )


def _privacy(table, distances, made):
    if not distances:
        return ""
    copies = ""
    if "exact_copies" in table.index:
        values = table.loc["exact_copies"]
        copies = (
            "<p>Equal to a training row: "
            + ", ".join(f"{escape(name)} {float(values[name]):.2%}" for name in made)
            + f"; real test {np.mean(distances['real test'] == 0):.2%}. No more than the real test rows is good.</p>"
        )
    names = ["real test", *[name for name in made[:5] if name in distances]]
    rows = [[name, *(float(q) for q in np.quantile(distances[name], (0.01, 0.05, 0.5)))] for name in distances]
    return (
        f"<h2>Privacy</h2>{copies}<p>Distance to the closest training row: a line left of the real test rows' says "
        "that rows stay closer to training rows than new ones would. Distances are sums over columns: "
        "numbers on [0, 1], 1 for each "
        f'category that differs.</p>{_key(names)}<div class="cards"><div class="card">'
        f"{curves([distances[name] for name in names])}</div></div>"
        + _table(["rows", "1 % are closer than", "5 % are closer than", "half are closer than"], rows)
    )
