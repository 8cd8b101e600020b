"""ContinuousNormalizingFlow: a flow in continuous time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from skensemble._parameters import Interval, OneOf, Parameter, choice
from skensemble.generative.flows._flow_bases import BASES
from skensemble.generative.flows._flow_model import HELD_OUT_ROWS, NormalizingFlow
from skensemble.generative.flows._flow_parameters import FLOW_PARAMETERS
from skensemble.generative.flows._layers import Stack
from skensemble.generative.networks._networks import SLOPE, VALUE
from skensemble.generative.networks._optimizers import train

if TYPE_CHECKING:
    from skensemble._types import Array, ArrayLike, BaseEstimator, RandomState, Sequence


class ContinuousNormalizingFlow(NormalizingFlow):
    """Normalizing flow in continuous time: samples follow a learned velocity field to noise [1]_.

    Parameters
    ----------
    training : {"flow_matching", "likelihood"}, default="flow_matching"
        How the network is trained. "flow_matching": regression of the velocity on straight lines between samples and
        noise [2]_. "likelihood": maximum likelihood through the solver [1]_, which takes
        `4 * n_steps * (1 + n_columns)` times as long per training step.
    n_steps : int, default=8
        Number of steps of the Runge-Kutta solver, for densities, samples and training by likelihood.
    kinetic : float, default=0.01
        Weight of the penalty on the kinetic energy in training by likelihood [3]_, which makes flows straighter, so
        that few steps are enough.
    hidden_layer_sizes : sequence of int, default=(128, 128)
        Number of units in each hidden layer of the network.
    activation : str, default="silu"
        Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails, for tables with
        outliers.
    batch_size : int or "auto", default="auto"
        Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.
    learning_rate : float, default=0.001
        Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.
    max_epochs : int, default=100
        Maximum number of passes over the samples.
    early_stopping : bool, default=True
        Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the
        highest likelihood.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), that is held out.
    n_iter_no_change : int, default=20
        Number of epochs without a higher likelihood of the held-out samples after which training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all
        columns are modelled.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one.
    verbose : int or bool, default=0
        Whether to print the losses of each epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels, if `y` of `fit` holds classes.
    likelihood_ : "ode"
        Kind of the log densities: exact up to the error of the solver and, with more than 50 columns, of an estimated
        trace. For categories, integers and missing cells they are log probabilities, estimated by the mean density at
        16 to 256 places in their boxes, see `TableEncoder`: over all rows that there can be, probabilities of
        categories alone add up to 1 within a few percent.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean loss of the batches of each epoch.
    validation_curve_ : ndarray
        Loss of the held-out samples after each epoch; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    See Also
    --------
    FlowMatching : Flow matching with trees, guidance and imputation.
    NeuralSplineFlow : Exact densities in one pass.

    References
    ----------
    .. [1] Grathwohl, W. et al. (2019). FFJORD: free-form continuous dynamics for scalable reversible generative models.
           ICLR 2019. https://arxiv.org/abs/1810.01367
    .. [2] Lipman, Y. et al. (2023). Flow matching for generative modeling. ICLR 2023. https://arxiv.org/abs/2210.02747
    .. [3] Finlay, C. et al. (2020). How to train your neural ODE: the world of Jacobian and kinetic regularization.
           ICML 2020. https://arxiv.org/abs/2002.02798

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble.generative import ContinuousNormalizingFlow
    >>> X = load_iris().data
    >>> model = ContinuousNormalizingFlow(max_epochs=5, random_state=0).fit(X)
    >>> model.sample(2).shape
    (2, 4)
    """

    _stack = Stack(("actnorm", "continuous"))
    _parameters = {
        "training": Parameter(
            "flow_matching",
            (OneOf("flow_matching", "likelihood"),),
            choice(("flow_matching", "likelihood")),
            'How the network is trained. "flow_matching": regression of the velocity on straight lines between samples '
            'and noise [2]_. "likelihood": maximum likelihood through the solver [1]_, which takes `4 * n_steps * (1 + '
            "n_columns)` times as long per training step.",
        ),
        "n_steps": Parameter(
            8,
            (Interval(int, 1),),
            "int",
            "Number of steps of the Runge-Kutta solver, for densities, samples and training by likelihood.",
        ),
        "kinetic": Parameter(
            0.01,
            (Interval(float, 0.0),),
            "float",
            "Weight of the penalty on the kinetic energy in training by likelihood [3]_, which makes flows straighter, "
            "so that few steps are enough.",
        ),
        "hidden_layer_sizes": FLOW_PARAMETERS["hidden_layer_sizes"]._replace(
            default=(128, 128), text="Number of units in each hidden layer of the network."
        ),
        **{
            name: parameter
            for name, parameter in FLOW_PARAMETERS.items()
            if name not in ("n_layers", "hidden_layer_sizes")
        },
    }
    _likelihood = "ode"

    def __init__(
        self,
        *,
        training: Literal["flow_matching", "likelihood"] = "flow_matching",
        n_steps: int = 8,
        kinetic: float = 0.01,
        hidden_layer_sizes: Sequence[int] | Array = (128, 128),
        activation: str = "silu",
        base: Literal["normal", "logistic", "student_t"] = "normal",
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        max_epochs: int = 100,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        condition_columns: ArrayLike = None,
        encoder: BaseEstimator | None = None,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.training = training
        self.n_steps = n_steps
        self.kinetic = kinetic
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.base = base
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.condition_columns = condition_columns
        self.encoder = encoder
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @property
    def _measure(self):
        return super()._measure if self.training == "likelihood" else "negative squared error of the velocity"

    def _train(self, flow, rows, size, held_out, plan, n_threads, on_look):
        if self.training == "likelihood":
            return super()._train(flow, rows, size, held_out, plan, n_threads, on_look)
        matching = _Matching(flow, rows.rng)
        looked_at = None
        if held_out is not None:
            looked_at = matching.draw(held_out, min(4 * len(held_out), HELD_OUT_ROWS))
        return train(
            flow.parameters,
            matching.gradient,
            lambda step: matching.fill(*matching.draw(rows, size)),
            plan,
            held_out_loss=None if held_out is None else lambda: matching.loss(*looked_at),
            on_look=on_look,
        )


class _Matching:
    """Squared distance of the velocity from noise - data, at places on the line between them."""

    def __init__(self, flow, rng):
        self.gradient, self.base, self.rng = np.zeros_like(flow.parameters), BASES[flow.base], rng
        self.scaling, layer = flow.layers
        self.layer = layer.twin(flow._parts(self.gradient)[1])

    def draw(self, rows, n_rows):
        """(inputs of the network, target); a time in each n_rows-th of [0, 1]."""
        x, condition = rows.draw(n_rows)
        x = self.scaling.forward(x, condition, np.zeros(n_rows, x.dtype))
        noise = self.base.sample(self.rng, x.shape)
        t = ((self.rng.permutation(n_rows) + self.rng.random(n_rows)) / n_rows)[:, np.newaxis]
        inputs = self.layer.inputs((1.0 - t) * x + t * noise, t, condition)
        return inputs, (noise - x).astype(x.dtype)

    def loss(self, inputs, target):
        error = self.layer.network.forward(inputs, self.layer.network.workspace(), VALUE) - target
        return float(np.mean(error * error))

    def fill(self, inputs, target):
        error = self.layer.network.forward(inputs, self.layer.workspace, SLOPE) - target
        self.layer.network.backward(error * error.dtype.type(2.0 / error.size), self.layer.workspace)
        return float(np.mean(error * error))
