"""from_catboost: models of CatBoost, from their JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from skensemble.imported._catboost_splits import Splits, number
from skensemble.imported._foreign_columns import ForeignColumns
from skensemble.imported._foreign_nodes import ForeignNodes
from skensemble.imported._imported_model import ImportedClassifier, ImportedRanker, ImportedRegressor, imported
from skensemble.tree.trees._marks import NO_CHILD

if TYPE_CHECKING:
    from skensemble._types import Any

_LARGEST_DEPTH, _MOST_OUTPUTS = 16, 1 << 16
MISSING_LEFT = {"AsFalse": True, "AsIs": True, "AsTrue": False}  # whether NaN is not above a border
LOSSES = {  # name -> (kind of model, response)
    **dict.fromkeys(
        ("RMSE", "MAE", "Quantile", "MAPE", "Lq", "Huber", "Expectile", "LogCosh", "MultiRMSE", "MultiQuantile"),
        (ImportedRegressor, "identity"),
    ),
    **dict.fromkeys(("Poisson", "Tweedie"), (ImportedRegressor, "log")),
    **dict.fromkeys(("Logloss", "CrossEntropy"), (ImportedClassifier, "two classes")),
    "MultiClass": (ImportedClassifier, "softmax"),
    "MultiClassOneVsAll": (ImportedClassifier, "logit"),
    **dict.fromkeys(
        ("YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "QueryRMSE", "QuerySoftMax", "LambdaMart"),
        (ImportedRanker, "identity"),
    ),
}
LONGEST_PATH = 1024  # of characters; a longer text is none


def from_catboost(model: Any, *, pool: Any = None) -> Any:
    """Import a model of CatBoost: it predicts what CatBoost predicts, by the kernels of this package.

    Parameters
    ----------
    model : path-like, str, dict or object
        The path of a file that CatBoost saved with `format="json"`, its text, what it holds as a dict, or a fitted
        CatBoostRegressor, CatBoostClassifier or CatBoostRanker.
    pool : object or None, default=None
        For a fitted object with columns of categories: the `catboost.Pool` of its training rows, or of rows that have
        all their categories. CatBoost itself keeps only hashes of them. A file is to be saved with the pool.

    Returns
    -------
    predictor : ImportedRegressor, ImportedClassifier or ImportedRanker
        With `predict`, of classifiers `predict_proba` and `decision_function`, `apply`, `shap_values`; works with
        `skensemble.inspection.explain`. Predictions are CatBoost's to the rounding of sums.

    Raises
    ------
    ValueError
        If the file is damaged, has an unknown loss, columns of text or embeddings, statistics of combinations of
        columns (`max_ctr_complexity=1` makes none), or categories whose text is not there.

    Notes
    -----
    Cells are rounded to float32, as CatBoost does. Symmetric trees keep their order of splits, on which path-dependent
    explanations depend; these weigh by CatBoost's weights of leaves. A column of categories stays one column, whether
    CatBoost asks for one category or for statistics of the target. Missing cells of it, which CatBoost refuses, go
    where unknown categories go.

    Examples
    --------
    Of what a file in CatBoost's JSON holds, here a single tree with a single split:

    >>> import numpy as np
    >>> from skensemble import from_catboost
    >>> column = {"flat_feature_index": 0, "feature_index": 0, "borders": [0.5], "nan_value_treatment": "AsIs"}
    >>> split = {"split_type": "FloatFeature", "float_feature_index": 0, "border": 0.5}
    >>> predictor = from_catboost(
    ...     {
    ...         "model_info": {"params": {"loss_function": {"type": "RMSE"}}},
    ...         "features_info": {"float_features": [column]},
    ...         "oblivious_trees": [{"splits": [split], "leaf_values": [1.0, 2.0], "leaf_weights": [60, 40]}],
    ...         "scale_and_bias": [1.0, [0.0]],
    ...     }
    ... )
    >>> predictor.predict(np.array([[0.0], [1.0]]))
    array([1., 2.])
    """
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused where it must not be
            return _imported(_document_of(model, pool))
    except (ValueError, KeyError, IndexError, OverflowError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, _NotAModel):
            raise TypeError(str(error)) from None
        raise ValueError(f"model must be a model of CatBoost that can be imported: {error}.") from error


class _NotAModel(TypeError):
    pass


def _document_of(model, pool):
    if isinstance(model, dict):
        return model
    if isinstance(model, str) and (model.lstrip().startswith("{") or len(model) > LONGEST_PATH):
        return json.loads(model)
    if isinstance(model, (str, os.PathLike)):
        return json.loads(Path(model).read_bytes())
    if not (hasattr(model, "save_model") and hasattr(model, "tree_count_")):
        raise _NotAModel(
            f"model must be a path, a text, a dict or a fitted model of CatBoost, got {type(model).__name__}."
        )
    with TemporaryDirectory() as folder:
        model.save_model(str(Path(folder) / "model.json"), format="json", pool=pool)
        return json.loads((Path(folder) / "model.json").read_bytes())


def _imported(document):
    features = document["features_info"]
    others = [name for name in ("text_features", "embedding_features") if features.get(name)]
    if others:
        raise ValueError(f"{others[0].replace('_', ' ')} cannot be read")
    splits = Splits(features, document.get("ctr_data", {}))
    info = document["model_info"]
    params = info["params"]
    params = json.loads(params) if isinstance(params, str) else params
    loss = params["loss_function"]["type"]
    if loss not in LOSSES:
        raise ValueError(f"the loss {str(loss)[:40]!r} is not known")
    kind, response = LOSSES[loss]
    scale, bias = document["scale_and_bias"]
    bias = np.atleast_1d(np.asarray(bias, np.float64))
    trees = [_symmetric(tree, splits) for tree in document.get("oblivious_trees", ())]
    trees += [_nested(tree, splits) for tree in document.get("trees", ())]
    if not trees or bias.ndim != 1 or not 1 <= len(bias) <= _MOST_OUTPUTS or not np.isfinite(bias).all():
        raise ValueError("there must be trees, and scale_and_bias must hold a number, and one for each output")
    categories = splits.categories()
    nodes = _nodes(trees, _missing_left(features, splits), len(bias), number(scale))
    nodes.sets = _sets(trees, splits, categories)
    nodes.symmetric = np.full(len(trees), "oblivious_trees" in document and "trees" not in document)
    names = splits.names()
    columns = ForeignColumns(splits.n_columns, single=True, categories=categories)
    return imported(
        kind, nodes.trees(splits.n_columns, len(bias)), columns, bias, response=response,
        names=names if all(names) else None, classes=_classes(info, kind, len(bias)),
    )  # fmt: skip


def _missing_left(features, splits):
    """(n_columns,) whether missing cells go left, of numbers"""
    missing_left = np.zeros(splits.n_columns, bool)
    for column in features.get("float_features", ()):
        treatment = column["nan_value_treatment"]
        if treatment not in MISSING_LEFT:
            raise ValueError(f"nan_value_treatment must be one of {sorted(MISSING_LEFT)}")
        missing_left[column["flat_feature_index"]] = MISSING_LEFT[treatment]
    return missing_left


def _sets(trees, splits, categories):
    """{node: bool by code} of the splits of categories."""
    sets, known = {}, {}
    for node, asked in enumerate(asked for tree in trees for asked in tree[2]):
        if asked is not None and isinstance(asked[1], tuple):
            if asked not in known:
                known[asked] = splits.left_set(categories[asked[0]], asked[1])
            sets[node] = known[asked]
    return sets


def _classes(info, kind, n_outputs):
    if kind is not ImportedClassifier:
        return None
    names = info.get("class_params", {}).get("class_names")
    labels = np.array(names) if names else np.arange(max(2, n_outputs))  # probabilities as targets have no labels
    if labels.ndim != 1 or len(labels) != max(2, n_outputs):
        raise ValueError(f"class_names must be a label for each of {max(2, n_outputs)} classes")
    return labels


# -- trees -----------------------------------------------------------------------------------------------------------
# A tree is lists over its nodes: left, right, what `Splits.read` returns or None, values or None, weight.


def _symmetric(tree, reader):
    """The nodes level by level; CatBoost's root is the last of the splits."""
    splits = [reader.read(split) for split in reversed(tree.get("splits") or ())]
    if len(splits) > _LARGEST_DEPTH:
        raise ValueError(f"a symmetric tree must have at most {_LARGEST_DEPTH} splits, got {len(splits)}")
    n_leaves, values, weights = 1 << len(splits), tree["leaf_values"], tree["leaf_weights"]
    if len(values) % n_leaves or len(weights) != n_leaves:
        raise ValueError("leaf_values and leaf_weights must fit the splits")
    width = len(values) // n_leaves
    n_inner = n_leaves - 1
    left = [2 * node + 1 for node in range(n_inner)] + [NO_CHILD] * n_leaves
    right = [2 * node + 2 for node in range(n_inner)] + [NO_CHILD] * n_leaves
    asked = [splits[(node + 1).bit_length() - 1] for node in range(n_inner)] + [None] * n_leaves
    of_leaves = [values[k * width : (k + 1) * width] for k in range(n_leaves)]
    return left, right, asked, [None] * n_inner + of_leaves, [0] * n_inner + list(weights)


