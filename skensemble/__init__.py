"""Tree ensembles and generative models with the scikit-learn interface, compiled by Numba.

Every name is imported on first use, so `import skensemble` costs next to nothing and compiles nothing.  The names are
listed in `_front_door.py`.
"""

from skensemble import _front_door
from skensemble._moved_modules import explain_missing_modules

__version__ = "0.1.0.dev0"

explain_missing_modules()

__all__, __getattr__, __dir__ = _front_door.open_door(__name__, globals())
