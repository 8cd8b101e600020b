"""Features by label, by position or by a mask, as parameters name them."""

from collections.abc import Hashable

import numpy as np

from skensemble._parameters import CATEGORICAL_FEATURES, ParameterError, check_parameter, is_number
from skensemble._text_columns import warn_of_levels

FROM_DTYPE = "from_dtype"


class Position(int):
    """A number that is the position of a feature, whatever labels the columns have."""


def feature_positions(features, table, parameter):
    """Positions of the features that a list of labels, a list of positions or a boolean mask speaks of.

    Numbers are labels if the columns have labels that are not strings, else positions.

    table : anything with `n_features` and `labels`
    parameter : name of the parameter, for messages
    """
    features = _as_list(features, parameter)
    if features and all(isinstance(feature, (bool, np.bool_)) for feature in features):
        return _masked_positions(features, table, parameter)
    return [_feature_position(feature, table, parameter) for feature in features]


def _as_list(features, parameter):
    if isinstance(features, (list, tuple)):
        return list(features)
    if isinstance(features, str) or np.ndim(features) != 1:
        raise ParameterError(f"{parameter} must be a list of column names or positions, or a mask, got {features!r}.")
    return np.asarray(features).tolist()


def _masked_positions(mask, table, parameter):
    if len(mask) != table.n_features:
        raise ParameterError(f"{parameter} must have one bool per feature ({table.n_features}), got {len(mask)}.")
    return [j for j, is_in in enumerate(mask) if is_in]


def _feature_position(feature, table, parameter):
    if isinstance(feature, Position):
        return int(feature)
    labels = None if table.labels == list(range(table.n_features)) else table.labels
    if labels is None and isinstance(feature, str):
        raise ParameterError(f"{parameter} must hold positions: X has no column names, got {feature!r}.")
    if labels is not None and (isinstance(feature, str) or not are_names(labels)):
        return _labelled_position(feature, labels, parameter)
    if not is_number(feature, int) or not 0 <= feature < table.n_features:
        raise ParameterError(
            f"{parameter} must hold column names or positions in [0, {table.n_features - 1}], got {feature!r}."
        )
    return int(feature)


def _labelled_position(feature, labels, parameter):
    if not isinstance(feature, Hashable) or feature not in labels:
        noun = "names" if are_names(labels) else "labels"
        shown = "" if are_names(labels) else f" ({', '.join(map(repr, labels[:5]))}{', ...' * (len(labels) > 5)})"
        raise ParameterError(f"{parameter} must hold {noun} of columns of X{shown}, got {feature!r}.")
    if labels.count(feature) > 1:
        raise ParameterError(
            f"{parameter} must hold labels that one column has, got {feature!r} for {labels.count(feature)} columns: "
            "give each column a label of its own, or pass X.to_numpy() and positions."
        )
    return labels.index(feature)


def listed_categories(categorical_features, table):
    """(positions that a list of `categorical_features` names, whether it names those "from_dtype", too)."""
    features = _as_list(categorical_features, "categorical_features")
    is_from_dtype = FROM_DTYPE in features and FROM_DTYPE not in (table.labels or [])
    if is_from_dtype:
        features = [feature for feature in features if feature != FROM_DTYPE]
    return feature_positions(features, table, "categorical_features"), is_from_dtype


def categorical_mask(categorical_features, table):
    """Which features are categorical, (n_features,) bool: "from_dtype", None, or what `listed_categories` reads.

    Warns about columns that are categories by their dtype alone, and look like something else.
    """
    mask = np.zeros(table.n_features, bool)
    if categorical_features is None:
        return mask
    is_from_dtype = isinstance(categorical_features, str)
    if is_from_dtype:
        check_parameter("categorical_features", categorical_features, CATEGORICAL_FEATURES)
    else:
        listed, is_from_dtype = listed_categories(categorical_features, table)
        mask[listed] = True
    if is_from_dtype:
        for j in np.flatnonzero(~mask):
            column = table.category_column(j)
            if column is not None:
                mask[j] = True
                is_text = not column.is_ordered_by_dtype
                warn_of_levels(column.codes, column.categories, table.name_of(j), is_text)
    return mask


def are_names(labels):
    """Whether all labels of columns are strings."""
    return all(isinstance(label, str) for label in labels)
