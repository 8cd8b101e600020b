"""partial_dependence: predictions averaged over all columns but one or two."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from skensemble._parameters import Interval, NameIn, check_parameter
from skensemble.inspection._asked_model import ask, read_places, why_not_additive
from skensemble.inspection._effects import Effects, make_effects
from skensemble.tree.trees._partial_dependence import mass_of_rows, mass_of_training
from skensemble.tree.trees._partial_dependence import partial_dependence as of_trees

if TYPE_CHECKING:
    from skensemble._types import Any, Column, Table

METHODS = ("rows", "training")


def partial_dependence(
    model: Any,
    X: Table,
    features: Any,
    *,
    method: Literal["rows", "training"] = "rows",
    output: Literal["raw", "response"] = "raw",
    n_points: int = 40,
    sample_weight: Column | None = None,
    n_jobs: int | None = None,
) -> Effects:
    """Average predictions over all columns but one or two [1]_.

    Each value of a column, or pair of values of two, is put into every row of X, and the predictions are averaged. Of
    sums of trees no row is predicted: X goes down the trees once, whatever the number of values.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble, or a fitted Pipeline that ends in one.
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        Rows to average over; values of the columns are taken from them, too.
    features : str, int, or pair of these
        Label or position of a column, or of two.
    method : {"rows", "training"}, default="rows"
        "rows": the average over the rows of X, as `sklearn.inspection.partial_dependence(method="brute")` has it.
        "training": at splits on other columns a row goes both ways, in proportion to the weights of the training rows
        that grew the trees, as `method="recursion"` has it; needs a sum of trees with constant leaves.
    output : {"raw", "response"}, default="raw"
        What is averaged: raw predictions (of boosting the scores before the link function), or what `predict` or
        `predict_proba` returns.
    n_points : int, default=40
        Maximum number of values of a column of numbers, at quantiles of X. Of categories, all levels of X are taken,
        and missing cells where there are some.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows of X.
    n_jobs : int or None, default=None
        Number of threads, which do not change a bit of the result; None or -1 for all cores.

    Returns
    -------
    effects : Effects
        `values`, `grid`, `to_frame()` and `plot()`.

    Raises
    ------
    ValueError, TypeError
        If the model is not fitted, a column is not known, or the method does not know the model.

    See Also
    --------
    accumulated_effects : Effects without impossible rows, where columns are correlated.

    References
    ----------
    .. [1] J. H. Friedman (2001): Greedy function approximation: a gradient boosting machine. Annals of Statistics 29,
       1189-1232.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import GradientBoostingRegressor
    >>> from skensemble.inspection import partial_dependence
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X, y)
    >>> effects = partial_dependence(model, X, "bmi")
    >>> bool(effects.values[-1] > effects.values[0] + 50)
    True
    """
    check_parameter("method", method, (NameIn(METHODS),))
    check_parameter("n_points", n_points, (Interval(int, 2),))
    asked = ask(model, X, output=output, sample_weight=sample_weight, n_jobs=n_jobs)
    places = read_places(asked, features, allowed=(1, 2))
    if method == "training":
        _check_additive(asked)
    columns = [asked.column(place) for place in places]
    grid = [column.values_to_try(asked.weight, n_points) for column in columns]
    _check_values(asked, columns, grid)
    average = _by_predictions if asked.additive is None else _by_trees
    values = average(asked, columns, grid, method).reshape(*map(len, grid), -1)
    return make_effects(asked, columns, grid, values, "partial dependence")


def _check_additive(asked):
    if asked.additive is None:
        why = why_not_additive(asked.model)
        if why is None:
            why = f"output must be 'raw' for it, since link {asked.predictor.link.name!r} is not additive."
        raise ValueError(f"method must be 'rows' for this model and output, got 'training': {why}")


def _check_values(asked, columns, grid):
    for column, points in zip(columns, grid):
        if not len(points):
            raise ValueError(f"X must have a value in column {asked.names[column.place]!r}, got missing cells only.")


def _by_trees(asked, columns, grid, method):
    """(n_grid, n_outputs)"""
    additive, places = asked.additive, [column.place for column in columns]
    points = np.empty((int(np.prod([len(axis) for axis in grid])), len(grid)), object)
    points[:] = list(product(*grid))
    if method == "training":
        mass = mass_of_training(additive, places)
    else:
        mass = mass_of_rows(additive, asked.encoded(), asked.weight, places, asked.n_threads)
    cells = additive.binner.encode_grid(points, places)
    return additive.baseline + of_trees(additive, cells, places, mass, n_threads=asked.n_threads)


def _by_predictions(asked, columns, grid, method):
    """(n_grid, n_outputs), one prediction of all rows for each point."""
    averages = []
    for values in product(*grid):
        changed = {column.place: column.changed(value) for column, value in zip(columns, values)}
        averages.append(np.average(asked.predictions(changed), axis=0, weights=asked.weight))
    return np.array(averages)
