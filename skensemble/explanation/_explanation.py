"""Explanation: values of rows and features, in the shapes of the shap library, and what can be made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skensemble._optional_packages import needed_by
from skensemble._parameters import Interval, check_parameter
from skensemble.explanation._explanation_pictures import (
    NO_CELL,
    are_numbers,
    draw_bars,
    draw_beeswarm,
    draw_dependence,
    draw_waterfall,
)

if TYPE_CHECKING:
    from skensemble._types import Any, Array, DataFrame


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model predicted what it did: what each cell of each row added to the prediction.

    The values of a row and its base value sum to the row's prediction.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
        What each cell added. Interactions have n_features twice in their shape: a symmetric matrix for each row.
    base_values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Prediction of a row of which nothing is known.
    data : ndarray of shape (n_samples, n_features)
        The explained cells, as they came.
    feature_names : list of str
        Names of the columns.
    output_names : list or None
        Class labels, levels of quantiles; None where outputs have no names.
    has_interactions : bool
        Whether `values` holds a matrix for each row.
    """

    values: Array
    base_values: Array
    data: Array
    feature_names: list[str]
    output_names: list[Any] | None = None

    def __len__(self):
        return len(self.values)

    def to_shap(self) -> Any:
        """The same as `shap.Explanation`, for all plots of the shap library.

        Returns
        -------
        explanation : shap.Explanation
            Shares its arrays with this one. Of categories `display_data` has the cells, and `data` numbers for them.

        Raises
        ------
        ImportError
            shap is not installed.
        """
        with needed_by("to_shap", "shap", "shap"):
            import shap

        return shap.Explanation(
            values=self.values,
            base_values=self.base_values,
            data=self._numbers(),
            display_data=self.data,
            feature_names=list(self.feature_names),
            output_names=[str(name) for name in self._outputs()] if self.base_values.ndim == 2 else None,
        )

    def _numbers(self):
        """The cells as numbers, of categories their places in sorted order, as plots need them for colours and axes."""
        if self.data.dtype != object:
            return self.data
        numbers = np.full(self.data.shape, np.nan)
        for j, cells in enumerate(self.data.T):
            is_there = np.array([cell == cell for cell in cells])
            present = cells[is_there]
            if not are_numbers(present):
                _, present = np.unique(present.astype(str), return_inverse=True)
            numbers[is_there, j] = present
        return numbers

    @property
    def has_interactions(self) -> bool:
        """Whether `values` holds a matrix for each row."""
        return self.values.ndim - self.base_values.ndim == 2

    def to_frame(self) -> DataFrame:
        """The values as a table with a row for each row and output.

        Returns
        -------
        frame : pandas.DataFrame
            A column for each feature and "base value" before them; a row for each explained row, or one for each row
            and output, with levels "row" and "output" in the index. Of interactions a row for each row of each matrix,
            with a last level "feature", and no base value.
        """
        if self.has_interactions:
            return self._frame_of_interactions()
        n_rows, names = len(self.values), ["base value", *self.feature_names]
        if self.values.ndim == 2:
            cells = np.column_stack((self.base_values, self.values))
            return pd.DataFrame(cells, columns=names, index=pd.RangeIndex(n_rows, name="row"))
        by_output = np.moveaxis(self.values, 2, 1).reshape(n_rows * self.values.shape[2], -1)
        index = pd.MultiIndex.from_product([range(n_rows), self._outputs()], names=["row", "output"])
        return pd.DataFrame(np.column_stack((self.base_values.ravel(), by_output)), columns=names, index=index)

    def _frame_of_interactions(self):
        levels, matrices = {"row": range(len(self.values))}, self.values
        if self.base_values.ndim == 2:
            levels["output"], matrices = self._outputs(), np.moveaxis(matrices, 3, 1)
        levels["feature"] = self.feature_names
        index = pd.MultiIndex.from_product(levels.values(), names=list(levels))
        return pd.DataFrame(matrices.reshape(len(index), -1), columns=self.feature_names, index=index)

    def _outputs(self):
        return list(range(self.base_values.shape[1]) if self.output_names is None else self.output_names)

    def beeswarm(self, *, output: int = 0, max_display: int = 10, ax: Any = None) -> Any:
        """Draw all rows: a line of points for each feature, redder the larger the number in the cell.

        Categories and missing cells are grey. Of interactions also a line for each pair of features, without colours.

        Parameters
        ----------
        output : int, default=0
            Which output, if there are several.
        max_display : int, default=10
            Number of features, those with the largest values.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the picture.
        """
        values, _, names, data = self._of_output(output, max_display)
        return draw_beeswarm(values, data, names, max_display, ax)

    def bar(self, *, output: int = 0, max_display: int = 10, ax: Any = None) -> Any:
        """Draw the mean absolute value of each feature, of interactions also of each pair.

        Parameters
        ----------
        output : int, default=0
            Which output, if there are several.
        max_display : int, default=10
            Number of features, those with the largest values.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the picture.
        """
        values, _, names, _ = self._of_output(output, max_display)
        return draw_bars(values, names, max_display, ax)

    def waterfall(self, row: int = 0, *, output: int = 0, max_display: int = 10, ax: Any = None) -> Any:
        """Draw one row: how its cells, or these and pairs of them, lead from the base value to the prediction.

        Parameters
        ----------
        row : int, default=0
            Position of the row.
        output : int, default=0
            Which output, if there are several.
        max_display : int, default=10
            Number of features, those with the largest values; the others share a bar.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the picture.
        """
        values, base, names, data = self._of_output(output, max_display)
        check_parameter("row", row, (Interval(int, 0, len(values) - 1, closed="both"),))
        return draw_waterfall(values[row], base[row], data[row], names, max_display, ax)

    def dependence(self, feature: str | int, *, output: int = 0, ax: Any = None) -> Any:
        """Draw what the cells of one feature added beside what they hold; of interactions, what they added alone.

        Parameters
        ----------
        feature : str or int
            Name or position of the feature.
        output : int, default=0
            Which output, if there are several.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the picture.
        """
        values, _, _, _ = self._of_output(output)
        if isinstance(feature, str):
            if feature not in self.feature_names:
                raise ValueError(f"feature must be one of {self.feature_names}, got {feature!r}.")
            feature = self.feature_names.index(feature)
        check_parameter("feature", feature, (Interval(int, 0, len(self.feature_names) - 1, closed="both"),))
        return draw_dependence(values[:, feature], self.data[:, feature], self.feature_names[feature], ax)

    def _of_output(self, output, max_display=1):
        """(values (n_samples, n_drawn), base values (n_samples,), names, cells) of one output.

        What is drawn are the features, of interactions then their pairs, whose cells are NO_CELL.
        """
        base = self.base_values.reshape(len(self.values), -1)
        check_parameter("output", output, (Interval(int, 0, base.shape[1] - 1, closed="both"),))
        check_parameter("max_display", max_display, (Interval(int, 1),))
        values = self.values if self.base_values.ndim == 1 else self.values[..., output]
        if not self.has_interactions:
            return values, base[:, output], self.feature_names, self.data
        n_features = len(self.feature_names)
        first, second = np.triu_indices(n_features, 1)
        alone, together = np.einsum("nii->ni", values), values[:, first, second] + values[:, second, first]
        pairs = [f"{self.feature_names[i]} with {self.feature_names[j]}" for i, j in zip(first, second)]
        cells = np.full((len(values), n_features + len(pairs)), NO_CELL, object)
        cells[:, :n_features] = self.data
        return np.hstack((alone, together)), base[:, output], [*self.feature_names, *pairs], cells
