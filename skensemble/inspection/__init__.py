"""Drawings of trees: as text, as a picture, as a graph."""

from skensemble.inspection._graphviz import export_graphviz
from skensemble.inspection._plot import plot_tree
from skensemble.inspection._text import export_text

__all__ = ["export_graphviz", "export_text", "plot_tree"]
