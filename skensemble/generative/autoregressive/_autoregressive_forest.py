"""AutoregressiveForest: a table as a chain of trees, each column given those before it."""

from __future__ import annotations

import warnings
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from sklearn.base import DensityMixin
from sklearn.utils.validation import check_is_fitted

from skensemble._callbacks import CallbackSupportMixin, FitProgress, with_callbacks
from skensemble._estimator import Estimator
from skensemble._feature_positions import feature_positions, listed_categories
from skensemble._notebook_summary import counted, listed
from skensemble._parallel import effective_n_jobs, in_order
from skensemble._parameters import (
    RANDOM_STATE,
    Interval,
    IsArrayLike,
    IsNone,
    OneOf,
    Parameter,
    ParameterError,
    check_parameter,
    check_parameters,
)
from skensemble._progress_lines import ProgressLines, verbose
from skensemble._random import generator
from skensemble._shared_parameters import CATEGORICAL, COVERAGE, JOBS, LEVELS
from skensemble._targets import FeatureNames, all_or_nothing, read_weight
from skensemble._validation import note_columns
from skensemble.generative.autoregressive._chain import Chain
from skensemble.generative.autoregressive._chain_fit import ChainRows, fit_chains
from skensemble.generative.autoregressive._chain_samples import RowsOfChains
from skensemble.generative.autoregressive._column_cells import cells_of
from skensemble.generative.autoregressive._column_order import first_order, other_order
from skensemble.generative.autoregressive._number_distributions import quantiles_of_rows
from skensemble.generative.tables._boxes import log_sum_exp
from skensemble.generative.tables._column_formats import DecimalFormat, FloatFormat, IntegerFormat
from skensemble.generative.tables._containers import container_of, read_frame
from skensemble.generative.tables._format_choice import columns_by_kind, format_of, warn_of_unlisted
from skensemble.generative.tables._label_encoding import CLASSES, LabelEncoding
from skensemble.tree.trees._inspected import feature_names

if TYPE_CHECKING:
    from skensemble._types import Any, Array, ArrayLike, Column, RandomState, Seed, Self, Table

NUMBERS = (FloatFormat, DecimalFormat, IntegerFormat)
LEAVES = (5, 15, 50)  # minimum weights of a leaf that are tried

PARAMETERS = {
    "n_estimators": Parameter(
        3,
        (Interval(int, 1),),
        "int",
        "Number of chains, each with an order of its own; one where all would be the same. The density is their mean.",
    ),
    "min_samples_leaf": Parameter(
        "auto",
        (OneOf("auto"), Interval(int, 1)),
        'int or "auto"',
        'Minimum number of samples in a leaf. "auto": 5, 15 or 50, column by column: whichever makes a left-out '
        "fifth of the samples likeliest. Larger leaves keep generated rows further from single samples.",
    ),
    "order": Parameter(
        "auto",
        (OneOf("auto"), IsArrayLike),
        '"auto" or array-like',
        'Labels or positions of all columns in the order in which they are modelled. "auto": the order of the '
        "table; further chains in orders of chance.",
    ),
    "condition_columns": Parameter(
        None,
        (IsNone, IsArrayLike),
        "array-like or None",
        "Labels or positions of columns that are always given, and not modelled: the density is that of the others "
        "given these.",
    ),
    "conditional": Parameter(
        "trees",
        (OneOf("trees", "boosting"),),
        '{"trees", "boosting"}',
        'What says how likely levels are. "trees": shares in the leaves of a few trees. "boosting": boosted trees as '
        "well, for columns of at most 20 levels, as far as left-out samples get likelier by it; better densities, but "
        "slower.",
    ),
    "categorical_features": CATEGORICAL,
    "n_jobs": JOBS,
    "random_state": Parameter(
        None, RANDOM_STATE, "int, RandomState instance or None", "Seed of the orders and of samples."
    ),
    "verbose": verbose("columns of all chains", "column"),
}


