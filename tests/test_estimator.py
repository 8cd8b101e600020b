"""Pickles: what they hold, and which of them are refused."""

import importlib
import pickle

import numpy as np
import pytest

import skensemble
from skensemble import RandomForestRegressor, _estimator
from skensemble._estimator import Estimator
from skensemble._front_door import estimators
from skensemble.tree.estimators._decision_tree import DecisionTreeRegressor

X = np.random.default_rng(0).normal(size=(40, 2))
ESTIMATORS = [name for name in skensemble.__all__ if name in estimators()]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_public_estimator_is_one_of_ours(name):
    assert issubclass(getattr(skensemble, name), Estimator)


def pickled_by_another_version(model, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(_estimator, "STATE_FORMAT", 1)
        return pickle.dumps(model)


def test_fitted_models_of_another_version_are_refused(monkeypatch):
    content = pickled_by_another_version(DecisionTreeRegressor().fit(X, X[:, 0]), monkeypatch)
    with pytest.raises(ValueError, match="DecisionTreeRegressor was pickled by another version .* Fit it again"):
        pickle.loads(content)


def test_parameters_of_another_version_are_read(monkeypatch):
    content = pickled_by_another_version(RandomForestRegressor(7), monkeypatch)
    assert pickle.loads(content).get_params() == RandomForestRegressor(7).get_params()


def test_pickles_whose_modules_have_moved_are_refused_by_a_sentence():
    content = pickle.dumps(DecisionTreeRegressor())
    module = b"skensemble.tree.estimators._decision_tree"
    old = content.replace(module, b"skensemble.tree.estimators._decision_sapl")
    assert old != content
    with pytest.raises(ModuleNotFoundError, match="written by another version of skensemble: fit the model again"):
        pickle.loads(old)
    importlib.invalidate_caches()  # asks every finder
    with pytest.raises(ModuleNotFoundError, match="No module named 'skensemble.nothing'"):
        import skensemble.nothing  # noqa: F401


def test_what_is_made_when_needed_is_not_pickled():
    forest = RandomForestRegressor(3).fit(X, X[:, 0])
    forest.predict(X)
    assert "_additive" in vars(forest)
    assert "_additive" not in forest.__getstate__()
