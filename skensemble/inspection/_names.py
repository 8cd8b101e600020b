"""Names of features and classes in a drawn tree."""

from skensemble._parameters import IsArrayLike, IsNone, ParameterError, check_parameter


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
    if not hasattr(decision_tree, "classes_") or decision_tree.tree_.n_outputs > 1:
        return None
    names, n_classes = list(class_names), len(decision_tree.classes_)
    if len(names) != n_classes:
        raise ValueError(f"class_names must have one name per class ({n_classes}), got {len(names)}.")
    return names
