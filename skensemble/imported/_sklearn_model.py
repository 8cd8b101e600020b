"""from_sklearn: trees, forests and boosters of scikit-learn, from the arrays of fitted estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skensemble.imported._foreign_columns import ForeignCategories, ForeignColumns
from skensemble.imported._foreign_nodes import ForeignNodes
from skensemble.imported._imported_model import ImportedClassifier, ImportedRegressor, imported
from skensemble.tree.trees._marks import NO_CHILD

if TYPE_CHECKING:
    from skensemble._types import Any

TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
BOOSTERS = ("GradientBoostingClassifier", "GradientBoostingRegressor")
HISTOGRAM_BOOSTERS = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
_RESPONSES = {"log_loss": "two classes", "exponential": "two classes", "poisson": "log", "gamma": "log"}


def from_sklearn(model: Any) -> Any:
    """Import a tree, a forest or a booster of scikit-learn: it predicts the same, by the kernels of this package.

    Parameters
    ----------
    model : estimator of scikit-learn
        A fitted decision tree, extra tree, random forest, forest of extra trees, GradientBoosting or
        HistGradientBoosting, for classes or numbers.

    Returns
    -------
    predictor : ImportedRegressor or ImportedClassifier
        With `predict`, of classifiers `predict_proba` and `decision_function`, `apply`, `shap_values`; works with
        `skensemble.inspection.explain`.

    Raises
    ------
    ValueError
        If a classifier has several outputs, or boosting started from the predictions of an estimator.
    TypeError
        If scikit-learn's estimator is of another kind.

    Notes
    -----
    Numbers are rounded to float32 where scikit-learn rounds them: everywhere but in HistGradientBoosting.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> import skensemble
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = HistGradientBoostingRegressor(max_iter=10, random_state=0).fit(X, y)
    >>> predictor = skensemble.from_sklearn(model)
    >>> bool((predictor.predict(X) == model.predict(X)).all())
    True
    """
    for ancestor in type(model).__mro__:
        if ancestor.__module__.startswith("sklearn.") and ancestor.__name__ in _READERS:
            check_is_fitted(model)
            return _READERS[ancestor.__name__](model)
    raise TypeError(f"model must be a tree, forest or booster of scikit-learn, got {type(model).__name__}.")


def _fitted(model, trees, columns, baseline, **how):
    if is_classifier(model):
        how["classes"] = model.classes_
    names = getattr(model, "feature_names_in_", None)
    kind = ImportedClassifier if is_classifier(model) else ImportedRegressor
    return imported(kind, trees, columns, baseline, names=names, **how)


# -- trees, forests, gradient boosting -------------------------------------------------------------------------------


def _nodes(structures, n_values, output=None):
    """ForeignNodes of the `tree_` of several trees."""
    sizes = np.array([tree.node_count for tree in structures], np.int64)
    roots = np.cumsum(sizes) - sizes

    def joined(name):
        return np.concatenate([getattr(tree, name) for tree in structures])

    left, right, shift = joined("children_left"), joined("children_right"), np.repeat(roots, sizes)
    is_leaf = left == NO_CHILD
    return ForeignNodes(
        roots, np.where(is_leaf, NO_CHILD, left + shift), np.where(is_leaf, NO_CHILD, right + shift), joined("feature"),
        joined("threshold"), joined("missing_go_to_left").astype(bool), joined("value").reshape(-1, n_values),
        joined("weighted_n_node_samples"), output=output,
    )  # fmt: skip


def _from_trees(model):
    """A tree, or a forest: the mean of its trees."""
    if is_classifier(model) and model.n_outputs_ > 1:
        raise ValueError(f"model must have one output of classes, got {model.n_outputs_} outputs.")
    structures = [member.tree_ for member in getattr(model, "estimators_", [model])]
    n_values = len(model.classes_) if is_classifier(model) else model.n_outputs_
    trees = _nodes(structures, n_values).trees(model.n_features_in_, n_values)
    columns = ForeignColumns(model.n_features_in_, single=True)
    return _fitted(model, trees, columns, np.zeros(n_values), divisor=float(len(structures)))


def _from_boosting(model):
    n_outputs = model.n_trees_per_iteration_
    structures = [member.tree_ for member in model.estimators_.ravel()]
    if isinstance(model.init_, str) or type(model.init_).__name__ in ("DummyClassifier", "DummyRegressor"):
        baseline = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))[0]
    else:
        raise ValueError(f"init must be None or 'zero' in a model to import, got {model.init!r}.")
    output = np.arange(len(structures)) % n_outputs
    trees = _nodes(structures, 1, output).trees(model.n_features_in_, n_outputs)
    response = "identity" if not is_classifier(model) else "softmax" if n_outputs > 1 else "two classes"
    return _fitted(
        model, trees, ForeignColumns(model.n_features_in_, single=True), baseline, response=response,
        slope=2.0 if model.loss == "exponential" else 1.0, multiplier=np.full(len(structures), model.learning_rate),
    )  # fmt: skip


# -- histogram gradient boosting -------------------------------------------------------------------------------------


def _from_histogram_boosting(model):
    n_outputs, n_features = model.n_trees_per_iteration_, model.n_features_in_
    predictors = [predictor for predictors in model._predictors for predictor in predictors]
    nodes = np.concatenate([predictor.nodes for predictor in predictors])
    sizes = np.array([len(predictor.nodes) for predictor in predictors], np.int64)
    roots = np.cumsum(sizes) - sizes
    shift, is_leaf = np.repeat(roots, sizes), nodes["is_leaf"].astype(bool)
    is_categorical = np.zeros(n_features, bool) if model.is_categorical_ is None else model.is_categorical_
    order = np.concatenate((np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)))
    feature = order[nodes["feature_idx"]]
    categories, sets = _categories(model, predictors, roots, feature)
    foreign = ForeignNodes(
        roots, np.where(is_leaf, NO_CHILD, nodes["left"].astype(np.int64) + shift),
        np.where(is_leaf, NO_CHILD, nodes["right"].astype(np.int64) + shift), feature, nodes["num_threshold"],
        nodes["missing_go_to_left"].astype(bool), np.where(is_leaf, nodes["value"], 0.0)[:, None],
        nodes["count"].astype(np.float64), np.where(is_leaf, 0.0, nodes["gain"]),
        np.arange(len(predictors)) % n_outputs, sets=sets,
    )  # fmt: skip
    response = "softmax" if n_outputs > 1 else _RESPONSES.get(model.loss, "identity")
    columns = ForeignColumns(n_features, categories=categories)
    trees = foreign.trees(n_features, n_outputs)
    return _fitted(model, trees, columns, model._baseline_prediction.ravel(), response=response)


def _categories(model, predictors, roots, feature):
    """({column: ForeignCategories}, {node: bool by code}): unknown categories are missing."""
    if model.is_categorical_ is None:
        return {}, {}
    known = model._preprocessor.named_transformers_["encoder"].categories_
    columns = {}
    for j, values in zip(np.flatnonzero(model.is_categorical_).tolist(), known):
        names = [value for value in values.tolist() if value is not None and value == value]  # NaN is missing
        columns[j] = ForeignCategories(np.arange(len(names)), 1, np.nan, names, by_value=True)
    sets = {}
    for root, predictor in zip(roots.tolist(), predictors):
        for node in np.flatnonzero(predictor.nodes["is_categorical"]).tolist():
            words = predictor.raw_left_cat_bitsets[predictor.nodes["bitset_idx"][node]].astype("<u4")
            goes_left = np.unpackbits(words.view(np.uint8), bitorder="little").astype(bool)
            column = columns[int(feature[root + node])]
            missing_left = bool(predictor.nodes["missing_go_to_left"][node])
            sets[root + node] = column.left_set(goes_left[: len(column.listed)], False, missing_left)
    return columns, sets


_READERS = {
    **dict.fromkeys((*TREES, *FORESTS), _from_trees),
    **dict.fromkeys(BOOSTERS, _from_boosting),
    **dict.fromkeys(HISTOGRAM_BOOSTERS, _from_histogram_boosting),
}
