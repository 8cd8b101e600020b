"""Write the README's tables of speed and quality from the results of the benchmark.

python benchmarks/readme.py
"""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "latest.md"
BEGIN = "<!-- benchmarks: begin; written by `benchmarks/readme.py` from the results of `make bench` -->"
END = "<!-- benchmarks: end -->"

PEERS = {  # name in the results -> in the README
    "LightGBM": "LightGBM",
    "LightGBM quantized": "its quantised mode",
    "XGBoost": "XGBoost",
    "scikit-learn HGB": "scikit-learn",
    "CatBoost": "CatBoost",
    "ChimeraBoost": "ChimeraBoost",
}
FITS = (  # table and leaves in the results, words in the README
    ("synthetic 600k x 28", "31", "500 000 x 28, 31 leaves"),
    ("synthetic 600k x 28", "255", "the same, 255 leaves"),
    ("airline_2001h1", "31", "airline (160 000 rows, categories)"),
    ("nycflights13", "31", "flights (80 000 rows, categories)"),
    ("covertype", "31", "covertype (40 000 rows, 7 classes)"),
    ("adult", "31", "adult (39 000 rows)"),
    ("california_housing", "31", "California housing (16 500 rows)"),
    ("breast_cancer", "31", "breast cancer (456 rows)"),
    ("iris", "31", "iris (120 rows)"),
)
INTRODUCTION = """\
`make bench` measures skensemble beside the newest LightGBM, XGBoost, CatBoost, ChimeraBoost and scikit-learn, with the
same settings (100 rounds, best-first trees, 255 bins, 2 threads), in one process, in turn. The tables show our time as
a share of theirs; below 1 is better. Measured on {machine}. Speeds of processors differ: trust no second digit.
Predictions beside CatBoost are of symmetric trees, as its own are.
[All results](docs/benchmarks.md) show where we lose, too."""
QUALITY = "Everybody's defaults, cross-validated on {n_tables} small real tables (3 folds; log-loss, or RMSE){ours}:"
OF_FIXED_ROUNDS = (
    "; ours with 300 rounds, as before [`fit` chose their number](docs/what_fit_chooses.md), which is slower and better"
)


def section(text):
    """The README's section, from the text of the results."""
    tables = dict(runpy.run_path(str(ROOT / "docs" / "_extensions" / "ratios.py"))["tables"](text))
    machine = re.match(r"# Benchmark, (.*?), Python", text)[1].replace("(R)", "")
    n_tables = re.search(r"## Quality of the defaults\n\n(\d+) tables", text)[1]
    is_of_today = any(row["library"] == "skensemble, 300 rounds" for row in tables["Quality of the defaults"])
    parts = [
        INTRODUCTION.format(machine=machine),
        _table(["", *PEERS.values()], _speeds(tables)),
        _first_fit(tables["Start"]),
        QUALITY.format(n_tables=n_tables, ours="" if is_of_today else OF_FIXED_ROUNDS),
        _qualities(tables["Quality of the defaults"]),
    ]
    return "\n\n".join([BEGIN, *parts, END])


def _speeds(tables):
    return [*_fits(tables["Fit"]), *_predictions(tables["Predict"]), _memory(tables["Memory"])]


def _fits(rows):
    of = {(row["table"], row["leaves"]): row for row in rows if row["ours"] == "best-first"}
    for table, leaves, words in FITS:
        yield [f"fit, {words}", *(_share(of[table, leaves][f"/ {name}"]) for name in PEERS)]


def _predictions(rows):
    of = {row["library"]: row for row in rows}
    for column, words in (("many rows, seconds", "100 000 rows"), ("one row, microseconds", "one row")):
        ours = {name: of["skensemble symmetric" if name == "CatBoost" else "skensemble"] for name in PEERS}
        yield [f"predict, {words}", *(_share(float(ours[name][column]) / float(of[name][column])) for name in PEERS)]


def _memory(rows):
    of = {row["library"]: row["ours / theirs, array"] for row in rows}
    return ["peak memory of a fit beyond its input", *(_share(of[name]) for name in PEERS)]


def _first_fit(rows):
    ours = next(row for row in rows if row["library"] == "skensemble")
    cold, cached = float(ours["first fit, cold"]), float(ours["cached - steady"])
    return (
        f"The first fit of a new installation takes {cold:.0f} seconds, nearly all of it compiling; "
        f"the first fit of a new process {cached:.1f} s longer than the second."
    )


def _qualities(rows):
    names = [row["library"].replace("scikit-learn HGB", "scikit-learn") for row in rows]
    return _table(
        ["", *names],
        [
            ["mean rank of six", *(f"{float(row['mean rank']):.2f}" for row in rows)],
            ["loss above the best, mean", *(f"{100 * float(row['loss above best, mean']):.0f} %" for row in rows)],
            ["CPU seconds of all fits", *(f"{float(row['fit CPU seconds']):.0f}" for row in rows)],
        ],
    )


def _share(ratio):
    """Two digits; "-" where a library has no figure."""
    return "-" if ratio == "-" else f"{float(ratio):.2f}"


def _table(head, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])


def with_section(readme, results):
    """The README with this section in the place of the one that it has."""
    return re.sub(r"<!-- benchmarks: begin.*benchmarks: end -->", lambda _: section(results), readme, flags=re.DOTALL)


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_section(path.read_text(), RESULTS.read_text()))
