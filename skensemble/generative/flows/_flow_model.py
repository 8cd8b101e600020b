"""What all normalizing flows share: an encoded table, training, densities, latents, samples."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import DensityMixin, TransformerMixin, clone
from sklearn.utils.validation import check_array, check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._notebook_summary import listed, one_dimensional
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import RANDOM_STATE, Interval, ParameterError, check_parameter, check_parameters
from skensemble._progress_lines import Clock
from skensemble._random import generator
from skensemble._targets import all_or_nothing, read_weight
from skensemble._validation import note_columns
from skensemble.generative.flows._flow_bases import BASES
from skensemble.generative.flows._flow_network import Flow, FlowGradient
from skensemble.generative.flows._flow_parameters import FLOW_PARAMETERS
from skensemble.generative.flows._flow_rows import FlowRows
from skensemble.generative.flows._label_shares import LabelShares
from skensemble.generative.flows._layers import Place, Stack
from skensemble.generative.networks._optimizers import TrainingPlan, train
from skensemble.generative.tables._boxes import log_mean_density, log_sum_exp, n_to_calibrate_by
from skensemble.generative.tables._containers import read_frame
from skensemble.generative.tables._given_columns import GivenColumns
from skensemble.generative.tables._label_encoding import CLASSES, LabelEncoding
from skensemble.generative.tables._tabular import TableEncoder

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Column, Seed, Self, Table

HELD_OUT_ROWS = 1 << 13  # maximum number of held-out rows in a check
ROWS_TO_INITIALIZE_BY = 1 << 12
MOST_PLACES = 256  # in the box of an encoded row
WORTH_A_THREAD = 1 << 22  # weights times rows of a layer; below, threads wait for the interpreter's lock between layers
CLIP_NORM = 50.0  # outliers have long gradients; those of common batches are left as they are


class NormalizingFlow(CallbackSupportMixin, TransformerMixin, DensityMixin, Estimator):
    """Base class of normalizing flows; a subclass names its layers in `_stack`."""

    _stack = Stack()
    _parameters = FLOW_PARAMETERS
    _reads_any_table = True
    _likelihood = "exact"
    _measure = "log-likelihood, per encoded row,"  # what training raises

    def __init__(
        self,
        *,
        n_layers=8,
        hidden_layer_sizes=(64, 64),
        activation="silu",
        base="normal",
        batch_size="auto",
        learning_rate=1e-3,
        max_epochs=100,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=20,
        condition_columns=None,
        encoder=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.n_layers = n_layers
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

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(self, X: Table, y: Column | None = None, sample_weight: Column | None = None) -> Self:
        """Fit the flow to the samples; with `y`, to their distribution given the labels.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Numbers (finite), categories, strings, booleans, dates; missing cells are generated as missing.
        y : array-like of shape (n_samples,), default=None
            Labels or numbers to condition on. Samples without a label (None or NaN) are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0; weight k is k copies of the sample.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter, a cell, a label or a weight is not allowed; the message names it, the rule and the value.
            The estimator stays as it was.
        """
        check_parameters(self, self._parameters)
        frame = read_frame(X)
        note_columns(self, X, reset=True)
        weight = read_weight(sample_weight, "sample_weight", len(frame))
        rng = generator(self.random_state)
        self.encoder_ = (TableEncoder() if self.encoder is None else clone(self.encoder)).fit(X, sample_weight=weight)
        self._labels = None if y is None else LabelEncoding(y, weight, len(frame))
        self.__dict__.pop("classes_", None)
        if self._labels is not None and self._labels.classes_ is not None:
            self.classes_ = self._labels.classes_
        self._given = GivenColumns(self, self.condition_columns, self.encoder_)
        labels = np.empty((len(frame), 0)) if y is None else self._labels.encode(y, len(frame))
        boxes = self.encoder_.boxes(X)
        given = self._given.split(boxes.middle)[1]
        if self._labels is not None:
            self._label_shares = LabelShares(self._labels, labels, given, weight, self.n_jobs, rng)
        modelled = boxes.columns(~self._given.is_given)
        rows = FlowRows(modelled, np.hstack([labels, given]), weight, rng)
        self._fit_flow(rows, rng, {"X": X, "y": y, "metadata": {}})
        self._calibrate(rows, rng)
        self.likelihood_ = self._likelihood
        return self

    def _fit_flow(self, rows, rng, data):
        self._flow, self.n_iter_ = None, 0
        self.loss_curve_, self.validation_curve_ = np.empty(0), np.empty(0)
        n_columns = rows.n_columns
        if n_columns == 0:
            return
        rows, held_out = rows.split(self.validation_fraction) if self.early_stopping else (rows, None)
        place = Place(n_columns, rows.condition.shape[1], self.get_params(deep=False), rng)
        flow = Flow(self._stack.layers(place), self.base, n_columns, rows.condition.shape[1])
        flow.initialize(rng, *rows.draw(min(len(rows), ROWS_TO_INITIALIZE_BY)))
        n_threads = effective_n_jobs(self.n_jobs)
        size = self._batch_size(len(rows))
        n_steps = -(-len(rows) // size)
        plan = TrainingPlan(
            self.max_epochs * n_steps, float(self.learning_rate), schedule="constant", clip_norm=CLIP_NORM,
            check_every=n_steps, n_iter_no_change=self.n_iter_no_change if held_out is not None else 0,
        )  # fmt: skip
        progress = FitProgress(self, self.max_epochs, data)
        history = self._train(flow, rows, size, held_out, plan, n_threads, self._on_look(plan.max_steps, progress))
        progress.finish(dict)
        self._flow, self.n_iter_ = flow, history.n_steps
        self.loss_curve_, self.validation_curve_ = history.losses, history.held_out_losses

    def _train(self, flow, rows, size, held_out, plan, n_threads, on_look):
        work = size * flow.parameters.size / len(flow.layers)
        gradient = FlowGradient(flow, n_threads if work > WORTH_A_THREAD else 1)
        looked_at = None if held_out is None else held_out.draw(min(len(held_out), HELD_OUT_ROWS))

        def held_out_loss():
            return -flow.transform(*looked_at, n_threads)[1].mean()

        return train(
            flow.parameters, gradient.gradient, lambda step: gradient.fill(*rows.draw(size)), plan,
            held_out_loss=None if held_out is None else held_out_loss, on_look=on_look,
        )  # fmt: skip

    def _calibrate(self, rows, rng):
        """Let the encoder decode what the flow draws, for conditions of the training rows, to the shares of fit."""
        if self._flow is None or len(rows) == 0:
            return
        n_drawn = n_to_calibrate_by(len(rows))
        condition = rows.draw(n_drawn)[1]
        latents = BASES[self.base].sample(rng, (n_drawn, rows.n_columns))
        drawn = self._given.join(self._inverse(latents, condition), np.zeros((n_drawn, self._given.n_given)))
        self.encoder_.calibrate(drawn, fixed=self._given.determined)

    def _batch_size(self, n_rows):
        return int(np.clip(n_rows // 20, 32, 512)) if self.batch_size == "auto" else self.batch_size

    def _on_look(self, max_steps, progress):
        """What happens after each epoch: a line, and callbacks, which may end the training."""
        clock = Clock()

        def on_look(n_steps, loss, held_out_loss):
            if self.verbose:
                losses = f"loss {loss:.4f}, held out {held_out_loss:.4f}"
                print(f"[step {n_steps}/{max_steps}] {losses}, {clock.left(n_steps, max_steps)}")
            return progress.run_round(lambda: None, dict)

        return on_look

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _facts(self):
        yield from self.encoder_._facts()
        if self._labels is not None:
            yield "labels", self._labels.in_words()
        if self.condition_columns is not None:
            yield "conditions", listed(self.condition_columns)
        if self._flow is None:
            return
        kinds = Counter(type(layer).__name__.lower() for layer in self._flow.layers)
        layers = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        yield "layers", f"{layers}, with {self._flow.parameters.size} parameters, base {self.base}"
        curves = self._curves()
        if len(curves[0]):  # files for what only predicts have none
            yield "epochs", f"{len(curves[0])} of {self.max_epochs}"
        for rows, curve in zip(("training", "held-out"), curves, strict=True):
            if np.isfinite(curve).any():
                yield f"best {self._measure} of {rows} rows", f"{np.nanmax(curve):.6g}"

    def _curves(self):
        return tuple(-one_dimensional(getattr(self, name, ())) for name in ("loss_curve_", "validation_curve_"))

    # -- densities ---------------------------------------------------------------------------------------------------

    def score_samples(self, X: Table, y: Column | None = None) -> Array:
        """Compute the log density of each sample, in nats and in the units of the data.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels to condition on, for a model that was fitted with labels. None: the density summed over the classes;
            not available after a fit with numbers as `y`. The same holds for samples whose class is missing or was not
            seen in `fit`. With `condition_columns`, a boosted classifier estimates the class probabilities given these
            columns.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Log density; with `condition_columns`, of the other columns given these.
        """
        boxes, given = self._encoded(X)
        if self._flow is None:
            return boxes.log_volume
        found = np.empty(len(boxes))
        for rows, labels in [(slice(None), None)] if self._labels is None else self._labels.split(y, len(boxes)):
            found[rows] = self._log_density(boxes.take(rows), given[rows], labels)
        return found

    def _log_density(self, boxes, given, y):
        """Log densities of boxes given labels; y=None for models with labels: whatever the class."""
        is_sum = self._labels is not None and y is None
        condition = None if is_sum else self._condition(y, given)

        def log_density(Z, rows):
            return log_sum_exp(self._joint(Z, given[rows]).T) if is_sum else self._through(Z, condition[rows])[1]

        return log_mean_density(log_density, boxes, MOST_PLACES, given if is_sum else condition)

    def score(self, X: Table, y: Column | None = None) -> float:
        """Compute the mean log density of the samples, which a grid search maximises.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels to condition on.

        Returns
        -------
        score : float
            Mean of `score_samples`.
        """
        return float(np.mean(self.score_samples(X, y)))

    def _joint(self, Z, given):
        """log p(row, class), (n_samples, n_classes)."""
        if self._labels.kind != CLASSES:
            raise ParameterError("y must be given to a model that was fitted with numbers, got None.")
        densities = [self._through(Z, self._condition(label, given))[1] for label in self.classes_]
        return np.column_stack(densities) + self._label_shares.log_shares(given)

    def _encoded(self, X):
        check_is_fitted(self)
        read_frame(X)
        note_columns(self, X, reset=False)
        boxes = self.encoder_.boxes(X, given=self._given.determined)
        return boxes.columns(~self._given.is_given), self._given.split(boxes.middle)[1]

    def _condition(self, y, given):
        """Labels, then the encoded cells that are given, (n_samples, n_given)."""
        if self._labels is None:
            return given
        labels = self._labels.encode(y, len(given))
        if np.isnan(labels).any():
            raise ParameterError("y must not be missing for a model that was fitted with labels, got a missing label.")
        return np.hstack([labels, given])

    def _through(self, Z, condition):
        return self._flow.transform(Z, condition, effective_n_jobs(self.n_jobs))

    # -- latents -----------------------------------------------------------------------------------------------------

    def transform(self, X: Table, y: Column | None = None) -> Array:
        """Map samples to latent variables.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels, for a model that was fitted with labels. None: each sample's most probable class.

        Returns
        -------
        latents : ndarray of shape (n_samples, n_modelled)
            Latent variables, distributed approximately as `base`; one column per encoded column that is not conditioned
            on.
        """
        check_is_fitted(self)
        read_frame(X)
        note_columns(self, X, reset=False)
        encoded = np.asarray(self.encoder_.transform(X))  # a frame, if scikit-learn is asked for these
        Z, given = self._given.split(encoded)
        if self._flow is None:
            return Z
        if self._labels is not None and y is None:
            if self._labels.kind != CLASSES:
                raise ParameterError(
                    "y must be given to a model that was fitted with numbers, got None: fit without y."
                )
            y = self.classes_[self._joint(Z, given).argmax(axis=1)]
        return self._through(Z, self._condition(y, given))[0]

    def inverse_transform(self, latents: ArrayLike, y: Column | None = None, *, condition: Any = None) -> Any:
        """Map latent variables back to samples.

        Parameters
        ----------
        latents : array-like of shape (n_samples, n_modelled)
            Latent variables.
        y : label, or array-like of shape (n_samples,), default=None
            Labels; needed for a model that was fitted with labels.
        condition : dict or table, default=None
            Cells of `condition_columns`, see `sample`; required if the model has such columns.

        Returns
        -------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples; inverse of `transform` up to rounding.
        """
        check_is_fitted(self)
        n_modelled = self._given.n_modelled
        latents = check_array(latents, dtype=np.float64, input_name="latents", ensure_min_features=min(n_modelled, 1))
        if latents.shape[1] != n_modelled:
            raise ParameterError(f"latents must have shape (n_samples, {n_modelled}), got {latents.shape}.")
        return self._to_table(latents, y, self._given.cells(condition, len(latents)))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Names of the latent variables.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Ignored.

        Returns
        -------
        names : ndarray of object
        """
        check_is_fitted(self)
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}{j}" for j in range(self._given.n_modelled)], dtype=object)

    # -- samples -----------------------------------------------------------------------------------------------------

    def sample(
        self, n_samples: int = 1, *, y: Column | None = None, condition: Any = None, random_state: Seed = None
    ) -> Any:
        """Generate samples.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels to condition on, for a model that was fitted with labels. None: labels are drawn with the class
            frequencies of the training samples; with `condition_columns`, with the probabilities that a boosted
            classifier predicts from the given cells.
        condition : dict or table, default=None
            Cells of `condition_columns`: a dict of names or positions to a value or `n_samples` values, or a table of
            these columns, or of all, with `n_samples` rows or one for all of them.
        random_state : int, RandomState instance or None, default=None
            None: `random_state` of the estimator.

        Returns
        -------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples; the columns of `condition` hold the given cells.

        Raises
        ------
        ValueError, TypeError
            If an argument is not allowed; the message names it, the rule and the value.
        """
        return self._sampled(n_samples, y, condition, random_state)[0]

    def sample_labeled(
        self, n_samples: int = 1, *, condition: Any = None, random_state: Seed = None
    ) -> tuple[Any, Any]:
        """Draw rows and their labels: the rows that `sample` draws without `y`, and the labels it draws for them.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        condition : dict or table, default=None
            Cells of `condition_columns`, see `sample`.
        random_state : int, RandomState instance or None, default=None
            Seed of the labels and rows. None: `random_state` of the estimator.

        Returns
        -------
        X : table like that of fit, n_samples rows
            Whole rows, with the cells that are given.
        y : ndarray of shape (n_samples,), or Series
            Their labels. If the y of `fit` was a Series with a dtype of pandas, such as "category" or "Int64", they
            have this dtype, too.

        Raises
        ------
        ValueError, TypeError
            An argument breaks its rule, or the model was fitted without labels.
        """
        check_is_fitted(self)
        if self._labels is None:
            raise ParameterError("y must be given to fit for labelled samples, got y=None.")
        X, y = self._sampled(n_samples, None, condition, random_state)
        return X, self._labels.as_given(y)

    def _sampled(self, n_samples, y, condition, random_state):
        """(rows, their labels)"""
        check_is_fitted(self)
        check_parameter("n_samples", n_samples, (Interval(int, 1),))
        check_parameter("random_state", random_state, RANDOM_STATE)
        rng = generator(self.random_state if random_state is None else random_state)
        if self._labels is None and y is not None:
            raise ParameterError(f"y must be None for a model that was fitted without labels, got {y!r}.")
        cells = self._given.cells(condition, n_samples)
        if self._labels is not None and y is None:
            y = self._label_shares.draw(self._given.encode(cells, n_samples), rng)
        latents = BASES[self.base].sample(rng, (n_samples, self._given.n_modelled))
        return self._to_table(latents, y, cells), y

    def _to_table(self, latents, y, cells):
        Z, given = latents, self._given.encode(cells, len(latents))
        if self._flow is not None:
            Z = self._inverse(latents, self._condition(y, given))
        return self.encoder_.inverse_transform(self._given.join(Z, given), cells=cells)

    def _inverse(self, latents, condition):
        """Encoded rows of latent variables."""
        Z = self._flow.inverse_transform(latents, condition, effective_n_jobs(self.n_jobs))
        largest = np.finfo(np.float32).max
        return np.nan_to_num(Z, nan=0.0, posinf=largest, neginf=-largest)

    # -- what scikit-learn asks --------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return hasattr(self, "likelihood_")
