"""Parameters of estimators become limits of trees."""

import numpy as np
import pytest

from skensemble import DecisionTreeRegressor
from skensemble.tree.exact._cart_limits import NO_LIMIT, count_features, read_directions, read_limits


@pytest.mark.parametrize(
    ("max_features", "n_features", "expected"),
    [(None, 10, 10), ("sqrt", 10, 3), ("log2", 10, 3), ("log2", 1, 1), (4, 10, 4), (0.3, 10, 3), (0.01, 10, 1)],
)
def test_number_of_features_to_try(max_features, n_features, expected):
    assert count_features(max_features, n_features) == expected


def test_shares_become_numbers_of_rows():
    tree = DecisionTreeRegressor(min_samples_leaf=0.1, min_samples_split=0.1, max_features=20, max_depth=3)
    tree.n_features_in_ = 7
    with pytest.warns(FutureWarning, match="friedman_mse"):
        limits = read_limits(tree, 55, criterion="friedman_mse", splitter="best")
    assert (limits.min_samples_leaf, limits.min_samples_split, limits.max_features) == (6, 12, 7)
    assert (limits.max_depth, limits.max_leaf_nodes) == (3, NO_LIMIT)
    assert limits.criterion == "squared_error"


def test_directions_are_read_where_there_are_some():
    tree = DecisionTreeRegressor(monotonic_cst=[0, 1, -1])
    tree.n_features_in_ = 3
    numeric, one_output = np.zeros(3, bool), np.ones(1, int)
    assert read_directions(tree, one_output, numeric).tolist() == [0, 1, -1]
    assert read_directions(tree.set_params(monotonic_cst=[0, 0, 0]), one_output, numeric) is None
    assert read_directions(tree.set_params(monotonic_cst=None), one_output, numeric) is None


@pytest.mark.parametrize(
    ("n_classes", "message"), [([2, 2], "None for y with 2 columns"), ([3], "must be None for 3 classes")]
)
def test_directions_need_one_number_or_two_classes(n_classes, message):
    tree = DecisionTreeRegressor(monotonic_cst=[1])
    with pytest.raises(ValueError, match=message):
        read_directions(tree, np.array(n_classes), np.zeros(1, bool))
