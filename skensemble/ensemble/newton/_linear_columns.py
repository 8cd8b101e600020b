"""A table as the columns of a linear model: numbers as they are, categories one-hot, missing cells 0."""

import numpy as np

from skensemble._feature_positions import categorical_mask
from skensemble._tables import SparseTable, as_numbers
from skensemble.ensemble.newton._coordinate_descent import Columns
from skensemble.tree._binning import Binner, weight_units


class ColumnEncoder(Binner):
    """Codes for categories only; a number stays what it is.

    A numeric feature has one term in the model, a categorical one a term for each of its codes.
    """

    def fit(self, table, sample_weight=None, n_threads=1):
        self.is_categorical_ = categorical_mask(self.categorical_features, table)
        for j, column in enumerate(map(table.category_column, range(table.n_features))):
            if column is not None and not self.is_categorical_[j]:
                as_numbers(column, table.name_of(j))
        units = None if sample_weight is None else weight_units(sample_weight)
        self.thresholds_ = [np.empty(0)] * table.n_features
        fitted = [
            self._fit_categories(table.column(j), units, table.n_samples) if is_categorical else (None, 2)
            for j, is_categorical in enumerate(self.is_categorical_)
        ]
        self.categories_, n_codes = map(list, zip(*fitted))
        self.n_codes_ = np.array(n_codes, np.int32)
        return self._learn_lookups()

    def transform(self, table, n_threads=1):
        """The table's columns, as LinearColumns."""
        return LinearColumns(self, table)

    @property
    def first_terms(self):
        """(n_features + 1,) int64: feature j owns the terms first_terms[j] : first_terms[j + 1]."""
        return np.append(0, np.cumsum(self.n_codes_.astype(np.int64) - 1))

    def term_names(self, feature_names):
        """(n_terms,) object: "feature" of a number, "feature=category" of a category."""
        names = []
        for j, name in enumerate(feature_names):
            n_terms = int(self.n_codes_[j]) - 1
            names += [name] if self.categories_[j] is None else _category_terms(name, self.categories_[j], n_terms)
        return np.array(names, object)

    def is_sparse(self, table):
        """Can the table be read without its zeros?"""
        return isinstance(table, SparseTable) and self._is_numeric


def _category_terms(name, categories, n_terms):
    """Rare categories share the last term."""
    is_shared = len(categories) > n_terms
    terms = [f"{name}={category}" for category in categories[: n_terms - is_shared]]
    return [*terms, f"{name}=others"] if is_shared else terms


class LinearColumns:
    """Columns of the terms of a table.

    columns : Columns
    centres : (n_terms,) what was subtracted from a column that stores all rows
    """

    def __init__(self, encoder, table):
        self.encoder, self.table = encoder, table
        self.n_samples = table.n_samples
        is_sparse = encoder.is_sparse(table)
        parts = list(_sparse_parts(table) if is_sparse else _dense_parts(encoder, table))
        self.columns, self.centres = _joined(parts, table.n_samples)

    @property
    def n_terms(self):
        return len(self.centres)

    def take(self, rows):
        """The columns of some rows."""
        return LinearColumns(self.encoder, self.table.take(rows))


# -- from tables to columns ------------------------------------------------------------------------------------------
# A part is (values or None for ones, rows or None for all of them, centre).


def _sparse_parts(table):
    matrix = table.matrix.tocsc(copy=True)
    matrix.sum_duplicates()  # also sorts
    for j in range(table.n_features):
        stored = slice(matrix.indptr[j], matrix.indptr[j + 1])
        rows, values = matrix.indices[stored], _finite(matrix.data[stored].astype(np.float64), table, j)
        if 2 * len(rows) > table.n_samples:
            column = np.zeros(table.n_samples)
            column[rows] = values
            yield _all_rows(column)
        else:
            yield _some_rows(values, rows)


def _dense_parts(encoder, table):
    cells = np.array(encoder.encode(table).T, order="C")
    for j, column in enumerate(cells):
        if encoder.is_categorical_[j]:
            yield from _category_parts(column, int(encoder.n_codes_[j]))
            continue
        column = _finite(column, table, j)
        rows = np.flatnonzero(column)
        yield _all_rows(column) if 2 * len(rows) > len(column) else _some_rows(column[rows], rows)


def _finite(values, table, j):
    """The values, 0 where missing."""
    values[np.isnan(values)] = 0.0
    if np.isinf(values).any():
        raise ValueError(f"X must hold no infinity for booster='gblinear', got one in {table.name_of(j)}.")
    return values


def _all_rows(column):
    with np.errstate(over="ignore"):
        centre = column.mean()
    centre = centre if np.isfinite(centre) else 0.0
    column -= centre
    return column, None, centre


def _some_rows(values, rows):
    return None if (values == 1.0).all() else values, rows, 0.0


def _category_parts(codes, n_codes):
    """For each code the rows that have it."""
    codes = np.nan_to_num(codes).astype(np.uint16 if n_codes <= 1 << 16 else np.int64)  # 16 bits are sorted by digits
    by_code, ends = np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes, minlength=n_codes))
    for code in range(1, n_codes):
        yield None, by_code[ends[code - 1] : ends[code]], 0.0


def _joined(parts, n_samples):
    """(Columns, centres) of a list of parts."""
    values, rows, centres = ([part[k] for part in parts] for k in range(3))
    all_values, first_value = _end_to_end(values, np.float64)
    all_rows, first_row = _end_to_end(rows, np.int32)
    n_stored = [n_samples if part is None else len(part) for part in rows]
    columns = Columns(all_values, all_rows, first_value, first_row, np.array(n_stored, np.int64))
    return columns, np.array(centres, np.float64)


def _end_to_end(arrays, dtype):
    """Concatenation of the arrays that are not None, and the start of each (-1 for None)."""
    sizes = np.array([0 if array is None else len(array) for array in arrays], np.int64)
    starts = np.where([array is None for array in arrays], -1, np.cumsum(sizes) - sizes).astype(np.int64)
    there = [np.asarray(array, dtype) for array in arrays if array is not None]
    return np.concatenate(there) if there else np.empty(0, dtype), starts
