"""Tree ensembles with the scikit-learn interface, compiled by Numba.

Every name below is imported on first use, so `import skensemble` costs next to nothing and compiles nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skensemble._warmup import warm_up
    from skensemble.ensemble._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor

__version__ = "0.1.0.dev0"

__all__ = ["NewtonBoostingClassifier", "NewtonBoostingRegressor", "warm_up"]

_MODULE_OF = {
    "NewtonBoostingClassifier": "skensemble.ensemble._newton_boosting",
    "NewtonBoostingRegressor": "skensemble.ensemble._newton_boosting",
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
