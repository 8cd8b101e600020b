"""From our trees and forests to scikit-learn's own, with the same predictions, so that tools made for these work."""

from copy import deepcopy

import numpy as np
import sklearn
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skensemble.tree.trees._marks import NUMERIC

TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
SAME_IN_BOTH = ("n_features_in_", "feature_names_in_", "classes_", "n_classes_", "n_outputs_", "max_features_")
OUT_OF_BAG = ("oob_score_", "oob_decision_function_", "oob_prediction_")
NO_FEATURE = -2  # in scikit-learn's leaves, as is the threshold


def to_sklearn(estimator):
    """A fitted scikit-learn estimator that predicts what `estimator` predicts.

    Parameters
    ----------
    estimator : object
        A fitted decision tree or forest of this package.

    Returns
    -------
    converted : object
        The scikit-learn estimator of the same name, with the same parameters as far as scikit-learn has them, and the
        same fitted attributes. It shares no memory with `estimator`. The samples that each tree of a forest was
        grown on are not known to it: `estimators_samples_` raises an AttributeError.

    Raises
    ------
    ValueError
        If a tree splits on categories, which trees of scikit-learn cannot.
    TypeError
        If scikit-learn has no estimator of this kind.

    Notes
    -----
    scikit-learn rounds X to float32 before it compares with a threshold. Thresholds are float32, so that samples of
    float32, and decimals, take the same way in both. Only a float64 value above a threshold that rounds to it, half a
    unit in the last place of float32 away at most, changes sides, and a threshold between two training values that no
    float32 separates stays float64. Values beyond float32, infinities included, are refused by scikit-learn.
    """
    check_is_fitted(estimator)
    name = _name_in_sklearn(estimator)
    _check_numeric_splits(estimator)
    return _converted_forest(estimator, name) if name in FORESTS else _converted_tree(estimator, name)


def _name_in_sklearn(estimator):
    """The name of the first class of `estimator`'s ancestry that scikit-learn has, too."""
    for ancestor in type(estimator).__mro__:
        if ancestor.__name__ in TREES + FORESTS:
            return ancestor.__name__
    raise TypeError(f"to_sklearn must be given a decision tree or a forest, got {type(estimator).__name__}.")


def _check_numeric_splits(estimator):
    members = getattr(estimator, "estimators_", [estimator])
    split_by_categories = [
        member.tree_.trees.feature[member.tree_.trees.category_start != NUMERIC] for member in members
    ]
    features = np.unique(np.concatenate(split_by_categories))
    if len(features):
        names = getattr(estimator, "feature_names_in_", np.arange(estimator.n_features_in_))[features]
        raise ValueError(
            f"scikit-learn's trees cannot split categories, but this model does in the columns {names.tolist()}. "
            "Encode categories as numbers before fit and set categorical_features=None."
        )


# -- estimators ------------------------------------------------------------------------------------------------------
# scikit-learn is asked for its submodules when they are needed: it loads them on first use.


def _converted_tree(estimator, name):
    converted = _with_parameters(estimator, getattr(sklearn.tree, name))
    _copy_attributes(estimator, converted, SAME_IN_BOTH)
    converted.tree_ = _converted_structure(estimator.tree_)
    return converted


def _converted_forest(forest, name):
    converted = _with_parameters(forest, getattr(sklearn.ensemble, name))
    _copy_attributes(forest, converted, (*SAME_IN_BOTH, *OUT_OF_BAG))
    converted.estimator_ = converted.estimator
    converted.estimators_ = [_member(forest, view) for view in forest.estimators_]
    return converted


def _member(forest, view):
    """A tree of a forest; scikit-learn's forests grow them from the positions of the classes."""
    tree = _converted_tree(view, _name_in_sklearn(view))
    if is_classifier(forest):
        n_classes = np.atleast_1d(forest.n_classes_)
        classes = [np.arange(n, dtype=np.float64) for n in n_classes.tolist()]
        tree.classes_ = classes if len(classes) > 1 else classes[0]
    if hasattr(tree, "feature_names_in_"):
        del tree.feature_names_in_  # its forest hands it arrays
    return tree


def _with_parameters(estimator, kind):
    """An unfitted estimator of the class `kind`, with every parameter that both know."""
    parameters = estimator.get_params(deep=False)
    if isinstance(parameters.get("monotonic_cst"), dict):
        parameters["monotonic_cst"] = _by_position(parameters["monotonic_cst"], estimator)
    if open_limits := [name for name in ("max_features", "min_samples_leaf") if parameters[name] == "auto"]:
        parameters |= {name: getattr(estimator, f"{name}_") for name in open_limits}
    known = kind().get_params(deep=False)
    return kind(**{name: deepcopy(value) for name, value in parameters.items() if name in known})


def _by_position(monotonic_cst, estimator):
    """One sign for each feature, from a dict by name."""
    return [monotonic_cst.get(name, 0) for name in estimator.feature_names_in_]


def _copy_attributes(source, target, names):
    for name in names:
        if hasattr(source, name):
            setattr(target, name, deepcopy(getattr(source, name)))


# -- structure -------------------------------------------------------------------------------------------------------


def _converted_structure(structure):
    """scikit-learn's compiled Tree, from the arrays of a TreeStructure.

    Thresholds stay what they are: scikit-learn, too, compares with them in float64.
    """
    n_classes = np.asarray(structure.n_classes, np.intp)
    tree = sklearn.tree._tree.Tree(structure.n_features, n_classes, structure.n_outputs)
    tree.__setstate__(
        {
            "max_depth": structure.max_depth,
            "node_count": structure.node_count,
            "nodes": _nodes(structure, sklearn.tree._tree.NODE_DTYPE),
            "values": np.array(structure.value, np.float64, order="C"),
        }
    )
    return tree


def _nodes(structure, dtype):
    nodes = np.zeros(structure.node_count, dtype)
    is_leaf = structure.children_left < 0
    nodes["left_child"] = structure.children_left
    nodes["right_child"] = structure.children_right
    nodes["feature"] = np.where(is_leaf, NO_FEATURE, structure.feature)
    nodes["threshold"] = np.where(is_leaf, float(NO_FEATURE), structure.threshold)
    nodes["impurity"] = structure.impurity
    nodes["n_node_samples"] = structure.n_node_samples
    nodes["weighted_n_node_samples"] = structure.weighted_n_node_samples
    nodes["missing_go_to_left"] = np.where(is_leaf, 0, structure.missing_go_to_left)
    return nodes
