"""Text in the box of a node, for pictures and graphs."""

import html
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skensemble._parameters import Interval, IsArrayLike, IsBool, IsNone, OneOf, check_parameter
from skensemble.inspection._names import read_class_names, read_feature_names
from skensemble.inspection._splits import asks_whether_missing, category_set, is_split

MAX_CATEGORIES = 8  # most categories that a box lists by name
LINE_WIDTH = 45  # of the lines that a long list of values is wrapped to

OPTIONS = {
    "max_depth": (Interval(int, 0), IsNone),
    "class_names": (IsArrayLike, IsBool, IsNone),
    "label": (OneOf("all", "root", "none"),),
    "filled": (IsBool,),
    "impurity": (IsBool,),
    "node_ids": (IsBool,),
    "proportion": (IsBool,),
    "rounded": (IsBool,),
    "precision": (Interval(int, 0),),
    "show_missing": (IsBool,),
}


def check_options(options, table=OPTIONS):
    """Raise for the first option that breaks its rule in `table`."""
    for name, rules in table.items():
        check_parameter(name, options[name], rules)


class Notation(NamedTuple):
    """Symbols and names in one output format."""

    number_sign: str
    index: str  # of x[0], a template
    at_most: str
    escape: Callable


PLAIN = Notation("#", "[{}]", "<=", str)
DOT = Notation("#", "[{}]", "<=", lambda name: name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
HTML = Notation("&#35;", "<SUB>{}</SUB>", "&le;", html.escape)


class NodeText:
    """Lines of text for every node of a fitted tree; the options are those of `plot_tree`."""

    def __init__(self, decision_tree, notation, options):
        self.decision_tree, self.tree, self.notation = decision_tree, decision_tree.tree_, notation
        self.label, self.precision = options["label"], options["precision"]
        self.impurity, self.node_ids, self.proportion = options["impurity"], options["node_ids"], options["proportion"]
        self.show_missing = options["show_missing"]
        self.feature_names = read_feature_names(decision_tree, options["feature_names"])
        self.class_names = self._read_class_names(options["class_names"])
        self.is_classifier = hasattr(decision_tree, "classes_")
        self.is_of_gradients = decision_tree.criterion is None
        self.terms = getattr(decision_tree, "terms", None)

    def _read_class_names(self, class_names):
        if class_names is None or class_names is False:
            return None
        if class_names is True:
            class_names = ["y" + self.notation.index.format(k) for k in range(self.tree.n_classes[0])]
            return read_class_names(self.decision_tree, class_names)
        names = read_class_names(self.decision_tree, class_names)
        return None if names is None else [self.notation.escape(str(name)) for name in names]

    def lines(self, node):
        """Lines of text in the box of a node."""
        lines = []
        if self.node_ids:
            lines.append(self._word(node, "node ") + f"{self.notation.number_sign}{node}")
        if is_split(self.tree, node):
            lines.append(self._question(node))
        if self.impurity:
            lines += self._quality(node)
        lines.append(self._word(node, "samples = ") + self._samples(node))
        if self.is_of_gradients:
            lines.append(self._word(node, "hessian = ") + self._number(self.tree.weighted_n_node_samples[node]))
        value = self._value(node)
        lines += [self._word(node, "value = ") + value[0], *value[1:]]
        if self.terms is not None and not is_split(self.tree, node):
            lines += [self._term(*term) for term in self.terms.of(node)]
        if self.class_names is not None:
            lines.append(self._word(node, "class = ") + self.class_names[np.argmax(self.tree.value[node, 0])])
        return lines

    def _quality(self, node):
        """The impurity; of a tree grown on gradients the gain of a split."""
        if not self.is_of_gradients:
            return [self._word(node, f"{self.decision_tree.criterion} = ") + self._number(self.tree.impurity[node])]
        is_leaf = not is_split(self.tree, node)
        return [] if is_leaf else [self._word(node, "gain = ") + self._number(self.tree.trees.gain[node])]

    def _term(self, name, slope, mean):
        """What a column adds in a linear leaf."""
        slopes, means = (", ".join(map(self._significant, numbers)) for numbers in (slope, mean))
        slopes, means = (text if len(slope) == 1 else f"[{text}]" for text in (slopes, means))
        return f"+ {slopes} ({self.notation.escape(name)} - {means})"

    def _significant(self, value):
        """Slopes have units: so many digits rather than decimals."""
        return f"{value:.{max(self.precision, 1)}g}"

    def _word(self, node, word):
        """A label such as "gini", if this node shows labels."""
        return word if self.label == "all" or (self.label == "root" and node == 0) else ""

    def _question(self, node):
        """The condition of a split under which rows go left."""
        feature = self._feature(self.tree.feature[node])
        if asks_whether_missing(self.tree, node):
            return f"{feature} is not missing"
        takes_missing = self.show_missing and self.tree.missing_go_to_left[node]
        return f"{feature} {self._left_side(node)}" + (" or missing" if takes_missing else "")

    def _left_side(self, node):
        categories = category_set(self.tree, node)
        if categories is None:
            return f"{self.notation.at_most} {self._number(self.tree.threshold[node])}"
        word, names = categories
        return f"{word} {{{self._listed(names)}}}"

    def _number(self, value):
        return str(np.round(value, self.precision) + 0.0)  # no -0.0

    def _feature(self, feature):
        if self.feature_names is None:
            return "x" + self.notation.index.format(feature)
        return self.notation.escape(self.feature_names[feature])

    def _listed(self, names):
        shown = [self.notation.escape(name) for name in names[:MAX_CATEGORIES]]
        more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
        return ", ".join(shown + more)

    def _samples(self, node):
        if not self.proportion:
            return str(self.tree.n_node_samples[node])
        return f"{round(100.0 * self.tree.n_node_samples[node] / self.tree.n_node_samples[0], 1)}%"

    def _value(self, node):
        """Lines of the value: a number, a row of numbers, or a row for each output."""
        value = self.tree.value[node]
        if self.is_classifier and not self.proportion:
            value = _whole_if_near(value * self.tree.weighted_n_node_samples[node])
        if not np.issubdtype(value.dtype, np.integer):
            value = np.round(value, self.precision) + 0.0
        if value.size == 1 and not self.is_classifier:
            return [str(value.item())]
        shown = value[0] if len(value) == 1 else value
        text = np.array2string(shown, max_line_width=LINE_WIDTH, separator=", ", formatter={"all": str})
        return text.replace(",\n ", "\n").split("\n")


def _whole_if_near(weights):
    """Class weights as integers where they are within rounding error of them: fractions times a sum are inexact."""
    whole = np.rint(weights)
    return whole.astype(np.int64) if np.allclose(weights, whole, rtol=1e-9, atol=1e-9) else weights
