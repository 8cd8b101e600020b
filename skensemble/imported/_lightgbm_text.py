"""from_lightgbm: models of LightGBM, from their text."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skensemble.imported._foreign_columns import ForeignCategories, ForeignColumns, check_room
from skensemble.imported._foreign_lines import line_through
from skensemble.imported._foreign_nodes import ForeignNodes
from skensemble.imported._imported_model import ImportedClassifier, ImportedRanker, ImportedRegressor, imported
from skensemble.tree.trees._marks import NO_CHILD

if TYPE_CHECKING:
    from skensemble._types import Any

_CATEGORICAL, _DEFAULT_LEFT = 1, 2  # bits of a decision type; the next two say what is missing
_NOTHING, _ZERO = 0, 1  # kinds of missing; the third one is NaN
OBJECTIVES = {  # name in the text -> (kind of model, response)
    **dict.fromkeys(
        ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "none", "custom", ""),
        (ImportedRegressor, "identity"),
    ),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), (ImportedRegressor, "log")),
    "cross_entropy": (ImportedRegressor, "logit"),
    "cross_entropy_lambda": (ImportedRegressor, "softplus"),
    "binary": (ImportedClassifier, "two classes"),
    "multiclass": (ImportedClassifier, "softmax"),
    "multiclassova": (ImportedClassifier, "logit"),
    **dict.fromkeys(("lambdarank", "rank_xendcg"), (ImportedRanker, "identity")),
}


def from_lightgbm(model: Any) -> Any:
    """Import a model of LightGBM: it predicts what LightGBM predicts, by the kernels of this package.

    Parameters
    ----------
    model : str, path-like or object
        The text of a model, the path of a file that holds it, a Booster, or a fitted LGBMRegressor, LGBMClassifier or
        LGBMRanker. Objects are read by the text that they write, up to their best iteration.

    Returns
    -------
    predictor : ImportedRegressor, ImportedClassifier or ImportedRanker
        With `predict`, of classifiers `predict_proba` and `decision_function`, `apply`, `shap_values`; works with
        `skensemble.inspection.explain`. Raw predictions are LightGBM's to the last bit.

    Raises
    ------
    ValueError
        If the text is damaged, or the model has an unknown objective.

    Notes
    -----
    Columns of categories of a frame are recognised by their order, as LightGBM does; levels that it does not know are
    missing. Explanations weigh by numbers of training samples, as LightGBM's do. Linear leaves (`linear_tree`) predict
    to the rounding of sums, and an infinite cell in one counts as missing; to be explained they need a background,
    since a text does not hold the means of features.

    Examples
    --------
    Of a text in LightGBM's format, here one that `export_model` writes:

    >>> import tempfile
    >>> import numpy as np
    >>> import skensemble
    >>> X = np.linspace(0.0, 1.0, 100).reshape(-1, 1)
    >>> model = skensemble.NewtonBoostingRegressor(n_estimators=3, random_state=0).fit(X, X[:, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skensemble.export_model(model, f"{folder}/model.txt", to="lightgbm")
    ...     predictor = skensemble.from_lightgbm(f"{folder}/model.txt")
    >>> predictor.predict(X).shape
    (100,)
    """
    text, classes = _text_of(model)
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused where it must not be
            return _imported(_Sections(text), classes)
    except (ValueError, KeyError, IndexError, OverflowError, TypeError, RecursionError) as error:
        raise ValueError(f"model must be a model of LightGBM that can be imported: {error}.") from error


def _text_of(model):
    """(text, labels of the classes or None)"""
    if isinstance(model, str) and "\n" in model:
        return model, None
    if isinstance(model, (str, os.PathLike)):
        return Path(model).read_text(encoding="utf-8", errors="replace"), None
    booster = getattr(model, "booster_", model)
    if not hasattr(booster, "model_to_string"):
        raise TypeError(f"model must be a text, a path or a fitted model of LightGBM, got {type(model).__name__}.")
    return booster.model_to_string(), getattr(model, "classes_", None)


class _Sections:
    """The text as its head, its trees, each a dict of lines, and the lists of categories."""

    def __init__(self, text):
        self.head, self.trees, self.lists, is_whole = {}, [], None, False
        section = self.head
        for line in text.splitlines():
            key, _, value = line.partition("=")
            if line == "end of trees":
                is_whole, section = True, {}
            elif key == "Tree" and not is_whole:
                if value != str(len(self.trees)):
                    raise ValueError(f"tree {len(self.trees)} must follow, got {line[:40]!r}")
                section = {}
                self.trees.append(section)
            elif line.startswith("pandas_categorical:"):
                self.lists = _lists(json.loads(line.partition(":")[2]))
            elif line and not is_whole:
                if key in section:
                    raise ValueError(f"{key[:40]} must stand once in a section")
                section[key] = value
        if "tree" not in self.head or not is_whole:
            raise ValueError("the text must begin with 'tree' and hold the line 'end of trees'")
        if len(self.head.get("tree_sizes", "").split()) != len(self.trees):
            raise ValueError(f"tree_sizes must have an entry for each of the {len(self.trees)} trees")


def _lists(lists):
    if lists is None:
        return []
    if not isinstance(lists, list) or not all(isinstance(values, list) for values in lists):
        raise ValueError("pandas_categorical must be a list of lists")
    return lists


def _whole(section, name):
    if name not in section:
        raise ValueError(f"{name} is missing")
    return int(section[name])


def _numbers(section, name, length, kind=float):
    """(length,) float64 or int64"""
    words = section.get(name, "").split()
    if len(words) != length:
        raise ValueError(f"{name} must hold {length} numbers, got {len(words)}")
    return np.array([kind(word) for word in words], np.float64 if kind is float else np.int64)


# -- trees -----------------------------------------------------------------------------------------------------------


class _Trees:
    """All trees as arrays over their nodes: of each tree the splits, then the leaves."""

    def __init__(self, sections):
        parts = [_read_tree(section) for section in sections]
        sizes = np.array([len(part["left"]) for part in parts], np.int64)
        self.roots = np.cumsum(sizes) - sizes
        for name in parts[0] if parts else ():
            setattr(self, name, np.concatenate([part[name] for part in parts]))
        self.is_split = self.left != NO_CHILD
        shift = np.repeat(self.roots, sizes)
        for child in (self.left, self.right):
            child[self.is_split] += shift[self.is_split]
        self.listed = {}  # node -> numbers of the categories that go left
        self.lines = {}  # leaf -> (features, means, slopes)
        for root, section in zip(self.roots.tolist(), sections):
            self.listed |= {root + node: listed for node, listed in section["_sets"].items()}
            self.lines |= {root + node: line for node, line in section["_lines"].items()}


def _read_tree(section):
    n_leaves = _whole(section, "num_leaves")
    if not 1 <= n_leaves <= len(section.get("leaf_value", "")):
        raise ValueError(f"num_leaves must be the number of leaf values, got {n_leaves}")
    n_splits = n_leaves - 1
    kinds = _numbers(section, "decision_type", n_splits, int) if n_splits else np.zeros(0, np.int64)
    if ((kinds < 0) | (kinds > 11)).any():
        raise ValueError("decision_type must be in [0, 11]")
    threshold = _numbers(section, "threshold", n_splits) if n_splits else np.zeros(0)
    section["_sets"] = _read_sets(section, kinds, threshold)
    none = np.full(n_leaves, NO_CHILD)
    zeros = np.zeros(n_leaves)

    def of_splits(name, kind=float):
        return _numbers(section, name, n_splits, kind) if n_splits else np.zeros(0, np.int64)

    def child(name):
        number = of_splits(name, int)
        return np.where(number >= 0, number, n_splits + ~number)  # ~leaf, which comes after all splits

    for name in ("left_child", "right_child"):
        if (child(name) < 0).any() or (child(name) >= n_splits + n_leaves).any():
            raise ValueError(f"{name} must hold numbers of nodes")
    leaf_count = _numbers(section, "leaf_count", n_leaves) if n_splits else np.ones(1)
    is_linear = section.get("is_linear", "0").strip() != "0"
    values = _numbers(section, "leaf_value", n_leaves)
    section["_lines"] = _read_lines(section, values, n_splits) if is_linear else {}
    return {
        "left": np.concatenate((child("left_child"), none)),
        "right": np.concatenate((child("right_child"), none)),
        "feature": np.concatenate((of_splits("split_feature", int), none)),
        "threshold": np.concatenate((threshold, zeros)),
        "kind": np.concatenate((kinds, none)),
        "gain": np.nan_to_num(np.concatenate((of_splits("split_gain"), zeros))),
        "values": np.concatenate((np.zeros(n_splits), values)),
        "weight": np.concatenate((of_splits("internal_count"), leaf_count)),
    }


def _read_sets(section, kinds, threshold):
    """{split: sorted numbers of the categories that go left}"""
    splits = np.flatnonzero(kinds & _CATEGORICAL)
    if not len(splits):
        return {}
    n_sets = _whole(section, "num_cat")
    if not 1 <= n_sets <= len(section["cat_threshold"]):
        raise ValueError(f"num_cat must be the number of sets of categories, got {n_sets}")
    bounds = _numbers(section, "cat_boundaries", n_sets + 1, int)
    words = _numbers(section, "cat_threshold", len(section["cat_threshold"].split()), int)
    if bounds[0] != 0 or bounds[-1] != len(words) or (np.diff(bounds) < 0).any():
        raise ValueError("cat_boundaries must ascend from 0 to the number of words in cat_threshold")
    if (words < 0).any() or (words >= 1 << 32).any():
        raise ValueError("cat_threshold must hold words of 32 bits")
    if len(np.unique(threshold[splits])) < len(splits):
        raise ValueError("the sets of splits of categories must be different ones")
    sets = {}
    for split in splits.tolist():
        number = threshold[split]
        if not (0 <= number < n_sets and number == int(number)):
            raise ValueError("the threshold of a split of categories must be the number of a set")
        own = words[bounds[int(number)] : bounds[int(number) + 1]].astype("<u4")
        sets[split] = np.flatnonzero(np.unpackbits(own.view(np.uint8), bitorder="little"))
    return sets


def _read_lines(section, values, n_splits):
    """{leaf, counted from the root: (features, means, slopes)}; leaves without slopes get their constant as value."""
    n_leaves = len(values)
    constants, sizes = _numbers(section, "leaf_const", n_leaves), _numbers(section, "num_features", n_leaves, int)
    n_entries = len(section.get("leaf_features", "").split())
    if (sizes < 0).any() or (sizes > n_entries).any() or sizes.sum() != n_entries:
        raise ValueError("num_features must be the numbers of leaf_features")
    features, slopes = _numbers(section, "leaf_features", n_entries, int), _numbers(section, "leaf_coeff", n_entries)
    lines, stops = {}, np.cumsum(sizes)
    values[sizes == 0] = constants[sizes == 0]
    for leaf in np.flatnonzero(sizes).tolist():
        own = slice(stops[leaf] - sizes[leaf], stops[leaf])
        lines[n_splits + leaf] = line_through(values[leaf], constants[leaf], features[own], slopes[own])
    return lines


# -- the model -------------------------------------------------------------------------------------------------------


def _imported(text, classes):
    n_features, n_outputs = _whole(text.head, "max_feature_idx") + 1, _whole(text.head, "num_tree_per_iteration")
    names = text.head.get("feature_names", "").split()
    if not text.trees:
        raise ValueError("there are no trees")
    if len(names) != n_features or n_outputs < 1 or len(text.trees) % n_outputs:
        raise ValueError("max_feature_idx, feature_names and num_tree_per_iteration must agree with the trees")
    kind, response, slope = _objective(text.head.get("objective", ""))
    trees = _Trees(text.trees)
    categories, sets = _categories(trees, n_features)
    near_zero, missing_left = _missing_cells(trees)
    nodes = ForeignNodes(
        trees.roots, trees.left, trees.right, trees.feature, trees.threshold, missing_left, trees.values[:, None],
        trees.weight, trees.gain, np.arange(len(text.trees)) % n_outputs, sets=sets, lines=trees.lines,
    )  # fmt: skip
    columns = ForeignColumns(
        n_features, near_zero=near_zero, categories=categories, frame_lists=text.lists,
        list_columns=_columns_of_lists(text, n_features),
    )  # fmt: skip
    is_mean, arrays = "average_output" in text.head, nodes.trees(n_features, n_outputs)
    slopes = nodes.slopes(arrays)
    if slopes is not None and np.isin(slopes.feature, near_zero).any():
        raise ValueError("linear leaves of a column whose zeros are missing (zero_as_missing) cannot be read")
    divisor = len(text.trees) / n_outputs if is_mean else 1.0
    if slopes is not None:
        arrays, slopes, divisor = arrays._replace(values=arrays.values / divisor), slopes.divided(divisor), 1.0
    return imported(
        kind, arrays, columns, np.zeros(n_outputs), response=response, slope=slope, slopes=slopes,
        names=None if names == [f"Column_{j}" for j in range(n_features)] else names,
        classes=_classes(kind, classes, n_outputs), divisor=divisor,
    )  # fmt: skip


def _objective(line):
    """(class of the model, response, slope)"""
    name, *settings = line.split() or [""]
    if name not in OBJECTIVES:
        raise ValueError(f"the objective {name[:40]!r} is not known")
    kind, response = OBJECTIVES[name]
    slopes = [float(word.partition(":")[2]) for word in settings if word.startswith("sigmoid:")]
    return kind, "signed root" if "sqrt" in settings else response, slopes[0] if slopes else 1.0


def _classes(kind, classes, n_outputs):
    if kind is not ImportedClassifier:
        return None
    n_classes = max(2, n_outputs)
    return np.arange(n_classes) if classes is None else np.asarray(classes)


def _categories(trees, n_features):
    """({column: ForeignCategories}, {node: bool by code}): NaN, and what no split lists, goes right."""
    listed = {}
    for node, numbers in trees.listed.items():
        listed.setdefault(int(trees.feature[node]), []).append(numbers)
    is_number = trees.is_split & (trees.kind & _CATEGORICAL == 0)
    if np.isin(trees.feature[is_number], list(listed)).any() or not all(0 <= j < n_features for j in listed):
        raise ValueError("split_feature must not be a column of numbers and of categories")
    columns = {j: ForeignCategories(np.unique(np.concatenate(parts)), 1, np.nan) for j, parts in listed.items()}
    sets = {}
    check_room(columns[int(trees.feature[node])] for node in trees.listed)
    for node, numbers in trees.listed.items():
        column = columns[int(trees.feature[node])]
        sets[node] = column.left_set(np.isin(column.listed, numbers), False, False)
    return columns, sets


def _columns_of_lists(text, n_features):
    """The columns whose categories pandas_categorical lists, in order: those of feature_infos that are no intervals."""
    infos = text.head.get("feature_infos", "").split()
    columns = [j for j, info in enumerate(infos) if not info.startswith("[") and info != "none"]
    return columns if text.lists and len(columns) == len(text.lists) and len(infos) == n_features else None


def _missing_cells(trees):
    """(columns whose zeros are missing, (n_nodes,) whether missing cells go left).

    Where nothing is missing (type "none"), NaN is read as 0.  Zeros are missing in a column if all its splits say so.
    """
    is_number = trees.is_split & (trees.kind & _CATEGORICAL == 0)
    type_of = np.where(is_number, trees.kind >> 2, _NOTHING)
    zero_goes_left = 0.0 <= trees.threshold
    default_left = (trees.kind & _DEFAULT_LEFT) != 0
    of_zero = np.unique(trees.feature[is_number & (type_of == _ZERO)])
    others = np.unique(trees.feature[is_number & (type_of != _ZERO)])
    is_mixed = is_number & (type_of == _ZERO) & np.isin(trees.feature, others)
    if (default_left != zero_goes_left)[is_mixed].any():
        raise ValueError("zeros must be missing at all splits of a column, or at none")
    return np.setdiff1d(of_zero, others).tolist(), np.where(type_of == _NOTHING, zero_goes_left, default_left)
