"""How long until the first model: import, first fit with nothing compiled, with compiled code on disk, later fits."""

import tempfile

import numpy as np
from child import ask, errors
from peers import OTHERS, Ours, installed
from report import Report


def run(quick=False):
    n_repeats = 1 if quick else 3
    peers = installed([Ours(), *(OTHERS[:1] if quick else OTHERS)])
    imports = [ask("import_seconds") for _ in range(n_repeats + 1)][1:]  # the first one reads the files from disk
    note = (
        "569 rows x 30 (breast_cancer), fit of 100 rounds and predict, each in a new process, seconds. Cold: nothing "
        "compiled. Cached: a process before this one has compiled. Steady: later fits of the same process."
    )
    answers = {peer.name: _answers(peer.name, n_repeats) for peer in peers}
    first = {name: cold for name, (cold, *_) in answers.items()}
    return [
        Report("Start", note, [_row(name, *answer) for name, answer in answers.items()], errors(first)),
        Report("Import", "Seconds, median.", [_medians(imports)], errors(dict(enumerate(imports)))),
    ]


def _answers(library, n_repeats):
    """One cold start, then cached ones."""
    with tempfile.TemporaryDirectory() as folder:
        return [ask("first_fit", library, NUMBA_CACHE_DIR=folder) for _ in range(1 + n_repeats)]


def _row(library, cold, *cached):
    warm = _medians(cached)
    return {
        "library": library,
        "import": warm.get("import", np.nan),
        "first fit, cold": cold.get("first", np.nan),
        "cold, CPU": cold.get("first_cpu", np.nan),
        "first fit, cached": warm.get("first", np.nan),
        "cached, CPU": warm.get("first_cpu", np.nan),
        "steady": warm.get("steady", np.nan),
        "cached - steady": warm.get("first", np.nan) - warm.get("steady", np.nan),
    }


def _medians(answers):
    good = [answer for answer in answers if "error" not in answer]
    return {key: float(np.median([answer[key] for answer in good])) for key in (good[0] if good else ())}
