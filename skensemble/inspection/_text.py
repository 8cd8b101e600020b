"""export_text: the rules of a tree, indented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skensemble._parameters import Interval, IsArrayLike, IsBool, IsNone, check_parameter
from skensemble.inspection._drawn_tree import read_tree
from skensemble.inspection._names import read_class_names, read_feature_names
from skensemble.inspection._splits import asks_whether_missing, category_set, is_split

if TYPE_CHECKING:
    from skensemble._types import Any, ArrayLike


def export_text(
    decision_tree: Any,
    *,
    tree_index: int = 0,
    output: Any = None,
    feature_names: ArrayLike | None = None,
    class_names: Any = None,
    max_depth: int | None = 10,
    spacing: int = 3,
    decimals: int = 2,
    show_weights: bool = False,
    show_missing: bool = False,
) -> str:
    """Write the rules of a decision tree as text.

    Parameters
    ----------
    decision_tree : object
        A fitted decision tree, forest or booster.
    tree_index : int, default=0
        Which tree of a forest or booster, in the order of `apply`; with `output`, which of its trees.
    output : label or int, default=None
        Of boosters with a tree for each of several outputs, whose trees are counted: those of a class, or of an output
        by its number. None: all.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features. None: the columns of the frame in `fit`, or "feature_0", "feature_1", ...
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes, in the order of `classes_`. None: the classes themselves. Not used with several outputs.
    max_depth : int or None, default=10
        Number of levels below the root to write out; what lies deeper becomes "truncated branch". None: all.
    spacing : int, default=3
        Width of an indentation.
    decimals : int, default=2
        Decimals of thresholds, values and weights.
    show_weights : bool, default=False
        Whether to show the sum of the weights of each class in the leaves of a classifier.
    show_missing : bool, default=False
        Whether to show the side to which missing values go.

    Returns
    -------
    report : str
        A line for each side of each split, and one for each leaf. Categories stand by name.

    Raises
    ------
    ValueError, TypeError
        If an option is not allowed, or `decision_tree` has no tree.

    See Also
    --------
    plot_tree : The tree as a picture.
    export_graphviz : The tree for Graphviz.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import DecisionTreeClassifier, export_text
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X[["petal width (cm)"]], y)
    >>> print(export_text(tree))
    |--- petal width (cm) <= 0.80
    |   |--- class: 0
    |--- petal width (cm) >  0.80
    |   |--- petal width (cm) <= 1.75
    |   |   |--- class: 1
    |   |--- petal width (cm) >  1.75
    |   |   |--- class: 2
    <BLANKLINE>
    """
    decision_tree = read_tree(decision_tree, tree_index, output)
    check_parameter("class_names", class_names, (IsArrayLike, IsNone))
    check_parameter("max_depth", max_depth, (Interval(int, 0), IsNone))
    check_parameter("spacing", spacing, (Interval(int, 1),))
    check_parameter("decimals", decimals, (Interval(int, 0),))
    check_parameter("show_weights", show_weights, (IsBool,))
    check_parameter("show_missing", show_missing, (IsBool,))
    rules = _Rules(decision_tree, feature_names, class_names, decimals, show_weights, show_missing)
    return "".join(f"{indent} {line}\n" for indent, line in _walk(rules, max_depth, spacing))


def _walk(rules, max_depth, spacing):
    """Yield (indentation, line) from the root down, left before right; no recursion, for trees may be deep."""
    tree = rules.tree
    pending = [(0, 0, None)]  # (node, depth, line to yield before it)
    while pending:
        node, depth, condition = pending.pop()
        if condition is not None:
            yield _indent(depth - 1, spacing), condition
        if is_split(tree, node) and (max_depth is None or depth <= max_depth):
            left, right = rules.conditions(node)
            pending.append((tree.children_right[node], depth + 1, right))
            pending.append((tree.children_left[node], depth + 1, left))
        elif is_split(tree, node):
            yield _indent(depth, spacing), f"truncated branch of depth {_n_levels(tree, node)}"
        else:
            yield _indent(depth, spacing), rules.leaf(node)


def _indent(depth, spacing):
    return ("|" + " " * spacing) * depth + "|" + "-" * spacing


def _n_levels(tree, top):
    """Number of levels of nodes from `top` down."""
    n_levels, level = 0, np.array([top])
    while len(level):
        n_levels += 1
        children = np.concatenate((tree.children_left[level], tree.children_right[level]))
        level = children[children >= 0]
    return n_levels


class _Rules:
    """Text of the two conditions of a split, and of the prediction of a leaf."""

    def __init__(self, decision_tree, feature_names, class_names, decimals, show_weights, show_missing):
        self.decision_tree, self.tree, self.decimals = decision_tree, decision_tree.tree_, decimals
        self.show_weights, self.show_missing = show_weights, show_missing
        self.is_classifier = hasattr(decision_tree, "classes_")
        self.terms = getattr(decision_tree, "terms", None)
        self.feature_names = read_feature_names(decision_tree, feature_names)
        self.class_names = self._read_class_names(class_names)

    def _read_class_names(self, class_names):
        """A list of names for each output, or None where there are no classes."""
        if not self.is_classifier:
            return None
        classes = self.decision_tree.classes_
        if self.tree.n_outputs > 1:
            return classes
        return [read_class_names(self.decision_tree, classes if class_names is None else class_names)]

    def conditions(self, node):
        """(condition for the left child, condition for the right child)"""
        feature = self.tree.feature[node]
        name = f"feature_{feature}" if self.feature_names is None else self.feature_names[feature]
        if asks_whether_missing(self.tree, node):
            return f"{name} is not missing", f"{name} is missing"
        left, right = (f"{name} {side}" for side in self._sides(node))
        if not self.show_missing:
            return left, right
        is_missing_left = self.tree.missing_go_to_left[node]
        return (f"{left} or missing", right) if is_missing_left else (left, f"{right} or missing")

    def _sides(self, node):
        """(left, right): the conditions without the name of the feature."""
        categories = category_set(self.tree, node)
        if categories is None:
            threshold = self._number(self.tree.threshold[node])
            return f"<= {threshold}", f">  {threshold}"
        word, names = categories
        opposite = "in" if word == "not in" else "not in"
        listed = ", ".join(names)
        return f"{word} {{{listed}}}", f"{opposite} {{{listed}}}"

    def leaf(self, node):
        """Text of a leaf: its prediction, and on request the class weights."""
        value = self.tree.value[node]
        if not self.is_classifier:
            return f"value: {self._numbers(value[:, 0])}{self._terms(node)}"
        classes = [str(names[np.argmax(shares)]) for names, shares in zip(self.class_names, value)]
        text = f"class: {classes[0]}" if len(classes) == 1 else f"class: [{', '.join(classes)}]"
        if not self.show_weights:
            return text
        weights = value * self.tree.weighted_n_node_samples[node]
        rows = [self._numbers(row[: len(names)]) for names, row in zip(self.class_names, weights)]
        return f"weights: {', '.join(rows)} {text}"

    def _terms(self, node):
        """What the columns add in a linear leaf; slopes have units, hence digits rather than decimals."""
        digits = max(self.decimals, 1)
        terms = [] if self.terms is None else self.terms.of(node)
        parts = []
        for name, slope, mean in terms:
            slopes, means = (", ".join(f"{number:.{digits}g}" for number in numbers) for numbers in (slope, mean))
            parts.append(f" + [{slopes}] * ({name} - [{means}])")
        return "".join(parts)

    def _numbers(self, values):
        return f"[{', '.join(map(self._number, values))}]"

    def _number(self, value):
        return f"{np.round(value, self.decimals) + 0.0:.{self.decimals}f}"  # no -0.00
