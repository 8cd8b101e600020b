"""Whether the predictions of a fitted model are smooth in its features, or constant between thresholds."""

from itertools import chain

# Modules of models (and transformers) whose output jumps; read from the classes, so none of them is imported.
_JUMPING = (
    "skensemble.tree",
    "skensemble.ensemble",
    "skensemble.generative.fields._tree_field",
    "sklearn.tree",
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "sklearn.ensemble._hist_gradient_boosting",
    "sklearn.ensemble._weight_boosting",
    "sklearn.neighbors",
    "sklearn.preprocessing._discretization",
    "xgboost",
    "lightgbm",
    "catboost",
)
_PARTS = (  # attributes under which models keep models
    "regressor",
    "regressor_",
    "field",
    "classifier",
    "estimator_",
    "best_estimator_",
    "final_estimator_",
    "estimators_",
    "calibrated_classifiers_",
    "estimator",
    "steps",
)


def is_piecewise_constant(model):
    """Whether the model, or a part of it such as a step of a pipeline, has no useful derivative.

    A model that has an attribute `is_smooth` answers for itself.  Trees and what is made of them, nearest neighbours
    and bins are known by the modules of their classes.
    """
    if hasattr(model, "is_smooth"):
        return not model.is_smooth
    if any(_is_within(cls.__module__, _JUMPING) for cls in type(model).__mro__):
        return True
    return any(is_piecewise_constant(part) for part in _parts(model))


def _is_within(module, packages):
    return any(module == package or module.startswith(package + ".") for package in packages)


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
