"""How long do partial dependence and interactions take, beside the predictions that they are defined by?

scikit-learn's function predicts our model once for each value of a column; ours sends the rows down the trees once.
"""

from functools import partial

import datasets
import numpy as np
from peers import OURS, Settings, installed
from report import Report
from sklearn.inspection import partial_dependence as by_scikit_learn
from timing import interleaved, threads

N_POINTS = 40


def run(quick=False):
    settings = Settings(n_estimators=20 if quick else 100, n_jobs=1)
    X_train, y_train, X, _ = datasets.split(datasets.synthetic(15_000 if quick else 60_000), 10_000)
    peers = [peer for peer in installed(OURS) if peer.name in ("skensemble", "skensemble symmetric")]
    rows = []
    with threads(settings.n_jobs):
        for peer in peers:
            model = peer.aligned("binary", X_train, settings).fit(X_train, y_train)
            rows += _measure(peer.name, model, X[:500] if quick else X)
    note = (
        f"{settings.n_estimators} trees with {settings.n_leaves} leaves (symmetric: depth {settings.depth}), "
        f"{X.shape[1]} columns, 1 thread, fastest of a few runs in turn. Partial dependence of a column at {N_POINTS} "
        "values; interactions of all pairs of columns over 200 rows. Error: largest difference between ours and "
        "scikit-learn's, in log-odds."
    )
    return [Report("Effects of columns", note, rows, [])]


def _measure(name, model, X):
    from skensemble.inspection import accumulated_effects, interaction_strength, partial_dependence

    values = partial_dependence(model, X, 0, n_points=N_POINTS).grid[0]
    actions = {
        "partial dependence": partial(partial_dependence, model, X, 0, n_points=N_POINTS, n_jobs=1),
        "the same, scikit-learn's function": partial(
            by_scikit_learn, model, X, [0], custom_values={0: values}, response_method="decision_function"
        ),
        "accumulated effects": partial(accumulated_effects, model, X, 0, n_jobs=1),
        "interactions of all pairs": partial(interaction_strength, model, X, n_jobs=1),
    }
    timings = interleaved(actions, 3, patience=0)
    ours, theirs = (timings[action].result for action in list(actions)[:2])
    error = np.abs(ours.values - theirs["average"][0]).max()
    return [
        {
            "library": name,
            "question": action,
            "rows": len(X),
            "seconds": timing.fastest,
            "error": error if action == "partial dependence" else np.nan,
        }
        for action, timing in timings.items()
    ]
