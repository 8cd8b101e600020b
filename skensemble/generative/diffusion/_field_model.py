"""What diffusion and flow models share: from a table to a field, from noise to a table.

    X  -- TableEncoder -->  data  -- FieldDraws -->  (x_t, condition, t) and target  -- regressor -->  field
    table  <-- TableEncoder --  data  <-- solver, step by step --  noise

The condition of a row is what is known of it: some of its own cells, its label, or both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, with_callbacks
from skensemble._estimator import Estimator
from skensemble._feature_positions import Position
from skensemble._parameters import RANDOM_STATE, Interval, ParameterError, check_parameter, check_parameters
from skensemble._random import draw_seed, generator
from skensemble._targets import all_or_nothing, read_weight
from skensemble._validation import note_columns
from skensemble.generative.diffusion._filled_table import filled_table
from skensemble.generative.diffusion._fit_progress import RegressorProgress
from skensemble.generative.diffusion._regressor_choice import make_encoder, make_regressor
from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.paths._blended_field import BlendedField
from skensemble.generative.paths._bound import elbo
from skensemble.generative.paths._classifier_gradient import ClassifierGradient
from skensemble.generative.paths._field_input import Condition
from skensemble.generative.paths._guidance import ClassifierFreeGuidance, ClassifierGuidance
from skensemble.generative.paths._ode_likelihood import log_density
from skensemble.generative.paths._row_noise import RowNoise
from skensemble.generative.paths._smoothness import is_piecewise_constant
from skensemble.generative.paths._solvers import make_solver, prior_sample, solve
from skensemble.generative.paths._vector_field import RegressorField
from skensemble.generative.tables._boxes import log_mean_density, log_sum_exp, n_to_calibrate_by
from skensemble.generative.tables._containers import read_frame
from skensemble.generative.tables._label_encoding import LabelEncoding

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Column, Seed, Self, Table

CHUNK = 1 << 14  # rows that are carried to data together, to bound memory; samples do not depend on it
MOST_PLACES = 64  # in the box of an encoded row, for the ODE solver
LIKELIHOODS = {"ode": "exact, by the probability-flow ODE", "elbo": "a lower bound"}
FAR_OUT = 1e100  # encoded numbers beyond which the solver would overflow
MARGIN = 0.1  # expected data may lie outside the range of a column by this fraction of it


class FieldModel(CallbackSupportMixin, DensityMixin, Estimator):
    """Base class of diffusion and flow models: a subclass adds the path, the prediction and the default solver."""

    _reads_any_table = True

    # -- what a model adds -------------------------------------------------------------------------------------------

    def _make_path(self):
        raise NotImplementedError

    def _smooth_prediction(self, path):
        """The prediction, a key of `PREDICTIONS`, of a smooth regressor."""
        raise NotImplementedError

    def _default_solver(self):
        """(solver, n_steps) of `sample` unless given."""
        raise NotImplementedError

    def _options_of_draws(self):
        """More arguments of FieldDraws."""
        return {}

    _n_levels = None  # number of times at which the model is defined; None: at all times

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(self, X: Table, y: Column | None = None, sample_weight: Column | None = None) -> Self:
        """Learn the distribution of the samples or, if `y` is given, their distribution given `y`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Training samples: finite numbers, categories, strings, booleans or dates. Missing cells are learned, too,
            and generated as missing.
        y : array-like of shape (n_samples,), default=None
            Labels or numbers to condition on; None or NaN for samples without one.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0; weight k counts as k copies of the sample.

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
        self.encoder_ = make_encoder(self).fit(X, sample_weight=weight)
        self._labels = None if y is None else LabelEncoding(y, weight, len(frame))
        self._forget_labels_of_before()
        self._path = self._make_path()
        self._bound_seed = int(draw_seed(rng))
        counted = slice(None) if weight is None else np.flatnonzero(weight)
        boxes = self.encoder_.boxes(X)
        data = boxes.places(rng.random(boxes.start.shape))[counted]
        label = None if y is None else self._labels.encode(y, len(frame))[counted]
        self._bounds = _widened_range(data)
        self._field = None
        if data.shape[1] > 0:
            draws = self._make_draws(data, label, None if weight is None else weight[counted], rng)
            progress = RegressorProgress(self, {"X": X, "y": y, "metadata": {}}, self._n_fits())
            self._fit_field(draws, rng, progress)
            progress.finish()
            self._calibrate(n_to_calibrate_by(draws.n_counted), rng)
        self.likelihood_ = "ode" if self._is_smooth() else "elbo"
        return self

    def _forget_labels_of_before(self):
        self.__dict__.pop("classes_", None)
        if self._labels is not None and self._labels.classes_ is not None:
            self.classes_ = self._labels.classes_

    def _prediction(self):
        """Trees predict data: errors in noise or velocity would be divided by alpha, which is small near noise."""
        return "data" if is_piecewise_constant(make_regressor(self)) else self._smooth_prediction(self._path)

    def _make_draws(self, data, label, weight, rng, **options):
        return FieldDraws(
            data, label, weight, self._path, self._prediction(), rng,
            mask_share=float(self.mask_share), dropped_share=0.0 if label is None else float(self.label_drop),
            column_groups=self._column_groups(), **self._options_of_draws(), **options,
        )  # fmt: skip

    def _column_groups(self):
        """(n_encoded,) the table's column behind each encoded column."""
        groups = np.zeros(self.encoder_.n_encoded_, np.int64)
        for j in range(self.n_features_in_):
            groups[self.encoder_.encoded_columns_of(Position(j))] = j
        return np.unique(groups, return_inverse=True)[1]

    def _n_fits(self):
        """How often a regressor is fitted."""
        return 1

    def _fit_field(self, draws, rng, progress):
        """Fit the regressor, and set `_field` for samples and `_bound_field` for densities."""
        regressor = make_regressor(self, rng)
        regressor.fit_draws(draws, progress)
        progress.end_fit()
        smooth = not is_piecewise_constant(regressor)
        self._field = RegressorField(regressor, draws.path, draws.prediction, None if smooth else self._bounds)
        self._bound_field = self._field if smooth else BlendedField.fitted(self._field, draws)

    def _calibrate(self, n_drawn, rng):
        """Let the encoder decode what the model draws to the shares of fit."""
        labels = None if self._labels is None else self._labels.draw(n_drawn, rng)
        condition = self._condition(labels, None, n_drawn)
        self.encoder_.calibrate(self._carried(self._field, condition, n_drawn, rng, None, None, None))

    def _is_smooth(self):
        return self._field is not None and not is_piecewise_constant(self._field)

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _facts(self):
        yield from self.encoder_._facts()
        if self._labels is not None:
            yield "labels", self._labels.in_words()
        if self._field is None:
            return
        yield "regressor", type(self._shown_regressor()).__name__
        yield from self._shown_regressor()._facts() if isinstance(self._shown_regressor(), Estimator) else ()
        solver, n_steps = self._default_solver()
        yield "solver", f"{solver}, {n_steps} steps"
        yield "likelihood", LIKELIHOODS[self.likelihood_]

    def _curves(self):
        is_ours = self._field is not None and isinstance(self._shown_regressor(), Estimator)
        return self._shown_regressor()._curves() if is_ours else None

    def _shown_regressor(self):
        return getattr(self._field.regressor, "regressor_", self._field.regressor)  # what a PlainRegressor has fitted

    # -- samples -----------------------------------------------------------------------------------------------------

    def sample(
        self,
        n_samples: int = 1,
        *,
        y: Column | None = None,
        condition: Any = None,
        guidance_scale: float = 1.0,
        classifier: Any = None,
        smoothing: float | None = None,
        solver: str | None = None,
        n_steps: int | None = None,
        eta: float | None = None,
        random_state: Seed = None,
    ) -> Any:
        """Generate samples.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels or numbers to condition on: for a model that was fitted with `y`, or together with `classifier`.
            None: labels are drawn with the frequencies of the training samples.
        condition : DataFrame, dict or array-like, default=None
            Known cells of the samples, which are kept as they are: a table with the columns of X, with one row or
            n_samples rows and missing cells where nothing is known, or a dict from columns to values. Requires
            `mask_share` > 0.
        guidance_scale : float, default=1.0
            With labels, the strength of classifier-free guidance [1]_. 0: labels are ignored. 1: samples are drawn from
            p(x | y). Larger: samples are more typical of their label and less diverse. The w of the paper is
            guidance_scale - 1. With `classifier`, the factor that multiplies its gradient.
        classifier : fitted classifier, default=None
            Classifier for classifier guidance [2]_. It must have smooth probabilities, and must have been fitted to
            `model.encoder_.transform(X)`, or to noised samples with the time t as last feature.
        smoothing : float, default=None
            Standard deviation > 0 of the normal distribution by which the log-probabilities of the classifier are
            smoothed. Classifiers made of trees have no gradient without it.
        solver : str, default=None
            Solver, a key of `skensemble.generative.SOLVERS`. None: the default of the model.
        n_steps : int, default=None
            Number of steps from noise to data. None: the default of the solver.
        eta : float, default=None
            Fraction of fresh noise, in [0, 1], for the solver "ddim".
        random_state : int, RandomState instance or None, default=None
            Seed of the samples. None: `random_state` of the estimator.

        Returns
        -------
        X : table like X of fit, with n_samples rows
            Generated samples. They do not depend on the number of threads.

        Raises
        ------
        ValueError, TypeError
            If an argument is not allowed; the message names it, the rule and the value.

        References
        ----------
        .. [1] Ho, J. and Salimans, T. (2022). Classifier-free diffusion guidance. https://arxiv.org/abs/2207.12598
        .. [2] Dhariwal, P. and Nichol, A. (2021). Diffusion models beat GANs on image synthesis. NeurIPS 2021.
               https://arxiv.org/abs/2105.05233
        """
        check_is_fitted(self)
        check_parameter("n_samples", n_samples, (Interval(int, 1),))
        check_parameter("guidance_scale", guidance_scale, (Interval(float, 0.0),))
        rng = self._generator(random_state)
        labels = self._labels_to_sample(y, n_samples, rng, classifier)
        cells = self._known_cells(condition, n_samples)
        known = self._encoded_cells(cells, n_samples)
        given = None if classifier is not None else labels
        field = self._guided(guidance_scale, classifier, smoothing, labels)
        Z = self._carried(field, self._condition(given, known, n_samples), n_samples, rng, solver, n_steps, eta)
        return self._to_table(Z, known, cells)

    def sample_labeled(self, n_samples: int = 1, *, random_state: Seed = None, **options: Any) -> tuple[Any, Any]:
        """Generate samples and their labels: the labels with the frequencies of the training samples.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Seed of the labels and samples. None: `random_state` of the estimator.
        **options
            Other arguments of `sample`.

        Returns
        -------
        X : table like X of fit, with n_samples rows
            Generated samples.
        y : ndarray of shape (n_samples,), or Series
            Their labels. If the y of `fit` was a Series with a dtype of pandas, such as "category" or "Int64", they
            have this dtype, too.

        Raises
        ------
        ValueError
            If the model was fitted without labels.
        """
        check_is_fitted(self)
        check_parameter("n_samples", n_samples, (Interval(int, 1),))
        if self._labels is None:
            raise ParameterError("y must be given to fit for labelled samples, got y=None.")
        rng = self._generator(random_state)
        y = self._labels.draw(n_samples, rng)
        X = self.sample(n_samples, y=y, random_state=int(rng.integers(2**31)), **options)
        return X, self._labels.as_given(y)

    def _generator(self, random_state):
        check_parameter("random_state", random_state, RANDOM_STATE)
        return generator(self.random_state if random_state is None else random_state)

    def _labels_to_sample(self, y, n_samples, rng, classifier):
        if classifier is not None:
            if y is None:
                raise ParameterError("y must be the label to which classifier guides, got None.")
            return y
        if self._labels is None:
            if y is not None:
                raise ParameterError(f"y must be None for a model that was fitted without labels, got {y!r}.")
            return None
        return self._labels.draw(n_samples, rng) if y is None else y

    def _guided(self, guidance_scale, classifier, smoothing, y):
        field = self._field
        if field is None:
            return None
        if classifier is not None:
            gradient = ClassifierGradient(classifier, smoothing)
            takes_time = getattr(classifier, "n_features_in_", None) == self.encoder_.n_encoded_ + 1
            return ClassifierGuidance(field, gradient, y, float(guidance_scale), takes_time)
        if guidance_scale == 1.0:
            return field
        if self._labels is None or self.label_drop == 0.0:
            raise ParameterError(
                "guidance_scale must be 1 for a model that was fitted without labels, or with label_drop=0, got "
                f"{guidance_scale!r}."
            )
        return ClassifierFreeGuidance(field, guidance_scale)

    def _condition(self, y, known, n_samples):
        """A Condition with the known cells and labels that the field was trained with."""
        label = None if self._labels is None else self._labels.encode(y, n_samples)
        return self._condition_of(label, known, n_samples)

    def _condition_of(self, label, known, n_samples):
        """label : (n_samples, n_label), encoded, or None;  known : (n_samples, n_encoded), or None for no known cell"""
        if self.mask_share > 0.0 and known is None:
            known = np.full((n_samples, self.encoder_.n_encoded_), np.nan)
        return Condition(known, label)

    def _carried(self, field, condition, n_samples, rng, solver, n_steps, eta):
        """Encoded rows: the solver carries noise to data, chunk by chunk."""
        Z = np.empty((n_samples, self.encoder_.n_encoded_))
        solver, n_steps = self._solver_and_steps(solver, n_steps, eta)
        noise = RowNoise(draw_seed(rng), n_samples)
        for start in range(0, n_samples if field is not None else 0, CHUNK):
            rows = slice(start, min(start + CHUNK, n_samples))
            noise_of_rows = noise.rows(rows.start, rows.stop)
            Z[rows] = solve(
                _of_rows(field, rows, n_samples), prior_sample(self._path, noise_of_rows, Z.shape[1]), solver, n_steps,
                noise=noise_of_rows, condition=condition.take(rows), n_levels=self._n_levels,
            )  # fmt: skip
        return Z

    def _solver_and_steps(self, solver, n_steps, eta, deterministic=False):
        default, steps = self._deterministic_solver() if deterministic else self._default_solver()
        solver = make_solver(default if solver is None else solver, self._path, eta)
        if n_steps is None:
            n_steps = steps if solver.name == default else solver.n_steps
            n_steps = n_steps if self._n_levels is None else min(n_steps, self._n_levels)
        check_parameter("n_steps", n_steps, (Interval(int, 1),))
        return solver, n_steps

    def _deterministic_solver(self):
        return "heun", 20

    # -- known cells -------------------------------------------------------------------------------------------------

    def impute(
        self,
        X: Table,
        n_imputations: int = 1,
        *,
        y: Column | None = None,
        solver: str | None = None,
        n_steps: int | None = None,
        eta: float | None = None,
        random_state: Seed = None,
    ) -> Any:
        """Impute missing cells by draws from their distribution given the known cells.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples with missing cells.
        n_imputations : int, default=1
            Number of completed tables. Their differences show how uncertain the imputed cells are.
        y : label, or array-like of shape (n_samples,), default=None
            Labels of the samples, for a model that was fitted with labels.
        solver, n_steps, eta, random_state
            See `sample`.

        Returns
        -------
        X : table like X of fit, or, if n_imputations > 1, a list of such tables
            Completed samples, whose known cells are unchanged.

        Raises
        ------
        ValueError
            If `mask_share` is 0: the model has not been trained with known cells.
        """
        check_is_fitted(self)
        check_parameter("n_imputations", n_imputations, (Interval(int, 1),))
        rng = self._generator(random_state)
        n_samples = len(read_frame(X))
        cells = self._known_cells(X, n_samples)
        known = self._encoded_cells(cells, n_samples)
        completed = []
        for _ in range(n_imputations):
            condition = self._condition(y, known, n_samples)
            Z = self._carried(self._field, condition, n_samples, rng, solver, n_steps, eta)
            completed.append(filled_table(X, self._to_table(Z, known, cells, is_complete=True)))
        return completed[0] if n_imputations == 1 else completed

    def _known_cells(self, condition, n_samples):
        """{name or position: value or n_samples values}; None where nothing is asked to be known."""
        if condition is None:
            return None
        if self.mask_share == 0.0:
            raise ParameterError(
                "mask_share must be > 0 when the model is fitted, so that it learns to use known cells, got 0."
            )
        if isinstance(condition, dict):
            return condition
        frame = read_frame(condition)
        if len(frame) not in (1, n_samples):
            raise ParameterError(f"condition must have 1 row or n_samples = {n_samples}, got {len(frame)}.")
        note_columns(self, condition, reset=False)
        frame = frame.iloc[np.zeros(n_samples, np.intp)] if len(frame) < n_samples else frame
        return {Position(j): frame.iloc[:, j] for j in range(frame.shape[1])}

    def _encoded_cells(self, cells, n_samples):
        """(n_samples, n_encoded), NaN where not known."""
        return None if cells is None else self.encoder_.transform_cells(cells, n_samples, is_complete=True)

    def _to_table(self, Z, known=None, cells=None, is_complete=False):
        if known is not None:
            Z = np.where(np.isnan(known), Z, known)
        return self.encoder_.inverse_transform(Z, is_complete=is_complete, cells=cells)

    # -- densities ---------------------------------------------------------------------------------------------------

    def score_samples(self, X: Table, y: Column | None = None) -> Array:
        """Compute the log density of each sample, in nats and in the units of the data.

        A field of trees has no exact density: `likelihood_` is "elbo", and the result is the evidence lower bound,
        estimated with the same times and noise for all samples. The density of a smooth field is exact up to the errors
        of an ODE solver: `likelihood_` is "ode". Categories, integers and missing cells contribute the probability of
        their value; see `TableEncoder`.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels to condition on, for a model that was fitted with labels. None: the density is averaged over the
            labels, as it is for samples whose class is missing or was not seen in `fit`.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Log densities; -inf for samples with numbers so large that the computation overflows.
        """
        check_is_fitted(self)
        note_columns(self, X, reset=False)
        if y is not None and self._labels is None:
            y = None  # cross-validation passes the target to models that ignore it
        boxes = self.encoder_.boxes(X)
        if self._field is None:
            return boxes.log_volume
        found = np.empty(len(boxes))
        with np.errstate(over="ignore", invalid="ignore"):  # numbers so far out that their squares overflow
            for rows, labels in [(slice(None), None)] if self._labels is None else self._labels.split(y, len(boxes)):
                found[rows] = self._log_density(boxes.take(rows), labels)
        return np.where(found < np.inf, found, -np.inf)  # NaN, too

    def _log_density(self, boxes, y):
        """Log densities of boxes of encoded rows, given labels; y=None: averaged over the classes, if there are any."""
        if y is None and hasattr(self, "classes_"):
            shares = self._labels.shares()
            return log_sum_exp([self._log_density(boxes, label) + np.log(share) for label, share in shares])
        condition, seed = self._condition(y, None, len(boxes)), self._bound_seed
        if self.likelihood_ == "ode":

            def flow_density(Z, rows):
                found, is_near = np.full(len(Z), -np.inf), (np.abs(Z) < FAR_OUT).all(axis=1)
                if is_near.any():
                    near = condition.take(rows[is_near])
                    found[is_near] = log_density(self._field, Z[is_near], near, random_state=seed)
                return found

            beside = np.empty((len(boxes), 0)) if condition.label is None else condition.label
            return log_mean_density(flow_density, boxes, MOST_PLACES, beside)
        rng = np.random.default_rng(seed)
        return elbo(self._bound_field, boxes, rng, condition=condition) + boxes.log_volume

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

    # -- latents -----------------------------------------------------------------------------------------------------

    def encode(
        self, X: Table, y: Column | None = None, *, solver: str | None = None, n_steps: int | None = None
    ) -> Array:
        """Compute the noise to which the deterministic flow carries the samples.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        y : label, or array-like of shape (n_samples,), default=None
            Labels, for a model that was fitted with labels.
        solver, n_steps
            See `sample`; only deterministic solvers.

        Returns
        -------
        latents : ndarray of shape (n_samples, n_encoded)
            Latent variables, approximately standard normal.
        """
        check_is_fitted(self)
        note_columns(self, X, reset=False)
        Z = np.asarray(self.encoder_.transform(X))  # a frame, if scikit-learn is asked for these
        return self._along_flow(Z, y, solver, n_steps, reverse=True) / self._path.prior_scale

    def decode(
        self, latents: ArrayLike, y: Column | None = None, *, solver: str | None = None, n_steps: int | None = None
    ) -> Any:
        """Compute the samples to which the deterministic flow carries latent variables.

        This is the inverse of `encode`, up to the errors of the solver and of rounding.

        Parameters
        ----------
        latents : array-like of shape (n_samples, n_encoded)
            Latent variables.
        y : label, or array-like of shape (n_samples,), default=None
            Labels, for a model that was fitted with labels.
        solver, n_steps
            See `sample`; only deterministic solvers.

        Returns
        -------
        X : table like X of fit, with n_samples rows
            Decoded samples.
        """
        check_is_fitted(self)
        latents = np.asarray(latents, np.float64)
        if latents.ndim != 2 or latents.shape[1] != self.encoder_.n_encoded_:
            raise ParameterError(
                f"latents must have shape (n_samples, {self.encoder_.n_encoded_}), got {latents.shape}."
            )
        return self._to_table(self._along_flow(latents * self._path.prior_scale, y, solver, n_steps))

    def _along_flow(self, x, y, solver, n_steps, reverse=False):
        solver, n_steps = self._solver_and_steps(solver, n_steps, None, deterministic=True)
        if solver.is_stochastic:
            raise ParameterError(f"solver must be deterministic to encode and decode, got {solver.name!r}.")
        if self._field is None:
            return x
        condition = self._condition(y if self._labels is not None else None, None, len(x))
        return solve(
            self._bound_field, x, solver, n_steps, condition=condition, reverse=reverse, denoise=False,
            n_levels=self._n_levels,
        )  # fmt: skip

    # -- what scikit-learn asks --------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return hasattr(self, "likelihood_")


def _widened_range(data):
    """Bounds of expected data: the range of the training rows, and a margin."""
    low, high = data.min(axis=0), data.max(axis=0)
    margin = MARGIN * (high - low)
    return low - margin, high + margin


def _of_rows(field, rows, n_samples):
    """The field for a chunk of rows: guidance by a classifier holds a label for each row."""
    if isinstance(field, ClassifierGuidance) and np.ndim(field.y) > 0:
        if len(field.y) != n_samples:
            raise ValueError(f"y must have one label for each row ({n_samples}), got {len(field.y)}.")
        return ClassifierGuidance(field.field, field.gradient, field.y[rows], field.scale, field.takes_time)
    return field
