"""Columns as a foreign model reads them: in its precision, categories by name or number, its own marks for missing."""

from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from skensemble._levels import LevelMatcher, warn_if_unknown
from skensemble._tables import CategoryColumn, DenseTable, as_numbers

_LARGEST_CODE = float(1 << 31)
ZERO = float(np.float32(1e-35))  # LightGBM takes what is no larger for 0

MOST_CODES = 1 << 30  # of all sets of categories


class ForeignCategories(NamedTuple):
    """A column of categories, which a foreign model numbers 0, 1, ...; numbers are truncated to whole ones.

    listed : sorted int64, the numbers that splits list; the k-th becomes the code first + k
    first : code of the first of them
    unlisted : code of all other numbers: 1, or NaN, which is missing
    names : list of the values of the categories by number, or None
    of_dtype : whether, without names, a category's number is its place in the dtype of the column
    by_value : whether numbers in an array are values of categories, too, rather than their numbers
    """

    listed: np.ndarray
    first: int
    unlisted: float
    names: list | None = None
    of_dtype: bool = False
    by_value: bool = False

    def codes(self, numbers):
        """Codes as floats of an array of numbers of categories; NaN stays NaN."""
        codes = np.full(len(numbers), self.unlisted)
        whole = np.trunc(numbers)
        usable = np.flatnonzero((numbers >= 0) | (whole == 0) & (np.isnan(self.unlisted)))
        usable = usable[numbers[usable] < _LARGEST_CODE]
        if len(self.listed):
            sought = whole[usable].astype(np.int64)
            places = np.minimum(np.searchsorted(self.listed, sought), len(self.listed) - 1)
            found = self.listed[places] == sought
            codes[usable[found]] = self.first + places[found]
        codes[np.isnan(numbers)] = np.nan
        return codes

    def left_set(self, listed_go_left, others_go_left, missing_goes_left):
        """Bool array by code: whether the category goes left.

        listed_go_left : bool array of the categories in `listed`
        """
        goes_left = np.full(self.first + len(self.listed), others_go_left)
        goes_left[0] = missing_goes_left
        goes_left[self.first :] = listed_go_left
        return goes_left


def check_room(columns):
    """Raise a ValueError where sets of categories would take more memory than a model may.

    columns : ForeignCategories of the column of each split that asks for a set
    """
    n_codes = sum(len(column.listed) for column in columns)
    if n_codes > MOST_CODES:
        raise ValueError(f"splits times categories of their columns must be at most {MOST_CODES}, got {n_codes}")


