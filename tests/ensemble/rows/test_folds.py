"""Folds: by what is in the rows, of each class in proportion, and of whole groups."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from skensemble.ensemble.rows._folds import content_folds, given_folds, group_folds


def _keys(n):
    return np.random.default_rng(0).integers(-(2**63), 2**63, n)


def test_each_row_is_left_out_once_and_classes_in_proportion():
    keys, strata = _keys(90), np.repeat([0.0, 1.0], [60, 30])
    folds = content_folds(keys, keys, strata, None, 3, 5)
    assert (sum(fold.left_out for fold in folds) == 1.0).all()
    for fold in folds:
        assert (fold.train + fold.left_out == 1.0).all()
        np.testing.assert_array_equal(np.bincount(strata[fold.left_out == 1.0].astype(int)), [20, 10])


def test_the_order_of_rows_does_not_matter():
    keys, strata = _keys(50), np.arange(50) % 2.0
    order = np.random.default_rng(1).permutation(50)
    folds = content_folds(keys, keys, strata, None, 3, 5)
    moved = content_folds(keys[order], keys[order], strata[order], None, 3, 5)
    for fold, other in zip(folds, moved, strict=True):
        np.testing.assert_array_equal(fold.left_out[order], other.left_out)


def test_copies_are_left_out_together_whether_written_as_rows_or_as_weights():
    keys, strata = _keys(30), np.zeros(30)
    copies = np.arange(30) % 3
    folds = content_folds(keys, keys, strata, copies, 3, 5)
    rows = np.repeat(np.arange(30), copies)
    written = content_folds(keys[rows], keys[rows], strata[rows], None, 3, 5)
    for fold, other in zip(folds, written, strict=True):
        assert set(fold.left_out) == {0.0, 1.0}
        np.testing.assert_array_equal(fold.left_out[rows], other.left_out)


def test_copies_are_spread_where_the_same_features_have_several_targets():
    keys, feature_keys = np.array([11, 12]), np.array([7, 7])  # one kind of row, two targets
    folds = content_folds(keys, feature_keys, np.zeros(2), np.array([30, 60]), 3, 5)
    for fold in folds:
        np.testing.assert_allclose(fold.left_out, 1 / 3)


def test_a_class_of_one_row_is_never_left_out():
    keys = _keys(10)
    folds = content_folds(keys, keys, np.r_[1.0, np.zeros(9)], None, 3, 5)
    assert not any(fold.left_out[0] for fold in folds)


def test_groups_stay_whole():
    keys, groups = _keys(40), np.arange(40) % 5
    folds = group_folds(groups, keys, None, 3)
    assert (sum(fold.left_out for fold in folds) == 1.0).all()
    for fold in folds:
        assert not set(groups[fold.left_out == 1.0]) & set(groups[fold.train == 1.0])
    with pytest.raises(ValueError, match="groups must name at least 2 groups"):
        group_folds(np.zeros(40), keys, None, 3)


def test_folds_of_a_splitter_and_of_pairs_are_taken_as_they_are():
    X = np.zeros((9, 1))
    pairs = list(KFold(3).split(X))
    for cv in (KFold(3), pairs):
        for fold, (train, test) in zip(given_folds(cv, X, None, None), pairs, strict=True):
            np.testing.assert_array_equal(np.flatnonzero(fold.train), train)
            np.testing.assert_array_equal(np.flatnonzero(fold.left_out), test)
    with pytest.raises(ValueError, match="cv must leave out rows"):
        given_folds([(np.arange(9), np.arange(3))], X, None, None)
