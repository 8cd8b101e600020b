"""Generated tables beside SDV's synthesizers: how good by our measures and by SDV's own, and how long.

The protocol is that of `generative.py`, whose measures these are: a fifth of the rows is held out and the target is a
column of the table.  Everybody's defaults; SDV gets the columns' kinds told, as it cannot know that a code is a
category.  Quality is SDV's own score, the mean over shapes of columns and trends of pairs, on the training rows.  Time
is that of the processor, SDV's networks on one thread.  SDV is not among the extras, as it brings PyTorch along:

    python -m pip install "sdv==2.0.0"
    python benchmarks/run.py --only synthesizers
"""

import contextlib
import io
import time
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
from generative import N_THREADS, TARGET, Sample, of_model, split, worth
from report import Report
from timing import threads

from skensemble import AutoregressiveForest, FlowMatching
from skensemble.generative.evaluation._evaluation import REAL_TRAIN, SMOTE, evaluate

FLIGHTS = Path(__file__).parents[1] / "examples" / "data" / "flights.csv.gz"  # numbers, text, missing cells
TABLES = ("wine", "flights", "diabetes")
N_ROWS = 1000
OURS = {"AutoregressiveForest": AutoregressiveForest, "FlowMatching": FlowMatching}
SDV = ("GaussianCopulaSynthesizer", "CTGANSynthesizer", "TVAESynthesizer")
TABLE = "table"  # SDV's name of a table that has none


def run(quick=False):
    generators = {**ours(), **sdv(n_epochs=2 if quick else None)}
    of_sdv = f"SDV {version('sdv')}" if find_spec("sdv") else "SDV is not installed"
    with threads(N_THREADS):
        for generate in ours().values():
            generate(split(load("wine", 100), 0))  # so that code is compiled
        for name in TABLES[:1] if quick else TABLES:
            table = load(name, 200 if quick else N_ROWS)
            note = (
                f"{table.X.shape[0]} rows x {table.X.shape[1] + 1}; everybody's defaults; seconds of the processor. "
                f"{of_sdv}. C2ST: AUC of boosted trees that tell generated rows from held-out ones, 0.5 "
                "at best. Quality: SDV's own score, 1 at best."
            )
            yield Report(f"Generated {name} beside SDV", note, measure(table, generators), [])


def load(name, n_rows):
    """A table that everybody has: one of scikit-learn's, or that of the examples."""
    if name != "flights":
        return datasets.load(name, n_rows)
    frame = pd.read_csv(FLIGHTS).sample(n_rows, random_state=0, ignore_index=True)
    texts = [column for column, dtype in frame.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)]
    frame = frame.astype(dict.fromkeys(texts, "category"))
    y = frame.pop("late").cat.codes.to_numpy(np.int64)
    return datasets.Table(name, frame, y, "binary")


def measure(table, generators):
    """One row per generator, the training rows and SMOTE among them."""
    parts = split(table, 0)
    samples = {name: generate(parts) for name, generate in generators.items()}
    made = {name: sample.rows for name, sample in samples.items()}
    options = {
        "target": TARGET,
        "metrics": ["wasserstein", "coverage", "c2st_auc"],
        "random_state": 0,
        "n_jobs": N_THREADS,
    }
    values = evaluate(parts.train, parts.test, made, **options).table
    rows = []
    for name in (REAL_TRAIN, SMOTE, *generators):
        rows.append({
            "generator": name,
            "W1 test": values.loc["wasserstein", name],
            "coverage": values.loc["coverage", name],
            "C2ST": values.loc["c2st_auc", name],
            **worth(parts, parts.train if name == REAL_TRAIN else made.get(name), 0),
            "quality": _quality(parts.train, made[name]) if name in made else np.nan,
            "fit": samples[name].fit if name in made else np.nan,
            "sample": samples[name].sample if name in made else np.nan,
        })  # fmt: skip
    return rows


def ours():
    """{name: rows -> Sample}; labels are a condition, numbers to predict a column like the others."""
    return {
        name: lambda rows, model=model: of_model(model(), rows, 0, time.process_time) for name, model in OURS.items()
    }


def sdv(n_epochs=None):
    """{name: rows -> Sample} of SDV's synthesizers of single tables, if SDV is installed."""
    if not find_spec("sdv"):
        return {}
    import torch

    torch.set_num_threads(1)  # threads of OpenMP that wait for each other count as seconds of the processor
    return {name: lambda rows, name=name: _of_sdv(name, rows, n_epochs) for name in SDV}


def _of_sdv(name, rows, n_epochs):
    import sdv.single_table

    networks = {} if name.startswith("GaussianCopula") else {"enable_gpu": False}
    if networks and n_epochs:
        networks["epochs"] = n_epochs
    with _quiet():
        synthesizer = getattr(sdv.single_table, name)(_metadata(rows.train), **networks)
        started = time.process_time()
        synthesizer.fit({TABLE: _objects(rows.train)})
        fitted = time.process_time()
        made = synthesizer.sample(num_rows=len(rows.train))[TABLE]
        sampled = time.process_time()
    return Sample(made[list(rows.train)].astype(rows.train.dtypes), fitted - started, sampled - fitted)


def _objects(frame):
    """The table without columns of category type, which SDV refuses."""
    return frame.astype(
        {name: object for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)}
    )


def _metadata(frame):
    """What kind of column each is: codes of levels are categories, whatever they look like."""
    from sdv.metadata import Metadata

    metadata = Metadata.detect_from_dataframes({TABLE: frame}, infer_sdtypes=False, infer_keys=None)
    for name, dtype in frame.dtypes.items():
        kind = "categorical" if isinstance(dtype, pd.CategoricalDtype) else "numerical"
        metadata.update_column(table_name=TABLE, column_name=name, sdtype=kind)
    return metadata


def _quality(train, made):
    if not find_spec("sdv"):
        return np.nan
    from sdv.evaluation import evaluate_quality

    with _quiet():
        report = evaluate_quality({TABLE: _objects(train)}, {TABLE: _objects(made)}, _metadata(train), verbose=False)
    return report.get_score()


@contextlib.contextmanager
def _quiet():
    """No warnings, no progress bars."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
