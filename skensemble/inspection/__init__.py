"""Drawings of trees: as text, as a picture, as a graph; and explanations of predictions."""

from skensemble.explanation._explain import explain
from skensemble.explanation._explanation import Explanation
from skensemble.inspection._graphviz import export_graphviz
from skensemble.inspection._plot import plot_tree
from skensemble.inspection._text import export_text

__all__ = ["Explanation", "explain", "export_graphviz", "export_text", "plot_tree"]
