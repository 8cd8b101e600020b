"""SMOTE keeps to the lines between neighbours of one class."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.evaluation._smote import smote
from tests.generative.evaluation.comparisons import compared, mixed_table, plain_distances


def _smote(table, target=None, seed=0, n_threads=1, **kwargs):
    comparison, _ = compared(table, table, **kwargs)
    return comparison, smote(comparison.train, target, np.random.default_rng(seed), n_threads)


def test_numbers_lie_between_neighbors_of_one_class():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 60)
    X = np.column_stack([rng.random((60, 2)) + 10.0 * label[:, None], label])
    comparison, made = _smote(X, target=2, categorical_features=[2])
    near = np.argsort(plain_distances(comparison.train, comparison.train), axis=1, kind="stable")[:, :6]
    for row in np.column_stack(made.cells):
        starts = X[near[:, :1]][..., :2] - row[:2]  # (60, 1, 2)
        ends = X[near[:, 1:]][..., :2] - row[:2]  # (60, 5, 2)
        length = np.linalg.norm(starts - ends, axis=2)
        detour = np.linalg.norm(starts, axis=2) + np.linalg.norm(ends, axis=2) - length
        assert detour.min() < 1e-9
    codes, levels = made.cells[2], comparison.columns[2].levels
    np.testing.assert_array_equal(np.array(levels, float)[codes], (made.cells[0] > 5).astype(float))


def test_integers_stay_integers_and_levels_are_known():
    comparison, made = _smote(mixed_table(150, 0), target=2)
    assert len(made) == 150
    for column, cells, seen in zip(comparison.columns, made.cells, comparison.train.cells):
        if column.is_category:
            assert set(cells) <= set(seen)
        elif column.decimals == 0:
            np.testing.assert_array_equal(cells, np.round(cells))
    assert 0 < np.isnan(made.cells[0]).mean() < 0.3


def test_category_is_that_of_most_neighbors():
    table = pd.DataFrame({"a": np.arange(6.0), "b": ["x", "x", "x", "x", "y", "y"]})
    _, made = _smote(table)  # every row has all five others as neighbours
    assert set(made.cells[1]) == {0}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_rows(n):
    table = mixed_table(n, 3, missing=False)
    _, made = _smote(table)
    assert len(made) == n


def test_a_row_alone_in_its_class_is_repeated():
    table = pd.DataFrame({"a": [0.5, *np.arange(2.0, 30.0)], "b": ["x"] + ["y"] * 28})
    _, made = _smote(table, target=1)
    alone = made.cells[1] == 0
    assert alone.any()
    assert set(made.cells[0][alone]) == {0.5}


def test_copies_of_rows_are_neighbors():
    _, made = _smote(np.repeat([[1.0, 2.0], [5.0, 6.0]], 10, axis=0))
    assert set(made.cells[0]) == {1.0, 5.0}


def test_same_rows_for_any_number_of_threads():
    one, two = (_smote(mixed_table(400, 0), n_threads=n)[1] for n in (1, 2))
    for first, second in zip(one.cells, two.cells):
        np.testing.assert_array_equal(first, second)
