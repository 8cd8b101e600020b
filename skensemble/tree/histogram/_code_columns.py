"""Columns of codes that histograms are filled from: features that are never unusual in the same row share one.

The forty columns of a category with forty levels are such features: a row has 1 in one of them, 0 in the others. Their
column tells of each row which of them has an unusual code, and which code that is, so that one addition serves all:

    feature 0 (usual code 1)    1 2 1 1
    feature 1 (usual code 1)    1 1 1 2        cells of the column: [ 0 1 2 | 0 1 2 ]
    column                      1 2 1 5                    feature:     0       1

Rows in which no feature is unusual are added to the usual code of the first. What a node's sums are beyond the unusual
codes of a feature belongs to its usual one: that is written when all rows are added up (`complete`), and sums are
integers, so the histogram is the same as that of columns of their own.  See also Ke et al. (2017), section 4.

Features of more codes than a byte holds come last, each with a column of its own, and are read from the table: one
category of thousands of levels does not make the codes of all others wide.
"""

from typing import NamedTuple

import numpy as np

WORD = 8  # codes that are read at a time
MOST_CELLS, BYTE = 256, 8  # of a column of bytes, and their binary logarithm
LINE = 8  # cells; wider columns stand side by side, as cells a power of two apart share few lines of the caches
# (columns, bits of a code): a histogram of 256 cells for each of so many columns of such codes is mostly empty, leaves
# the caches, and its cells in use fall on few lines of them.
COMPACT = (24, 5), (256, 7)
MOST_CODES = 64  # of a feature that may share a column
NARROW_PAY = 2  # features of bytes for each wide one, from which a matrix of bytes beside the wide one pays
LEAST_WORK = 50_000  # rows x features of a table; to look for shared columns in smaller ones takes too long
SAMPLE = 1000  # rows looked at first
USUAL_SHARE = 0.5  # of the rows, in which a feature that shares its column has less than that many other codes
OPEN_COLUMNS = 8  # that a feature may join: the last ones begun


