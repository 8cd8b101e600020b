"""Parameters of normalizing flows."""

from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsArrayLike,
    IsBool,
    IsInstance,
    IsNone,
    NameIn,
    OneOf,
    Parameter,
    SequenceOf,
    choice,
)
from skensemble._shared_parameters import JOBS
from skensemble.generative.flows._flow_bases import BASES
from skensemble.generative.networks._activations import ACTIVATIONS
from skensemble.generative.tables._tabular import TableEncoder

FLOW_PARAMETERS = {
    "n_layers": Parameter(8, (Interval(int, 1),), "int", "Number of transformations, each with a network of its own."),
    "hidden_layer_sizes": Parameter(
        (64, 64),
        (SequenceOf(Interval(int, 1), "a sequence of ints >= 1", min_length=0),),
        "sequence of int",
        "Number of units in each hidden layer of a network.",
    ),
    "activation": Parameter(
        "silu",
        (NameIn(ACTIVATIONS),),
        "str",
        "Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.",
    ),
    "base": Parameter(
        "normal",
        (NameIn(BASES),),
        choice(("normal", "logistic", "student_t")),
        'Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails, for tables with '
        "outliers.",
    ),
    "batch_size": Parameter(
        "auto",
        (OneOf("auto"), Interval(int, 1)),
        'int or "auto"',
        'Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.',
    ),
    "learning_rate": Parameter(
        1e-3,
        (Interval(float, 0.0, closed="neither"),),
        "float",
        "Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.",
    ),
    "max_epochs": Parameter(100, (Interval(int, 1),), "int", "Maximum number of passes over the samples."),
    "early_stopping": Parameter(
        True,
        (IsBool,),
        "bool",
        "Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the "
        "highest likelihood.",
    ),
    "validation_fraction": Parameter(
        0.1,
        (Interval(float, 0.0, 1.0, "neither"),),
        "float",
        "Fraction of the samples, in (0, 1), that is held out.",
    ),
    "n_iter_no_change": Parameter(
        20,
        (Interval(int, 1),),
        "int",
        "Number of epochs without a higher likelihood of the held-out samples after which training stops.",
    ),
    "condition_columns": Parameter(
        None,
        (IsNone, IsArrayLike),
        "array-like of names or positions, or a mask",
        "Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all "
        "columns are modelled.",
    ),
    "encoder": Parameter(
        None,
        (IsInstance(TableEncoder, "a TableEncoder"), IsNone),
        "TableEncoder or None",
        "Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.",
    ),
    "n_jobs": JOBS,
    "random_state": Parameter(
        None,
        RANDOM_STATE,
        "int, RandomState instance or None",
        "Seed of `fit`, and of `sample` unless it is given another one.",
    ),
    "verbose": Parameter(0, (Interval(int, 0), IsBool), "int or bool", "Whether to print the losses of each epoch."),
}

# Affine layers can magnify how far out a row is without bound, and the log density of a normal base falls with the
# square of that: a single row can outweigh thousands.
AFFINE_PARAMETERS = FLOW_PARAMETERS | {
    "base": FLOW_PARAMETERS["base"]._replace(
        default="student_t",
        text='Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails: affine layers '
        'can take a sample far out, and with "normal" its log density falls with the square of the distance, so that a '
        "single sample can outweigh thousands. For tables without outliers, the other two can be a little better.",
    )
}
