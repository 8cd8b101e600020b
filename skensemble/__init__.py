"""Tree ensembles and generative models with the scikit-learn interface, compiled by Numba.

Every name below is imported on first use, so `import skensemble` costs next to nothing and compiles nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from skensemble._moved_modules import explain_missing_modules

if TYPE_CHECKING:
    from skensemble._warmup import warm_up
    from skensemble.ensemble.adaboost._adaboost import AdaBoostClassifier, AdaBoostRegressor
    from skensemble.ensemble.forest._random_forest import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from skensemble.ensemble.gradient._gradient_boosting import GradientBoostingClassifier, GradientBoostingRegressor
    from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor
    from skensemble.ensemble.newton._newton_ranker import NewtonBoostingRanker
    from skensemble.generative import (
        DDPM,
        NICE,
        ContinuousNormalizingFlow,
        DensityOutlierDetector,
        FlowMatching,
        Glow,
        MaskedAutoregressiveFlow,
        NeuralSplineFlow,
        RealNVP,
        RectifiedFlow,
        ScoreSDE,
    )
    from skensemble.inspection import export_graphviz, export_text, plot_tree
    from skensemble.tree.estimators._decision_tree import (
        DecisionTreeClassifier,
        DecisionTreeRegressor,
        ExtraTreeClassifier,
        ExtraTreeRegressor,
    )

__version__ = "0.1.0.dev0"

explain_missing_modules()

__all__ = [
    "DDPM",
    "NICE",
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "ContinuousNormalizingFlow",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "DensityOutlierDetector",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "FlowMatching",
    "Glow",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "MaskedAutoregressiveFlow",
    "NeuralSplineFlow",
    "NewtonBoostingClassifier",
    "NewtonBoostingRanker",
    "NewtonBoostingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RealNVP",
    "RectifiedFlow",
    "ScoreSDE",
    "export_graphviz",
    "export_text",
    "plot_tree",
    "warm_up",
]

_MODULE_OF = {
    "AdaBoostClassifier": "skensemble.ensemble.adaboost._adaboost",
    "AdaBoostRegressor": "skensemble.ensemble.adaboost._adaboost",
    "ContinuousNormalizingFlow": "skensemble.generative",
    "DDPM": "skensemble.generative",
    "DecisionTreeClassifier": "skensemble.tree.estimators._decision_tree",
    "DecisionTreeRegressor": "skensemble.tree.estimators._decision_tree",
    "DensityOutlierDetector": "skensemble.generative",
    "ExtraTreeClassifier": "skensemble.tree.estimators._decision_tree",
    "ExtraTreeRegressor": "skensemble.tree.estimators._decision_tree",
    "ExtraTreesClassifier": "skensemble.ensemble.forest._random_forest",
    "ExtraTreesRegressor": "skensemble.ensemble.forest._random_forest",
    "FlowMatching": "skensemble.generative",
    "Glow": "skensemble.generative",
    "GradientBoostingClassifier": "skensemble.ensemble.gradient._gradient_boosting",
    "GradientBoostingRegressor": "skensemble.ensemble.gradient._gradient_boosting",
    "MaskedAutoregressiveFlow": "skensemble.generative",
    "NICE": "skensemble.generative",
    "NeuralSplineFlow": "skensemble.generative",
    "NewtonBoostingClassifier": "skensemble.ensemble.newton._newton_boosting",
    "NewtonBoostingRanker": "skensemble.ensemble.newton._newton_ranker",
    "NewtonBoostingRegressor": "skensemble.ensemble.newton._newton_boosting",
    "RandomForestClassifier": "skensemble.ensemble.forest._random_forest",
    "RandomForestRegressor": "skensemble.ensemble.forest._random_forest",
    "RealNVP": "skensemble.generative",
    "RectifiedFlow": "skensemble.generative",
    "ScoreSDE": "skensemble.generative",
    "export_graphviz": "skensemble.inspection",
    "export_text": "skensemble.inspection",
    "plot_tree": "skensemble.inspection",
    "warm_up": "skensemble._warmup",
}


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__():
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
