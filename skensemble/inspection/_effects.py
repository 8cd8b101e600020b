"""Effects: how predictions depend on one or two columns, as arrays, as a table and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skensemble._parameters import Interval, check_parameter
from skensemble.inspection._effects_pictures import draw_curves, draw_surface

if TYPE_CHECKING:
    from skensemble._types import Any, Array, DataFrame


@dataclass(frozen=True, eq=False)
class Effects:
    """How the predictions of a model depend on one column, or on two.

    Attributes
    ----------
    values : ndarray of shape (n_points,) or (n_points, n_points), with a last axis of outputs if there are several
        The effect at each point of the grid.
    grid : list of ndarray of shape (n_points,)
        Numbers or levels of each column; NaN for missing cells of categories.
    feature_names : list
        Labels of the columns.
    output_names : list or None
        Class labels, levels of quantiles; None where outputs have no names.
    kind : {"partial dependence", "accumulated effects"}
        What the values are.
    deciles : list of ndarray or None
        Deciles of the numbers of each column; None of categories.
    n_outputs : int
        Number of outputs of the model.
    """

    values: Array
    grid: list[Array]
    feature_names: list[Any]
    output_names: list[Any] | None
    kind: str
    deciles: list[Array | None]

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the model."""
        return 1 if self.values.ndim == len(self.grid) else self.values.shape[-1]

    def to_frame(self) -> DataFrame:
        """The effects as a table with a row for each point of the grid and each output.

        Returns
        -------
        frame : DataFrame
            A column for each column of the grid, "output" if there are several, and "effect".
        """
        outputs = list(range(self.n_outputs)) if self.output_names is None else self.output_names
        axes = [*self.grid, outputs] if self.n_outputs > 1 else list(self.grid)
        places = np.meshgrid(*(np.arange(len(axis)) for axis in axes), indexing="ij")
        names = [*self.feature_names, *(["output"] if self.n_outputs > 1 else [])]
        columns = [pd.Series([axis[k] for k in place.ravel()]) for axis, place in zip(axes, places)]
        frame = pd.concat(columns, axis=1).set_axis(names, axis=1)
        return frame.assign(effect=self.values.ravel())

    def plot(self, *, output: int | None = None, ax: Any = None) -> Any:
        """Draw the effects with matplotlib: curves or bars of one column, a map of two.

        Parameters
        ----------
        output : int, default=None
            Number of the output, if there are several. None: all of one column; of two columns the last of two outputs,
            else the first.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With the picture.
        """
        values = self.values.reshape(*map(len, self.grid), self.n_outputs)
        if output is not None:
            check_parameter("output", output, (Interval(int, 0, self.n_outputs - 1, closed="both"),))
        elif len(self.grid) == 2 or self.n_outputs == 2:
            output = 1 if self.n_outputs == 2 else 0
        outputs = range(self.n_outputs) if output is None else [output]
        labels = [str(k if self.output_names is None else self.output_names[k]) for k in outputs]
        if len(self.grid) == 1:
            return draw_curves(self, values[:, list(outputs)], labels if self.n_outputs > 1 else None, ax)
        return draw_surface(self, values[:, :, output], ax)


def make_effects(asked, columns, grid, values, kind):
    """Effects of columns, without the axis of a single output.

    columns : list of NumberColumn and LevelColumn;  values : (*lengths of the grid, n_outputs)
    """
    names = asked.output_names(values.shape[-1])
    deciles = [_deciles(column, asked.weight) for column in columns]
    labels = [asked.names[column.place] for column in columns]
    values = values[..., 0] if values.shape[-1] == 1 else values
    return Effects(values, grid, labels, names, kind, deciles)


def _deciles(column, weight):
    if column.cells.dtype == object:
        return None
    return column.values_to_try(weight, 11)[1:-1]
