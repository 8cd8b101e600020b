import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NeighborhoodComponentsAnalysis
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, KBinsDiscretizer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skensemble
from skensemble import AdaBoostRegressor, NewtonBoostingClassifier, RandomForestRegressor, generative
from skensemble.generative.paths._guidance import ClassifierFreeGuidance
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._smoothness import PIECEWISE_CONSTANT, is_piecewise_constant
from skensemble.generative.paths._vector_field import RegressorField

SMOOTH = [
    LogisticRegression(),
    GaussianNB(),
    MLPClassifier(),
    SVC(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(NeighborhoodComponentsAnalysis(), LogisticRegression()),
    TransformedTargetRegressor(LinearRegression()),
    BaggingClassifier(GaussianNB()),
]
JUMPING = [
    DecisionTreeClassifier(),
    RandomForestClassifier(),
    ExtraTreesClassifier(),
    GradientBoostingClassifier(),
    HistGradientBoostingClassifier(),
    AdaBoostClassifier(),
    KNeighborsClassifier(),
    make_pipeline(StandardScaler(), DecisionTreeClassifier()),
    make_pipeline(KBinsDiscretizer(), LogisticRegression()),
    BaggingClassifier(DecisionTreeClassifier()),
    CalibratedClassifierCV(DecisionTreeClassifier()),
    GridSearchCV(DecisionTreeClassifier(), {}),
    make_pipeline(Binarizer(), LogisticRegression()),
    TransformedTargetRegressor(KNeighborsRegressor()),
    MultiOutputRegressor(DecisionTreeRegressor()),
    NewtonBoostingClassifier(),
    RandomForestRegressor(),
    AdaBoostRegressor(),
]


@pytest.mark.parametrize("model", SMOOTH, ids=lambda model: type(model).__name__)
def test_smooth_models(model):
    assert not is_piecewise_constant(model)


@pytest.mark.parametrize("model", JUMPING, ids=lambda model: type(model).__name__)
def test_models_that_jump(model):
    assert is_piecewise_constant(model)


def test_our_own_models_answer_for_themselves():
    public = {name: getattr(room, name) for room in (skensemble, generative) for name in room.__all__}
    models = {name for name, model in public.items() if isinstance(model, type) and hasattr(model, "predict")}
    silent = {name for name in models if not hasattr(public[name], "is_smooth")}
    assert silent == {"DensityOutlierDetector"}
    assert {name for name in models - silent if public[name].is_smooth} == {"MLPField"}


@pytest.mark.parametrize("module", [name for name in PIECEWISE_CONSTANT if name.startswith("sklearn")])
def test_scikit_learn_still_has_these_classes(module):
    found = import_module(module)
    assert [name for name in PIECEWISE_CONSTANT[module] if name not in found.__all__] == []


@pytest.mark.parametrize("module", ["xgboost", "lightgbm", "catboost"])
def test_boosters_of_others_are_known_by_their_public_classes(module, monkeypatch):
    names = PIECEWISE_CONSTANT[module]
    public = {name: type(name, (), {"__module__": f"{module}.anywhere", "predict": None}) for name in names}
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(**public))
    for booster in public.values():
        assert is_piecewise_constant(booster())
        assert is_piecewise_constant(type("Mine", (booster,), {"__module__": "my_models"})())
    assert not is_piecewise_constant(type("Other", (), {"__module__": f"{module}.linear", "predict": None})())


def test_models_of_libraries_that_are_not_loaded_do_not_matter(monkeypatch):
    monkeypatch.setattr(sys, "modules", {})
    assert not is_piecewise_constant(LogisticRegression())


def test_parts_of_fitted_models_count():
    X, y = np.arange(20.0).reshape(10, 2), np.tile([0, 1], 5)
    voting = VotingClassifier([("line", LogisticRegression()), ("tree", DecisionTreeClassifier())]).fit(X, y)
    assert is_piecewise_constant(voting)


def test_fields_are_what_their_regressors_are():
    for regressor, expected in ((DecisionTreeRegressor(), True), (LogisticRegression(), False)):
        field = RegressorField(regressor, PATHS["linear"](), "velocity")
        assert is_piecewise_constant(field) is expected
        assert is_piecewise_constant(ClassifierFreeGuidance(field, 2.0)) is expected


def test_models_may_answer_for_themselves():
    tree = DecisionTreeClassifier()
    tree.is_smooth = True
    assert not is_piecewise_constant(tree)
