"""Trees whose nodes are summed up together are those whose nodes are searched feature by feature."""

import numpy as np
import pytest

from skensemble.tree.exact import _summed_features
from tests.tree.random_carts import FEATURES, assert_same_tree, categories_among, grow, random_features, random_target

NAMES = list(FEATURES)
VARIANTS = {
    "plain": {},
    "deep": {"max_depth": None},
    "a stump": {"max_depth": 1},
    "leaves of 9": {"min_samples_leaf": 9},
}


def _rare_columns(rng, n_samples):
    """Columns in which most rows have the same value, and some none."""
    X = np.where(rng.random((n_samples, 9)) < 0.1, rng.integers(1, 5, (n_samples, 9)), 0).astype(float)
    X[rng.random(n_samples) < 0.05, 3] = np.nan
    X[:, 4] = np.where(rng.random(n_samples) < 0.1, np.nan, 7.0)
    return X


@pytest.mark.parametrize("criterion", ["gini", "entropy", "squared_error", "poisson"])
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_sums_change_no_tree(criterion, variant, monkeypatch):
    rng = np.random.default_rng(3)
    n_samples = 900
    X = np.hstack([random_features(rng, n_samples, NAMES), _rare_columns(rng, n_samples)])
    target, weight = random_target(rng, criterion, n_samples), rng.integers(0, 3, n_samples) * 1.0
    options = {"categorical": categories_among(NAMES + ["continuous"] * 9), "criterion": criterion, "max_depth": 5}
    options |= {"max_bins": 20, **variant}
    if options["max_depth"] is None:
        del options["max_depth"]
    summed = grow(X, target, weight=weight, **options)
    monkeypatch.setattr(_summed_features, "_makes_sums", lambda *args: False)
    assert_same_tree(grow(X, target, weight=weight, **options), summed)


def test_which_features_have_sums():
    rng = np.random.default_rng(0)
    columns = rng.integers(1, 30, (5, 400)).astype(np.uint16)
    columns[1] = np.where(rng.random(400) < 0.1, 2, 1)
    columns[3] = np.arange(400)
    n_codes = np.array([30, 3, 30, 400, 30], np.int32)
    binned = _Binned(columns, n_codes, np.array([False, False, True, False, False]))
    fields = _summed_features.sum_fields(binned, _Limits(), 1)
    np.testing.assert_array_equal(fields["place_in_sums"], [0, 2, -1, -1, 1])
    np.testing.assert_array_equal(fields["first_cell"], [0, 30, 60, 63])
    codes = fields["words_of_codes"].view(np.uint8)
    np.testing.assert_array_equal(codes[:, :2].T, columns[[0, 4]])
    np.testing.assert_array_equal(np.diff(fields["sum_row_start"]), columns[1] != 1)
    np.testing.assert_array_equal(fields["sum_entry_cell"], np.full(np.count_nonzero(columns[1] == 2), 62))
    np.testing.assert_array_equal(fields["usual_cell"], [61])


class _Binned:
    def __init__(self, columns, n_codes, is_categorical):
        self.columns, self.n_codes, self.is_categorical = columns, n_codes, is_categorical
        self.n_samples = columns.shape[1]


class _Limits:
    max_features, criterion, max_leaf_nodes, splitter = -1, "squared_error", -1, "best"
