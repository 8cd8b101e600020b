"""Which library's defaults predict best?  Cross-validated on many small tables; peers' scores are kept in a file.

    python benchmarks/quality.py                                # fill in what is missing, print the table
    python benchmarks/quality.py --params '{"learning_rate": 0.05}' --sets abalone,credit_g   # try our parameters
    python benchmarks/quality.py --task regression --peers CatBoost,XGBoost --summary

Our own scores are never kept: they are computed anew by every run.
"""

import argparse
import json
import os
from pathlib import Path

import datasets
import numpy as np
from cross_validation import N_FOLDS, N_JOBS, score_table
from joblib import Parallel, delayed
from peers import OTHERS, Ours, installed
from report import Report, markdown
from scipy.stats import rankdata

CACHE = Path(os.environ.get("SKENSEMBLE_BENCH_CACHE", Path(__file__).parent / "results")) / "quality_cache.json"
TOO_SLOW = ("soybean",)  # 19 classes, 35 categorical columns: CatBoost and ChimeraBoost are not done in ten minutes
FIXED = {"n_estimators": 300}  # what the defaults would be if fit chose nothing
LOSS_FLOOR = 0.01  # relative losses below this loss say nothing: a log-loss of 0.001 is not ten times worse than 0.0001


# -- scores ----------------------------------------------------------------------------------------------------------


def measure(names, peers, params, processes):
    """{(library, table): [fold results]}: of ours with `params`, or as it is and without a search; of the peers."""
    theirs = _cached_scores(peers, names, processes)
    scores = _own_scores("", names, processes, params)
    if not params:
        scores |= _own_scores(", 300 rounds", names, processes, FIXED)
    return scores | theirs


def _own_scores(suffix, names, processes, params):
    """Always anew."""
    ours = [(peer, name) for peer in installed([Ours()]) for name in names]
    results = _score_all(ours, processes, params)
    return {(peer.name + suffix, name): folds for (peer, name), folds in zip(ours, results, strict=True)}


def _cached_scores(peers, names, processes):
    jobs = [(peer, name) for name in names for peer in peers]
    known = _read_cache()
    missing = [job for job in jobs if _key(*job) not in known]
    for i, (job, folds) in enumerate(zip(missing, _score_all(missing, processes, {}), strict=True), start=1):
        _add_to_cache({_key(*job): folds})
        print(f"  scored {_key(*job)} ({i} of {len(missing)})", flush=True)
    known = _read_cache()
    return {(peer.name, name): known[_key(peer, name)] for peer, name in jobs}


def _score_all(jobs, processes, params):
    """Results one by one, in the order of the jobs."""
    calls = (delayed(score_table)(peer.name, name, params) for peer, name in jobs)
    return Parallel(processes, batch_size=1, return_as="generator")(calls)


def _key(peer, name):
    return f"{name} | {peer.name} {peer.version()}"


def _read_cache():
    return json.loads(CACHE.read_text()) if CACHE.exists() else {}


def _add_to_cache(entries):
    """Write beside and rename: a run that is cut off leaves the old file."""
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    partial = CACHE.with_suffix(".partial")
    partial.write_text(json.dumps({**_read_cache(), **entries}, indent=0))
    partial.replace(CACHE)


# -- the comparison --------------------------------------------------------------------------------------------------


def mean_losses(scores, names, libraries):
    """(n_tables, n_libraries), NaN where a fold failed."""
    return np.array([[_mean_loss(scores[library, name]) for library in libraries] for name in names])


def _mean_loss(folds):
    return np.mean([fold.get("score", np.nan) for fold in folds])


def summary(losses, scores, names, libraries):
    """One row per library; a failure has the last rank and no part in the mean loss.

    Ranks and losses are read in a field with one of ours: a second one takes the place of the first.
    """
    return [_row(i, losses, scores, names, libraries) for i in range(len(libraries))]


def _row(i, losses, scores, names, libraries):
    ours = i if libraries[i].startswith("skensemble") else 0
    field = [k for k, name in enumerate(libraries) if k == ours or not name.startswith("skensemble")]
    known = np.where(np.isnan(losses), np.inf, losses)[:, field]
    best, own = known.min(axis=1), losses[:, i]
    excess = (own - best) / np.maximum(best, LOSS_FLOOR)
    return {
        "library": libraries[i],
        "mean rank": rankdata(known, axis=1)[:, field.index(i)].mean(),
        "best on": int((own == best).sum()),
        "loss above best, mean": _of_known(np.mean, excess),
        "loss above best, median": _of_known(np.median, excess),
        "tables failed": int(np.isnan(own).sum()),
        f"better than {libraries[0]} on": int((own < losses[:, 0]).sum()),
        "fit CPU seconds": sum(fold.get("fit_seconds", 0) for name in names for fold in scores[libraries[i], name]),
    }


def _of_known(statistic, values):
    known = values[~np.isnan(values)]
    return statistic(known) if len(known) else np.nan


def by_table(losses, names, libraries):
    return [{"table": name, **dict(zip(libraries, row, strict=True))} for name, row in zip(names, losses, strict=True)]


def failures(scores):
    return sorted({f"{p} on {n}: {f['error']}" for (p, n), folds in scores.items() for f in folds if "error" in f})


def run(quick=False, params=None, names=None, peers=None, processes=2):
    names = names or default_names(max_rows=600 if quick else 20_000)
    scores = measure(names, peers or installed(one_of_each()), params or {}, processes)
    libraries = list(dict.fromkeys(library for library, _ in scores))  # ours first
    losses = mean_losses(scores, names, libraries)
    note = (
        f"{len(names)} tables (without {', '.join(TOO_SLOW)}: too slow for some), {N_FOLDS}-fold, "
        "everybody's defaults (CatBoost: 300 rounds). Log-loss; for regression "
        f"RMSE / standard deviation. Loss above the best is relative to max(best, {LOSS_FLOOR}). CPU seconds of "
        f"{N_JOBS} thread per fit, partly of earlier runs beside other work: an indication, not a measurement of speed."
    )
    title = "Quality of the defaults"
    return [
        Report(title, note, summary(losses, scores, names, libraries), failures(scores)),
        Report(f"{title}, table by table", "Mean over the folds.", by_table(losses, names, libraries), []),
    ]


def default_names(**conditions):
    return [name for name in datasets.small_names(**conditions) if name not in TOO_SLOW]


def one_of_each():
    """Quantised LightGBM is nobody's default."""
    return [peer for peer in OTHERS if peer.name != "LightGBM quantized"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--params", type=json.loads, default={}, help="our parameters, as JSON")
    parser.add_argument("--sets", help="names of tables, with commas (default: all small ones)")
    parser.add_argument("--task", default="", help="regression or classification only")
    parser.add_argument("--peers", help="names of libraries, with commas (default: all that are installed)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--summary", action="store_true", help="leave out the table by table part")
    args = parser.parse_args()
    peers = installed([p for p in one_of_each() if not args.peers or p.name in args.peers.split(",")])
    names = args.sets.split(",") if args.sets else default_names(task=args.task)
    reports = run(params=args.params, names=names, peers=peers, processes=args.processes)
    for report in reports[:1] if args.summary else reports:
        print(markdown(report))


if __name__ == "__main__":
    main()
