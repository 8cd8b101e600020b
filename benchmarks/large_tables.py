"""Which library's defaults predict best on large tables, and how long do they take?  One split, all cores."""

from functools import partial

import datasets
import numpy as np
from peers import OURS, installed
from quality import by_table, one_of_each
from report import Report
from scipy.stats import rankdata
from scores import held_out_loss
from sklearn.model_selection import train_test_split
from timing import interleaved, threads

N_JOBS = 2
N_FEW = 2000  # rows of the small fit
TABLES = [
    ("covertype", 100_000),
    ("fre_mtpl_freq", 100_000),
    ("skin_segmentation", 100_000),
    ("electricity", None),
    ("bank_marketing", None),
    ("adult", None),
    ("diamonds", None),
    ("airline_2001h1", 100_000),
    ("nycflights13", 100_000),
    ("kddcup99_10pct", 20_000),  # 22 classes: of 80 000 rows one fit of a peer takes ten minutes
    ("shuttle", None),
]  # name, rows (None: all)
TABLES_QUICK = [("adult", 4_000), ("breast_cancer", None)]


def run(quick=False):
    peers = installed(OURS[:1] + one_of_each())
    cells = []
    for name, n_rows in TABLES_QUICK if quick else TABLES:
        if datasets.available([name]):
            cells += measure(datasets.load(name, n_rows), peers)
    if not cells:
        return []
    title = "Quality of the defaults on large tables"
    libraries, names = (list(dict.fromkeys(cell[key] for cell in cells)) for key in ("library", "table"))
    losses, seconds = (table_of(cells, key, names, libraries) for key in ("loss", "seconds"))
    note = (
        f"{len(names)} tables of at most 100 000 rows, a fifth of which is held out; everybody's defaults (CatBoost: "
        f"300 rounds), {N_JOBS} threads, seconds of one fit after a small one. Log-loss; for regression RMSE / "
        "standard deviation."
    )
    failures = [f"{cell['library']} on {cell['table']}: {cell['error']}" for cell in cells if cell["error"]]
    return [
        Report(title, note, summary(losses, seconds, libraries), failures),
        Report(f"{title}, losses", "Table by table.", by_table(losses, names, libraries), []),
        Report(f"{title}, seconds", "Table by table.", by_table(seconds, names, libraries), []),
    ]


def measure(table, peers):
    """One row per library: loss of held-out rows, and seconds of a fit."""
    train, test = _split(table)
    with threads(N_JOBS):
        return [_measure(table, peer, train, test) for peer in peers]


def _split(table):
    """Rows to train on, and a fifth held out; a class of one row is trained on."""
    rows, alone = np.arange(len(table.y)), np.zeros(len(table.y), bool)
    if table.task != "regression":
        _, class_of_row, n_rows = np.unique(table.y, return_inverse=True, return_counts=True)
        alone = n_rows[class_of_row] == 1
    stratify = None if table.task == "regression" else table.y[~alone]
    train, test = train_test_split(rows[~alone], test_size=0.2, random_state=0, stratify=stratify)
    return np.concatenate([train, rows[alone]]), test


def _measure(table, peer, train, test):
    X = peer.prepare(table.X)
    few = np.union1d(train[:N_FEW], train[np.unique(table.y[train], return_index=True)[1][:N_FEW]])  # has all classes
    for rows in (few, train):  # the small fit loads, or compiles
        X_train, y_train = X.iloc[rows].reset_index(drop=True), table.y[rows]
        model = peer.default(table.task, table.X, N_JOBS)
        timing = interleaved({peer.name: partial(model.fit, X_train, y_train)}, 1, 0)[peer.name]
    loss = np.nan
    if not timing.error:
        X_test = X.iloc[test].reset_index(drop=True)
        loss = held_out_loss(model, X_test, table.y[test], table.task, scale=table.y.std())
    print(f"  {table.name}, {peer.name}: loss {loss:.4g}, {timing.median:.3g} s {timing.error}", flush=True)
    return {"library": peer.name, "table": table.name, "loss": loss, "seconds": timing.median, "error": timing.error}


def table_of(cells, key, names, libraries):
    """(n_tables, n_libraries) of a figure."""
    known = {(cell["table"], cell["library"]): cell[key] for cell in cells}
    return np.array([[known[name, library] for library in libraries] for name in names])


def summary(losses, seconds, libraries):
    """One row per library; a failure has the last rank."""
    ranks = rankdata(np.where(np.isnan(losses), np.inf, losses), axis=1)
    to_lightgbm = seconds / seconds[:, [libraries.index("LightGBM")]] if "LightGBM" in libraries else seconds * np.nan
    return [
        {
            "library": library,
            "mean rank": ranks[:, i].mean(),
            "best on": int((ranks[:, i] == 1).sum()),
            "fit seconds": np.nansum(seconds[:, i]),
            "/ LightGBM, median": np.nanmedian(to_lightgbm[:, i]),
            "/ LightGBM, largest": np.nanmax(to_lightgbm[:, i]),
        }
        for i, library in enumerate(libraries)
    ]
