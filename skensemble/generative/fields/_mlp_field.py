"""MLPField: a small network as a regressor, and as the field of a diffusion model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skensemble._estimator import Estimator
from skensemble._input_kinds import check_in_memory, check_unmasked, without_mask
from skensemble._notebook_summary import one_dimensional
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsBool,
    NameIn,
    OneOf,
    Parameter,
    SequenceOf,
    check_parameters,
    choice,
)
from skensemble._progress_lines import Clock
from skensemble._random import generator
from skensemble._shared_parameters import JOBS
from skensemble._targets import all_or_nothing
from skensemble.generative.fields._field_network import BatchGradient, Embedding, centre_and_scale, new_model
from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._known_cells import target_of_known, with_known_cells
from skensemble.generative.fields._training_rows import FieldRows, TableRows
from skensemble.generative.networks._activations import ACTIVATIONS
from skensemble.generative.networks._optimizers import TrainingPlan, train
from skensemble.generative.paths._field_input import field_features
from skensemble.generative.paths._ode_likelihood import along_themselves
from skensemble.generative.paths._paths import endpoints_of
from skensemble.generative.paths._vector_field import velocity_of

if TYPE_CHECKING:
    from skensemble._types import Array, Column, RandomState, Self, Sequence, Table

ROWS_TO_SCALE_BY = 1 << 14  # number of rows that are drawn to estimate means and scales of features and targets
HELD_OUT_ROWS = 1 << 13  # maximum number of held-out rows in a check

PARAMETERS = {
    "hidden_layer_sizes": Parameter(
        (256, 256, 256),
        (SequenceOf(Interval(int, 1), "a sequence of ints >= 1", min_length=0),),
        "sequence of int",
        "Number of units of each hidden layer.",
    ),
    "activation": Parameter(
        "silu",
        (NameIn(ACTIVATIONS),),
        "str",
        "Activation of the hidden layers: a name in `skensemble.generative.ACTIVATIONS`. Likelihoods need a smooth "
        "one.",
    ),
    "residual": Parameter(
        True,
        (IsBool,),
        "bool",
        "Whether the input of a hidden layer is added to its output, where both have the same size.",
    ),
    "layer_norm": Parameter(False, (IsBool,), "bool", "Whether the inputs of the activations are normalised by layer."),
    "n_frequencies": Parameter(
        4,
        (Interval(int, 0),),
        "int",
        "Number of sines and of cosines of the time, with 1/2, 1, 2, 4, ... periods, that are given to the network as"
        " features. Only for fields: `fit` has no time.",
    ),
    "batch_size": Parameter(512, (Interval(int, 1),), "int", "Number of samples in a batch."),
    "max_steps": Parameter(2000, (Interval(int, 1),), "int", "Maximum number of training steps, of one batch each."),
    "learning_rate": Parameter(
        1e-3,
        (Interval(float, 0.0, closed="neither"),),
        "float",
        "Largest learning rate, > 0.",
    ),
    "learning_rate_schedule": Parameter(
        "cosine",
        (OneOf("cosine", "constant"),),
        choice(("cosine", "constant")),
        'How the learning rate changes. "cosine": it falls along half a cosine. "constant": not at all.',
    ),
    "weight_decay": Parameter(
        0.0,
        (Interval(float, 0.0),),
        "float",
        "Weight decay of AdamW: the fraction of each weight that a step removes, per unit of the learning rate. Must "
        "be >= 0.",
    ),
    "clip_norm": Parameter(
        1.0,
        (Interval(float, 0.0, closed="neither"),),
        "float",
        "Maximum Euclidean norm > 0 of a gradient; longer ones are scaled down to it.",
    ),
    "averaging": Parameter(
        0.999,
        (Interval(float, 0.0, 1.0),),
        "float",
        "Decay, in [0, 1), of the exponential moving average of the weights, which makes the predictions. 0: no "
        "average.",
    ),
    "early_stopping": Parameter(
        False,
        (IsBool,),
        "bool",
        "Whether to stop when the loss of held-out samples no longer falls, and to keep the weights with the smallest"
        " one.",
    ),
    "validation_fraction": Parameter(
        0.1,
        (Interval(float, 0.0, 1.0, "neither"),),
        "float",
        "Fraction of the samples, in (0, 1), to hold out for early stopping.",
    ),
    "n_iter_no_change": Parameter(
        10,
        (Interval(int, 1),),
        "int",
        "Number of checks without a smaller loss of the held-out samples after which early stopping stops.",
    ),
    "check_interval": Parameter(
        100, (Interval(int, 1),), "int", "Number of steps between two checks of the held-out samples."
    ),
    "random_state": Parameter(
        None,
        RANDOM_STATE,
        "int, RandomState instance or None",
        "Seed of the first weights, the batches and the held-out samples. Pass an int to get the same model in every "
        "fit.",
    ),
    "n_jobs": JOBS,
    "verbose": Parameter(0, (Interval(int, 0), IsBool), "int or bool", "Whether to print the losses at each check."),
}


class MLPField(MultiOutputMixin, RegressorMixin, Estimator):
    """A multilayer perceptron for one or many targets, and the smooth field of a diffusion model.

    Features and targets are standardised. The network is trained by AdamW [2]_ on the mean squared error, with clipped
    gradients and a learning rate that falls along a cosine; predictions are made with a moving average of its weights.
    Steps with an infinite or undefined gradient are skipped. Results do not depend on `n_jobs`.

    As the regressor of a diffusion model, it is trained with new noise in every batch, and its derivatives give the
    exact likelihood of the model's flow.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(256, 256, 256)
        Number of units of each hidden layer.
    activation : str, default="silu"
        Activation of the hidden layers: a name in `skensemble.generative.ACTIVATIONS`. Likelihoods need a smooth one.
    residual : bool, default=True
        Whether the input of a hidden layer is added to its output, where both have the same size.
    layer_norm : bool, default=False
        Whether the inputs of the activations are normalised by layer.
    n_frequencies : int, default=4
        Number of sines and of cosines of the time, with 1/2, 1, 2, 4, ... periods, that are given to the network as
        features. Only for fields: `fit` has no time.
    batch_size : int, default=512
        Number of samples in a batch.
    max_steps : int, default=2000
        Maximum number of training steps, of one batch each.
    learning_rate : float, default=0.001
        Largest learning rate, > 0.
    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        How the learning rate changes. "cosine": it falls along half a cosine. "constant": not at all.
    weight_decay : float, default=0.0
        Weight decay of AdamW: the fraction of each weight that a step removes, per unit of the learning rate. Must be
        >= 0.
    clip_norm : float, default=1.0
        Maximum Euclidean norm > 0 of a gradient; longer ones are scaled down to it.
    averaging : float, default=0.999
        Decay, in [0, 1), of the exponential moving average of the weights, which makes the predictions. 0: no average.
    early_stopping : bool, default=False
        Whether to stop when the loss of held-out samples no longer falls, and to keep the weights with the smallest
        one.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out for early stopping.
    n_iter_no_change : int, default=10
        Number of checks without a smaller loss of the held-out samples after which early stopping stops.
    check_interval : int, default=100
        Number of steps between two checks of the held-out samples.
    random_state : int, RandomState instance or None, default=None
        Seed of the first weights, the batches and the held-out samples. Pass an int to get the same model in every fit.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    verbose : int or bool, default=0
        Whether to print the losses at each check.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X has any.
    n_outputs_ : int
        Number of targets.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean loss of the batches before each check, in units of standardised targets.
    validation_curve_ : ndarray
        Loss of the held-out samples at each check. Empty without early stopping.
    best_iter_ : int
        Number of steps after which the weights were taken.
    model_ : object
        The fitted embedding and network.

    See Also
    --------
    sklearn.neural_network.MLPRegressor : scikit-learn's perceptron.

    References
    ----------
    .. [1] D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units", 2016 (and, in passing, SiLU).
    .. [2] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    .. [3] M. Tancik et al., "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional
       Domains", NeurIPS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.generative import MLPField
    >>> X = np.linspace(-2, 2, 200).reshape(-1, 1)
    >>> model = MLPField(hidden_layer_sizes=(32, 32), max_steps=300, random_state=0).fit(X, np.sin(X[:, 0]))
    >>> bool(model.score(X, np.sin(X[:, 0])) > 0.99)
    True
    """

    _parameters = PARAMETERS

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | Array = (256, 256, 256),
        activation: str = "silu",
        *,
        residual: bool = True,
        layer_norm: bool = False,
        n_frequencies: int = 4,
        batch_size: int = 512,
        max_steps: int = 2000,
        learning_rate: float = 0.001,
        learning_rate_schedule: Literal["cosine", "constant"] = "cosine",
        weight_decay: float = 0.0,
        clip_norm: float = 1.0,
        averaging: float = 0.999,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        check_interval: int = 100,
        random_state: int | RandomState | None = None,
        n_jobs: int | None = None,
        verbose: int | bool = 0,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.residual = residual
        self.layer_norm = layer_norm
        self.n_frequencies = n_frequencies
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.check_interval = check_interval
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @property
    def is_smooth(self):
        """Whether predictions can be differentiated usefully; False only for activation="threshold"."""
        return ACTIVATIONS[self.activation].smoothness >= 0

    # -- as a regressor --------------------------------------------------------------------------------------------

    @all_or_nothing
    def fit(self, X: Table, y: Column) -> Self:
        """Fit the network to features and targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features. NaN means that a value is missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        self : MLPField

        Raises
        ------
        ValueError
            If a parameter, X or y is not allowed; the message names it, the rule and the value.
        """
        check_parameters(self, PARAMETERS)
        check_in_memory(X, "X")
        check_in_memory(y, "y")
        check_unmasked(y, "y")
        X, y = validate_data(
            self, without_mask(X), y, dtype=np.float64, ensure_all_finite="allow-nan", multi_output=True, y_numeric=True
        )
        rng = generator(self.random_state)
        targets = np.asarray(y, np.float64).reshape(len(y), -1)
        missing = np.flatnonzero(np.isnan(X).any(axis=0))
        embedding = Embedding(*centre_and_scale(X), missing, -1, np.empty(0, np.float32))
        rows = TableRows(X, targets, rng)
        held_out = None
        if self.early_stopping and len(X) > 1:
            rows, held_out = rows.split(self.validation_fraction)
        self.layout_, self._is_flat = None, y.ndim == 1
        self._train(rows, held_out, new_model(embedding, targets, rng, *self._architecture()), None)
        return self

    def predict(self, X: Table) -> Array:
        """Predict targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features. NaN means that a value is missing.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, in the shape of `y` in `fit`.
        """
        X = self._read(X)
        value = self.model_.predict(X, effective_n_jobs(self.n_jobs))
        if self.layout_ is not None:
            value = with_known_cells(value, X, self.layout_, self.prediction_, self.path_)
        return value[:, 0] if self._is_flat else value

    def tangent(self, X, directions):
        """Derivatives of the predictions along directions of the features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        directions : ndarray of shape (n_directions, n_samples, n_features)

        Returns
        -------
        derivatives : ndarray of shape (n_directions, n_samples, n_outputs)
        """
        X = self._read(X)
        directions = np.asarray(directions, np.float64)
        value = self.model_.tangent(X, directions, effective_n_jobs(self.n_jobs))
        if self.layout_ is not None and self.layout_.n_known:
            is_asked = np.isnan(self.layout_.read(X).known)
            value = np.where(is_asked, value, self._tangent_of_known(X, directions))
        return value

    def _read(self, X):
        check_is_fitted(self)
        check_in_memory(X, "X")
        return validate_data(self, without_mask(X), reset=False, dtype=np.float64, ensure_all_finite="allow-nan")

    # -- as a field ------------------------------------------------------------------------------------------------

    def fit_field(self, data, condition=None, weight=None, *, path, prediction, generator, callback=None, **options):
        """Fit the field to encoded samples.

        Parameters
        ----------
        data : float64 array of shape (n_samples, n_columns)
            Encoded samples, one per row.
        condition : float64 array of shape (n_samples, n_condition), default=None
            Condition of each sample; NaN where it is not known.
        weight : array of shape (n_samples,), default=None
            Sample weights: a weight of k counts as k samples.
        path : Path
            Path from data to noise.
        prediction : str
            What the network predicts, a key of `PREDICTIONS`.
        generator : numpy.random.Generator
            Used instead of `random_state`.
        callback : callable, default=None
            Called as `callback(n_done, n_checks, loss)` after each check; loss is that of the held-out samples, or of
            the batches where none are held out. Training ends if it returns True.
        **options : dict
            Arguments of `FieldDraws`.

        Returns
        -------
        self : MLPField
        """
        return self.fit_draws(FieldDraws(data, condition, weight, path, prediction, generator, **options), callback)

    @all_or_nothing
    def fit_draws(self, draws, callback=None):
        """Fit the field to batches that are drawn afresh.

        Parameters
        ----------
        draws : FieldDraws
            Samples, conditions and weights, the path, and what is predicted.
        callback : callable, default=None
            See `fit_field`.

        Returns
        -------
        self : MLPField
        """
        check_parameters(self, PARAMETERS)
        self.path_, self.prediction_, self.layout_, self._is_flat = draws.path, draws.prediction, draws.layout, False
        batch = FieldRows(draws).draw(ROWS_TO_SCALE_BY)
        self.n_features_in_ = self.layout_.n_features
        frequencies = 2.0 ** np.arange(-1, self.n_frequencies - 1, dtype=np.float32)
        missing = np.arange(self.n_features_in_)[self.layout_.condition]
        embedding = Embedding(*centre_and_scale(batch.features), missing, self.layout_.time, frequencies)
        model = new_model(embedding, batch.targets, draws.generator, *self._architecture())
        held_out = None
        if self.early_stopping and len(draws.data) > 1:
            draws, held_out = draws.split(self.validation_fraction)
            held_out = FieldRows(held_out)
        self._train(FieldRows(draws), held_out, model, callback)
        return self

    def divergence(self, x, t, condition=None, probes=None):
        """Divergence in x of the velocity of the flow that this field carries; after `fit_field`.

        Parameters
        ----------
        x : float64 array of shape (n_samples, n_columns)
            Where the samples are.
        t : float or array of shape (n_samples,)
            Time, from 0 (data) to 1 (noise).
        condition : float64 array of shape (n_samples, n_condition), default=None
            Columns [known cells, condition]; known cells only if trained with `mask_share > 0`; NaN where unknown.
        probes : array of shape (n_probes, n_columns), default=None
            Random signs: the trace is estimated by mean z^T J z (Hutchinson).  None: exact, a tangent per column.

        Returns
        -------
        divergence : ndarray of shape (n_samples,)
        """
        n_columns = x.shape[1]
        features = field_features(x, t, self.layout_.split(condition), self.path_)
        along = np.zeros((n_columns if probes is None else len(probes), 1, features.shape[1]))
        moves = self.layout_.read(along).x[:, 0]
        moves[:] = np.eye(n_columns) if probes is None else probes
        tangents = self.tangent(features, np.broadcast_to(along, (len(along), *features.shape)))
        trace = along_themselves(tangents, moves) / (1 if probes is None else len(probes))
        return self._velocity_trace(trace / np.ravel(self.path_.scale(t)), n_columns, t)

    def _velocity_trace(self, trace, n_columns, t):
        """Velocity is linear in the prediction and in x: a * prediction + b * x."""
        times, one, zero = np.ravel(t), np.ones((1, 1)), np.zeros((1, 1))
        of_prediction, of_x = (
            np.ravel(velocity_of(endpoints_of(self.prediction_, value, x, times, self.path_), times, self.path_))
            for value, x in ((one, zero), (zero, one))
        )
        return of_prediction * trace + of_x * n_columns

    def _tangent_of_known(self, features, directions):
        """Derivative of the prediction of known cells: a linear function of scaled x, whatever their values."""
        layout = self.layout_
        at = np.repeat(features[np.newaxis], len(directions), axis=0)
        layout.read(at).x[:] = layout.read(directions).x
        given = layout.read(at.reshape(-1, layout.n_features))
        given = given._replace(known=np.zeros_like(given.known))
        return target_of_known(given, self.prediction_, self.path_).reshape(*at.shape[:-1], layout.n_columns)

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _facts(self):
        sizes = " → ".join(str(size) for size in (self.n_features_in_, *self.hidden_layer_sizes, self.n_outputs_))
        yield "units", f"{sizes}, with {self.model_.network.parameters.size} parameters"
        yield "steps", f"{self.best_iter_} of {self.max_steps}"
        for name, curve in zip(("training", "held-out"), self._curves(), strict=True):
            if np.isfinite(curve).any():
                yield f"least loss of {name} rows", f"{-np.nanmax(curve):.6g}"

    def _curves(self):
        return tuple(-one_dimensional(getattr(self, name, ())) for name in ("loss_curve_", "validation_curve_"))

    # -- training --------------------------------------------------------------------------------------------------

    def _architecture(self):
        return self.hidden_layer_sizes, self.activation, self.residual, self.layer_norm

    def _plan(self):
        return TrainingPlan(
            max_steps=self.max_steps,
            learning_rate=self.learning_rate,
            schedule=self.learning_rate_schedule,
            n_warmup=min(50, self.max_steps // 10),
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            averaging=self.averaging,
            check_every=self.check_interval,
            n_iter_no_change=self.n_iter_no_change,
        )

    def _train(self, rows, held_out, model, callback):
        """Train `model` on batches of `rows`, and store it with what happened."""
        n_threads = effective_n_jobs(self.n_jobs)
        batch_gradient = BatchGradient(model, n_threads)
        n_drawn = rows.n_useful(self.batch_size)

        def fill_gradient(step):
            batch = rows.draw(n_drawn)
            return batch_gradient.fill(batch.features, batch.targets, rows.is_asked(batch))

        network = model.network
        history = train(
            network.parameters,
            network.gradient,
            fill_gradient,
            self._plan(),
            held_out_loss=None if held_out is None else _held_out_loss(model, held_out, n_threads),
            mask=network.weight_mask(),
            on_look=self._report(callback),
        )
        network.bind(network.parameters)  # the gradient is not part of a fitted model
        self.model_, self.n_outputs_ = model, network.n_outputs
        self.n_iter_, self.best_iter_ = history.n_steps, history.best_step
        self.loss_curve_, self.validation_curve_ = history.losses, history.held_out_losses

    def _report(self, callback):
        clock = Clock()

        def on_look(n_steps, loss, held_out_loss):
            if self.verbose:
                losses = f"loss {loss:.5f}, held-out loss {held_out_loss:.5f}"
                print(f"step {n_steps} of {self.max_steps}: {losses}, {clock.left(n_steps, self.max_steps)}")
            n_done, n_checks = (-(-steps // self.check_interval) for steps in (n_steps, self.max_steps))
            loss = held_out_loss if self.early_stopping else loss
            return callback is not None and callback(n_done, n_checks, loss)

        return on_look


def _held_out_loss(model, rows, n_threads):
    """The loss of one batch, which is the same in every check: only the model changes."""
    batch = rows.draw(rows.n_useful(HELD_OUT_ROWS))
    is_asked = rows.is_asked(batch)

    def held_out_loss():
        error = (model.predict(batch.features, n_threads) - batch.targets) / model.target_scale
        return np.mean(error**2) if is_asked is None else np.mean(error**2, where=is_asked)

    return held_out_loss
