"""Loss of one library's defaults on one table, fold by fold."""

import contextlib
import functools
import time
import warnings

import datasets
import numpy as np
from peers import BY_NAME
from scores import held_out_loss
from sklearn.model_selection import KFold, StratifiedKFold
from timing import threads

N_FOLDS = 3
N_JOBS = 1  # threads per fit: the tables are small, and CPU seconds stay comparable on a busy machine


def score_table(peer_name, table_name, params):
    """One result per fold: {"score", "fit_seconds", "predict_seconds"} or {"error"}; seconds are CPU seconds."""
    table = datasets.load(table_name)
    with contextlib.suppress(Exception):  # what is wrong will show in the folds
        warm_up(peer_name)
    return [score_fold(BY_NAME[peer_name], table, *rows, params) for rows in folds(table)]


def folds(table):
    splitter = KFold if table.task == "regression" else StratifiedKFold
    return splitter(N_FOLDS, shuffle=True, random_state=0).split(table.X, table.y)


def score_fold(peer, table, train, test, params):
    X = peer.prepare(table.X)
    X_train, X_test = X.iloc[train].reset_index(drop=True), X.iloc[test].reset_index(drop=True)
    try:
        with warnings.catch_warnings(), threads(N_JOBS):
            warnings.simplefilter("ignore")
            started = time.process_time()
            model = peer.default(table.task, table.X, N_JOBS, **params).fit(X_train, table.y[train])
            fitted = time.process_time()
            score = held_out_loss(model, X_test, table.y[test], table.task, scale=table.y.std())
            return {"score": score, "fit_seconds": fitted - started, "predict_seconds": time.process_time() - fitted}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


@functools.cache
def warm_up(peer_name):
    """Once per process: what is compiled or loaded at a first fit is measured elsewhere (start.py)."""
    for y, task in ((np.arange(40) % 2, "binary"), (np.arange(40.0), "regression")):
        BY_NAME[peer_name].default(task, np.eye(40), N_JOBS).fit(np.eye(40), y)
