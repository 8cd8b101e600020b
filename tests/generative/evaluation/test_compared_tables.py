"""Tables of any kind become columns that can be compared."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skensemble.generative.evaluation._compared_tables import category_mask, read_tables
from tests.generative.evaluation.comparisons import mixed_table


def _cells(train, other, **kwargs):
    columns, rows = read_tables({"real_train": train, "other": other}, kwargs.get("categories", "from_dtype"))
    return columns, rows["real_train"].cells, rows["other"].cells


def _assert_same(train, other):
    _, first, second = _cells(train, other)
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)


def test_columns_are_matched_by_name():
    table = mixed_table(20, 0)
    _assert_same(table, table[table.columns[::-1]])


def test_dtypes_may_differ():
    table = mixed_table(20, 0)
    other = table.astype({"count": "Int64", "size": "float64[pyarrow]", "kind": "category", "city": "str"})
    _assert_same(table, other.assign(day=other.day.astype("datetime64[ns]")))


def test_polars_equals_pandas():
    table = mixed_table(20, 0)
    _assert_same(table, pl.from_pandas(table))
    _assert_same(pl.from_pandas(table), pl.from_pandas(table))


def test_arrays_and_lists():
    X = np.random.default_rng(0).normal(size=(5, 3))
    _assert_same(X, X.tolist())
    _assert_same(X, pd.DataFrame(X, columns=list("abc")))
    _assert_same(np.array([["x", 1.0], ["y", 2.0]], object), pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]}))


def test_levels_of_all_tables_count():
    columns, first, second = _cells(pd.DataFrame({"a": ["y", "x", None]}), pd.DataFrame({"a": ["z", "x", "w"]}))
    assert columns[0].levels == ["x", "y", "z", "w"]
    np.testing.assert_array_equal(first[0], [1, 0, -1])
    np.testing.assert_array_equal(second[0], [2, 0, 3])


def test_numbers_that_are_categories():
    table = pd.DataFrame({"a": [3, 1, 1], "b": [0.5, 1.5, 2.5]})
    columns, first, second = _cells(table, table.astype(float), categories=["a"])
    assert columns[0].levels == [1, 3]
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(category_mask(columns), [True, False])
    np.testing.assert_array_equal(category_mask(columns, without=0), [False])


def test_points_differ_by_one_at_most_in_each_column():
    _, rows = read_tables({"real_train": mixed_table(40, 0)}, None)
    numbers, codes = rows["real_train"].points()
    assert numbers.shape[1] == 4  # of three columns, one with missing cells
    assert numbers.min() == 0.0
    assert numbers.max() == 1.0
    assert codes.shape == (40, 3)
    size = numbers[:, :2]
    missing = rows["real_train"].cells[0] != rows["real_train"].cells[0]
    distances = np.abs(size[missing][:, None] - size[~missing]).sum(axis=2)
    assert 0.5 <= distances.min() <= distances.max() <= 1.0


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (pd.DataFrame({"a": [1.0], "c": ["x"]}), r"other must have the columns of real_train.*missing: \['b'\]"),
        (pd.DataFrame({"a": [1.0]}), "got 1 instead of 2"),
        (pd.DataFrame({"a": [1.0], "b": ["x"]})[:0], r"other must be a table.*0 sample\(s\)"),
        (pd.DataFrame({"a": [np.inf], "b": ["x"]}), "other .*finite.*'a'"),
        (pd.DataFrame({"a": ["five"], "b": ["x"]}), "other .*'a' must hold numbers"),
        (np.zeros(3), "other must be a table"),
    ],
)
def test_bad_tables(other, message):
    with pytest.raises((ValueError, TypeError), match=message):
        _cells(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), other)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (pd.DataFrame({"a": [np.nan, np.nan]}), "real_train must have a value in every column.*'a'"),
        (pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]), "real_train must have distinct column names, got 'a' twice"),
        (pd.DataFrame({"a": [-np.inf]}), "finite.*'a'"),
        (pd.DataFrame({"a": [[1], [2]]}), "'a'"),
    ],
)
def test_bad_training_tables(train, message):
    with pytest.raises((ValueError, TypeError), match=message):
        _cells(train, train)
