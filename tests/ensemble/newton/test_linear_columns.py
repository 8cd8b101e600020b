"""Columns of a linear model: every kind of table gives the same ones."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from skensemble._validation import read_table
from skensemble.ensemble.newton._coordinate_descent import add_column
from skensemble.ensemble.newton._linear_columns import ColumnEncoder


def _matrix(linear):
    """The columns as one dense matrix, in the units of the table."""
    dense = np.zeros((linear.n_terms, linear.n_samples))
    for j, column in enumerate(dense):
        add_column(linear.columns, j, 1.0, column)
    return (dense + linear.centres[:, None]).T


def _linear(X, **params):
    table = read_table(X)
    encoder = ColumnEncoder(**params).fit(table)
    return encoder, encoder.transform(table)


def _numbers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4)) * [1.0, 10.0, 1.0, 1e-3] + [0.0, 1e6, 0.0, 0.0]
    X[rng.random(40) < 0.7, 2] = 0.0
    return np.column_stack([X, rng.random(40) < 0.3])


@pytest.mark.parametrize(
    "make", [np.asarray, np.asfortranarray, pd.DataFrame, scipy.sparse.csr_array, scipy.sparse.coo_array]
)
def test_numbers_stay_what_they_are(make):
    X = _numbers()
    np.testing.assert_allclose(_matrix(_linear(make(X))[1]), X, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("make", [np.array, pd.DataFrame, scipy.sparse.csc_array])
def test_missing_cells_are_zero(make):
    X = _numbers()
    X[::3] = np.nan
    np.testing.assert_allclose(_matrix(_linear(make(X))[1]), np.nan_to_num(X), rtol=1e-12, atol=1e-9)


def test_cells_stored_in_parts_are_summed_and_the_users_matrix_stays():
    X = scipy.sparse.coo_array(([1.0, 2.0, 4.0], ([0, 0, 2], [1, 1, 0])), shape=(5, 2)).tocsr(copy=True)
    before = X.data.copy()
    np.testing.assert_allclose(_matrix(_linear(X)[1])[:3], [[0, 3], [0, 0], [4, 0]])
    np.testing.assert_array_equal(X.data, before)


def test_categories_have_a_column_each():
    frame = pd.DataFrame({"size": [1.0, 2.0, 4.0, 0.5], "colour": pd.Categorical(["red", None, "blue", "red"])})
    encoder, linear = _linear(frame)
    np.testing.assert_allclose(_matrix(linear), [[1, 0, 1], [2, 0, 0], [4, 1, 0], [0.5, 0, 1]])
    assert encoder.term_names(["size", "colour"]).tolist() == ["size", "colour=blue", "colour=red"]
    assert encoder.first_terms.tolist() == [0, 1, 3]


def test_rare_categories_share_a_column():
    frame = pd.DataFrame({"letter": pd.Categorical(list("aaabbbcde"))})
    encoder, linear = _linear(frame, min_frequency=2)
    assert encoder.term_names(["letter"]).tolist() == ["letter=a", "letter=b", "letter=others"]
    assert _matrix(linear).sum(axis=0).tolist() == [3, 3, 3]


def test_some_rows():
    X = _numbers()
    rows = np.array([3, 5, 30])
    np.testing.assert_allclose(_matrix(_linear(X)[1].take(rows)), X[rows], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("make", [np.array, scipy.sparse.csr_array])
def test_infinity_is_refused(make):
    X = _numbers()
    X[3, 1] = -np.inf
    with pytest.raises(ValueError, match="X must hold no infinity for booster='gblinear', got one in column 1"):
        _linear(make(X))