class CodeColumns(NamedTuple):
    """Which features make a column, and where the cells of columns begin."""

    groups: list  # of features, one for each column; their cells stand side by side
    usual: np.ndarray  # (n_features,) int64: usual code of a feature that shares its column; -1: it has its own
    shift: int  # a column of bytes has up to 1 << shift cells, which begin at column << shift
    n_narrow: int  # columns of bytes, the first ones; the others are wide features

    @classmethod
    def own(cls, n_codes, dtype):
        """A column for each feature.  n_codes : (n_features,);  dtype : of codes"""
        groups, n_narrow = [[feature] for feature in range(len(n_codes))], len(n_codes) * (dtype == np.uint8)
        return cls(groups, np.full(len(groups), -1), _shift(n_narrow, int(n_codes.max(initial=1))), n_narrow)

    @classmethod
    def of(cls, columns, n_codes):
        """Columns of a table.  columns : (n_features, n_samples) codes of any width;  n_codes : (n_features,)"""
        if columns.dtype == np.uint8:
            return cls.shared(columns, n_codes)
        is_narrow = n_codes <= MOST_CELLS
        narrow, wide = np.flatnonzero(is_narrow), np.flatnonzero(~is_narrow)
        if len(narrow) < NARROW_PAY * len(wide):
            return cls.own(n_codes, columns.dtype)
        of_narrow, usual = cls.shared(columns[narrow].astype(np.uint8), n_codes[narrow]), np.full(len(n_codes), -1)
        usual[narrow] = of_narrow.usual
        groups = [*(narrow[group].tolist() for group in of_narrow.groups), *([feature] for feature in wide.tolist())]
        return cls(groups, usual, of_narrow.shift, of_narrow.n_narrow)

    @classmethod
    def shared(cls, columns, n_codes):
        """Features share columns where that makes a row shorter, and cells stand as close as without.

        columns : (n_features, n_samples) uint8 codes;  n_codes : (n_features,)
        """
        own = cls.own(n_codes, columns.dtype)
        candidates = np.flatnonzero(n_codes <= MOST_CODES)
        if len(candidates) < WORD or columns.size < LEAST_WORK:
            return own
        groups, usual = _groups(columns, n_codes, candidates)
        is_alone = np.ones(len(columns), bool)
        for group in groups:
            is_alone[group] = False
        groups = sorted([*groups, *([feature] for feature in np.flatnonzero(is_alone).tolist())])
        if -(-len(groups) // WORD) == -(-len(columns) // WORD):
            return own
        shift = _shift(len(groups), max(int(n_codes[group].sum()) for group in groups))
        if len(groups) << shift > len(columns) << own.shift and len(groups) >= COMPACT[0][0]:
            return own
        return cls(groups, np.where(is_alone, -1, usual), shift, len(groups))

    def codes(self, columns, n_codes):
        """(n_samples, n_padded) uint8, row by row: the codes of the columns of bytes; without rows if there is none."""
        n_rows = columns.shape[1] if self.n_narrow else 0
        codes = np.zeros((-(-max(self.n_narrow, 1) // WORD) * WORD, n_rows), np.uint8)
        for column, group in zip(codes, self.groups[: self.n_narrow]):
            if len(group) == 1:
                column[:] = columns[group[0]]
                continue
            column[:] = self.usual[group[0]]
            for feature, start in zip(group, _starts_in_column(group, n_codes)):
                is_unusual = columns[feature] != self.usual[feature]
                np.copyto(column, columns[feature] + np.uint8(start), where=is_unusual)
        return np.ascontiguousarray(codes.T)

    def fields(self, n_codes):
        """Fields of a state that say where the cells of columns and features begin."""
        columns, features = np.arange(len(self.groups)), np.arange(len(n_codes))
        column_cells, n_cells = self._column_cells(n_codes)
        cells, starts = column_cells, np.arange(len(self.groups) + 1)
        if not self.are_features_in_order(len(n_codes)):
            cells, starts = np.empty(len(n_codes), np.int64), np.cumsum([0, *map(len, self.groups)])
            features = np.concatenate(self.groups)
            for first_cell, group in zip(column_cells, self.groups):
                cells[group] = first_cell + _starts_in_column(group, n_codes)
        return {
            "shift": self.shift,
            "n_narrow": self.n_narrow,
            "n_column_cells": n_cells,
            "columns_in_order": columns,
            "column_cells": column_cells,
            "column_starts": starts,
            "features_by_column": features,
            "cells": cells,
            "usual_codes": self.usual,
        }

    def are_features_in_order(self, n_features):
        """Is each column a feature, in the order of the table?"""
        return len(self.groups) == n_features and self.n_narrow in (0, n_features)

    def _column_cells(self, n_codes):
        """(where the cells of columns begin, where they end)"""
        n_narrow_cells = self.n_narrow << self.shift
        widths = np.array(
            [-(-int(n_codes[feature]) // LINE) * LINE for (feature,) in self.groups[self.n_narrow :]], int
        )
        wide = n_narrow_cells + np.cumsum(widths) - widths
        return np.concatenate([np.arange(self.n_narrow) << self.shift, wide]), n_narrow_cells + int(widths.sum())


def _shift(n_columns, most_codes):
    """Binary logarithm of the cells of a column of bytes: 8, which kernels know, where columns are few."""
    code_bits = max(1, (most_codes - 1).bit_length())
    is_compact = any(n_columns >= fewest and code_bits <= most_bits for fewest, most_bits in COMPACT)
    return code_bits if is_compact else BYTE


def _starts_in_column(group, n_codes):
    """Where the cells of each feature of a column begin in it."""
    return np.cumsum(n_codes[group], dtype=np.int64) - n_codes[group]


def _groups(columns, n_codes, candidates):
    """(groups, usual): two features or more in each group; usual : (n_features,), the usual codes of `candidates`."""
    sample = columns[:, :: max(1, columns.shape[1] // SAMPLE)][candidates]
    usual = np.zeros(len(columns), np.int64)
    usual[candidates] = np.sort(sample, axis=1)[:, sample.shape[1] // 2]
    is_unusual = sample != usual[candidates, np.newaxis]
    groups, open_groups = [], []
    for feature, unusual_here, share in zip(candidates.tolist(), is_unusual, is_unusual.mean(axis=1)):
        if share >= USUAL_SHARE:
            continue
        joined = (group for group in open_groups if group.takes(feature, unusual_here))
        group = next(joined, None)
        if group is None:
            group = _Group(columns, n_codes, usual, sample.shape[1])
            groups.append(group)
            open_groups = [*open_groups, group][-OPEN_COLUMNS:]
        group.add(feature, unusual_here)
    return [group.features for group in groups if len(group.features) > 1], usual


class _Group:
    """Features that share a column, and the rows in which one of them is unusual."""

    def __init__(self, columns, n_codes, usual, n_looked_at):
        self._columns, self._n_codes, self._usual = columns, n_codes, usual
        self.features, self._n_cells = [], 0
        self._taken, self._taken_here = None, np.zeros(n_looked_at, bool)

    def takes(self, feature, unusual_here):
        """May a feature join, that is unusual in these rows of the sample?"""
        if self._n_cells + self._n_codes[feature] > MOST_CELLS or (self._taken_here & unusual_here).any():
            return False
        if self._taken is None:
            self._taken = self._unusual(self.features[0])
        return not (self._taken & self._unusual(feature)).any()

    def add(self, feature, unusual_here):
        self.features.append(feature)
        self._n_cells += int(self._n_codes[feature])
        self._taken_here |= unusual_here
        if self._taken is not None:
            self._taken |= self._unusual(feature)

    def _unusual(self, feature):
        return self._columns[feature] != self._usual[feature]
