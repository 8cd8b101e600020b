"""Sums of trees as other libraries hold them: one by one, a number for each leaf, levels by their places in a list."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skensemble._parameters import ParameterError
from skensemble.tree.trees._marks import ALL_OUTPUTS, NUMERIC
from skensemble.tree.trees._split_levels import missing_go_left
from skensemble.tree.trees._tree_arrays import split_trees

HOLD_LINES = ("c", "lightgbm", "onnx", "sql")  # exports that hold linear leaves
LARGEST_SINGLE = np.finfo(np.float32).max
_COMMON = 1e-3  # share of cells that take another way when thresholds are rounded to float32
_OF_NODES = ("feature", "threshold", "left", "right", "missing_left", "value", "cover", "count", "gain")


class LevelSet(NamedTuple):
    """A split of a column of levels."""

    goes_left: np.ndarray  # (n_levels,) bool, in the order of the levels
    missing_left: bool
    unseen_left: bool  # levels that were not there in fit: as missing cells, or as rare levels where there are such

    def exchanged(self):
        """The same split with its two sides exchanged."""
        return LevelSet(~self.goes_left, not self.missing_left, not self.unseen_left)


class Line(NamedTuple):
    """What a leaf adds to its value: sum of slope * (x - mean), and nothing if one of these x is missing or infinite.

    Value and line together are cut at `limit` and -limit, which may be infinite.
    """

    feature: np.ndarray
    slope: np.ndarray
    mean: np.ndarray
    limit: float

    def divided(self, divisor):
        """The line of a leaf whose predictions are divided by a number above 0."""
        return self._replace(slope=self.slope / divisor, limit=self.limit / divisor)


@dataclass
class ScalarTree:
    """One tree, whose leaves hold one number, and a line where they are linear.

    Nodes are counted from its root, and a child's number is the larger one.
    Arrays have an entry for each node. `left` and `right` are -1 at leaves, and `feature`, too.
    """

    output: int  # which raw prediction it adds to
    feature: np.ndarray
    threshold: np.ndarray  # x <= threshold goes left; NaN at leaves and splits of levels
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray  # bool, of splits of levels, too
    value: np.ndarray  # what the node adds to the sum over trees, were it a leaf
    cover: np.ndarray  # sum of hessians or weights
    count: np.ndarray  # number of training rows
    gain: np.ndarray
    sets: dict = field(default_factory=dict)  # node -> LevelSet
    lines: dict = field(default_factory=dict)  # leaf -> Line

    @property
    def is_leaf(self):
        return self.left < 0

    def exchanged(self, nodes):
        """The same tree in which the two sides of these splits of levels are exchanged."""
        nodes = np.asarray(nodes, np.int64)
        left, right, missing_left = self.left.copy(), self.right.copy(), self.missing_left.copy()
        left[nodes], right[nodes], missing_left[nodes] = self.right[nodes], self.left[nodes], ~missing_left[nodes]
        sets = self.sets | {node: self.sets[node].exchanged() for node in nodes.tolist()}
        return replace(self, left=left, right=right, missing_left=missing_left, sets=sets)


def breadth_first(tree):
    """The same ScalarTree with its nodes level by level, so that a right child follows its left one."""
    order, level = [np.zeros(1, np.int64)], np.zeros(1, np.int64)
    while len(level := level[~tree.is_leaf[level]]):
        level = np.column_stack((tree.left[level], tree.right[level])).ravel()
        order.append(level)
    order = np.concatenate(order)
    place = np.full(len(order) + 1, -1)  # the last one for the children of leaves
    place[order] = np.arange(len(order))
    arrays = {name: getattr(tree, name)[order] for name in _OF_NODES}
    for name in ("left", "right"):
        arrays[name] = place[arrays[name]]
    moved = {name: {int(place[node]): x for node, x in getattr(tree, name).items()} for name in ("sets", "lines")}
    return replace(tree, **moved, **arrays)


def constant_tree(output, value):
    """A tree of one leaf."""
    none, nothing = np.full(1, -1), np.full(1, np.nan)
    zero, count, value = np.zeros(1), np.zeros(1, np.int64), np.full(1, float(value))
    return ScalarTree(output, none, nothing, none, none, np.zeros(1, bool), value, zero, count, zero)


@dataclass
class ScalarTrees:
    """A model as the sum of its trees: raw[k] = baseline[k] + (sum of the values of the trees for k) / divisor.

    link : "identity", "log", "logit", "softmax", "sorted" (several quantiles), "one-vs-rest"
    classes : array of the labels, or None of a model of numbers
    levels : list, of each column the list of its levels, or None where it holds numbers
    has_rare : list, whether rare levels of the column go the same way, and unseen ones with them
    names : list of the names of the columns, or None
    """

    trees: list
    baseline: np.ndarray
    divisor: float
    link: str
    classes: np.ndarray | None
    levels: list
    has_rare: list
    names: list | None

    @property
    def n_outputs(self):
        return len(self.baseline)

    @property
    def n_features(self):
        return len(self.levels)

    def column_names(self, pattern="Column_{}"):
        """Names of all columns; where the model knows none, from a pattern."""
        return [pattern.format(j) for j in range(self.n_features)] if self.names is None else self.names

    def refuse_columns(self, columns, what):
        """Raise a ValueError that names columns (numbers), if there are any; `what` must say what they do."""
        if len(columns):
            names = self.column_names()
            raise ValueError(f"{what} {[names[j] for j in sorted(columns)]}.")

    def check_response(self, target, links):
        """Raise a ValueError if `target` has no way from raw predictions to these responses."""
        if self.classes is not None and len(self.classes) < 2:
            raise ValueError(f"{target} needs two classes or more, but this model has one.")
        if self.link not in links:
            raise ValueError(f"{target} has no link {self.link!r} from raw predictions, only {sorted(links)}.")

    @property
    def has_lines(self):
        return any(tree.lines for tree in self.trees)

    def refuse_lines(self, target):
        """Raise a ValueError if leaves are linear."""
        if self.has_lines:
            raise ValueError(
                f"{target} holds leaves that are constants, but this model has linear leaves: fit it with "
                f"linear_leaves=False, or export it to one of {sorted(HOLD_LINES)}."
            )

    def columns_of_joined_levels(self):
        """Numbers of the columns in which a split sends levels that fit did not see elsewhere than missing cells."""
        apart = {
            int(tree.feature[node])
            for tree in self.trees
            for node, levels in tree.sets.items()
            if levels.unseen_left != levels.missing_left
        }
        return sorted(apart)

    def check_single_precision(self, target):
        """Raise a ValueError if there are columns whose numbers float32, which `target` compares, cannot tell apart.

        A threshold between two numbers that are equal in float32 is rounded, which matters to cells next to it only.
        It is refused where such cells are common: where the gaps of float32 at these thresholds are more than a
        thousandth of the middle half of the thresholds of the column.
        """
        feature = np.concatenate([tree.feature for tree in self.trees])
        threshold = np.concatenate([tree.threshold for tree in self.trees])
        is_number = np.abs(threshold) <= LARGEST_SINGLE  # False for NaN
        merged = set()
        for j in np.unique(feature[is_number]).tolist():
            values = np.unique(threshold[is_number & (feature == j)])
            rounded = values[single_precision(values) != values]
            low, high = np.quantile(values, (0.25, 0.75))
            if len(rounded) and np.spacing(np.abs(single_precision(rounded))).sum() > _COMMON * (high - low):
                merged.add(j)
        self.refuse_columns(merged, f"{target} compares numbers of float32, which cannot tell apart those in")

    def numbers_of_levels(self, target, largest):
        """{column: numbers of its levels}: places in the lists of a frame, or the levels of an array themselves."""
        if self.names is not None:
            return {j: np.arange(len(known)) for j, known in enumerate(self.levels) if known is not None}
        split = {j: self.levels[j] for j in self.columns_of_levels()}
        self.refuse_columns(
            [j for j, known in split.items() if not all(_is_own_number(x, largest) for x in known)],
            f"categories of an array must be whole numbers from 0 to {largest} for {target}, but they are not in",
        )
        return {j: np.array(known, np.int64) for j, known in split.items()}

    def columns_of_levels(self):
        """Numbers of the columns whose levels are split."""
        return sorted({int(tree.feature[node]) for tree in self.trees for node in tree.sets})

    def in_rounds(self):
        """List of rounds, each a list with one tree for each output; padded by trees that add nothing."""
        of_output = [[tree for tree in self.trees if tree.output == k] for k in range(self.n_outputs)]
        n_rounds = max(1, *map(len, of_output))
        for k, trees in enumerate(of_output):
            trees.extend(constant_tree(k, 0.0) for _ in range(n_rounds - len(trees)))
        return [list(trees) for trees in zip(*of_output)]

    def divided(self):
        """The same model with divisor 1: the values of the leaves are divided."""
        if self.divisor == 1.0:
            return self
        trees = [
            replace(
                tree,
                value=tree.value / self.divisor,
                lines={leaf: line.divided(self.divisor) for leaf, line in tree.lines.items()},
            )
            for tree in self.trees
        ]
        return replace(self, trees=trees, divisor=1.0)


def single_precision(threshold):
    """Thresholds as float32, which the same numbers of float32 do not exceed; those beyond it part infinities off."""
    with np.errstate(over="ignore"):
        single = threshold.astype(np.float32)
    single[(threshold > LARGEST_SINGLE) & (threshold < np.inf)] = LARGEST_SINGLE
    return single


def _is_own_number(level, largest):
    return not isinstance(level, str) and level == int(level) and 0 <= level <= largest


def scalar_trees(model):
    """ScalarTrees of a fitted tree, forest or booster; a ValueError says why if it is no sum of trees.

    Raw predictions are multiplied by the slope of the link, so that the same link without a slope leads to the
    response: half-log-odds are doubled.
    """
    if not hasattr(model, "_additive_trees"):
        raise ParameterError(f"model must be a tree, forest or booster of skensemble, got {type(model).__name__}.")
    check_is_fitted(model)
    additive = model._additive_trees()
    additive = additive.binner.of_raw_cells(additive)
    levels, n_codes = _levels(additive.binner, model.n_features_in_)
    factor = additive.link.slope * (2.0 if additive.link.name == "half-logit" else 1.0)
    names, classes = getattr(model, "feature_names_in_", None), getattr(model, "classes_", None)
    if isinstance(classes, list):
        raise ValueError(f"model must have one target of classes, got {len(classes)} targets.")
    return ScalarTrees(
        _trees(additive, levels, n_codes, factor),
        factor * additive.baseline,
        additive.divisor,
        "logit" if additive.link.name == "half-logit" else additive.link.name,
        classes,
        levels,
        [known is not None and len(known) >= n for known, n in zip(levels, n_codes)],
        None if names is None else [str(name) for name in names],
    )


def _levels(binner, n_features):
    """(levels of each column, number of codes of each); imported models have another kind of encoder."""
    if hasattr(binner, "categories_"):
        return [None if known is None else known.tolist() for known in binner.categories_], binner.n_codes_.tolist()
    if binner.categories or binner.frame_lists or binner.near_zero or not np.isnan(binner.missing):
        raise ValueError(
            "model must be trained by skensemble, got one that was imported from another library with categories or "
            "marks of missing cells of its own."
        )
    return [None] * n_features, [2] * n_features


def _trees(additive, levels, n_codes, factor):
    scaled, bounds = additive.added_values * factor, additive.trees.bounds.tolist()
    found = []
    for t, tree in enumerate(split_trees(additive.trees)):
        values, output = scaled[bounds[t] : bounds[t + 1]], int(additive.trees.output[t])
        missing_left, nothing = missing_go_left(tree), np.zeros(tree.n_nodes)
        shared = {
            "feature": tree.feature,
            "threshold": tree.threshold,
            "left": tree.left,
            "right": tree.right,
            "missing_left": missing_left,
            "cover": tree.cover if len(tree.cover) else nothing,
            "count": tree.count,
            "gain": tree.gain if len(tree.gain) else nothing,
            "sets": _sets(tree, missing_left, levels, n_codes),
        }
        for k in range(values.shape[1]):
            lines = _lines(additive.slopes, range(*bounds[t : t + 2]), k, factor)
            found.append(ScalarTree(k if output == ALL_OUTPUTS else output, value=values[:, k], lines=lines, **shared))
    return found


def _lines(slopes, nodes, k, factor):
    """{leaf, counted from the first of these nodes: Line of value k}; no leaf without slopes has one."""
    if slopes is None:
        return {}
    lines, start = {}, slopes.start[nodes.start : nodes.stop + 1].tolist()
    for place in np.flatnonzero(np.diff(start)).tolist():
        own = slice(start[place], start[place + 1])
        limit = float(slopes.limit[nodes.start + place]) * factor
        lines[place] = Line(slopes.feature[own], slopes.slope[own, k] * factor, slopes.mean[own, k], limit)
    return lines


def _sets(tree, missing_left, levels, n_codes):
    """{node: LevelSet}; codes past the last word of a set go right."""
    sets = {}
    for node in np.flatnonzero(tree.category_start != NUMERIC).tolist():
        j, start = int(tree.feature[node]), tree.category_start[node]
        words = tree.category_words[start : start + tree.category_count[node]]
        by_code = np.zeros(max(64 * len(words), n_codes[j]), bool)
        by_code[: 64 * len(words)] = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
        code = np.minimum(np.arange(1, len(levels[j]) + 1), n_codes[j] - 1)
        has_rare = len(levels[j]) >= n_codes[j]
        unseen_left = by_code[n_codes[j] - 1] if has_rare else missing_left[node]
        sets[node] = LevelSet(by_code[code], bool(missing_left[node]), bool(unseen_left))
    return sets
