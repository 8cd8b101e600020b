"""evaluate: the table, its neighbours, and what bad input gets."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.evaluation._evaluation import evaluate
from skensemble.generative.evaluation._metrics import METRICS
from tests.generative.evaluation.comparisons import mixed_table

QUICK = ["ks_complement", "wasserstein", "closer_to_train", "exact_copies"]


@pytest.fixture(scope="module")
def tables():
    return [mixed_table(n, seed) for seed, n in enumerate((120, 60, 120))]


def test_one_row_for_each_metric_and_baselines_beside_the_sample(tables):
    evaluation = evaluate(*tables, target="kind", random_state=0)
    assert list(evaluation.table.index) == list(METRICS)
    assert list(evaluation.table) == ["better", "synthetic", "real train", "SMOTE"]
    assert evaluation.table.notna().all(axis=None)
    assert evaluation.table.loc["exact_copies", "real train"] == 1.0
    assert (
        evaluation.table.loc["closer_to_train", "real train"] > evaluation.table.loc["closer_to_train", "SMOTE"] > 0.6
    )
    assert "utility: macro F1 of 'kind'." in evaluation.notes


def test_several_samples(tables):
    samples = {"good": tables[2], "synthetic bad": tables[2].assign(size=0.0)}
    evaluation = evaluate(*tables[:2], samples, metrics=QUICK, random_state=0)
    assert list(evaluation.table) == ["better", "good", "synthetic bad", "real train", "SMOTE"]
    assert evaluation.table.loc["ks_complement", "good"] > evaluation.table.loc["ks_complement", "synthetic bad"]
    alone = evaluate(*tables[:2], tables[2], metrics=QUICK, random_state=0)
    pd.testing.assert_series_equal(alone.table["synthetic"], evaluation.table["good"], check_names=False)


def test_values_depend_on_the_seed_and_not_on_threads(tables):
    metrics = ["sliced_wasserstein", "wasserstein", "c2st_auc"]
    one, three, other = (
        evaluate(*tables, metrics=metrics, max_transport_rows=40, random_state=seed, n_jobs=n).table
        for seed, n in ((0, 1), (0, 3), (1, 1))
    )
    pd.testing.assert_frame_equal(one, three)
    assert (one["synthetic"] != other["synthetic"]).all()


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0), np.random.default_rng(0)])
def test_random_states(tables, random_state):
    assert len(evaluate(*tables, metrics=["ks_complement"], random_state=random_state).table) == 1


def test_repr_shows_the_table_and_what_was_thinned(tables):
    evaluation = evaluate(*tables, metrics=[*QUICK, "utility"], max_transport_rows=30, random_state=0)
    text = repr(evaluation)
    assert all(word in text for word in (*QUICK, "SMOTE", "real train", "near 0.5", "at most 30 rows"))
    assert next(line for line in text.splitlines() if line.startswith("utility")).split()[-1] == "-"
    assert "<table" in evaluation._repr_html_()
    assert "<li>wasserstein: of at most 30 rows" in evaluation._repr_html_()


def test_copies_among_held_out_rows_are_told():
    rng = np.random.default_rng(0)
    train, test, sample = (rng.integers(0, 2, (200, 2)) for _ in range(3))
    assert "1 of the rows of real_test equal" in evaluate(train, test, sample, metrics=["exact_copies"]).notes[0]


def test_single_rows():
    table = mixed_table(1, 0, missing=False)
    evaluation = evaluate(table, table, table, target=0, random_state=0)
    assert evaluation.table.loc["wasserstein", "synthetic"] == 0.0
    assert np.isnan(evaluation.table.loc["coverage", "synthetic"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "nothing"}, "target must be the name or position of a column of real_train .*got 'nothing'"),
        ({"target": 6}, "target must be .*got 6"),
        ({"target": True}, "target must be .*got True"),
        ({"metrics": ["speed"]}, "metrics must be None or a list of .*got"),
        ({"max_transport_rows": 0}, "max_transport_rows must be an int >= 1, got 0"),
        ({"random_state": -1}, "random_state must be .*got -1"),
        ({"n_jobs": 0}, "n_jobs must be .*got 0"),
        ({"categorical_features": ["nothing"]}, "categorical_features must hold names of columns"),
        ({"synthetic": {}}, "synthetic must be a table or a dict"),
        ({"synthetic": {"SMOTE": mixed_table(5, 0)}}, "synthetic must be a table or a dict from names other than"),
        ({"synthetic": {"mine": mixed_table(5, 0)[:0]}}, "synthetic mine must be a table with rows"),
        ({"real_test": mixed_table(5, 0).drop(columns="day")}, "real_test must have the columns of real_train"),
    ],
)
def test_bad_input(tables, change, message):
    given = {"real_train": tables[0], "real_test": tables[1], "synthetic": tables[2]} | change
    with pytest.raises((ValueError, TypeError), match=message):
        evaluate(**given)
