"""explain: what each cell of a row added to a model's prediction; and what an estimator needs to be explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skensemble._parallel import effective_n_jobs
from skensemble._parameters import IsBool, NameIn, ParameterError, check_parameter
from skensemble._shared_parameters import JOBS
from skensemble._tables import CategoryColumn
from skensemble.explanation._explained_trees import ExplainedTrees
from skensemble.explanation._explanation import Explanation
from skensemble.explanation._path_values import INDICES

if TYPE_CHECKING:
    from skensemble._types import Any, Array, Table

OUTPUTS = ("raw", "response")


def explain(
    model: Any,
    X: Table,
    *,
    background: Table | None = None,
    output: Literal["raw", "response"] = "raw",
    interactions: bool = False,
    index: Literal["shapley", "banzhaf"] = "shapley",
    n_jobs: int | None = None,
) -> Explanation:
    """Explain predictions: what each cell of each row added to its prediction.

    The values are exact Shapley values (SHAP) of the model itself, in the columns of X: a category is one column, and a
    missing cell is a value like any other. Base value and values of a row sum to its prediction. A feature of which
    nothing is known sends a row both ways at each split on it, in proportion to the weights of the training rows that
    grew the tree (path-dependent values), or has the cell of each row of a background in turn (interventional values).

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of skensemble, or a fitted Pipeline that ends in one.
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        The rows to explain.
    background : DataFrame, array-like or sparse matrix of shape (n_background, n_features) or None, default=None
        Rows to compare with: base values are the mean predictions for them. 100 to 1000 rows drawn from the training
        table are usual. None: no comparison, but what trees know of their training rows.
    output : {"raw", "response"}, default="raw"
        What is explained: raw predictions, which trees add up to (of boosting the scores before the link function, of
        trees and forests the predictions or class fractions), or what `predict` or `predict_proba` returns, of two
        classes the probability of the second. Where the two differ, "response" asks for a background, and raw values
        against each of its rows are carried through the link function along the straight line between the raw
        predictions (Aumann-Shapley values of the link): values sum to the change of the response.
    interactions : bool, default=False
        A matrix for each row: at (i, j) and at (j, i) half of what i and j add together beyond what each adds alone
        (Shapley interaction values), on the diagonal the rest of the value of each feature, so that rows of the matrix
        sum to the values. Not of responses through a link function.
    index : {"shapley", "banzhaf"}, default="shapley"
        "shapley": features come in random order, and values sum to the prediction. "banzhaf": each other feature is
        present with probability 1/2; values need not sum to the prediction.
    n_jobs : int or None, default=None
        Number of threads, which do not change a bit of the result; None or -1 for all cores.

    Returns
    -------
    explanation : Explanation
        `values`, `base_values`, `data`, `feature_names` and `output_names` as in the shap library, `to_shap()` for its
        plots, and `to_frame()`.

    Raises
    ------
    ValueError, TypeError
        If the model is not fitted or no sum of trees, X has other columns than the model, or no exact values of the
        output are known.

    References
    ----------
    S. M. Lundberg et al. (2020): From local explanations to global understanding with explainable AI for trees. Nature
    Machine Intelligence 2, 56-67.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import GradientBoostingRegressor
    >>> from skensemble.inspection import explain
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X, y)
    >>> explanation = explain(model, X)
    >>> explanation.values.shape
    (442, 10)
    >>> total = explanation.base_values + explanation.values.sum(axis=1)
    >>> bool(abs(total - model.predict(X)).max() < 1e-9)
    True
    """
    check_parameter("output", output, (NameIn(OUTPUTS),))
    check_parameter("interactions", interactions, (IsBool,))
    check_parameter("index", index, (NameIn(INDICES),))
    check_parameter("n_jobs", n_jobs, JOBS.rules)
    given = (X,) if background is None else (X, background)
    model, given, names = last_step(model, given)
    explained = _explained_by(model)
    table, others = model._read_for_prediction(given[0]), [_read_background(model, rows) for rows in given[1:]]
    values, base = explained.values(
        table, background=others[0] if others else None, output=output, index=index, interactions=interactions,
        n_threads=effective_n_jobs(n_jobs),
    )  # fmt: skip
    base_values = np.tile(base, (table.n_samples, 1))
    if len(base) == 1:
        values, base_values = values[..., 0], base_values[:, 0]
    outputs = explained.output_names
    return Explanation(
        values, base_values, _cells(table), _names_of(model, table) if names is None else names,
        None if outputs is None else list(outputs),
    )  # fmt: skip


class ShapValues:
    """Of estimators that can be explained."""

    def _explained(self):
        """What can be said about the fitted model's predictions; a ValueError says why if nothing can."""
        return ExplainedTrees(self._additive_trees())

    def shap_values(self, X: Table) -> Array:
        """What each cell added to the raw prediction of its row: exact SHAP values.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features.

        Returns
        -------
        values : ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
            With the base values, which `skensemble.inspection.explain` also returns, they sum to raw predictions.
        """
        return explain(self, X).values


def last_step(model, tables):
    """(estimator, tables, names of the columns or None): those of the last step of a Pipeline."""
    if not isinstance(model, Pipeline):
        return model, tables, None
    check_is_fitted(model)
    before, last = model[:-1], model.steps[-1][1]
    if not len(before):
        return last, tables, None
    names = None
    try:
        names = [str(name) for name in before.get_feature_names_out()]
    except (AttributeError, ValueError):  # a step that does not name its columns
        pass
    return last, [before.transform(rows) for rows in tables], names


def _read_background(model, background):
    try:
        return model._read_for_prediction(background)
    except (ValueError, TypeError) as error:
        raise ParameterError(f"background must be a table such as X. {error}") from error


def _explained_by(model):
    if not isinstance(model, ShapValues):
        raise ParameterError(
            f"model must be a tree, forest or booster of skensemble, or a Pipeline that ends in one, "
            f"got {type(model).__name__}."
        )
    check_is_fitted(model)
    return model._explained()


def _names_of(model, table):
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = table.labels if table.labels is not None else [f"x{j}" for j in range(table.n_features)]
    return [str(name) for name in names]


def _cells(table):
    """(n_samples, n_features) the cells of a Table: numbers, or objects where columns are categories."""
    columns = [_column_cells(table.column(j)) for j in range(table.n_features)]
    dtype = object if any(column.dtype == object for column in columns) else np.float64
    cells = np.empty((table.n_samples, table.n_features), dtype)
    for j, column in enumerate(columns):
        cells[:, j] = column
    return cells


def _column_cells(column):
    if not isinstance(column, CategoryColumn):
        return np.asarray(column)
    return np.append(np.asarray(column.categories, object), np.nan)[column.codes]
