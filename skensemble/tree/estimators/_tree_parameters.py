"""Parameters of decision trees: defaults, rules and documentation."""

from skensemble._parameters import RANDOM_STATE, OneOf, Parameter, choice, with_defaults
from skensemble.tree.exact._cart_limits import CART_PARAMETERS, CLASSIFIER_PARAMETERS, REGRESSOR_PARAMETERS

_SPLITTER = Parameter(
    "best",
    (OneOf("best", "random"),),
    choice(("best", "random")),
    'How the split of a node is found. "best": the best of all thresholds. "random": the best of one random threshold'
    " for each feature that is considered.",
)
_RANDOM_STATE = Parameter(
    None,
    RANDOM_STATE,
    "int, RandomState instance or None",
    "Seed of the draws of features and of random thresholds. Pass an int to get the same tree in every fit. Nothing "
    'is random if `splitter="best"` and `max_features` is None.',
)


def _table(own):
    """Parameters of a tree; `own` are those that depend on the target."""
    return {
        "criterion": own["criterion"],
        "splitter": _SPLITTER,
        **CART_PARAMETERS,
        **own,
        "max_bins": CART_PARAMETERS["max_bins"]._replace(default=None),
        "random_state": _RANDOM_STATE,
    }


CLASSIFIER = _table(CLASSIFIER_PARAMETERS)
REGRESSOR = _table(REGRESSOR_PARAMETERS)
EXTRA_CLASSIFIER = with_defaults(CLASSIFIER, splitter="random", max_features="sqrt")
EXTRA_REGRESSOR = with_defaults(REGRESSOR, splitter="random", max_features=1.0)
