"""How much memory does a fit need beyond its input?"""

import tempfile
from pathlib import Path

import datasets
import numpy as np
from child import ask, errors
from peers import OTHERS, OURS, installed
from report import Report

KINDS = ("array", "DataFrame")


def run(quick=False):
    peers = installed(OURS + OTHERS[:1] if quick else OURS + OTHERS)
    table = datasets.synthetic(100_000 if quick else 500_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        np.savez(path, X=table.X, y=table.y)
        answers = {(p.name, kind): ask("peak_memory", p.name, path, kind) for p in peers for kind in KINDS}
    megabytes = {key: answer.get("megabytes", np.nan) for key, answer in answers.items()}
    note = (
        f"{table.name} float32 ({table.X.nbytes / 2**20:.0f} MB), 31 leaves, a new process for each fit. Peak of the "
        "resident memory during fit, in MB, less what was in use just before (input, library, compiled code)."
    )
    return [Report("Memory", note, [_row(peer.name, megabytes) for peer in peers], errors(answers))]


def _row(name, megabytes):
    ours = megabytes.get(("skensemble", "array"), np.nan)
    return {
        "library": name,
        "array": megabytes[name, "array"],
        "DataFrame": megabytes[name, "DataFrame"],
        "ours / theirs, array": ours / megabytes[name, "array"],
    }
