"""export_graphviz: a tree in the DOT language of Graphviz."""

from __future__ import annotations

import os
from contextlib import nullcontext
from io import StringIO
from typing import TYPE_CHECKING, Literal

from skensemble._parameters import IsBool, IsInstance, IsNone, IsString, Matches, check_parameter
from skensemble.inspection._drawn_nodes import drawn_nodes
from skensemble.inspection._drawn_tree import read_tree
from skensemble.inspection._node_color import NodeColor
from skensemble.inspection._node_text import DOT, HTML, OPTIONS, NodeText, check_options

if TYPE_CHECKING:
    from skensemble._types import Any, ArrayLike

GRAPH_OPTIONS = {
    **OPTIONS,
    "leaves_parallel": (IsBool,),
    "rotate": (IsBool,),
    "special_characters": (IsBool,),
    "fontname": (IsString,),
}
OUT_FILE = (
    IsInstance((str, os.PathLike), "a path"),
    Matches(lambda value: hasattr(value, "write"), "an object with a write method"),
    IsNone,
)
CUT_COLOR = "#C0C0C0"
LABEL_ANGLE = 45  # degrees


def export_graphviz(
    decision_tree: Any,
    out_file: Any = None,
    *,
    tree_index: int = 0,
    output: Any = None,
    max_depth: int | None = None,
    feature_names: ArrayLike | None = None,
    class_names: Any = None,
    label: Literal["all", "root", "none"] = "all",
    filled: bool = False,
    leaves_parallel: bool = False,
    impurity: bool = True,
    node_ids: bool = False,
    proportion: bool = False,
    rotate: bool = False,
    rounded: bool = False,
    special_characters: bool = False,
    precision: int = 3,
    fontname: str = "helvetica",
    show_missing: bool = False,
) -> str | None:
    """Write a decision tree in the DOT language of Graphviz.

    The command `dot -Tpng tree.dot -o tree.png`, or the Python package graphviz, makes a picture of it.

    Parameters
    ----------
    decision_tree : object
        A fitted decision tree, forest or booster.
    out_file : str, path, file-like or None, default=None
        Where to write. None: return a string.
    tree_index : int, default=0
        Which tree of a forest or booster, in the order of `apply`; with `output`, which of its trees.
    output : label or int, default=None
        Of boosters with a tree for each of several outputs, whose trees are counted: those of a class, or of an output
        by its number. None: all.
    max_depth : int or None, default=None
        Number of levels below the root to draw; what lies deeper becomes "(...)". None: all.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features. None: the columns of the frame in `fit`, or "x[0]", "x[1]", ...
    class_names : array-like of shape (n_classes,) or bool, default=None
        Names of the classes, in the order of `classes_`; each node then shows its most frequent class. True: "y[0]",
        "y[1]", ... Not used with several outputs.
    label : {"all", "root", "none"}, default="all"
        Which nodes write words ("samples = ") before their numbers.
    filled : bool, default=False
        Whether nodes are painted: a hue for each class, stronger the surer; for a regressor stronger the larger the
        value; with several outputs stronger the purer, or the further a booster moves.
    leaves_parallel : bool, default=False
        Whether all leaves stand on one line at the bottom.
    impurity : bool, default=True
        Whether nodes show their impurity; of Newton boosting, whether splits show their gain.
    node_ids : bool, default=False
        Whether nodes show their number.
    proportion : bool, default=False
        Whether samples are shown as a percentage, and classes as shares.
    rotate : bool, default=False
        Whether the tree grows from left to right.
    rounded : bool, default=False
        Whether boxes have round corners.
    special_characters : bool, default=False
        Whether to write signs such as "≤" and subscripts, which PostScript may not have.
    precision : int, default=3
        Decimals of thresholds, impurities and values.
    fontname : str, default="helvetica"
        Font of all text.
    show_missing : bool, default=False
        Whether splits add "or missing" where missing values go left.

    Returns
    -------
    dot : str or None
        The graph, if `out_file` is None.

    Raises
    ------
    ValueError, TypeError
        If an option is not allowed, or `decision_tree` has no tree.

    See Also
    --------
    plot_tree : The tree as a picture, without Graphviz.
    export_text : The tree as text.

    Examples
    --------
    >>> from skensemble import DecisionTreeClassifier, export_graphviz
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0]], ["no", "yes"])
    >>> print(export_graphviz(tree, impurity=False, class_names=["no", "yes"]))
    digraph Tree {
    node [shape=box, fontname="helvetica"] ;
    edge [fontname="helvetica"] ;
    0 [label="x[0] <= 0.5\\nsamples = 2\\nvalue = [1, 1]\\nclass = no"] ;
    1 [label="samples = 1\\nvalue = [1, 0]\\nclass = no"] ;
    0 -> 1 [labeldistance=2.5, labelangle=45, headlabel="True"] ;
    2 [label="samples = 1\\nvalue = [0, 1]\\nclass = yes"] ;
    0 -> 2 [labeldistance=2.5, labelangle=-45, headlabel="False"] ;
    }
    """
    decision_tree = read_tree(decision_tree, tree_index, output)
    check_parameter("out_file", out_file, OUT_FILE)
    options = {
        "max_depth": max_depth,
        "feature_names": feature_names,
        "class_names": class_names,
        "label": label,
        "filled": filled,
        "leaves_parallel": leaves_parallel,
        "impurity": impurity,
        "node_ids": node_ids,
        "proportion": proportion,
        "rotate": rotate,
        "rounded": rounded,
        "special_characters": special_characters,
        "precision": precision,
        "fontname": fontname,
        "show_missing": show_missing,
    }
    check_options(options, GRAPH_OPTIONS)
    graph = _Graph(decision_tree, options)
    if out_file is None:
        text = StringIO()
        graph.write(text)
        return text.getvalue()
    with _opened(out_file) as file:
        graph.write(file)
    return None


