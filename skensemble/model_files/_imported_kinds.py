"""Kinds of imported models and of what encodes tables for them."""

import numpy as np

from skensemble.imported._foreign_columns import ForeignCategories, ForeignColumns
from skensemble.imported._imported_model import ImportedClassifier
from skensemble.model_files._kinds import EstimatorKind, Kind
from skensemble.model_files._rules import ANYTHING, FLAG, Array, Each, Entries, Matches, Maybe, Of, Value, Whole
from skensemble.tree.trees._additive_trees import AdditiveTrees

_FLOAT = Value(Matches(lambda value: type(value) is float, "a float"))


def _check_categories(categories):
    if not (np.diff(categories.listed) > 0).all():
        raise ValueError("listed must ascend.")


def _take_columns(columns, slim):
    return {name: getattr(columns, name) for name in _COLUMNS}


def _check_columns(columns):
    listed = columns.list_columns or ()
    outside = [j for j in (*columns.near_zero, *columns.categories, *listed) if j >= columns.n_features]
    if outside:
        raise ValueError(f"columns must be below {columns.n_features}, got {outside[0]}.")
    if columns.list_columns is not None and len(listed) != len(columns.frame_lists or ()):
        raise ValueError("list_columns must have an entry for each of frame_lists.")


_COLUMNS = {
    "n_features": Whole(1),
    "single": FLAG,
    "near_zero": Each(Whole(0)),
    "missing": _FLOAT,
    "categories": Entries(Whole(0), Of(ForeignCategories)),
    "frame_lists": Maybe(Each(Each(ANYTHING))),
    "list_columns": Maybe(Each(Whole(0))),
}
_CATEGORIES = {
    "listed": Array("i8", None, low=0),
    "first": Whole(1, 2),
    "unlisted": _FLOAT,
    "names": Maybe(Each(ANYTHING)),
    "of_dtype": FLAG,
    "by_value": FLAG,
}


def _check_model(model):
    additive = model._additive
    if additive.binner.n_features != model.n_features_in_:
        raise ValueError(f"n_features_in_ must be {additive.binner.n_features}, as the encoder has features.")
    if isinstance(model, ImportedClassifier):
        classes, n_outputs = model.classes_, additive.n_outputs
        n_classes = 2 if additive.link.response.args[0] == "two classes" else n_outputs
        if not isinstance(classes, np.ndarray) or classes.shape != (n_classes,):
            raise ValueError(f"classes_ must be {n_classes} labels, as there are {n_outputs} outputs.")
    model._additive.compiled()


KINDS = [
    Kind(
        "foreign columns",
        ForeignColumns,
        _COLUMNS,
        optional=("list_columns",),
        take=_take_columns,
        check=_check_columns,
    ),
    Kind("foreign categories", ForeignCategories, _CATEGORIES, check=_check_categories),
    *(
        EstimatorKind(
            f"Imported{task}",
            {"_additive": Of(AdditiveTrees)} | ({"classes_": ANYTHING} if task == "Classifier" else {}),
            check=_check_model,
        )
        for task in ("Regressor", "Classifier", "Ranker")
    ),
]
