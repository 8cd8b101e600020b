"""Sparse tables as codes: the same thresholds and codes as of the dense table, cell by cell."""

import numpy as np
import pytest
import scipy.sparse

from skensemble._validation import read_table
from skensemble.tree._binning import Binner
from skensemble.tree._content_keys import content_keys


def _table(seed=0, n_samples=80, n_features=50):
    """Few cells, of all kinds: negative, tied, stored zeros, missing, infinite; an empty column and a full one."""
    rng = np.random.default_rng(seed)
    filled = rng.random((n_samples, n_features)) < 0.03
    filled[:, 3], filled[:, 4] = False, True
    values = rng.choice([-2.5, -1.0, 0.0, 0.5, 3.0, np.nan, np.inf], (n_samples, n_features))
    return np.where(filled, values, 0.0)


def _stored_in_parts(X):
    """A sparse matrix that stores some cells as two numbers to be added, and some zeros."""
    rows, columns = np.nonzero(X != 0.0)
    rows, columns = np.append(rows, [0, 0, 1]), np.append(columns, [3, 3, 3])
    data = np.append(X[X != 0.0], [1.5, -1.5, 0.0])
    matrix = scipy.sparse.csr_matrix(scipy.sparse.coo_matrix((data, (rows, columns)), X.shape))
    return matrix


@pytest.mark.parametrize("max_bins", [None, 2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_thresholds_and_codes_are_those_of_the_dense_table(max_bins, weighted):
    X = _table()
    weight = np.random.default_rng(1).integers(0, 3, len(X)) if weighted else None
    dense, sparse = read_table(X), read_table(_stored_in_parts(X))
    of_dense, of_sparse = (Binner(max_bins, None).fit(table, weight) for table in (dense, sparse))
    np.testing.assert_array_equal(of_dense.n_codes_, of_sparse.n_codes_)
    for a, b in zip(of_dense.thresholds_, of_sparse.thresholds_):
        np.testing.assert_array_equal(a, b)
    codes, _, _ = of_sparse.transform_sparse(sparse)
    columns = np.repeat(codes.usual[:, None], len(X), axis=1)
    for j in range(len(columns)):
        entries = slice(codes.entry_start[j], codes.entry_start[j + 1])
        columns[j, codes.entry_row[entries]] = codes.entry_code[entries]
    np.testing.assert_array_equal(columns, of_dense.transform(dense).columns)
    rows = np.repeat(codes.usual[None], len(X), axis=0)
    rows[np.repeat(np.arange(len(X)), np.diff(codes.row_start)), codes.row_feature] = codes.row_code
    np.testing.assert_array_equal(rows, columns.T)


def test_only_unusual_cells_are_stored():
    X = _table(n_samples=400, n_features=100)
    codes, _, _ = Binner(None, None).fit(read_table(X)).transform_sparse(read_table(scipy.sparse.csr_matrix(X)))
    assert len(codes.entry_row) == len(codes.row_feature) == np.count_nonzero(X)


def test_keys_are_those_of_the_dense_table():
    X = _table(2)
    weight = np.random.default_rng(3).integers(0, 3, len(X))
    binner = Binner(None, None).fit(read_table(X), weight)
    of_dense = content_keys(binner.transform(read_table(X)), weight)
    of_sparse = content_keys(binner.transform_sparse(read_table(scipy.sparse.csc_matrix(X)))[0], weight)
    np.testing.assert_array_equal(of_dense.rows, of_sparse.rows)
    np.testing.assert_array_equal(of_dense.feature_order, of_sparse.feature_order)


@pytest.mark.parametrize("filled", [0.02, 0.5])
def test_only_tables_with_few_cells_are_read_as_sparse(filled):
    X = (np.random.default_rng(0).random((60, 60)) < filled).astype(float)
    binner = Binner(None, None).fit(read_table(X))
    assert binner.reads_sparse(read_table(scipy.sparse.csr_matrix(X))) == (filled < 0.05)
    assert not binner.reads_sparse(read_table(X))