def _nested(tree, reader):
    """The nodes of a tree that is a dict, in the order in which they are met."""
    left, right, asked, values, weights = [], [], [], [], []
    waiting = [(tree, None, None)]
    while waiting:
        entry, parent, side = waiting.pop()
        if parent is not None:
            side[parent] = len(left)
        node = len(left)
        left.append(NO_CHILD)
        right.append(NO_CHILD)
        is_split = "split" in entry
        asked.append(reader.read(entry["split"]) if is_split else None)
        values.append(None if is_split else entry["value"] if isinstance(entry["value"], list) else [entry["value"]])
        weights.append(0 if is_split else entry["weight"])
        if is_split:
            waiting += [(entry["right"], node, right), (entry["left"], node, left)]
    return left, right, asked, values, weights


def _nodes(trees, missing_left, n_outputs, scale):
    """ForeignNodes of all trees."""
    sizes = np.array([len(tree[0]) for tree in trees], np.int64)
    roots = np.cumsum(sizes) - sizes
    left, right = (np.concatenate([np.array(tree[side], np.int64) for tree in trees]) for side in (0, 1))
    shift, is_leaf = np.repeat(roots, sizes), left == NO_CHILD
    asked = [entry for tree in trees for entry in tree[2]]
    feature = np.array([0 if entry is None else entry[0] for entry in asked], np.int64)
    borders = [entry[1] if entry is not None and isinstance(entry[1], float) else 0.0 for entry in asked]
    values = np.zeros((len(left), n_outputs))
    for node, own in enumerate(own for tree in trees for own in tree[3]):
        if own is not None:
            if len(own) != n_outputs:
                raise ValueError(f"a leaf must have {n_outputs} values, got {len(own)}")
            values[node] = [number(x) * scale for x in own]
    weight = np.array([number(x) for tree in trees for x in tree[4]])
    for node in np.flatnonzero(~is_leaf)[::-1].tolist():  # children have larger numbers
        weight[node] = weight[left[node] + shift[node]] + weight[right[node] + shift[node]]
    return ForeignNodes(
        roots, np.where(is_leaf, NO_CHILD, left + shift), np.where(is_leaf, NO_CHILD, right + shift), feature,
        np.array(borders), missing_left[feature], values, weight,
    )  # fmt: skip
