"""What do fits to a Parquet file take: read into memory, in batches, by two workers of Dask, and by XGBoost?"""

import tempfile
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
from child import ask, errors
from report import Report

WAYS = ("in memory", "in batches", "two workers of Dask", "XGBoost in memory", "XGBoost in batches")
N_ROUNDS = 20


def run(quick=False):
    table = datasets.synthetic(50_000 if quick else 2_000_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame = pd.DataFrame(table.X).add_prefix("x").assign(y=table.y)
        frame.to_parquet(path, row_group_size=max(1, len(frame) // 8))
        answers = {way: ask("fit_parquet", way, path, N_ROUNDS) for way in WAYS}
    note = (
        f"{table.name} float32 ({table.X.nbytes / 2**20:.0f} MB), {N_ROUNDS} rounds of the default trees, two threads "
        "or two processes of one thread, a new process for each way. Seconds of reading and fitting, CPU seconds; peak "
        "of the resident memory, in MB, less what was in use before (of the client, for Dask). All of ours give the "
        "same model: the checksum. XGBoost: depth 6, QuantileDMatrix of the table, and ExtMemQuantileDMatrix of its "
        "row groups."
    )
    return [
        Report(
            "More rows than memory",
            note,
            [_row(way, answer, answers[WAYS[1]]) for way, answer in answers.items()],
            errors(answers),
        )
    ]


def _row(way, answer, ours):
    """ours : what our fit in batches takes"""
    names = ("seconds", "CPU seconds", "megabytes")
    figures = {name: answer.get(name, np.nan) for name in names}
    ratios = {f"{name}: ours in batches / this": ours.get(name, np.nan) / figures[name] for name in names}
    return {"way": way, **figures, **ratios, "checksum": answer.get("checksum", np.nan)}
