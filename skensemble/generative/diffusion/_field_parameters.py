"""Parameters that diffusion and flow models share."""

from skensemble._parameters import RANDOM_STATE, Interval, IsBool, IsInstance, IsNone, Matches, NameIn, Parameter
from skensemble._shared_parameters import JOBS
from skensemble.generative.diffusion._regressor_choice import REGRESSORS
from skensemble.generative.tables._tabular import TableEncoder

IsRegressor = Matches(
    lambda value: (
        (hasattr(value, "fit") or hasattr(value, "fit_draws"))
        and hasattr(value, "predict")
        and not isinstance(value, type)
    ),
    "a regressor",
)

FIELD_PARAMETERS = {
    "regressor": Parameter(
        "trees",
        (NameIn(REGRESSORS), IsRegressor),
        '{"trees", "mlp"} or regressor',
        'Regressor that learns the field. "trees": `TreeField()`. "mlp": `MLPField()`. regressor: one of these with '
        "other parameters, or any regressor of scikit-learn; it is cloned.",
    ),
    "encoder": Parameter(
        None,
        (IsInstance(TableEncoder, "a TableEncoder"), IsNone),
        "TableEncoder or None",
        "Encoder that turns the table into numbers and back; it is cloned. None: "
        '`TableEncoder(numeric="auto", categorical="codes")` for trees, `TableEncoder()` for smooth regressors.',
    ),
    "mask_share": Parameter(
        0.0,
        (Interval(float, 0.0, 1.0, "both"),),
        "float",
        "Fraction of the training samples, in [0, 1], that show some of their own cells to the regressor. Above 0, the "
        "model can be conditioned on cells (`sample(condition=...)`) and can impute missing cells; 0.5 suits both "
        "these and unconditional samples.",
    ),
    "label_drop": Parameter(
        0.1,
        (Interval(float, 0.0, 1.0, "left"),),
        "float",
        "Fraction of the training samples, in [0, 1), whose label is hidden from the regressor, as classifier-free "
        "guidance and densities without labels require.",
    ),
    "n_jobs": JOBS,
    "random_state": Parameter(
        None,
        RANDOM_STATE,
        "int, RandomState instance or None",
        "Seed of `fit`, and of `sample` unless it is given another one. Pass an int to get the same model and the same "
        "samples in every call.",
    ),
    "verbose": Parameter(0, (Interval(int, 0), IsBool), "int or bool", "Whether to print the progress of `fit`."),
}
