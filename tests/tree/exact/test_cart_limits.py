import pytest

from skensemble import DecisionTreeClassifier, GradientBoostingRegressor, RandomForestRegressor
from skensemble.tree._state_table import NO_LIMIT
from skensemble.tree.exact._cart_limits import LIMIT_PARAMETERS, CartLimits, read_cart_limits


def test_parameters_are_limits():
    assert set(CartLimits._fields) - set(LIMIT_PARAMETERS) == {"criterion", "splitter"}


@pytest.mark.parametrize("estimator", [DecisionTreeClassifier, RandomForestRegressor, GradientBoostingRegressor])
def test_limits_are_read_from_parameters_of_the_same_name(estimator):
    assert LIMIT_PARAMETERS.keys() <= estimator._parameters.keys()
    numbers = {name: 0.25 if kind is float else 7 for name, kind in CartLimits.__annotations__.items()}
    given = {name: numbers[name] for name in LIMIT_PARAMETERS} | {"min_samples_split": 15}
    tree = estimator(**given)
    tree.n_features_in_ = 9
    expected = CartLimits("gini", splitter="best", **given)
    assert read_cart_limits(tree, 100, criterion="gini", splitter="best") == expected


def test_no_limit_and_shares():
    tree = DecisionTreeClassifier(min_samples_leaf=0.1, max_features="sqrt")
    tree.n_features_in_ = 9
    limits = read_cart_limits(tree, 55, criterion="log_loss", splitter="best")
    assert (limits.max_depth, limits.max_leaf_nodes) == (NO_LIMIT, NO_LIMIT)
    assert (limits.min_samples_leaf, limits.min_samples_split, limits.max_features) == (6, 12, 3)
    assert limits.criterion == "entropy"
    assert all(type(limit) is kind for limit, kind in zip(limits, CartLimits.__annotations__.values()))
