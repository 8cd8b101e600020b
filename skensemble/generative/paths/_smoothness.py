"""Whether the predictions of a model are smooth in its features, or constant between thresholds.

Models of this package answer for themselves, by an attribute `is_smooth`.  Others are known by the public classes that
they are instances of; no library is imported for that, since a model of a library that is not loaded cannot exist.
"""

import sys
from itertools import chain

PIECEWISE_CONSTANT = {  # module -> its public classes whose output jumps, and with them their subclasses
    "sklearn.tree": ("BaseDecisionTree",),
    "sklearn.ensemble": (
        "AdaBoostClassifier",
        "AdaBoostRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "GradientBoostingClassifier",
        "GradientBoostingRegressor",
        "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor",
        "IsolationForest",
        "RandomForestClassifier",
        "RandomForestRegressor",
        "RandomTreesEmbedding",
    ),
    "sklearn.neighbors": (
        "KNeighborsClassifier",
        "KNeighborsRegressor",
        "KNeighborsTransformer",
        "LocalOutlierFactor",
        "NearestCentroid",
        "RadiusNeighborsClassifier",
        "RadiusNeighborsRegressor",
        "RadiusNeighborsTransformer",
    ),
    "sklearn.preprocessing": ("Binarizer", "KBinsDiscretizer"),
    "xgboost": ("XGBModel", "Booster"),
    "lightgbm": ("LGBMModel", "Booster"),
    "catboost": ("CatBoost",),
}
_PARTS = (  # attributes under which scikit-learn's models keep other models
    "regressor",
    "regressor_",
    "estimator",
    "estimator_",
    "estimators_",
    "best_estimator_",
    "final_estimator_",
    "calibrated_classifiers_",
    "steps",
)


def is_piecewise_constant(model):
    """Whether the model, or a part of it such as a step of a pipeline, has no useful derivative."""
    if hasattr(model, "is_smooth"):
        return not model.is_smooth
    return isinstance(model, _known_classes()) or any(is_piecewise_constant(part) for part in _parts(model))


def _known_classes():
    """The classes of `PIECEWISE_CONSTANT` that are loaded."""
    named = [(sys.modules.get(module), name) for module, names in PIECEWISE_CONSTANT.items() for name in names]
    return tuple(getattr(module, name) for module, name in named if hasattr(module, name))


def _parts(model):
    return chain.from_iterable(_models_in(getattr(model, name, None)) for name in _PARTS)


def _models_in(part):
    """Models in an attribute: one, or many in lists, arrays and (name, model) pairs."""
    if part is None or isinstance(part, str):
        return []
    if isinstance(part, (list, tuple)) or hasattr(part, "ravel"):
        members = part.ravel() if hasattr(part, "ravel") else part
        return list(chain.from_iterable(map(_models_in, members)))
    return [part] if any(hasattr(part, name) for name in ("predict", "transform", "endpoints")) else []
