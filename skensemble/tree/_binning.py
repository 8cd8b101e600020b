"""Columns to codes: where the thresholds lie, which category has which number, and the matrix that trees grow from.

Code 0 means missing.  A number x has the code 1 + (how many thresholds are smaller than x), so that

    code <= c   <=>   x <= thresholds[c - 1]              for c = 1 .. n_codes - 2

and the k-th known category has the code k + 1, whatever `max_bins` is; rare ones share a code.  Thresholds come from
whole-number weights: a row of weight k counts exactly as k rows, a row of weight 0 not at all.
"""

import mmap
from collections.abc import Callable
from copy import copy
from functools import partial
from itertools import accumulate
from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd

from skensemble._feature_positions import categorical_mask
from skensemble._few_rows import FewRowsTable
from skensemble._levels import LevelMatcher, warn_if_unknown
from skensemble._mapped_arrays import let_go
from skensemble._parallel import for_blocks
from skensemble._tables import CategoryColumn, DenseTable, SparseTable, as_numbers
from skensemble._weights import MOST_EXACT_WEIGHT, exact_sum, is_whole
from skensemble.tree._binning_kernels import fill_search, find_thresholds, write_codes
from skensemble.tree._sparse_codes import SparseCells, codes_of, is_sparse, thresholds_of, unusual_cells

BLOCK_CELLS = 1 << 16
PADDING = 8
BLOCK_ROWS = 1 << 16  # of CodesByRows that are looked at together
MAX_CATEGORIES = (1 << 16) - 1  # codes of two bytes


