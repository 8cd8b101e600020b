"""Out-of-bag means and permutation importances, against slow and plain versions."""

import numpy as np
import pytest

from skensemble.ensemble.forest import _out_of_bag
from skensemble.ensemble.forest._out_of_bag import out_of_bag_means, permutation_importances
from skensemble.tree.trees._prediction import compile_trees, predict_raw
from skensemble.tree.trees._tree_arrays import concatenate, single_tree

N_ROWS = 50


def _stump(feature, threshold, low, high):
    return single_tree(
        feature=[feature, -1, -1],
        threshold=[threshold, np.nan, np.nan],
        left=[1, -1, -1],
        right=[2, -1, -1],
        missing_left=[False] * 3,
        cover=np.ones(3),
        count=np.ones(3),
        gain=np.zeros(3),
        values=[[0.0, 0.0], low, high],
    )


STUMPS = [
    _stump(0, 0.0, [1.0, 0.0], [0.0, 1.0]),
    _stump(1, 0.5, [2.0, -1.0], [4.0, 3.0]),
    _stump(0, 1.0, [5.0, 5.0], [6.0, 7.0]),
]


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(N_ROWS, 3))


@pytest.fixture
def in_bag():
    in_bag = np.random.default_rng(1).random((len(STUMPS), N_ROWS)) < 0.6
    in_bag[:, 7] = True
    return in_bag


def _predictions(tree, rows):
    return predict_raw(compile_trees(tree), lambda start, stop: rows[start:stop], len(rows), np.zeros(2))


@pytest.mark.parametrize("block", [1, 16, 8192])
def test_means_are_of_the_trees_that_have_not_seen_the_row(rows, in_bag, block, monkeypatch):
    monkeypatch.setattr(_out_of_bag, "BLOCK", block)
    layout = compile_trees(concatenate(STUMPS))
    means = out_of_bag_means(layout, lambda start, stop: rows[start:stop], in_bag, n_threads=2)
    unseen = ~in_bag
    each = np.array([_predictions(stump, rows) for stump in STUMPS])
    with np.errstate(invalid="ignore"):
        expected = (each * unseen[:, :, None]).sum(axis=0) / unseen.sum(axis=0)[:, None]
    np.testing.assert_allclose(means, expected)
    assert np.isnan(means[7]).all()


@pytest.mark.parametrize("n_threads", [1, 2])
def test_importances(rows, in_bag, n_threads):
    """The score is the mean of the first output: what it loses is what permuting changes, on the unseen rows."""
    line, seeds = np.random.default_rng(2).permutation(N_ROWS)[:40].astype(np.int32), [11, 12, 13]
    before, seen = rows.copy(), []

    def score(judged, predictions):
        seen.append(judged)
        return predictions[:, 0] @ np.arange(len(judged))

    importances = permutation_importances(STUMPS, seeds, in_bag, line, rows, score, n_threads)
    assert importances[2] == 0.0
    assert (importances[:2] != 0.0).all()
    np.testing.assert_array_equal(rows, before)
    for judged in seen:
        assert any(np.array_equal(judged, line[~in_bag[t, line]]) for t in range(len(STUMPS)))


def test_tree_without_unseen_rows_counts_as_no_loss(rows, in_bag):
    in_bag[1] = True
    line = np.arange(N_ROWS)
    importances = permutation_importances(STUMPS, [1, 2, 3], in_bag, line, rows, lambda _, values: values.sum(), 1)
    assert importances[1] == 0.0


def test_permuted_rows_keep_their_values(rows, in_bag):
    """Summed over all rows, a function of the one feature alone does not change."""
    in_bag[:] = False
    line = np.arange(N_ROWS)
    importances = permutation_importances(STUMPS, [1, 2, 3], in_bag, line, rows, lambda _, values: values.sum(), 1)
    np.testing.assert_allclose(importances, 0.0, atol=1e-12)


def test_importances_do_not_depend_on_threads(rows, in_bag):
    def importances(n_threads):
        def score(judged, values):
            return values[:, 0] @ judged

        return permutation_importances(STUMPS, [5, 6, 7], in_bag, np.arange(N_ROWS), rows, score, n_threads)

    np.testing.assert_array_equal(importances(3), importances(1))
