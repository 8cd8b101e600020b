"""TreeField: boosted trees as the regressor of a field.

The features of the trees are [scaled x_t, condition, t].  The log-SNR, a monotone function of t, would not add splits.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from skensemble._estimator import Estimator
from skensemble._notebook_summary import counted, notebook_summary
from skensemble._parallel import effective_n_jobs, for_blocks
from skensemble._parameters import Interval, IsBool, IsNone, OneOf, Parameter, check_parameters, choice
from skensemble._random import draw_seed
from skensemble._shared_parameters import JOBS, MAX_BINS
from skensemble.generative.fields._field_rounds import FieldRounds, FieldRoundSettings
from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._known_cells import with_known_cells
from skensemble.generative.fields._vector_leaves import sum_of_leaves
from skensemble.tree.histogram._growth_limits import BEST_FIRST
from skensemble.tree.histogram._growth_parameters import GROWTH_PARAMETERS, read_limits
from skensemble.tree.trees._prediction import compile_trees
from skensemble.tree.trees._tree_arrays import validate_trees

if TYPE_CHECKING:
    from skensemble._types import Any, Array

MAX_ROWS = 30_000  # maximum number of distinct rows in a draw; fewer are repeated until there are about as many
MAX_REPEATS = 50  # unless the user sets `n_repeats`
FEW_REPEATS = 20  # with fewer duplicates, rows are drawn anew every REDRAW_INTERVAL rounds
REDRAW_INTERVAL = 20
MOST_FEATURES = 128  # maximum number of features among which the splits of a level are sought
MOST_CELLS = 1 << 22  # maximum number of cells of a draw, for wide tables; at least `FEWEST_DRAWN` rows
FEWEST_DRAWN = 6_000
MOST_VALUES = 10  # with `condition_mode="auto"`: maximum number of values of a condition that get an ensemble each
FEWEST_ROWS = 50  # with `condition_mode="auto"`: minimum number of rows of each of these values

PARAMETERS = {
    "n_estimators": Parameter(
        400,
        (Interval(int, 1),),
        "int",
        'Maximum number of trees; with `time_mode="per_level"`, of each level.',
    ),
    "learning_rate": Parameter(
        0.1,
        (Interval(float, 0.0, closed="neither"),),
        "float",
        "Factor > 0 that multiplies the values of all leaves (shrinkage).",
    ),
    "max_leaf_nodes": GROWTH_PARAMETERS["max_leaf_nodes"]._replace(default=63),
    "max_depth": GROWTH_PARAMETERS["max_depth"]._replace(
        default=None,
        text="Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.",
    ),
    "min_child_weight": GROWTH_PARAMETERS["min_child_weight"]._replace(
        default=5.0, text="Minimum number of drawn samples in a leaf, each counted by its weight. Must be >= 0."
    ),
    "reg_lambda": GROWTH_PARAMETERS["reg_lambda"]._replace(
        default=1.0, text="L2 regularisation of the leaf values. Must be >= 0."
    ),
    "max_bins": MAX_BINS._replace(
        rules=(Interval(int, 2, 255, "both"),),
        kind="int",
        text="Maximum number of bins for the values of a feature, in [2, 255].",
    ),
    "n_sketch": Parameter(
        1,
        (Interval(int, 1), IsNone),
        "int or None",
        "Number of random combinations of the columns by which the splits of a tree are chosen. None: all columns "
        "themselves.",
    ),
    "n_repeats": Parameter(
        "auto",
        (Interval(int, 1), OneOf("auto")),
        'int or "auto"',
        'Number of copies of each sample in a draw, each at a time and with noise of its own. "auto": as many as make'
        " 30000 drawn samples, fewer where they would have more than 4 million cells, at most 50.",
    ),
    "redraw_interval": Parameter(
        "auto",
        (Interval(int, 1), OneOf("auto"), IsNone),
        'int, "auto" or None',
        'Number of rounds after which all samples are drawn anew. "auto": 20 if a draw holds fewer than 20 copies of '
        "each sample, else None. None: they are drawn once.",
    ),
    "condition_mode": Parameter(
        "auto",
        (OneOf("auto", "feature", "per_value"),),
        choice(("auto", "feature", "per_value")),
        'How trees depend on the condition. "feature": it is a feature of the trees. "per_value": each of its values '
        '(each class) has an ensemble of its own, and so have samples whose condition is not known [2]_. "auto": '
        '"per_value" for 2 to 10 values of at least 50 samples each, else "feature".',
    ),
    "time_mode": Parameter(
        "feature",
        (OneOf("feature", "per_level"),),
        choice(("feature", "per_level")),
        'How trees depend on the time. "feature": it is a feature of the trees. "per_level": each of `n_levels` times'
        " has an ensemble of its own [2]_.",
    ),
    "n_levels": Parameter(
        50,
        (Interval(int, 2),),
        "int",
        'With `time_mode="per_level"`: number of times that have an ensemble. At other times the nearest one predicts.',
    ),
    "early_stopping": Parameter(
        True,
        (IsBool,),
        "bool",
        "Whether to hold out samples, and to stop when their error, under noise of their own, no longer falls.",
    ),
    "validation_fraction": Parameter(
        0.1,
        (Interval(float, 0.0, 1.0, "neither"),),
        "float",
        "Fraction of the samples, in (0, 1), to hold out for early stopping.",
    ),
    "n_iter_no_change": Parameter(
        20,
        (Interval(int, 1),),
        "int",
        "Number of rounds without a smaller error of the held-out samples after which early stopping stops.",
    ),
    "n_jobs": JOBS,
}


class TreeField(Estimator):
    """Boosted trees as the field of a diffusion or flow model.

    Each round grows one tree for all columns. Its splits are chosen by random combinations of the residuals of the
    columns, of which there are `n_sketch` [1]_, and each leaf holds a value per column. Each sample is drawn several
    times, at stratified times and with noise of its own [2]_.

    Parameters
    ----------
    n_estimators : int, default=400
        Maximum number of trees; with `time_mode="per_level"`, of each level.
    learning_rate : float, default=0.1
        Factor > 0 that multiplies the values of all leaves (shrinkage).
    max_leaf_nodes : int or None, default=63
        Maximum number of leaves of a tree. None: no limit.
    max_depth : int or None, default=None
        Maximum depth of a tree: the largest number of splits between the root and a leaf. None: no limit.
    min_child_weight : float, default=5.0
        Minimum number of drawn samples in a leaf, each counted by its weight. Must be >= 0.
    reg_lambda : float, default=1.0
        L2 regularisation of the leaf values. Must be >= 0.
    max_bins : int, default=255
        Maximum number of bins for the values of a feature, in [2, 255].
    n_sketch : int or None, default=1
        Number of random combinations of the columns by which the splits of a tree are chosen. None: all columns
        themselves.
    n_repeats : int or "auto", default="auto"
        Number of copies of each sample in a draw, each at a time and with noise of its own. "auto": as many as make
        30000 drawn samples, fewer where they would have more than 4 million cells, at most 50.
    redraw_interval : int, "auto" or None, default="auto"
        Number of rounds after which all samples are drawn anew. "auto": 20 if a draw holds fewer than 20 copies of each
        sample, else None. None: they are drawn once.
    condition_mode : {"auto", "feature", "per_value"}, default="auto"
        How trees depend on the condition. "feature": it is a feature of the trees. "per_value": each of its values
        (each class) has an ensemble of its own, and so have samples whose condition is not known [2]_. "auto":
        "per_value" for 2 to 10 values of at least 50 samples each, else "feature".
    time_mode : {"feature", "per_level"}, default="feature"
        How trees depend on the time. "feature": it is a feature of the trees. "per_level": each of `n_levels` times has
        an ensemble of its own [2]_.
    n_levels : int, default=50
        With `time_mode="per_level"`: number of times that have an ensemble. At other times the nearest one predicts.
    early_stopping : bool, default=True
        Whether to hold out samples, and to stop when their error, under noise of their own, no longer falls.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), to hold out for early stopping.
    n_iter_no_change : int, default=20
        Number of rounds without a smaller error of the held-out samples after which early stopping stops.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.

    Attributes
    ----------
    n_iter_ : list of int
        Number of trees of each ensemble. There is one ensemble, or one per value of the condition and level of time,
        sorted by value and then by level.
    validation_error_ : list of ndarray of shape (n_rounds + 1,) or (0,)
        Mean squared error of the held-out samples after 0, 1, ... rounds, of each ensemble.

    See Also
    --------
    NewtonBoostingRegressor : Gradient boosting with such trees, for regression.

    References
    ----------
    .. [1] L. Iosipoi and A. Vakhrushev (2022). "SketchBoost: Fast Gradient Boosted Decision Tree for Multioutput
       Problems". NeurIPS.
    .. [2] A. Jolicoeur-Martineau, K. Fatras and T. Kachman (2024). "Generating and Imputing Tabular Data via Diffusion
       and Flow-based Gradient-Boosted Trees". AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.generative.paths._paths import Linear
    >>> from skensemble.generative import TreeField
    >>> from skensemble.generative.paths._vector_field import RegressorField
    >>> rng = np.random.default_rng(0)
    >>> data = rng.choice([-1.0, 1.0], size=(200, 1))
    >>> trees = TreeField(n_estimators=50).fit_field(data, path=Linear(), prediction="data", generator=rng)
    >>> field = RegressorField(trees, Linear(), "data")
    >>> field.endpoints(np.array([[0.9]]), 0.1).data.round()
    array([[1.]])
    """

    _parameters = PARAMETERS

    _made_when_needed = ("_layouts",)

    is_smooth = False  # predictions are constant between thresholds

    def __init__(
        self,
        *,
        n_estimators: int = 400,
        learning_rate: float = 0.1,
        max_leaf_nodes: int | None = 63,
        max_depth: int | None = None,
        min_child_weight: float = 5.0,
        reg_lambda: float = 1.0,
        max_bins: int = 255,
        n_sketch: int | None = 1,
        n_repeats: int | Literal["auto"] = "auto",
        redraw_interval: int | Literal["auto"] | None = "auto",
        condition_mode: Literal["auto", "feature", "per_value"] = "auto",
        time_mode: Literal["feature", "per_level"] = "feature",
        n_levels: int = 50,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        n_jobs: int | None = None,
    ):
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.max_bins = max_bins
        self.n_sketch = n_sketch
        self.n_repeats = n_repeats
        self.redraw_interval = redraw_interval
        self.condition_mode = condition_mode
        self.time_mode = time_mode
        self.n_levels = n_levels
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_jobs = n_jobs

    # -- fit ---------------------------------------------------------------------------------------------------------

    def fit_field(
        self, data, condition=None, weight=None, *, path, prediction, generator, callback=None, **draw_options
    ):
        """Fit the field to encoded samples.

        Parameters
        ----------
        data : ndarray of shape (n_rows, n_columns)
            Encoded samples, one per row.
        condition : ndarray of shape (n_rows, n_condition) or None, default=None
            Condition of each sample; NaN if it is not known.
        weight : ndarray of shape (n_rows,) or None, default=None
            Sample weights: a weight of k counts as k samples.
        path : Path
            Path from data to noise.
        prediction : str
            What the trees predict, a key of `PREDICTIONS`.
        generator : numpy Generator
            Source of all random draws.
        callback : callable or None, default=None
            Called as `callback(n_done, n_total, loss)` after each round, or each level; loss is the error of the
            held-out samples, or None. If it returns True, no further round of the ensemble is made.
        **draw_options
            Keywords of `FieldDraws`, such as `pairing` or `mask_share`.

        Returns
        -------
        self : object
            The fitted field.
        """
        draws = FieldDraws(data, condition, weight, path, prediction, generator, **draw_options)
        return self.fit_draws(draws, callback)

    def fit_draws(self, draws, callback=None):
        """Fit the field to draws of x_t and its targets along a path; `fit_field` makes them of a table.

        Parameters
        ----------
        draws : FieldDraws
            Rows, conditions and weights, the path, and what is predicted.
        callback : callable, default=None
            See `fit_field`.

        Returns
        -------
        self : TreeField
        """
        check_parameters(self, PARAMETERS)
        self.__dict__.pop("_layouts", None)
        self.path_, self.prediction_ = draws.path, draws.prediction
        self.layout_ = draws.layout
        self.condition_values_ = self._values_with_ensembles(draws)
        per_level = self.time_mode == "per_level"
        self.level_times_ = draws.time_of(np.linspace(0.0, 1.0, self.n_levels)) if per_level else np.zeros(1)
        parts = _parts(draws, self.condition_values_)
        report = _Progress(callback, len(parts))
        fitted = [
            ensemble
            for part in parts
            for ensemble in (self._fit_levels if per_level else self._fit_times)(part, report.of_next_part())
        ]
        self.forests_ = [forest for forest, _ in fitted]
        self.validation_error_ = [np.array(errors) for _, errors in fitted]
        self.n_iter_ = [forest.n_trees for forest in self.forests_]
        return self

    def _values_with_ensembles(self, draws):
        """(n_values, n_condition) values of the condition that have ensembles of their own; none for no value."""
        no_values = np.empty((0, 0))
        if self.condition_mode == "feature" or draws.layout.n_label == 0:
            return no_values
        is_known = ~np.isnan(draws.label).any(axis=1)
        values, counts = np.unique(draws.label[is_known], axis=0, return_counts=True)
        is_worth_it = 2 <= len(values) <= MOST_VALUES and counts.min() >= FEWEST_ROWS
        return values if is_worth_it or self.condition_mode == "per_value" else no_values

    def _fit_times(self, draws, callback):
        """One ensemble, which sees the time."""
        draws, held_out = self._split(draws)
        rounds = FieldRounds(draws, held_out, self._settings(draws, effective_n_jobs(self.n_jobs)))
        return [(rounds.run(callback), rounds.errors)]

    def _fit_levels(self, draws, callback):
        """An ensemble for each level, one thread each."""
        draws, held_out = self._split(draws)
        settings = self._settings(draws, 1)
        seeds = [draw_seed(draws.generator) for _ in self.level_times_]
        n_done = []

        def fit_level(level, _):
            generator = np.random.default_rng(seeds[level])
            own_draws, own_held_out = _with_generator(draws, generator), _with_generator(held_out, generator)
            rounds = FieldRounds(own_draws, own_held_out, settings, self.level_times_[level])
            fitted = rounds.run(), rounds.errors
            n_done.append(level)
            callback(len(n_done), self.n_levels, rounds.errors[-1] if rounds.errors else None)
            return fitted

        return for_blocks(fit_level, self.n_levels, 1, effective_n_jobs(self.n_jobs))

    def _split(self, draws):
        return draws.split(self.validation_fraction) if self.early_stopping else (draws, None)

    def _settings(self, draws, n_threads):
        n_rows, n_features = min(draws.n_counted, MAX_ROWS), draws.layout.n_features
        n_drawn = int(np.clip(MOST_CELLS // n_features, FEWEST_DRAWN, MAX_ROWS))
        n_repeats = min(-(-n_drawn // n_rows), MAX_REPEATS) if self.n_repeats == "auto" else int(self.n_repeats)
        redraw_interval = self.redraw_interval
        if redraw_interval == "auto":
            redraw_interval = REDRAW_INTERVAL if n_repeats < FEW_REPEATS else None
        return FieldRoundSettings(
            n_estimators=int(self.n_estimators),
            learning_rate=float(self.learning_rate),
            reg_lambda=float(self.reg_lambda),
            limits=self._limits()._replace(colsample_bylevel=min(1.0, MOST_FEATURES / n_features)),
            n_sketch=draws.n_columns if self.n_sketch is None else int(self.n_sketch),
            max_bins=int(self.max_bins),
            n_repeats=n_repeats,
            max_rows=MAX_ROWS,
            redraw_interval=0 if redraw_interval is None else int(redraw_interval),
            n_iter_no_change=int(self.n_iter_no_change),
            n_threads=n_threads,
        )

    def _limits(self):
        return read_limits(self, PARAMETERS, policy=BEST_FIRST)

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _notebook_summary(self):
        is_fitted = hasattr(self, "forests_")  # it has no `fit`, so scikit-learn does not say
        return notebook_summary(self._facts(), self._curves()) if is_fitted else ""

    def _facts(self):
        ensembles = counted(len(self.forests_), "ensemble")
        n_trees = sum(forest.n_trees for forest in self.forests_)
        yield "trees", f"{n_trees} in {ensembles}, of at most {self.n_estimators} each"
        errors = [np.nanmin(errors) for errors in self._known_errors() if np.isfinite(errors).any()]
        if errors:
            yield "least squared error of held-out rows", f"{np.mean(errors):.6g}"

    def _curves(self):
        errors = self._known_errors()
        return np.empty(0), -errors[0] if len(errors) == 1 else np.empty(0)

    def _known_errors(self):
        return getattr(self, "validation_error_", [])  # files for what only predicts have none

    # -- predict -----------------------------------------------------------------------------------------------------

    def predict(self, features: Any) -> Array:
        """Predict the expected data, noise, velocity or score, see `fit_field`.

        Parameters
        ----------
        features : ndarray of shape (n_rows, n_features)
            See `field_features`.

        Returns
        -------
        value : ndarray of shape (n_rows, n_columns)
            Exact for values that the condition shows.
        """
        features = np.ascontiguousarray(features, np.float64)
        return with_known_cells(self._sums(features), features, self.layout_, self.prediction_, self.path_)

    def _sums(self, features):
        n_threads = effective_n_jobs(self.n_jobs)
        ensemble = self._ensemble_of(features)
        value = np.empty((len(features), self.layout_.n_columns))
        for each in np.unique(ensemble):
            rows = slice(None) if (ensemble == each).all() else ensemble == each
            value[rows] = sum_of_leaves(*self._layouts[each], features[rows], n_threads)
        return value

    def _ensemble_of(self, features):
        """(n_rows,) position of the ensemble that predicts each row: by the value of the label, then by the level."""
        borders = 0.5 * (self.level_times_[1:] + self.level_times_[:-1])
        given = self.layout_.read(features)
        ensemble = np.searchsorted(borders, given.t)
        if len(self.condition_values_):
            is_value = (given.label[:, np.newaxis] == self.condition_values_).all(axis=2)
            value = np.where(is_value.any(axis=1), is_value.argmax(axis=1), len(self.condition_values_))
            ensemble = ensemble + len(self.level_times_) * value
        return ensemble

    @cached_property
    def _layouts(self):
        return [(compile_trees(forest), forest.values.astype(np.float32)) for forest in self.forests_]

    def _check_loaded(self):
        for forest in self.forests_:
            validate_trees(forest, self.layout_.time + 1, self.layout_.n_columns)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "forests_")


def _parts(draws, values):
    """The draws of each ensemble: the rows of each value of the label, and all rows with their label hidden."""
    if len(values) == 0:
        return [draws]
    own_rows = [np.flatnonzero((draws.label == value).all(axis=1)) for value in values]
    parts = [draws.take(rows) for rows in own_rows] + [copy(draws)]
    for part in parts:
        part.dropped_share = 0.0
    parts[-1].label = np.full_like(draws.label, np.nan)
    return parts


class _Progress:
    """Rounds of one part after the other as rounds of a whole.  callback : see `fit_field`"""

    def __init__(self, callback, n_parts):
        self.callback, self.n_parts, self.part = callback, n_parts, -1

    def of_next_part(self):
        self.part += 1
        return self

    def __call__(self, n_done, n_rounds, loss):
        if self.callback is not None:
            return self.callback(self.part * n_rounds + n_done, self.n_parts * n_rounds, loss)
        return False


def _with_generator(draws, generator):
    if draws is None:
        return None
    own = copy(draws)
    own.generator = generator
    return own