class BinnedMatrix(NamedTuple):
    """A table as codes.

    codes : (n_samples, n_padded) uint8, uint16 or uint32, C order; n_padded is n_features rounded up to a multiple of 8
    columns : (n_features, n_samples) of the same dtype, C order: the same codes, feature by feature
    n_codes : (n_features,) int32; code 0 = missing, values are 1 .. n_codes - 1
    is_categorical : (n_features,) bool
    """

    codes: np.ndarray
    columns: np.ndarray
    n_codes: np.ndarray
    is_categorical: np.ndarray

    @property
    def n_samples(self):
        return len(self.codes)

    def take(self, rows):
        """The codes of some rows."""
        return self._replace(codes=self.codes[rows], columns=np.ascontiguousarray(self.columns[:, rows]))

    def of_features(self, features):
        """The codes of some features (an index array), in bytes if theirs fit."""
        n_codes = self.n_codes[features]
        dtype = _code_dtype(n_codes.max(initial=2))
        columns = self.columns[features].astype(dtype, copy=False)
        codes = np.zeros((self.n_samples, -(-len(features) // PADDING) * PADDING), dtype)
        codes[:, : len(features)] = columns.T
        return BinnedMatrix(codes, columns, n_codes, self.is_categorical[features])


def _as_they_are(numbers):
    return numbers


class CodesByRows(NamedTuple):
    """A table as codes without the copy by columns, for one so large that this is too much; see BinnedMatrix."""

    codes: np.ndarray
    n_codes: np.ndarray
    is_categorical: np.ndarray
    mapped: mmap.mmap | None = None  # the file that the codes are in
    kept: Callable = _as_they_are  # function of numbers of all rows: the same, in a file beside the codes

    @property
    def n_samples(self):
        return len(self.codes)

    def let_go(self, stop):
        """Have rows before `stop` take no memory while nobody reads them, where their codes are in a file."""
        let_go(self.codes[:stop])

    @property
    def n_features(self):
        return len(self.n_codes)

    def take(self, rows):
        """The BinnedMatrix of some rows (an index array, or a slice)."""
        codes = self.codes[rows]
        return BinnedMatrix(codes, np.ascontiguousarray(codes.T[: self.n_features]), self.n_codes, self.is_categorical)

    def without_rows(self):
        """A BinnedMatrix of the same features."""
        return self.take(slice(0))

    def blocks(self):
        """Yield (slice of rows, their codes by columns) for all rows."""
        for start in range(0, self.n_samples, BLOCK_ROWS):
            rows = slice(start, min(start + BLOCK_ROWS, self.n_samples))
            yield rows, self.take(rows).columns
            self.let_go(rows.stop)


class Binner:
    """Learns codes from one table and gives them to others.

    max_bins : codes per numeric feature besides the one for missing; None for one per distinct value
    categorical_features : "from_dtype", None, a boolean mask, or a list of names or positions
    min_frequency : number of rows (int), or share of them (float), below which a category is rare; None: none is

    After `fit`:
    thresholds_ : list of increasing float64 arrays, empty for a categorical feature
    categories_ : list of None (numeric) or array of category values; the k-th has code min(k + 1, n_codes - 1), so that
        rare categories, which stand last, share the last code
    n_codes_ : (n_features,) int32
    is_categorical_ : (n_features,) bool
    """

    def __init__(self, max_bins=255, categorical_features="from_dtype", min_frequency=None):
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.min_frequency = min_frequency

    def fit(self, table, sample_weight=None, n_threads=1):
        """Find thresholds and categories; rows of weight 0 count as absent."""
        self.is_categorical_ = categorical_mask(self.categorical_features, table)
        units = None if sample_weight is None else weight_units(sample_weight)
        if isinstance(table, SparseTable) and not self.is_categorical_.any():
            self.thresholds_, self.categories_ = thresholds_of(table, units, self.max_bins), [None] * table.n_features
            self.n_codes_ = np.array([2 + len(thresholds) for thresholds in self.thresholds_], np.int32)
            return self._learn_lookups()

        features = table.map_columns(partial(self._fit_column, table, units), n_threads)
        self.thresholds_, self.categories_, n_codes = map(list, zip(*features))
        self.n_codes_ = np.array(n_codes, np.int32)
        return self._learn_lookups()

    def _fit_column(self, table, units, j, column):
        """(thresholds, categories, number of codes) of feature j."""
        if self.is_categorical_[j]:
            return np.empty(0), *self._fit_categories(column, units, table.n_samples)
        if isinstance(column, CategoryColumn):
            column = as_numbers(column, table.name_of(j))[column.codes]
        values, weights = _sorted_column(column, units, is_own=not table.is_at_hand)
        max_values = max(len(values), 1) if self.max_bins is None else int(self.max_bins)
        thresholds = find_thresholds(values, weights, max_values)
        return thresholds, None, 2 + len(thresholds)

    def _fit_categories(self, column, units, n_samples):
        """(categories, number of codes), the rare categories last if they are several.

        Beyond MAX_CATEGORIES, the lightest ones are rare, too.
        """
        values, weights = _category_weights(column, units)
        counts = weights if _are_copies(units) else _category_weights(column, (units > 0).astype(np.int64))[1]
        is_rare = counts < self._min_count(units, n_samples)
        if len(values) <= MAX_CATEGORIES and np.count_nonzero(is_rare) <= 1:
            return values, 1 + len(values)
        by_weight = np.argsort(-weights, kind="stable")
        kept = np.sort(by_weight[~is_rare[by_weight]][: MAX_CATEGORIES - 1])
        return np.concatenate([values[kept], np.delete(values, kept)]), 2 + len(kept)

    def _min_count(self, units, n_samples):
        """Number of rows that a category needs for a code of its own."""
        if self.min_frequency is None or isinstance(self.min_frequency, Integral):
            return self.min_frequency or 0
        return self.min_frequency * _n_counted(n_samples, units)

    def _learn_lookups(self):
        known = zip(self.categories_, self.n_codes_)
        self._lookups = [None if values is None else CategoryLookup(values, n_codes) for values, n_codes in known]
        self._is_numeric = not self.is_categorical_.any()
        return self

    def transform(self, table, n_threads=1):
        """The table's codes, as a BinnedMatrix."""
        n_samples, n_features = table.n_here, table.n_features
        dtype = _code_dtype(self.n_codes_.max())
        n_codes, is_categorical = np.array(self.n_codes_), np.array(self.is_categorical_)  # a loaded model's: read-only
        search = prepare_search(self.thresholds_, n_samples)
        codes = table.new_codes((n_samples, -(-n_features // PADDING) * PADDING), dtype)
        columns = table.new_codes((n_features, n_samples), dtype)

        def write_block(part, first_row, start, stop):
            block = np.empty((n_features, stop - start))
            self._fill(part, block, start, stop)
            write_codes(block, *search, n_codes, is_categorical, columns, codes, first_row + start)

        self._write_blocks(table, write_block, n_threads)
        return table.encoded(BinnedMatrix(codes, columns, n_codes, is_categorical))

    def transform_by_rows(self, table, n_threads=1):
        """The table's codes, as CodesByRows."""
        n_samples, n_features = table.n_samples, table.n_features
        dtype, is_categorical = _code_dtype(self.n_codes_.max()), np.array(self.is_categorical_)
        n_codes, search = np.array(self.n_codes_), prepare_search(self.thresholds_, n_samples)
        codes, mapped = table.new_codes_in_order((n_samples, -(-n_features // PADDING) * PADDING), dtype)
        codes = CodesByRows(codes, n_codes, is_categorical, mapped, table.kept)

        def write_block(part, first_row, start, stop):
            block, columns = np.empty((n_features, stop - start)), np.empty((n_features, stop - start), dtype)
            self._fill(part, block, start, stop)
            rows = codes.codes[first_row + start : first_row + stop]
            write_codes(block, *search, n_codes, is_categorical, columns, rows, 0)
            codes.let_go(first_row + start)

        self._write_blocks(table, write_block, n_threads)
        return codes

    def _write_blocks(self, table, write_block, n_threads):
        """Call write_block(part, its first row, start, stop) for all rows of the table's parts."""
        for first_row, part in table.parts():
            self.prepare(part)
            write = partial(write_block, part, first_row)
            for_blocks(write, part.n_samples, max(64, BLOCK_CELLS // table.n_features), n_threads)

    def reads_sparse(self, table):
        """Does `transform_sparse` take less than `transform`?"""
        return self._is_numeric and is_sparse(table)

    def transform_sparse(self, table):
        """(the table's codes as SparseCodes, its SparseCells, the code of each of these)"""
        cells = SparseCells.of(table)
        usual, codes = codes_of(cells, self.thresholds_)
        return unusual_cells(cells, usual, codes, self.n_codes_, table.n_samples), cells, codes

    def transform_either(self, table, n_threads=1):
        """The table's codes, as SparseCodes where these take less, else as a BinnedMatrix."""
        return self.transform_sparse(table)[0] if self.reads_sparse(table) else self.transform(table, n_threads)

    def without_thresholds(self):
        """A copy that encodes but does not transform, for a fitted model: its trees have thresholds of their own."""
        light = type(self)()  # `copy` takes ten times as long
        vars(light).update(vars(self), thresholds_=None)
        return light

    def of_features(self, features):
        """A Binner of some of the features, in the order that is asked for."""
        part = copy(self)
        for name in ("thresholds_", "categories_"):
            values = getattr(self, name)
            setattr(part, name, None if values is None else [values[j] for j in features])
        part.n_codes_, part.is_categorical_ = self.n_codes_[features], self.is_categorical_[features]
        part.categorical_features = np.flatnonzero(part.is_categorical_).tolist()
        return part._learn_lookups()

    def encode(self, table, start=0, stop=None):
        """Rows start .. stop - 1 as trees read them: float64 in C order, NaN = missing, categories as their codes.

        A view of the table where its array is already such: never write into it.
        """
        if not table.is_at_hand:
            parts = [self.encode(part) for _, part in table.parts()]
            return np.concatenate(parts) if parts else np.empty((0, table.n_features))
        stop = table.n_samples if stop is None else stop
        if self._is_numeric and isinstance(table, DenseTable):
            part = table.values if stop - start == table.n_samples else table.values[start:stop]
            is_ready = part.dtype == np.float64 and part.flags.carray
            return part if is_ready else np.array(part, np.float64, order="C")
        self.prepare(table)
        if isinstance(table.memo[1], np.ndarray):
            return table.memo[1][start:stop]
        rows = np.empty((stop - start, table.n_features))
        self._fill(table, rows.T, start, stop)
        return rows

    @property
    def n_features(self):
        return len(self.is_categorical_)

    def of_raw_cells(self, additive):
        """AdditiveTrees that predict from numbers as they stand in tables, and codes of categories: these do."""
        return additive

    def encode_cells(self, cells):
        """A row (n_features,) as `encode` makes it, of a sequence of cells; None is a missing cell."""
        row, one = np.empty(self.n_features), np.empty(1, object)
        for j, (cell, lookup) in enumerate(zip(cells, self._lookups)):
            if cell is None or cell is pd.NA or cell != cell:
                row[j] = np.nan
            elif lookup is None:
                row[j] = cell
            else:
                one[0] = cell  # which may be a tuple
                row[j] = lookup.of_categories(one)[0]
        return row

    def encode_grid(self, grid, features):
        """Values of some features, (n_rows, len(features)) of any dtype, as `encode` makes them of whole rows."""
        rows = np.empty(np.shape(grid))
        for k, j in enumerate(features):
            values, lookup = np.asarray(grid)[:, k], self._lookups[j]
            rows[:, k] = values if lookup is None else lookup.of_categories(values)[:-1]
            rows[pd.isna(values), k] = np.nan
        return rows

    def prepare(self, table):
        """Keep with the table what each of its blocks needs: the float that each category of each column becomes.

        Of a few rows of known text, all that `encode` makes of them.

        Warns about columns without a known category.
        """
        if table.memo is None or table.memo[0] is not self._lookups:
            rows = self._rows_of_known(table) if isinstance(table, FewRowsTable) else None
            if rows is not None:
                table.memo = self._lookups, rows
                return
            is_plain = self._is_numeric and isinstance(table, (DenseTable, SparseTable))
            known = [] if is_plain else [j for j, lookup in enumerate(self._lookups) if lookup is not None]
            places = [] if is_plain else sorted({*known, *table.places_of_categories()})
            table.memo = self._lookups, [(j, self._floats_of_categories(table, j)) for j in places]

    def _rows_of_known(self, table):
        """What `encode` makes of a FewRowsTable, by Python alone; None unless all its categories are known text."""
        texts = table.texts()
        if not texts or len(texts) != np.count_nonzero(self.is_categorical_):
            return None
        rows = table.rows()
        for j, cells in texts.items():
            lookup = self._lookups[j]
            codes = None if lookup is None else lookup.of_few_known(cells)
            if codes is None:
                return None
            for i, code in enumerate(codes):  # which are few: an array of them takes longer
                rows[i, j] = code
        return rows

    def _floats_of_categories(self, table, j):
        column, lookup = table.category_column(j), self._lookups[j]
        if lookup is not None and column is not None:
            lookup.check_is_known(column, table.name_of(j))
            return lookup.of_categories(column.categories)
        if column is None:
            lookup.check_is_known(table.column(j), table.name_of(j))
            return None
        return as_numbers(column, table.name_of(j), is_fitted=True)

    def _fill(self, table, block, start, stop):
        """Write rows as floats into block (n_features, n_rows): numbers, and codes of categories."""
        if isinstance(table.memo[1], np.ndarray):
            block[...] = table.memo[1][start:stop].T
            return
        table.fill(block, start, stop)
        for j, floats in table.memo[1]:
            if floats is not None:
                block[j] = floats[table.category_column(j).codes[start:stop]]
            else:
                block[j] = self._lookups[j].of_numbers(block[j])


def same_encoding(a, b):
    """Whether two fitted Binners make the same numbers of every table."""
    is_set = a.is_categorical_
    if not np.array_equal(is_set, b.is_categorical_) or not np.array_equal(a.n_codes_[is_set], b.n_codes_[is_set]):
        return False
    pairs = [(x, y) for x, y in zip(a.categories_, b.categories_) if x is not None]
    return all(x.tolist() == y.tolist() for x, y in pairs)


class CategoryLookup:
    """From the value of a category to its code as a float; NaN for missing.

    A value never seen has the code that rare categories share, if any do, else NaN.
    """

    def __init__(self, values, n_codes):
        codes = np.minimum(np.arange(1, len(values) + 1), n_codes - 1)
        code_of_unseen = float(n_codes - 1) if len(values) >= n_codes else np.nan
        self._codes = np.append(codes.astype(np.float64), code_of_unseen)  # the last one for position -1
        self._matcher = LevelMatcher(values.tolist())

    def of_categories(self, categories):
        """Codes of an array of values, with NaN appended for code -1."""
        return np.append(self._codes[self._matcher.positions(categories.tolist())], np.nan)

    def of_few_known(self, cells):
        """List of the codes of a few cells that are known as they are, or None; None if one is not known."""
        positions = [None if cell is None else self._matcher.position_of.get(cell, -1) for cell in cells]
        return None if -1 in positions else [np.nan if k is None else self._codes.item(k) for k in positions]

    def of_numbers(self, numbers):
        return np.where(np.isnan(numbers), np.nan, self._codes[self._matcher.positions_of_numbers(numbers)])

    def check_is_known(self, column, name):
        """Warn if no cell of the column, an array or a CategoryColumn, is a known category."""
        if isinstance(column, CategoryColumn):
            cells = column.categories[np.unique(column.codes[column.codes >= 0])].tolist()
            n_cells, is_known = np.count_nonzero(column.codes >= 0), (self._matcher.positions(cells) >= 0).any()
        else:
            numbers = np.asarray(column, np.float64)
            parts = numbers[: 1 << 10], numbers[1 << 10 :]
            is_known = any((self._matcher.positions_of_numbers(part) >= 0).any() for part in parts)
            cells = [] if is_known else numbers[~np.isnan(numbers)].tolist()
            n_cells = len(cells)
        warn_if_unknown(name, cells, n_cells, self._matcher, is_known)


# -- weights ---------------------------------------------------------------------------------------------------------


def weight_units(sample_weight):
    """Weights as int64: themselves if all are whole numbers, else in units of a power of two, 52 bits to their sum."""
    weights = np.asarray(sample_weight, np.float64)
    if is_whole(weights, MOST_EXACT_WEIGHT):
        return weights.astype(np.int64)
    exponent = 52 - np.frexp(exact_sum(weights))[1]
    return np.rint(np.ldexp(weights, exponent)).astype(np.int64)


def _n_counted(n_samples, units):
    """How many rows there are, a row of whole weight k counting as k; fractional weights do not multiply rows."""
    if units is None:
        return n_samples
    return int(units.sum()) if _are_copies(units) else np.count_nonzero(units)


def _are_copies(units):
    """Whether units of weight are numbers of copies; those of fractional weights add up to far more than these may."""
    return units is None or units.sum() < MOST_EXACT_WEIGHT / 4


def _sorted_column(column, units, is_own):
    """Values as sorted floats, NaN last, and their units of weight (empty: one each).

    is_own : whether the column was read for this alone, and may be sorted where it is
    """
    if units is None and is_own and column.dtype.char in "fd" and column.dtype.isnative:
        column.sort()
        return column, np.empty(0, np.int64)
    if units is None:
        return np.sort(_sortable(column)).astype(np.float64, copy=False), np.empty(0, np.int64)
    counted = units > 0
    column, units = _sortable(column[counted]), units[counted]
    order = np.argsort(column)
    return column[order].astype(np.float64, copy=False), units[order]


def _sortable(column):
    """The column in a dtype that sorts fast and fits float64 afterwards."""
    is_fast = column.dtype.isnative and column.dtype.char in "fdbBhHiIlLqQ"
    return column if is_fast else column.astype(np.float64)


# -- categories ------------------------------------------------------------------------------------------------------


def _category_weights(column, units):
    """Categories that occur, in fitted order, and their weights."""
    if not isinstance(column, CategoryColumn):
        return _number_category_weights(np.asarray(column, np.float64), units)
    codes, categories = column.codes, column.categories
    weights = np.bincount(codes + np.int64(1), units, minlength=len(categories) + 1)[1:]
    order = np.arange(len(categories)) if column.is_ordered_by_dtype else _value_order(categories)
    order = order[weights[order] > 0]
    return categories[order], weights[order]


def _number_category_weights(numbers, units):
    counted = ~np.isnan(numbers) if units is None else ~np.isnan(numbers) & (units > 0)
    values, inverse = np.unique(numbers[counted], return_inverse=True)
    return values, np.bincount(inverse, None if units is None else units[counted], minlength=len(values))


def _value_order(categories):
    """Positions that sort values; values of kinds that do not compare are sorted kind by kind."""
    values = categories.tolist()
    try:
        return np.array(sorted(range(len(values)), key=values.__getitem__), np.int64)
    except TypeError:
        return np.array(sorted(range(len(values)), key=lambda i: (type(values[i]).__name__, str(values[i]))), np.int64)


# -- search ----------------------------------------------------------------------------------------------------------


MAX_CELLS_PER_FEATURE = 1 << 14  # 64 KiB


class Search(NamedTuple):
    """Where to begin looking for a number among the thresholds of feature j, and how many times to halve what is left.

    The range of its thresholds is cut into equal cells.  Finding the cell of a number is a monotone function, so that
    thresholds in lower cells are smaller, and only those in the same cell must be searched: mostly one step, not eight.

    thresholds : (n,) float64, of feature j from starts[j] on, followed by as many inf as a search may step over
    guesses : (n_cells,) int32, number of thresholds in lower cells, for the cells of feature j from cell_starts[j] on
    origins, scales : (n_features,) float64, cell = (x - origin) * scale
    n_steps : (n_features,) int64
    """

    thresholds: np.ndarray
    starts: np.ndarray
    guesses: np.ndarray
    cell_starts: np.ndarray
    origins: np.ndarray
    scales: np.ndarray
    n_steps: np.ndarray


def prepare_search(thresholds, n_values):
    """Search in a list of arrays of thresholds, one per feature, for that many values each."""
    counts = [len(ts) for ts in thresholds]
    widths = [1 << n.bit_length() for n in counts]
    most_cells = max(4, min(n_values, MAX_CELLS_PER_FEATURE))
    starts = np.array([0, *accumulate(2 * width for width in widths)])
    cell_starts = np.array([0, *accumulate(min(4 * width, most_cells) for width in widths)])
    search = Search(
        thresholds=np.full(starts[-1], np.inf),
        starts=starts,
        guesses=np.zeros(cell_starts[-1], np.int32),
        cell_starts=cell_starts,
        origins=np.zeros(len(counts)),
        scales=np.zeros(len(counts)),
        n_steps=np.zeros(len(counts), np.int64),
    )
    fill_search(np.concatenate(thresholds), np.array(counts), *search)
    return search


def _code_dtype(n_codes):
    return np.uint8 if n_codes <= 1 << 8 else np.uint16 if n_codes <= 1 << 16 else np.uint32