def _opened(out_file):
    """Context manager of the output file; a file that the caller opened is not closed."""
    return nullcontext(out_file) if hasattr(out_file, "write") else open(out_file, "w", encoding="utf-8")


class _Graph:
    """Writes the head, the nodes with the edges from their parents, and the ranks of leaves."""

    def __init__(self, decision_tree, options):
        self.tree, self.options, self.max_depth = decision_tree.tree_, options, options["max_depth"]
        self.is_html = options["special_characters"]
        self.text = NodeText(decision_tree, HTML if self.is_html else DOT, options)
        self.color = NodeColor(decision_tree) if options["filled"] else None

    def write(self, file):
        file.write(self._head())
        ranks, leaves = {}, []
        for drawn in drawn_nodes(self.tree, self.max_depth):
            file.write(self._cut_node(drawn.node) if drawn.is_cut else self._node(drawn.node))
            if drawn.parent is not None:
                file.write(self._edge(drawn))
            (ranks.setdefault(drawn.depth, []) if drawn.has_children else leaves).append(str(drawn.node))
        if self.options["leaves_parallel"]:
            file.writelines(f"{{rank=same ; {'; '.join(rank)}}} ;\n" for rank in [*ranks.values(), leaves])
        file.write("}")

    def _head(self):
        font = f'fontname="{DOT.escape(self.options["fontname"])}"'
        styles = [style for style in ("filled", "rounded") if self.options[style]]
        style = f'style="{", ".join(styles)}", color="black", ' if styles else ""
        lines = ["digraph Tree {", f"node [shape=box, {style}{font}] ;"]
        if self.options["leaves_parallel"]:
            lines.append("graph [ranksep=equally, splines=polyline] ;")
        lines.append(f"edge [{font}] ;")
        if self.options["rotate"]:
            lines.append("rankdir=LR ;")
        return "\n".join(lines) + "\n"

    def _node(self, node):
        lines = self.text.lines(node)
        label = f"<{'<br/>'.join(lines)}>" if self.is_html else '"' + "\\n".join(lines) + '"'
        fill = "" if self.color is None else f', fillcolor="{self.color.of(node)}"'
        return f"{node} [label={label}{fill}] ;\n"

    def _cut_node(self, node):
        fill = "" if self.color is None else f', fillcolor="{CUT_COLOR}"'
        return f'{node} [label="(...)"{fill}] ;\n'

    def _edge(self, drawn):
        """The edge from a parent; the two edges of the root are labelled True and False."""
        edge = f"{drawn.parent} -> {drawn.node}"
        if drawn.depth > 1 or drawn.is_cut:
            return f"{edge} ;\n"
        angle = LABEL_ANGLE if drawn.is_left != self.options["rotate"] else -LABEL_ANGLE
        return f'{edge} [labeldistance=2.5, labelangle={angle}, headlabel="{drawn.is_left}"] ;\n'
