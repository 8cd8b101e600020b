"""from_xgboost: models of XGBoost, from their JSON or Universal Binary JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from skensemble._parameters import IsBool, IsNone, check_parameter
from skensemble.imported._foreign_columns import ForeignCategories, ForeignColumns, check_room
from skensemble.imported._foreign_nodes import ForeignNodes
from skensemble.imported._imported_model import ImportedClassifier, ImportedRanker, ImportedRegressor, imported
from skensemble.imported._universal_binary_json import read_universal_binary_json
from skensemble.tree.trees._marks import NO_CHILD

if TYPE_CHECKING:
    from skensemble._types import Any

_LARGEST_CATEGORY = 1 << 24
_LARGEST_WHOLE = 1 << 53  # that floats hold
_UNLISTED = 1  # code of the categories that no split lists, which go left
OBJECTIVES = {  # name -> (kind of model, response, function from the base score to a raw prediction)
    **dict.fromkeys(
        (
            "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
            "reg:quantileerror",
        ),
        (ImportedRegressor, "identity", np.float64),
    ),
    "reg:logistic": (ImportedRegressor, "logit", logit),
    "binary:logitraw": (ImportedRegressor, "identity", logit),
    "binary:hinge": (ImportedRegressor, "sign", np.float64),
    **dict.fromkeys(
        ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"),
        (ImportedRegressor, "log", np.log),
    ),
    "binary:logistic": (ImportedClassifier, "two classes", logit),
    **dict.fromkeys(("multi:softprob", "multi:softmax"), (ImportedClassifier, "softmax", np.float64)),
    **dict.fromkeys(("rank:ndcg", "rank:map", "rank:pairwise"), (ImportedRanker, "identity", np.float64)),
}  # fmt: skip


def from_xgboost(model: Any, *, best_iteration: bool | None = None) -> Any:
    """Import a model of XGBoost: it predicts what XGBoost predicts, by the kernels of this package.

    Parameters
    ----------
    model : path-like, str, bytes, dict or object
        The path of a file in JSON or UBJ, what such a file holds, also as a dict, a Booster, or a fitted XGBRegressor,
        XGBClassifier or XGBRanker. Objects are read by the bytes that they write.
    best_iteration : bool or None, default=None
        Whether to leave out the rounds after the best one of early stopping. None: as XGBoost predicts, True for its
        estimators and False for files and Boosters.

    Returns
    -------
    predictor : ImportedRegressor, ImportedClassifier or ImportedRanker
        With `predict`, of classifiers `predict_proba` and `decision_function`, `apply`, `shap_values`; works with
        `skensemble.inspection.explain`. Predictions are XGBoost's to the rounding of its float32 sums.

    Raises
    ------
    ValueError
        If the file is damaged, or the model is linear or has an unknown objective.

    Notes
    -----
    Numbers are rounded to float32 as XGBoost does. Categories are matched by name where the model has their names
    (since XGBoost 3.1). A model holds sums of hessians and no numbers of samples: explanations weigh by these, as
    XGBoost's do.

    Examples
    --------
    Of a file in XGBoost's format, here one that `export_model` writes:

    >>> import tempfile
    >>> import numpy as np
    >>> import skensemble
    >>> X = np.linspace(0.0, 1.0, 100).reshape(-1, 1)
    >>> y = X[:, 0] > 0.5
    >>> model = skensemble.NewtonBoostingClassifier(n_estimators=3, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skensemble.export_model(model, f"{folder}/model.json", to="xgboost")
    ...     predictor = skensemble.from_xgboost(f"{folder}/model.json")
    >>> predictor.predict_proba(X).shape
    (100, 2)
    """
    check_parameter("best_iteration", best_iteration, (IsBool, IsNone))
    data, wants_best, missing = _data_of(model)
    try:
        document = data if isinstance(data, dict) else _parsed(data)
        with np.errstate(over="ignore"):  # what is infinite as float32 is refused where it must not be
            return _imported(document, wants_best if best_iteration is None else best_iteration, missing)
    except (ValueError, KeyError, IndexError, OverflowError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"model must be a model of XGBoost that can be imported: {error}.") from error


def _data_of(model):
    """(bytes or dict, whether XGBoost predicts by the best iteration, the number that means missing)"""
    if isinstance(model, dict):
        return model, False, np.nan
    if isinstance(model, (bytes, bytearray)):
        return bytes(model), False, np.nan
    if isinstance(model, str) and model.lstrip().startswith("{"):
        return model.encode(), False, np.nan
    if isinstance(model, (str, os.PathLike)):
        return Path(model).read_bytes(), False, np.nan
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    if not hasattr(booster, "save_raw"):
        raise TypeError(f"model must be a path, bytes or a fitted model of XGBoost, got {type(model).__name__}.")
    missing = getattr(model, "missing", np.nan)
    return bytes(booster.save_raw("ubj")), booster is not model, np.nan if missing is None else float(missing)


def _parsed(data):
    if data[:1] != b"{":
        raise ValueError("the file must hold JSON or UBJ; let XGBoost save it as such")
    return json.loads(data) if data[1:].lstrip()[:1] in (b'"', b"}") else read_universal_binary_json(data)


def _array(section, name, kind, length=None):
    """An array of int64 or float64 of a section."""
    values = np.asarray(section[name])
    if values.size == 0:
        values = np.zeros(0, kind)
    if values.ndim != 1 or values.dtype.kind not in "iufb" or (length is not None and len(values) != length):
        raise ValueError(f"{name} must be a list of {'' if length is None else length} numbers")
    if (
        kind is np.int64
        and values.dtype.kind == "f"
        and not (np.array_equal(values, np.trunc(values)) and (np.abs(values) < _LARGEST_WHOLE).all())
    ):
        raise ValueError(f"{name} must hold whole numbers")
    return values.astype(kind)


# -- trees -----------------------------------------------------------------------------------------------------------


class _Trees:
    """All trees as arrays over their nodes."""

    def __init__(self, sections):
        parts = [_read_tree(section) for section in sections]
        sizes = np.array([len(part["left"]) for part in parts], np.int64)
        self.roots = np.cumsum(sizes) - sizes
        if len({part["values"].shape[1] for part in parts}) > 1:
            raise ValueError("all leaves must hold the same number of values")
        for name in parts[0]:
            setattr(self, name, np.concatenate([part[name] for part in parts]))
        self.is_split = self.left != NO_CHILD
        shift = np.repeat(self.roots, sizes)
        for child in (self.left, self.right):
            child[self.is_split] += shift[self.is_split]
        self.listed = {}  # node -> numbers of the categories that go right
        for root, section in zip(self.roots.tolist(), sections):
            self.listed |= {root + node: listed for node, listed in _read_sets(section).items()}
        is_listed = np.zeros(len(self.left), bool)
        is_listed[list(self.listed)] = True
        if not np.array_equal(is_listed & self.is_split, (self.kind == 1) & self.is_split):
            raise ValueError("categories_nodes must be the nodes whose split_type is 1")


def _read_tree(section):
    left = _array(section, "left_children", np.int64)
    n_nodes = len(left)
    right, condition = (
        _array(section, "right_children", np.int64, n_nodes),
        _floats(section, "split_conditions", n_nodes),
    )
    if n_nodes == 0 or ((left < NO_CHILD) | (left >= n_nodes)).any():
        raise ValueError("left_children must be numbers of nodes")
    is_leaf = left == NO_CHILD
    if ((right < 0) | (right >= n_nodes))[~is_leaf].any():
        raise ValueError("right_children must be numbers of nodes")
    if (right != left + 1)[~is_leaf].any():
        raise ValueError("right_children must follow left_children, since XGBoost goes there")
    values = _leaf_values(section, condition, is_leaf, right)
    kind = _array(section, "split_type", np.int64, n_nodes) if "split_type" in section else np.zeros(n_nodes, np.int64)
    below = np.nextafter(condition.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
    return {
        "left": left,
        "right": np.where(is_leaf, NO_CHILD, right),
        "feature": _array(section, "split_indices", np.int64, n_nodes),
        "threshold": below,  # x < t of float32 numbers is x <= the one below t
        "missing_left": _array(section, "default_left", np.int64, n_nodes) != 0,
        "gain": np.nan_to_num(_floats(section, "loss_changes", n_nodes)),
        "values": values,
        "weight": _floats(section, "sum_hessian", n_nodes),
        "kind": kind,
    }


def _floats(section, name, length):
    return _array(section, name, np.float64, length)


def _leaf_values(section, condition, is_leaf, right):
    """(n_nodes, n_values); float32 as XGBoost keeps them, 0 at splits."""
    n_values = max(1, int(section["tree_param"]["size_leaf_vector"]))
    if n_values == 1:
        values = condition[:, None]
    elif "leaf_weights" in section:  # since 3.1, the right child of a leaf is its place among these
        weights = _array(section, "leaf_weights", np.float64)
        place = np.where(is_leaf, right, 0)
        if len(weights) % n_values or (place < 0).any() or (place >= len(weights) // n_values).any():
            raise ValueError("leaf_weights must hold the values of each leaf")
        values = weights.reshape(-1, n_values)[place]
    else:
        values = _floats(section, "base_weights", len(is_leaf) * n_values).reshape(-1, n_values)
    return np.where(is_leaf[:, None], values.astype(np.float32).astype(np.float64), 0.0)


def _read_sets(section):
    """{node: sorted numbers of the categories that go right}"""
    if not len(section.get("categories_nodes", ())):
        return {}
    nodes = _array(section, "categories_nodes", np.int64)
    listed = _array(section, "categories", np.int64)
    starts = _array(section, "categories_segments", np.int64, len(nodes))
    stops = starts + _array(section, "categories_sizes", np.int64, len(nodes))
    is_wrong = (starts < 0) | (stops < starts) | (stops > len(listed))
    if is_wrong.any() or (stops - starts).sum() > len(listed):
        raise ValueError("categories_segments and categories_sizes must lie inside categories, and not overlap")
    if ((nodes < 0) | (nodes >= len(section["left_children"]))).any() or len(np.unique(nodes)) < len(nodes):
        raise ValueError("categories_nodes must be different nodes")
    if ((listed < 0) | (listed >= _LARGEST_CATEGORY)).any():
        raise ValueError(f"categories must be in [0, {_LARGEST_CATEGORY})")
    return {node: np.unique(listed[i:j]) for node, i, j in zip(nodes.tolist(), starts.tolist(), stops.tolist())}


# -- the model -------------------------------------------------------------------------------------------------------


def _imported(document, wants_best, missing):
    learner = document["learner"]
    booster, parameters = learner["gradient_booster"], learner["learner_model_param"]
    multiplier = None
    if booster["name"] == "dart":
        multiplier, booster = _array(booster, "weight_drop", np.float64), booster["gbtree"]
    if booster["name"] != "gbtree":
        raise ValueError(f"the booster must be one of trees, got {str(booster['name'])[:40]!r}")
    n_features = int(parameters["num_feature"])
    n_outputs = max(1, int(parameters["num_class"]), int(parameters.get("num_target", 1)))
    name = learner["objective"]["name"]
    if name not in OBJECTIVES:
        raise ValueError(f"the objective {str(name)[:40]!r} is not known")
    kind, response, raw_of = OBJECTIVES[name]
    model = booster["model"]
    sections, output = model["trees"], _array(model, "tree_info", np.int64)
    _check_counts(sections, output, multiplier, n_features, n_outputs)
    if wants_best:
        n_trees = _n_best(learner, model)
        sections, output = sections[:n_trees], output[:n_trees]
        multiplier = None if multiplier is None else multiplier[:n_trees]
    trees = _Trees(sections)
    if trees.values.shape[1] == 1 and n_outputs > len(sections):
        raise ValueError(
            f"num_class and num_target must be at most {len(sections)}, one for each tree, got {n_outputs}"
        )
    categories, sets = _categories(trees, n_features, _names_of_categories(model, n_features))
    nodes = ForeignNodes(
        trees.roots, trees.left, trees.right, trees.feature, trees.threshold, trees.missing_left, trees.values,
        trees.weight, trees.gain, output if trees.values.shape[1] == 1 else None, sets=sets,
    )  # fmt: skip
    columns = ForeignColumns(n_features, single=True, missing=missing, categories=categories)
    names = learner.get("feature_names") or None
    if names is not None and (len(names) != n_features or not all(isinstance(text, str) for text in names)):
        raise ValueError(f"feature_names must be a list of {n_features} names")
    return imported(
        kind, nodes.trees(n_features, n_outputs), columns, _baseline(parameters, raw_of, n_outputs), response=response,
        names=names, classes=np.arange(max(2, n_outputs)) if kind is ImportedClassifier else None,
        multiplier=multiplier,
    )  # fmt: skip


def _check_counts(sections, output, multiplier, n_features, n_outputs):
    if not sections or len(output) != len(sections):
        raise ValueError("there must be trees, and tree_info must have an entry for each")
    if multiplier is not None and len(multiplier) != len(sections):
        raise ValueError("weight_drop must have an entry for each tree")
    if n_features < 1 or not 1 <= n_outputs <= 1 << 20:
        raise ValueError("num_feature must be >= 1, and num_class and num_target numbers of outputs")


def _n_best(learner, model):
    """Number of trees up to the best iteration; all of them if there was no early stopping."""
    best = learner.get("attributes", {}).get("best_iteration")
    if best is None:
        return len(model["trees"])
    stops = _array(model, "iteration_indptr", np.int64)
    n_trees = int(stops[int(best) + 1]) if 0 <= int(best) < len(stops) - 1 else 0
    if not 1 <= n_trees <= len(model["trees"]):
        raise ValueError("best_iteration must be one of the iterations in iteration_indptr")
    return n_trees


def _baseline(parameters, raw_of, n_outputs):
    """Raw prediction without trees; base scores are in units of the response."""
    scores = np.array([float(word) for word in str(parameters["base_score"]).strip("[]").split(",")])
    with np.errstate(all="ignore"):
        raw = raw_of(scores)
    if len(raw) not in (1, n_outputs) or not np.isfinite(raw).all():
        raise ValueError(f"base_score must be one number, or one for each of the {n_outputs} outputs, of finite scores")
    return np.broadcast_to(raw, n_outputs).copy()


def _names_of_categories(model, n_features):
    """{column: values of its categories}, of models that know them."""
    encodings = model.get("cats", {}).get("enc", [])
    if len(encodings) not in (0, n_features):
        raise ValueError(f"cats must have an entry for each of the {n_features} columns")
    names = {j: _values_of(encoding) for j, encoding in enumerate(encodings)}
    return {j: values for j, values in names.items() if values}


def _values_of(encoding):
    if "offsets" not in encoding:
        return _array(encoding, "values", np.int64).tolist()
    offsets, data = _array(encoding, "offsets", np.int64), _array(encoding, "values", np.int64)
    if len(offsets) and (offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != len(data)):
        raise ValueError("offsets of names of categories must ascend from 0 to the number of their bytes")
    text = (data & 255).astype(np.uint8).tobytes()
    return [text[i:j].decode("utf-8") for i, j in zip(offsets[:-1].tolist(), offsets[1:].tolist())]


def _categories(trees, n_features, names):
    """({column: ForeignCategories}, {node: bool by code}): what is listed goes right, all else left but for NaN."""
    listed = {j: [] for j in names}
    for node, numbers in trees.listed.items():
        listed.setdefault(int(trees.feature[node]), []).append(numbers)
    is_number = trees.is_split & (trees.kind == 0)
    if np.isin(trees.feature[is_number], list(listed)).any() or not all(0 <= j < n_features for j in listed):
        raise ValueError("split_indices must not be a column of numbers and of categories")
    columns = {
        j: ForeignCategories(
            np.unique(np.concatenate([np.zeros(0, np.int64), *parts])), _UNLISTED + 1, float(_UNLISTED),
            names.get(j), of_dtype=True,
        )
        for j, parts in listed.items()
    }  # fmt: skip
    sets = {}
    check_room(columns[int(trees.feature[node])] for node in trees.listed)
    for node, numbers in trees.listed.items():
        column = columns[int(trees.feature[node])]
        sets[node] = column.left_set(~np.isin(column.listed, numbers), True, bool(trees.missing_left[node]))
    return columns, sets
