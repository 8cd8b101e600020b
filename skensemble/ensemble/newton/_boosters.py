"""The table of boosters: a new kind is a class and a line here."""

from skensemble.ensemble.newton._dart import DartTrees
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._linear_booster import LinearBooster
from skensemble.ensemble.newton._linear_leaves import LinearLeafTrees

LINEAR_LEAVES = "gbtree with linear leaves"
BOOSTERS = {
    "gbtree": GradientTrees,
    "dart": DartTrees,
    "gblinear": LinearBooster,
    LINEAR_LEAVES: LinearLeafTrees,
}


def booster_names():
    """Values of the parameter `booster`."""
    return [name for name in BOOSTERS if name != LINEAR_LEAVES]


def choose_booster(booster, linear_leaves):
    """The class that the parameters ask for."""
    return BOOSTERS[LINEAR_LEAVES if booster == "gbtree" and linear_leaves else booster]
