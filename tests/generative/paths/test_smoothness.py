import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import AdaBoostRegressor, NewtonBoostingClassifier, RandomForestRegressor
from skensemble.generative.paths._guidance import ClassifierFreeGuidance
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._smoothness import is_piecewise_constant
from skensemble.generative.paths._vector_field import RegressorField

SMOOTH = [
    LogisticRegression(),
    GaussianNB(),
    MLPClassifier(),
    SVC(),
    make_pipeline(StandardScaler(), LogisticRegression()),
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


@pytest.mark.parametrize("module", ["xgboost.sklearn", "lightgbm.sklearn", "catboost.core"])
def test_boosters_of_others_are_known_by_their_modules(module):
    booster = type("Booster", (), {"__module__": module, "predict": None})
    assert is_piecewise_constant(booster())
    assert is_piecewise_constant(type("Mine", (booster,), {"__module__": "my_models"})())
    assert not is_piecewise_constant(type("Other", (), {"__module__": module.split(".")[0] + "_linear"})())


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
