"""Tables that are compared: columns in one order, numbers as numbers, categories as codes over the levels of all."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skensemble._feature_positions import listed_categories
from skensemble._parameters import CATEGORICAL_FEATURES, check_parameter
from skensemble._targets import FeatureNames
from skensemble.generative.tables._column_formats import CategoryFormat
from skensemble.generative.tables._containers import read_frame
from skensemble.generative.tables._format_choice import format_of

MISSING = -1


class Column(NamedTuple):
    """What is known of a column.

    name : str
    levels : list, what the codes of a category stand for; None for numbers
    low, width : of numbers, where the training rows begin and how far they reach
    decimals : of numbers, to how many all training rows are given, or None
    has_missing : whether some table has missing cells in it
    """

    name: str
    levels: list | None
    low: float
    width: float
    decimals: int | None
    has_missing: bool

    @property
    def is_category(self):
        return self.levels is not None

    def scaled(self, cells):
        """Numbers with the training rows on [0, 1]."""
        return (cells - self.low) / self.width


class Rows:
    """The rows of one table.

    cells : list of (n_rows,) arrays, column by column: float64 with NaN for missing, or int32 codes with MISSING
    """

    def __init__(self, columns, cells):
        self.columns, self.cells = columns, cells
        self._points = None

    def __len__(self):
        return len(self.cells[0])

    def take(self, rows):
        return Rows(self.columns, [cells[rows] for cells in self.cells])

    def points(self):
        """(numbers, codes) in which any two rows differ by at most 1 in each column within the training range.

        A missing number is half-way between the ends and away from all others by another half.
        """
        if self._points is None:
            self._points = self._make_points()
        return self._points

    def _make_points(self):
        numbers, codes = [np.empty((len(self), 0))], [np.empty((len(self), 0), np.int32)]
        for column, cells in zip(self.columns, self.cells):
            if column.is_category:
                codes.append(cells[:, None])
                continue
            is_missing = np.isnan(cells)
            numbers.append(np.where(is_missing, 0.5, column.scaled(cells))[:, None])
            if column.has_missing:
                numbers.append(0.5 * is_missing[:, None])
        return np.ascontiguousarray(np.hstack(numbers)), np.ascontiguousarray(np.hstack(codes))

    def features(self, without=None):
        """The table as trees read it: float64 with NaN for missing cells, codes as numbers."""
        kept = [j for j in range(len(self.columns)) if j != without]
        return np.column_stack([self._feature(j) for j in kept]) if kept else np.zeros((len(self), 1))

    def _feature(self, j):
        cells = self.cells[j].astype(np.float64)
        return np.where(cells == MISSING, np.nan, cells) if self.columns[j].is_category else cells


def category_mask(columns, without=None):
    """Which of the columns of `Rows.features` are categories."""
    mask = [column.is_category for j, column in enumerate(columns) if j != without]
    return np.array(mask or [False])


# -- reading ---------------------------------------------------------------------------------------------------------


def read_tables(tables, categorical_features):
    """Columns and a dict of Rows.

    tables : dict, name -> table; the first is that of the training rows, which says what the columns are
    categorical_features : "from_dtype", None, or names, positions or a mask of numbers that are categories
    """
    frames = {name: _read(table, name) for name, table in tables.items()}
    first_name, first = next(iter(frames.items()))
    _check_names(first, first_name)
    frames = {name: _aligned(frame, first, name, first_name) for name, frame in frames.items()}
    is_category = _given_categories(categorical_features, first)
    columns, cells = [], []
    for j in range(first.shape[1]):
        series = {name: frame.iloc[:, j] for name, frame in frames.items()}
        column, parts = _read_column(series, str(first.columns[j]), is_category[j])
        columns.append(column)
        cells.append(parts)
    return columns, {name: Rows(columns, [parts[name] for parts in cells]) for name in frames}


def _read(table, name):
    try:
        return read_frame(table)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{name} must be a table with rows and columns: {error}") from None


def _check_names(frame, name):
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"{name} must have distinct column names, got {twice!r} twice.")


def _has_names(frame):
    return all(isinstance(name, str) for name in frame.columns)


def _aligned(frame, first, name, first_name):
    """The frame with the columns of the first in their order: by name where both have names, else by position."""
    if frame.shape[1] != first.shape[1] or (_has_names(frame) and _has_names(first)):
        missing = [column for column in first.columns if column not in frame.columns]
        added = [column for column in frame.columns if column not in first.columns]
        if missing or added or frame.shape[1] != first.shape[1]:
            raise ValueError(
                f"{name} must have the columns of {first_name}, got {frame.shape[1]} instead of {first.shape[1]} "
                f"(missing: {missing}, added: {added})."
            )
        return frame[list(first.columns)]
    return frame


def _given_categories(categorical_features, frame):
    check_parameter("categorical_features", categorical_features, CATEGORICAL_FEATURES)
    mask = np.zeros(frame.shape[1], bool)
    if categorical_features is not None and not isinstance(categorical_features, str):
        mask[listed_categories(categorical_features, FeatureNames(frame.shape[1], list(frame.columns)))[0]] = True
    return mask


def _read_column(series, name, is_category):
    """A column of all tables: (Column, dict of cells)."""
    train_name, train = next(iter(series.items()))
    if train.isna().all():
        raise ValueError(f"{train_name} must have a value in every column, got only missing cells in {name!r}.")
    train_format = format_of(train, f"column {name!r}", is_category)
    has_missing = any(part.isna().any() for part in series.values())
    if isinstance(train_format, CategoryFormat):
        levels, cells = _read_levels(series, train_format)
        return Column(name, levels, 0.0, 1.0, None, has_missing), cells
    cells = {table: _read_numbers(part, train_format, table) for table, part in series.items()}
    low, high = np.nanmin(cells[train_name]), np.nanmax(cells[train_name])
    return Column(name, None, low, (high - low) or 1.0, train_format.decimals, has_missing), cells


def _read_numbers(part, train_format, table):
    if part.isna().all():
        return np.full(len(part), np.nan)
    try:
        return np.asarray(train_format.read(part), np.float64)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{table} must hold what the training rows hold: {error}") from None


def _read_levels(series, train_format):
    """The levels of the training rows and then those of others, and the codes of all tables."""
    found = {table: pd.factorize(part) for table, part in series.items()}
    levels = dict.fromkeys(np.asarray(train_format.values, object).tolist())
    for _, uniques in found.values():
        levels.update(dict.fromkeys(np.asarray(uniques, object).tolist()))
    position = {level: code for code, level in enumerate(levels)}
    cells = {}
    for table, (codes, uniques) in found.items():
        lookup = [position[level] for level in np.asarray(uniques, object).tolist()]
        cells[table] = np.array([*lookup, MISSING], np.int32)[codes]
    return list(levels), cells
