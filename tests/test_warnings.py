"""Every warning points at the line that called the package, however many decorators and functions lie between."""

import inspect
import warnings

import numpy as np
import pytest

from skensemble import (
    AdaBoostClassifier,
    DecisionTreeRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from skensemble._warnings import warn
from tests.conftest import ROOT

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0]


def warm_started_without_more_trees():
    forest = RandomForestRegressor(2, warm_start=True).fit(X, Y)
    return forest.fit(X, Y)


WARNINGS = {
    "criterion of a tree": lambda: DecisionTreeRegressor(criterion="friedman_mse").fit(X, Y),
    "criterion of gradient boosting": lambda: GradientBoostingRegressor(n_estimators=2, criterion="squared_error").fit(
        X, Y
    ),
    "few draws": lambda: RandomForestRegressor(2, max_samples=0.02).fit(X, Y),
    "few trees": lambda: RandomForestRegressor(1, oob_score=True).fit(X, Y),
    "warm start without more trees": warm_started_without_more_trees,
    "balanced warm start": lambda: RandomForestClassifier(2, class_weight="balanced", warm_start=True).fit(X, Y > 0),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings_point_at_the_callers_line(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        WARNINGS[name]()
    assert caught
    assert {warning.filename for warning in caught} == {__file__}


def test_a_callers_own_warning_is_at_its_own_line():
    with pytest.warns(UserWarning, match="here") as caught:
        warn("here")
    assert caught[0].lineno == inspect.currentframe().f_lineno - 1


def test_nothing_else_in_the_package_warns():
    """Levels of the stack that are counted by hand are wrong as soon as a function is added between."""
    files = [path for path in (ROOT / "skensemble").rglob("*.py") if "warnings.warn(" in path.read_text("utf-8")]
    assert [path.name for path in files] == ["_warnings.py"]


def test_infinite_weights_of_adaboost():
    labels = np.arange(60) % 2
    with pytest.warns(UserWarning, match="infinite values") as caught:
        AdaBoostClassifier(n_estimators=3, learning_rate=5e4, random_state=0).fit(X, labels)
    assert caught[0].filename == __file__
