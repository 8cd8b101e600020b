"""interaction_strength: how much of what columns do they only do together, the H statistics of Friedman and Popescu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from skensemble._feature_positions import feature_positions
from skensemble._parameters import RANDOM_STATE, Interval, IsNone, NameIn, ParameterError, check_parameter
from skensemble._random import generator
from skensemble.inspection._asked_model import ask
from skensemble.inspection._effects_pictures import draw_strengths
from skensemble.tree.trees._partial_dependence import mass_of_rows, partial_dependence

if TYPE_CHECKING:
    from skensemble._types import Any, Array, Column, DataFrame, Seed, Table

KINDS = ("pairs", "total")
ROUNDING = 1e-20  # share of the variance of predictions below which a sum of squares is nothing but rounding


@dataclass(frozen=True, eq=False)
class InteractionStrength:
    """How strongly columns interact.

    Attributes
    ----------
    pairs : ndarray of shape (n_columns, n_columns), with a last axis of outputs if there are several
        Share of the standard deviation of what a pair does that comes from the interaction of the two, symmetric; 0
        on the diagonal.
    pair_sizes : ndarray of the same shape
        Standard deviation of that interaction, in units of the prediction: comparable between pairs.
    total : ndarray of shape (n_columns,), or (n_columns, n_outputs)
        Share of the standard deviation of predictions that comes from all interactions of a column with others.
    total_sizes : ndarray of the same shape
        Standard deviation of these interactions, in units of the prediction.
    feature_names : list
        Labels of the columns.
    output_names : list or None
        Class labels, levels of quantiles; None where outputs have no names.
    """

    pairs: Array
    pair_sizes: Array
    total: Array
    total_sizes: Array
    feature_names: list[Any]
    output_names: list[Any] | None

    def to_frame(self, kind: Literal["pairs", "total"] = "pairs") -> DataFrame:
        """The statistics as a table, the largest share first.

        Parameters
        ----------
        kind : {"pairs", "total"}, default="pairs"
            A row for each pair of columns, or for each column.

        Returns
        -------
        frame : DataFrame
            "first" and "second", or "column"; "output" if there are several; "share" and "size".
        """
        check_parameter("kind", kind, (NameIn(KINDS),))
        names = np.empty(len(self.feature_names), object)
        names[:] = self.feature_names
        shares, sizes = (self.pairs, self.pair_sizes) if kind == "pairs" else (self.total, self.total_sizes)
        if kind == "pairs":
            first, second = np.triu_indices(len(names), 1)
            shares, sizes = shares[first, second], sizes[first, second]
            columns = {"first": names[first], "second": names[second]}
        else:
            columns = {"column": names}
        n_outputs = 1 if self.total.ndim == 1 else self.total.shape[1]
        shares, sizes = shares.reshape(-1, n_outputs), sizes.reshape(-1, n_outputs)
        outputs = list(range(shares.shape[1])) if self.output_names is None else self.output_names
        frames = []
        for k, output in enumerate(outputs):
            own = {"output": [output] * len(shares)} if len(outputs) > 1 else {}
            frames.append(pd.DataFrame({**columns, **own, "share": shares[:, k], "size": sizes[:, k]}))
        return pd.concat(frames).sort_values("share", ascending=False, kind="stable", ignore_index=True)

    def plot(
        self,
        kind: Literal["pairs", "total"] = "pairs",
        *,
        output: int | None = None,
        max_display: int = 10,
        ax: Any = None,
    ) -> Any:
        """Draw the largest sizes as bars, with matplotlib.

        Parameters
        ----------
        kind : {"pairs", "total"}, default="pairs"
            A bar for each pair of columns, or for each column.
        output : int, default=None
            Number of the output, if there are several. None: the last of two, else the first.
        max_display : int, default=10
            Maximum number of bars.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the picture.
        """
        n_outputs = 1 if self.total.ndim == 1 else self.total.shape[1]
        output = (1 if n_outputs == 2 else 0) if output is None else output
        check_parameter("output", output, (Interval(int, 0, n_outputs - 1, closed="both"),))
        check_parameter("max_display", max_display, (Interval(int, 1),))
        frame = self.to_frame(kind)
        if n_outputs > 1:
            frame = frame[frame["output"] == (output if self.output_names is None else self.output_names[output])]
        frame = frame.sort_values("size", kind="stable").tail(max_display)
        if kind == "pairs":
            names = [f"{first} and {second}" for first, second in zip(frame["first"], frame["second"])]
        else:
            names = [str(name) for name in frame["column"]]
        return draw_strengths(names, frame["size"], "standard deviation of the interaction", ax)


def interaction_strength(
    model: Any,
    X: Table,
    features: Any = None,
    *,
    output: Literal["raw", "response"] = "raw",
    max_samples: int = 200,
    sample_weight: Column | None = None,
    n_jobs: int | None = None,
    random_state: Seed = 0,
) -> InteractionStrength:
    """Measure how strongly columns interact: the H statistics of Friedman and Popescu [1]_.

    If two columns do not interact, their partial dependence is the sum of those of each. The share of its standard
    deviation over the rows of X that this sum leaves is the strength of a pair; the part of the standard deviation of
    the predictions that does not come from a column alone nor from all the others together is the total of a column.
    Sums of trees are not predicted: rows go down the trees once for each column and pair. Other models, and
    `output="response"` where it is no sum, are predicted for all pairs of rows.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble, or a fitted Pipeline that ends in one.
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        Rows over which partial dependence is averaged, and at which it is taken.
    features : list of str or int, default=None
        Labels or positions of columns. None: all.
    output : {"raw", "response"}, default="raw"
        Which predictions: raw ones (of boosting the scores before the link function), or what `predict` or
        `predict_proba` returns.
    max_samples : int or None, default=200
        Maximum number of rows; of more, so many are drawn. None: all rows.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows of X.
    n_jobs : int or None, default=None
        Number of threads, which do not change a bit of the result; None or -1 for all cores.
    random_state : int, RandomState instance or None, default=0
        Seed of the draw of rows.

    Returns
    -------
    strength : InteractionStrength
        `pairs`, `total` and their sizes in units of the prediction, `to_frame()` and `plot()`.

    Raises
    ------
    ValueError, TypeError
        If the model is not fitted or a column is not known.

    References
    ----------
    .. [1] J. H. Friedman and B. E. Popescu (2008): Predictive learning via rule ensembles. Annals of Applied Statistics
       2, 916-954, section 8.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import NewtonBoostingRegressor
    >>> from skensemble.inspection import interaction_strength
    >>> X = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    >>> model = NewtonBoostingRegressor(n_estimators=100, random_state=0).fit(X, X[:, 0] * X[:, 1] + X[:, 2])
    >>> interaction_strength(model, X).to_frame()[["first", "second"]].iloc[0].tolist()
    ['x0', 'x1']
    """
    check_parameter("max_samples", max_samples, (Interval(int, 2), IsNone))
    check_parameter("random_state", random_state, RANDOM_STATE)
    asked = ask(model, X, output=output, sample_weight=sample_weight, n_jobs=n_jobs)
    names = asked.features
    places = list(range(names.n_features)) if features is None else feature_positions(features, names, "features")
    if len(set(places)) < len(places):
        raise ParameterError(f"features must be different columns, got {features!r}.")
    asked = _drawn(asked, max_samples, random_state)
    averages = _AveragesOfPredictions(asked) if asked.additive is None else _AveragesOfTrees(asked)
    return _strengths(asked, averages, places)


def _drawn(asked, max_samples, random_state):
    rows = np.flatnonzero(asked.weight > 0)
    if max_samples is not None and len(rows) > max_samples:
        rows = np.sort(generator(random_state).choice(rows, max_samples, replace=False))
    return asked if len(rows) == asked.table.n_samples else asked.of_rows(rows)


def _strengths(asked, averages, places):
    """InteractionStrength of the columns at some places."""
    weight = asked.weight / asked.weight.sum()

    def centred(values):
        return values - weight @ values

    def shares(parts, whole):
        """(H, size) of what is left of a whole."""
        left, whole = weight @ parts**2, weight @ whole**2
        is_there = whole > ROUNDING * variance
        left = np.where(left > ROUNDING * variance, left, 0.0)
        return np.sqrt(np.divide(left, whole, out=np.zeros_like(left), where=is_there)), np.sqrt(left)

    whole = centred(averages.predictions())
    variance = weight @ whole**2
    alone = [centred(averages.of([place])) for place in places]
    n, n_outputs = len(places), whole.shape[1]
    pairs, total = np.zeros((2, n, n, n_outputs)), np.zeros((2, n, n_outputs))
    for j, place in enumerate(places):
        total[:, j] = shares(whole - alone[j] - centred(averages.without(place)), whole)
        for k in range(j):
            if averages.may_interact(place, places[k]):
                both = centred(averages.of([place, places[k]]))
                pairs[:, j, k] = pairs[:, k, j] = shares(both - alone[j] - alone[k], both)
    if n_outputs == 1:
        pairs, total = pairs[..., 0], total[..., 0]
    labels = [asked.names[place] for place in places]
    return InteractionStrength(*pairs, *total, labels, asked.output_names(n_outputs))


class _AveragesOfTrees:
    """Partial dependence at the rows themselves, of a sum of trees."""

    def __init__(self, asked):
        self.asked, self.cells = asked, asked.encoded()
        self.meets = features_that_meet(asked.additive.trees, self.cells.shape[1])

    def predictions(self):
        return self.asked.additive.raw(self.asked.table, self.asked.n_threads)

    def of(self, places):
        """(n_samples, n_outputs) partial dependence on some columns."""
        additive, n_threads = self.asked.additive, self.asked.n_threads
        mass = mass_of_rows(additive, self.cells, self.asked.weight, places, n_threads)
        return partial_dependence(additive, self.cells[:, places], places, mass, n_threads=n_threads)

    def without(self, place):
        """(n_samples, n_outputs) partial dependence on all columns but one."""
        others = [j for j in range(self.cells.shape[1]) if j != place]
        return self.of(others) if others else np.zeros((len(self.cells), self.asked.additive.n_outputs))

    def may_interact(self, first, second):
        return self.meets[first, second]


class _AveragesOfPredictions:
    """Partial dependence at the rows themselves, by predictions of all pairs of rows."""

    def __init__(self, asked):
        self.asked = asked

    def predictions(self):
        return self.asked.predictions({})

    def of(self, places):
        """(n_samples, n_outputs) partial dependence on some columns."""
        weights = self.asked.weight
        return np.array([np.average(each, axis=0, weights=weights) for each in self._changed(places)])

    def without(self, place):
        """(n_samples, n_outputs) partial dependence on all columns but one: that one is averaged over."""
        weight = self.asked.weight / self.asked.weight.sum()
        return sum(own * each for own, each in zip(weight, self._changed([place])))

    def may_interact(self, first, second):
        return True

    def _changed(self, places):
        """Yield the predictions for all rows with the cells of one row in some columns, row by row."""
        columns = [self.asked.column(place) for place in places]
        for i in range(self.asked.table.n_samples):
            yield self.asked.predictions({column.place: column.changed(column.cells[i]) for column in columns})


def features_that_meet(trees, n_features):
    """(n_features, n_features) bool: whether a path of a tree has splits on both."""
    meets = np.zeros((n_features, n_features), bool)
    nodes = trees.roots
    above = np.zeros((len(nodes), n_features), bool)
    while len(nodes):
        is_split = ~trees.is_leaf[nodes]
        nodes, above = nodes[is_split], above[is_split]
        feature = trees.feature[nodes]
        np.logical_or.at(meets, feature, above)
        above[np.arange(len(nodes)), feature] = True
        nodes, above = np.concatenate((trees.left[nodes], trees.right[nodes])), np.concatenate((above, above))
    return meets | meets.T
