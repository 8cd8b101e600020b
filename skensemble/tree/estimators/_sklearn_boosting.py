"""From our boosters to scikit-learn's HistGradientBoosting, with the same predictions of all cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import sklearn

from skensemble.tree.trees._scalar_trees import scalar_trees

if TYPE_CHECKING:
    from skensemble._types import Any

MOST_LEVELS = 255  # sets of levels are 256 bits
LOSSES = {"identity": "squared_error", "log": "poisson"}  # of regressors, by their link


class ConvertibleBooster:
    """What boosters of trees share: scikit-learn's boosters with the same predictions."""

    def to_sklearn(self) -> Any:
        """Convert the model to a fitted booster of scikit-learn, for tools that need one.

        Returns
        -------
        estimator : HistGradientBoostingClassifier or HistGradientBoostingRegressor
            With the same predictions, of missing cells, infinities and categories, too. Of a loss of half-log-odds
            its decision function is the double of this model's. It has the trees, the labels and the loss of this
            model, and no other parameter of it.

        Raises
        ------
        ValueError
            If scikit-learn cannot hold the model: several targets, more than 255 categories in a column that is split,
            rare ones that go elsewhere than missing cells, linear leaves, or a start from another estimator.

        Notes
        -----
        The library shap reads splits of categories of this class as if they were of numbers;
        `skensemble.inspection.explain` explains them, and `to_shap()` of its result makes pictures by shap.
        """
        return to_histogram_boosting(self)


def to_histogram_boosting(model):
    """A fitted HistGradientBoostingClassifier or -Regressor that predicts what `model`, a booster, predicts."""
    parts = scalar_trees(model).divided()
    _check(parts)
    converted = _without_trees(parts)
    places = _places_of_levels(converted, parts)
    order = np.argsort(np.argsort([known is None for known in parts.levels], kind="stable"), kind="stable")
    rounds = parts.in_rounds()
    converted._predictors = [[_predictor(tree, order, places) for tree in trees] for trees in rounds]
    converted._baseline_prediction = parts.baseline.reshape(1, -1).copy()
    return converted.set_params(max_iter=len(rounds))


def _check(parts):
    if parts.classes is None and parts.n_outputs > 1:
        raise ValueError(
            "scikit-learn's HistGradientBoosting predicts one number, or the classes of one target, but this model has "
            f"{parts.n_outputs} outputs."
        )
    parts.refuse_lines("scikit-learn's HistGradientBoosting")
    parts.check_response(
        "scikit-learn's HistGradientBoosting", LOSSES if parts.classes is None else ("logit", "softmax")
    )
    split = parts.columns_of_levels()
    many = [j for j in split if len(parts.levels[j]) > MOST_LEVELS]
    parts.refuse_columns(
        many, f"scikit-learn's HistGradientBoosting splits {MOST_LEVELS} categories at most, but there are more in"
    )
    parts.refuse_columns(
        parts.columns_of_joined_levels(),
        "scikit-learn sends unknown categories where missing cells go, but this model sends them with rare ones, "
        "unless it is fitted with min_frequency=None, in",
    )


def _without_trees(parts):
    """An estimator fitted to a table that has all levels and labels and teaches nothing."""
    levels = [known if known and len(known) <= MOST_LEVELS else [0.0] for known in parts.levels]
    labels = [0.0, 1.0] if parts.classes is None else parts.classes
    n_rows = max(len(labels), *map(len, levels))
    table = pd.DataFrame({j: _repeated(known, n_rows) for j, known in enumerate(levels)})
    if parts.names is not None:
        table.columns = parts.names
    elif len(set(table.dtypes)) == 1 or not any(dtype.kind == "O" for dtype in table.dtypes):
        table = table.to_numpy()
    is_set = np.array([known is not None for known in parts.levels])
    how = {"max_iter": 1, "early_stopping": False, "categorical_features": is_set if is_set.any() else None}
    if parts.classes is None:
        estimator = sklearn.ensemble.HistGradientBoostingRegressor(loss=LOSSES[parts.link], **how)
    else:
        estimator = sklearn.ensemble.HistGradientBoostingClassifier(**how)
    return estimator.fit(table, np.resize(labels, n_rows))


def _repeated(values, n_rows):
    values = pd.Series(values)
    return values.iloc[np.arange(n_rows) % len(values)].reset_index(drop=True)


def _places_of_levels(converted, parts):
    """{column: the number that scikit-learn gives to each of our levels}"""
    if converted.is_categorical_ is None:
        return {}
    known = converted._preprocessor.named_transformers_["encoder"].categories_
    columns = np.flatnonzero(converted.is_categorical_).tolist()
    numbers = {j: {level: k for k, level in enumerate(values.tolist())} for j, values in zip(columns, known)}
    return {
        j: np.array([of_level[level] for level in parts.levels[j]])
        for j, of_level in numbers.items()
        if j in parts.columns_of_levels()
    }


def _predictor(tree, order, places):
    """A TreePredictor; `order` has the place of each column behind scikit-learn's encoder."""
    is_leaf = tree.is_leaf
    boosting = sklearn.ensemble._hist_gradient_boosting
    nodes = np.zeros(len(is_leaf), boosting.common.PREDICTOR_RECORD_DTYPE)
    nodes["value"], nodes["count"], nodes["is_leaf"] = tree.value, _counts(tree), is_leaf
    nodes["left"], nodes["right"] = np.where(is_leaf, 0, tree.left), np.where(is_leaf, 0, tree.right)
    nodes["feature_idx"] = np.where(is_leaf, 0, order[tree.feature])
    nodes["num_threshold"] = np.where(np.isnan(tree.threshold), 0.0, tree.threshold)
    nodes["missing_go_to_left"] = np.where(is_leaf, False, tree.missing_left)
    nodes["gain"] = np.where(is_leaf, -1.0, tree.gain)
    for node in np.flatnonzero(~is_leaf):  # parents come first
        nodes["depth"][[tree.left[node], tree.right[node]]] = nodes["depth"][node] + 1
    words = np.zeros((len(tree.sets), 8), np.uint32)
    for number, (node, levels) in enumerate(tree.sets.items()):
        bits = np.zeros(256, bool)
        bits[places[int(tree.feature[node])]] = levels.goes_left
        words[number] = np.packbits(bits, bitorder="little").view("<u4")
        nodes["is_categorical"][node], nodes["bitset_idx"][node] = True, number
    return boosting.predictor.TreePredictor(nodes, words, words)


def _counts(tree):
    """Numbers of training samples; at least 1 in a leaf, for the library shap asks for weights above 0."""
    counts = np.maximum(tree.count, 1)
    for node in np.flatnonzero(~tree.is_leaf)[::-1]:
        counts[node] = counts[tree.left[node]] + counts[tree.right[node]]
    return counts
