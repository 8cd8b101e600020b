"""Explanation: values of rows and features, in the shapes of the shap library, and what can be made of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model predicted what it did: what each cell of each row added to the prediction.

    The values of a row and its base value sum to the row's prediction.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
        What each cell added. Of interactions: (n_samples, n_features, n_features) or with n_outputs at the end,
        symmetric; a row of this matrix sums to the value of its feature.
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

    @property
    def _has_pairs(self):
        """Whether the values are those of pairs of features."""
        return self.values.ndim - self.base_values.ndim == 2

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
        if self._has_pairs:
            raise ValueError("to_frame needs values of features, got those of pairs (interactions=True).")
        n_rows, names = len(self.values), ["base value", *self.feature_names]
        if self.values.ndim == 2:
            cells = np.column_stack((self.base_values, self.values))
            return pd.DataFrame(cells, columns=names, index=pd.RangeIndex(n_rows, name="row"))
        n_outputs = self.values.shape[2]
        outputs = range(n_outputs) if self.output_names is None else self.output_names
        by_output = np.moveaxis(self.values, 2, 1).reshape(n_rows * n_outputs, -1)
        index = pd.MultiIndex.from_product([range(n_rows), list(outputs)], names=["row", "output"])
        return pd.DataFrame(np.column_stack((self.base_values.ravel(), by_output)), columns=names, index=index)
