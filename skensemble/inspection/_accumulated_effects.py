"""accumulated_effects: accumulated local effects (ALE) of one column or of a pair (Apley and Zhu 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.interpolate import NearestNDInterpolator

from skensemble._parameters import Interval, check_parameter
from skensemble.inspection._asked_model import ask, read_places
from skensemble.inspection._effects import Effects, make_effects
from skensemble.inspection._table_columns import LevelColumn, in_like_order, quantiles

if TYPE_CHECKING:
    from skensemble._types import Any, Column, Table


def accumulated_effects(
    model: Any,
    X: Table,
    features: Any,
    *,
    output: Literal["raw", "response"] = "raw",
    n_intervals: int = 20,
    sample_weight: Column | None = None,
    n_jobs: int | None = None,
) -> Effects:
    """Accumulate local effects of a column, or of a pair of columns of numbers [1]_.

    A column is cut into intervals, and the rows of each are moved from its lower to its upper end: the mean change of
    their predictions, added up from interval to interval, is the effect of the column. Rows only move within their
    interval, so that no impossible row is predicted; partial dependence combines each value with all others.
    Effects have mean 0 over the rows. Of a pair, the effect is what both columns do together beyond what each does.

    Of categories, rows move from their level to its neighbours. Levels of an ordered dtype keep their order; others
    stand so that neighbours are alike in the other columns, and missing cells are a level.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble, or a fitted Pipeline that ends in one.
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        Rows to move. Rows whose cell is missing in a column of numbers do not count.
    features : str, int, or pair of these
        Label or position of a column, or of two columns of numbers.
    output : {"raw", "response"}, default="raw"
        Which predictions: raw ones (of boosting the scores before the link function), or what `predict` or
        `predict_proba` returns.
    n_intervals : int, default=20
        Maximum number of intervals of a column of numbers, which hold equally many rows.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows of X.
    n_jobs : int or None, default=None
        Number of threads, which do not change a bit of the result; None or -1 for all cores.

    Returns
    -------
    effects : Effects
        `values` at the ends of the intervals or at the levels, `grid`, `to_frame()` and `plot()`.

    Raises
    ------
    ValueError, TypeError
        If the model is not fitted, a column is not known, or a pair has a column of categories.

    See Also
    --------
    partial_dependence : Predictions averaged over the other columns.

    References
    ----------
    .. [1] D. W. Apley and J. Zhu (2020): Visualizing the effects of predictor variables in black box supervised
       learning models. Journal of the Royal Statistical Society B 82, 1059-1086.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import GradientBoostingRegressor
    >>> from skensemble.inspection import accumulated_effects
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X, y)
    >>> effects = accumulated_effects(model, X, "bmi")
    >>> bool(effects.values[-1] > effects.values[0] + 50)
    True
    """
    check_parameter("n_intervals", n_intervals, (Interval(int, 1),))
    asked = ask(model, X, output=output, sample_weight=sample_weight, n_jobs=n_jobs)
    columns = [asked.column(place) for place in read_places(asked, features, allowed=(1, 2))]
    if len(columns) == 2:
        grid, values = _effect_of_pair(asked, columns, n_intervals)
    elif isinstance(columns[0], LevelColumn):
        if not _is_ordered(asked.rows, columns[0].place):
            columns = [in_like_order(columns[0], asked.table, asked.predictor.binner, asked.weight)]
        grid, values = [columns[0].levels], _effect_of_levels(asked, columns[0])
    else:
        grid, values = _effect_of_numbers(asked, columns[0], n_intervals)
    return make_effects(asked, columns, grid, values, "accumulated effects")


def _is_ordered(X, place):
    dtype = X.dtypes.iloc[place] if isinstance(X, pd.DataFrame) else None
    return isinstance(dtype, pd.CategoricalDtype) and dtype.ordered


# -- one column ------------------------------------------------------------------------------------------------------


def _effect_of_numbers(asked, column, n_intervals):
    """(grid, values (n_points, n_outputs)); [1]_, equations (15) and (16)."""
    edges, interval, weight = _intervals(asked, column, n_intervals)
    if len(edges) < 2:
        return [edges], np.zeros((1, asked.predictions({}).shape[1]))
    lower, upper = (asked.predictions({column.place: column.changed(edges[interval + k])}) for k in (0, 1))
    mass = np.bincount(interval, weight, len(edges) - 1)
    steps = _sums_by(interval, weight, upper - lower, len(mass)) / _positive(mass)
    values = _accumulated(steps)
    middles = (values[1:] + values[:-1]) / 2
    return [edges], values - np.average(middles, axis=0, weights=mass)


def _effect_of_levels(asked, column):
    """(n_levels, n_outputs): steps between neighbours are means over the rows of both."""
    n_levels, weight = len(column.levels), asked.weight
    present = asked.predictions({})
    steps, mass = np.zeros((n_levels - 1, present.shape[1])), np.zeros(n_levels - 1)
    for move in (-1, 1):
        moved = np.clip(column.codes + move, 0, n_levels - 1)
        change = move * (asked.predictions({column.place: column.changed(column.levels[moved])}) - present)
        step, counts = np.minimum(column.codes, moved), np.where(moved != column.codes, weight, 0.0)
        step = np.minimum(step, n_levels - 2)
        if n_levels > 1:
            steps += _sums_by(step, counts, change, n_levels - 1)
            mass += np.bincount(step, counts, n_levels - 1)
    values = _accumulated(steps / _positive(mass))
    return values - np.average(values, axis=0, weights=np.bincount(column.codes, weight, n_levels))


def _intervals(asked, column, n_intervals):
    """(ends of the intervals, the interval of each row, weights that are 0 where the cell is missing)."""
    is_there = ~np.isnan(column.cells)
    weight = np.where(is_there, asked.weight, 0.0)
    if not weight.any():
        raise ValueError(f"X must have a value in column {asked.names[column.place]!r}, got missing cells only.")
    edges = quantiles(column.cells[weight > 0], weight[weight > 0], n_intervals + 1)
    interval = np.searchsorted(edges, np.where(is_there, column.cells, edges[0])) - 1
    return edges, np.clip(interval, 0, max(len(edges) - 2, 0)), weight


# -- two columns -----------------------------------------------------------------------------------------------------


def _effect_of_pair(asked, columns, n_intervals):
    """(grid, values (n_points, n_points, n_outputs)); [1]_, equations (17) to (20)."""
    for column in columns:
        if isinstance(column, LevelColumn):
            name = asked.names[column.place]
            raise ValueError(f"features must be one column, or a pair of numbers: {name!r} holds categories.")
    parts = [_intervals(asked, column, n_intervals) for column in columns]
    grid, intervals = [part[0] for part in parts], [part[1] for part in parts]
    weight = np.where(parts[0][2] > 0, parts[1][2], 0.0)
    shape = [len(edges) - 1 for edges in grid]
    if min(shape) < 1 or not weight.any():
        return grid, np.zeros((shape[0] + 1, shape[1] + 1, asked.predictions({}).shape[1]))
    change = 0.0
    for k, m in ((1, 1), (0, 1), (1, 0), (0, 0)):
        ends = (grid[0][intervals[0] + k], grid[1][intervals[1] + m])
        changed = {column.place: column.changed(end) for column, end in zip(columns, ends)}
        change = change + (1 if k == m else -1) * asked.predictions(changed)
    cell = intervals[0] * shape[1] + intervals[1]
    mass = np.bincount(cell, weight, shape[0] * shape[1])
    steps = _sums_by(cell, weight, change, len(mass)) / _positive(mass)
    steps = _filled_from_neighbours(steps, mass, grid).reshape(*shape, -1)
    values = np.pad(steps.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), (0, 0)))
    return grid, _without_single_effects(values, mass.reshape(shape))


def _filled_from_neighbours(steps, mass, grid):
    """Steps of cells without rows are those of the nearest cell with rows, in shares of the columns' ranges."""
    middles = [(edges[1:] + edges[:-1]) / 2 / (edges[-1] - edges[0]) for edges in grid]
    centres = np.stack(np.meshgrid(*middles, indexing="ij"), axis=-1).reshape(-1, 2)
    known = mass > 0
    if known.all():
        return steps
    return NearestNDInterpolator(centres[known], steps[known])(centres)


def _without_single_effects(values, mass):
    """What is left of accumulated steps without the accumulated effect of each column, centred over the rows."""
    along = []
    for axis in (0, 1):
        steps = np.diff(values, axis=axis)
        ends = np.moveaxis(steps, axis, 0)
        middles = (ends[:, 1:] + ends[:, :-1]) / 2
        own = mass if axis == 0 else mass.T
        steps = (own[:, :, None] * middles).sum(axis=1) / _positive(own.sum(axis=1))
        along.append(_accumulated(steps))
    values = values - along[0][:, None] - along[1][None, :]
    middles = (values[1:, 1:] + values[1:, :-1] + values[:-1, 1:] + values[:-1, :-1]) / 4
    return values - np.average(middles.reshape(-1, values.shape[2]), axis=0, weights=mass.ravel())


# -- sums ------------------------------------------------------------------------------------------------------------


def _sums_by(groups, weight, values, n_groups):
    """(n_groups, n_outputs) weighted sums of rows by group."""
    return np.column_stack([np.bincount(groups, weight * column, n_groups) for column in values.T])


def _accumulated(steps):
    return np.concatenate((np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)))


def _positive(mass):
    """A column to divide by, without zeros."""
    return np.where(mass > 0, mass, 1.0)[:, None]
