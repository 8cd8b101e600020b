"""Generated mixed tables: can they be told from real ones, are they as useful, and do they repeat their rows?

A quarter of the rows is held out; as many rows are generated as there are to learn from.  All figures are those of
`evaluate`: the area under the curve of boosted trees that tell generated rows from held-out ones (0.5 is best), F1 or
R2 on the held-out rows of boosted trees that learn from generated ones, and the share of generated rows that equal a
training row.  The training rows themselves and SMOTE are beside them.  Then a made-up table of many rows, each size in
a process of its own: seconds, and memory beyond the table.
"""

import datasets
import generative
import numpy as np
import pandas as pd
from child import ask, errors
from report import Report
from timing import threads

from skensemble import AutoregressiveForest
from skensemble.generative.evaluation._evaluation import REAL_TRAIN, SMOTE, evaluate

N_THREADS = 2
MANY_ROWS = (10_000, 100_000, 1_000_000)
MOST_ROWS = 20_000  # of a table
MOST_FOR_PEERS = 6000  # rows of a table on which other libraries run
TABLES = ("adult", "bank_marketing", "credit_g", "mlc_churn", "insurance_charges", "diamonds", "ames_housing")
GENERATORS = {  # chains have the label as their last column: what rows teach depends on it
    "AutoregressiveForest": lambda rows, seed: generative.of_model(AutoregressiveForest(), rows, seed, is_given=False),
    "FlowMatching": generative.GENERATORS["FlowMatching"],
}
FIGURES = {"c2st_auc": "C2ST AUC", "utility": "F1 / R2", "exact_copies": "copies"}


def run(quick=False):
    names = datasets.available(TABLES) or ["iris"]
    rows, failures = [], {}
    with threads(N_THREADS):
        for name in names[-1:] if quick else names:
            n_rows = 400 if quick else None if name == "adult" else MOST_ROWS
            rows += measure(name, n_rows, {} if quick else peers(), failures)
            print(f"  generated {name}", flush=True)
    note = (
        f"At most {MOST_ROWS} rows of each table, of adult all, a quarter held out, one split, {N_THREADS} threads; "
        f"other libraries on tables of at most {MOST_FOR_PEERS} rows. Figures of evaluate; CPU: seconds of fit and "
        "sample together, of all threads."
    )
    means = _means(rows) if len(names) > 1 else []
    yield Report("Generated mixed tables", note, rows, [*means, *failures.values()])
    yield many_rows((500, 1000) if quick else MANY_ROWS)


def many_rows(sizes):
    answers = {f"{n_rows} rows": ask("generate_many", n_rows) for n_rows in sizes}
    note = (
        f"AutoregressiveForest, fit and as many rows drawn, {N_THREADS} threads, 30 columns. Megabytes beyond the "
        "table; largest difference of a share of a level or of missing cells, in standard errors."
    )
    rows = [{"table": name, **answer} for name, answer in answers.items() if "error" not in answer]
    return Report("Many mixed rows generated", note, rows, errors(answers))


def peers():
    """Other libraries' generators, of those that are installed and read levels."""
    return {name: make for name, make in generative.peers().items() if name == "arfpy"}


def measure(name, n_rows, others, failures):
    """One row for each generator, the training rows and SMOTE among them.

    others : {name: generator} of other libraries;  failures : {name: text}, where the first error of each of these goes
    """
    parts = generative.split(datasets.load(name, n_rows), 0, test_size=0.25)
    made = {each: generate(parts, 0) for each, generate in GENERATORS.items()}
    for each, make in others.items() if len(parts.train) + len(parts.test) <= MOST_FOR_PEERS else ():
        try:
            made[each] = make(parts, 0)
        except Exception as error:  # a peer that fails is a line below the table
            failures.setdefault(each, f"{each}, {name}: {type(error).__name__}: {error}")
    options = {"target": generative.TARGET, "metrics": list(FIGURES), "random_state": 0, "n_jobs": N_THREADS}
    table = evaluate(parts.train, parts.test, {each: sample.rows for each, sample in made.items()}, **options).table
    return [
        {
            "table": name,
            "rows": len(parts.train),
            "generator": each,
            **{title: table.loc[metric, each] for metric, title in FIGURES.items()},
            "CPU": made[each].cpu if each in made else np.nan,
        }
        for each in (REAL_TRAIN, SMOTE, *made)
    ]


def _means(rows):
    """One line for each generator: means over the tables after the first, and how far below real rows it is useful."""
    frame = pd.DataFrame(rows)
    frame = frame[frame["table"] != "adult"]
    auc, worth = (frame.pivot_table(title, "table", "generator") for title in ("C2ST AUC", "F1 / R2"))
    lost = worth[[REAL_TRAIN]].to_numpy() - worth
    return [
        f"{each}, {auc[each].count()} tables: C2ST AUC {auc[each].mean():.3f} in the mean, {auc[each].max():.3f} at "
        f"worst; F1 or R2 {lost[each].mean():.3f} below that of real rows, {lost[each].max():.3f} at worst"
        for each in auc
    ]
