"""What do fits to a Parquet file take: read into memory, in batches, and by two workers of Dask?"""

import tempfile
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
from child import ask, errors
from report import Report

WAYS = ("in memory", "in batches", "two workers of Dask")
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
        "or two processes of one thread, a new process for each way. Seconds of reading and fitting; peak of the "
        "resident memory, in MB, less what was in use before (of the client, for Dask). All give the same "
        "model: the checksum."
    )
    return [
        Report("More rows than memory", note, [_row(way, answer) for way, answer in answers.items()], errors(answers))
    ]


def _row(way, answer):
    names = ("seconds", "megabytes", "checksum")
    return {"way": way, **{name: answer.get(name, np.nan) for name in names}}
