"""Explanation: values of rows and features, in the shapes of the shap library, and what can be made of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skensemble._parameters import Interval, check_parameter
from skensemble.explanation._explanation_pictures import draw_bars, draw_beeswarm, draw_dependence, draw_waterfall


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model predicted what it did: what each cell of each row added to the prediction.

    The values of a row and its base value sum to the row's prediction.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
        What each cell added.
    base_values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Prediction of a row of which nothing is known.
    data : ndarray of shape (n_samples, n_features)
        The explained cells, as they came.
    feature_names : list of str
        Names of the columns.
    output_names : list or None
        Class labels, levels of quantiles; None where outputs have no names.
    """

    values: np.ndarray
    base_values: np.ndarray
    data: np.ndarray
    feature_names: list
    output_names: list | None = None

    def __len__(self):
        return len(self.values)

    def to_shap(self):
        """The same as `shap.Explanation`, for all plots of the shap library.

        Returns
        -------
        explanation : shap.Explanation
            Shares its arrays with this one.
        """
        import shap

        return shap.Explanation(
            values=self.values,
            base_values=self.base_values,
            data=self.data,
            feature_names=list(self.feature_names),
            output_names=None if self.output_names is None else [str(name) for name in self.output_names],
        )

    def to_frame(self):
        """The values as a table with a row for each row and output.

        Returns
        -------
        frame : pandas.DataFrame
            A column for each feature and "base value" before them; a row for each explained row, or one for each row
            and output, with levels "row" and "output" in the index.
        """
        n_rows, names = len(self.values), ["base value", *self.feature_names]
        if self.values.ndim == 2:
            cells = np.column_stack((self.base_values, self.values))
            return pd.DataFrame(cells, columns=names, index=pd.RangeIndex(n_rows, name="row"))
        n_outputs = self.values.shape[2]
        outputs = range(n_outputs) if self.output_names is None else self.output_names
        by_output = np.moveaxis(self.values, 2, 1).reshape(n_rows * n_outputs, -1)
        index = pd.MultiIndex.from_product([range(n_rows), list(outputs)], names=["row", "output"])
        return pd.DataFrame(np.column_stack((self.base_values.ravel(), by_output)), columns=names, index=index)

    def beeswarm(self, *, output=0, max_display=10, ax=None):
        """Draw all rows: a line of points for each feature, redder the larger the number in the cell.

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
        values, _ = self._of_output(output, max_display)
        return draw_beeswarm(values, self.data, self.feature_names, max_display, ax)

    def bar(self, *, output=0, max_display=10, ax=None):
        """Draw the mean absolute value of each feature.

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
        values, _ = self._of_output(output, max_display)
        return draw_bars(values, self.feature_names, max_display, ax)

    def waterfall(self, row=0, *, output=0, max_display=10, ax=None):
        """Draw one row: how its cells lead from the base value to the prediction.

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
        values, base = self._of_output(output, max_display)
        check_parameter("row", row, (Interval(int, 0, len(values) - 1, closed="both"),))
        return draw_waterfall(values[row], base[row], self.data[row], self.feature_names, max_display, ax)

    def dependence(self, feature, *, output=0, ax=None):
        """Draw what the cells of one feature added beside what they hold.

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
        values, _ = self._of_output(output)
        if isinstance(feature, str):
            if feature not in self.feature_names:
                raise ValueError(f"feature must be one of {self.feature_names}, got {feature!r}.")
            feature = self.feature_names.index(feature)
        check_parameter("feature", feature, (Interval(int, 0, values.shape[1] - 1, closed="both"),))
        return draw_dependence(values[:, feature], self.data[:, feature], self.feature_names[feature], ax)

    def _of_output(self, output, max_display=1):
        """(values (n_samples, n_features), base values (n_samples,)) of one output."""
        base = self.base_values.reshape(len(self.values), -1)
        check_parameter("output", output, (Interval(int, 0, base.shape[1] - 1, closed="both"),))
        check_parameter("max_display", max_display, (Interval(int, 1),))
        values = self.values if self.values.ndim == 2 else self.values[:, :, output]
        return values, base[:, output]
