"""Which regressor learns the field of a model, and which encoder suits it."""

from sklearn.base import clone

from skensemble.generative.fields._mlp_field import MLPField
from skensemble.generative.fields._plain_regressor import PlainRegressor
from skensemble.generative.fields._tree_field import TreeField
from skensemble.generative.paths._smoothness import is_piecewise_constant
from skensemble.generative.tables._tabular import TableEncoder

REGRESSORS = {  # name -> the regressor of a model that asks for it by name
    "trees": lambda model: TreeField(n_jobs=model.n_jobs, early_stopping=model.mask_share == 0.0),
    "mlp": lambda model: MLPField(),
}


def make_regressor(model, rng=None):
    """An unfitted regressor with `fit_draws` and `predict`, of a model's parameters.

    rng : numpy Generator that seeds it, or None where it is only looked at
    """
    is_named = isinstance(model.regressor, str)
    regressor = REGRESSORS[model.regressor](model) if is_named else clone(model.regressor)
    parameters = regressor.get_params()
    if "n_jobs" in parameters and regressor.n_jobs is None:
        regressor.set_params(n_jobs=model.n_jobs)
    if rng is not None and "random_state" in parameters and regressor.random_state is None:
        regressor.set_params(random_state=int(rng.integers(2**31)))
    return regressor if hasattr(regressor, "fit_draws") else PlainRegressor(regressor)


def make_encoder(model):
    """An unfitted TableEncoder: levels and repeated numbers become intervals of one axis for what splits it, but not
    for what is smooth."""
    if model.encoder is not None:
        return clone(model.encoder)
    if is_piecewise_constant(make_regressor(model)):
        return TableEncoder(numeric="auto", categorical="codes")
    return TableEncoder()
