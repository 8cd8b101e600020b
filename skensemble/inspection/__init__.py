"""Looking into models: their trees as text, pictures and tables, and explanations of predictions."""

from skensemble.explanation._explain import explain
from skensemble.explanation._explanation import Explanation
from skensemble.inspection._graphviz import export_graphviz
from skensemble.inspection._plot import plot_tree
from skensemble.inspection._text import export_text
from skensemble.inspection._trees_to_dataframe import trees_to_dataframe

__all__ = ["Explanation", "explain", "export_graphviz", "export_text", "plot_tree", "trees_to_dataframe"]