@contextmanager
def unknown_levels_expected():
    """Curves are fitted to some of the rows: their trees need not know all levels, and say so where they know none."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No cell of column", UserWarning)
        yield


class AutoregressiveForest(CallbackSupportMixin, DensityMixin, Estimator):
    """Generate rows of a mixed table column by column, with trees, and compute their exact densities.

    The density of a row is the product of the densities of its columns, each given the columns before it. A
    few trees stand for each factor: they part the rows by the columns before, and their leaves hold how the column is
    distributed there: levels with their shares, numbers in bins and at repeated values, missing cells as one more
    value [1]_. Leaves are smoothed towards their ancestors. Several chains take the columns in different orders, and
    the density is their mean. It is exact: over all rows that there could be it sums, or integrates, to 1. The model is
    the same for any order of the samples and any number of threads.

    Parameters
    ----------
    n_estimators : int, default=3
        Number of chains, each with an order of its own; one where all would be the same. The density is their mean.
    min_samples_leaf : int or "auto", default="auto"
        Minimum number of samples in a leaf. "auto": 5, 15 or 50, column by column: whichever makes a left-out fifth of
        the samples likeliest. Larger leaves keep generated rows further from single samples.
    order : "auto" or array-like, default="auto"
        Labels or positions of all columns in the order in which they are modelled. "auto": the order of the table;
        further chains in orders of chance.
    condition_columns : array-like or None, default=None
        Labels or positions of columns that are always given, and not modelled: the density is that of the others given
        these.
    conditional : {"trees", "boosting"}, default="trees"
        What says how likely levels are. "trees": shares in the leaves of a few trees. "boosting": boosted trees as
        well, for columns of at most 20 levels, as far as left-out samples get likelier by it; better densities, but
        slower.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features whose values are categories without an order. "from_dtype": columns of categories or text (pandas:
        category, string, and object columns with text; polars: Categorical, Enum and String; pyarrow: dictionaries and
        strings; arrays of objects: columns with text). array-like: labels of columns of a DataFrame, positions of
        features, or a boolean mask of shape (n_features,); a list with "from_dtype" in it adds to those columns.
        Numbers are labels where the columns of a DataFrame have labels that are not strings. None: no features. Each
        number in such a column is a category, also -1; only NaN is missing.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the orders and of samples.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the columns of all chains. 2: a line for each column.

    Attributes
    ----------
    order_ : list of list of int
        Positions of the columns in the order in which each chain models them.
    min_samples_leaf_ : ndarray of shape (`n_features_in_`,)
        Minimum number of samples in a leaf for each column; 0 for columns that are given.
    classes_ : ndarray of shape (n_classes,)
        Labels, if the model was fitted with labels.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X. Only set if all are strings.

    See Also
    --------
    FlowMatching : Rows from a flow that trees or a network learn.
    NeuralSplineFlow : Exact densities of smooth numbers.

    Notes
    -----
    Of n samples, a share of 1 / (n + 1) of each column of numbers is spread over all numbers by a logistic
    distribution, and a level that no sample had counts as one more sample: held-out rows have a density. `sample` draws
    accordingly.

    References
    ----------
    .. [1] Watson, D. S., Blesch, K., Kapar, J. and Wright, M. N. (2023). Adversarial random forests for density
       estimation and generative modeling. AISTATS 2023. (Leaves of trees as densities; there, of all columns at once.)

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble import AutoregressiveForest
    >>> X = pd.DataFrame({"age": [31, 45, 27, 60] * 25, "job": ["clerk", "chef", "chef", None] * 25})
    >>> model = AutoregressiveForest(random_state=0).fit(X)
    >>> model.sample(2).columns.tolist()
    ['age', 'job']
    >>> bool(model.score(X) > -2)
    True
    """

    _parameters = PARAMETERS
    _reads_any_table = True

    def __init__(
        self,
        n_estimators: int = 3,
        *,
        min_samples_leaf: int | Literal["auto"] = "auto",
        order: ArrayLike | Literal["auto"] = "auto",
        condition_columns: ArrayLike | None = None,
        conditional: Literal["trees", "boosting"] = "trees",
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.order = order
        self.condition_columns = condition_columns
        self.conditional = conditional
        self.categorical_features = categorical_features
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    # -- fit ---------------------------------------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(self, X: Table, y: Column | None = None, sample_weight: Column | None = None) -> Self:
        """Fit the chains to the samples; with `y`, to their distribution given the labels.

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
        self : AutoregressiveForest
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter, a cell, a label or a weight is not allowed; the message names it, the rule and the value.
            The estimator stays as it was.
        """
        check_parameters(self, PARAMETERS)
        frame = read_frame(X)
        note_columns(self, X, reset=True)
        weight = read_weight(sample_weight, "sample_weight", len(frame))
        self._labels = None if y is None else LabelEncoding(y, weight, len(frame))
        self.__dict__.pop("classes_", None)
        if self._labels is not None and self._labels.classes_ is not None:
            self.classes_ = self._labels.classes_
        labels = np.empty((len(frame), 0)) if y is None else self._labels.encode(y, len(frame))
        weight = np.ones(len(frame)) if weight is None else weight
        counts = (weight > 0) & ~np.isnan(labels).any(axis=1)
        self._container = container_of(X)
        self._read_columns(frame[counts], weight[counts])
        self._given = self._positions(self.condition_columns, "condition_columns")
        if len(self._given) == self.n_features_in_:
            raise ParameterError(f"condition_columns must leave a column to model, got {self.condition_columns!r}.")
        self._fit_chains(frame[counts], labels[counts], weight[counts], {"X": X, "y": y, "metadata": {}})
        return self

    def _read_columns(self, frame, weight):
        is_category = np.zeros(self.n_features_in_, bool)
        if self.categorical_features is not None and not isinstance(self.categorical_features, str):
            is_category[listed_categories(self.categorical_features, FeatureNames.of(self))[0]] = True
        names = FeatureNames.of(self).labels
        self._formats = [
            format_of(frame.iloc[:, j], f"column {j if names is None else repr(names[j])}", is_category[j])
            for j in range(self.n_features_in_)
        ]
        plain = self._plain(frame)
        warn_of_unlisted(self._formats, plain, is_category)
        self._cells = [cells_of(self._formats[j], plain[j], weight) for j in range(self.n_features_in_)]

    def _positions(self, columns, name):
        return [] if columns is None else [int(j) for j in feature_positions(columns, FeatureNames.of(self), name)]

    def _orders(self, rng):
        """Of each chain; one, where all would be the same."""
        if not isinstance(self.order, str):
            order = self._positions(self.order, "order")
            if sorted(order) != list(range(self.n_features_in_)):
                raise ParameterError(
                    f"order must name each of the {self.n_features_in_} columns once, got {self.order!r}."
                )
            order = [*self._given, *(j for j in order if j not in self._given)]
            return [order]
        n_others = self.n_estimators - 1 if self.n_features_in_ - len(self._given) > 1 else 0
        others = [other_order(self.n_features_in_, self._given, rng) for _ in range(n_others)]
        return [first_order(self.n_features_in_, self._given), *others]

    def _fit_chains(self, frame, labels, weight, data):
        self.order_ = self._orders(generator(self.random_state))
        rows = ChainRows(self._cells, self._plain(frame), labels, weight)
        sizes = LEAVES if isinstance(self.min_samples_leaf, str) else (self.min_samples_leaf,)
        n_given, n_threads = len(self._given), effective_n_jobs(self.n_jobs)
        n_steps = (1 + len(self.order_)) * len(self._modelled(0))
        lines, progress = ProgressLines(self.verbose, n_steps), FitProgress(self, n_steps, data)

        def report(j, text):
            lines.step(f"{self._formats[j].name}: {text}")
            progress.run_round(lambda: None, dict)  # none can stop it: half a chain is no model

        with unknown_levels_expected():
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # as in columns of names
            self._chains, sizes = fit_chains(
                rows, self.order_, n_given, sizes, self.conditional == "boosting", n_threads, report
            )
        progress.finish(dict)
        self.min_samples_leaf_ = np.array([sizes.get(j, 0) for j in range(self.n_features_in_)])

    def _modelled(self, k):
        """The columns that a chain models, in its order."""
        return self.order_[k][len(self._given) :]

    def _each_chain(self):
        n_given = len(self._given)
        return [
            Chain(order, n_given, chain, self._cells) for order, chain in zip(self.order_, self._chains, strict=True)
        ]

    def _plain(self, frame):
        return [column_format.read(frame.iloc[:, j]) for j, column_format in enumerate(self._formats)]

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
            seen in `fit`.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Log density; with `condition_columns`, of the other columns given these.
        """
        check_is_fitted(self)
        frame = read_frame(X)
        note_columns(self, X, reset=False)
        plain = self._plain(frame)
        if self._labels is None:
            return self._log_density(plain, np.empty((len(frame), 0)))
        log_density = np.empty(len(frame))
        for rows, labels in self._labels.split(y, len(frame)):
            part = [column[rows] for column in plain]
            log_density[rows] = self._log_density_given(part, labels, len(part[0]))
        return log_density

    def _log_density_given(self, plain, labels, n_rows):
        if labels is not None:
            encoded = self._labels.encode(labels, n_rows)
            if np.isnan(encoded).any():
                raise ParameterError("y must not be missing for a model fitted with labels, got a missing label.")
            return self._log_density(plain, encoded)
        if self._labels.kind != CLASSES:
            raise ParameterError("y must be given to a model that was fitted with numbers, got None.")
        return log_sum_exp(
            [
                self._log_density(plain, self._labels.encode(np.full(n_rows, label), n_rows)) + np.log(share)
                for label, share in self._labels.shares()
            ]
        )

    def _log_density(self, plain, labels):
        """Log of the mean density of the chains."""

        def of_chain(chain):
            return chain.log_density(plain, labels)

        chains, n_threads = self._each_chain(), effective_n_jobs(self.n_jobs)
        with unknown_levels_expected():
            return log_sum_exp(list(in_order(of_chain, chains, n_threads)), 1.0 / len(chains))

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

    # -- distributions of one column ---------------------------------------------------------------------------------

    def predict_quantiles(self, X: Table, quantiles: float | ArrayLike = (0.05, 0.5, 0.95)) -> Array:
        """Predict quantiles of the one column that is not given, from its exact distribution given the others.

        Needs `condition_columns` that leave one column, of numbers. The quantile at level q is the smallest value whose
        probability of not being exceeded is q or more, given that the value is not missing. It is between the lowest
        and the highest value of the training samples, and on the step of the column (whole numbers, cents).

        Parameters
        ----------
        X : table of shape (n_samples, n_features) or (n_samples, n_condition_columns)
            Samples with the `condition_columns`; the cells of the other column are not looked at, and it need not be
            there. Without names of columns, the columns stand in the order of those of fit.
        quantiles : float or sequence of floats, default=(0.05, 0.5, 0.95)
            Levels in [0, 1].

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_quantiles)
            In the units of the column. One column per level, unless `quantiles` is a single float.
        """
        check_is_fitted(self)
        check_parameter("quantiles", quantiles, LEVELS)
        j = self._predicted_column()
        plain = self._given_columns(X)
        levels = np.array(quantiles, np.float64)
        features = self._each_chain()[0].features(j, np.empty((len(plain[j]), 0)), plain)
        with unknown_levels_expected():
            predicted = quantiles_of_rows(self._chains[0][0], features, levels.reshape(-1))
        written = np.asarray(self._formats[j].write(predicted.reshape(-1)), np.float64)
        decimals = self._formats[j].decimals
        written = written if decimals is None else np.round(written, decimals)
        return written.reshape(len(predicted), *levels.shape)

    def predict_interval(self, X: Table, coverage: float = 0.9) -> Array:
        """Predict an interval that holds the column with a given probability, by `predict_quantiles`.

        Parameters
        ----------
        X : table of shape (n_samples, n_features) or (n_samples, n_condition_columns)
            Samples with the `condition_columns`.
        coverage : float, default=0.9
            Probability, in (0, 1), that the value is in the interval. Values below and above it are equally probable.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2)
            Lower and upper bound, in the units of the column.
        """
        check_parameter("coverage", coverage, COVERAGE)
        return self.predict_quantiles(X, [0.5 - 0.5 * coverage, 0.5 + 0.5 * coverage])

    def _predicted_column(self):
        modelled = self._modelled(0)
        if len(modelled) != 1 or self._labels is not None:
            with_labels = "" if self._labels is None else " and a fit with y"
            raise ParameterError(
                "condition_columns must leave one column to predict, and fit must be without y, got "
                f"{len(modelled)} columns{with_labels}."
            )
        if type(self._formats[modelled[0]]) not in NUMBERS:
            raise ParameterError(f"The column to predict must hold numbers, got {self._formats[modelled[0]].name}.")
        return modelled[0]

    def _given_columns(self, X):
        """Plain values of the given columns, and zeros for the others."""
        frame, given = read_frame(X), sorted(self._given)
        names = FeatureNames.of(self).labels
        if names is not None and all(isinstance(name, str) for name in frame):
            wanted = [names[j] for j in given]
            if absent := [name for name in wanted if name not in frame]:
                raise ValueError(f"X must hold the condition_columns, got none named {absent}.")
        elif frame.shape[1] not in (len(given), self.n_features_in_):
            raise ValueError(
                f"X must have {len(given)} columns, the condition_columns, or {self.n_features_in_} as in fit, "
                f"got {frame.shape[1]}."
            )
        else:
            wanted = [frame.columns[j if frame.shape[1] == self.n_features_in_ else k] for k, j in enumerate(given)]
        plain = [np.zeros(len(frame)) for _ in range(self.n_features_in_)]
        for j, name in zip(given, wanted, strict=True):
            plain[j] = self._formats[j].read(frame[name])
        return plain

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
            frequencies of the training samples.
        condition : dict or table, default=None
            Known cells: a dict of names or positions to a value or `n_samples` values, or a table of some columns with
            `n_samples` rows or one for all of them. Missing ones are drawn. Columns need not be `condition_columns`: 32
            candidates for a row are drawn anew at each known cell by how likely they make it (sequential importance
            resampling).
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
        """Draw samples and their labels: labels with the frequencies of the training samples, and rows given these.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        condition : dict or table, default=None
            Known cells, see `sample`.
        random_state : int, RandomState instance or None, default=None
            Seed of the labels and samples. None: `random_state` of the estimator.

        Returns
        -------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples.
        y : ndarray of shape (n_samples,), or Series
            Their labels, with the dtype that y of `fit` had if it was one of pandas.

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

    def impute(self, X: Table, n_imputations: int = 1, *, y: Column | None = None, random_state: Seed = None) -> Any:
        """Impute missing cells by draws from their distribution given the known cells.

        Parameters
        ----------
        X : table like X of fit, of shape (n_samples, n_features)
            Samples with missing cells.
        n_imputations : int, default=1
            Number of completed tables. Their differences show how uncertain the imputed cells are.
        y : label, or array-like of shape (n_samples,), default=None
            Labels of the samples, for a model that was fitted with labels.
        random_state : int, RandomState instance or None, default=None
            None: `random_state` of the estimator.

        Returns
        -------
        X : table like X of fit, or, if n_imputations > 1, a list of such tables
            Completed samples, whose known cells are unchanged.
        """
        check_is_fitted(self)
        check_parameter("n_imputations", n_imputations, (Interval(int, 1),))
        frame = read_frame(X)
        note_columns(self, X, reset=False)
        check_parameter("random_state", random_state, RANDOM_STATE)
        rng = generator(self.random_state if random_state is None else random_state)
        plain = self._plain(frame)
        known = [self._is_known(j, column) for j, column in enumerate(plain)]
        completed = []
        for _ in range(n_imputations):
            labels, _ = self._drawn_labels(len(frame), y, rng)
            with unknown_levels_expected():
                drawn = self._drawer().rows(plain, known, labels, rng, is_complete=True)
            completed.append(self._restored(drawn))
        return completed[0] if n_imputations == 1 else completed

    def _is_known(self, j, plain):
        cells = self._cells[j]
        return (plain >= 0) & (plain != cells.missing) if cells.is_level else ~np.isnan(plain)

    def _sampled(self, n_samples, y, condition, random_state):
        """(table, labels)"""
        check_is_fitted(self)
        check_parameter("n_samples", n_samples, (Interval(int, 1),))
        check_parameter("random_state", random_state, RANDOM_STATE)
        if self._labels is None and y is not None:
            raise ParameterError(f"y must be None for a model that was fitted without labels, got {y!r}.")
        rng = generator(self.random_state if random_state is None else random_state)
        plain, known = self._known_cells(condition, n_samples)
        labels, y = self._drawn_labels(n_samples, y, rng)
        with unknown_levels_expected():
            return self._restored(self._drawer().rows(plain, known, labels, rng)), y

    def _drawn_labels(self, n_samples, y, rng):
        """(encoded labels, labels)"""
        if self._labels is None:
            return np.empty((n_samples, 0)), None
        y = self._labels.draw(n_samples, rng) if y is None else y
        return self._labels.encode(y, n_samples), y

    def _known_cells(self, condition, n_samples):
        """(plain values, which of them are known), column by column"""
        plain = [np.zeros(n_samples, np.intp if cells.is_level else np.float64) for cells in self._cells]
        known = [np.zeros(n_samples, bool) for _ in self._cells]
        items = self._given_items(condition)
        positions = feature_positions(list(items), FeatureNames.of(self), "condition") if items else []
        for j, values in zip(positions, items.values(), strict=True):
            values = pd.Series([values] if np.ndim(values) == 0 else values)
            values = values.repeat(n_samples) if len(values) == 1 else values
            if len(values) != n_samples:
                raise ValueError(f"condition must have {n_samples} values in column {j}, got {len(values)}.")
            plain[j] = self._formats[j].read(values.reset_index(drop=True))
            self._formats[j].check_exact(plain[j], values)
            known[j] = self._is_known(j, plain[j])
        if unknown := [j for j in self._given if not known[j].all()]:
            raise ParameterError(f"condition must hold all condition_columns, got none for columns {unknown}.")
        return plain, known

    @staticmethod
    def _given_items(condition):
        """{label or position: values} of a dict, of a table with names, or of nothing."""
        if condition is None or isinstance(condition, dict):
            return condition or {}
        frame = read_frame(condition)
        if not all(isinstance(name, str) for name in frame):
            raise ParameterError("condition must be a dict or a table with column names, got a table without names.")
        return {name: frame[name] for name in frame}

    def _drawer(self):
        pairs = zip(self._cells, self._formats, strict=True)
        return RowsOfChains(self._each_chain(), [None if cells.is_level else form.limits for cells, form in pairs])

    def _restored(self, plain):
        return self._container.restore([each.write(column) for each, column in zip(self._formats, plain, strict=True)])

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _facts(self):
        names = feature_names(self)
        yield "columns", columns_by_kind(self._formats)
        if self._labels is not None:
            yield "labels", self._labels.in_words()
        if self._given:
            yield "conditions", listed(names[j] for j in self._given)
        for k in range(len(self.order_)):
            yield f"chain {k + 1}", listed((names[j] for j in self._modelled(k)), " → ")
        sizes = Counter(int(self.min_samples_leaf_[j]) for j in self._modelled(0))
        of_columns = (f"{size} in {counted(number, 'column')}" for size, number in sorted(sizes.items()))
        yield "smallest leaves", listed(of_columns)
        n_curves = sum(conditional.curve is not None for chain in self._chains for conditional in chain)
        yield "smooth curves", f"in {n_curves} of {sum(map(len, self._chains))} conditional distributions"

    def _bars(self):
        leaves = [0 if (tree := each.trees[0].tree) is None else tree.n_leaves for each in self._chains[0]]
        names = feature_names(self)
        return "leaves, by column", [names[j] for j in self._modelled(0)], np.array(leaves, np.float64)

    # -- what scikit-learn asks --------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return hasattr(self, "min_samples_leaf_")