def last_rounded_to(thresholds):
    """The largest float64 whose nearest float32 is no larger than each threshold; NaN stays NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        single = thresholds.astype(np.float32)
        single = np.where(single > thresholds, np.nextafter(single, np.float32(-np.inf)), single)
        above = np.nextafter(single, np.float32(np.inf))
        ends = [np.clip(x.astype(np.float64), -(2.0**128), 2.0**128) for x in (single, above)]
        middle = (ends[0] + ends[1]) / 2
        is_even = middle.astype(np.float32) <= single  # the middle of two numbers is rounded to the even one
    last = np.where(is_even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isposinf(single) | np.isnan(thresholds), thresholds, last)


class ForeignColumns:
    """What encodes tables for an imported model, in the place of a Binner.

    n_features : int
    single : whether cells are rounded to float32
    near_zero : columns in which numbers next to 0 are missing
    missing : a number that means missing in all columns, or NaN
    categories : dict, column -> ForeignCategories
    frame_lists : list of lists or None: values of the categories of each column of categories of a frame, in order
    list_columns : list of int or None: the columns of frame_lists, if they are known
    """

    def __init__(
        self, n_features, *, single=False, near_zero=(), missing=np.nan, categories=None, frame_lists=None,
        list_columns=None,
    ):  # fmt: skip
        self.n_features = n_features
        self.single = single
        self.near_zero = list(near_zero)
        self.missing = missing
        self.categories = {} if categories is None else categories
        self.frame_lists, self.list_columns = frame_lists, list_columns
        self._is_plain = not (self.near_zero or self.categories) and np.isnan(missing)

    def prepare(self, table):
        """Keep with the table the number that each category of each of its columns becomes."""
        if table.memo is None or table.memo[0] is not self:
            if self._is_plain and isinstance(table, DenseTable):
                table.memo = self, None
            else:
                table.memo = self, self._floats_of_categories(table)

    def reads_sparse(self, table):
        """Are the cells that a sparse table does not store known without reading it?"""
        return False

    def encode(self, table, start=0, stop=None):
        """Rows start .. stop - 1 as the trees read them: float64 in C order, NaN = missing, categories as codes."""
        stop = table.n_samples if stop is None else stop
        if self._is_plain and isinstance(table, DenseTable):
            return self._plain(table.values[start:stop])
        self.prepare(table)
        rows = np.empty((stop - start, table.n_features))
        block = rows.T
        table.fill(block, start, stop)
        if self.single:
            rows[...] = self._plain(rows)
        for j, floats in enumerate(table.memo[1]):
            if floats is not None:
                block[j] = floats[table.category_column(j).codes[start:stop]]
            elif j in self.categories:
                block[j] = self._codes_of_numbers(j, block[j], table)
        if not np.isnan(self.missing):
            rows[rows == self.missing] = np.nan
        for j in self.near_zero:
            block[j][np.abs(block[j]) <= ZERO] = np.nan
        return rows

    def of_raw_cells(self, additive):
        """AdditiveTrees that predict the same from numbers that are not rounded: the thresholds take this over."""
        if not self.single:
            return additive
        trees = additive.trees
        return replace(additive, trees=trees._replace(threshold=last_rounded_to(trees.threshold)))

    def encode_cells(self, cells):
        """A row (n_features,) for `of_raw_cells`, of a sequence of cells; None is a missing cell."""
        row = np.empty(self.n_features)
        for j, cell in enumerate(cells):
            is_missing = cell is None or cell is pd.NA or cell != cell
            row[j] = np.nan if is_missing else self._float_of_cell(j, cell)
        return row

    def _float_of_cell(self, j, cell):
        categories = self.categories.get(j)
        if categories is not None:
            names = self._names_by_column.get(j, categories.names)
            number = float(cell) if names is None else LevelMatcher(names).positions([cell])[0]
            return categories.codes(np.array([number], np.float64))[0]
        if isinstance(cell, str):  # no tree asks for it
            return np.nan
        rounded = float(np.float32(cell)) if self.single else float(cell)
        is_missing = rounded == self.missing or (j in self.near_zero and abs(rounded) <= ZERO)
        return np.nan if is_missing else float(cell)

    @cached_property
    def _names_by_column(self):
        """{column: values of its categories}, of models that list them by the order of the columns of a frame."""
        if not self.frame_lists:
            return {}
        if self.list_columns is None:
            raise ValueError(
                "cells cannot be encoded: the model does not say which columns its lists of categories are of."
            )
        return dict(zip(self.list_columns, self.frame_lists))

    def _plain(self, rows):
        if self.single and rows.dtype != np.float32:
            with np.errstate(over="ignore"):
                rows = rows.astype(np.float32)
        return np.require(rows, np.float64, "CA")

    def _codes_of_numbers(self, j, numbers, table):
        """Codes of the cells of a column of numbers: they are numbers of categories, or values in a frame."""
        categories = self.categories[j]
        if categories.names is None or not (categories.by_value or table.labels is not None):
            return categories.codes(numbers)
        positions = LevelMatcher(categories.names).positions_of_numbers(numbers).astype(np.float64)
        positions[positions < 0] = -1.0
        positions[np.isnan(numbers)] = np.nan
        return categories.codes(positions)

    def _floats_of_categories(self, table):
        lists = self._lists_of_frame(table)
        return [self._floats(table, j, lists.get(j)) for j in range(table.n_features)]

    def _lists_of_frame(self, table):
        """{column: list} of the columns of categories of a frame, where the model knows them by their order only."""
        if self.frame_lists is None:
            return {}
        columns = [j for j in range(table.n_features) if table.category_column(j) is not None]
        if columns and len(columns) != len(self.frame_lists):
            raise ValueError(
                f"X must have {len(self.frame_lists)} columns of categories, as the frame that trained the model, got "
                f"{len(columns)}: {', '.join(map(table.name_of, columns))}."
            )
        return dict(zip(columns, self.frame_lists))

    def _floats(self, table, j, names):
        """Float of each category of column j, and NaN; None if the column holds numbers."""
        column, categories = table.category_column(j), self.categories.get(j)
        if column is None:
            return None
        if names is None and categories is not None:
            names = categories.names
        if names is not None:
            numbers = self._numbers_by_name(table, j, column, names)
        elif categories is not None and categories.of_dtype and column.is_ordered_by_dtype:
            numbers = np.arange(len(column.categories), dtype=np.float64)
        else:
            return self._numbers_or_codes(as_numbers(column, table.name_of(j), is_fitted=True), categories)
        return self._numbers_or_codes(np.append(numbers, np.nan), categories)

    def _numbers_or_codes(self, numbers, categories):
        return numbers if categories is None else categories.codes(numbers)

    def _numbers_by_name(self, table, j, column: CategoryColumn, names):
        """Number of each category of a column; -1 where the model does not know it."""
        matcher = LevelMatcher(names)
        positions = matcher.positions(column.categories.tolist())
        cells = column.categories[np.unique(column.codes[column.codes >= 0])].tolist()
        n_cells = np.count_nonzero(column.codes >= 0)
        warn_if_unknown(table.name_of(j), cells, n_cells, matcher, (matcher.positions(cells) >= 0).any())
        return np.where(positions < 0, self._unknown(j), positions)

    def _unknown(self, j):
        """A name that the model does not know: a number that no split lists, or missing in a column of numbers."""
        return -1.0 if j in self.categories else np.nan
