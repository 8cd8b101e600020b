"""What libraries do differently: the same model for another number of threads, another order of rows, and so on?

Each question fits a model twice, where a user would expect the same model, and asks how far apart the predictions of
held-out rows lie: the largest difference, in standard deviations of the predictions.  0: the same in every bit.
"""

import warnings

import datasets
import numpy as np
import pandas as pd
from peers import OTHERS, OURS, installed
from report import Report
from timing import threads

N_TEST = 500
N_ROUNDS = 100  # of everybody, so that a model that would be larger is not the one that differs more


def run(quick=False):
    table = datasets.synthetic(3000 if quick else 20_000)
    peers = installed([OURS[0], *OTHERS])
    size = (
        f"{len(table.X)} rows x {table.X.shape[1]} numbers, two classes, {N_ROUNDS} rounds, else everybody's defaults, "
        "random_state 0. "
    )
    note = (
        f"{size}Two fits that should be one model: the largest difference between their probabilities of {N_TEST} "
        "held-out rows, in standard deviations of these. 0: the same in every bit."
    )
    yield Report("What libraries do differently", note, _rows(SAME_MODEL, peers, table), [])
    note = f"{size}How far predictions move, measured likewise; or that the library refuses."
    yield Report("What fit did not see", note, _rows(NOT_SEEN, peers, table), [])


def _rows(questions, peers, table):
    return [
        {"library": f"{peer.name} {peer.version()}"} | {q: _answer(ask, peer, table) for q, ask in questions.items()}
        for peer in peers
    ]


def _answer(ask, peer, table):
    X, y = np.asarray(table.X, dtype=np.float64), np.asarray(table.y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ask(peer, X[N_TEST:], y[N_TEST:], X[:N_TEST])
        except (ValueError, TypeError, RuntimeError) as error:
            return f"refused ({type(error).__name__})"


def _model(peer, X, n_jobs=2):
    model = peer.default("binary", X, n_jobs)
    (rounds,) = {"n_estimators", "iterations", "max_iter"} & set(model.get_params())
    return model.set_params(**{rounds: N_ROUNDS})


def _probabilities(peer, X, y, X_test, n_jobs=2, **fit):
    model = _model(peer, X, n_jobs)
    with threads(n_jobs):
        return model.fit(X, y, **fit).predict_proba(X_test)[:, 1]


def _apart(one, other):
    return float(np.abs(one - other).max() / one.std())


def other_threads(peer, X, y, X_test):
    return _apart(_probabilities(peer, X, y, X_test), _probabilities(peer, X, y, X_test, n_jobs=1))


def permuted_rows(peer, X, y, X_test):
    order = np.random.default_rng(0).permutation(len(X))
    return _apart(_probabilities(peer, X, y, X_test), _probabilities(peer, X[order], y[order], X_test))


def permuted_columns(peer, X, y, X_test):
    order = np.random.default_rng(0).permutation(X.shape[1])
    return _apart(_probabilities(peer, X, y, X_test), _probabilities(peer, X[:, order], y, X_test[:, order]))


def constant_column(peer, X, y, X_test):
    def wider(table):
        return np.column_stack([table, np.ones(len(table))])

    return _apart(_probabilities(peer, X, y, X_test), _probabilities(peer, wider(X), y, wider(X_test)))


def weight_two(peer, X, y, X_test):
    weight = np.where(np.arange(len(X)) % 3 == 0, 2.0, 1.0)
    copies = np.repeat(np.arange(len(X)), weight.astype(int))
    weighted = _probabilities(peer, X, y, X_test, sample_weight=weight)
    return _apart(weighted, _probabilities(peer, X[copies], y[copies], X_test))


def weight_zero(peer, X, y, X_test):
    weight = np.where(np.arange(len(X)) % 3 == 0, 0.0, 1.0)
    weighted = _probabilities(peer, X, y, X_test, sample_weight=weight)
    return _apart(weighted, _probabilities(peer, X[weight > 0], y[weight > 0], X_test))


def scaled_weights(peer, X, y, X_test):
    one = _probabilities(peer, X, y, X_test, sample_weight=np.ones(len(X)))
    return _apart(one, _probabilities(peer, X, y, X_test, sample_weight=np.full(len(X), 2.0**-10)))


def stretched_features(peer, X, y, X_test):
    """A monotone map of every feature: of training rows, whose order it keeps."""
    return _apart(_probabilities(peer, X, y, X), _probabilities(peer, np.exp(X / 4), y, np.exp(X / 4)))


def single_precision(peer, X, y, X_test):
    X, X_test = (table.astype(np.float32).astype(np.float64) for table in (X, X_test))
    single = _probabilities(peer, X.astype(np.float32), y, X_test.astype(np.float32))
    return _apart(_probabilities(peer, X, y, X_test), single)


def swapped_classes(peer, X, y, X_test):
    return _apart(_probabilities(peer, X, y, X_test), 1 - _probabilities(peer, X, 1 - y, X_test))


def missing_at_predict(peer, X, y, X_test):
    """Cells that are missing where no training row had one: do predictions move, and how far?"""
    holes = X_test.copy()
    holes[:, 0] = np.nan
    model = _model(peer, X).fit(X, y)
    return _apart(model.predict_proba(X_test)[:, 1], model.predict_proba(holes)[:, 1])


def unseen_level(peer, X, y, X_test):
    """A level that no training row had, in a pandas category."""

    def table(numbers, names):
        return pd.DataFrame({"number": numbers[:, 0], "level": pd.Categorical(names)})

    levels = np.array(list("abcd"))[np.digitize(X[:, 1], [-0.5, 0.0, 0.5])]
    X, known = table(X, levels), table(X_test, np.full(len(X_test), "a"))
    model = _model(peer, X).fit(peer.prepare(X), y)
    before = model.predict_proba(peer.prepare(known))[:, 1]
    return _apart(before, model.predict_proba(peer.prepare(table(X_test, np.full(len(X_test), "new"))))[:, 1])


SAME_MODEL = {
    "1 thread, not 2": other_threads,
    "rows permuted": permuted_rows,
    "columns permuted": permuted_columns,
    "a constant column more": constant_column,
    "weight 2 for two rows": weight_two,
    "weight 0 for no row": weight_zero,
    "weights / 1024": scaled_weights,
    "features through exp": stretched_features,
    "float32 for float64": single_precision,
    "classes swapped": swapped_classes,
}
NOT_SEEN = {"missing at predict only": missing_at_predict, "a level unseen in fit": unseen_level}
