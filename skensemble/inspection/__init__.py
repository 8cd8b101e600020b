"""Looking into models: their trees as text, pictures and tables, effects of columns, explanations."""

from skensemble.explanation._explain import explain
from skensemble.explanation._explanation import Explanation
from skensemble.inspection._accumulated_effects import accumulated_effects
from skensemble.inspection._effects import Effects
from skensemble.inspection._graphviz import export_graphviz
from skensemble.inspection._interaction_strength import InteractionStrength, interaction_strength
from skensemble.inspection._partial_dependence import partial_dependence
from skensemble.inspection._plot import plot_tree
from skensemble.inspection._search_picture import plot_search
from skensemble.inspection._text import export_text
from skensemble.inspection._trees_to_dataframe import trees_to_dataframe

__all__ = [
    "Effects",
    "Explanation",
    "InteractionStrength",
    "accumulated_effects",
    "explain",
    "export_graphviz",
    "export_text",
    "interaction_strength",
    "partial_dependence",
    "plot_search",
    "plot_tree",
    "trees_to_dataframe",
]
