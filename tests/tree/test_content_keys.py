"""Keys of rows and columns: functions of what stands in them, and of nothing else."""

import numpy as np
import pytest

from skensemble.tree._binning import BinnedMatrix
from skensemble.tree._content_keys import content_keys, keys_with_target


def _binned(columns, is_categorical=None):
    columns = np.ascontiguousarray(columns)
    n_features, n_samples = columns.shape
    codes = np.zeros((n_samples, -(-n_features // 8) * 8), columns.dtype)
    codes[:, :n_features] = columns.T
    n_codes = columns.max(axis=1).astype(np.int32) + 1
    return BinnedMatrix(
        codes, columns, n_codes, np.zeros(n_features, bool) if is_categorical is None else is_categorical
    )


def _columns(n_samples=300, n_codes=6, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, n_codes, (5, n_samples)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_rows_are_told_apart_by_their_codes(dtype):
    columns = _columns(n_codes=3, dtype=dtype)
    assert len(np.unique(content_keys(_binned(columns)).rows)) == len(np.unique(columns, axis=1).T)


def test_permuted_rows_and_columns_and_a_constant():
    columns, rng = _columns(), np.random.default_rng(1)
    known = content_keys(_binned(columns))
    rows, features = rng.permutation(300), rng.permutation(5)
    others = np.vstack([np.ones((1, 300), np.uint8), columns[features][:, rows]])
    found = content_keys(_binned(others), n_threads=2)
    np.testing.assert_array_equal(found.rows, known.rows[rows])
    np.testing.assert_array_equal(features[found.feature_order - 1], known.feature_order)


def test_renamed_categories():
    columns, is_categorical = _columns(), np.array([True, False, True, False, False])
    known = content_keys(_binned(columns, is_categorical))
    names = np.append(0, 1 + np.random.default_rng(2).permutation(5)).astype(np.uint8)
    renamed = columns.copy()
    renamed[0] = names[columns[0]]
    found = content_keys(_binned(renamed, is_categorical))
    np.testing.assert_array_equal(found.rows, known.rows)
    np.testing.assert_array_equal(found.feature_order, known.feature_order)


@pytest.mark.parametrize("target", ["numbers", "classes"])
def test_copies_do_not_matter(target):
    rng = np.random.default_rng(3)
    columns, weight = _columns(n_codes=2), rng.integers(0, 4, 300)
    y = rng.normal(size=300).round(1) if target == "numbers" else rng.integers(0, 3, 300).astype(float)
    origin = rng.permutation(np.repeat(np.arange(300), weight))
    weighted, repeated = content_keys(_binned(columns), weight), content_keys(_binned(columns[:, origin]))
    np.testing.assert_array_equal(repeated.rows, weighted.rows[origin])
    np.testing.assert_array_equal(repeated.feature_order, weighted.feature_order)
    told_apart = keys_with_target(weighted.rows, y, weight)
    np.testing.assert_array_equal(keys_with_target(repeated.rows, y[origin]), told_apart[origin])


def test_targets_tell_apart_rows_that_are_alike_and_no_others():
    keys, y = np.repeat(np.arange(40), 5), np.random.default_rng(4).normal(size=200).round(1)
    told_apart = keys_with_target(keys, y)
    assert len(np.unique(told_apart)) == len(np.unique(np.c_[keys, y], axis=0))
    distinct = np.arange(200)
    np.testing.assert_array_equal(keys_with_target(distinct, y), distinct)


@pytest.mark.parametrize(
    "rewritten",
    [lambda y: -y, lambda y: 1e6 * y, lambda y: y + 1.0, lambda y: 7.0 - 0.5 * y],
    ids=["-y", "1e6 y", "y + 1", "7 - y / 2"],
)
@pytest.mark.parametrize("n_values", [2, 5, 1000])
def test_unit_origin_and_sign_of_the_target_do_not_matter(n_values, rewritten):
    rng = np.random.default_rng(5)
    keys, y = np.repeat(np.arange(50), 4), rng.integers(0, n_values, 200).astype(float)
    np.testing.assert_array_equal(keys_with_target(keys, rewritten(y)), keys_with_target(keys, y))


def test_names_of_classes_do_not_matter():
    rng = np.random.default_rng(6)
    keys, y = np.repeat(np.arange(50), 4), rng.integers(0, 4, 200)
    names = np.array([2.0, 0.0, 3.0, 1.0])
    np.testing.assert_array_equal(keys_with_target(keys, names[y]), keys_with_target(keys, y.astype(float)))
