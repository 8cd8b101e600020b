"""Names of features and classes in a drawn tree."""

from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skensemble._parameters import IsArrayLike, IsNone, ParameterError, check_parameter


def check_decision_tree(decision_tree):
    """Raise unless `decision_tree` is a fitted estimator of one tree."""
    check_is_fitted(decision_tree)
    if not hasattr(decision_tree, "tree_"):
        raise TypeError(
            "decision_tree must be a fitted decision tree (of a forest: one of its estimators_), "
            f"got {type(decision_tree).__name__}."
        )


def read_feature_names(decision_tree, feature_names):
    """List of one str per feature: those given, else those of the frame in `fit`; None if there are neither."""
    check_parameter("feature_names", feature_names, (IsArrayLike, IsNone))
    if feature_names is None:
        feature_names = getattr(decision_tree, "feature_names_in_", None)
        return None if feature_names is None else list(feature_names)
    names, n_features = list(feature_names), decision_tree.n_features_in_
    if len(names) != n_features:
        raise ValueError(f"feature_names must have one name per feature ({n_features}), got {len(names)}.")
    if not all(isinstance(name, str) for name in names):
        raise ParameterError(f"feature_names must hold strings, got {names!r}.")
    return names


def read_class_names(decision_tree, class_names):
    """List of one name per class, or None where no single class can be named: regression, several outputs."""
    if not is_classifier(decision_tree) or decision_tree.tree_.n_outputs > 1:
        return None
    names, n_classes = list(class_names), len(decision_tree.classes_)
    if len(names) != n_classes:
        raise ValueError(f"class_names must have one name per class ({n_classes}), got {len(names)}.")
    return names
