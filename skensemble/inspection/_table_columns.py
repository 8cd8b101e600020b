"""Columns of a table that a model is asked about: their cells, values to try, and tables with other cells."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skensemble._level_order import description, level_order
from skensemble._tables import CategoryColumn, FrameTable, as_numbers

MISSING = np.nan  # as a level


class NumberColumn(NamedTuple):
    """A column of numbers.

    place : position in the table;  cells : (n_samples,) float64, NaN = missing
    """

    place: int
    cells: np.ndarray

    def values_to_try(self, weight, n_points):
        """Ascending quantiles of the cells, all of them cells, the smallest and the largest first and last."""
        is_there = ~np.isnan(self.cells) & (weight > 0)
        return quantiles(self.cells[is_there], weight[is_there], n_points)

    def changed(self, values):
        """The column with other cells: a value, or one for each row."""
        return np.array(np.broadcast_to(np.asarray(values, np.float64), self.cells.shape))


class LevelColumn(NamedTuple):
    """A column of categories.

    place : position in the table;  codes : (n_samples,) intp, positions among the levels
    levels : (n_levels,) objects that occur, in the order of the model, NaN for missing cells last
    """

    place: int
    codes: np.ndarray
    levels: np.ndarray

    @property
    def cells(self):
        return self.levels[self.codes]

    def values_to_try(self, weight, n_points):
        """The levels, however many."""
        return self.levels

    def changed(self, values):
        """The column with other levels: one, or one for each row."""
        values = np.broadcast_to(np.asarray(values, object), self.codes.shape)
        codes, categories = pd.factorize(values)
        return CategoryColumn(codes.astype(np.int32), np.asarray(categories, object), False)


def read_column(table, place, binner):
    """NumberColumn or LevelColumn of a Table, as the model with this binner takes it."""
    column = table.column(place)
    if not binner.is_categorical_[place]:
        is_text = isinstance(column, CategoryColumn)
        cells = as_numbers(column, table.name_of(place), is_fitted=True)[column.codes] if is_text else column
        return NumberColumn(place, np.array(cells, np.float64))
    if isinstance(column, CategoryColumn):
        cells = np.append(np.asarray(column.categories, object), MISSING)[column.codes]
    else:
        cells = np.asarray(column, np.float64).astype(object)
    codes, found = pd.factorize(cells)
    known = {level: k for k, level in enumerate(binner.categories_[place].tolist())}
    order = sorted(range(len(found)), key=lambda k: (known.get(found[k], len(known)), str(found[k])))
    place_of = np.append(np.argsort(order), len(found)).astype(np.intp)  # the last of code -1, missing
    levels = np.empty(len(found) + (codes < 0).any(), object)
    levels[: len(found)] = np.asarray(found, object)[order]
    levels[len(found) :] = MISSING
    return LevelColumn(place, place_of[codes], levels)


def with_columns(table, changed):
    """A Table with other columns at some places.

    changed : dict, place -> column
    """
    columns = [changed.get(j, None) for j in range(table.n_features)]
    columns = [table.column(j) if column is None else column for j, column in enumerate(columns)]
    return FrameTable(columns, table.n_samples, table.labels)


def in_like_order(column, table, binner, weight):
    """The LevelColumn with levels in the order in which neighbours are alike in the other columns of the table."""
    descriptions = []
    for place in range(table.n_features):
        if place != column.place:
            other = read_column(table, place, binner)
            is_number = isinstance(other, NumberColumn)
            if is_number and np.isnan(other.cells).all():
                continue
            plain, n_levels = (other.cells, None) if is_number else (other.codes, len(other.levels))
            descriptions.append(description(plain, n_levels, weight))
    descriptions = [each for each in descriptions if each is not None]
    order = level_order(column.codes, len(column.levels), descriptions, weight)
    return LevelColumn(column.place, np.argsort(order)[column.codes], column.levels[order])


def quantiles(values, weight, n_points):
    """At most n_points ascending values that split their weight evenly, the smallest and the largest included."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    shares = np.linspace(0.0, 1.0, n_points)
    places = np.searchsorted(total, shares * total[-1] * (1.0 - 1e-12)) if len(total) else []
    return np.unique(values[order][places])
