from types import SimpleNamespace

import pytest

from skensemble import NewtonBoostingClassifier, NewtonBoostingRanker, NewtonBoostingRegressor
from skensemble.generative import TreeField
from skensemble.tree._state_table import NO_LIMIT
from skensemble.tree.histogram._growth_limits import GrowthLimits
from skensemble.tree.histogram._growth_parameters import GROWTH_PARAMETERS, read_limits


def test_parameters_are_limits():
    assert set(GROWTH_PARAMETERS) - set(GrowthLimits._fields) == {"grow_policy"}


def test_limits_have_the_types_that_the_engine_reads():
    for value, kind in zip(GrowthLimits(), GrowthLimits.__annotations__.values()):
        assert type(value) is kind


def test_limits_are_read_from_parameters_of_the_same_name():
    given = SimpleNamespace(max_depth=None, max_leaf_nodes=7, gamma=1, n_estimators=9)
    limits = read_limits(given, vars(given), policy=2, max_leaf_nodes=5)
    assert limits == GrowthLimits(policy=2, max_depth=NO_LIMIT, max_leaf_nodes=5, gamma=1.0)
    assert type(limits.gamma) is float


@pytest.mark.parametrize("estimator", [NewtonBoostingClassifier, NewtonBoostingRegressor, NewtonBoostingRanker])
def test_newton_boosting_has_every_limit(estimator):
    assert GROWTH_PARAMETERS.keys() <= estimator._parameters.keys()
    for name in GROWTH_PARAMETERS.keys() - {"grow_policy"}:
        model = estimator(**{"max_delta_step": 0.0, "max_depth": 6, name: 11})  # fit knows what "auto" means
        assert getattr(read_limits(model), name) == 11


def test_tree_fields_hand_on_every_limit_that_they_have():
    for name in GROWTH_PARAMETERS.keys() & TreeField._parameters.keys():
        assert getattr(TreeField(**{name: 11})._limits(), name) == 11
