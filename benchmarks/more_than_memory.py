"""What do fits to a Parquet file take: read into memory, in batches, by two workers of Dask, and by XGBoost?

On its own, `python benchmarks/more_than_memory.py N_ROWS` makes a file of so many rows x 28, 100 million if you like,
and fits to it in batches.
"""

import sys
import tempfile
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
from child import ask, errors
from report import Report

BATCHES = ("in batches", "in batches, codes in a file")
WAYS = ("in memory", *BATCHES, "two workers of Dask", "XGBoost in memory", "XGBoost in batches")
N_ROUNDS = 20
PIECE = 500_000  # rows that are made at a time


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
        "row groups, whose codes are in a file; so are ours where ratios are told."
    )
    return [
        Report(
            "More rows than memory",
            note,
            [_row(way, answer, answers[BATCHES[1]]) for way, answer in answers.items()],
            errors(answers),
        )
    ]


def _row(way, answer, ours):
    """ours : what our fit in batches takes, the codes in a file"""
    names = ("seconds", "CPU seconds", "megabytes")
    figures = {name: answer.get(name, np.nan) for name in names}
    ratios = {f"{name}: ours in batches / this": ours.get(name, np.nan) / figures[name] for name in names}
    return {"way": way, **figures, **ratios, "checksum": answer.get("checksum", np.nan)}


def write_rows(n_rows, path):
    """Write a table of so many rows, piece by piece."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    writer, rng = None, np.random.default_rng(0)
    for first in range(0, n_rows, PIECE):
        X = rng.normal(size=(min(PIECE, n_rows - first), 28)).astype(np.float32)
        score = X[:, 0] + X[:, 1] * X[:, 2] + (X[:, 3] > 0) + rng.logistic(size=len(X))
        frame = pd.DataFrame(X).add_prefix("x").assign(y=(score > 0).astype(np.int64))
        piece = pa.Table.from_pandas(frame, preserve_index=False)
        writer = ParquetWriter(path, piece.schema) if writer is None else writer
        writer.write_table(piece)
    writer.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        write_rows(int(float(sys.argv[1])), Path(home) / "rows.parquet")
        for fitted in BATCHES:
            print(fitted, ask("fit_parquet", fitted, Path(home) / "rows.parquet", N_ROUNDS))
