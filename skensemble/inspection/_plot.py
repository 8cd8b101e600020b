"""plot_tree: a tree as a picture, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from skensemble._optional_packages import needed_by
from skensemble._parameters import Interval, IsNone, check_parameter
from skensemble.inspection._drawn_nodes import drawn_nodes
from skensemble.inspection._drawn_tree import read_tree
from skensemble.inspection._node_color import NodeColor
from skensemble.inspection._node_positions import node_positions
from skensemble.inspection._node_text import PLAIN, NodeText, check_options

if TYPE_CHECKING:
    from skensemble._types import Any, ArrayLike

CUT = "\n  (...)  \n"
CUT_COLOR = "grey"
FILLED_WIDTH = 0.95  # width of a box as a share of the distance between boxes
FILLED_HEIGHT = 0.8  # height of a box as a share of the distance between depths; arrows take the rest


def plot_tree(
    decision_tree: Any,
    *,
    tree_index: int = 0,
    output: Any = None,
    max_depth: int | None = None,
    feature_names: ArrayLike | None = None,
    class_names: Any = None,
    label: Literal["all", "root", "none"] = "all",
    filled: bool = False,
    impurity: bool = True,
    node_ids: bool = False,
    proportion: bool = False,
    rounded: bool = False,
    precision: int = 3,
    ax: Any = None,
    fontsize: int | None = None,
    show_missing: bool = False,
) -> Any:
    """Draw a decision tree with matplotlib.

    Parameters
    ----------
    decision_tree : object
        A fitted decision tree, forest or booster.
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
    impurity : bool, default=True
        Whether nodes show their impurity; of Newton boosting, whether splits show their gain.
    node_ids : bool, default=False
        Whether nodes show their number.
    proportion : bool, default=False
        Whether samples are shown as a percentage, and classes as shares.
    rounded : bool, default=False
        Whether boxes have round corners.
    precision : int, default=3
        Decimals of thresholds, impurities and values.
    ax : matplotlib axes, default=None
        Where to draw; what it shows is cleared. None: the current axes.
    fontsize : int or None, default=None
        Size of the text in points. None: as large as boxes do not overlap.
    show_missing : bool, default=False
        Whether splits add "or missing" where missing values go left.

    Returns
    -------
    annotations : list of matplotlib.text.Annotation
        The boxes, each node before its children and left before right; the first two children are followed by the
        label of their arrow.

    Raises
    ------
    ValueError, TypeError
        If an option is not allowed, or `decision_tree` has no tree.
    ImportError
        matplotlib is not installed.

    See Also
    --------
    export_text : The tree as text.
    export_graphviz : The tree for Graphviz.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import DecisionTreeClassifier, plot_tree
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    >>> boxes = plot_tree(tree, filled=True)
    >>> len(boxes)  # five nodes, and two labels of arrows
    7
    """
    decision_tree = read_tree(decision_tree, tree_index, output)
    options = {
        "max_depth": max_depth,
        "feature_names": feature_names,
        "class_names": class_names,
        "label": label,
        "filled": filled,
        "impurity": impurity,
        "node_ids": node_ids,
        "proportion": proportion,
        "rounded": rounded,
        "precision": precision,
        "show_missing": show_missing,
    }
    check_options(options)
    check_parameter("fontsize", fontsize, (Interval(int, 1), IsNone))
    boxes = _Boxes(decision_tree, options)
    axes = _cleared_axes(ax)
    annotations = _draw(boxes, axes, fontsize)
    if fontsize is None:
        _fit_font(annotations, boxes, axes)
    return annotations


def _cleared_axes(ax):
    if ax is None:
        with needed_by("plot_tree", "matplotlib", "plot"):
            import matplotlib.pyplot as plt

        ax = plt.gca()
    ax.clear()
    ax.set_axis_off()
    return ax


class _Boxes:
    """The drawn nodes, parents first: text, position and colour.

    nodes : list of DrawnNode
    place_of : dict, number of a node in the tree -> its position in `nodes`
    x, y : (n_drawn,) centres in shares of the axes
    has_formulas : whether dollars enclose formulas: in names that are given, not in those of columns and levels
    """

    def __init__(self, decision_tree, options):
        self.nodes = list(drawn_nodes(decision_tree.tree_, options["max_depth"]))
        self.place_of = {drawn.node: place for place, drawn in enumerate(self.nodes)}
        self.text = NodeText(decision_tree, PLAIN, options)
        self.color = NodeColor(decision_tree) if options["filled"] else None
        self.style = "round" if options["rounded"] else "square"
        self.has_formulas = options["feature_names"] is not None or options["class_names"] is not None
        x, y = node_positions(*self._children())
        n_columns, self.n_rows = x.max() + 1, y.max() + 1
        self.x, self.y = (x + 0.5) / n_columns, 1 - (y + 0.5) / self.n_rows

    def _children(self):
        """Positions of the left and the right child of each node, -1 where there is none."""
        left, right = np.full((2, len(self.nodes)), -1)
        for place, drawn in enumerate(self.nodes[1:], start=1):
            (left if drawn.is_left else right)[self.place_of[drawn.parent]] = place
        return left, right

    def center(self, node):
        """Position of a node of the tree."""
        place = self.place_of[node]
        return self.x[place], self.y[place]

    def content(self, drawn):
        """Text of a box."""
        return CUT if drawn.is_cut else "\n".join(self.text.lines(drawn.node))

    def fill(self, drawn, background):
        """Colour of a box."""
        if drawn.is_cut:
            return CUT_COLOR
        return background if self.color is None else self.color.of(drawn.node)


def _draw(boxes, axes, fontsize):
    annotations = []
    for drawn in boxes.nodes:
        style = {"zorder": 100 - 10 * drawn.depth, "xycoords": "axes fraction", "parse_math": boxes.has_formulas}
        if fontsize is not None:
            style["fontsize"] = fontsize
        annotations.append(_draw_box(boxes, drawn, axes, style))
        if drawn.depth == 1 and not drawn.is_cut:
            annotations.append(_draw_answer(boxes, drawn, axes, style))
    return annotations


def _draw_box(boxes, drawn, axes, style):
    """Draw a box and the arrow from its parent, whose box hides the start of the arrow."""
    own = boxes.center(drawn.node)
    above = own if drawn.parent is None else boxes.center(drawn.parent)
    box = {"boxstyle": boxes.style, "facecolor": boxes.fill(drawn, axes.get_facecolor())}
    arrow = {"arrowstyle": "<-", "edgecolor": _text_color()}
    if boxes.color is not None:
        style = {**style, "color": "black"}  # the fills are light in every style of matplotlib
    return axes.annotate(
        boxes.content(drawn), above, own, ha="center", va="center", bbox=box, arrowprops=arrow, **style
    )


def _text_color():
    import matplotlib

    return matplotlib.rcParams["text.color"]


def _draw_answer(boxes, drawn, axes, style):
    """True or False beside the arrow from the root."""
    middle = np.mean([boxes.center(drawn.parent), boxes.center(drawn.node)], axis=0)
    answer, side = ("True  ", "right") if drawn.is_left else ("  False", "left")
    return axes.annotate(answer, middle, ha=side, **style)


def _fit_font(annotations, boxes, axes):
    """Choose the largest font size at which boxes neither overlap nor leave the axes."""
    axes.figure.canvas.figure.draw_without_rendering()  # with any backend: now the boxes know their sizes
    patches = [annotation.get_bbox_patch() for annotation in annotations]
    extents = [patch.get_window_extent() for patch in patches if patch is not None]
    area = axes.get_window_extent()
    widths = np.array([extent.width for extent in extents]) / area.width
    heights = np.array([extent.height for extent in extents]) / area.height
    scale = min(_room_beside(boxes, widths), FILLED_HEIGHT / boxes.n_rows / heights.max())
    size = annotations[0].get_fontsize() * scale
    for annotation in annotations:
        annotation.set_fontsize(size)


def _room_beside(boxes, widths):
    """Largest factor by which boxes can grow before one meets the next box of its depth, or the edge."""
    to_edge = np.minimum(boxes.x, 1 - boxes.x)
    room = np.min(2 * to_edge / widths)
    depth = np.array([drawn.depth for drawn in boxes.nodes])
    for row in (np.flatnonzero(depth == d) for d in range(depth.max() + 1)):
        row = row[np.argsort(boxes.x[row])]
        distance, half_widths = np.diff(boxes.x[row]), widths[row] / 2
        room = min(room, np.min(FILLED_WIDTH * distance / (half_widths[1:] + half_widths[:-1]), initial=room))
    return room
